//! The places of a show, as far as deciding needs them: which seats there are, who sits beside whom, where "best" is.
//!
//! A plan is immutable and shared by all the shows that use it; a show itself keeps only the state of each seat.

mod behind;
mod lines;
mod placement;

use std::collections::HashMap;

use crate::ids::{AreaNo, CategoryNo, PlanVersionId, SeatNo, SectionNo};
pub(crate) use lines::Block;
use lines::Lines;
pub use placement::Placement;

/// A place on the plan, in the plan's own units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// One numbered place.
#[derive(Clone, Debug, PartialEq)]
pub struct Seat {
    /// Its number, given once per `guid`.
    pub number: SeatNo,
    /// Its name in the plan; what clients say.
    pub guid: Box<str>,
    /// Its section.
    pub section: SectionNo,
    /// Its row: an index into [`Plan::rows`].
    pub row: u32,
    /// Its category.
    pub category: CategoryNo,
    /// Where it is.
    pub position: Point,
    /// A place for a wheelchair.
    pub accessible: bool,
    /// For whoever comes along with an accessible seat.
    pub companion: bool,
}

/// Seats in a line whose order defines neighbours.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its section.
    pub section: SectionNo,
    /// Its seats from one end to the other, cut where an aisle is: people on both sides of a cut do not sit together.
    pub blocks: Vec<Vec<SeatNo>>,
    /// Where it is no line but a table or a box: an index into [`Plan::tables`].
    pub table: Option<u32>,
}

/// Seats around one table, or in one box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What the plan calls it.
    pub id: Box<str>,
    /// The public takes all of its seats or none.
    pub sold_whole: bool,
    /// Its seats, in the plan's order.
    pub seats: Vec<SeatNo>,
}

/// A named part of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its `zone_id`.
    pub id: Box<str>,
    /// Where it is best; `None` where that follows from the plan's focal point alone.
    pub focal_point: Option<Point>,
}

/// Places without numbers, sold by count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its number, given once per `id`.
    pub number: AreaNo,
    /// Its `area_id`.
    pub id: Box<str>,
    /// Its category.
    pub category: CategoryNo,
    /// How many places it has.
    pub capacity: u32,
}

/// Why a plan cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Two seats with one guid.
    #[error("seat {guid} stands twice in the plan")]
    SeatTwice {
        /// Which.
        guid: String,
    },
    /// Two seats with one number, or two areas.
    #[error("number {number} was given twice")]
    NumberTwice {
        /// Which.
        number: u32,
    },
    /// A number so large that memory would be wasted on gaps.
    #[error("number {number} is out of bounds")]
    NumberOutOfBounds {
        /// Which.
        number: u32,
    },
    /// A seat or area that names a section or category the plan hasn't.
    #[error("{what} names something that the plan has not")]
    Dangling {
        /// Which.
        what: String,
    },
}

/// The places of one version of a seat plan.
#[derive(Debug)]
pub struct Plan {
    version: PlanVersionId,
    /// By number; `None` where the number belongs to another version of the plan.
    seats: Vec<Option<Seat>>,
    order: Vec<SeatNo>,
    /// By number: where the seat stands in `order`.
    place_in_order: Vec<u32>,
    by_guid: HashMap<Box<str>, SeatNo>,
    rows: Vec<Row>,
    tables: Vec<Table>,
    sections: Vec<Section>,
    categories: Vec<Box<str>>,
    areas: Vec<Area>,
    focal_point: Point,
    lines: Lines,
}

impl Plan {
    /// Which version this is.
    #[must_use]
    pub fn version(&self) -> PlanVersionId {
        self.version
    }

    /// The seat with this number, where this version has it.
    #[must_use]
    pub fn seat(&self, number: SeatNo) -> Option<&Seat> {
        self.seats.get(number.index()).and_then(Option::as_ref)
    }

    /// The number of the seat with this guid.
    #[must_use]
    pub fn number_of(&self, guid: &str) -> Option<SeatNo> {
        self.by_guid.get(guid).copied()
    }

    /// All seats: zones, rows and seats in the plan's order. The public seats string has one character for each.
    #[must_use]
    pub fn order(&self) -> &[SeatNo] {
        &self.order
    }

    /// Where a seat stands in [`Plan::order`].
    #[must_use]
    pub fn place_in_order(&self, number: SeatNo) -> Option<usize> {
        self.seat(number)?;
        self.place_in_order.get(number.index()).map(|&place| place as usize)
    }

    /// One more than the highest seat number: how long a table by number must be.
    #[must_use]
    pub fn numbers_end(&self) -> usize {
        self.seats.len()
    }

