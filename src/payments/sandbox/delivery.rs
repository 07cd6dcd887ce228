//! Carries the sandbox's news to the house: over HTTP, signed, each twice, again and again until it is taken.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::PgPool;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::signature;
use crate::platform::db::DbFault;
use crate::platform::keys::Keys;

/// So many at a time; a rush's news waits in the database, not in memory.
const BATCH: i64 = 32;
/// After so many failures it is given up: the house asks by itself meanwhile. About two hours.
const ATTEMPTS_MAX: i32 = 30;
/// How often to look without having been told of news: another process may have made some.
const POLL: Duration = Duration::from_millis(500);

/// The sandbox's postman.
pub struct Delivery {
    pool: PgPool,
    keys: Arc<Keys>,
    news: Arc<Notify>,
    client: reqwest::Client,
    url: String,
}

impl Delivery {
    pub(super) fn new(
        pool: PgPool,
        keys: Arc<Keys>,
        news: Arc<Notify>,
        base_url: &str,
    ) -> Result<Self, reqwest::Error> {
        // No proxy: the house is at our own address, whatever the environment says of the way outside.
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(8)).build()?;
        let url = format!("{}/api/v1/webhooks/sandbox/default", base_url.trim_end_matches('/'));
        Ok(Self { pool, keys, news, client, url })
    }

    /// Sends what is due. True: there was something.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run_once(&self) -> Result<bool, DbFault> {
        // Taken for as long as a delivery may take: whoever dies with it leaves it to the next.
        let due = sqlx::query!(
            "UPDATE sandbox_webhook SET attempts = attempts + 1, next_try_at = now() + interval '10 seconds'
             WHERE id IN (SELECT id FROM sandbox_webhook WHERE sends_left > 0 AND attempts < $2 AND next_try_at <= now()
                          ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
             RETURNING id, body, attempts, now() AS \"now!\"",
            BATCH,
            ATTEMPTS_MAX
        )
        .fetch_all(&self.pool)
        .await?;
        let any = !due.is_empty();
        let mut due = due;
        due.sort_by_key(|row| row.id);
        let sent = join_all(due.into_iter().map(async |row| {
            let body = serde_json::to_vec(&row.body).unwrap_or_default();
            let taken = self.send(row.now.to_jiff(), body).await;
            self.note(row.id, row.attempts, taken).await
        }));
        for noted in sent.await {
            noted?;
        }
        Ok(any)
    }

    async fn send(&self, now: jiff::Timestamp, body: Vec<u8>) -> bool {
        let Some(signature) = signature::sign(&self.keys, now, &body) else { return false };
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header(signature::HEADER, signature)
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => true,
            Ok(answer) => {
                tracing::warn!(status = answer.status().as_u16(), "A webhook of the sandbox was not taken");
                false
            }
            Err(error) => {
                tracing::debug!(error = %error, "A webhook of the sandbox could not be sent");
                false
            }
        }
    }

    async fn note(&self, id: Uuid, attempts: i32, taken: bool) -> Result<(), DbFault> {
        if taken {
            sqlx::query!(
                "UPDATE sandbox_webhook SET sends_left = sends_left - 1, attempts = 0, next_try_at = now() WHERE id = $1",
                id
            )
            .execute(&self.pool)
            .await?;
            return Ok(());
        }
        // A fifth of a second, doubled each time, five minutes at most.
        let wait_ms = (100_f64 * 2_f64.powi(attempts.clamp(1, 20))).min(300_000.0);
        sqlx::query!(
            "UPDATE sandbox_webhook SET next_try_at = now() + $2 * interval '1 millisecond' WHERE id = $1",
            id,
            wait_ms
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Delivers until told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            let more = match self.run_once().await {
                Ok(more) => more,
                Err(fault) => {
                    tracing::warn!(error = crate::http::error::chain(&fault), "The sandbox's news could not be read");
                    false
                }
            };
            if *stop.borrow() {
                return;
            }
            if more {
                continue;
            }
            tokio::select! {
                () = self.news.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
            }
        }
    }
}
