//! A party that fits in no row: seated in rows directly behind each other, as a house manager would. Eight become four and four.
//!
//! Two rows are searched exactly: the fairest shares that two runs allow, and of these the nearest to the stage and to each other. For three rows and more,
//! which few parties need, each row takes the longest run behind the one before, and the shares are the fairest of these runs.

use super::search::{Run, Search, is_nearer, mean};
use crate::ids::SeatNo;
use crate::plan::{Point, distance};

/// Nobody sits alone in a row.
const GROUP_MIN: usize = 2;

/// A party in rows: where each group begins and how large it is; how far they are on average, and from each other.
#[derive(Clone, Debug)]
struct Stack {
    groups: Vec<(usize, usize)>,
    distance: f64,
}

/// The nearest stack that strands nobody, and the nearest that strands somebody.
#[derive(Default)]
struct Stacks {
    harmless: Option<Stack>,
    harmful: Option<Stack>,
}

impl Stacks {
    fn offer(&mut self, strands: bool, distance: f64, groups: impl FnOnce() -> Vec<(usize, usize)>) {
        let best = if strands { &mut self.harmful } else { &mut self.harmless };
        if best.as_ref().is_none_or(|stack| is_nearer(distance, stack.distance)) {
            *best = Some(Stack { groups: groups(), distance });
        }
    }

    fn merge(&mut self, other: Self) {
        for (strands, stack) in [(false, other.harmless), (true, other.harmful)] {
            if let Some(stack) = stack {
                self.offer(strands, stack.distance, || stack.groups);
            }
        }
    }
}

