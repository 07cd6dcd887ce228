//! SQL of invitations: somebody's address is asked into a house, for a week, by a link that is good once.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{Refused, lock_house};
use super::{AboutInvitation, INVITED};
use crate::accounts::identity::{Identity, Role};
use crate::accounts::store::normalized;
use crate::notify::put;
use crate::platform::audit::{self, Severity};
use crate::platform::db::DbFault;
use crate::platform::ids;

/// For how many days an invitation is good: somebody may be on holiday, and a house forgets whom it has asked.
pub const DAYS: i32 = 7;
/// So many invitations of a house may wait for an answer: a whole new team at once, and no address book.
pub const OPEN_MAX: i64 = 50;

/// Somebody who is asked into a house and has not answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// To which address it went.
    pub email: String,
    /// Which part it offers.
    pub role: Role,
    /// Who invited; null: their account is gone.
    pub invited_by: Option<String>,
    /// When they did.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when the link is good. What has run out is listed for another week, to be sent again.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Whom to invite.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The id of the invitation.
    pub id: Uuid,
    /// Into which house.
    pub house: Uuid,
    /// Their address.
    pub email: String,
    /// As what.
    pub role: Role,
}

/// The invitations of a house that nobody has answered, oldest first: at most [`OPEN_MAX`].
///
/// # Errors
/// When the database does not answer.
pub async fn open_invitations(connection: &mut PgConnection, house: Uuid) -> Result<Vec<Invitation>, DbFault> {
    read(connection, house, None).await
}

/// One of them.
///
/// # Errors
/// `NoInvitation` where it was answered or withdrawn, or is of another house.
pub async fn read_invitation(connection: &mut PgConnection, house: Uuid, id: Uuid) -> Result<Invitation, Refused> {
    read(connection, house, Some(id)).await?.pop().ok_or(Refused::NoInvitation)
}

async fn read(connection: &mut PgConnection, house: Uuid, id: Option<Uuid>) -> Result<Vec<Invitation>, DbFault> {
    let rows = sqlx::query!(
        "SELECT i.id, i.email, i.role, u.name AS \"invited_by?\", i.created_at, i.expires_at
         FROM invitation i LEFT JOIN app_user u ON u.id = i.invited_by
         WHERE i.organizer_id = $1 AND ($2::uuid IS NULL OR i.id = $2) AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL
         ORDER BY i.created_at, i.id",
        house,
        id
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Invitation {
                id: row.id,
                email: row.email,
                role: Role::from_name(&row.role)?,
                invited_by: row.invited_by,
                created_at: row.created_at.to_jiff(),
                expires_at: row.expires_at.to_jiff(),
            })
        })
        .collect())
}

/// Invites an address. An older invitation of it to this house gives way: its link is good no more.
///
/// # Errors
/// `AlreadyMember`, `TooManyOpen`; `NoHouse` also where the house is put away.
pub async fn invite(connection: &mut PgConnection, by: &Identity, invited: &Invited) -> Result<(), Refused> {
    let Invited { id, house, email, role } = invited;
    lock_house(connection, by, *house).await?;
    let email_normalized = normalized(email);
    let standing = sqlx::query!(
        "SELECT (SELECT archived_at IS NOT NULL FROM organizer WHERE id = $1) AS \"archived!\",
                EXISTS (SELECT 1 FROM membership m JOIN app_user u ON u.id = m.user_id
                        WHERE m.organizer_id = $1 AND u.email_normalized = $2) AS \"member!\",
                (SELECT count(*) FROM invitation
                 WHERE organizer_id = $1 AND email_normalized <> $2 AND accepted_at IS NULL AND withdrawn_at IS NULL) AS \"open!\"",
        house,
        email_normalized
    )
    .fetch_one(&mut *connection)
    .await?;
    if standing.archived {
        return Err(Refused::NoHouse);
    }
    if standing.member {
        return Err(Refused::AlreadyMember);
    }
    if standing.open >= OPEN_MAX {
        return Err(Refused::TooManyOpen);
    }
    sqlx::query!(
        "UPDATE invitation SET withdrawn_at = now()
         WHERE organizer_id = $1 AND email_normalized = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL",
        house,
        email_normalized
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO invitation (id, organizer_id, email, email_normalized, role, invited_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7))",
        id,
        house,
        email.trim(),
        email_normalized,
        role.name(),
        by.user,
        DAYS
    )
    .execute(&mut *connection)
    .await?;
    let entry = by.did("member.invited").of(*house).on("invitation", id).with("role", role.name());
    audit::security(connection, Severity::Notice, entry).await?;
    mail(connection, *id).await?;
    Ok(())
}

/// Sends an invitation again, also one that has run out: its link is good for another week.
///
/// # Errors
/// `NoInvitation` where it was answered or withdrawn, or is of another house.
pub async fn resend(connection: &mut PgConnection, by: &Identity, house: Uuid, id: Uuid) -> Result<(), Refused> {
    lock_house(connection, by, house).await?;
    let done = sqlx::query!(
        "UPDATE invitation SET expires_at = now() + make_interval(days => $3)
         WHERE id = $1 AND organizer_id = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL",
        id,
        house,
        DAYS
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Refused::NoInvitation);
    }
    audit::record(connection, by.did("invitation.resent").of(house).on("invitation", id)).await?;
    mail(connection, id).await?;
    Ok(())
}

/// Withdraws an invitation: its link is good no more. Once more changes nothing.
///
/// # Errors
/// `NoInvitation` where it was accepted, or is of another house.
pub async fn withdraw(connection: &mut PgConnection, by: &Identity, house: Uuid, id: Uuid) -> Result<(), Refused> {
    lock_house(connection, by, house).await?;
    let before = sqlx::query_scalar!(
        "SELECT withdrawn_at IS NOT NULL AS \"withdrawn!\" FROM invitation
         WHERE id = $1 AND organizer_id = $2 AND accepted_at IS NULL FOR UPDATE",
        id,
        house
    )
    .fetch_optional(&mut *connection)
    .await?;
    if before.ok_or(Refused::NoInvitation)? {
        return Ok(());
    }
    sqlx::query!("UPDATE invitation SET withdrawn_at = now() WHERE id = $1", id).execute(&mut *connection).await?;
    let entry = by.did("invitation.withdrawn").of(house).on("invitation", id);
    audit::security(connection, Severity::Notice, entry).await?;
    Ok(())
}

async fn mail(connection: &mut PgConnection, invitation: Uuid) -> Result<(), DbFault> {
    let saying = format!("{INVITED}:{invitation}:{}", ids::new_id());
    put(connection, INVITED, &saying, &AboutInvitation { invitation }).await?;
    Ok(())
}
