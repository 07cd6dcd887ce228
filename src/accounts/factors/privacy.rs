//! What is personal of how somebody signs in: the names that they gave to their passkeys, and their accounts elsewhere. Both belong
//! to the account, and to no house.

use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::platform::people::{Asked, Forgetting, Later, Person, PersonalData};

/// How people sign in.
pub struct WaysIn;

impl PersonalData for WaysIn {
    fn room(&self) -> &'static str {
        "ways_in"
    }

    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value> {
        Box::pin(async move {
            let Some(user) = person.user else { return Ok(json!({})) };
            let passkeys =
                sqlx::query!("SELECT name, created_at FROM passkey WHERE user_id = $1 ORDER BY created_at", user)
                    .fetch_all(&mut *connection)
                    .await?;
            let linked = sqlx::query!(
                "SELECT provider, subject, email, created_at FROM linked_account WHERE user_id = $1 ORDER BY created_at",
                user
            )
            .fetch_all(connection)
            .await?;
            let passkeys =
                passkeys.into_iter().map(|row| json!({"name": row.name, "created_at": row.created_at.to_jiff()}));
            let linked = linked.into_iter().map(|row| {
                json!({
                    "provider": row.provider, "subject": row.subject, "email": row.email,
                    "created_at": row.created_at.to_jiff(),
                })
            });
            Ok(json!({"passkeys": passkeys.collect::<Vec<_>>(), "linked_accounts": linked.collect::<Vec<_>>()}))
        })
    }

    fn erase<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        person: &'a Person,
        _: Forgetting,
    ) -> Asked<'a, Vec<Later>> {
        Box::pin(async move {
            // One house's forgetting of a customer leaves their account, and how they sign in to it.
            let Some(user) = person.user.filter(|_| person.organizer.is_none()) else { return Ok(Vec::new()) };
            sqlx::query!("DELETE FROM totp WHERE user_id = $1", user).execute(&mut *connection).await?;
            sqlx::query!("DELETE FROM recovery_code WHERE user_id = $1", user).execute(&mut *connection).await?;
            sqlx::query!("DELETE FROM passkey WHERE user_id = $1", user).execute(&mut *connection).await?;
            sqlx::query!("DELETE FROM linked_account WHERE user_id = $1", user).execute(&mut *connection).await?;
            sqlx::query!("DELETE FROM guess WHERE user_id = $1", user).execute(connection).await?;
            Ok(Vec::new())
        })
    }
}
