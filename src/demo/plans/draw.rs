//! Pencil and compass: places along arcs and lines, rows, outlines, labels.
//!
//! Angles are degrees from straight down (away from a stage at the top), positive to the right.

use crate::catalog::plan::format::{
    Area, Category, Document, NumberPosition, Polygon, Position, Rectangle, Row, RowKind, Seat, Shape, Size, Text, Zone,
};

/// From seat to seat where they are drawn in their usual size.
pub(super) const SPACING: f64 = 23.0;
/// From row to row.
pub(super) const ROW_STEP: f64 = 29.0;

const OUTLINE: &str = "#f3efe7";
const OUTLINE_EDGE: &str = "#d8d0c2";
const INK: &str = "#4a443b";

/// A tenth of a unit is finer than any screen, and keeps the file small.
pub(super) fn at(x: f64, y: f64) -> Position {
    let tenth = |v: f64| (v * 10.0).round() / 10.0 + 0.0;
    Position { x: tenth(x), y: tenth(y) }
}

/// A circle around which rows are bent.
#[derive(Clone, Copy)]
pub(super) struct Compass {
    pub x: f64,
    pub y: f64,
}

/// To which end of its part of the arc a block of seats is pushed.
#[derive(Clone, Copy)]
pub(super) enum Push {
    Start,
    Middle,
    End,
}

impl Compass {
    pub fn point(self, radius: f64, angle: f64) -> Position {
        let (sin, cos) = angle.to_radians().sin_cos();
        at(self.x + radius * sin, self.y + radius * cos)
    }

    /// The angle under which a place is seen from the middle.
    pub fn angle(self, place: Position) -> f64 {
        (place.x - self.x).atan2(place.y - self.y).to_degrees()
    }

    /// As many places as fit between two angles, in the direction from the first to the second.
    pub fn places(self, radius: f64, (from, to): (f64, f64), spacing: f64, push: Push) -> Vec<Position> {
        let step = (spacing / radius).to_degrees().copysign(to - from);
        let room = (to - from) / step;
        let count = room.floor().max(0.0);
        let slack = (room - count) * step;
        let first = from
            + step / 2.0
            + match push {
                Push::Start => 0.0,
                Push::Middle => slack / 2.0,
                Push::End => slack,
            };
        (0..count as usize).map(|n| self.point(radius, first + step * n as f64)).collect()
    }

    /// A row cut by radial aisles: its outer blocks are pushed towards their aisle, as the seats beside an aisle are.
    pub fn row(self, radius: f64, cuts: &[f64], spacing: f64, aisle: f64) -> Vec<Position> {
        let half = (aisle / 2.0 / radius).to_degrees();
        let last = cuts.len().saturating_sub(2);
        let blocks = cuts.windows(2).enumerate().map(|(block, ends)| {
            let half = half.copysign(ends[1] - ends[0]);
            let from = if block == 0 { ends[0] } else { ends[0] + half };
            let to = if block == last { ends[1] } else { ends[1] - half };
            let push = match (block == 0, block == last) {
                (true, false) => Push::End,
                (false, true) => Push::Start,
                (true, true) | (false, false) => Push::Middle,
            };
            self.places(radius, (from, to), spacing, push)
        });
        blocks.flatten().collect()
    }

    /// The ring between two radii, from angle to angle.
    pub fn ring(self, (inner, outer): (f64, f64), (from, to): (f64, f64)) -> Vec<Position> {
        let steps = ((to - from).abs() / 3.0).ceil().max(2.0) as usize;
        let angle = |n: usize| from + (to - from) * n as f64 / steps as f64;
        let far = (0..=steps).map(|n| self.point(outer, angle(n)));
        let near = (0..=steps).rev().map(|n| self.point(inner, angle(n)));
        far.chain(near).collect()
    }
}

/// Rows are named as houses name them: without I and O, which look like numbers; after Z comes AA.
pub(super) fn letter(row: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    let one = char::from(LETTERS[row % LETTERS.len()]);
    if row < LETTERS.len() { one.to_string() } else { format!("{one}{one}") }
}

