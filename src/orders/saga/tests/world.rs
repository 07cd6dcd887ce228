//! Everything outside of a saga: shows (the real core), a provider and a database that can be crashed.

mod agree;
mod lines;
mod provider;

use std::collections::{BTreeMap, BTreeSet};

use aisle_actors::core::{
    Channel, Command, HoldId, HoldSeats, HoldState, Origin, Rejection, SeatNo, Show, ShowId, StateChange, Touched,
    testing,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::{
    Attempt, AttemptStatus, Disputes, Effect, Fact, Finding, OrderState, Outcome, Part, PartState, Review, Rule, Saga,
    Step, Verdict,
};
use super::dice::Dice;
use crate::http::rejection::guids;
use crate::orders::asking::{Question, question, to_give_back};
use crate::orders::ledger;
use crate::payments::{MethodKind, Report};
use crate::platform::money::{Currency, Money};
use crate::platform::time::{from_core, to_core};

pub use lines::{credit, line};
pub use provider::Provider;

/// How the world goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// The process dies at this step, counted over the whole scene, and is started again.
    pub crash_at: Option<u64>,
    /// Every effect is carried out twice, and learnt twice.
    pub twice: bool,
    /// One effect in so many is not answered, though it may have been carried out.
    pub silent_one_in: Option<u64>,
    /// This goes wrong with one effect, by its number over the whole scene.
    pub fault: Option<(u64, Fault)>,
}

/// What goes wrong with one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not carried out, and nobody says so.
    FailBefore,
    /// It is carried out, and nobody says so.
    FailAfter,
    /// Nobody knows whether it was carried out, and nobody asks again before time has gone on.
    Unknown,
    /// The provider says no, once.
    Refused,
    /// It is carried out twice, and learnt twice.
    Repeat,
    /// The process dies when it has decided, and has kept nothing of it.
    CrashUnkept,
    /// It dies when it has kept what it decided, and carried nothing out.
    CrashBefore,
    /// It dies when it has carried it out, and has learnt nothing of it.
    CrashAfter,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::FailBefore,
        Self::FailAfter,
        Self::Unknown,
        Self::Refused,
        Self::Repeat,
        Self::CrashUnkept,
        Self::CrashBefore,
        Self::CrashAfter,
    ];
}

pub struct World {
    pub now: Timestamp,
    pub start: Timestamp,
    pub shows: Vec<Show>,
    pub provider: Provider,
    pub kept: Saga,
    /// Another order: the one whose tickets pay for it, or the one that they pay for.
    pub beside: Option<Saga>,
    pub books: BTreeMap<String, i64>,
    booked: BTreeSet<String>,
    pub confirmed: u32,
    /// What the rules find: whether it is held, and until which second.
    pub rules: Option<(bool, i64)>,
    trouble: Trouble,
    dice: Dice,
    steps: u64,
    /// Effects that were decided so far.
    pub effects: u64,
}

struct Crash;

pub fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128(kind << 64 | (number as u128 + 1))
}

pub fn first_payment() -> Uuid {
    id(4, 0)
}

/// What a seat of a show is called.
pub fn seat_name(show: &Show, seat: u32) -> String {
    guids(show.plan(), &[SeatNo(seat)]).pop().expect("a seat of the plan")
}

/// A first attempt to pay.
pub fn attempt(id: Uuid, kind: MethodKind, amount: i64) -> Attempt {
    Attempt {
        id,
        number: 1,
        provider: "sandbox".to_owned(),
        account: "default".to_owned(),
        method: "card".to_owned(),
        kind,
        status: AttemptStatus::Starting,
        amount: Money::new(amount, euro()),
        provider_ref: None,
        checkout_url: None,
        paid_at: None,
        instrument: None,
        next_check_at: None,
        problem: None,
    }
}

