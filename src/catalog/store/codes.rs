//! Access codes of a show. A code is a key that is told to people, not a password: it is kept as it is read out, so that staff
//! can hand it out again. How many places were taken under it is the show's own knowledge.

use aisle_core::{AllocationId, ShowId};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Catalog, CatalogError, changed_one};
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::platform::time;

/// More codes of one show would be tickets in disguise.
const STANDING_MAX: i64 = 1000;
/// What a code is made of where nobody chose one: no letter or digit that is read as another.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const MADE_LENGTH: usize = 10;

/// An access code's own fields.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessCodeInput {
    /// What people type; case, spaces and hyphens do not matter. Left out: one is made. Cannot be changed.
    #[garde(inner(length(chars, min = 4, max = 80)))]
    #[serde(default)]
    #[schema(min_length = 4, max_length = 80)]
    pub code: Option<String>,
    /// The allocation that it opens; null: the presale, before `on_sale_at`. Cannot be changed.
    #[garde(skip)]
    #[serde(default)]
    pub allocation_id: Option<Uuid>,
    /// From when it opens; null: from the moment it is made.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// From when it opens nothing any more; null: as long as the show is on sale.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// How many places may be held and booked under it, by all who know it together; null is no limit. A hold keeps the limit
    /// under which it was made.
    #[garde(inner(range(min = 1, max = 100_000)))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub places_max: Option<i32>,
    /// For whom it is; the house's own.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    #[schema(max_length = 500)]
    pub note: String,
}

/// An access code, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccessCode {
    /// Its id.
    pub id: Uuid,
    /// Its own fields.
    #[serde(flatten)]
    pub fields: AccessCodeInput,
    /// How many places are held and booked under it now.
    #[schema(minimum = 0)]
    pub places_used: u64,
    /// Since when it is ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Grows with every change; what `If-Match` compares.
    pub version: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What a code that was told opens just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenCode {
    /// Its id.
    pub id: Uuid,
    /// The allocation; `None` is the presale.
    pub allocation: Option<AllocationId>,
    /// How many places it gives in all.
    pub places_max: Option<u32>,
}

/// A code as it is kept and compared: upper case, without spaces and hyphens. `None` where it can be no code at all.
#[must_use]
pub fn normal_code(told: &str) -> Option<String> {
    let kept: String = told.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let kept = kept.to_ascii_uppercase();
    let is_code = (4..=40).contains(&kept.len()) && kept.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(kept)
}

/// A code that nobody chose.
///
/// # Errors
/// When there is no randomness to be had.
pub fn made_code() -> Result<String, CatalogError> {
    let bytes =
        ids::random_bytes::<MADE_LENGTH>().map_err(|_| CatalogError::field("code", "could not be made; choose one"))?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 31)])).collect())
}

impl AccessCodeInput {
    /// Fields that contradict each other.
    ///
    /// # Errors
    /// The first of them.
    pub fn check(&self) -> Result<(), CatalogError> {
        if self.code.as_deref().is_some_and(|code| normal_code(code).is_none()) {
            return Err(CatalogError::field("code", "must be 4 to 40 letters and digits"));
        }
        if self.valid_from.zip(self.valid_until).is_some_and(|(from, until)| until <= from) {
            return Err(CatalogError::field("valid_until", "must be after valid_from"));
        }
        Ok(())
    }
}

impl Catalog {
    /// What this code opens at this show now; `None` where it opens nothing, whatever the reason.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_code(&self, show: ShowId, told: &str) -> Result<Option<OpenCode>, DbFault> {
        let Some(code) = normal_code(told) else { return Ok(None) };
        let row = sqlx::query!(
            "SELECT id, allocation_id, places_max FROM access_code
             WHERE show_id = $1 AND code = $2 AND ended_at IS NULL AND valid_from <= now()
               AND (valid_until IS NULL OR now() < valid_until)",
            show.0,
            code
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| OpenCode {
            id: row.id,
            allocation: row.allocation_id.map(AllocationId),
            places_max: row.places_max.map(i32::unsigned_abs),
        }))
    }

    /// Whether some code opens this show before it is on sale.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_presale(&self, show: ShowId) -> Result<bool, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT EXISTS (SELECT 1 FROM access_code WHERE show_id = $1 AND allocation_id IS NULL AND ended_at IS NULL
                              AND valid_from <= now() AND (valid_until IS NULL OR now() < valid_until)) AS \"open!\"",
            show.0
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// The codes of a show, oldest first, also those that ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn access_codes(
        &self,
        show: Uuid,
        after: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<AccessCode>, DbFault> {
        select(&self.pool, show, None, after, limit).await
    }

    /// One code of a show.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn access_code(&self, show: Uuid, id: Uuid) -> Result<Option<AccessCode>, DbFault> {
        Ok(select(&self.pool, show, Some(id), None, 1).await?.pop())
    }
}

