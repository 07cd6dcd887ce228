//! Orders on their way: requests, webhooks and the worker, each in some process, each a step at a time. Between any two steps
//! the process may fall; the database may take what it was given and say nothing.

use aisle_actors::NodeId;
use aisle_actors::core::{Answer, HoldState, Plan, ShowId};
use aisle_actors::turn::{Said, Wish};
use jiff::Timestamp;
use uuid::Uuid;

use crate::auditor::Verdict;
use crate::house::{Asker, House, NODES};
use crate::orders::asking::{Question, area_ids, question, to_give_back};
use crate::orders::drive::{Drive, Kept, Task, Wake};
use crate::orders::saga::{Effect, Line, Outcome, Part, Saga, Way, WishRefused};
use crate::payments::{MethodKind, Report};
use crate::platform::time::from_core;

/// How often a change is decided anew because somebody else was first.
const TRIES_MAX: u32 = 20;
/// As many as one turn of the worker takes.
const BATCH: usize = 6;
/// As long as a process waits for a show.
const PATIENCE_MS: i64 = 8_000;

#[derive(Clone, Debug)]
pub enum Errand {
    /// A buyer orders what is held.
    Make(Box<Saga>),
    /// The worker goes on with it.
    GoOn,
    /// A provider has told something.
    Learn(Report),
    TryAgain(Uuid, &'static str, MethodKind),
    GiveUp,
    GiveBack(Option<Vec<Uuid>>),
    /// The same, and a third of the money stays with the house.
    GiveBackPart(Option<Vec<Uuid>>),
    /// Staff accept, or refuse.
    Decide(bool),
}

enum Stage {
    Begin,
    Driving(Box<Drive>),
}

pub struct Job {
    node: usize,
    life: NodeId,
    order: Uuid,
    errand: Errand,
    stage: Stage,
    tries: u32,
    /// When it takes its next step.
    at: i64,
    /// A show has been asked, and is waited for until then.
    asked_until: Option<i64>,
    /// What a provider has answered, once `at` has come.
    answer: Option<Outcome>,
}

/// What becomes of a job after a step.
enum Next {
    Step,
    /// Another step, not before then.
    Wait(i64),
    Over,
}

/// What becomes of a transaction.
enum Commit {
    Done,
    LostBefore,
    LostAfter,
}

impl House {
    /// Gives an errand to a process. `None`: it is down.
    pub fn errand(&mut self, node: usize, order: Uuid, errand: Errand) -> Option<u64> {
        if !self.is_up(node) {
            return None;
        }
        let number = self.number();
        let life = self.nodes[node].id;
        self.report.command();
        let job = Job {
            node,
            life,
            order,
            errand,
            stage: Stage::Begin,
            tries: 0,
            at: self.now,
            asked_until: None,
            answer: None,
        };
        self.jobs.insert(number, job);
        Some(number)
    }

    pub fn stamp(&self, node: usize) -> Timestamp {
        from_core(self.now_at(node))
    }

    /// Every job whose time has come takes a step.
    pub fn work(&mut self) -> Verdict {
        self.workers();
        let due: Vec<u64> = self.jobs.iter().filter(|(_, job)| job.at <= self.now).map(|(number, _)| *number).collect();
        for number in due {
            let Some(mut job) = self.jobs.remove(&number) else { continue };
            if self.nodes[job.node].id != job.life {
                self.report.count("fault: crash with an order on its way");
                self.answers.remove(&number);
                continue;
            }
            if self.is_up(job.node) {
                match self.step(number, &mut job)? {
                    Next::Step => job.at = self.now + self.pause(),
                    Next::Wait(at) => job.at = at,
                    Next::Over => continue,
                }
            }
            self.jobs.insert(number, job);
        }
        Ok(())
    }

