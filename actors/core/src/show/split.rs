//! A party that cannot sit side by side: as few rows as possible, as few groups in a row as possible, nobody alone where that
//! can be helped, and everybody near the first group.

use super::Show;
use super::best::{Wish, is_nearer};
use super::check::Pool;
use crate::ids::SeatNo;
use crate::plan::{Block, Point, Seat, distance};

/// Which seats of a wish are placed at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Accessible,
    Companion,
    Ordinary,
}

impl Kind {
    fn of(seat: &Seat) -> Self {
        if seat.accessible {
            Self::Accessible
        } else if seat.companion {
            Self::Companion
        } else {
            Self::Ordinary
        }
    }
}

/// A row with seats that suit.
struct Candidate<'a> {
    blocks: &'a [Block],
    suitable: usize,
}

struct Split<'a> {
    show: &'a Show,
    pool: Pool,
    wish: Wish,
    kind: Kind,
    /// To where everybody wants to be near.
    anchor: Point,
}

impl Show {
    pub(super) fn split(&self, pool: Pool, wish: &Wish, quantity: usize) -> Option<Vec<SeatNo>> {
        let mut split =
            Split { show: self, pool, wish: *wish, kind: Kind::Accessible, anchor: self.plan.focal_point() };
        // Who needs a special place gets it first; the others sit as near to them as they can.
        let mut chosen = split.spread(wish.accessible)?;
        split.stay_near(&chosen);
        split.kind = Kind::Companion;
        let companions = split.suitable_in(self.plan.blocks()).min(wish.companions);
        chosen.extend(split.spread(companions)?);
        split.stay_near(&chosen);
        split.kind = Kind::Ordinary;
        chosen.extend(split.spread(quantity - chosen.len())?);
        Some(chosen)
    }
}

impl<'a> Split<'a> {
    fn suits(&self, seat: SeatNo) -> bool {
        self.show.is_in(self.pool, seat)
            && self.show.plan.whole_table_of(seat).is_none()
            && self.show.plan.seat(seat).is_some_and(|seat| self.wish.allows(seat) && Kind::of(seat) == self.kind)
    }

    fn suitable_in(&self, blocks: &[Block]) -> usize {
        let seats = blocks.iter().flat_map(|block| self.show.plan.seats_of(block));
        seats.filter(|&&seat| self.suits(seat)).count()
    }

    fn stay_near(&mut self, chosen: &[SeatNo]) {
        if let Some(seat) = chosen.first().and_then(|&seat| self.show.plan.seat(seat)) {
            self.anchor = seat.position;
        }
    }

    fn distance(&self, seat: SeatNo) -> f32 {
        self.show.plan.seat(seat).map_or(f32::INFINITY, |seat| distance(seat.position, self.anchor))
    }

    /// So many seats of one kind, over as few rows as possible.
    fn spread(&mut self, quantity: usize) -> Option<Vec<SeatNo>> {
        let mut chosen = Vec::with_capacity(quantity);
        if quantity == 0 {
            return Some(chosen);
        }
        let mut rows = self.candidates();
        let mut rows_left = rows_needed(&rows, quantity)?;
        while rows_left > 0 {
            let missing = quantity - chosen.len();
            let (at, least) = self.nearest_row(&rows, rows_left, missing)?;
            let row = rows.remove(at);
            // Halves rather than all but one: nobody should sit alone.
            let fair = missing.div_ceil(rows_left);
            let most = row.suitable.min(missing - (rows_left - 1));
            self.take_in_row(&row, fair.max(least).min(most), &mut chosen);
            self.stay_near(&chosen);
            rows_left -= 1;
        }
        Some(chosen)
    }

