//! SQL of orders. The saga is read whole and kept by its difference; whoever saw an older one is told to look again.

mod books;
mod claims;
mod desk;
mod disputes;
mod exchanges;
mod fraud;
mod inbox;
mod keep;
mod load;
mod make;
mod money;
mod payouts;
mod policies;
pub mod promo;
mod refund_jobs;
mod reports;
mod transfer;
mod view;
pub mod vouchers;

pub use books::{LedgerBalance, PaymentRow};
pub(super) use claims::claim_by_address;
pub use claims::{Claimed, LINKS_REST_S, LinksEnded, Owned};
pub use desk::{Closed, WorkFilter, WorkRow};
pub use disputes::KeptDisputeRules;
pub use exchanges::{ExchangeView, NewExchange, NotGiven};
pub use fraud::{Asked, KeptRules, Trace};
pub use inbox::{Waiting, Whose};
pub use keep::tickets_of;
pub use make::{Made, NewLine, NewOrder};
pub use money::{BookedEntry, BookedTransaction, MoneyView};
pub use payouts::{NewPayouts, PayoutCounts, PayoutLineRow, PayoutRun};
pub use promo::{PromoCode, PromoRecords};
pub use refund_jobs::{FailedOrder, JobOrder, JobState, JobView, NewJob, Settled};
pub use reports::{BalanceFact, EntryCursor, EntryRow, ReportFault, ReportShow};
pub use transfer::{OnceKey, Pass, Transferred};
pub use view::{AdminFilter, LineView, OrderView, PaymentView, ShowSold, ShowView};
pub use vouchers::{Movement, VoucherRecord, VoucherRecords};

use jiff::Timestamp;
use sqlx::PgPool;
use uuid::Uuid;

use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::idempotency::{self, Begin};
use crate::platform::money::Currency;
use crate::platform::people::{Forgetting, Later, NotForgotten, People, Person};

/// Orders, in the database.
#[derive(Clone)]
pub struct Orders {
    pub(super) pool: PgPool,
}

/// A word in the database that this version does not know.
fn unknown(what: &'static str) -> DbFault {
    DbFault(sqlx::Error::Decode(format!("unknown {what}").into()))
}

pub(super) fn currency(code: &str) -> Result<Currency, DbFault> {
    code.parse().map_err(|_| unknown("currency"))
}

fn jiff(at: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    at.map(jiff_sqlx::Timestamp::to_jiff)
}

impl Orders {
    /// Orders behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// In whose house a customer is, and their address as addresses are compared.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn customer(&self, id: Uuid) -> Result<Option<(Uuid, String)>, DbFault> {
        let row = sqlx::query!("SELECT organizer_id, email_normalized FROM customer WHERE id = $1", id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| (row.organizer_id, row.email_normalized)))
    }

    /// Has every room forget somebody, and records it in the same transaction.
    ///
    /// # Errors
    /// `UnderWay` before anything is changed.
    pub async fn forget(
        &self,
        people: &People,
        person: &Person,
        how: Forgetting,
        entry: Entry,
    ) -> Result<Vec<Later>, NotForgotten> {
        let mut transaction = self.pool.begin().await.map_err(DbFault)?;
        let later = people.forget(&mut transaction, person, how).await?;
        audit::record(&mut transaction, entry).await?;
        transaction.commit().await.map_err(DbFault)?;
        Ok(later)
    }

    /// Takes up to `limit` orders whose time has come; whoever dies with them leaves them to the next after `lease_ms`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn due(&self, limit: i64, lease_ms: i64) -> Result<Vec<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!(
            "UPDATE orders SET next_step_at = now() + $2 * interval '1 millisecond'
             WHERE id IN (SELECT id FROM orders WHERE next_step_at <= now() ORDER BY next_step_at LIMIT $1
                          FOR UPDATE SKIP LOCKED) RETURNING id",
            limit,
            lease_ms as f64
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Whose house an order belongs to; `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizer_of(&self, order: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT organizer_id FROM orders WHERE id = $1", order)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// What a request with this key meets. Takes nothing: a first one is remembered once it was answered.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recall(&self, scope: &str, key: &str, route: &str, hash: u64) -> Result<Begin, DbFault> {
        let mut transaction = self.pool.begin().await?;
        // Rolled back by being dropped.
        idempotency::begin(&mut transaction, scope, route, key, hash).await
    }

    /// Remembers that it was answered. The answer itself is the order as it is, so nothing of it is kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remember(&self, scope: &str, key: &str, route: &str, hash: u64, status: u16) -> Result<(), DbFault> {
        let mut transaction = self.pool.begin().await?;
        if matches!(idempotency::begin(&mut transaction, scope, route, key, hash).await?, Begin::Fresh) {
            idempotency::finish(&mut transaction, scope, route, key, status, &serde_json::Value::Null).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Whose payment it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn order_of_payment(&self, payment: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT order_id FROM payment WHERE id = $1", payment)
            .fetch_optional(&self.pool)
            .await?)
    }
}
