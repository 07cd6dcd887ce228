//! Sessions: begun by a sign-in, renewed by refresh tokens that are good once, ended by their owner, by a new password, or by a
//! refresh token that comes a second time, which means that two people have it.

use std::net::IpAddr;
use std::sync::Arc;

use aisle_actors::Clock;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access_jwt::{AccessKeyError, AccessTokens, Proven};
use super::identity::{CameBy, Identity, Role};
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::keys::{Keys, Purpose};
use crate::platform::{ids, time};

/// How long a session rests at most between two uses.
pub const REFRESH_DAYS: i32 = 30;
/// After so long a session ends however often it is used: then who it is must be shown anew.
pub const SESSION_DAYS_MAX: i32 = 90;
/// Two tabs of one browser refresh at the same moment with the same token; the later one, within so many seconds, from the same
/// address and device, gets what the first one got.
const GRACE_S: f64 = 10.0;

/// What proved who somebody is, at the beginning of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Their password.
    Password,
    /// The link that an empty server printed.
    SetUp,
    /// A passkey, by itself.
    Passkey,
    /// Another house, by OpenID Connect.
    OtherHouse,
    /// The link of an invitation into a house.
    Invitation,
}

impl How {
    /// Its name in the database and in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SetUp => "set_up",
            Self::Passkey => "passkey",
            Self::OtherHouse => "other_house",
            Self::Invitation => "invitation",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Password, Self::SetUp, Self::Passkey, Self::OtherHouse, Self::Invitation]
            .into_iter()
            .find(|how| how.name() == name)
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its owner signed out.
    SignedOut,
    /// Its owner ended it from another one.
    EndedByOwner,
    /// A refresh token of it came a second time.
    TokenReused,
    /// The password was changed in another session.
    PasswordChanged,
    /// The password was set anew by a link.
    PasswordReset,
    /// A second factor was added in another session.
    SecondFactorAdded,
    /// An administrator ended all of them.
    EndedByAdministrator,
}

impl Ended {
    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::EndedByOwner => "ended_by_owner",
            Self::TokenReused => "token_reused",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::SecondFactorAdded => "second_factor_added",
            Self::EndedByAdministrator => "ended_by_administrator",
        }
    }
}

/// Where somebody comes from, as their list of sessions shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The client's address.
    pub address: IpAddr,
    /// "Firefox on Linux".
    pub device: String,
}

/// What a session gives to its owner. The only time that these are seen.
pub struct Tokens {
    /// The session.
    pub session: Uuid,
    /// Good for ten minutes.
    pub access: String,
    /// Good once, within thirty days.
    pub refresh: String,
}

/// How a refresh ended.
pub enum Refreshed {
    /// Here are the next tokens.
    Renewed(Uuid, Tokens),
    /// The token is unknown, expired, or its session has ended.
    Refused,
    /// It had been used before: its session has ended now.
    Reused {
        /// Whose session.
        user: Uuid,
        /// Which.
        session: Uuid,
    },
}

/// A session, as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: Uuid,
    /// What proved who they are: `password`, `set_up`, …
    pub how: String,
    /// "Firefox on Linux", as far as the browser says so.
    pub device: String,
    /// The address that it was used from last.
    pub address: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last renewed; every ten minutes of use.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// What can go wrong with sessions.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
    /// A token could not be signed.
    #[error(transparent)]
    Key(#[from] AccessKeyError),
}

impl From<sqlx::Error> for SessionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbFault(error))
    }
}

