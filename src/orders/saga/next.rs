//! What follows from what is known: first what needs nobody, then the one thing to be done next.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Attempt, AttemptStatus, CHECK_AFTER, Effect, OrderState, PartState, REFUND_KEY_LIVES, RELEASE_GRACE, RefundStatus,
    Saga, Step,
};
use crate::platform::money::Money;

impl Saga {
    /// Draws the conclusions that need nobody else, then says what is to be done. The conclusions must be kept before the
    /// effect is carried out.
    pub fn next(&mut self, now: Timestamp) -> Step {
        self.conclude(now);
        let sale = self.next_of_sale(now);
        if let Some(effect) = sale.or_else(|| self.next_of_tidying(now)) {
            return Step::Do(effect);
        }
        Step::Rest { until: self.rest_until(now) }
    }

    fn conclude(&mut self, now: Timestamp) {
        // Each conclusion may be the ground of another; there are only so many, so this ends.
        loop {
            let before = self.clone();
            self.close_other_attempts();
            self.choose_payment();
            self.end_review(now);
            self.go_on();
            self.undo_what_failed();
            self.expire(now);
            self.refuse_money(now);
            self.fail_what_was_lost();
            self.give_for_others(now);
            self.pass_back(now);
            self.settle_credits();
            self.finish_giving_back();
            if *self == before {
                return;
            }
        }
    }

    /// Only the newest attempt may be paid, and none beside the one that was.
    fn close_other_attempts(&mut self) {
        let newest = self.newest().map(|attempt| attempt.id);
        let (paid_with, over) = (self.counts(), self.is_over());
        for attempt in &mut self.attempts {
            let open = matches!(attempt.status, AttemptStatus::Starting | AttemptStatus::Pending);
            let stays = if paid_with.is_some() { paid_with == Some(attempt.id) } else { newest == Some(attempt.id) };
            if open && (over || !stays) {
                attempt.status = AttemptStatus::Cancelling;
                attempt.next_check_at = None;
            }
        }
    }

    fn go_on(&mut self) {
        let paid = self.paid_with.and_then(|id| self.attempt(id)).map(|attempt| attempt.status);
        match self.state {
            OrderState::AwaitingPayment if self.total == 0 && self.all_parts(&[PartState::Paying]) => {
                self.state = OrderState::Authorized;
            }
            OrderState::Authorized if self.all_parts(&[PartState::Booked]) => self.state = OrderState::Booked,
            OrderState::Booked if self.total == 0 || paid == Some(AttemptStatus::Captured) => {
                self.state = OrderState::Captured;
            }
            OrderState::AwaitingPayment
            | OrderState::InReview
            | OrderState::Authorized
            | OrderState::Booked
            | OrderState::Captured
            | OrderState::Confirmed
            | OrderState::Expired
            | OrderState::Refunding
            | OrderState::Refunded
            | OrderState::PartiallyRefunded
            | OrderState::Cancelled => {}
        }
    }

    /// A sale that cannot be finished is undone whole: seats that were booked return, money goes back.
    fn undo_what_failed(&mut self) {
        let selling = matches!(self.state, OrderState::Authorized | OrderState::Booked);
        let lost = self.parts.iter().any(|part| part.state == PartState::Lost);
        let no_money = self.paid_with.and_then(|id| self.attempt(id)).is_some_and(|attempt| match attempt.status {
            AttemptStatus::Declined
            | AttemptStatus::Cancelled
            | AttemptStatus::Cancelling
            | AttemptStatus::Refunded => true,
            AttemptStatus::Starting | AttemptStatus::Pending | AttemptStatus::Authorized | AttemptStatus::Captured => {
                false
            }
        });
        if selling && (lost || no_money) {
            self.state = OrderState::Expired;
            self.paid_with = None;
            // Their hold has ended, and perhaps somebody sells their seats all the same just now.
            for part in self.parts.iter_mut().filter(|part| matches!(part.state, PartState::Ended | PartState::Open)) {
                part.state = PartState::Booked;
            }
        }
    }

    fn expire(&mut self, now: Timestamp) {
        let Some(pay_by) = self.pay_by else { return };
        // Who has paid in time waits for the rules alone.
        let paid = self.to_be_judged().is_some();
        if self.state != OrderState::AwaitingPayment || now < pay_by || self.total == 0 || paid {
            return;
        }
        for attempt in &mut self.attempts {
            if matches!(attempt.status, AttemptStatus::Starting | AttemptStatus::Pending) {
                attempt.status = AttemptStatus::Cancelling;
                attempt.next_check_at = None;
            }
        }
        let asked = self.attempts.iter().any(|attempt| attempt.status == AttemptStatus::Cancelling);
        if !asked || now >= pay_by + RELEASE_GRACE {
            self.state = OrderState::Expired;
        }
    }

