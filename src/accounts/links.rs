//! One-time links in mails. The token is `id.kid.HMAC(server key, kind and id)`: the database alone makes none, and one of a kind
//! proves nothing of another. The row behind it makes it good once and for a while.
//!
//! Asking for a link never looks whether the address is known: the row is written and the mail asked for all the same, and who
//! composes the mail sees what there is to say. So nothing can be told from an answer, nor from how long it took.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::store::normalized;
use crate::notify::put;
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::platform::keys::{Keys, Purpose};

/// The mail that has the link, or what there is to say instead of it.
pub(super) const MAIL: &str = "account_link";

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shows that the address is of who registered with it, and makes the account.
    Register,
    /// Sets a new password.
    ResetPassword,
    /// Shows that the new address is theirs, and moves the account to it.
    ChangeEmail,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Register, Self::ResetPassword, Self::ChangeEmail];

    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
        }
    }

    /// For how many hours it is good: long enough for a mail that hangs; where it opens an account, short.
    #[must_use]
    pub fn hours(self) -> i32 {
        match self {
            Self::Register | Self::ChangeEmail => 24,
            Self::ResetPassword => 1,
        }
    }

    fn page(self) -> &'static str {
        match self {
            Self::Register | Self::ChangeEmail => "verify-email",
            Self::ResetPassword => "reset-password",
        }
    }
}

/// A wish for a link.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What for.
    pub kind: Kind,
    /// To whom the mail goes.
    pub email: String,
    /// Whose account, where it is to be moved.
    pub user: Option<Uuid>,
    /// What to be called, of a registration.
    pub name: Option<String>,
    /// The password's hash, of a registration.
    pub password_hash: Option<String>,
    /// The language of mails, of a registration.
    pub locale: Option<String>,
}

/// A link that is good still, or was until it was spent.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its id.
    pub id: Uuid,
    /// What for.
    pub kind: Kind,
    /// To whom it went.
    pub email: String,
    /// Whose account, where it is to be moved.
    pub user: Option<Uuid>,
    /// What to be called, of a registration.
    pub name: Option<String>,
    /// The password's hash, of a registration.
    pub password_hash: Option<String>,
    /// The language of mails, of a registration.
    pub locale: Option<String>,
}

/// What the outbox keeps of a mail with a link: nothing that proves anything.
#[derive(Serialize, Deserialize)]
pub(super) struct AboutLink {
    pub(super) link: Uuid,
}

/// Links, in the database.
#[derive(Clone)]
pub struct Links {
    pool: PgPool,
    keys: Arc<Keys>,
}

impl Links {
    /// Links behind this pool.
    #[must_use]
    pub fn new(pool: PgPool, keys: Arc<Keys>) -> Self {
        Self { pool, keys }
    }

    /// The pool, for a transaction in which a link is spent.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    fn proof(&self, kind: Kind, id: Uuid) -> String {
        self.keys.token(Purpose::Link, &[b"account", kind.name().as_bytes(), id.as_bytes()])
    }

    /// The address of a link. What stands after `#` never reaches a server, so it is in no log.
    #[must_use]
    pub fn address(&self, public_url: &str, kind: Kind, id: Uuid) -> String {
        format!("{public_url}/{}#t={}.{}", kind.page(), id.simple(), self.proof(kind, id))
    }

    /// Which link of one of these kinds a token stands for; `None`: it is none of ours.
    #[must_use]
    pub fn read(&self, kinds: &[Kind], token: &str) -> Option<(Kind, Uuid)> {
        let (id, proof) = token.split_once('.')?;
        let id = Uuid::try_parse(id).ok()?;
        let proven =
            |kind: &Kind| self.keys.proves(Purpose::Link, &[b"account", kind.name().as_bytes(), id.as_bytes()], proof);
        kinds.iter().copied().find(proven).map(|kind| (kind, id))
    }

    /// What tells a request for a link from another under the same key. It is kept for a day, and a password may be in it: so it
    /// is keyed, and a copy of the database alone tests no guess.
    #[must_use]
    pub fn request(&self, parts: &[&str]) -> u64 {
        let parts: Vec<&[u8]> =
            std::iter::once(&b"request"[..]).chain(parts.iter().map(|part| part.as_bytes())).collect();
        ids::request_hash(self.keys.token(Purpose::Link, &parts).as_bytes())
    }

    /// Writes the wish and asks for its mail, in the caller's transaction. [`crate::notify::Outbox::wake`] after it makes the
    /// mail go out at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask(connection: &mut PgConnection, wish: &Wish) -> Result<(), DbFault> {
        let id = ids::new_id();
        sqlx::query!(
            "INSERT INTO mail_link (id, kind, user_id, email, email_normalized, name, password_hash, locale, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(hours => $9))",
            id,
            wish.kind.name(),
            wish.user,
            wish.email.trim(),
            normalized(&wish.email),
            wish.name,
            wish.password_hash,
            wish.locale,
            wish.kind.hours()
        )
        .execute(&mut *connection)
        .await?;
        put(connection, MAIL, &format!("{MAIL}:{id}"), &AboutLink { link: id }).await?;
        Ok(())
    }

    /// A link that is good still.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn good(&self, id: Uuid) -> Result<Option<Link>, DbFault> {
        let mut connection = self.pool.acquire().await?;
        read(&mut connection, id).await
    }
}

async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<Link>, DbFault> {
    let row = sqlx::query!(
        "SELECT id, kind, user_id, email, name, password_hash, locale FROM mail_link
         WHERE id = $1 AND used_at IS NULL AND expires_at > now() FOR UPDATE",
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.and_then(|row| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == row.kind)?;
        Some(Link {
            id: row.id,
            kind,
            email: row.email,
            user: row.user_id,
            name: row.name,
            password_hash: row.password_hash,
            locale: row.locale,
        })
    }))
}

/// Spends a link in the caller's transaction, which holds the row until its end: of two who come with it the second finds it
/// spent. What waited in the row is taken out of it.
///
/// # Errors
/// When the database does not answer.
pub async fn spend(connection: &mut PgConnection, id: Uuid) -> Result<Option<Link>, DbFault> {
    let Some(link) = read(connection, id).await? else { return Ok(None) };
    sqlx::query!("UPDATE mail_link SET used_at = now(), name = NULL, password_hash = NULL WHERE id = $1", id)
        .execute(connection)
        .await?;
    Ok(Some(link))
}

/// From now on no link is good by which somebody's account would move to another address: whoever asked for it may have been the one
/// from whom the account is just being taken back.
///
/// # Errors
/// When the database does not answer.
pub async fn spend_moves(connection: &mut PgConnection, user: Uuid) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE mail_link SET used_at = now() WHERE user_id = $1 AND kind = 'change_email' AND used_at IS NULL",
        user
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// From now on no link for a new password that went to this address is good.
///
/// # Errors
/// When the database does not answer.
pub async fn spend_resets(connection: &mut PgConnection, email: &str) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE mail_link SET used_at = now() WHERE email_normalized = $1 AND kind = 'reset_password' AND used_at IS NULL",
        normalized(email)
    )
    .execute(connection)
    .await?;
    Ok(())
}
