//! What this room knows of people: customers, their orders, and what providers told us of their payments. An order is never
//! deleted, because the books are made of it; its customer is blanked.

mod claims;

pub use claims::Claims;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::platform::db::DbFault;
use crate::platform::people::{Asked, Forgetting, Later, People, Person, PersonalData, Why};
use crate::platform::retention::{Batch, Kept};
use crate::platform::time;

/// Customers and their orders.
#[derive(Clone, Copy, Debug)]
pub struct Customers {
    /// For so long after their newest paid order, the law of the house's country wants a buyer's name and address in the
    /// books; 0: it does not.
    pub books_days: u32,
}

/// Shows are over after their start by so much, and whoever wanted to complain of one has.
const AFTER_SHOW: SignedDuration = SignedDuration::from_hours(48);

fn rows(done: &sqlx::postgres::PgQueryResult) -> i64 {
    i64::try_from(done.rows_affected()).unwrap_or(i64::MAX)
}

impl PersonalData for Customers {
    fn room(&self) -> &'static str {
        "orders"
    }

    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value> {
        Box::pin(async move {
            // What belongs by its address to who had the address before is theirs and not told.
            Ok(sqlx::query_scalar!(
                "SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'organizer', g.name, 'name', c.name, 'email', c.email, 'locale', c.locale, 'since', c.created_at,
                    'passed_on_to_them', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'id', t.id, 'status', t.status, 'show', p.title, 'starts_at', s.starts_at, 'passed_on_at', t.passed_on_at)
                        ORDER BY t.passed_on_at, t.id), '[]')
                        FROM ticket t JOIN show s ON s.id = t.show_id JOIN production p ON p.id = s.production_id
                        WHERE t.holder_id = c.id),
                    'orders', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'number', o.number, 'name', coalesce(o.buyer_name, c.name), 'at', o.created_at, 'state', o.state,
                        'total', o.total, 'currency', o.currency,
                        'review', o.review, 'review_by', o.review_by, 'review_findings', o.review_findings,
                        'review_reason', o.review_reason,
                        'came_from', (SELECT jsonb_build_object('address', t.address, 'device', t.device, 'at', t.at)
                            FROM order_trace t WHERE t.order_id = o.id),
                        'terms_version', o.terms_version, 'external_id', o.external_id, 'metadata', o.metadata,
                        'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'label', l.label, 'show', p.title, 'starts_at', s.starts_at, 'section', l.section, 'row', l.row_label,
                            'seat', l.seat_label, 'quantity', l.quantity, 'amount', l.amount,
                            'cancelled_at', l.cancelled_at, 'kept', l.kept) ORDER BY l.position), '[]')
                            FROM order_line l LEFT JOIN show s ON s.id = l.show_id LEFT JOIN production p ON p.id = s.production_id
                            WHERE l.order_id = o.id),
                        'payments', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'provider', y.provider, 'status', y.status, 'amount', y.amount, 'currency', y.currency,
                            'reference', y.provider_ref, 'paid_at', y.paid_at, 'instrument', y.instrument,
                            'instrument_country', y.instrument_country) ORDER BY y.attempt), '[]')
                            FROM payment y WHERE y.order_id = o.id),
                        'refunds', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'status', r.status, 'amount', r.amount, 'currency', r.currency, 'reason', r.reason,
                            'note', r.note, 'at', r.created_at) ORDER BY r.created_at, r.id), '[]')
                            FROM refund r WHERE r.order_id = o.id),
                        'tickets', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'id', t.id, 'status', t.status, 'issued_at', t.issued_at, 'passed_on_at', t.passed_on_at) ORDER BY t.issued_at, t.id), '[]')
                            FROM ticket t WHERE t.order_id = o.id)) ORDER BY o.created_at, o.id), '[]')
                    FROM orders o WHERE o.customer_id = c.id AND NOT EXISTS (
                        SELECT 1 FROM order_claim k WHERE k.order_id = o.id AND k.how = 'address' AND k.user_id <> $3)))
                    ORDER BY c.created_at, c.id), '[]') AS \"all!\"
                 FROM customer c JOIN organizer g ON g.id = c.organizer_id
                 WHERE c.email_normalized = ANY ($1) AND ($2::uuid IS NULL OR c.organizer_id = $2)
                   AND coalesce((SELECT bool_or(NOT EXISTS (
                           SELECT 1 FROM order_claim k WHERE k.order_id = o.id AND k.how = 'address' AND k.user_id <> $3))
                       FROM orders o WHERE o.customer_id = c.id), true)",
                &person.emails,
                person.organizer,
                person.user
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn under_way<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, bool> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT EXISTS (
                    SELECT 1 FROM orders o JOIN customer c ON c.id = o.customer_id
                    WHERE c.email_normalized = ANY ($1) AND ($2::uuid IS NULL OR c.organizer_id = $2)
                      AND (o.state IN ('awaiting_payment', 'in_review', 'authorized', 'booked', 'captured', 'refunding')
                           OR EXISTS (SELECT 1 FROM refund r WHERE r.order_id = o.id AND r.status = 'pending'))) AS \"any!\"",
                &person.emails,
                person.organizer
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        person: &'a Person,
        how: Forgetting,
    ) -> Asked<'a, Vec<Later>> {
        Box::pin(async move {
            let customers = sqlx::query!(
                "SELECT c.id, c.organizer_id, c.erased_at IS NOT NULL AS \"locked!\",
                        (SELECT max(s.starts_at) FROM
                            (SELECT show_id, status FROM ticket WHERE holder_id = c.id
                             UNION ALL
                             SELECT b.show_id, b.status FROM orders o JOIN ticket b ON b.order_id = o.id
                             WHERE o.customer_id = c.id AND b.holder_id IS NULL) t
                         JOIN show s ON s.id = t.show_id WHERE t.status <> 'revoked') AS last_show,
                        (SELECT max(o.confirmed_at) FROM orders o WHERE o.customer_id = c.id) AS last_paid
                 FROM customer c
                 WHERE c.email_normalized = ANY ($1) AND ($2::uuid IS NULL OR c.organizer_id = $2) FOR UPDATE OF c",
                &person.emails,
                person.organizer
            )
            .fetch_all(&mut *connection)
            .await?;
            let mut later = Vec::new();
            for customer in customers {
                let show = customer.last_show.map(|at| at.to_jiff() + AFTER_SHOW).filter(|&until| until > how.now);
                let period = SignedDuration::from_hours(i64::from(self.books_days) * 24);
                let books = customer.last_paid.map(|at| at.to_jiff() + period);
                let books = books.filter(|&until| self.books_days > 0 && until > how.now);
                if let Some(until) = show.filter(|_| !how.at_once && !customer.locked) {
                    put_off(connection, customer.id, until).await?;
                    later.push(Later { organizer: customer.organizer_id, until, why: Why::ShowToCome });
                    continue;
                }
                unname(connection, customer.id).await?;
                if person.user.is_none() {
                    disown(connection, customer.id).await?;
                }
                if let Some(until) = books {
                    lock(connection, customer.id, how.now, until).await?;
                    later.push(Later { organizer: customer.organizer_id, until, why: Why::Books });
                } else {
                    blank(connection, customer.id, how.now).await?;
                }
            }
            Ok(later)
        })
    }
}

