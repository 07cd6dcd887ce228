//! `/admin/productions`: what is played.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{ListQuery, gone, listed, shown};
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, Production, ProductionInput, productions};
use crate::http::extract::Page;
use crate::http::{ApiError, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, once};
use crate::platform::{audit, ids};

fn missing() -> ApiError {
    ApiError::not_found("production")
}

/// Productions that the caller has a part in.
#[utoipa::path(
    tag = "back office",
    params(ListQuery, Listing),
    responses((status = 200, body = Page<Production>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/productions")]
async fn admin_list_productions(
    catalog: Data<Catalog>,
    identity: Identity,
    query: Query<ListQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let records = query.records(&identity, &listing)?;
    let found = catalog.productions(&records).await?;
    Ok(listed(Page::cut(found, records.limit - 1, |production| (production.created_at, production.id))))
}

/// Makes a production.
#[utoipa::path(
    tag = "back office",
    request_body = ProductionInput,
    responses((status = 201, body = Production)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/productions")]
async fn admin_make_production(
    catalog: Data<Catalog>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<ProductionInput>,
) -> Result<HttpResponse, ApiError> {
    let Json { value: fields, hash } = body;
    identity.must_be_staff(Role::Organizer)?;
    if !identity.may(Role::Organizer, fields.organizer_id) || catalog.organizer(fields.organizer_id).await?.is_none() {
        return Err(ApiError::field("organizer_id", "is not an organizer of yours"));
    }
    let key = key.of(identity.caller())?;
    let id = key.as_ref().map_or_else(ids::new_id, |key| key.id("productions"));
    let request = Once { key: key.as_ref(), route: "POST /admin/productions", hash };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        productions::insert(transaction, id, &fields).await?;
        audit::record(transaction, identity.did("production.made").of(fields.organizer_id).on("production", id))
            .await?;
        productions::read(transaction, id).await?.ok_or_else(missing)
    })
    .await
}

/// A production.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Production)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/productions/{id}")]
async fn admin_read_production(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.production(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Scanner, found.fields.organizer_id, "production")?;
    Ok(shown(&found, found.version))
}

/// Changes a production: what is left out stays.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<ProductionInput>,
    responses((status = 200, body = Production)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/productions/{id}")]
async fn admin_change_production(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<Patch<ProductionInput>>,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.production(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, found.fields.organizer_id, "production")?;
    seen.check(found.version)?;
    let fields = body.value.onto(&found.fields)?;
    if fields.organizer_id != found.fields.organizer_id {
        return Err(ApiError::field("organizer_id", "cannot be changed"));
    }
    let request = Once { key: None, route: "PATCH /admin/productions", hash: body.hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        productions::update(transaction, *id, found.version, &fields).await?;
        let entry = identity.did("production.changed").of(found.fields.organizer_id).on("production", *id);
        audit::record(transaction, entry.with("version", found.version)).await?;
        productions::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// Puts a production away; once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/productions/{id}")]
async fn admin_archive_production(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let found = catalog.production(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, found.fields.organizer_id, "production")?;
    seen.check(found.version)?;
    let entry = identity.did("production.archived").of(found.fields.organizer_id).on("production", *id);
    catalog.archive(entry, |transaction| Box::pin(productions::archive(transaction, *id))).await?;
    Ok(gone())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_productions)
        .service(admin_make_production)
        .service(admin_read_production)
        .service(admin_change_production)
        .service(admin_archive_production);
}
