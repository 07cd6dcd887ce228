//! "The best that you have": a party side by side in one row; else in rows directly behind each other; else split over as few
//! rows and groups as possible. Nearest to the focal point, with nobody stranded beside them where that is possible.
//!
//! Deterministic: of equally good choices the first in the plan's order is taken. A search walks the blocks from the focal point
//! outwards, passes over those with too few free seats, and stops where nothing better can follow. docs/SEATING.md has it in
//! pictures.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Show;
use super::check::Pool;
use super::search::{SAME_DISTANCE, Search, Wish, is_nearer, mean};
use crate::command::BestAvailable;
use crate::ids::{CategoryNo, SeatNo};
use crate::plan::Seat;
use crate::settings::OrphanRule;

/// Seats side by side, and how far they are on average.
#[derive(Clone)]
struct Window {
    places: Range<usize>,
    distance: f64,
}

/// The nearest window of each class, the best class first: whether somebody is stranded weighs more than whether a companion
/// seat is missing.
type Windows = [Option<Window>; 4];

fn class(strands: bool, lacks_companion: bool) -> usize {
    usize::from(strands) * 2 + usize::from(lacks_companion)
}

impl Show {
    /// The best seats for a party, or `None` where there are none, or where only the orphan rule's excuse is missing.
    pub(super) fn best_available(&self, pool: Pool, best: &BestAvailable, rule: OrphanRule) -> Option<Vec<SeatNo>> {
        let quantity = best.quantity as usize;
        let accessible = best.accessible as usize;
        if accessible > quantity || quantity > self.plan.seat_count() {
            return None;
        }
        let companions = (best.companions as usize).min(quantity - accessible);
        let wish = Wish { category: best.category, section: best.section, accessible, companions };
        let mut search = self.look(pool, wish);
        search.whole = Some(quantity);
        let is_right = |seats: &Vec<SeatNo>| self.must_not_strand(rule, pool, seats, &[], &[]).is_ok();
        if let Some(window) = self.windows(pool, &search, quantity).into_iter().flatten().next() {
            return Some(search.seats(window.places).collect()).filter(is_right);
        }
        search.whole = None;
        search.stacked(quantity).filter(is_right).or_else(|| search.split(quantity).filter(is_right))
    }

    /// Other seats for a party whose own are gone: side by side, category by category, nowhere worse than before. What is still
    /// free of a category stays as it was.
    pub(super) fn equal_seats(&self, wanted: &[SeatNo]) -> Option<Vec<SeatNo>> {
        let mut by_category: BTreeMap<CategoryNo, Vec<&Seat>> = BTreeMap::new();
        for seat in wanted.iter().map(|&seat| self.plan.seat(seat)) {
            let seat = seat?;
            by_category.entry(seat.category).or_default().push(seat);
        }
        let mut chosen = Vec::with_capacity(wanted.len());
        for (category, seats) in by_category {
            if seats.iter().all(|seat| self.table.is_free(seat.number)) {
                chosen.extend(seats.iter().map(|seat| seat.number));
                continue;
            }
            let distance = mean(seats.iter().map(|seat| self.plan.distance(seat.number)).sum(), seats.len());
            let wish = Wish {
                category: Some(category),
                section: None,
                accessible: seats.iter().filter(|seat| seat.accessible).count(),
                companions: seats.iter().filter(|seat| seat.companion && !seat.accessible).count(),
            };
            let mut search = self.look(Pool::Free, wish);
            search.whole = Some(seats.len());
            let windows = self.windows(Pool::Free, &search, seats.len());
            let is_equal = |window: &Window| window.distance <= distance * SAME_DISTANCE;
            let window = windows.into_iter().flatten().find(is_equal)?;
            chosen.extend(search.seats(window.places));
        }
        Some(chosen)
    }

    fn windows(&self, pool: Pool, search: &Search<'_>, quantity: usize) -> Windows {
        let mut best: Windows = [const { None }; 4];
        for at in self.plan.blocks_nearest_first() {
            let block = &self.plan.blocks()[at];
            if best[0].as_ref().is_some_and(|window| window.distance <= block.nearest) {
                break;
            }
            if pool == Pool::Free && self.table.free_in_block(at) < quantity {
                continue;
            }
            for run in search.runs(block) {
                for from in run.from..(run.to + 1).saturating_sub(quantity) {
                    let places = from..from + quantity;
                    let (accessible, companions) = search.special_in(block, places.clone());
                    if accessible != search.wish.accessible || companions > search.wish.companions {
                        continue;
                    }
                    let class = class(run.strands(from, places.end), companions < search.wish.companions);
                    let distance = search.mean(places.clone());
                    if best[class].as_ref().is_none_or(|window| is_nearer(distance, window.distance)) {
                        best[class] = Some(Window { places, distance });
                    }
                }
            }
        }
        best
    }
}

impl Search<'_> {
    /// Whether a party finds places side by side in these blocks without stranding anybody.
    pub fn has_harmless_window(&self, mut blocks: impl Iterator<Item = usize>, quantity: usize) -> bool {
        blocks.any(|at| {
            let block = &self.plan.blocks()[at];
            self.runs(block).any(|run| {
                (run.from..(run.to + 1).saturating_sub(quantity)).any(|from| {
                    let (accessible, companions) = self.special_in(block, from..from + quantity);
                    accessible == self.wish.accessible
                        && companions <= self.wish.companions
                        && !run.strands(from, from + quantity)
                })
            })
        })
    }
}
