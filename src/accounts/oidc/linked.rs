//! Which account of another house belongs to which of ours.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::store::{AccountsError, NewUser, insert_user, normalized};
use super::house::Person;
use crate::platform::db::DbFault;
use crate::platform::ids;

/// An account elsewhere, as its owner here sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Linked {
    /// The link's id.
    pub id: Uuid,
    /// The other house's key.
    #[schema(example = "google")]
    pub provider: String,
    /// The address that it last said.
    pub email: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was used last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// What becomes of somebody who comes back from another house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// They are known here.
    Known(Uuid),
    /// They were not, and have an account now.
    New(Uuid),
    /// Who has their address must first show that they are the same person.
    AddressTaken,
    /// Their house does not say that their address is theirs.
    AddressUnverified,
    /// Their account here is closed.
    Disabled,
}

/// All links.
#[derive(Clone)]
pub struct LinkedAccounts {
    pool: PgPool,
}

impl LinkedAccounts {
    /// Those behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Who comes back from another house, to sign in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn arrive(
        connection: &mut PgConnection,
        provider: &str,
        person: &Person,
    ) -> Result<Arrival, AccountsError> {
        let known = sqlx::query!(
            "UPDATE linked_account l SET last_used_at = now(), email = coalesce($3, l.email)
             FROM app_user u WHERE l.provider = $1 AND l.subject = $2 AND u.id = l.user_id
             RETURNING l.user_id, u.disabled_at IS NOT NULL AS \"disabled!\"",
            provider,
            person.subject,
            person.email
        )
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(known) = known {
            return Ok(if known.disabled { Arrival::Disabled } else { Arrival::Known(known.user_id) });
        }
        // An address that nobody has verified may be anybody's: an account with it would be a trap for its owner.
        let Some(email) = person.email.as_deref().filter(|email| person.email_verified && is_address(email)) else {
            return Ok(Arrival::AddressUnverified);
        };
        let name = person.name.as_deref().map(str::trim).filter(|name| !name.is_empty() && !name.contains('\0'));
        let local = email.split('@').next().unwrap_or_default();
        let new = NewUser {
            name: name.unwrap_or(local).chars().take(200).collect(),
            email: email.to_owned(),
            password_hash: None,
            is_admin: false,
        };
        let user = match insert_user(connection, &new).await {
            Ok(user) => user,
            Err(AccountsError::AddressTaken) => return Ok(Arrival::AddressTaken),
            Err(other) => return Err(other),
        };
        sqlx::query!("UPDATE app_user SET email_verified_at = now() WHERE id = $1", user)
            .execute(&mut *connection)
            .await?;
        Self::link(connection, user, provider, person).await?;
        Ok(Arrival::New(user))
    }

    /// Links an account elsewhere to somebody who has shown that both are theirs. False: it belongs to somebody else here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn link(
        connection: &mut PgConnection,
        user: Uuid,
        provider: &str,
        person: &Person,
    ) -> Result<bool, DbFault> {
        let owner = sqlx::query_scalar!(
            "INSERT INTO linked_account (id, user_id, provider, subject, email) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (provider, subject) DO UPDATE SET email = EXCLUDED.email WHERE linked_account.user_id = EXCLUDED.user_id
             RETURNING user_id",
            ids::new_id(),
            user,
            provider,
            person.subject,
            person.email
        )
        .fetch_optional(connection)
        .await?;
        Ok(owner == Some(user))
    }

    /// Somebody's links, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(&self, user: Uuid) -> Result<Vec<Linked>, DbFault> {
        let rows = sqlx::query!(
            "SELECT id, provider, email, created_at, last_used_at FROM linked_account WHERE user_id = $1
             ORDER BY created_at, id",
            user
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Linked {
                id: row.id,
                provider: row.provider,
                email: row.email,
                created_at: row.created_at.to_jiff(),
                last_used_at: row.last_used_at.map(|at| at.to_jiff()),
            })
            .collect())
    }

    /// Takes one of somebody's links away, unless it is their last way in. `None`: they have no such link.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unlink(connection: &mut PgConnection, user: Uuid, id: Uuid) -> Result<Option<bool>, DbFault> {
        // Two that are taken away at once are taken away one after the other.
        let password = sqlx::query_scalar!(
            "SELECT password_hash IS NOT NULL AS \"has!\" FROM app_user WHERE id = $1 FOR UPDATE",
            user
        )
        .fetch_optional(&mut *connection)
        .await?;
        let ways = sqlx::query!(
            "SELECT EXISTS (SELECT 1 FROM linked_account WHERE id = $2 AND user_id = $1) AS \"there!\",
                    (SELECT count(*) FROM linked_account WHERE user_id = $1 AND id <> $2)
                  + (SELECT count(*) FROM passkey WHERE user_id = $1) AS \"others!\"",
            user,
            id
        )
        .fetch_one(&mut *connection)
        .await?;
        if !ways.there {
            return Ok(None);
        }
        if ways.others == 0 && password != Some(true) {
            return Ok(Some(false));
        }
        sqlx::query!("DELETE FROM linked_account WHERE id = $1 AND user_id = $2", id, user).execute(connection).await?;
        Ok(Some(true))
    }
}

/// Whether a mail could be sent there.
fn is_address(email: &str) -> bool {
    let address = normalized(email);
    address.len() <= 320
        && address
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.contains('@'))
        && address.chars().all(|letter| !letter.is_control() && !letter.is_whitespace())
}
