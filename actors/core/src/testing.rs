//! Plans to try things on. For tests and benches of every crate; no server builds its plans here.

#![allow(clippy::expect_used, reason = "these plans are built from counts and cannot contradict themselves")]

use std::sync::Arc;

use uuid::Uuid;

use crate::ids::{AreaNo, CategoryNo, PlanVersionId, SeatNo, SectionNo};
use crate::plan::{Area, Plan, PlanBuilder, Point, Seat};

/// One section `stalls`, rows `A`, `B`, …, seats `A-1`, `A-2`, … one step apart. The front half of the rows is `Premium`, the
/// rest `Standard`; the focal point is in the middle, two steps before row `A`. Seat numbers count up from 0 in this order.
#[must_use]
pub fn hall(rows: u32, seats_per_row: u32) -> Arc<Plan> {
    hall_with(rows, seats_per_row, &[], |_| {})
}

/// A [`hall`] with general-admission areas (name and capacity, `Standard`), and with seats changed to taste before they are
/// put in.
#[must_use]
pub fn hall_with(rows: u32, seats_per_row: u32, areas: &[(&str, u32)], change: impl Fn(&mut Seat)) -> Arc<Plan> {
    let mut builder = PlanBuilder::new(PlanVersionId(Uuid::from_u128(1)), ["Premium", "Standard"]);
    #[allow(clippy::cast_precision_loss, reason = "a hall is small")]
    builder.focal_point(Point { x: (seats_per_row.saturating_sub(1)) as f32 / 2.0, y: -2.0 });
    builder.section("stalls");
    for row in 0..rows {
        builder.row();
        for place in 0..seats_per_row {
            let category = CategoryNo(u16::from(row >= rows.div_ceil(2)));
            let guid = format!("{}-{}", row_name(row), place + 1);
            let mut seat = seat(row * seats_per_row + place, guid, category, place, row);
            change(&mut seat);
            builder.seat(seat);
        }
    }
    for ((name, capacity), number) in areas.iter().zip(0..) {
        builder.area(Area { number: AreaNo(number), id: (*name).into(), category: CategoryNo(1), capacity: *capacity });
    }
    Arc::new(builder.build().expect("a hall is a plan"))
}

/// A cabaret: in section `floor` the tables `T1` of four seats, sold whole, and `T2` of four, sold by the seat; in section
/// `circle` the box `B1` of two, sold whole, and a row `A` of six. All `Standard`; the focal point is before `T1`. Seat numbers
/// count up from 0 in this order.
#[must_use]
pub fn cabaret() -> Arc<Plan> {
    let mut builder = PlanBuilder::new(PlanVersionId(Uuid::from_u128(3)), ["Standard"]);
    builder.focal_point(Point { x: 0.0, y: -1.0 });
    let mut number = 0;
    for (section, tables) in [
        ("floor", [("T1", 4, Some(true)), ("T2", 4, Some(false))]),
        ("circle", [("B1", 2, Some(true)), ("A", 6, None)]),
    ] {
        builder.section(section);
        for (id, seats, sold_whole) in tables {
            match sold_whole {
                Some(whole) => builder.table(id, whole),
                None => builder.row(),
            }
            for place in 0..seats {
                builder.seat(seat(number, format!("{id}-{}", place + 1), CategoryNo(0), place, number / 2));
                number += 1;
            }
        }
    }
    Arc::new(builder.build().expect("a cabaret is a plan"))
}

/// The next version of a plan of rows: some seats gone, some more at the end of the first row (guid and number), areas with
/// other capacities. Everything else is where it was.
#[must_use]
pub fn revised(
    plan: &Plan,
    version: u128,
    without: &[&str],
    with: &[(&str, SeatNo)],
    areas: &[(&str, u32)],
) -> Arc<Plan> {
    let mut builder = PlanBuilder::new(PlanVersionId(Uuid::from_u128(version)), plan.categories().iter().cloned());
    builder.focal_point(plan.focal_point());
    let (mut section, mut more) = (None, with);
    for row in plan.rows() {
        if section.replace(row.section) != Some(row.section) {
            builder.section(plan.sections()[row.section.index()].id.clone());
        }
        builder.row();
        let seats = row.blocks.iter().flatten().filter_map(|&number| plan.seat(number));
        let mut end = Point::default();
        for seat in seats {
            end = seat.position;
            if !without.contains(&&*seat.guid) {
                builder.seat(seat.clone());
            }
        }
        for (guid, number) in std::mem::take(&mut more) {
            end.x += 1.0;
            builder.seat(Seat { position: end, ..self::seat(number.0, (*guid).to_owned(), CategoryNo(0), 0, 0) });
        }
    }
    for area in plan.areas() {
        let capacity = areas.iter().find(|(id, _)| **id == *area.id).map_or(area.capacity, |&(_, capacity)| capacity);
        builder.area(Area { capacity, ..area.clone() });
    }
    Arc::new(builder.build().expect("a revised plan is a plan"))
}