/// They stay until then, to be told should the show not take place.
async fn put_off(connection: &mut PgConnection, customer: Uuid, until: Timestamp) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE customer SET erase_after = $2 WHERE id = $1",
        customer,
        time::sql(until) as jiff_sqlx::Timestamp
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was typed about their orders, and what providers said of their payments; the amounts stay.
async fn unname(connection: &mut PgConnection, customer: Uuid) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE refund SET reason = '', note = ''
         WHERE (reason <> '' OR note <> '') AND order_id IN (SELECT id FROM orders WHERE customer_id = $1)",
        customer
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE orders SET metadata = '{}', review_reason = '', review_findings = '[]'
         WHERE customer_id = $1 AND (metadata <> '{}' OR review_reason <> '' OR review_findings <> '[]')",
        customer
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM order_trace WHERE order_id IN (SELECT id FROM orders WHERE customer_id = $1)", customer)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "UPDATE payment SET instrument = NULL, instrument_country = NULL
         WHERE instrument IS NOT NULL AND order_id IN (SELECT id FROM orders WHERE customer_id = $1)",
        customer
    )
    .execute(&mut *connection)
    .await?;
    // The answers that are kept for a repeated request. They are found by the order that they belong to.
    sqlx::query!(
        "DELETE FROM idempotency WHERE scope IN (SELECT 'order:' || id FROM orders WHERE customer_id = $1)",
        customer
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE webhook_in w SET body = ''
         FROM (SELECT convert_to(unnest(ARRAY[y.id::text, y.provider_ref]), 'UTF8') AS mark, y.provider, y.created_at
               FROM payment y JOIN orders o ON o.id = y.order_id WHERE o.customer_id = $1) theirs
         WHERE w.provider = theirs.provider AND w.received_at >= theirs.created_at AND w.processed_at IS NOT NULL
           AND position(theirs.mark IN w.body) > 0",
        customer
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a house has forgotten belongs no more to the account that had the address, for an account has a name.
async fn disown(connection: &mut PgConnection, customer: Uuid) -> Result<(), DbFault> {
    sqlx::query!(
        "DELETE FROM order_claim WHERE how = 'address' AND order_id IN (SELECT id FROM orders WHERE customer_id = $1)",
        customer
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Out of use, and in the books until then: the address is free for a new customer, no mail goes out, nobody is shown it.
async fn lock(connection: &mut PgConnection, customer: Uuid, now: Timestamp, until: Timestamp) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE customer SET email_normalized = 'erased:' || id, buyer_id = gen_random_uuid(),
                erased_at = coalesce(erased_at, $2), erase_after = $3
         WHERE id = $1",
        customer,
        time::sql(now) as jiff_sqlx::Timestamp,
        time::sql(until) as jiff_sqlx::Timestamp
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn blank(connection: &mut PgConnection, customer: Uuid, now: Timestamp) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE customer SET name = '', email = '', email_normalized = 'erased:' || id, locale = 'en',
                buyer_id = gen_random_uuid(), erased_at = coalesce(erased_at, $2), erase_after = NULL
         WHERE id = $1",
        customer,
        time::sql(now) as jiff_sqlx::Timestamp
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("UPDATE orders SET buyer_name = NULL WHERE customer_id = $1 AND buyer_name IS NOT NULL", customer)
        .execute(connection)
        .await?;
    Ok(())
}

/// What providers told us: needed to settle, and to settle again after a fault.
#[derive(Clone, Copy, Debug)]
pub struct ProviderNews;

impl Kept for ProviderNews {
    fn kind(&self) -> &'static str {
        "provider_news"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM webhook_in WHERE received_at < $1 AND processed_at IS NOT NULL",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let done = sqlx::query!(
                "DELETE FROM webhook_in WHERE (provider, account, event_id) IN (
                     SELECT provider, account, event_id FROM webhook_in
                     WHERE received_at < $1 AND processed_at IS NOT NULL
                     ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(connection)
            .await?;
            Ok(rows(&done))
        })
    }
}

