//! What claims of buyers' banks write into the books.
//!
//! | account | what it holds |
//! |---|---|
//! | `disputed` | money that a bank has taken back until it has decided |
//! | `chargebacks` | what was lost to buyers' banks, by show |
//! | `provider_fees` | what providers have kept for their work |

use std::collections::BTreeMap;

use uuid::Uuid;

use super::super::saga::{Dispute, LineKind, RefundStatus, Saga};
use super::{Entry, Transaction, entry};
use crate::payments::DisputeState;

/// What the change from `before` to `after` books of claims: the opening once the money was taken, then each verdict, and what the
/// provider asks for it.
pub fn of_disputes(before: &Saga, after: &Saga) -> Vec<Transaction> {
    let mut booked = Vec::new();
    for claim in &after.disputes.claims {
        let was = before.disputes.claims.iter().find(|known| known.id == claim.id);
        let had = was.is_some_and(|known| known.taken);
        // Of a verdict that was heard of first, the opening is booked with it.
        if claim.taken && !had {
            booked.push(taken(
                claim,
                ("dispute", format!("dispute:{}", claim.id)),
                ("disputed", claim.amount.amount),
                after,
            ));
        }
        let asked = was.map_or(0, |known| known.fee);
        if claim.fee != asked {
            let source = if asked == 0 {
                format!("dispute_fee:{}", claim.id)
            } else {
                format!("dispute_fee:{}:{asked}:{}", claim.id, claim.fee)
            };
            booked.push(taken(claim, ("dispute_fee", source), ("provider_fees", claim.fee - asked), after));
        }
        // What was not taken before lies where an opening has just put it, whatever was said of it.
        let from = was.filter(|known| known.taken).map_or(DisputeState::Opened, |known| known.state);
        if claim.taken && from != claim.state {
            booked.extend(decided(claim, from, after));
        }
    }
    booked.retain(|transaction| transaction.entries.iter().any(|entry| entry.amount != 0));
    booked
}

fn provider(claim: &Dispute, saga: &Saga) -> String {
    format!("provider:{}", saga.attempt(claim.payment).map_or("unknown", |attempt| attempt.provider.as_str()))
}

fn taken(claim: &Dispute, (kind, source): (&'static str, String), to: (&str, i64), saga: &Saga) -> Transaction {
    let (currency, (account, amount)) = (claim.amount.currency, to);
    let entries = vec![entry(account, None, amount, currency), entry(provider(claim, saga), None, -amount, currency)];
    Transaction { kind, source, entries }
}

/// From one state to another. A provider that changes its verdict is booked anew, each verdict under its own time.
fn decided(claim: &Dispute, from: DisputeState, saga: &Saga) -> Option<Transaction> {
    let currency = claim.amount.currency;
    let mut entries = match from {
        DisputeState::Opened => vec![entry("disputed", None, -claim.amount.amount, currency)],
        DisputeState::Won => vec![entry(provider(claim, saga), None, -claim.amount.amount, currency)],
        DisputeState::Lost => negated(loss(claim, saga)),
    };
    let kind = match claim.state {
        // Nothing that was decided is open again.
        DisputeState::Opened => return None,
        DisputeState::Won => {
            entries.push(entry(provider(claim, saga), None, claim.amount.amount, currency));
            "dispute_won"
        }
        DisputeState::Lost => {
            entries.extend(loss(claim, saga));
            "dispute_lost"
        }
    };
    let at = claim.decided_at.map_or(0, jiff::Timestamp::as_millisecond);
    Some(Transaction { kind, source: format!("{kind}:{}:{at}", claim.id), entries })
}

fn negated(entries: Vec<Entry>) -> Vec<Entry> {
    entries.into_iter().map(|entry| Entry { amount: -entry.amount, ..entry }).collect()
}

/// A lost claim against the payment that bought the seats is a loss, by show. Against money that had bought nothing it gives
/// the buyer what we owed them.
fn loss(claim: &Dispute, saga: &Saga) -> Vec<Entry> {
    let (amount, currency) = (claim.amount.amount, claim.amount.currency);
    if saga.paid_with != Some(claim.payment) {
        let back = saga.refunds.iter().filter(|it| it.payment == claim.payment && it.status == RefundStatus::Succeeded);
        let back: i64 = back.map(|refund| refund.amount.amount).sum();
        let paid = saga.attempt(claim.payment).map_or(0, |attempt| attempt.amount.amount);
        let owed = amount.min(paid - back).max(0);
        let parts = [("deposits", owed), ("chargebacks", amount - owed)];
        let parts = parts.into_iter().filter(|(_, part)| *part != 0);
        return parts.map(|(account, part)| entry(account, None, part, currency)).collect();
    }
    let mut worth: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in saga.lines.iter().filter(|line| line.kind == LineKind::Ticket) {
        if let Some(show) = line.show {
            *worth.entry(show).or_default() += line.amount.max(0);
        }
    }
    let parts = shared(amount, &worth);
    if parts.is_empty() {
        return vec![entry("chargebacks", None, amount, currency)];
    }
    parts.into_iter().map(|(show, part)| entry("chargebacks", Some(show), part, currency)).collect()
}

/// `amount` shared by worth, to the last minor unit: each share is rounded down, and what is left goes, a unit each, to those
/// that were rounded down the most; of equals, to the first by id. Without any worth there is nobody to share.
fn shared(amount: i64, worth: &BTreeMap<Uuid, i64>) -> Vec<(Uuid, i64)> {
    let total: i128 = worth.values().map(|part| i128::from(*part)).sum();
    if total == 0 {
        return Vec::new();
    }
    let mut parts: Vec<(Uuid, i64, i128)> = worth
        .iter()
        .map(|(show, part)| {
            let exact = i128::from(amount) * i128::from(*part);
            (*show, i64::try_from(exact.div_euclid(total)).unwrap_or(0), exact.rem_euclid(total))
        })
        .collect();
    let left = amount - parts.iter().map(|(_, part, _)| part).sum::<i64>();
    parts.sort_by_key(|(show, _, rest)| (std::cmp::Reverse(*rest), *show));
    for (_, part, _) in parts.iter_mut().take(usize::try_from(left).unwrap_or(0)) {
        *part += 1;
    }
    parts.sort_by_key(|(show, _, _)| *show);
    parts.into_iter().map(|(show, part, _)| (show, part)).filter(|(_, part)| *part != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_and_fair() {
        for seed in 1_u64..2_000 {
            let mut state = seed;
            let mut next = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                i64::try_from((state >> 33) % below).unwrap()
            };
            let amount = next(1_000_000_000);
            let shows = next(7) + 1;
            let worth: BTreeMap<Uuid, i64> =
                (1_u128..).map(Uuid::from_u128).zip((0..shows).map(|_| next(1_000_000))).collect();
            let total: i64 = worth.values().sum();
            let shares = shared(amount, &worth);
            assert_eq!(
                shares.iter().map(|(_, part)| part).sum::<i64>(),
                if total == 0 { 0 } else { amount },
                "seed {seed}"
            );
            for (show, part) in shares {
                let exact = i128::from(amount) * i128::from(worth[&show]);
                let off = (i128::from(part) * i128::from(total) - exact).abs();
                assert!(off < i128::from(total), "seed {seed}: {part} of {amount} for {show}");
            }
        }
    }
}
