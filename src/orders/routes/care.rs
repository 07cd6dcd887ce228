//! What its buyer does with an order: pays again, gives up, cancels.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use aisle_actors::core::{HoldId, ShowId};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::drive::Drove;
use super::super::saga::{AttemptStatus, OrderState, Saga, WishRefused};
use super::super::store::tickets_of;
use super::super::wire::{CancelOrder, CheckoutBody, OrderBody, ReopenedBody, TryAgain};
use super::methods::chosen_for;
use super::{Access, answer, by_staff, may_see, shown};
use crate::accounts::MaybeIdentity;
use crate::holds::HoldJson;
use crate::http::rejection::unasked;
use crate::http::{ApiError, Caller, Code, IdempotencyKey, Json, Scoped};
use crate::payments::Gateways;
use crate::platform::idempotency::Begin;
use crate::platform::ids::new_id;
use crate::platform::keys::Keys;
use crate::platform::time::to_core;

impl From<WishRefused> for ApiError {
    fn from(refused: WishRefused) -> Self {
        match refused {
            WishRefused::NotOpen => Self::plain(Code::OrderNotOpen),
            WishRefused::NothingToGiveBack => {
                Self::new(Code::CancellationClosed, "There is nothing that could be given back.")
            }
            WishRefused::UnderWay => Self::new(Code::CancellationClosed, "A cancellation is still on its way."),
            WishRefused::NotItsLines => Self::field("tickets", "is not a ticket of this order"),
            WishRefused::Decided => Self::plain(Code::ReviewClosed),
        }
    }
}

pub(super) fn there(drove: Option<Result<Drove, WishRefused>>) -> Result<Drove, ApiError> {
    Ok(drove.ok_or_else(|| ApiError::not_found("order"))??)
}

pub(super) fn scoped(
    key: IdempotencyKey,
    access: Access,
    identity: &MaybeIdentity,
    order: Uuid,
) -> Result<Option<Scoped>, ApiError> {
    let known = identity.0.as_ref().filter(|_| access != Access::Guest);
    key.of(known.map_or(Caller::Guest(order), |identity| identity.caller()))
}

