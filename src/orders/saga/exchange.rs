//! Tickets of an order that are given for another order: an exchange, as the order knows it whose tickets they are.
//!
//! While the other order is not sold the tickets stay good, and nothing else is done with them. The moment it is sold they admit
//! nobody any more; then their places go back, and what they are worth beyond what the other order took is given back as any
//! money is. What comes back of the other order later comes back here, because here is the payment that it came from.
//!
//! What the other order knows of it is a line that pays ([`LineKind::Exchange`]), and [`news`] says what its change means here.

use jiff::Timestamp;
use uuid::Uuid;

use super::model::words;
use super::{LineKind, OrderState, RefundStatus, Repayment, Saga, Way};
use crate::platform::money::Money;

words! {
    /// How far an exchange is.
    ExchangeState {
        /// The other order is made, and not sold yet.
        Open "open",
        /// It is sold: the tickets are its price, and their places are not given back yet.
        Sold "sold",
        /// It ended without a sale; nothing was given.
        Off "off",
        /// The lines were given, and what they are worth beyond what was needed is on its way back.
        Done "done",
    }
}

/// Tickets of this order that are given for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// For which order.
    pub into: Uuid,
    /// How far it is.
    pub state: ExchangeState,
    /// The lines that are given, and how much of each is kept.
    pub lines: Vec<(Uuid, i64)>,
    /// What they are worth: their amounts, less what is kept.
    pub worth: i64,
    /// How much of that the other order takes.
    pub credit: i64,
    /// How much of what it took has come back from there.
    pub returned: i64,
}

impl Exchange {
    /// Whether this line is one of those that are given.
    #[must_use]
    pub fn has(&self, line: Uuid) -> bool {
        self.lines.iter().any(|(given, _)| *given == line)
    }

    /// Whether its lines are promised, and not yet given.
    #[must_use]
    pub fn stands(&self) -> bool {
        match self.state {
            ExchangeState::Open | ExchangeState::Sold => true,
            ExchangeState::Off | ExchangeState::Done => false,
        }
    }

    /// Whether the other order is sold, so that the tickets are good no more.
    #[must_use]
    pub fn is_sold(&self) -> bool {
        match self.state {
            ExchangeState::Sold | ExchangeState::Done => true,
            ExchangeState::Open | ExchangeState::Off => false,
        }
    }
}

/// What a change of an order that is paid with tickets means for the order whose tickets they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeNews {
    /// It was sold, or ended without a sale.
    pub ends: Option<ExchangeState>,
    /// So much of what the tickets had paid has come back.
    pub returned: i64,
}

/// What the change from `before` to `after` means for the order whose tickets it is paid with; `None`: nothing.
#[must_use]
pub fn news(before: &Saga, after: &Saga) -> Option<ExchangeNews> {
    let line = after.lines.iter().find(|line| line.kind == LineKind::Exchange)?;
    let ended = |saga: &Saga| saga.is_over() && saga.confirmed_at.is_none();
    let ends = if after.confirmed_at.is_some() && before.confirmed_at.is_none() {
        Some(ExchangeState::Sold)
    } else if ended(after) && !ended(before) {
        Some(ExchangeState::Off)
    } else {
        None
    };
    let back = |saga: &Saga| -> i64 {
        let there = |refund: &&Repayment| refund.payment == line.id && refund.status == RefundStatus::Succeeded;
        saga.refunds.iter().filter(there).map(|refund| refund.amount.amount).sum()
    };
    let told = ExchangeNews { ends, returned: back(after) - back(before) };
    (told != ExchangeNews::default()).then_some(told)
}

fn cause_of_return(into: Uuid) -> String {
    format!("exchanged_back:{}:", into.simple())
}

impl Repayment {
    /// Whether it gives back what tickets were worth beyond the order that they were given for.
    #[must_use]
    pub fn is_of_exchange(&self) -> bool {
        self.cause.starts_with("exchange:")
    }

    /// Whether its money had gone into another order by an exchange, and has come back from there.
    #[must_use]
    pub fn is_from_exchange(&self) -> bool {
        self.cause.starts_with("exchanged_back:")
    }
}

