//! What its buyer does with an order: pays again, gives up, cancels.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use aisle_actors::core::{HoldId, ShowId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::drive::Drove;
use super::super::returning::{Offer, TicketBack, plan, wholly};
use super::super::saga::{AttemptStatus, OrderState, Saga, Way, WishRefused};
use super::super::store::tickets_of;
use super::super::wire::{CancelOrder, CancellationJson, CheckoutBody, OrderBody, ReopenedBody, TryAgain};
use super::methods::chosen_for;
use super::{Access, answer, by_staff, may_see, shown};
use crate::accounts::{MaybeIdentity, Role};
use crate::holds::HoldJson;
use crate::http::rejection::unasked;
use crate::http::{ApiError, Caller, Code, IdempotencyKey, Json, Scoped};
use crate::payments::Gateways;
use crate::platform::idempotency::Begin;
use crate::platform::ids::new_id;
use crate::platform::keys::Keys;
use crate::platform::money::Money;
use crate::platform::time::to_core;

impl From<WishRefused> for ApiError {
    fn from(refused: WishRefused) -> Self {
        match refused {
            WishRefused::NotOpen => Self::plain(Code::OrderNotOpen),
            WishRefused::NothingToGiveBack => {
                Self::new(Code::CancellationClosed, "There is nothing that could be given back.")
            }
            WishRefused::UnderWay => Self::new(Code::CancellationClosed, "A cancellation is still on its way."),
            WishRefused::Promised => {
                Self::new(Code::CancellationClosed, "These tickets are just being exchanged for others.")
            }
            WishRefused::Disputed => Self::new(
                Code::PaymentDisputed,
                "The buyer's bank has claimed this payment back and holds its money until it has decided. Nothing of it can be \
                 refunded meanwhile, or it would go back twice.",
            ),
            WishRefused::NotItsLines => Self::field("tickets", "is not a ticket of this order"),
            WishRefused::Decided => Self::plain(Code::ReviewClosed),
            WishRefused::TooMuch { left } => {
                Self::field("amount", format!("is more than is left of what was paid: {left} minor units"))
            }
            WishRefused::NotFailed => Self::plain(Code::RefundNotFailed),
        }
    }
}

pub(super) fn there<R: Into<ApiError>>(drove: Option<Result<Drove, R>>) -> Result<Drove, ApiError> {
    drove.ok_or_else(|| ApiError::not_found("order"))?.map_err(Into::into)
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

/// Which tickets.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TicketsWanted {
    /// The ids of tickets, with commas between; all that are left unless told.
    tickets: Option<String>,
}

impl TicketsWanted {
    fn ids(&self) -> Result<Option<Vec<Uuid>>, ApiError> {
        let wrong = || ApiError::field("tickets", "names at most 200 tickets by their ids, with commas between");
        let Some(text) = self.tickets.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let ids: Vec<Uuid> =
            text.split(',').take(201).map(|id| id.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
        if ids.len() > 200 { Err(wrong()) } else { Ok(Some(ids)) }
    }
}

/// An answer with what would come back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CancellationBody {
    /// It.
    cancellation: CancellationJson,
}

