//! The house: shows on two nodes, one database, simulated time, and everything that goes wrong between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aisle_actors::core::{
    Area, AreaNo, CategoryNo, Plan, PlanBuilder, PlanVersionId, Point, Seat, SeatNo, SectionNo, Seq, ShowId, Timestamp,
};
use aisle_actors::turn::{Effect, Turn};
use aisle_actors::{Epoch, Feed, JournalError, MemoryHouse, NodeId};
use uuid::Uuid;

use crate::auditor::{Model, Verdict};
use crate::client::{Clients, Wanted};
use crate::report::Report;
use crate::rng::Rng;
use crate::traffic::Flight;

pub const SEATS: u32 = 24;
pub const FLOOR: u32 = 60;
const SHOWS: usize = 5;
const NODES: usize = 2;
const LEASE_MS: i64 = 10_000;
/// A node trusts its lease a little less long than the database does.
const LEASE_MARGIN_MS: i64 = 1_000;
const SNAPSHOT_EVERY: u64 = 20;
const WANTED_MAX: usize = 24;
const START: i64 = 1_800_000_000_000;

/// Who is to be answered: an attempt of a wish.
pub type Ticket = u64;

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

pub struct House {
    pub rng: Rng,
    pub report: Report,
    pub now: i64,
    tick: u64,
    pub plan: Arc<Plan>,
    pub memory: MemoryHouse,
    pub nodes: Vec<Node>,
    /// Nodes that fell, and when their leases end.
    dead: Vec<(NodeId, i64)>,
    shows: Vec<ShowId>,
    pub models: BTreeMap<ShowId, Model>,
    pub flights: Vec<Flight>,
    clients: Clients,
    pub wanted: BTreeMap<u64, Wanted>,
    pub tickets: BTreeMap<Ticket, (u64, Wanted, Seq)>,
    numbers: u64,
}

fn plan() -> Result<Arc<Plan>, String> {
    let mut plan = PlanBuilder::new(PlanVersionId(Uuid::from_u128(1)), ["Best", "Rest"]);
    plan.section("stalls");
    for number in 0..SEATS {
        if number % 8 == 0 {
            plan.row();
        }
        plan.seat(Seat {
            number: SeatNo(number),
            guid: format!("seat-{number}").into(),
            section: SectionNo(0),
            row: 0,
            category: CategoryNo(u16::from(number >= 8)),
            position: Point { x: (number % 8) as f32, y: (number / 8) as f32 },
            accessible: false,
            companion: false,
        });
    }
    plan.area(Area { number: AreaNo(0), id: "floor".into(), category: CategoryNo(1), capacity: FLOOR });
    plan.build().map(Arc::new).map_err(|error| error.to_string())
}

