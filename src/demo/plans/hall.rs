//! A concert hall: some 4,000 seats around a floor where people stand, with a choir behind the platform.

use crate::catalog::plan::format::{Area, Document, GeneralAdmission, Position, Row, Size, Text, Zone};

use super::draw::{
    Compass, ROW_STEP, SPACING, at, document, label, letter, outline, rectangle, row, stage, wheelchair_pair, zone,
};

const FLOOR: &str = "Floor";
const PREMIUM: &str = "Premium";
const PARTERRE: &str = "Parterre";
const TERRACE: &str = "Terrace";
const TIER: &str = "Tier";
const GALLERY: &str = "Gallery";
const CHOIR: &str = "Choir";

const CATEGORIES: [(&str, &str); 7] = [
    (FLOOR, "#c4572e"),
    (PREMIUM, "#9c2f4b"),
    (PARTERRE, "#2f5d8c"),
    (TERRACE, "#2e7d6b"),
    (TIER, "#5c6f2b"),
    (GALLERY, "#b5832a"),
    (CHOIR, "#6b4a8f"),
];

const MIDDLE: f64 = 1_540.0;
/// The middle of the platform; everything is bent around it.
const HALL: Compass = Compass { x: MIDDLE, y: 480.0 };
const AISLE: f64 = 40.0;

pub(super) fn plan() -> Document {
    let mut zones = vec![platform(), floor()];
    zones.extend([terrace("Terrace left", "terrace-left", -1.0), terrace("Terrace right", "terrace-right", 1.0)]);
    let cuts = [-38.0, -24.0, -8.5, 8.5, 24.0, 38.0];
    zones.push(bent(&Tier {
        name: "Parterre",
        id: "parterre",
        category: PARTERRE,
        first: 760.0,
        rows: 18,
        cuts: &cuts,
    }));
    let cuts = [-46.0, -34.0, -21.0, -7.0, 7.0, 21.0, 34.0, 46.0];
    zones.push(bent(&Tier { name: "First tier", id: "tier", category: TIER, first: 1_357.0, rows: 15, cuts: &cuts }));
    let cuts = [-42.0, -31.0, -19.0, -6.5, 6.5, 19.0, 31.0, 42.0];
    zones.push(bent(&Tier {
        name: "Gallery",
        id: "gallery",
        category: GALLERY,
        first: 1_867.0,
        rows: 10,
        cuts: &cuts,
    }));
    let size = Size { width: 3_080, height: 2_700 };
    document("Nordhavn Concert Hall", &CATEGORIES, zones, size, at(MIDDLE, 640.0))
}

/// The platform, and the choir stalls behind it, which face the audience.
fn platform() -> Zone {
    let rows = (0..5)
        .map(|n| {
            row(
                "choir",
                &letter(n),
                CHOIR,
                HALL.row(240.0 + ROW_STEP * n as f64, &[-118.0, -180.0, -242.0], SPACING, AISLE),
            )
        })
        .map(|mut row: Row| {
            for seat in &mut row.seats {
                seat.note = Some("Behind the platform, facing the conductor".to_owned());
            }
            row
        })
        .collect();
    let front = (-9..=9).map(|n| HALL.point(190.0, f64::from(n) * 10.0));
    let mut scene: Vec<_> = front.collect();
    scene.extend([at(MIDDLE + 190.0, 390.0), at(MIDDLE - 190.0, 390.0)]);
    let ring = HALL.ring((220.0, 240.0 + ROW_STEP * 4.0 + 20.0), (-115.0, -245.0));
    let areas = vec![
        stage(scene, "Platform", at(MIDDLE, 530.0), 30.0),
        outline(ring),
        label("Choir", HALL.point(405.0, 180.0), 22.0),
    ];
    zone("Choir", "choir", rows, areas)
}

