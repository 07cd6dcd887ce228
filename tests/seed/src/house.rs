//! The catalogue: one house, one hall, its productions and shows, and the people who buy.

use aisle_core::{BuyerId, Timestamp};
use sqlx::postgres::PgPool;
use uuid::Uuid;

use crate::dice::Dice;
use crate::hall::{Hall, PRICES};
use crate::{Fault, Wanted};

/// A night.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Night {
    pub(crate) id: Uuid,
    pub(crate) starts_at: Timestamp,
}

/// Somebody who buys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buyer {
    pub(crate) id: Uuid,
    pub(crate) number: BuyerId,
}

#[derive(Debug)]
pub(crate) struct House {
    pub(crate) organizer: Uuid,
    pub(crate) shows: Vec<Night>,
    pub(crate) buyers: Vec<Buyer>,
}

pub(crate) const DAY_MS: i64 = 24 * 3_600_000;
/// How far the shows reach back and ahead: three quarters of them are over.
const DAYS: (i64, i64) = (270, 90);
/// A sale begins so long before its show.
pub(crate) const SALE_DAYS: i64 = 100;
/// Shows of one production.
const RUN: usize = 40;
/// So many orders has somebody who buys, on average.
const ORDERS_A_BUYER: u64 = 4;
/// One buyer in so many has an account, and finds their orders in it.
const ACCOUNT_IN: usize = 50;

