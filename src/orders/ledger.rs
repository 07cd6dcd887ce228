//! The books: what a change of an order writes into them. Debit is positive, credit negative; each transaction sums to zero.
//!
//! | account | what it holds |
//! |---|---|
//! | `provider:<name>` | money that a provider has collected for us and not yet given back |
//! | `deposits` | money of buyers that has bought nothing yet |
//! | `sales` | what tickets were sold for, less discounts and the tax in it, by show |
//! | `fees` | fees, less the tax in them; by show where they belong to a ticket |
//! | `taxes` | taxes, contained or added, by show where they belong to one |
//! | `refunds_due` | money that should have gone back and didn't |
//! | `disputed`, `chargebacks`, `provider_fees` | what buyers' banks claim: see [`disputes`] |
//! | `cancellation_fees` | what was kept of tickets that were given back, by show |
//! | `refunded_elsewhere` | money for seats that somebody gave back at a provider: see [`elsewhere`] |
//! | `goodwill` | money given back for tickets that stayed |
//! | `by_hand` | money that the house gave back itself, past its providers |
//! | `vouchers` | what the house owes whoever has its vouchers' codes, and what of it an order was made with that is not sold yet |
//! | `voucher_issues` | what vouchers were issued for, less what was voided |
//! | `exchanges` | what tickets have paid for other orders, between the two orders' books: see [`exchanges`] |
//!
//! Discounts have no account: they are less sales.

mod disputes;
mod elsewhere;
mod exchanges;
mod kept;
pub mod vouchers;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::saga::{AttemptStatus, Line, LineKind, RefundStatus, Repayment, Saga};
use crate::platform::money::{Currency, apportion};

/// One line of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which account.
    pub account: String,
    /// Of which show, where it is about one.
    pub show: Option<Uuid>,
    /// Debit positive, credit negative.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
}

/// What is booked at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// What kind of thing.
    pub kind: &'static str,
    /// What it books; the same source is never booked twice.
    pub source: String,
    /// Its lines.
    pub entries: Vec<Entry>,
}

fn entry(account: impl Into<String>, show: Option<Uuid>, amount: i64, currency: Currency) -> Entry {
    Entry { account: account.into(), show, amount, currency }
}

/// To which account a line of this kind is booked, as far as it is no tax.
fn account_of(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Ticket | LineKind::Discount => "sales",
        LineKind::Fee => "fees",
        LineKind::Tax => "taxes",
        LineKind::Voucher => "vouchers",
        LineKind::Exchange => "exchanges",
    }
}

/// An account, the show it is about, and how much.
pub type Part = (&'static str, Option<Uuid>, i64);

/// To which accounts lines were sold, and how much: what is owed to the state apart, by show. In a fixed order, without zeroes.
#[must_use]
pub fn accounts<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Vec<Part> {
    accounts_of(lines.into_iter().map(|line| (line, line.amount)))
}

/// The same, of so much of each line: its tax is in proportion, to the last minor unit.
#[must_use]
pub fn accounts_of<'a>(parts: impl IntoIterator<Item = (&'a Line, i64)>) -> Vec<Part> {
    let mut sums: BTreeMap<(&'static str, Option<Uuid>), i64> = BTreeMap::new();
    for (line, part) in parts {
        let account = account_of(line.kind);
        // All of a tax line is tax, whatever it says of itself.
        let tax = if line.kind == LineKind::Tax { line.amount } else { line.tax };
        let split = match (part == line.amount, apportion(part, &[(line.amount - tax).abs(), tax.abs()]).as_slice()) {
            (false, &[net, tax]) => [net, tax],
            (true | false, _) => [line.amount - tax, tax],
        };
        *sums.entry((account, line.show)).or_default() += split[0];
        *sums.entry(("taxes", line.show)).or_default() += split[1];
    }
    sums.into_iter()
        .filter(|(_, amount)| *amount != 0)
        .map(|((account, show), amount)| (account, show, amount))
        .collect()
}

/// What is left in the accounts of a line once all but this was taken out of them by [`accounts_of`]. It comes to `kept`, whatever the
/// line: a step that cannot be booked could never be kept.
#[must_use]
pub fn left_of(line: &Line, kept: i64) -> Vec<Part> {
    let taken = accounts_of([(line, line.amount - kept)]);
    let left = accounts([line]).into_iter().map(|(account, show, amount)| {
        let gone = taken.iter().find(|(other, ..)| *other == account).map_or(0, |(.., gone)| *gone);
        (account, show, amount - gone)
    });
    let mut left: Vec<Part> = left.filter(|(.., amount)| *amount != 0).collect();
    let missing = kept - left.iter().map(|(.., amount)| *amount).sum::<i64>();
    if missing != 0 {
        left.push((account_of(line.kind), line.show, missing));
    }
    left
}

/// What takes an amount out of the accounts that these lines were sold to: exactly what was booked where all of it goes back,
/// else a part of each as they are to each other, to the last minor unit. Where they were sold for nothing it comes out of
/// `sales` at large: a gift of the house.
#[must_use]
pub fn reversal<'a>(lines: impl IntoIterator<Item = &'a Line>, amount: i64, currency: Currency) -> Vec<Entry> {
    let sold = accounts(lines);
    let whole: i64 = sold.iter().map(|(.., part)| *part).sum();
    if whole <= 0 || sold.iter().any(|(.., part)| *part < 0) {
        return vec![entry("sales", None, amount, currency)];
    }
    let weights: Vec<i64> = sold.iter().map(|(.., part)| *part).collect();
    let parts = sold.iter().zip(apportion(amount, &weights)).filter(|(_, part)| *part != 0);
    parts.map(|(&(account, show, _), part)| entry(account, show, part, currency)).collect()
}

