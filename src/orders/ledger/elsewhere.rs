//! What refunds that somebody made at a provider write into the books.
//!
//! Their money has left the provider's account, so it leaves `provider:<name>`. Of money for seats it lies in `refunded_elsewhere`
//! until tickets go back without money: what was kept of those, as the books have it, was given back so, and is no fee.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::super::saga::{RefundStatus, Saga, mark};
use super::{Entry, Transaction, entry};
use crate::platform::money::{Currency, apportion};

type Standing = BTreeMap<(String, Option<Uuid>, Currency), i64>;

/// What the change from `before` to `after` books of such refunds.
pub(super) fn elsewhere(before: &Saga, after: &Saga) -> Option<Transaction> {
    let mut change = standing(after);
    for (key, amount) in standing(before) {
        *change.entry(key).or_default() -= amount;
    }
    let changed = change.into_iter().filter(|(_, amount)| *amount != 0);
    let entries: Vec<Entry> =
        changed.map(|((account, show, currency), amount)| entry(account, show, amount, currency)).collect();
    // No state of an order's refunds and lines comes again.
    let source = format!("refund_elsewhere:{}", mark(after));
    (!entries.is_empty()).then_some(Transaction { kind: "refund_elsewhere", source, entries })
}

/// What all of them together hold in each account.
fn standing(saga: &Saga) -> Standing {
    let mut sums = Standing::new();
    for refund in saga.refunds.iter().filter(|refund| refund.is_elsewhere() && refund.is_gone()) {
        let (amount, currency) = (refund.amount.amount, refund.amount.currency);
        let provider = saga.attempt(refund.payment).map_or("unknown", |attempt| attempt.provider.as_str());
        let from =
            if refund.status == RefundStatus::ByHand { "by_hand".to_owned() } else { format!("provider:{provider}") };
        let to = if saga.paid_with == Some(refund.payment) { "refunded_elsewhere" } else { "deposits" };
        *sums.entry((from, None, currency)).or_default() -= amount;
        *sums.entry((to.to_owned(), None, currency)).or_default() += amount;
    }
    let kept = kept_by_show(saga);
    let weights: Vec<i64> = kept.values().copied().collect();
    let settled = saga.gone_elsewhere().min(weights.iter().sum());
    if settled > 0 {
        *sums.entry(("refunded_elsewhere".to_owned(), None, saga.currency)).or_default() -= settled;
        for (show, part) in kept.keys().zip(apportion(settled, &weights)) {
            *sums.entry(("cancellation_fees".to_owned(), *show, saga.currency)).or_default() += part;
        }
    }
    sums
}

fn kept_by_show(saga: &Saga) -> BTreeMap<Option<Uuid>, i64> {
    let mut kept = BTreeMap::new();
    for line in saga.lines.iter().filter(|line| line.cancelled && line.kept > 0) {
        *kept.entry(line.show).or_default() += line.kept;
    }
    kept
}