impl Search<'_> {
    /// So many seats in rows directly behind each other. Parties with accessible places are not stacked: those decide where
    /// the party sits.
    pub fn stacked(&self, quantity: usize) -> Option<Vec<SeatNo>> {
        if quantity < 2 * GROUP_MIN || self.wish.accessible + self.wish.companions > 0 {
            return None;
        }
        let runs = self.plan.blocks().iter().flat_map(|block| self.runs(block));
        let longest = runs.map(|run| run.len()).max().filter(|&longest| longest >= GROUP_MIN)?;
        let rows = quantity.div_ceil(longest);
        let pairs = if rows <= 2 { self.pairs(quantity) } else { Stacks::default() };
        let stack = pairs.harmless.or(pairs.harmful).or_else(|| {
            let chains = self.chains(quantity, rows.max(3));
            chains.harmless.or(chains.harmful)
        })?;
        Some(stack.groups.into_iter().flat_map(|(from, count)| self.seats(from..from + count)).collect())
    }

    /// The runs that have a place directly behind one of this run.
    fn runs_behind(&self, run: Run) -> impl Iterator<Item = Run> {
        let mut last: Option<Run> = None;
        (run.from..run.to).filter_map(move |place| {
            let behind = self.plan.behind(place)?;
            if last.is_some_and(|last| (last.from..last.to).contains(&behind)) {
                return None;
            }
            let found = self.run_at(behind).filter(|run| run.len() >= GROUP_MIN)?;
            last = Some(found);
            Some(found)
        })
    }

    fn pairs(&self, quantity: usize) -> Stacks {
        let mut best = Stacks::default();
        for (at, nearest) in self.plan.stacks_nearest_first() {
            if best.harmless.as_ref().is_some_and(|stack| stack.distance <= nearest) {
                break;
            }
            for front in self.runs(&self.plan.blocks()[at]).filter(|run| run.len() >= GROUP_MIN) {
                for back in self.runs_behind(front).filter(|back| front.len() + back.len() >= quantity) {
                    best.merge(self.pair(front, back, quantity));
                }
            }
        }
        best
    }

    /// A party in two runs, shared as fairly as they allow.
    fn pair(&self, front: Run, back: Run, quantity: usize) -> Stacks {
        let mut best = Stacks::default();
        for larger in quantity.div_ceil(2)..=quantity - GROUP_MIN {
            let mut level = Stacks::default();
            let smaller = quantity - larger;
            self.shared(front, back, larger, smaller, &mut level);
            if larger != smaller {
                self.shared(front, back, smaller, larger, &mut level);
            }
            // Less fair shares only so that nobody is stranded.
            best.harmful = best.harmful.or(level.harmful);
            if level.harmless.is_some() {
                best.harmless = level.harmless;
                break;
            }
        }
        best
    }

    fn shared(&self, front: Run, back: Run, in_front: usize, behind: usize, best: &mut Stacks) {
        if in_front > front.len() || behind > back.len() {
            return;
        }
        for from in front.from..=front.to - in_front {
            let Some((first, last)) = self.columns(from, in_front, back) else { continue };
            let distance = self.plan.distance_of(from..from + in_front);
            for to in back.from.max((first + 1).saturating_sub(behind))..=last.min(back.to - behind) {
                let strands = front.strands(from, from + in_front) || back.strands(to, to + behind);
                let far = mean(distance + self.plan.distance_of(to..to + behind), in_front + behind)
                    + self.apart((from, in_front), (to, behind));
                best.offer(strands, far, || vec![(from, in_front), (to, behind)]);
            }
        }
    }

    /// How far the middles of two groups are from each other.
    fn apart(&self, front: (usize, usize), back: (usize, usize)) -> f64 {
        distance(self.middle(front), self.middle(back)).into()
    }

    fn middle(&self, (from, count): (usize, usize)) -> Point {
        let at = |place: usize| self.plan.seat(self.plan.seat_at(place)).map_or(Point::default(), |seat| seat.position);
        let (first, last) = (at(from), at(from + count - 1));
        Point { x: first.x.midpoint(last.x), y: first.y.midpoint(last.y) }
    }

    fn columns(&self, from: usize, count: usize, back: Run) -> Option<(usize, usize)> {
        self.plan.columns_behind(from..from + count, &self.plan.blocks()[self.plan.block_at(back.from)])
    }

    /// Three rows and more, as few as will do; fewer than `fewest` never do.
    fn chains(&self, quantity: usize, fewest: usize) -> Stacks {
        let mut best = Stacks::default();
        let mut rows = usize::MAX;
        let mut chain = Vec::new();
        for (at, nearest) in self.plan.stacks_nearest_first() {
            // Unlike in pairs, a stack that strands somebody ends the search too: else most searches would see the whole house.
            let found = best.harmless.as_ref().or(best.harmful.as_ref());
            if rows == fewest && found.is_some_and(|stack| stack.distance <= nearest) {
                break;
            }
            for front in self.runs(&self.plan.blocks()[at]).filter(|run| run.len() >= GROUP_MIN) {
                chain.clear();
                chain.push(front);
                let mut room = front.len();
                while room < quantity && chain.len() < rows {
                    let Some(next) = chain.last().and_then(|&run| self.longest_behind(run)) else { break };
                    room += next.len();
                    chain.push(next);
                }
                if room < quantity || chain.len() > rows || quantity < chain.len() * GROUP_MIN {
                    continue;
                }
                let Some((strands, stack)) = self.chained(&chain, quantity) else { continue };
                if chain.len() < rows {
                    rows = chain.len();
                    best = Stacks::default();
                }
                best.offer(strands, stack.distance, || stack.groups);
            }
        }
        best
    }

    fn longest_behind(&self, run: Run) -> Option<Run> {
        self.runs_behind(run).reduce(|longest, run| if run.len() > longest.len() { run } else { longest })
    }

    /// A party in one chain of runs: the nearest places in the first, and then behind each group.
    fn chained(&self, chain: &[Run], quantity: usize) -> Option<(bool, Stack)> {
        let shares = fair_shares(chain, quantity);
        let mut groups: Vec<(usize, usize)> = Vec::with_capacity(chain.len());
        let mut strands = false;
        let (mut distance, mut apart) = (0.0, 0.0);
        for (run, &share) in chain.iter().zip(&shares) {
            let (first, last) = match groups.last() {
                Some(&(from, count)) => self.columns(from, count, *run)?,
                None => (run.from, run.to),
            };
            let starts = run.from.max((first + 1).saturating_sub(share))..=last.min(run.to - share);
            let from = starts.min_by(|&a, &b| {
                let stranded = |from: usize| run.strands(from, from + share);
                let far = |from: usize| {
                    let apart = groups.last().map_or(0.0, |&front| self.apart(front, (from, share)));
                    self.mean(from..from + share) + apart
                };
                stranded(a).cmp(&stranded(b)).then_with(|| far(a).total_cmp(&far(b)))
            })?;
            strands |= run.strands(from, from + share);
            distance += self.plan.distance_of(from..from + share);
            apart += groups.last().map_or(0.0, |&front| self.apart(front, (from, share)));
            groups.push((from, share));
        }
        Some((strands, Stack { groups, distance: mean(distance, quantity) + apart }))
    }
}

/// Shares that differ as little as the runs allow; in front rather more than behind.
fn fair_shares(chain: &[Run], quantity: usize) -> Vec<usize> {
    let mut shares = vec![0; chain.len()];
    let mut missing = quantity;
    while missing > 0 {
        let before = missing;
        for (share, run) in shares.iter_mut().zip(chain) {
            if missing > 0 && *share < run.len() {
                *share += 1;
                missing -= 1;
            }
        }
        if missing == before {
            break;
        }
    }
    shares
}
