//! The seat plans of the demo house, drawn by code: the same every time, and small in the repository.

mod draw;
mod hall;
mod stadium;
mod studio;
#[cfg(test)]
mod tests;
mod theatre;

use crate::catalog::plan::format::Document;

/// The most seats of [`stadium`]: the most that a plan may have.
pub const STADIUM_SEATS_MAX: usize = 150_000;

/// A proscenium theatre of some 900 seats: stalls, dress circle, balcony and boxes.
#[must_use]
pub fn theatre() -> Document {
    theatre::plan()
}

/// A concert hall of some 4,000 seats and two floors where 1,300 stand.
#[must_use]
pub fn concert_hall() -> Document {
    hall::plan()
}

/// A studio theatre of some 160 seats on three sides of its stage, with café tables.
#[must_use]
pub fn studio() -> Document {
    studio::plan()
}

/// A stadium of exactly so many seats, from 1 to [`STADIUM_SEATS_MAX`]; a number outside is taken as the nearest inside.
#[must_use]
pub fn stadium(seats: usize) -> Document {
    stadium::plan(seats.clamp(1, STADIUM_SEATS_MAX))
}

/// The names by which [`by_name`] knows the plans.
pub const NAMES: [&str; 4] = ["theatre", "concert-hall", "studio", "stadium"];

/// The plan of this name; the stadium has 60,000 seats.
#[must_use]
pub fn by_name(name: &str) -> Option<Document> {
    match name {
        "theatre" => Some(theatre()),
        "concert-hall" => Some(concert_hall()),
        "studio" => Some(studio()),
        "stadium" => Some(stadium(60_000)),
        _ => None,
    }
}

/// A plan as open seating-plan JSON.
///
/// # Errors
/// None that a plan of this module can meet; JSON has no way to write a coordinate that is not a number.
pub fn to_json(document: &Document) -> Result<String, serde_json::Error> {
    serde_json::to_string(document)
}
