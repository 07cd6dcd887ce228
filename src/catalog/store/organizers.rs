//! Who sells.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Catalog, CatalogError, Records, changed_one, object};
use crate::platform::db::DbFault;

/// An organiser's own fields.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizerInput {
    /// Its name, as buyers see it.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "The Aisle Houses")]
    pub name: String,
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

/// An organiser, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organizer {
    /// Its id.
    pub id: Uuid,
    /// Its own fields.
    #[serde(flatten)]
    pub fields: OrganizerInput,
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
    /// One organiser.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizer(&self, id: Uuid) -> Result<Option<Organizer>, DbFault> {
        Ok(select(&self.pool, Some(id), &Records::of_one()).await?.pop())
    }

    /// A page of organisers, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizers(&self, records: &Records) -> Result<Vec<Organizer>, DbFault> {
        select(&self.pool, None, records).await
    }
}

async fn select(
    executor: impl sqlx::PgExecutor<'_>,
    id: Option<Uuid>,
    records: &Records,
) -> Result<Vec<Organizer>, DbFault> {
    let rows = sqlx::query!(
        "SELECT id, name, external_id, metadata, version, archived_at, created_at, updated_at FROM organizer
         WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid[] IS NULL OR id = ANY($2)) AND ($3 OR archived_at IS NULL)
           AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5))
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
        .map(|row| Organizer {
            id: row.id,
            fields: OrganizerInput { name: row.name, external_id: row.external_id, metadata: object(row.metadata) },
            version: row.version,
            archived_at: row.archived_at,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        })
        .collect())
}

/// One organizer, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<Organizer>, CatalogError> {
    Ok(select(connection, Some(id), &Records::of_one()).await?.pop())
}

/// Makes an organiser.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(connection: &mut PgConnection, id: Uuid, fields: &OrganizerInput) -> Result<(), CatalogError> {
    sqlx::query!(
        "INSERT INTO organizer (id, name, external_id, metadata) VALUES ($1, $2, $3, $4)",
        id,
        fields.name,
        fields.external_id,
        Value::Object(fields.metadata.clone())
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes an organiser that still has this version.
///
/// # Errors
/// `Conflict` where it hasn't.
pub async fn update(
    connection: &mut PgConnection,
    id: Uuid,
    version: i32,
    fields: &OrganizerInput,
) -> Result<(), CatalogError> {
    let done = sqlx::query!(
        "UPDATE organizer SET name = $3, external_id = $4, metadata = $5, version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2",
        id,
        version,
        fields.name,
        fields.external_id,
        Value::Object(fields.metadata.clone())
    )
    .execute(connection)
    .await?;
    changed_one(&done)
}

/// Puts an organiser away.
///
/// # Errors
/// `InUse` while it has venues, plans, productions or shows that are not put away.
pub async fn archive(connection: &mut PgConnection, id: Uuid) -> Result<(), CatalogError> {
    let used = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM venue WHERE organizer_id = $1 AND archived_at IS NULL)
             OR EXISTS (SELECT 1 FROM plan WHERE organizer_id = $1 AND archived_at IS NULL)
             OR EXISTS (SELECT 1 FROM production WHERE organizer_id = $1 AND archived_at IS NULL)
             OR EXISTS (SELECT 1 FROM show WHERE organizer_id = $1 AND archived_at IS NULL) AS \"used!\"",
        id
    )
    .fetch_one(&mut *connection)
    .await?;
    if used {
        return Err(CatalogError::InUse("Its venues, plans, productions and shows must be archived first."));
    }
    sqlx::query!(
        "UPDATE organizer SET archived_at = now(), version = version + 1, updated_at = now()
         WHERE id = $1 AND archived_at IS NULL",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