impl World {
    /// An order of one seat at 10.00 in each of `shows` shows; 60 seconds to pay.
    pub fn new(shows: usize, amount: i64, trouble: Trouble, seed: u64) -> Self {
        Self::paid_by(MethodKind::AuthoriseThenCapture, shows, amount, trouble, seed)
    }

    /// The same, paid by another kind of method.
    pub fn paid_by(kind: MethodKind, shows: usize, amount: i64, trouble: Trouble, seed: u64) -> Self {
        let start: Timestamp = "2026-05-04T17:00:00Z".parse().unwrap();
        let mut world = Self {
            now: start,
            start,
            shows: Vec::new(),
            provider: Provider::default(),
            kept: Saga {
                order: id(9, 0),
                customer: id(8, 0),
                number: "A-222222".to_owned(),
                state: OrderState::AwaitingPayment,
                total: amount * shows as i64,
                currency: euro(),
                pay_by: None,
                pay_within_ms: 60_000,
                accept_equal: false,
                paid_with: None,
                review: Review::unjudged(),
                confirmed_at: None,
                parts: Vec::new(),
                attempts: Vec::new(),
                refunds: Vec::new(),
                disputes: Disputes::default(),
                exchanges: Vec::new(),
                lines: Vec::new(),
            },
            beside: None,
            books: BTreeMap::new(),
            booked: BTreeSet::new(),
            confirmed: 0,
            rules: None,
            trouble,
            dice: Dice::new(seed),
            steps: 0,
            effects: 0,
        };
        for at in 0..shows {
            world.shows.push(Show::new(ShowId(id(1, at)), testing::hall(1, 3)));
            world.ask(at, &Command::Change(StateChange::Publish)).unwrap();
            world.hold(at, id(2, at), 0).unwrap();
            world.kept.parts.push(Part {
                show: id(1, at),
                hold: id(2, at),
                booking: id(3, at),
                state: PartState::Intended,
                seats: vec!["A-1".to_owned()],
                areas: Vec::new(),
            });
            world.kept.lines.push(line(id(5, at), id(1, at), id(2, at), "A-1", amount));
        }
        if amount > 0 {
            world.kept.attempts.push(attempt(first_payment(), kind, world.kept.total));
        }
        world
    }

    /// Halls of so many rows and seats, and nobody who has ordered yet.
    pub fn of_halls(shows: usize, rows: u32, seats: u32, seed: u64) -> Self {
        let mut world = Self::new(0, 0, Trouble::default(), seed);
        for at in 0..shows {
            world.shows.push(Show::new(ShowId(id(1, at)), testing::hall(rows, seats)));
            world.ask(at, &Command::Change(StateChange::Publish)).unwrap();
        }
        world
    }

    /// From now on this goes wrong.
    pub fn trouble(&mut self, trouble: Trouble) {
        self.trouble = trouble;
    }

    pub fn hold(&mut self, show: usize, hold: Uuid, seat: u32) -> Result<(), Rejection> {
        self.hold_seats(show, hold, &[seat])
    }

    pub fn hold_seats(&mut self, show: usize, hold: Uuid, seats: &[u32]) -> Result<(), Rejection> {
        self.ask(
            show,
            &Command::Hold(HoldSeats {
                hold: HoldId(hold),
                origin: Origin { channel: Channel::Public, buyer: None, code: None },
                seats: seats.iter().map(|seat| SeatNo(*seat)).collect(),
                best: None,
                areas: Vec::new(),
                allocation: None,
                request: None,
            }),
        )
    }

    pub fn ask(&mut self, show: usize, command: &Command) -> Result<(), Rejection> {
        let now = to_core(self.now);
        let show = &mut self.shows[show];
        let mut touched = Touched::default();
        for event in show.expire(now) {
            show.apply(now, &event, &mut touched);
        }
        for event in show.decide(now, command)? {
            show.apply(now, &event, &mut touched);
        }
        Ok(())
    }

    /// A step at which the process may die.
    fn step(&mut self) -> Result<(), Crash> {
        self.steps += 1;
        if self.trouble.crash_at == Some(self.steps) { Err(Crash) } else { Ok(()) }
    }

