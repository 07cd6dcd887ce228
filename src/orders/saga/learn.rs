//! What an effect brought, and what providers say. Learning twice is learning once; learning late does no harm.

use aisle_actors::core::Rejection;
use aisle_actors::core::planted::{self, Bug};
use jiff::Timestamp;

use super::{
    Attempt, AttemptStatus, Effect, Instrument, OrderState, Outcome, Part, PartState, RefundStatus, Refusal, Saga,
};
use crate::payments::{Report, What};
use crate::platform::ids::derived_id;

impl Saga {
    /// Takes in what came of an effect. A refusal that ended the checkout is returned, for whoever waits for an answer.
    pub fn learn(&mut self, now: Timestamp, effect: &Effect, outcome: Outcome) -> Option<Refusal> {
        match effect {
            Effect::StartPayment { hold } => return self.learn_started(*hold, outcome),
            Effect::Reopen { hold } => {
                // A hold that could not be paid for stays one, whatever became of it since.
                let done = if self.is_lost(*hold) { PartState::Ended } else { PartState::Open };
                self.set_part(*hold, &outcome, done, |_| PartState::Ended);
            }
            // Not ours to end any more, forgotten by its show, or not sold for sure: perhaps it was booked, in a step whose
            // answer was lost. Taking the booking back finds out, and whoever is still about to make it comes too late.
            Effect::EndPayment { hold } => {
                let done = if self.is_lost(*hold) { PartState::Booked } else { PartState::Ended };
                self.set_part(*hold, &outcome, done, |_| PartState::Booked);
            }
            Effect::Book { hold } => {
                let paid = self.paid_with.and_then(|id| self.attempt(id)).map(|attempt| attempt.status);
                let is_here = paid == Some(AttemptStatus::Captured);
                self.set_part(*hold, &outcome, PartState::Booked, |rejection| match rejection {
                    // The hold has ended; money that is here may still buy its seats.
                    Rejection::HoldNotOpen | Rejection::HoldLapsed { .. } | Rejection::UnknownHold { .. }
                        if is_here =>
                    {
                        PartState::Ended
                    }
                    _ => PartState::Lost,
                });
            }
            Effect::SellLate { hold } => self.set_part(*hold, &outcome, PartState::Booked, |_| PartState::Lost),
            Effect::CancelBooking { hold } => self.set_part(*hold, &outcome, PartState::Returned, |_| PartState::Ended),
            Effect::GiveBack { hold } => self.learn_given_back(*hold, &outcome),
            Effect::Start { payment } => {
                if let Some(attempt) = self.attempt_mut(*payment) {
                    learn_attempt_started(attempt, now, outcome);
                }
            }
            Effect::Cancel { payment } => {
                if let Some(attempt) = self.attempt_mut(*payment) {
                    match outcome {
                        Outcome::Done if attempt.status == AttemptStatus::Cancelling => {
                            attempt.status = AttemptStatus::Cancelled;
                        }
                        Outcome::AlreadyPaid | Outcome::No { .. } if attempt.status == AttemptStatus::Cancelling => {
                            attempt.next_check_at = Some(now);
                        }
                        _ => {}
                    }
                }
            }
            Effect::LookUp { payment } => {
                if let Outcome::Reports(reports) = outcome {
                    if let Some(attempt) = self.attempt_mut(*payment) {
                        let waits = attempt.status == AttemptStatus::Pending;
                        attempt.next_check_at = waits.then(|| Self::check_after(now));
                    }
                    for report in &reports {
                        self.report(report);
                    }
                }
            }
            Effect::Void { payment } => {
                if let Some(attempt) = self.attempt_mut(*payment).filter(|it| it.status == AttemptStatus::Authorized) {
                    match outcome {
                        Outcome::Done => attempt.status = AttemptStatus::Cancelled,
                        Outcome::No { reason } => {
                            attempt.problem = Some(reason);
                            attempt.next_check_at = Some(now);
                        }
                        _ => {}
                    }
                }
            }
            Effect::Capture { payment } => {
                if let Some(attempt) = self.attempt_mut(*payment).filter(|it| it.status == AttemptStatus::Authorized) {
                    match outcome {
                        Outcome::Done => attempt.status = AttemptStatus::Captured,
                        // Perhaps it is still set aside: the provider is asked, and what is there is let go of.
                        Outcome::No { reason } => {
                            attempt.status = AttemptStatus::Cancelling;
                            attempt.problem = Some(reason);
                            attempt.next_check_at = Some(now);
                        }
                        _ => {}
                    }
                }
            }
            Effect::Refund { refund, .. } => {
                let found = self.refunds.iter_mut().find(|it| it.id == *refund);
                if let Some(found) = found.filter(|it| it.status == RefundStatus::Pending) {
                    match outcome {
                        Outcome::Done => found.status = RefundStatus::Succeeded,
                        Outcome::No { .. } => {
                            found.status = RefundStatus::Failed;
                            if found.is_for_tickets() {
                                self.keep_tickets();
                            }
                        }
                        _ => {}
                    }
                }
            }
            Effect::Judge { payment } => {
                if let Outcome::Judged(verdict) = outcome {
                    self.judged(*payment, verdict);
                }
            }
            Effect::Confirm => {
                if outcome == Outcome::Done && self.state == OrderState::Captured {
                    self.state = OrderState::Confirmed;
                    self.confirmed_at = Some(now);
                }
            }
        }
        None
    }