/// Another attempt to pay, until `pay_by`; the one before is closed.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), ("Aisle-Order-Token" = Option<String>, Header),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = TryAgain,
    responses((status = 201, body = CheckoutBody)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[post("/orders/{id}/payments")]
#[allow(clippy::too_many_arguments, reason = "each is what actix extracts or shares")]
pub async fn try_again(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    gateways: web::Data<Gateways>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
    body: Json<TryAgain>,
) -> Result<HttpResponse, ApiError> {
    let access = may_see(&request, &keys, &checkout, &identity, *id).await?;
    let offer = chosen_for(&checkout, &gateways, *id, &body.value).await?;
    let key = scoped(key, access, &identity, *id)?;
    let route = "POST /orders/{id}/payments";
    let replayed = match &key {
        Some(key) => recall(&checkout, key, route, body.hash).await?,
        None => false,
    };
    let payment = key.as_ref().map_or_else(new_id, |key| key.id(&format!("{route} {}", *id)));
    let by = by_staff(&checkout, access, &identity, "order.payment_begun", *id).await?;
    let at = (offer.provider.as_str(), offer.account.as_str(), offer.method.as_str());
    let drove = there(checkout.change_by(*id, by, |saga, now| saga.try_again(now, payment, at, offer.kind)).await?)?;
    if let Some(key) = key.filter(|_| !replayed) {
        checkout.store.remember(&key.scope, &key.key, route, body.hash, 201).await?;
    }
    let order = shown(&checkout, &keys, &drove.saga, access, &identity).await?;
    let payment = order.payment.clone();
    Ok(answer(StatusCode::CREATED, replayed, &CheckoutBody { order, payment }))
}

/// True: the same request was answered before. Nothing but that is kept: the answer is the order as it is.
pub(super) async fn recall(checkout: &Checkout, key: &Scoped, route: &str, hash: u64) -> Result<bool, ApiError> {
    match checkout.store.recall(&key.scope, &key.key, route, hash).await? {
        Begin::Fresh => Ok(false),
        Begin::Replay { .. } => Ok(true),
        Begin::Reused => Err(ApiError::plain(Code::IdempotencyKeyReused)),
    }
}

/// Gives the payment up, so that the holds are open again.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), ("Aisle-Order-Token" = Option<String>, Header)),
    responses((status = 200, body = ReopenedBody)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[post("/orders/{id}/reopen")]
pub async fn reopen_order(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let access = may_see(&request, &keys, &checkout, &identity, *id).await?;
    let by = by_staff(&checkout, access, &identity, "order.reopened", *id).await?;
    let drove = there(checkout.change_by(*id, by, |saga, _| saga.give_up()).await?)?;
    let saga = given_up(drove)?;
    let mut holds = Vec::with_capacity(saga.parts.len());
    for part in &saga.parts {
        let named = |error: ApiError| error.hold(part.hold);
        let show = ShowId(part.show);
        let handle = checkout.outside.shows.get(show).await.map_err(|error| named(unasked(&error)))?;
        let view = handle.hold(HoldId(part.hold)).await.map_err(|error| named(unasked(&error)))?;
        let view = view.ok_or_else(|| named(ApiError::not_found("hold")))?;
        holds.push(HoldJson::of(&view, show, handle.plan(), to_core(checkout.now())).map_err(named)?);
    }
    let order = shown(&checkout, &keys, &saga, access, &identity).await?;
    Ok(answer(StatusCode::OK, false, &ReopenedBody { order, holds }))
}

/// The payment is closed for good; else says why not yet, or not at all.
fn given_up(drove: Drove) -> Result<Saga, ApiError> {
    let saga = drove.saga;
    // The buyer's payment was faster than their change of mind.
    if saga.state != OrderState::Cancelled {
        return Err(ApiError::new(Code::OrderNotOpen, "The order has just been paid."));
    }
    let closing = saga.attempts.iter().any(|attempt| attempt.status == AttemptStatus::Cancelling);
    if closing || drove.stuck.is_some() { Err(ApiError::busy(2)) } else { Ok(saga) }
}

/// Cancels an order, or some of its tickets; the refund follows by itself. An order that nobody has paid is given up.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), ("Aisle-Order-Token" = Option<String>, Header),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = CancelOrder,
    responses((status = 200, body = OrderBody)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[post("/orders/{id}/cancel")]
pub async fn cancel_order(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
    body: Json<CancelOrder>,
) -> Result<HttpResponse, ApiError> {
    let access = may_see(&request, &keys, &checkout, &identity, *id).await?;
    let loaded = checkout.store.load(*id).await?.ok_or_else(|| ApiError::not_found("order"))?;
    let key = scoped(key, access, &identity, *id)?;
    let route = "POST /orders/{id}/cancel";
    if let Some(key) = &key
        && recall(&checkout, key, route, body.hash).await?
    {
        let order = shown(&checkout, &keys, &loaded.saga, access, &identity).await?;
        return Ok(answer(StatusCode::OK, true, &OrderBody { order }));
    }
    let by = by_staff(&checkout, access, &identity, "order.cancelled", *id).await?;
    let unpaid = matches!(loaded.saga.state, OrderState::AwaitingPayment | OrderState::InReview);
    let saga = if unpaid {
        given_up(there(checkout.change_by(*id, by, |saga, _| saga.give_up()).await?)?)?
    } else {
        let lines = body.value.tickets.as_deref().map(|tickets| lines_of(&loaded.saga, tickets)).transpose()?;
        if access != Access::Staff {
            must_be_cancellable(&checkout, &loaded.saga, lines.as_deref()).await?;
        }
        let reason = body.value.reason.clone().unwrap_or_default();
        there(checkout.change_by(*id, by, |saga, now| saga.give_back(now, lines.as_deref(), &reason)).await?)?.saga
    };
    if let Some(key) = key {
        checkout.store.remember(&key.scope, &key.key, route, body.hash, 200).await?;
    }
    let order = shown(&checkout, &keys, &saga, access, &identity).await?;
    Ok(answer(StatusCode::OK, false, &OrderBody { order }))
}

/// The lines of these tickets.
fn lines_of(saga: &Saga, tickets: &[Uuid]) -> Result<Vec<Uuid>, ApiError> {
    let known: HashMap<Uuid, Uuid> =
        saga.lines.iter().flat_map(|line| tickets_of(line).map(|ticket| (ticket, line.id))).collect();
    tickets
        .iter()
        .enumerate()
        .map(|(at, ticket)| {
            let unknown = || ApiError::field(format!("tickets[{at}]"), "is not a ticket of this order");
            known.get(ticket).copied().ok_or_else(unknown)
        })
        .collect()
}

/// Customers cancel until so long before the start as the show's house allows; the house itself always.
async fn must_be_cancellable(checkout: &Checkout, saga: &Saga, lines: Option<&[Uuid]>) -> Result<(), ApiError> {
    let view = checkout.store.view(saga.order).await?.ok_or_else(|| ApiError::not_found("order"))?;
    let now = checkout.now();
    let wanted = |show: Uuid| {
        let of_show = saga.lines.iter().filter(|line| line.show == Some(show) && !line.cancelled);
        lines.is_none_or(|lines| of_show.clone().any(|line| lines.contains(&line.id)))
    };
    for (show, until) in view.shows.iter().zip(&view.cancel_until) {
        if wanted(show.id) && until.is_none_or(|until| now >= until) {
            let detail = match until {
                Some(until) => format!("Tickets for {} could be cancelled until {until}.", show.title),
                None => format!("Tickets for {} cannot be cancelled.", show.title),
            };
            return Err(ApiError::new(Code::CancellationClosed, detail));
        }
    }
    Ok(())
}
