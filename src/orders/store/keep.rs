//! Keeping what a saga has come to: the difference, in one transaction with the tickets, the books and the words to be said.

use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::super::drive::{Kept, Wake};
use super::super::ledger;
use super::super::saga::{Line, LineKind, OrderState, RefundStatus, ReviewState, Saga, ends_unsold};
use super::{Orders, books, disputes, exchanges, promo, vouchers};
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::time::sql;
use crate::tickets::{mail, store as tickets};

impl Orders {
    /// Keeps what became of `before`.
    ///
    /// # Errors
    /// When the database does not answer; then nothing was kept.
    pub async fn keep(&self, before: &Saga, after: &Saga, version: i64, wake: &Wake) -> Result<Kept, DbFault> {
        self.keep_by(None, before, after, version, wake).await
    }

    /// The same, with the entry of whoever changed it.
    ///
    /// # Errors
    /// As [`Orders::keep`].
    pub async fn keep_by(
        &self,
        by: Option<&Entry>,
        before: &Saga,
        after: &Saga,
        version: i64,
        wake: &Wake,
    ) -> Result<Kept, DbFault> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        // The order's own row first: it is locked by that, and says whether somebody else was first.
        let Some(organizer) = head(&mut transaction, after, version, wake).await? else { return Ok(Kept::Stale) };
        attempts(&mut transaction, before, after).await?;
        refunds(&mut transaction, before, after).await?;
        parts(&mut transaction, before, after).await?;
        disputes::keep(&mut transaction, organizer, before, after).await?;
        lines(&mut transaction, before, after).await?;
        promo::settle(&mut transaction, before, after).await?;
        vouchers::settle(&mut transaction, before, after).await?;
        exchanges::keep(&mut transaction, before, after).await?;
        exchanges::tell(&mut transaction, before, after).await?;
        book(&mut transaction, organizer, before, after).await?;
        words(&mut transaction, before, after).await?;
        review(&mut transaction, organizer, before, after).await?;
        if let Some(entry) = by {
            audit::record(&mut transaction, entry.clone()).await?;
        }
        transaction.commit().await?;
        Ok(Kept::Version(version + 1))
    }
}

/// The order's own row, whose house it answers. `None`: it has another version by now, or is gone.
///
/// Whoever waits here keeps a connection, and perhaps a worker, from all other orders: not for long. The bound is set in the
/// same round trip; the row is locked after what it is joined with was computed.
async fn head(connection: &mut PgConnection, saga: &Saga, version: i64, wake: &Wake) -> Result<Option<Uuid>, DbFault> {
    let (at, wait_ms, problem) = match wake {
        Wake::At(at) => (*at, None, None),
        Wake::After { wait_ms, problem } => (None, Some(*wait_ms), Some(problem.as_str())),
    };
    let kept = sqlx::query!(
        "UPDATE orders SET state = $2, pay_by = $3, paid_with = $4, confirmed_at = $5, saga_version = saga_version + 1,
                next_step_at = coalesce($6, now() + $7::float8 * interval '1 millisecond'),
                attempts = CASE WHEN $7::float8 IS NULL THEN 0 ELSE attempts + 1 END, last_problem = $8, review = $9, review_by = $10,
                review_findings = $11, review_reason = $12, updated_at = now()
         FROM set_config('lock_timeout', '5s', true)
         WHERE id = $1 AND saga_version = $13
         RETURNING organizer_id",
        saga.order,
        saga.state.word(),
        saga.pay_by.map(sql) as Option<jiff_sqlx::Timestamp>,
        saga.paid_with,
        saga.confirmed_at.map(sql) as Option<jiff_sqlx::Timestamp>,
        at.map(sql) as Option<jiff_sqlx::Timestamp>,
        wait_ms.map(|ms| ms as f64),
        problem,
        saga.review.state.word(),
        saga.review.by.map(sql) as Option<jiff_sqlx::Timestamp>,
        serde_json::to_value(&saga.review.findings).unwrap_or_default(),
        saga.review.reason,
        version
    )
    .fetch_optional(connection)
    .await?;
    Ok(kept.map(|row| row.organizer_id))
}

