//! Those who watch, in audiences that are told one after the other. Ten thousand who are told at once are a queue of ten thousand on the
//! threads that also serve those who buy: a request waits for all of it, and a change that comes while it stands waits for its end
//! and then for a whole one of its own. In tenths it is told within one round, and a request waits for a tenth.

use std::collections::VecDeque;
use std::sync::Arc;

use aisle_core::{Plan, Seq};
use tokio::sync::broadcast;

use super::delta::{Delta, Gathered};
use super::ear::{Ear, Ears};

/// Deltas that a watcher may be behind before it has to resync: three seconds of a rush. The ring keeps more, for those who
/// reconnect.
const LAG_MAX: usize = 64;
/// No more audiences than this: what each lacks is put together and encoded for it alone.
const AUDIENCES_MAX: usize = 16;

#[derive(Debug)]
struct Audience {
    /// The number up to which it was told everything.
    told: Seq,
    sender: broadcast::Sender<Arc<Delta>>,
    ears: Arc<Ears>,
}

impl Audience {
    fn is_empty(&self) -> bool {
        self.sender.receiver_count() == 0
    }

    /// What it lacks, from what the ring has; the ring's own delta where that is one.
    fn lacks(&self, ring: &VecDeque<Arc<Delta>>, plan: &Plan, kept: Seq) -> Arc<Delta> {
        let first = ring.partition_point(|delta| delta.seq <= self.told);
        let mut lacking = ring.range(first..);
        if let (Some(only), None) = (lacking.next(), lacking.next()) {
            return Arc::clone(only);
        }
        let mut gathered = Gathered::default();
        ring.range(first..).for_each(|delta| gathered.add_delta(delta));
        Arc::new(gathered.into_delta(plan, self.told, kept))
    }

    fn tell(&mut self, ring: &VecDeque<Arc<Delta>>, plan: &Plan, kept: Seq) {
        let delta = self.lacks(ring, plan, kept);
        self.told = kept;
        self.ears.told(kept);
        // Nobody listening is fine.
        let _ = self.sender.send(delta);
    }
}

/// All audiences of a feed; none until somebody watches.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    all: Vec<Audience>,
    /// Whose turn it is.
    next: usize,
    /// Who was told last.
    last: usize,
}

/// What a rest depends on.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    /// Audiences that take turns; at least one.
    pub(crate) audiences: usize,
    /// How many are in the one that was told last.
    pub(crate) watchers: usize,
    /// By whom is known whether they have it.
    pub(crate) ears: Arc<Ears>,
}

impl Audiences {
    pub(super) fn watchers(&self) -> usize {
        self.all.iter().map(|audience| audience.sender.receiver_count()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.iter().all(Audience::is_empty)
    }

    /// One more watcher, who gets everything after `kept`, or more. An audience has about `size`.
    pub(super) fn join(&mut self, size: usize, kept: Seq) -> (broadcast::Receiver<Arc<Delta>>, Option<Ear>) {
        let smallest = self.all.iter_mut().enumerate().min_by_key(|(_, audience)| audience.sender.receiver_count());
        let smallest = smallest.map(|(number, audience)| (number, audience.sender.receiver_count()));
        let number = match smallest {
            Some((number, watchers)) if watchers < size || self.all.len() >= AUDIENCES_MAX => number,
            _ => {
                let sender = broadcast::Sender::new(LAG_MAX);
                self.all.push(Audience { told: kept, sender, ears: Arc::default() });
                self.all.len() - 1
            }
        };
        let audience = &mut self.all[number];
        if audience.is_empty() {
            // Told nothing while nobody was there, and the ring has forgotten it perhaps.
            audience.told = kept;
        }
        let receiver = audience.sender.subscribe();
        let ear = audience.ears.lend(audience.sender.receiver_count());
        (receiver, ear)
    }

    /// What the ring must not forget: the number up to which everybody was told everything.
    pub(super) fn least_told(&self, kept: Seq) -> Seq {
        let told = self.all.iter().filter(|audience| !audience.is_empty()).map(|audience| audience.told);
        told.min().unwrap_or(kept)
    }

    /// Tells everybody.
    pub(super) fn tell_all(&mut self, ring: &VecDeque<Arc<Delta>>, plan: &Plan, kept: Seq) {
        for audience in self.all.iter_mut().filter(|audience| audience.told < kept && !audience.is_empty()) {
            audience.tell(ring, plan, kept);
        }
    }

    /// Tells the audience whose turn it is, of those who lack something. Whether there was one.
    pub(super) fn tell_next(&mut self, ring: &VecDeque<Arc<Delta>>, plan: &Plan, kept: Seq) -> bool {
        // The last ones to come are in the last audiences; who left for good leaves nothing behind.
        while self.all.last().is_some_and(Audience::is_empty) {
            self.all.pop();
        }
        for turn in 0..self.all.len() {
            let number = (self.next + turn) % self.all.len();
            let audience = &mut self.all[number];
            if audience.told < kept && !audience.is_empty() {
                audience.tell(ring, plan, kept);
                (self.last, self.next) = (number, number + 1);
                return true;
            }
        }
        false
    }

    /// Audiences with somebody in them.
    pub(super) fn count(&self) -> usize {
        self.all.iter().filter(|audience| !audience.is_empty()).count()
    }

    pub(super) fn telling(&self) -> Option<Telling> {
        let last = self.all.get(self.last)?;
        let (watchers, ears) = (last.sender.receiver_count(), Arc::clone(&last.ears));
        Some(Telling { audiences: self.count().max(1), watchers, ears })
    }
}
