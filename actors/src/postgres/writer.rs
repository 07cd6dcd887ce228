//! The writer: gathers what all the shows of this process have ready, and writes it in one statement per commit.
//!
//! There is no timer to tune: while one commit is on its way, the next batch fills.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use aisle_core::{Entry, ShowId};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{is_definite_no, thread_with_runtime};
use crate::clock::Stopwatch;
use crate::journal::{Epoch, JournalError, NodeId};
use crate::metrics;
use crate::summary::StoreError;

/// Rows in one statement: some megabytes of JSON at the most; a commit this large takes tens of milliseconds.
const ROWS_MAX: usize = 4_096;
/// Appends that wait for the next commit. Each show has one on its way at most, so this is shows awake.
const WAITING_MAX: usize = 8_192;
/// Longer than the server's own limit for a statement: after it, only the network can be to blame.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(12);
/// A database that refuses connections is asked again so often.
const RECONNECT_AFTER: Duration = Duration::from_millis(200);

// The owner rows are locked first, in the order of their shows, so that two writers cannot wait for each other; `acquire` waits
// for these locks, and whoever waited here for an `acquire` finds another epoch and does not match any more. Comparing the epoch
// in the insert alone would let an append that was on its way land after the next owner had loaded.
const APPEND: &str = "
WITH wanted AS (
    SELECT * FROM UNNEST($1::uuid[], $2::bigint[]) AS w(show_id, epoch)
), owned AS MATERIALIZED (
    SELECT o.show_id, o.epoch
    FROM show_owner o JOIN wanted w ON w.show_id = o.show_id
    WHERE o.epoch = w.epoch AND o.node_id = $3
    ORDER BY o.show_id
    FOR KEY SHARE OF o
), written AS (
    INSERT INTO journal (show_id, seq, epoch, at, event)
    SELECT e.show_id, e.seq, owned.epoch, 'epoch'::timestamptz + e.at * interval '1 millisecond', e.event::jsonb
    FROM UNNEST($4::uuid[], $5::bigint[], $6::bigint[], $7::text[]) AS e(show_id, seq, at, event)
    JOIN owned ON owned.show_id = e.show_id
)
SELECT show_id FROM owned";

#[derive(Debug)]
struct Job {
    show: ShowId,
    epoch: Epoch,
    entries: Arc<[Entry]>,
    reply: oneshot::Sender<Result<(), JournalError>>,
}

#[derive(Debug)]
enum Call {
    Append(Job),
    Stop(oneshot::Sender<()>),
}

/// The way to the writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    calls: mpsc::Sender<Call>,
}

