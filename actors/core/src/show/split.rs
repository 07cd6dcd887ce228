//! A party that can sit neither in one row nor in rows behind each other: as few rows as possible, as few groups in a row as
//! possible, nobody alone where that can be helped, and everybody near the first group. The two sides of an aisle are one row.

use std::ops::Range;

use super::search::{Kind, Run, Search, is_nearer};
use crate::ids::SeatNo;
use crate::plan::{Block, Point, distance};

/// Where some of a party can sit: a row or a run.
struct Room<T> {
    at: T,
    places: usize,
}

/// A party on its way to its seats.
struct Party<'a, 'b> {
    search: &'a mut Search<'b>,
    /// The seat near which everybody wants to be; `None` is the focal point.
    anchor: Option<Point>,
    chosen: Vec<usize>,
}

impl Search<'_> {
    pub fn split(mut self, quantity: usize) -> Option<Vec<SeatNo>> {
        let wish = self.wish;
        let mut party = Party { search: &mut self, anchor: None, chosen: Vec::with_capacity(quantity) };
        // Who needs a special place gets it first; the others sit as near to them as they can.
        party.spread(Kind::Accessible, wish.accessible)?;
        if wish.companions > 0 {
            party.search.kind = Kind::Companion;
            let companions = party.search.count(party.search.plan.blocks()).min(wish.companions);
            party.spread(Kind::Companion, companions)?;
        }
        party.spread(Kind::Ordinary, quantity - party.chosen.len())?;
        let chosen = party.chosen;
        Some(chosen.into_iter().map(|place| self.plan.seat_at(place)).collect())
    }
}

impl Party<'_, '_> {
    /// So many seats of one kind, over as few rows as possible.
    fn spread(&mut self, kind: Kind, quantity: usize) -> Option<()> {
        if quantity == 0 {
            return Some(());
        }
        self.search.kind = kind;
        let end = self.chosen.len() + quantity;
        let mut rows: Vec<Room<&[Block]>> = self
            .search
            .plan
            .blocks()
            .chunk_by(|a, b| a.row == b.row)
            .map(|blocks| Room { at: blocks, places: self.search.count(blocks) })
            .filter(|row| row.places > 0)
            .collect();
        // Stable: of equally large ones the first in the plan's order.
        rows.sort_by_key(|row| std::cmp::Reverse(row.places));
        let mut rows_left = rooms_needed(&rows, quantity)?;
        while rows_left > 0 {
            let missing = end - self.chosen.len();
            let (at, share) = next_share(&rows, rows_left, missing, |row| self.nearest_in_row(row))?;
            let row = rows.remove(at);
            self.take_in_row(row.at, share)?;
            rows_left -= 1;
        }
        Some(())
    }

    /// So many seats of one row, in as few groups as possible.
    fn take_in_row(&mut self, row: &[Block], quantity: usize) -> Option<()> {
        let end = self.chosen.len() + quantity;
        let runs = row.iter().flat_map(|block| self.search.runs(block));
        let mut runs: Vec<Room<Run>> = runs.map(|run| Room { at: run, places: run.len() }).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.places));
        let mut groups_left = rooms_needed(&runs, quantity)?;
        while groups_left > 0 {
            let missing = end - self.chosen.len();
            // The last group takes the run where it strands nobody; those before take the nearest.
            let (at, places) = if groups_left == 1 {
                self.nearest_part(&runs, missing)?
            } else {
                let (at, share) = next_share(&runs, groups_left, missing, |run| self.nearest(run.from..run.to))?;
                let (_, places) = self.nearest_part(&runs[at..=at], share)?;
                (at, places)
            };
            runs.remove(at);
            self.chosen.extend(places);
            groups_left -= 1;
            self.stay_near();
        }
        Some(())
    }

    /// So many seats side by side in one of these runs: nearest, and stranding nobody where that is possible.
    fn nearest_part(&self, runs: &[Room<Run>], quantity: usize) -> Option<(usize, Range<usize>)> {
        let mut nearest: Option<(bool, f64, usize, usize)> = None;
        for (at, run) in runs.iter().enumerate() {
            let run = run.at;
            for from in run.from..(run.to + 1).saturating_sub(quantity) {
                let strands = run.strands(from, from + quantity);
                let far: f64 = (from..from + quantity).map(|place| self.distance(place)).sum();
                let better = nearest.is_none_or(|(stranded, best, ..)| {
                    (stranded && !strands) || (stranded == strands && is_nearer(far, best))
                });
                if better {
                    nearest = Some((strands, far, at, from));
                }
            }
        }
        nearest.map(|(_, _, at, from)| (at, from..from + quantity))
    }

    fn stay_near(&mut self) {
        let plan = self.search.plan;
        self.anchor = self.chosen.first().and_then(|&place| plan.seat(plan.seat_at(place))).map(|seat| seat.position);
    }

    fn distance(&self, place: usize) -> f64 {
        let plan = self.search.plan;
        match self.anchor {
            None => plan.distance_of(place..place + 1),
            Some(anchor) => {
                plan.seat(plan.seat_at(place)).map_or(f64::INFINITY, |seat| distance(seat.position, anchor).into())
            }
        }
    }

    fn nearest(&self, places: Range<usize>) -> f64 {
        places.map(|place| self.distance(place)).fold(f64::INFINITY, f64::min)
    }

    fn nearest_in_row(&self, row: &[Block]) -> f64 {
        let runs = row.iter().flat_map(|block| self.search.runs(block));
        runs.map(|run| self.nearest(run.from..run.to)).fold(f64::INFINITY, f64::min)
    }
}

/// How few rooms suffice, where those with most places stand first; `None` where all together do not.
fn rooms_needed<T>(rooms: &[Room<T>], quantity: usize) -> Option<usize> {
    let mut places = 0;
    for (at, room) in rooms.iter().enumerate() {
        places += room.places;
        if places >= quantity {
            return Some(at + 1);
        }
    }
    None
}

/// The nearest room with which `missing` people still find places in `left` rooms, and how many it takes. Halves rather than all
/// but one: nobody should sit alone. A room for a fair share goes before one that would leave somebody alone. Those with most
/// places stand first.
fn next_share<T: Copy>(
    rooms: &[Room<T>],
    left: usize,
    missing: usize,
    distance: impl Fn(T) -> f64,
) -> Option<(usize, usize)> {
    let fair = missing.div_ceil(left);
    let largest: usize = rooms.iter().take(left - 1).map(|room| room.places).sum();
    let next = rooms.get(left - 1).map_or(0, |room| room.places);
    let mut nearest: Option<(usize, usize, f64)> = None;
    for (at, room) in rooms.iter().enumerate() {
        // Those with most stand first, so no later room has places for a fair share either.
        if room.places < fair && nearest.is_some() {
            break;
        }
        // What the largest of the other rooms can take.
        let others = if at + 1 < left { largest - room.places + next } else { largest };
        let least = missing.saturating_sub(others).max(1);
        if room.places < least {
            continue;
        }
        let far = distance(room.at);
        if nearest.is_none_or(|(_, _, best)| is_nearer(far, best)) {
            let most = room.places.min(missing - (left - 1));
            nearest = Some((at, fair.max(least).min(most), far));
        }
    }
    nearest.map(|(at, share, _)| (at, share))
}
