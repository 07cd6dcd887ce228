//! Commits of one row beside a load: what the database alone takes for the smallest durable thing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use super::clock;
use super::run::Failed;

/// So many a second: enough for a percentile, too few to be a load.
const EVERY: Duration = Duration::from_millis(10);

/// Commits that go on until they are stopped.
pub struct Commits {
    over: Arc<AtomicBool>,
    task: JoinHandle<Result<Histogram<u64>, Failed>>,
}

impl Commits {
    /// Begins, in a table of its own that goes with its connection's database.
    ///
    /// # Errors
    /// Where the database cannot be reached.
    pub async fn begin(url: &str) -> Result<Self, Failed> {
        let mut connection = PgConnection::connect(url).await?;
        connection.execute(AssertSqlSafe("create table if not exists measured_commit (at bigint not null)")).await?;
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let task = tokio::spawn(async move {
            let mut seen = Histogram::new_with_bounds(1, 60_000_000, 3)?;
            let mut number = 0_i64;
            // Measured from when each was due: one that waits behind a slow one waits too.
            let mut due = tokio::time::interval(EVERY);
            while !until.load(Ordering::Relaxed) {
                let begun = due.tick().await;
                number += 1;
                sqlx::query("insert into measured_commit (at) values ($1)")
                    .bind(number)
                    .execute(&mut connection)
                    .await?;
                seen.saturating_record(clock::since_us(begun));
            }
            connection.execute(AssertSqlSafe("drop table if exists measured_commit")).await?;
            Ok(seen)
        });
        Ok(Self { over, task })
    }

    /// Ends, and tells how long each took, in microseconds.
    ///
    /// # Errors
    /// What the database said.
    pub async fn end(self) -> Result<Histogram<u64>, Failed> {
        self.over.store(true, Ordering::Relaxed);
        self.task.await?
    }
}
