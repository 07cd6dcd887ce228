//! From the document as it stands to the plan as it is meant, with every problem on the way.

use std::collections::{HashMap, HashSet};

use super::format::{Category, Document, NumberPosition, Position, Row, RowKind, Seat, Size, Zone};
use super::limits::PlanLimits;
use super::loose::Loose;
use super::problems::{Path, PlanProblems};
use super::raw::{List, Object, RawCategory, RawDocument, RawRow, RawSeat, RawSize, RawZone};
use super::reader::Reader;
use super::{Place, shapes};

/// Colours for categories that have none, in their order.
const COLORS: [&str; 8] = ["#8e3b8a", "#3a6fc8", "#2f9e6b", "#c8a23a", "#b03a5b", "#3a7fb0", "#79b83e", "#7a7a7a"];

/// What is found while reading, besides the document itself.
pub(super) struct Found {
    pub categories: HashSet<String>,
    pub places: HashMap<Box<str>, Place>,
    /// Where each `area_id` stands first, as zone and area.
    pub areas: HashMap<Box<str>, (usize, usize)>,
    pub shapes: usize,
    rows: usize,
    too_many_seats: bool,
}

pub(super) fn check(
    raw: Object<RawDocument>,
    limits: &PlanLimits,
) -> Result<(Document, HashMap<Box<str>, Place>), PlanProblems> {
    let mut reader = Reader { limits, problems: PlanProblems::default() };
    let root = Path::ROOT;
    let Some(raw) = reader.element(&root, raw) else { return Err(reader.problems) };
    let name = reader.name(&root, "name", raw.name).unwrap_or_default();
    let categories = categories(&mut reader, raw.categories);
    let mut found = Found {
        categories: categories.iter().map(|category| category.name.clone()).collect(),
        places: HashMap::new(),
        areas: HashMap::new(),
        shapes: 0,
        rows: 0,
        too_many_seats: false,
    };
    let zones = zones(&mut reader, raw.zones, &mut found);
    let size = size(&mut reader, raw.size).unwrap_or_else(|| size_of(&zones));
    let focal_point = reader.may(&root, "focal_point", raw.focal_point);
    let focal_point = focal_point.map(|point| reader.point(&root.key("focal_point"), *point));
    if reader.problems.is_empty() && found.places.is_empty() && found.areas.is_empty() {
        reader.add(&root.key("zones"), || "hold neither seats nor general-admission areas".to_owned());
    }
    if reader.problems.is_empty() {
        Ok((Document { name, categories, zones, size, focal_point }, found.places))
    } else {
        Err(reader.problems)
    }
}

fn categories(reader: &mut Reader<'_>, raw: List<Box<RawCategory>>) -> Vec<Category> {
    let root = Path::ROOT;
    let at = root.key("categories");
    if let Loose::Missing = raw {
        reader.add(&at, || "is missing".to_owned());
    }
    let mut first_at: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<Category> = Vec::new();
    for (index, raw) in reader.list(&root, "categories", raw, reader.limits.categories_max).into_iter().enumerate() {
        let at = at.index(index);
        let Some(raw) = reader.element(&at, raw) else { continue };
        let color = match reader.text(&at, "color", raw.color) {
            Some(color) => hex(reader, &at.key("color"), &color),
            None => COLORS[index % COLORS.len()].to_owned(),
        };
        let Some(name) = reader.name(&at, "name", raw.name) else { continue };
        if let Some(first) = first_at.get(&name) {
            reader.add(&at.key("name"), || format!("{name:?} stands a second time, first at categories[{first}].name"));
        } else {
            first_at.insert(name.clone(), index);
        }
        all.push(Category { name, color });
    }
    all
}

/// `#rrggbb`, also where the file says `#rgb`.
fn hex(reader: &mut Reader<'_>, at: &Path<'_>, color: &str) -> String {
    let digits = color.strip_prefix('#').unwrap_or_default();
    if digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        match digits.len() {
            6 => return color.to_ascii_lowercase(),
            3 => return digits.chars().fold("#".to_owned(), |all, digit| format!("{all}{digit}{digit}")),
            _ => {}
        }
    }
    reader.add(at, || format!("{color:?} is not a colour of the form #rrggbb"));
    COLORS[0].to_owned()
}

fn size(reader: &mut Reader<'_>, raw: Object<RawSize>) -> Option<Size> {
    let raw = reader.may(&Path::ROOT, "size", raw)?;
    let root = Path::ROOT;
    let at = root.key("size");
    let width = reader.length(&at, "width", raw.width);
    let height = reader.length(&at, "height", raw.height);
    Some(Size { width: width?.ceil() as u32, height: height?.ceil() as u32 })
}

