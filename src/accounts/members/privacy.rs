//! What this room knows of people: who was asked into which house.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use crate::platform::people::{Asked, Forgetting, Later, Person, PersonalData};
use crate::platform::retention::{Batch, Kept};
use crate::platform::time;

/// Invitations, by the address that was invited or the account that they led to.
#[derive(Clone, Copy, Debug)]
pub struct Invitations;

impl PersonalData for Invitations {
    fn room(&self) -> &'static str {
        "invitations"
    }

    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT coalesce(jsonb_agg(jsonb_build_object('organizer', o.name, 'email', i.email, 'role', i.role,
                            'at', i.created_at, 'expires_at', i.expires_at, 'accepted_at', i.accepted_at,
                            'withdrawn_at', i.withdrawn_at) ORDER BY i.created_at, i.id), '[]') AS \"all!\"
                 FROM invitation i JOIN organizer o ON o.id = i.organizer_id
                 WHERE (i.email_normalized = ANY ($1) OR i.accepted_by = $2) AND ($3::uuid IS NULL OR i.organizer_id = $3)",
                &person.emails,
                person.user,
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
                "DELETE FROM invitation
                 WHERE (email_normalized = ANY ($1) OR accepted_by = $2) AND ($3::uuid IS NULL OR organizer_id = $3)",
                &person.emails,
                person.user,
                person.organizer
            )
            .execute(connection)
            .await?;
            Ok(Vec::new())
        })
    }
}

impl Kept for Invitations {
    fn kind(&self) -> &'static str {
        "invitations"
    }

    fn due<'a>(&'a self, connection: &'a mut PgConnection, before: Timestamp) -> Asked<'a, i64> {
        Box::pin(async move {
            Ok(sqlx::query_scalar!(
                "SELECT count(*) AS \"due!\" FROM invitation WHERE expires_at < $1",
                time::sql(before) as jiff_sqlx::Timestamp
            )
            .fetch_one(connection)
            .await?)
        })
    }

    fn erase<'a>(&'a self, connection: &'a mut PgConnection, batch: Batch) -> Asked<'a, i64> {
        Box::pin(async move {
            let done = sqlx::query!(
                "DELETE FROM invitation WHERE id IN (
                     SELECT id FROM invitation WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                time::sql(batch.before) as jiff_sqlx::Timestamp,
                batch.rows_max
            )
            .execute(connection)
            .await?;
            Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
        })
    }
}
