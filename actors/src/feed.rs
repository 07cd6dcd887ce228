//! The feed: a show's public state at its durable sequence number, and the recent changes that led there.
//!
//! Public reads use it and never enter a mailbox. It outlives the actor: a rebuilt show goes on with the feed that its
//! watchers have.
//!
//! What is read is always the newest. What is *told* may rest a moment: in a rush many small steps become one delta, so that
//! ten thousand sockets are not woken for each. A plain struct; who wants the rest keeps it ([`crate::pace`]).

mod audience;
mod delta;
mod ear;

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aisle_core::{AreaNo, HoldView, Plan, PlanVersionId, Seq, ShowId, ShowState};
use tokio::sync::broadcast;

use crate::metrics;
use audience::Audiences;
pub(crate) use audience::Telling;
pub use delta::Delta;
use delta::Gathered;
pub use ear::Ear;

/// So many watchers are told together: on one thread ten milliseconds' work.
const AUDIENCE: usize = 1_000;
/// Steps that are gathered while nobody watches: what is gathered names its holds, and must not grow for as long as nobody comes.
const UNWATCHED_STEPS_MAX: u64 = 64;
/// Seats and areas that the ring may name in all, where the plan has fewer: past the size of the house the whole map is shorter
/// than the deltas.
const RING_PLACES_MIN: usize = 1_024;

/// The public state at one durable sequence number.
#[derive(Clone, Debug)]
pub struct FeedSnapshot {
    /// The version of the plan whose order the letters have.
    pub plan_version: PlanVersionId,
    /// The durable sequence number.
    pub seq: Seq,
    /// One letter a seat, in the plan's order.
    pub letters: Arc<str>,
    /// Areas in the plan's order, with the number of places available.
    pub areas: Vec<(AreaNo, u32)>,
    /// What the show as a whole is.
    pub state: ShowState,
}

/// What one turn changed publicly; waits in the gate until it is durable.
#[derive(Clone, Debug, Default)]
pub struct PublicChange {
    /// Places in the plan's order, with their new letters.
    pub seats: Vec<(u32, u8)>,
    /// Areas, with the number of places now available.
    pub areas: Vec<(AreaNo, u32)>,
    /// The show's new state.
    pub show: Option<ShowState>,
    /// Holds that began, changed or ended.
    pub holds: Vec<HoldView>,
}

/// The whole public state, for a feed that begins or begins again.
#[derive(Clone, Debug)]
pub struct PublicState {
    /// The durable sequence number.
    pub seq: Seq,
    /// One letter a seat, in the plan's order.
    pub letters: Vec<u8>,
    /// Areas in the plan's order.
    pub areas: Vec<(AreaNo, u32)>,
    /// What the show as a whole is.
    pub state: ShowState,
}

/// Why a feed tells nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedEnd {
    /// The show is played on another plan now, in whose order the letters mean other seats. It has a new feed.
    PlanChanged,
}

#[derive(Debug)]
struct Current {
    state: PublicState,
    /// What is told, oldest first; each begins where the one before it ends.
    ring: VecDeque<Arc<Delta>>,
    /// Seats and areas that the ring names.
    ring_places: usize,
    /// The number up to which the ring has everything.
    kept: Seq,
    /// What came after it.
    waiting: Gathered,
    /// Somebody will call [`Feed::rested`].
    rests: bool,
    /// The letters as clients get them, made when first asked for.
    letters: Option<Arc<str>>,
    /// Whom it tells; or why nobody any more.
    audiences: Result<Audiences, FeedEnd>,
}

#[derive(Debug)]
pub(crate) struct FeedInner {
    show: ShowId,
    plan: Arc<Plan>,
    ring_max: usize,
    ring_places_max: usize,
    audience: usize,
    current: RwLock<Current>,
}

/// One show's feed. Clone is cheap.
#[derive(Clone, Debug)]
pub struct Feed(pub(crate) Arc<FeedInner>);

impl Feed {
    /// A feed that begins at `state` and remembers the last `ring_max` deltas.
    #[must_use]
    pub fn new(show: ShowId, plan: Arc<Plan>, ring_max: usize, state: PublicState) -> Self {
        Self::in_audiences_of(AUDIENCE, show, plan, ring_max, state)
    }

    /// The same, with so many in an audience, who are told together.
    #[must_use]
    pub fn in_audiences_of(
        audience: usize,
        show: ShowId,
        plan: Arc<Plan>,
        ring_max: usize,
        state: PublicState,
    ) -> Self {
        let ring_places_max = RING_PLACES_MIN.max(state.letters.len());
        let current = RwLock::new(Current {
            kept: state.seq,
            state,
            ring: VecDeque::new(),
            ring_places: 0,
            waiting: Gathered::default(),
            rests: false,
            letters: None,
            audiences: Ok(Audiences::default()),
        });
        Self(Arc::new(FeedInner { show, plan, ring_max, ring_places_max, audience, current }))
    }

