//! What this room knows of people: their accounts, and everything that hangs on them.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::store::Accounts;
use crate::platform::db::DbFault;
use crate::platform::people::{Asked, Forgetting, Later, Person, PersonalData};
use crate::platform::retention::{Batch, Kept};
use crate::platform::time;

/// Accounts.
#[derive(Clone, Copy, Debug)]
pub struct AccountData;

impl PersonalData for AccountData {
    fn room(&self) -> &'static str {
        "account"
    }

    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value> {
        Box::pin(async move {
            let found = sqlx::query_scalar!(
                "SELECT jsonb_build_object(
                    'id', u.id, 'name', u.name, 'email', u.email, 'email_verified_at', u.email_verified_at, 'locale', u.locale,
                    'administrator', u.is_admin, 'since', u.created_at, 'password_changed_at', u.password_changed_at,
                    'houses', (SELECT coalesce(jsonb_agg(jsonb_build_object('organizer', g.name, 'role', m.role,
                                'since', m.created_at) ORDER BY m.created_at), '[]')
                               FROM membership m JOIN organizer g ON g.id = m.organizer_id WHERE m.user_id = u.id),
                    'sessions', (SELECT coalesce(jsonb_agg(jsonb_build_object('how', s.how, 'device', s.device,
                                'address', s.address, 'began_at', s.created_at, 'last_used_at', s.last_used_at,
                                'ended_at', s.ended_at) ORDER BY s.created_at), '[]')
                               FROM session s WHERE s.user_id = u.id),
                    'tokens', (SELECT coalesce(jsonb_agg(jsonb_build_object('label', t.label, 'made_at', t.created_at,
                                'last_used_at', t.last_used_at) ORDER BY t.created_at), '[]')
                               FROM access_token t WHERE t.user_id = u.id)) AS \"all!\"
                 FROM app_user u WHERE u.id = $1",
                person.user
            )
            .fetch_optional(connection)
            .await?;
            Ok(found.unwrap_or(Value::Null))
        })
    }

    fn erase<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        person: &'a Person,
        _: Forgetting,
    ) -> Asked<'a, Vec<Later>> {
        Box::pin(async move {
            // A house forgets its customer; whether they have an account here is not its business.
            let Some(user) = person.user else { return Ok(Vec::new()) };
            sqlx::query!(
                "DELETE FROM mail_link WHERE user_id = $1 OR email_normalized = ANY ($2)",
                user,
                &person.emails
            )
            .execute(&mut *connection)
            .await?;
            sqlx::query!("DELETE FROM membership WHERE user_id = $1", user).execute(&mut *connection).await?;
            sqlx::query!("DELETE FROM access_token WHERE user_id = $1", user).execute(&mut *connection).await?;
            // Sessions, factors, passkeys, other houses' accounts: they go with the account.
            sqlx::query!("DELETE FROM app_user WHERE id = $1", user).execute(connection).await?;
            Ok(Vec::new())
        })
    }
}

/// Sessions that have ended, tokens that were taken back.
#[derive(Clone, Copy, Debug)]
pub struct EndedSessions;

impl Kept for EndedSessions {
    fn kind(&self) -> &'static str {
        "ended_sessions"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT (SELECT count(*) FROM session WHERE ended_at < $1 OR last_used_at < $1 - interval '30 days')
                      + (SELECT count(*) FROM access_token WHERE revoked_at < $1 OR expires_at < $1) AS \"due!\"",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            // Who has not come back for as long as a refresh token lives cannot come back by it.
            let sessions = sqlx::query!(
                "DELETE FROM session WHERE id IN (
                     SELECT id FROM session WHERE ended_at < $1 OR last_used_at < $1 - interval '30 days'
                     ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(&mut *connection)
            .await?
            .rows_affected();
            let left = batch.rows_max.saturating_sub(i64::try_from(sessions).unwrap_or(batch.rows_max));
            let tokens = sqlx::query!(
                "DELETE FROM access_token WHERE id IN (
                     SELECT id FROM access_token WHERE revoked_at < $1 OR expires_at < $1
                     ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                left
            )
            .execute(connection)
            .await?
            .rows_affected();
            Ok(i64::try_from(sessions + tokens).unwrap_or(i64::MAX))
        })
    }
}

/// What links in mails stand for, once they no longer work.
#[derive(Clone, Copy, Debug)]
pub struct OldLinks;

impl Kept for OldLinks {
    fn kind(&self) -> &'static str {
        "mail_links"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM mail_link WHERE expires_at < $1",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let done = sqlx::query!(
                "DELETE FROM mail_link WHERE id IN (
                     SELECT id FROM mail_link WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(connection)
            .await?;
            Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
        })
    }
}

/// Who is to be forgotten, as this room knows them.
#[derive(Clone, Debug)]
pub struct Leaver {
    /// Their account and the address that was shown to be theirs.
    pub person: Person,
    /// The hash of their password, where they have one.
    pub password_hash: Option<String>,
}

impl Accounts {
    /// The person behind an account. An address that was never shown to be theirs names nobody: what was bought under it is
    /// somebody else's, as far as we know.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leaver(&self, user: Uuid) -> Result<Option<Leaver>, DbFault> {
        let row = sqlx::query!(
            "SELECT email_normalized, email_verified_at IS NOT NULL AS \"verified!\", password_hash FROM app_user WHERE id = $1",
            user
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| Leaver {
            person: Person {
                user: Some(user),
                emails: if row.verified { vec![row.email_normalized] } else { Vec::new() },
                organizer: None,
            },
            password_hash: row.password_hash,
        }))
    }

    /// Whether this session began within the last ten minutes: whoever holds it has just shown who they are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_fresh(&self, session: Uuid) -> Result<bool, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT EXISTS (SELECT 1 FROM session WHERE id = $1 AND ended_at IS NULL AND created_at > now() - interval '10 minutes')
                AS \"fresh!\"",
            session
        )
        .fetch_one(self.pool())
        .await?)
    }
}
