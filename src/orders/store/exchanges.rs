//! SQL of exchanges. Tickets are promised in the transaction that makes the new order, under the lock of the old one's row and at the
//! version that was looked at; they end in the one that keeps that the new order is sold.
//!
//! Whoever holds the lock of a new order may wait for the one of its old order, and never the other way round: an order is older
//! than what its tickets are given for, so nobody waits in a circle.

use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::saga::{ExchangeState, LineKind, Saga, news};
use super::keep::tickets_of;
use super::{Orders, unknown};
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::money::Money;
use crate::tickets::{mail, store as tickets};

/// Tickets that are to pay for a new order.
#[derive(Clone, Debug)]
pub struct NewExchange {
    /// Whose they are, as it was looked at.
    pub old: Saga,
    /// Its version then.
    pub version: i64,
    /// Which of its lines, and how much of each is kept.
    pub lines: Vec<(Uuid, i64)>,
    /// What they are worth.
    pub worth: i64,
    /// Who does it, for the record.
    pub entry: Entry,
}

/// Why tickets cannot be given after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotGiven {
    /// Their order has changed since it was looked at: it is to be looked at again.
    Overtaken,
    /// One of them does not admit anybody just now.
    NotGood,
}

/// An exchange, as either of its orders shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExchangeView {
    /// The order whose tickets are given.
    pub from_order: Uuid,
    /// Its number.
    pub from_number: String,
    /// The order that they are given for.
    pub into_order: Uuid,
    /// Its number.
    pub into_number: String,
    /// `open` until that is sold; then `sold`, and `done` once the places are given back. `off`: it was not sold.
    #[schema(value_type = String, pattern = "^(open|sold|off|done)$")]
    pub state: String,
    /// Which tickets.
    pub tickets: Vec<Uuid>,
    /// What they are worth.
    pub worth: Money,
    /// How much of that the other order took.
    pub credit: Money,
    /// How much of what it took has come back since.
    pub returned: Money,
}

/// Promises tickets for an order that is just being made.
pub(super) async fn promise(
    connection: &mut PgConnection,
    given: &NewExchange,
    new: &Saga,
) -> Result<Result<(), NotGiven>, DbFault> {
    let Some(line) = new.lines.iter().find(|line| line.kind == LineKind::Exchange) else { return Ok(Ok(())) };
    let old = given.old.order;
    // Who does anything else with that order comes before, and is seen, or comes after, and sees this.
    let version = sqlx::query_scalar!(
        "SELECT o.saga_version FROM set_config('lock_timeout', '5s', true), orders o WHERE o.id = $1 FOR UPDATE OF o",
        old
    )
    .fetch_one(&mut *connection)
    .await?;
    if version != given.version {
        return Ok(Err(NotGiven::Overtaken));
    }
    let ids: Vec<Uuid> = given.lines.iter().map(|(line, _)| *line).collect();
    // Also what has nothing to do with the order's own state: a ticket that somebody has used.
    let bad = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM ticket WHERE line_id = ANY ($1) AND status <> 'valid') AS \"bad!\"",
        &ids
    )
    .fetch_one(&mut *connection)
    .await?;
    if bad {
        return Ok(Err(NotGiven::NotGood));
    }
    let kept: Vec<i64> = given.lines.iter().map(|(_, kept)| *kept).collect();
    sqlx::query!(
        "INSERT INTO order_exchange (new_order_id, old_order_id, lines, kept, worth, credit) VALUES ($1, $2, $3, $4, $5, $6)",
        new.order,
        old,
        &ids,
        &kept,
        given.worth,
        -line.amount
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("UPDATE orders SET saga_version = saga_version + 1, updated_at = now() WHERE id = $1", old)
        .execute(&mut *connection)
        .await?;
    audit::record(connection, given.entry.clone()).await?;
    Ok(Ok(()))
}

/// What a change of an order means for the one whose tickets it is paid with. The tickets end in the transaction in which those of the
/// new order begin: at no moment do both admit.
pub(super) async fn tell(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    let Some(told) = news(before, after) else { return Ok(()) };
    let old = sqlx::query_scalar!(
        "UPDATE orders SET saga_version = saga_version + 1, updated_at = now(), next_step_at = now()
         WHERE id = (SELECT old_order_id FROM order_exchange WHERE new_order_id = $1) RETURNING id",
        after.order
    )
    .fetch_optional(&mut *connection)
    .await?;
    let state = told.ends.map(ExchangeState::word);
    let lines = sqlx::query_scalar!(
        "UPDATE order_exchange SET state = coalesce($2, state), returned = returned + $3, updated_at = now()
         WHERE new_order_id = $1 AND ($2::text IS NULL OR state = 'open') RETURNING lines",
        after.order,
        state,
        told.returned
    )
    .fetch_optional(&mut *connection)
    .await?;
    // Nothing ends twice: an order that was made with tickets and has ended is never sold.
    let (Some(old), Some(lines)) = (old, lines) else { return Err(unknown("exchange")) };
    if told.ends == Some(ExchangeState::Sold) {
        let ids = sqlx::query_scalar!("SELECT id FROM ticket WHERE line_id = ANY ($1)", &lines)
            .fetch_all(&mut *connection)
            .await?;
        tickets::revoke(connection, old, Some(&ids)).await?;
    }
    Ok(())
}

/// Keeps that lines were given, and says so to who bought them.
pub(super) async fn keep(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    for exchange in after.exchanges.iter().filter(|exchange| !before.exchanges.contains(exchange)) {
        sqlx::query!(
            "UPDATE order_exchange SET state = $2, updated_at = now() WHERE new_order_id = $1 AND state = 'sold'",
            exchange.into,
            exchange.state.word()
        )
        .execute(&mut *connection)
        .await?;
        let lines = after.lines.iter().filter(|line| line.hold.is_some() && exchange.has(line.id));
        let tickets = lines.flat_map(tickets_of).collect();
        mail::tell_exchanged(&mut *connection, exchange.into, after.order, tickets).await?;
    }
    Ok(())
}

impl Orders {
    /// The exchanges that an order is a part of, on either side, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn exchanges_of(&self, order: Uuid) -> Result<Vec<ExchangeView>, DbFault> {
        let rows = sqlx::query!(
            "SELECT e.old_order_id, o.number AS from_number, e.new_order_id, n.number AS into_number, e.state, e.worth, e.credit,
                    e.returned, o.currency, ARRAY(SELECT t.id FROM ticket t WHERE t.line_id = ANY (e.lines) ORDER BY t.id) AS \"tickets!\"
             FROM order_exchange e JOIN orders o ON o.id = e.old_order_id JOIN orders n ON n.id = e.new_order_id
             WHERE e.old_order_id = $1 OR e.new_order_id = $1 ORDER BY e.created_at, e.new_order_id",
            order
        )
        .fetch_all(&self.pool)
        .await?;
        let views = rows.into_iter().map(|row| {
            let currency = super::currency(&row.currency)?;
            Ok(ExchangeView {
                from_order: row.old_order_id,
                from_number: row.from_number,
                into_order: row.new_order_id,
                into_number: row.into_number,
                state: row.state,
                tickets: row.tickets,
                worth: Money::new(row.worth, currency),
                credit: Money::new(row.credit, currency),
                returned: Money::new(row.returned, currency),
            })
        });
        views.collect()
    }
}
