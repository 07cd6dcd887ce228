//! The sandbox's attempts and charges, in its own tables. Each change and the news of it are one transaction.

use jiff::{Timestamp, ToSpan as _};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::super::gateway::{Cancelled, RefundWish, Report, Start, What};
use super::news::tell;
use super::{Card, Choice, Shown};
use crate::platform::db::DbFault;
use crate::platform::money::{Currency, Money};
use crate::platform::time::sql;

/// The sandbox's own name for an attempt's first charge.
pub fn first_ref(payment: Uuid) -> String {
    format!("sb_{}", payment.simple())
}

fn second_ref(payment: Uuid) -> String {
    format!("sb_{}_2", payment.simple())
}

pub(super) struct Attempt {
    payment: Uuid,
    pub(super) amount: Money,
    pub(super) status: String,
    plan: Option<String>,
    pay_by: Timestamp,
    pressed_at: Option<Timestamp>,
    pub(super) now: Timestamp,
    pub(super) return_path: String,
    card: Option<Card>,
}

impl Attempt {
    pub(super) fn report(&self, what: What, provider_ref: String, at: Timestamp) -> Report {
        Report {
            event_id: String::new(),
            payment: self.payment,
            provider_ref,
            what,
            at,
            amount: self.amount,
            instrument: self.card.as_ref().map(Card::told),
        }
    }
}

fn money(amount: i64, currency: &str) -> Result<Money, DbFault> {
    let currency: Currency = currency.parse().map_err(|error| DbFault(sqlx::Error::Decode(Box::new(error))))?;
    Ok(Money::new(amount, currency))
}

pub(super) async fn locked(connection: &mut PgConnection, payment: Uuid) -> Result<Option<Attempt>, DbFault> {
    let row = sqlx::query!(
        "SELECT amount, currency, status, plan, pay_by, pressed_at, return_path, card, clock_timestamp() AS \"now!\"
         FROM sandbox_payment WHERE id = $1 FOR UPDATE",
        payment
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Attempt {
        payment,
        amount: money(row.amount, &row.currency)?,
        status: row.status,
        plan: row.plan,
        pay_by: row.pay_by.to_jiff(),
        pressed_at: row.pressed_at.map(jiff_sqlx::Timestamp::to_jiff),
        now: row.now.to_jiff(),
        return_path: row.return_path,
        card: row.card.as_deref().and_then(Card::parse),
    }))
}

async fn set(connection: &mut PgConnection, payment: Uuid, status: &str) -> Result<(), DbFault> {
    sqlx::query!("UPDATE sandbox_payment SET status = $2, updated_at = now() WHERE id = $1", payment, status)
        .execute(connection)
        .await?;
    Ok(())
}

async fn charge(connection: &mut PgConnection, report: &Report) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO sandbox_charge (provider_ref, payment_id, amount, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        report.provider_ref,
        report.payment,
        report.amount.amount,
        sql(report.at) as jiff_sqlx::Timestamp
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the page shows.
pub async fn show(pool: &PgPool, payment: Uuid) -> Result<Option<Shown>, DbFault> {
    let row = sqlx::query!(
        "SELECT amount, currency, description, status, return_path, pay_by FROM sandbox_payment WHERE id = $1",
        payment
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Shown {
        amount: money(row.amount, &row.currency)?,
        description: row.description,
        open: row.status == "open",
        captured: row.status == "captured",
        return_path: row.return_path,
        pay_by: row.pay_by.to_jiff(),
    }))
}

/// False: it was cancelled before it began.
pub async fn start(pool: &PgPool, start: &Start) -> Result<bool, DbFault> {
    sqlx::query!(
        "INSERT INTO sandbox_payment (id, amount, currency, description, return_path, pay_by, status)
         VALUES ($1, $2, $3, $4, $5, $6, 'open') ON CONFLICT (id) DO NOTHING",
        start.payment,
        start.amount.amount,
        start.amount.currency.as_str(),
        start.description,
        start.return_path,
        sql(start.pay_by) as jiff_sqlx::Timestamp
    )
    .execute(pool)
    .await?;
    let status =
        sqlx::query_scalar!("SELECT status FROM sandbox_payment WHERE id = $1", start.payment).fetch_one(pool).await?;
    Ok(status != "cancelled")
}

