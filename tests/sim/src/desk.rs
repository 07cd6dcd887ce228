//! The rooms' tables in the database: orders, tickets, books, the outbox, what providers have told. A transaction is one call:
//! what it has written stays, whoever falls.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::auditor::{Verdict, must};
use crate::exchanges::Promise;
use crate::orders::drive::{Kept, Loaded, Wake};
use crate::orders::ledger;
use crate::orders::saga::{Admission, LineKind, OrderState, RefundStatus, Saga, ends_unsold};
use crate::payments::Report;

/// As long as a slow provider takes.
const LEASE: SignedDuration = SignedDuration::from_secs(15);

pub struct Row {
    pub saga: Saga,
    pub version: i64,
    pub next_step_at: Option<Timestamp>,
    pub attempts: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admits {
    Yes,
    /// Its money is on its way back.
    NotNow,
    Never,
}

pub struct Ticket {
    pub order: Uuid,
    pub amount: i64,
    pub admits: Admits,
}

pub struct Webhook {
    pub report: Report,
    received_at: Timestamp,
    attempts: i32,
    pub settled: bool,
}

#[derive(Default)]
pub struct Desk {
    pub rows: BTreeMap<Uuid, Row>,
    /// Whose each payment is.
    pub payments: BTreeMap<Uuid, Uuid>,
    sources: BTreeSet<String>,
    pub books: BTreeMap<String, i64>,
    /// By order line.
    pub tickets: BTreeMap<Uuid, Ticket>,
    /// Seats that a ticket admits to: the unique index.
    pub seats: BTreeMap<(Uuid, String), Uuid>,
    /// What is to be said, by what it is about, and how often.
    pub outbox: BTreeMap<String, u32>,
    pub inbox: BTreeMap<String, Webhook>,
    /// Tickets that are to pay for an order, by that order.
    pub promises: BTreeMap<Uuid, Promise>,
}

impl Desk {
    /// A new order. False: it was made before; `None`: the tickets that were to pay for it cannot be given just now.
    pub fn make(&mut self, saga: &Saga, now: Timestamp) -> Option<bool> {
        if self.rows.contains_key(&saga.order) {
            return Some(false);
        }
        if !self.promise(saga.order) {
            return None;
        }
        self.payments.extend(saga.attempts.iter().map(|attempt| (attempt.id, saga.order)));
        let row = Row { saga: saga.clone(), version: 1, next_step_at: Some(now + LEASE), attempts: 0 };
        self.rows.insert(saga.order, row);
        Some(true)
    }

    pub fn load(&self, order: Uuid) -> Option<Loaded> {
        let row = self.rows.get(&order)?;
        Some(Loaded { saga: row.saga.clone(), version: row.version, wakes: row.next_step_at, attempts: row.attempts })
    }

    /// One transaction: the order and everything that is written with it.
    pub fn keep(
        &mut self,
        before: &Saga,
        after: &Saga,
        version: i64,
        wake: &Wake,
        now: Timestamp,
    ) -> Result<Kept, String> {
        let row = self.rows.get_mut(&after.order).ok_or("an order that is not there was kept")?;
        if row.version != version {
            return Ok(Kept::Stale);
        }
        row.version += 1;
        row.saga = after.clone();
        (row.next_step_at, row.attempts) = match wake {
            Wake::At(at) => (*at, 0),
            Wake::After { wait_ms, .. } => (Some(now + SignedDuration::from_millis(*wait_ms)), row.attempts + 1),
        };
        let version = row.version;
        self.payments.extend(after.attempts.iter().map(|attempt| (attempt.id, after.order)));
        self.tickets(before, after)?;
        self.books(before, after)?;
        self.words(before, after);
        self.tell(before, after, now)?;
        Ok(Kept::Version(version))
    }

    /// The unique index: a seat has one ticket, and one that is being given back is one until it is revoked.
    pub fn refuses_tickets(&self, saga: &Saga) -> bool {
        let seats = saga.lines.iter().filter_map(|line| Some((line.show?, line.seat.clone()?)));
        let tickets = seats.filter_map(|seat| self.seats.get(&seat)).filter_map(|line| self.tickets.get(line));
        tickets.into_iter().any(|ticket| ticket.admits == Admits::NotNow)
    }

