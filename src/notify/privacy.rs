//! What this room knows of people: the mails to them, and what is still to be said to them.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use crate::platform::people::{Asked, Forgetting, Later, Person, PersonalData};
use crate::platform::retention::{Batch, Kept};
use crate::platform::time;

/// Mails, as they were sent or kept.
#[derive(Clone, Copy, Debug)]
pub struct Mails;

/// What the outbox has said. A row stays, so that the same is never said again; what was to be said goes.
#[derive(Clone, Copy, Debug)]
pub struct Sayings;

fn count(done: &sqlx::postgres::PgQueryResult) -> i64 {
    i64::try_from(done.rows_affected()).unwrap_or(i64::MAX)
}

impl PersonalData for Mails {
    fn room(&self) -> &'static str {
        "mails"
    }

    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT coalesce(jsonb_agg(jsonb_build_object('at', m.created_at, 'to', m.recipient, 'subject', m.subject,
                            'text', m.text_body, 'status', m.status) ORDER BY m.created_at, m.id), '[]') AS \"all!\"
                 FROM mail m WHERE lower(m.recipient) = ANY ($1) AND ($2::uuid IS NULL OR m.organizer_id = $2)",
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
            let said = sqlx::query_scalar!(
                "DELETE FROM mail WHERE lower(recipient) = ANY ($1) AND ($2::uuid IS NULL OR organizer_id = $2)
                 RETURNING outbox_id",
                &person.emails,
                person.organizer
            )
            .fetch_all(&mut *connection)
            .await?;
            let said: Vec<uuid::Uuid> = said.into_iter().flatten().collect();
            // What names them and has not been said yet is never said. A house forgets only what it has said itself: what an
            // account has to be told goes with the account.
            sqlx::query!(
                "UPDATE outbox SET payload = '{}', last_problem = NULL, done_at = coalesce(done_at, now())
                 WHERE id = ANY ($1)
                    OR ($3 AND EXISTS (SELECT 1 FROM unnest($2::text[]) email
                                       WHERE strpos(lower(payload::text), email) > 0
                                          OR strpos(lower(coalesce(last_problem, '')), email) > 0))",
                &said,
                &person.emails,
                person.organizer.is_none()
            )
            .execute(connection)
            .await?;
            Ok(Vec::new())
        })
    }
}

impl Kept for Mails {
    fn kind(&self) -> &'static str {
        "mails"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM mail WHERE created_at < $1",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let done = sqlx::query!(
                "DELETE FROM mail WHERE id IN (
                     SELECT id FROM mail WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(connection)
            .await?;
            Ok(count(&done))
        })
    }
}

impl Kept for Sayings {
    fn kind(&self) -> &'static str {
        "sayings"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM outbox
                 WHERE created_at < $1 AND payload <> '{}' AND done_at IS NOT NULL",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let done = sqlx::query!(
                "UPDATE outbox SET payload = '{}', last_problem = NULL WHERE id IN (
                     SELECT id FROM outbox WHERE created_at < $1 AND payload <> '{}' AND done_at IS NOT NULL
                     ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(connection)
            .await?;
            Ok(count(&done))
        })
    }
}
