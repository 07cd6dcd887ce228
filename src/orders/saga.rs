//! The way of the money, as a plain struct: what an order knows goes in, the next thing to do comes out.
//!
//! [`Saga::next`] is asked, its [`Effect`] is carried out, [`Saga::learn`] is told what came of it; a provider's news comes
//! in by [`Saga::report`]. No database, no show, no gateway here. Every effect can be repeated with the same ids, so a crash
//! between any two of these calls costs nothing but the repetition, and two processes that drive one order at once do no
//! harm: what they learn is true whoever learns it.
//!
//! Money: authorise, book all shows, capture, confirm. Whatever money arrives that is not the one payment the seats are sold
//! for is let go of or given back, once.

mod dispute;
mod elsewhere;
mod exchange;
mod giving;
mod learn;
mod model;
mod next;
mod review;
#[cfg(test)]
mod tests;
mod wishes;

pub use dispute::{Admission, Dispute, Disputes};
pub use elsewhere::mark;
pub use exchange::{Exchange, ExchangeNews, ExchangeState, news};
pub use giving::{Returned, Returning, Way};
pub use model::{
    Attempt, AttemptStatus, Effect, Instrument, Line, LineKind, OrderState, Outcome, Part, PartState, RefundStatus,
    Refusal, Repayment, Step,
};
pub use review::{Fact, Finding, Review, ReviewState, Rule, Verdict, ends_unsold};
pub use wishes::WishRefused;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::platform::ids::derived_id;
use crate::platform::money::{Currency, Money};

/// How long after `pay_by` a provider's silence on a cancel is borne before the seats are released all the same.
pub const RELEASE_GRACE: SignedDuration = SignedDuration::from_secs(120);
/// How long news of a pending payment is waited for before the provider is asked.
pub const CHECK_AFTER: SignedDuration = SignedDuration::from_secs(45);
/// Within this a refund whose answer never came is repeated under its key; afterwards it is looked for first.
pub const REFUND_KEY_LIVES: SignedDuration = SignedDuration::from_hours(24);

/// An order on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saga {
    /// By what number a show counts who buys: the same for one address in one house, whatever name it gives itself, until that
    /// customer is erased.
    pub customer: Uuid,
    /// Its id.
    pub order: Uuid,
    /// What people call it.
    pub number: String,
    /// How far it is.
    pub state: OrderState,
    /// What it costs.
    pub total: i64,
    /// In which currency.
    pub currency: Currency,
    /// Until when the buyer may pay; known once the first show has begun the payment.
    pub pay_by: Option<Timestamp>,
    /// How long the buyer has, for all shows alike.
    pub pay_within_ms: u64,
    /// The buyer agreed in advance to equal or better seats.
    pub accept_equal: bool,
    /// The payment that the seats are sold for.
    pub paid_with: Option<Uuid>,
    /// The house's look at it.
    pub review: Review,
    /// When its tickets were issued.
    pub confirmed_at: Option<Timestamp>,
    /// Its holds, by position.
    pub parts: Vec<Part>,
    /// Its payments, by attempt.
    pub attempts: Vec<Attempt>,
    /// Money on its way back.
    pub refunds: Vec<Repayment>,
    /// What buyers' banks claim back.
    pub disputes: Disputes,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// For which other orders its tickets are given.
    pub exchanges: Vec<Exchange>,
}

impl Saga {
    /// The newest attempt to pay.
    #[must_use]
    pub fn newest(&self) -> Option<&Attempt> {
        self.attempts.iter().max_by_key(|attempt| attempt.number)
    }

    /// It ended before any provider heard of it, because a hold could not be paid for: as if it had never been asked for.
    #[must_use]
    pub fn was_refused(&self) -> bool {
        self.state == OrderState::Cancelled
            && self.confirmed_at.is_none()
            && self.attempts.iter().all(|attempt| attempt.provider_ref.is_none() && attempt.checkout_url.is_none())
            && self.parts.iter().any(|part| part.state == PartState::Ended)
    }

