//! SQL of what a mail about an order says beside its tickets.

use jiff::Timestamp;
use uuid::Uuid;

use super::Tickets;
use crate::platform::db::DbFault;
use crate::platform::money::{Currency, InvalidCurrency, Money};

/// An order, as a mail tells it to its customer.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The order.
    pub order: Uuid,
    /// Its number.
    pub number: String,
    /// Whose house.
    pub organizer_id: Uuid,
    /// That house's name.
    pub organizer: String,
    /// What the customer is called.
    pub name: String,
    /// Where the mail goes.
    pub email: String,
    /// All of it.
    pub total: Money,
    /// Its lines.
    pub lines: Vec<LetterLine>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// By when the house has looked at it, and in which time zone its first show is.
    pub review_by: Option<(Timestamp, String)>,
}

/// A line of an order.
#[derive(Clone, Debug)]
pub struct LetterLine {
    /// What it is for.
    pub label: String,
    /// How many.
    pub quantity: i32,
    /// What all of it costs.
    pub amount: Money,
}

impl Tickets {
    /// What a mail says of an order; `None` when there is no such order or its customer's data was erased: then there is
    /// nobody to write to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letter(&self, order: Uuid) -> Result<Option<Letter>, DbFault> {
        let Some(row) = sqlx::query!(
            "SELECT o.number, o.organizer_id, g.name AS organizer, c.name, c.email, o.total, o.currency, o.confirmed_at, o.review_by,
                    (SELECT v.time_zone FROM order_hold h JOIN show s ON s.id = h.show_id JOIN venue v ON v.id = s.venue_id
                     WHERE h.order_id = o.id ORDER BY h.position LIMIT 1) AS zone
             FROM orders o JOIN customer c ON c.id = o.customer_id JOIN organizer g ON g.id = o.organizer_id
             WHERE o.id = $1 AND c.erased_at IS NULL",
            order
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        let currency = currency(&row.currency)?;
        let lines = sqlx::query!(
            "SELECT label, quantity, amount FROM order_line WHERE order_id = $1 AND cancelled_at IS NULL ORDER BY position",
            order
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Some(Letter {
            order,
            number: row.number,
            organizer_id: row.organizer_id,
            organizer: row.organizer,
            name: row.name,
            email: row.email,
            total: Money::new(row.total, currency),
            lines: lines
                .into_iter()
                .map(|line| LetterLine {
                    label: line.label,
                    quantity: line.quantity,
                    amount: Money::new(line.amount, currency),
                })
                .collect(),
            confirmed_at: row.confirmed_at.map(jiff_sqlx::Timestamp::to_jiff),
            review_by: row.review_by.map(|by| (by.to_jiff(), row.zone.unwrap_or_default())),
        }))
    }

    /// How much a refund gives back, and to which order it belongs.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refunded(&self, refund: Uuid) -> Result<Option<(Uuid, Money)>, DbFault> {
        let row = sqlx::query!("SELECT order_id, amount, currency FROM refund WHERE id = $1", refund)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((row.order_id, Money::new(row.amount, currency(&row.currency)?)))).transpose()
    }
}

/// The columns' CHECK lets only such text in.
fn currency(text: &str) -> Result<Currency, DbFault> {
    text.parse().map_err(|error: InvalidCurrency| DbFault(sqlx::Error::Decode(Box::new(error))))
}
