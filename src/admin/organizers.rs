//! `/admin/organizers`: who sells.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{ListQuery, gone, listed, shown};
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, Organizer, OrganizerInput, organizers};
use crate::http::extract::Page;
use crate::http::{ApiError, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, once};
use crate::platform::{audit, ids};

fn missing() -> ApiError {
    ApiError::not_found("organizer")
}

/// Organisers that the caller has a part in.
#[utoipa::path(
    tag = "back office",
    params(ListQuery, Listing),
    responses((status = 200, body = Page<Organizer>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/organizers")]
async fn admin_list_organizers(
    catalog: Data<Catalog>,
    identity: Identity,
    query: Query<ListQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let records = query.records(&identity, &listing)?;
    let found = catalog.organizers(&records).await?;
    Ok(listed(Page::cut(found, records.limit - 1, |organizer| (organizer.created_at, organizer.id))))
}

/// Makes an organizer.
#[utoipa::path(
    tag = "back office",
    request_body = OrganizerInput,
    responses((status = 201, body = Organizer)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/organizers")]
async fn admin_make_organizer(
    catalog: Data<Catalog>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<OrganizerInput>,
) -> Result<HttpResponse, ApiError> {
    let Json { value: fields, hash } = body;
    identity.must_be_admin()?;
    let key = key.of(identity.caller())?;
    let id = key.as_ref().map_or_else(ids::new_id, |key| key.id("organizers"));
    let request = Once { key: key.as_ref(), route: "POST /admin/organizers", hash };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        organizers::insert(transaction, id, &fields).await?;
        audit::record(transaction, identity.did("organizer.made").of(id).on("organizer", id)).await?;
        organizers::read(transaction, id).await?.ok_or_else(missing)
    })
    .await
}

/// An organizer.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Organizer)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/organizers/{id}")]
async fn admin_read_organizer(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.organizer(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Scanner, found.id, "organizer")?;
    Ok(shown(&found, found.version))
}

/// Changes an organizer: what is left out stays.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<OrganizerInput>,
    responses((status = 200, body = Organizer)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/organizers/{id}")]
async fn admin_change_organizer(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<Patch<OrganizerInput>>,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.organizer(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, found.id, "organizer")?;
    seen.check(found.version)?;
    let fields = body.value.onto(&found.fields)?;
    let request = Once { key: None, route: "PATCH /admin/organizers", hash: body.hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        organizers::update(transaction, *id, found.version, &fields).await?;
        let entry = identity.did("organizer.changed").of(found.id).on("organizer", *id);
        audit::record(transaction, entry.with("version", found.version)).await?;
        organizers::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// Puts an organizer away; once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/organizers/{id}")]
async fn admin_archive_organizer(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.organizer(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, found.id, "organizer")?;
    identity.must_be_admin()?;
    seen.check(found.version)?;
    let entry = identity.did("organizer.archived").of(found.id).on("organizer", *id);
    catalog.archive(entry, |transaction| Box::pin(organizers::archive(transaction, *id))).await?;
    Ok(gone())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_organizers)
        .service(admin_make_organizer)
        .service(admin_read_organizer)
        .service(admin_change_organizer)
        .service(admin_archive_organizer);
}
