//! What lists say a show costs: the cheapest ticket of its default type, all fees and taxes in it, and when. It follows from
//! prices, from the rules of the house and from the venue's country, so whoever writes one of these has it written anew in the
//! same transaction; the lock on the house's row keeps two of them from missing each other.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::price_rules::Place;
use super::prices::{self, Period, TimedPrices, periods};
use super::{CatalogError, price_rules};
use crate::platform::time;

/// Which shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This one.
    Show(Uuid),
    /// Those of this venue that are not over.
    Venue(Uuid),
    /// Those of this house that are not over.
    House(Uuid),
}

/// Writes anew what lists say of these shows.
///
/// # Errors
/// When the database does not answer.
pub async fn rebuild(connection: &mut PgConnection, whose: Whose) -> Result<(), CatalogError> {
    let (show, venue, house) = match whose {
        Whose::Show(show) => (Some(show), None, None),
        Whose::Venue(venue) => (None, Some(venue), None),
        Whose::House(house) => (None, None, Some(house)),
    };
    let house = sqlx::query_scalar!(
        "SELECT id FROM organizer WHERE id = coalesce($1, (SELECT organizer_id FROM show WHERE id = $2),
                                                      (SELECT organizer_id FROM venue WHERE id = $3)) FOR NO KEY UPDATE",
        house,
        show,
        venue
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(house) = house else { return Ok(()) };
    let rules = price_rules::of_house(connection, house).await?;
    let shows = sqlx::query!(
        "SELECT s.id, s.currency, v.country FROM show s JOIN venue v ON v.id = s.venue_id
         WHERE s.id = $1 OR ($1::uuid IS NULL AND s.organizer_id = $3 AND ($2::uuid IS NULL OR s.venue_id = $2)
                             AND s.archived_at IS NULL AND s.starts_at > now() - interval '1 day')",
        show,
        venue,
        house
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = shows.iter().map(|show| show.id).collect();
    let mut tickets: HashMap<Uuid, Vec<(String, String, i64)>> = HashMap::new();
    let rows = sqlx::query!(
        "SELECT c.show_id, c.price_level, c.ticket_type, c.amount
         FROM price c JOIN ticket_type t ON t.show_id = c.show_id AND t.key = c.ticket_type
         WHERE c.show_id = ANY ($1) AND t.is_default",
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        tickets.entry(row.show_id).or_default().push((row.price_level, row.ticket_type, row.amount));
    }
    let mut lists: HashMap<Uuid, Vec<TimedPrices>> = HashMap::new();
    let rows = sqlx::query!(
        "SELECT show_id, name, valid_from, valid_until, prices FROM price_list WHERE show_id = ANY ($1) ORDER BY show_id, position",
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let list = prices::read_list(row.name, row.valid_from, row.valid_until, row.prices)?;
        lists.entry(row.show_id).or_default().push(list);
    }
    let mut written: Vec<(Uuid, i32, Period)> = Vec::new();
    for show in shows {
        let currency = show.currency.parse().map_err(|_| sqlx::Error::Decode("unknown currency".into()))?;
        let all_in = |price_level: &str, ticket_type: &str, price: i64| {
            let place = Place { show: show.id, country: &show.country, price_level, ticket_type };
            rules.all_in(&place, price, currency)
        };
        let of = |all: &HashMap<Uuid, Vec<TimedPrices>>| all.get(&show.id).cloned().unwrap_or_default();
        let periods = periods(tickets.get(&show.id).map_or(&[], Vec::as_slice), &of(&lists), all_in);
        written.extend((0..).zip(periods).map(|(position, period)| (show.id, position, period)));
    }
    write(connection, &ids, &written).await
}

async fn write(
    connection: &mut PgConnection,
    shows: &[Uuid],
    periods: &[(Uuid, i32, Period)],
) -> Result<(), CatalogError> {
    sqlx::query!("DELETE FROM show_price_from WHERE show_id = ANY ($1)", shows).execute(&mut *connection).await?;
    let ids: Vec<Uuid> = periods.iter().map(|(show, ..)| *show).collect();
    let positions: Vec<i32> = periods.iter().map(|(_, position, _)| *position).collect();
    let from: Vec<_> = periods.iter().map(|(.., period)| period.from.map(time::sql)).collect();
    let until: Vec<_> = periods.iter().map(|(.., period)| period.until.map(time::sql)).collect();
    let amounts: Vec<i64> = periods.iter().map(|(.., period)| period.amount).collect();
    sqlx::query!(
        "INSERT INTO show_price_from (show_id, position, valid_from, valid_until, amount)
         SELECT * FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::bigint[])",
        &ids,
        &positions,
        &from as &[Option<jiff_sqlx::Timestamp>],
        &until as &[Option<jiff_sqlx::Timestamp>],
        &amounts
    )
    .execute(connection)
    .await?;
    Ok(())
}
