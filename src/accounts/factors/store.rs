//! Factors in the database. What is tried is counted before it is judged, so that a thousand tries at once are a thousand tries.

use std::sync::Arc;

use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::identity::{CameBy, Identity};
use super::super::store::{Accounts, AccountsError};
use super::{recovery, seal, totp};
use crate::platform::db::DbFault;
use crate::platform::keys::Keys;

/// Wrong tries in a row that cost nothing but the try: a mistyped code, a clock that is off.
const FREE_TRIES: i32 = 5;
/// How long the next try must wait after one more than that; doubled with each, up to an hour. A code is one of a million and
/// three are good at a time: at an hour each, whoever knows the password needs centuries for one that fits.
const WAIT_S: f64 = 30.0;
const WAIT_MAX_S: f64 = 3600.0;

/// Everybody's factors.
#[derive(Clone)]
pub struct Factors {
    pub(super) pool: PgPool,
    keys: Arc<Keys>,
}

/// What somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Standing {
    /// A password: it proves once more who they are. Who has none does by having signed in within ten minutes.
    pub password: bool,
    /// An authenticator app.
    pub totp: bool,
    /// How many passkeys.
    #[schema(minimum = 0)]
    pub passkeys: i64,
    /// How many recovery codes are left.
    #[schema(minimum = 0)]
    pub recovery_codes: i64,
    /// Whether a role of theirs asks for a second factor.
    pub required: bool,
}

impl Standing {
    /// Whether a password alone does not sign them in.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.totp || self.passkeys > 0
    }
}

/// Too many wrong tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// Seconds until the next try is judged.
    pub wait_s: u64,
}

/// What can go wrong with factors.
#[derive(Debug, thiserror::Error)]
pub enum FactorsError {
    /// Too many wrong tries.
    #[error("too many wrong tries")]
    Throttled(Throttled),
    /// A secret that cannot be opened: it was sealed with a key that is gone.
    #[error("a sealed secret cannot be opened")]
    Sealed,
    /// The database or the randomness failed.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

impl From<sqlx::Error> for FactorsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Accounts(error.into())
    }
}

impl From<DbFault> for FactorsError {
    fn from(fault: DbFault) -> Self {
        Self::Accounts(AccountsError::Database(fault))
    }
}

impl From<getrandom::Error> for FactorsError {
    fn from(error: getrandom::Error) -> Self {
        Self::Accounts(AccountsError::Randomness(error))
    }
}

impl Factors {
    /// Those behind this pool, sealed with these keys.
    #[must_use]
    pub fn new(pool: PgPool, keys: Arc<Keys>) -> Self {
        Self { pool, keys }
    }

