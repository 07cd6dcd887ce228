//! The blocks of a plan as one flat line of seats, so that looking for neighbours is a walk over memory.

use std::ops::Range;

use super::{Plan, Point, Row, Seat, distance};
use crate::ids::{SeatNo, SectionNo};

/// Seats that sit together: a row, or a part of one between two aisles.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its row: an index into [`Plan::rows`].
    pub row: u32,
    /// Its section.
    pub section: SectionNo,
    /// Its seats: a part of [`Lines::seats`].
    range: Range<u32>,
    /// The distance of its nearest seat to the focal point: no choice in this block is better than that.
    pub nearest: f32,
}

/// All the blocks of a plan.
#[derive(Debug)]
pub(crate) struct Lines {
    seats: Vec<SeatNo>,
    blocks: Vec<Block>,
    /// By seat number: its block; `u32::MAX` where the plan hasn't this seat.
    block_of: Vec<u32>,
    /// By seat number.
    distances: Vec<f32>,
    nearest_first: Vec<u32>,
}

impl Lines {
    pub(super) fn new(rows: &[Row], seats: &[Option<Seat>], focal_point: Point) -> Self {
        let mut lines = Self {
            seats: Vec::new(),
            blocks: Vec::new(),
            block_of: vec![u32::MAX; seats.len()],
            distances: vec![f32::INFINITY; seats.len()],
            nearest_first: Vec::new(),
        };
        for seat in seats.iter().flatten() {
            lines.distances[seat.number.index()] = distance(seat.position, focal_point);
        }
        for (row, at) in rows.iter().zip(0..) {
            for block in &row.blocks {
                lines.push(at, row.section, block);
            }
        }
        lines.nearest_first = (0..lines.blocks.len()).filter_map(|at| u32::try_from(at).ok()).collect();
        let blocks = &lines.blocks;
        // Stable, so that equally near blocks stay in the plan's order.
        lines.nearest_first.sort_by(|&a, &b| blocks[a as usize].nearest.total_cmp(&blocks[b as usize].nearest));
        lines
    }

    fn push(&mut self, row: u32, section: SectionNo, seats: &[SeatNo]) {
        let number = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        let start = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        let mut nearest = f32::INFINITY;
        for &seat in seats {
            self.block_of[seat.index()] = number;
            nearest = nearest.min(self.distances[seat.index()]);
        }
        self.seats.extend_from_slice(seats);
        let end = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        self.blocks.push(Block { row, section, range: start..end, nearest });
    }
}

impl Plan {
    /// All blocks, in the plan's order.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.lines.blocks
    }

    /// Blocks by index, the one with the seat nearest to the focal point first.
    pub(crate) fn blocks_nearest_first(&self) -> &[u32] {
        &self.lines.nearest_first
    }

    /// The seats of a block, from one end to the other.
    pub(crate) fn seats_of(&self, block: &Block) -> &[SeatNo] {
        &self.lines.seats[block.range.start as usize..block.range.end as usize]
    }

    /// The block in which a seat stands: an index into [`Plan::blocks`].
    pub(crate) fn block_of(&self, seat: SeatNo) -> Option<usize> {
        self.lines.block_of.get(seat.index()).filter(|&&block| block != u32::MAX).map(|&block| block as usize)
    }

    /// How far a seat is from the focal point; infinite where the plan hasn't it.
    pub(crate) fn distance(&self, seat: SeatNo) -> f32 {
        self.lines.distances.get(seat.index()).copied().unwrap_or(f32::INFINITY)
    }
}