pub(crate) async fn build(
    pool: &PgPool,
    hall: &Hall,
    wanted: &Wanted,
    now: Timestamp,
    dice: &mut Dice,
) -> Result<House, Fault> {
    let long_ago = now.0 - (DAYS.0 + SALE_DAYS + 30) * DAY_MS;
    let (organizer, venue, plan) = (dice.id_at(long_ago), dice.id_at(long_ago), dice.id_at(long_ago));
    let nights: i64 = i64::from(wanted.shows) + if wanted.deep > 0 { 2 } else { 0 };
    let mut shows = Vec::new();
    for number in 0..nights {
        let days = if number < i64::from(wanted.shows) {
            dice.below((DAYS.0 + DAYS.1).cast_unsigned()).cast_signed() - DAYS.0
        } else {
            DAYS.1
        };
        // Whole quarters of an hour, in the evening.
        let day = now.0 - now.0.rem_euclid(DAY_MS) + days * DAY_MS;
        let starts_at = Timestamp(day + 18 * 3_600_000 + dice.below(12).cast_signed() * 900_000);
        shows.push(Night { id: dice.id_at(starts_at.0 - SALE_DAYS * DAY_MS - DAY_MS), starts_at });
    }
    let buyers: Vec<Buyer> = (0..(wanted.bookings / ORDERS_A_BUYER).max(1))
        .map(|_| Buyer { id: dice.id_at(long_ago), number: BuyerId(dice.id()) })
        .collect();
    let productions: Vec<Uuid> = shows
        .chunks(RUN)
        .map(|run| dice.id_at(run.first().map_or(long_ago, |show| show.starts_at.0 - SALE_DAYS * DAY_MS)))
        .collect();

    let mut transaction = pool.begin().await?;
    let seats = i32::try_from(hall.places.len())?;
    let name = format!("A big history, seed {}", wanted.seed);
    sqlx::query("INSERT INTO organizer (id, name, created_at) VALUES ($1, $2, to_timestamp($3 / 1000.0))")
        .bind(organizer)
        .bind(&name)
        .bind(long_ago)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO setting (key, value) VALUES ('house', jsonb_build_object('name', $1::text, 'currency', 'EUR',
                 'locale', 'en', 'time_zone', 'Europe/Dublin', 'demo', false)) ON CONFLICT (key) DO NOTHING",
    )
    .bind(&name)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO venue (id, organizer_id, name, city, country, time_zone, created_at)
                 VALUES ($1, $2, 'The hall', 'Dublin', 'Ireland', 'Europe/Dublin', to_timestamp($3 / 1000.0))",
    )
    .bind(venue)
    .bind(organizer)
    .bind(long_ago)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("INSERT INTO plan (id, organizer_id, venue_id, name, version, created_at) VALUES ($1, $2, $3, 'The hall', 2, to_timestamp($4 / 1000.0))")
        .bind(plan).bind(organizer).bind(venue).bind(long_ago).execute(&mut *transaction).await?;
    sqlx::query(
        "INSERT INTO plan_version (id, plan_id, number, document, seats, places, created_at)
                 VALUES ($1, $2, 1, $3, $4, $4, to_timestamp($5 / 1000.0))",
    )
    .bind(hall.version)
    .bind(plan)
    .bind(hall.document())
    .bind(seats)
    .bind(long_ago)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("INSERT INTO plan_seat_number (plan_id, seat_guid, number) SELECT $1, guid, number - 1 FROM UNNEST($2::text[]) WITH ORDINALITY AS s(guid, number)")
        .bind(plan).bind(hall.places.iter().map(|place| place.guid.clone()).collect::<Vec<_>>()).execute(&mut *transaction).await?;
    sqlx::query("INSERT INTO production (id, organizer_id, title, kind, genre, summary, duration_min, created_at)
                 SELECT id, $2, 'Production ' || number, 'play', 'Drama', 'The ' || number || 'th of a big history.', 120, to_timestamp($3 / 1000.0)
                 FROM UNNEST($1::uuid[]) WITH ORDINALITY AS p(id, number)")
        .bind(&productions).bind(organizer).bind(long_ago).execute(&mut *transaction).await?;
    let ids: Vec<Uuid> = shows.iter().map(|show| show.id).collect();
    sqlx::query("INSERT INTO show (id, organizer_id, production_id, venue_id, plan_version_id, currency, starts_at, doors_at, cancel_until_s,
                                   transfer_until_s, created_at, updated_at)
                 SELECT id, $4, production, $5, $6, 'EUR', starts_at, starts_at - interval '45 minutes', 86400, 0,
                        starts_at - interval '101 days', starts_at - interval '101 days'
                 FROM (SELECT id, production, to_timestamp(starts_at / 1000.0) AS starts_at FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[]) AS s(id, production, starts_at)) s")
        .bind(&ids)
        .bind((0..shows.len()).filter_map(|number| productions.get(number / RUN).copied()).collect::<Vec<_>>())
        .bind(shows.iter().map(|show| show.starts_at.0).collect::<Vec<_>>())
        .bind(organizer).bind(venue).bind(hall.version).execute(&mut *transaction).await?;
    sqlx::query(
        "INSERT INTO ticket_type (show_id, key, id, name, is_default, position)
                 SELECT id, 'adult', md5(id::text || 'adult')::uuid, 'Adult', true, 0 FROM UNNEST($1::uuid[]) AS s(id)",
    )
    .bind(&ids)
    .execute(&mut *transaction)
    .await?;
    for (number, (key, category, amount)) in (0_i32..).zip(PRICES) {
        sqlx::query("INSERT INTO price_level (show_id, key, name, category, color, position) SELECT id, $2, $3, $3, '#2f5d8c', $4 FROM UNNEST($1::uuid[]) AS s(id)")
            .bind(&ids).bind(key).bind(category).bind(number).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO price (show_id, price_level, ticket_type, amount) SELECT id, $2, 'adult', $3 FROM UNNEST($1::uuid[]) AS s(id)")
            .bind(&ids).bind(key).bind(amount).execute(&mut *transaction).await?;
    }
    sqlx::query(
        "INSERT INTO show_price_from (show_id, position, amount) SELECT id, 0, $2 FROM UNNEST($1::uuid[]) AS s(id)",
    )
    .bind(&ids)
    .bind(PRICES.map(|of| of.2).into_iter().min().unwrap_or(0))
    .execute(&mut *transaction)
    .await?;
    sqlx::query("INSERT INTO customer (id, organizer_id, email, email_normalized, name, buyer_id, created_at)
                 SELECT id, $3, 'buyer' || number || '.' || $4 || '@history.example', 'buyer' || number || '.' || $4 || '@history.example', 'Buyer ' || number, buyer,
                        to_timestamp($5 / 1000.0)
                 FROM UNNEST($1::uuid[], $2::uuid[]) WITH ORDINALITY AS c(id, buyer, number)")
        .bind(buyers.iter().map(|buyer| buyer.id).collect::<Vec<_>>())
        .bind(buyers.iter().map(|buyer| buyer.number.0).collect::<Vec<_>>())
        .bind(organizer).bind(wanted.seed.to_string()).bind(long_ago).execute(&mut *transaction).await?;
    // The same address has the same account, and its orders in it.
    sqlx::query(
        "INSERT INTO app_user (id, email, email_normalized, name, email_verified_at, created_at)
                 SELECT id, email, email_normalized, name, created_at, created_at FROM customer WHERE id = ANY($1)",
    )
    .bind(buyers.iter().step_by(ACCOUNT_IN).map(|buyer| buyer.id).collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(House { organizer, shows, buyers })
}
