//! The feed: a show's public state at its durable sequence number, and the recent changes that led there.
//!
//! Public reads use it and never enter a mailbox. It outlives the actor: a rebuilt show goes on with the feed that its
//! watchers have.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aisle_core::{AreaNo, HoldId, HoldView, Plan, PlanVersionId, Seq, ShowId, ShowState};
use tokio::sync::broadcast;

/// Deltas that a subscriber may be behind before it has to resync. The ring keeps more, for those who reconnect.
const SUBSCRIBER_LAG_MAX: usize = 256;

/// What changed publicly between two durable sequence numbers; encoded once.
#[derive(Clone, Debug)]
pub struct Delta {
    /// The number before it: what a client must have to apply this.
    pub from: Seq,
    /// The number after it.
    pub seq: Seq,
    /// Places in the plan's order, with their new letters.
    pub seats: Vec<(u32, u8)>,
    /// Areas, with the number of places now available.
    pub areas: Vec<(AreaNo, u32)>,
    /// The show's new state, where it changed.
    pub show: Option<ShowState>,
    /// Holds that began, changed or ended. Private: a socket picks its own.
    pub holds: Vec<HoldView>,
    /// `{"t":"delta",…}`, ready to send.
    pub json: Arc<str>,
}

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

#[derive(Debug)]
struct Current {
    state: PublicState,
    ring: VecDeque<Arc<Delta>>,
    /// The letters as clients get them, made when first asked for.
    letters: Option<Arc<str>>,
}

#[derive(Debug)]
pub(crate) struct FeedInner {
    show: ShowId,
    plan: Arc<Plan>,
    ring_max: usize,
    current: RwLock<Current>,
    sender: broadcast::Sender<Arc<Delta>>,
}

/// One show's feed. Clone is cheap.
#[derive(Clone, Debug)]
pub struct Feed(pub(crate) Arc<FeedInner>);

impl Feed {
    /// A feed that begins at `state` and remembers the last `ring_max` deltas.
    #[must_use]
    pub fn new(show: ShowId, plan: Arc<Plan>, ring_max: usize, state: PublicState) -> Self {
        let current = RwLock::new(Current { state, ring: VecDeque::new(), letters: None });
        Self(Arc::new(FeedInner { show, plan, ring_max, current, sender: broadcast::Sender::new(SUBSCRIBER_LAG_MAX) }))
    }

    /// Whose feed this is.
    #[must_use]
    pub fn show(&self) -> ShowId {
        self.0.show
    }

    /// The public state at the durable sequence number.
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

    /// What happened after `seq`, oldest first; nothing where `seq` is the newest. `None`: too old, not a number that a client
    /// of this feed can have, or from the future: take the snapshot.
    #[must_use]
    pub fn since(&self, seq: Seq) -> Option<Vec<Arc<Delta>>> {
        let current = self.read();
        if seq == current.state.seq {
            return Some(Vec::new());
        }
        let first = current.ring.iter().position(|delta| delta.from == seq)?;
        Some(current.ring.iter().skip(first).cloned().collect())
    }

    /// Every delta from now on. Subscribe before taking the snapshot. A receiver that lags has to resync.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Delta>> {
        self.0.sender.subscribe()
    }

    /// How many watch.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.0.sender.receiver_count()
    }

    /// Everything up to `seq` is durable: brings the copy there and tells the subscribers. Where several changes name one place,
    /// the last one counts.
    pub fn publish(&self, seq: Seq, changes: Vec<PublicChange>) {
        self.advance(&mut self.write(), seq, changes);
    }

    fn advance(&self, current: &mut Current, seq: Seq, changes: Vec<PublicChange>) {
        if seq <= current.state.seq {
            return;
        }
        let mut seats = BTreeMap::new();
        let mut areas = BTreeMap::new();
        let mut show = None;
        let mut holds: Vec<HoldView> = Vec::new();
        let mut place_of: BTreeMap<HoldId, usize> = BTreeMap::new();
        for change in changes {
            seats.extend(change.seats);
            areas.extend(change.areas);
            show = change.show.or(show);
            for hold in change.holds {
                match place_of.get(&hold.hold) {
                    Some(&at) => holds[at] = hold,
                    None => {
                        place_of.insert(hold.hold, holds.len());
                        holds.push(hold);
                    }
                }
            }
        }
        // A seat that was held and released within one step is, to the public, unchanged.
        seats.retain(|&place: &u32, letter: &mut u8| {
            current.state.letters.get_mut(place as usize).is_some_and(|old| std::mem::replace(old, *letter) != *letter)
        });
        areas.retain(|area, available| {
            let known = current.state.areas.iter_mut().find(|(number, _)| number == area);
            known.is_some_and(|(_, old)| std::mem::replace(old, *available) != *available)
        });
        if let Some(state) = &show {
            current.state.state = state.clone();
        }
        if !seats.is_empty() {
            current.letters = None;
        }
        let from = std::mem::replace(&mut current.state.seq, seq);
        let (seats, areas): (Vec<_>, Vec<_>) = (seats.into_iter().collect(), areas.into_iter().collect());
        let json = encode(&self.0.plan, from, seq, &seats, &areas);
        let delta = Arc::new(Delta { from, seq, seats, areas, show, holds, json });
        if current.ring.len() >= self.0.ring_max {
            current.ring.pop_front();
        }
        current.ring.push_back(Arc::clone(&delta));
        // Nobody listening is fine. Sent under the lock, so that deltas leave in their order.
        let _ = self.0.sender.send(delta);
    }

    /// The show was loaded again and stands at `state`: tells the subscribers the difference. Nothing happens where the feed has
    /// got further already.
    pub fn catch_up(&self, state: PublicState, holds: Vec<HoldView>) {
        // Compared and brought there under one lock: a show may be read from its journal while it wakes.
        let mut current = self.write();
        let letters = current.state.letters.iter().zip(&state.letters).enumerate();
        let change = PublicChange {
            seats: letters
                .filter(|(_, (old, new))| old != new)
                .map(|(place, (_, &new))| (u32::try_from(place).unwrap_or(u32::MAX), new))
                .collect(),
            areas: state.areas,
            show: (current.state.state != state.state).then_some(state.state),
            holds,
        };
        self.advance(&mut current, state.seq, vec![change]);
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

fn encode(plan: &Plan, from: Seq, seq: Seq, seats: &[(u32, u8)], areas: &[(AreaNo, u32)]) -> Arc<str> {
    use std::fmt::Write as _;

    let mut json = format!(r#"{{"t":"delta","from":{},"seq":{},"seats":["#, from.0, seq.0);
    for (at, (place, letter)) in seats.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing into a String cannot fail.
        let _ = write!(json, r#"{comma}[{place},"{}"]"#, char::from(*letter));
    }
    json.push_str(r#"],"areas":["#);
    let mut comma = "";
    for (number, available) in areas {
        if let Some(area) = plan.area(*number) {
            let id = serde_json::Value::from(&*area.id);
            let _ = write!(json, "{comma}[{id},{available}]");
            comma = ",";
        }
    }
    json.push_str("]}");
    Arc::from(json)
}
