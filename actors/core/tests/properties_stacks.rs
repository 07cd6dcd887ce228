//! Parties in three rows and more: the search, which remembers what it has seen and leaves out what cannot be nearer, against
//! one that looks at every row anew and leaves out nothing.

use std::collections::BTreeSet;

use aisle_core::*;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::properties_best::{ask, hall_sold};

const ROWS: usize = 8;
const SEATS: usize = 9;

/// Free seats side by side, by place in the hall; at least two.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    from: usize,
    to: usize,
}

impl Run {
    fn len(&self) -> usize {
        self.to - self.from
    }

    /// So many from here on leave one seat alone at an end of the run.
    fn strands(&self, from: usize, count: usize) -> bool {
        from - self.from == 1 || self.to - (from + count) == 1
    }
}

/// From which place on, and how many.
type Group = (usize, usize);

/// How far a party sits, and where.
type Seated = (f64, Vec<Group>);

struct Hall<'a> {
    plan: &'a Plan,
    sold: &'a [bool],
    /// By place: how far all before it are together.
    before: Vec<f64>,
}

impl<'a> Hall<'a> {
    fn new(plan: &'a Plan, sold: &'a [bool]) -> Self {
        let mut hall = Self { plan, sold, before: vec![0.0] };
        for place in 0..ROWS * SEATS {
            hall.before.push(hall.before[place] + hall.far(place));
        }
        hall
    }

    fn at(&self, place: usize) -> Point {
        self.plan.seat(SeatNo(place as u32)).unwrap().position
    }

    fn far(&self, place: usize) -> f64 {
        let (at, focus) = (self.at(place), self.plan.focal_point());
        f64::from((focus.x - at.x).hypot(focus.y - at.y))
    }

    fn nearest(&self, row: usize) -> f64 {
        (row * SEATS..(row + 1) * SEATS).map(|place| self.far(place)).fold(f64::MAX, f64::min)
    }

    fn runs(&self, row: usize) -> Vec<Run> {
        let places: Vec<usize> = (row * SEATS..(row + 1) * SEATS).collect();
        let stretches = places.chunk_by(|&a, &b| self.sold[a] == self.sold[b]);
        let free = stretches.filter(|stretch| !self.sold[stretch[0]] && stretch.len() > 1);
        free.map(|stretch| Run { from: stretch[0], to: stretch[0] + stretch.len() }).collect()
    }

    /// The longest of the next row that has a seat behind one of this; of equals the first.
    fn longest_behind(&self, run: Run) -> Option<Run> {
        let row = run.from / SEATS + 1;
        let touches = |back: &Run| back.from < run.to + SEATS && run.from + SEATS < back.to;
        let all = if row < ROWS { self.runs(row) } else { Vec::new() };
        all.into_iter().filter(touches).reduce(|longest, run| if run.len() > longest.len() { run } else { longest })
    }

    fn apart(&self, a: Group, b: Group) -> f64 {
        let middle = |(from, count): Group| {
            let (first, last) = (self.at(from), self.at(from + count - 1));
            Point { x: first.x.midpoint(last.x), y: first.y.midpoint(last.y) }
        };
        let (a, b) = (middle(a), middle(b));
        f64::from((a.x - b.x).hypot(a.y - b.y))
    }

