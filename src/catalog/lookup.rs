//! What other rooms ask of the catalogue by a show's id.

use std::sync::Arc;

use aisle_actors::core::ShowId;
use quick_cache::sync::Cache;
use sqlx::PgPool;
use uuid::Uuid;

use crate::platform::db::DbFault;

/// Of so many shows it is remembered whose they are: some megabyte.
const OWNERS_MAX: usize = 10_000;

/// The catalogue, in the database.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub(super) pool: PgPool,
    /// Whose a show is. It stays theirs for ever, so nothing here is ever out of date.
    owners: Arc<Cache<Uuid, Uuid>>,
}

impl Catalog {
    /// The catalogue behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, owners: Arc::new(Cache::new(OWNERS_MAX)) }
    }

    /// Whose show it is; `None` where there is no such show.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizer_of_show(&self, show: ShowId) -> Result<Option<Uuid>, DbFault> {
        if let Some(known) = self.owners.get(&show.0) {
            return Ok(Some(known));
        }
        let found = sqlx::query_scalar!("SELECT organizer_id FROM show WHERE id = $1", show.0)
            .fetch_optional(&self.pool)
            .await?;
        if let Some(organizer) = found {
            self.owners.insert(show.0, organizer);
        }
        Ok(found)
    }

    /// The plan's category to which the show's price table gives this key; `None` where it has no such price level.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn category_of_level(&self, show: ShowId, level: &str) -> Result<Option<String>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT category FROM price_level WHERE show_id = $1 AND key = $2", show.0, level)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Whose production this is, where it is not put away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizer_of_production(&self, production: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT organizer_id FROM production WHERE id = $1 AND archived_at IS NULL", production)
            .fetch_optional(&self.pool)
            .await?)
    }
}
