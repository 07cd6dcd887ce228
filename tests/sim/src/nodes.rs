//! The two nodes: their leases, what befalls them, and how a show wakes and sleeps in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aisle_actors::core::{Seq, ShowId, Timestamp};
use aisle_actors::turn::Turn;
use aisle_actors::{Epoch, Feed, JournalError, NodeId};
use uuid::Uuid;

use crate::auditor::{Verdict, must};
use crate::house::{House, NODES, Ticket};

const LEASE_MS: i64 = 10_000;
/// A node trusts its lease a little less long than the database does.
const LEASE_MARGIN_MS: i64 = 1_000;
const SNAPSHOT_EVERY: u64 = 20;

pub struct Life {
    pub number: u64,
    pub turn: Turn<Ticket>,
    pub epoch: Epoch,
    pub lease: u64,
    pub feed: Feed,
    /// What a watcher has made of the deltas.
    pub watcher: (Seq, Vec<u8>),
}

pub struct Node {
    pub id: NodeId,
    pub lives: BTreeMap<ShowId, Life>,
    /// By the database; and which lease it is.
    pub lease_until: i64,
    pub lease: u64,
    /// The database has seen it end.
    pub ended: bool,
    pub skew_ms: i64,
    /// Until when it does nothing at all, and nothing of it is lost.
    pub asleep_until: i64,
    pub no_renewal_until: i64,
    pub down_until: i64,
}

impl House {
    pub fn new_node(&mut self) -> Node {
        Node {
            id: NodeId(Uuid::from_u128(u128::from(self.number()))),
            lives: BTreeMap::new(),
            lease_until: self.now + LEASE_MS,
            lease: self.number(),
            ended: false,
            skew_ms: 0,
            asleep_until: i64::MIN,
            no_renewal_until: i64::MIN,
            down_until: i64::MIN,
        }
    }

    pub fn is_up(&self, node: usize) -> bool {
        self.now >= self.nodes[node].down_until && self.now >= self.nodes[node].asleep_until
    }

    /// What the node takes for the time.
    pub fn now_at(&self, node: usize) -> Timestamp {
        Timestamp(self.now + self.nodes[node].skew_ms)
    }

    pub fn may_speak(&self, node: usize, lease: u64) -> bool {
        let node = &self.nodes[node];
        lease == node.lease && self.now < node.lease_until - LEASE_MARGIN_MS
    }

    pub fn leases(&mut self) {
        let now = self.now;
        for (id, _) in self.dead.extract_if(.., |(_, until)| *until <= now) {
            self.report.count("fault: lease ended");
            self.memory.end_lease(id);
        }
        for at in 0..NODES {
            let renews = self.is_up(at) && self.now >= self.nodes[at].no_renewal_until;
            // Awake and connected, it has renewed all along, however far time went.
            let slept = self.nodes[at].asleep_until.max(self.nodes[at].no_renewal_until).max(self.nodes[at].down_until);
            let missed = slept > self.nodes[at].lease_until && slept > i64::MIN;
            if renews && !missed {
                self.nodes[at].lease_until = self.now + LEASE_MS;
                continue;
            }
            if self.now >= self.nodes[at].lease_until && !self.nodes[at].ended {
                self.report.count("fault: lease ended");
                self.nodes[at].ended = true;
                self.memory.end_lease(self.nodes[at].id);
            }
            if renews {
                // It begins a new lease; what it acquired under the old one is nobody's.
                self.memory.renew_lease(self.nodes[at].id);
                self.nodes[at].lease_until = self.now + LEASE_MS;
                self.nodes[at].lease = self.number();
                self.nodes[at].ended = false;
                self.nodes[at].asleep_until = i64::MIN;
                self.nodes[at].no_renewal_until = i64::MIN;
                self.nodes[at].down_until = i64::MIN;
            }
        }
    }

    pub fn mishaps(&mut self) {
        for at in 0..NODES {
            if !self.is_up(at) {
                continue;
            }
            match self.rng.below(4_000) {
                0..8 => self.crash(at),
                8..14 => {
                    self.report.count("fault: sleeper");
                    self.nodes[at].asleep_until = self.now + self.rng.between(500, 30_000).cast_signed();
                }
                14..20 => self.nodes[at].no_renewal_until = self.now + self.rng.between(1_000, 40_000).cast_signed(),
                20..40 => {
                    self.report.count("fault: clock step");
                    self.nodes[at].skew_ms = self.rng.between(0, 6_000).cast_signed() - 3_000;
                }
                _ => {}
            }
        }
    }

