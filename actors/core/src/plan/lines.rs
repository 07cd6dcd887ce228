//! The blocks of a plan as one line of places, so that looking for neighbours is a walk over memory.

use std::collections::BTreeMap;
use std::ops::Range;

use super::behind::{self, NOBODY};
use super::{Plan, Point, Row, Seat, Section, Table, distance};
use crate::ids::{CategoryNo, SeatNo, SectionNo};

/// Seats that sit together: a row, or a part of one between two aisles.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its row: an index into [`Plan::rows`].
    pub row: u32,
    /// Its section.
    pub section: SectionNo,
    /// Its places in the line.
    pub places: Range<usize>,
    /// The distance of its nearest seat: no choice in this block is better than that.
    pub nearest: f64,
    /// The category of all its seats; `None` where they differ.
    pub category: Option<CategoryNo>,
    /// Whether one of its seats is accessible, or for a companion.
    pub special: bool,
    /// Where it is a table or a box: whether that is sold only as a whole.
    pub table: Option<bool>,
}

/// All the blocks of a plan, one after the other. A place is an index into this line.
#[derive(Debug)]
pub(crate) struct Lines {
    seats: Vec<SeatNo>,
    blocks: Vec<Block>,
    /// By place: an index into `blocks`.
    block_at: Vec<u32>,
    /// By seat number: its place; [`NOBODY`] where the plan hasn't this seat.
    place_of: Vec<u32>,
    /// By place: the distances of all places before it together, so that the mean of a stretch is one subtraction.
    distance_before: Vec<f64>,
    /// By place: the place directly behind it, in the same section; [`NOBODY`] where there is none.
    behind: Vec<u32>,
    nearest_first: Vec<u32>,
    /// Blocks with somebody behind them; the one first of which two rows together come nearest. With that distance.
    stacks_nearest_first: Vec<(u32, f64)>,
}

impl Lines {
    pub(super) fn new(
        rows: &[Row],
        seats: &[Option<Seat>],
        sections: &[Section],
        tables: &[Table],
        focal_point: Point,
    ) -> Self {
        let count = rows.iter().flat_map(|row| &row.blocks).map(Vec::len).sum();
        let mut lines = Self {
            seats: Vec::with_capacity(count),
            blocks: Vec::new(),
            block_at: Vec::with_capacity(count),
            place_of: vec![NOBODY; seats.len()],
            distance_before: Vec::with_capacity(count + 1),
            behind: Vec::new(),
            nearest_first: Vec::new(),
            stacks_nearest_first: Vec::new(),
        };
        lines.distance_before.push(0.0);
        let mut positions = Vec::with_capacity(count);
        for (row, at) in rows.iter().zip(0..) {
            let own = sections.get(row.section.index()).and_then(|section| section.focal_point);
            let far = |seat: &Seat| match own {
                // The way leads over the section's own focal point: sections are compared by it, and seats in one too.
                Some(own) => f64::from(distance(focal_point, own)) + f64::from(distance(own, seat.position)),
                None => f64::from(distance(focal_point, seat.position)),
            };
            for block in &row.blocks {
                let listed: Vec<&Seat> = block.iter().filter_map(|number| seats[number.index()].as_ref()).collect();
                positions.extend(listed.iter().map(|seat| seat.position));
                let table = row.table.and_then(|table| tables.get(table as usize)).map(|table| table.sold_whole);
                lines.push(at, (row.section, table), &listed, far);
            }
        }
        lines.behind = behind::links(&lines.blocks, &positions);
        lines.nearest_first = index(&lines.blocks);
        let blocks = &lines.blocks;
        // Stable, so that equally near blocks stay in the plan's order.
        lines.nearest_first.sort_by(|&a, &b| blocks[a as usize].nearest.total_cmp(&blocks[b as usize].nearest));
        lines.stacks_nearest_first = index(&lines.blocks)
            .into_iter()
            .filter_map(|at| {
                let own = &blocks[at as usize];
                let back = lines.behind[own.places.clone()].iter().filter(|&&place| place != NOBODY);
                let back = back.map(|&place| blocks[lines.block_at[place as usize] as usize].nearest);
                back.min_by(f64::total_cmp).map(|nearest| (at, nearest.min(own.nearest)))
            })
            .collect();
        lines.stacks_nearest_first.sort_by(|a, b| a.1.total_cmp(&b.1));
        lines
    }

