//! Money that went back and that nobody here asked for: somebody gave it back at the provider. It is a refund of its payment like
//! any other, so that nothing goes back twice; but no ticket goes back with it before staff have said so.

use uuid::Uuid;

use super::{Attempt, RefundStatus, Repayment, Saga};
use crate::payments::{Report, What};
use crate::platform::ids::derived_id;

/// What buyers and staff read.
const REASON: &str = "Given back at the payment provider.";

impl Repayment {
    /// Whether somebody made it at the provider, and nobody here.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.cause.starts_with("elsewhere:")
    }

    /// Whether its money has left, by the provider or by hand.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self.status {
            RefundStatus::Succeeded | RefundStatus::ByHand => true,
            RefundStatus::Pending | RefundStatus::Failed | RefundStatus::Again => false,
        }
    }
}

impl Saga {
    /// Takes in a refund that somebody made at the provider. One that has failed stays failed, whatever is heard of it later.
    pub(super) fn learn_elsewhere(&mut self, report: &Report) {
        let What::GivenBack { refund, failed } = &report.what else { return };
        if report.amount.amount <= 0 {
            return;
        }
        let Some(payment) = self.payment_of(report) else { return };
        let Some(provider) = self.attempt(payment).map(|attempt| attempt.provider.clone()) else { return };
        let id = derived_id(&[b"refund elsewhere", provider.as_bytes(), refund.as_bytes()]);
        match self.refunds.iter_mut().find(|it| it.id == id) {
            Some(known) if *failed && known.status == RefundStatus::Succeeded => known.status = RefundStatus::Failed,
            Some(_) => {}
            None => self.refunds.push(Repayment {
                id,
                payment,
                cause: format!("elsewhere:{refund}"),
                amount: report.amount,
                status: if *failed { RefundStatus::Failed } else { RefundStatus::Succeeded },
                reason: REASON.to_owned(),
                owed: false,
                note: String::new(),
                created_at: report.at,
            }),
        }
    }

    /// How much of the money for the seats went back that way.
    #[must_use]
    pub fn gone_elsewhere(&self) -> i64 {
        let of_seats =
            |refund: &&Repayment| refund.is_elsewhere() && refund.is_gone() && Some(refund.payment) == self.paid_with;
        self.refunds.iter().filter(of_seats).map(|refund| refund.amount.amount).sum()
    }

    /// How much of money that buys nothing is still to go back: nothing once that was begun here, and not what went back
    /// elsewhere.
    pub(super) fn left_to_refuse(&self, attempt: &Attempt) -> i64 {
        let begun = |refund: &Repayment| refund.payment == attempt.id && refund.takes_money() && !refund.is_elsewhere();
        if self.refunds.iter().any(begun) { 0 } else { attempt.amount.amount - self.refunded(attempt.id) }
    }
}

/// What tells the states of such refunds from each other.
#[must_use]
pub fn mark(saga: &Saga) -> Uuid {
    let mut parts: Vec<String> = Vec::new();
    for refund in saga.refunds.iter().filter(|refund| refund.is_elsewhere()) {
        parts.push(format!("{}{}", refund.id.simple(), refund.status.word()));
    }
    parts.extend(saga.lines.iter().filter(|line| line.cancelled).map(|line| line.id.simple().to_string()));
    parts.extend(saga.paid_with.map(|id| id.simple().to_string()));
    derived_id(&[b"elsewhere", saga.order.as_bytes(), parts.join(",").as_bytes()])
}
