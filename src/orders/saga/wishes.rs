//! What the buyer or the house wants of an order.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Attempt, AttemptStatus, Line, OrderState, RefundStatus, ReviewState, Saga};
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
    /// Not of this order.
    NotItsLines,
    /// Nobody waits for this decision any more.
    Decided,
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

    /// Gives these lines back with all that belongs to them, or all that are left: their money first, then their places.
    ///
    /// # Errors
    /// `NothingToGiveBack` where no tickets were issued or all are back; `UnderWay` while others are on their way;
    /// `NotItsLines` where one is not of this order.
    pub fn give_back(&mut self, now: Timestamp, lines: Option<&[Uuid]>, reason: &str) -> Result<(), WishRefused> {
        match self.state {
            OrderState::Confirmed | OrderState::PartiallyRefunded => {}
            OrderState::Refunding => return Err(WishRefused::UnderWay),
            OrderState::AwaitingPayment
            | OrderState::InReview
            | OrderState::Authorized
            | OrderState::Booked
            | OrderState::Captured
            | OrderState::Expired
            | OrderState::Refunded
            | OrderState::Cancelled => return Err(WishRefused::NothingToGiveBack),
        }
        let wanted: Vec<Uuid> = match lines {
            Some(lines) => {
                if lines.iter().any(|wanted| !self.lines.iter().any(|line| line.id == *wanted && line.hold.is_some())) {
                    return Err(WishRefused::NotItsLines);
                }
                let left = |id: &&Uuid| self.lines.iter().any(|line| line.id == **id && !line.cancelled);
                let named = lines.iter().filter(left).copied();
                let with_them = |line: &&Line| !line.cancelled && line.of.is_some_and(|of| lines.contains(&of));
                named.chain(self.lines.iter().filter(with_them).map(|line| line.id)).collect()
            }
            None => self.lines.iter().filter(|line| !line.cancelled).map(|line| line.id).collect(),
        };
        if wanted.is_empty() {
            return Err(WishRefused::NothingToGiveBack);
        }
        let mut amount = 0;
        for line in self.lines.iter_mut().filter(|line| wanted.contains(&line.id)) {
            line.giving_back = true;
            amount += line.amount;
        }
        if let Some(payment) = self.paid_with {
            // A refund that was refused before is another one now.
            let tries = self
                .refunds
                .iter()
                .filter(|refund| refund.is_for_tickets() && refund.status == RefundStatus::Failed)
                .count();
            let mut names: Vec<String> = wanted.iter().map(|line| line.simple().to_string()).collect();
            names.sort();
            let id = crate::platform::ids::derived_id(&[names.join(",").as_bytes()]);
            let cause = format!("cancel:{}:{tries}", id.simple());
            self.give_money_back(now, payment, &cause, Money::new(amount, self.currency), reason);
        }
        self.state = OrderState::Refunding;
        Ok(())
    }
}