    fn learn_started(&mut self, hold: uuid::Uuid, outcome: Outcome) -> Option<Refusal> {
        let total_is_open = self.state == OrderState::AwaitingPayment;
        let part = self.part_mut(hold)?;
        match outcome {
            Outcome::Paying { pay_by, seats, areas } => {
                if part.state != PartState::Intended {
                    return None;
                }
                part.state = PartState::Paying;
                let same = same_places(part, &seats, &areas);
                let (show, hold) = (part.show, part.hold);
                self.pay_by = Some(self.pay_by.map_or(pay_by, |known| known.min(pay_by)));
                if same {
                    return None;
                }
                // The hold was changed between its price and its payment: what was priced is not what would be sold. It is given up like
                // one that was refused, so that the same wish is judged anew.
                if let Some(part) = self.part_mut(hold) {
                    part.state = PartState::Lost;
                }
                if total_is_open {
                    self.state = OrderState::Cancelled;
                }
                Some(Refusal { hold, show, rejection: Rejection::HoldNotOpen })
            }
            Outcome::Refused(rejection) => {
                // Somebody else may be about to ask the same, and be answered otherwise: it is lost, and then given up.
                if part.state == PartState::Intended {
                    part.state = PartState::Lost;
                }
                let (show, hold) = (part.show, part.hold);
                if total_is_open {
                    self.state = OrderState::Cancelled;
                }
                Some(Refusal { hold, show, rejection })
            }
            _ => None,
        }
    }

    fn is_lost(&self, hold: uuid::Uuid) -> bool {
        self.part(hold).is_some_and(|part| part.state == PartState::Lost)
    }

    fn set_part(
        &mut self,
        hold: uuid::Uuid,
        outcome: &Outcome,
        done: PartState,
        refused: impl FnOnce(&Rejection) -> PartState,
    ) {
        let Some(part) = self.part_mut(hold) else { return };
        // What was given back stays given back, whoever learns late of an earlier step.
        if part.state == PartState::Returned {
            return;
        }
        // And a booking that was made is taken back by its own step alone.
        let is_booked = part.state == PartState::Booked;
        match outcome {
            Outcome::Done if is_booked && matches!(done, PartState::Ended | PartState::Open) => {}
            Outcome::Done => part.state = done,
            Outcome::Refused(rejection) => {
                let refused = refused(rejection);
                if !is_booked || done == PartState::Returned {
                    part.state = refused;
                }
            }
            _ => {}
        }
    }