    /// Whose feed this is.
    #[must_use]
    pub fn show(&self) -> ShowId {
        self.0.show
    }

    /// The public state at the durable sequence number, told or not.
    #[must_use]
    pub fn snapshot(&self) -> FeedSnapshot {
        {
            let current = self.read();
            if let Some(letters) = &current.letters {
                return self.snapshot_with(&current.state, Arc::clone(letters));
            }
        }
        let mut current = self.write();
        let letters = match &current.letters {
            Some(letters) => Arc::clone(letters),
            None => Arc::from(String::from_utf8_lossy(&current.state.letters).as_ref()),
        };
        current.letters = Some(Arc::clone(&letters));
        self.snapshot_with(&current.state, letters)
    }

    /// What the show as a whole is.
    #[must_use]
    pub fn state(&self) -> ShowState {
        self.read().state.state.clone()
    }

    /// The plan that its numbers belong to.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.0.plan
    }

    /// The version of the plan whose order the letters have.
    #[must_use]
    pub fn plan_version(&self) -> PlanVersionId {
        self.0.plan.version()
    }

    /// The durable sequence number.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.read().state.seq
    }

    /// Everything after `seq` as one delta, told or not; an empty one where `seq` is the newest. `None`: too old, or from a
    /// future that this feed does not know: take the snapshot.
    #[must_use]
    pub fn since(&self, seq: Seq) -> Option<Arc<Delta>> {
        let (told, waiting, newest) = {
            let current = self.read();
            let first = current.ring.front().map_or(current.kept, |delta| delta.from);
            if seq < first || seq > current.state.seq {
                return None;
            }
            if seq == current.state.seq {
                return Some(Arc::new(Gathered::default().into_delta(&self.0.plan, seq, seq)));
            }
            let later = current.ring.partition_point(|delta| delta.seq <= seq);
            let told: Vec<_> = current.ring.range(later..).cloned().collect();
            if told.first().is_some_and(|first| first.difference && first.from < seq) {
                return None;
            }
            (told, current.waiting.clone(), current.state.seq)
        };
        // Merged outside the lock: the show's turns wait for it.
        if let [only] = told.as_slice()
            && (only.from, only.seq) == (seq, newest)
        {
            return Some(Arc::clone(only));
        }
        let mut gathered = Gathered::default();
        told.iter().for_each(|delta| gathered.add_delta(delta));
        gathered.add_later(waiting);
        Some(Arc::new(gathered.into_delta(&self.0.plan, seq, newest)))
    }

    /// Every delta from now on. Subscribe before reading: then each delta either is in what was read
    /// (`delta.seq` is not above it) or goes on from it ([`Delta::text_for`]). A receiver that lags has to resync; one that is
    /// closed asks [`Feed::ended`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Delta>> {
        self.watch().0
    }

    /// The same, and perhaps an ear, where the audience that is joined has too few: by them the feed knows how long its words take.
    #[must_use]
    pub fn watch(&self) -> (broadcast::Receiver<Arc<Delta>>, Option<Ear>) {
        let mut current = self.write();
        let kept = current.kept;
        match &mut current.audiences {
            Ok(audiences) => audiences.join(self.0.audience, kept),
            // Closed from the beginning.
            Err(_) => (broadcast::channel(1).1, None),
        }
    }

    /// How many watch.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.read().audiences.as_ref().map_or(0, Audiences::watchers)
    }

    /// Who is being told.
    pub(crate) fn telling(&self) -> Option<Telling> {
        self.read().audiences.as_ref().ok().and_then(Audiences::telling)
    }

    /// Everything up to `seq` is durable: brings the copy there and tells the subscribers.
    pub fn publish(&self, seq: Seq, changes: Vec<PublicChange>) {
        let mut current = self.write();
        current.gather(seq, changes);
        self.tell_all(&mut current);
    }

    /// The same for somebody who keeps the feed's rests: tells the audience whose turn it is at once, or when the rest that goes on is
    /// over. Whether a rest begins now, after which [`Feed::rested`] is to be called.
    ///
    /// While nobody watches, there is nobody to tell and nothing to rest from: steps are gathered, so that whoever comes back finds
    /// them, and a thousand shows that nobody looks at write no deltas and set no timers.
    #[must_use]
    pub fn publish_after_rest(&self, seq: Seq, changes: Vec<PublicChange>) -> bool {
        let mut current = self.write();
        current.gather(seq, changes);
        let unwatched = current.is_unwatched();
        if current.rests || (unwatched && current.waiting.steps < UNWATCHED_STEPS_MAX) {
            return false;
        }
        current.rests = self.tell_next(&mut current);
        current.rests
    }

    /// A rest is over: tells the next audience what it lacks. Whether it rests again; it doesn't where nobody lacks anything.
    #[must_use]
    pub fn rested(&self) -> bool {
        let mut current = self.write();
        current.rests = self.tell_next(&mut current);
        current.rests
    }

    /// Tells nothing more. Receivers find it closed once they have read what was told before.
    pub fn end(&self, why: FeedEnd) {
        let mut current = self.write();
        self.tell_all(&mut current);
        current.audiences = Err(why);
    }

    /// Why it tells nothing more; `None` while it does.
    #[must_use]
    pub fn ended(&self) -> Option<FeedEnd> {
        self.read().audiences.as_ref().err().copied()
    }

    /// Puts what waits into the ring.
    fn keep(&self, current: &mut Current) {
        let (from, seq) = (current.kept, current.state.seq);
        if from == seq {
            return;
        }
        let gathered = std::mem::take(&mut current.waiting);
        metrics::told(gathered.steps);
        let delta = Arc::new(gathered.into_delta(&self.0.plan, from, seq));
        current.kept = seq;
        current.ring_places += delta.places();
        current.ring.push_back(delta);
        // Each audience has its own words, and the ring has what is between them.
        let (told, audiences) = match &current.audiences {
            Ok(audiences) => (audiences.least_told(seq), audiences.count().max(1)),
            Err(_) => (seq, 1),
        };
        let ring_max = self.0.ring_max.saturating_mul(audiences);
        while current.ring.len() > ring_max || current.ring_places > self.0.ring_places_max {
            let oldest = current.ring.pop_front_if(|oldest| oldest.seq <= told);
            let Some(oldest) = oldest else { break };
            current.ring_places -= oldest.places();
        }
    }

    // Both under the lock, so that deltas leave in their order.
    fn tell_all(&self, current: &mut Current) {
        self.keep(current);
        if let Ok(audiences) = &mut current.audiences {
            audiences.tell_all(&current.ring, &self.0.plan, current.kept);
        }
    }

    /// Whether there was anything to tell.
    fn tell_next(&self, current: &mut Current) -> bool {
        self.keep(current);
        let told =
            current.audiences.as_mut().map(|audiences| audiences.tell_next(&current.ring, &self.0.plan, current.kept));
        told.unwrap_or(false)
    }

    /// The show was loaded again and stands at `state`: tells the subscribers the difference. Nothing happens where the feed has
    /// got further already.
    pub fn catch_up(&self, state: PublicState, holds: Vec<HoldView>) {
        let mut current = self.write();
        if state.seq <= current.state.seq {
            return;
        }
        self.tell_all(&mut current);
        let old = &current.state;
        let letters = old.letters.iter().zip(&state.letters).enumerate();
        let change = PublicChange {
            seats: letters
                .filter(|(_, (old, new))| old != new)
                .map(|(place, (_, &new))| (u32::try_from(place).unwrap_or(u32::MAX), new))
                .collect(),
            areas: state.areas.iter().filter(|area| !old.areas.contains(area)).copied().collect(),
            show: (old.state != state.state).then(|| state.state.clone()),
            holds,
        };
        current.gather(state.seq, vec![change]);
        // Whoever followed another process through what happened in between may have seen a seat taken that was given back
        // since, and this doesn't name it.
        current.waiting.difference = true;
        self.tell_all(&mut current);
    }

    fn snapshot_with(&self, state: &PublicState, letters: Arc<str>) -> FeedSnapshot {
        FeedSnapshot {
            plan_version: self.0.plan.version(),
            seq: state.seq,
            letters,
            areas: state.areas.clone(),
            state: state.state.clone(),
        }
    }

    // Every section under this lock leaves the copy whole, so a poisoned lock is as good as any other.
    fn read(&self) -> RwLockReadGuard<'_, Current> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Current> {
        self.0.current.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn is_unwatched(&self) -> bool {
        self.audiences.as_ref().is_ok_and(Audiences::is_empty)
    }

    /// Brings the copy to `seq`; what is to be told waits.
    fn gather(&mut self, seq: Seq, changes: Vec<PublicChange>) {
        if seq <= self.state.seq {
            return;
        }
        for mut change in changes {
            change.seats.retain(|&(place, letter)| {
                let known = self.state.letters.get_mut(place as usize);
                known.map(|known| *known = letter).is_some()
            });
            change.areas.retain(|&(area, available)| {
                let known = self.state.areas.iter_mut().find(|(number, _)| *number == area);
                known.map(|(_, known)| *known = available).is_some()
            });
            if let Some(state) = &change.show {
                self.state.state = state.clone();
            }
            if !change.seats.is_empty() {
                self.letters = None;
            }
            self.waiting.add(change);
        }
        self.waiting.steps += 1;
        self.state.seq = seq;
    }
}
