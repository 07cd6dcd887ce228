//! SQL of tickets.

mod letter;
mod pass;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

pub use letter::{Letter, LetterLine, Listed, ListedShow, Reader, Whose};
pub use pass::{ISSUES_MAX, Pass, Passed, pass_on};

use super::access::Standing;
use crate::platform::db::DbFault;
use crate::platform::{house, ids};

/// Whether a ticket admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does, once.
    Valid,
    /// Not now: its refund is on its way, and may still fail.
    Suspended,
    /// Never again: its place was given back.
    Revoked,
}

impl Status {
    // The column's CHECK knows these three words; any other is one that admits nobody.
    fn from_name(name: &str) -> Self {
        match name {
            "valid" => Self::Valid,
            "suspended" => Self::Suspended,
            _ => Self::Revoked,
        }
    }
}

/// A ticket with all that it shows.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Its id, derived from its line and its position there.
    pub id: Uuid,
    /// The order that bought it.
    pub order_id: Uuid,
    /// That order's number, as people read it to each other.
    pub order_number: String,
    /// Who may come near that order.
    pub standing: Standing,
    /// That house's name.
    pub organizer: String,
    /// The show it admits to.
    pub show_id: Uuid,
    /// The booking in that show's journal.
    pub booking_id: Uuid,
    /// The seat's guid in its plan; `None` in an area.
    pub seat: Option<String>,
    /// The area's id in its plan; `None` on a seat.
    pub area: Option<String>,
    /// Where the place is, in the words of the house: section (or area), row, seat.
    pub section: Option<String>,
    /// The row's label.
    pub row: Option<String>,
    /// The seat's label.
    pub number: Option<String>,
    /// What the order's line was called; names an area that has no other name.
    pub label: String,
    /// The key of its ticket type.
    pub ticket_type: Option<String>,
    /// What people call that type.
    pub ticket_type_name: Option<String>,
    /// The key of its price level.
    pub price_level: Option<String>,
    /// What people call that level.
    pub price_level_name: Option<String>,
    /// Whether it admits.
    pub status: Status,
    /// How often it was passed on: codes and links of before have ended.
    pub issue: i32,
    /// Who has it now, where it was passed on; a customer of the house.
    pub passed_on_to: Option<Uuid>,
    /// Whose name it bears: who bought it, or has it now.
    pub holder: String,
    /// What is played.
    pub production: String,
    /// Its subtitle; empty where it has none.
    pub subtitle: String,
    /// How long it takes, in minutes.
    pub duration_min: Option<i32>,
    /// Where it is played.
    pub venue: String,
    /// The venue's street; may be empty.
    pub address: String,
    /// The venue's city.
    pub city: String,
    /// The venue's country; may be empty.
    pub country: String,
    /// The venue's time zone, by its IANA name.
    pub time_zone: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When the doors open.
    pub doors_at: Option<Timestamp>,
    /// When the ticket was issued.
    pub issued_at: Timestamp,
}

/// Tickets, in the database.
#[derive(Clone)]
pub struct Tickets {
    pool: PgPool,
}

struct Row {
    id: Uuid,
    order_id: Uuid,
    order_number: String,
    organizer_id: Uuid,
    link_version: i32,
    owners: Vec<Uuid>,
    organizer: String,
    show_id: Uuid,
    booking_id: Uuid,
    seat: Option<String>,
    area: Option<String>,
    section: Option<String>,
    row_label: Option<String>,
    number: Option<String>,
    label: String,
    ticket_type: Option<String>,
    ticket_type_name: Option<String>,
    price_level: Option<String>,
    price_level_name: Option<String>,
    status: String,
    issue: i32,
    passed_on_to: Option<Uuid>,
    holder: String,
    production: String,
    subtitle: String,
    duration_min: Option<i32>,
    venue: String,
    address: String,
    city: String,
    country: String,
    time_zone: String,
    starts_at: jiff_sqlx::Timestamp,
    doors_at: Option<jiff_sqlx::Timestamp>,
    issued_at: jiff_sqlx::Timestamp,
}

