//! A journal in memory, with the faults that a real one has. For tests, the simulator and benches.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aisle_core::planted::{self, Bug};
use aisle_core::{Entry, Seq, ShowId, Timestamp};
use tokio::sync::watch;

use crate::journal::{BoxFuture, Epoch, Journal, JournalError, Line, NodeId, Recovered, Snapshot, entries_of};
use crate::summary::{ShowSummary, StoreError, Summaries};

/// What happens to one append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is lost on the way there: nothing is written, and nobody knows.
    LostBefore,
    /// The connection is lost on the way back: it is written, and nobody knows.
    LostAfter,
    /// A definite no.
    Refuse,
    /// Stays on its way, before it has locked anything, until [`MemoryHouse::release`].
    HeldBeforeLock,
    /// Stays on its way with the show's owner row locked, until [`MemoryHouse::release`]: an `acquire` waits for it.
    HeldWithLock,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    node: NodeId,
    epoch: Epoch,
    handed_over: bool,
}

#[derive(Debug, Default)]
struct ShowRows {
    owner: Option<Owner>,
    entries: Vec<Entry>,
    snapshots: BTreeMap<Seq, Snapshot>,
}

#[derive(Debug, Default)]
struct State {
    shows: HashMap<ShowId, ShowRows>,
    summaries: HashMap<ShowId, ShowSummary>,
    ended_leases: HashSet<NodeId>,
    faults: VecDeque<Fault>,
    locked: HashSet<ShowId>,
    appends: u64,
}

/// The database: what the journals of several nodes share. Clone is cheap.
#[derive(Clone, Debug)]
pub struct MemoryHouse {
    state: Arc<Mutex<State>>,
    /// Counts releases, and tells everybody who waits that something may have changed.
    released: Arc<watch::Sender<u64>>,
}

impl Default for MemoryHouse {
    fn default() -> Self {
        Self { state: Arc::default(), released: Arc::new(watch::Sender::new(0)) }
    }
}

impl MemoryHouse {
    /// The journal of one node.
    #[must_use]
    pub fn journal(&self, node: NodeId) -> MemoryJournal {
        MemoryJournal { house: self.clone(), node }
    }

    /// The summaries, as one node sees them.
    #[must_use]
    pub fn summaries(&self, node: NodeId) -> MemorySummaries {
        MemorySummaries { house: self.clone(), node }
    }

    /// From now on anybody may take over this node's shows.
    pub fn end_lease(&self, node: NodeId) {
        self.lock().ended_leases.insert(node);
    }

    /// The node has a new lease.
    pub fn renew_lease(&self, node: NodeId) {
        self.lock().ended_leases.remove(&node);
    }

    /// What happens to the next append that nothing has been foreseen for yet.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Lets every held append go on.
    pub fn release(&self) {
        self.released.send_modify(|releases| *releases += 1);
    }

