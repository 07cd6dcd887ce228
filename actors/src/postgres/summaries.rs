//! `show_summary`: what lists and search know of a show without waking it.

use aisle_core::{ShowId, Timestamp};
use sqlx::Row;

use super::store::Store;
use crate::journal::BoxFuture;
use crate::summary::{CategoryCounts, ShowSummary, StoreError, Summaries, public_message, state_word};

/// The summaries in Postgres. Clone is cheap.
#[derive(Clone, Debug)]
pub struct PostgresSummaries {
    store: Store,
}

impl PostgresSummaries {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }
}

// A row that a later owner wrote is never put back.
const WRITE: &str = "
INSERT INTO show_summary (show_id, seq, state, public_message, next_deadline, counts, available, places)
SELECT s.show_id, s.seq, s.state, s.public_message, 'epoch'::timestamptz + s.next_deadline * interval '1 millisecond',
       s.counts::jsonb, s.available, s.places
FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[])
     AS s(show_id, seq, state, public_message, next_deadline, counts, available, places)
ORDER BY s.show_id
ON CONFLICT (show_id) DO UPDATE
    SET seq = excluded.seq, state = excluded.state, public_message = excluded.public_message,
        next_deadline = excluded.next_deadline, counts = excluded.counts, available = excluded.available,
        places = excluded.places, updated_at = now()
    WHERE show_summary.seq <= excluded.seq";

// A show that its owner has not handed over was awake when its owner went, and its summary may be a second old.
const DUE: &str = "
SELECT w.show_id
FROM (SELECT show_id FROM show_summary
      WHERE next_deadline <= 'epoch'::timestamptz + $1::bigint * interval '1 millisecond'
      UNION
      SELECT show_id FROM show_owner WHERE NOT handed_over) w
LEFT JOIN show_owner o ON o.show_id = w.show_id
LEFT JOIN node n ON n.id = o.node_id
WHERE o.show_id IS NULL OR o.handed_over OR o.node_id = $2 OR n.lease_until <= clock_timestamp()";

impl Summaries for PostgresSummaries {
    fn write(&self, rows: Vec<ShowSummary>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.store.run_any(move |store| async move {
            let counts = |row: &ShowSummary| {
                let by_name = row.counts.iter().map(|of| (&*of.category, of));
                serde_json::to_string(&by_name.collect::<std::collections::BTreeMap<&str, &CategoryCounts>>())
            };
            let encoded = rows.iter().map(counts).collect::<Result<Vec<String>, _>>();
            let encoded = encoded.map_err(|error| sqlx::Error::Encode(error.into()))?;
            sqlx::query(WRITE)
                .bind(rows.iter().map(|row| row.show.0).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.seq.0.cast_signed()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| state_word(&row.state)).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| public_message(&row.state)).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.next_deadline.map(|deadline| deadline.0)).collect::<Vec<_>>())
                .bind(encoded)
                .bind(rows.iter().map(|row| row.available().cast_signed()).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.places().cast_signed()).collect::<Vec<_>>())
                .execute(&store.pool)
                .await?;
            Ok(())
        }))
    }

    fn due(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<ShowId>, StoreError>> {
        Box::pin(self.store.run_any(move |store| async move {
            let rows = sqlx::query(DUE).bind(now.0).bind(store.node.0).fetch_all(&store.pool).await?;
            rows.iter().map(|row| row.try_get(0).map(ShowId)).collect()
        }))
    }
}
