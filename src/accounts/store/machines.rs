//! SQL of keys and devices.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Accounts, AccountsError, hash};
use crate::accounts::machine::{Kind, Machine, Scope};
use crate::platform::db::DbFault;
use crate::platform::{ids, time};

/// A key or a device, as its house sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MachineRecord {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organizer_id: Uuid,
    /// Its name.
    pub name: String,
    /// The first letters of what it shows, by which people recognise it.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Only at this show.
    pub show_id: Option<Uuid>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Since when it proves nothing any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// A key or device to be made.
#[derive(Clone, Debug)]
pub struct NewMachine {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: Kind,
    /// Whose it is.
    pub organizer: Uuid,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Only at this show.
    pub show: Option<Uuid>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Who makes it.
    pub made_by: Uuid,
}

/// Which keys or devices.
#[derive(Clone, Debug)]
pub struct MachinesWanted {
    /// One.
    pub id: Option<Uuid>,
    /// Of which kind.
    pub kind: Kind,
    /// Of these organisers; `None` is all.
    pub of: Option<Vec<Uuid>>,
    /// After this one.
    pub after: Option<(Timestamp, Uuid)>,
    /// At most so many.
    pub limit: i64,
}

impl Accounts {
    /// Which machine shows this; `None` where it is unknown, revoked or expired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn machine(&self, token: &str) -> Result<Option<Machine>, DbFault> {
        let row = sqlx::query!(
            "SELECT id, organizer_id, kind, scopes, show_id,
                    last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS \"stale!\"
             FROM machine WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
            hash(token)
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.stale {
            // A key in a rush is stale for hundreds of requests at once: one of them says so, and nobody waits for it.
            sqlx::query!(
                "UPDATE machine SET last_used_at = now() WHERE id IN (
                     SELECT id FROM machine WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
                     FOR NO KEY UPDATE SKIP LOCKED)",
                row.id
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(Some(Machine {
            id: row.id,
            kind: Kind::from_name(&row.kind),
            organizer: row.organizer_id,
            show: row.show_id,
            scopes: row.scopes.iter().filter_map(|word| Scope::from_word(word)).collect(),
        }))
    }

    /// Keys or devices, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn machines(&self, wanted: &MachinesWanted) -> Result<Vec<MachineRecord>, DbFault> {
        let mut connection = self.pool.acquire().await?;
        read_machines(&mut connection, wanted).await
    }

    /// Whether this show is this organiser's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_show(&self, organizer: Uuid, show: Uuid) -> Result<bool, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT EXISTS (SELECT 1 FROM show WHERE id = $1 AND organizer_id = $2) AS \"is!\"",
            show,
            organizer
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Whether there is this organiser.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_organizer(&self, organizer: Uuid) -> Result<bool, DbFault> {
        Ok(sqlx::query_scalar!("SELECT EXISTS (SELECT 1 FROM organizer WHERE id = $1) AS \"is!\"", organizer)
            .fetch_one(&self.pool)
            .await?)
    }
}

/// The same in a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn read_machines(
    connection: &mut PgConnection,
    wanted: &MachinesWanted,
) -> Result<Vec<MachineRecord>, DbFault> {
    let rows = sqlx::query!(
        "SELECT id, organizer_id, name, prefix, scopes, show_id, created_at, last_used_at, expires_at, revoked_at FROM machine
         WHERE kind = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid[] IS NULL OR organizer_id = ANY($3))
           AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5))
         ORDER BY created_at, id LIMIT $6",
        wanted.kind.name(),
        wanted.id,
        wanted.of.as_deref(),
        wanted.after.map(|(at, _)| time::sql(at)) as Option<jiff_sqlx::Timestamp>,
        wanted.after.map(|(_, id)| id),
        wanted.limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| MachineRecord {
            id: row.id,
            organizer_id: row.organizer_id,
            name: row.name,
            prefix: row.prefix,
            scopes: row.scopes.iter().filter_map(|word| Scope::from_word(word)).collect(),
            show_id: row.show_id,
            created_at: row.created_at.to_jiff(),
            last_used_at: row.last_used_at.map(jiff_sqlx::Timestamp::to_jiff),
            expires_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
            revoked_at: row.revoked_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect())
}

/// Makes a key or a device and returns what it shows: this is the only time that it is seen.
///
/// # Errors
/// When the database does not answer or there is no randomness.
pub async fn insert_machine(connection: &mut PgConnection, new: &NewMachine) -> Result<String, AccountsError> {
    let prefix = format!("{}_{}", new.kind.mark(), ids::readable_code(&ids::random_bytes::<16>()?, 8).to_lowercase());
    let token = format!("{prefix}_{}", ids::random_secret()?);
    let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.word().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO machine (id, organizer_id, kind, name, prefix, hash, scopes, show_id, made_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id,
        new.organizer,
        new.kind.name(),
        new.name,
        prefix,
        hash(&token),
        &scopes,
        new.show,
        new.made_by,
        new.expires_at.map(time::sql) as Option<jiff_sqlx::Timestamp>
    )
    .execute(connection)
    .await?;
    Ok(token)
}

/// From now on it proves nothing. False where it was so already.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_machine(connection: &mut PgConnection, id: Uuid) -> Result<bool, DbFault> {
    let done = sqlx::query!("UPDATE machine SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
