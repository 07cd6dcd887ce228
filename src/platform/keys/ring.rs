//! The keys that are in force, as the database has them now.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::PgPool;

use super::{InstallationSecret, KeysError, Purpose, SETTLING_S};

/// One key.
pub(super) struct Key {
    pub purpose: Purpose,
    pub secret: [u8; 32],
}

/// All of them.
pub(super) struct Ring {
    /// Another one each time that they are read.
    pub edition: u64,
    /// What is signed with now.
    pub signing: HashMap<Purpose, String>,
    pub by_kid: HashMap<String, Key>,
}

static EDITIONS: AtomicU64 = AtomicU64::new(0);

impl Ring {
    fn empty() -> Self {
        let edition = EDITIONS.fetch_add(1, Ordering::Relaxed);
        Self { edition, signing: HashMap::new(), by_kid: HashMap::new() }
    }

    pub async fn load(pool: &PgPool, secret: &InstallationSecret) -> Result<Self, KeysError> {
        // A rotated key of access tokens outlives its last token by a little and no longer: who stole it must not sign for ever.
        let rows = sqlx::query!(
            "SELECT kid, purpose, sealed, created_at <= now() - make_interval(secs => $1) AS \"settled!\" FROM server_key
             WHERE ended_at IS NULL
               AND (purpose <> 'access' OR retired_at IS NULL OR retired_at > now() - interval '1 hour')
             ORDER BY created_at",
            f64::from(SETTLING_S)
        )
        .fetch_all(pool)
        .await?;
        let mut ring = Self::empty();
        for row in rows {
            // A newer version's purpose is that version's.
            let Some(purpose) = Purpose::from_name(&row.purpose) else { continue };
            let opened = secret.open(&row.kid, &row.sealed)?;
            // The newest that every process knows by now; the oldest where none is old enough.
            if row.settled || !ring.signing.contains_key(&purpose) {
                ring.signing.insert(purpose, row.kid.clone());
            }
            ring.by_kid.insert(row.kid, Key { purpose, secret: opened });
        }
        Ok(ring)
    }

    /// One key of each, for tests without a database.
    #[cfg(test)]
    pub fn planted(purposes: &[Purpose]) -> Self {
        let mut ring = Self::empty();
        for (at, &purpose) in purposes.iter().enumerate() {
            ring.signing.insert(purpose, format!("k{at}"));
            ring.by_kid.insert(format!("k{at}"), Key { purpose, secret: [at as u8; 32] });
        }
        ring
    }
}
