//! What a house wishes of tickets whose payment a bank has claimed back.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get, put, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::checkout::Checkout;
use crate::accounts::{Identity, Role};
use crate::http::caching::{IfMatch, PRIVATE};
use crate::http::{ApiError, Code, Json};

/// What becomes of the tickets while a claim is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputedTickets {
    /// They admit; staff see that the order is disputed.
    Flag,
    /// They admit nobody until the bank has decided.
    Suspend,
}

impl DisputedTickets {
    fn of(suspend: bool) -> Self {
        if suspend { Self::Suspend } else { Self::Flag }
    }
}

/// What a house wishes of claims.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeRules {
    /// What becomes of the tickets while a claim is open. Of a lost one they are revoked, of a won one they admit again.
    #[garde(skip)]
    tickets: DisputedTickets,
}

/// The same, with its version.
#[derive(Serialize, ToSchema)]
pub struct DisputeRulesBody {
    /// What becomes of the tickets while a claim is open.
    tickets: DisputedTickets,
    /// Grows with every change; what `If-Match` compares. Zero where the house has never said.
    version: i32,
}

fn rules_answer(suspend: bool, version: i32) -> HttpResponse {
    HttpResponse::build(StatusCode::OK)
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header((header::ETAG, format!("\"{version}\"")))
        .json(DisputeRulesBody { tickets: DisputedTickets::of(suspend), version })
}

/// What a house wishes of tickets whose payment is disputed.
#[utoipa::path(tag = "back office", params(("id" = Uuid, Path)), responses((status = 200, body = DisputeRulesBody)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/organizers/{id}/dispute-rules")]
pub async fn read_dispute_rules(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::BoxOffice, *id, "organizer")?;
    let kept = checkout.store.dispute_rules(*id).await?.ok_or_else(|| ApiError::not_found("organizer"))?;
    Ok(rules_answer(kept.suspend, kept.version))
}

/// Sets it, for claims that are first heard of from now on.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = DisputeRules,
    responses((status = 200, body = DisputeRulesBody)),
    security(("session" = []), ("bearer" = []))
)]
#[put("/admin/organizers/{id}/dispute-rules")]
pub async fn set_dispute_rules(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
    seen: IfMatch,
    body: Json<DisputeRules>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::Organizer, *id, "organizer")?;
    let kept = checkout.store.dispute_rules(*id).await?.ok_or_else(|| ApiError::not_found("organizer"))?;
    seen.check(kept.version)?;
    let suspend = body.value.tickets == DisputedTickets::Suspend;
    let entry = identity.did("dispute_rules.changed").of(*id).on("organizer", *id);
    let set = checkout.store.set_dispute_rules(*id, suspend, kept.version, entry).await?;
    let version = set.ok_or_else(|| ApiError::plain(Code::EditConflict))?;
    Ok(rules_answer(suspend, version))
}