    /// How many seats there are.
    #[must_use]
    pub fn seat_count(&self) -> usize {
        self.order.len()
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// All tables and boxes, in the plan's order.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table or box in which a seat stands.
    #[must_use]
    pub fn table_of(&self, number: SeatNo) -> Option<&Table> {
        let row = self.rows.get(self.seat(number)?.row as usize)?;
        self.tables.get(row.table? as usize)
    }

    /// The table or box in which a seat stands, where that is sold only as a whole.
    #[must_use]
    pub fn whole_table_of(&self, number: SeatNo) -> Option<&Table> {
        // Most houses have none, and a rush asks this of every seat.
        if self.tables.is_empty() { None } else { self.table_of(number).filter(|table| table.sold_whole) }
    }

    /// Whether a party of this size may be given this seat unasked: a table that is sold whole only to whom it just fits.
    #[must_use]
    pub fn may_seat(&self, number: SeatNo, party: usize) -> bool {
        self.whole_table_of(number).is_none_or(|table| table.seats.len() == party)
    }

    /// All sections.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section with this `zone_id`.
    #[must_use]
    pub fn section_of(&self, id: &str) -> Option<SectionNo> {
        let at = self.sections.iter().position(|section| &*section.id == id)?;
        u16::try_from(at).ok().map(SectionNo)
    }

    /// The names of the categories, by [`CategoryNo`].
    #[must_use]
    pub fn categories(&self) -> &[Box<str>] {
        &self.categories
    }

    /// The category with this name.
    #[must_use]
    pub fn category_of(&self, name: &str) -> Option<CategoryNo> {
        let at = self.categories.iter().position(|category| &**category == name)?;
        u16::try_from(at).ok().map(CategoryNo)
    }

    /// All general-admission areas, in the plan's order.
    #[must_use]
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// The area with this number.
    #[must_use]
    pub fn area(&self, number: AreaNo) -> Option<&Area> {
        self.areas.iter().find(|area| area.number == number)
    }

    /// The area with this `area_id`.
    #[must_use]
    pub fn area_of(&self, id: &str) -> Option<&Area> {
        self.areas.iter().find(|area| &*area.id == id)
    }

    /// The place from which "best" is measured.
    #[must_use]
    pub fn focal_point(&self) -> Point {
        self.focal_point
    }
}

/// Seat numbers are below this: a plan of 150,000 seats may be edited many times over before it is reached.
pub(crate) const SEAT_NUMBER_MAX: u32 = 4_000_000;

/// A row is cut where the step to the next seat is this much wider than its usual step.
const AISLE_FACTOR: f32 = 1.5;

/// Puts a [`Plan`] together, in the plan's order.
#[derive(Debug)]
pub struct PlanBuilder {
    version: PlanVersionId,
    seats: Vec<Seat>,
    rows: Vec<NewRow>,
    sections: Vec<Section>,
    categories: Vec<Box<str>>,
    areas: Vec<Area>,
    focal_point: Option<Point>,
}

/// A row, or a table or box with its id and whether it is sold whole.
#[derive(Debug)]
struct NewRow {
    section: SectionNo,
    seats: Vec<SeatNo>,
    table: Option<(Box<str>, bool)>,
}

impl PlanBuilder {
    /// Begins a plan with these categories.
    #[must_use]
    pub fn new(version: PlanVersionId, categories: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self {
            version,
            seats: Vec::new(),
            rows: Vec::new(),
            sections: Vec::new(),
            categories: categories.into_iter().map(Into::into).collect(),
            areas: Vec::new(),
            focal_point: None,
        }
    }

    /// The place from which "best" is measured; without it, the middle of the plan's upper edge.
    pub fn focal_point(&mut self, point: Point) {
        self.focal_point = Some(point);
    }

    /// Begins a section; rows that follow belong to it.
    pub fn section(&mut self, id: impl Into<Box<str>>) {
        self.sections.push(Section { id: id.into(), focal_point: None });
    }

    /// Where the section begun last is best. Its seats are then measured over this point: how far it is from the plan's focal
    /// point, and how far they are from it.
    pub fn section_focal_point(&mut self, point: Point) {
        if let Some(section) = self.sections.last_mut() {
            section.focal_point = Some(point);
        }
    }

    /// Begins a row in the section begun last; seats that follow belong to it.
    pub fn row(&mut self) {
        self.begin(None);
    }

    /// Begins a table or a box in the section begun last; seats that follow stand around it, or in it.
    pub fn table(&mut self, id: impl Into<Box<str>>, sold_whole: bool) {
        self.begin(Some((id.into(), sold_whole)));
    }

    fn begin(&mut self, table: Option<(Box<str>, bool)>) {
        let section = SectionNo(u16::try_from(self.sections.len().saturating_sub(1)).unwrap_or(u16::MAX));
        self.rows.push(NewRow { section, seats: Vec::new(), table });
    }

