//! `/admin/vouchers`: gift vouchers. A voucher is money: who runs the house issues it, its code is told once, and its box office sees
//! what has become of it.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, get, patch, post};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::store::vouchers::{self, NewVoucher};
use super::super::store::{Movement, VoucherRecord, VoucherRecords};
use super::answer;
use crate::accounts::{Identity, Role};
use crate::catalog::Catalog;
use crate::http::caching::PRIVATE;
use crate::http::extract::Page;
use crate::http::{ApiError, Code, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, once};
use crate::platform::money::Money;
use crate::platform::{audit, ids};

/// More on one voucher would be no gift.
const AMOUNT_MAX: i64 = 100_000_000;

fn missing() -> ApiError {
    ApiError::not_found("voucher")
}

fn is_amount(money: &Money, (): &()) -> garde::Result {
    if (1..=AMOUNT_MAX).contains(&money.amount) {
        Ok(())
    } else {
        Err(garde::Error::new(format!("must be from 1 to {AMOUNT_MAX} minor units")))
    }
}

fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

/// A voucher to be issued.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueVoucher {
    /// Whose it is: it pays for all shows of this house in its currency.
    #[garde(skip)]
    organizer_id: Uuid,
    /// How much it pays.
    #[garde(custom(is_amount))]
    amount: Money,
    /// Until this moment, which is not part of it; null: for good.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
    /// What it was issued for, or the number of its bill; the house's own.
    #[garde(length(chars, min = 1, max = 500), custom(says_something))]
    #[schema(min_length = 1, max_length = 500, example = "Sold at the box office, bill 2031-17")]
    reason: String,
}

/// What of a voucher can be changed.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoucherInput {
    /// Until this moment, which is not part of it; null: for good.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
    /// What it was issued for.
    #[garde(length(chars, min = 1, max = 500), custom(says_something))]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// A voucher that was just issued.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IssuedVoucher {
    /// What is kept of it.
    #[serde(flatten)]
    record: VoucherRecord,
    /// Its code. Only in this answer; a repeated request gets none, because nothing that makes it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "7F3K-2M9P-8HJW-QQ23-4567")]
    code: Option<String>,
}

/// Which vouchers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VoucherQuery {
    /// Of this organiser; without it, of all that the caller has a part in.
    organizer_id: Option<Uuid>,
    /// Whose code begins with these four characters.
    prefix: Option<String>,
}

/// The voucher, to whom has this part in its house.
async fn voucher_for(
    checkout: &Checkout,
    identity: &Identity,
    role: Role,
    id: Uuid,
) -> Result<VoucherRecord, ApiError> {
    let found = checkout.store.voucher(id).await?.ok_or_else(missing)?;
    identity.must(role, found.organizer_id, "voucher")?;
    Ok(found)
}

