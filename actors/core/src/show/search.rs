//! What a search for seats looks at: which places are free, and which of them suit a wish. Stretches, not single seats.

use std::borrow::Cow;
use std::ops::Range;

use super::Show;
use super::check::Pool;
use super::table::Bits;
use crate::ids::{CategoryNo, SeatNo, SectionNo};
use crate::plan::{Block, Plan, Seat};

/// Distances that differ by less than this part are the same: they come out of floating point.
pub(super) const SAME_DISTANCE: f64 = 1.000_1;

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

/// Which seats of a wish are placed at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Accessible,
    Companion,
    Ordinary,
}

/// Free places side by side that suit the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub from: usize,
    pub to: usize,
    /// All the free places around it, also those that do not suit.
    pub free_from: usize,
    pub free_to: usize,
}

impl Run {
    pub fn len(&self) -> usize {
        self.to - self.from
    }

    /// Whether taking these places of the run leaves a single free seat beside them.
    pub fn strands(&self, from: usize, to: usize) -> bool {
        from - self.free_from == 1 || self.free_to - to == 1
    }

    /// Whether so many, who find places in this run, leave somebody alone wherever they sit in it.
    pub fn must_strand(&self, count: usize) -> bool {
        (self.from..=self.to - count).all(|from| self.strands(from, from + count))
    }
}

/// One look at a show, for one wish.
pub(super) struct Search<'a> {
    pub plan: &'a Plan,
    free: Cow<'a, Bits>,
    pub wish: Wish,
    pub kind: Kind,
    /// Tables that are sold whole are looked at only for a party that fills one: so many seats.
    pub whole: Option<usize>,
}

impl Show {
    pub(super) fn look(&self, pool: Pool, wish: Wish) -> Search<'_> {
        Search { plan: &self.plan, free: self.free_in(pool), wish, kind: Kind::Any, whole: None }
    }

    /// The free places of a pool, with others that are to count as free.
    pub(super) fn look_with<'a>(&'a self, pool: Pool, wish: Wish, also: impl Iterator<Item = SeatNo>) -> Search<'a> {
        let mut search = self.look(pool, wish);
        let free = search.free.to_mut();
        also.filter_map(|seat| self.plan.place_of(seat)).for_each(|place| free.set(place, true));
        search
    }

    fn free_in(&self, pool: Pool) -> Cow<'_, Bits> {
        match pool {
            Pool::Free => Cow::Borrowed(self.table.free()),
            Pool::Allocation(slot) => {
                let mut free = Bits::new(self.plan.places_end());
                let seats = self.allocations.at(slot).into_iter().flat_map(|(_, record)| &record.seats);
                seats
                    .filter(|&&seat| self.is_in(pool, seat))
                    .filter_map(|&seat| self.plan.place_of(seat))
                    .for_each(|place| free.set(place, true));
                Cow::Owned(free)
            }
        }
    }
}

impl Search<'_> {
    /// Whether a block may have seats that suit.
    fn is_asked(&self, block: &Block) -> bool {
        (block.table != Some(true) || self.whole == Some(block.places.len()))
            && self.wish.section.is_none_or(|section| section == block.section)
            && match (block.category, self.wish.category) {
                (Some(all), Some(wanted)) => all == wanted,
                (None, _) | (_, None) => true,
            }
            && match self.kind {
                Kind::Any | Kind::Ordinary => true,
                Kind::Accessible | Kind::Companion => block.special,
            }
    }

    /// Whether every seat of a block suits, so that none must be looked at.
    fn suits_whole(&self, block: &Block) -> bool {
        !block.special && (self.wish.category.is_none() || block.category.is_some())
    }

    fn suits(&self, place: usize) -> bool {
        self.plan.seat(self.plan.seat_at(place)).is_some_and(|seat| self.allows(seat))
    }

    fn allows(&self, seat: &Seat) -> bool {
        let wish = &self.wish;
        let kind = match self.kind {
            Kind::Any => {
                (wish.accessible > 0 || !seat.accessible) && (wish.companions > 0 || !seat.companion || seat.accessible)
            }
            Kind::Accessible => seat.accessible,
            Kind::Companion => seat.companion && !seat.accessible,
            Kind::Ordinary => !seat.accessible && !seat.companion,
        };
        kind && wish.category.is_none_or(|category| seat.category == category)
    }

    /// The runs of a block, from one end to the other.
    pub fn runs(&self, block: &Block) -> impl Iterator<Item = Run> {
        let end = if self.is_asked(block) { block.places.end } else { block.places.start };
        let whole = self.suits_whole(block);
        let mut at = block.places.start;
        let mut around = at..at;
        std::iter::from_fn(move || {
            loop {
                if at >= around.end {
                    let from = self.free.next(true, at, end)?;
                    around = from..self.free.next(false, from, end).unwrap_or(end);
                    at = from;
                }
                let (from, to) = if whole {
                    (at, around.end)
                } else {
                    let from = (at..around.end).find(|&place| self.suits(place)).unwrap_or(around.end);
                    (from, (from..around.end).find(|&place| !self.suits(place)).unwrap_or(around.end))
                };
                at = to;
                if from < to {
                    return Some(Run { from, to, free_from: around.start, free_to: around.end });
                }
            }
        })
    }

    /// How many places of some blocks suit.
    pub fn count(&self, blocks: &[Block]) -> usize {
        blocks.iter().flat_map(|block| self.runs(block)).map(|run| run.len()).sum()
    }

    /// How many accessible places a stretch has, and how many for companions.
    pub fn special_in(&self, block: &Block, places: Range<usize>) -> (usize, usize) {
        if !block.special {
            return (0, 0);
        }
        let seats = places.filter_map(|place| self.plan.seat(self.plan.seat_at(place)));
        seats.fold((0, 0), |(accessible, companions), seat| {
            (accessible + usize::from(seat.accessible), companions + usize::from(seat.companion && !seat.accessible))
        })
    }

    /// How far a stretch is on average.
    pub fn mean(&self, places: Range<usize>) -> f64 {
        let count = places.len();
        mean(self.plan.distance_of(places), count)
    }

    pub fn seats(&self, places: Range<usize>) -> impl Iterator<Item = SeatNo> {
        places.map(|place| self.plan.seat_at(place))
    }
}

pub(super) fn mean(sum: f64, count: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a party is far smaller than 2^52")]
    let count = count as f64;
    sum / count
}

/// Nearer by more than rounding: of seats left and right of the middle, the first of the plan are taken.
pub(super) fn is_nearer(a: f64, b: f64) -> bool {
    a * SAME_DISTANCE < b
}
