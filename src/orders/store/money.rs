//! What the books say of one order.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Orders, currency};
use crate::platform::db::DbFault;
use crate::platform::money::Money;

/// More transactions than the story of any order has.
const TRANSACTIONS_MAX: i64 = 500;

/// One line of a transaction of the books.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookedEntry {
    /// Which account.
    pub account: String,
    /// Of which show, where it is about one.
    pub show_id: Option<Uuid>,
    /// Debit is positive, credit negative.
    pub amount: Money,
}

/// What the books have of an order, booked at once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookedTransaction {
    /// What kind of thing: `capture`, `sale`, `refund`, `kept`, …
    pub kind: String,
    /// When it was booked.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Its lines; they sum to zero.
    pub entries: Vec<BookedEntry>,
}

/// The books of one order.
#[derive(Clone, Debug)]
pub struct MoneyView {
    /// In their order, oldest first.
    pub transactions: Vec<BookedTransaction>,
}

impl Orders {
    /// What the books have of an order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn money_of(&self, order: Uuid) -> Result<MoneyView, DbFault> {
        let rows = sqlx::query!(
            "SELECT t.id, t.kind, t.at, e.account, e.show_id, e.amount, e.currency
             FROM (SELECT id, kind, at FROM ledger_transaction WHERE order_id = $1 ORDER BY at, id LIMIT $2) t
             JOIN ledger_entry e ON e.transaction_id = t.id ORDER BY t.at, t.id, e.position",
            order,
            TRANSACTIONS_MAX
        )
        .fetch_all(&self.pool)
        .await?;
        let mut transactions: Vec<(Uuid, BookedTransaction)> = Vec::new();
        for row in rows {
            let amount = Money::new(row.amount, currency(&row.currency)?);
            let entry = BookedEntry { account: row.account, show_id: row.show_id, amount };
            match transactions.last_mut().filter(|(id, _)| *id == row.id) {
                Some((_, transaction)) => transaction.entries.push(entry),
                None => {
                    let transaction = BookedTransaction { kind: row.kind, at: row.at.to_jiff(), entries: vec![entry] };
                    transactions.push((row.id, transaction));
                }
            }
        }
        Ok(MoneyView { transactions: transactions.into_iter().map(|(_, transaction)| transaction).collect() })
    }
}
