//! Links of orders: looked for, and ended.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, post, web};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::store::{LINKS_REST_S, LinksEnded};
use super::super::wire::LookUpOrder;
use super::care::{recall, scoped};
use crate::accounts::{MayAskForMail, MaybeIdentity, Throttle, normalized};
use crate::http::caching::PRIVATE;
use crate::http::{ApiError, Code, IdempotencyKey, Json};
use crate::notify::Outbox;
use crate::platform::audit::{Actor, Entry};
use crate::platform::keys::Keys;
use crate::tickets::access::{Access, Shown};

/// Sends links again, to the address that was ordered with: of the order with this number, or of all. Always the same answer,
/// and the same work: what there is to say is found out by who writes the mail.
#[utoipa::path(tag = "orders", request_body = LookUpOrder, responses((status = 202)))]
#[post("/orders/lookup")]
pub async fn look_up_order(
    _: MayAskForMail,
    checkout: web::Data<Checkout>,
    throttle: web::Data<Throttle>,
    outbox: web::Data<Outbox>,
    body: Json<LookUpOrder>,
) -> Result<HttpResponse, ApiError> {
    let LookUpOrder { number, email } = body.value;
    let number = number.map(|number| number.trim().to_uppercase());
    // Counted by address, whether or not anything was bought with it.
    if throttle.may_mail(&email) {
        checkout.store.ask_for_links(&normalized(&email), number.as_deref()).await?;
    }
    outbox.wake();
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, PRIVATE)).finish())
}

/// Ends every link of an order, that of its mails and those of its tickets, because one came into wrong hands. A newer one goes to
/// the order's address by mail and is in no answer: who has somebody's link does not get the next one for it.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), ("Aisle-Order-Token" = Option<String>, Header),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    responses((status = 204)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[post("/orders/{id}/revoke-links")]
#[allow(clippy::too_many_arguments, reason = "each is what actix extracts or shares")]
pub async fn revoke_links(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    outbox: web::Data<Outbox>,
    identity: MaybeIdentity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let shown = Shown::of_order(&request, &keys, &identity, *id).something()?;
    let standing = checkout.store.standing(*id).await?.ok_or_else(|| ApiError::not_found("order"))?;
    let access = shown.admitted(Some(&standing), "order")?;
    let done = |replayed: bool| {
        let mut response = HttpResponse::build(StatusCode::NO_CONTENT);
        response.insert_header((header::CACHE_CONTROL, PRIVATE));
        if replayed {
            response.insert_header(("idempotent-replayed", "true"));
        }
        response.finish()
    };
    let key = scoped(key, access, &identity, *id)?;
    let route = "POST /orders/{id}/revoke-links";
    // It has no body: which order it is tells one request from another.
    let hash = u64::from_be_bytes(id.as_bytes()[8..].try_into().unwrap_or_default());
    if let Some(key) = &key
        && recall(&checkout, key, route, hash).await?
    {
        return Ok(done(true));
    }
    let actor = match (access, &identity.0) {
        (Access::Owner | Access::Staff, Some(identity)) => Actor::User(identity.user),
        (Access::Owner | Access::Staff | Access::Guest, _) => Actor::Guest,
    };
    // On record whoever did it: their buyer may ask why the link does not work.
    let entry = Entry::new(actor, "order.links_ended").of(standing.organizer).on("order", *id);
    match checkout.store.end_links(*id, shown.link(&standing), entry).await? {
        LinksEnded::Now => {}
        LinksEnded::Before => return Err(ApiError::plain(Code::OrderLinkEnded)),
        LinksEnded::JustNow => {
            let detail = "The links of this order were ended a moment ago; the newer one is in the mail.";
            return Err(ApiError::new(Code::TooManyRequests, detail).retry_after(LINKS_REST_S));
        }
    }
    outbox.wake();
    metrics::counter!("aisle_order_links_ended_total").increment(1);
    if let Some(key) = key {
        checkout.store.remember(&key.scope, &key.key, route, hash, 204).await?;
    }
    Ok(done(false))
}
