//! Seat plans and their versions. A version is immutable; a guid's number is given once in a plan's life.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Catalog, CatalogError, Records, changed_one};
use crate::catalog::plan::PlanDocument;
use crate::platform::db::DbFault;
use crate::platform::ids;

/// A plan's own fields.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanInput {
    /// What the house calls it.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The venue that it is of.
    #[garde(skip)]
    #[serde(default)]
    pub venue_id: Option<Uuid>,
}

/// One immutable version of a plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanVersion {
    /// Its id: `plan_version` of the shows that use it.
    pub id: Uuid,
    /// 1 for the first.
    pub number: i32,
    /// Numbered seats.
    pub seats: i32,
    /// Seats and the capacities of all areas.
    pub places: i32,
    /// When it was imported.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A plan, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanRecord {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organizer_id: Uuid,
    /// Its own fields.
    #[serde(flatten)]
    pub fields: PlanInput,
    /// The newest version, which new shows get.
    pub newest: PlanVersion,
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

/// What was imported.
#[derive(Clone, Copy, Debug)]
pub struct Imported {
    /// The plan.
    pub plan: Uuid,
    /// The version that was made.
    pub version: Uuid,
}

/// A version to be made of a plan that stands.
#[derive(Clone, Copy, Debug)]
pub struct NewVersion<'a> {
    /// Of which plan.
    pub plan: Uuid,
    /// The document, checked.
    pub document: &'a PlanDocument,
    /// The document as it came, which is what is kept.
    pub json: &'a str,
}

/// A version with everything that a show needs of it.
#[derive(Clone, Debug)]
pub struct StoredPlan {
    /// Which version.
    pub version: Uuid,
    /// The document as it was imported.
    pub json: String,
    /// The numbers of all seats that the plan ever had.
    pub seats: Vec<(String, i32)>,
    /// The numbers of all areas that the plan ever had.
    pub areas: Vec<(String, i32)>,
}

impl Catalog {
    /// One plan.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan(&self, id: Uuid) -> Result<Option<PlanRecord>, DbFault> {
        Ok(select(&self.pool, Some(id), &Records::of_one()).await?.pop())
    }

    /// A page of plans, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plans(&self, records: &Records) -> Result<Vec<PlanRecord>, DbFault> {
        select(&self.pool, None, records).await
    }

    /// All versions of a plan, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan_versions(&self, plan: Uuid) -> Result<Vec<PlanVersion>, DbFault> {
        let rows = sqlx::query_as!(
            PlanVersion,
            "SELECT id, number, seats, places, created_at FROM plan_version WHERE plan_id = $1 ORDER BY number DESC",
            plan
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The names of a version's categories, in the plan's order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan_categories(&self, version: Uuid) -> Result<Vec<String>, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT c.category ->> 'name' AS \"name!\"
             FROM plan_version v, jsonb_array_elements(v.document -> 'categories') WITH ORDINALITY AS c (category, place)
             WHERE v.id = $1 ORDER BY c.place",
            version
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// The version of its plan that a show has; `None`: there is no such show.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan_version_of(&self, show: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT plan_version_id FROM show WHERE id = $1", show)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// The version that a show was made with: the newest that its plan had then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn first_plan_version_of(&self, show: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT v.id FROM show s JOIN plan_version c ON c.id = s.plan_version_id
             JOIN plan_version v ON v.plan_id = c.plan_id AND v.created_at <= s.created_at
             WHERE s.id = $1 ORDER BY v.number DESC LIMIT 1",
            show
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// As [`note_version_of`], for whoever learns it from the journal.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_plan_version(&self, show: Uuid, version: Uuid) -> Result<(), DbFault> {
        note_version_of(&self.pool, show, version).await
    }

    /// A version's document as it was imported.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan_json(&self, version: Uuid) -> Result<Option<String>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT document::text AS \"document!\" FROM plan_version WHERE id = $1", version)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// A version with the numbers of its places.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stored_plan(&self, version: Uuid) -> Result<Option<StoredPlan>, DbFault> {
        let found =
            sqlx::query!("SELECT plan_id, document::text AS \"document!\" FROM plan_version WHERE id = $1", version)
                .fetch_optional(&self.pool)
                .await?;
        let Some(found) = found else { return Ok(None) };
        let seats = sqlx::query!("SELECT seat_guid, number FROM plan_seat_number WHERE plan_id = $1", found.plan_id)
            .fetch_all(&self.pool)
            .await?;
        let areas = sqlx::query!("SELECT area_id, number FROM plan_area_number WHERE plan_id = $1", found.plan_id)
            .fetch_all(&self.pool)
            .await?;
        Ok(Some(StoredPlan {
            version,
            json: found.document,
            seats: seats.into_iter().map(|row| (row.seat_guid, row.number)).collect(),
            areas: areas.into_iter().map(|row| (row.area_id, row.number)).collect(),
        }))
    }
}

