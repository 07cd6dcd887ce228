//! To whose account orders belong.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::store::claim_by_address;
use crate::platform::people::{Asked, Forgetting, Later, Person, PersonalData};

/// Orders by their account, whoever they were bought for.
#[derive(Clone, Copy, Debug)]
pub struct Claims;

impl PersonalData for Claims {
    fn room(&self) -> &'static str {
        "claimed_orders"
    }

    fn welcome<'a>(&'a self, connection: &'a mut PgConnection, user: Uuid) -> Asked<'a, ()> {
        Box::pin(claim_by_address(connection, user))
    }

    /// Those under which they bought while the address was theirs; but for one that another account has now, and one under which
    /// somebody has bought since.
    fn addresses<'a>(&'a self, connection: &'a mut PgConnection, user: Uuid) -> Asked<'a, Vec<String>> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT DISTINCT c.email_normalized FROM order_claim k JOIN orders o ON o.id = k.order_id
                        JOIN customer c ON c.id = o.customer_id
                 WHERE k.user_id = $1 AND k.how = 'address' AND c.erased_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM app_user u WHERE u.email_normalized = c.email_normalized AND u.id <> $1)
                   AND NOT EXISTS (SELECT 1 FROM customer d JOIN orders p ON p.customer_id = d.id
                                   WHERE d.email_normalized = c.email_normalized AND NOT EXISTS (
                                       SELECT 1 FROM order_claim q
                                       WHERE q.order_id = p.id AND q.user_id = $1 AND q.how = 'address'))",
                user
            )
            .fetch_all(connection)
            .await?)
        })
    }

    /// What belongs to them, without the name and address that it was bought for, which may be somebody else's.
    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'number', o.number, 'organizer', g.name, 'how', k.how, 'since', k.created_at, 'at', o.created_at,
                    'state', o.state, 'total', o.total, 'currency', o.currency,
                    'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object('label', l.label, 'show', p.title,
                        'starts_at', s.starts_at, 'quantity', l.quantity, 'amount', l.amount,
                        'cancelled_at', l.cancelled_at) ORDER BY l.position), '[]')
                        FROM order_line l LEFT JOIN show s ON s.id = l.show_id LEFT JOIN production p ON p.id = s.production_id
                        WHERE l.order_id = o.id)) ORDER BY o.created_at, o.id), '[]') AS \"all!\"
                 FROM order_claim k JOIN orders o ON o.id = k.order_id JOIN organizer g ON g.id = o.organizer_id
                 WHERE k.user_id = $1",
                person.user
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        person: &'a Person,
        _: Forgetting,
    ) -> Asked<'a, Vec<Later>> {
        Box::pin(async move {
            sqlx::query!("DELETE FROM order_claim WHERE user_id = $1", person.user).execute(connection).await?;
            Ok(Vec::new())
        })
    }
}