    /// Money that is here and buys nothing goes back, once.
    fn refuse_money(&mut self, now: Timestamp) {
        let unwanted: Vec<(Uuid, Money, &str, &str)> = self
            .attempts
            .iter()
            .filter(|attempt| attempt.status == AttemptStatus::Captured && self.paid_with != Some(attempt.id))
            .filter(|attempt| !self.can_sell(attempt) && self.left_to_refuse(attempt) > 0)
            .filter(|attempt| !self.is_disputed(attempt.id) && self.lost(attempt.id) == 0)
            .filter_map(|attempt| {
                let money = (attempt.id, Money::new(self.left_to_refuse(attempt), attempt.amount.currency));
                if self.paid_with.is_some() {
                    Some((money.0, money.1, "duplicate", "The order was paid already."))
                } else if self.is_over() {
                    Some((money.0, money.1, "late", "The seats could no longer be sold."))
                } else if attempt.amount != Money::new(self.total, self.currency) {
                    Some((money.0, money.1, "amount", "The amount was not what the order costs."))
                } else {
                    None
                }
            })
            .collect();
        for (payment, amount, cause, reason) in unwanted {
            self.give_money_back(now, payment, cause, amount, reason);
        }
        let given: Vec<(Uuid, i64)> = self
            .attempts
            .iter()
            .map(|attempt| {
                let done = self
                    .refunds
                    .iter()
                    .filter(|refund| refund.payment == attempt.id)
                    .filter(|refund| matches!(refund.status, RefundStatus::Succeeded | RefundStatus::ByHand));
                (attempt.id, done.map(|refund| refund.amount.amount).sum())
            })
            .collect();
        for (id, amount) in given {
            if let Some(attempt) = self.attempt_mut(id)
                && attempt.status == AttemptStatus::Captured
                && amount >= attempt.amount.amount
                && amount > 0
            {
                attempt.status = AttemptStatus::Refunded;
            }
        }
    }

    fn finish_giving_back(&mut self) {
        if self.state != OrderState::Refunding {
            return;
        }
        let mut of_tickets = self.refunds.iter().filter(|refund| refund.is_for_tickets());
        if of_tickets.any(|refund| refund.status == RefundStatus::Pending) {
            return;
        }
        if self.lines.iter().any(|line| line.giving_back && line.hold.is_some()) {
            return;
        }
        // What is left to be given back has no places that a show would have to take back: a fee.
        for line in self.lines.iter_mut().filter(|line| line.giving_back) {
            line.giving_back = false;
            line.cancelled = true;
        }
        let sold = || self.lines.iter().filter(|line| !line.kind.is_credit());
        let back = sold().filter(|line| line.cancelled).count();
        self.state = if back == 0 {
            OrderState::Confirmed
        } else if back < sold().count() {
            OrderState::PartiallyRefunded
        } else if self.total == 0 && self.credits().next().is_none() {
            OrderState::Cancelled
        } else {
            OrderState::Refunded
        };
    }