    /// How long a process takes from one step to the next; now and then it is busy elsewhere, or asleep.
    fn pause(&mut self) -> i64 {
        if !self.calm && self.rng.chance(15) {
            self.report.count("fault: slept between two steps of an order");
            return self.rng.between(1_000, 40_000).cast_signed();
        }
        self.rng.between(0, 60).cast_signed()
    }

    /// Every process has a worker; they share the work.
    fn workers(&mut self) {
        for node in 0..NODES {
            if !self.is_up(node) || !self.rng.chance(400) {
                continue;
            }
            let now = from_core(aisle_actors::core::Timestamp(self.now));
            for order in self.desk.due(BATCH, now) {
                self.report.count("order: taken up by the worker");
                self.errand(node, order, Errand::GoOn);
            }
            for report in self.desk.unsettled(BATCH, now) {
                self.report.count("order: webhook settled by the worker");
                self.learn(node, report);
            }
        }
    }

    /// Settles what a provider has told.
    pub fn learn(&mut self, node: usize, report: Report) {
        match self.desk.payments.get(&report.payment).copied() {
            Some(order) => {
                self.errand(node, order, Errand::Learn(report));
            }
            None => self.desk.processed(&report.event_id),
        }
    }

    /// Whether anybody still waits for an answer to this job.
    pub fn jobs_wait(&self, number: u64) -> bool {
        self.jobs.get(&number).is_none_or(|job| job.asked_until.is_some())
    }

    fn commit(&mut self) -> Commit {
        match self.rng.below(400) {
            0 if !self.calm => {
                self.report.count("fault: transaction lost before");
                Commit::LostBefore
            }
            1 if !self.calm => {
                self.report.count("fault: transaction lost after");
                Commit::LostAfter
            }
            _ => Commit::Done,
        }
    }

    /// Keeps an order. `None`: nobody knows whether it was kept.
    fn keep(
        &mut self,
        before: &Saga,
        after: &Saga,
        version: i64,
        wake: &Wake,
        node: usize,
    ) -> Result<Option<Kept>, String> {
        let commit = self.commit();
        if matches!(commit, Commit::LostBefore) {
            return Ok(None);
        }
        let confirms = after.confirmed_at.is_some() && before.confirmed_at.is_none();
        if confirms && self.desk.rows.get(&after.order).is_some_and(|row| row.version == version) {
            self.may_confirm(after)?;
            if self.desk.refuses_tickets(after) {
                self.report.count("order: waits until the seat's last ticket is revoked");
                return Ok(None);
            }
        }
        let now = self.stamp(node);
        let kept = self.desk.keep(before, after, version, wake, now)?;
        if kept == Kept::Stale {
            self.report.count("order: somebody else was first");
        } else {
            self.count_change(before, after);
            self.audit(after.order)?;
        }
        Ok(if matches!(commit, Commit::LostAfter) { None } else { Some(kept) })
    }

    fn step(&mut self, number: u64, job: &mut Job) -> Result<Next, String> {
        let node = job.node;
        let now = self.stamp(node);
        let Stage::Driving(drive) = &mut job.stage else { return self.begin(job) };
        match drive.next(now) {
            Task::Keep(wake) => {
                let (before, after) = (drive.before().clone(), drive.saga().clone());
                let Some(kept) = self.keep(&before, &after, drive.version(), &wake, node)? else {
                    return Ok(Next::Over);
                };
                drive.kept(kept);
                Ok(Next::Step)
            }
            Task::Load => match self.desk.load(job.order) {
                Some(loaded) => {
                    drive.loaded(loaded);
                    Ok(Next::Step)
                }
                None => Err(format!("order {} is gone", job.order)),
            },
            Task::Perform(effect) => {
                let saga = drive.saga().clone();
                let (outcome, next) = self.perform(number, job, &saga, &effect)?;
                if let (Some(outcome), Stage::Driving(drive)) = (outcome, &mut job.stage) {
                    if matches!(outcome, Outcome::Later { .. }) {
                        self.report.count("order: a step waited for its answer in vain");
                    }
                    drive.learn(now, &effect, outcome);
                }
                Ok(next)
            }
            Task::Done => {
                if let Errand::Learn(report) = &job.errand {
                    self.desk.processed(&report.event_id);
                }
                Ok(Next::Over)
            }
            Task::ChangeAgain => {
                job.tries += 1;
                job.stage = Stage::Begin;
                Ok(if job.tries < TRIES_MAX { Next::Step } else { Next::Over })
            }
            Task::TooLong => {
                self.report.count("order: gone on with by somebody else");
                Ok(Next::Over)
            }
        }
    }

