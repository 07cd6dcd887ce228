//! Claims of buyers' banks, and what a house wishes of them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::saga::{Admission, Saga};
use super::{Orders, keep::tickets_of};
use crate::payments::DisputeState;
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::time::sql;
use crate::tickets::store as tickets;

/// What a house wishes of claims, and how often that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptDisputeRules {
    /// Tickets admit nobody while their payment is disputed.
    pub suspend: bool,
    /// Zero where the house has never said.
    pub version: i32,
}

/// Keeps what became of the claims, and has the house's people find it in the log.
pub(super) async fn keep(
    connection: &mut PgConnection,
    organizer: Uuid,
    before: &Saga,
    after: &Saga,
) -> Result<(), DbFault> {
    for claim in after.disputes.claims.iter().filter(|claim| !before.disputes.claims.contains(claim)) {
        sqlx::query!(
            "INSERT INTO dispute (id, order_id, payment_id, provider_ref, state, amount, currency, fee, suspends, opened_at,
                                  decided_at, taken)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, opened_at = EXCLUDED.opened_at, amount = EXCLUDED.amount,
                 fee = EXCLUDED.fee, taken = EXCLUDED.taken, decided_at = EXCLUDED.decided_at, updated_at = now()",
            claim.id,
            after.order,
            claim.payment,
            claim.provider_ref,
            claim.state.word(),
            claim.amount.amount,
            claim.amount.currency.as_str(),
            claim.fee,
            claim.suspends,
            sql(claim.opened_at) as jiff_sqlx::Timestamp,
            claim.decided_at.map(sql) as Option<jiff_sqlx::Timestamp>,
            claim.taken
        )
        .execute(&mut *connection)
        .await?;
        let was = before.disputes.claims.iter().find(|known| known.id == claim.id).map(|known| known.state);
        if was != Some(claim.state) {
            let (severity, action) = match claim.state {
                DisputeState::Opened => (Severity::Warning, "order.disputed"),
                DisputeState::Won => (Severity::Notice, "order.dispute_won"),
                DisputeState::Lost => (Severity::Warning, "order.dispute_lost"),
            };
            metrics::counter!("aisle_disputes_total", "state" => claim.state.word()).increment(1);
            let entry = Entry::new(Actor::Server, action).of(organizer).on("order", after.order);
            audit::security(&mut *connection, severity, entry.with("payment", claim.payment)).await?;
        }
    }
    Ok(())
}

/// Brings the tickets in line with what the order says of them.
pub(super) async fn admit(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    // Tickets are issued valid.
    let issued = before.confirmed_at.is_some();
    let (mut suspended, mut restored, mut revoked, mut reinstated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut again = Vec::new();
    for (was, is) in before.lines.iter().zip(&after.lines) {
        let was = if issued { before.admission(was) } else { Admission::Valid };
        let to = match (was, after.admission(is)) {
            (Admission::Valid, Admission::Valid)
            | (Admission::Suspended, Admission::Suspended)
            | (Admission::Revoked, Admission::Revoked) => continue,
            (Admission::Valid, Admission::Suspended) => &mut suspended,
            (Admission::Revoked, Admission::Suspended) => &mut again,
            (Admission::Suspended, Admission::Valid) => &mut restored,
            (Admission::Revoked, Admission::Valid) => &mut reinstated,
            (Admission::Valid | Admission::Suspended, Admission::Revoked) => &mut revoked,
        };
        to.extend(tickets_of(is));
    }
    let order = after.order;
    if !suspended.is_empty() {
        tickets::suspend(&mut *connection, order, Some(&suspended)).await?;
    }
    if !again.is_empty() {
        tickets::suspend_revoked(&mut *connection, order, Some(&again)).await?;
    }
    if !restored.is_empty() {
        tickets::restore(&mut *connection, order, Some(&restored)).await?;
    }
    if !reinstated.is_empty() {
        tickets::reinstate(&mut *connection, order, Some(&reinstated)).await?;
    }
    if !revoked.is_empty() {
        tickets::revoke(&mut *connection, order, Some(&revoked)).await?;
    }
    Ok(())
}

impl Orders {
    /// What a house wishes of claims; `None`: there is no such house.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn dispute_rules(&self, organizer: Uuid) -> Result<Option<KeptDisputeRules>, DbFault> {
        let row = sqlx::query!(
            "SELECT r.tickets AS \"tickets?\", r.version AS \"version?\"
             FROM organizer g LEFT JOIN dispute_rules r ON r.organizer_id = g.id WHERE g.id = $1",
            organizer
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| KeptDisputeRules {
            suspend: row.tickets.as_deref() == Some("suspend"),
            version: row.version.unwrap_or(0),
        }))
    }

    /// Sets it, for claims that are first heard of from now on; its version now. `None`: it is no longer what was seen.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_dispute_rules(
        &self,
        organizer: Uuid,
        suspend: bool,
        seen: i32,
        entry: Entry,
    ) -> Result<Option<i32>, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let version = sqlx::query_scalar!(
            "INSERT INTO dispute_rules AS r (organizer_id, tickets) VALUES ($1, $2)
             ON CONFLICT (organizer_id) DO UPDATE SET tickets = EXCLUDED.tickets, version = r.version + 1, updated_at = now()
             WHERE r.version = $3 RETURNING version",
            organizer,
            if suspend { "suspend" } else { "flag" },
            seen
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(version) = version else { return Ok(None) };
        audit::record(&mut transaction, entry.with("version", version)).await?;
        transaction.commit().await?;
        Ok(Some(version))
    }
}
