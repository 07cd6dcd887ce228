//! The writer: gathers what all the shows of this process have ready, and writes it in one statement per commit.
//!
//! There is no timer to tune: while one commit is on its way, the next batch fills. Where many shows are busy it is given a moment
//! more to fill, a part of what the last commit took: else those that hear of that commit first would have one to themselves.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use aisle_core::{Entry, ShowId};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{is_definite_no, page, thread_with_runtime};
use crate::clock::Stopwatch;
use crate::journal::{Epoch, JournalError, NodeId};
use crate::metrics;
use crate::summary::StoreError;

/// Events in one statement: about a megabyte of JSON; a commit this large takes tens of milliseconds.
const EVENTS_MAX: usize = 4_096;
/// Appends that wait for the next commit. Each show has one on its way at most, so this is shows awake.
const WAITING_MAX: usize = 8_192;
/// Longer than the server's own limit for a statement: after it, only the network can be to blame.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(12);
/// So many shows in one commit, and many are busy.
const MANY: usize = 8;
/// This part of the time that the last commit took is waited for more, where it brought many and twice as many as wait now.
const WAIT_PART: u32 = 4;
/// But never longer than this.
const WAIT_MAX: Duration = Duration::from_millis(1);
/// A database that refuses connections is asked again so often.
const RECONNECT_AFTER: Duration = Duration::from_millis(200);

// The owner rows are locked first, in the order of their shows, so that two writers cannot wait for each other; `acquire` waits
// for these locks, and whoever waited here for an `acquire` finds another epoch and does not match any more. Comparing the epoch
// in the insert alone would let an append that was on its way land after the next owner had loaded. A page that does not go on
// where its show's journal ends is not written. What is ours and what was written are told as two lists in one row and put together
// here: Postgres, which knows nothing of how many there are, would compare each with each.
//
// Each owner is looked up by its show and by nothing else, whatever Postgres believes of a table that was empty when it planned this:
// a subquery with a lock is joined as it stands, and `IS NOT DISTINCT FROM` is no way to the index of a node's shows. As a join it was
// once each owner with each page: docs/PERFORMANCE.md, "A thousand shows instead of one".
const APPEND: &str = "
WITH wanted AS (
    SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
        AS w(show_id, epoch, first, seq, at, events)
), owned AS MATERIALIZED (
    SELECT w.*
    FROM (SELECT * FROM wanted ORDER BY show_id) w CROSS JOIN LATERAL (
        SELECT FROM show_owner o
        WHERE o.show_id = w.show_id AND o.epoch = w.epoch AND o.node_id IS NOT DISTINCT FROM $7
        FOR KEY SHARE
    ) o
), written AS (
    INSERT INTO journal_page (show_id, seq, first, epoch, at, events)
    SELECT o.show_id, o.seq, o.first, o.epoch, 'epoch'::timestamptz + o.at * interval '1 millisecond', o.events
    FROM owned o
    WHERE o.first - 1 = coalesce(
        (SELECT p.seq FROM journal_page p WHERE p.show_id = o.show_id ORDER BY p.seq DESC LIMIT 1), 0)
    RETURNING show_id
)
SELECT (SELECT array_agg(show_id) FROM owned), (SELECT array_agg(show_id) FROM written)";

