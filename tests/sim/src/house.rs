//! The house: shows on two nodes, one database, simulated time, and everything that goes wrong between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aisle_actors::core::{
    Area, AreaNo, CategoryNo, Plan, PlanBuilder, PlanVersionId, Point, Seat, SeatNo, SectionNo, Seq, ShowId, Timestamp,
};
use aisle_actors::turn::{Effect, Said, Turn, Wish};
use aisle_actors::{Epoch, MemoryHouse, NodeId};
use uuid::Uuid;

use crate::auditor::{Model, Verdict};
use crate::bank::Bank;
use crate::buyers::{Buyer, Straggler};
use crate::client::{Clients, Wanted};
use crate::desk::Desk;
use crate::jobs::Job;
use crate::nodes::{Life, Node};
use crate::providers::{Copy, Moods};
use crate::report::Report;
use crate::rng::Rng;
use crate::traffic::Flight;

pub const SEATS: u32 = 24;
pub const FLOOR: u32 = 120;
const SHOWS: usize = 5;
pub const NODES: usize = 2;
const WANTED_MAX: usize = 24;
const START: i64 = 1_800_000_000_000;

/// Who is to be answered: one question of somebody.
pub type Ticket = u64;

/// Somebody who asks a show.
#[derive(Clone, Copy, Debug)]
pub enum Asker {
    /// Whoever has the wish with this number.
    Client(u64),
    /// The order that this job is about.
    Job(u64),
}

pub struct Asked {
    pub asker: Asker,
    pub wish: Wish,
    /// The durable number when it was asked.
    pub at: Seq,
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
    pub dead: Vec<(NodeId, i64)>,
    /// Who was the last to acquire each show.
    pub owners: BTreeMap<ShowId, (NodeId, Epoch)>,
    pub shows: Vec<ShowId>,
    pub models: BTreeMap<ShowId, Model>,
    pub flights: Vec<Flight>,
    pub clients: Clients,
    pub wanted: BTreeMap<u64, Wanted>,
    pub tickets: BTreeMap<Ticket, Asked>,
    pub desk: Desk,
    pub bank: Bank,
    pub moods: Moods,
    pub copies: Vec<Copy>,
    pub newest_news: u64,
    pub jobs: BTreeMap<u64, Job>,
    /// What shows have answered to jobs.
    pub answers: BTreeMap<u64, Said>,
    pub buyers: BTreeMap<u64, Buyer>,
    /// What shows have answered to buyers' wishes; `None`: nothing yet.
    pub heard: BTreeMap<u64, Option<Said>>,
    pub stragglers: Vec<Straggler>,
    /// Which order a booking is of.
    pub of_bookings: BTreeMap<Uuid, Uuid>,
    /// Nothing goes wrong any more, and nobody new comes.
    pub calm: bool,
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
            report: Report::default(),
            now: START,
            tick: 0,
            plan: plan()?,
            memory: MemoryHouse::default(),
            nodes: Vec::new(),
            dead: Vec::new(),
            owners: BTreeMap::new(),
            shows: Vec::new(),
            models: BTreeMap::new(),
            flights: Vec::new(),
            clients: Clients::new(),
            wanted: BTreeMap::new(),
            tickets: BTreeMap::new(),
            desk: Desk::default(),
            bank: Bank::default(),
            moods: Moods::default(),
            copies: Vec::new(),
            newest_news: 0,
            jobs: BTreeMap::new(),
            answers: BTreeMap::new(),
            buyers: BTreeMap::new(),
            heard: BTreeMap::new(),
            stragglers: Vec::new(),
            of_bookings: BTreeMap::new(),
            calm: false,
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

    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn new_show(&mut self) -> ShowId {
        let show = ShowId(Uuid::from_u128(u128::from(self.number())));
        self.models.insert(show, Model::new());
        show
    }

    pub fn tick(&mut self) -> Verdict {
        self.tick += 1;
        let step = match self.rng.below(1_000) {
            _ if self.calm => self.rng.between(100, 2_000),
            0 => self.rng.between(60_000, 900_000),
            1..20 => self.rng.between(2_000, 20_000),
            _ => self.rng.between(1, 250),
        };
        self.now += step.cast_signed();
        self.leases();
        if !self.calm {
            self.mishaps();
            self.moods();
        }
        self.land()?;
        self.timers()?;
        if !self.calm {
            self.want_more();
            self.buyers_act()?;
        }
        self.clients_ask()?;
        self.staff_decide();
        self.deliver()?;
        self.work()?;
        self.passivate()?;
        self.next_show();
        Ok(())
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
    pub fn turn(
        &mut self,
        at: usize,
        show: ShowId,
        turn: impl FnOnce(&mut Turn<Ticket>) -> Vec<Effect<Ticket>>,
    ) -> Verdict {
        let Some(lease) = self.nodes[at].lives.get(&show).map(|life| life.lease) else { return Ok(()) };
        if !self.may_speak(at, lease) {
            // Asked before every turn. Now and then it ends just after the question: then only the fence is left.
            if self.calm || !self.rng.chance(300) {
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

    fn want_more(&mut self) {
        for _ in 0..3 {
            self.want();
        }
    }

    fn clients_ask(&mut self) -> Verdict {
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
            self.heard.remove(&number);
            return Ok(());
        }
        let (show, wish) = (wanted.show, wanted.wish.clone());
        let any = usize::try_from(self.rng.below(NODES as u64)).unwrap_or(0);
        self.ask_show(any, show, wish, Asker::Client(number))?;
        Ok(())
    }

    /// Asks a show, mostly where it is. False: nobody is there to answer.
    pub fn ask_show(&mut self, any: usize, show: ShowId, wish: Wish, asker: Asker) -> Result<bool, String> {
        let owner = self.nodes.iter().position(|node| node.lives.contains_key(&show));
        let at = owner.filter(|_| self.calm || self.rng.chance(900)).unwrap_or(any);
        if !self.is_up(at) || (!self.nodes[at].lives.contains_key(&show) && !self.wake(at, show)?) {
            return Ok(false);
        }
        if matches!(wish, Wish::Command(_)) {
            self.report.command();
        }
        let seq = self.models.get(&show).map_or(Seq(0), |model| model.seq);
        let ticket = self.number();
        let now = self.now_at(at);
        self.tickets.insert(ticket, Asked { asker, wish: wish.clone(), at: seq });
        self.turn(at, show, |turn| turn.wish(now, &wish, ticket))?;
        Ok(true)
    }

    /// Another show takes the place of one that is over or nearly sold out, after a while.
    fn next_show(&mut self) {
        if self.calm {
            return;
        }
        let place = usize::try_from(self.rng.below(SHOWS as u64)).unwrap_or(0);
        if self.models.get(&self.shows[place]).is_some_and(Model::is_over_or_full) && self.rng.chance(100) {
            self.shows[place] = self.new_show();
        }
    }
}
