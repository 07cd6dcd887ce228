//! The journal, the summaries and the lease in Postgres. Only this module speaks SQL.

use std::sync::Arc;

use aisle_core::{Entry, ShowId, Timestamp};
use sqlx::postgres::PgConnectOptions;

use crate::clock::Clock;
use crate::journal::{BoxFuture, Epoch, Journal, JournalError, NodeId, Recovered, Snapshot};
use crate::summary::{ShowSummary, StoreError, Summaries};

/// The journal in Postgres.
#[derive(Debug)]
pub struct PostgresJournal;

/// The summaries in Postgres.
#[derive(Clone, Debug)]
pub struct PostgresSummaries;

/// This process's lease.
#[derive(Debug)]
pub struct NodeLease;

impl PostgresJournal {
    /// Connects.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn connect(_options: PgConnectOptions, _node: NodeId) -> Result<Self, StoreError> {
        Err(StoreError::new("the Postgres journal is not built yet"))
    }

    /// The summaries, over the same connections.
    #[must_use]
    pub fn summaries(&self) -> PostgresSummaries {
        PostgresSummaries
    }

    /// Finishes what was begun, closes the connections and ends the threads.
    pub async fn close(&self) {}
}

impl NodeLease {
    /// Joins: inserts the node's row, tells `clock` the database's time, and renews from then on.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn join(
        _options: PgConnectOptions,
        _node: NodeId,
        _name: &str,
        _clock: Arc<Clock>,
    ) -> Result<Self, StoreError> {
        Err(StoreError::new("the Postgres lease is not built yet"))
    }

    /// Ends the lease of a process that is known to be dead, because its data directory is ours.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn supersede(&self, _old: NodeId) -> Result<(), StoreError> {
        Err(StoreError::new("the Postgres lease is not built yet"))
    }

    /// Ends the lease: after the shows have stopped.
    pub async fn leave(&self) {}
}

impl Journal for PostgresJournal {
    fn acquire(&self, show: ShowId) -> BoxFuture<'_, Result<Epoch, JournalError>> {
        Box::pin(async move { Err(JournalError::Fenced { show }) })
    }
    fn load(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>> {
        Box::pin(async move { Err(JournalError::Fenced { show }) })
    }
    fn load_whole(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>> {
        Box::pin(async move { Err(JournalError::Fenced { show }) })
    }
    fn append(&self, show: ShowId, _: Epoch, _: Arc<[Entry]>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move { Err(JournalError::Fenced { show }) })
    }
    fn save_snapshot(&self, show: ShowId, _: Epoch, _: Snapshot) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move { Err(JournalError::Fenced { show }) })
    }
    fn hand_over(&self, show: ShowId, _: Epoch) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move { Err(JournalError::Fenced { show }) })
    }
}

impl Summaries for PostgresSummaries {
    fn write(&self, _: Vec<ShowSummary>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Err(StoreError::new("the Postgres summaries are not built yet")) })
    }
    fn due(&self, _: Timestamp) -> BoxFuture<'_, Result<Vec<ShowId>, StoreError>> {
        Box::pin(async { Err(StoreError::new("the Postgres summaries are not built yet")) })
    }
}
