//! Rotating keys, and sealing all of them under another installation's secret. Works beside running servers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::{InstallationSecret, KeysError, Purpose};
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::ids;

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The newest of its purpose.
    Current,
    /// Rotated: what it signed still proves something.
    Verifies,
    /// Proves nothing any more; its bytes are gone.
    Retired,
}

/// A key, without its bytes.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its id.
    pub kid: String,
    /// What it is for.
    pub purpose: String,
    /// Where it stands.
    pub standing: Standing,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What resealing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Keys that were sealed with the old secret until now.
    pub moved: usize,
    /// Keys that were sealed with the new one already, by an earlier attempt.
    pub already: usize,
}

/// What is done here is done by whoever has the machine.
async fn record(connection: &mut PgConnection, entry: Entry) -> Result<(), KeysError> {
    audit::security(connection, Severity::Notice, entry).await.map_err(|DbFault(error)| KeysError::Database(error))
}

fn new_key(secret: &InstallationSecret) -> Result<(String, Vec<u8>), KeysError> {
    let kid = URL_SAFE_NO_PAD.encode(ids::random_bytes::<6>()?);
    let sealed = secret.seal(&kid, &ids::random_bytes::<32>()?)?;
    Ok((kid, sealed))
}

/// Makes a key of this purpose where there is none. Processes that start together: the first one's key stays.
pub(super) async fn make_first(pool: &PgPool, purpose: Purpose, secret: &InstallationSecret) -> Result<(), KeysError> {
    let (kid, sealed) = new_key(secret)?;
    sqlx::query!(
        "INSERT INTO server_key (kid, purpose, sealed) VALUES ($1, $2, $3)
         ON CONFLICT (purpose) WHERE retired_at IS NULL DO NOTHING",
        kid,
        purpose.name(),
        sealed
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// All keys, by purpose, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(pool: &PgPool) -> Result<Vec<Kept>, KeysError> {
    let rows = sqlx::query!(
        "SELECT kid, purpose, retired_at IS NOT NULL AS \"old!\", ended_at IS NOT NULL AS \"ended!\",
                created_at AS \"created_at: jiff_sqlx::Timestamp\"
         FROM server_key ORDER BY purpose, created_at, kid"
    )
    .fetch_all(pool)
    .await?;
    let standing = |old, ended| match (old, ended) {
        (_, true) => Standing::Retired,
        (true, false) => Standing::Verifies,
        (false, false) => Standing::Current,
    };
    let kept = rows.into_iter().map(|row| Kept {
        standing: standing(row.old, row.ended),
        kid: row.kid,
        purpose: row.purpose,
        created_at: row.created_at.to_jiff(),
    });
    Ok(kept.collect())
}

/// Makes the next key of a purpose; running servers sign with it once all of them know it. Returns its id.
///
/// # Errors
/// When the database does not answer, or its keys were sealed with another secret: a key that no server could open must not
/// be made.
pub async fn rotate(pool: &PgPool, purpose: Purpose, secret: &InstallationSecret) -> Result<String, KeysError> {
    let (kid, sealed) = new_key(secret)?;
    let mut tx = pool.begin().await?;
    let rows = sqlx::query!("SELECT kid, sealed FROM server_key WHERE ended_at IS NULL ORDER BY kid FOR UPDATE")
        .fetch_all(&mut *tx)
        .await?;
    for row in rows {
        secret.open(&row.kid, &row.sealed)?;
    }
    sqlx::query!("UPDATE server_key SET retired_at = now() WHERE purpose = $1 AND retired_at IS NULL", purpose.name())
        .execute(&mut *tx)
        .await?;
    sqlx::query!("INSERT INTO server_key (kid, purpose, sealed) VALUES ($1, $2, $3)", kid, purpose.name(), sealed)
        .execute(&mut *tx)
        .await?;
    record(
        &mut tx,
        Entry::new(Actor::Operator, "server_key.rotated").on("server_key", &kid).with("purpose", purpose.name()),
    )
    .await?;
    tx.commit().await?;
    Ok(kid)
}

/// Ends a rotated key: what it signed proves nothing any more, and its bytes are gone.
///
/// # Errors
/// `InUse` for a purpose's newest, `Seals` for one that sealed other secrets, `UnknownKey` for what is no key or retired.
pub async fn retire(pool: &PgPool, kid: &str) -> Result<(), KeysError> {
    let mut tx = pool.begin().await?;
    let row = sqlx::query!(
        "SELECT purpose, retired_at IS NULL AS \"current!\" FROM server_key
         WHERE kid = $1 AND ended_at IS NULL FOR UPDATE",
        kid
    )
    .fetch_optional(&mut *tx)
    .await?;
    let row = row.ok_or_else(|| KeysError::UnknownKey(kid.to_owned()))?;
    if row.current {
        return Err(KeysError::InUse(kid.to_owned()));
    }
    if row.purpose == Purpose::Seal.name() {
        return Err(KeysError::Seals(kid.to_owned()));
    }
    sqlx::query!("UPDATE server_key SET ended_at = now(), sealed = '' WHERE kid = $1", kid).execute(&mut *tx).await?;
    record(&mut tx, Entry::new(Actor::Operator, "server_key.retired").on("server_key", kid)).await?;
    tx.commit().await?;
    Ok(())
}

/// Seals every key with `new` that is sealed with `old`, all of them or none. What was sealed with `new` already is left as it
/// is, so that an attempt can be repeated.
///
/// # Errors
/// When a key opens with neither, and then nothing has changed.
pub async fn reseal(pool: &PgPool, old: &InstallationSecret, new: &InstallationSecret) -> Result<Resealed, KeysError> {
    let mut tx = pool.begin().await?;
    let rows = sqlx::query!("SELECT kid, sealed FROM server_key WHERE ended_at IS NULL ORDER BY kid FOR UPDATE")
        .fetch_all(&mut *tx)
        .await?;
    let mut done = Resealed { moved: 0, already: 0 };
    for row in rows {
        if new.open(&row.kid, &row.sealed).is_ok() {
            done.already += 1;
            continue;
        }
        let sealed = new.seal(&row.kid, &old.open(&row.kid, &row.sealed)?)?;
        sqlx::query!("UPDATE server_key SET sealed = $2 WHERE kid = $1", row.kid, sealed).execute(&mut *tx).await?;
        done.moved += 1;
    }
    if done.moved > 0 {
        let moved = i64::try_from(done.moved).unwrap_or(i64::MAX);
        record(&mut tx, Entry::new(Actor::Operator, "server_keys.resealed").with("keys", moved)).await?;
    }
    tx.commit().await?;
    Ok(done)
}
