//! What reports are made of: facts of the ledger and of the orders, read in a stream, so that a big house needs no more memory
//! than a small one.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::reports::{
    CountFact, Days, PaymentsFact, PaymentsReport, SalesFact, SalesReport, TooMany, sales_accounts,
};
use super::{Orders, currency};
use crate::platform::db::DbFault;
use crate::platform::money::Currency;
use crate::platform::time::sql;

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// There would be too many rows.
    #[error("the report would have too many rows")]
    TooMany,
}

impl From<sqlx::Error> for ReportFault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbFault(error))
    }
}

impl From<TooMany> for ReportFault {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

/// A show, as reports name it.
#[derive(Clone, Debug)]
pub struct ReportShow {
    /// Its id.
    pub id: Uuid,
    /// What is played.
    pub title: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// The venue's time zone.
    pub zone: String,
}

/// Where a list of entries goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCursor(pub Timestamp, pub Uuid, pub i32);

/// One entry of the books.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// Of which transaction.
    pub transaction: Uuid,
    /// Its place there.
    pub position: i32,
    /// When it was booked.
    pub at: Timestamp,
    /// What kind of transaction.
    pub kind: String,
    /// What that books.
    pub source: String,
    /// Of which order.
    pub order: Option<String>,
    /// Of which show, and what is played there.
    pub show: Option<(Uuid, String)>,
    /// Which account.
    pub account: String,
    /// Debit positive, credit negative.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
    /// The venue's time zone.
    pub zone: Option<String>,
}

/// What an account holds of one show or one day.
#[derive(Clone, Debug)]
pub struct BalanceFact {
    /// When the quarter of an hour began.
    pub at: Timestamp,
    /// Of which show.
    pub show: Option<Uuid>,
    /// The venue's time zone.
    pub zone: Option<String>,
    /// Which account.
    pub account: String,
    /// Debit positive.
    pub amount: i64,
    /// How many entries.
    pub entries: i64,
    /// In which currency.
    pub currency: Currency,
}

impl Orders {
    /// Fills a report of sales.
    ///
    /// # Errors
    /// When the database does not answer, or the report would be too long.
    pub async fn fill_sales(
        &self,
        organizers: Option<&[Uuid]>,
        days: Days,
        mut report: SalesReport,
    ) -> Result<SalesReport, ReportFault> {
        let (from, to) = days.around();
        let accounts = sales_accounts();
        let mut money = sqlx::query!(
            "SELECT date_bin('15 minutes', t.at, timestamptz '2000-01-01 00:00:00Z') AS \"at!\", e.show_id, e.account, e.currency,
                    p.provider AS \"provider?\", z.time_zone AS \"zone?\",
                    coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint AS \"credit!\",
                    coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint AS \"debit!\"
             FROM ledger_transaction t
             JOIN ledger_entry e ON e.transaction_id = t.id
             LEFT JOIN orders o ON o.id = t.order_id
             LEFT JOIN payment p ON p.id = o.paid_with
             LEFT JOIN LATERAL (
                SELECT v.time_zone FROM show s JOIN venue v ON v.id = s.venue_id
                WHERE s.id = coalesce(e.show_id, (SELECT h.show_id FROM order_hold h WHERE h.order_id = t.order_id
                                                  ORDER BY h.position LIMIT 1))) z ON true
             WHERE ($1::uuid[] IS NULL OR t.organizer_id = ANY ($1)) AND t.at >= $2 AND t.at < $3 AND e.account = ANY ($4)
             GROUP BY 1, 2, 3, 4, 5, 6",
            organizers,
            sql(from) as jiff_sqlx::Timestamp,
            sql(to) as jiff_sqlx::Timestamp,
            &accounts
        )
        .fetch(&self.pool);
        while let Some(row) = money.try_next().await? {
            report.money(&SalesFact {
                at: row.at.to_jiff(),
                show: row.show_id,
                provider: row.provider,
                zone: row.zone,
                currency: currency(&row.currency)?,
                account: row.account,
                credit: row.credit,
                debit: row.debit,
            })?;
        }
        drop(money);
        // Sold in the moment that the books have; what was free is in no book.
        let mut counts = sqlx::query!(
            "SELECT date_bin('15 minutes', x.at, timestamptz '2000-01-01 00:00:00Z') AS \"at!\", x.show_id, x.currency AS \"currency!\",
                    x.provider AS \"provider?\", z.time_zone AS \"zone?\", sum(x.sold)::bigint AS \"sold!\",
                    sum(x.back)::bigint AS \"back!\", sum(x.discounts)::bigint AS \"discounts!\"
             FROM (
                SELECT coalesce(t.at, o.confirmed_at) AS at, l.show_id, l.order_id, o.currency, p.provider,
                       CASE WHEN l.kind = 'ticket' THEN l.quantity ELSE 0 END AS sold, 0 AS back,
                       CASE WHEN l.kind = 'discount' THEN -l.amount ELSE 0 END AS discounts
                FROM orders o JOIN order_line l ON l.order_id = o.id LEFT JOIN payment p ON p.id = o.paid_with
                LEFT JOIN ledger_transaction t ON t.source = 'sale:' || o.id
                WHERE o.confirmed_at >= $2 AND o.confirmed_at < $3 AND l.kind IN ('ticket', 'discount')
                  AND ($1::uuid[] IS NULL OR o.organizer_id = ANY ($1))
                UNION ALL
                SELECT l.cancelled_at, l.show_id, l.order_id, o.currency, p.provider, 0, l.quantity, 0
                FROM order_line l JOIN orders o ON o.id = l.order_id LEFT JOIN payment p ON p.id = o.paid_with
                WHERE l.cancelled_at >= $2 AND l.cancelled_at < $3 AND l.kind = 'ticket' AND o.confirmed_at IS NOT NULL
                  AND ($1::uuid[] IS NULL OR o.organizer_id = ANY ($1))) x
             LEFT JOIN LATERAL (
                SELECT v.time_zone FROM show s JOIN venue v ON v.id = s.venue_id
                WHERE s.id = coalesce(x.show_id, (SELECT h.show_id FROM order_hold h WHERE h.order_id = x.order_id
                                                  ORDER BY h.position LIMIT 1))) z ON true
             GROUP BY 1, 2, 3, 4, 5",
            organizers,
            sql(from) as jiff_sqlx::Timestamp,
            sql(to) as jiff_sqlx::Timestamp
        )
        .fetch(&self.pool);
        while let Some(row) = counts.try_next().await? {
            report.count(&CountFact {
                at: row.at.to_jiff(),
                show: row.show_id,
                provider: row.provider,
                zone: row.zone,
                currency: currency(&row.currency)?,
                sold: row.sold,
                back: row.back,
                discounts: row.discounts,
            })?;
        }
        Ok(report)
    }

