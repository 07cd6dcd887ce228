//! How long each kind of data is kept, and the worker that erases what is older. Rooms register their kinds in `startup`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::db::DbFault;
use super::people::Asked;
use super::time;

/// Rows erased in one transaction: so few that nobody waits long for them.
pub const BATCH_ROWS: i64 = 500;
/// Batches of one kind in one run; what is left waits for the next. So a first run over years of data is no night's work.
const BATCHES_MAX: usize = 200;

/// What a kind is asked to erase at one go.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// The time.
    pub now: Timestamp,
    /// What is older than this.
    pub before: Timestamp,
    /// So many rows at most.
    pub rows_max: i64,
}

/// A kind of data that is kept for a while.
pub trait Kept: Send + Sync {
    /// One word: `mails`.
    fn kind(&self) -> &'static str;

    /// How many rows are from before this moment, and still there.
    fn due<'a>(&'a self, connection: &'a mut sqlx::PgConnection, before: Timestamp) -> Asked<'a, i64>;

    /// Erases of them what the batch allows and says how many rows that were. Those that somebody else works with wait.
    fn erase<'a>(&'a self, connection: &'a mut sqlx::PgConnection, batch: Batch) -> Asked<'a, i64>;
}

/// A kind and how long it is kept.
#[derive(Clone)]
pub struct Rule {
    /// What.
    pub kept: Arc<dyn Kept>,
    /// For so many days.
    pub days: u32,
}

impl Rule {
    fn before(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(SignedDuration::from_hours(i64::from(self.days) * 24)).unwrap_or(Timestamp::MIN)
    }
}

/// A kind of data, its period, and what was done about it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KindState {
    /// Which.
    #[schema(example = "mails")]
    pub kind: String,
    /// It is kept for so many days.
    pub days: u32,
    /// So many rows are older, and go with the next run.
    #[schema(minimum = 0)]
    pub due: i64,
    /// When it was last looked through; null: never yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ran_at: Option<Timestamp>,
    /// So many rows went then.
    #[schema(minimum = 0)]
    pub erased: i64,
    /// So many rows in all runs.
    #[schema(minimum = 0)]
    pub erased_total: i64,
}

/// All the rules.
#[derive(Clone)]
pub struct Retention {
    rules: Arc<Vec<Rule>>,
    pool: PgPool,
}

impl Retention {
    /// These rules, over this pool.
    #[must_use]
    pub fn new(pool: PgPool, rules: Vec<Rule>) -> Self {
        Self { rules: Arc::new(rules), pool }
    }

    /// Erases what is due, kind by kind, in batches that are transactions of their own.
    ///
    /// # Errors
    /// When the database does not answer; what was erased before stays so.
    pub async fn run(&self, now: Timestamp) -> Result<(), DbFault> {
        for rule in self.rules.iter() {
            let mut erased = 0;
            let batch = Batch { now, before: rule.before(now), rows_max: BATCH_ROWS };
            for _ in 0..BATCHES_MAX {
                let mut transaction = self.pool.begin().await?;
                let gone = rule.kept.erase(&mut transaction, batch).await?;
                transaction.commit().await?;
                erased += gone;
                if gone < BATCH_ROWS {
                    break;
                }
            }
            sqlx::query!(
                "INSERT INTO retention_run (kind, ran_at, erased, erased_total) VALUES ($1, $2, $3, $3)
                 ON CONFLICT (kind) DO UPDATE
                    SET ran_at = excluded.ran_at, erased = excluded.erased,
                        erased_total = retention_run.erased_total + excluded.erased",
                rule.kept.kind(),
                time::sql(now) as jiff_sqlx::Timestamp,
                erased
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }

    /// Each kind as it stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn state(&self, now: Timestamp) -> Result<Vec<KindState>, DbFault> {
        let mut connection = self.pool.acquire().await?;
        let mut states = Vec::with_capacity(self.rules.len());
        for rule in self.rules.iter() {
            let due = rule.kept.due(&mut connection, rule.before(now)).await?;
            let ran = sqlx::query!(
                "SELECT ran_at, erased, erased_total FROM retention_run WHERE kind = $1",
                rule.kept.kind()
            )
            .fetch_optional(&mut *connection)
            .await?;
            states.push(KindState {
                kind: rule.kept.kind().to_owned(),
                days: rule.days,
                due,
                ran_at: ran.as_ref().map(|ran| ran.ran_at.to_jiff()),
                erased: ran.as_ref().map_or(0, |ran| ran.erased),
                erased_total: ran.as_ref().map_or(0, |ran| ran.erased_total),
            });
        }
        Ok(states)
    }
}