impl Saga {
    /// Whether this line is promised for another order.
    #[must_use]
    pub fn is_promised(&self, line: Uuid) -> bool {
        self.exchanges.iter().any(|exchange| exchange.stands() && exchange.has(line))
    }

    /// Whether this line has paid for another order.
    #[must_use]
    pub(super) fn is_exchanged(&self, line: Uuid) -> bool {
        self.exchanges.iter().any(|exchange| exchange.is_sold() && exchange.has(line))
    }

    /// How much of what was paid is in other orders, or promised to them.
    pub(super) fn in_exchanges(&self) -> i64 {
        self.exchanges.iter().map(|exchange| self.in_exchange(exchange)).sum()
    }

    fn in_exchange(&self, exchange: &Exchange) -> i64 {
        match exchange.state {
            ExchangeState::Open | ExchangeState::Sold => exchange.worth,
            ExchangeState::Off => 0,
            ExchangeState::Done => exchange.credit - self.passed_back(exchange.into),
        }
    }

    /// How much of what came back from this order was passed on from here.
    fn passed_back(&self, into: Uuid) -> i64 {
        let cause = cause_of_return(into);
        let of_it = self.refunds.iter().filter(|refund| refund.cause.starts_with(&cause));
        of_it.filter(|refund| refund.status != RefundStatus::Again).map(|refund| refund.amount.amount).sum()
    }

    /// What is to be passed on now, and from which exchanges.
    fn came_back(&self) -> Vec<(Exchange, i64)> {
        let done = self.exchanges.iter().filter(|exchange| exchange.state == ExchangeState::Done);
        let due = done.map(|exchange| (exchange.clone(), exchange.returned - self.passed_back(exchange.into)));
        due.filter(|(_, due)| *due > 0).collect()
    }

    /// Gives the lines of an exchange whose other order is sold, one exchange at a time. What they are worth beyond what that took
    /// is a refund of its own: whatever becomes of it, the tickets are gone.
    pub(super) fn give_for_others(&mut self, now: Timestamp) {
        if !matches!(self.state, OrderState::Confirmed | OrderState::PartiallyRefunded) {
            return;
        }
        let Some(at) = self.exchanges.iter().position(|exchange| exchange.state == ExchangeState::Sold) else { return };
        let given = self.exchanges[at].clone();
        // A bank may have taken money back since the tickets were promised: what is not there cannot go back.
        let there = self.left_of_all() - (self.in_exchanges() - given.worth);
        let worth = given.worth.min(there).max(given.credit);
        let mut beyond = given.worth - worth;
        for line in &mut self.lines {
            if let Some((_, kept)) = given.lines.iter().find(|(id, _)| *id == line.id) {
                let takes = beyond.min((line.amount - kept).max(0));
                line.giving_back = true;
                line.kept = kept + takes;
                beyond -= takes;
            }
        }
        self.exchanges[at].state = ExchangeState::Done;
        let cause = format!("exchange:{}", given.into.simple());
        self.send_back(
            now,
            &cause,
            worth - given.credit,
            &Way::Provider,
            "Your tickets were worth more than their exchange.",
        );
        self.state = OrderState::Refunding;
    }

    /// What came back from an order that this one's tickets had paid for goes the way this one was paid. What that has not any
    /// more, because a bank has taken it, is the payment's all the same: it is refused there, and somebody looks at it.
    pub(super) fn pass_back(&mut self, now: Timestamp) {
        for (exchange, due) in self.came_back() {
            let mut shares = self.shares(due);
            let rest = due - shares.iter().map(|(_, part)| part).sum::<i64>();
            let to = self.paid_with.or_else(|| self.credits().next().map(|line| line.id));
            if let (1.., Some(to)) = (rest, to) {
                match shares.iter_mut().find(|(share, _)| *share == to) {
                    Some((_, part)) => *part += rest,
                    None => shares.push((to, rest)),
                }
            }
            let cause = format!("{}{}", cause_of_return(exchange.into), exchange.returned);
            for (to, part) in shares {
                let money = Money::new(part, self.currency);
                self.give_money_back(now, to, &cause, money, "What your tickets were exchanged for was given back.");
            }
        }
    }
}
