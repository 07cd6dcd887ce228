//! What an exchange writes into the books of the order whose tickets are given.
//!
//! The tickets are taken out of the sales: what the other order took goes into `exchanges`, from where its sale takes it; what is
//! beyond that into `deposits`, from where its refund takes it. Money that comes back out of the other order goes the same way
//! back: into `exchanges`, and with a refund of this order out of it. So `exchanges` is empty whenever both orders are at rest.

use super::super::saga::{ExchangeState, Saga};
use super::{Entry, Transaction, accounts_of, entry};

/// Lines were given for another order.
pub(super) fn given(before: &Saga, after: &Saga) -> Vec<Transaction> {
    let done = |saga: &Saga, into| {
        saga.exchanges.iter().any(|exchange| exchange.into == into && exchange.state == ExchangeState::Done)
    };
    let given = after.exchanges.iter().filter(|it| done(after, it.into) && !done(before, it.into));
    let booked = given.filter_map(|exchange| {
        let lines = after.lines.iter().filter(|line| exchange.has(line.id));
        let sold = accounts_of(lines.map(|line| (line, line.amount - line.kept)));
        let beyond = sold.iter().map(|(.., part)| *part).sum::<i64>() - exchange.credit;
        let currency = after.currency;
        let out = sold.into_iter().map(|(account, show, part)| entry(account, show, part, currency));
        let to = [("exchanges", exchange.credit), ("deposits", beyond)];
        let to = to.into_iter().filter(|(_, part)| *part != 0);
        let entries: Vec<Entry> = out.chain(to.map(|(account, part)| entry(account, None, -part, currency))).collect();
        let source = format!("exchange:{}", exchange.into);
        (!entries.is_empty()).then_some(Transaction { kind: "exchange", source, entries })
    });
    booked.collect()
}
