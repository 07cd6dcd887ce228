//! The store: acquire, keep snapshots, hand over. A few connections on a thread of their own.

use std::future::Future;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use aisle_core::ShowId;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{PgConnection, Row};
use tokio::runtime::Handle;
use tokio::sync::watch;
use uuid::Uuid;

use super::{fault, thread_with_runtime};
use crate::journal::{Epoch, JournalError, NodeId, Snapshot};
use crate::summary::StoreError;

/// Loads at a time: after a failover many shows wake at once, and the database has other work too.
const CONNECTIONS_MAX: u32 = 4;
/// Who waits longer for a connection is told that the journal does not answer.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// The store's runtime and pool. Clone is cheap.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) pool: PgPool,
    pub(super) node: NodeId,
    runtime: Handle,
    stop: Arc<watch::Sender<bool>>,
}

impl Store {
    pub(super) async fn start(options: PgConnectOptions, node: NodeId) -> Result<(Self, JoinHandle<()>), StoreError> {
        thread_with_runtime("aisle-journal-store", move |begun| async move {
            let pool = PgPoolOptions::new()
                .max_connections(CONNECTIONS_MAX)
                .acquire_timeout(CONNECTION_WAIT)
                .connect_with(options)
                .await;
            let pool = match pool {
                Ok(pool) => pool,
                Err(error) => {
                    let _ = begun.send(Err(StoreError::new(error)));
                    return;
                }
            };
            let (stop, mut stopped) = watch::channel(false);
            let store = Self { pool: pool.clone(), node, runtime: Handle::current(), stop: Arc::new(stop) };
            let _ = begun.send(Ok(store));
            // Other tasks run here until the last word.
            let _ = stopped.wait_for(|stop| *stop).await;
            pool.close().await;
        })
        .await
    }

    pub(super) async fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Runs `work` on the store's own thread.
    pub(super) async fn run<T, W, F>(&self, show: ShowId, work: W) -> Result<T, JournalError>
    where
        T: Send + 'static,
        W: FnOnce(Self) -> F + Send,
        F: Future<Output = Result<T, JournalError>> + Send + 'static,
    {
        let task = self.runtime.spawn(work(self.clone()));
        task.await.unwrap_or_else(|error| Err(JournalError::Unknown { show, cause: error.into() }))
    }

    /// The same for what is no show's own.
    pub(super) async fn run_any<T, W, F>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Self) -> F + Send,
        F: Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    {
        let task = self.runtime.spawn(work(self.clone()));
        task.await.map_err(StoreError::new)?.map_err(StoreError::new)
    }
}

/// Two nodes may meet at a show that nobody has owned yet: the one who comes second looks again.
const ACQUIRE_TRIES: usize = 3;

pub(super) async fn acquire(store: &Store, show: ShowId) -> Result<Epoch, JournalError> {
    for _ in 0..ACQUIRE_TRIES {
        match try_acquire(store, show).await {
            Ok(Some(epoch)) => return Ok(epoch),
            Ok(None) => return Err(JournalError::Fenced { show }),
            Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {}
            Err(error) => return Err(fault(show, error)),
        }
    }
    Err(JournalError::Fenced { show })
}

/// `None`: another node's, or our own lease has ended.
async fn try_acquire(store: &Store, show: ShowId) -> Result<Option<Epoch>, sqlx::Error> {
    let mut transaction = store.pool.begin().await?;
    let owner = sqlx::query("SELECT node_id, epoch, handed_over FROM show_owner WHERE show_id = $1 FOR UPDATE")
        .bind(show.0)
        .fetch_optional(&mut *transaction)
        .await?;
    // Read only now: the lock may have been waited for. Not `now()`, which is the time at which the transaction began.
    if !lease_lives(&mut transaction, store.node.0).await? {
        return Ok(None);
    }
    let epoch = match owner {
        None => {
            sqlx::query("INSERT INTO show_owner (show_id, node_id, epoch) VALUES ($1, $2, 1)")
                .bind(show.0)
                .bind(store.node.0)
                .execute(&mut *transaction)
                .await?;
            Epoch(1)
        }
        Some(owner) => {
            let (node, epoch, handed_over): (Uuid, i64, bool) =
                (owner.try_get(0)?, owner.try_get(1)?, owner.try_get(2)?);
            if node != store.node.0 && !handed_over {
                // Its renewal and this look exclude each other; the look comes after the lock, so that it sees what it locked.
                sqlx::query("SELECT 1 FROM node WHERE id = $1 FOR SHARE").bind(node).execute(&mut *transaction).await?;
                if lease_lives(&mut transaction, node).await? {
                    return Ok(None);
                }
            }
            let epoch = epoch + 1;
            sqlx::query(
                "UPDATE show_owner SET node_id = $2, epoch = $3, handed_over = false, acquired_at = clock_timestamp()
                 WHERE show_id = $1",
            )
            .bind(show.0)
            .bind(store.node.0)
            .bind(epoch)
            .execute(&mut *transaction)
            .await?;
            Epoch(epoch)
        }
    };
    transaction.commit().await?;
    Ok(Some(epoch))
}