    /// The attempt with this id.
    #[must_use]
    pub fn attempt(&self, id: Uuid) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.id == id)
    }

    fn attempt_mut(&mut self, id: Uuid) -> Option<&mut Attempt> {
        self.attempts.iter_mut().find(|attempt| attempt.id == id)
    }

    fn part_mut(&mut self, hold: Uuid) -> Option<&mut Part> {
        self.parts.iter_mut().find(|part| part.hold == hold)
    }

    /// The part with this hold.
    #[must_use]
    pub fn part(&self, hold: Uuid) -> Option<&Part> {
        self.parts.iter().find(|part| part.hold == hold)
    }

    /// Whether every part is in one of these states.
    fn all_parts(&self, states: &[PartState]) -> bool {
        self.parts.iter().all(|part| states.contains(&part.state))
    }

    /// The order came to nothing: whatever money arrives now is late.
    fn is_over(&self) -> bool {
        match self.state {
            OrderState::Expired | OrderState::Cancelled => true,
            OrderState::AwaitingPayment
            | OrderState::InReview
            | OrderState::Authorized
            | OrderState::Booked
            | OrderState::Captured
            | OrderState::Confirmed
            | OrderState::Refunding
            | OrderState::Refunded
            | OrderState::PartiallyRefunded => false,
        }
    }

    /// Whether this attempt's money can still buy the seats. Judged by the provider's time of payment: at the very moment of
    /// `pay_by` it is too late.
    fn can_sell(&self, attempt: &Attempt) -> bool {
        let in_time = attempt.paid_at.zip(self.pay_by).is_some_and(|(paid_at, pay_by)| paid_at < pay_by);
        let enough = attempt.amount == Money::new(self.total, self.currency);
        // Also money whose refund failed stays refused: it has become somebody's work.
        let refused = self.refunds.iter().any(|refund| refund.payment == attempt.id);
        let claimed = self.is_disputed(attempt.id) || self.lost(attempt.id) > 0;
        // What a voucher had paid has gone back to it, and somebody may have spent it since; tickets that were to pay are their
        // order's again.
        let unpaid = self.is_over() && self.credits().next().is_some();
        let shut = unpaid || !self.review.state.lets_sell();
        if claimed || self.paid_with.is_some() || !in_time || !enough || refused || shut {
            return false;
        }
        let untouched = self.all_parts(&[PartState::Paying]);
        match (attempt.status, self.state) {
            (AttemptStatus::Authorized, OrderState::AwaitingPayment | OrderState::InReview) => untouched,
            // Uncaptured money is ours to refuse: after the release it is let go of, never captured.
            (AttemptStatus::Authorized, OrderState::Expired | OrderState::Cancelled) => untouched,
            (AttemptStatus::Captured, OrderState::AwaitingPayment | OrderState::InReview) => untouched,
            (AttemptStatus::Captured, OrderState::Expired) => {
                self.all_parts(&[PartState::Paying, PartState::Ended]) && !self.parts.is_empty()
            }
            // Who gave the payment up has the hold again, and may have paid for it with another order.
            (AttemptStatus::Captured, OrderState::Cancelled) => untouched,
            (
                AttemptStatus::Authorized | AttemptStatus::Captured,
                OrderState::Authorized
                | OrderState::Booked
                | OrderState::Captured
                | OrderState::Confirmed
                | OrderState::Refunding
                | OrderState::Refunded
                | OrderState::PartiallyRefunded,
            )
            | (
                AttemptStatus::Starting
                | AttemptStatus::Pending
                | AttemptStatus::Declined
                | AttemptStatus::Cancelling
                | AttemptStatus::Cancelled
                | AttemptStatus::Refunded,
                _,
            ) => false,
        }
    }

    /// The lines that pay for the others.
    pub fn credits(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.kind.is_credit())
    }

    /// The line that this money goes back onto; `None`: it goes to a payment.
    #[must_use]
    pub fn credit_of(&self, refund: &Repayment) -> Option<&Line> {
        self.credits().find(|line| line.id == refund.payment)
    }

    /// How much of the money of an attempt, or of a line that pays, was, or is about to be, given back.
    fn refunded(&self, attempt: Uuid) -> i64 {
        let of_it = self.refunds.iter().filter(|refund| refund.payment == attempt);
        of_it.filter(|refund| refund.takes_money()).map(|refund| refund.amount.amount).sum()
    }

    /// Wants this money back, once: the id follows from payment and cause.
    fn give_money_back(&mut self, now: Timestamp, payment: Uuid, cause: &str, amount: Money, reason: &str) {
        let id = refund_id(payment, cause);
        if amount.amount > 0 && !self.refunds.iter().any(|refund| refund.id == id) {
            self.refunds.push(Repayment {
                id,
                payment,
                cause: cause.to_owned(),
                amount,
                status: RefundStatus::Pending,
                reason: reason.to_owned(),
                owed: false,
                note: String::new(),
                created_at: now,
            });
        }
    }
}

/// One payment has one refund of each cause.
fn refund_id(payment: Uuid, cause: &str) -> Uuid {
    derived_id(&[b"refund", payment.as_bytes(), cause.as_bytes()])
}
