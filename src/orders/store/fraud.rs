//! SQL of the rules: what a house wishes, what is counted, and where orders came from.

use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::fraud::{Action, Facts, FraudRules};
use super::{Orders, jiff as moment};
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;

/// Where an order came from, as marks that tell nothing but "the same".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its network address.
    pub address: Option<String>,
    /// Its browser there.
    pub device: Option<String>,
}

/// What the rules are asked with.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The rules of the house.
    pub rules: FraudRules,
    /// What is known.
    pub facts: Facts,
    /// When the first of the order's shows begins.
    pub starts: Option<Timestamp>,
}

/// A house's rules, and how often they were changed.
#[derive(Clone, Debug)]
pub struct KeptRules {
    /// They.
    pub rules: FraudRules,
    /// Zero where they are the server's own.
    pub version: i32,
}

/// Keeps where an order came from, in the transaction that makes it.
pub(super) async fn leave_trace(
    connection: &mut PgConnection,
    organizer: Uuid,
    order: Uuid,
    trace: &Trace,
    places: i32,
) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO order_trace (order_id, organizer_id, address, device, places) VALUES ($1, $2, $3, $4, $5)",
        order,
        organizer,
        trace.address,
        trace.device,
        places
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn read(rules: serde_json::Value) -> FraudRules {
    // Of another version of the server: its own are better than none.
    serde_json::from_value(rules).unwrap_or_else(|error| {
        tracing::warn!(%error, "The rules of a house could not be read; the server's own stand in");
        FraudRules::default()
    })
}

impl Orders {
    /// A house's rules; `None`: there is no such house.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn fraud_rules(&self, organizer: Uuid) -> Result<Option<KeptRules>, DbFault> {
        let row = sqlx::query!(
            "SELECT r.rules AS \"rules?\", r.version AS \"version?\"
             FROM organizer g LEFT JOIN fraud_rules r ON r.organizer_id = g.id WHERE g.id = $1",
            organizer
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| KeptRules {
            rules: row.rules.map_or_else(FraudRules::default, read),
            version: row.version.unwrap_or(0),
        }))
    }

    /// Sets a house's rules, and records who did, at once; their version now. `None`: they are no longer those that were seen.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_fraud_rules(
        &self,
        organizer: Uuid,
        rules: &FraudRules,
        seen: i32,
        entry: Entry,
    ) -> Result<Option<i32>, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let version = sqlx::query_scalar!(
            "INSERT INTO fraud_rules AS r (organizer_id, rules) VALUES ($1, $2)
             ON CONFLICT (organizer_id) DO UPDATE SET rules = EXCLUDED.rules, version = r.version + 1, updated_at = now()
             WHERE r.version = $3 RETURNING version",
            organizer,
            serde_json::to_value(rules).unwrap_or_default(),
            seen
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(version) = version else { return Ok(None) };
        audit::record(&mut transaction, entry.with("version", version)).await?;
        transaction.commit().await?;
        Ok(Some(version))
    }

    /// What the rules are asked with about an order that this payment can buy. Each count stops one past its limit, so that
    /// a rush from one address costs each of its orders the same.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn to_judge(&self, order: Uuid, payment: Uuid) -> Result<Option<Asked>, DbFault> {
        let row = sqlx::query!(
            "SELECT r.rules AS \"rules?\",
                    (SELECT min(s.starts_at) FROM order_hold h JOIN show s ON s.id = h.show_id WHERE h.order_id = o.id) AS starts
             FROM orders o LEFT JOIN fraud_rules r ON r.organizer_id = o.organizer_id WHERE o.id = $1",
            order
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let rules = row.rules.map_or_else(FraudRules::default, read);
        let facts = if rules.any() { self.facts(order, payment, &rules).await? } else { Facts::default() };
        Ok(Some(Asked { rules, facts, starts: moment(row.starts) }))
    }

    async fn facts(&self, order: Uuid, payment: Uuid, rules: &FraudRules) -> Result<Facts, DbFault> {
        let (velocity, reuse) = (&rules.velocity, &rules.reuse);
        // A rule that is off counts nothing.
        let limit = |action: Action, max: i64| if action == Action::Off { 0 } else { max + 1 };
        let row = sqlx::query!(
            "SELECT y.instrument_country,
                (SELECT count(*) FROM (SELECT 1 FROM orders p JOIN payment q ON q.order_id = p.id
                    WHERE p.customer_id = o.customer_id AND p.created_at > now() - $3::float8 * interval '1 second'
                    LIMIT $4) x) AS \"email_attempts!\",
                (SELECT coalesce(sum(x.places), 0)::bigint FROM (SELECT t.places FROM orders p JOIN order_trace t ON t.order_id = p.id
                    WHERE p.customer_id = o.customer_id AND p.created_at > now() - $3::float8 * interval '1 second'
                    LIMIT $5) x) AS \"email_places!\",
                (SELECT count(*) FROM (SELECT 1 FROM order_trace t JOIN payment q ON q.order_id = t.order_id
                    WHERE t.organizer_id = o.organizer_id AND t.device = me.device
                      AND t.at > now() - $3::float8 * interval '1 second' LIMIT $4) x) AS \"device_attempts!\",
                (SELECT coalesce(sum(x.places), 0)::bigint FROM (SELECT t.places FROM order_trace t
                    WHERE t.organizer_id = o.organizer_id AND t.device = me.device
                      AND t.at > now() - $3::float8 * interval '1 second' LIMIT $5) x) AS \"device_places!\",
                (SELECT count(*) FROM (SELECT 1 FROM order_trace t JOIN payment q ON q.order_id = t.order_id
                    WHERE t.organizer_id = o.organizer_id AND t.address = me.address
                      AND t.at > now() - $3::float8 * interval '1 second' LIMIT $6) x) AS \"address_attempts!\",
                (SELECT coalesce(sum(x.places), 0)::bigint FROM (SELECT t.places FROM order_trace t
                    WHERE t.organizer_id = o.organizer_id AND t.address = me.address
                      AND t.at > now() - $3::float8 * interval '1 second' LIMIT $7) x) AS \"address_places!\",
                (SELECT count(*) FROM (SELECT DISTINCT p.customer_id FROM payment q JOIN orders p ON p.id = q.order_id
                    WHERE q.instrument = y.instrument AND p.organizer_id = o.organizer_id
                      AND q.created_at > now() - $8::float8 * interval '1 second' LIMIT $9) x) AS \"emails!\"
             FROM orders o JOIN payment y ON y.id = $2 AND y.order_id = o.id LEFT JOIN order_trace me ON me.order_id = o.id
             WHERE o.id = $1",
            order,
            payment,
            velocity.window_s as f64,
            limit(velocity.action, velocity.attempts_max),
            limit(velocity.action, velocity.places_max),
            limit(velocity.action, velocity.address_attempts_max),
            limit(velocity.action, velocity.address_places_max),
            reuse.window_s as f64,
            limit(reuse.action, reuse.emails_max)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map_or_else(Facts::default, |row| Facts {
            email: (row.email_attempts, row.email_places),
            device: (row.device_attempts, row.device_places),
            address: (row.address_attempts, row.address_places),
            country: row.instrument_country,
            emails: row.emails,
        }))
    }

    /// How many orders of these organisers wait for staff; `None` is all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waiting_for_review(&self, organizers: Option<&[Uuid]>) -> Result<i64, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT count(*) AS \"count!\" FROM orders
             WHERE state = 'in_review' AND ($1::uuid[] IS NULL OR organizer_id = ANY ($1))",
            organizers
        )
        .fetch_one(&self.pool)
        .await?)
    }
}