/// Where orders came from and what paid for them, beyond what the rules of a house look back to. What a rule has found stays
/// with its order: it names nobody.
#[derive(Clone, Copy, Debug)]
pub struct OrderTraces;

impl Kept for OrderTraces {
    fn kind(&self) -> &'static str {
        "order_traces"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT (SELECT count(*) FROM order_trace WHERE at < $1)
                      + (SELECT count(*) FROM payment WHERE instrument IS NOT NULL AND created_at < $1) AS \"due!\"",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let traces = sqlx::query!(
                "DELETE FROM order_trace WHERE order_id IN (
                     SELECT order_id FROM order_trace WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(&mut *connection)
            .await?;
            let instruments = sqlx::query!(
                "UPDATE payment SET instrument = NULL, instrument_country = NULL WHERE id IN (
                     SELECT id FROM payment WHERE instrument IS NOT NULL AND created_at < $1
                     ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(connection)
            .await?;
            Ok(rows(&traces) + rows(&instruments))
        })
    }
}

/// Customers whose last show is long past, and who have bought nothing since.
#[derive(Clone)]
pub struct OldCustomers {
    /// Who forgets them: all rooms, not this one alone.
    pub people: People,
}

impl Kept for OldCustomers {
    fn kind(&self) -> &'static str {
        "customers"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM customer c
                 WHERE c.erased_at IS NULL AND c.erase_after IS NULL AND c.created_at < $1
                   AND NOT EXISTS (SELECT 1 FROM orders o LEFT JOIN order_hold h ON h.order_id = o.id
                                   LEFT JOIN show s ON s.id = h.show_id
                                   WHERE o.customer_id = c.id AND (o.created_at >= $1 OR s.starts_at >= $1
                                       OR o.state IN ('awaiting_payment', 'in_review', 'authorized', 'booked', 'captured', 'refunding')))
                   AND NOT EXISTS (SELECT 1 FROM ticket t JOIN show s ON s.id = t.show_id
                                   WHERE t.holder_id = c.id AND s.starts_at >= $1)",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let found = sqlx::query!(
                "SELECT c.organizer_id, c.email_normalized FROM customer c
                 WHERE c.erased_at IS NULL AND c.erase_after IS NULL AND c.created_at < $1
                   AND NOT EXISTS (SELECT 1 FROM orders o LEFT JOIN order_hold h ON h.order_id = o.id
                                   LEFT JOIN show s ON s.id = h.show_id
                                   WHERE o.customer_id = c.id AND (o.created_at >= $1 OR s.starts_at >= $1
                                       OR o.state IN ('awaiting_payment', 'in_review', 'authorized', 'booked', 'captured', 'refunding')))
                   AND NOT EXISTS (SELECT 1 FROM ticket t JOIN show s ON s.id = t.show_id
                                   WHERE t.holder_id = c.id AND s.starts_at >= $1)
                 ORDER BY c.created_at LIMIT $2 FOR UPDATE OF c SKIP LOCKED",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .fetch_all(&mut *connection)
            .await?;
            let erased = i64::try_from(found.len()).unwrap_or(i64::MAX);
            for row in found {
                forget(&self.people, connection, row.organizer_id, row.email_normalized, batch.now).await?;
            }
            Ok(erased)
        })
    }
}

