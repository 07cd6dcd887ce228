//! The question for a second factor: open for five minutes and five tries, to who has shown the first, and answered once.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::hashed;
use super::store::{Factors, FactorsError};
use crate::platform::db::DbFault;
use crate::platform::ids;

const TRIES_MAX: i32 = 5;
const OPEN_S: f64 = 300.0;

/// What a second factor may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A code of an authenticator app.
    Totp,
    /// One of the codes on paper.
    RecoveryCode,
    /// A passkey, by `/auth/passkeys/login/start`.
    Passkey,
}

/// The question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Challenge {
    /// To be sent back with the answer. Good for five minutes.
    pub challenge: String,
    /// What it may be answered with.
    pub methods: Vec<Method>,
}

/// Who has answered, and what they had shown first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Who.
    pub user: Uuid,
    /// What they had shown first.
    pub how: String,
}

impl Factors {
    /// The question for who has just shown their first factor. `None`: they have no second one.
    ///
    /// # Errors
    /// When the database does not answer or there is no randomness.
    pub async fn ask(&self, user: Uuid, how: &str) -> Result<Option<Challenge>, FactorsError> {
        let standing = self.standing(user).await?;
        if !standing.has_any() {
            return Ok(None);
        }
        let challenge = ids::random_secret()?;
        sqlx::query!(
            "INSERT INTO second_factor_challenge (hash, user_id, how, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4))",
            hashed(&challenge),
            user,
            how,
            OPEN_S
        )
        .execute(&self.pool)
        .await?;
        let has = [
            (Method::Totp, standing.totp),
            (Method::Passkey, standing.passkeys > 0),
            (Method::RecoveryCode, standing.recovery_codes > 0),
        ];
        let methods = has.into_iter().filter_map(|(method, has)| has.then_some(method)).collect();
        Ok(Some(Challenge { challenge, methods }))
    }

    /// Whose question this is, with one try counted. `None`: it was answered, has run out, or was tried too often.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_answer(&self, challenge: &str) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!(
            "UPDATE second_factor_challenge c SET tries = tries + 1 FROM app_user u
             WHERE c.hash = $1 AND c.tries < $2 AND c.expires_at > now() AND u.id = c.user_id AND u.disabled_at IS NULL
             RETURNING c.user_id",
            hashed(challenge),
            TRIES_MAX
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// The question is answered: nobody answers it again. `None`: somebody was faster.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn answered(connection: &mut PgConnection, challenge: &[u8]) -> Result<Option<Passed>, DbFault> {
        let row = sqlx::query!(
            "DELETE FROM second_factor_challenge WHERE hash = $1 AND expires_at > now() RETURNING user_id, how",
            challenge
        )
        .fetch_optional(connection)
        .await?;
        Ok(row.map(|row| Passed { user: row.user_id, how: row.how }))
    }
}