impl House {
    pub fn new(seed: u64) -> Result<Self, String> {
        let mut house = Self {
            rng: Rng::new(seed),
            report: Report::new(),
            now: START,
            tick: 0,
            plan: plan()?,
            memory: MemoryHouse::default(),
            nodes: Vec::new(),
            dead: Vec::new(),
            shows: Vec::new(),
            models: BTreeMap::new(),
            flights: Vec::new(),
            clients: Clients::new(),
            wanted: BTreeMap::new(),
            tickets: BTreeMap::new(),
            numbers: 0,
        };
        for _ in 0..NODES {
            let node = house.new_node();
            house.nodes.push(node);
        }
        for _ in 0..SHOWS {
            let show = house.new_show();
            house.shows.push(show);
        }
        Ok(house)
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn new_node(&mut self) -> Node {
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

    fn new_show(&mut self) -> ShowId {
        let show = ShowId(Uuid::from_u128(u128::from(self.number())));
        self.models.insert(show, Model::new());
        show
    }

    pub fn tick(&mut self) -> Verdict {
        self.tick += 1;
        let step = match self.rng.below(1_000) {
            0 => self.rng.between(60_000, 900_000),
            1..20 => self.rng.between(2_000, 20_000),
            _ => self.rng.between(1, 250),
        };
        self.now += step.cast_signed();
        self.leases();
        self.mishaps();
        self.land()?;
        self.timers()?;
        self.clients_act()?;
        self.passivate()?;
        self.next_show();
        Ok(())
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

    fn leases(&mut self) {
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

    fn mishaps(&mut self) {
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

    fn timers(&mut self) -> Verdict {
        for at in 0..NODES {
            if !self.is_up(at) {
                continue;
            }
            let now = self.now_at(at);
            let due = |life: &Life| life.turn.deadline().is_some_and(|deadline| deadline <= now);
            let shows: Vec<ShowId> =
                self.nodes[at].lives.iter().filter(|(_, life)| due(life)).map(|(show, _)| *show).collect();
            for show in shows {
                self.turn(at, show, |turn| turn.time(now))?;
            }
        }
        // The waker: shows that nobody has and whose time has come.
        for show in self.shows.clone() {
            let asleep = self.nodes.iter().all(|node| !node.lives.contains_key(&show));
            let overdue = self.models.get(&show).is_some_and(|model| !model.overdue(Timestamp(self.now)).is_empty());
            let at = usize::try_from(self.rng.below(NODES as u64)).unwrap_or(0);
            if asleep && overdue && self.is_up(at) && self.wake(at, show)? {
                self.report.count("turn: woken by its deadline");
                let now = self.now_at(at);
                self.turn(at, show, |turn| turn.time(now))?;
            }
        }
        Ok(())
    }

    /// One turn of a show that this node believes to have.
    fn turn(
        &mut self,
        at: usize,
        show: ShowId,
        turn: impl FnOnce(&mut Turn<Ticket>) -> Vec<Effect<Ticket>>,
    ) -> Verdict {
        let Some(lease) = self.nodes[at].lives.get(&show).map(|life| life.lease) else { return Ok(()) };
        if !self.may_speak(at, lease) {
            // Asked before every turn. Now and then it ends just after the question: then only the fence is left.
            if !self.rng.chance(300) {
                self.drop_life(at, show);
                return Ok(());
            }
        }
        let Some(life) = self.nodes[at].lives.get_mut(&show) else { return Ok(()) };
        let effects = turn(&mut life.turn);
        if life.turn.waiting() > 0 {
            self.report.count("turn: waited in the gate");
        }
        self.carry_out(at, show, effects)
    }

    /// Acquires, loads, replays. `false`: not ours, or it fell on the way.
    fn wake(&mut self, at: usize, show: ShowId) -> Result<bool, String> {
        let id = self.nodes[at].id;
        let epoch = match self.memory.acquire_now(id, show) {
            Ok(epoch) => epoch,
            Err(JournalError::Fenced { .. }) => {
                self.report.count("turn: refused to acquire");
                return Ok(false);
            }
            Err(other) => return Err(format!("{other:?}")),
        };
        self.report.count("turn: acquired");
        if self.nodes.iter().enumerate().any(|(other, node)| other != at && node.lives.contains_key(&show)) {
            self.report.count("fault: two owners");
        }
        if self.rng.chance(4) {
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

    fn clients_act(&mut self) -> Verdict {
        for _ in 0..3 {
            self.want();
        }
        let due: Vec<u64> =
            self.wanted.iter().filter(|(_, wanted)| wanted.again_at <= self.tick).map(|(number, _)| *number).collect();
        for number in due {
            self.ask(number)?;
        }
        Ok(())
    }

    fn want(&mut self) {
        if self.wanted.len() < WANTED_MAX
            && let Some(&show) = self.rng.pick(&self.shows)
        {
            let wish = self.clients.next(show, Timestamp(self.now), &mut self.rng);
            let number = self.number();
            self.wanted.insert(number, Wanted { show, wish, tries: 0, again_at: 0 });
        }
    }

    fn ask(&mut self, number: u64) -> Verdict {
        let Some(wanted) = self.wanted.get_mut(&number) else { return Ok(()) };
        wanted.tries += 1;
        wanted.again_at = self.tick + 30;
        if wanted.tries > 20 {
            self.wanted.remove(&number);
            return Ok(());
        }
        let wanted = wanted.clone();
        let show = wanted.show;
        let owner = self.nodes.iter().position(|node| node.lives.contains_key(&show));
        let any = usize::try_from(self.rng.below(NODES as u64)).unwrap_or(0);
        let at = owner.filter(|_| self.rng.chance(900)).unwrap_or(any);
        if !self.is_up(at) || (!self.nodes[at].lives.contains_key(&show) && !self.wake(at, show)?) {
            return Ok(());
        }
        let asked_at = self.models.get(&show).map_or(Seq(0), |model| model.seq);
        let ticket = self.number();
        let (now, wish) = (self.now_at(at), wanted.wish.clone());
        self.tickets.insert(ticket, (number, wanted, asked_at));
        self.turn(at, show, |turn| turn.wish(now, &wish, ticket))
    }

    /// A show goes to sleep in good order.
    fn passivate(&mut self) -> Verdict {
        if !self.rng.chance(10) {
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

    /// Another show takes the place of one that is over, after a while.
    fn next_show(&mut self) {
        let place = usize::try_from(self.rng.below(SHOWS as u64)).unwrap_or(0);
        if self.models.get(&self.shows[place]).is_some_and(Model::is_over) && self.rng.chance(20) {
            self.shows[place] = self.new_show();
        }
    }

    /// The day is over: everything falls, somebody else takes it all up, and time does the rest.
    pub fn close(&mut self) -> Verdict {
        for at in 0..NODES {
            self.memory.end_lease(self.nodes[at].id);
        }
        let last = NodeId(Uuid::from_u128(u128::MAX));
        for (show, model) in &mut self.models {
            let epoch = self.memory.acquire_now(last, *show).map_err(|error| error.to_string())?;
            let recover = |with_snapshot| {
                let recovered = self.memory.load_now(*show, with_snapshot).map_err(|error| error.to_string())?;
                Turn::<Ticket>::recover(*show, &self.plan, recovered, u64::MAX, None).map_err(|error| error.to_string())
            };
            let ((mut short, _), (whole, _)) = (recover(true)?, recover(false)?);
            if short.show().image() != whole.show().image() {
                return Err(format!("show {show} is another from its snapshot than from its whole journal"));
            }
            let later = Timestamp(self.now).plus_ms(24 * 60 * 60_000);
            for effect in short.time(later) {
                if let Effect::Append(entries) = effect {
                    self.memory.append_now(last, *show, epoch, &entries).map_err(|error| error.to_string())?;
                    for entry in entries.iter() {
                        model.durable(entry)?;
                    }
                }
            }
            let overdue = model.overdue(later);
            if !overdue.is_empty() {
                return Err(format!("holds of show {show} never ended: {overdue:?}"));
            }
        }
        Ok(())
    }
}
