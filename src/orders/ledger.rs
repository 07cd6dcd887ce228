//! The books: what a change of an order writes into them. Debit is positive, credit negative; each transaction sums to zero.
//!
//! | account | what it holds |
//! |---|---|
//! | `provider:<name>` | money that a provider has collected for us and not yet given back |
//! | `deposits` | money of buyers that has bought nothing yet |
//! | `sales` | what tickets were sold for, by show |
//! | `refunds_due` | money that should have gone back and didn't |
//! | `cancellation_fees` | what was kept of tickets that were given back, by show |
//! | `goodwill` | money given back for tickets that stayed |
//! | `by_hand` | money that the house gave back itself, past its providers |

mod kept;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::saga::{AttemptStatus, Line, RefundStatus, Repayment, Saga};
use crate::platform::money::Currency;

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

fn by_show<'a>(lines: impl Iterator<Item = &'a Line>) -> BTreeMap<Option<Uuid>, i64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        *sums.entry(line.show).or_default() += line.amount - line.kept;
    }
    sums
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
    if after.confirmed_at.is_some() && before.confirmed_at.is_none() && after.total > 0 {
        let mut entries = vec![entry("deposits", None, after.total, after.currency)];
        let sold = by_show(after.lines.iter());
        entries.extend(sold.into_iter().map(|(show, amount)| entry("sales", show, -amount, after.currency)));
        booked.push(Transaction { kind: "sale", source: format!("sale:{}", after.order), entries });
    }
    for refund in &after.refunds {
        let was = before.refunds.iter().find(|it| it.id == refund.id).map(|it| it.status);
        let provider = after.attempt(refund.payment).map_or("unknown", |attempt| attempt.provider.as_str());
        let provider = format!("provider:{provider}");
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
    booked.extend(kept::kept(before, after));
    booked
}

/// What a refund takes away: sales, by show, where tickets were given back; what was owed, where it was booked before; else
/// a deposit that had bought nothing.
fn of_refund(refund: &Repayment, saga: &Saga) -> Vec<Entry> {
    let currency = refund.amount.currency;
    if !refund.is_for_tickets() || refund.owed {
        return vec![entry(kept::source_of(refund), None, refund.amount.amount, currency)];
    }
    let back = by_show(saga.lines.iter().filter(|line| line.giving_back));
    if back.values().sum::<i64>() != refund.amount.amount {
        return vec![entry("sales", None, refund.amount.amount, currency)];
    }
    back.into_iter()
        .filter(|(_, amount)| *amount != 0)
        .map(|(show, amount)| entry("sales", show, amount, currency))
        .collect()
}
