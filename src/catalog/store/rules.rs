//! Shows whose rules were changed and that have not been told of it yet.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Catalog;
use crate::platform::db::DbFault;

impl Catalog {
    /// At most `limit` shows that were left untold, longest first. Each is whoever's gets it: for five seconds nobody else finds it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_untold(&self, limit: i64) -> Result<Vec<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!(
            "UPDATE show SET rules_due_at = now() WHERE id IN (
                 SELECT id FROM show WHERE rules_due_at < now() - interval '5 seconds' ORDER BY rules_due_at LIMIT $1
                 FOR NO KEY UPDATE SKIP LOCKED)
             RETURNING id",
            limit
        )
        .fetch_all(&self.pool)
        .await?)
    }
}

/// Waits for one's turn to tell a show its rules; it lasts until the transaction ends. Not a lock on the show's row: a show that
/// wakes to be told may have its plan's version to note there.
///
/// # Errors
/// When the database does not answer.
pub async fn take_turn(connection: &mut PgConnection, show: Uuid) -> Result<(), DbFault> {
    sqlx::query_scalar!(
        "SELECT pg_advisory_xact_lock(hashtextextended('rules of ' || $1, 0)) IS NULL AS \"locked!\"",
        show.to_string()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// The show has been told the rules of this version of it.
///
/// # Errors
/// When the database does not answer.
pub async fn told(connection: &mut PgConnection, show: Uuid, version: i32) -> Result<(), DbFault> {
    sqlx::query!("UPDATE show SET rules_due_at = NULL WHERE id = $1 AND version = $2", show, version)
        .execute(connection)
        .await?;
    Ok(())
}
