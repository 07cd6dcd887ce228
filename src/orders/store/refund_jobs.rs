//! Refunds of whole shows: one row for each order, written when it is decided, so that whoever dies leaves to the next what is
//! left and nothing twice.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Orders, currency, jiff as moment};
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::money::Money;

/// So many failed orders are named at once; the rest follow by `after`.
pub const FAILED_MAX: i64 = 100;
/// How long somebody may be at an order before another takes it for abandoned.
const LEASE_MS: f64 = 20_000.0;

/// How far the refund of a show is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// A worker goes through its orders.
    Running,
    /// Staff have stopped it for a while.
    Paused,
    /// No order is left, but for those that failed.
    Done,
}

impl JobState {
    fn of_word(word: &str) -> Self {
        match word {
            "paused" => Self::Paused,
            "done" => Self::Done,
            _ => Self::Running,
        }
    }
}

/// An order that could not be refunded, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailedOrder {
    /// Which.
    pub order_id: Uuid,
    /// What people call it.
    pub number: String,
    /// Why.
    pub problem: String,
}

/// The refund of a show and how far it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Its id.
    pub id: Uuid,
    /// Of which show.
    pub show_id: Uuid,
    /// How far it is.
    pub state: JobState,
    /// Why, as buyers read it.
    pub reason: String,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub done_at: Option<Timestamp>,
    /// How many orders there are.
    #[schema(minimum = 0)]
    pub total: i64,
    /// How many of them are done: refunded, ended because nobody had paid, or with nothing to give back.
    #[schema(minimum = 0)]
    pub done: i64,
    /// How many of these were refunded.
    #[schema(minimum = 0)]
    pub refunded: i64,
    /// How many nobody had paid.
    #[schema(minimum = 0)]
    pub ended: i64,
    /// How many failed.
    #[schema(minimum = 0)]
    pub failed: i64,
    /// How many are left.
    #[schema(minimum = 0)]
    pub left: i64,
    /// How many were done in the last minute.
    #[schema(minimum = 0)]
    pub per_minute: i64,
    /// How much went back, for this show and others, since it was begun; by currency there is one.
    pub money: Money,
    /// Those that failed, oldest first.
    pub failed_orders: Vec<FailedOrder>,
    /// Where the next failed ones begin; null on the last.
    pub next_failed: Option<Uuid>,
}

/// A refund of a show that is to begin.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: Uuid,
    /// Of which show.
    pub show: Uuid,
    /// Why, as buyers read it.
    pub reason: String,
    /// Who wants it.
    pub by: Uuid,
}

/// A show, as far as the refund of its orders needs it.
#[derive(Clone, Debug)]
pub struct JobShow {
    /// Whose it is.
    pub organizer: Uuid,
    /// Its state's word.
    pub state: String,
}

/// An order that somebody has taken to refund it.
#[derive(Clone, Debug)]
pub struct JobOrder {
    /// By which job.
    pub job: Uuid,
    /// Which.
    pub order: Uuid,
    /// Of which show.
    pub show: Uuid,
    /// Why, as buyers read it.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i32,
}

/// What has become of an order of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its tickets of the show were given back, with their money.
    Refunded,
    /// Nobody had paid it, and nobody will.
    Ended,
    /// There was nothing to give back.
    Nothing,
    /// It is somebody's work.
    Failed(String),
    /// Not yet.
    Later {
        /// When to look again.
        wait_ms: i64,
        /// Why.
        problem: String,
    },
}