    /// Returns once `count` appends have arrived here, held ones included.
    pub async fn arrived(&self, count: u64) {
        let mut changed = self.released.subscribe();
        while self.lock().appends < count {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// How many appends have arrived.
    #[must_use]
    pub fn appends(&self) -> u64 {
        self.lock().appends
    }

    /// A show's journal as it is stored.
    #[must_use]
    pub fn entries(&self, show: ShowId) -> Vec<Entry> {
        self.lock().shows.get(&show).map(|rows| rows.entries.clone()).unwrap_or_default()
    }

    /// The newest snapshot of a show.
    #[must_use]
    pub fn newest_snapshot(&self, show: ShowId) -> Option<Snapshot> {
        self.lock().shows.get(&show)?.snapshots.values().next_back().cloned()
    }

    /// The summary of a show.
    #[must_use]
    pub fn summary(&self, show: ShowId) -> Option<ShowSummary> {
        self.lock().summaries.get(&show).cloned()
    }

    /// How many shows a node has acquired and not handed over.
    #[must_use]
    pub fn owned(&self, node: NodeId) -> usize {
        let state = self.lock();
        let owners = state.shows.values().filter_map(|rows| rows.owner);
        owners.filter(|owner| owner.node == node && !owner.handed_over).count()
    }

    /// Changes what is stored, as no journal would: for tests of damage.
    pub fn damage(&self, show: ShowId, damage: impl FnOnce(&mut Vec<Entry>, &mut BTreeMap<Seq, Snapshot>)) {
        let mut state = self.lock();
        let rows = state.shows.entry(show).or_default();
        damage(&mut rows.entries, &mut rows.snapshots);
    }

    /// See [`Journal::acquire`]; without waiting for anything.
    ///
    /// # Errors
    /// As there.
    pub fn acquire_now(&self, node: NodeId, show: ShowId) -> Result<Epoch, JournalError> {
        let mut state = self.lock();
        if state.ended_leases.contains(&node) {
            return Err(JournalError::Fenced { show });
        }
        let owner = state.shows.get(&show).and_then(|rows| rows.owner);
        let epoch = match owner {
            None => Epoch(1),
            Some(owner) if owner.node == node || owner.handed_over || state.ended_leases.contains(&owner.node) => {
                Epoch(owner.epoch.0 + 1)
            }
            Some(_) => return Err(JournalError::Fenced { show }),
        };
        state.shows.entry(show).or_default().owner = Some(Owner { node, epoch, handed_over: false });
        Ok(epoch)
    }

    /// See [`Journal::append`]; at once and without faults.
    ///
    /// # Errors
    /// As there; never `Unknown`.
    pub fn append_now(&self, node: NodeId, show: ShowId, epoch: Epoch, entries: &[Entry]) -> Result<(), JournalError> {
        let mut state = self.lock();
        let rows = state.must_own(node, show, epoch)?;
        let mut expected = rows.entries.last().map_or(Seq(0), |entry| entry.seq).next();
        for entry in entries {
            if entry.seq != expected {
                let what = format!("entry {} came where {} was due", entry.seq.0, expected.0);
                return Err(JournalError::Refused { show, cause: what.into() });
            }
            expected = expected.next();
        }
        rows.entries.extend_from_slice(entries);
        Ok(())
    }

    /// See [`Journal::load`].
    ///
    /// # Errors
    /// As there.
    pub fn load_now(&self, show: ShowId, with_snapshot: bool) -> Result<Recovered, JournalError> {
        let state = self.lock();
        let Some(rows) = state.shows.get(&show) else { return Ok(Recovered::default()) };
        let snapshot = rows.snapshots.values().next_back().filter(|_| with_snapshot).cloned();
        let newest = rows.entries.last().map_or(Seq(0), |entry| entry.seq);
        let after = snapshot.as_ref().map_or(Seq(0), |snapshot| snapshot.seq);
        if after > newest {
            let what = format!("its snapshot stands at {} and its journal ends at {}", after.0, newest.0);
            return Err(JournalError::Damaged { show, what });
        }
        let entries = entries_of(show, after, lines_after(rows, after, usize::MAX))?;
        Ok(Recovered { snapshot, entries })
    }

    /// See [`Journal::save_snapshot`].
    ///
    /// # Errors
    /// As there.
    pub fn save_snapshot_now(
        &self,
        node: NodeId,
        show: ShowId,
        epoch: Epoch,
        snapshot: Snapshot,
    ) -> Result<(), JournalError> {
        let mut state = self.lock();
        let rows = state.must_own(node, show, epoch)?;
        if !rows.entries.iter().any(|entry| entry.seq == snapshot.seq) {
            let cause = format!("the journal has not got to {}", snapshot.seq.0).into();
            return Err(JournalError::Refused { show, cause });
        }
        rows.snapshots.insert(snapshot.seq, snapshot);
        Ok(())
    }

    /// See [`Journal::hand_over`].
    pub fn hand_over_now(&self, node: NodeId, show: ShowId, epoch: Epoch) {
        let mut state = self.lock();
        if let Some(owner) = state.shows.get_mut(&show).and_then(|rows| rows.owner.as_mut())
            && owner.node == node
            && owner.epoch == epoch
        {
            owner.handed_over = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to happen to this append, and how often held ones had been released when it came.
    fn arrive(&self) -> (Option<Fault>, u64) {
        let before = *self.released.borrow();
        let fault = {
            let mut state = self.lock();
            state.appends += 1;
            state.faults.pop_front()
        };
        self.released.send_modify(|_| {});
        (fault, before)
    }

    async fn held(&self, before: u64) {
        let mut released = self.released.subscribe();
        while *released.borrow_and_update() == before {
            if released.changed().await.is_err() {
                return;
            }
        }
    }

    async fn unlocked(&self, show: ShowId) {
        let mut changed = self.released.subscribe();
        while self.lock().locked.contains(&show) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }
}

impl State {
    fn must_own(&mut self, node: NodeId, show: ShowId, epoch: Epoch) -> Result<&mut ShowRows, JournalError> {
        let fenced = JournalError::Fenced { show };
        let Some(rows) = self.shows.get_mut(&show) else { return Err(fenced) };
        match rows.owner {
            Some(owner) if owner.node == node && owner.epoch == epoch => Ok(rows),
            Some(_) if planted::is(Bug::SkipOwnerLock) => Ok(rows),
            Some(_) | None => Err(fenced),
        }
    }
}

fn lines_after(rows: &ShowRows, after: Seq, max: usize) -> Vec<Line> {
    let lines = rows.entries.iter().filter(|entry| entry.seq > after).take(max);
    lines.map(|entry| Line { seq: entry.seq, at: entry.at, event: Ok(entry.event.clone()) }).collect()
}

/// One node's journal in a [`MemoryHouse`].
#[derive(Clone, Debug)]
pub struct MemoryJournal {
    house: MemoryHouse,
    node: NodeId,
}

impl Journal for MemoryJournal {
    fn acquire(&self, show: ShowId) -> BoxFuture<'_, Result<Epoch, JournalError>> {
        Box::pin(async move {
            self.house.unlocked(show).await;
            self.house.acquire_now(self.node, show)
        })
    }

    fn load(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>> {
        Box::pin(async move { self.house.load_now(show, true) })
    }

    fn load_whole(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>> {
        Box::pin(async move { self.house.load_now(show, false) })
    }

    fn lines(&self, show: ShowId, after: Seq, max: usize) -> BoxFuture<'_, Result<Vec<Line>, JournalError>> {
        Box::pin(async move {
            let state = self.house.lock();
            Ok(state.shows.get(&show).map(|rows| lines_after(rows, after, max)).unwrap_or_default())
        })
    }

    fn snapshot(&self, show: ShowId, until: Seq) -> BoxFuture<'_, Result<Option<Snapshot>, JournalError>> {
        Box::pin(async move {
            let state = self.house.lock();
            Ok(state
                .shows
                .get(&show)
                .and_then(|rows| rows.snapshots.range(..=until).next_back())
                .map(|(_, kept)| kept.clone()))
        })
    }

    fn heads(&self, shows: Vec<ShowId>) -> BoxFuture<'_, Result<Vec<(ShowId, Seq)>, StoreError>> {
        Box::pin(async move {
            let state = self.house.lock();
            let head = |show: ShowId| Some((show, state.shows.get(&show)?.entries.last()?.seq));
            Ok(shows.into_iter().filter_map(head).collect())
        })
    }

    fn append(&self, show: ShowId, epoch: Epoch, entries: Arc<[Entry]>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let house = &self.house;
            let unknown = || JournalError::Unknown { show, cause: "the connection was lost, as a test wanted".into() };
            let (fault, before) = house.arrive();
            match fault {
                None => {}
                Some(Fault::LostBefore) => return Err(unknown()),
                Some(Fault::LostAfter) => {
                    house.append_now(self.node, show, epoch, &entries)?;
                    return Err(unknown());
                }
                Some(Fault::Refuse) => {
                    return Err(JournalError::Refused { show, cause: "refused, as a test wanted".into() });
                }
                Some(Fault::HeldBeforeLock) => house.held(before).await,
                Some(Fault::HeldWithLock) => {
                    house.lock().must_own(self.node, show, epoch)?;
                    house.lock().locked.insert(show);
                    house.held(before).await;
                    let outcome = house.append_now(self.node, show, epoch, &entries);
                    house.lock().locked.remove(&show);
                    house.released.send_modify(|_| {});
                    return outcome;
                }
            }
            house.append_now(self.node, show, epoch, &entries)
        })
    }