impl From<Row> for Ticket {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            order_id: row.order_id,
            order_number: row.order_number,
            standing: Standing { organizer: row.organizer_id, link_version: row.link_version, owners: row.owners },
            organizer: row.organizer,
            show_id: row.show_id,
            booking_id: row.booking_id,
            seat: row.seat,
            area: row.area,
            section: row.section,
            row: row.row_label,
            number: row.number,
            label: row.label,
            ticket_type: row.ticket_type,
            ticket_type_name: row.ticket_type_name,
            price_level: row.price_level,
            price_level_name: row.price_level_name,
            status: Status::from_name(&row.status),
            issue: row.issue,
            passed_on_to: row.passed_on_to,
            holder: row.holder,
            production: row.production,
            subtitle: row.subtitle,
            duration_min: row.duration_min,
            venue: row.venue,
            address: row.address,
            city: row.city,
            country: row.country,
            time_zone: row.time_zone,
            starts_at: row.starts_at.to_jiff(),
            doors_at: row.doors_at.map(jiff_sqlx::Timestamp::to_jiff),
            issued_at: row.issued_at.to_jiff(),
        }
    }
}

impl Tickets {
    /// Over this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// A connection, to put what is to be said.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, DbFault> {
        Ok(self.pool.acquire().await?)
    }

    /// Everything that one ticket shows; `None`: there is no such ticket.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn one(&self, id: Uuid) -> Result<Option<Ticket>, DbFault> {
        Ok(self.read(Some(id), None).await?.pop())
    }

    /// The tickets of an order, by the order of its lines. Revoked ones are among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of_order(&self, order: Uuid) -> Result<Vec<Ticket>, DbFault> {
        self.read(None, Some(order)).await
    }

    /// Who may come near an order; `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing(&self, order: Uuid) -> Result<Option<Standing>, DbFault> {
        standing(&self.pool, order).await
    }

    /// The name of the house, to stand over a ticket; the organiser's where the house has none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn house(&self, organizer: &str) -> Result<String, DbFault> {
        Ok(house::read(&self.pool).await?.map_or_else(|| organizer.to_owned(), |house| house.name))
    }

    async fn read(&self, ticket: Option<Uuid>, order: Option<Uuid>) -> Result<Vec<Ticket>, DbFault> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT t.id, t.order_id, o.number AS order_number, o.organizer_id, o.link_version,
                      ARRAY(SELECT user_id FROM order_claim WHERE order_id = o.id) AS "owners!", g.name AS organizer, t.show_id,
                      t.booking_id, t.seat_guid AS seat, t.area_id AS area, l.section, l.row_label,
                      l.seat_label AS number, l.label, l.ticket_type, tt.name AS "ticket_type_name?", l.price_level,
                      pl.name AS "price_level_name?", t.status, t.issue, t.holder_id AS passed_on_to,
                      coalesce(hc.name, o.buyer_name, c.name) AS "holder!", p.title AS production, p.subtitle,
                      p.duration_min, v.name AS venue, v.address, v.city, v.country, v.time_zone, s.starts_at, s.doors_at,
                      t.issued_at
               FROM ticket t
               JOIN order_line l ON l.id = t.line_id
               JOIN orders o ON o.id = t.order_id
               JOIN customer c ON c.id = o.customer_id
               LEFT JOIN customer hc ON hc.id = t.holder_id
               JOIN organizer g ON g.id = o.organizer_id
               JOIN show s ON s.id = t.show_id
               JOIN production p ON p.id = s.production_id
               JOIN venue v ON v.id = s.venue_id
               LEFT JOIN ticket_type tt ON tt.show_id = t.show_id AND tt.key = l.ticket_type
               LEFT JOIN price_level pl ON pl.show_id = t.show_id AND pl.key = l.price_level
               WHERE t.id = $1 OR t.order_id = $2
               ORDER BY l.position, t.position"#,
            ticket,
            order
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Ticket::from).collect())
    }
}

/// Who may come near an order; `None`: there is no such order.
///
/// # Errors
/// When the database does not answer.
pub async fn standing(pool: &PgPool, order: Uuid) -> Result<Option<Standing>, DbFault> {
    Ok(sqlx::query_as!(
        Standing,
        r#"SELECT organizer_id AS organizer, link_version,
                  ARRAY(SELECT user_id FROM order_claim WHERE order_id = orders.id) AS "owners!"
           FROM orders WHERE id = $1"#,
        order
    )
    .fetch_optional(pool)
    .await?)
}

