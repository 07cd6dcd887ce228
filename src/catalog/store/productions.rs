//! What is played.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Catalog, CatalogError, Records, changed_one, object};
use crate::platform::db::DbFault;

/// Who did what.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// What they did.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Director")]
    pub role: String,
    /// Who.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

/// A production's own fields.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductionInput {
    /// Whose it is. Cannot be changed.
    #[garde(skip)]
    pub organizer_id: Uuid,
    /// Its title.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What stands below the title.
    #[garde(length(chars, max = 300))]
    #[serde(default)]
    #[schema(max_length = 300)]
    pub subtitle: String,
    /// `theatre`, `concert`, `opera`, … in the house's own words.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "theatre")]
    pub kind: String,
    /// Narrower than the kind: `comedy`, `chamber music`.
    #[garde(length(chars, max = 60))]
    #[serde(default)]
    #[schema(max_length = 60)]
    pub genre: String,
    /// What is spoken, as a BCP 47 tag.
    #[garde(length(chars, max = 35))]
    #[serde(default)]
    #[schema(max_length = 35, example = "en")]
    pub language: String,
    /// Two sentences for a list.
    #[garde(length(chars, max = 1000))]
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub summary: String,
    /// The whole text, in paragraphs.
    #[garde(length(chars, max = 20_000))]
    #[serde(default)]
    #[schema(max_length = 20_000)]
    pub description: String,
    /// How long it takes, in minutes.
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub duration_min: Option<i32>,
    /// From which age, in years.
    #[garde(inner(range(min = 0, max = 120)))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 120)]
    pub age_min: Option<i32>,
    /// Who did what.
    #[garde(length(max = 100), dive)]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub credits: Vec<Credit>,
    /// Which of the posters that can be drawn for it is drawn.
    #[garde(skip)]
    #[serde(default)]
    pub poster_seed: i64,
    /// Its id in another system.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    /// Whatever integrations want to keep here.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// A production, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Production {
    /// Its id.
    pub id: Uuid,
    /// Its own fields.
    #[serde(flatten)]
    pub fields: ProductionInput,
    /// Grows with every change; what `If-Match` compares.
    pub version: i32,
    /// Since when it is put away.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<jiff_sqlx::Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl Catalog {
    /// One production.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn production(&self, id: Uuid) -> Result<Option<Production>, DbFault> {
        Ok(select(&self.pool, Some(id), &Records::of_one()).await?.pop())
    }

    /// A page of productions, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn productions(&self, records: &Records) -> Result<Vec<Production>, DbFault> {
        select(&self.pool, None, records).await
    }
}

async fn select(
    executor: impl sqlx::PgExecutor<'_>,
    id: Option<Uuid>,
    records: &Records,
) -> Result<Vec<Production>, DbFault> {
    let rows = sqlx::query!(
        "SELECT id, organizer_id, title, subtitle, kind, genre, language, summary, description, duration_min, age_min,
                credits, poster_seed, external_id, metadata, version, archived_at, created_at, updated_at
         FROM production
         WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid[] IS NULL OR organizer_id = ANY($2))
           AND ($3 OR archived_at IS NULL) AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5))
         ORDER BY created_at, id LIMIT $6",
        id,
        records.of.as_deref(),
        records.archived,
        records.after_at() as Option<jiff_sqlx::Timestamp>,
        records.after_id(),
        records.limit
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Production {
            id: row.id,
            fields: ProductionInput {
                organizer_id: row.organizer_id,
                title: row.title,
                subtitle: row.subtitle,
                kind: row.kind,
                genre: row.genre,
                language: row.language,
                summary: row.summary,
                description: row.description,
                duration_min: row.duration_min,
                age_min: row.age_min,
                credits: serde_json::from_value(row.credits).unwrap_or_default(),
                poster_seed: row.poster_seed,
                external_id: row.external_id,
                metadata: object(row.metadata),
            },
            version: row.version,
            archived_at: row.archived_at,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        })
        .collect())
}

/// One production, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<Production>, CatalogError> {
    Ok(select(connection, Some(id), &Records::of_one()).await?.pop())
}

fn credits(fields: &ProductionInput) -> Value {
    serde_json::to_value(&fields.credits).unwrap_or_else(|_| Value::Array(Vec::new()))
}

/// Makes a production.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(connection: &mut PgConnection, id: Uuid, fields: &ProductionInput) -> Result<(), CatalogError> {
    sqlx::query!(
        "INSERT INTO production (id, organizer_id, title, subtitle, kind, genre, language, summary, description, duration_min,
                                 age_min, credits, poster_seed, external_id, metadata)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        id,
        fields.organizer_id,
        fields.title,
        fields.subtitle,
        fields.kind,
        fields.genre,
        fields.language,
        fields.summary,
        fields.description,
        fields.duration_min,
        fields.age_min,
        credits(fields),
        fields.poster_seed,
        fields.external_id,
        Value::Object(fields.metadata.clone())
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes a production that still has this version.
///
/// # Errors
/// `Conflict` where it hasn't.
pub async fn update(
    connection: &mut PgConnection,
    id: Uuid,
    version: i32,
    fields: &ProductionInput,
) -> Result<(), CatalogError> {
    let done = sqlx::query!(
        "UPDATE production SET title = $3, subtitle = $4, kind = $5, genre = $6, language = $7, summary = $8, description = $9,
                duration_min = $10, age_min = $11, credits = $12, poster_seed = $13, external_id = $14, metadata = $15,
                version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2",
        id,
        version,
        fields.title,
        fields.subtitle,
        fields.kind,
        fields.genre,
        fields.language,
        fields.summary,
        fields.description,
        fields.duration_min,
        fields.age_min,
        credits(fields),
        fields.poster_seed,
        fields.external_id,
        Value::Object(fields.metadata.clone())
    )
    .execute(connection)
    .await?;
    changed_one(&done)
}

/// Puts a production away.
///
/// # Errors
/// `InUse` while shows of it are not put away.
pub async fn archive(connection: &mut PgConnection, id: Uuid) -> Result<(), CatalogError> {
    let used = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM show WHERE production_id = $1 AND archived_at IS NULL) AS \"used!\"",
        id
    )
    .fetch_one(&mut *connection)
    .await?;
    if used {
        return Err(CatalogError::InUse("Its shows must be archived first."));
    }
    sqlx::query!(
        "UPDATE production SET archived_at = now(), version = version + 1, updated_at = now()
         WHERE id = $1 AND archived_at IS NULL",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
