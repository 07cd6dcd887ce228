//! The lease: this process's right to own shows, on the database's clock, renewed on a connection of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aisle_core::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::sync::{mpsc, oneshot};

use super::thread_with_runtime;
use crate::clock::{Clock, Ticks};
use crate::journal::NodeId;
use crate::summary::StoreError;

/// How long a lease lasts, and how often it is renewed.
#[derive(Clone, Copy, Debug)]
pub struct LeaseConfig {
    /// After so long without a renewal, others may take over our shows. Ten seconds survive a restart of the network.
    pub lease_ms: i64,
    /// Three tries to renew fit into a lease.
    pub renew_every_ms: u64,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self { lease_ms: 10_000, renew_every_ms: 3_000 }
    }
}

/// A renewal that takes longer than this is given up and begun again on a new connection.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(3);
/// After a failure the next try comes soon: the lease is running.
const RETRY_AFTER: Duration = Duration::from_millis(300);

/// This process's lease. Ends with [`NodeLease::leave`], or by itself when the process is gone.
#[derive(Debug)]
pub struct NodeLease {
    node: NodeId,
    calls: mpsc::Sender<Call>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
enum Call {
    Supersede(NodeId, oneshot::Sender<Result<(), StoreError>>),
    Leave(oneshot::Sender<()>),
}

impl NodeLease {
    /// Joins: inserts the node's row, tells `clock` the database's time, and renews from then on.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn join(
        options: PgConnectOptions,
        node: NodeId,
        name: &str,
        clock: Arc<Clock>,
    ) -> Result<Self, StoreError> {
        Self::join_with(options, node, name, clock, LeaseConfig::default()).await
    }

    /// [`NodeLease::join`] with other times.
    ///
    /// # Errors
    /// As there.
    pub async fn join_with(
        options: PgConnectOptions,
        node: NodeId,
        name: &str,
        clock: Arc<Clock>,
        config: LeaseConfig,
    ) -> Result<Self, StoreError> {
        let (calls, waiting) = mpsc::channel(8);
        let name = name.to_owned();
        let ((), thread) = thread_with_runtime("aisle-lease", move |begun| async move {
            let mut keeper = Keeper { options, node, name, clock, config, connection: None };
            match keeper.join().await {
                Ok(()) => {
                    let _ = begun.send(Ok(()));
                    keeper.run(waiting).await;
                }
                Err(error) => {
                    let _ = begun.send(Err(StoreError::new(error)));
                }
            }
        })
        .await?;
        Ok(Self { node, calls, thread: Mutex::new(Some(thread)) })
    }

