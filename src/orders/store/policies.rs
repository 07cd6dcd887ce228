//! What an order's shows say of giving its tickets back and of passing them on: as they were sold, and as of today.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::returning::{ExchangePolicy, Fate, Offer};
use super::Orders;
use crate::catalog::Cancellation;
use crate::platform::db::DbFault;

/// An order keeps what its shows say as it is made. In the transaction that makes it.
pub(super) async fn keep_policies(connection: &mut PgConnection, order: Uuid) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE order_hold h SET starts_at = s.starts_at, exchange_until_s = s.exchange_until_s, exchange_fee_kept = s.exchange_fee_kept,
                cancellation = coalesce(s.cancellation, jsonb_build_object('steps',
                    CASE WHEN s.cancel_until_s IS NULL THEN '[]'::jsonb
                         ELSE jsonb_build_array(jsonb_build_object('until_s', s.cancel_until_s, 'back_bp', 10000)) END,
                    'fee_kept', 0, 'fees_back', true))
         FROM show s WHERE h.order_id = $1 AND s.id = h.show_id",
        order
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Orders {
    /// What the shows of an order say, by their start.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn offers(&self, order: Uuid) -> Result<Vec<Offer>, DbFault> {
        Ok(self.offers_of(&[order]).await?.remove(&order).unwrap_or_default())
    }

    /// The same for many orders at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn offers_of(&self, orders: &[Uuid]) -> Result<HashMap<Uuid, Vec<Offer>>, DbFault> {
        let rows = sqlx::query!(
            "SELECT h.order_id AS \"order_id!\", s.id AS \"id!\", p.title AS \"title!\", s.starts_at AS \"starts_at!\",
                    h.sold_for, h.bought_under, s.cancellation, s.cancel_until_s, s.transfer_until_s, m.state AS \"state?\",
                    h.exchange_until_s AS exchanged_until_s, h.exchange_fee_kept AS exchanged_fee_kept, s.exchange_until_s,
                    s.exchange_fee_kept
             FROM (SELECT DISTINCT ON (order_id, show_id) order_id, show_id, starts_at AS sold_for, cancellation AS bought_under,
                          exchange_until_s, exchange_fee_kept
                   FROM order_hold WHERE order_id = ANY ($1) ORDER BY order_id, show_id, position) h
             JOIN show s ON s.id = h.show_id JOIN production p ON p.id = s.production_id
             LEFT JOIN show_summary m ON m.show_id = s.id
             ORDER BY s.starts_at, s.id",
            orders
        )
        .fetch_all(&self.pool)
        .await?;
        let mut offers: HashMap<Uuid, Vec<Offer>> = HashMap::new();
        for row in rows {
            let starts_at: Timestamp = row.starts_at.to_jiff();
            let until = |seconds: i32| starts_at - SignedDuration::from_secs(i64::from(seconds));
            offers.entry(row.order_id).or_default().push(Offer {
                show: row.id,
                title: row.title,
                starts_at,
                sold_for: super::jiff(row.sold_for),
                fate: Fate::of_state(row.state.as_deref()),
                bought_under: row.bought_under.map(|kept| Cancellation::of_row(Some(kept), None)),
                today: Cancellation::of_row(row.cancellation, row.cancel_until_s),
                transfer_until: row.transfer_until_s.map(until),
                exchange: [
                    (row.exchanged_until_s, row.exchanged_fee_kept.unwrap_or(0)),
                    (row.exchange_until_s, row.exchange_fee_kept),
                ]
                .into_iter()
                .filter_map(|(until_s, fee_kept)| Some(ExchangePolicy { until_s: until_s?, fee_kept }))
                .collect(),
            });
        }
        Ok(offers)
    }
}
