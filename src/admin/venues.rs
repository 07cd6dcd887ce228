//! `/admin/venues`: where is played.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{ListQuery, gone, listed, shown};
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, Venue, VenueInput, venues};
use crate::http::extract::Page;
use crate::http::{ApiError, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, once};
use crate::platform::{audit, ids};

fn missing() -> ApiError {
    ApiError::not_found("venue")
}

/// Venues that the caller has a part in.
#[utoipa::path(
    tag = "back office",
    params(ListQuery, Listing),
    responses((status = 200, body = Page<Venue>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/venues")]
async fn admin_list_venues(
    catalog: Data<Catalog>,
    identity: Identity,
    query: Query<ListQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let records = query.records(&identity, &listing)?;
    let found = catalog.venues(&records).await?;
    Ok(listed(Page::cut(found, records.limit - 1, |venue| (venue.created_at, venue.id))))
}

/// Makes a venue.
#[utoipa::path(
    tag = "back office",
    request_body = VenueInput,
    responses((status = 201, body = Venue)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/venues")]
async fn admin_make_venue(
    catalog: Data<Catalog>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<VenueInput>,
) -> Result<HttpResponse, ApiError> {
    let Json { value: fields, hash } = body;
    identity.must_be_staff(Role::Organizer)?;
    if !identity.may(Role::Organizer, fields.organizer_id) || catalog.organizer(fields.organizer_id).await?.is_none() {
        return Err(ApiError::field("organizer_id", "is not an organizer of yours"));
    }
    let key = key.of(identity.caller())?;
    let id = key.as_ref().map_or_else(ids::new_id, |key| key.id("venues"));
    let request = Once { key: key.as_ref(), route: "POST /admin/venues", hash };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        venues::insert(transaction, id, &fields).await?;
        audit::record(transaction, identity.did("venue.made").of(fields.organizer_id).on("venue", id)).await?;
        venues::read(transaction, id).await?.ok_or_else(missing)
    })
    .await
}

/// A venue.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Venue)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/venues/{id}")]
async fn admin_read_venue(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.venue(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Scanner, found.fields.organizer_id, "venue")?;
    Ok(shown(&found, found.version))
}

/// Changes a venue: what is left out stays.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<VenueInput>,
    responses((status = 200, body = Venue)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/venues/{id}")]
async fn admin_change_venue(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<Patch<VenueInput>>,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.venue(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, found.fields.organizer_id, "venue")?;
    seen.check(found.version)?;
    let fields = body.value.onto(&found.fields)?;
    if fields.organizer_id != found.fields.organizer_id {
        return Err(ApiError::field("organizer_id", "cannot be changed"));
    }
    let request = Once { key: None, route: "PATCH /admin/venues", hash: body.hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        venues::update(transaction, *id, found.version, &fields).await?;
        let entry = identity.did("venue.changed").of(found.fields.organizer_id).on("venue", *id);
        audit::record(transaction, entry.with("version", found.version)).await?;
        venues::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// Puts a venue away; once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/venues/{id}")]
async fn admin_archive_venue(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.venue(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, found.fields.organizer_id, "venue")?;
    seen.check(found.version)?;
    let entry = identity.did("venue.archived").of(found.fields.organizer_id).on("venue", *id);
    catalog.archive(entry, |transaction| Box::pin(venues::archive(transaction, *id))).await?;
    Ok(gone())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_venues)
        .service(admin_make_venue)
        .service(admin_read_venue)
        .service(admin_change_venue)
        .service(admin_archive_venue);
}
