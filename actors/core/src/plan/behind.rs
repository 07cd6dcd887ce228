//! Who sits directly behind whom. A plan says it only by positions: rows are curved, turned, and cut by aisles.

use std::collections::HashMap;

use super::lines::Block;
use super::{Point, distance};

/// No place.
pub(super) const NOBODY: u32 = u32::MAX;

/// A row behind is at most so many steps away (a step is from seat to seat in the row).
const REACH_STEPS: f32 = 3.0;

/// Who sits behind is at most so many steps to the side.
const ASIDE_STEPS: f32 = 0.75;

/// A gangway between two rows is this many times as wide as the usual way from row to row.
const GANGWAY_FACTOR: f32 = 1.5;

/// By place: the place directly behind it, in a later row of the same section.
pub(super) fn links(blocks: &[Block], positions: &[Point]) -> Vec<u32> {
    let mut links = vec![NOBODY; positions.len()];
    for section in blocks.chunk_by(|a, b| a.section == b.section) {
        let Some(step) = usual_step(section, positions) else { continue };
        let grid = Grid::new(section, positions, step * REACH_STEPS);
        let found: Vec<_> = section.iter().flat_map(|block| behind_block(block, positions, &grid, step)).collect();
        let Some(usual) = median(found.iter().map(|&(_, far, _)| far).collect()) else { continue };
        for (place, far, other) in found {
            if far <= usual * GANGWAY_FACTOR {
                links[place] = other;
            }
        }
    }
    links
}

/// For each place that has somebody behind it: how far behind, and where.
fn behind_block(block: &Block, positions: &[Point], grid: &Grid, step: f32) -> Vec<(usize, f32, u32)> {
    let mut found = Vec::new();
    // Around a table everybody sits behind somebody.
    let places = if block.table.is_none() { block.places.clone() } else { 0..0 };
    for place in places {
        let before = positions[place.saturating_sub(1).max(block.places.start)];
        let after = positions[(place + 1).min(block.places.end - 1)];
        let length = distance(before, after);
        // One seat alone faces nowhere.
        if length <= 0.0 {
            continue;
        }
        let along = Point { x: (after.x - before.x) / length, y: (after.y - before.y) / length };
        let here = positions[place];
        let mut nearest: Option<(f32, u32)> = None;
        for (_, other) in grid.around(here).filter(|&(row, _)| row > block.row) {
            let there = positions[other as usize];
            let aside = ((there.x - here.x) * along.x + (there.y - here.y) * along.y).abs();
            let far = distance(here, there);
            if aside <= step * ASIDE_STEPS
                && far <= step * REACH_STEPS
                && nearest.is_none_or(|(least, at)| far < least || (far <= least && other < at))
            {
                nearest = Some((far, other));
            }
        }
        found.extend(nearest.map(|(far, other)| (place, far, other)));
    }
    found
}

fn usual_step(section: &[Block], positions: &[Point]) -> Option<f32> {
    let steps = section.iter().flat_map(|block| {
        let positions = &positions[block.places.clone()];
        positions.windows(2).map(|pair| distance(pair[0], pair[1]))
    });
    median(steps.collect()).filter(|&step| step > 0.0)
}

fn median(mut all: Vec<f32>) -> Option<f32> {
    all.sort_by(f32::total_cmp);
    all.get(all.len() / 2).copied()
}

/// The seats of one section in squares, so that only near ones are compared.
struct Grid {
    side: f32,
    /// With each place its row.
    squares: HashMap<(i64, i64), Vec<(u32, u32)>>,
}

impl Grid {
    fn new(section: &[Block], positions: &[Point], side: f32) -> Self {
        let mut grid = Self { side, squares: HashMap::new() };
        for block in section.iter().filter(|block| block.table.is_none()) {
            for place in block.places.clone() {
                let square = grid.square(positions[place]);
                let place = u32::try_from(place).unwrap_or(NOBODY);
                grid.squares.entry(square).or_default().push((block.row, place));
            }
        }
        grid
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "a square's number is far below 2^63; past it the cast saturates"
    )]
    fn square(&self, at: Point) -> (i64, i64) {
        ((at.x / self.side).floor() as i64, (at.y / self.side).floor() as i64)
    }

    fn around(&self, at: Point) -> impl Iterator<Item = (u32, u32)> {
        let (x, y) = self.square(at);
        let squares = (x - 1..=x + 1).flat_map(move |x| (y - 1..=y + 1).map(move |y| (x, y)));
        squares.filter_map(|square| self.squares.get(&square)).flatten().copied()
    }
}