impl Writer {
    pub(super) async fn start(options: PgConnectOptions, node: NodeId) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (calls, waiting) = mpsc::channel(WAITING_MAX);
        let ((), thread) = thread_with_runtime("aisle-journal", move |begun| async move {
            match options.connect().await {
                Ok(connection) => {
                    let _ = begun.send(Ok(()));
                    let connection = Some(connection);
                    Work { options, node, connection, waiting, put_off: VecDeque::new() }.run().await;
                }
                Err(error) => {
                    let _ = begun.send(Err(StoreError::new(error)));
                }
            }
        })
        .await?;
        Ok((Self { calls }, thread))
    }

    pub(super) async fn append(&self, show: ShowId, epoch: Epoch, entries: Arc<[Entry]>) -> Result<(), JournalError> {
        if entries.is_empty() {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        let gone = || JournalError::Unknown { show, cause: "the journal's writer has stopped".into() };
        self.calls.send(Call::Append(Job { show, epoch, entries, reply })).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub(super) async fn stop(&self) {
        let (sender, stopped) = oneshot::channel();
        if self.calls.send(Call::Stop(sender)).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

/// What goes with the next commit: one append of each show at most.
#[derive(Default)]
struct Batch {
    jobs: Vec<Job>,
    shows: HashSet<ShowId>,
    rows: usize,
}

struct Work {
    options: PgConnectOptions,
    node: NodeId,
    connection: Option<PgConnection>,
    waiting: mpsc::Receiver<Call>,
    /// A second append of one show, which only a rebuilt show can have: it goes with the next commit.
    put_off: VecDeque<Job>,
}

impl Work {
    async fn run(mut self) {
        let mut stopped = None;
        while stopped.is_none() {
            let mut batch = Batch::default();
            let put_off = std::mem::take(&mut self.put_off);
            for job in put_off {
                self.take(job, &mut batch);
            }
            if batch.jobs.is_empty() {
                match self.waiting.recv().await {
                    Some(Call::Append(job)) => self.take(job, &mut batch),
                    Some(Call::Stop(sender)) => stopped = Some(sender),
                    None => break,
                }
            }
            while batch.rows < ROWS_MAX && stopped.is_none() {
                match self.waiting.try_recv() {
                    Ok(Call::Append(job)) => self.take(job, &mut batch),
                    Ok(Call::Stop(sender)) => stopped = Some(sender),
                    Err(_) => break,
                }
            }
            if !batch.jobs.is_empty() {
                self.commit_batch(batch.jobs).await;
            }
        }
        if let Some(connection) = self.connection.take() {
            // Everything is answered; a server that is gone does not mind.
            let _ = connection.close().await;
        }
        if let Some(stopped) = stopped {
            let _ = stopped.send(());
        }
    }

    fn take(&mut self, job: Job, batch: &mut Batch) {
        if batch.shows.insert(job.show) {
            batch.rows += job.entries.len();
            batch.jobs.push(job);
        } else {
            self.put_off.push_back(job);
        }
    }

    async fn commit_batch(&mut self, batch: Vec<Job>) {
        match self.commit(&batch).await {
            Ok(durable) => {
                for job in batch {
                    let show = job.show;
                    let outcome = if durable.contains(&show.0) { Ok(()) } else { Err(JournalError::Fenced { show }) };
                    let _ = job.reply.send(outcome);
                }
            }
            Err(error) if is_definite_no(&error) && batch.len() > 1 => {
                tracing::warn!(error = %error, shows = batch.len(), "A commit was refused; repeating it show by show");
                for job in batch {
                    // The same again, alone: at most one of them is the bad one.
                    Box::pin(self.commit_batch(vec![job])).await;
                }
            }
            Err(error) => {
                let definite = is_definite_no(&error);
                let cause = Arc::new(error);
                for job in batch {
                    let (show, cause) = (job.show, Box::new(Arc::clone(&cause)));
                    let _ = job.reply.send(Err(if definite {
                        JournalError::Refused { show, cause }
                    } else {
                        JournalError::Unknown { show, cause }
                    }));
                }
            }
        }
    }

    /// One statement, one commit. Returns the shows that matched: they are durable, the others are fenced.
    async fn commit(&mut self, batch: &[Job]) -> Result<HashSet<Uuid>, sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            // Not connected means not sent; yet a show that hears "no" and one that hears "unknown" do the same.
            empty => empty.insert(connect(&self.options).await?),
        };
        let watch = Stopwatch::start();
        let rows: usize = batch.iter().map(|job| job.entries.len()).sum();
        let (mut shows, mut epochs) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        let (mut of_show, mut seqs) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let (mut moments, mut events) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for job in batch {
            shows.push(job.show.0);
            epochs.push(job.epoch.0);
            for entry in job.entries.iter() {
                of_show.push(job.show.0);
                seqs.push(entry.seq.0.cast_signed());
                moments.push(entry.at.0);
                events.push(serde_json::to_string(&entry.event).map_err(|error| sqlx::Error::Encode(error.into()))?);
            }
        }
        let statement = sqlx::query(APPEND)
            .bind(shows)
            .bind(epochs)
            .bind(self.node.0)
            .bind(of_show)
            .bind(seqs)
            .bind(moments)
            .bind(events)
            .fetch_all(&mut *connection);
        let outcome = match tokio::time::timeout(COMMIT_TIMEOUT, statement).await {
            Ok(outcome) => outcome,
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        };
        metrics::committed(batch.len(), rows, watch.seconds());
        match outcome {
            Ok(durable) => durable.iter().map(|row| row.try_get(0)).collect(),
            Err(error) => {
                if !is_definite_no(&error) {
                    // Whatever it was doing, nobody listens any more.
                    self.connection = None;
                }
                Err(error)
            }
        }
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    match tokio::time::timeout(COMMIT_TIMEOUT, options.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => {
            // Everybody's batch fails meanwhile, and is asked again no sooner than this.
            tokio::time::sleep(RECONNECT_AFTER).await;
            Err(sqlx::Error::Io(std::io::Error::other(error)))
        }
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}
