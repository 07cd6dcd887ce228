//! SQL of what administrators see and change of accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{Refused, lock_administrators, lock_houses, must_be_run};
use super::store::give;
use crate::accounts::identity::{Identity, Role};
use crate::accounts::sessions::{self, Ended};
use crate::accounts::store::normalized;
use crate::platform::audit::{self, Severity};
use crate::platform::db::DbFault;
use crate::platform::time;

/// A part in a house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// In which house.
    pub organizer_id: Uuid,
    /// What the house is called.
    pub organizer: String,
    /// Which part.
    pub role: Role,
}

/// An account, as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// What its owner is called.
    pub name: String,
    /// Its address.
    pub email: String,
    /// Whether its owner has shown that the address is theirs.
    pub email_verified: bool,
    /// `admin`, `organizer`, `box_office`, `scanner` or `customer`: the highest they have anywhere.
    pub role: String,
    /// Whether they may do everything in every house.
    pub is_admin: bool,
    /// What they may do where.
    pub memberships: Vec<Part>,
    /// Whether they have an authenticator app or a passkey.
    pub second_factor: bool,
    /// In how many sessions they are signed in.
    #[schema(minimum = 0)]
    pub sessions: i64,
    /// When they last signed in, as far as sessions are kept.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sign_in_at: Option<Timestamp>,
    /// Since when it is closed: nobody can sign in to it. Null: it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Which accounts.
#[derive(Clone, Debug, Default)]
pub struct UsersWanted {
    /// One.
    pub id: Option<Uuid>,
    /// Whose name or address has this in it.
    pub search: Option<String>,
    /// After this one.
    pub after: Option<(Timestamp, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

/// What somebody is to be; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct Wished {
    /// An administrator.
    pub is_admin: Option<bool>,
    /// All their parts in houses.
    pub parts: Option<Vec<(Uuid, Role)>>,
}

/// Accounts, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn read_users(connection: &mut PgConnection, wanted: &UsersWanted) -> Result<Vec<Account>, DbFault> {
    let rows = sqlx::query!(
        "SELECT u.id, u.name, u.email, u.email_verified_at IS NOT NULL AS \"verified!\", u.is_admin, u.disabled_at, u.created_at,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('organizer_id', o.id, 'organizer', o.name, 'role', m.role)
                                           ORDER BY o.name, o.id), '[]')
                 FROM membership m JOIN organizer o ON o.id = m.organizer_id WHERE m.user_id = u.id) AS \"parts!\",
                EXISTS (SELECT 1 FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL)
                    OR EXISTS (SELECT 1 FROM passkey p WHERE p.user_id = u.id) AS \"second_factor!\",
                (SELECT count(*) FROM session s WHERE s.user_id = u.id AND s.ended_at IS NULL
                    AND EXISTS (SELECT 1 FROM refresh_token r
                                WHERE r.session_id = s.id AND r.used_at IS NULL AND r.expires_at > now())) AS \"sessions!\",
                (SELECT max(s.created_at) FROM session s WHERE s.user_id = u.id) AS last_sign_in_at
         FROM app_user u
         WHERE ($1::uuid IS NULL OR u.id = $1)
           AND ($2::text IS NULL OR strpos(lower(u.name), $2) > 0 OR strpos(u.email_normalized, $2) > 0)
           AND ($3::timestamptz IS NULL OR (u.created_at, u.id) < ($3, $4))
         ORDER BY u.created_at DESC, u.id DESC LIMIT $5",
        wanted.id,
        wanted.search.as_deref().map(normalized),
        wanted.after.map(|(at, _)| time::sql(at)) as Option<jiff_sqlx::Timestamp>,
        wanted.after.map(|(_, id)| id),
        wanted.limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let memberships: Vec<Part> = serde_json::from_value(row.parts).unwrap_or_default();
            let highest = memberships.iter().map(|part| part.role).max();
            let role = if row.is_admin { "admin" } else { highest.map_or("customer", Role::name) };
            Account {
                id: row.id,
                name: row.name,
                email: row.email,
                email_verified: row.verified,
                role: role.to_owned(),
                is_admin: row.is_admin,
                memberships,
                second_factor: row.second_factor,
                sessions: row.sessions,
                last_sign_in_at: row.last_sign_in_at.map(jiff_sqlx::Timestamp::to_jiff),
                disabled_at: row.disabled_at.map(jiff_sqlx::Timestamp::to_jiff),
                created_at: row.created_at.to_jiff(),
            }
        })
        .collect())
}

async fn parts(connection: &mut PgConnection, user: Uuid) -> Result<Vec<(Uuid, Role)>, DbFault> {
    let rows = sqlx::query!("SELECT organizer_id, role FROM membership WHERE user_id = $1 ORDER BY organizer_id", user)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.organizer_id, Role::from_name(&row.role)?))).collect())
}