    /// The errand's own change comes first, then the order goes as far as it can.
    fn begin(&mut self, job: &mut Job) -> Result<Next, String> {
        let now = self.stamp(job.node);
        if let Errand::Make(saga) = &job.errand {
            match self.commit() {
                Commit::LostBefore => return Ok(Next::Over),
                Commit::LostAfter => {
                    self.desk.make(saga, now);
                    return Ok(Next::Over);
                }
                Commit::Done => {
                    let made = self.desk.make(saga, now);
                    self.report.count(match made {
                        Some(true) => "order: made",
                        Some(false) => "order: the same request twice",
                        None => "exchange: the tickets' order has changed meanwhile",
                    });
                    if made.is_none() {
                        return Ok(Next::Over);
                    }
                }
            }
        }
        let Some(loaded) = self.desk.load(job.order) else { return Err(format!("order {} is gone", job.order)) };
        let mut saga = loaded.saga.clone();
        let refused = match &job.errand {
            Errand::Make(_) | Errand::GoOn => Ok(()),
            Errand::Learn(report) => {
                saga.report(report);
                Ok(())
            }
            Errand::TryAgain(id, provider, kind) => saga.try_again(now, *id, (provider, "default", "card"), *kind),
            Errand::GiveUp => saga.give_up(),
            Errand::GiveBack(lines) => saga.give_back(now, lines.as_deref(), "The buyer cannot come."),
            Errand::GiveBackPart(lines) => saga.wanted_back(lines.as_deref()).and_then(|wanted| {
                let wanted_line = |line: &&Line| wanted.contains(&line.id);
                let kept = saga.lines.iter().filter(wanted_line).map(|line| (line.id, line.amount / 3)).collect();
                let returning = saga.returning(&wanted, &kept);
                saga.give_back_as(now, &returning, &Way::Provider, "The buyer cannot come, and it is late.")
            }),
            Errand::Decide(accepted) => saga.decide(now, *accepted, ""),
        };
        if let Err(refused) = refused {
            self.report.count(match refused {
                WishRefused::NotOpen => "refused: order not open",
                WishRefused::NothingToGiveBack => "refused: nothing to give back",
                WishRefused::Promised => "refused: the tickets are being exchanged",
                WishRefused::UnderWay => "refused: another cancellation is under way",
                WishRefused::Disputed => "refused: the bank has the money",
                WishRefused::NotItsLines => "refused: not of this order",
                WishRefused::Decided => "refused: decided already",
                WishRefused::TooMuch { .. } => "refused: more than was paid",
                WishRefused::NotFailed => "refused: no refund waits for staff",
            });
            return Ok(Next::Over);
        }
        job.stage = Stage::Driving(Box::new(Drive::changed(loaded, saga)));
        Ok(Next::Step)
    }