    fn tickets(&mut self, before: &Saga, after: &Saga) -> Verdict {
        if after.confirmed_at.is_some() && before.confirmed_at.is_none() {
            for line in after.lines.iter().filter(|line| line.kind == LineKind::Ticket) {
                if let (Some(show), Some(seat)) = (line.show, &line.seat) {
                    let other = self.seats.insert((show, seat.clone()), line.id);
                    must(other.is_none(), || format!("{seat} of show {show} has two tickets: {other:?}, {}", line.id))?;
                }
                let with_it = after.lines.iter().filter(|other| other.of == Some(line.id));
                let amount = line.amount + with_it.map(|other| other.amount).sum::<i64>();
                let ticket = Ticket { order: after.order, amount, admits: Admits::Yes };
                must(self.tickets.insert(line.id, ticket).is_none(), || format!("{} was issued twice", line.id))?;
            }
        }
        for is in &after.lines {
            let Some(ticket) = self.tickets.get_mut(&is.id) else { continue };
            ticket.admits = match after.admission(is) {
                Admission::Revoked => Admits::Never,
                Admission::Suspended => Admits::NotNow,
                Admission::Valid => Admits::Yes,
            };
            if let (Admits::Never, Some(show), Some(seat)) = (ticket.admits, is.show, &is.seat) {
                self.seats.remove(&(show, seat.clone()));
            }
        }
        Ok(())
    }

    fn books(&mut self, before: &Saga, after: &Saga) -> Verdict {
        for transaction in ledger::transactions(before, after) {
            let sum: i64 = transaction.entries.iter().map(|entry| entry.amount).sum();
            must(sum == 0, || format!("{transaction:?} does not balance"))?;
            if !self.sources.insert(transaction.source) {
                continue;
            }
            for entry in transaction.entries {
                *self.books.entry(entry.account).or_default() += entry.amount;
            }
        }
        Ok(())
    }

    fn words(&mut self, before: &Saga, after: &Saga) {
        if after.confirmed_at.is_some() && before.confirmed_at.is_none() {
            *self.outbox.entry(format!("confirmed {}", after.order)).or_default() += 1;
        }
        let enters = |state| after.state == state && before.state != state;
        if enters(OrderState::InReview) {
            self.outbox.entry(format!("held {}", after.order)).or_insert(1);
        }
        if ends_unsold(before, after) {
            self.outbox.entry(format!("not sold {}", after.order)).or_insert(1);
        }
        for refund in after.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded) {
            let was = before.refunds.iter().find(|it| it.id == refund.id).map(|it| it.status);
            if was != Some(RefundStatus::Succeeded) {
                *self.outbox.entry(format!("refunded {}", refund.id)).or_default() += 1;
            }
        }
    }

    /// Takes orders whose time has come; whoever falls with them leaves them to the next.
    pub fn due(&mut self, limit: usize, now: Timestamp) -> Vec<Uuid> {
        let due = |row: &&mut Row| row.next_step_at.is_some_and(|at| at <= now);
        let taken = self.rows.values_mut().filter(due).take(limit).map(|row| {
            row.next_step_at = Some(now + LEASE);
            row.saga.order
        });
        taken.collect()
    }

    /// Stores what a provider says. False: it is there already.
    pub fn receive(&mut self, report: &Report, now: Timestamp) -> bool {
        if self.inbox.contains_key(&report.event_id) {
            return false;
        }
        let webhook = Webhook { report: report.clone(), received_at: now, attempts: 0, settled: false };
        self.inbox.insert(report.event_id.clone(), webhook);
        true
    }

    /// What was stored and not settled by whoever stored it.
    pub fn unsettled(&mut self, limit: usize, now: Timestamp) -> Vec<Report> {
        let due = |it: &&mut Webhook| {
            let patience = SignedDuration::from_secs(3 << it.attempts.min(10));
            !it.settled && it.received_at + patience < now
        };
        let taken = self.inbox.values_mut().filter(due).take(limit).map(|it| {
            it.attempts += 1;
            it.report.clone()
        });
        taken.collect()
    }

    pub fn processed(&mut self, event: &str) {
        if let Some(webhook) = self.inbox.get_mut(event) {
            webhook.settled = true;
        }
    }

    /// Whether every order and every webhook has come to its end.
    pub fn is_at_rest(&self) -> bool {
        self.rows.values().all(|row| row.next_step_at.is_none()) && self.inbox.values().all(|webhook| webhook.settled)
    }

    /// An example of what is still on its way.
    pub fn restless(&self) -> String {
        let order = self.rows.values().find(|row| row.next_step_at.is_some()).map(|row| &row.saga);
        let webhook = self.inbox.values().find(|webhook| !webhook.settled).map(|webhook| &webhook.report);
        format!("{order:#?} {webhook:#?}")
    }
}
