//! Claims that buyers make at their bank against what they paid: what the saga learns of them, and what follows for tickets and
//! refunds.
//!
//! The news of one claim may come in any order and many times. A verdict stands above an opening, and of two verdicts the one
//! that the provider made later. While a claim is open the bank has its money: nothing of that payment is given back, or it
//! would go back twice. A claim that was lost gave the money back; what is left can still be refunded.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Line, RefundStatus, Repayment, Saga, WishRefused};
use crate::payments::{DisputeState, Report, What};
use crate::platform::ids::derived_id;
use crate::platform::money::Money;

/// One claim against one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Follows from the provider and its name for the claim.
    pub id: Uuid,
    /// Against which payment.
    pub payment: Uuid,
    /// The provider's name for it.
    pub provider_ref: String,
    /// How far it is.
    pub state: DisputeState,
    /// How much is claimed.
    pub amount: Money,
    /// What the provider asks for its trouble.
    pub fee: i64,
    /// The provider has taken the money out of the account for it. From then on its amount stays what it is.
    pub taken: bool,
    /// The order's tickets admit nobody while it is open: the house's wish when it was first heard of.
    pub suspends: bool,
    /// When it was opened; of a claim that was heard of late, when it was decided.
    pub opened_at: Timestamp,
    /// When the provider decided it.
    pub decided_at: Option<Timestamp>,
}

/// The claims against an order's payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disputes {
    /// What the house wishes now: tickets admit nobody while their payment is disputed.
    pub suspend: bool,
    /// They, as they were first heard of.
    pub claims: Vec<Dispute>,
}

/// Whether a line's tickets open the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They do.
    Valid,
    /// Not now.
    Suspended,
    /// Never again, unless a lost claim is won after all.
    Revoked,
}

impl Saga {
    /// What the tickets of this line are worth at the door.
    #[must_use]
    pub fn admission(&self, line: &Line) -> Admission {
        let sold_for = |dispute: &&Dispute| self.paid_with == Some(dispute.payment);
        let mut claims = self.disputes.claims.iter().filter(sold_for);
        let gone = line.cancelled || self.is_exchanged(line.id);
        if gone || claims.clone().any(|claim| claim.state == DisputeState::Lost) {
            Admission::Revoked
        } else if line.giving_back || claims.any(|claim| claim.state == DisputeState::Opened && claim.suspends) {
            Admission::Suspended
        } else {
            Admission::Valid
        }
    }

    /// A bank has this payment's money until it has decided.
    #[must_use]
    pub fn is_disputed(&self, payment: Uuid) -> bool {
        self.disputes.claims.iter().any(|claim| claim.payment == payment && claim.state == DisputeState::Opened)
    }

    /// How much of a payment was lost to its buyer's bank.
    #[must_use]
    pub fn lost(&self, payment: Uuid) -> i64 {
        let lost = |claim: &&Dispute| claim.payment == payment && claim.state == DisputeState::Lost;
        self.disputes.claims.iter().filter(lost).map(|claim| claim.amount.amount).sum()
    }

    /// Money that a bank holds cannot be given back.
    ///
    /// # Errors
    /// `Disputed` while a claim against the payment that bought the seats is open.
    pub(super) fn must_not_be_disputed(&self) -> Result<(), WishRefused> {
        let disputed = self.paid_with.is_some_and(|payment| self.is_disputed(payment));
        if disputed { Err(WishRefused::Disputed) } else { Ok(()) }
    }

    /// A refund that may be sent: no bank holds its money.
    pub(super) fn may_be_sent(&self, refund: &Repayment) -> bool {
        refund.status == RefundStatus::Pending && !self.is_disputed(refund.payment) && self.credit_of(refund).is_none()
    }

    /// A refund that waited for a verdict, and whose money the bank has given back itself, will never be made. It is a person's
    /// to close, because nobody knows for sure that it was not on its way already.
    pub(super) fn fail_what_was_lost(&mut self) {
        let gone = |refund: &Repayment| {
            let paid = self.attempt(refund.payment).map_or(0, |attempt| attempt.amount.amount);
            let lost = self.lost(refund.payment);
            self.may_be_sent(refund) && lost > 0 && self.refunded(refund.payment) + lost > paid
        };
        let Some(id) = self.refunds.iter().find(|refund| gone(refund)).map(|refund| refund.id) else { return };
        let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id) else { return };
        refund.status = RefundStatus::Failed;
        if refund.is_for_tickets() {
            self.keep_tickets();
        }
    }

    /// Takes in what a provider says of a claim against one of this order's payments.
    pub(super) fn learn_dispute(&mut self, report: &Report) {
        let What::Disputed { dispute, state, taken, fee } = &report.what else { return };
        let Some(payment) = self.payment_of(report) else { return };
        let Some(provider) = self.attempt(payment).map(|attempt| attempt.provider.clone()) else { return };
        let id = derived_id(&[b"dispute", provider.as_bytes(), dispute.as_bytes()]);
        let decided = match state {
            DisputeState::Opened => None,
            DisputeState::Won | DisputeState::Lost => Some(report.at),
        };
        // What was lost is gone, whatever else is said of it.
        let taken = *taken || *state == DisputeState::Lost;
        let suspends = self.disputes.suspend;
        let Some(known) = self.disputes.claims.iter_mut().find(|claim| claim.id == id) else {
            self.disputes.claims.push(Dispute {
                id,
                payment,
                provider_ref: dispute.clone(),
                state: *state,
                amount: report.amount,
                fee: (*fee).max(0),
                taken,
                suspends,
                opened_at: report.at,
                decided_at: decided,
            });
            return;
        };
        known.opened_at = known.opened_at.min(report.at);
        // It grows as the claim goes on. Some give it back with the money: then it shrinks, and is asked for no more.
        known.fee = match (known.state, state) {
            (DisputeState::Won, DisputeState::Won) => known.fee.min((*fee).max(0)),
            (DisputeState::Opened | DisputeState::Lost, DisputeState::Won) => (*fee).max(0),
            (DisputeState::Won, DisputeState::Opened | DisputeState::Lost) => known.fee,
            (DisputeState::Opened | DisputeState::Lost, DisputeState::Opened | DisputeState::Lost) => {
                known.fee.max(*fee)
            }
        };
        if let Some(at) = decided
            && known.decided_at.is_none_or(|known| known < at)
        {
            known.state = *state;
            known.decided_at = Some(at);
        }
        if taken && !known.taken {
            (known.taken, known.amount) = (true, report.amount);
        }
    }

    /// Which payment a report is about, by the provider's name for it before ours.
    pub(super) fn payment_of(&mut self, report: &Report) -> Option<Uuid> {
        let named = |name: Option<&str>| name == Some(report.provider_ref.as_str());
        let by_ref = self.attempts.iter().find(|attempt| named(attempt.provider_ref.as_deref()));
        let unnamed = |attempt: &&super::Attempt| attempt.id == report.payment && attempt.provider_ref.is_none();
        let known = by_ref.or_else(|| self.attempts.iter().find(unnamed)).map(|attempt| attempt.id);
        known.or_else(|| {
            let at = self.another(report)?;
            self.attempts.get(at).map(|attempt| attempt.id)
        })
    }
}