fn standing(id: &str, words: &str, capacity: u32, middle: Position, (width, height): (f64, f64)) -> Area {
    let position = at(width / 2.0, height / 2.0);
    let text = Text { text: words.to_owned(), color: Some("#7a3113".to_owned()), size: Some(26.0), position };
    Area {
        color: Some("#f6ddd0".to_owned()),
        border_color: Some("#c4572e".to_owned()),
        text: Some(text),
        general_admission: Some(GeneralAdmission { area_id: id.to_owned(), capacity, category: FLOOR.to_owned() }),
        ..rectangle(middle, width, height, 0.0)
    }
}

fn floor() -> Zone {
    let front = standing("floor-front", "Floor front", 450, at(MIDDLE, 775.0), (560.0, 150.0));
    let rear = standing("floor-rear", "Floor rear", 850, at(MIDDLE, 985.0), (600.0, 200.0));
    zone("Floor", "floor", Vec::new(), vec![front, rear])
}

/// Straight rows along one side of the floor, turned to the platform by a little.
fn terrace(name: &str, id: &str, side: f64) -> Zone {
    let tilt = 8.0_f64.to_radians();
    let place = |n: f64, back: f64| {
        let (along, out) = (n * SPACING, 390.0 + back * ROW_STEP);
        at(
            MIDDLE + side * (out * tilt.cos() - along * tilt.sin() + 40.0),
            500.0 + out * tilt.sin() + along * tilt.cos(),
        )
    };
    let mut rows: Vec<_> = (0..9)
        .map(|back| {
            // Longer rows to the back, and an aisle in the middle.
            let count = 18 + back / 3 * 2;
            let seats = (0..count).map(|n| f64::from(n) + if n >= 9 { 1.6 } else { 0.0 });
            let places: Vec<_> = seats.map(|n| place(n, f64::from(back))).collect();
            row(id, &letter(back as usize), TERRACE, places)
        })
        .collect();
    for row in &mut rows {
        row.row_number_position = None;
        for seat in row.seats.iter_mut().take(2) {
            seat.restricted_view = true;
            seat.note = Some("From here the back of the platform is hidden".to_owned());
        }
    }
    if let Some(front) = rows.first_mut() {
        wheelchair_pair(front, 0, true);
        wheelchair_pair(front, 1, true);
    }
    let ring = vec![place(-1.2, -0.9), place(19.8, -0.9), place(24.2, 8.9), place(-1.2, 8.9)];
    let at_end = place(-2.6, 4.0);
    zone(name, id, rows, vec![outline(ring), label(name, at_end, 22.0)])
}

struct Tier<'a> {
    name: &'a str,
    id: &'a str,
    category: &'a str,
    first: f64,
    rows: usize,
    cuts: &'a [f64],
}

fn bent(tier: &Tier<'_>) -> Zone {
    let radius = |n: usize| tier.first + ROW_STEP * n as f64;
    let mut rows: Vec<_> = (0..tier.rows)
        .map(|n| row(tier.id, &letter(n), tier.category, HALL.row(radius(n), tier.cuts, SPACING, AISLE)))
        .collect();
    if tier.category == PARTERRE {
        for row in &mut rows[1..8] {
            for seat in row.seats.iter_mut().filter(|seat| HALL.angle(seat.position).abs() < 8.5) {
                seat.category = PREMIUM.to_owned();
            }
        }
    }
    // Lifts end behind the last row of every tier.
    if let Some(last) = rows.last_mut() {
        for pair in 0..3 {
            wheelchair_pair(last, pair, false);
            wheelchair_pair(last, pair, true);
        }
    }
    let ends = (tier.cuts[0] - 1.2, tier.cuts[tier.cuts.len() - 1] + 1.2);
    let last = radius(tier.rows.saturating_sub(1));
    let areas = vec![
        outline(HALL.ring((tier.first - 20.0, last + 20.0), ends)),
        label(tier.name, HALL.point(last + 42.0, 0.0), 24.0),
    ];
    zone(tier.name, tier.id, rows, areas)
}