    fn save_snapshot(&self, show: ShowId, epoch: Epoch, snapshot: Snapshot) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move { self.house.save_snapshot_now(self.node, show, epoch, snapshot) })
    }

    fn hand_over(&self, show: ShowId, epoch: Epoch) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            self.house.hand_over_now(self.node, show, epoch);
            Ok(())
        })
    }
}

/// One node's summaries in a [`MemoryHouse`].
#[derive(Clone, Debug)]
pub struct MemorySummaries {
    house: MemoryHouse,
    node: NodeId,
}

impl Summaries for MemorySummaries {
    fn write(&self, rows: Vec<ShowSummary>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut state = self.house.lock();
            for row in rows {
                let newer = state.summaries.get(&row.show).is_none_or(|kept| kept.seq <= row.seq);
                if newer {
                    state.summaries.insert(row.show, row);
                }
            }
            Ok(())
        })
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<ShowId>, StoreError>> {
        Box::pin(async move {
            let state = self.house.lock();
            let owner = |show: &ShowId| state.shows.get(show).and_then(|rows| rows.owner).filter(|o| !o.handed_over);
            let another_has_it = |show: &ShowId| {
                owner(show).is_some_and(|owner| owner.node != self.node && !state.ended_leases.contains(&owner.node))
            };
            let mut due: Vec<ShowId> = state
                .summaries
                .values()
                .filter(|row| row.next_deadline.is_some_and(|deadline| deadline <= now))
                .map(|row| row.show)
                .collect();
            due.extend(state.shows.keys().filter(|show| owner(show).is_some()));
            due.retain(|show| !another_has_it(show));
            due.sort_unstable();
            due.dedup();
            Ok(due)
        })
    }
}
