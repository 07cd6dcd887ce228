//! The one hall that all shows play in: as the plan document that the catalogue keeps, and as the core wants it.

use aisle_core::{CategoryNo, Plan, PlanBuilder, PlanVersionId, Point, Seat, SeatNo, SectionNo};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Seats in a row.
const ROW: u32 = 25;

/// What a seat costs, by category.
pub(crate) const PRICES: [(&str, &str, i64); 2] = [("premium", "Premium", 4_500), ("standard", "Standard", 3_000)];

/// One seat, by the names that tickets have.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) guid: String,
    pub(crate) row: String,
    pub(crate) seat: String,
    /// Into [`PRICES`].
    pub(crate) category: u16,
}

/// The hall. A seat's number is its place in this order.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) version: Uuid,
    pub(crate) places: Vec<Place>,
    pub(crate) plan: Option<Arc<Plan>>,
}

fn row_name(mut row: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(row % 26).unwrap_or(0)));
        match (row / 26).checked_sub(1) {
            Some(rest) => row = rest,
            None => break,
        }
    }
    letters.iter().rev().collect()
}

#[allow(clippy::cast_precision_loss, reason = "a hall is small")]
fn position(number: u32) -> Point {
    Point { x: 40.0 + 24.0 * (number % ROW) as f32, y: 120.0 + 28.0 * (number / ROW) as f32 }
}

impl Hall {
    pub(crate) fn new(seats: u32, version: Uuid) -> Self {
        let half = seats.div_ceil(ROW).div_ceil(2);
        let place = |number: u32| {
            let (row, seat) = (row_name(number / ROW), (number % ROW + 1).to_string());
            Place { guid: format!("stalls-{row}-{seat}"), row, seat, category: u16::from(number / ROW >= half) }
        };
        let places: Vec<Place> = (0..seats).map(place).collect();
        let mut builder = PlanBuilder::new(PlanVersionId(version), PRICES.iter().map(|&(_, category, _)| category));
        builder.section("stalls");
        for (number, place) in (0..).zip(&places) {
            if number % ROW == 0 {
                builder.row();
            }
            builder.seat(Seat {
                number: SeatNo(number),
                guid: place.guid.as_str().into(),
                section: SectionNo(0),
                row: 0,
                category: CategoryNo(place.category),
                position: position(number),
                accessible: false,
                companion: false,
            });
        }
        // A hall that is counted out cannot contradict itself; where it does all the same, playing says so.
        Self { version, places, plan: builder.build().ok().map(Arc::new) }
    }

    /// What these neighbours cost.
    pub(crate) fn price(&self, first: u32, count: u32) -> i64 {
        let of =
            |number: u32| PRICES.get(usize::from(self.places.get(number as usize).map_or(0, |place| place.category)));
        (first..first + count).filter_map(of).map(|&(_, _, amount)| amount).sum()
    }

    /// How many of `count` seats from `first` on are in its row.
    pub(crate) fn in_row(&self, first: u32, count: u32) -> u32 {
        count.min(ROW - first % ROW).min(u32::try_from(self.places.len()).unwrap_or(u32::MAX) - first)
    }

    /// The document, in the open format for seat plans.
    pub(crate) fn document(&self) -> Value {
        let rows: Vec<Value> = (0..)
            .zip(self.places.chunks(ROW as usize))
            .map(|(row, seats)| {
                let seats: Vec<Value> = (row * ROW..)
                    .zip(seats)
                    .map(|(number, place)| {
                        let at = position(number);
                        json!({"seat_guid": place.guid, "seat_number": place.seat, "position": {"x": at.x, "y": at.y},
                               "category": PRICES.get(usize::from(place.category)).map(|of| of.1)})
                    })
                    .collect();
                let name = row_name(row);
                json!({"row_number": name, "row_label": format!("Row {name}"), "seat_label": "Seat %s",
                       "row_number_position": "both", "position": {"x": 0, "y": 0}, "seats": seats})
            })
            .collect();
        let categories: Vec<Value> = PRICES
            .iter()
            .zip(["#8a4b2f", "#2f5d8c"])
            .map(|(of, color)| json!({"name": of.1, "color": color}))
            .collect();
        json!({"name": "A hall of a big history", "size": {"width": 700, "height": 200 + 28 * rows.len()},
               "categories": categories,
               "zones": [{"name": "Stalls", "zone_id": "stalls", "position": {"x": 0, "y": 0}, "rows": rows}]})
    }
}
