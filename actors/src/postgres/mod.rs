//! The journal, the summaries and the lease in Postgres. Only this module speaks SQL.
//!
//! Three connections' worth of work, each on a thread that outlives the HTTP server, because a connection's I/O dies with the
//! runtime that opened it: the writer (group commit), the store (acquire, load, snapshots, summaries), the lease.

mod lease;
mod page;
mod reader;
mod store;
mod summaries;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use aisle_core::{Entry, Seq, ShowId};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};
use tokio::sync::oneshot;

use crate::journal::{BoxFuture, Epoch, Journal, JournalError, Line, NodeId, Recovered, Snapshot};
use crate::summary::StoreError;

pub use lease::{LeaseConfig, NodeLease};
pub use summaries::PostgresSummaries;

use store::Store;
use writer::Writer;

/// The server ends a statement after so long, so that a lost backend holds its locks no longer.
const STATEMENT_TIMEOUT: &str = "10s";

/// The journal in Postgres, for one node.
#[derive(Debug)]
pub struct PostgresJournal {
    writer: Writer,
    store: Store,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl PostgresJournal {
    /// Connects, and starts the writer's and the store's threads. The tables must be there.
    ///
    /// # Errors
    /// The database cannot be reached, or the operating system gave no thread.
    pub async fn connect(options: PgConnectOptions, node: NodeId) -> Result<Self, StoreError> {
        let options = options.options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("idle_in_transaction_session_timeout", STATEMENT_TIMEOUT),
        ]);
        let (store, store_thread) = Store::start(options.clone(), node).await?;
        let (writer, writer_thread) = Writer::start(options, node).await?;
        Ok(Self { writer, store, threads: Mutex::new(vec![store_thread, writer_thread]) })
    }

    /// The summaries, over the store's connections.
    #[must_use]
    pub fn summaries(&self) -> PostgresSummaries {
        PostgresSummaries::new(self.store.clone())
    }

    /// Finishes what was begun, closes the connections and ends the threads. Call it after the shows have stopped; what is asked
    /// afterwards is answered `Unknown`.
    pub async fn close(&self) {
        self.writer.stop().await;
        self.store.stop().await;
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // Both have said that they are done.
            let _ = thread.join();
        }
    }
}

impl Journal for PostgresJournal {
    fn acquire(&self, show: ShowId) -> BoxFuture<'_, Result<Epoch, JournalError>> {
        Box::pin(self.store.run(show, move |store| async move { store::acquire(&store, show).await }))
    }

    fn load(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>> {
        Box::pin(self.store.run(show, move |store| async move { reader::load(&store, show, true).await }))
    }

    fn load_whole(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>> {
        Box::pin(self.store.run(show, move |store| async move { reader::load(&store, show, false).await }))
    }

    fn lines(&self, show: ShowId, after: Seq, max: usize) -> BoxFuture<'_, Result<Vec<Line>, JournalError>> {
        Box::pin(self.store.run(show, move |store| async move { reader::lines(&store, show, after, max).await }))
    }

    fn snapshot(&self, show: ShowId, until: Seq) -> BoxFuture<'_, Result<Option<Snapshot>, JournalError>> {
        Box::pin(self.store.run(show, move |store| async move { reader::snapshot(&store, show, until).await }))
    }

    fn heads(&self, shows: Vec<ShowId>) -> BoxFuture<'_, Result<Vec<(ShowId, Seq)>, StoreError>> {
        Box::pin(self.store.run_any(move |store| async move { reader::heads(&store, shows).await }))
    }

    fn append(&self, show: ShowId, epoch: Epoch, entries: Arc<[Entry]>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.writer.append(show, epoch, entries))
    }

    fn save_snapshot(&self, show: ShowId, epoch: Epoch, snapshot: Snapshot) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(
            self.store
                .run(show, move |store| async move { store::save_snapshot(&store, show, epoch, &snapshot).await }),
        )
    }

    fn hand_over(&self, show: ShowId, epoch: Epoch) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.store.run(show, move |store| async move { store::hand_over(&store, show, epoch).await }))
    }
}

/// What an SQL failure means. Only an error that the server reports and survives is a definite no: whatever ends the session
/// may have ended it after the commit.
fn is_definite_no(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|error| error.severity() == PgSeverity::Error && !error.code().starts_with("08"))
}

fn fault(show: ShowId, error: sqlx::Error) -> JournalError {
    if is_definite_no(&error) {
        JournalError::Refused { show, cause: error.into() }
    } else {
        JournalError::Unknown { show, cause: error.into() }
    }
}

/// A thread with a current-thread runtime that runs `work` to its end. `work` says through its sender whether it could begin.
async fn thread_with_runtime<T, W, F>(name: &str, work: W) -> Result<(T, JoinHandle<()>), StoreError>
where
    T: Send + 'static,
    W: FnOnce(oneshot::Sender<Result<T, StoreError>>) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    let (begun, has_begun) = oneshot::channel();
    let run = move || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work(begun)),
        Err(error) => {
            let _ = begun.send(Err(StoreError::new(error)));
        }
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(StoreError::new)?;
    let begun = has_begun.await.map_err(StoreError::new)??;
    Ok((begun, thread))
}