    fn push(
        &mut self,
        row: u32,
        (section, table): (SectionNo, Option<bool>),
        seats: &[&Seat],
        far: impl Fn(&Seat) -> f64,
    ) {
        let number = small(self.blocks.len());
        let start = self.seats.len();
        let mut nearest = f64::INFINITY;
        let mut before = self.distance_before.last().copied().unwrap_or_default();
        for seat in seats {
            let distance = far(seat);
            nearest = nearest.min(distance);
            before += distance;
            self.place_of[seat.number.index()] = small(self.seats.len());
            self.distance_before.push(before);
            self.seats.push(seat.number);
            self.block_at.push(number);
        }
        let first = seats.first().map(|seat| seat.category);
        self.blocks.push(Block {
            row,
            section,
            places: start..self.seats.len(),
            nearest,
            category: first.filter(|&first| seats.iter().all(|seat| seat.category == first)),
            special: seats.iter().any(|seat| seat.accessible || seat.companion),
            table,
        });
    }
}

/// A place or a block in four bytes; a plan has fewer than four million seats.
fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NOBODY)
}

fn index(blocks: &[Block]) -> Vec<u32> {
    (0..blocks.len()).map(small).collect()
}

impl Plan {
    /// All blocks, in the plan's order.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.lines.blocks
    }

    /// Blocks by index, the one with the nearest seat first.
    pub(crate) fn blocks_nearest_first(&self) -> impl Iterator<Item = usize> {
        self.lines.nearest_first.iter().map(|&at| at as usize)
    }

    /// Blocks by index that have seats behind them; with each the distance of the nearest seat in it and behind it, the least
    /// first.
    pub(crate) fn stacks_nearest_first(&self) -> impl Iterator<Item = (usize, f64)> {
        self.lines.stacks_nearest_first.iter().map(|&(at, nearest)| (at as usize, nearest))
    }

    /// How many places the line has: one for each seat.
    pub(crate) fn places_end(&self) -> usize {
        self.lines.seats.len()
    }

    /// The seat at a place.
    pub(crate) fn seat_at(&self, place: usize) -> SeatNo {
        self.lines.seats[place]
    }

    /// Where a seat stands in the line.
    pub(crate) fn place_of(&self, seat: SeatNo) -> Option<usize> {
        self.lines.place_of.get(seat.index()).filter(|&&place| place != NOBODY).map(|&place| place as usize)
    }

    /// The block of a place: an index into [`Plan::blocks`].
    pub(crate) fn block_at(&self, place: usize) -> usize {
        self.lines.block_at[place] as usize
    }

    /// The block in which a seat stands: an index into [`Plan::blocks`].
    pub(crate) fn block_of(&self, seat: SeatNo) -> Option<usize> {
        self.place_of(seat).map(|place| self.block_at(place))
    }

    /// How far the seats of a stretch are together.
    pub(crate) fn distance_of(&self, places: Range<usize>) -> f64 {
        self.lines.distance_before[places.end] - self.lines.distance_before[places.start]
    }

    /// The place directly behind another, in the same section.
    pub(crate) fn behind(&self, place: usize) -> Option<usize> {
        Some(self.lines.behind[place]).filter(|&behind| behind != NOBODY).map(|behind| behind as usize)
    }

    /// The columns of a stretch, counted in another block: the first and the last place there that is directly behind one of it.
    pub(crate) fn columns_behind(&self, places: Range<usize>, other: &Block) -> Option<(usize, usize)> {
        places.filter_map(|place| self.behind(place)).filter(|place| other.places.contains(place)).fold(
            None,
            |columns, place| match columns {
                None => Some((place, place)),
                Some((first, last)) => Some((place.min(first), place.max(last))),
            },
        )
    }

    /// How far a seat is from the stage as this plan measures it: from the plan's focal point over the section's own, where it
    /// has one. Infinite where the plan hasn't this seat.
    #[must_use]
    pub fn distance(&self, seat: SeatNo) -> f64 {
        self.place_of(seat).map_or(f64::INFINITY, |place| self.distance_of(place..place + 1))
    }

    /// Seats as stretches side by side: by block, the places of each stretch. Seats that the plan hasn't are left out.
    pub(crate) fn stretches(&self, seats: &[SeatNo]) -> BTreeMap<usize, Vec<Range<usize>>> {
        let mut places: Vec<usize> = seats.iter().filter_map(|&seat| self.place_of(seat)).collect();
        places.sort_unstable();
        places.dedup();
        let mut by_block: BTreeMap<usize, Vec<Range<usize>>> = BTreeMap::new();
        for place in places {
            let stretches = by_block.entry(self.block_at(place)).or_default();
            match stretches.last_mut() {
                Some(last) if last.end == place => last.end += 1,
                _ => stretches.push(place..place + 1),
            }
        }
        by_block
    }
}