/// Where the buyer goes; `None`: there is no such attempt.
pub async fn choose(
    pool: &PgPool,
    payment: Uuid,
    choice: Choice,
    card: Option<&Card>,
) -> Result<Option<String>, DbFault> {
    let mut transaction = pool.begin().await?;
    let Some(mut attempt) = locked(&mut transaction, payment).await? else { return Ok(None) };
    let back = attempt.return_path.clone();
    if attempt.status != "open" {
        return Ok(Some(back));
    }
    let plan = match choice {
        Choice::Succeed | Choice::Decline => None,
        Choice::Abandon | Choice::Late | Choice::LateInTime | Choice::Twice => Some(choice.word()),
    };
    let status = match choice {
        Choice::Succeed | Choice::Twice => "authorized",
        Choice::Decline => "declined",
        Choice::Abandon | Choice::Late | Choice::LateInTime => "open",
    };
    sqlx::query!(
        "UPDATE sandbox_payment SET status = $2, plan = $3, pressed_at = clock_timestamp(), paid_at = clock_timestamp(),
                card = $4, updated_at = now() WHERE id = $1",
        payment,
        status,
        plan,
        card.map(Card::as_str)
    )
    .execute(&mut *transaction)
    .await?;
    attempt.card = card.cloned();
    match choice {
        Choice::Succeed | Choice::Twice => {
            tell(&mut transaction, &attempt.report(What::Authorized, first_ref(payment), attempt.now)).await?;
        }
        Choice::Decline => {
            tell(&mut transaction, &attempt.report(What::Declined, first_ref(payment), attempt.now)).await?;
        }
        Choice::Abandon | Choice::Late | Choice::LateInTime => {}
    }
    transaction.commit().await?;
    Ok(Some(back))
}

