//! Giving back: tickets with all or a part of their money, money without tickets, and refunds that had failed.
//!
//! Whatever is wished, a payment never gives back more than it has brought: what would go beyond is kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::{AttemptStatus, Line, OrderState, RefundStatus, Repayment, Saga, WishRefused, refund_id};
use crate::platform::money::Money;

/// How money goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the provider, to whoever paid.
    Provider,
    /// By the house itself: in cash, by bank transfer.
    ByHand {
        /// How, in the words of staff.
        note: String,
    },
}

/// A line that would be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Which.
    pub line: Uuid,
    /// How much of its amount goes back.
    pub back: i64,
    /// How much is kept.
    pub kept: i64,
}

/// What would be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returning {
    /// Line by line, in the order's own order.
    pub lines: Vec<Returned>,
}

impl Returning {
    /// How much goes back.
    #[must_use]
    pub fn back(&self) -> i64 {
        self.lines.iter().map(|line| line.back).sum()
    }

    /// How much is kept.
    #[must_use]
    pub fn kept(&self) -> i64 {
        self.lines.iter().map(|line| line.kept).sum()
    }
}

impl Saga {
    /// Gives these lines back with all that belongs to them, or all that are left: their money first, then their places.
    ///
    /// # Errors
    /// `NothingToGiveBack` where no tickets were issued or all are back; `UnderWay` while others are on their way;
    /// `NotItsLines` where one is not of this order; `Promised` where one is just being given for another order; `Disputed` while
    /// the buyer's bank has the money.
    pub fn give_back(&mut self, now: Timestamp, lines: Option<&[Uuid]>, reason: &str) -> Result<(), WishRefused> {
        let wanted = self.wanted_back(lines)?;
        let returning = self.returning(&wanted, &BTreeMap::new());
        self.give_back_as(now, &returning, &Way::Provider, reason)
    }

    /// Gives back what [`Saga::returning`] has said.
    ///
    /// # Errors
    /// As [`Saga::give_back`].
    pub fn give_back_as(
        &mut self,
        now: Timestamp,
        returning: &Returning,
        way: &Way,
        reason: &str,
    ) -> Result<(), WishRefused> {
        self.may_give_back()?;
        let known = |it: &Returned| self.lines.iter().any(|line| line.id == it.line && !line.cancelled);
        if returning.lines.is_empty() || !returning.lines.iter().all(known) {
            return Err(WishRefused::NothingToGiveBack);
        }
        if returning.lines.iter().any(|it| self.is_promised(it.line)) {
            return Err(WishRefused::Promised);
        }
        let mut back = 0;
        for line in &mut self.lines {
            if let Some(it) = returning.lines.iter().find(|it| it.line == line.id) {
                line.giving_back = true;
                line.kept = it.kept;
                back += line.amount - it.kept;
            }
        }
        if self.paid_with.is_some() || self.credits().next().is_some() {
            let mut names: Vec<String> = returning.lines.iter().map(|it| it.line.simple().to_string()).collect();
            names.sort();
            let names = crate::platform::ids::derived_id(&[names.join(",").as_bytes()]);
            let cause = format!("cancel:{}:", names.simple());
            // A refund that was refused before is another one now.
            let tries = self.refunds.iter().filter(|refund| refund.cause.starts_with(&cause)).count();
            self.send_back(now, &format!("{cause}{tries}"), back, way, reason);
        }
        self.state = OrderState::Refunding;
        Ok(())
    }

    fn may_give_back(&self) -> Result<(), WishRefused> {
        match self.state {
            OrderState::Confirmed | OrderState::PartiallyRefunded => self.must_not_be_disputed(),
            OrderState::Refunding => Err(WishRefused::UnderWay),
            OrderState::AwaitingPayment
            | OrderState::InReview
            | OrderState::Authorized
            | OrderState::Booked
            | OrderState::Captured
            | OrderState::Expired
            | OrderState::Refunded
            | OrderState::Cancelled => Err(WishRefused::NothingToGiveBack),
        }
    }

    /// The lines that go back with these: what belongs to a ticket goes with it. Lines that went back before are left out.
    ///
    /// # Errors
    /// As [`Saga::give_back`].
    pub fn wanted_back(&self, lines: Option<&[Uuid]>) -> Result<Vec<Uuid>, WishRefused> {
        self.may_give_back()?;
        let is_head = |line: &Line| (line.hold.is_some() || line.of.is_none()) && !line.kind.is_credit();
        let unknown = |wanted: &Uuid| !self.lines.iter().any(|line| line.id == *wanted && is_head(line));
        if lines.is_some_and(|lines| lines.iter().any(unknown)) {
            return Err(WishRefused::NotItsLines);
        }
        let goes = |line: &&Line| {
            let named = |id: Uuid| lines.is_none_or(|lines| lines.contains(&id));
            !line.cancelled && !line.kind.is_credit() && (named(line.id) || line.of.is_some_and(named))
        };
        let wanted: Vec<Uuid> = self.lines.iter().filter(goes).map(|line| line.id).collect();
        if wanted.iter().any(|line| self.is_promised(*line)) {
            return Err(WishRefused::Promised);
        }
        if wanted.is_empty() { Err(WishRefused::NothingToGiveBack) } else { Ok(wanted) }
    }

