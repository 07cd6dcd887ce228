//! The refund of a whole show that was cancelled or moved: begun, looked at, stopped for a while.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::store::{JobView, NewJob};
use super::answer;
use super::refunds::wrong_state;
use crate::accounts::{Identity, Role};
use crate::http::{ApiError, Code, IdempotencyKey, Json};
use crate::platform::ids::new_id;

/// Why all orders of a show are to be refunded.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundShow {
    /// Why; buyers read it.
    #[garde(length(chars, min = 1, max = 500), custom(says_something))]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

/// What to do with the refund of a show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SteerAction {
    /// Stop it for a while; orders that are under way are finished.
    Pause,
    /// Go on.
    Resume,
    /// Try those again that failed, and go on.
    Retry,
}

/// A change of the refund of a show.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SteerRefunds {
    /// What.
    #[garde(skip)]
    action: SteerAction,
}

/// Which failed orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FailedWanted {
    /// Those after this one, out of `next_failed`.
    failed_after: Option<Uuid>,
}

/// An answer with the refund of a show; null where there never was one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefundsBody {
    /// It.
    refunds: Option<JobView>,
}

async fn organizer_of(checkout: &Checkout, identity: &Identity, show: Uuid, role: Role) -> Result<Uuid, ApiError> {
    let found = checkout.store.job_show(show).await?.ok_or_else(|| ApiError::not_found("show"))?;
    identity.must(role, found.organizer, "show")?;
    Ok(found.organizer)
}

async fn body(checkout: &Checkout, show: Uuid, failed_after: Option<Uuid>) -> Result<RefundsBody, ApiError> {
    Ok(RefundsBody { refunds: checkout.store.job_view(show, failed_after).await? })
}

/// Begins to refund all orders of a show that was cancelled or moved, in full. It goes on by itself, also after a restart; each
/// order is refunded once. Of orders with tickets of other shows too, only this show's go back; orders that nobody has paid are
/// ended.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = RefundShow,
    responses((status = 202, body = RefundsBody)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows/{id}/refunds")]
pub async fn refund_show(
    checkout: web::Data<Checkout>,
    identity: Identity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
    wish: Json<RefundShow>,
) -> Result<HttpResponse, ApiError> {
    let show = checkout.store.job_show(*id).await?.ok_or_else(|| ApiError::not_found("show"))?;
    identity.must(Role::Organizer, show.organizer, "show")?;
    // The same request again is the same refund, whatever has become of it.
    let key = key.of(identity.caller())?;
    let job = key.map_or_else(new_id, |key| key.id(&format!("POST /admin/shows/{}/refunds", *id)));
    let begun = checkout.store.job_view(*id, None).await?;
    if begun.as_ref().is_some_and(|begun| begun.id == job) {
        return Ok(answer(StatusCode::ACCEPTED, true, &RefundsBody { refunds: begun }));
    }
    if !matches!(show.state.as_str(), "cancelled" | "moved") {
        return Err(wrong_state("Only the orders of a show that was cancelled or moved are refunded all at once."));
    }
    let reason = wish.value.reason.trim().replace('\0', "");
    let new = NewJob { id: job, show: *id, reason, by: identity.user };
    let entry = identity.did("show.refunds_begun").of(show.organizer).on("show", *id).with("job", job);
    if !checkout.store.begin_job(&new, show.organizer, entry).await? {
        return Err(ApiError::new(Code::AlreadyExists, "The orders of this show are being refunded already."));
    }
    Ok(answer(StatusCode::ACCEPTED, false, &body(&checkout, *id, None).await?))
}

/// How far the refund of a show is, and which of its orders failed.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), FailedWanted),
    responses((status = 200, body = RefundsBody)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/refunds")]
pub async fn show_refunds(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
    wanted: web::Query<FailedWanted>,
) -> Result<HttpResponse, ApiError> {
    organizer_of(&checkout, &identity, *id, Role::BoxOffice).await?;
    Ok(answer(StatusCode::OK, false, &body(&checkout, *id, wanted.failed_after).await?))
}

/// Stops the refund of a show for a while, goes on with it, or tries again what failed. The same again changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    request_body = SteerRefunds,
    responses((status = 200, body = RefundsBody)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows/{id}/refunds/state")]
pub async fn steer_refunds(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
    wish: Json<SteerRefunds>,
) -> Result<HttpResponse, ApiError> {
    let organizer = organizer_of(&checkout, &identity, *id, Role::Organizer).await?;
    let (pause, failed, done) = match wish.value.action {
        SteerAction::Pause => (true, false, "show.refunds_paused"),
        SteerAction::Resume => (false, false, "show.refunds_resumed"),
        SteerAction::Retry => (false, true, "show.refunds_retried"),
    };
    let entry = identity.did(done).of(organizer).on("show", *id);
    if !checkout.store.steer_job(*id, pause, failed, entry).await? {
        return Err(wrong_state("No refund of this show is under way."));
    }
    Ok(answer(StatusCode::OK, false, &body(&checkout, *id, None).await?))
}
