//! The houses that the naive model knows, drawn seat by seat; and the plan of each, for the show beside it.

use std::sync::Arc;

use aisle_core::*;
use uuid::Uuid;

/// One row or box. A letter is a seat: `P` Premium, `S` Standard, `a` accessible, `c` for a companion (both Standard). A space
/// is an aisle, a dot the place of a seat that another version of the plan has.
struct Drawn {
    section: &'static str,
    first: u32,
    seats: &'static str,
    /// A box, and whether it is sold whole.
    sold_whole: Option<bool>,
}

const fn row(section: &'static str, first: u32, seats: &'static str) -> Drawn {
    Drawn { section, first, seats, sold_whole: None }
}

const fn as_box(first: u32, seats: &'static str, sold_whole: bool) -> Drawn {
    Drawn { section: "circle", first, seats, sold_whole: Some(sold_whole) }
}

/// Versions of one plan, with the places of its floor. Who has bought by the first may find too little in another.
const VERSIONS: [([Drawn; 3], u32); 4] = [
    ([row("stalls", 0, "PPPPP PP."), row("circle", 8, "acSSS"), as_box(13, "SS", true)], 5),
    ([row("stalls", 0, "PPPPP P.."), row("circle", 8, "acSS."), as_box(13, "SS", true)], 3),
    ([row("stalls", 0, "PPPPP PPP"), row("circle", 8, "acSPP"), as_box(13, "SS", false)], 8),
    ([row("stalls", 0, "PPPP. PP."), row("circle", 8, "ac.SS"), as_box(13, "..", true)], 5),
];

const SECTIONS: [&str; 2] = ["stalls", "circle"];
const FOCAL_POINT: Point = Point { x: 2.3, y: -2.1 };

#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub number: u32,
    pub section: u16,
    pub category: u16,
    pub accessible: bool,
    pub companion: bool,
    at: Point,
}

impl Place {
    pub fn far(&self) -> f32 {
        (self.at.x - FOCAL_POINT.x).hypot(self.at.y - FOCAL_POINT.y)
    }
}

/// Seats that sit together: a row, or a part of one between two aisles, or a box.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub places: Vec<Place>,
    pub sold_whole: bool,
}

#[derive(Clone, Debug)]
pub struct House {
    version: usize,
    pub lines: Vec<Line>,
    pub floor: u32,
}

impl House {
    pub const VERSIONS: usize = VERSIONS.len();

    pub fn new(version: usize) -> Self {
        let (rows, floor) = &VERSIONS[version];
        let mut lines = Vec::new();
        for (row, y) in rows.iter().zip(0_u8..) {
            let lines_of_row = places(row, y);
            let sold_whole = row.sold_whole == Some(true);
            lines.extend(lines_of_row.into_iter().map(|places| Line { places, sold_whole }));
        }
        Self { version, lines, floor: *floor }
    }

    /// The house that this is the plan of.
    pub fn of(plan: &Plan) -> Self {
        let version = (0..VERSIONS.len()).find(|&version| version_id(version) == plan.version());
        Self::new(version.expect("a plan of these"))
    }

    pub fn is_version_of(&self, plan: &Plan) -> bool {
        version_id(self.version) == plan.version()
    }

    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.lines.iter().flat_map(|line| &line.places)
    }

    pub fn place(&self, number: u32) -> Option<&Place> {
        self.places().find(|place| place.number == number)
    }
}

fn version_id(version: usize) -> PlanVersionId {
    PlanVersionId(Uuid::from_u128(100 + version as u128))
}

/// The lines of one row.
fn places(row: &Drawn, y: u8) -> Vec<Vec<Place>> {
    let mut lines: Vec<Vec<Place>> = Vec::new();
    let mut number = row.first;
    let mut goes_on = false;
    for (letter, x) in row.seats.chars().zip(0_u8..) {
        let is_seat = !matches!(letter, ' ' | '.');
        if is_seat {
            let place = Place {
                number,
                section: u16::from(row.section != SECTIONS[0]),
                category: u16::from(letter != 'P'),
                accessible: letter == 'a',
                companion: letter == 'c',
                at: Point { x: x.into(), y: 1.3 * f32::from(y) },
            };
            match lines.last_mut().filter(|_| goes_on) {
                Some(line) => line.push(place),
                None => lines.push(vec![place]),
            }
        }
        goes_on = is_seat;
        number += u32::from(letter != ' ');
    }
    lines
}

/// What the show is told of a house.
pub fn plan(version: usize) -> Arc<Plan> {
    let (rows, floor) = &VERSIONS[version];
    let mut builder = PlanBuilder::new(version_id(version), ["Premium", "Standard"]);
    builder.focal_point(FOCAL_POINT);
    let mut section = "";
    for (drawn, y) in rows.iter().zip(0_u8..) {
        if section != drawn.section {
            section = drawn.section;
            builder.section(section);
        }
        match drawn.sold_whole {
            Some(whole) => builder.table("C", whole),
            None => builder.row(),
        }
        for place in places(drawn, y).into_iter().flatten() {
            builder.seat(Seat {
                number: SeatNo(place.number),
                guid: format!("{}", place.number).into(),
                section: SectionNo(0),
                row: 0,
                category: CategoryNo(place.category),
                position: place.at,
                accessible: place.accessible,
                companion: place.companion,
            });
        }
    }
    builder.area(Area { number: AreaNo(0), id: "floor".into(), category: CategoryNo(1), capacity: *floor });
    Arc::new(builder.build().expect("a drawn house is a plan"))
}