    /// What giving these lines back would bring, where so much of each is kept. Never more than is left of what was paid, and
    /// never less than nothing: what lies beyond is kept of the first line that cost anything, or is kept less.
    #[must_use]
    pub fn returning(&self, wanted: &[Uuid], kept: &BTreeMap<Uuid, i64>) -> Returning {
        let mut lines: Vec<Returned> = self
            .lines
            .iter()
            .filter(|line| wanted.contains(&line.id))
            .map(|line| {
                let kept = kept.get(&line.id).copied().unwrap_or(0);
                Returned { line: line.id, back: line.amount - kept, kept }
            })
            .collect();
        let back: i64 = lines.iter().map(|line| line.back).sum();
        let mut beyond = back - back.clamp(0, self.left());
        // From one line after the other what it has; what none has is the first one's that cost anything.
        for line in &mut lines {
            let takes = if beyond > 0 { beyond.min(line.back.max(0)) } else { 0 };
            line.back -= takes;
            line.kept += takes;
            beyond -= takes;
        }
        let free = |line: &Returned| line.back + line.kept == 0;
        let bearer = lines.iter().position(|line| !free(line)).unwrap_or(0);
        if let Some(bearer) = lines.get_mut(bearer) {
            bearer.back -= beyond;
            bearer.kept += beyond;
        }
        Returning { lines }
    }

    /// How much of what the seats were sold for has not gone back and is not about to: of the payment, and of what a voucher or an
    /// exchange paid. What tickets have paid for other orders is not here.
    #[must_use]
    pub fn left(&self) -> i64 {
        (self.left_of_all() - self.in_exchanges()).max(0)
    }

    /// The same with what is in other orders: it has not gone back to anybody.
    pub(super) fn left_of_all(&self) -> i64 {
        self.left_of_payment() + self.credits().map(|line| self.left_of_credit(line)).sum::<i64>()
    }

    /// How much of what this line paid has not gone back and is not about to.
    fn left_of_credit(&self, line: &Line) -> i64 {
        if self.confirmed_at.is_some() { (-line.amount - self.refunded(line.id)).max(0) } else { 0 }
    }

    /// Where so much would go: to the payment as far as that has it, the rest back onto what had paid beside it.
    #[must_use]
    pub fn shares(&self, amount: i64) -> Vec<(Uuid, i64)> {
        let mut rest = amount;
        let mut shares = Vec::new();
        if let Some(payment) = self.paid_with {
            let part = if self.credits().next().is_none() { rest } else { rest.min(self.left_of_payment()) };
            shares.push((payment, part));
            rest -= part;
        }
        for line in self.credits() {
            let part = rest.min(self.left_of_credit(line));
            shares.push((line.id, part));
            rest -= part;
        }
        shares.retain(|(_, part)| *part > 0);
        shares
    }

    /// The same of the payment alone, to its buyer or to their bank.
    fn left_of_payment(&self) -> i64 {
        let paid = self.paid_with.and_then(|id| self.attempt(id)).filter(|attempt| match attempt.status {
            AttemptStatus::Captured | AttemptStatus::Refunded => true,
            AttemptStatus::Starting
            | AttemptStatus::Pending
            | AttemptStatus::Authorized
            | AttemptStatus::Declined
            | AttemptStatus::Cancelling
            | AttemptStatus::Cancelled => false,
        });
        let left = paid.map(|attempt| attempt.amount.amount - self.refunded(attempt.id) - self.lost(attempt.id));
        left.unwrap_or(0).max(0)
    }

    /// Money for tickets that stay as they are. The same `wish` again is the same money.
    ///
    /// # Errors
    /// `NothingToGiveBack` where nothing was paid; `TooMuch` past what is left of it; `Disputed` while a bank has it.
    pub fn goodwill(
        &mut self,
        now: Timestamp,
        wish: Uuid,
        amount: i64,
        way: &Way,
        reason: &str,
    ) -> Result<(), WishRefused> {
        let cause = format!("goodwill:{}", wish.simple());
        if self.refunds.iter().any(|refund| refund.cause == cause) {
            return Ok(());
        }
        let paid = self.paid_with.is_some() || self.credits().next().is_some();
        if !paid || self.confirmed_at.is_none() {
            return Err(WishRefused::NothingToGiveBack);
        }
        self.must_not_be_disputed()?;
        let left = self.left();
        if amount > left {
            return Err(WishRefused::TooMuch { left });
        }
        self.send_back(now, &cause, amount, way, reason);
        Ok(())
    }