/// Customers who were to be forgotten and could not be yet, and now can. They are due from the moment that was set for them,
/// so their period is none.
#[derive(Clone)]
pub struct PromisedCustomers {
    /// Who forgets them.
    pub people: People,
}

impl Kept for PromisedCustomers {
    fn kind(&self) -> &'static str {
        "customers_to_be_forgotten"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM customer WHERE erase_after < $1",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let found = sqlx::query!(
                "SELECT id, organizer_id, email_normalized FROM customer WHERE erase_after < $1
                 ORDER BY erase_after LIMIT $2 FOR UPDATE SKIP LOCKED",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .fetch_all(&mut *connection)
            .await?;
            let erased = i64::try_from(found.len()).unwrap_or(i64::MAX);
            for row in found {
                forget(&self.people, connection, row.organizer_id, row.email_normalized, batch.now).await?;
            }
            Ok(erased)
        })
    }
}

/// Forgets a customer in their house, or looks again tomorrow where a payment is under way.
async fn forget(
    people: &People,
    connection: &mut PgConnection,
    organizer: Uuid,
    email: String,
    now: Timestamp,
) -> Result<(), DbFault> {
    use crate::platform::people::NotForgotten;
    let person = Person { user: None, emails: vec![email], organizer: Some(organizer) };
    match people.forget(connection, &person, Forgetting { now, at_once: false }).await {
        Ok(_) => Ok(()),
        Err(NotForgotten::UnderWay) => {
            sqlx::query!(
                "UPDATE customer SET erase_after = $3 WHERE organizer_id = $1 AND email_normalized = $2",
                organizer,
                person.emails[0],
                time::sql(now + SignedDuration::from_hours(24)) as jiff_sqlx::Timestamp
            )
            .execute(connection)
            .await?;
            Ok(())
        }
        Err(NotForgotten::Database(fault)) => Err(fault),
    }
}
