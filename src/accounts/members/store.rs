//! SQL of members.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{Refused, lock_house, must_be_run};
use super::{ADDED, AboutPart, CHANGED, REMOVED};
use crate::accounts::identity::{Identity, Role};
use crate::notify::put;
use crate::platform::audit::{self, Severity};
use crate::platform::db::DbFault;
use crate::platform::{ids, time};

/// Somebody who works for a house.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    /// Whose account it is.
    pub user_id: Uuid,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their part.
    pub role: Role,
    /// Since when they work here.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Whether they have an authenticator app or a passkey.
    pub second_factor: bool,
    /// Whether the house asks their role for one: without it they can do nothing here.
    pub second_factor_required: bool,
    /// When they last signed in, as far as sessions are kept; null: not lately, or never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sign_in_at: Option<Timestamp>,
    /// Since when their account is closed; null: it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
}

/// Which members.
#[derive(Clone, Debug)]
pub struct MembersWanted {
    /// Of which house.
    pub house: Uuid,
    /// One.
    pub user: Option<Uuid>,
    /// After this one.
    pub after: Option<(Timestamp, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

/// Members of a house, who has been there longest first.
///
/// # Errors
/// When the database does not answer.
pub async fn read_members(connection: &mut PgConnection, wanted: &MembersWanted) -> Result<Vec<Member>, DbFault> {
    let rows = sqlx::query!(
        "SELECT m.user_id, u.name, u.email, m.role, m.created_at, u.disabled_at,
                EXISTS (SELECT 1 FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL)
                    OR EXISTS (SELECT 1 FROM passkey p WHERE p.user_id = u.id) AS \"second_factor!\",
                m.role = ANY (o.mfa_required_for) AS \"required!\",
                (SELECT max(s.created_at) FROM session s WHERE s.user_id = u.id) AS last_sign_in_at
         FROM membership m JOIN app_user u ON u.id = m.user_id JOIN organizer o ON o.id = m.organizer_id
         WHERE m.organizer_id = $1 AND ($2::uuid IS NULL OR m.user_id = $2)
           AND ($3::timestamptz IS NULL OR (m.created_at, m.user_id) > ($3, $4))
         ORDER BY m.created_at, m.user_id LIMIT $5",
        wanted.house,
        wanted.user,
        wanted.after.map(|(at, _)| time::sql(at)) as Option<jiff_sqlx::Timestamp>,
        wanted.after.map(|(_, id)| id),
        wanted.limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Member {
                user_id: row.user_id,
                name: row.name,
                email: row.email,
                role: Role::from_name(&row.role)?,
                created_at: row.created_at.to_jiff(),
                second_factor: row.second_factor,
                second_factor_required: row.required,
                last_sign_in_at: row.last_sign_in_at.map(jiff_sqlx::Timestamp::to_jiff),
                disabled_at: row.disabled_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
        })
        .collect())
}

async fn role_of(connection: &mut PgConnection, house: Uuid, user: Uuid) -> Result<Option<Role>, DbFault> {
    let role = sqlx::query_scalar!("SELECT role FROM membership WHERE organizer_id = $1 AND user_id = $2", house, user)
        .fetch_optional(connection)
        .await?;
    Ok(role.and_then(|role| Role::from_name(&role)))
}

/// Gives a member another part. The same part again changes nothing, and nobody is told.
///
/// # Errors
/// `NoMember`; `LastOrganizer` where nobody would run the house.
pub async fn set_role(
    connection: &mut PgConnection,
    by: &Identity,
    house: Uuid,
    user: Uuid,
    role: Role,
) -> Result<(), Refused> {
    lock_house(connection, by, house).await?;
    let before = role_of(connection, house, user).await?.ok_or(Refused::NoMember)?;
    if before != role {
        give(connection, by, house, user, Some(before), Some(role)).await?;
    }
    if before == Role::Organizer && role != Role::Organizer { must_be_run(connection, &[house]).await } else { Ok(()) }
}

/// Takes a member away from the house. It works at once: roles are looked up at every request.
///
/// # Errors
/// `NoMember`; `LastOrganizer` where nobody would run the house.
pub async fn remove(connection: &mut PgConnection, by: &Identity, house: Uuid, user: Uuid) -> Result<(), Refused> {
    lock_house(connection, by, house).await?;
    let before = role_of(connection, house, user).await?.ok_or(Refused::NoMember)?;
    give(connection, by, house, user, Some(before), None).await?;
    if before == Role::Organizer { must_be_run(connection, &[house]).await } else { Ok(()) }
}

/// Changes the part that somebody has in a locked house, records it, and has them told. Whether the house is run still is
/// asked by the caller.
pub(super) async fn give(
    connection: &mut PgConnection,
    by: &Identity,
    house: Uuid,
    user: Uuid,
    before: Option<Role>,
    role: Option<Role>,
) -> Result<(), DbFault> {
    let (action, kind) = match (before, role) {
        (_, None) => ("member.removed", REMOVED),
        (None, Some(_)) => ("member.added", ADDED),
        (Some(_), Some(_)) => ("member.changed", CHANGED),
    };
    match role {
        Some(role) => super::super::insert_membership(connection, user, house, role).await?,
        None => {
            sqlx::query!("DELETE FROM membership WHERE organizer_id = $1 AND user_id = $2", house, user)
                .execute(&mut *connection)
                .await?;
        }
    }
    if before == Some(Role::Organizer) && role != before {
        // By one of their own they would be back.
        sqlx::query!(
            "UPDATE invitation SET withdrawn_at = now()
             WHERE organizer_id = $1 AND invited_by = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL",
            house,
            user
        )
        .execute(&mut *connection)
        .await?;
    }
    let mut entry = by.did(action).of(house).on("user", user);
    if let Some(before) = before {
        entry = entry.with("before", before.name());
    }
    if let Some(role) = role {
        entry = entry.with("role", role.name());
    }
    audit::security(connection, Severity::Notice, entry).await?;
    let about = AboutPart { user, organizer: house, role };
    put(connection, kind, &format!("{kind}:{}", ids::new_id()), &about).await?;
    Ok(())
}