    /// Drives the order as far as it goes; whoever dies on the way is started again.
    pub fn drive(&mut self) {
        while self.drive_once().is_err() {}
        if self.beside.is_some() {
            self.swap();
            while self.drive_once().is_err() {}
            self.swap();
        }
    }

    /// The other order's turn.
    pub fn swap(&mut self) {
        if let Some(beside) = &mut self.beside {
            std::mem::swap(beside, &mut self.kept);
        }
    }

    fn drive_once(&mut self) -> Result<(), Crash> {
        let mut saga = self.kept.clone();
        let mut unanswered = 0;
        for _ in 0..500 {
            let step = saga.next(self.now);
            let fault = self.fault_of(&step);
            if fault == Some(Fault::CrashUnkept) {
                return Err(Crash);
            }
            self.step()?;
            self.keep(&saga);
            self.step()?;
            let Step::Do(effect) = step else { return Ok(()) };
            if fault == Some(Fault::CrashBefore) {
                return Err(Crash);
            }
            let twice = self.trouble.twice || fault == Some(Fault::Repeat);
            let outcome = self.carry_out(&saga, &effect, fault, twice);
            self.step()?;
            if fault == Some(Fault::CrashAfter) {
                return Err(Crash);
            }
            if matches!(outcome, Outcome::Later { .. }) {
                unanswered += 1;
                // The worker comes again; a provider that is silent for good lets the order rest until time goes on.
                if self.provider.silent || fault == Some(Fault::Unknown) || unanswered > 50 {
                    return Ok(());
                }
                continue;
            }
            saga.learn(self.now, &effect, outcome.clone());
            if twice {
                saga.learn(self.now, &effect, outcome);
            }
        }
        panic!("the order never rests: {:?} {:?}", self.kept, self.kept.clone().next(self.now));
    }

    /// What goes wrong with the effect of this step; counts it.
    fn fault_of(&mut self, step: &Step) -> Option<Fault> {
        let Step::Do(effect) = step else { return None };
        self.effects += 1;
        let (_, fault) = self.trouble.fault.filter(|(number, _)| *number == self.effects)?;
        // Only a provider can say no to what it could do as well.
        let refuses = matches!(effect, Effect::Capture { .. } | Effect::Refund { .. } | Effect::Start { .. });
        (fault != Fault::Refused || refuses).then_some(fault)
    }

    fn carry_out(&mut self, saga: &Saga, effect: &Effect, fault: Option<Fault>, twice: bool) -> Outcome {
        let lost = || Outcome::Later { reason: "the answer was lost".to_owned() };
        match fault {
            Some(Fault::FailBefore) => return lost(),
            Some(Fault::Unknown) if self.dice.roll(2) == 0 => return lost(),
            Some(Fault::Refused) => return Outcome::No { reason: "not today".to_owned() },
            _ => {}
        }
        let mut outcome = self.perform(saga, effect);
        if twice {
            outcome = self.perform(saga, effect);
        }
        let silent = self.trouble.silent_one_in.is_some_and(|sides| self.dice.roll(sides) == 0);
        if silent || matches!(fault, Some(Fault::FailAfter | Fault::Unknown)) { lost() } else { outcome }
    }

    /// The database: the saga, and what is written with it.
    pub fn keep(&mut self, saga: &Saga) {
        for transaction in ledger::transactions(&self.kept, saga) {
            let sum: i64 = transaction.entries.iter().map(|entry| entry.amount).sum();
            assert_eq!(sum, 0, "{transaction:?} does not balance");
            if self.booked.insert(transaction.source) {
                for entry in transaction.entries {
                    *self.books.entry(entry.account).or_default() += entry.amount;
                }
            }
        }
        if saga.confirmed_at.is_some() && self.kept.confirmed_at.is_none() {
            self.confirmed += 1;
        }
        self.tell_beside(saga);
        self.kept = saga.clone();
    }

