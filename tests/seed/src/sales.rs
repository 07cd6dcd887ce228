//! What finished sales leave in the tables of orders, payments, books and tickets: written in bulk. Foreign keys and triggers are looked
//! at afterwards, all at once (`check`): row by row they cost more than everything else.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::Fault;
use crate::hall::{Hall, PRICES};
use crate::history::Sale;
use crate::house::House;

/// The hall's seats by number, for the statements below. A table of the database, because each connection needs it.
const PLACES: &str =
    "CREATE UNLOGGED TABLE seed_place (number integer PRIMARY KEY, guid text NOT NULL, row_name text NOT NULL,
    seat text NOT NULL, level text NOT NULL, amount bigint NOT NULL)";
const FORGET_PLACES: &str = "DROP TABLE IF EXISTS seed_place";

pub(crate) async fn prepare(pool: &PgPool, hall: &Hall) -> Result<(), Fault> {
    sqlx::raw_sql(FORGET_PLACES).execute(pool).await?;
    sqlx::raw_sql(PLACES).execute(pool).await?;
    let (mut guids, mut rows, mut seats, mut levels, mut amounts) = (vec![], vec![], vec![], vec![], vec![]);
    for place in &hall.places {
        let (level, _, amount) = PRICES.get(usize::from(place.category)).ok_or("a category without a price")?;
        guids.push(place.guid.clone());
        rows.push(place.row.clone());
        seats.push(place.seat.clone());
        levels.push((*level).to_owned());
        amounts.push(*amount);
    }
    sqlx::query(
        "INSERT INTO seed_place SELECT number - 1, guid, row_name, seat, level, amount
         FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
              WITH ORDINALITY AS p(guid, row_name, seat, level, amount, number)",
    )
    .bind(guids)
    .bind(rows)
    .bind(seats)
    .bind(levels)
    .bind(amounts)
    .execute(pool)
    .await?;
    sqlx::raw_sql("ANALYZE seed_place").execute(pool).await?;
    Ok(())
}

/// Takes the help away, and leaves the tables as a database that has stood for a while has them.
pub(crate) async fn finish(pool: &PgPool) -> Result<(), Fault> {
    sqlx::raw_sql(FORGET_PLACES).execute(pool).await?;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(pool).await?;
    Ok(())
}

// What is written below begins with these.
const SALE: &str = "CREATE TEMPORARY TABLE sale ON COMMIT DROP AS
    SELECT s.*, md5(order_id::text || 'payment')::uuid AS payment_id, to_timestamp(at_ms / 1000.0) AS at,
           to_timestamp(at_ms / 1000.0) + interval '15 seconds' AS paid_at, to_timestamp(starts_ms / 1000.0) AS starts_at
    FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::bigint[], $9::integer[], $10::integer[], $11::bigint[])
         AS s(number, order_id, show_id, hold_id, booking_id, customer_id, at_ms, starts_ms, first, seats, total)";