    /// A transaction, for work that goes on elsewhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, DbFault> {
        Ok(self.pool.begin().await?)
    }

    /// What somebody has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing(&self, user: Uuid) -> Result<Standing, DbFault> {
        let row = sqlx::query!(
            "SELECT EXISTS (SELECT 1 FROM app_user WHERE id = $1 AND password_hash IS NOT NULL) AS \"password!\",
                    EXISTS (SELECT 1 FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL) AS \"totp!\",
                    (SELECT count(*) FROM passkey WHERE user_id = $1) AS \"passkeys!\",
                    (SELECT count(*) FROM recovery_code WHERE user_id = $1 AND used_at IS NULL) AS \"codes!\",
                    EXISTS (SELECT 1 FROM membership m JOIN organizer o ON o.id = m.organizer_id
                            WHERE m.user_id = $1 AND m.role = ANY (o.mfa_required_for))
                    OR EXISTS (SELECT 1 FROM app_user u JOIN setting s ON s.key = 'mfa_required_for_admins'
                               WHERE u.id = $1 AND u.is_admin AND s.value = 'true') AS \"required!\"",
            user
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Standing {
            password: row.password,
            totp: row.totp,
            passkeys: row.passkeys,
            recovery_codes: row.codes,
            required: row.required,
        })
    }

    /// The hash of somebody's password, where they have one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn password_of(&self, user: Uuid) -> Result<Option<String>, DbFault> {
        let kept = sqlx::query_scalar!("SELECT password_hash FROM app_user WHERE id = $1", user)
            .fetch_optional(&self.pool)
            .await?;
        Ok(kept.flatten())
    }

    /// Whether they signed in within ten minutes: proof of who has no password.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn signed_in_just_now(&self, identity: &Identity) -> Result<bool, DbFault> {
        match identity.came_by {
            CameBy::Session(session) => Accounts::new(self.pool.clone()).is_fresh(session).await,
            CameBy::Token(_) => Ok(false),
        }
    }

    /// Begins with an authenticator app: its secret, until another beginning or [`Factors::confirm`]. `None`: they have one.
    ///
    /// # Errors
    /// When the database does not answer or there is no randomness.
    pub async fn enroll(&self, user: Uuid) -> Result<Option<totp::Secret>, FactorsError> {
        let (bytes, secret) = totp::Secret::random()?;
        let sealed = seal::seal(&self.keys, user, &bytes).ok_or(FactorsError::Sealed)?;
        let begun = sqlx::query!(
            "INSERT INTO totp (user_id, sealed) VALUES ($1, $2)
             ON CONFLICT (user_id) DO UPDATE SET sealed = EXCLUDED.sealed, last_step = 0, created_at = now()
             WHERE totp.confirmed_at IS NULL",
            user,
            sealed
        )
        .execute(&self.pool)
        .await?;
        Ok((begun.rows_affected() == 1).then_some(secret))
    }

    /// Whether this is a code of somebody's app that was not used yet; then it is used up, with all before it. `confirmed`: of an
    /// app in use, else of one just begun with.
    ///
    /// # Errors
    /// `Throttled` after too many wrong ones.
    pub async fn spend_code(&self, user: Uuid, code: &str, unix_s: u64, confirmed: bool) -> Result<bool, FactorsError> {
        let Some((step, sealed)) = self.step_of(user, code, unix_s, confirmed).await? else { return Ok(false) };
        let mut connection = self.pool.acquire().await?;
        let is_spent = Self::spend_step(&mut connection, user, step, &sealed).await?;
        drop(connection);
        if is_spent {
            self.guessed_right(user, "totp").await?;
        }
        Ok(is_spent)
    }

    /// Which step this is a code of, and of which secret; not spent yet. `None`: of none.
    pub(super) async fn step_of(
        &self,
        user: Uuid,
        code: &str,
        unix_s: u64,
        confirmed: bool,
    ) -> Result<Option<(i64, Vec<u8>)>, FactorsError> {
        self.try_guess(user, "totp").await?;
        let sealed = sqlx::query_scalar!(
            "SELECT sealed FROM totp WHERE user_id = $1 AND (confirmed_at IS NOT NULL) = $2",
            user,
            confirmed
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let bytes = seal::open(&self.keys, user, &sealed).ok_or(FactorsError::Sealed)?;
        let secret = totp::Secret::of(&bytes).map_err(|_| FactorsError::Sealed)?;
        Ok(secret.step_of(code, unix_s).map(|step| (step, sealed)))
    }

    /// Uses a code up; the app counts from its first on. Of two that come with the same code at once, one finds it used.
    pub(super) async fn spend_step(
        connection: &mut PgConnection,
        user: Uuid,
        step: i64,
        sealed: &[u8],
    ) -> Result<bool, DbFault> {
        let spent = sqlx::query!(
            "UPDATE totp SET last_step = $2, confirmed_at = coalesce(confirmed_at, now())
             WHERE user_id = $1 AND last_step < $2 AND sealed = $3",
            user,
            step,
            sealed
        )
        .execute(connection)
        .await?;
        Ok(spent.rows_affected() == 1)
    }

    /// Whether this is one of somebody's recovery codes; then it is used up. Nobody guesses 80 bits: wrong ones are not counted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spend_recovery_code(&self, user: Uuid, code: &str) -> Result<bool, DbFault> {
        let Some(hash) = recovery::hash(user, code) else { return Ok(false) };
        let spent = sqlx::query!(
            "UPDATE recovery_code SET used_at = now() WHERE user_id = $1 AND hash = $2 AND used_at IS NULL",
            user,
            hash
        )
        .execute(&self.pool)
        .await?;
        Ok(spent.rows_affected() == 1)
    }

    /// Counts a try before it is judged.
    ///
    /// # Errors
    /// `Throttled` where it may not be judged now: it was not counted.
    pub async fn try_guess(&self, user: Uuid, what: &str) -> Result<(), FactorsError> {
        let counted = sqlx::query!(
            "INSERT INTO guess (user_id, what, tries) VALUES ($1, $2, 1)
             ON CONFLICT (user_id, what) DO UPDATE SET tries = guess.tries + 1, tried_at = now()
             WHERE guess.tries < $3
                OR guess.tried_at + make_interval(secs => least($4 * 2 ^ least(guess.tries - $3, 20), $5)) <= now()",
            user,
            what,
            FREE_TRIES,
            WAIT_S,
            WAIT_MAX_S
        )
        .execute(&self.pool)
        .await?;
        if counted.rows_affected() == 1 {
            return Ok(());
        }
        let wait = sqlx::query_scalar!(
            "SELECT extract(epoch FROM tried_at + make_interval(secs => least($4 * 2 ^ least(tries - $3, 20), $5)) - now())::float8 AS \"wait!\"
             FROM guess WHERE user_id = $1 AND what = $2",
            user,
            what,
            FREE_TRIES,
            WAIT_S,
            WAIT_MAX_S
        )
        .fetch_optional(&self.pool)
        .await?;
        let wait_s = wait.unwrap_or(1.0).clamp(1.0, WAIT_MAX_S).ceil() as u64;
        Err(FactorsError::Throttled(Throttled { wait_s }))
    }

    /// A right guess: the count begins anew.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn guessed_right(&self, user: Uuid, what: &str) -> Result<(), DbFault> {
        sqlx::query!("DELETE FROM guess WHERE user_id = $1 AND what = $2", user, what).execute(&self.pool).await?;
        Ok(())
    }

    /// Takes somebody's app away. False: they had none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_totp(connection: &mut PgConnection, user: Uuid) -> Result<bool, DbFault> {
        let done = sqlx::query!("DELETE FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL", user)
            .execute(connection)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives somebody new recovery codes in place of all they had; these are shown once.
    ///
    /// # Errors
    /// When the database does not answer or there is no randomness.
    pub async fn new_recovery_codes(connection: &mut PgConnection, user: Uuid) -> Result<Vec<String>, AccountsError> {
        let codes = recovery::new_codes()?;
        let hashes: Vec<Vec<u8>> = codes.iter().filter_map(|code| recovery::hash(user, code)).collect();
        sqlx::query!("DELETE FROM recovery_code WHERE user_id = $1", user).execute(&mut *connection).await?;
        sqlx::query!(
            "INSERT INTO recovery_code (user_id, hash) SELECT $1, hash FROM unnest($2::bytea[]) AS hash",
            user,
            &hashes
        )
        .execute(connection)
        .await?;
        Ok(codes)
    }

    /// Recovery codes for who has just got their first factor; who has codes keeps them.
    ///
    /// # Errors
    /// When the database does not answer or there is no randomness.
    pub async fn first_recovery_codes(
        connection: &mut PgConnection,
        user: Uuid,
    ) -> Result<Option<Vec<String>>, AccountsError> {
        let left = sqlx::query_scalar!(
            "SELECT count(*) AS \"left!\" FROM recovery_code WHERE user_id = $1 AND used_at IS NULL",
            user
        )
        .fetch_one(&mut *connection)
        .await?;
        if left > 0 { Ok(None) } else { Self::new_recovery_codes(connection, user).await.map(Some) }
    }

    /// Recovery codes recover from nothing where no factor is left: they go with the last one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_codes_without_factor(connection: &mut PgConnection, user: Uuid) -> Result<(), DbFault> {
        sqlx::query!(
            "DELETE FROM recovery_code WHERE user_id = $1
               AND NOT EXISTS (SELECT 1 FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM passkey WHERE user_id = $1)",
            user
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// The roles of a house whose members must have a second factor. `None`: there is no such house.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn required_for(&self, organizer: Uuid) -> Result<Option<Vec<String>>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT mfa_required_for FROM organizer WHERE id = $1", organizer)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Sets them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn require_for(
        connection: &mut PgConnection,
        organizer: Uuid,
        roles: &[String],
    ) -> Result<bool, DbFault> {
        let done = sqlx::query!("UPDATE organizer SET mfa_required_for = $2 WHERE id = $1", organizer, roles)
            .execute(connection)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether administrators must have a second factor.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn required_for_admins(&self) -> Result<bool, DbFault> {
        let required = sqlx::query_scalar!(
            "SELECT EXISTS (SELECT 1 FROM setting WHERE key = 'mfa_required_for_admins' AND value = 'true') AS \"is!\""
        );
        Ok(required.fetch_one(&self.pool).await?)
    }

    /// Sets it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn require_for_admins(connection: &mut PgConnection, required: bool) -> Result<(), DbFault> {
        sqlx::query!(
            "INSERT INTO setting (key, value) VALUES ('mfa_required_for_admins', to_jsonb($1::boolean))
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()",
            required
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Forgets what has run out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_old(pool: &PgPool) -> Result<(), DbFault> {
        sqlx::query!("DELETE FROM passkey_ceremony WHERE expires_at < now()").execute(pool).await?;
        sqlx::query!("DELETE FROM second_factor_challenge WHERE expires_at < now()").execute(pool).await?;
        sqlx::query!("DELETE FROM totp WHERE confirmed_at IS NULL AND created_at < now() - interval '1 hour'")
            .execute(pool)
            .await?;
        Ok(())
    }
}
