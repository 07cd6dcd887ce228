//! The people beside the audit log: told, forgotten, and kept for a while only.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use crate::platform::people::{Asked, Forgetting, Later, Person, PersonalData};
use crate::platform::retention::{Batch, Kept};
use crate::platform::time;

/// Names, e-mail and network addresses beside the audit log.
#[derive(Clone, Copy, Debug)]
pub struct AuditPersons;

impl PersonalData for AuditPersons {
    fn room(&self) -> &'static str {
        "audit"
    }

    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'action', l.action, 'object', l.object_kind,
                            'name', p.name, 'email', p.email, 'address', p.address) ORDER BY l.number), '[]') AS \"all!\"
                 FROM audit_log l LEFT JOIN audit_person p ON p.number = l.number
                 WHERE (l.actor_id = $1 OR p.email = ANY ($2) OR l.object_kind = 'user' AND l.object_id = $1::text) AND ($3::uuid IS NULL OR l.organizer_id = $3)",
                person.user,
                &person.emails,
                person.organizer
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
            sqlx::query!(
                "DELETE FROM audit_person p USING audit_log l
                 WHERE l.number = p.number
                   AND (l.actor_id = $1 OR p.email = ANY ($2) OR l.object_kind = 'user' AND l.object_id = $1::text)
                   AND ($3::uuid IS NULL OR l.organizer_id = $3)",
                person.user,
                &person.emails,
                person.organizer
            )
            .execute(connection)
            .await?;
            Ok(Vec::new())
        })
    }
}

impl Kept for AuditPersons {
    fn kind(&self) -> &'static str {
        "audit_persons"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM audit_person p JOIN audit_log l ON l.number = p.number WHERE l.at < $1",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let done = sqlx::query!(
                "DELETE FROM audit_person WHERE number IN (
                     SELECT p.number FROM audit_person p JOIN audit_log l ON l.number = p.number
                     WHERE l.at < $1 ORDER BY p.number LIMIT $2 FOR UPDATE OF p SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(connection)
            .await?;
            Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
        })
    }
}
