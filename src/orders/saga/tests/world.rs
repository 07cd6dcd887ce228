//! Everything outside of a saga: shows (the real core), a provider and a database that can be crashed.

use std::collections::BTreeMap;

use aisle_actors::core::{
    Channel, Command, HoldId, HoldSeats, HoldState, Origin, Rejection, Show, ShowId, StateChange, Touched, testing,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::{
    Attempt, AttemptStatus, Effect, Fact, Finding, Line, LineKind, OrderState, Outcome, Part, PartState, RefundStatus,
    Review, ReviewState, Rule, Saga, Step, Verdict,
};
use super::dice::Dice;
use crate::http::rejection::guids;
use crate::orders::asking::{Question, question, to_give_back};
use crate::orders::ledger;
use crate::payments::{MethodKind, Report, What};
use crate::platform::money::{Currency, Money};
use crate::platform::time::{from_core, to_core};

/// How the world goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// The process dies at this step, counted over the whole scene, and is started again.
    pub crash_at: Option<u64>,
    /// Every effect is carried out twice, and learnt twice.
    pub twice: bool,
    /// One effect in so many is not answered, though it may have been carried out.
    pub silent_one_in: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charge {
    Open,
    Authorized(Timestamp),
    Captured(Timestamp),
    Declined,
    Cancelled,
}

/// The provider.
#[derive(Default)]
pub struct Provider {
    charges: BTreeMap<Uuid, Charge>,
    /// Second payments, by the payment they were made under.
    seconds: BTreeMap<Uuid, Timestamp>,
    refunds: BTreeMap<Uuid, (Uuid, i64)>,
    /// Captures are refused.
    pub no_capture: bool,
    /// Refunds are refused.
    pub no_refund: bool,
    /// Nothing is answered at all.
    pub silent: bool,
}

pub struct World {
    pub now: Timestamp,
    pub start: Timestamp,
    pub shows: Vec<Show>,
    pub provider: Provider,
    pub kept: Saga,
    pub books: BTreeMap<String, i64>,
    booked: BTreeMap<String, ()>,
    pub confirmed: u32,
    /// What the rules find: whether it is held, and until which second.
    pub rules: Option<(bool, i64)>,
    trouble: Trouble,
    dice: Dice,
    steps: u64,
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

impl World {
    /// An order of one seat at 10.00 in each of `shows` shows; 60 seconds to pay.
    pub fn new(shows: usize, amount: i64, trouble: Trouble, seed: u64) -> Self {
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
                lines: Vec::new(),
            },
            books: BTreeMap::new(),
            booked: BTreeMap::new(),
            confirmed: 0,
            rules: None,
            trouble,
            dice: Dice::new(seed),
            steps: 0,
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
            world.kept.lines.push(Line {
                id: id(5, at),
                kind: LineKind::Ticket,
                of: None,
                show: Some(id(1, at)),
                hold: Some(id(2, at)),
                seat: Some("A-1".to_owned()),
                area: None,
                quantity: 1,
                amount,
                tax: 0,
                giving_back: false,
                cancelled: false,
            });
        }
        if amount > 0 {
            world.kept.attempts.push(Attempt {
                id: first_payment(),
                number: 1,
                provider: "sandbox".to_owned(),
                account: "default".to_owned(),
                method: "card".to_owned(),
                kind: MethodKind::AuthoriseThenCapture,
                status: AttemptStatus::Starting,
                amount: Money::new(world.kept.total, euro()),
                provider_ref: None,
                checkout_url: None,
                paid_at: None,
                instrument: None,
                next_check_at: None,
                problem: None,
            });
        }
        world
    }

    pub fn hold(&mut self, show: usize, hold: Uuid, seat: u32) -> Result<(), Rejection> {
        self.ask(
            show,
            &Command::Hold(HoldSeats {
                hold: HoldId(hold),
                origin: Origin { channel: Channel::Public, buyer: None, code: None },
                seats: vec![aisle_actors::core::SeatNo(seat)],
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
    }

    fn drive_once(&mut self) -> Result<(), Crash> {
        let mut saga = self.kept.clone();
        let mut unanswered = 0;
        for _ in 0..500 {
            let step = saga.next(self.now);
            self.step()?;
            self.keep(&saga);
            self.step()?;
            let Step::Do(effect) = step else { return Ok(()) };
            let mut outcome = self.perform(&saga, &effect);
            if self.trouble.twice {
                outcome = self.perform(&saga, &effect);
            }
            if self.trouble.silent_one_in.is_some_and(|sides| self.dice.roll(sides) == 0) {
                outcome = Outcome::Later { reason: "the answer was lost".to_owned() };
            }
            self.step()?;
            if matches!(outcome, Outcome::Later { .. }) {
                unanswered += 1;
                // The worker comes again; a provider that is silent for good lets the order rest until time goes on.
                if self.provider.silent || unanswered > 50 {
                    return Ok(());
                }
                continue;
            }
            saga.learn(self.now, &effect, outcome.clone());
            if self.trouble.twice {
                saga.learn(self.now, &effect, outcome);
            }
        }
        panic!("the order never rests: {:?} {:?}", self.kept, self.kept.clone().next(self.now));
    }

    /// The database: the saga, and what is written with it.
    pub fn keep(&mut self, saga: &Saga) {
        for transaction in ledger::transactions(&self.kept, saga) {
            let sum: i64 = transaction.entries.iter().map(|entry| entry.amount).sum();
            assert_eq!(sum, 0, "{transaction:?} does not balance");
            if self.booked.insert(transaction.source, ()).is_none() {
                for entry in transaction.entries {
                    *self.books.entry(entry.account).or_default() += entry.amount;
                }
            }
        }
        if saga.confirmed_at.is_some() && self.kept.confirmed_at.is_none() {
            self.confirmed += 1;
        }
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

    fn perform_at_provider(&mut self, saga: &Saga, effect: &Effect) -> Outcome {
        let no = |reason: &str| Outcome::No { reason: reason.to_owned() };
        match effect {
            Effect::Start { payment } => {
                let charge = *self.provider.charges.entry(*payment).or_insert(Charge::Open);
                if charge == Charge::Cancelled {
                    return no("it was cancelled before it began");
                }
                Outcome::Started { provider_ref: Some(format!("{payment}/1")), checkout_url: None }
            }
            Effect::Cancel { payment } => match self.provider.charges.entry(*payment).or_insert(Charge::Open) {
                Charge::Authorized(_) | Charge::Captured(_) => Outcome::AlreadyPaid,
                charge => {
                    *charge = Charge::Cancelled;
                    Outcome::Done
                }
            },
            Effect::Void { payment } => match self.provider.charges.get_mut(payment) {
                Some(Charge::Captured(_)) => no("captured"),
                Some(charge) => {
                    *charge = Charge::Cancelled;
                    Outcome::Done
                }
                None => Outcome::Done,
            },
            Effect::Capture { .. }
                if !matches!(saga.review.state, ReviewState::Clear | ReviewState::Flagged | ReviewState::Accepted) =>
            {
                panic!("money is taken that is still looked at: {saga:#?}")
            }
            Effect::Capture { payment } => match self.provider.charges.get_mut(payment) {
                Some(Charge::Captured(_)) => Outcome::Done,
                Some(charge @ Charge::Authorized(_)) if !self.provider.no_capture => {
                    *charge = Charge::Captured(self.now);
                    Outcome::Done
                }
                _ => no("nothing to capture"),
            },
            Effect::Refund { refund, .. } => {
                let wanted = saga.refunds.iter().find(|it| it.id == *refund).unwrap();
                if self.provider.no_refund {
                    return no("the account is closed");
                }
                let amount = wanted.amount.amount;
                self.provider.refunds.entry(*refund).or_insert((wanted.payment, amount));
                Outcome::Done
            }
            _ => {
                let Effect::LookUp { payment } = effect else { unreachable!() };
                Outcome::Reports(self.reports(*payment))
            }
        }
    }

    /// All that the provider would say of a payment.
    fn reports(&self, payment: Uuid) -> Vec<Report> {
        let report = |what, number: u32, at| Report {
            event_id: String::new(),
            payment,
            provider_ref: format!("{payment}/{number}"),
            what,
            at,
            amount: Money::new(self.kept.total, euro()),
            instrument: None,
        };
        let first = match self.provider.charges.get(&payment) {
            Some(Charge::Authorized(at)) => Some(report(What::Authorized, 1, *at)),
            Some(Charge::Captured(at)) => Some(report(What::Captured, 1, *at)),
            Some(Charge::Declined) => Some(report(What::Declined, 1, self.now)),
            Some(Charge::Cancelled) => Some(report(What::Cancelled, 1, self.now)),
            Some(Charge::Open) | None => None,
        };
        let second = self.provider.seconds.get(&payment).map(|at| report(What::Captured, 2, *at));
        first.into_iter().chain(second).collect()
    }

    /// The provider's webhooks come, twice.
    pub fn news(&mut self) {
        let known: Vec<Uuid> = self.provider.charges.keys().copied().collect();
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
        let known: Vec<Uuid> = self.provider.charges.keys().copied().collect();
        let said: Vec<Report> = known.into_iter().flat_map(|payment| self.reports(payment)).collect();
        for report in said {
            let mut saga = self.kept.clone();
            saga.report(&report);
            self.keep(&saga);
            self.drive();
        }
    }

    /// A fee for the whole order.
    pub fn add_fee(&mut self, amount: i64) {
        self.kept.total += amount;
        for attempt in &mut self.kept.attempts {
            attempt.amount.amount += amount;
        }
        let fee = Line {
            id: id(5, self.kept.lines.len()),
            kind: LineKind::Fee,
            of: None,
            show: None,
            hold: None,
            seat: None,
            area: None,
            quantity: 1,
            amount,
            tax: 0,
            giving_back: false,
            cancelled: false,
        };
        self.kept.lines.push(fee);
    }

    /// The buyer at the provider's page. Nothing, where the attempt is closed.
    pub fn buyer(&mut self, payment: Uuid, acts: &str) {
        let (now, open) = (self.now, self.provider.charges.get(&payment) == Some(&Charge::Open));
        match acts {
            "pays" if open => {
                self.provider.charges.insert(payment, Charge::Authorized(now));
            }
            "is_declined" if open => {
                self.provider.charges.insert(payment, Charge::Declined);
            }
            "pays_twice" if open => {
                self.provider.charges.insert(payment, Charge::Authorized(now));
                self.provider.seconds.insert(payment, now);
            }
            _ => {}
        }
    }

    /// The bank lets go of every amount that is set aside.
    pub fn let_go(&mut self) {
        for charge in self.provider.charges.values_mut().filter(|charge| matches!(charge, Charge::Authorized(_))) {
            *charge = Charge::Cancelled;
        }
    }

    /// Money that moved at `at`, though the attempt was closed.
    pub fn money_moved(&mut self, payment: Uuid, at: Timestamp) {
        if !matches!(self.provider.charges.get(&payment), Some(Charge::Authorized(_) | Charge::Captured(_))) {
            self.provider.charges.insert(payment, Charge::Captured(at));
        }
    }

    pub fn at(&self, seconds: i64) -> Timestamp {
        self.start + SignedDuration::from_secs(seconds)
    }

    pub fn seats(&self) -> String {
        self.shows.iter().map(Show::letters).collect::<Vec<_>>().join(" ")
    }

    /// Promise 3: captured money ends in tickets or in exactly one refund; the books say the same.
    pub fn must_agree(&self, scene: &str) {
        let captured = self.provider.charges.values().filter(|charge| matches!(charge, Charge::Captured(_))).count()
            + self.provider.seconds.len();
        let captured = captured as i64 * self.kept.total;
        let refunded: i64 = self.provider.refunds.values().map(|(_, amount)| amount).sum();
        let kept_lines = self.kept.lines.iter().filter(|line| !line.cancelled).map(|line| line.amount).sum::<i64>();
        let sold = if self.kept.confirmed_at.is_some() { kept_lines } else { 0 };
        assert_eq!(captured - refunded, sold, "{scene}: money and tickets differ: {:#?}", self.kept);
        let authorized = self.provider.charges.values().any(|charge| matches!(charge, Charge::Authorized(_)));
        assert!(!authorized, "{scene}: an amount stays set aside: {:#?}", self.kept);
        let of = |account: &str| self.books.get(account).copied().unwrap_or(0);
        assert_eq!(of("provider:sandbox"), captured - refunded, "{scene}: the books differ: {:?}", self.books);
        assert_eq!((of("deposits"), of("sales")), (0, -sold), "{scene}: {:?}", self.books);
        assert!(self.confirmed <= 1, "{scene}: confirmed twice");
        assert!(self.kept.refunds.iter().all(|refund| refund.status == RefundStatus::Succeeded), "{scene}");
        let booked = self.seats().matches('b').count();
        let lines = self.kept.lines.iter().filter(|line| !line.cancelled).count();
        let expected = if self.kept.confirmed_at.is_some() { lines } else { 0 };
        assert_eq!(booked, expected, "{scene}: seats and tickets differ: {} {:#?}", self.seats(), self.kept);
    }
}