/// Makes somebody what they are to be. What is so already is left as it is, and nobody is told of it.
///
/// # Errors
/// `NoUser`; `NoLongerAdministrator` where who asks was lowered meanwhile; `NoHouse` where one that is named does not exist, or is put away and they have no part in it; `LastOrganizer`,
/// `LastAdministrator`.
pub async fn set_roles(
    connection: &mut PgConnection,
    by: &Identity,
    user: Uuid,
    wished: &Wished,
) -> Result<(), Refused> {
    let standing = sqlx::query!(
        "SELECT EXISTS (SELECT 1 FROM app_user WHERE id = $1) AS \"there!\",
                EXISTS (SELECT 1 FROM app_user WHERE id = $2 AND is_admin AND disabled_at IS NULL) AS \"may!\"",
        user,
        by.user
    )
    .fetch_one(&mut *connection)
    .await?;
    if !standing.may {
        return Err(Refused::NoLongerAdministrator);
    }
    if !standing.there {
        return Err(Refused::NoUser);
    }
    if let Some(wanted) = &wished.parts {
        set_parts(connection, by, user, wanted).await?;
    }
    if let Some(is_admin) = wished.is_admin {
        set_admin(connection, by, user, is_admin).await?;
    }
    Ok(())
}

async fn set_parts(
    connection: &mut PgConnection,
    by: &Identity,
    user: Uuid,
    wanted: &[(Uuid, Role)],
) -> Result<(), Refused> {
    let mut houses: Vec<Uuid> =
        parts(connection, user).await?.into_iter().chain(wanted.iter().copied()).map(|(house, _)| house).collect();
    houses.sort_unstable();
    houses.dedup();
    let there = lock_houses(connection, &houses).await?;
    let before = parts(connection, user).await?;
    let had = |house: Uuid| before.iter().find(|(at, _)| *at == house).map(|&(_, role)| role);
    let archived =
        sqlx::query_scalar!("SELECT id FROM organizer WHERE id = ANY ($1) AND archived_at IS NOT NULL", &houses)
            .fetch_all(&mut *connection)
            .await?;
    if wanted.iter().any(|&(house, _)| !there.contains(&house) || (archived.contains(&house) && had(house).is_none())) {
        return Err(Refused::NoHouse);
    }
    let mut left = Vec::new();
    for &(house, role) in &before {
        let becomes = wanted.iter().find(|(at, _)| *at == house).map(|&(_, role)| role);
        if becomes == Some(role) {
            continue;
        }
        give(connection, by, house, user, Some(role), becomes).await?;
        if role == Role::Organizer {
            left.push(house);
        }
    }
    for &(house, role) in wanted.iter().filter(|(house, _)| had(*house).is_none()) {
        give(connection, by, house, user, None, Some(role)).await?;
    }
    must_be_run(connection, &left).await
}

async fn set_admin(connection: &mut PgConnection, by: &Identity, user: Uuid, is_admin: bool) -> Result<(), Refused> {
    let administrators = lock_administrators(connection).await?;
    // Who was lowered meanwhile lowers nobody.
    if !administrators.contains(&by.user) {
        return Err(Refused::NoLongerAdministrator);
    }
    let was = sqlx::query_scalar!("SELECT is_admin FROM app_user WHERE id = $1 FOR NO KEY UPDATE", user)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Refused::NoUser)?;
    if was == is_admin {
        return Ok(());
    }
    if !is_admin && !administrators.iter().any(|&other| other != user) {
        return Err(Refused::LastAdministrator);
    }
    sqlx::query!("UPDATE app_user SET is_admin = $2 WHERE id = $1", user, is_admin).execute(&mut *connection).await?;
    let action = if is_admin { "administrator.made" } else { "administrator.lowered" };
    audit::security(connection, Severity::Notice, by.did(action).on("user", user)).await?;
    Ok(())
}

/// Ends every session of somebody, as if they had signed out everywhere; how many those were. Tokens that were made on the
/// command line stay.
///
/// # Errors
/// `NoUser`.
pub async fn end_sessions(connection: &mut PgConnection, by: &Identity, user: Uuid) -> Result<u64, Refused> {
    let there = sqlx::query_scalar!("SELECT EXISTS (SELECT 1 FROM app_user WHERE id = $1) AS \"is!\"", user)
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        return Err(Refused::NoUser);
    }
    let ended = sessions::end_all(connection, user, None, Ended::EndedByAdministrator).await?;
    if ended > 0 {
        let entry =
            by.did("sessions.ended").on("user", user).with("sessions", i64::try_from(ended).unwrap_or(i64::MAX));
        audit::security(connection, Severity::Notice, entry).await?;
    }
    Ok(ended)
}
