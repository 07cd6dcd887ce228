//! What vouchers write into the books past any order: what a house owes by them, and what for. An order that is paid with one takes
//! it out of `vouchers` when it is sold.

use uuid::Uuid;

use super::{Transaction, entry};
use crate::platform::money::Money;

/// A voucher was issued.
#[must_use]
pub fn issued(voucher: Uuid, amount: Money) -> Transaction {
    moved("voucher_issued", voucher, amount.amount, amount)
}

/// So much of it was voided, as this movement.
#[must_use]
pub fn voided(movement: Uuid, amount: Money) -> Transaction {
    moved("voucher_voided", movement, -amount.amount, amount)
}

fn moved(kind: &'static str, what: Uuid, owed: i64, Money { currency, .. }: Money) -> Transaction {
    let entries = vec![entry("voucher_issues", None, owed, currency), entry("vouchers", None, -owed, currency)];
    Transaction { kind, source: format!("{kind}:{what}"), entries }
}