/// A row of seats numbered from 1, all of one category.
pub(super) fn row(zone_id: &str, number: &str, category: &str, places: impl IntoIterator<Item = Position>) -> Row {
    let seats = places.into_iter().zip(1..).map(|(position, n)| Seat {
        seat_guid: format!("{zone_id}-{number}-{n}"),
        seat_number: n.to_string(),
        position,
        category: category.to_owned(),
        ..Seat::default()
    });
    Row {
        row_number: number.to_owned(),
        row_label: Some(format!("Row {number}")),
        seat_label: Some("Seat %s".to_owned()),
        uuid: None,
        row_number_position: Some(NumberPosition::Both),
        position: Position::default(),
        seats: seats.collect(),
        kind: RowKind::Line,
        sold_whole: false,
    }
}

/// A pair at an end of a row: a wheelchair's place and its companion's. `from_end` counts pairs from the row's end.
pub(super) fn wheelchair_pair(row: &mut Row, pair: usize, at_end: bool) {
    let count = row.seats.len();
    let (place, beside) = (pair * 2, pair * 2 + 1);
    if beside >= count {
        return;
    }
    let index = |n: usize| if at_end { count - 1 - n } else { n };
    row.seats[index(place)].accessible = true;
    row.seats[index(beside)].companion = true;
}

pub(super) fn zone(name: &str, zone_id: &str, rows: Vec<Row>, areas: Vec<Area>) -> Zone {
    let position = Position::default();
    Zone { name: name.to_owned(), zone_id: zone_id.to_owned(), uuid: None, position, focal_point: None, rows, areas }
}

fn area(shape: Shape, position: Position) -> Area {
    Area {
        uuid: None,
        shape,
        color: Some(OUTLINE.to_owned()),
        border_color: Some(OUTLINE_EDGE.to_owned()),
        rotation: 0.0,
        position,
        text: None,
        general_admission: None,
    }
}

/// A section's outline.
pub(super) fn outline(points: Vec<Position>) -> Area {
    area(Shape::Polygon { polygon: Polygon { points } }, Position::default())
}

/// A polygon in dark ink with words in it: a stage.
pub(super) fn stage(points: Vec<Position>, words: &str, middle: Position, size: f64) -> Area {
    let text =
        Some(Text { text: words.to_owned(), color: Some("#ffffff".to_owned()), size: Some(size), position: middle });
    let (color, border_color) = (Some("#3b3630".to_owned()), Some("#3b3630".to_owned()));
    Area { color, border_color, text, ..outline(points) }
}

/// A rectangle around its middle, turned clockwise.
pub(super) fn rectangle(middle: Position, width: f64, height: f64, rotation: f64) -> Area {
    let (sin, cos) = rotation.to_radians().sin_cos();
    let (x, y) = (-width / 2.0, -height / 2.0);
    let corner = at(middle.x + x * cos - y * sin, middle.y + x * sin + y * cos);
    let rotation = (rotation * 10.0).round() / 10.0 + 0.0;
    Area { rotation, ..area(Shape::Rectangle { rectangle: Rectangle { width, height } }, corner) }
}

/// Words on their own.
pub(super) fn label(words: &str, position: Position, size: f64) -> Area {
    let text =
        Text { text: words.to_owned(), color: Some(INK.to_owned()), size: Some(size), position: Position::default() };
    Area { color: None, border_color: None, text: Some(text), ..area(Shape::Text, position) }
}

pub(super) fn categories(named: &[(&str, &str)]) -> Vec<Category> {
    named.iter().map(|&(name, color)| Category { name: name.to_owned(), color: color.to_owned() }).collect()
}

pub(super) fn document(
    name: &str,
    categories: &[(&str, &str)],
    zones: Vec<Zone>,
    size: Size,
    focal: Position,
) -> Document {
    Document { name: name.to_owned(), categories: self::categories(categories), zones, size, focal_point: Some(focal) }
}
