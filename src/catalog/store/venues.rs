//! Buildings and auditoria.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::price_from::{self, Whose};
use super::{Catalog, CatalogError, Records, changed_one, object};
use crate::platform::db::DbFault;

/// A venue's own fields.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VenueInput {
    /// Whose it is. Cannot be changed.
    #[garde(skip)]
    pub organizer_id: Uuid,
    /// Its name, as buyers see it.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Great Hall")]
    pub name: String,
    /// Street and number.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    #[schema(max_length = 500)]
    pub address: String,
    /// The city.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Lund")]
    pub city: String,
    /// The country, as buyers read it.
    #[garde(length(chars, max = 200))]
    #[serde(default)]
    #[schema(max_length = 200)]
    pub country: String,
    /// IANA time zone, in which its shows' times are read.
    #[garde(length(chars, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "Europe/Stockholm")]
    pub time_zone: String,
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

/// A venue, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Venue {
    /// Its id.
    pub id: Uuid,
    /// Its own fields.
    #[serde(flatten)]
    pub fields: VenueInput,
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
    /// One venue.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn venue(&self, id: Uuid) -> Result<Option<Venue>, DbFault> {
        Ok(select(&self.pool, Some(id), &Records::of_one()).await?.pop())
    }

    /// A page of venues, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn venues(&self, records: &Records) -> Result<Vec<Venue>, DbFault> {
        select(&self.pool, None, records).await
    }
}

async fn select(
    executor: impl sqlx::PgExecutor<'_>,
    id: Option<Uuid>,
    records: &Records,
) -> Result<Vec<Venue>, DbFault> {
    let rows = sqlx::query!(
        "SELECT id, organizer_id, name, address, city, country, time_zone, external_id, metadata, version, archived_at,
                created_at, updated_at
         FROM venue
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
        .map(|row| Venue {
            id: row.id,
            fields: VenueInput {
                organizer_id: row.organizer_id,
                name: row.name,
                address: row.address,
                city: row.city,
                country: row.country,
                time_zone: row.time_zone,
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

/// One venue, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<Venue>, CatalogError> {
    Ok(select(connection, Some(id), &Records::of_one()).await?.pop())
}

/// The database reads shows' local days with it, so it is the database that must know it. Its own additions to the IANA
/// names mean nothing to a browser.
async fn must_be_a_time_zone(connection: &mut PgConnection, name: &str) -> Result<(), CatalogError> {
    let known =
        sqlx::query_scalar!("SELECT EXISTS (SELECT 1 FROM pg_timezone_names WHERE name = $1) AS \"known!\"", name)
            .fetch_one(connection)
            .await?;
    let iana = name == "UTC" || (name.contains('/') && !name.starts_with("posix/") && !name.starts_with("right/"));
    if known && iana { Ok(()) } else { Err(CatalogError::field("time_zone", "is not an IANA time zone")) }
}

/// Makes a venue.
///
/// # Errors
/// A time zone that doesn't exist is named.
pub async fn insert(connection: &mut PgConnection, id: Uuid, fields: &VenueInput) -> Result<(), CatalogError> {
    must_be_a_time_zone(connection, &fields.time_zone).await?;
    sqlx::query!(
        "INSERT INTO venue (id, organizer_id, name, address, city, country, time_zone, external_id, metadata)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        fields.organizer_id,
        fields.name,
        fields.address,
        fields.city,
        fields.country,
        fields.time_zone,
        fields.external_id,
        Value::Object(fields.metadata.clone())
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes a venue that still has this version.
///
/// # Errors
/// `Conflict` where it hasn't; a time zone that doesn't exist is named.
pub async fn update(
    connection: &mut PgConnection,
    id: Uuid,
    version: i32,
    fields: &VenueInput,
) -> Result<(), CatalogError> {
    must_be_a_time_zone(connection, &fields.time_zone).await?;
    let moved = sqlx::query_scalar!("SELECT country <> $2 AS \"moved!\" FROM venue WHERE id = $1", id, fields.country)
        .fetch_optional(&mut *connection)
        .await?;
    let done = sqlx::query!(
        "UPDATE venue SET name = $3, address = $4, city = $5, country = $6, time_zone = $7, external_id = $8, metadata = $9,
                version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2",
        id,
        version,
        fields.name,
        fields.address,
        fields.city,
        fields.country,
        fields.time_zone,
        fields.external_id,
        Value::Object(fields.metadata.clone())
    )
    .execute(&mut *connection)
    .await?;
    changed_one(&done)?;
    // Taxes go by country.
    if moved == Some(true) {
        price_from::rebuild(connection, Whose::Venue(id)).await?;
    }
    Ok(())
}

/// Puts a venue away.
///
/// # Errors
/// `InUse` while shows or plans of it are not put away.
pub async fn archive(connection: &mut PgConnection, id: Uuid) -> Result<(), CatalogError> {
    let used = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM show WHERE venue_id = $1 AND archived_at IS NULL)
             OR EXISTS (SELECT 1 FROM plan WHERE venue_id = $1 AND archived_at IS NULL) AS \"used!\"",
        id
    )
    .fetch_one(&mut *connection)
    .await?;
    if used {
        return Err(CatalogError::InUse("Its shows and plans must be archived first."));
    }
    sqlx::query!(
        "UPDATE venue SET archived_at = now(), version = version + 1, updated_at = now()
         WHERE id = $1 AND archived_at IS NULL",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