/// Vouchers, oldest first; each with what is left of it.
#[utoipa::path(
    tag = "back office",
    params(VoucherQuery, Listing),
    responses((status = 200, body = Page<VoucherRecord>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/vouchers")]
pub async fn admin_list_vouchers(
    checkout: Data<Checkout>,
    identity: Identity,
    query: Query<VoucherQuery>,
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
    let prefix = query.prefix.as_deref().filter(|told| !told.trim().is_empty()).map(vouchers::normal_prefix);
    let records = VoucherRecords { of, prefix, after: listing.after()?, limit: limit + 1, ..VoucherRecords::default() };
    let found = checkout.store.vouchers(&records).await?;
    Ok(answer(StatusCode::OK, false, &Page::cut(found, limit, |voucher| (voucher.created_at, voucher.id))))
}

/// Issues a voucher. Its code is in this answer alone.
#[utoipa::path(
    tag = "back office",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = IssueVoucher,
    responses((status = 201, body = IssuedVoucher)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/vouchers")]
pub async fn admin_issue_voucher(
    catalog: Data<Catalog>,
    checkout: Data<Checkout>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<IssueVoucher>,
) -> Result<HttpResponse, ApiError> {
    let Json { value: wish, hash } = body;
    identity.must_be_staff(Role::Organizer)?;
    identity.must(Role::Organizer, wish.organizer_id, "organizer")?;
    if wish.valid_until.is_some_and(|until| until <= checkout.now()) {
        return Err(ApiError::field("valid_until", "must be in the future"));
    }
    catalog.organizer(wish.organizer_id).await?.ok_or_else(|| ApiError::not_found("organizer"))?;
    let key = key.of(identity.caller())?;
    let new = NewVoucher {
        id: key.as_ref().map_or_else(ids::new_id, |key| key.id("vouchers")),
        organizer: wish.organizer_id,
        amount: wish.amount,
        valid_until: wish.valid_until,
        reason: wish.reason.trim().replace('\0', ""),
    };
    let request = Once { key: key.as_ref(), route: "POST /admin/vouchers", hash };
    let mut made = None;
    let answer = once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        let code = vouchers::issue(transaction, &new).await?;
        let entry = identity.did("voucher.issued").of(new.organizer).on("voucher", new.id);
        audit::record(transaction, entry.with("amount", new.amount.amount)).await?;
        let record = vouchers::read(transaction, new.id).await?.ok_or_else(missing)?;
        made = Some((record.clone(), code));
        Ok(record)
    })
    .await?;
    Ok(match made {
        Some((record, code)) => HttpResponse::Created()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(IssuedVoucher { record, code: Some(code) }),
        None => answer,
    })
}

/// A voucher, with what is left of it.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = VoucherRecord)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/vouchers/{id}")]
pub async fn admin_read_voucher(
    checkout: Data<Checkout>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let found = voucher_for(&checkout, &identity, Role::BoxOffice, *id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header((header::ETAG, format!("\"{}\"", found.version)))
        .json(found))
}

/// What has changed a voucher's balance, oldest first: the balance is its sum.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), Listing),
    responses((status = 200, body = Page<Movement>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/vouchers/{id}/movements")]
pub async fn admin_voucher_movements(
    checkout: Data<Checkout>,
    identity: Identity,
    id: Path<Uuid>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let voucher = voucher_for(&checkout, &identity, Role::BoxOffice, *id).await?;
    let limit = listing.limit()?;
    let found = checkout.store.voucher_movements(voucher.id, listing.after()?, limit + 1).await?;
    Ok(answer(StatusCode::OK, false, &Page::cut(found, limit, |movement| (movement.at, movement.id))))
}

/// Changes until when a voucher pays, and what it is for; one that had ended pays again.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<VoucherInput>,
    responses((status = 200, body = VoucherRecord)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/vouchers/{id}")]
pub async fn admin_change_voucher(
    catalog: Data<Catalog>,
    checkout: Data<Checkout>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<Patch<VoucherInput>>,
) -> Result<HttpResponse, ApiError> {
    let before = voucher_for(&checkout, &identity, Role::Organizer, *id).await?;
    seen.check(before.version)?;
    if before.voided_at.is_some() {
        return Err(ApiError::new(Code::WrongState, "The voucher was voided."));
    }
    let own = VoucherInput { valid_until: before.valid_until, reason: before.reason.clone() };
    let fields = body.value.onto(&own)?;
    let request = Once { key: None, route: "PATCH /admin/vouchers", hash: body.hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        vouchers::update(transaction, &before, fields.valid_until, fields.reason.trim()).await?;
        let entry = identity.did("voucher.changed").of(before.organizer_id).on("voucher", *id);
        audit::record(transaction, entry).await?;
        vouchers::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// Voids what is left of a voucher: from now on it pays nothing. Orders that were made with it stay paid; what comes back from them
/// lies on it, and can be voided again. Once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = VoucherRecord)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/vouchers/{id}/void")]
pub async fn admin_void_voucher(
    catalog: Data<Catalog>,
    checkout: Data<Checkout>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let seen = voucher_for(&checkout, &identity, Role::Organizer, *id).await?;
    let request = Once { key: None, route: "POST /admin/vouchers/{id}/void", hash: 0 };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        let voucher = vouchers::read(transaction, seen.id).await?.ok_or_else(missing)?;
        if vouchers::void(transaction, &voucher).await? {
            let entry = identity.did("voucher.voided").of(voucher.organizer_id).on("voucher", voucher.id);
            audit::record(transaction, entry.with("amount", voucher.balance.amount)).await?;
        }
        vouchers::read(transaction, seen.id).await?.ok_or_else(missing)
    })
    .await
}