/// What would come back, were these tickets given back now: under the policy that they were bought under, or the one of today
/// where that gives more. Changes nothing.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), TicketsWanted, ("Aisle-Order-Token" = Option<String>, Header)),
    responses((status = 200, body = CancellationBody)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[get("/orders/{id}/cancellation")]
pub async fn preview_cancellation(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    id: web::Path<Uuid>,
    wanted: web::Query<TicketsWanted>,
) -> Result<HttpResponse, ApiError> {
    may_see(&request, &keys, &checkout, &identity, *id).await?;
    let missing = || ApiError::not_found("order");
    let saga = checkout.store.load(*id).await?.ok_or_else(missing)?.saga;
    let view = checkout.store.view(*id).await?.ok_or_else(missing)?;
    let lines = wanted.ids()?.map(|tickets| lines_of(&saga, &tickets)).transpose()?;
    let offers = checkout.store.offers(*id).await?;
    let plan = plan(&saga, &offers, lines.as_deref(), checkout.now())?;
    let cancellation = CancellationJson::of(&saga, &view, &offers, &plan, checkout.now());
    Ok(answer(StatusCode::OK, false, &CancellationBody { cancellation }))
}

/// Cancels an order, or some of its tickets; the refund follows by itself. An order that nobody has paid is given up. Customers
/// and the box office cancel under the show's policy; who runs the house always, and everything goes back.
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
        let whole = access == Access::Staff && runs_the_house(&checkout, &identity, *id).await?;
        let offers = checkout.store.offers(*id).await?;
        let (reason, expect) = (body.value.reason.clone().unwrap_or_default(), body.value.expect);
        let give_back = |saga: &mut Saga, now| -> Result<(), CancelRefused> {
            let returning = if whole {
                wholly(saga, lines.as_deref())?
            } else {
                let plan = plan(saga, &offers, lines.as_deref(), now)?;
                if let Some(closed) = plan.closed() {
                    return Err(CancelRefused::closed(saga, &offers, closed, now));
                }
                plan.returning
            };
            if expect.is_some_and(|expected| expected != returning.back()) {
                return Err(CancelRefused::Changed { back: Money::new(returning.back(), saga.currency) });
            }
            Ok(saga.give_back_as(now, &returning, &Way::Provider, &reason)?)
        };
        there(checkout.change_by(*id, by, give_back).await?)?.saga
    };
    if let Some(key) = key {
        checkout.store.remember(&key.scope, &key.key, route, body.hash, 200).await?;
    }
    let order = shown(&checkout, &keys, &saga, access, &identity).await?;
    Ok(answer(StatusCode::OK, false, &OrderBody { order }))
}

async fn runs_the_house(checkout: &Checkout, identity: &MaybeIdentity, order: Uuid) -> Result<bool, ApiError> {
    let organizer = checkout.store.organizer_of(order).await?;
    let identity = identity.0.as_ref();
    Ok(organizer.is_some_and(|organizer| identity.is_some_and(|identity| identity.may(Role::Organizer, organizer))))
}

/// Why a cancellation was refused.
#[derive(Clone, Debug)]
pub(super) enum CancelRefused {
    Wish(WishRefused),
    /// The policy of this show does not allow it, or not any more.
    Closed {
        title: String,
        until: Option<Timestamp>,
    },
    /// Another amount would come back by now.
    Changed {
        back: Money,
    },
}

impl CancelRefused {
    pub(super) fn closed(saga: &Saga, offers: &[Offer], ticket: &TicketBack, now: Timestamp) -> Self {
        let show = saga.lines.iter().find(|line| line.id == ticket.line).and_then(|line| line.show);
        let offer = offers.iter().find(|offer| Some(offer.show) == show);
        Self::Closed {
            title: offer.map(|offer| offer.title.clone()).unwrap_or_default(),
            until: offer.and_then(|offer| offer.ends_at(now)),
        }
    }
}

impl From<WishRefused> for CancelRefused {
    fn from(refused: WishRefused) -> Self {
        Self::Wish(refused)
    }
}

impl From<CancelRefused> for ApiError {
    fn from(refused: CancelRefused) -> Self {
        match refused {
            CancelRefused::Wish(refused) => refused.into(),
            CancelRefused::Closed { title, until: Some(until) } => {
                Self::new(Code::CancellationClosed, format!("Tickets for {title} could be cancelled until {until}."))
            }
            CancelRefused::Closed { title, until: None } => {
                Self::new(Code::CancellationClosed, format!("Tickets for {title} cannot be cancelled."))
            }
            CancelRefused::Changed { back } => {
                Self::new(Code::AmountChanged, format!("{} would come back by now.", back.display()))
            }
        }
    }
}

/// The lines of these tickets.
pub(super) fn lines_of(saga: &Saga, tickets: &[Uuid]) -> Result<Vec<Uuid>, ApiError> {
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
