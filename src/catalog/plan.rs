//! Seat plans: reading the open seating-plan JSON, and what the rest of the house wants to know of a plan.

mod check;
pub mod format;
mod limits;
mod loose;
mod problems;
mod raw;
mod reader;
mod shapes;
#[cfg(test)]
mod tests;
mod topology;

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;

pub use limits::PlanLimits;
pub use problems::{PROBLEMS_MAX, PlanProblem, PlanProblems};
pub use topology::TopologyError;

use format::{Document, GeneralAdmission, Row, RowKind, Seat, Zone};
use raw::{Object, RawDocument};

/// A seat plan that has been checked: every guid stands once, every category exists, every limit is kept.
#[derive(Clone, Debug)]
pub struct PlanDocument {
    document: Document,
    places: HashMap<Box<str>, Place>,
}

/// Where a seat stands in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    zone: usize,
    row: usize,
    seat: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zones[{}].rows[{}].seats[{}]", self.zone, self.row, self.seat)
    }
}

/// How much a plan holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlanStats {
    /// Numbered seats.
    pub seats: usize,
    /// General-admission areas.
    pub areas: usize,
    /// Seats and the capacities of all areas.
    pub places: usize,
    /// Price categories.
    pub categories: usize,
    /// Sections.
    pub sections: usize,
}

/// What a ticket says of a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatDescription<'a> {
    /// The section's name: "Dress circle".
    pub section: &'a str,
    /// The row's label: "Row C", or only "C" where the plan has no label for it.
    pub row: &'a str,
    /// The seat's label: "Seat 12", or only "12".
    pub seat: String,
    /// The category's name.
    pub category: &'a str,
    /// Whether the row is a table or a box.
    pub kind: RowKind,
    /// A place for a wheelchair.
    pub accessible: bool,
    /// For whoever comes along with an accessible seat.
    pub companion: bool,
    /// Something stands between here and the stage.
    pub restricted_view: bool,
    /// What a buyer should know.
    pub note: Option<&'a str>,
}

/// What a ticket says of a place in a general-admission area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaDescription<'a> {
    /// The section's name.
    pub section: &'a str,
    /// What is written in the area, or the section's name.
    pub name: &'a str,
    /// The category's name.
    pub category: &'a str,
    /// How many places it has.
    pub capacity: u32,
}

impl PlanDocument {
    /// Reads a plan within the product's limits.
    ///
    /// # Errors
    /// Everything that is wrong with it, up to [`PROBLEMS_MAX`]; only the first where the file is no JSON at all.
    pub fn parse(json: &[u8]) -> Result<Self, PlanProblems> {
        Self::parse_within(json, &PlanLimits::default())
    }

    /// Reads a plan within the given limits.
    ///
    /// # Errors
    /// As [`PlanDocument::parse`].
    pub fn parse_within(json: &[u8], limits: &PlanLimits) -> Result<Self, PlanProblems> {
        let max = limits.document_bytes_max;
        if json.len() > max {
            return Err(PlanProblems::only(format!("has {} bytes; at most {max} are allowed", json.len())));
        }
        // Before anything is read, because what is read takes many times the room of its text.
        let count = |wanted| json.iter().filter(|&&byte| byte == wanted).count();
        if count(b'{') > limits.objects_max || count(b',') > limits.commas_max {
            return Err(PlanProblems::only("has more objects or values than a plan of the largest size"));
        }
        let raw: Object<RawDocument> =
            serde_json::from_slice(json).map_err(|error| PlanProblems::only(format!("cannot be read: {error}")))?;
        Self::of(raw, limits)
    }

    /// Reads a plan that is a JSON value already, for example a column of the database.
    ///
    /// # Errors
    /// As [`PlanDocument::parse`]. The size of the text is not checked here.
    pub fn from_value(value: &serde_json::Value) -> Result<Self, PlanProblems> {
        let raw = Object::<RawDocument>::deserialize(value)
            .map_err(|error| PlanProblems::only(format!("cannot be read: {error}")))?;
        Self::of(raw, &PlanLimits::default())
    }

    fn of(raw: Object<RawDocument>, limits: &PlanLimits) -> Result<Self, PlanProblems> {
        let (document, places) = check::check(raw, limits)?;
        Ok(Self { document, places })
    }

    /// The plan itself.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// How much it holds.
    #[must_use]
    pub fn stats(&self) -> PlanStats {
        let standing: usize = self.general_admission().map(|(_, area)| area.capacity as usize).sum();
        PlanStats {
            seats: self.places.len(),
            areas: self.general_admission().count(),
            places: self.places.len() + standing,
            categories: self.document.categories.len(),
            sections: self.document.zones.len(),
        }
    }

    /// The seats in the plan's order: zones, rows, seats.
    pub fn seats(&self) -> impl Iterator<Item = (&Zone, &Row, &Seat)> {
        self.document
            .zones
            .iter()
            .flat_map(|zone| zone.rows.iter().flat_map(move |row| row.seats.iter().map(move |seat| (zone, row, seat))))
    }

    /// The guids of all seats, in the plan's order.
    pub fn guids(&self) -> impl Iterator<Item = &str> {
        self.seats().map(|(_, _, seat)| seat.seat_guid.as_str())
    }

    /// The general-admission areas, in the plan's order.
    pub fn general_admission(&self) -> impl Iterator<Item = (&Zone, &GeneralAdmission)> {
        let zones = self.document.zones.iter();
        zones.flat_map(|zone| zone.areas.iter().filter_map(move |area| Some((zone, area.general_admission.as_ref()?))))
    }

    /// The ids of all general-admission areas, in the plan's order.
    pub fn area_ids(&self) -> impl Iterator<Item = &str> {
        self.general_admission().map(|(_, area)| area.area_id.as_str())
    }

    /// What a ticket says of the seat with this guid.
    #[must_use]
    pub fn describe(&self, guid: &str) -> Option<SeatDescription<'_>> {
        let place = self.places.get(guid)?;
        let zone = self.document.zones.get(place.zone)?;
        let row = zone.rows.get(place.row)?;
        let seat = row.seats.get(place.seat)?;
        let said = |label: &Option<String>| label.as_deref().is_some_and(|label| !label.is_empty());
        let row_label = if said(&row.row_label) { row.row_label.as_deref() } else { None };
        let seat_label = if said(&row.seat_label) { row.seat_label.as_deref() } else { None };
        Some(SeatDescription {
            section: &zone.name,
            row: row_label.unwrap_or(&row.row_number),
            seat: seat_label.unwrap_or("%s").replace("%s", &seat.seat_number),
            category: &seat.category,
            kind: row.kind,
            accessible: seat.accessible,
            companion: seat.companion,
            restricted_view: seat.restricted_view,
            note: seat.note.as_deref(),
        })
    }

    /// What a ticket says of a place in the area with this id.
    #[must_use]
    pub fn describe_area(&self, area_id: &str) -> Option<AreaDescription<'_>> {
        let zones = self.document.zones.iter();
        let mut areas = zones.flat_map(|zone| zone.areas.iter().map(move |area| (zone, area)));
        areas.find_map(|(zone, area)| {
            let sold = area.general_admission.as_ref().filter(|sold| sold.area_id == area_id)?;
            let name = area.text.as_ref().map_or(zone.name.as_str(), |text| text.text.as_str());
            Some(AreaDescription { section: &zone.name, name, category: &sold.category, capacity: sold.capacity })
        })
    }
}