    pub(super) fn send_back(&mut self, now: Timestamp, cause: &str, amount: i64, way: &Way, reason: &str) {
        for (to, part) in self.shares(amount) {
            self.give_money_back(now, to, cause, Money::new(part, self.currency), reason);
        }
        // What a voucher had paid goes back onto it all the same: there is nothing to hand out.
        if let (Way::ByHand { note }, Some(payment)) = (way, self.paid_with) {
            let id = refund_id(payment, cause);
            for refund in self.refunds.iter_mut().filter(|it| it.id == id && it.status == RefundStatus::Pending) {
                refund.status = RefundStatus::ByHand;
                note.clone_into(&mut refund.note);
            }
        }
    }

    /// What goes back onto a voucher, or into an exchange, needs nobody: it is done by keeping it. With tickets it waits for the
    /// money of the payment, because without that the tickets stay.
    pub(super) fn settle_credits(&mut self) {
        let refunds = &self.refunds;
        let decided: Vec<(usize, RefundStatus)> = refunds
            .iter()
            .enumerate()
            .filter(|(_, refund)| refund.status == RefundStatus::Pending && self.credit_of(refund).is_some())
            .filter_map(|(at, refund)| {
                let with_it = |it: &&Repayment| it.cause == refund.cause && Some(it.payment) == self.paid_with;
                let beside = refunds.iter().find(with_it).filter(|_| refund.is_for_tickets());
                match beside.map(|it| (it.status, it.owed)) {
                    Some((RefundStatus::Pending, _)) => None,
                    Some((RefundStatus::Failed, false)) => Some((at, RefundStatus::Failed)),
                    Some((
                        RefundStatus::Succeeded | RefundStatus::Failed | RefundStatus::ByHand | RefundStatus::Again,
                        _,
                    ))
                    | None => Some((at, RefundStatus::Succeeded)),
                }
            })
            .collect();
        for (at, status) in decided {
            self.refunds[at].status = status;
        }
    }

    /// A refund that failed and that its own order will not repeat: its tickets are gone, or it had none. One whose tickets
    /// are valid again is repeated by giving them back again.
    #[must_use]
    pub fn waits_for_staff(&self, refund: &Repayment) -> bool {
        refund.status == RefundStatus::Failed && (refund.owed || !refund.is_for_tickets())
    }

    /// Tries a failed refund again, as another one: the provider would only repeat its answer to the first.
    ///
    /// # Errors
    /// `NotFailed` where no such refund waits for staff; `TooMuch` where its money was given back otherwise meanwhile.
    pub fn refund_again(&mut self, now: Timestamp, refund: Uuid) -> Result<(), WishRefused> {
        let found = self.refunds.iter().position(|it| it.id == refund).ok_or(WishRefused::NotFailed)?;
        let was = self.refunds[found].clone();
        if was.status == RefundStatus::Again {
            return Ok(());
        }
        if !self.waits_for_staff(&was) {
            return Err(WishRefused::NotFailed);
        }
        self.must_be_there(&was)?;
        self.refunds[found].status = RefundStatus::Again;
        // It stays what it was for; but tickets that are gone do not come back, whatever becomes of their money.
        let cause = if was.is_for_tickets() { format!("owed:{}", was.id.simple()) } else { format!("{}+", was.cause) };
        let id = refund_id(was.payment, &cause);
        let status = RefundStatus::Pending;
        self.refunds.push(Repayment { id, cause, status, created_at: now, note: String::new(), ..was });
        Ok(())
    }

    /// The house gave the money of a failed refund back itself.
    ///
    /// # Errors
    /// As [`Saga::refund_again`].
    pub fn refunded_by_hand(&mut self, refund: Uuid, note: &str) -> Result<(), WishRefused> {
        let found = self.refunds.iter().position(|it| it.id == refund).ok_or(WishRefused::NotFailed)?;
        let was = self.refunds[found].clone();
        if was.status == RefundStatus::ByHand {
            return Ok(());
        }
        if !self.waits_for_staff(&was) {
            return Err(WishRefused::NotFailed);
        }
        self.must_be_there(&was)?;
        self.refunds[found].status = RefundStatus::ByHand;
        note.clone_into(&mut self.refunds[found].note);
        Ok(())
    }

    /// What is not owed yet must still be left of its payment.
    fn must_be_there(&self, refund: &Repayment) -> Result<(), WishRefused> {
        let brought = self.attempt(refund.payment).map_or(0, |attempt| attempt.amount.amount);
        let own = if refund.takes_money() { refund.amount.amount } else { 0 };
        let mut left = brought - self.refunded(refund.payment) - self.lost(refund.payment) + own;
        // What tickets have paid for other orders is this payment's, and is there no more.
        if self.paid_with == Some(refund.payment) {
            left = left.min(self.left() + own);
        }
        if refund.owed || refund.amount.amount <= left { Ok(()) } else { Err(WishRefused::TooMuch { left }) }
    }
}