/// Sessions, in the database.
#[derive(Clone)]
pub struct Sessions {
    pool: PgPool,
    access: Arc<AccessTokens>,
    keys: Arc<Keys>,
    clock: Arc<Clock>,
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Sessions {
    /// Sessions behind this pool.
    #[must_use]
    pub fn new(pool: PgPool, access: Arc<AccessTokens>, keys: Arc<Keys>, clock: Arc<Clock>) -> Self {
        Self { pool, access, keys, clock }
    }

    /// What signs access tokens.
    #[must_use]
    pub fn access(&self) -> &AccessTokens {
        &self.access
    }

    fn access_token(&self, proven: Proven) -> Result<String, AccessKeyError> {
        self.access.issue(proven, time::from_core(self.clock.now()))
    }

    /// Begins a session of this user. Never takes over what a browser brought along.
    ///
    /// # Errors
    /// When the database does not answer or there is no randomness.
    pub async fn begin(&self, user: Uuid, how: How, visitor: &Visitor) -> Result<Tokens, SessionError> {
        let (session, refresh) = (ids::new_id(), ids::random_secret()?);
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "INSERT INTO session (id, user_id, how, device, address) VALUES ($1, $2, $3, $4, $5)",
            session,
            user,
            how.name(),
            visitor.device,
            visitor.address.to_string()
        )
        .execute(&mut *transaction)
        .await?;
        keep(&mut transaction, session, &refresh).await?;
        let begun = Entry::new(Actor::User(user), "session.begun").on("session", session).with("how", how.name());
        audit::record(&mut transaction, begun.address(visitor.address)).await?;
        transaction.commit().await?;
        Ok(Tokens { session, access: self.access_token(Proven { user, session })?, refresh })
    }

    /// Takes a refresh token and gives the next one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refresh(&self, token: &str, visitor: &Visitor) -> Result<Refreshed, SessionError> {
        let mut transaction = self.pool.begin().await?;
        // Both rows are locked, so that of two who come with one token the later sees what the first has done.
        let row = sqlx::query!(
            "SELECT r.session_id, s.user_id, s.device, s.address, r.replaced_by, r.used_at IS NOT NULL AS \"used!\",
                    coalesce(r.used_at > now() - make_interval(secs => $2), false) AS \"just_now!\",
                    r.expires_at > now() AS \"alive!\", s.ended_at IS NULL AND u.disabled_at IS NULL AS \"open!\"
             FROM refresh_token r JOIN session s ON s.id = r.session_id JOIN app_user u ON u.id = s.user_id
             WHERE r.hash = $1 FOR UPDATE OF r, s",
            hash(token),
            GRACE_S
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row.filter(|row| row.open) else { return Ok(Refreshed::Refused) };
        let (user, session) = (row.user_id, row.session_id);
        // Derived, not drawn: so that it can be given a second time to a parallel tab without being stored anywhere.
        let next = self.keys.token(Purpose::Refresh, &[token.as_bytes()]);
        if row.used {
            let same_browser = row.device == visitor.device && row.address == visitor.address.to_string();
            let unused = sqlx::query_scalar!(
                "SELECT EXISTS (SELECT 1 FROM refresh_token WHERE hash = $1 AND hash = $2 AND used_at IS NULL) AS \"is!\"",
                hash(&next),
                row.replaced_by
            )
            .fetch_one(&mut *transaction)
            .await?;
            if row.just_now && same_browser && unused {
                let access = self.access_token(Proven { user, session })?;
                return Ok(Refreshed::Renewed(user, Tokens { session, access, refresh: next }));
            }
            end(&mut transaction, session, Ended::TokenReused).await?;
            let reused = Entry::new(Actor::User(user), "session.reused").on("session", session);
            audit::security(&mut transaction, Severity::Alarm, reused.address(visitor.address)).await?;
            transaction.commit().await?;
            return Ok(Refreshed::Reused { user, session });
        }
        if !row.alive {
            return Ok(Refreshed::Refused);
        }
        sqlx::query!(
            "UPDATE refresh_token SET used_at = now(), replaced_by = $2 WHERE hash = $1",
            hash(token),
            hash(&next)
        )
        .execute(&mut *transaction)
        .await?;
        keep(&mut transaction, session, &next).await?;
        sqlx::query!(
            "UPDATE session SET last_used_at = now(), device = $2, address = $3 WHERE id = $1",
            session,
            visitor.device,
            visitor.address.to_string()
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Refreshed::Renewed(
            user,
            Tokens { session, access: self.access_token(Proven { user, session })?, refresh: next },
        ))
    }

