//! What the buyer or the house wants of an order.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Attempt, AttemptStatus, OrderState, ReviewState, Saga};
use crate::payments::MethodKind;
use crate::platform::money::Money;

/// Why a wish was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WishRefused {
    /// The order no longer awaits payment.
    NotOpen,
    /// There is nothing (left) to give back.
    NothingToGiveBack,
    /// Another cancellation is still on its way.
    UnderWay,
    /// One of these tickets is just being given for another order.
    Promised,
    /// The buyer's bank has the money until it has decided.
    Disputed,
    /// Not of this order.
    NotItsLines,
    /// Nobody waits for this decision any more.
    Decided,
    /// More than is left of what was paid.
    TooMuch {
        /// So much is left.
        left: i64,
    },
    /// No such refund of it waits for staff.
    NotFailed,
}

impl Saga {
    /// Begins another attempt; the one before is closed. The same id again changes nothing.
    ///
    /// # Errors
    /// `NotOpen` once it is paid, or its time is over.
    pub fn try_again(
        &mut self,
        now: Timestamp,
        id: Uuid,
        (provider, account, method): (&str, &str, &str),
        kind: MethodKind,
    ) -> Result<(), WishRefused> {
        if self.attempts.iter().any(|attempt| attempt.id == id) {
            return Ok(());
        }
        let in_time = self.pay_by.is_some_and(|pay_by| now < pay_by);
        if self.state != OrderState::AwaitingPayment || !in_time || self.total == 0 {
            return Err(WishRefused::NotOpen);
        }
        let number = self.newest().map_or(0, |attempt| attempt.number) + 1;
        self.attempts.push(Attempt {
            id,
            number,
            provider: provider.to_owned(),
            account: account.to_owned(),
            method: method.to_owned(),
            kind,
            status: AttemptStatus::Starting,
            amount: Money::new(self.total, self.currency),
            provider_ref: None,
            checkout_url: None,
            paid_at: None,
            instrument: None,
            next_check_at: None,
            problem: None,
        });
        Ok(())
    }

    /// Gives the payment up, also while staff look at it: once nobody can pay it any more, the holds are the buyer's again.
    /// Again is the same.
    ///
    /// # Errors
    /// `NotOpen` once it is paid or its time is over.
    pub fn give_up(&mut self) -> Result<(), WishRefused> {
        match self.state {
            OrderState::AwaitingPayment => {
                self.state = OrderState::Cancelled;
                Ok(())
            }
            // Nothing was taken, and what is set aside is let go of.
            OrderState::InReview => {
                self.review.state = ReviewState::Withdrawn;
                self.state = OrderState::Cancelled;
                Ok(())
            }
            OrderState::Cancelled if self.confirmed_at.is_none() => Ok(()),
            OrderState::Authorized
            | OrderState::Booked
            | OrderState::Captured
            | OrderState::Confirmed
            | OrderState::Expired
            | OrderState::Refunding
            | OrderState::Refunded
            | OrderState::PartiallyRefunded
            | OrderState::Cancelled => Err(WishRefused::NotOpen),
        }
    }
}
