//! "The best that you have": seats side by side, nearest to the focal point, with nobody stranded beside them.
//!
//! Deterministic: of equally good choices the first in the plan's order is taken. A search walks the blocks from the focal point
//! outwards, passes over those with too few free seats, and stops where nothing better can follow.

use std::collections::BTreeMap;

use super::Show;
use super::check::Pool;
use crate::command::BestAvailable;
use crate::ids::{CategoryNo, SeatNo, SectionNo};
use crate::plan::Seat;
use crate::settings::OrphanRule;

/// Distances that differ by less than this part are the same: they come out of floating point.
const SAME_DISTANCE: f32 = 1.000_1;

/// What kind of seats are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub category: Option<CategoryNo>,
    pub section: Option<SectionNo>,
    /// So many accessible seats, neither more nor less: who needs none leaves them to others.
    pub accessible: usize,
    /// At most so many companion seats.
    pub companions: usize,
}

impl Wish {
    pub fn allows(&self, seat: &Seat) -> bool {
        self.category.is_none_or(|category| seat.category == category)
            && self.section.is_none_or(|section| seat.section == section)
            && (self.accessible > 0 || !seat.accessible)
            && (self.companions > 0 || !seat.companion || seat.accessible)
    }
}

/// Seats side by side, and how far they are on average.
struct Window {
    seats: Vec<SeatNo>,
    distance: f32,
}

/// How a search is narrowed, from the best wish to what will do.
#[derive(Clone, Copy)]
struct Pass {
    every_companion: bool,
    may_strand: bool,
}

const PASSES: [Pass; 4] = [
    Pass { every_companion: true, may_strand: false },
    Pass { every_companion: false, may_strand: false },
    Pass { every_companion: true, may_strand: true },
    Pass { every_companion: false, may_strand: true },
];

impl Show {
    /// The best seats for a party, or `None`: side by side where that is possible, else split over as few rows as possible.
    pub(super) fn best_available(&self, pool: Pool, best: &BestAvailable, rule: OrphanRule) -> Option<Vec<SeatNo>> {
        let quantity = best.quantity as usize;
        let accessible = best.accessible as usize;
        if accessible > quantity || quantity > self.plan.seat_count() {
            return None;
        }
        let companions = (best.companions as usize).min(quantity - accessible);
        let wish = Wish { category: best.category, section: best.section, accessible, companions };
        if let Some(window) = self.window(pool, &wish, quantity, rule) {
            return Some(window.seats);
        }
        let seats = self.split(pool, &wish, quantity)?;
        match rule {
            OrphanRule::Strict => self.must_not_strand(rule, pool, &seats, &[], &[]).is_ok().then_some(seats),
            OrphanRule::Off | OrphanRule::Lenient => Some(seats),
        }
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
            let distance = mean(seats.iter().map(|seat| self.plan.distance(seat.number)), seats.len());
            let wish = Wish {
                category: Some(category),
                section: None,
                accessible: seats.iter().filter(|seat| seat.accessible).count(),
                companions: seats.iter().filter(|seat| seat.companion && !seat.accessible).count(),
            };
            let window = PASSES
                .iter()
                .filter_map(|&pass| self.search(Pool::Free, &wish, seats.len(), pass))
                .find(|window| window.distance <= distance * SAME_DISTANCE)?;
            chosen.extend(window.seats);
        }
        Some(chosen)
    }

    fn window(&self, pool: Pool, wish: &Wish, quantity: usize, rule: OrphanRule) -> Option<Window> {
        PASSES
            .iter()
            .filter(|pass| !pass.may_strand || rule != OrphanRule::Strict)
            // Without companions to seat, the passes that ask for all of them are the passes that don't.
            .filter(|pass| wish.companions > 0 || pass.every_companion)
            .find_map(|&pass| self.search(pool, wish, quantity, pass))
    }

    fn search(&self, pool: Pool, wish: &Wish, quantity: usize, pass: Pass) -> Option<Window> {
        let mut best: Option<Window> = None;
        let mut line = Line::default();
        for &number in self.plan.blocks_nearest_first() {
            let at = number as usize;
            let block = &self.plan.blocks()[at];
            if best.as_ref().is_some_and(|window| window.distance <= block.nearest) {
                break;
            }
            let too_few = pool == Pool::Free && self.table.free_in_block(at) < quantity;
            if too_few || wish.section.is_some_and(|section| section != block.section) {
                continue;
            }
            let seats = self.plan.seats_of(block);
            line.read(self, pool, wish, quantity, seats);
            for from in 0..(seats.len() + 1).saturating_sub(quantity) {
                let to = from + quantity;
                if !line.suits(from, to, wish, pass) {
                    continue;
                }
                let distance = mean(seats[from..to].iter().map(|&seat| self.plan.distance(seat)), quantity);
                if best.as_ref().is_none_or(|window| is_nearer(distance, window.distance)) {
                    best = Some(Window { seats: seats[from..to].to_vec(), distance });
                }
            }
        }
        best
    }
}

/// One block, read once. Kept from block to block for its memory.
#[derive(Default)]
struct Line {
    free: Vec<bool>,
    /// By place: how many seats up to and including it suit the wish without a gap.
    run: Vec<usize>,
    /// By place: how many seats before it are accessible, and how many are for companions.
    accessible_before: Vec<usize>,
    companions_before: Vec<usize>,
}

impl Line {
    fn read(&mut self, show: &Show, pool: Pool, wish: &Wish, quantity: usize, seats: &[SeatNo]) {
        self.free.clear();
        self.run.clear();
        self.accessible_before.clear();
        self.companions_before.clear();
        let (mut run, mut accessible, mut companions) = (0, 0, 0);
        self.accessible_before.push(0);
        self.companions_before.push(0);
        for &number in seats {
            let free = show.is_in(pool, number);
            let suits = |seat: &&Seat| wish.allows(seat) && show.plan.may_seat(number, quantity);
            let seat = if free { show.plan.seat(number).filter(suits) } else { None };
            run = if seat.is_some() { run + 1 } else { 0 };
            accessible += usize::from(seat.is_some_and(|seat| seat.accessible));
            companions += usize::from(seat.is_some_and(|seat| seat.companion && !seat.accessible));
            self.free.push(free);
            self.run.push(run);
            self.accessible_before.push(accessible);
            self.companions_before.push(companions);
        }
    }

    fn suits(&self, from: usize, to: usize, wish: &Wish, pass: Pass) -> bool {
        let accessible = self.accessible_before[to] - self.accessible_before[from];
        let companions = self.companions_before[to] - self.companions_before[from];
        let enough_companions = if pass.every_companion { companions == wish.companions } else { true };
        self.run[to - 1] >= to - from
            && accessible == wish.accessible
            && companions <= wish.companions
            && enough_companions
            && (pass.may_strand || !Show::strands(&self.free, from, to))
    }
}

/// Nearer by more than rounding: of seats left and right of the middle, the first of the plan are taken.
pub(super) fn is_nearer(a: f32, b: f32) -> bool {
    a * SAME_DISTANCE < b
}

fn mean(distances: impl Iterator<Item = f32>, count: usize) -> f32 {
    #[allow(clippy::cast_precision_loss, reason = "a party is far smaller than 2^24")]
    let count = count as f32;
    distances.sum::<f32>() / count
}