    /// Rows with at least one suitable seat, those with most first.
    fn candidates(&self) -> Vec<Candidate<'a>> {
        let plan = &self.show.plan;
        let mut rows: Vec<Candidate<'a>> = plan
            .blocks()
            .chunk_by(|a, b| a.row == b.row)
            .map(|blocks| Candidate { blocks, suitable: self.suitable_in(blocks) })
            .filter(|row| row.suitable > 0)
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.suitable));
        rows
    }

    /// The nearest row with which `missing` people still find room in `rows_left` rows, and how many it must take for that. A
    /// row that has room for a fair share goes before one that would leave somebody alone.
    fn nearest_row(&self, rows: &[Candidate<'_>], rows_left: usize, missing: usize) -> Option<(usize, usize)> {
        let fair = missing.div_ceil(rows_left);
        let largest: usize = rows.iter().take(rows_left - 1).map(|row| row.suitable).sum();
        let next = rows.get(rows_left - 1).map_or(0, |row| row.suitable);
        let mut nearest: Option<(usize, usize, f32)> = None;
        for (at, row) in rows.iter().enumerate() {
            // Those with most stand first, so no later row has room for a fair share either.
            if row.suitable < fair && nearest.is_some() {
                break;
            }
            // What the largest of the other rows can take.
            let others = if at + 1 < rows_left { largest - row.suitable + next } else { largest };
            let least = missing.saturating_sub(others).max(1);
            if row.suitable < least {
                continue;
            }
            let distance = self.nearest_in(row);
            if nearest.is_none_or(|(_, _, best)| is_nearer(distance, best)) {
                nearest = Some((at, least, distance));
            }
        }
        nearest.map(|(at, least, _)| (at, least))
    }

    fn nearest_in(&self, row: &Candidate<'_>) -> f32 {
        let seats = row.blocks.iter().flat_map(|block| self.show.plan.seats_of(block));
        seats.filter(|&&seat| self.suits(seat)).map(|&seat| self.distance(seat)).fold(f32::INFINITY, f32::min)
    }

    /// Takes so many seats of one row, in as few groups as possible.
    fn take_in_row(&self, row: &Candidate<'_>, quantity: usize, chosen: &mut Vec<SeatNo>) {
        let mut runs: Vec<&[SeatNo]> = Vec::new();
        for block in row.blocks {
            let seats = self.show.plan.seats_of(block);
            runs.extend(seats.chunk_by(|&a, &b| self.suits(a) && self.suits(b)).filter(|run| self.suits(run[0])));
        }
        // Stable: of equally long ones the first in the plan's order.
        runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
        let mut missing = quantity;
        while missing > 0 {
            if let Some(part) = self.nearest_part(&runs, missing) {
                chosen.extend_from_slice(part);
                return;
            }
            if runs.is_empty() {
                return;
            }
            let longest = runs.remove(0);
            chosen.extend_from_slice(longest);
            missing -= longest.len();
        }
    }

    /// So many seats side by side in one of these runs: nearest, and stranding nobody where that is possible.
    fn nearest_part<'b>(&self, runs: &[&'b [SeatNo]], quantity: usize) -> Option<&'b [SeatNo]> {
        let mut nearest: Option<(bool, f32, &[SeatNo])> = None;
        for run in runs {
            let free = vec![true; run.len()];
            for (from, part) in run.windows(quantity).enumerate() {
                let strands = Show::strands(&free, from, from + quantity);
                let far: f32 = part.iter().map(|&seat| self.distance(seat)).sum();
                let better = nearest.is_none_or(|(stranded, best, _)| {
                    (stranded && !strands) || (stranded == strands && is_nearer(far, best))
                });
                if better {
                    nearest = Some((strands, far, part));
                }
            }
        }
        nearest.map(|(_, _, part)| part)
    }
}

/// How few rows suffice; `None` where all together do not.
fn rows_needed(rows: &[Candidate<'_>], quantity: usize) -> Option<usize> {
    let mut room = 0;
    for (at, row) in rows.iter().enumerate() {
        room += row.suitable;
        if room >= quantity {
            return Some(at + 1);
        }
    }
    None
}