// In the order in which a sale comes to them. Ids follow from the order's, so that the same seed makes the same rows.
const ROWS: [&str; 13] = [
    "INSERT INTO orders (id, number, organizer_id, customer_id, state, total, currency, pay_by, created_at, updated_at, confirmed_at,
                         request_hash, pay_within_ms, paid_with, saga_version, review)
     SELECT order_id, number, $org, customer_id, 'confirmed', total, 'EUR', at + interval '10 minutes', at, paid_at + interval '200 ms', paid_at + interval '100 ms',
            substring(uuid_send(order_id) FROM 1 FOR 8), 600000, payment_id, 8, 'none' FROM sale",
    "INSERT INTO order_hold (order_id, show_id, hold_id, booking_id, position, state, seats, cancellation, starts_at)
     SELECT order_id, show_id, hold_id, booking_id, 0, 'booked', (SELECT array_agg(p.guid ORDER BY p.number) FROM seed_place p WHERE p.number BETWEEN first AND first + seats - 1),
            '{\"steps\": [{\"back_bp\": 10000, \"until_s\": 86400}], \"fee_kept\": 0, \"fees_back\": true}', starts_at FROM sale",
    "INSERT INTO order_line (id, order_id, position, kind, label, show_id, hold_id, seat_guid, section, row_label, seat_label, price_level, ticket_type, amount)
     SELECT md5(order_id::text || p.number)::uuid, order_id, p.number - first, 'ticket', 'Stalls, Row ' || p.row_name || ', Seat ' || p.seat, show_id, hold_id,
            p.guid, 'Stalls', 'Row ' || p.row_name, 'Seat ' || p.seat, p.level, 'adult', p.amount
     FROM sale JOIN seed_place p ON p.number BETWEEN first AND first + seats - 1",
    "INSERT INTO payment (id, order_id, attempt, provider, method_kind, status, amount, currency, provider_ref, checkout_url, paid_at, created_at, updated_at)
     SELECT payment_id, order_id, 1, 'sandbox', 'authorise_then_capture', 'captured', total, 'EUR', 'sb_' || replace(payment_id::text, '-', ''),
            '/sandbox/checkout/' || payment_id, paid_at, at, paid_at FROM sale",
    "INSERT INTO sandbox_payment (id, amount, currency, description, return_path, pay_by, status, pressed_at, paid_at, created_at, updated_at)
     SELECT payment_id, total, 'EUR', 'Order ' || number, '/orders/' || order_id, at + interval '10 minutes', 'captured', paid_at, paid_at, at, paid_at FROM sale",
    "INSERT INTO sandbox_charge (provider_ref, payment_id, amount, at)
     SELECT 'sb_' || replace(payment_id::text, '-', ''), payment_id, total, paid_at FROM sale",
    "INSERT INTO ledger_transaction (id, organizer_id, order_id, kind, source, at)
     SELECT md5(order_id::text || 'capture')::uuid, $org, order_id, 'capture', 'capture:' || payment_id, paid_at FROM sale",
    "INSERT INTO ledger_transaction (id, organizer_id, order_id, kind, source, at)
     SELECT md5(order_id::text || 'sale')::uuid, $org, order_id, 'sale', 'sale:' || order_id, paid_at FROM sale",
    "INSERT INTO ledger_entry (transaction_id, position, account, amount, currency)
     SELECT md5(order_id::text || 'capture')::uuid, e.position, e.account, e.sign * total, 'EUR'
     FROM sale, (VALUES (0, 'provider:sandbox', 1), (1, 'deposits', -1)) AS e(position, account, sign)",
    "INSERT INTO ledger_entry (transaction_id, position, account, show_id, amount, currency)
     SELECT md5(order_id::text || 'sale')::uuid, e.position, e.account, CASE WHEN e.position = 1 THEN show_id END, e.sign * total, 'EUR'
     FROM sale, (VALUES (0, 'deposits', 1), (1, 'sales', -1)) AS e(position, account, sign)",
    "INSERT INTO ticket (id, order_id, line_id, position, show_id, booking_id, seat_guid, status, issued_at)
     SELECT md5(order_id::text || p.number || 'ticket')::uuid, order_id, md5(order_id::text || p.number)::uuid, 0, show_id, booking_id, p.guid, 'valid', paid_at
     FROM sale JOIN seed_place p ON p.number BETWEEN first AND first + seats - 1",
    "INSERT INTO outbox (id, kind, dedup, payload, created_at, next_try_at, attempts, done_at)
     SELECT md5(order_id::text || 'outbox')::uuid, 'order_confirmation', 'order_confirmation:' || order_id, jsonb_build_object('order', order_id), paid_at, paid_at, 1,
            paid_at + interval '1 second' FROM sale",
    "INSERT INTO order_claim (order_id, user_id, how, created_at)
     SELECT order_id, u.id, 'address', at FROM sale JOIN app_user u ON u.id = customer_id",
];

/// Writes these sales, of which the first is the `from`th.
pub(crate) async fn write(pool: &PgPool, house: &House, sales: &[Sale], from: u64, seed: u64) -> Result<u64, Fault> {
    let mut transaction = pool.begin().await?;
    stage(&mut transaction, sales, from, seed).await?;
    for rows in ROWS {
        let rows = rows.replace("$org", &format!("'{}'::uuid", house.organizer));
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(sales.len() as u64)
}

async fn stage(connection: &mut PgConnection, sales: &[Sale], from: u64, seed: u64) -> Result<(), Fault> {
    let ids = |of: fn(&Sale) -> Uuid| sales.iter().map(of).collect::<Vec<_>>();
    sqlx::query(SALE)
        .bind((from..).zip(sales).map(|(number, _)| order_number(seed, number)).collect::<Vec<_>>())
        .bind(ids(|sale| sale.order))
        .bind(ids(|sale| sale.show))
        .bind(ids(|sale| sale.hold))
        .bind(ids(|sale| sale.booking))
        .bind(ids(|sale| sale.customer))
        .bind(sales.iter().map(|sale| sale.at.0).collect::<Vec<_>>())
        .bind(sales.iter().map(|sale| sale.starts_at.0).collect::<Vec<_>>())
        .bind(sales.iter().map(|sale| sale.first.cast_signed()).collect::<Vec<_>>())
        .bind(sales.iter().map(|sale| sale.seats.cast_signed()).collect::<Vec<_>>())
        .bind(sales.iter().map(|sale| sale.total).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// The number of an order, like those that the server gives: no two of one seed are the same, because the factor and the count of all
/// numbers have nothing in common.
fn order_number(seed: u64, number: u64) -> String {
    const LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKLMNPQRSTUVWXY";
    let all = 31_u64.pow(6);
    let mut rest = (number * 514_229 + seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % all) % all;
    let mut text = String::from("A-");
    for _ in 0..6 {
        text.push(char::from(LETTERS[(rest % 31) as usize]));
        rest /= 31;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_orders_have_one_number() {
        let mut numbers: Vec<String> = (0..100_000).map(|number| order_number(7, number)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 100_000);
    }
}
