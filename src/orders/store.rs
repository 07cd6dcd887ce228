//! SQL of orders. The saga is read whole and kept by its difference; whoever saw an older one is told to look again.

mod books;
mod claims;
mod desk;
mod disputes;
mod exchanges;
mod fraud;
mod inbox;
mod keep;
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

use super::drive::Loaded;
use super::saga::{
    Attempt, AttemptStatus, Instrument, Line, LineKind, OrderState, Part, PartState, RefundStatus, Repayment, Review,
    ReviewState, Saga,
};
use crate::payments::MethodKind;
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::idempotency::{self, Begin};
use crate::platform::money::{Currency, Money};
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

    /// An order's saga; `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, order: Uuid) -> Result<Option<Loaded>, DbFault> {
        // One snapshot of all its rows, or parts of two sagas would be read as one.
        let mut transaction = self.pool.begin().await?;
        sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *transaction).await?;
        let row = sqlx::query!(
            "SELECT number, state, total, currency, pay_by, pay_within_ms, accept_equal_seats, paid_with, confirmed_at,
                    saga_version, next_step_at, attempts, organizer_id, review, review_by, review_findings, review_reason,
                    (SELECT buyer_id FROM customer WHERE id = customer_id) AS \"buyer!\" FROM orders WHERE id = $1",
            order
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let parts = sqlx::query!(
            "SELECT show_id, hold_id, booking_id, state, seats, areas FROM order_hold WHERE order_id = $1 ORDER BY position",
            order
        )
        .fetch_all(&mut *transaction)
        .await?;
        let attempts = sqlx::query!(
            "SELECT id, attempt, provider, account, method, method_kind, status, amount, currency, provider_ref, checkout_url, paid_at,
                    next_check_at, last_problem, instrument, instrument_country FROM payment WHERE order_id = $1 ORDER BY attempt",
            order
        )
        .fetch_all(&mut *transaction)
        .await?;
        let refunds = sqlx::query!(
            "SELECT id, coalesce(payment_id, line_id) AS \"payment!\", cause, amount, currency, status, reason, owed, note, created_at
             FROM refund
             WHERE order_id = $1 ORDER BY created_at, id",
            order
        )
        .fetch_all(&mut *transaction)
        .await?;
        let lines = sqlx::query!(
            "SELECT id, kind, of_line, show_id, hold_id, seat_guid, area_id, quantity, amount, tax, kept, giving_back,
                    cancelled_at IS NOT NULL AS \"cancelled!\" FROM order_line WHERE order_id = $1 ORDER BY position",
            order
        )
        .fetch_all(&mut *transaction)
        .await?;
        let disputes = disputes::load(&mut transaction, order, row.organizer_id).await?;
        let exchanges = exchanges::load(&mut transaction, order).await?;
        transaction.commit().await?;

        let mut saga = Saga {
            order,
            customer: row.buyer,
            number: row.number,
            state: OrderState::from_word(&row.state).ok_or_else(|| unknown("order state"))?,
            total: row.total,
            currency: currency(&row.currency)?,
            pay_by: jiff(row.pay_by),
            pay_within_ms: row.pay_within_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
            accept_equal: row.accept_equal_seats,
            paid_with: row.paid_with,
            review: Review {
                state: ReviewState::from_word(&row.review).ok_or_else(|| unknown("review"))?,
                by: jiff(row.review_by),
                findings: serde_json::from_value(row.review_findings).map_err(|_| unknown("findings"))?,
                reason: row.review_reason,
            },
            confirmed_at: jiff(row.confirmed_at),
            parts: Vec::with_capacity(parts.len()),
            attempts: Vec::with_capacity(attempts.len()),
            refunds: Vec::with_capacity(refunds.len()),
            disputes,
            lines: Vec::with_capacity(lines.len()),
            exchanges,
        };
        for part in parts {
            saga.parts.push(Part {
                show: part.show_id,
                hold: part.hold_id,
                booking: part.booking_id,
                state: PartState::from_word(&part.state).ok_or_else(|| unknown("hold state"))?,
                seats: part.seats,
                areas: serde_json::from_value(part.areas).map_err(|_| unknown("areas"))?,
            });
        }
        for attempt in attempts {
            saga.attempts.push(Attempt {
                id: attempt.id,
                number: attempt.attempt,
                provider: attempt.provider,
                account: attempt.account,
                method: attempt.method,
                kind: MethodKind::from_word(&attempt.method_kind).ok_or_else(|| unknown("method"))?,
                status: AttemptStatus::from_word(&attempt.status).ok_or_else(|| unknown("payment status"))?,
                amount: Money::new(attempt.amount, currency(&attempt.currency)?),
                provider_ref: attempt.provider_ref,
                checkout_url: attempt.checkout_url,
                paid_at: jiff(attempt.paid_at),
                instrument: attempt.instrument.map(|id| Instrument { id, country: attempt.instrument_country }),
                next_check_at: jiff(attempt.next_check_at),
                problem: attempt.last_problem,
            });
        }
        for refund in refunds {
            saga.refunds.push(Repayment {
                id: refund.id,
                payment: refund.payment,
                cause: refund.cause,
                amount: Money::new(refund.amount, currency(&refund.currency)?),
                status: RefundStatus::from_word(&refund.status).ok_or_else(|| unknown("refund status"))?,
                reason: refund.reason,
                owed: refund.owed,
                note: refund.note,
                created_at: refund.created_at.to_jiff(),
            });
        }
        for line in lines {
            saga.lines.push(Line {
                id: line.id,
                kind: LineKind::from_word(&line.kind).ok_or_else(|| unknown("line kind"))?,
                of: line.of_line,
                show: line.show_id,
                hold: line.hold_id,
                seat: line.seat_guid,
                area: line.area_id,
                quantity: u32::try_from(line.quantity).unwrap_or(1),
                amount: line.amount,
                tax: line.tax,
                kept: line.kept,
                giving_back: line.giving_back,
                cancelled: line.cancelled,
            });
        }
        let armed = row.next_step_at.is_some();
        Ok(Some(Loaded { saga, version: row.saga_version, armed, attempts: row.attempts }))
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
