//! Staff decide about orders that were held, and a house sets the rules by which they are.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get, post, put, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::fraud::FraudRules;
use super::super::wire::OrderBody;
use super::care::{recall, there};
use super::{Access, answer, shown};
use crate::accounts::{Identity, MaybeIdentity, Role};
use crate::http::caching::{IfMatch, PRIVATE};
use crate::http::{ApiError, Code, IdempotencyKey, Json};
use crate::platform::keys::Keys;

/// What staff decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The sale goes on.
    Accept,
    /// The amount is let go of, and the seats are free again.
    Refuse,
}

/// A decision about an order that was held.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideReview {
    /// Which.
    #[garde(skip)]
    decision: Decision,
    /// Why, for the house alone.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Decides about an order that was held. Accepted, it is sold as if it had never been held; refused, nothing is taken and its
/// buyer is told. The same decision again changes nothing; another one is refused.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = DecideReview,
    responses((status = 200, body = OrderBody)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/orders/{id}/review")]
pub async fn decide_review(
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: Identity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
    body: Json<DecideReview>,
) -> Result<HttpResponse, ApiError> {
    let organizer = checkout.store.organizer_of(*id).await?.ok_or_else(|| ApiError::not_found("order"))?;
    identity.must(Role::BoxOffice, organizer, "order")?;
    let key = key.of(identity.caller())?;
    let route = "POST /admin/orders/{id}/review";
    let replayed = match &key {
        Some(key) => recall(&checkout, key, route, body.hash).await?,
        None => false,
    };
    let accepted = body.value.decision == Decision::Accept;
    let action = if accepted { "order.review_accepted" } else { "order.review_refused" };
    let entry = identity.did(action).of(organizer).on("order", *id);
    let reason = body.value.reason.as_deref().unwrap_or_default().trim().replace('\0', "");
    let decide = checkout.change_by(*id, Some(entry), |saga, now| saga.decide(now, accepted, &reason));
    let drove = there(decide.await?)?;
    if let Some(key) = key.filter(|_| !replayed) {
        checkout.store.remember(&key.scope, &key.key, route, body.hash, 200).await?;
    }
    let order = shown(&checkout, &keys, &drove.saga, Access::Staff, &MaybeIdentity(None)).await?;
    Ok(answer(StatusCode::OK, replayed, &OrderBody { order }))
}

/// A house's rules.
#[derive(Serialize, ToSchema)]
pub struct FraudRulesBody {
    /// The rules.
    rules: FraudRules,
    /// Grows with every change; what `If-Match` compares. Zero where the house has the server's own.
    version: i32,
}

fn rules_answer(rules: FraudRules, version: i32) -> HttpResponse {
    HttpResponse::build(StatusCode::OK)
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header((header::ETAG, format!("\"{version}\"")))
        .json(FraudRulesBody { rules, version })
}

/// The rules by which a house holds orders or marks them.
#[utoipa::path(tag = "back office", params(("id" = Uuid, Path)), responses((status = 200, body = FraudRulesBody)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/organizers/{id}/fraud-rules")]
pub async fn read_fraud_rules(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::BoxOffice, *id, "organizer")?;
    let kept = checkout.store.fraud_rules(*id).await?.ok_or_else(|| ApiError::not_found("organizer"))?;
    Ok(rules_answer(kept.rules, kept.version))
}

/// Sets the rules of a house, for orders that are paid from now on.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = FraudRules,
    responses((status = 200, body = FraudRulesBody)),
    security(("session" = []), ("bearer" = []))
)]
#[put("/admin/organizers/{id}/fraud-rules")]
pub async fn set_fraud_rules(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
    seen: IfMatch,
    body: Json<FraudRules>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::Organizer, *id, "organizer")?;
    let kept = checkout.store.fraud_rules(*id).await?.ok_or_else(|| ApiError::not_found("organizer"))?;
    seen.check(kept.version)?;
    let entry = identity.did("fraud_rules.changed").of(*id).on("organizer", *id);
    let set = checkout.store.set_fraud_rules(*id, &body.value, kept.version, entry).await?;
    let version = set.ok_or_else(|| ApiError::plain(Code::EditConflict))?;
    Ok(rules_answer(body.value, version))
}
