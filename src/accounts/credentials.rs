//! What a spent link or a right password does to an account. Each in one transaction, with the mail that tells of it.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::links::{self, Kind, Link, Links};
use super::sessions::{self, Ended};
use super::store::normalized;
use crate::notify::put;
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::platform::people::People;

/// Tells the old address that the account has moved to another.
pub(super) const EMAIL_CHANGED: &str = "account_email_changed";
/// Tells the owner that there is a new password.
pub(super) const PASSWORD_CHANGED: &str = "account_password_changed";

/// Tells the owner that there is another way into their account, or one less.
pub(super) const WAY_CHANGED: &str = "account_way_changed";

/// A change in how somebody signs in, beside their password and their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// An authenticator app came.
    AppAdded,
    /// It went.
    AppRemoved,
    /// A passkey came.
    PasskeyAdded,
    /// One went.
    PasskeyRemoved,
    /// New recovery codes in place of the old ones.
    CodesRenewed,
    /// An account elsewhere signs in here.
    AccountLinked,
    /// It does no more.
    AccountUnlinked,
}

/// What the outbox keeps of a mail about such a change.
#[derive(Serialize, Deserialize)]
pub(super) struct AboutWay {
    pub(super) user: Uuid,
    pub(super) way: Way,
}

/// Has a mail tell the owner of such a change, in the transaction that makes it.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_way(connection: &mut PgConnection, user: Uuid, way: Way) -> Result<(), DbFault> {
    put(connection, WAY_CHANGED, &format!("{WAY_CHANGED}:{}", ids::new_id()), &AboutWay { user, way }).await?;
    Ok(())
}

/// What the outbox keeps of a mail about somebody.
#[derive(Serialize, Deserialize)]
pub(super) struct AboutUser {
    pub(super) user: Uuid,
    /// Where the mail goes, if not to the user's address.
    pub(super) to: Option<String>,
}

/// Records a change of what proves who they are, and tells them of it.
async fn tell(connection: &mut PgConnection, kind: &str, user: Uuid, to: Option<String>) -> Result<(), DbFault> {
    let action = if kind == EMAIL_CHANGED { "email.changed" } else { "password.changed" };
    let entry = Entry::new(Actor::User(user), action).on("user", user);
    audit::security(connection, Severity::Notice, entry).await?;
    put(connection, kind, &format!("{kind}:{}", ids::new_id()), &AboutUser { user, to }).await?;
    Ok(())
}

/// What somebody's account knows that a guesser would try, and the hash of their password.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Who.
    pub user: Uuid,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The hash of their password, where they have one.
    pub password_hash: Option<String>,
}

impl Links {
    /// Who owns the account with this id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn owner(&self, user: Uuid) -> Result<Option<Owner>, DbFault> {
        Ok(sqlx::query_as!(
            Owner,
            "SELECT id AS \"user\", name, email, password_hash FROM app_user WHERE id = $1 AND disabled_at IS NULL",
            user
        )
        .fetch_optional(self.pool())
        .await?)
    }

    /// Who owns the account with this address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn owner_of(&self, email: &str) -> Result<Option<Owner>, DbFault> {
        Ok(sqlx::query_as!(
            Owner,
            "SELECT id AS \"user\", name, email, password_hash FROM app_user
             WHERE email_normalized = $1 AND disabled_at IS NULL",
            normalized(email)
        )
        .fetch_optional(self.pool())
        .await?)
    }

    /// Does what a link to `/verify-email` stands for. `None`: it is spent, too old, or the address has an account meanwhile.
    /// Else whose address it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn verify(&self, id: Uuid, people: &People) -> Result<Option<Uuid>, DbFault> {
        let mut transaction = self.pool().begin().await?;
        let Some(link) = links::spend(&mut transaction, id).await? else { return Ok(None) };
        let user = match link.kind {
            Kind::Register => make(&mut transaction, &link).await?,
            Kind::ChangeEmail => move_to(&mut transaction, &link).await?,
            Kind::ResetPassword => None,
        };
        if let Some(user) = user {
            people.welcome(&mut transaction, user).await?;
        }
        transaction.commit().await?;
        Ok(user)
    }

    /// Sets a new password by a link: ends every session, and shows that the address is theirs. `None`: the link is spent, too
    /// old, or its address has no account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reset(&self, id: Uuid, hash: &str, people: &People) -> Result<Option<Uuid>, DbFault> {
        let mut transaction = self.pool().begin().await?;
        let Some(link) = links::spend(&mut transaction, id).await? else { return Ok(None) };
        let user = sqlx::query_scalar!(
            "UPDATE app_user SET password_hash = $2, password_changed_at = now(), email_verified_at = coalesce(email_verified_at, now())
             WHERE email_normalized = $1 AND disabled_at IS NULL RETURNING id",
            normalized(&link.email),
            hash
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(user) = user {
            people.welcome(&mut transaction, user).await?;
            sessions::end_all(&mut transaction, user, None, Ended::PasswordReset).await?;
            links::spend_resets(&mut transaction, &link.email).await?;
            links::spend_moves(&mut transaction, user).await?;
            tell(&mut transaction, PASSWORD_CHANGED, user, None).await?;
        }
        transaction.commit().await?;
        Ok(user)
    }

    /// Sets a new password for who has shown the old one: ends every session but theirs. False where another one was set
    /// meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change_password(&self, owner: &Owner, hash: &str, session: Option<Uuid>) -> Result<bool, DbFault> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "UPDATE app_user SET password_hash = $3, password_changed_at = now() WHERE id = $1 AND password_hash = $2",
            owner.user,
            owner.password_hash,
            hash
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sessions::end_all(&mut transaction, owner.user, session, Ended::PasswordChanged).await?;
        links::spend_resets(&mut transaction, &owner.email).await?;
        links::spend_moves(&mut transaction, owner.user).await?;
        tell(&mut transaction, PASSWORD_CHANGED, owner.user, None).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn make(connection: &mut PgConnection, link: &Link) -> Result<Option<Uuid>, DbFault> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO app_user (id, email, email_normalized, name, password_hash, locale, email_verified_at, password_changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, now(), now()) ON CONFLICT (email_normalized) DO NOTHING RETURNING id",
        ids::new_id(),
        link.email,
        normalized(&link.email),
        link.name.as_deref().unwrap_or_default(),
        link.password_hash,
        link.locale
    )
    .fetch_optional(connection)
    .await?)
}

async fn move_to(connection: &mut PgConnection, link: &Link) -> Result<Option<Uuid>, DbFault> {
    let Some(user) = link.user else { return Ok(None) };
    let before = sqlx::query!("SELECT email FROM app_user WHERE id = $1 AND disabled_at IS NULL FOR UPDATE", user)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(before) = before else { return Ok(None) };
    let moved = sqlx::query!(
        "UPDATE app_user SET email = $2, email_normalized = $3, email_verified_at = now()
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM app_user other WHERE other.email_normalized = $3 AND other.id <> $1)",
        user,
        link.email,
        normalized(&link.email)
    )
    .execute(&mut *connection)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(None);
    }
    if normalized(&before.email) != normalized(&link.email) {
        links::spend_resets(connection, &before.email).await?;
        tell(connection, EMAIL_CHANGED, user, Some(before.email)).await?;
    }
    Ok(Some(user))
}