    /// Kill -9: memory is gone, what was sent to the database may still arrive.
    fn crash(&mut self, at: usize) {
        self.report.count("fault: crash");
        let old = self.nodes[at].id;
        if self.flights.iter().any(|flight| flight.id == old && flight.outcome.is_none()) {
            self.report.count("fault: crash with an append on its way");
        }
        let mut next = self.new_node();
        if self.rng.chance(500) {
            // It holds its data directory, so the one before is dead for certain.
            self.report.count("fault: restart on its own data directory");
            self.memory.end_lease(old);
        } else {
            // Nobody renews it any more; whatever comes up in its place does so when it has ended.
            self.dead.push((old, self.nodes[at].lease_until));
            next.down_until = self.now + LEASE_MS + 1;
            next.lease_until = next.down_until + LEASE_MS;
        }
        self.nodes[at] = next;
    }

    /// Acquires, loads, replays. `false`: not ours, or it fell on the way.
    pub fn wake(&mut self, at: usize, show: ShowId) -> Result<bool, String> {
        let id = self.nodes[at].id;
        let epoch = match self.memory.acquire_now(id, show) {
            Ok(epoch) => epoch,
            Err(JournalError::Fenced { .. }) => {
                self.report.count("turn: refused to acquire");
                return Ok(false);
            }
            Err(other) => return Err(format!("{other:?}")),
        };
        let before = self.owners.insert(show, (id, epoch));
        must(before.is_none_or(|(_, last)| last < epoch), || format!("{epoch:?} of {show} came after {before:?}"))?;
        self.report.count("turn: acquired");
        if self.nodes.iter().enumerate().any(|(other, node)| other != at && node.lives.contains_key(&show)) {
            self.report.count("fault: two owners");
        }
        if !self.calm && self.rng.chance(25) {
            self.report.count("fault: crash between acquire and load");
            self.crash(at);
            return Ok(false);
        }
        let recovered = self.memory.load_now(show, true).map_err(|error| error.to_string())?;
        if recovered.snapshot.is_some() {
            self.report.count("turn: loaded from a snapshot");
        }
        let (turn, _) = Turn::recover(show, &self.plan, recovered, SNAPSHOT_EVERY, None).map_err(|e| e.to_string())?;
        let state = turn.public_state();
        let model = self.models.get(&show).ok_or("no such show")?;
        let letters = String::from_utf8_lossy(&state.letters).into_owned();
        if state.seq != model.seq || model.letters_at(state.seq) != Some(&letters) {
            return Err(format!(
                "show {show} woke as {letters} at {}, the journal ends at {}",
                state.seq.0, model.seq.0
            ));
        }
        let watcher = (state.seq, state.letters.clone());
        let feed = Feed::new(show, Arc::clone(&self.plan), 16, state);
        let (number, lease) = (self.number(), self.nodes[at].lease);
        self.nodes[at].lives.insert(show, Life { number, turn, epoch, lease, feed, watcher });
        Ok(true)
    }

    /// A show goes to sleep in good order.
    pub fn passivate(&mut self) -> Verdict {
        if self.calm || !self.rng.chance(10) {
            return Ok(());
        }
        let at = usize::try_from(self.rng.below(NODES as u64)).unwrap_or(0);
        let Some(&show) = self.rng.pick(&self.shows) else { return Ok(()) };
        let now = self.now_at(at);
        if !self.is_up(at) {
            return Ok(());
        }
        let id = self.nodes[at].id;
        let Some(life) = self.nodes[at].lives.get_mut(&show).filter(|life| life.turn.is_settled()) else {
            return Ok(());
        };
        let epoch = life.epoch;
        if let Some(snapshot) = life.turn.snapshot(now)
            && self.memory.save_snapshot_now(id, show, epoch, snapshot).is_ok()
        {
            self.report.count("turn: snapshot");
        }
        self.memory.hand_over_now(id, show, epoch);
        self.report.count("turn: handed over");
        self.drop_life(at, show);
        Ok(())
    }
}
