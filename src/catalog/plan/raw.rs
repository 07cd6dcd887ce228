//! The document as it stands in the file, before anything is believed. Unknown fields are passed over: they are other
//! people's additions, as ours are to them.

use serde::Deserialize;

use super::loose::{Loose, object_kind};

pub(super) type List<T> = Loose<Vec<Loose<T>>>;
pub(super) type Object<T> = Loose<Box<T>>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawDocument {
    pub name: Loose<String>,
    pub categories: List<Box<RawCategory>>,
    pub zones: List<Box<RawZone>>,
    pub size: Object<RawSize>,
    pub focal_point: Object<RawPosition>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawCategory {
    pub name: Loose<String>,
    pub color: Loose<String>,
}

/// Width and height: of the plan, or of a rectangle.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawSize {
    pub width: Loose<f64>,
    pub height: Loose<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawPosition {
    pub x: Loose<f64>,
    pub y: Loose<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawZone {
    pub name: Loose<String>,
    pub zone_id: Loose<String>,
    pub uuid: Loose<String>,
    pub position: Object<RawPosition>,
    pub focal_point: Object<RawPosition>,
    pub rows: List<Box<RawRow>>,
    pub areas: List<Box<RawArea>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawRow {
    pub row_number: Loose<String>,
    pub row_label: Loose<String>,
    pub seat_label: Loose<String>,
    pub uuid: Loose<String>,
    pub row_number_position: Loose<String>,
    pub position: Object<RawPosition>,
    pub seats: List<Box<RawSeat>>,
    pub kind: Loose<String>,
    pub sold_whole: Loose<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawSeat {
    pub seat_guid: Loose<String>,
    pub seat_number: Loose<String>,
    pub uuid: Loose<String>,
    pub start_direction: Loose<String>,
    pub radius: Loose<f64>,
    pub position: Object<RawPosition>,
    pub category: Loose<String>,
    pub accessible: Loose<bool>,
    pub companion: Loose<bool>,
    pub restricted_view: Loose<bool>,
    pub note: Loose<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawArea {
    pub uuid: Loose<String>,
    pub shape: Loose<String>,
    pub color: Loose<String>,
    pub border_color: Loose<String>,
    pub rotation: Loose<f64>,
    pub position: Object<RawPosition>,
    pub polygon: Object<RawPolygon>,
    pub rectangle: Object<RawSize>,
    pub ellipse: Object<RawEllipse>,
    pub circle: Object<RawCircle>,
    pub text: Object<RawText>,
    pub area_id: Loose<String>,
    pub capacity: Loose<f64>,
    pub category: Loose<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawPolygon {
    pub points: List<Box<RawPosition>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawEllipse {
    pub radius: Object<RawPosition>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawCircle {
    pub radius: Loose<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawText {
    pub text: Loose<String>,
    pub color: Loose<String>,
    pub size: Loose<f64>,
    pub position: Object<RawPosition>,
}

object_kind!(
    RawDocument,
    RawCategory,
    RawSize,
    RawPosition,
    RawZone,
    RawRow,
    RawSeat,
    RawArea,
    RawPolygon,
    RawEllipse,
    RawCircle,
    RawText,
);
