//! Tickets of an order go to somebody else: in one transaction with the mails, the record, and the answer to the same request again.

use std::collections::HashSet;

use uuid::Uuid;

use super::Orders;
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::idempotency::{self, Begin};
use crate::tickets::mail::{self, PassedOn};
pub use crate::tickets::store::Pass;
use crate::tickets::store::{self as tickets, Passed};

/// A key under which a request is done once.
#[derive(Clone, Copy, Debug)]
pub struct OnceKey<'a> {
    /// Whose key.
    pub scope: &'a str,
    /// The key.
    pub key: &'a str,
    /// On which route.
    pub route: &'a str,
    /// The hash of the request.
    pub hash: u64,
}

/// Whether tickets were passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    /// They were, now.
    Now,
    /// By the same request, before.
    Before,
    /// The key was used for another request.
    Reused,
    /// One of them is not good, or was passed on too often; none was.
    NotGood,
    /// One of them is just being given for another order.
    Promised,
}

impl Orders {
    /// Passes tickets on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn transfer(
        &self,
        wish: Uuid,
        pass: &Pass<'_>,
        once: Option<OnceKey<'_>>,
        entry: Entry,
    ) -> Result<Transferred, DbFault> {
        let mut transaction = self.pool.begin().await?;
        if let Some(OnceKey { scope, key, route, hash }) = once {
            match idempotency::begin(&mut transaction, scope, route, key, hash).await? {
                Begin::Fresh => {}
                Begin::Replay { .. } => return Ok(Transferred::Before),
                Begin::Reused => return Ok(Transferred::Reused),
            }
        }
        // Who gives the order back at the same moment comes before or after.
        sqlx::query!("SELECT id FROM orders WHERE id = $1 FOR UPDATE", pass.order).fetch_one(&mut *transaction).await?;
        let promised = sqlx::query_scalar!(
            "SELECT EXISTS (SELECT 1 FROM order_exchange e JOIN ticket t ON t.line_id = ANY (e.lines)
                            WHERE e.old_order_id = $1 AND e.state IN ('open', 'sold') AND t.id = ANY ($2)) AS \"promised!\"",
            pass.order,
            pass.tickets
        )
        .fetch_one(&mut *transaction)
        .await?;
        if promised {
            return Ok(Transferred::Promised);
        }
        let holder = match tickets::pass_on(&mut transaction, pass).await? {
            Passed::On(holder) => holder,
            Passed::NotGood => return Ok(Transferred::NotGood),
        };
        let passed = PassedOn { order: pass.order, tickets: pass.tickets.to_vec(), holder };
        mail::tell_passed_on(&mut transaction, wish, &passed).await?;
        audit::record(&mut transaction, entry).await?;
        if let Some(OnceKey { scope, key, route, .. }) = once {
            idempotency::finish(&mut transaction, scope, route, key, 200, &serde_json::Value::Null).await?;
        }
        transaction.commit().await?;
        Ok(Transferred::Now)
    }

    /// The tickets of an order that somebody else has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passed_on(&self, order: Uuid) -> Result<HashSet<Uuid>, DbFault> {
        let ids = sqlx::query_scalar!("SELECT id FROM ticket WHERE order_id = $1 AND holder_id IS NOT NULL", order)
            .fetch_all(&self.pool)
            .await?;
        Ok(ids.into_iter().collect())
    }

    /// The tickets of an order that are good now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn good_tickets(&self, order: Uuid) -> Result<Vec<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT id FROM ticket WHERE order_id = $1 AND status = 'valid' ORDER BY id", order)
            .fetch_all(&self.pool)
            .await?)
    }
}
