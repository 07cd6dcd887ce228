//! Writing the intent: an order with its holds, lines and first payment, before anything is done about it.

use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::super::saga::Saga;
use super::Orders;
use super::fraud::{Trace, leave_trace};
use crate::platform::db::DbFault;
use crate::platform::ids;

/// A line, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// What people read.
    pub label: String,
    /// The section's name.
    pub section: Option<String>,
    /// The row's label.
    pub row: Option<String>,
    /// The seat's label.
    pub number: Option<String>,
    /// The key of its price level.
    pub price_level: Option<String>,
    /// The key of its ticket type.
    pub ticket_type: Option<String>,
}

/// An order to be made.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// What it begins with. Its number and its buyer are given here.
    pub saga: Saga,
    /// What its lines say, in the saga's order.
    pub lines: Vec<NewLine>,
    /// Who sells.
    pub organizer: Uuid,
    /// Who was signed in and buys for themselves.
    pub buyer: Option<Uuid>,
    /// The buyer's name.
    pub name: String,
    /// The buyer's address.
    pub email: String,
    /// The same, as addresses are compared.
    pub email_normalized: String,
    /// The buyer's language.
    pub locale: Option<String>,
    /// The terms that were agreed to.
    pub terms_version: Option<String>,
    /// The hash of the request.
    pub request: u64,
    /// Where it came from.
    pub trace: Trace,
}

/// Whether it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is new.
    New,
    /// It was made before, by the same request.
    Before,
    /// It was made before, by another request.
    Reused,
}

/// Numbers of this length are enough for a house's years; where one is taken, another is tried.
const NUMBER_LENGTH: usize = 6;

impl Orders {
    /// Whether an order of this id was made by this request; `None`: there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn was_made(&self, order: Uuid, request: u64) -> Result<Option<Made>, DbFault> {
        let hash = sqlx::query_scalar!("SELECT request_hash FROM orders WHERE id = $1", order)
            .fetch_optional(&self.pool)
            .await?;
        Ok(hash.map(
            |hash| {
                if hash.as_deref() == Some(&request.to_be_bytes()[..]) { Made::Before } else { Made::Reused }
            },
        ))
    }

    /// Writes the intent. A second call with the same id waits for the first and changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn make(&self, new: &NewOrder) -> Result<Made, DbFault> {
        let mut connection = self.pool.acquire().await?;
        // Before the transaction: a box office that buys for many under one address would else have its orders wait for each
        // other, each with a connection in its hand.
        let customer = customer(&mut connection, new).await?;
        let mut transaction = connection.begin().await?;
        let saga = &new.saga;
        let request = new.request.to_be_bytes();
        let mut made = 0;
        for (salt, longer) in [(0_u8, 0), (1, 0), (2, 1), (3, 2), (4, 4)] {
            let number = format!(
                "A-{}",
                ids::readable_code(&[saga.order.as_bytes().as_slice(), &[salt]].concat(), NUMBER_LENGTH + longer)
            );
            // Either conflict leaves the row as it is; which one it was shows below.
            made = sqlx::query!(
                "INSERT INTO orders (id, number, organizer_id, customer_id, state, total, currency, accept_equal_seats,
                                     terms_version, request_hash, pay_within_ms, next_step_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + interval '10 seconds')
                 ON CONFLICT DO NOTHING",
                saga.order,
                number,
                new.organizer,
                customer,
                saga.state.word(),
                saga.total,
                saga.currency.as_str(),
                saga.accept_equal,
                new.terms_version,
                &request[..],
                i64::try_from(saga.pay_within_ms).unwrap_or(i64::MAX)
            )
            .execute(&mut *transaction)
            .await?
            .rows_affected();
            let there = sqlx::query_scalar!("SELECT request_hash FROM orders WHERE id = $1", saga.order)
                .fetch_optional(&mut *transaction)
                .await?;
            if made == 0
                && let Some(hash) = there
            {
                return Ok(if hash.as_deref() == Some(&request[..]) { Made::Before } else { Made::Reused });
            }
            if made == 1 {
                break;
            }
        }
        if made == 0 {
            return Err(super::unknown("free order number"));
        }
        rows(&mut transaction, new).await?;
        super::claims::claim_new(&mut transaction, saga.order, new.buyer, &new.email_normalized).await?;
        let places = saga.lines.iter().map(|line| line.quantity).sum::<u32>();
        let places = i32::try_from(places).unwrap_or(i32::MAX);
        leave_trace(&mut transaction, new.organizer, saga.order, &new.trace, places).await?;
        transaction.commit().await?;
        Ok(Made::New)
    }
}

async fn customer(connection: &mut PgConnection, new: &NewOrder) -> Result<Uuid, DbFault> {
    let locale = new.locale.as_deref().unwrap_or("en");
    // Who comes back unchanged is only read, so that their orders of one moment don't meet in a lock.
    let known = sqlx::query_scalar!(
        "SELECT id FROM customer WHERE organizer_id = $1 AND email_normalized = $2 AND name = $3 AND locale = $4",
        new.organizer,
        new.email_normalized,
        new.name,
        locale
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    Ok(sqlx::query_scalar!(
        "INSERT INTO customer (id, organizer_id, email, email_normalized, name, locale) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organizer_id, email_normalized) DO UPDATE SET name = EXCLUDED.name, locale = EXCLUDED.locale
         RETURNING id",
        ids::new_id(),
        new.organizer,
        new.email.trim(),
        new.email_normalized,
        new.name,
        locale
    )
    .fetch_one(connection)
    .await?)
}

async fn rows(connection: &mut PgConnection, new: &NewOrder) -> Result<(), DbFault> {
    let saga = &new.saga;
    for (position, part) in (0_i32..).zip(&saga.parts) {
        sqlx::query!(
            "INSERT INTO order_hold (order_id, show_id, hold_id, booking_id, position, state, seats, areas)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            saga.order,
            part.show,
            part.hold,
            part.booking,
            position,
            part.state.word(),
            &part.seats,
            serde_json::to_value(&part.areas).unwrap_or_default()
        )
        .execute(&mut *connection)
        .await?;
    }
    for (position, (line, said)) in (0_i32..).zip(saga.lines.iter().zip(&new.lines)) {
        sqlx::query!(
            "INSERT INTO order_line (id, order_id, position, label, show_id, hold_id, seat_guid, section, row_label,
                                     seat_label, area_id, price_level, ticket_type, quantity, amount, kind, of_line, tax)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            line.id,
            saga.order,
            position,
            said.label,
            line.show,
            line.hold,
            line.seat,
            said.section,
            said.row,
            said.number,
            line.area,
            said.price_level,
            said.ticket_type,
            i32::try_from(line.quantity).unwrap_or(i32::MAX),
            line.amount,
            line.kind.word(),
            line.of,
            line.tax
        )
        .execute(&mut *connection)
        .await?;
    }
    for attempt in &saga.attempts {
        sqlx::query!(
            "INSERT INTO payment (id, order_id, attempt, provider, method_kind, status, amount, currency, account, method)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            attempt.id,
            saga.order,
            attempt.number,
            attempt.provider,
            attempt.kind.word(),
            attempt.status.word(),
            attempt.amount.amount,
            attempt.amount.currency.as_str(),
            attempt.account,
            attempt.method
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
