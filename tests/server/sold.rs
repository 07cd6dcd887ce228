//! A house with an order in it, written straight into the database: for tests of what comes after the sale.

use aisle::platform::ids::new_id;
use sqlx::PgPool;
use uuid::Uuid;

/// An order of two seats in the stalls and three places on the floor, as the sale leaves it before tickets are issued.
pub struct Sold {
    pub order: Uuid,
    pub organizer: Uuid,
    pub show: Uuid,
    /// The lines of seats 1 and 2, and of the floor.
    pub lines: [Uuid; 3],
}

/// The production's title in [`sell`]: whatever shows it must bear it.
pub const TITLE: &str = "Romeo & Julia <Remix>";

pub async fn sell(db: &PgPool) -> Sold {
    let [organizer, venue, plan, version, production, show, customer, order, hold] = std::array::from_fn(|_| new_id());
    let lines: [Uuid; 3] = std::array::from_fn(|_| new_id());
    let run = |sql: &'static str, ids: Vec<Uuid>| async move {
        let mut query = sqlx::query(sql);
        for id in ids {
            query = query.bind(id);
        }
        query.execute(db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    run("INSERT INTO organizer (id, name) VALUES ($1, 'Grand Theatre Ltd')", vec![organizer]).await;
    run(
        "INSERT INTO venue (id, organizer_id, name, address, city, time_zone)
         VALUES ($1, $2, 'Grand Theatre', '1 High Street', 'Lund', 'Europe/Stockholm')",
        vec![venue, organizer],
    )
    .await;
    run("INSERT INTO plan (id, organizer_id, name) VALUES ($1, $2, 'Hall')", vec![plan, organizer]).await;
    run(
        "INSERT INTO plan_version (id, plan_id, number, document, seats, places) VALUES ($1, $2, 1, '{}', 2, 102)",
        vec![version, plan],
    )
    .await;
    run(
        "INSERT INTO production (id, organizer_id, title, kind, duration_min)
         VALUES ($1, $2, 'Romeo & Julia <Remix>', 'theatre', 90)",
        vec![production, organizer],
    )
    .await;
    run(
        "INSERT INTO show (id, organizer_id, production_id, venue_id, plan_version_id, currency, starts_at, doors_at)
         VALUES ($1, $2, $3, $4, $5, 'EUR', '2026-12-12T18:30:00Z', '2026-12-12T18:00:00Z')",
        vec![show, organizer, production, venue, version],
    )
    .await;
    run(
        "INSERT INTO ticket_type (show_id, key, id, name, is_default, position) VALUES ($1, 'adult', $2, 'Adult', true, 0)",
        vec![show, new_id()],
    )
    .await;
    run(
        "INSERT INTO price_level (show_id, key, name, category, color, position)
         VALUES ($1, 'premium', 'Premium', 'Premium', '#8e3b8a', 0)",
        vec![show],
    )
    .await;
    run(
        "INSERT INTO customer (id, organizer_id, email, email_normalized, name)
         VALUES ($1, $2, 'Ada@example.org', 'ada@example.org', 'Ada <b>Lovelace</b>')",
        vec![customer, organizer],
    )
    .await;
    run(
        "INSERT INTO orders (id, number, organizer_id, customer_id, state, total, currency)
         VALUES ($1, 'A-' || upper(right($1::text, 6)), $2, $3, 'captured', 18000, 'EUR')",
        vec![order, organizer, customer],
    )
    .await;
    run(
        "INSERT INTO order_hold (order_id, show_id, hold_id, booking_id, position) VALUES ($1, $2, $3, $4, 0)",
        vec![order, show, hold, new_id()],
    )
    .await;
    run(
        "INSERT INTO order_line (id, order_id, position, kind, label, show_id, hold_id, seat_guid, section, row_label,
                                 seat_label, area_id, price_level, ticket_type, quantity, amount)
         VALUES ($1, $4, 0, 'ticket', 'Stalls A-1', $5, $6, 'stalls-A-1', 'Stalls', 'A', '1', NULL, 'premium', 'adult', 1, 4500),
                ($2, $4, 1, 'ticket', 'Stalls A-2', $5, $6, 'stalls-A-2', 'Stalls', 'A', '2', NULL, 'premium', 'adult', 1, 4500),
                ($3, $4, 2, 'ticket', 'Floor', $5, $6, NULL, 'Floor', NULL, NULL, 'floor', 'premium', 'adult', 3, 9000),
                ($7, $4, 3, 'fee', 'Booking fee', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 0)",
        vec![lines[0], lines[1], lines[2], order, show, hold, new_id()],
    )
    .await;
    Sold { order, organizer, show, lines }
}