impl Orders {
    /// The show whose orders are to be refunded; `None`: there is no such show.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn job_show(&self, show: Uuid) -> Result<Option<JobShow>, DbFault> {
        let row = sqlx::query!(
            "SELECT s.organizer_id, coalesce(m.state, 'draft') AS \"state!\"
             FROM show s LEFT JOIN show_summary m ON m.show_id = s.id WHERE s.id = $1",
            show
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| JobShow { organizer: row.organizer_id, state: row.state }))
    }

    /// Begins the refund of a show, with all its orders. False: one is under way already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_job(&self, new: &NewJob, organizer: Uuid, entry: Entry) -> Result<bool, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let made = sqlx::query!(
            "INSERT INTO refund_job (id, show_id, organizer_id, reason, started_by) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            new.id,
            new.show,
            organizer,
            new.reason,
            new.by
        )
        .execute(&mut *transaction)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        take_orders_in(&mut transaction, new.id).await?;
        audit::record(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Stops a job for a while, or goes on with it; and, going on, takes those up again that failed. False: there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn steer_job(&self, show: Uuid, pause: bool, failed_again: bool, entry: Entry) -> Result<bool, DbFault> {
        let mut transaction = self.pool.begin().await?;
        // The newest: where it is done, going on is trying again what failed.
        let job = sqlx::query!(
            "SELECT id, state FROM refund_job WHERE show_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE",
            show
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(job) = job else { return Ok(false) };
        if pause && job.state == "done" {
            return Ok(false);
        }
        let state = if pause { "paused" } else { "running" };
        if failed_again {
            sqlx::query!(
                "UPDATE refund_job_order SET state = 'waiting', next_try_at = now(), attempts = 0, done_at = NULL
                 WHERE job_id = $1 AND state = 'failed'",
                job.id
            )
            .execute(&mut *transaction)
            .await?;
        }
        let changed = sqlx::query!(
            "UPDATE refund_job SET state = $2, done_at = NULL WHERE id = $1 AND (state <> $2 OR $3)",
            job.id,
            state,
            failed_again
        )
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() > 0 {
            audit::record(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// How far the newest refund of a show is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn job_view(&self, show: Uuid, failed_after: Option<Uuid>) -> Result<Option<JobView>, DbFault> {
        let job = sqlx::query!(
            "SELECT j.id, j.state, j.reason, j.created_at, j.done_at, s.currency
             FROM refund_job j JOIN show s ON s.id = j.show_id
             WHERE j.show_id = $1 ORDER BY j.created_at DESC, j.id DESC LIMIT 1",
            show
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(job) = job else { return Ok(None) };
        let counts = sqlx::query!(
            "SELECT count(*) AS \"total!\",
                    count(*) FILTER (WHERE state = 'waiting') AS \"left!\",
                    count(*) FILTER (WHERE state = 'refunded') AS \"refunded!\",
                    count(*) FILTER (WHERE state = 'ended') AS \"ended!\",
                    count(*) FILTER (WHERE state = 'failed') AS \"failed!\",
                    count(*) FILTER (WHERE state IN ('refunded', 'ended', 'nothing') AND done_at > now() - interval '1 minute')
                        AS \"per_minute!\"
             FROM refund_job_order WHERE job_id = $1",
            job.id
        )
        .fetch_one(&self.pool)
        .await?;
        let money = sqlx::query_scalar!(
            "SELECT coalesce(sum(r.amount), 0)::bigint AS \"sum!\"
             FROM refund_job_order o JOIN refund r ON r.order_id = o.order_id
             WHERE o.job_id = $1 AND o.state = 'refunded' AND r.status IN ('succeeded', 'by_hand') AND r.created_at >= $2",
            job.id,
            job.created_at as jiff_sqlx::Timestamp
        )
        .fetch_one(&self.pool)
        .await?;
        let failed = sqlx::query!(
            "SELECT f.order_id, o.number, f.problem FROM refund_job_order f JOIN orders o ON o.id = f.order_id
             WHERE f.job_id = $1 AND f.state = 'failed' AND ($2::uuid IS NULL OR f.order_id > $2)
             ORDER BY f.order_id LIMIT $3",
            job.id,
            failed_after,
            FAILED_MAX + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let mut failed_orders: Vec<FailedOrder> = failed
            .into_iter()
            .map(|row| FailedOrder {
                order_id: row.order_id,
                number: row.number,
                problem: row.problem.unwrap_or_default(),
            })
            .collect();
        let more = failed_orders.len() > usize::try_from(FAILED_MAX).unwrap_or(usize::MAX);
        if more {
            failed_orders.pop();
        }
        Ok(Some(JobView {
            id: job.id,
            show_id: show,
            state: JobState::of_word(&job.state),
            reason: job.reason,
            started_at: job.created_at.to_jiff(),
            done_at: moment(job.done_at),
            total: counts.total,
            done: counts.total - counts.left - counts.failed,
            refunded: counts.refunded,
            ended: counts.ended,
            failed: counts.failed,
            left: counts.left,
            per_minute: counts.per_minute,
            money: Money::new(money, currency(&job.currency)?),
            next_failed: failed_orders.last().filter(|_| more).map(|last| last.order_id),
            failed_orders,
        }))
    }

    /// Takes up to `limit` orders of running jobs; whoever dies with them leaves them to the next.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn due_of_jobs(&self, limit: i64) -> Result<Vec<JobOrder>, DbFault> {
        if limit < 1 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query!(
            "UPDATE refund_job_order o SET next_try_at = now() + $2 * interval '1 millisecond', attempts = o.attempts + 1
             FROM (SELECT d.job_id, d.order_id, j.show_id, j.reason
                   FROM refund_job_order d JOIN refund_job j ON j.id = d.job_id
                   WHERE d.state = 'waiting' AND d.next_try_at <= now() AND j.state = 'running'
                   ORDER BY d.next_try_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED) due
             WHERE o.job_id = due.job_id AND o.order_id = due.order_id
             RETURNING o.job_id, o.order_id, due.show_id, due.reason, o.attempts",
            limit,
            LEASE_MS
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| JobOrder {
                job: row.job_id,
                order: row.order_id,
                show: row.show_id,
                reason: row.reason,
                attempts: row.attempts,
            })
            .collect())
    }

    /// Writes down what has become of an order. Once it is settled it stays so.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle_of_job(&self, of: &JobOrder, settled: &Settled) -> Result<(), DbFault> {
        let (state, problem, wait_ms) = match settled {
            Settled::Refunded => ("refunded", None, None),
            Settled::Ended => ("ended", None, None),
            Settled::Nothing => ("nothing", None, None),
            Settled::Failed(problem) => ("failed", Some(problem.as_str()), None),
            Settled::Later { wait_ms, problem } => ("waiting", Some(problem.as_str()), Some(*wait_ms as f64)),
        };
        sqlx::query!(
            "UPDATE refund_job_order SET state = $3, problem = $4,
                    done_at = CASE WHEN $3 = 'waiting' THEN NULL ELSE now() END,
                    next_try_at = now() + coalesce($5::float8, 0) * interval '1 millisecond'
             WHERE job_id = $1 AND order_id = $2 AND state = 'waiting'",
            of.job,
            of.order,
            state,
            problem,
            wait_ms
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Ends jobs of which no order is left. One that was still being made when the job began, and has come since, is taken in
    /// first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_jobs(&self) -> Result<Vec<Uuid>, DbFault> {
        let over = sqlx::query_scalar!(
            "SELECT id FROM refund_job j WHERE state = 'running'
               AND NOT EXISTS (SELECT 1 FROM refund_job_order o WHERE o.job_id = j.id AND o.state = 'waiting')"
        )
        .fetch_all(&self.pool)
        .await?;
        let mut ended = Vec::new();
        for job in over {
            let mut transaction = self.pool.begin().await?;
            if take_orders_in(&mut transaction, job).await? == 0 {
                let done = sqlx::query!(
                    "UPDATE refund_job SET state = 'done', done_at = now() WHERE id = $1 AND state = 'running'",
                    job
                )
                .execute(&mut *transaction)
                .await?;
                ended.extend((done.rows_affected() > 0).then_some(job));
            }
            transaction.commit().await?;
        }
        Ok(ended)
    }
}

/// Every order of the job's show that has, or may yet have, tickets of it. How many were new. Orders that were begun after the job are
/// none of its business: the show may be on sale again, and who bought for its new date shall have their seats. (One that was being
/// written when the job began says a moment later.)
async fn take_orders_in(connection: &mut sqlx::PgConnection, job: Uuid) -> Result<u64, DbFault> {
    let new = sqlx::query!(
        "INSERT INTO refund_job_order (job_id, order_id)
         SELECT DISTINCT j.id, o.id
         FROM refund_job j JOIN order_hold h ON h.show_id = j.show_id JOIN orders o ON o.id = h.order_id
         WHERE j.id = $1 AND o.created_at < j.created_at + interval '1 minute'
           AND (o.state IN ('awaiting_payment', 'in_review', 'authorized', 'booked', 'captured', 'refunding')
                OR (o.state IN ('confirmed', 'partially_refunded') AND EXISTS (
                    SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.show_id = j.show_id AND l.kind = 'ticket'
                      AND l.cancelled_at IS NULL)))
         ON CONFLICT DO NOTHING",
        job
    )
    .execute(connection)
    .await?;
    Ok(new.rows_affected())
}