    /// Who shows this access token: by its signature, and by a session that still runs, of a user who still may. The roles are
    /// those of this moment, so what was taken away is away at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identify(&self, token: &str) -> Result<Option<Identity>, DbFault> {
        let now = time::from_core(self.clock.now());
        let Some(Proven { user, session }) = self.access.verify(token, now) else { return Ok(None) };
        let row = sqlx::query!(
            "SELECT u.is_admin,
                    coalesce(array_agg(m.organizer_id) FILTER (WHERE m.organizer_id IS NOT NULL), '{}') AS \"organizers!\",
                    coalesce(array_agg(m.role) FILTER (WHERE m.role IS NOT NULL), '{}') AS \"roles!\",
                    (coalesce(bool_or(m.role = ANY (o.mfa_required_for)), false)
                     OR u.is_admin AND EXISTS (SELECT 1 FROM setting WHERE key = 'mfa_required_for_admins' AND value = 'true'))
                        AND NOT EXISTS (SELECT 1 FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL)
                        AND NOT EXISTS (SELECT 1 FROM passkey p WHERE p.user_id = u.id) AS \"lacks_factor!\"
             FROM session s JOIN app_user u ON u.id = s.user_id LEFT JOIN membership m ON m.user_id = u.id
                  LEFT JOIN organizer o ON o.id = m.organizer_id
             WHERE s.id = $1 AND s.user_id = $2 AND s.ended_at IS NULL AND u.disabled_at IS NULL
             GROUP BY u.id, u.is_admin",
            session,
            user
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Identity {
            user,
            came_by: CameBy::Session(session),
            lacks_factor: row.lacks_factor,
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

    /// The sessions of this user that run, the last used first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of_user(&self, user: Uuid, current: Option<Uuid>) -> Result<Vec<SessionView>, DbFault> {
        let rows = sqlx::query!(
            "SELECT s.id, s.how, s.device, s.address, s.created_at,
                    s.last_used_at
             FROM session s
             WHERE s.user_id = $1 AND s.ended_at IS NULL
               AND EXISTS (SELECT 1 FROM refresh_token r
                           WHERE r.session_id = s.id AND r.used_at IS NULL AND r.expires_at > now())
             ORDER BY s.last_used_at DESC, s.id LIMIT 200",
            user
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| SessionView {
                id: row.id,
                how: row.how,
                device: row.device,
                address: row.address,
                created_at: row.created_at.to_jiff(),
                last_used_at: row.last_used_at.to_jiff(),
                current: current == Some(row.id),
            })
            .collect())
    }

    /// Ends a session of this user, who asks for it from there. False where they have no such session running.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end(&self, user: Uuid, session: Uuid, why: Ended, address: IpAddr) -> Result<bool, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query!(
            "UPDATE session SET ended_at = now(), ended_why = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL",
            session,
            user,
            why.name()
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let entry = Entry::new(Actor::User(user), "session.ended").on("session", session).with("why", why.name());
        audit::record(&mut transaction, entry.address(address)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The user and session behind a refresh token, used or not, where the session still runs: for signing out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_refresh(&self, token: &str) -> Result<Option<Proven>, DbFault> {
        let row = sqlx::query!(
            "SELECT s.id, s.user_id FROM refresh_token r JOIN session s ON s.id = r.session_id
             WHERE r.hash = $1 AND s.ended_at IS NULL",
            hash(token)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Proven { user: row.user_id, session: row.id }))
    }
}

/// Ends every session of a user, except one that they may keep.
///
/// # Errors
/// When the database does not answer.
pub async fn end_all(
    connection: &mut PgConnection,
    user: Uuid,
    except: Option<Uuid>,
    why: Ended,
) -> Result<u64, DbFault> {
    let done = sqlx::query!(
        "UPDATE session SET ended_at = now(), ended_why = $3
         WHERE user_id = $1 AND ended_at IS NULL AND ($2::uuid IS NULL OR id <> $2)",
        user,
        except,
        why.name()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn end(connection: &mut PgConnection, session: Uuid, why: Ended) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE session SET ended_at = now(), ended_why = $2 WHERE id = $1 AND ended_at IS NULL",
        session,
        why.name()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps a refresh token's hash: good for thirty days, but not past the session's own end.
async fn keep(connection: &mut PgConnection, session: Uuid, token: &str) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO refresh_token (hash, session_id, expires_at)
         SELECT $1, s.id, least(now() + make_interval(days => $3), s.created_at + make_interval(days => $4))
         FROM session s WHERE s.id = $2",
        hash(token),
        session,
        REFRESH_DAYS,
        SESSION_DAYS_MAX
    )
    .execute(connection)
    .await?;
    Ok(())
}
