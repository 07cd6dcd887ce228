//! The open seating-plan format, as pretix's editor writes it, with our additions.
//!
//! Positions add up: a seat stands at its zone's position plus its row's plus its own; an area at its zone's plus its
//! own, and its polygon's points and its text are counted from there. `x` goes right, `y` down; the unit is the plan's
//! own (a seat's default radius is 10).
//!
//! Our additions can be ignored by a reader of the plain format:
//!
//! | where | field | what |
//! | --- | --- | --- |
//! | document | `focal_point` | the place from which "best" is measured; left out, the middle of the seats' upper edge |
//! | zone | `focal_point` | where this section is best, counted from its position; left out, the document's alone decides |
//! | row | `kind` | `table` or `box`: these seats stand around one table or in one box |
//! | row | `sold_whole` | this table or box is sold only as a whole |
//! | seat | `accessible` | a place for a wheelchair |
//! | seat | `companion` | for whoever comes along with an accessible seat |
//! | seat | `restricted_view` | something stands between here and the stage |
//! | seat | `note` | what a buyer should know, for example "Pillar on the left" |
//! | area | `capacity`, `area_id`, `category` | all three: a general-admission area, sold by count. Without `capacity` an area is only drawn |

use serde::Serialize;

/// A seat plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// What the plan is called.
    pub name: String,
    /// The price categories; seats and areas name them.
    pub categories: Vec<Category>,
    /// The sections, in the plan's order.
    pub zones: Vec<Zone>,
    /// How large the whole drawing is.
    pub size: Size,
    /// The place from which "best" is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_point: Option<Position>,
}

/// A price category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Category {
    /// Its name, which seats refer to.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
}

/// Width and height of the whole drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// To the right.
    pub width: u32,
    /// Downwards.
    pub height: u32,
}

/// A place, or a step from another place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Position {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

impl std::ops::Add for Position {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y }
    }
}

/// A section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Zone {
    /// What people call it.
    pub name: String,
    /// What clients call it; unique in the plan. A document that leaves it out gets it from the name.
    pub zone_id: String,
    /// The editor's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where everything in it is counted from.
    pub position: Position,
    /// Where it is best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_point: Option<Position>,
    /// Its rows, in the plan's order.
    pub rows: Vec<Row>,
    /// Its shapes and general-admission areas.
    pub areas: Vec<Area>,
}

/// Seats in a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Drawn beside the row: "A".
    pub row_number: String,
    /// Said in texts: "Row A". Left out: the row's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_label: Option<String>,
    /// Said in texts, with `%s` for the seat's number: "Seat %s". Left out: the seat's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat_label: Option<String>,
    /// The editor's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where its number is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_number_position: Option<NumberPosition>,
    /// Where its seats are counted from.
    pub position: Position,
    /// Its seats, in the order that makes neighbours.
    pub seats: Vec<Seat>,
    /// What the seats stand around or in.
    #[serde(skip_serializing_if = "RowKind::is_line")]
    pub kind: RowKind,
    /// Sold only as a whole.
    #[serde(skip_serializing_if = "is_false")]
    pub sold_whole: bool,
}

/// Where a row's number is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberPosition {
    /// Before its first seat.
    Start,
    /// After its last seat.
    End,
    /// On both sides.
    Both,
}

/// What a row's seats stand around or in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// An ordinary row.
    #[default]
    Line,
    /// A table.
    Table,
    /// A box.
    Box,
}

impl RowKind {
    fn is_line(&self) -> bool {
        match self {
            Self::Line => true,
            Self::Table | Self::Box => false,
        }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// One numbered place.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Seat {
    /// What clients call it; unique in the plan.
    pub seat_guid: String,
    /// What people call it.
    pub seat_number: String,
    /// The editor's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where ordered booking starts: `<`, `>` or `<>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_direction: Option<String>,
    /// How large it is drawn; left out: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<f64>,
    /// Where it is, counted from its row.
    pub position: Position,
    /// Its category, by name.
    pub category: String,
    /// A place for a wheelchair.
    #[serde(skip_serializing_if = "is_false")]
    pub accessible: bool,
    /// For whoever comes along with an accessible seat.
    #[serde(skip_serializing_if = "is_false")]
    pub companion: bool,
    /// Something stands between here and the stage.
    #[serde(skip_serializing_if = "is_false")]
    pub restricted_view: bool,
    /// What a buyer should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A shape: the stage, a wall, a label, a section's outline; or a general-admission area.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Area {
    /// The editor's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Its shape.
    #[serde(flatten)]
    pub shape: Shape,
    /// The colour it is filled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The colour of its edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border_color: Option<String>,
    /// Degrees clockwise around its position.
    pub rotation: f64,
    /// Where it is, counted from its zone.
    pub position: Position,
    /// What is written in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// What makes it an area that is sold by count.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub general_admission: Option<GeneralAdmission>,
}

/// A shape, counted from its area's position.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
pub enum Shape {
    /// Straight lines from point to point, and back to the first.
    Polygon {
        /// Its points.
        polygon: Polygon,
    },
    /// A rectangle; the position is its upper left corner.
    Rectangle {
        /// Its sides.
        rectangle: Rectangle,
    },
    /// An ellipse around the position.
    Ellipse {
        /// Its radii.
        ellipse: Ellipse,
    },
    /// A circle around the position.
    Circle {
        /// Its radius.
        circle: Circle,
    },
    /// Only the text.
    Text,
}

/// The points of a polygon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Polygon {
    /// At least three.
    pub points: Vec<Position>,
}

/// The sides of a rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rectangle {
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

/// The radii of an ellipse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ellipse {
    /// To the right, and downwards.
    pub radius: Position,
}

/// The radius of a circle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Circle {
    /// In the plan's unit.
    pub radius: f64,
}

/// What is written in a shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Text {
    /// The words.
    pub text: String,
    /// Their colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The size of the letters; left out: 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<f64>,
    /// The middle of the words, counted from the area.
    pub position: Position,
}

/// What makes a shape an area that is sold by count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GeneralAdmission {
    /// What clients call it; unique in the plan.
    pub area_id: String,
    /// How many places it has.
    pub capacity: u32,
    /// Its category, by name.
    pub category: String,
}