/// Issues an order's tickets in the caller's transaction: one for each place of its lines that was not cancelled. Their ids
/// follow from line and position, so doing it again changes nothing, also not what has become of them since. Returns how
/// many were new.
///
/// # Errors
/// When the database does not answer; with the constraint `ticket_seat_once` when another ticket that was not revoked
/// admits to one of the seats, and with `NOT NULL` when a line names a hold that the order does not have. Either is a bug
/// somewhere above, and the transaction is lost.
pub async fn issue(connection: &mut PgConnection, order: Uuid) -> Result<usize, DbFault> {
    let lines = sqlx::query!(
        r#"SELECT l.id, l.show_id, l.seat_guid, l.area_id, l.quantity, h.booking_id AS "booking_id?"
           FROM order_line l
           LEFT JOIN order_hold h ON h.order_id = l.order_id AND h.hold_id = l.hold_id
           WHERE l.order_id = $1 AND l.kind = 'ticket' AND l.cancelled_at IS NULL
           ORDER BY l.position"#,
        order
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut new = 0;
    for line in lines {
        let places = 0..line.quantity;
        let ids: Vec<Uuid> = places.clone().map(|position| ticket_id(line.id, position)).collect();
        let positions: Vec<i32> = places.collect();
        let done = sqlx::query!(
            "INSERT INTO ticket (id, order_id, line_id, position, show_id, booking_id, seat_guid, area_id, status)
             SELECT place.id, $3, $4, place.position, $5, $6, $7, $8, 'valid'
             FROM UNNEST($1::uuid[], $2::integer[]) AS place (id, position)
             ON CONFLICT (line_id, position) DO NOTHING",
            &ids,
            &positions,
            order,
            line.id,
            line.show_id,
            line.booking_id,
            line.seat_guid,
            line.area_id
        )
        .execute(&mut *connection)
        .await?;
        new += usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
    }
    Ok(new)
}

/// The id of the ticket for one place of an order's line.
#[must_use]
pub fn ticket_id(line: Uuid, position: i32) -> Uuid {
    ids::derived_id(&[b"ticket", line.as_bytes(), &position.to_be_bytes()])
}

/// Suspends an order's valid tickets, or those of `only` that are its own, while their refund is on its way. Returns which
/// were suspended; none the second time.
///
/// # Errors
/// When the database does not answer.
pub async fn suspend(connection: &mut PgConnection, order: Uuid, only: Option<&[Uuid]>) -> Result<Vec<Uuid>, DbFault> {
    turn(connection, order, only, &["valid"], "suspended").await
}

/// Makes suspended tickets valid again, because their refund came to nothing. A revoked ticket stays revoked.
///
/// # Errors
/// When the database does not answer.
pub async fn restore(connection: &mut PgConnection, order: Uuid, only: Option<&[Uuid]>) -> Result<Vec<Uuid>, DbFault> {
    turn(connection, order, only, &["suspended"], "valid").await
}

/// Revokes tickets for ever, because their places are given back.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke(connection: &mut PgConnection, order: Uuid, only: Option<&[Uuid]>) -> Result<Vec<Uuid>, DbFault> {
    turn(connection, order, only, &["valid", "suspended"], "revoked").await
}

/// Suspends revoked tickets whose places were never given back: a claim that was lost was won after all, and another one is open.
///
/// # Errors
/// When the database does not answer.
pub async fn suspend_revoked(
    connection: &mut PgConnection,
    order: Uuid,
    only: Option<&[Uuid]>,
) -> Result<Vec<Uuid>, DbFault> {
    turn(connection, order, only, &["valid", "revoked"], "suspended").await
}

/// Makes revoked tickets valid again whose places were never given back: a claim that was lost was won after all.
///
/// # Errors
/// When the database does not answer.
pub async fn reinstate(
    connection: &mut PgConnection,
    order: Uuid,
    only: Option<&[Uuid]>,
) -> Result<Vec<Uuid>, DbFault> {
    turn(connection, order, only, &["suspended", "revoked"], "valid").await
}

async fn turn(
    connection: &mut PgConnection,
    order: Uuid,
    only: Option<&[Uuid]>,
    from: &[&str],
    to: &str,
) -> Result<Vec<Uuid>, DbFault> {
    let from: Vec<String> = from.iter().map(|&name| name.to_owned()).collect();
    Ok(sqlx::query_scalar!(
        "UPDATE ticket SET status = $4
         WHERE order_id = $1 AND ($2::uuid[] IS NULL OR id = ANY ($2)) AND status = ANY ($3) RETURNING id",
        order,
        only,
        &from,
        to
    )
    .fetch_all(connection)
    .await?)
}
