//! A proscenium theatre of some 900 seats: stalls, dress circle, balcony, and boxes beside the stage.

use crate::catalog::plan::format::{Document, RowKind, Size, Zone};

use super::draw::{
    Compass, ROW_STEP, SPACING, at, document, label, letter, outline, rectangle, row, stage, wheelchair_pair, zone,
};

const PREMIUM: &str = "Premium";
const STALLS: &str = "Stalls";
const CIRCLE: &str = "Dress circle";
const BALCONY: &str = "Balcony";
const BOXES: &str = "Boxes";
const RESTRICTED: &str = "Restricted view";

const CATEGORIES: [(&str, &str); 6] = [
    (PREMIUM, "#9c2f4b"),
    (STALLS, "#2f5d8c"),
    (CIRCLE, "#2e7d6b"),
    (BALCONY, "#b5832a"),
    (BOXES, "#6b4a8f"),
    (RESTRICTED, "#7c7a76"),
];

/// All rows are bent around one point far behind the stage.
const HOUSE: Compass = Compass { x: 640.0, y: -500.0 };
const AISLE: f64 = 34.0;
const STALLS_RADIUS: f64 = 750.0;
const STALLS_ROWS: usize = 16;
const CIRCLE_RADIUS: f64 = 1_275.0;
const CIRCLE_ROWS: usize = 5;
const BALCONY_RADIUS: f64 = 1_500.0;
const BALCONY_ROWS: usize = 6;

pub(super) fn plan() -> Document {
    let zones = vec![stalls(), circle(), balcony(), boxes()];
    let size = Size { width: 1_280, height: 1_240 };
    document("The Lantern Theatre, main stage", &CATEGORIES, zones, size, at(HOUSE.x, 210.0))
}

fn radius(first: f64, row: usize) -> f64 {
    first + ROW_STEP * row as f64
}

fn stalls() -> Zone {
    let cuts = [-21.0, -9.5, 9.5, 21.0];
    let mut rows: Vec<_> = (0..STALLS_ROWS)
        .map(|n| row("stalls", &letter(n), STALLS, HOUSE.row(radius(STALLS_RADIUS, n), &cuts, SPACING, AISLE)))
        .collect();
    // The best of the house: the middle block, near enough for faces and far enough for the whole picture.
    for row in &mut rows[2..9] {
        for seat in row.seats.iter_mut().filter(|seat| HOUSE.angle(seat.position).abs() < 9.5) {
            seat.category = PREMIUM.to_owned();
        }
    }
    // Level access is through the doors behind the last row.
    if let Some(last) = rows.last_mut() {
        for pair in 0..2 {
            wheelchair_pair(last, pair, false);
            wheelchair_pair(last, pair, true);
        }
    }
    let apron: Vec<_> = (-8..=8).map(|n| HOUSE.point(700.0, f64::from(n) * 2.0)).collect();
    let mut scene = vec![at(430.0, 30.0), at(850.0, 30.0)];
    scene.extend(apron.into_iter().rev());
    let ring = HOUSE.ring((STALLS_RADIUS - 20.0, radius(STALLS_RADIUS, STALLS_ROWS - 1) + 20.0), (-22.5, 22.5));
    let name = HOUSE.point(radius(STALLS_RADIUS, STALLS_ROWS - 1) + 36.0, 0.0);
    zone(
        "Stalls",
        "stalls",
        rows,
        vec![stage(scene, "Stage", at(HOUSE.x, 115.0), 28.0), outline(ring), label("Stalls", name, 18.0)],
    )
}

fn circle() -> Zone {
    let cuts = [-23.0, -12.0, 0.0, 12.0, 23.0];
    let mut rows: Vec<_> = (0..CIRCLE_ROWS)
        .map(|n| row("circle", &letter(n), CIRCLE, HOUSE.row(radius(CIRCLE_RADIUS, n), &cuts, SPACING, AISLE)))
        .collect();
    if let Some(front) = rows.first_mut() {
        for seat in front.seats.iter_mut().filter(|seat| HOUSE.angle(seat.position).abs() < 12.0) {
            seat.category = PREMIUM.to_owned();
        }
    }
    if let Some(last) = rows.last_mut() {
        wheelchair_pair(last, 0, false);
        wheelchair_pair(last, 0, true);
    }
    let end = radius(CIRCLE_RADIUS, CIRCLE_ROWS - 1);
    let ring = HOUSE.ring((CIRCLE_RADIUS - 20.0, end + 20.0), (-24.0, 24.0));
    let name = HOUSE.point(end + 36.0, 0.0);
    zone("Dress circle", "circle", rows, vec![outline(ring), label("Dress circle", name, 18.0)])
}

fn balcony() -> Zone {
    let cuts = [-21.5, -11.0, 0.0, 11.0, 21.5];
    let mut rows: Vec<_> = (0..BALCONY_ROWS)
        .map(|n| row("balcony", &letter(n), BALCONY, HOUSE.row(radius(BALCONY_RADIUS, n), &cuts, SPACING, AISLE)))
        .collect();
    for row in &mut rows {
        let count = row.seats.len();
        for (n, seat) in row.seats.iter_mut().enumerate() {
            if n < 3 || n + 3 >= count {
                seat.category = RESTRICTED.to_owned();
                seat.restricted_view = true;
                seat.note = Some("The balcony rail cuts off the near corner of the stage".to_owned());
            }
        }
    }
    let end = radius(BALCONY_RADIUS, BALCONY_ROWS - 1);
    let ring = HOUSE.ring((BALCONY_RADIUS - 20.0, end + 20.0), (-22.5, 22.5));
    let name = HOUSE.point(end + 36.0, 0.0);
    zone("Balcony", "balcony", rows, vec![outline(ring), label("Balcony", name, 18.0)])
}

/// Four on each side, with four chairs each; numbered from the stage, odd on the left.
fn boxes() -> Zone {
    let mut rows = Vec::new();
    let mut areas = Vec::new();
    for depth in 0..4_u32 {
        for (side, odd) in [(-1.0, 1), (1.0, 2)] {
            let angle = side * 26.5;
            let middle = 800.0 + 92.0 * f64::from(depth);
            let number = (depth * 2 + odd).to_string();
            // Two chairs in front, two behind, turned to the stage with the rest of the house.
            let half = (SPACING / 2.0 / middle).to_degrees();
            let chairs = [(-14.0, -half), (-14.0, half), (14.0, -half), (14.0, half)];
            let places = chairs.map(|(deeper, beside)| HOUSE.point(middle + deeper, angle + beside));
            let mut chairs = row("boxes", &number, BOXES, places);
            chairs.kind = RowKind::Box;
            chairs.row_label = Some(format!("Box {number}"));
            chairs.row_number_position = None;
            for seat in chairs.seats.iter_mut().skip(2).filter(|_| depth == 0) {
                seat.restricted_view = true;
                seat.note = Some("Seen from the side: about a quarter of the stage is hidden".to_owned());
            }
            rows.push(chairs);
            areas.push(rectangle(HOUSE.point(middle, angle), 64.0, 66.0, -angle));
            areas.push(label(&number, HOUSE.point(middle, angle + side * 3.0), 14.0));
        }
    }
    zone("Boxes", "boxes", rows, areas)
}
