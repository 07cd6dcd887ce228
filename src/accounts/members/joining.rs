//! Coming into a house by an invitation. Whoever holds the link has read the mail to the invited address.

use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Members;
use super::rules::{Refused, lock_houses};
use crate::accounts::identity::Role;
use crate::accounts::store::normalized;
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::ids;

/// An invitation that is good still, as who holds its link sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Into which house.
    pub house: Uuid,
    /// What the house is called.
    pub house_name: String,
    /// As what.
    pub role: Role,
    /// To which address it went.
    pub email: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Whose account has that address.
    pub account: Option<Uuid>,
}

/// Who accepts.
#[derive(Clone, Debug)]
pub enum Joiner {
    /// Somebody who is signed in.
    Known(Uuid),
    /// Somebody without an account: it is made.
    New {
        /// What to be called.
        name: String,
        /// The password's hash.
        password_hash: String,
        /// The language of mails.
        locale: Option<String>,
    },
}

/// Who has come into which house.
#[derive(Clone, Copy, Debug)]
pub struct Joined {
    /// Whose account.
    pub user: Uuid,
    /// Whether it was made by this.
    pub is_new: bool,
}

impl Members {
    /// What a house is called.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn house_name(&self, house: Uuid) -> Result<Option<String>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT name FROM organizer WHERE id = $1", house).fetch_optional(self.pool()).await?)
    }

    /// An invitation that is good still.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn asked(&self, id: Uuid) -> Result<Option<Asked>, DbFault> {
        let row = sqlx::query!(
            "SELECT i.organizer_id, o.name, i.role, i.email, i.expires_at, u.id AS \"account?\"
             FROM invitation i JOIN organizer o ON o.id = i.organizer_id
                  LEFT JOIN app_user u ON u.email_normalized = i.email_normalized
             WHERE i.id = $1 AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > now()
               AND o.archived_at IS NULL",
            id
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.and_then(|row| {
            Some(Asked {
                house: row.organizer_id,
                house_name: row.name,
                role: Role::from_name(&row.role)?,
                email: row.email,
                expires_at: row.expires_at.to_jiff(),
                account: row.account,
            })
        }))
    }
}

/// Accepts an invitation: of two who come with one link the second finds it used. Who is a member meanwhile keeps the part that
/// they have.
///
/// # Errors
/// `NoInvitation` where it is good no more; `ForAnother` where who is signed in has another address; `SignInFirst` where the
/// address has an account.
pub async fn accept(connection: &mut PgConnection, id: Uuid, joiner: Joiner) -> Result<Joined, Refused> {
    let house = sqlx::query_scalar!("SELECT organizer_id FROM invitation WHERE id = $1", id)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Refused::NoInvitation)?;
    lock_houses(connection, &[house]).await?;
    let asked = sqlx::query!(
        "SELECT i.email, i.email_normalized, i.role FROM invitation i JOIN organizer o ON o.id = i.organizer_id
         WHERE i.id = $1 AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > now()
           AND o.archived_at IS NULL FOR UPDATE OF i",
        id
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(Refused::NoInvitation)?;
    let is_new = matches!(joiner, Joiner::New { .. });
    let user = match joiner {
        Joiner::Known(user) => shown(connection, user, &asked.email_normalized).await?.ok_or(Refused::ForAnother)?,
        Joiner::New { name, password_hash, locale } => sqlx::query_scalar!(
            "INSERT INTO app_user
                (id, email, email_normalized, name, password_hash, locale, email_verified_at, password_changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, now(), now()) ON CONFLICT (email_normalized) DO NOTHING RETURNING id",
            ids::new_id(),
            asked.email,
            normalized(&asked.email),
            name,
            password_hash,
            locale
        )
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Refused::SignInFirst)?,
    };
    sqlx::query!(
        "INSERT INTO membership (user_id, organizer_id, role) VALUES ($1, $2, $3) ON CONFLICT (user_id, organizer_id) DO NOTHING",
        user,
        house,
        asked.role
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("UPDATE invitation SET accepted_at = now(), accepted_by = $2 WHERE id = $1", id, user)
        .execute(&mut *connection)
        .await?;
    if is_new {
        let entry = Entry::new(Actor::User(user), "account.registered").on("user", user);
        audit::record(connection, entry).await?;
    }
    let entry = Entry::new(Actor::User(user), "member.joined").of(house).on("user", user).with("invitation", id);
    audit::security(connection, Severity::Notice, entry).await?;
    Ok(Joined { user, is_new })
}

/// The account of who is signed in, if the address is theirs; by the link, which was mailed to it, they have shown so.
async fn shown(connection: &mut PgConnection, user: Uuid, email: &str) -> Result<Option<Uuid>, DbFault> {
    Ok(sqlx::query_scalar!(
        "UPDATE app_user SET email_verified_at = coalesce(email_verified_at, now())
         WHERE id = $1 AND email_normalized = $2 AND disabled_at IS NULL RETURNING id",
        user,
        email
    )
    .fetch_optional(connection)
    .await?)
}