    /// Fills a report of payments.
    ///
    /// # Errors
    /// As [`Orders::fill_sales`].
    pub async fn fill_payments(
        &self,
        organizers: Option<&[Uuid]>,
        days: Days,
        mut report: PaymentsReport,
    ) -> Result<PaymentsReport, ReportFault> {
        let (from, to) = days.around();
        let mut facts = sqlx::query!(
            "SELECT date_bin('15 minutes', t.at, timestamptz '2000-01-01 00:00:00Z') AS \"at!\", e.account, e.currency, t.kind,
                    z.time_zone AS \"zone?\", sum(e.amount)::bigint AS \"amount!\"
             FROM ledger_transaction t
             JOIN ledger_entry e ON e.transaction_id = t.id
             LEFT JOIN LATERAL (
                SELECT v.time_zone FROM show s JOIN venue v ON v.id = s.venue_id
                WHERE s.id = (SELECT h.show_id FROM order_hold h WHERE h.order_id = t.order_id ORDER BY h.position LIMIT 1)) z ON true
             WHERE ($1::uuid[] IS NULL OR t.organizer_id = ANY ($1)) AND t.at >= $2 AND t.at < $3 AND e.account LIKE 'provider:%'
             GROUP BY 1, 2, 3, 4, 5",
            organizers,
            sql(from) as jiff_sqlx::Timestamp,
            sql(to) as jiff_sqlx::Timestamp
        )
        .fetch(&self.pool);
        while let Some(row) = facts.try_next().await? {
            report.add(&PaymentsFact {
                at: row.at.to_jiff(),
                zone: row.zone,
                provider: row.account.trim_start_matches("provider:").to_owned(),
                currency: currency(&row.currency)?,
                kind: row.kind,
                amount: row.amount,
            })?;
        }
        Ok(report)
    }