    /// Whose lease it is.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Ends the lease of a process that is known to be dead: one that held the data directory which is now ours alone. Its shows
    /// may be acquired at once.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn supersede(&self, old: NodeId) -> Result<(), StoreError> {
        let (sender, answer) = oneshot::channel();
        self.calls.send(Call::Supersede(old, sender)).await.map_err(StoreError::new)?;
        answer.await.map_err(StoreError::new)?
    }

    /// Ends the lease and the thread. Call it after the shows have stopped. The second call does nothing.
    pub async fn leave(&self) {
        let (sender, left) = oneshot::channel();
        if self.calls.send(Call::Leave(sender)).await.is_ok() {
            let _ = left.await;
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

struct Keeper {
    options: PgConnectOptions,
    node: NodeId,
    name: String,
    clock: Arc<Clock>,
    config: LeaseConfig,
    connection: Option<PgConnection>,
}

// Also for one whose lease had ended, and whose row may be gone: who sleeps for more than a day is forgotten by whoever joins meanwhile.
const JOIN: &str = "
INSERT INTO node (id, name, lease_until) VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond')
ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// Nodes of yesterday that no show names any more.
const FORGET: &str = "
DELETE FROM node n WHERE n.lease_until < now() - interval '1 day'
    AND NOT EXISTS (SELECT 1 FROM show_owner o WHERE o.node_id = n.id)";

// A lease that has ended is not renewed: somebody may have acted on its end already. The row is locked by a statement of its
// own before, so that the comparison here is made after whoever looked at it has finished.
const RENEW: &str = "
UPDATE node SET lease_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
WHERE id = $1 AND lease_until > clock_timestamp()
RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

const LOCK: &str = "SELECT 1 FROM node WHERE id = $1 FOR NO KEY UPDATE";

const END: &str = "UPDATE node SET lease_until = clock_timestamp() WHERE id = $1 AND lease_until > clock_timestamp()";

impl Keeper {
    async fn join(&mut self) -> Result<(), sqlx::Error> {
        let mut connection = self.options.connect().await?;
        sqlx::query(FORGET).execute(&mut connection).await?;
        let asked = self.clock.ticks();
        let row = sqlx::query(JOIN)
            .bind(self.node.0)
            .bind(&self.name)
            .bind(self.config.lease_ms)
            .fetch_one(&mut connection)
            .await?;
        self.told(asked, row.try_get(0)?);
        self.connection = Some(connection);
        Ok(())
    }

    async fn run(mut self, mut calls: mpsc::Receiver<Call>) {
        let mut wait = Duration::from_millis(self.config.renew_every_ms);
        let left = loop {
            let call = tokio::select! {
                biased;
                call = calls.recv() => Some(call),
                () = tokio::time::sleep(wait) => None,
            };
            match call {
                None => match tokio::time::timeout(RENEWAL_TIMEOUT, self.renew()).await {
                    Ok(Ok(())) => wait = Duration::from_millis(self.config.renew_every_ms),
                    failed => {
                        match failed {
                            Ok(Err(error)) => tracing::warn!(error = %error, "Could not renew the lease; trying again"),
                            Ok(Ok(())) | Err(_) => tracing::warn!("Renewing the lease took too long; trying again"),
                        }
                        self.connection = None;
                        wait = RETRY_AFTER;
                    }
                },
                Some(Some(Call::Supersede(old, answer))) => {
                    let outcome = self.end(old).await.map_err(StoreError::new);
                    let _ = answer.send(outcome);
                }
                Some(Some(Call::Leave(sender))) => break Some(sender),
                Some(None) => break None,
            }
        };
        self.clock.lease_lost();
        if let Err(error) = self.end(self.node).await {
            tracing::warn!(error = %error, "Could not end the lease; it ends by itself");
        }
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
        if let Some(left) = left {
            let _ = left.send(());
        }
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        Ok(match &mut self.connection {
            Some(connection) => connection,
            empty => empty.insert(self.options.connect().await?),
        })
    }

    async fn renew(&mut self) -> Result<(), sqlx::Error> {
        let (node, lease_ms, clock) = (self.node.0, self.config.lease_ms, Arc::clone(&self.clock));
        let name = self.name.clone();
        let mut transaction = self.connection().await?.begin().await?;
        sqlx::query(LOCK).bind(node).execute(&mut *transaction).await?;
        let mut asked = clock.ticks();
        let row = match sqlx::query(RENEW).bind(node).bind(lease_ms).fetch_optional(&mut *transaction).await? {
            Some(row) => row,
            None => {
                tracing::error!(node = %node, "The lease had ended before it was renewed; every show is acquired anew");
                clock.lease_lost();
                asked = clock.ticks();
                sqlx::query(JOIN).bind(node).bind(name).bind(lease_ms).fetch_one(&mut *transaction).await?
            }
        };
        let db_now: i64 = row.try_get(0)?;
        let answered = clock.ticks();
        transaction.commit().await?;
        // Only now is it true.
        self.told_between(asked, answered, db_now);
        Ok(())
    }

    async fn end(&mut self, node: NodeId) -> Result<(), sqlx::Error> {
        let mut transaction = self.connection().await?.begin().await?;
        sqlx::query(LOCK).bind(node.0).execute(&mut *transaction).await?;
        sqlx::query(END).bind(node.0).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    fn told(&self, asked: Ticks, db_now: i64) {
        self.told_between(asked, self.clock.ticks(), db_now);
    }

    fn told_between(&self, asked: Ticks, answered: Ticks, db_now: i64) {
        self.clock.synced(Timestamp(db_now), asked, answered);
        // Counted from before the question was sent, and a tenth shorter: ours must end before the database's does.
        self.clock.lease_renewed(Ticks(asked.0 + self.config.lease_ms / 10 * 9));
    }
}