async fn select(
    executor: impl sqlx::PgExecutor<'_>,
    show: Uuid,
    id: Option<Uuid>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<AccessCode>, DbFault> {
    let rows = sqlx::query!(
        "SELECT id, code, allocation_id, valid_from, valid_until, places_max, note, version, ended_at, created_at
         FROM access_code
         WHERE show_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::timestamptz IS NULL OR (created_at, id) > ($3, $4))
         ORDER BY created_at, id LIMIT $5",
        show,
        id,
        after.map(|(at, _)| time::sql(at)) as Option<jiff_sqlx::Timestamp>,
        after.map(|(_, id)| id),
        limit
    )
    .fetch_all(executor)
    .await?;
    let moment = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let record = rows.into_iter().map(|row| AccessCode {
        id: row.id,
        fields: AccessCodeInput {
            code: Some(row.code),
            allocation_id: row.allocation_id,
            valid_from: Some(row.valid_from.to_jiff()),
            valid_until: moment(row.valid_until),
            places_max: row.places_max,
            note: row.note,
        },
        places_used: 0,
        ended_at: moment(row.ended_at),
        version: row.version,
        created_at: row.created_at.to_jiff(),
    });
    Ok(record.collect())
}

/// One code, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, show: Uuid, id: Uuid) -> Result<Option<AccessCode>, CatalogError> {
    Ok(select(connection, show, Some(id), None, 1).await?.pop())
}

/// Makes a code.
///
/// # Errors
/// Where the show has one of this name, or as many as a show may have.
pub async fn insert(
    connection: &mut PgConnection,
    show: Uuid,
    id: Uuid,
    fields: &AccessCodeInput,
) -> Result<(), CatalogError> {
    let code = match fields.code.as_deref().and_then(normal_code) {
        Some(code) => code,
        None => made_code()?,
    };
    // The show's row is locked, so that two who make codes at once count each other's.
    sqlx::query_scalar!("SELECT id FROM show WHERE id = $1 FOR NO KEY UPDATE", show)
        .fetch_one(&mut *connection)
        .await?;
    let standing = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM access_code WHERE show_id = $1 AND ended_at IS NULL",
        show
    )
    .fetch_one(&mut *connection)
    .await?;
    if standing >= STANDING_MAX {
        return Err(CatalogError::InUse("The show has as many access codes as it may have; end one first."));
    }
    let sql = |at: Option<Timestamp>| at.map(time::sql);
    let done = sqlx::query!(
        "INSERT INTO access_code (id, show_id, code, allocation_id, valid_from, valid_until, places_max, note)
         VALUES ($1, $2, $3, $4, coalesce($5, now()), $6, $7, $8)
         ON CONFLICT (show_id, code) WHERE ended_at IS NULL DO NOTHING",
        id,
        show,
        code,
        fields.allocation_id,
        sql(fields.valid_from) as Option<jiff_sqlx::Timestamp>,
        sql(fields.valid_until) as Option<jiff_sqlx::Timestamp>,
        fields.places_max,
        fields.note
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(CatalogError::field("code", "is one of this show's already")) }
}

/// Changes a code that stands and still has this version.
///
/// # Errors
/// `Conflict` where it hasn't; a field that cannot be changed is named.
pub async fn update(
    connection: &mut PgConnection,
    before: &AccessCode,
    fields: &AccessCodeInput,
) -> Result<(), CatalogError> {
    let same_code = fields.code.as_deref().and_then(normal_code) == before.fields.code;
    let fixed = [("code", same_code), ("allocation_id", fields.allocation_id == before.fields.allocation_id)];
    if let Some((field, _)) = fixed.into_iter().find(|(_, same)| !same) {
        return Err(CatalogError::field(field, "cannot be changed"));
    }
    let sql = |at: Option<Timestamp>| at.map(time::sql);
    let done = sqlx::query!(
        "UPDATE access_code SET valid_from = coalesce($3, valid_from), valid_until = $4, places_max = $5, note = $6,
                version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2 AND ended_at IS NULL",
        before.id,
        before.version,
        sql(fields.valid_from) as Option<jiff_sqlx::Timestamp>,
        sql(fields.valid_until) as Option<jiff_sqlx::Timestamp>,
        fields.places_max,
        fields.note
    )
    .execute(connection)
    .await?;
    changed_one(&done)
}

/// Ends a code: from now on it opens nothing. Once more changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn end(connection: &mut PgConnection, id: Uuid) -> Result<(), CatalogError> {
    sqlx::query!(
        "UPDATE access_code SET ended_at = now(), version = version + 1, updated_at = now() WHERE id = $1 AND ended_at IS NULL",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for told in ["FRIENDS24", "friends24", " Frie-nds 24 ", "f r i e n d s 2 4"] {
            assert_eq!(normal_code(told).as_deref(), Some("FRIENDS24"), "{told}");
        }
        for told in ["", "abc", "----", "fünf", "a\u{0}bcd", &"A".repeat(41)] {
            assert_eq!(normal_code(told), None, "{told:?}");
        }
    }

    #[test]
    fn a_code_that_is_made_is_a_code_that_nobody_misreads() {
        let made = made_code().unwrap();
        assert_eq!(normal_code(&made), Some(made.clone()));
        assert!(made.len() == MADE_LENGTH && !made.contains(['0', 'O', '1', 'I', 'L']), "{made}");
    }
}
