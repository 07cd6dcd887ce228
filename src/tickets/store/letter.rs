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
    /// The version of its links that is good.
    pub link_version: i32,
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
    /// How much of it is tax.
    pub tax: Money,
    /// Its lines.
    pub lines: Vec<LetterLine>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// By when the house has looked at it, and in which time zone its first show is.
    pub review_by: Option<(Timestamp, String)>,
}

/// Somebody who is written to about where their orders are.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Whose house.
    pub organizer_id: Uuid,
    /// That house's name.
    pub organizer: String,
    /// What they are called.
    pub name: String,
    /// Where the mail goes.
    pub email: String,
    /// Their language, as a BCP 47 tag.
    pub locale: String,
    /// The orders, newest first.
    pub orders: Vec<Listed>,
}

/// An order in a list of them.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The order.
    pub order: Uuid,
    /// The version of its links that is good.
    pub link_version: i32,
    /// Its number.
    pub number: String,
    /// Its shows, by their start.
    pub shows: Vec<ListedShow>,
}

/// A show in such a list.
#[derive(Clone, Debug)]
pub struct ListedShow {
    /// What is played.
    pub title: String,
    /// Where.
    pub venue: String,
    /// In which city.
    pub city: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// The venue's time zone, by its IANA name.
    pub time_zone: String,
}

/// Whom a mail is about: all that a customer of one house has, or one order of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everything of this customer that was not given up.
    Customer(Uuid),
    /// This order.
    Order(Uuid),
}

/// More orders than anybody looks for in one mail; older ones are found by their number.
const LISTED_MAX: i64 = 50;

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
            "SELECT o.number, o.link_version, o.organizer_id, g.name AS organizer, coalesce(o.buyer_name, c.name) AS \"name!\", c.email, o.total, o.currency, o.confirmed_at, o.review_by,
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
            // What comes with each of many tickets is one line to read.
            "SELECT label, sum(quantity)::integer AS \"quantity!\", sum(amount)::bigint AS \"amount!\", sum(tax)::bigint AS \"tax!\"
             FROM order_line WHERE order_id = $1 AND cancelled_at IS NULL
             GROUP BY kind, label, CASE kind WHEN 'ticket' THEN id END ORDER BY min(position)",
            order
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Some(Letter {
            order,
            link_version: row.link_version,
            number: row.number,
            organizer_id: row.organizer_id,
            organizer: row.organizer,
            name: row.name,
            email: row.email,
            total: Money::new(row.total, currency),
            tax: Money::new(lines.iter().map(|line| line.tax).sum(), currency),
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

    /// What somebody looks for who gave this address, and the number of an order where they had it: with it that order, without
    /// it all orders of the address, house by house. Also which ten minutes these are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn looked_for(&self, email: &str, number: Option<&str>) -> Result<(Vec<Whose>, i64), DbFault> {
        let moment = sqlx::query_scalar!("SELECT floor(extract(epoch FROM now()) / 600)::bigint AS \"moment!\"")
            .fetch_one(&self.pool)
            .await?;
        let found = if let Some(number) = number {
            sqlx::query_scalar!(
                "SELECT o.id FROM orders o JOIN customer c ON c.id = o.customer_id
                 WHERE o.number = $1 AND c.email_normalized = $2 AND c.erased_at IS NULL",
                number,
                email
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(Whose::Order)
            .collect()
        } else {
            sqlx::query_scalar!(
                "SELECT c.id FROM customer c WHERE c.email_normalized = $1 AND c.erased_at IS NULL
                   AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.state NOT IN ('expired', 'cancelled'))
                 ORDER BY c.id",
                email
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(Whose::Customer)
            .collect()
        };
        Ok((found, moment))
    }

    /// Who is to be told where their orders are; `None` when there is nobody to write to, or nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reader(&self, whose: Whose) -> Result<Option<Reader>, DbFault> {
        let (customer, order) = match whose {
            Whose::Customer(customer) => (Some(customer), None),
            Whose::Order(order) => (None, Some(order)),
        };
        let Some(row) = sqlx::query!(
            "SELECT c.id, c.organizer_id, g.name AS organizer, c.email, c.locale,
                    coalesce((SELECT buyer_name FROM orders WHERE id = $2), c.name) AS \"name!\"
             FROM customer c JOIN organizer g ON g.id = c.organizer_id
             WHERE c.erased_at IS NULL AND c.id = coalesce($1, (SELECT customer_id FROM orders WHERE id = $2))",
            customer,
            order
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        let rows = sqlx::query!(
            "SELECT o.id, o.number, o.link_version, p.title, v.name AS venue, v.city, v.time_zone, s.starts_at
             FROM (SELECT id, number, link_version, created_at FROM orders
                   WHERE customer_id = $1 AND (id = $2 OR ($2 IS NULL AND state NOT IN ('expired', 'cancelled')))
                   ORDER BY created_at DESC, id DESC LIMIT $3) o
             JOIN order_hold h ON h.order_id = o.id JOIN show s ON s.id = h.show_id
             JOIN production p ON p.id = s.production_id JOIN venue v ON v.id = s.venue_id
             ORDER BY o.created_at DESC, o.id DESC, s.starts_at, s.id",
            row.id,
            order,
            LISTED_MAX
        )
        .fetch_all(&self.pool)
        .await?;
        let mut orders: Vec<Listed> = Vec::new();
        for row in rows {
            let starts_at = row.starts_at.to_jiff();
            let show =
                ListedShow { title: row.title, venue: row.venue, city: row.city, starts_at, time_zone: row.time_zone };
            match orders.last_mut().filter(|last| last.order == row.id) {
                Some(last) => last.shows.push(show),
                None => orders.push(Listed {
                    order: row.id,
                    link_version: row.link_version,
                    number: row.number,
                    shows: vec![show],
                }),
            }
        }
        let found = !orders.is_empty();
        Ok(found.then_some(Reader {
            organizer_id: row.organizer_id,
            organizer: row.organizer,
            name: row.name,
            email: row.email,
            locale: row.locale,
            orders,
        }))
    }

    /// Who bought them. `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn customer(&self, order: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT customer_id FROM orders WHERE id = $1", order)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Who has tickets that were passed on: their name and address; `None` where their data was erased.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn holder(&self, customer: Uuid) -> Result<Option<(String, String)>, DbFault> {
        let row = sqlx::query!("SELECT name, email FROM customer WHERE id = $1 AND erased_at IS NULL", customer)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| (row.name, row.email)))
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
