//! What providers told us, stored before they are thanked.

use uuid::Uuid;

use super::Orders;
use crate::payments::{Report, What};
use crate::platform::db::DbFault;

/// How often a piece of news is tried: ten times within the first hour and a half, then once an hour for a day.
const TRIES_MAX: i32 = 34;

/// Whose a payment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// At which provider.
    pub provider: String,
    /// By which account of the house there.
    pub account: String,
}

impl Whose {
    /// Whether it is this one's.
    #[must_use]
    pub fn is(&self, (provider, account): (&str, &str)) -> bool {
        self.provider == provider && self.account == account
    }
}

/// A webhook that was stored and has not been settled.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Who said it.
    pub provider: String,
    /// To which account of ours.
    pub account: String,
    /// The provider's name for it.
    pub event_id: String,
    /// What was said, as it came.
    pub body: Vec<u8>,
}

impl Orders {
    /// Stores a webhook. False: it is there already.
    ///
    /// # Errors
    /// When the database does not answer: the provider is to send it again.
    pub async fn receive(&self, provider: &str, account: &str, event_id: &str, body: &[u8]) -> Result<bool, DbFault> {
        let done = sqlx::query!(
            "INSERT INTO webhook_in (provider, account, event_id, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            provider,
            account,
            event_id,
            body
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// It was settled, or asked for nothing, and the note says why.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn processed(
        &self,
        provider: &str,
        account: &str,
        event_id: &str,
        note: Option<&str>,
    ) -> Result<(), DbFault> {
        sqlx::query!(
            "UPDATE webhook_in SET processed_at = now(), last_problem = NULL, note = $4, stray = NULL
             WHERE provider = $1 AND account = $2 AND event_id = $3 AND processed_at IS NULL",
            provider,
            account,
            event_id,
            note
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Those that whoever received them did not get to settle and whose next try is due: after 3 seconds, 6, 12, later once an hour, for a
    /// day. Whoever is given one has it alone until then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unsettled(&self, limit: i64) -> Result<Vec<Waiting>, DbFault> {
        Ok(sqlx::query_as!(
            Waiting,
            "UPDATE webhook_in w SET attempts = w.attempts + 1,
                    next_try_at = now() + least(interval '3 seconds' * power(2, w.attempts + 1), interval '1 hour')
             FROM (SELECT provider, account, event_id FROM webhook_in
                   WHERE processed_at IS NULL AND attempts < $2 AND next_try_at <= now()
                   ORDER BY next_try_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS due
             WHERE w.provider = due.provider AND w.account = due.account AND w.event_id = due.event_id
             RETURNING w.provider, w.account, w.event_id, w.body",
            limit,
            TRIES_MAX
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// It is about no payment of this account, and that is all there is to do about it here. Money of which nobody here knows is
    /// somebody's work; what was told of it already is not told again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_stray(
        &self,
        (provider, account): (&str, &str),
        event_id: &str,
        report: &Report,
    ) -> Result<(), DbFault> {
        let what = match report.what {
            What::Authorized => "authorized",
            What::Captured => "captured",
            What::Declined => "declined",
            What::Cancelled => "cancelled",
            What::Refunded { .. } => "refunded",
            What::RefundFailed { .. } => "refund_failed",
            What::GivenBack { .. } => "given_back",
            What::Disputed { .. } => "disputed",
        };
        sqlx::query!(
            "UPDATE webhook_in SET processed_at = now(), last_problem = NULL, note = 'it is about no payment of this account',
                    stray = CASE WHEN EXISTS (
                        SELECT 1 FROM webhook_in told WHERE told.provider = $1 AND told.account = $2 AND told.event_id <> $3
                        AND told.stray = $4 AND told.stray_ref = $5) THEN NULL ELSE $4 END,
                    stray_ref = $5, stray_amount = $6, stray_currency = $7
             WHERE provider = $1 AND account = $2 AND event_id = $3 AND processed_at IS NULL",
            provider,
            account,
            event_id,
            what,
            report.provider_ref,
            report.amount.amount,
            report.amount.currency.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// At which provider and by which account a payment is made; `None`: there is no such payment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn whose_payment(&self, payment: Uuid) -> Result<Option<Whose>, DbFault> {
        Ok(sqlx::query_as!(Whose, "SELECT provider, account FROM payment WHERE id = $1", payment)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Whether a browser that comes back may make us ask the provider about this payment: once in two seconds, because whoever
    /// knows the address can load it as often as they like.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn may_ask(&self, payment: Uuid) -> Result<bool, DbFault> {
        let done = sqlx::query!(
            "UPDATE payment SET asked_at = now()
             WHERE id = $1 AND (asked_at IS NULL OR asked_at < now() - interval '2 seconds')",
            payment
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Has these processed again: those with this name, or all that nobody could settle. How many they are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replay(&self, event_id: Option<&str>) -> Result<u64, DbFault> {
        let done = sqlx::query!(
            "UPDATE webhook_in SET processed_at = NULL, attempts = 0, next_try_at = now(), note = NULL
             WHERE CASE WHEN $1::text IS NULL THEN processed_at IS NULL ELSE event_id = $1 END",
            event_id
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// What it could not be settled for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_problem(&self, waiting: &Waiting, problem: &str) -> Result<(), DbFault> {
        sqlx::query!(
            "UPDATE webhook_in SET last_problem = $4 WHERE provider = $1 AND account = $2 AND event_id = $3",
            waiting.provider,
            waiting.account,
            waiting.event_id,
            problem
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
