//! The outbox: "say this", in the transaction that made it true.

use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use crate::platform::db::DbFault;
use crate::platform::ids;

/// Writes that something is to be said, in the caller's transaction: what never became true is never said. `dedup` names
/// the saying ('order_confirmation:<order>'): one of the same name is said once, whoever asks how often. False: it was
/// asked for before, and nothing was written.
///
/// # Errors
/// When the database does not answer.
pub async fn put<T: Serialize>(
    connection: &mut PgConnection,
    kind: &str,
    dedup: &str,
    payload: &T,
) -> Result<bool, DbFault> {
    let payload = serde_json::to_value(payload).unwrap_or(Value::Null);
    let done = sqlx::query!(
        "INSERT INTO outbox (id, kind, dedup, payload) VALUES ($1, $2, $3, $4) ON CONFLICT (dedup) DO NOTHING",
        ids::derived_id(&[b"outbox", dedup.as_bytes()]),
        kind,
        dedup,
        payload
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
