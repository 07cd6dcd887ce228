//! Tickets of one order that are given for another: what the database does about it in the transactions of either order.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::auditor::{Verdict, must};
use crate::desk::{Admits, Desk};
use crate::house::House;
use crate::orders::saga::{Admission, Exchange, ExchangeState, Line, LineKind, OrderState, Saga, news};
use jiff::Timestamp;

/// Tickets that are to pay for an order, as they were looked at.
pub struct Promise {
    old: Uuid,
    version: i64,
    exchange: Exchange,
}

impl House {
    /// Now and then a buyer gives tickets of an order for what is ordered: whose they are is nobody's question here.
    pub fn give_tickets(&mut self, order: Uuid, lines: &mut Vec<Line>) {
        if !self.rng.chance(300) {
            return;
        }
        let sold = |saga: &Saga| matches!(saga.state, OrderState::Confirmed | OrderState::PartiallyRefunded);
        let found: Vec<Uuid> =
            self.desk.rows.iter().filter(|(_, row)| sold(&row.saga)).map(|(order, _)| *order).collect();
        if found.is_empty() {
            return;
        }
        let old = found[usize::try_from(self.rng.below(found.len() as u64)).unwrap_or(0)];
        let (all, keeps) = (self.rng.chance(600), self.rng.chance(300));
        let Some(row) = self.desk.rows.get(&old) else { return };
        let first: Vec<Uuid> =
            row.saga.lines.iter().filter(|line| line.hold.is_some()).map(|line| line.id).take(1).collect();
        let Ok(wanted) = row.saga.wanted_back((!all).then_some(&first[..])) else { return };
        let fee = |line: &&Line| keeps && wanted.contains(&line.id) && line.hold.is_some();
        let kept = row.saga.lines.iter().filter(fee).map(|line| (line.id, line.amount / 4)).collect::<BTreeMap<_, _>>();
        let returning = row.saga.returning(&wanted, &kept);
        let (worth, cost) = (returning.back(), lines.iter().map(|line| line.amount).sum::<i64>());
        let credit = worth.min(cost);
        let exchange = Exchange {
            into: order,
            state: ExchangeState::Open,
            lines: returning.lines.iter().map(|it| (it.line, it.kept)).collect(),
            worth,
            credit,
            returned: 0,
        };
        self.desk.promises.insert(order, Promise { old, version: row.version, exchange });
        lines.push(Line {
            id: crate::platform::ids::derived_id(&[b"line of", order.as_bytes(), b"exchange"]),
            kind: LineKind::Exchange,
            of: None,
            show: None,
            hold: None,
            seat: None,
            area: None,
            quantity: 1,
            amount: -credit,
            tax: 0,
            kept: 0,
            giving_back: false,
            cancelled: false,
        });
    }
}

impl Desk {
    /// Promises the tickets that an order is to be paid with. False: their order has changed since they were looked at.
    pub fn promise(&mut self, order: Uuid) -> bool {
        let Some(promise) = self.promises.get(&order) else { return true };
        let Some(row) = self.rows.get_mut(&promise.old).filter(|row| row.version == promise.version) else {
            return false;
        };
        row.version += 1;
        row.saga.exchanges.push(promise.exchange.clone());
        true
    }

    /// What a change of an order means for the one whose tickets it is paid with.
    pub fn tell(&mut self, before: &Saga, after: &Saga, now: Timestamp) -> Verdict {
        let Some(told) = news(before, after) else { return Ok(()) };
        let old = self.promises.get(&after.order).map(|promise| promise.old).ok_or("tickets that nobody promised")?;
        let row = self.rows.get_mut(&old).ok_or("an order whose tickets were given is gone")?;
        row.version += 1;
        row.next_step_at = Some(now);
        let exchange = row.saga.exchanges.iter_mut().find(|it| it.into == after.order).ok_or("no such exchange")?;
        if let Some(state) = told.ends {
            must(exchange.state == ExchangeState::Open, || format!("an exchange ends twice: {exchange:?}"))?;
            exchange.state = state;
        }
        exchange.returned += told.returned;
        must(exchange.returned <= exchange.credit, || format!("more came back than went in: {exchange:?}"))?;
        let saga = row.saga.clone();
        for line in saga.lines.iter().filter(|line| saga.admission(line) == Admission::Revoked) {
            let Some(ticket) = self.tickets.get_mut(&line.id).filter(|ticket| ticket.admits != Admits::Never) else {
                continue;
            };
            ticket.admits = Admits::Never;
            if let (Some(show), Some(seat)) = (line.show, &line.seat) {
                self.seats.remove(&(show, seat.clone()));
            }
        }
        Ok(())
    }
}

/// What tickets of an order have paid for others, and has not come back.
pub fn exchanged_of(saga: &Saga) -> i64 {
    let done = saga.exchanges.iter().filter(|exchange| exchange.state == ExchangeState::Done);
    done.map(|exchange| exchange.credit - exchange.returned).sum()
}