/// Notes which version of its plan a show is on; what already is changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn note_version_of(executor: impl sqlx::PgExecutor<'_>, show: Uuid, version: Uuid) -> Result<(), DbFault> {
    sqlx::query!(
        "UPDATE show SET plan_version_id = $2, version = version + 1, updated_at = now() WHERE id = $1 AND plan_version_id <> $2",
        show,
        version
    )
    .execute(executor)
    .await?;
    Ok(())
}

async fn select(
    executor: impl sqlx::PgExecutor<'_>,
    id: Option<Uuid>,
    records: &Records,
) -> Result<Vec<PlanRecord>, DbFault> {
    let rows = sqlx::query!(
        "SELECT p.id, p.organizer_id, p.venue_id, p.name, p.version, p.archived_at, p.created_at, p.updated_at,
                n.id AS newest_id, n.number, n.seats, n.places, n.created_at AS newest_created_at
         FROM plan p JOIN LATERAL (SELECT * FROM plan_version WHERE plan_id = p.id ORDER BY number DESC LIMIT 1) n ON true
         WHERE ($1::uuid IS NULL OR p.id = $1) AND ($2::uuid[] IS NULL OR p.organizer_id = ANY($2))
           AND ($3 OR p.archived_at IS NULL) AND ($4::timestamptz IS NULL OR (p.created_at, p.id) > ($4, $5))
         ORDER BY p.created_at, p.id LIMIT $6",
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
        .map(|row| PlanRecord {
            id: row.id,
            organizer_id: row.organizer_id,
            fields: PlanInput { name: row.name, venue_id: row.venue_id },
            newest: PlanVersion {
                id: row.newest_id,
                number: row.number,
                seats: row.seats,
                places: row.places,
                created_at: row.newest_created_at.to_jiff(),
            },
            version: row.version,
            archived_at: row.archived_at,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        })
        .collect())
}

/// One plan, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<PlanRecord>, CatalogError> {
    Ok(select(connection, Some(id), &Records::of_one()).await?.pop())
}

/// Makes a plan without versions; [`import`] gives it its first.
///
/// # Errors
/// A venue that this organiser hasn't is named.
pub async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    organizer: Uuid,
    fields: &PlanInput,
) -> Result<(), CatalogError> {
    must_have_venue(connection, organizer, fields.venue_id).await?;
    sqlx::query!(
        "INSERT INTO plan (id, organizer_id, venue_id, name) VALUES ($1, $2, $3, $4)",
        id,
        organizer,
        fields.venue_id,
        fields.name
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn must_have_venue(
    connection: &mut PgConnection,
    organizer: Uuid,
    venue: Option<Uuid>,
) -> Result<(), CatalogError> {
    let Some(venue) = venue else { return Ok(()) };
    let has = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM venue WHERE id = $1 AND organizer_id = $2 AND archived_at IS NULL) AS \"has!\"",
        venue,
        organizer
    )
    .fetch_one(connection)
    .await?;
    if has { Ok(()) } else { Err(CatalogError::field("venue_id", "is not a venue of this organizer")) }
}