    fn next_of_sale(&self, now: Timestamp) -> Option<Effect> {
        if let Some(payment) = self.to_be_judged() {
            return Some(Effect::Judge { payment });
        }
        let in_state = |state: PartState| self.parts.iter().find(move |part| part.state == state);
        match self.state {
            OrderState::AwaitingPayment => {
                if let Some(part) = in_state(PartState::Intended) {
                    return Some(Effect::StartPayment { hold: part.hold });
                }
                let newest = self.newest()?;
                let open = self.pay_by.is_none_or(|pay_by| now < pay_by);
                (open && newest.status == AttemptStatus::Starting).then_some(Effect::Start { payment: newest.id })
            }
            OrderState::Authorized => {
                self.parts.iter().find(|part| part.state != PartState::Booked).map(|part| match part.state {
                    PartState::Intended | PartState::Paying => Effect::Book { hold: part.hold },
                    PartState::Booked | PartState::Lost | PartState::Open | PartState::Ended | PartState::Returned => {
                        Effect::SellLate { hold: part.hold }
                    }
                })
            }
            OrderState::Booked => self.paid_with.map(|payment| Effect::Capture { payment }),
            OrderState::Captured => Some(Effect::Confirm),
            OrderState::Expired => {
                in_state(PartState::Booked).map(|part| Effect::CancelBooking { hold: part.hold }).or_else(|| {
                    let waiting = [PartState::Intended, PartState::Paying, PartState::Lost];
                    let part = self.parts.iter().find(|part| waiting.contains(&part.state))?;
                    Some(Effect::EndPayment { hold: part.hold })
                })
            }
            OrderState::Cancelled => {
                in_state(PartState::Booked).map(|part| Effect::CancelBooking { hold: part.hold }).or_else(|| {
                    // The hold is the buyer's again only when nobody can pay the attempt any more.
                    let unsure = self
                        .attempts
                        .iter()
                        .any(|attempt| matches!(attempt.status, AttemptStatus::Cancelling | AttemptStatus::Authorized));
                    let part = self.parts.iter().find(|part| match part.state {
                        // No payment of it has begun, and none shall.
                        PartState::Lost => true,
                        PartState::Intended | PartState::Paying => !unsure,
                        PartState::Booked | PartState::Open | PartState::Ended | PartState::Returned => false,
                    })?;
                    Some(Effect::Reopen { hold: part.hold })
                })
            }
            OrderState::Refunding => {
                let pending = |refund: &&super::Repayment| {
                    refund.is_for_tickets()
                        && refund.status == RefundStatus::Pending
                        && self.credit_of(refund).is_none()
                };
                if let Some(refund) = self.refunds.iter().find(pending) {
                    return self.may_be_sent(refund).then(|| self.refund(refund.id, now));
                }
                let hold = self.lines.iter().filter(|line| line.giving_back).find_map(|line| line.hold)?;
                Some(Effect::GiveBack { hold })
            }
            OrderState::InReview | OrderState::Confirmed | OrderState::Refunded | OrderState::PartiallyRefunded => None,
        }
    }

    fn refund(&self, id: Uuid, now: Timestamp) -> Effect {
        let decided = self.refunds.iter().find(|refund| refund.id == id).map(|refund| refund.created_at);
        Effect::Refund { refund: id, look_first: decided.is_some_and(|at| now >= at + REFUND_KEY_LIVES) }
    }

    fn next_of_tidying(&self, now: Timestamp) -> Option<Effect> {
        for attempt in &self.attempts {
            let due = attempt.next_check_at.is_some_and(|at| at <= now);
            match attempt.status {
                AttemptStatus::Pending | AttemptStatus::Cancelling | AttemptStatus::Authorized if due => {
                    return Some(Effect::LookUp { payment: attempt.id });
                }
                AttemptStatus::Cancelling => return Some(Effect::Cancel { payment: attempt.id }),
                AttemptStatus::Authorized if self.is_unwanted(attempt) => {
                    return Some(Effect::Void { payment: attempt.id });
                }
                AttemptStatus::Starting
                | AttemptStatus::Pending
                | AttemptStatus::Authorized
                | AttemptStatus::Captured
                | AttemptStatus::Declined
                | AttemptStatus::Cancelled
                | AttemptStatus::Refunded => {}
            }
        }
        let pending = self.refunds.iter().find(|refund| self.may_be_sent(refund))?;
        Some(self.refund(pending.id, now))
    }

    /// An amount that is set aside and will buy nothing.
    fn is_unwanted(&self, attempt: &Attempt) -> bool {
        let wrong = attempt.amount != Money::new(self.total, self.currency);
        let elsewhere = self.counts().is_some_and(|id| id != attempt.id);
        elsewhere || (self.paid_with.is_none() && (self.is_over() || wrong))
    }

    fn rest_until(&self, now: Timestamp) -> Option<Timestamp> {
        // What is closed is not looked up any more, whenever that was planned.
        let open = self.attempts.iter().filter(|attempt| match attempt.status {
            AttemptStatus::Starting
            | AttemptStatus::Pending
            | AttemptStatus::Cancelling
            | AttemptStatus::Authorized => true,
            AttemptStatus::Captured | AttemptStatus::Declined | AttemptStatus::Cancelled | AttemptStatus::Refunded => {
                false
            }
        });
        let checks = open.filter_map(|attempt| attempt.next_check_at);
        let pay_by = self.pay_by.filter(|_| self.state == OrderState::AwaitingPayment);
        let grace = pay_by.map(|pay_by| if now < pay_by { pay_by } else { pay_by + RELEASE_GRACE });
        let review_by = self.review.by.filter(|_| self.state == OrderState::InReview);
        checks.chain(grace).chain(review_by).min()
    }

    /// When a pending attempt is looked up next.
    pub(super) fn check_after(now: Timestamp) -> Timestamp {
        now + CHECK_AFTER
    }
}