/// What the change from `before` to `after` books.
#[must_use]
pub fn transactions(before: &Saga, after: &Saga) -> Vec<Transaction> {
    let mut booked = Vec::new();
    for attempt in &after.attempts {
        let is_here = |status| matches!(status, AttemptStatus::Captured | AttemptStatus::Refunded);
        let was_here = before.attempt(attempt.id).is_some_and(|it| is_here(it.status));
        if is_here(attempt.status) && !was_here && attempt.amount.amount > 0 {
            let (amount, currency) = (attempt.amount.amount, attempt.amount.currency);
            booked.push(Transaction {
                kind: "capture",
                source: format!("capture:{}", attempt.id),
                entries: vec![
                    entry(format!("provider:{}", attempt.provider), None, amount, currency),
                    entry("deposits", None, -amount, currency),
                ],
            });
        }
    }
    let cost_something = after.total > 0 || after.credits().next().is_some();
    if after.confirmed_at.is_some() && before.confirmed_at.is_none() && cost_something {
        let paid = [entry("deposits", None, after.total, after.currency)].into_iter().filter(|it| it.amount != 0);
        let sold = accounts(&after.lines).into_iter();
        let sold = sold.map(|(account, show, amount)| entry(account, show, -amount, after.currency));
        let entries = paid.chain(sold).collect();
        booked.push(Transaction { kind: "sale", source: format!("sale:{}", after.order), entries });
    }
    for refund in after.refunds.iter().filter(|refund| !refund.is_elsewhere()) {
        let was = before.refunds.iter().find(|it| it.id == refund.id).map(|it| it.status);
        let provider = match (after.attempt(refund.payment), after.credit_of(refund)) {
            (Some(attempt), _) => format!("provider:{}", attempt.provider),
            (None, Some(credit)) => account_of(credit.kind).to_owned(),
            (None, None) => "provider:unknown".to_owned(),
        };
        let (amount, currency) = (refund.amount.amount, refund.amount.currency);
        if refund.status == RefundStatus::Succeeded && was != Some(RefundStatus::Succeeded) {
            let mut entries = of_refund(refund, after);
            entries.push(entry(&provider, None, -amount, currency));
            booked.push(Transaction { kind: "refund", source: format!("refund:{}", refund.id), entries });
        }
        if refund.status == RefundStatus::ByHand && was != Some(RefundStatus::ByHand) {
            let mut entries = of_refund(refund, after);
            entries.push(entry("by_hand", None, -amount, currency));
            booked.push(Transaction { kind: "refund_by_hand", source: format!("by_hand:{}", refund.id), entries });
        }
        if refund.status == RefundStatus::Failed && was == Some(RefundStatus::Succeeded) {
            booked.push(Transaction {
                kind: "refund_failed",
                source: format!("refund_failed:{}", refund.id),
                entries: vec![entry(&provider, None, amount, currency), entry("refunds_due", None, -amount, currency)],
            });
        }
    }
    booked.extend(disputes::of_disputes(before, after));
    booked.extend(exchanges::given(before, after));
    booked.extend(kept::kept(before, after));
    booked.extend(elsewhere::elsewhere(before, after));
    booked
}

/// What a refund takes away: what tickets were sold for, where they are given back, without what is kept of them; what was owed,
/// where it was booked before; else a deposit that had bought nothing.
fn of_refund(refund: &Repayment, saga: &Saga) -> Vec<Entry> {
    let (amount, currency) = (refund.amount.amount, refund.amount.currency);
    if !refund.is_for_tickets() || refund.owed {
        return vec![entry(kept::source_of(refund), None, amount, currency)];
    }
    // What goes back in several ways is taken out of the sales once, by the first of them; the others find it in `deposits`.
    let together = || saga.refunds.iter().filter(|it| it.cause == refund.cause);
    let first = together().min_by_key(|it| (Some(it.payment) != saga.paid_with, it.id));
    if first.is_some_and(|first| first.id != refund.id) {
        return vec![entry("deposits", None, amount, currency)];
    }
    let whole: i64 = together().map(|it| it.amount.amount).sum();
    let going = || saga.lines.iter().filter(|line| line.giving_back);
    let back: Vec<Part> = accounts_of(going().map(|line| (line, line.amount - line.kept)));
    let mut entries = if back.iter().map(|(.., part)| *part).sum::<i64>() == whole {
        back.into_iter().map(|(account, show, part)| entry(account, show, part, currency)).collect()
    } else {
        reversal(going(), whole, currency)
    };
    if whole != amount {
        entries.push(entry("deposits", None, amount - whole, currency));
    }
    entries
}

#[cfg(test)]
mod tests;