    fn learn_given_back(&mut self, hold: uuid::Uuid, outcome: &Outcome) {
        // A booking that the show knows nothing of has nothing to give back.
        if !matches!(outcome, Outcome::Done | Outcome::Refused(_)) || self.state != OrderState::Refunding {
            return;
        }
        for line in self.lines.iter_mut().filter(|line| line.giving_back) {
            if line.hold == Some(hold) || line.hold.is_none() {
                line.giving_back = false;
                line.cancelled = true;
            }
        }
        let rest = self.lines.iter().any(|line| line.hold == Some(hold) && !line.cancelled);
        if let Some(part) = self.part_mut(hold).filter(|_| !rest) {
            part.state = PartState::Returned;
        }
    }

    /// The refund came to nothing: who has no money back keeps the tickets.
    pub(super) fn keep_tickets(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.giving_back) {
            line.giving_back = false;
            line.kept = 0;
        }
    }

    /// Takes in what a provider says of a payment of this order.
    pub fn report(&mut self, report: &Report) {
        match report.what {
            What::Disputed { .. } => return self.learn_dispute(report),
            What::GivenBack { .. } => return self.learn_elsewhere(report),
            What::Refunded { refund } => {
                // One that had failed is somebody's work already, and stays it.
                let found = self.refunds.iter_mut().find(|it| it.id == refund);
                if let Some(found) = found.filter(|it| it.status == RefundStatus::Pending) {
                    found.status = RefundStatus::Succeeded;
                }
                return;
            }
            What::RefundFailed { refund } => {
                // Places that are on their way back by a refund that was recorded stay on their way: it is the refund that
                // becomes somebody's work.
                let moves = |it: &&mut super::Repayment| match it.status {
                    RefundStatus::Pending | RefundStatus::Succeeded => true,
                    RefundStatus::Failed | RefundStatus::ByHand | RefundStatus::Again => false,
                };
                if let Some(found) = self.refunds.iter_mut().find(|it| it.id == refund).filter(moves) {
                    let was_pending = found.status == RefundStatus::Pending;
                    found.status = RefundStatus::Failed;
                    found.owed |= !was_pending;
                    if was_pending && found.is_for_tickets() {
                        self.keep_tickets();
                    }
                }
                return;
            }
            What::Authorized | What::Captured | What::Declined | What::Cancelled => {}
        }
        let forgotten =
            |attempt: &Attempt| planted::is(Bug::ForgetPayments) && attempt.status == AttemptStatus::Captured;
        let by_ref = self
            .attempts
            .iter()
            .position(|attempt| attempt.provider_ref.as_deref() == Some(&report.provider_ref) && !forgotten(attempt));
        let unnamed = |attempt: &Attempt| attempt.id == report.payment && attempt.provider_ref.is_none();
        let at = by_ref.or_else(|| self.attempts.iter().position(unnamed)).or_else(|| self.another(report));
        let Some(attempt) = at.and_then(|at| self.attempts.get_mut(at)) else { return };
        attempt.provider_ref = Some(report.provider_ref.clone());
        if let Some(instrument) = instrument_of(&attempt.provider, report) {
            attempt.instrument = Some(instrument);
        }
        let open = matches!(
            attempt.status,
            AttemptStatus::Starting | AttemptStatus::Pending | AttemptStatus::Cancelling | AttemptStatus::Declined
        );
        match report.what {
            // Where a provider's cancelling is worth little an amount may be set aside all the same: it is seen, and let go of.
            What::Authorized if open || attempt.status == AttemptStatus::Cancelled => {
                attempt.status = AttemptStatus::Authorized;
                attempt.amount = report.amount;
                attempt.paid_at = Some(report.at);
                attempt.next_check_at = None;
            }
            What::Captured
                if open || matches!(attempt.status, AttemptStatus::Authorized | AttemptStatus::Cancelled) =>
            {
                // The buyer acted when the amount was set aside; collecting it later was our own doing.
                let acted = attempt.paid_at.filter(|_| attempt.status == AttemptStatus::Authorized);
                attempt.paid_at = Some(acted.unwrap_or(report.at));
                attempt.status = AttemptStatus::Captured;
                attempt.amount = report.amount;
                attempt.next_check_at = None;
            }
            What::Declined if open => {
                attempt.status = AttemptStatus::Declined;
                attempt.next_check_at = None;
            }
            What::Cancelled
                if matches!(
                    attempt.status,
                    AttemptStatus::Starting
                        | AttemptStatus::Pending
                        | AttemptStatus::Cancelling
                        | AttemptStatus::Authorized
                ) =>
            {
                attempt.status = AttemptStatus::Cancelled;
                attempt.next_check_at = None;
            }
            What::Authorized
            | What::Captured
            | What::Declined
            | What::Cancelled
            | What::Refunded { .. }
            | What::RefundFailed { .. }
            | What::GivenBack { .. }
            | What::Disputed { .. } => {}
        }
    }

    /// A payment that we did not begin, made under one of our attempts: an attempt of its own, so that its money is seen.
    pub(super) fn another(&mut self, report: &Report) -> Option<usize> {
        let known = self.attempts.iter().find(|attempt| attempt.id == report.payment)?;
        if !matches!(report.what, What::Authorized | What::Captured | What::Disputed { .. }) {
            return None;
        }
        let number = self.newest().map_or(0, |attempt| attempt.number) + 1;
        let (provider, account) = (known.provider.clone(), known.account.clone());
        let (method, kind) = (known.method.clone(), known.kind);
        let mut name = report.provider_ref.clone();
        if planted::is(Bug::ForgetPayments) {
            name.push_str(&number.to_string());
        }
        self.attempts.push(Attempt {
            id: derived_id(&[b"another payment", provider.as_bytes(), name.as_bytes()]),
            number,
            provider,
            account,
            method,
            kind,
            status: AttemptStatus::Cancelling,
            amount: report.amount,
            provider_ref: Some(report.provider_ref.clone()),
            checkout_url: None,
            paid_at: None,
            instrument: None,
            next_check_at: None,
            problem: Some("a second payment of the same attempt".to_owned()),
        });
        Some(self.attempts.len() - 1)
    }
}

