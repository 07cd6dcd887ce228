//! Areas: what is only drawn, and what is sold by count.

use super::check::{Found, category};
use super::format::{Area, Circle, Ellipse, GeneralAdmission, Polygon, Position, Rectangle, Shape, Text};
use super::loose::Loose;
use super::problems::Path;
use super::raw::{List, Object, RawArea, RawPolygon, RawSize, RawText};
use super::reader::Reader;

pub(super) fn areas(
    reader: &mut Reader<'_>,
    above: &Path<'_>,
    zone: usize,
    raw: List<Box<RawArea>>,
    found: &mut Found,
) -> Vec<Area> {
    let raw = reader.may(above, "areas", raw).unwrap_or_default();
    let at = above.key("areas");
    let mut areas = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let at = at.index(index);
        let Some(raw) = reader.element(&at, raw) else { continue };
        found.shapes += 1;
        if found.shapes > reader.limits.shapes_max {
            let max = reader.limits.shapes_max;
            reader.add(&at, || format!("is one too many; a plan has at most {max} shapes"));
            break;
        }
        areas.push(area(reader, &at, (zone, index), *raw, found));
    }
    areas
}

fn area(reader: &mut Reader<'_>, at: &Path<'_>, place: (usize, usize), mut raw: RawArea, found: &mut Found) -> Area {
    let uuid = reader.text(at, "uuid", std::mem::take(&mut raw.uuid));
    let color = reader.paint(at, "color", std::mem::take(&mut raw.color));
    let border_color = reader.paint(at, "border_color", std::mem::take(&mut raw.border_color));
    let rotation = reader.may(at, "rotation", std::mem::take(&mut raw.rotation));
    let rotation = rotation.and_then(|angle| reader.bounded(&at.key("rotation"), angle)).unwrap_or_default();
    let position = reader.offset(at, std::mem::take(&mut raw.position));
    let text = reader.may(at, "text", std::mem::take(&mut raw.text)).and_then(|raw| words(reader, at, *raw));
    let general_admission = general_admission(reader, at, place, &mut raw, found);
    let shape = shape(reader, at, raw);
    Area { uuid, shape, color, border_color, rotation, position, text, general_admission }
}

fn words(reader: &mut Reader<'_>, above: &Path<'_>, raw: RawText) -> Option<Text> {
    let at = above.key("text");
    if let Loose::Missing = raw.text {
        reader.add(&at.key("text"), || "is missing".to_owned());
    }
    let text = reader.text(&at, "text", raw.text);
    let color = reader.paint(&at, "color", raw.color);
    let size = reader.length_if_any(&at, "size", raw.size);
    let position = reader.offset(&at, raw.position);
    Some(Text { text: text.filter(|text| !text.is_empty())?, color, size, position })
}

/// What the area says it is; where it says nothing, what it has the measures of.
fn shape(reader: &mut Reader<'_>, at: &Path<'_>, raw: RawArea) -> Shape {
    let said = reader.text(at, "shape", raw.shape);
    let said = said.as_deref().unwrap_or(match (&raw.polygon, &raw.rectangle, &raw.ellipse, &raw.circle) {
        (Loose::Good(_), _, _, _) => "polygon",
        (_, Loose::Good(_), _, _) => "rectangle",
        (_, _, Loose::Good(_), _) => "ellipse",
        (_, _, _, Loose::Good(_)) => "circle",
        _ => "text",
    });
    // A shape whose measures are wrong has left its problem; what stands in for it is never seen.
    match said {
        "polygon" => polygon(reader, at, raw.polygon).unwrap_or(Shape::Text),
        "rectangle" => rectangle(reader, at, raw.rectangle).unwrap_or(Shape::Text),
        "ellipse" => match reader.must(at, "ellipse", raw.ellipse) {
            Some(ellipse) => {
                let at = at.key("ellipse");
                let radius = reader.position(&at, "radius", ellipse.radius);
                if radius.x < 0.0 || radius.y < 0.0 {
                    reader.add(&at.key("radius"), || "is negative".to_owned());
                }
                Shape::Ellipse { ellipse: Ellipse { radius } }
            }
            None => Shape::Text,
        },
        "circle" => match reader.must(at, "circle", raw.circle) {
            Some(circle) => {
                let radius = reader.length(&at.key("circle"), "radius", circle.radius).unwrap_or_default();
                Shape::Circle { circle: Circle { radius } }
            }
            None => Shape::Text,
        },
        "text" => Shape::Text,
        other => {
            reader.add(&at.key("shape"), || {
                format!("{other:?} should be \"polygon\", \"rectangle\", \"ellipse\", \"circle\" or \"text\"")
            });
            Shape::Text
        }
    }
}

fn polygon(reader: &mut Reader<'_>, above: &Path<'_>, raw: Object<RawPolygon>) -> Option<Shape> {
    let raw = reader.must(above, "polygon", raw)?;
    let at = above.key("polygon");
    let list = reader.list(&at, "points", raw.points, reader.limits.points_max);
    let at = at.key("points");
    if list.len() < 3 {
        reader.add(&at, || format!("are {}; a polygon has at least 3", list.len()));
    }
    let mut points = Vec::with_capacity(list.len());
    for (index, raw) in list.into_iter().enumerate() {
        let at = at.index(index);
        points.push(match reader.element(&at, raw) {
            Some(raw) => reader.point(&at, *raw),
            None => Position::default(),
        });
    }
    Some(Shape::Polygon { polygon: Polygon { points } })
}

fn rectangle(reader: &mut Reader<'_>, above: &Path<'_>, raw: Object<RawSize>) -> Option<Shape> {
    let raw = reader.must(above, "rectangle", raw)?;
    let at = above.key("rectangle");
    let width = reader.length(&at, "width", raw.width);
    let height = reader.length(&at, "height", raw.height);
    Some(Shape::Rectangle { rectangle: Rectangle { width: width?, height: height? } })
}

fn general_admission(
    reader: &mut Reader<'_>,
    at: &Path<'_>,
    (zone, index): (usize, usize),
    raw: &mut RawArea,
    found: &mut Found,
) -> Option<GeneralAdmission> {
    let area_id = std::mem::take(&mut raw.area_id);
    let category_name = std::mem::take(&mut raw.category);
    let Some(capacity) = reader.may(at, "capacity", std::mem::take(&mut raw.capacity)) else {
        // Only drawn. A category is of no use to it, but one that doesn't exist is still somebody's mistake.
        reader.text(at, "area_id", area_id);
        if !matches!(category_name, Loose::Missing) {
            category(reader, at, category_name, found);
        }
        return None;
    };
    let capacity = reader.count(&at.key("capacity"), capacity, reader.limits.capacity_max);
    let category = category(reader, at, category_name, found);
    let area_id = reader.name(at, "area_id", area_id)?;
    if let Some((first_zone, first)) = found.areas.get(area_id.as_str()) {
        reader.add(&at.key("area_id"), || {
            format!("{area_id:?} stands a second time, first at zones[{first_zone}].areas[{first}].area_id")
        });
    } else if found.areas.len() >= reader.limits.areas_max {
        let max = reader.limits.areas_max;
        reader.add(at, || format!("is one too many; a plan has at most {max} general-admission areas"));
    } else {
        found.areas.insert(area_id.as_str().into(), (zone, index));
    }
    Some(GeneralAdmission { area_id, capacity: capacity?, category: category? })
}
