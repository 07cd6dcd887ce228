//! What the house as a whole is set to.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use super::db::DbFault;
use super::money::Currency;

/// The house: whose name stands over the page, and what new shows start from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct House {
    /// Its name.
    pub name: String,
    /// The currency of new shows.
    pub currency: Currency,
    /// The language of the page where the browser has no wish, as a BCP 47 tag.
    pub locale: String,
    /// IANA time zone of new venues.
    pub time_zone: String,
    /// Made by `--demo`.
    #[serde(default)]
    pub demo: bool,
}

/// Reads the house; `None` on a server that nobody has set up.
///
/// # Errors
/// When the database does not answer.
pub async fn read(pool: &PgPool) -> Result<Option<House>, DbFault> {
    let value = sqlx::query_scalar!("SELECT value FROM setting WHERE key = 'house'").fetch_optional(pool).await?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// Writes the house for the first time. False when there is one already: nothing was changed.
///
/// # Errors
/// When the database does not answer.
pub async fn found(connection: &mut PgConnection, house: &House) -> Result<bool, DbFault> {
    let value = serde_json::to_value(house).unwrap_or(Value::Null);
    let done =
        sqlx::query!("INSERT INTO setting (key, value) VALUES ('house', $1) ON CONFLICT (key) DO NOTHING", value)
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}
