//! Which order at Razorpay is which attempt of ours.

use sqlx::PgPool;
use uuid::Uuid;

use crate::platform::db::DbFault;
use crate::platform::money::{Currency, Money};

/// What is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// By whose account.
    pub account: Uuid,
    /// Razorpay's order; `None`: it was closed before it began.
    pub order_ref: Option<String>,
    /// How much; none where it never began.
    pub amount: Option<Money>,
    /// By which method.
    pub method: String,
    /// What the buyer reads.
    pub description: String,
    /// Our page lets nobody pay it any more.
    pub closed: bool,
}

/// What is known of this attempt.
pub async fn find(pool: &PgPool, payment: Uuid) -> Result<Option<Known>, DbFault> {
    let row = sqlx::query!(
        "SELECT account_id, order_ref, amount, currency, method, description, closed_at IS NOT NULL AS \"closed!\"
         FROM razorpay_order WHERE payment_id = $1",
        payment
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Known {
        account: row.account_id,
        order_ref: row.order_ref,
        amount: row.currency.parse::<Currency>().ok().map(|currency| Money::new(row.amount, currency)),
        method: row.method,
        description: row.description,
        closed: row.closed,
    }))
}

/// Notes which order an attempt is. Where another was noted first, or it was closed, nothing changes; look again.
pub async fn note(
    pool: &PgPool,
    (payment, account): (Uuid, Uuid),
    order_ref: &str,
    amount: Money,
    (method, description): (&str, &str),
) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO razorpay_order (payment_id, account_id, order_ref, amount, currency, method, description)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (payment_id) DO NOTHING",
        payment,
        account,
        order_ref,
        amount.amount,
        amount.currency.as_str(),
        method,
        description
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Closes an attempt, also one that has not begun.
pub async fn close(pool: &PgPool, payment: Uuid, account: Uuid) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO razorpay_order (payment_id, account_id, closed_at) VALUES ($1, $2, now())
         ON CONFLICT (payment_id) DO UPDATE SET closed_at = coalesce(razorpay_order.closed_at, now())",
        payment,
        account
    )
    .execute(pool)
    .await?;
    Ok(())
}