/// So many seats in sections `s0`, `s1`, … of 25 rows with 40 seats each, side by side in four rings around the pitch, with an
/// aisle in the middle of each row; rings are `Premium`, `First`, `Second` and `Third`. And an area `floor` of 5,000 places.
#[must_use]
pub fn stadium(seats: u32) -> Arc<Plan> {
    const ROWS: u32 = 25;
    const SEATS: u32 = 40;
    const AISLE: u32 = 2;
    let sections = seats.div_ceil(ROWS * SEATS);
    let ring = sections.div_ceil(4).max(1);
    let mut builder =
        PlanBuilder::new(PlanVersionId(Uuid::from_u128(2)), ["Premium", "First", "Second", "Third", "Floor"]);
    #[allow(clippy::cast_precision_loss, reason = "a stadium is small enough for this")]
    builder.focal_point(Point { x: (ring * (SEATS + 2 * AISLE)) as f32 / 2.0, y: -20.0 });
    let mut left = seats;
    for section in 0..sections {
        builder.section(format!("s{section}"));
        let (across, back) = (section % ring, section / ring);
        for row in 0..ROWS {
            builder.row();
            for place in 0..SEATS.min(left) {
                left -= 1;
                let x = across * (SEATS + 2 * AISLE) + place + if place < SEATS / 2 { 0 } else { AISLE };
                let guid = format!("s{section}-{}-{}", row_name(row), place + 1);
                let category = CategoryNo(u16::try_from(back.min(3)).unwrap_or(3));
                builder.seat(seat(seats - left - 1, guid, category, x, back * (ROWS + 5) + row));
            }
        }
    }
    builder.area(Area { number: AreaNo(0), id: "floor".into(), category: CategoryNo(4), capacity: 5_000 });
    Arc::new(builder.build().expect("a stadium is a plan"))
}

/// A row of a plan that is drawn by hand.
#[derive(Clone, Debug)]
pub struct DrawnRow {
    /// Its name, unique in the plan: its seats are `A-1`, `A-2`, …
    pub name: String,
    /// `Premium`, `Standard` or `Cheap`.
    pub category: u16,
    /// Where its seats are, from one end to the other.
    pub seats: Vec<Point>,
    /// Which of its seats are for wheelchairs, counted from 0. Those beside them are for companions.
    pub accessible: Vec<usize>,
}

/// A section of a plan that is drawn by hand.
#[derive(Clone, Debug)]
pub struct DrawnSection {
    /// Its `zone_id`.
    pub id: String,
    /// Where it is best, if it says so itself.
    pub focal_point: Option<Point>,
    /// Its rows.
    pub rows: Vec<DrawnRow>,
}

/// A plan drawn by hand, with its focal point at 0, 0.
#[must_use]
pub fn drawn(sections: &[DrawnSection]) -> Arc<Plan> {
    let mut builder = PlanBuilder::new(PlanVersionId(Uuid::from_u128(4)), ["Premium", "Standard", "Cheap"]);
    builder.focal_point(Point { x: 0.0, y: 0.0 });
    let mut numbers = 0..;
    for section in sections {
        builder.section(section.id.as_str());
        if let Some(point) = section.focal_point {
            builder.section_focal_point(point);
        }
        for row in &section.rows {
            builder.row();
            for (at, &position) in row.seats.iter().enumerate() {
                let guid = format!("{}-{}", row.name, at + 1);
                let mut seat = seat(numbers.next().unwrap_or_default(), guid, CategoryNo(row.category), 0, 0);
                seat.position = position;
                seat.accessible = row.accessible.contains(&at);
                let is_beside = |&chair: &usize| chair.abs_diff(at) == 1;
                seat.companion = !seat.accessible && row.accessible.iter().any(is_beside);
                builder.seat(seat);
            }
        }
    }
    Arc::new(builder.build().expect("what is drawn is a plan"))
}

#[allow(clippy::cast_precision_loss, reason = "places are small numbers")]
fn seat(number: u32, guid: String, category: CategoryNo, x: u32, y: u32) -> Seat {
    Seat {
        number: SeatNo(number),
        guid: guid.into(),
        section: SectionNo(0),
        row: 0,
        category,
        position: Point { x: x as f32, y: y as f32 },
        accessible: false,
        companion: false,
    }
}

/// `A` to `Z`, then `AA`, `AB`, …
fn row_name(mut row: u32) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + u8::try_from(row % 26).unwrap_or(0)));
        row /= 26;
        if row == 0 {
            return name;
        }
        row -= 1;
    }
}
