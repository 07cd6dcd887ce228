//! The database: pools, migrations, and how its failures are named on the way up.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

/// The database did not do what it was asked: the world failing, not an answer. Carries its source; the boundary logs it once.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer as it should")]
pub struct DbFault(#[from] pub sqlx::Error);

impl DbFault {
    /// The name of the constraint that was violated, where that is what happened.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.0.as_database_error().and_then(sqlx::error::DatabaseError::constraint)
    }
}

/// A pool of connections, under the name that rooms without SQL of their own may say.
pub type Db = PgPool;

/// Whether the database answers at all, within a pool's patience.
pub async fn answers(db: &Db) -> bool {
    sqlx::query_scalar!("SELECT 1 AS \"one!\"").fetch_one(db).await.is_ok()
}

/// A connection that worked so recently is believed to work. Asking each before it is used would be half of all that a rush asks of
/// the database.
const BELIEVED: Duration = Duration::from_secs(1);

/// A pool. A connection's I/O dies with the runtime that opened it, so HTTP handlers and background workers have one each.
#[must_use]
pub fn pool(options: PgConnectOptions, connections_max: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections_max)
        // Long enough for a failover's first seconds, short enough that a buyer is told to try again rather than left hanging.
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(300))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= BELIEVED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        // Compiling a statement costs a second where it costs anything, and saves less: the money desk's list is long to compile and reads few rows.
        .connect_lazy_with(options.options([("jit", "off")]))
}

/// All migrations, in the binary.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Brings the schema up to this version. Processes that start together wait for each other.
///
/// # Errors
/// When the database does not answer, or was migrated by a newer version of Aisle.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool).await
}

/// The other processes whose lease on this database has not ended.
///
/// # Errors
/// When the database does not answer.
pub async fn other_nodes(db: &Db, node: uuid::Uuid) -> Result<Vec<uuid::Uuid>, DbFault> {
    Ok(sqlx::query_scalar!("SELECT id FROM node WHERE id <> $1 AND lease_until > now()", node).fetch_all(db).await?)
}