    /// Adds a seat to the row begun last. `seat.section` and `seat.row` are filled in here.
    pub fn seat(&mut self, mut seat: Seat) {
        if self.rows.is_empty() {
            self.row();
        }
        let row = self.rows.len() - 1;
        seat.row = u32::try_from(row).unwrap_or(u32::MAX);
        seat.section = self.rows[row].section;
        self.rows[row].seats.push(seat.number);
        self.seats.push(seat);
    }

    /// Adds a general-admission area.
    pub fn area(&mut self, area: Area) {
        self.areas.push(area);
    }

    /// The finished plan.
    ///
    /// # Errors
    /// Where guids, numbers, sections or categories contradict each other.
    pub fn build(self) -> Result<Plan, PlanError> {
        let Self { version, seats: listed, rows, sections, categories, areas, focal_point } = self;
        let highest = listed.iter().map(|seat| seat.number.0).max();
        if let Some(number) = highest.filter(|&number| number >= SEAT_NUMBER_MAX) {
            return Err(PlanError::NumberOutOfBounds { number });
        }
        let end = highest.map_or(0, |number| number + 1);
        let mut seats: Vec<Option<Seat>> = vec![None; end as usize];
        let mut place_in_order = vec![u32::MAX; end as usize];
        let mut by_guid = HashMap::with_capacity(listed.len());
        let mut order = Vec::with_capacity(listed.len());
        for seat in listed {
            if seat.category.index() >= categories.len() || seat.section.index() >= sections.len() {
                return Err(PlanError::Dangling { what: format!("seat {}", seat.guid) });
            }
            if by_guid.insert(seat.guid.clone(), seat.number).is_some() {
                return Err(PlanError::SeatTwice { guid: seat.guid.into() });
            }
            let at = seat.number.index();
            if seats[at].is_some() {
                return Err(PlanError::NumberTwice { number: seat.number.0 });
            }
            place_in_order[at] = u32::try_from(order.len()).unwrap_or(u32::MAX);
            order.push(seat.number);
            seats[at] = Some(seat);
        }
        for (at, area) in areas.iter().enumerate() {
            if area.category.index() >= categories.len() {
                return Err(PlanError::Dangling { what: format!("area {}", area.id) });
            }
            if areas[..at].iter().any(|other| other.number == area.number || other.id == area.id) {
                return Err(PlanError::NumberTwice { number: u32::from(area.number.0) });
            }
        }
        let position = |number: &SeatNo| seats[number.index()].as_ref().map(|seat| seat.position).unwrap_or_default();
        let mut tables = Vec::new();
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|NewRow { section, seats, table }| {
                let Some((id, sold_whole)) = table else {
                    return Row { section, blocks: cut_at_aisles(&seats, position), table: None };
                };
                // No aisle runs through a table, however far apart its seats are.
                tables.push(Table { id, sold_whole, seats: seats.clone() });
                Row { section, blocks: vec![seats], table: u32::try_from(tables.len() - 1).ok() }
            })
            .collect();
        let focal_point = focal_point.unwrap_or_else(|| middle_of_upper_edge(seats.iter().flatten()));
        let lines = Lines::new(&rows, &seats, &sections, &tables, focal_point);
        Ok(Plan {
            version,
            seats,
            order,
            place_in_order,
            by_guid,
            rows,
            tables,
            sections,
            categories,
            areas,
            focal_point,
            lines,
        })
    }
}

pub(crate) fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn cut_at_aisles(row: &[SeatNo], position: impl Fn(&SeatNo) -> Point) -> Vec<Vec<SeatNo>> {
    let steps: Vec<f32> = row.windows(2).map(|pair| distance(position(&pair[0]), position(&pair[1]))).collect();
    let mut sorted = steps.clone();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let mut blocks = Vec::new();
    let mut block = Vec::new();
    for (at, &number) in row.iter().enumerate() {
        if at > 0 && usual > 0.0 && steps[at - 1] > usual * AISLE_FACTOR {
            blocks.push(std::mem::take(&mut block));
        }
        block.push(number);
    }
    if !block.is_empty() {
        blocks.push(block);
    }
    blocks
}

fn middle_of_upper_edge<'a>(seats: impl Iterator<Item = &'a Seat>) -> Point {
    let mut left = f32::INFINITY;
    let mut right = f32::NEG_INFINITY;
    let mut top = f32::INFINITY;
    for seat in seats {
        left = left.min(seat.position.x);
        right = right.max(seat.position.x);
        top = top.min(seat.position.y);
    }
    if left.is_finite() { Point { x: left.midpoint(right), y: top } } else { Point::default() }
}
