//! The money desk's list: read from the view, less what somebody has closed.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::desk::WorkKind;
use super::{Orders, currency, unknown};
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::money::Money;
use crate::platform::time::sql;

/// Which of the list.
#[derive(Clone, Debug, Default)]
pub struct WorkFilter {
    /// Of these organisers; `None` is all, and what is nobody's.
    pub organizers: Option<Vec<Uuid>>,
    /// Of this kind.
    pub kind: Option<WorkKind>,
    /// What was closed and still is as it was, rather than what waits.
    pub done: bool,
    /// Later than this one.
    pub after: Option<(Timestamp, Uuid)>,
    /// How many.
    pub limit: i64,
}

/// That somebody has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// What they did.
    pub note: String,
    /// When.
    pub at: Timestamp,
    /// Their name.
    pub by: Option<String>,
}

/// One thing to look at.
#[derive(Clone, Debug)]
pub struct WorkRow {
    /// Its id; another cause has another.
    pub id: Uuid,
    /// Why it is on the list.
    pub kind: WorkKind,
    /// Whose it is; `None`: nobody knows.
    pub organizer: Option<Uuid>,
    /// Of which order, and what people call that.
    pub order: Option<(Uuid, String)>,
    /// How much it is about.
    pub amount: Option<Money>,
    /// Since when.
    pub since: Timestamp,
    /// At which provider.
    pub provider: Option<String>,
    /// The provider's name for it, or the last problem.
    pub detail: Option<String>,
    /// That somebody has looked.
    pub closed: Option<Closed>,
}

impl Orders {
    /// The list, oldest first; one more than asked for where there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work(&self, filter: &WorkFilter) -> Result<Vec<WorkRow>, DbFault> {
        let (at, id) = filter.after.unzip();
        let rows = sqlx::query!(
            "SELECT w.id AS \"id!\", w.kind AS \"kind!\", w.organizer_id, w.order_id, o.number AS \"number?\", w.amount, w.currency,
                    w.since AS \"since!\", w.provider, w.detail, d.note AS \"note?\", d.at AS \"at?\", u.name AS \"by?\"
             FROM money_work w
             LEFT JOIN orders o ON o.id = w.order_id
             LEFT JOIN money_work_done d ON d.id = w.id
             LEFT JOIN app_user u ON u.id = d.by_user
             WHERE ($1::uuid[] IS NULL OR w.organizer_id = ANY ($1)) AND ($2::text IS NULL OR w.kind = $2)
               AND (d.id IS NOT NULL) = $3 AND ($4::timestamptz IS NULL OR (w.since, w.id) > ($4, $5::uuid))
             ORDER BY w.since, w.id LIMIT $6",
            filter.organizers.as_deref(),
            filter.kind.map(WorkKind::word),
            filter.done,
            at.map(sql) as Option<jiff_sqlx::Timestamp>,
            id,
            filter.limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let amount = match (row.amount, row.currency) {
                    (Some(amount), Some(code)) => Some(Money::new(amount, currency(&code)?)),
                    (None, _) | (_, None) => None,
                };
                Ok(WorkRow {
                    id: row.id,
                    kind: WorkKind::from_word(&row.kind).ok_or_else(|| unknown("kind of work"))?,
                    organizer: row.organizer_id,
                    order: row.order_id.zip(row.number),
                    amount,
                    since: row.since.to_jiff(),
                    provider: row.provider,
                    detail: row.detail.filter(|detail| !detail.is_empty()),
                    closed: row.note.zip(row.at).map(|(note, at)| Closed { note, at: at.to_jiff(), by: row.by }),
                })
            })
            .collect()
    }

    /// How many of each kind wait; a kind of which none does is left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work_counts(&self, organizers: Option<&[Uuid]>) -> Result<Vec<(WorkKind, i64)>, DbFault> {
        let rows = sqlx::query!(
            "SELECT kind AS \"kind!\", count(*) AS \"count!\" FROM money_work w
             WHERE ($1::uuid[] IS NULL OR organizer_id = ANY ($1)) AND NOT EXISTS (SELECT 1 FROM money_work_done d WHERE d.id = w.id)
             GROUP BY kind",
            organizers
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| Ok((WorkKind::from_word(&row.kind).ok_or_else(|| unknown("kind of work"))?, row.count)))
            .collect()
    }

    /// Notes transactions of the last month that do not come to zero, so that the list has them for as long as they don't.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_unbalanced(&self) -> Result<(), DbFault> {
        sqlx::query!(
            "INSERT INTO ledger_unbalanced (transaction_id)
             SELECT DISTINCT t.id FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
             WHERE t.at > now() - interval '32 days'
             GROUP BY t.id, e.currency HAVING sum(e.amount) <> 0
             ON CONFLICT DO NOTHING"
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whose this item is: `Some(None)` where nobody knows whose money it is, `None` where there is no such item.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn owner_of_work(&self, id: Uuid) -> Result<Option<Option<Uuid>>, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT organizer_id FROM money_work WHERE id = $1
             UNION ALL SELECT organizer_id FROM money_work_done WHERE id = $1 LIMIT 1",
            id
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Closes an item and records who did, at once. It was closed before: nothing changes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn close_work(&self, id: Uuid, by: Uuid, note: &str, entry: Entry) -> Result<(), DbFault> {
        let mut transaction = self.pool.begin().await?;
        let kind = sqlx::query_scalar!(
            "INSERT INTO money_work_done (id, kind, organizer_id, order_id, note, by_user)
             SELECT id, kind, organizer_id, order_id, $2, $3 FROM money_work WHERE id = $1
             ON CONFLICT (id) DO NOTHING RETURNING kind",
            id,
            note,
            by
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(kind) = kind.and_then(|word| WorkKind::from_word(&word)) else { return Ok(()) };
        audit::record(&mut transaction, entry.with("kind", kind.word())).await?;
        transaction.commit().await?;
        Ok(())
    }
}
