//! An order's saga, read whole: one statement, so that all its rows are of one moment, and one question to the database. A rush asks
//! it several times for each order.

use jiff::Timestamp;
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::super::drive::Loaded;
use super::super::saga::{
    Attempt, AttemptStatus, Dispute, Disputes, Exchange, ExchangeState, Instrument, Line, LineKind, OrderState, Part,
    PartState, RefundStatus, Repayment, Review, ReviewState, Saga,
};
use super::{Orders, currency, jiff as moment, unknown};
use crate::payments::{DisputeState, MethodKind};
use crate::platform::db::DbFault;
use crate::platform::money::Money;

#[derive(Debug, Deserialize)]
struct PartRow {
    show_id: Uuid,
    hold_id: Uuid,
    booking_id: Uuid,
    state: String,
    seats: Vec<String>,
    areas: Vec<(String, u32)>,
}

#[derive(Debug, Deserialize)]
struct AttemptRow {
    id: Uuid,
    attempt: i32,
    provider: String,
    account: String,
    method: String,
    method_kind: String,
    status: String,
    amount: i64,
    currency: String,
    provider_ref: Option<String>,
    checkout_url: Option<String>,
    paid_at: Option<Timestamp>,
    next_check_at: Option<Timestamp>,
    last_problem: Option<String>,
    instrument: Option<Uuid>,
    instrument_country: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RefundRow {
    id: Uuid,
    payment: Uuid,
    cause: String,
    amount: i64,
    currency: String,
    status: String,
    reason: String,
    owed: bool,
    note: String,
    created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct LineRow {
    id: Uuid,
    kind: String,
    of_line: Option<Uuid>,
    show_id: Option<Uuid>,
    hold_id: Option<Uuid>,
    seat_guid: Option<String>,
    area_id: Option<String>,
    quantity: i32,
    amount: i64,
    tax: i64,
    kept: i64,
    giving_back: bool,
    cancelled: bool,
}

#[derive(Debug, Deserialize)]
struct ClaimRow {
    id: Uuid,
    payment_id: Uuid,
    provider_ref: String,
    state: String,
    amount: i64,
    currency: String,
    fee: i64,
    taken: bool,
    suspends: bool,
    opened_at: Timestamp,
    decided_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct ExchangeRow {
    new_order_id: Uuid,
    state: String,
    lines: Vec<Uuid>,
    kept: Vec<i64>,
    worth: i64,
    credit: i64,
    returned: i64,
}

impl PartRow {
    fn read(self) -> Result<Part, DbFault> {
        Ok(Part {
            show: self.show_id,
            hold: self.hold_id,
            booking: self.booking_id,
            state: PartState::from_word(&self.state).ok_or_else(|| unknown("hold state"))?,
            seats: self.seats,
            areas: self.areas,
        })
    }
}

impl AttemptRow {
    fn read(self) -> Result<Attempt, DbFault> {
        Ok(Attempt {
            id: self.id,
            number: self.attempt,
            provider: self.provider,
            account: self.account,
            method: self.method,
            kind: MethodKind::from_word(&self.method_kind).ok_or_else(|| unknown("method"))?,
            status: AttemptStatus::from_word(&self.status).ok_or_else(|| unknown("payment status"))?,
            amount: Money::new(self.amount, currency(&self.currency)?),
            provider_ref: self.provider_ref,
            checkout_url: self.checkout_url,
            paid_at: self.paid_at,
            instrument: self.instrument.map(|id| Instrument { id, country: self.instrument_country }),
            next_check_at: self.next_check_at,
            problem: self.last_problem,
        })
    }
}

impl RefundRow {
    fn read(self) -> Result<Repayment, DbFault> {
        Ok(Repayment {
            id: self.id,
            payment: self.payment,
            cause: self.cause,
            amount: Money::new(self.amount, currency(&self.currency)?),
            status: RefundStatus::from_word(&self.status).ok_or_else(|| unknown("refund status"))?,
            reason: self.reason,
            owed: self.owed,
            note: self.note,
            created_at: self.created_at,
        })
    }
}

impl LineRow {
    fn read(self) -> Result<Line, DbFault> {
        Ok(Line {
            id: self.id,
            kind: LineKind::from_word(&self.kind).ok_or_else(|| unknown("line kind"))?,
            of: self.of_line,
            show: self.show_id,
            hold: self.hold_id,
            seat: self.seat_guid,
            area: self.area_id,
            quantity: u32::try_from(self.quantity).unwrap_or(1),
            amount: self.amount,
            tax: self.tax,
            kept: self.kept,
            giving_back: self.giving_back,
            cancelled: self.cancelled,
        })
    }
}

impl ClaimRow {
    fn read(self) -> Result<Dispute, DbFault> {
        Ok(Dispute {
            id: self.id,
            payment: self.payment_id,
            provider_ref: self.provider_ref,
            state: DisputeState::from_word(&self.state).ok_or_else(|| unknown("dispute state"))?,
            amount: Money::new(self.amount, currency(&self.currency)?),
            fee: self.fee,
            taken: self.taken,
            suspends: self.suspends,
            opened_at: self.opened_at,
            decided_at: self.decided_at,
        })
    }
}

impl ExchangeRow {
    fn read(self) -> Result<Exchange, DbFault> {
        Ok(Exchange {
            into: self.new_order_id,
            state: ExchangeState::from_word(&self.state).ok_or_else(|| unknown("exchange state"))?,
            lines: self.lines.into_iter().zip(self.kept).collect(),
            worth: self.worth,
            credit: self.credit,
            returned: self.returned,
        })
    }
}

impl Orders {
    /// An order's saga; `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, order: Uuid) -> Result<Option<Loaded>, DbFault> {
        let row = sqlx::query!(
            "SELECT o.number, o.state, o.total, o.currency, o.pay_by, o.pay_within_ms, o.accept_equal_seats, o.paid_with, o.confirmed_at,
                    o.saga_version, o.next_step_at, o.attempts, o.review, o.review_by, o.review_findings, o.review_reason,
                    (SELECT buyer_id FROM customer WHERE id = o.customer_id) AS \"buyer!\",
                    (SELECT coalesce(json_agg(h ORDER BY h.position), '[]') FROM (
                         SELECT show_id, hold_id, booking_id, state, seats, areas, position FROM order_hold WHERE order_id = o.id
                     ) h) AS \"parts!: Json<Vec<PartRow>>\",
                    (SELECT coalesce(json_agg(p ORDER BY p.attempt), '[]') FROM (
                         SELECT id, attempt, provider, account, method, method_kind, status, amount, currency, provider_ref, checkout_url,
                                paid_at, next_check_at, last_problem, instrument, instrument_country FROM payment WHERE order_id = o.id
                     ) p) AS \"attempts_to_pay!: Json<Vec<AttemptRow>>\",
                    (SELECT coalesce(json_agg(r ORDER BY r.created_at, r.id), '[]') FROM (
                         SELECT id, coalesce(payment_id, line_id) AS payment, cause, amount, currency, status, reason, owed, note, created_at
                         FROM refund WHERE order_id = o.id
                     ) r) AS \"refunds!: Json<Vec<RefundRow>>\",
                    (SELECT coalesce(json_agg(l ORDER BY l.position), '[]') FROM (
                         SELECT id, kind, of_line, show_id, hold_id, seat_guid, area_id, quantity, amount, tax, kept, giving_back,
                                cancelled_at IS NOT NULL AS cancelled, position FROM order_line WHERE order_id = o.id
                     ) l) AS \"lines!: Json<Vec<LineRow>>\",
                    EXISTS (
                        SELECT 1 FROM dispute_rules WHERE organizer_id = o.organizer_id AND tickets = 'suspend'
                    ) AS \"suspend!\",
                    (SELECT coalesce(json_agg(d ORDER BY d.created_at, d.id), '[]') FROM (
                         SELECT id, payment_id, provider_ref, state, amount, currency, fee, taken, suspends, opened_at, decided_at, created_at
                         FROM dispute WHERE order_id = o.id
                     ) d) AS \"claims!: Json<Vec<ClaimRow>>\",
                    (SELECT coalesce(json_agg(e ORDER BY e.created_at, e.new_order_id), '[]') FROM (
                         SELECT new_order_id, state, lines, kept, worth, credit, returned, created_at
                         FROM order_exchange WHERE old_order_id = o.id AND state <> 'off'
                     ) e) AS \"exchanges!: Json<Vec<ExchangeRow>>\"
             FROM orders o WHERE o.id = $1",
            order
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let claims = row.claims.0.into_iter().map(ClaimRow::read).collect::<Result<_, _>>()?;
        let saga = Saga {
            order,
            customer: row.buyer,
            number: row.number,
            state: OrderState::from_word(&row.state).ok_or_else(|| unknown("order state"))?,
            total: row.total,
            currency: currency(&row.currency)?,
            pay_by: moment(row.pay_by),
            pay_within_ms: row.pay_within_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
            accept_equal: row.accept_equal_seats,
            paid_with: row.paid_with,
            review: Review {
                state: ReviewState::from_word(&row.review).ok_or_else(|| unknown("review"))?,
                by: moment(row.review_by),
                findings: serde_json::from_value(row.review_findings).map_err(|_| unknown("findings"))?,
                reason: row.review_reason,
            },
            confirmed_at: moment(row.confirmed_at),
            parts: row.parts.0.into_iter().map(PartRow::read).collect::<Result<_, _>>()?,
            attempts: row.attempts_to_pay.0.into_iter().map(AttemptRow::read).collect::<Result<_, _>>()?,
            refunds: row.refunds.0.into_iter().map(RefundRow::read).collect::<Result<_, _>>()?,
            disputes: Disputes { suspend: row.suspend, claims },
            lines: row.lines.0.into_iter().map(LineRow::read).collect::<Result<_, _>>()?,
            exchanges: row.exchanges.0.into_iter().map(ExchangeRow::read).collect::<Result<_, _>>()?,
        };
        Ok(Some(Loaded { saga, version: row.saga_version, wakes: moment(row.next_step_at), attempts: row.attempts }))
    }
}