    fn perform(
        &mut self,
        number: u64,
        job: &mut Job,
        saga: &Saga,
        effect: &Effect,
    ) -> Result<(Option<Outcome>, Next), String> {
        match effect {
            Effect::StartPayment { hold }
            | Effect::Reopen { hold }
            | Effect::EndPayment { hold }
            | Effect::Book { hold }
            | Effect::SellLate { hold }
            | Effect::CancelBooking { hold }
            | Effect::GiveBack { hold } => {
                let part = saga.part(*hold).ok_or("an effect is about a hold that the order has not got")?;
                self.perform_at_show(number, job, saga, part, effect)
            }
            Effect::Start { .. }
            | Effect::Cancel { .. }
            | Effect::LookUp { .. }
            | Effect::Void { .. }
            | Effect::Capture { .. }
            | Effect::Refund { .. } => {
                if let Some(answer) = job.answer.take() {
                    return Ok((Some(answer), Next::Step));
                }
                let (outcome, wait_ms) = self.ask_provider(saga, effect)?;
                job.answer = Some(outcome);
                Ok((None, Next::Wait(self.now + wait_ms)))
            }
            Effect::Judge { .. } => Ok((Some(self.rules_say(job.node)), Next::Step)),
            Effect::Confirm => Ok((Some(Outcome::Done), Next::Step)),
        }
    }

    fn perform_at_show(
        &mut self,
        number: u64,
        job: &mut Job,
        saga: &Saga,
        part: &Part,
        effect: &Effect,
    ) -> Result<(Option<Outcome>, Next), String> {
        let show = ShowId(part.show);
        let later = |reason: &str| Some(Outcome::Later { reason: reason.to_owned() });
        let wish = match self.answers.remove(&number) {
            Some(said) => {
                job.asked_until = None;
                match self.understood(saga, part, said) {
                    Understood::Outcome(outcome) => return Ok((Some(outcome), Next::Step)),
                    Understood::Ask(wish) => wish,
                }
            }
            None => {
                if let Some(until) = job.asked_until {
                    if self.now < until {
                        return Ok((None, Next::Wait(self.now + 1)));
                    }
                    job.asked_until = None;
                    return Ok((later("nobody answered"), Next::Step));
                }
                match question(saga, part, effect, &self.plan) {
                    Question::Command(command) => Wish::Command(command),
                    Question::Booking(booking) => Wish::Booking(booking),
                    Question::Impossible(rejection) => return Ok((Some(Outcome::Refused(rejection)), Next::Step)),
                    Question::Elsewhere => return Err(format!("{effect:?} was asked of a show")),
                }
            }
        };
        job.asked_until = Some(self.now + PATIENCE_MS);
        if !self.ask_show(job.node, show, wish, Asker::Job(number))? {
            job.asked_until = None;
            return Ok((later("the show is not there"), Next::Step));
        }
        Ok((None, Next::Wait(self.now)))
    }

    /// A show's answer in the saga's words.
    fn understood(&self, saga: &Saga, part: &Part, said: Said) -> Understood {
        Understood::Outcome(match said {
            Said::Answered(answered) => match answered.answer {
                Answer::Hold(view) => match view.state {
                    HoldState::Paying { pay_by, .. } => Outcome::Paying {
                        pay_by: from_core(pay_by),
                        seats: guids(&self.plan, &view.seats),
                        areas: area_ids(&self.plan, &view.areas),
                    },
                    HoldState::Open { .. }
                    | HoldState::Released { .. }
                    | HoldState::Lapsed { .. }
                    | HoldState::PaymentEnded { .. }
                    | HoldState::Booked { .. } => Outcome::Done,
                },
                Answer::Booking(_) | Answer::Allocation(_) | Answer::Done => Outcome::Done,
            },
            Said::Refused(rejection) => Outcome::Refused(rejection),
            Said::Booking(Some(view)) => match to_give_back(saga, part, &view, &self.plan) {
                Some(command) => return Understood::Ask(Wish::Command(command)),
                None => Outcome::Done,
            },
            Said::Booking(None) | Said::Hold(_) | Said::Allocations(_) | Said::Facts(_) | Said::CodeUses(_) => {
                Outcome::Done
            }
        })
    }
}

enum Understood {
    Outcome(Outcome),
    Ask(Wish),
}

pub fn guids(plan: &Plan, seats: &[aisle_actors::core::SeatNo]) -> Vec<String> {
    seats.iter().filter_map(|&seat| plan.seat(seat)).map(|seat| seat.guid.to_string()).collect()
}