/// Gives a plan a new version. Guids that it had keep their numbers, new ones get numbers that nobody ever had.
///
/// # Errors
/// When the database does not answer.
pub async fn import(connection: &mut PgConnection, new: NewVersion<'_>) -> Result<Imported, CatalogError> {
    let NewVersion { plan, document, json } = new;
    // Two imports of one plan wait for each other: numbers are counted from the highest.
    sqlx::query!("SELECT id FROM plan WHERE id = $1 FOR UPDATE", plan).fetch_one(&mut *connection).await?;
    let version = ids::new_id();
    let stats = document.stats();
    sqlx::query!(
        "INSERT INTO plan_version (id, plan_id, number, document, seats, places)
         SELECT $1, $2, coalesce(max(number), 0) + 1, $3::text::jsonb, $4, $5 FROM plan_version WHERE plan_id = $2",
        version,
        plan,
        json,
        i32::try_from(stats.seats).unwrap_or(i32::MAX),
        i32::try_from(stats.places).unwrap_or(i32::MAX)
    )
    .execute(&mut *connection)
    .await?;
    let guids: Vec<String> = document.guids().map(str::to_owned).collect();
    sqlx::query!(
        "INSERT INTO plan_seat_number (plan_id, seat_guid, number)
         SELECT $1, new.guid, (SELECT coalesce(max(number), -1) FROM plan_seat_number WHERE plan_id = $1)
                + row_number() OVER (ORDER BY new.place)
         FROM unnest($2::text[]) WITH ORDINALITY AS new (guid, place)
         LEFT JOIN plan_seat_number old ON old.plan_id = $1 AND old.seat_guid = new.guid
         WHERE old.number IS NULL",
        plan,
        &guids
    )
    .execute(&mut *connection)
    .await?;
    let areas: Vec<String> = document.area_ids().map(str::to_owned).collect();
    sqlx::query!(
        "INSERT INTO plan_area_number (plan_id, area_id, number)
         SELECT $1, new.area_id, (SELECT coalesce(max(number), -1) FROM plan_area_number WHERE plan_id = $1)
                + row_number() OVER (ORDER BY new.place)
         FROM unnest($2::text[]) WITH ORDINALITY AS new (area_id, place)
         LEFT JOIN plan_area_number old ON old.plan_id = $1 AND old.area_id = new.area_id
         WHERE old.number IS NULL",
        plan,
        &areas
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("UPDATE plan SET version = version + 1, updated_at = now() WHERE id = $1", plan)
        .execute(connection)
        .await?;
    Ok(Imported { plan, version })
}

/// Changes a plan's own fields, where it still has this version.
///
/// # Errors
/// `Conflict` where it hasn't; a venue that this organiser hasn't is named.
pub async fn update(connection: &mut PgConnection, plan: &PlanRecord, fields: &PlanInput) -> Result<(), CatalogError> {
    must_have_venue(connection, plan.organizer_id, fields.venue_id).await?;
    let done = sqlx::query!(
        "UPDATE plan SET name = $3, venue_id = $4, version = version + 1, updated_at = now() WHERE id = $1 AND version = $2",
        plan.id,
        plan.version,
        fields.name,
        fields.venue_id
    )
    .execute(connection)
    .await?;
    changed_one(&done)
}

/// Puts a plan away.
///
/// # Errors
/// `InUse` while a show that is not put away has it.
pub async fn archive(connection: &mut PgConnection, id: Uuid) -> Result<(), CatalogError> {
    let used = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM show s JOIN plan_version v ON v.id = s.plan_version_id
                        WHERE v.plan_id = $1 AND s.archived_at IS NULL) AS \"used!\"",
        id
    )
    .fetch_one(&mut *connection)
    .await?;
    if used {
        return Err(CatalogError::InUse("The shows that have it must be archived first."));
    }
    sqlx::query!(
        "UPDATE plan SET archived_at = now(), version = version + 1, updated_at = now() WHERE id = $1 AND archived_at IS NULL",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