async fn attempts(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    for attempt in after.attempts.iter().filter(|attempt| before.attempt(attempt.id) != Some(attempt)) {
        sqlx::query!(
            "INSERT INTO payment (id, order_id, attempt, provider, method_kind, status, amount, currency, provider_ref,
                                  checkout_url, paid_at, next_check_at, last_problem, instrument, instrument_country, account, method)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
             ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status, amount = EXCLUDED.amount,
                 currency = EXCLUDED.currency, provider_ref = EXCLUDED.provider_ref, checkout_url = EXCLUDED.checkout_url,
                 paid_at = EXCLUDED.paid_at, next_check_at = EXCLUDED.next_check_at,
                 last_problem = EXCLUDED.last_problem, instrument = EXCLUDED.instrument,
                 instrument_country = EXCLUDED.instrument_country, updated_at = now()",
            attempt.id,
            after.order,
            attempt.number,
            attempt.provider,
            attempt.kind.word(),
            attempt.status.word(),
            attempt.amount.amount,
            attempt.amount.currency.as_str(),
            attempt.provider_ref,
            attempt.checkout_url,
            attempt.paid_at.map(sql) as Option<jiff_sqlx::Timestamp>,
            attempt.next_check_at.map(sql) as Option<jiff_sqlx::Timestamp>,
            attempt.problem,
            attempt.instrument.as_ref().map(|it| it.id),
            attempt.instrument.as_ref().and_then(|it| it.country.as_deref()),
            attempt.account,
            attempt.method
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn refunds(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    for refund in after.refunds.iter().filter(|refund| !before.refunds.contains(refund)) {
        let onto = after.credit_of(refund).map(|line| line.id);
        sqlx::query!(
            "INSERT INTO refund (id, order_id, payment_id, cause, amount, currency, status, reason, created_at, settled_at, owed, note,
                                 line_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $7 = 'pending' THEN NULL ELSE now() END, $10, $11, $12)
             ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status, settled_at = EXCLUDED.settled_at, owed = EXCLUDED.owed,
                 note = EXCLUDED.note",
            refund.id,
            after.order,
            onto.is_none().then_some(refund.payment),
            refund.cause,
            refund.amount.amount,
            refund.amount.currency.as_str(),
            refund.status.word(),
            refund.reason,
            sql(refund.created_at) as jiff_sqlx::Timestamp,
            refund.owed,
            refund.note,
            onto
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn parts(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    for part in after.parts.iter().filter(|part| before.part(part.hold) != Some(part)) {
        sqlx::query!(
            "UPDATE order_hold SET state = $3 WHERE order_id = $1 AND hold_id = $2",
            after.order,
            part.hold,
            part.state.word()
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn lines(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    if after.confirmed_at.is_some() && before.confirmed_at.is_none() {
        tickets::issue(&mut *connection, after.order).await?;
    }
    for (_, is) in before.lines.iter().zip(&after.lines).filter(|(was, is)| was != is) {
        sqlx::query!(
            "UPDATE order_line SET giving_back = $2,
                    cancelled_at = CASE WHEN $3 THEN coalesce(cancelled_at, now()) END, kept = $4 WHERE id = $1",
            is.id,
            is.giving_back,
            is.cancelled,
            is.kept
        )
        .execute(&mut *connection)
        .await?;
    }
    disputes::admit(connection, before, after).await
}

/// The ids of a line's tickets.
pub fn tickets_of(line: &Line) -> impl Iterator<Item = Uuid> {
    let id = line.id;
    (0..line.quantity).filter_map(move |position| Some(tickets::ticket_id(id, i32::try_from(position).ok()?)))
}

async fn book(connection: &mut PgConnection, organizer: Uuid, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    for transaction in ledger::transactions(before, after) {
        books::book(&mut *connection, organizer, Some(after.order), &transaction).await?;
    }
    Ok(())
}

/// What the buyer is to be told.
async fn words(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    if after.confirmed_at.is_some() && before.confirmed_at.is_none() {
        mail::confirm(&mut *connection, after.order).await?;
    }
    // Who was given it by hand was told by hand.
    for refund in after.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded) {
        let was = before.refunds.iter().find(|it| it.id == refund.id).map(|it| it.status);
        // Nor does it tell anybody what somebody did at the provider.
        if was == Some(RefundStatus::Succeeded) || refund.is_elsewhere() {
            continue;
        }
        if let Some(line) = after.credit_of(refund) {
            // What goes back into an exchange is told of by the order whose payment it goes back to.
            if line.kind == LineKind::Voucher {
                mail::tell_back_on_voucher(&mut *connection, refund.id).await?;
            }
        } else if refund.is_late() {
            mail::tell_late_money_refunded(&mut *connection, refund.id).await?;
        } else {
            mail::tell_refunded(&mut *connection, refund.id).await?;
        }
    }
    Ok(())
}

/// An order is held, or a look at it has ended without a sale: its buyer is told, and whoever looks after the house.
async fn review(connection: &mut PgConnection, organizer: Uuid, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    let order = after.order;
    if before.review.state == ReviewState::Unjudged {
        for finding in &after.review.findings {
            let outcome = after.review.state.word();
            metrics::counter!("aisle_order_findings_total", "rule" => finding.rule.word(), "review" => outcome)
                .increment(1);
        }
    }
    let entry = |action| Entry::new(Actor::Server, action).of(organizer).on("order", order);
    let enters = |state| after.state == state && before.state != state;
    if enters(OrderState::InReview) {
        audit::security(&mut *connection, Severity::Notice, entry("order.held")).await?;
        mail::tell_held(&mut *connection, order).await?;
    }
    let came_of_itself = match after.review.state {
        ReviewState::Lapsed => Some("order.review_lapsed"),
        ReviewState::LetGo => Some("order.review_let_go"),
        ReviewState::Withdrawn => Some("order.review_withdrawn"),
        ReviewState::Unjudged
        | ReviewState::Clear
        | ReviewState::Flagged
        | ReviewState::Wanted
        | ReviewState::Accepted
        | ReviewState::Refused => None,
    };
    if let Some(action) = came_of_itself.filter(|_| before.review.state != after.review.state) {
        audit::record(&mut *connection, entry(action)).await?;
    }
    // Who was told to wait is told how it ended; who was accepted and could not be sold to after all, too. Whose money had
    // moved at once hears of its refund.
    if ends_unsold(before, after) {
        mail::tell_not_sold(&mut *connection, order).await?;
    }
    Ok(())
}
