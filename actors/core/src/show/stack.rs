//! A party that fits in no row: seated in rows directly behind each other, as a house manager would. Eight become four and four.
//!
//! Two rows are searched exactly: the fairest shares that two runs allow, and of these the nearest to the stage and to each other. For three rows and more,
//! which few parties need, each row takes the longest run behind the one before, and the shares are the fairest of these runs.

use std::ops::Range;

use super::search::{Run, Search, is_nearer, mean};
use crate::ids::SeatNo;
use crate::plan::{Plan, Point, distance};

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

/// All runs of a house in which a group may sit, found once: a search asks again and again who sits behind whom.
struct Runs<'a> {
    plan: &'a Plan,
    all: Vec<Run>,
    /// By block: which of `all` are in it begins here, and ends where the next block's begin.
    of_block: Vec<usize>,
    /// By place: an index into `all`, or [`NONE`].
    at: Vec<u32>,
    /// By run: the longest directly behind it, once somebody has asked.
    behind: Vec<Option<u32>>,
    longest: usize,
}

/// No run.
const NONE: u32 = u32::MAX;

impl<'a> Runs<'a> {
    fn of(search: &Search<'a>) -> Self {
        let plan = search.plan;
        let (mut all, mut of_block) = (Vec::new(), vec![0]);
        let mut at = vec![NONE; plan.places_end()];
        for block in plan.blocks() {
            for run in search.runs(block).filter(|run| run.len() >= GROUP_MIN) {
                at[run.from..run.to].fill(u32::try_from(all.len()).unwrap_or(NONE));
                all.push(run);
            }
            of_block.push(all.len());
        }
        let longest = all.iter().map(Run::len).max().unwrap_or(0);
        Self { plan, behind: vec![None; all.len()], all, of_block, at, longest }
    }

    fn of_block(&self, block: usize) -> Range<usize> {
        self.of_block[block]..self.of_block[block + 1]
    }

    /// Those that have a place directly behind one of this run.
    fn behind(&self, run: usize) -> impl Iterator<Item = usize> {
        let Run { from, to, .. } = self.all[run];
        let mut last = NONE;
        (from..to).filter_map(move |place| {
            let found = self.at[self.plan.behind(place)?];
            let is_new = found != NONE && found != last;
            is_new.then(|| {
                last = found;
                found as usize
            })
        })
    }

    /// The longest behind this one; of equals the first.
    fn longest_behind(&mut self, run: usize) -> Option<usize> {
        let longer = |longest: usize, other: usize| {
            if self.all[other].len() > self.all[longest].len() { other } else { longest }
        };
        let found = match self.behind[run] {
            Some(known) => known,
            None => self.behind(run).reduce(longer).and_then(|found| u32::try_from(found).ok()).unwrap_or(NONE),
        };
        self.behind[run] = Some(found);
        (found != NONE).then_some(found as usize)
    }
}