/// Kept as a name of its own: what a provider calls an instrument is the provider's business.
fn instrument_of(provider: &str, report: &Report) -> Option<Instrument> {
    let told = report.instrument.as_ref()?;
    let id = derived_id(&[b"instrument", provider.as_bytes(), told.fingerprint.as_bytes()]);
    Some(Instrument { id, country: told.country.as_ref().map(|country| country.to_ascii_uppercase()) })
}

fn learn_attempt_started(attempt: &mut Attempt, now: Timestamp, outcome: Outcome) {
    match outcome {
        Outcome::Started { provider_ref, checkout_url } => {
            if let Some(name) = provider_ref {
                attempt.provider_ref.get_or_insert(name);
            }
            attempt.checkout_url = checkout_url;
            if attempt.status == AttemptStatus::Starting {
                attempt.status = AttemptStatus::Pending;
                attempt.next_check_at = Some(Saga::check_after(now));
            }
        }
        Outcome::No { reason } if attempt.status == AttemptStatus::Starting => {
            attempt.status = AttemptStatus::Declined;
            attempt.problem = Some(reason);
        }
        _ => {}
    }
}

fn same_places(part: &Part, seats: &[String], areas: &[(String, u32)]) -> bool {
    let sorted = |mut seats: Vec<String>| {
        seats.sort();
        seats
    };
    let counted = |areas: &[(String, u32)]| {
        let mut areas: Vec<_> = areas.iter().filter(|(_, quantity)| *quantity > 0).cloned().collect();
        areas.sort();
        areas
    };
    sorted(part.seats.clone()) == sorted(seats.to_vec()) && counted(&part.areas) == counted(areas)
}
