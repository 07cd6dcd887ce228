//! Orders as people see them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::saga::{Attempt, AttemptStatus, OrderState};
use super::{ExchangeView, Orders, currency, jiff as moment, unknown};
use crate::platform::db::DbFault;
use crate::platform::money::{Currency, Money};
use crate::platform::time::sql;
use crate::tickets::access::Standing;

/// One place that was ordered, or a fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineView {
    /// Its id.
    pub id: Uuid,
    /// What kind of line.
    #[schema(value_type = String, pattern = "^(ticket|fee|tax|discount|voucher|exchange)$")]
    pub kind: String,
    /// The ticket line that it belongs to and goes back with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub of: Option<Uuid>,
    /// What people read.
    pub label: String,
    /// Of which show; null for what belongs to the whole order.
    pub show_id: Option<Uuid>,
    /// The seat's `seat_guid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seat: Option<String>,
    /// The section's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<String>,
    /// The row's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub row: Option<String>,
    /// The seat's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub number: Option<String>,
    /// The area's `area_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub area: Option<String>,
    /// The key of its price level.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub price_level: Option<String>,
    /// The key of its ticket type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ticket_type: Option<String>,
    /// By which of the show's timed price lists it was sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Early bird")]
    pub price_list: Option<String>,
    /// How many places.
    #[schema(minimum = 1)]
    pub quantity: u32,
    /// What it costs, whole; a discount is negative.
    pub amount: Money,
    /// How much of the amount is tax: contained in it, or all of it where the line is a tax that was added.
    pub tax: Money,
}

/// By whom and where a show is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowSold {
    /// Which.
    pub show: Uuid,
    /// Whose.
    pub organizer: Uuid,
    /// In which currency.
    pub currency: Currency,
    /// In which country, as its venue writes it.
    pub country: String,
}

/// A show, as far as an order shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShowView {
    /// Its id.
    pub id: Uuid,
    /// What is played.
    pub title: String,
    /// Its picture.
    pub poster_url: String,
    /// Where it is played.
    pub venue: String,
    /// In which city.
    pub city: String,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// When the doors open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub doors_at: Option<Timestamp>,
    /// The venue's time zone, by its IANA name.
    pub time_zone: String,
}

/// An attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentView {
    /// Its id.
    pub id: Uuid,
    /// At which provider.
    pub provider: String,
    /// By which method.
    pub method: String,
    /// How far it is.
    #[schema(value_type = String, pattern = "^(starting|pending|authorized|captured|declined|cancelled|refunded)$")]
    pub status: &'static str,
    /// Where the buyer pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub checkout_url: Option<String>,
}

impl PaymentView {
    /// An attempt, as clients see it. One that is being closed is closed, as far as its buyer can tell.
    #[must_use]
    pub fn of(attempt: &Attempt) -> Self {
        let status = attempt.status;
        let status = match status {
            AttemptStatus::Cancelling => AttemptStatus::Cancelled,
            AttemptStatus::Starting
            | AttemptStatus::Pending
            | AttemptStatus::Authorized
            | AttemptStatus::Captured
            | AttemptStatus::Declined
            | AttemptStatus::Cancelled
            | AttemptStatus::Refunded => status,
        };
        // A page on which nothing can be paid any more is no place to send somebody.
        let checkout_url = attempt.checkout_url.clone().filter(|_| status == AttemptStatus::Pending);
        Self {
            id: attempt.id,
            provider: attempt.provider.clone(),
            method: attempt.method.clone(),
            status: status.word(),
            checkout_url,
        }
    }
}

/// What an order says beside its saga.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// Its id.
    pub id: Uuid,
    /// Who may come near it.
    pub standing: Standing,
    /// How far it is.
    pub state: OrderState,
    /// What people call it.
    pub number: String,
    /// The buyer.
    pub customer: Uuid,
    /// The buyer's name; empty where they were forgotten.
    pub name: String,
    /// The buyer's address.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its lines.
    pub lines: Vec<LineView>,
    /// Its shows, by their start.
    pub shows: Vec<ShowView>,
    /// Exchanges, of its tickets and for it.
    pub exchanges: Vec<ExchangeView>,
}