/// Planned once: however many shows a commit brings, the way to each is the same index, also to the first of an empty table.
const PLANNED: [(&str, &str); 2] = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];

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
        let options = options.options(PLANNED);
        let ((), thread) = thread_with_runtime("aisle-journal", move |begun| async move {
            match options.connect().await {
                Ok(connection) => {
                    let _ = begun.send(Ok(()));
                    let connection = Some(connection);
                    let last = Last::default();
                    Work { options, node, connection, waiting, put_off: VecDeque::new(), last }.run().await;
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
    events: usize,
}

struct Work {
    options: PgConnectOptions,
    node: NodeId,
    connection: Option<PgConnection>,
    waiting: mpsc::Receiver<Call>,
    /// A second append of one show, which only a rebuilt show can have: it goes with the next commit.
    put_off: VecDeque<Job>,
    last: Last,
}

/// The last commit.
#[derive(Default)]
struct Last {
    shows: usize,
    took: Duration,
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
            if stopped.is_none() {
                stopped = self.gather(&mut batch);
            }
            let shows = batch.jobs.len();
            if stopped.is_none() && shows > 0 && self.last.shows >= MANY && shows * 2 <= self.last.shows {
                // The thread has nothing else to do, and a runtime's timer knows no part of a millisecond.
                std::thread::sleep((self.last.took / WAIT_PART).min(WAIT_MAX));
                stopped = self.gather(&mut batch);
            }
            if !batch.jobs.is_empty() {
                let (shows, begun) = (batch.jobs.len(), Stopwatch::start());
                self.commit_batch(batch.jobs).await;
                self.last = Last { shows, took: begun.elapsed() };
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

    /// Takes what waits already; whether to stop.
    fn gather(&mut self, batch: &mut Batch) -> Option<oneshot::Sender<()>> {
        while batch.events < EVENTS_MAX {
            match self.waiting.try_recv() {
                Ok(Call::Append(job)) => self.take(job, batch),
                Ok(Call::Stop(sender)) => return Some(sender),
                Err(_) => break,
            }
        }
        None
    }

    fn take(&mut self, job: Job, batch: &mut Batch) {
        if batch.shows.insert(job.show) {
            batch.events += job.entries.len();
            batch.jobs.push(job);
        } else {
            self.put_off.push_back(job);
        }
    }

    async fn commit_batch(&mut self, batch: Vec<Job>) {
        match self.commit(&batch).await {
            Ok(owned) => {
                for job in batch {
                    let show = job.show;
                    let _ = job.reply.send(match owned.get(&show.0) {
                        Some(true) => Ok(()),
                        Some(false) => {
                            Err(JournalError::Refused { show, cause: "it does not end where this begins".into() })
                        }
                        None => Err(JournalError::Fenced { show }),
                    });
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

    /// One statement, one commit. Returns the shows that are ours, and whether their pages are durable; the others are fenced.
    async fn commit(&mut self, batch: &[Job]) -> Result<HashMap<Uuid, bool>, sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            // Not connected means not sent; yet a show that hears "no" and one that hears "unknown" do the same.
            empty => empty.insert(connect(&self.options).await?),
        };
        let watch = Stopwatch::start();
        let events: usize = batch.iter().map(|job| job.entries.len()).sum();
        let mut pages = Pages::default();
        for job in batch {
            pages.add(job)?;
        }
        let statement = sqlx::query(APPEND)
            .bind(pages.shows)
            .bind(pages.epochs)
            .bind(pages.firsts)
            .bind(pages.seqs)
            .bind(pages.moments)
            .bind(pages.events)
            .bind(self.node.0)
            .fetch_one(&mut *connection);
        let outcome = match tokio::time::timeout(COMMIT_TIMEOUT, statement).await {
            Ok(outcome) => outcome,
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        };
        metrics::committed(batch.len(), events, watch.seconds());
        match outcome {
            Ok(row) => {
                // A list of nothing is none.
                let (ours, written): (Option<Vec<Uuid>>, Option<Vec<Uuid>>) = (row.try_get(0)?, row.try_get(1)?);
                let mut owned: HashMap<Uuid, bool> = ours.into_iter().flatten().map(|show| (show, false)).collect();
                owned.extend(written.into_iter().flatten().map(|show| (show, true)));
                Ok(owned)
            }
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

/// Columns of the pages that go with one commit.
#[derive(Default)]
struct Pages {
    shows: Vec<Uuid>,
    epochs: Vec<i64>,
    firsts: Vec<i64>,
    seqs: Vec<i64>,
    moments: Vec<i64>,
    events: Vec<String>,
}

impl Pages {
    fn add(&mut self, job: &Job) -> Result<(), sqlx::Error> {
        let (Some(first), Some(last)) = (job.entries.first(), job.entries.last()) else { return Ok(()) };
        self.shows.push(job.show.0);
        self.epochs.push(job.epoch.0);
        self.firsts.push(first.seq.0.cast_signed());
        self.seqs.push(last.seq.0.cast_signed());
        self.moments.push(last.at.0);
        self.events.push(page::write(&job.entries, last.at).map_err(|error| sqlx::Error::Encode(error.into()))?);
        Ok(())
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

#[cfg(test)]
mod plan;
