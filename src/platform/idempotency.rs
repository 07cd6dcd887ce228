//! Answers of mutating calls other than a show's commands, kept for 24 hours in the transaction of the work.

use serde_json::Value;
use sqlx::PgConnection;

use super::db::DbFault;
use super::people::{Asked, Forgetting, Later, Person, PersonalData};

/// What a request with a key meets.
#[derive(Debug)]
pub enum Begin {
    /// Nobody has done it: do the work in this transaction, then [`finish`].
    Fresh,
    /// It was done: this is the answer again.
    Replay {
        /// The HTTP status it was answered with.
        status: u16,
        /// The body it was answered with; null where it had none.
        answer: Value,
    },
    /// The key was used for another request.
    Reused,
}

/// Takes the key, or says what became of it. A second request with the same key waits here until the first one's
/// transaction has ended, then sees its answer; a first one that failed leaves nothing behind.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(
    connection: &mut PgConnection,
    scope: &str,
    route: &str,
    key: &str,
    hash: u64,
) -> Result<Begin, DbFault> {
    let hash = hash.to_be_bytes().to_vec();
    let taken = sqlx::query!(
        "INSERT INTO idempotency (scope, route, key, request_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (scope, route, key) DO UPDATE
            SET request_hash = EXCLUDED.request_hash, status = NULL, answer = NULL, created_at = now()
            WHERE idempotency.created_at < now() - interval '24 hours'",
        scope,
        route,
        key,
        hash
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if taken == 1 {
        return Ok(Begin::Fresh);
    }
    let row = sqlx::query!(
        "SELECT request_hash, status, answer FROM idempotency WHERE scope = $1 AND route = $2 AND key = $3",
        scope,
        route,
        key
    )
    .fetch_one(connection)
    .await?;
    if row.request_hash != hash {
        return Ok(Begin::Reused);
    }
    let status = row.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    Ok(Begin::Replay { status, answer: row.answer.unwrap_or(Value::Null) })
}

/// Keeps the answer, in the same transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(
    connection: &mut PgConnection,
    scope: &str,
    route: &str,
    key: &str,
    status: u16,
    answer: &Value,
) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE idempotency SET status = $4, answer = $5 WHERE scope = $1 AND route = $2 AND key = $3",
        scope,
        route,
        key,
        i16::try_from(status).unwrap_or(500),
        answer
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets answers older than 24 hours; called by a worker now and then.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_old(connection: &mut PgConnection) -> Result<u64, DbFault> {
    let gone = sqlx::query!("DELETE FROM idempotency WHERE created_at < now() - interval '24 hours'")
        .execute(connection)
        .await?;
    Ok(gone.rows_affected())
}

/// The answers, which may name whom they were given to.
#[derive(Clone, Copy, Debug)]
pub struct Answers;

impl PersonalData for Answers {
    fn room(&self) -> &'static str {
        "answers"
    }

    /// Nothing: an answer says what the rooms tell, and is gone tomorrow.
    fn export<'a>(&'a self, _: &'a mut PgConnection, _: &'a Person) -> Asked<'a, Value> {
        Box::pin(async { Ok(Value::Null) })
    }

    fn erase<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        person: &'a Person,
        _: Forgetting,
    ) -> Asked<'a, Vec<Later>> {
        Box::pin(async move {
            sqlx::query!(
                "DELETE FROM idempotency WHERE scope = 'user:' || $1::uuid::text
                    OR EXISTS (SELECT 1 FROM unnest($2::text[]) email WHERE strpos(lower(answer::text), email) > 0)",
                person.user,
                &person.emails
            )
            .execute(connection)
            .await?;
            Ok(Vec::new())
        })
    }
}