async fn lease_lives(connection: &mut PgConnection, node: Uuid) -> Result<bool, sqlx::Error> {
    let lives = sqlx::query("SELECT lease_until > clock_timestamp() FROM node WHERE id = $1")
        .bind(node)
        .fetch_optional(connection)
        .await?;
    lives.map_or(Ok(false), |row| row.try_get(0))
}

// Fenced like an append, and only where the journal has got so far.
const SAVE_SNAPSHOT: &str = "
WITH owned AS MATERIALIZED (
    SELECT show_id, epoch FROM show_owner WHERE show_id = $1 AND epoch = $2 AND node_id = $3 FOR KEY SHARE
), kept AS (
    INSERT INTO snapshot (show_id, seq, epoch, taken_at, image)
    SELECT show_id, $4, epoch, 'epoch'::timestamptz + $5::bigint * interval '1 millisecond', $6 FROM owned
    WHERE EXISTS (SELECT 1 FROM journal_page WHERE show_id = $1 AND seq >= $4)
    ON CONFLICT (show_id, seq) DO UPDATE
        SET epoch = excluded.epoch, taken_at = excluded.taken_at, image = excluded.image
    RETURNING show_id
)
SELECT (SELECT count(*) FROM owned), (SELECT count(*) FROM kept)";

// The one before the newest stays, for whoever has to look into a bad one.
const FORGET_SNAPSHOTS: &str = "
DELETE FROM snapshot WHERE show_id = $1 AND seq < (
    SELECT seq FROM snapshot WHERE show_id = $1 ORDER BY seq DESC OFFSET 1 LIMIT 1)";

pub(super) async fn save_snapshot(
    store: &Store,
    show: ShowId,
    epoch: Epoch,
    snapshot: &Snapshot,
) -> Result<(), JournalError> {
    let sql = |error| fault(show, error);
    let row = sqlx::query(SAVE_SNAPSHOT)
        .bind(show.0)
        .bind(epoch.0)
        .bind(store.node.0)
        .bind(snapshot.seq.0.cast_signed())
        .bind(snapshot.taken_at.0)
        .bind(snapshot.image.as_slice())
        .fetch_one(&store.pool)
        .await
        .map_err(sql)?;
    let (owned, kept): (i64, i64) = (row.try_get(0).map_err(sql)?, row.try_get(1).map_err(sql)?);
    if owned == 0 {
        return Err(JournalError::Fenced { show });
    }
    if kept == 0 {
        let cause = format!("the journal has not got to {}", snapshot.seq.0).into();
        return Err(JournalError::Refused { show, cause });
    }
    sqlx::query(FORGET_SNAPSHOTS).bind(show.0).execute(&store.pool).await.map_err(sql)?;
    Ok(())
}

pub(super) async fn hand_over(store: &Store, show: ShowId, epoch: Epoch) -> Result<(), JournalError> {
    sqlx::query("UPDATE show_owner SET handed_over = true WHERE show_id = $1 AND epoch = $2 AND node_id = $3")
        .bind(show.0)
        .bind(epoch.0)
        .bind(store.node.0)
        .execute(&store.pool)
        .await
        .map_err(|error| fault(show, error))?;
    Ok(())
}