    pub fn perform(&mut self, saga: &Saga, effect: &Effect) -> Outcome {
        match effect {
            Effect::StartPayment { hold }
            | Effect::Reopen { hold }
            | Effect::EndPayment { hold }
            | Effect::Book { hold }
            | Effect::SellLate { hold }
            | Effect::CancelBooking { hold }
            | Effect::GiveBack { hold } => self.perform_at_show(saga, *hold, effect),
            Effect::Judge { .. } => self.judge(),
            Effect::Confirm => Outcome::Done,
            Effect::Start { .. }
            | Effect::Cancel { .. }
            | Effect::LookUp { .. }
            | Effect::Void { .. }
            | Effect::Capture { .. }
            | Effect::Refund { .. } => {
                if self.provider.silent {
                    return Outcome::Later { reason: "silence".to_owned() };
                }
                self.perform_at_provider(saga, effect)
            }
        }
    }

    fn judge(&self) -> Outcome {
        let (rule, fact) = (Rule::Mismatch, Fact::CardCountry);
        let found =
            self.rules.map(|(holds, _)| Finding { rule, holds, fact, max: None, window_s: None, country: None });
        let by = self.at(self.rules.map_or(0, |(_, by)| by));
        Outcome::Judged(Verdict { findings: found.into_iter().collect(), by })
    }

    fn perform_at_show(&mut self, saga: &Saga, hold: Uuid, effect: &Effect) -> Outcome {
        let part = saga.part(hold).unwrap();
        let at = self.shows.iter().position(|show| show.id().0 == part.show).unwrap();
        let plan = self.shows[at].plan().clone();
        let hold = HoldId(hold);
        let command = match question(saga, part, effect, &plan) {
            Question::Command(command) => command,
            Question::Booking(booking) => {
                let Some(view) = self.shows[at].booking(booking) else { return Outcome::Done };
                match to_give_back(saga, part, &view, &plan) {
                    Some(command) => command,
                    None => return Outcome::Done,
                }
            }
            Question::Impossible(rejection) => return Outcome::Refused(rejection),
            Question::Elsewhere => unreachable!(),
        };
        match self.ask(at, &command) {
            Err(rejection) => Outcome::Refused(rejection),
            Ok(()) => match (effect, self.shows[at].hold(hold).map(|view| (view.state, view.seats))) {
                (Effect::StartPayment { .. }, Some((HoldState::Paying { pay_by, .. }, seats))) => {
                    Outcome::Paying { pay_by: from_core(pay_by), seats: guids(&plan, &seats), areas: Vec::new() }
                }
                _ => Outcome::Done,
            },
        }
    }

    /// What the provider has of this order.
    fn known_charges(&self) -> Vec<Uuid> {
        self.provider.charges.keys().copied().filter(|payment| self.kept.attempt(*payment).is_some()).collect()
    }

    /// The provider's webhooks come, twice.
    pub fn news(&mut self) {
        let known = self.known_charges();
        let said: Vec<Report> = known.into_iter().flat_map(|payment| self.reports(payment)).collect();
        for report in said {
            for _ in 0..2 {
                let mut saga = self.kept.clone();
                saga.report(&report);
                self.keep(&saga);
                self.drive();
            }
        }
    }

    /// The provider's webhooks come, once; what changes afterwards nobody is told.
    pub fn hear_once(&mut self) {
        let known = self.known_charges();
        let said: Vec<Report> = known.into_iter().flat_map(|payment| self.reports(payment)).collect();
        for report in said {
            let mut saga = self.kept.clone();
            saga.report(&report);
            self.keep(&saga);
            self.drive();
        }
    }

    pub fn at(&self, seconds: i64) -> Timestamp {
        self.start + SignedDuration::from_secs(seconds)
    }

    pub fn seats(&self) -> String {
        self.shows.iter().map(Show::letters).collect::<Vec<_>>().join(" ")
    }
}