/// Which orders the back office wants.
#[derive(Clone, Debug, Default)]
pub struct AdminFilter {
    /// Of these organisers; `None` is all.
    pub organizers: Option<Vec<Uuid>>,
    /// Of this show.
    pub show: Option<Uuid>,
    /// In this state.
    pub state: Option<String>,
    /// By the house's look at it.
    pub review: Option<String>,
    /// Whose number, name or address has this in it.
    pub search: Option<String>,
    /// Older than this one.
    pub after: Option<(Timestamp, Uuid)>,
    /// How many.
    pub limit: i64,
}

/// The addresses of posters are the catalogue's.
pub(super) fn poster_url(production: Uuid, version: i32) -> String {
    format!("/api/v1/productions/{production}/poster.svg?v={version}")
}

/// A row of a list, by what the list is ordered by.
struct Dated {
    id: Uuid,
    created_at: jiff_sqlx::Timestamp,
}

impl Orders {
    /// What an order says beside its saga; `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn view(&self, order: Uuid) -> Result<Option<OrderView>, DbFault> {
        let head = sqlx::query!(
            "SELECT o.organizer_id, o.link_version, ARRAY(SELECT user_id FROM order_claim WHERE order_id = o.id) AS \"owners!\",
                    o.state, o.number, o.currency, o.created_at, o.customer_id,
                    CASE WHEN c.erased_at IS NULL THEN coalesce(o.buyer_name, c.name) ELSE '' END AS \"name!\",
                    CASE WHEN c.erased_at IS NULL THEN c.email ELSE '' END AS \"email!\",
                    EXISTS (SELECT 1 FROM order_exchange e WHERE e.old_order_id = o.id OR e.new_order_id = o.id) AS \"exchanged!\"
             FROM orders o JOIN customer c ON c.id = o.customer_id WHERE o.id = $1",
            order
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(head) = head else { return Ok(None) };
        let currency = currency(&head.currency)?;
        let lines = sqlx::query!(
            "SELECT id, kind, of_line, label, show_id, seat_guid, section, row_label, seat_label, area_id, price_level, ticket_type,
                    price_list, quantity, amount, tax FROM order_line WHERE order_id = $1 ORDER BY position",
            order
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| LineView {
            id: row.id,
            kind: row.kind,
            of: row.of_line,
            label: row.label,
            show_id: row.show_id,
            seat: row.seat_guid,
            section: row.section,
            row: row.row_label,
            number: row.seat_label,
            area: row.area_id,
            price_level: row.price_level,
            ticket_type: row.ticket_type,
            price_list: row.price_list,
            quantity: u32::try_from(row.quantity).unwrap_or(1),
            amount: Money::new(row.amount, currency),
            tax: Money::new(row.tax, currency),
        })
        .collect();
        let rows = sqlx::query!(
            "SELECT s.id, s.production_id, p.version, p.title, v.name, v.city, v.time_zone, s.starts_at, s.doors_at
             FROM show s JOIN production p ON p.id = s.production_id JOIN venue v ON v.id = s.venue_id
             WHERE s.id IN (SELECT show_id FROM order_hold WHERE order_id = $1) ORDER BY s.starts_at, s.id",
            order
        )
        .fetch_all(&self.pool)
        .await?;
        let mut shows = Vec::with_capacity(rows.len());
        for row in rows {
            let starts_at = row.starts_at.to_jiff();
            shows.push(ShowView {
                id: row.id,
                title: row.title,
                poster_url: poster_url(row.production_id, row.version),
                venue: row.name,
                city: row.city,
                starts_at,
                doors_at: moment(row.doors_at),
                time_zone: row.time_zone,
            });
        }
        let exchanges = if head.exchanged { self.exchanges_of(order).await? } else { Vec::new() };
        Ok(Some(OrderView {
            id: order,
            standing: Standing { organizer: head.organizer_id, link_version: head.link_version, owners: head.owners },
            state: OrderState::from_word(&head.state).ok_or_else(|| unknown("order state"))?,
            number: head.number,
            customer: head.customer_id,
            name: head.name,
            email: head.email,
            created_at: head.created_at.to_jiff(),
            lines,
            shows,
            exchanges,
        }))
    }

