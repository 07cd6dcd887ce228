//! `/admin/shows/{id}/access-codes`: keys that are told to people, and what each opens. A code belongs to one show, because what
//! it opens (a presale, an allocation) does; a house that gives one word to several shows makes it at each.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use aisle_actors::Shows;
use aisle_actors::core::AccessCodeId;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{gone, listed, shown};
use super::running::{handle, show_hash};
use super::shows::show_for;
use crate::accounts::{Identity, Role};
use crate::catalog::{AccessCode, AccessCodeInput, Catalog, codes};
use crate::http::extract::Page;
use crate::http::rejection::asked;
use crate::http::{ApiError, Code, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, once};
use crate::platform::{audit, ids};

fn missing() -> ApiError {
    ApiError::not_found("access code")
}

/// Asks the show how many places are taken under each.
async fn count(all: &Shows, show: Uuid, of: &mut [AccessCode]) -> Result<(), ApiError> {
    if of.is_empty() {
        return Ok(());
    }
    let running = handle(all, show).await?;
    let uses = running.code_uses().await.map_err(|error| asked(error, running.plan()))?;
    for code in of {
        let found = uses.iter().find(|(id, _)| *id == AccessCodeId(code.id));
        code.places_used = found.map_or(0, |&(_, places)| places);
    }
    Ok(())
}

/// A show's access codes, oldest first, also those that have ended; each with how many places are taken under it.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), Listing),
    responses((status = 200, body = Page<AccessCode>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/access-codes")]
async fn admin_list_access_codes(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    id: Path<Uuid>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    show_for(&catalog, &identity, Role::BoxOffice, *id).await?;
    let limit = listing.limit()?;
    let found = catalog.access_codes(*id, listing.after()?, limit + 1).await?;
    let mut page = Page::cut(found, limit, |code| (code.created_at, code.id));
    count(&all, *id, &mut page.items).await?;
    Ok(listed(page))
}

/// Makes an access code, with a word of the house's own or one that is made for it.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = AccessCodeInput,
    responses((status = 201, body = AccessCode)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows/{id}/access-codes")]
async fn admin_make_access_code(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<AccessCodeInput>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::BoxOffice, *id).await?;
    let Json { value: fields, hash } = body;
    fields.check()?;
    let key = key.of(identity.caller())?;
    let code = key.as_ref().map_or_else(ids::new_id, |key| key.id(&format!("access-codes:{id}")));
    let request = Once { key: key.as_ref(), route: "POST /admin/shows/access-codes", hash: hash ^ show_hash(*id) };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        if let Some(allocation) = fields.allocation_id {
            let running = handle(&all, *id).await?;
            let standing = running.allocations().await.map_err(|error| asked(error, running.plan()))?;
            if !standing.iter().any(|view| view.allocation.0 == allocation) {
                return Err(ApiError::field("allocation_id", "is no allocation of this show"));
            }
        }
        codes::insert(transaction, *id, code, &fields).await?;
        let entry = identity.did("access_code.made").of(show.organizer_id).on("access_code", code);
        audit::record(transaction, entry.with("show", *id)).await?;
        codes::read(transaction, *id, code).await?.ok_or_else(missing)
    })
    .await
}

/// An access code, with how many places are taken under it.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("code" = Uuid, Path)),
    responses((status = 200, body = AccessCode)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/access-codes/{code}")]
async fn admin_read_access_code(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, code) = path.into_inner();
    show_for(&catalog, &identity, Role::BoxOffice, id).await?;
    let mut found = [catalog.access_code(id, code).await?.ok_or_else(missing)?];
    count(&all, id, &mut found).await?;
    let [code] = found;
    Ok(shown(&code, code.version))
}

/// Changes an access code that has not ended: what is left out stays. Holds that stand keep the limit they were made under.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("code" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<AccessCodeInput>,
    responses((status = 200, body = AccessCode)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/shows/{id}/access-codes/{code}")]
async fn admin_change_access_code(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
    seen: IfMatch,
    body: Json<Patch<AccessCodeInput>>,
) -> Result<HttpResponse, ApiError> {
    let (id, code) = path.into_inner();
    let show = show_for(&catalog, &identity, Role::BoxOffice, id).await?;
    let before = catalog.access_code(id, code).await?.ok_or_else(missing)?;
    seen.check(before.version)?;
    if before.ended_at.is_some() {
        return Err(ApiError::new(Code::WrongState, "The access code has ended."));
    }
    let fields = body.value.onto(&before.fields)?;
    fields.check()?;
    let request = Once { key: None, route: "PATCH /admin/shows/access-codes", hash: body.hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        codes::update(transaction, &before, &fields).await?;
        let entry = identity.did("access_code.changed").of(show.organizer_id).on("access_code", code);
        audit::record(transaction, entry.with("show", id)).await?;
        let mut changed = [codes::read(transaction, id, code).await?.ok_or_else(missing)?];
        count(&all, id, &mut changed).await?;
        let [changed] = changed;
        Ok(changed)
    })
    .await
}

/// Ends an access code: from now on it opens nothing. What is held or booked under it stays. Once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("code" = Uuid, Path)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/shows/{id}/access-codes/{code}")]
async fn admin_end_access_code(
    catalog: Data<Catalog>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, code) = path.into_inner();
    let show = show_for(&catalog, &identity, Role::BoxOffice, id).await?;
    catalog.access_code(id, code).await?.ok_or_else(missing)?;
    let entry = identity.did("access_code.ended").of(show.organizer_id).on("access_code", code).with("show", id);
    catalog.archive(entry, |transaction| Box::pin(codes::end(transaction, code))).await?;
    Ok(gone())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_access_codes)
        .service(admin_make_access_code)
        .service(admin_read_access_code)
        .service(admin_change_access_code)
        .service(admin_end_access_code);
}
