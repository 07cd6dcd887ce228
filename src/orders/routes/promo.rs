//! `/admin/promo-codes`: codes that change prices. A code is one house's, for all its shows or for some.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::pricing::PromoCodeInput;
use super::super::store::{PromoCode, PromoRecords, promo};
use super::answer;
use crate::accounts::{Identity, Role};
use crate::catalog::Catalog;
use crate::http::caching::PRIVATE;
use crate::http::extract::Page;
use crate::http::{ApiError, Code, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, once};
use crate::platform::{audit, ids};

fn missing() -> ApiError {
    ApiError::not_found("promo code")
}

/// The code, to whom has this part in its house.
async fn promo_for(checkout: &Checkout, identity: &Identity, role: Role, id: Uuid) -> Result<PromoCode, ApiError> {
    let found = checkout.store.promo_code(id).await?.ok_or_else(missing)?;
    identity.must(role, found.fields.organizer_id, "promo code")?;
    Ok(found)
}

fn shown(code: &PromoCode) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header((header::ETAG, format!("\"{}\"", code.version)))
        .json(code)
}

/// Which codes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PromoQuery {
    /// Of this organiser; without it, of all that the caller has a part in.
    organizer_id: Option<Uuid>,
    /// Also what is put away.
    archived: Option<bool>,
}

/// Promo codes, oldest first; each with how many orders have it.
#[utoipa::path(
    tag = "back office",
    params(PromoQuery, Listing),
    responses((status = 200, body = Page<PromoCode>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/promo-codes")]
pub async fn admin_list_promo_codes(
    checkout: Data<Checkout>,
    identity: Identity,
    query: Query<PromoQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::BoxOffice)?;
    let of = match query.organizer_id {
        Some(organizer) => {
            identity.must(Role::BoxOffice, organizer, "organizer")?;
            Some(vec![organizer])
        }
        None => identity.sees(Role::BoxOffice),
    };
    let limit = listing.limit()?;
    let archived = query.archived.unwrap_or(false);
    let records = PromoRecords { of, archived, after: listing.after()?, limit: limit + 1, ..PromoRecords::default() };
    let found = checkout.store.promo_codes(&records).await?;
    Ok(answer(StatusCode::OK, false, &Page::cut(found, limit, |code| (code.created_at, code.id))))
}

/// Makes a promo code, with a word of the house's own or one that is made for it.
#[utoipa::path(
    tag = "back office",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = PromoCodeInput,
    responses((status = 201, body = PromoCode)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/promo-codes")]
pub async fn admin_make_promo_code(
    catalog: Data<Catalog>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<PromoCodeInput>,
) -> Result<HttpResponse, ApiError> {
    let Json { value: fields, hash } = body;
    identity.must_be_staff(Role::Organizer)?;
    identity.must(Role::Organizer, fields.organizer_id, "organizer")?;
    promo::check(&fields)?;
    catalog.organizer(fields.organizer_id).await?.ok_or_else(|| ApiError::not_found("organizer"))?;
    let key = key.of(identity.caller())?;
    let id = key.as_ref().map_or_else(ids::new_id, |key| key.id("promo-codes"));
    let request = Once { key: key.as_ref(), route: "POST /admin/promo-codes", hash };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        promo::insert(transaction, id, &fields).await?;
        let entry = identity.did("promo_code.made").of(fields.organizer_id).on("promo_code", id);
        audit::record(transaction, entry).await?;
        promo::read(transaction, id).await?.ok_or_else(missing)
    })
    .await
}

/// A promo code, with how many orders have it.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PromoCode)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/promo-codes/{id}")]
pub async fn admin_read_promo_code(
    checkout: Data<Checkout>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    Ok(shown(&promo_for(&checkout, &identity, Role::BoxOffice, *id).await?))
}

/// Changes a promo code that was not put away: what is left out stays. Orders that have it keep what it took off.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<PromoCodeInput>,
    responses((status = 200, body = PromoCode)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/promo-codes/{id}")]
pub async fn admin_change_promo_code(
    catalog: Data<Catalog>,
    checkout: Data<Checkout>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<Patch<PromoCodeInput>>,
) -> Result<HttpResponse, ApiError> {
    let before = promo_for(&checkout, &identity, Role::Organizer, *id).await?;
    seen.check(before.version)?;
    if before.archived_at.is_some() {
        return Err(ApiError::new(Code::WrongState, "The promo code was put away."));
    }
    let fields = body.value.onto(&before.fields)?;
    promo::check(&fields)?;
    let request = Once { key: None, route: "PATCH /admin/promo-codes", hash: body.hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        promo::update(transaction, &before, &fields).await?;
        let entry = identity.did("promo_code.changed").of(fields.organizer_id).on("promo_code", *id);
        audit::record(transaction, entry).await?;
        promo::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// Puts a promo code away: from now on it takes nothing off. Orders that have it keep it. Once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/promo-codes/{id}")]
pub async fn admin_archive_promo_code(
    catalog: Data<Catalog>,
    checkout: Data<Checkout>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let found = promo_for(&checkout, &identity, Role::Organizer, *id).await?;
    seen.check(found.version)?;
    let entry = identity.did("promo_code.archived").of(found.fields.organizer_id).on("promo_code", *id);
    catalog.archive(entry, |transaction| Box::pin(promo::archive(transaction, *id))).await?;
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, PRIVATE)).finish())
}