    /// The nearest places in the first run, and then behind each group; and whether somebody is stranded.
    fn seated(&self, chain: &[Run], quantity: usize) -> Option<(bool, Seated)> {
        let mut shares = vec![0; chain.len()];
        for at in (0..chain.len()).cycle() {
            if shares.iter().sum::<usize>() == quantity {
                break;
            }
            shares[at] += usize::from(shares[at] < chain[at].len());
        }
        let mut groups: Vec<Group> = Vec::new();
        let (mut strands, mut together, mut apart) = (false, 0.0, 0.0);
        for (run, share) in chain.iter().zip(shares) {
            let front = groups.last().copied();
            let sum = |from: usize| self.before[from + share] - self.before[from];
            let beside = |from: usize| front.map_or(0.0, |front| self.apart(front, (from, share)));
            let is_behind = |&from: &usize| {
                front.is_none_or(|(first, count)| from < first + count + SEATS && first + SEATS < from + share)
            };
            let from = (run.from..=run.to - share).filter(is_behind).min_by(|&a, &b| {
                let far = |from: usize| sum(from) / share as f64 + beside(from);
                run.strands(a, share).cmp(&run.strands(b, share)).then(far(a).total_cmp(&far(b)))
            })?;
            strands |= run.strands(from, share);
            together += sum(from);
            apart += beside(from);
            groups.push((from, share));
        }
        Some((strands, (together / quantity as f64 + apart, groups)))
    }

    /// Every chain of rows from the nearest on; the fewest rows, then nobody stranded, then the nearest.
    fn stack(&self, quantity: usize) -> Option<Vec<SeatNo>> {
        let longest = (0..ROWS).flat_map(|row| self.runs(row)).map(|run| run.len()).max()?;
        let fewest = quantity.div_ceil(longest).max(3);
        let mut rows: Vec<(usize, f64)> =
            (0..ROWS - 1).map(|row| (row, self.nearest(row).min(self.nearest(row + 1)))).collect();
        rows.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut least = usize::MAX;
        let mut best: [Option<Seated>; 2] = [None, None];
        for (row, nearest) in rows {
            let found = best[0].as_ref().or(best[1].as_ref());
            if least == fewest && found.is_some_and(|&(far, _)| far <= nearest) {
                break;
            }
            for front in self.runs(row) {
                let mut chain = vec![front];
                while chain.iter().map(Run::len).sum::<usize>() < quantity {
                    let Some(next) = self.longest_behind(chain[chain.len() - 1]) else { break };
                    chain.push(next);
                }
                let room: usize = chain.iter().map(Run::len).sum();
                if room < quantity || chain.len() > least || quantity < 2 * chain.len() {
                    continue;
                }
                let Some((strands, (far, groups))) = self.seated(&chain, quantity) else { continue };
                if chain.len() < least {
                    least = chain.len();
                    best = [None, None];
                }
                let best = &mut best[usize::from(strands)];
                if best.as_ref().is_none_or(|&(nearest, _)| far * 1.0001 < nearest) {
                    *best = Some((far, groups));
                }
            }
        }
        let (_, groups) = best.into_iter().flatten().next()?;
        let places = groups.into_iter().flat_map(|(from, count)| from..from + count);
        Some(places.map(|place| SeatNo(place as u32)).collect())
    }
}

/// A pattern along and across the rows, and some seats the other way round.
fn some_sold() -> impl Strategy<Value = Vec<bool>> {
    let pattern = vec(vec(any::<bool>(), 2..6), 1..4);
    let noise = prop_oneof![Just(0.0), Just(0.05), Just(0.2)];
    (pattern, noise).prop_flat_map(|(pattern, noise)| {
        vec(prop::bool::weighted(noise), ROWS * SEATS).prop_map(move |other| {
            let is_sold = |place: usize| {
                let row = &pattern[place / SEATS % pattern.len()];
                row[place % SEATS % row.len()] != other[place]
            };
            (0..ROWS * SEATS).map(is_sold).collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_seats_in_three_rows_and_more_are_those_that_a_search_without_memory_finds(sold in some_sold(), quantity in 6..16u32) {
        let show = hall_sold((ROWS, SEATS), &sold, OrphanRule::Off, false);
        let seats = ask(&show, quantity, None).unwrap_or_default();
        let rows: BTreeSet<u32> = seats.iter().map(|seat| seat.0 / SEATS as u32).collect();
        // One row and two rows are another property's.
        if rows.len() > 2 && let Some(expected) = Hall::new(show.plan(), &sold).stack(quantity as usize) {
            prop_assert_eq!(expected, seats);
        }
    }
}
