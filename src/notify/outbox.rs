//! The outbox: "say this", in the transaction that made it true, and the worker that says it.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use tokio::sync::{Notify, watch};

use super::deliver::{DELIVERY_TIMEOUT, Delivery};
use super::message::Message;
use super::store::{Ended, Job, Jobs, MailStatus};
use crate::http::error::chain;
use crate::platform::db::DbFault;
use crate::platform::ids;

/// How often a saying is tried before the server gives up: over a day, with the pauses of [`pause_s`].
pub const ATTEMPTS_MAX: i32 = 16;
/// How long a claimed row is left to who claimed it. Composing and delivering take less, so nobody else says it meanwhile.
const CLAIM_S: f64 = 300.0;
/// How long composing may take: reading an order and drawing its tickets.
const COMPOSE_TIMEOUT: Duration = Duration::from_secs(60);
const _: () = assert!(CLAIM_S as u64 > 2 * (COMPOSE_TIMEOUT.as_secs() + DELIVERY_TIMEOUT.as_secs()));
/// How long a row waits at most for a worker that nobody woke.
const POLL: Duration = Duration::from_secs(1);
/// How many are said at a time. A mail server takes half a second for one.
const LANES: usize = 4;

/// Writes that something is to be said, in the caller's transaction: what never became true is never said. `dedup` names
/// the saying ('order_confirmation:<order>'): one of the same name is said once, whoever asks how often. False: it was
/// asked for before, and nothing was written. [`Outbox::wake`] after the commit makes it go out at once.
///
/// # Errors
/// When the database does not answer.
pub async fn put<T: Serialize>(
    connection: &mut PgConnection,
    kind: &str,
    dedup: &str,
    payload: &T,
) -> Result<bool, DbFault> {
    let payload = serde_json::to_value(payload).unwrap_or(Value::Null);
    let done = sqlx::query!(
        "INSERT INTO outbox (id, kind, dedup, payload) VALUES ($1, $2, $3, $4) ON CONFLICT (dedup) DO NOTHING",
        ids::derived_id(&[b"outbox", dedup.as_bytes()]),
        kind,
        dedup,
        payload
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Why something could not be composed. It is tried again.
pub type ComposeError = Box<dyn std::error::Error + Send + Sync>;

type Composing = Pin<Box<dyn Future<Output = Result<Option<Message>, ComposeError>> + Send>>;
type Composer = Arc<dyn Fn(Value) -> Composing + Send + Sync>;

/// Who composes which kind of saying.
#[derive(Clone, Default)]
pub struct Composers(HashMap<&'static str, Composer>);

impl Composers {
    /// The same, and this one composes `kind` from its payload. `None` of a composer: there is nothing to say any more.
    #[must_use]
    pub fn with<F, T>(mut self, kind: &'static str, compose: F) -> Self
    where
        F: Fn(Value) -> T + Send + Sync + 'static,
        T: Future<Output = Result<Option<Message>, ComposeError>> + Send + 'static,
    {
        self.0.insert(kind, Arc::new(move |payload| Box::pin(compose(payload))));
        self
    }
}

/// The worker. Several, in several processes, share one outbox.
#[derive(Clone)]
pub struct Outbox {
    jobs: Jobs,
    composers: Composers,
    delivery: Arc<Delivery>,
    waker: Arc<Notify>,
}

/// How one try ended.
enum Tried {
    Said(Message),
    NothingToSay,
    Failed { problem: String, message: Option<Message>, is_final: bool },
}

impl Outbox {
    /// Over the workers' pool, on the runtime that will run it.
    #[must_use]
    pub fn new(pool: PgPool, composers: Composers, delivery: Delivery) -> Self {
        Self { jobs: Jobs::new(pool), composers, delivery: Arc::new(delivery), waker: Arc::new(Notify::new()) }
    }

    /// Something was put and committed: say it now rather than at the next look.
    pub fn wake(&self) {
        self.waker.notify_one();
    }

    /// Says the next thing that is due. False: nothing is.
    ///
    /// # Errors
    /// When the database does not answer. What was claimed becomes due again after five minutes.
    pub async fn run_once(&self) -> Result<bool, DbFault> {
        let Some(job) = self.jobs.claim(CLAIM_S).await? else { return Ok(false) };
        let tried = if job.attempts > ATTEMPTS_MAX {
            // It was claimed again and again and never came to an end: whoever tries it dies.
            Tried::Failed { problem: "no try came to an end".to_owned(), message: None, is_final: true }
        } else {
            self.attempt(&job).await
        };
        match tried {
            Tried::Said(message) => {
                let status = match *self.delivery {
                    Delivery::Smtp { .. } => MailStatus::Sent,
                    Delivery::Mailbox => MailStatus::Kept,
                };
                count(&job, status.name());
                self.jobs.end(&job, Ended::Said { message: &message, status }).await?;
            }
            Tried::NothingToSay => {
                count(&job, "nothing_to_say");
                self.jobs.end(&job, Ended::NothingToSay).await?;
            }
            Tried::Failed { problem, message, is_final } if is_final || job.attempts >= ATTEMPTS_MAX => {
                count(&job, MailStatus::Failed.name());
                tracing::error!(outbox.id = %job.id, kind = job.kind, error = problem, "Gave up saying something");
                self.jobs.end(&job, Ended::GaveUp { problem: &problem, message: message.as_ref() }).await?;
            }
            Tried::Failed { problem, .. } => {
                count(&job, "put_off");
                tracing::warn!(
                    outbox.id = %job.id, kind = job.kind, attempts = job.attempts, error = problem,
                    "Could not say something; it is tried again"
                );
                self.jobs.put_off(&job, &problem, pause_s(job.attempts)).await?;
            }
        }
        Ok(true)
    }

    async fn attempt(&self, job: &Job) -> Tried {
        let failed = |problem: String| Tried::Failed { problem, message: None, is_final: false };
        let Some(compose) = self.composers.0.get(job.kind.as_str()) else {
            // A newer server may have written it, and will say it.
            return failed(format!("nobody here composes {}", job.kind));
        };
        // A composer that panics would otherwise take its lane with it, and every lane after that.
        let composing = AssertUnwindSafe(async { compose(job.payload.clone()).await }).catch_unwind();
        let message = match tokio::time::timeout(COMPOSE_TIMEOUT, composing).await {
            Ok(Ok(Ok(Some(message)))) => message.cleaned(),
            Ok(Ok(Ok(None))) => return Tried::NothingToSay,
            Ok(Ok(Err(error))) => return failed(chain(&*error)),
            Ok(Err(_)) => return failed("the composer panicked".to_owned()),
            Err(_) => return failed("composing took too long".to_owned()),
        };
        match self.delivery.deliver(&message, job.id, job.created_at).await {
            Ok(()) => Tried::Said(message),
            Err(error) => Tried::Failed { problem: chain(&error), is_final: error.is_final(), message: Some(message) },
        }
    }

    /// Works until told to stop. What is being said then is finished first.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        join_all((0..LANES).map(|_| self.lane(stop.clone()))).await;
    }

    async fn lane(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.run_once().await {
                // Where there was one there may be more; another lane can help.
                Ok(true) => {
                    self.wake();
                    continue;
                }
                Ok(false) => {}
                Err(fault) => tracing::warn!(error = chain(&fault), "The outbox cannot be read"),
            }
            tokio::select! {
                _ = tokio::time::timeout(POLL, self.waker.notified()) => {}
                // The other end is gone: nobody can tell us any more, which means the same.
                changed = stop.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// How long a saying rests after its n-th try failed, in seconds: half a minute, doubled up to four hours.
fn pause_s(attempts: i32) -> f64 {
    let doublings = attempts.clamp(1, 10) - 1;
    (30.0 * f64::from(1 << doublings)).min(4.0 * 3600.0)
}

fn count(job: &Job, outcome: &'static str) {
    metrics::counter!("aisle_outbox_total", "kind" => job.kind.clone(), "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_a_mail_servers_bad_day_is_outlived() {
        assert_eq!(pause_s(1), 30.0);
        assert_eq!(pause_s(2), 60.0);
        assert_eq!(pause_s(i32::MAX), 4.0 * 3600.0);
        let all: f64 = (1..ATTEMPTS_MAX).map(pause_s).sum();
        assert!(all > 24.0 * 3600.0 && all < 48.0 * 3600.0, "{all}");
    }
}
