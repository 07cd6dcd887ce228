//! What stays with the house of tickets that were given back.

use super::super::saga::{Line, Repayment, Saga};
use super::{Entry, Transaction, entry, left_of};

/// What is kept of each line becomes a fee as the line goes: so that its sale is gone from the books, whatever came back.
pub(super) fn kept(before: &Saga, after: &Saga) -> Vec<Transaction> {
    let went = |line: &&Line| {
        let was = before.lines.iter().find(|it| it.id == line.id);
        line.cancelled && line.kept != 0 && was.is_none_or(|was| !was.cancelled)
    };
    let booked = |line: &Line| {
        let left = left_of(line, line.kept).into_iter();
        let mut entries: Vec<Entry> =
            left.map(|(account, show, amount)| entry(account, show, amount, after.currency)).collect();
        entries.push(entry("cancellation_fees", line.show, -line.kept, after.currency));
        Transaction { kind: "kept", source: format!("kept:{}", line.id), entries }
    };
    after.lines.iter().filter(went).map(booked).collect()
}

/// Where the money of a refund lies that is for no tickets, or whose tickets were booked before.
pub(super) fn source_of(refund: &Repayment) -> &'static str {
    if refund.owed {
        "refunds_due"
    } else if refund.is_goodwill() {
        "goodwill"
    } else if refund.is_from_exchange() {
        "exchanges"
    } else {
        "deposits"
    }
}
