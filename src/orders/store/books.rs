//! The books and the payments, for those who look over them.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::ledger::Transaction;
use super::{Orders, currency, jiff as moment};
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::platform::money::Money;
use crate::platform::time::sql;

/// What one account holds in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LedgerBalance {
    /// Which account: `provider:<name>`, `deposits`, `sales`, `refunds_due`.
    pub account: String,
    /// Debit is positive, credit negative.
    pub balance: Money,
    /// How many entries it has.
    #[schema(minimum = 0)]
    pub entries: i64,
}

/// A payment, for the back office.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentRow {
    /// Its id.
    pub id: Uuid,
    /// Of which order.
    pub order_id: Uuid,
    /// What people call that order.
    pub order_number: String,
    /// At which provider.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: Option<String>,
    /// How far it is.
    pub status: String,
    /// How much.
    pub amount: Money,
    /// How much of it was given back.
    pub refunded: Money,
    /// When the buyer paid, by the provider's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paid_at: Option<Timestamp>,
    /// When the attempt began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What went wrong.
    pub problem: Option<String>,
}

/// Books a transaction once. False: it was booked before.
pub(super) async fn book(
    connection: &mut PgConnection,
    organizer: Uuid,
    order: Option<Uuid>,
    transaction: &Transaction,
) -> Result<bool, DbFault> {
    let id = ids::derived_id(&[b"ledger", transaction.source.as_bytes()]);
    let entries = &transaction.entries;
    let accounts: Vec<&str> = entries.iter().map(|entry| &*entry.account).collect();
    let shows: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.show).collect();
    let amounts: Vec<i64> = entries.iter().map(|entry| entry.amount).collect();
    let currencies: Vec<&str> = entries.iter().map(|entry| entry.currency.as_str()).collect();
    let booked = sqlx::query!(
        "WITH new AS (
             INSERT INTO ledger_transaction (id, organizer_id, order_id, kind, source) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (source) DO NOTHING RETURNING id
         )
         INSERT INTO ledger_entry (transaction_id, position, account, show_id, amount, currency)
         SELECT new.id, e.place - 1, e.account, e.show_id, e.amount, e.currency
         FROM new, UNNEST($6::text[], $7::uuid[], $8::bigint[], $9::text[]) WITH ORDINALITY AS e(account, show_id, amount, currency, place)",
        id,
        organizer,
        order,
        transaction.kind,
        transaction.source,
        &accounts as &[&str],
        &shows as &[Option<Uuid>],
        &amounts,
        &currencies as &[&str]
    )
    .execute(connection)
    .await?;
    // None has no entries.
    Ok(booked.rows_affected() > 0)
}

impl Orders {
    /// What each account holds. Over all accounts it is zero in each currency, as long as all organisers are looked at or
    /// each transaction belongs to one, which it does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn balances(&self, organizers: Option<&[Uuid]>) -> Result<Vec<LedgerBalance>, DbFault> {
        let rows = sqlx::query!(
            "SELECT e.account, e.currency, sum(e.amount)::bigint AS \"balance!\", count(*) AS \"entries!\"
             FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
             WHERE ($1::uuid[] IS NULL OR t.organizer_id = ANY ($1))
             GROUP BY e.account, e.currency ORDER BY e.currency, e.account",
            organizers
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let balance = Money::new(row.balance, currency(&row.currency)?);
                Ok(LedgerBalance { account: row.account, balance, entries: row.entries })
            })
            .collect()
    }

    /// Payments, newest first; one more than `limit` where there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn payments(
        &self,
        organizers: Option<&[Uuid]>,
        status: Option<&str>,
        after: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<PaymentRow>, DbFault> {
        let (at, id) = after.unzip();
        let rows = sqlx::query!(
            "SELECT p.id, p.order_id, o.number, p.provider, p.provider_ref, p.status, p.amount, p.currency, p.paid_at,
                    p.created_at, p.last_problem,
                    (SELECT coalesce(sum(r.amount), 0)::bigint FROM refund r
                     WHERE r.payment_id = p.id AND r.status = 'succeeded') AS \"refunded!\"
             FROM payment p JOIN orders o ON o.id = p.order_id
             WHERE ($1::uuid[] IS NULL OR o.organizer_id = ANY ($1)) AND ($2::text IS NULL OR p.status = $2)
               AND ($3::timestamptz IS NULL OR (p.created_at, p.id) < ($3, $4::uuid))
             ORDER BY p.created_at DESC, p.id DESC LIMIT $5",
            organizers,
            status,
            at.map(sql) as Option<jiff_sqlx::Timestamp>,
            id,
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let currency = currency(&row.currency)?;
                Ok(PaymentRow {
                    id: row.id,
                    order_id: row.order_id,
                    order_number: row.number,
                    provider: row.provider,
                    provider_ref: row.provider_ref,
                    status: row.status,
                    amount: Money::new(row.amount, currency),
                    refunded: Money::new(row.refunded, currency),
                    paid_at: moment(row.paid_at),
                    created_at: row.created_at.to_jiff(),
                    problem: row.last_problem,
                })
            })
            .collect()
    }
}