/// How large the drawing must be where the document doesn't say.
fn size_of(zones: &[Zone]) -> Size {
    let mut far = Position::default();
    for zone in zones {
        for row in &zone.rows {
            for seat in &row.seats {
                let at = zone.position + row.position + seat.position;
                far = Position { x: far.x.max(at.x), y: far.y.max(at.y) };
            }
        }
    }
    const MARGIN: f64 = 40.0;
    Size { width: (far.x + MARGIN).ceil() as u32, height: (far.y + MARGIN).ceil() as u32 }
}

fn zones(reader: &mut Reader<'_>, raw: List<Box<RawZone>>, found: &mut Found) -> Vec<Zone> {
    let root = Path::ROOT;
    let at = root.key("zones");
    if let Loose::Missing = raw {
        reader.add(&at, || "is missing".to_owned());
    }
    let raw = reader.list(&root, "zones", raw, reader.limits.zones_max);
    let mut ids: HashMap<String, usize> = HashMap::new();
    let mut all = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let at = at.index(index);
        let Some(raw) = reader.element(&at, raw) else { continue };
        let zone = zone(reader, &at, index, *raw, found);
        if !zone.zone_id.is_empty() {
            if let Some(first) = ids.get(&zone.zone_id) {
                let id = &zone.zone_id;
                reader.add(&at.key("zone_id"), || {
                    format!("{id:?} stands a second time, first at zones[{first}].zone_id")
                });
            } else {
                ids.insert(zone.zone_id.clone(), index);
            }
        }
        all.push(zone);
    }
    name_the_nameless(&mut all, &ids);
    all
}

/// Documents by older editors leave `zone_id` out; then the zone's name is its id, with a number where that is taken.
fn name_the_nameless(zones: &mut [Zone], taken: &HashMap<String, usize>) {
    let mut taken: HashSet<String> = taken.keys().cloned().collect();
    for (index, zone) in zones.iter_mut().enumerate() {
        if zone.name.is_empty() {
            zone.name = if zone.zone_id.is_empty() { format!("Zone {}", index + 1) } else { zone.zone_id.clone() };
        }
        if !zone.zone_id.is_empty() {
            continue;
        }
        let mut id = zone.name.clone();
        let mut number = 2;
        while !taken.insert(id.clone()) {
            id = format!("{}-{number}", zone.name);
            number += 1;
        }
        zone.zone_id = id;
    }
}

fn zone(reader: &mut Reader<'_>, at: &Path<'_>, index: usize, raw: RawZone, found: &mut Found) -> Zone {
    let name = reader.text(at, "name", raw.name).unwrap_or_default();
    let zone_id = reader.text(at, "zone_id", raw.zone_id).unwrap_or_default();
    let uuid = reader.text(at, "uuid", raw.uuid);
    let position = reader.offset(at, raw.position);
    let focal_point = reader.may(at, "focal_point", raw.focal_point);
    let focal_point = focal_point.map(|point| reader.point(&at.key("focal_point"), *point));
    if let Loose::Missing = raw.rows {
        reader.add(&at.key("rows"), || "is missing".to_owned());
    }
    let raw_rows = reader.may(at, "rows", raw.rows).unwrap_or_default();
    found.rows += raw_rows.len();
    let mut rows = Vec::new();
    let rows_at = at.key("rows");
    if found.rows > reader.limits.rows_max {
        let max = reader.limits.rows_max;
        reader.add(&rows_at, || format!("are too many; a plan has at most {max} rows"));
    } else {
        for (row_index, raw) in raw_rows.into_iter().enumerate() {
            let at = rows_at.index(row_index);
            if let Some(raw) = reader.element(&at, raw) {
                rows.push(row(reader, &at, (index, row_index), *raw, found));
            }
        }
    }
    let areas = shapes::areas(reader, at, index, raw.areas, found);
    Zone { name, zone_id, uuid, position, focal_point, rows, areas }
}