/// Closes an attempt that nobody has paid.
pub async fn cancel(pool: &PgPool, payment: Uuid) -> Result<Cancelled, DbFault> {
    let mut transaction = pool.begin().await?;
    let Some(attempt) = locked(&mut transaction, payment).await? else {
        // A start that is still on its way must find it closed.
        sqlx::query!(
            "INSERT INTO sandbox_payment (id, amount, currency, pay_by, status) VALUES ($1, 0, 'EUR', now(), 'cancelled')
             ON CONFLICT (id) DO UPDATE SET status = 'cancelled', updated_at = now() WHERE sandbox_payment.status = 'open'",
            payment
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        return Ok(Cancelled::Confirmed);
    };
    match attempt.status.as_str() {
        "open" => {}
        "authorized" | "captured" => return Ok(Cancelled::AlreadyPaid),
        _ => return Ok(Cancelled::Confirmed),
    }
    set(&mut transaction, payment, "cancelled").await?;
    tell(&mut transaction, &attempt.report(What::Cancelled, first_ref(payment), attempt.now)).await?;
    let just_before = attempt.pay_by - 1.millisecond();
    let paid_at = match attempt.plan.as_deref() {
        Some("late") => Some(attempt.pay_by.max(attempt.now) + 1.second()),
        Some("late_in_time") => Some(attempt.pressed_at.unwrap_or(just_before).min(just_before)),
        _ => None,
    };
    if let Some(at) = paid_at {
        let late = attempt.report(What::Captured, first_ref(payment), at);
        charge(&mut transaction, &late).await?;
        sqlx::query!("UPDATE sandbox_payment SET paid_at = $2 WHERE id = $1", payment, sql(at) as jiff_sqlx::Timestamp)
            .execute(&mut *transaction)
            .await?;
        tell(&mut transaction, &late).await?;
    }
    transaction.commit().await?;
    Ok(Cancelled::Confirmed)
}

/// False: it was captured.
pub async fn void(pool: &PgPool, payment: Uuid) -> Result<bool, DbFault> {
    let mut transaction = pool.begin().await?;
    let Some(attempt) = locked(&mut transaction, payment).await? else { return Ok(true) };
    match attempt.status.as_str() {
        "captured" => return Ok(false),
        "authorized" | "open" => {}
        _ => return Ok(true),
    }
    set(&mut transaction, payment, "cancelled").await?;
    tell(&mut transaction, &attempt.report(What::Cancelled, first_ref(payment), attempt.now)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// False: no amount is set aside.
pub async fn capture(pool: &PgPool, payment: Uuid) -> Result<bool, DbFault> {
    let mut transaction = pool.begin().await?;
    let Some(attempt) = locked(&mut transaction, payment).await? else { return Ok(false) };
    match attempt.status.as_str() {
        "captured" => return Ok(true),
        "authorized" => {}
        _ => return Ok(false),
    }
    set(&mut transaction, payment, "captured").await?;
    let charges = if attempt.plan.as_deref() == Some("twice") { 2 } else { 1 };
    for provider_ref in [first_ref(payment), second_ref(payment)].into_iter().take(charges) {
        let captured = attempt.report(What::Captured, provider_ref, attempt.pressed_at.unwrap_or(attempt.now));
        charge(&mut transaction, &captured).await?;
        tell(&mut transaction, &captured).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// False: there is not so much to give back.
pub async fn refund(pool: &PgPool, wish: &RefundWish) -> Result<bool, DbFault> {
    let mut transaction = pool.begin().await?;
    let payment = wish.charge.payment;
    let provider_ref = wish.charge.provider_ref.clone().unwrap_or_else(|| first_ref(payment));
    let found =
        sqlx::query!("SELECT payment_id, amount FROM sandbox_charge WHERE provider_ref = $1 FOR UPDATE", provider_ref)
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(charged) = found else { return Ok(false) };
    let Some(attempt) = locked(&mut transaction, charged.payment_id).await? else { return Ok(false) };
    if sqlx::query_scalar!("SELECT id FROM sandbox_refund WHERE id = $1", wish.refund)
        .fetch_optional(&mut *transaction)
        .await?
        .is_some()
    {
        return Ok(true);
    }
    let before = sqlx::query_scalar!(
        "SELECT coalesce(sum(amount), 0)::bigint AS \"sum!\" FROM sandbox_refund WHERE provider_ref = $1",
        provider_ref
    )
    .fetch_one(&mut *transaction)
    .await?;
    if before + wish.amount.amount > charged.amount || wish.amount.amount <= 0 {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO sandbox_refund (id, payment_id, provider_ref, amount) VALUES ($1, $2, $3, $4)",
        wish.refund,
        charged.payment_id,
        provider_ref,
        wish.amount.amount
    )
    .execute(&mut *transaction)
    .await?;
    let mut news = attempt.report(What::Refunded { refund: wish.refund }, provider_ref, attempt.now);
    news.amount = wish.amount;
    tell(&mut transaction, &news).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether it was recorded.
pub async fn has_refund(pool: &PgPool, refund: Uuid) -> Result<bool, DbFault> {
    let found = sqlx::query_scalar!("SELECT id FROM sandbox_refund WHERE id = $1", refund).fetch_optional(pool).await?;
    Ok(found.is_some())
}

/// What is known under the house's id.
pub async fn look_up(pool: &PgPool, payment: Uuid) -> Result<Vec<Report>, DbFault> {
    let found = sqlx::query!(
        "SELECT amount, currency, status, paid_at, updated_at, card FROM sandbox_payment WHERE id = $1",
        payment
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = found else { return Ok(Vec::new()) };
    let amount = money(row.amount, &row.currency)?;
    let at = row.paid_at.unwrap_or(row.updated_at).to_jiff();
    let card = row.card.as_deref().and_then(Card::parse);
    let report = |what, provider_ref, at| Report {
        event_id: format!("look-up:{payment}"),
        payment,
        provider_ref,
        what,
        at,
        amount,
        instrument: card.as_ref().map(Card::told),
    };
    let status = match row.status.as_str() {
        "authorized" => Some(What::Authorized),
        "declined" => Some(What::Declined),
        "cancelled" => Some(What::Cancelled),
        _ => None,
    };
    let mut reports: Vec<Report> = status.map(|what| report(what, first_ref(payment), at)).into_iter().collect();
    let charges = sqlx::query!(
        "SELECT provider_ref, at FROM sandbox_charge WHERE payment_id = $1 ORDER BY provider_ref",
        payment
    )
    .fetch_all(pool)
    .await?;
    reports.extend(charges.into_iter().map(|row| report(What::Captured, row.provider_ref, row.at.to_jiff())));
    Ok(reports)
}