    /// Who sells these shows, in which currency and in which country; shows that aren't there are left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sellers(&self, shows: &[Uuid]) -> Result<Vec<ShowSold>, DbFault> {
        let rows = sqlx::query!(
            "SELECT s.id, s.organizer_id, s.currency, v.country FROM show s JOIN venue v ON v.id = s.venue_id
             WHERE s.id = ANY ($1)",
            shows
        )
        .fetch_all(&self.pool)
        .await?;
        let sold = rows.into_iter().map(|row| {
            let currency = currency(&row.currency)?;
            Ok(ShowSold { show: row.id, organizer: row.organizer_id, currency, country: row.country })
        });
        sold.collect()
    }

    /// Orders for the back office, newest first; one more than asked for where there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self, filter: &AdminFilter) -> Result<Vec<(Timestamp, Uuid)>, DbFault> {
        let (at, id) = filter.after.unzip();
        let search = filter.search.as_ref().map(|text| {
            format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").to_lowercase())
        });
        // All orders are walked by their date; a show's are few among them, and begin with its holds; what is searched for is found first,
        // because it may be far down. As one statement it would do none of it well: Postgres plans for what is always true of it.
        let rows = if filter.show.is_some() {
            sqlx::query_as!(
                Dated,
                "SELECT o.id, o.created_at FROM orders o JOIN customer c ON c.id = o.customer_id
                 WHERE o.id IN (SELECT h.order_id FROM order_hold h WHERE h.show_id = $2)
                   AND ($1::uuid[] IS NULL OR o.organizer_id = ANY ($1)) AND ($3::text IS NULL OR o.state = $3)
                   AND ($4::text IS NULL OR lower(o.number) LIKE $4
                        OR (c.erased_at IS NULL AND (lower(o.buyer_name) LIKE $4 OR lower(c.name) LIKE $4 OR c.email_normalized LIKE $4)))
                   AND ($5::timestamptz IS NULL OR (o.created_at, o.id) < ($5, $6::uuid))
                   AND ($8::text IS NULL OR o.review = $8)
                 ORDER BY o.created_at DESC, o.id DESC LIMIT $7",
                filter.organizers.as_deref(),
                filter.show,
                filter.state,
                search,
                at.map(sql) as Option<jiff_sqlx::Timestamp>,
                id,
                filter.limit + 1,
                filter.review
            )
            .fetch_all(&self.pool)
            .await?
        } else if search.is_some() {
            sqlx::query_as!(
                Dated,
                "SELECT o.id, o.created_at FROM orders o JOIN customer c ON c.id = o.customer_id
                 WHERE $2::uuid IS NULL
                   AND o.id IN (SELECT n.id FROM orders n WHERE lower(n.number) LIKE $4 OR lower(n.buyer_name) LIKE $4
                                UNION
                                SELECT b.id FROM customer a JOIN orders b ON b.customer_id = a.id
                                WHERE a.erased_at IS NULL AND (lower(a.name) LIKE $4 OR a.email_normalized LIKE $4))
                   AND (c.erased_at IS NULL OR lower(o.number) LIKE $4)
                   AND ($1::uuid[] IS NULL OR o.organizer_id = ANY ($1)) AND ($3::text IS NULL OR o.state = $3)
                   AND ($5::timestamptz IS NULL OR (o.created_at, o.id) < ($5, $6::uuid))
                   AND ($8::text IS NULL OR o.review = $8)
                 ORDER BY o.created_at DESC, o.id DESC LIMIT $7",
                filter.organizers.as_deref(),
                filter.show,
                filter.state,
                search,
                at.map(sql) as Option<jiff_sqlx::Timestamp>,
                id,
                filter.limit + 1,
                filter.review
            )
            .fetch_all(&self.pool)
            .await?
        } else {
            sqlx::query_as!(
                Dated,
                "SELECT o.id, o.created_at FROM orders o JOIN customer c ON c.id = o.customer_id
                 WHERE $2::uuid IS NULL AND $4::text IS NULL
                   AND ($1::uuid[] IS NULL OR o.organizer_id = ANY ($1)) AND ($3::text IS NULL OR o.state = $3)
                   AND ($5::timestamptz IS NULL OR (o.created_at, o.id) < ($5, $6::uuid))
                   AND ($8::text IS NULL OR o.review = $8)
                 ORDER BY o.created_at DESC, o.id DESC LIMIT $7",
                filter.organizers.as_deref(),
                filter.show,
                filter.state,
                search,
                at.map(sql) as Option<jiff_sqlx::Timestamp>,
                id,
                filter.limit + 1,
                filter.review
            )
            .fetch_all(&self.pool)
            .await?
        };
        Ok(rows.into_iter().map(|row| (row.created_at.to_jiff(), row.id)).collect())
    }
}
