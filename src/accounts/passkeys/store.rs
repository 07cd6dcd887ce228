//! Passkeys and their ceremonies, in the database. A ceremony is begun and finished by whichever process is asked.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;
use webauthn_rs::prelude::{CredentialID, Passkey};

use super::super::factors::hashed;
use super::super::store::AccountsError;
use crate::platform::db::DbFault;
use crate::platform::ids;

/// A person may have this many: each device one, and some in a drawer.
const PASSKEYS_MAX: i64 = 20;
/// As long as browsers wait for their user.
const CEREMONY_S: f64 = 300.0;

/// A passkey, as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasskeyView {
    /// Its id.
    pub id: Uuid,
    /// What its owner calls it.
    #[schema(example = "Phone")]
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was used last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// A passkey, as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user: Uuid,
    /// The library's own form of it.
    pub credential: Value,
    /// As the authenticator counted last.
    pub counter: i64,
}

/// What was asked of a browser.
#[derive(Clone, Debug)]
pub struct Ceremony {
    /// Who registers.
    pub user: Option<Uuid>,
    /// The hash of the second factor's challenge that is answered by it.
    pub challenge: Option<Vec<u8>>,
    /// The library's state.
    pub state: Value,
}

/// The passkeys of everybody.
#[derive(Clone)]
pub struct Passkeys {
    pool: PgPool,
}

impl Passkeys {
    /// Those behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Keeps a ceremony for some minutes; the secret by which it is found again.
    ///
    /// # Errors
    /// When the database does not answer or there is no randomness.
    pub async fn begin(&self, ceremony: &Ceremony) -> Result<String, AccountsError> {
        let secret = ids::random_secret()?;
        sqlx::query!(
            "INSERT INTO passkey_ceremony (hash, user_id, challenge, state, expires_at)
             VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))",
            hashed(&secret),
            ceremony.user,
            ceremony.challenge,
            ceremony.state,
            CEREMONY_S
        )
        .execute(&self.pool)
        .await?;
        Ok(secret)
    }

    /// Takes a ceremony: whoever comes second finds nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(&self, secret: &str) -> Result<Option<Ceremony>, DbFault> {
        let row = sqlx::query!(
            "DELETE FROM passkey_ceremony WHERE hash = $1
             RETURNING user_id, challenge, state, expires_at > now() AS \"fresh!\"",
            hashed(secret)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.filter(|row| row.fresh).map(|row| Ceremony {
            user: row.user_id,
            challenge: row.challenge,
            state: row.state,
        }))
    }

    /// Somebody's passkeys, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(&self, user: Uuid) -> Result<Vec<PasskeyView>, DbFault> {
        let rows = sqlx::query!(
            "SELECT id, name, created_at, last_used_at FROM passkey WHERE user_id = $1 ORDER BY created_at, id",
            user
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| PasskeyView {
                id: row.id,
                name: row.name,
                created_at: row.created_at.to_jiff(),
                last_used_at: row.last_used_at.map(|at| at.to_jiff()),
            })
            .collect())
    }

    /// The ids by which authenticators know somebody's passkeys.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn credential_ids(&self, user: Uuid) -> Result<Vec<CredentialID>, DbFault> {
        let ids = sqlx::query_scalar!("SELECT credential_id FROM passkey WHERE user_id = $1 ORDER BY created_at", user)
            .fetch_all(&self.pool)
            .await?;
        Ok(ids)
    }

    /// The passkey with this credential id, locked until the caller's transaction ends: two answers of one authenticator are
    /// counted one after the other. Nobody's where its owner is disabled.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn locked(connection: &mut PgConnection, credential: &[u8]) -> Result<Option<Kept>, DbFault> {
        let row = sqlx::query!(
            "SELECT p.id, p.user_id, p.credential, p.counter FROM passkey p JOIN app_user u ON u.id = p.user_id
             WHERE p.credential_id = $1 AND u.disabled_at IS NULL FOR UPDATE OF p",
            credential
        )
        .fetch_optional(connection)
        .await?;
        Ok(row.map(|row| Kept { id: row.id, user: row.user_id, credential: row.credential, counter: row.counter }))
    }

    /// Keeps what its use has changed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn used(connection: &mut PgConnection, kept: &Kept) -> Result<(), DbFault> {
        sqlx::query!(
            "UPDATE passkey SET credential = $2, counter = $3, last_used_at = now() WHERE id = $1",
            kept.id,
            kept.credential,
            kept.counter
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Keeps a new passkey. `None` where it is known already or its owner has too many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn insert(
        connection: &mut PgConnection,
        user: Uuid,
        name: &str,
        passkey: &Passkey,
    ) -> Result<Option<Uuid>, DbFault> {
        let credential = serde_json::to_value(passkey).unwrap_or(Value::Null);
        let id = ids::new_id();
        let made = sqlx::query!(
            "INSERT INTO passkey (id, user_id, credential_id, credential, name)
             SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM passkey WHERE user_id = $2) < $6
             ON CONFLICT (credential_id) DO NOTHING",
            id,
            user,
            passkey.cred_id().as_slice(),
            credential,
            name,
            PASSKEYS_MAX
        )
        .execute(connection)
        .await?;
        Ok((made.rows_affected() == 1).then_some(id))
    }

    /// Gives one of somebody's passkeys another name. False: they have no such passkey.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rename(&self, user: Uuid, id: Uuid, name: &str) -> Result<bool, DbFault> {
        let done = sqlx::query!("UPDATE passkey SET name = $3 WHERE id = $1 AND user_id = $2", id, user, name)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes one of somebody's passkeys away. False: they have no such passkey.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove(connection: &mut PgConnection, user: Uuid, id: Uuid) -> Result<bool, DbFault> {
        let done =
            sqlx::query!("DELETE FROM passkey WHERE id = $1 AND user_id = $2", id, user).execute(connection).await?;
        Ok(done.rows_affected() == 1)
    }
}
