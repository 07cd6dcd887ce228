//! What no change of roles may do, whoever asks for it and whoever else does at the same moment.
//!
//! Locks are taken in one order: houses by id, then administrators by id. So two changes wait for each other and never both.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::accounts::identity::Identity;
use crate::platform::db::DbFault;

/// Why who works for a house stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such house, or it is put away, or who asks has no part in it any more.
    #[error("there is no such organizer")]
    NoHouse,
    /// They have no part in this house.
    #[error("there is no such member")]
    NoMember,
    /// It was accepted or withdrawn, or never was.
    #[error("there is no such invitation")]
    NoInvitation,
    /// There is no such account.
    #[error("there is no such user")]
    NoUser,
    /// They have a part in this house already.
    #[error("they are a member of this house already")]
    AlreadyMember,
    /// The house waits for too many answers.
    #[error("too many invitations of this house are open")]
    TooManyOpen,
    /// Who asks was an administrator a moment ago.
    #[error("this needs an administrator")]
    NoLongerAdministrator,
    /// Nobody would run the house.
    #[error("the house would be left without an organizer")]
    LastOrganizer,
    /// Nobody would administer the server.
    #[error("the server would be left without an administrator")]
    LastAdministrator,
    /// The invitation went to another address than that of who shows it.
    #[error("the invitation went to another address")]
    ForAnother,
    /// There is an account with the address that was invited: it must be signed in.
    #[error("the invited address has an account")]
    SignInFirst,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbFault(error))
    }
}

/// Locks these houses until the end of the transaction, and says which of them there are. Whoever changes who works there
/// comes by here first; what is read afterwards is what the one before has left.
pub(super) async fn lock_houses(connection: &mut PgConnection, houses: &[Uuid]) -> Result<Vec<Uuid>, DbFault> {
    Ok(sqlx::query_scalar!("SELECT id FROM organizer WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", houses)
        .fetch_all(connection)
        .await?)
}

/// Locks one house for a change by somebody who runs it still: who was taken away meanwhile takes nobody away.
pub(super) async fn lock_house(connection: &mut PgConnection, by: &Identity, house: Uuid) -> Result<(), Refused> {
    lock_houses(connection, &[house]).await?;
    let may = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM organizer WHERE id = $1)
            AND EXISTS (SELECT 1 FROM app_user u LEFT JOIN membership m ON m.user_id = u.id AND m.organizer_id = $1
                        WHERE u.id = $2 AND u.disabled_at IS NULL AND (u.is_admin OR m.role = 'organizer')) AS \"may!\"",
        house,
        by.user
    )
    .fetch_one(connection)
    .await?;
    if may { Ok(()) } else { Err(Refused::NoHouse) }
}

/// After somebody who ran these locked houses was taken away or lowered: each is run by somebody still. Of a house that is put
/// away nobody need be left, and who may not sign in runs none.
pub(super) async fn must_be_run(connection: &mut PgConnection, houses: &[Uuid]) -> Result<(), Refused> {
    let left_alone = sqlx::query_scalar!(
        "SELECT EXISTS (
             SELECT 1 FROM organizer o WHERE o.id = ANY ($1) AND o.archived_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM membership m JOIN app_user u ON u.id = m.user_id
                 WHERE m.organizer_id = o.id AND m.role = 'organizer' AND u.disabled_at IS NULL)) AS \"any!\"",
        houses
    )
    .fetch_one(connection)
    .await?;
    if left_alone { Err(Refused::LastOrganizer) } else { Ok(()) }
}

/// Locks all administrators until the end of the transaction. After the houses, where those are locked too.
pub(super) async fn lock_administrators(connection: &mut PgConnection) -> Result<Vec<Uuid>, DbFault> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM app_user WHERE is_admin AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE"
    )
    .fetch_all(connection)
    .await?)
}

/// Whether somebody may delete their account, in the transaction that then does: nobody else may come between.
///
/// # Errors
/// `LastOrganizer` where they alone run a house, `LastAdministrator` where they alone administer the server.
pub async fn may_leave(connection: &mut PgConnection, user: Uuid) -> Result<(), Refused> {
    let runs = sqlx::query_scalar!(
        "SELECT organizer_id FROM membership WHERE user_id = $1 AND role = 'organizer' ORDER BY organizer_id",
        user
    )
    .fetch_all(&mut *connection)
    .await?;
    lock_houses(connection, &runs).await?;
    let alone = sqlx::query_scalar!(
        "SELECT EXISTS (
             SELECT 1 FROM membership m JOIN organizer o ON o.id = m.organizer_id
             WHERE m.user_id = $1 AND m.role = 'organizer' AND o.archived_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM membership other JOIN app_user u ON u.id = other.user_id
                 WHERE other.organizer_id = o.id AND other.user_id <> $1 AND other.role = 'organizer'
                   AND u.disabled_at IS NULL)) AS \"any!\"",
        user
    )
    .fetch_one(&mut *connection)
    .await?;
    if alone {
        return Err(Refused::LastOrganizer);
    }
    let is_admin = sqlx::query_scalar!("SELECT is_admin FROM app_user WHERE id = $1", user)
        .fetch_optional(&mut *connection)
        .await?;
    if is_admin == Some(true) {
        let administrators = lock_administrators(connection).await?;
        if !administrators.iter().any(|&other| other != user) {
            return Err(Refused::LastAdministrator);
        }
    }
    Ok(())
}
