//! SQL of accounts. Of a token only its hash is kept; the token itself is told once, to whom it was made for.

pub(super) mod machines;

use std::net::IpAddr;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;
use uuid::Uuid;

use super::identity::{CameBy, Identity, Role};
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::ids;

/// Accounts, in the database.
#[derive(Clone)]
pub struct Accounts {
    pool: PgPool,
}

/// A user, as they see themselves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// `admin`, `organizer`, `box_office`, `scanner` or `customer`: the highest they have anywhere.
    pub role: String,
    /// Whether they have shown that the address is theirs.
    pub email_verified: bool,
    /// The language of their mails, as a BCP 47 tag; null: as the house has it.
    pub locale: Option<String>,
}

/// Who sells: owns venues, productions, shows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organizer {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The hash of their password, where they sign in with one.
    pub password_hash: Option<String>,
    /// May do everything.
    pub is_admin: bool,
}

/// What can go wrong with accounts.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// There is an account with this address.
    #[error("there is an account with this address")]
    AddressTaken,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
}

impl From<sqlx::Error> for AccountsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbFault(error))
    }
}

/// An address as it is compared: people don't know that the part before the @ could be case-sensitive.
#[must_use]
pub fn normalized(email: &str) -> String {
    email.trim().nfkc().collect::<String>().to_lowercase()
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Accounts {
    /// Accounts behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The pool, for a transaction that begins here and goes on elsewhere.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Who shows this token, made on the command line; `None` where it is unknown, revoked, expired, or its user disabled.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identify(&self, token: &str) -> Result<Option<Identity>, DbFault> {
        let row = sqlx::query!(
            "SELECT t.id, t.user_id, u.is_admin,
                    coalesce(array_agg(m.organizer_id) FILTER (WHERE m.organizer_id IS NOT NULL), '{}') AS \"organizers!\",
                    coalesce(array_agg(m.role) FILTER (WHERE m.role IS NOT NULL), '{}') AS \"roles!\"
             FROM access_token t JOIN app_user u ON u.id = t.user_id LEFT JOIN membership m ON m.user_id = u.id
             WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()) AND u.disabled_at IS NULL
             GROUP BY t.id, t.user_id, u.is_admin",
            hash(token)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Identity {
            user: row.user_id,
            came_by: CameBy::Token(row.id),
            lacks_factor: false,
            is_admin: row.is_admin,
            memberships: row
                .organizers
                .into_iter()
                .zip(row.roles)
                .filter_map(|(organizer, role)| Some((organizer, Role::from_name(&role)?)))
                .collect(),
            address: None,
        }))
    }

    /// The id and password hash behind an address, for signing in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_email(&self, email: &str) -> Result<Option<(Uuid, Option<String>)>, DbFault> {
        let row = sqlx::query!(
            "SELECT id, password_hash FROM app_user WHERE email_normalized = $1 AND disabled_at IS NULL",
            normalized(email)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| (row.id, row.password_hash)))
    }

    /// A user, as they see themselves.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user(&self, id: Uuid) -> Result<Option<User>, DbFault> {
        let row = sqlx::query!(
            "SELECT u.id, u.name, u.email, u.is_admin, u.locale, u.email_verified_at IS NOT NULL AS \"email_verified!\",
                    coalesce(array_agg(m.role) FILTER (WHERE m.role IS NOT NULL), '{}') AS \"roles!\"
             FROM app_user u LEFT JOIN membership m ON m.user_id = u.id WHERE u.id = $1 GROUP BY u.id",
            id
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| {
            let highest = row.roles.iter().filter_map(|role| Role::from_name(role)).max();
            let role = if row.is_admin { "admin" } else { highest.map_or("customer", Role::name) };
            User {
                id: row.id,
                name: row.name,
                email: row.email,
                role: role.to_owned(),
                email_verified: row.email_verified,
                locale: row.locale,
            }
        }))
    }

    /// Keeps a new hash of the same password, unless another one was set meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew_hash(&self, user: Uuid, old: &str, new: &str) -> Result<(), DbFault> {
        sqlx::query!("UPDATE app_user SET password_hash = $3 WHERE id = $1 AND password_hash = $2", user, old, new)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Changes what a user is called and the language of their mails; `None` leaves it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change(&self, user: Uuid, name: Option<&str>, locale: Option<&str>) -> Result<(), DbFault> {
        sqlx::query!(
            "UPDATE app_user SET name = coalesce($2, name), locale = coalesce($3, locale) WHERE id = $1",
            user,
            name,
            locale
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Makes a bearer token that does not expire, for the command line and for integrations.
    ///
    /// # Errors
    /// When the database does not answer or there is no randomness.
    pub async fn make_bearer(&self, user: Uuid, label: &str) -> Result<String, AccountsError> {
        let token = format!("aisle_{}", ids::random_secret()?);
        sqlx::query!(
            "INSERT INTO access_token (id, user_id, kind, hash, label) VALUES ($1, $2, 'bearer', $3, $4)",
            ids::new_id(),
            user,
            hash(&token),
            label
        )
        .execute(&self.pool)
        .await?;
        Ok(token)
    }

    /// From now on this token proves nothing; recorded as `entry`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoke(&self, token: Uuid, entry: Entry) -> Result<(), DbFault> {
        let mut transaction = self.pool.begin().await?;
        let done =
            sqlx::query!("UPDATE access_token SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", token)
                .execute(&mut *transaction)
                .await?;
        if done.rows_affected() == 1 {
            audit::record(&mut transaction, entry.on("access_token", token)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Writes into the audit log that somebody tries passwords at an address, whether or not there is an account behind it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_guessing(&self, email: &str, from: IpAddr) -> Result<(), DbFault> {
        let mut connection = self.pool.acquire().await?;
        let entry = Entry::new(Actor::Stranger, "sign_in.limited").email(email).address(from);
        audit::security(&mut connection, Severity::Warning, entry).await
    }

    /// Writes into the audit log that somebody tried a wrong password at this account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_refusal(&self, user: Uuid, from: IpAddr) -> Result<(), DbFault> {
        let mut connection = self.pool.acquire().await?;
        let entry = Entry::new(Actor::Stranger, "sign_in.refused").on("user", user).address(from);
        audit::security(&mut connection, Severity::Warning, entry).await
    }

    /// Whether nobody may administer this server yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_no_admin(&self) -> Result<bool, DbFault> {
        let any = sqlx::query_scalar!("SELECT EXISTS (SELECT 1 FROM app_user WHERE is_admin) AS \"any!\"")
            .fetch_one(&self.pool)
            .await?;
        Ok(!any)
    }
}

/// Makes a user.
///
/// # Errors
/// `AddressTaken` where there is one with this address.
pub async fn insert_user(connection: &mut PgConnection, user: &NewUser) -> Result<Uuid, AccountsError> {
    let id = ids::new_id();
    let made = sqlx::query!(
        "INSERT INTO app_user (id, email, email_normalized, name, password_hash, is_admin) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (email_normalized) DO NOTHING",
        id,
        user.email.trim(),
        normalized(&user.email),
        user.name,
        user.password_hash,
        user.is_admin
    )
    .execute(connection)
    .await?;
    if made.rows_affected() == 0 { Err(AccountsError::AddressTaken) } else { Ok(id) }
}

/// Makes an organiser.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_organizer(connection: &mut PgConnection, id: Uuid, name: &str) -> Result<(), DbFault> {
    sqlx::query!("INSERT INTO organizer (id, name) VALUES ($1, $2)", id, name).execute(connection).await?;
    Ok(())
}

/// Gives a user a part in an organiser's house.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_membership(
    connection: &mut PgConnection,
    user: Uuid,
    organizer: Uuid,
    role: Role,
) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO membership (user_id, organizer_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, organizer_id) DO UPDATE SET role = EXCLUDED.role",
        user,
        organizer,
        role.name()
    )
    .execute(connection)
    .await?;
    Ok(())
}
