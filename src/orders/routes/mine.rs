//! `/me/orders`: what belongs to who is asking, in every house.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use jiff::Timestamp;
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::store::Claimed;
use super::super::wire::{ClaimOrder, MyOrderJson, OrderBody};
use super::{answer, told};
use crate::accounts::{Identity, MaybeIdentity};
use crate::http::extract::Page;
use crate::http::{ApiError, Code, Json, Listing};
use crate::platform::keys::Keys;
use crate::tickets::access::{Access, order_token_version};

/// One's own orders, newest first: what one ordered while signed in, what was bought with an address that was shown to be one's
/// own, and what one has claimed by its link.
#[utoipa::path(tag = "orders", params(Listing), responses((status = 200, body = Page<MyOrderJson>)),
    security(("session" = []), ("bearer" = [])))]
#[get("/me/orders")]
pub async fn my_orders(
    checkout: web::Data<Checkout>,
    identity: Identity,
    listing: web::Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let limit = listing.limit()?;
    let after: Option<(Timestamp, Uuid)> = listing.after()?;
    let owned = checkout.store.of_owner(identity.user, after, limit).await?;
    let page = Page::cut(owned, limit, |order| (order.created_at, order.id));
    let now = checkout.now();
    let items = page.items.into_iter().map(|order| MyOrderJson::of(order, now)).collect();
    Ok(answer(StatusCode::OK, false, &Page { items, next: page.next }))
}

/// Makes an order one's own by what proves it: for who bought with another address. Again it is the same. Ends with the link.
#[utoipa::path(tag = "orders", request_body = ClaimOrder, responses((status = 200, body = OrderBody)),
    security(("session" = []), ("bearer" = [])))]
#[post("/me/orders/claim")]
pub async fn claim_order(
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: Identity,
    body: Json<ClaimOrder>,
) -> Result<HttpResponse, ApiError> {
    let ClaimOrder { order_id, token } = body.value;
    let version = order_token_version(&keys, order_id, &token);
    let version = version.ok_or_else(|| ApiError::plain(Code::OrderTokenInvalid))?;
    let missing = || ApiError::not_found("order");
    let organizer = checkout.store.organizer_of(order_id).await?.ok_or_else(missing)?;
    let entry = identity.did("order.claimed").of(organizer).on("order", order_id);
    match checkout.store.claim(order_id, identity.user, version, entry).await? {
        Claimed::Theirs => {}
        Claimed::Ended => return Err(ApiError::plain(Code::OrderLinkEnded)),
        Claimed::TooMany => {
            return Err(ApiError::new(Code::InUse, "Too many accounts have claimed this order; end its links first."));
        }
    }
    let view = checkout.store.view(order_id).await?.ok_or_else(missing)?;
    let loaded = checkout.store.load(order_id).await?.ok_or_else(missing)?;
    let order = told(&loaded.saga, view, None, Access::Owner, &MaybeIdentity(Some(identity)), checkout.now());
    Ok(answer(StatusCode::OK, false, &OrderBody { order }))
}