impl Search<'_> {
    /// So many seats in rows directly behind each other. Parties with accessible places are not stacked: those decide where
    /// the party sits.
    pub fn stacked(&self, quantity: usize) -> Option<Vec<SeatNo>> {
        if quantity < 2 * GROUP_MIN || self.wish.accessible + self.wish.companions > 0 {
            return None;
        }
        let mut runs = Runs::of(self);
        if runs.all.is_empty() {
            return None;
        }
        let rows = quantity.div_ceil(runs.longest);
        let pairs = if rows <= 2 { self.pairs(&runs, quantity) } else { Stacks::default() };
        let stack = pairs.harmless.or(pairs.harmful).or_else(|| {
            let chains = self.chains(&mut runs, quantity, rows.max(3));
            chains.harmless.or(chains.harmful)
        })?;
        Some(stack.groups.into_iter().flat_map(|(from, count)| self.seats(from..from + count)).collect())
    }

    fn pairs(&self, runs: &Runs<'_>, quantity: usize) -> Stacks {
        let mut best = Stacks::default();
        for (at, nearest) in self.plan.stacks_nearest_first() {
            if best.harmless.as_ref().is_some_and(|stack| stack.distance <= nearest) {
                break;
            }
            for front in runs.of_block(at).filter(|&front| runs.all[front].len() + runs.longest >= quantity) {
                for back in runs.behind(front) {
                    let (front, back) = (runs.all[front], runs.all[back]);
                    if front.len() + back.len() >= quantity {
                        let harmless_only = self.is_no_nearer(&[front, back], best.harmful.as_ref());
                        best.merge(self.pair(front, back, quantity, harmless_only));
                    }
                }
            }
        }
        best
    }

    /// A party in two runs, shared as fairly as they allow. Ways that strand somebody may be left out.
    fn pair(&self, front: Run, back: Run, quantity: usize, harmless_only: bool) -> Stacks {
        let mut best = Stacks::default();
        for larger in quantity.div_ceil(2)..=quantity - GROUP_MIN {
            let mut level = Stacks::default();
            let smaller = quantity - larger;
            self.shared((front, larger), (back, smaller), harmless_only, &mut level);
            if larger != smaller {
                self.shared((front, smaller), (back, larger), harmless_only, &mut level);
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

    fn shared(
        &self,
        (front, in_front): (Run, usize),
        (back, behind): (Run, usize),
        harmless_only: bool,
        best: &mut Stacks,
    ) {
        if in_front > front.len() || behind > back.len() {
            return;
        }
        for from in front.from..=front.to - in_front {
            let strands_in_front = front.strands(from, from + in_front);
            if harmless_only && strands_in_front {
                continue;
            }
            let Some((first, last)) = self.columns(from, in_front, back) else { continue };
            let distance = self.plan.distance_of(from..from + in_front);
            for to in back.from.max((first + 1).saturating_sub(behind))..=last.min(back.to - behind) {
                let strands = strands_in_front || back.strands(to, to + behind);
                if harmless_only && strands {
                    continue;
                }
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
    fn chains(&self, runs: &mut Runs<'_>, quantity: usize, fewest: usize) -> Stacks {
        let mut best = Stacks::default();
        // In more rows than these somebody would sit alone.
        let mut rows = quantity / GROUP_MIN;
        let mut chain: Vec<Run> = Vec::new();
        for (at, nearest) in self.plan.stacks_nearest_first() {
            // Unlike in pairs, a stack that strands somebody ends the search too: else most searches would see the whole house.
            let found = best.harmless.as_ref().or(best.harmful.as_ref());
            if rows == fewest && found.is_some_and(|stack| stack.distance <= nearest) {
                break;
            }
            for front in runs.of_block(at) {
                chain.clear();
                chain.push(runs.all[front]);
                let mut last = front;
                let mut room = runs.all[front].len();
                while room < quantity && chain.len() < rows {
                    let Some(next) = runs.longest_behind(last) else { break };
                    room += runs.all[next].len();
                    chain.push(runs.all[next]);
                    last = next;
                }
                if room < quantity || (chain.len() == rows && self.is_no_nearer(&chain, best.harmless.as_ref())) {
                    continue;
                }
                let shares = fair_shares(&chain, quantity);
                let must_strand = || chain.iter().zip(&shares).any(|(run, &share)| run.must_strand(share));
                if chain.len() == rows && self.is_no_nearer(&chain, best.harmful.as_ref()) && must_strand() {
                    continue;
                }
                let Some((strands, stack)) = self.chained(&chain, &shares, quantity) else { continue };
                if chain.len() < rows {
                    rows = chain.len();
                    best = Stacks::default();
                }
                best.offer(strands, stack.distance, || stack.groups);
            }
        }
        best
    }

    /// Whether even the nearest seats of these rows are no nearer than what was found.
    fn is_no_nearer(&self, rows: &[Run], found: Option<&Stack>) -> bool {
        let nearest = |run: &Run| self.plan.blocks()[self.plan.block_at(run.from)].nearest;
        found.is_some_and(|stack| rows.iter().all(|run| nearest(run) >= stack.distance))
    }

    /// A party in one chain of runs: the nearest places in the first, and then behind each group.
    fn chained(&self, chain: &[Run], shares: &[usize], quantity: usize) -> Option<(bool, Stack)> {
        let mut groups: Vec<(usize, usize)> = Vec::with_capacity(chain.len());
        let mut strands = false;
        let (mut distance, mut apart) = (0.0, 0.0);
        for (run, &share) in chain.iter().zip(shares) {
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
