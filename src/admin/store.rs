//! SQL of the back office that belongs to no other room: the set-up token, and reading a show's journal and the audit log.

mod log;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::audit::{self, Entry};
use crate::platform::db::{Db, DbFault};

pub use log::{LogEntry, LogWanted};

/// The back office, in the database.
#[derive(Clone, Debug)]
pub struct Office {
    pool: PgPool,
}

/// One line of a show's journal.
#[derive(Debug, Serialize, ToSchema)]
pub struct JournalLine {
    /// Its number: from 1, without gaps.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened: `type` says what, the other fields are its own.
    #[schema(value_type = Object)]
    pub event: Value,
}

/// Whether a set-up token is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// It is.
    Right,
    /// It is another.
    Wrong,
    /// Nobody can set this server up any more.
    Spent,
}

impl Office {
    /// The back office behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The database, for a transaction that begins here and goes on elsewhere.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.pool
    }

    /// Does what a show does, with its entry: what is refused leaves none.
    ///
    /// # Errors
    /// Those of the work; when the database does not answer.
    pub async fn recorded<T, E: From<DbFault>>(
        &self,
        entry: Entry,
        work: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.pool.begin().await.map_err(DbFault)?;
        audit::record(&mut transaction, entry).await?;
        let done = work().await?;
        transaction.commit().await.map_err(DbFault)?;
        Ok(done)
    }

    /// Records that somebody reads: before they do, so that nothing is read without an entry.
    ///
    /// # Errors
    /// When the database does not answer; then it is not to be done.
    pub async fn record(&self, entry: Entry) -> Result<(), DbFault> {
        audit::record(&mut *self.pool.acquire().await?, entry).await
    }

    /// What happened to a show after this number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn journal(&self, show: Uuid, after: i64, limit: i64) -> Result<Vec<JournalLine>, DbFault> {
        Ok(sqlx::query_as!(
            JournalLine,
            "SELECT seq AS \"seq!\", at AS \"at!\", event AS \"event!\" FROM journal
             WHERE show_id = $1 AND page > $2 AND seq > $2 ORDER BY page, seq LIMIT $3",
            show,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Whether nobody has set this server up: it has no house and no administrator.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_empty(&self) -> Result<bool, DbFault> {
        let empty = sqlx::query_scalar!(
            "SELECT NOT EXISTS (SELECT 1 FROM setting WHERE key = 'house')
                AND NOT EXISTS (SELECT 1 FROM app_user WHERE is_admin) AS \"empty!\""
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(empty)
    }

    /// Keeps this token's hash in place of the one before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_token(&self, token: &str) -> Result<(), DbFault> {
        sqlx::query!(
            "INSERT INTO setting (key, value) VALUES ('setup_token', $1)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()",
            json!({ "sha256": hash(token) })
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether this is the set-up token.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn knows_token(&self, token: &str) -> Result<Token, DbFault> {
        let mut connection = self.pool.acquire().await?;
        compare(&mut connection, token).await
    }
}

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn compare(connection: &mut PgConnection, token: &str) -> Result<Token, DbFault> {
    let kept = sqlx::query_scalar!("SELECT value FROM setting WHERE key = 'setup_token' FOR UPDATE")
        .fetch_optional(connection)
        .await?;
    let Some(kept) = kept else { return Ok(Token::Spent) };
    let kept = kept["sha256"].as_str().unwrap_or_default();
    let right = bool::from(kept.as_bytes().ct_eq(hash(token).as_bytes()));
    Ok(if right { Token::Right } else { Token::Wrong })
}

/// Takes the token, so that nobody takes it again: two who come at once wait for each other.
///
/// # Errors
/// When the database does not answer.
pub async fn spend_token(connection: &mut PgConnection, token: &str) -> Result<Token, DbFault> {
    let found = compare(connection, token).await?;
    if found == Token::Right {
        sqlx::query!("DELETE FROM setting WHERE key = 'setup_token'").execute(connection).await?;
    }
    Ok(found)
}