    /// What each account did, in quarters of an hour; `each` may have had enough.
    ///
    /// # Errors
    /// As [`Orders::fill_sales`].
    pub async fn balance_facts(
        &self,
        organizers: Option<&[Uuid]>,
        days: Days,
        mut each: impl FnMut(&BalanceFact) -> Result<(), TooMany>,
    ) -> Result<(), ReportFault> {
        let (from, to) = days.around();
        let mut facts = sqlx::query!(
            "SELECT date_bin('15 minutes', t.at, timestamptz '2000-01-01 00:00:00Z') AS \"at!\", e.show_id, e.account, e.currency,
                    z.time_zone AS \"zone?\", sum(e.amount)::bigint AS \"amount!\", count(*) AS \"entries!\"
             FROM ledger_transaction t
             JOIN ledger_entry e ON e.transaction_id = t.id
             LEFT JOIN LATERAL (
                SELECT v.time_zone FROM show s JOIN venue v ON v.id = s.venue_id
                WHERE s.id = coalesce(e.show_id, (SELECT h.show_id FROM order_hold h WHERE h.order_id = t.order_id
                                                  ORDER BY h.position LIMIT 1))) z ON true
             WHERE ($1::uuid[] IS NULL OR t.organizer_id = ANY ($1)) AND t.at >= $2 AND t.at < $3
             GROUP BY 1, 2, 3, 4, 5",
            organizers,
            sql(from) as jiff_sqlx::Timestamp,
            sql(to) as jiff_sqlx::Timestamp
        )
        .fetch(&self.pool);
        while let Some(row) = facts.try_next().await? {
            each(&BalanceFact {
                at: row.at.to_jiff(),
                show: row.show_id,
                zone: row.zone,
                account: row.account,
                amount: row.amount,
                entries: row.entries,
                currency: currency(&row.currency)?,
            })?;
        }
        Ok(())
    }

    /// These shows, as reports name them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn report_shows(&self, ids: &[Uuid]) -> Result<Vec<ReportShow>, DbFault> {
        let rows = sqlx::query!(
            "SELECT s.id, p.title, s.starts_at, v.time_zone FROM show s JOIN production p ON p.id = s.production_id
             JOIN venue v ON v.id = s.venue_id WHERE s.id = ANY ($1)",
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        let show = |row: (Uuid, String, Timestamp, String)| ReportShow {
            id: row.0,
            title: row.1,
            starts_at: row.2,
            zone: row.3,
        };
        Ok(rows.into_iter().map(|row| show((row.id, row.title, row.starts_at.to_jiff(), row.time_zone))).collect())
    }

    /// Entries of the books, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn entries(
        &self,
        organizers: Option<&[Uuid]>,
        days: Days,
        after: Option<EntryCursor>,
        limit: i64,
    ) -> Result<Vec<EntryRow>, DbFault> {
        let (from, to) = days.around();
        let rows = sqlx::query!(
            "SELECT t.id, e.position, t.at, t.kind, t.source, o.number AS \"number?\", e.show_id, p.title AS \"title?\", e.account,
                    e.amount, e.currency, z.time_zone AS \"zone?\"
             FROM ledger_transaction t
             JOIN ledger_entry e ON e.transaction_id = t.id
             LEFT JOIN orders o ON o.id = t.order_id
             LEFT JOIN show s ON s.id = e.show_id
             LEFT JOIN production p ON p.id = s.production_id
             LEFT JOIN LATERAL (
                SELECT v.time_zone FROM show x JOIN venue v ON v.id = x.venue_id
                WHERE x.id = coalesce(e.show_id, (SELECT h.show_id FROM order_hold h WHERE h.order_id = t.order_id
                                                  ORDER BY h.position LIMIT 1))) z ON true
             WHERE ($1::uuid[] IS NULL OR t.organizer_id = ANY ($1)) AND t.at >= $2 AND t.at < $3
               AND ($4::timestamptz IS NULL OR (t.at, t.id, e.position) > ($4, $5::uuid, $6::integer))
             ORDER BY t.at, t.id, e.position LIMIT $7",
            organizers,
            sql(from) as jiff_sqlx::Timestamp,
            sql(to) as jiff_sqlx::Timestamp,
            after.map(|cursor| sql(cursor.0)) as Option<jiff_sqlx::Timestamp>,
            after.map(|cursor| cursor.1),
            after.map(|cursor| cursor.2),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(EntryRow {
                    transaction: row.id,
                    position: row.position,
                    at: row.at.to_jiff(),
                    kind: row.kind,
                    source: row.source,
                    order: row.number,
                    show: row.show_id.zip(row.title),
                    account: row.account,
                    amount: row.amount,
                    currency: currency(&row.currency)?,
                    zone: row.zone,
                })
            })
            .collect()
    }

    /// The house's own time zone; UTC where there is no house yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn home_zone(&self) -> Result<String, DbFault> {
        Ok(crate::platform::house::read(&self.pool).await?.map_or_else(|| "UTC".to_owned(), |house| house.time_zone))
    }
}