fn row(reader: &mut Reader<'_>, at: &Path<'_>, (zone, row): (usize, usize), raw: RawRow, found: &mut Found) -> Row {
    if let Loose::Missing = raw.row_number {
        reader.add(&at.key("row_number"), || "is missing".to_owned());
    }
    let row_number = reader.text(at, "row_number", raw.row_number).unwrap_or_default();
    let row_label = reader.text(at, "row_label", raw.row_label);
    let seat_label = reader.text(at, "seat_label", raw.seat_label);
    let uuid = reader.text(at, "uuid", raw.uuid);
    let row_number_position = reader.text(at, "row_number_position", raw.row_number_position);
    let row_number_position = row_number_position.and_then(|said| match said.as_str() {
        "start" => Some(NumberPosition::Start),
        "end" => Some(NumberPosition::End),
        "both" => Some(NumberPosition::Both),
        _ => {
            reader.add(&at.key("row_number_position"), || format!("{said:?} should be \"start\", \"end\" or \"both\""));
            None
        }
    });
    let kind = reader.text(at, "kind", raw.kind).map_or(RowKind::Line, |said| match said.as_str() {
        "table" => RowKind::Table,
        "box" => RowKind::Box,
        _ => {
            reader.add(&at.key("kind"), || format!("{said:?} should be \"table\" or \"box\""));
            RowKind::Line
        }
    });
    let sold_whole = reader.may(at, "sold_whole", raw.sold_whole).unwrap_or_default();
    if sold_whole && kind == RowKind::Line {
        reader.add(&at.key("sold_whole"), || "only a table or a box can be sold whole; \"kind\" says which".to_owned());
    }
    let position = reader.offset(at, raw.position);
    if let Loose::Missing = raw.seats {
        reader.add(&at.key("seats"), || "is missing".to_owned());
    }
    let raw_seats = reader.may(at, "seats", raw.seats).unwrap_or_default();
    let seats_at = at.key("seats");
    let mut seats = Vec::with_capacity(raw_seats.len());
    for (index, raw) in raw_seats.into_iter().enumerate() {
        let at = seats_at.index(index);
        let Some(raw) = reader.element(&at, raw) else { continue };
        if found.places.len() >= reader.limits.seats_max {
            if !found.too_many_seats {
                found.too_many_seats = true;
                let max = reader.limits.seats_max;
                reader.add(&at, || format!("is one too many; a plan has at most {max} seats"));
            }
            break;
        }
        seats.push(seat(reader, &at, Place { zone, row, seat: index }, *raw, found));
    }
    Row { row_number, row_label, seat_label, uuid, row_number_position, position, seats, kind, sold_whole }
}

fn seat(reader: &mut Reader<'_>, at: &Path<'_>, place: Place, raw: RawSeat, found: &mut Found) -> Seat {
    let seat_guid = reader.name(at, "seat_guid", raw.seat_guid).unwrap_or_default();
    if !seat_guid.is_empty() {
        if let Some(first) = found.places.get(seat_guid.as_str()) {
            reader.add(&at.key("seat_guid"), || {
                format!("{seat_guid:?} stands a second time, first at {first}.seat_guid")
            });
        } else {
            found.places.insert(seat_guid.as_str().into(), place);
        }
    }
    if let Loose::Missing = raw.seat_number {
        reader.add(&at.key("seat_number"), || "is missing".to_owned());
    }
    let seat_number = reader.text(at, "seat_number", raw.seat_number).unwrap_or_default();
    let uuid = reader.text(at, "uuid", raw.uuid);
    let start_direction = reader.text(at, "start_direction", raw.start_direction).filter(|said| !said.is_empty());
    if let Some(said) = start_direction.as_deref()
        && !["<", ">", "<>"].contains(&said)
    {
        reader.add(&at.key("start_direction"), || format!("{said:?} should be \"<\", \">\" or \"<>\""));
    }
    let radius = reader.length_if_any(at, "radius", raw.radius);
    let position = reader.position(at, "position", raw.position);
    let category = category(reader, at, raw.category, found).unwrap_or_default();
    let accessible = reader.may(at, "accessible", raw.accessible).unwrap_or_default();
    let companion = reader.may(at, "companion", raw.companion).unwrap_or_default();
    if accessible && companion {
        reader.add(&at.key("companion"), || "a seat is either accessible or its companion's, not both".to_owned());
    }
    let restricted_view = reader.may(at, "restricted_view", raw.restricted_view).unwrap_or_default();
    let note = reader.text(at, "note", raw.note).filter(|note| !note.is_empty());
    Seat {
        seat_guid,
        seat_number,
        uuid,
        start_direction,
        radius,
        position,
        category,
        accessible,
        companion,
        restricted_view,
        note,
    }
}

/// The name of a category that exists.
pub(super) fn category(reader: &mut Reader<'_>, at: &Path<'_>, raw: Loose<String>, found: &Found) -> Option<String> {
    let name = reader.name(at, "category", raw)?;
    if !found.categories.contains(&name) {
        reader.add(&at.key("category"), || format!("the plan has no category {name:?}"));
    }
    Some(name)
}
