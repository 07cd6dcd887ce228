//! `/shows/{id}/holds…`: each handler parses, asks the show, answers.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use aisle_actors::core::{Answer, BuyerId, Command, HoldId, HoldSeats, Origin, Rejection, ShowId};
use aisle_actors::{Answered, AskError, Clock, ShowHandle, ShowView, Shows};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::door::{Guesses, door};
use super::gate::{hold_token, must_have};
use super::hoard::Change;
use super::visitor::Visitor;
use super::wire::{self, ChangeHold, CreateHold, HoldBody, HoldJson};
use super::{bookings, live, seats};
use crate::accounts::{MaybeMachine, MaybePrincipal, Principal};
use crate::catalog::Catalog;
use crate::http::{ApiError, Caller, Code, IdempotencyKey, Json, rejection};
use crate::platform::ids;
use crate::platform::keys::Keys;

/// A show, awake.
///
/// # Errors
/// `not_found` where there is none, `busy` where it cannot be reached just now.
pub(super) async fn show(shows: &Shows, show: ShowId) -> Result<ShowHandle, ApiError> {
    shows.get(show).await.map_err(|error| rejection::unasked(&error))
}

/// What the public may know of a show; wakes nobody.
///
/// # Errors
/// As [`show`].
pub(super) async fn view(shows: &Shows, show: ShowId) -> Result<ShowView, ApiError> {
    shows.read(show).await.map_err(|error| rejection::unasked(&error))
}

/// Sets places aside for one buyer. All or nothing; the token is the buyer's proof.
#[utoipa::path(tag = "holds", params(("show_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateHold, responses((status = 201, body = HoldBody)))]
#[post("/shows/{show_id}/holds")]
#[allow(clippy::too_many_arguments, reason = "each is something that the request brings or that the server has")]
async fn create_hold(
    mut visitor: Visitor,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    clock: web::Data<Clock>,
    guesses: web::Data<Guesses>,
    keys: web::Data<Keys>,
    path: web::Path<Uuid>,
    who: MaybePrincipal,
    key: IdempotencyKey,
    body: Json<CreateHold>,
) -> Result<HttpResponse, ApiError> {
    let id = ShowId(*path);
    let caller = who.0.as_ref().map_or(Caller::Stranger, Principal::caller);
    let key = key.of(caller)?;
    let handle = show(&shows, id).await?;
    let plan = handle.plan();
    let wanted = body.value;
    // To everybody but its own house a draft is not there, whatever else is wrong with the wish.
    let may_be_staff = matches!((&who.0, wanted.allocation_id), (Some(Principal::Machine(_)), _) | (Some(_), Some(_)));
    if !may_be_staff {
        seats::must_be_public(&handle.feed().state())?;
    }
    if !wanted.seats.is_empty() && wanted.best_available.is_some() {
        return Err(ApiError::field("best_available", "cannot be asked for together with named seats"));
    }
    let from = Some(visitor.from().group());
    let door = door(&catalog, &guesses, who.0.as_ref(), from, id, &wanted, clock.now()).await?;
    let best = match &wanted.best_available {
        None => None,
        Some(best) => {
            let category =
                match &best.price_level {
                    None => None,
                    Some(level) => Some(Box::pin(catalog.category_of_level(id, level)).await?.ok_or_else(|| {
                        ApiError::field("best_available.price_level", "there is no such price level")
                    })?),
                };
            Some(wire::best(plan, best, category.as_deref())?)
        }
    };
    let hold = HoldId(key.as_ref().map_or_else(ids::new_id, |key| key.id(&format!("holds:{id}"))));
    let holder = visitor.holder(&keys, &catalog, (who.0.as_ref(), &door), id).await?;
    let (seats, areas) = (wire::seat_numbers(plan, "seats", &wanted.seats)?, wire::area_counts(plan, &wanted.areas)?);
    let places = seats.len() as u64
        + best.as_ref().map_or(0, |best| u64::from(best.quantity))
        + areas.iter().map(|area| u64::from(area.quantity)).sum::<u64>();
    let command = Command::Hold(HoldSeats {
        hold,
        origin: Origin {
            channel: door.channel,
            // By it a machine is known again as the one that made the hold; its channel has no limits to count against.
            buyer: who.0.as_ref().map(|who| match who {
                Principal::Person(person) => BuyerId(person.user),
                Principal::Machine(machine) => BuyerId(machine.id),
            }),
            code: door.code,
        },
        seats,
        best,
        areas,
        allocation: door.allocation,
        request: key.as_ref().map(|_| body.hash),
    });
    let answered = match holder {
        Some(holder) => visitor.hold(holder, (&handle, hold), places, command).await?,
        None => handle.ask(command).await,
    };
    let answered = match answered {
        // Who is told "not yet" while others are let in is told what these have.
        Err(AskError::Rejected(Rejection::NotOnSale { .. })) if Box::pin(catalog.has_presale(id)).await? => {
            return Err(ApiError::plain(Code::AccessCodeRequired));
        }
        other => other.map_err(|error| rejection::asked(error, plan))?,
    };
    let token = hold_token(&keys, id, hold);
    let mut response = answer(StatusCode::CREATED, &handle, &answered, Some(token))?;
    if let Some(cookie) = visitor.cookie() {
        response.add_cookie(cookie).map_err(|error| ApiError::fault(&error))?;
    }
    Ok(response)
}

/// A hold, as its owner sees it.
#[utoipa::path(tag = "holds", params(("show_id" = Uuid, Path), ("hold_id" = Uuid, Path)),
    responses((status = 200, body = HoldBody)), security(("hold_token" = [])))]
#[get("/shows/{show_id}/holds/{hold_id}")]
async fn read_hold(
    request: HttpRequest,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    keys: web::Data<Keys>,
    machine: MaybeMachine,
    clock: web::Data<Clock>,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, hold) = wire::ids(*path);
    must_have(&request, &keys, &machine, &catalog, &shows, id, hold).await?;
    let handle = show(&shows, id).await?;
    let view = handle.hold(hold).await.map_err(|error| rejection::asked(error, handle.plan()))?;
    // Who has the token had the hold; that it is forgotten means that it ended a while ago.
    let view = view.ok_or_else(|| ApiError::new(Code::HoldLapsed, "The hold ended a while ago."))?;
    let hold = HoldJson::of(&view, id, handle.plan(), clock.now())?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(HoldBody { hold }))
}

/// Adds and gives back places of an open hold. All or nothing; the deadline stays. An empty result releases it.
#[utoipa::path(tag = "holds", params(("show_id" = Uuid, Path), ("hold_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ChangeHold, responses((status = 200, body = HoldBody), (status = 204, description = "Nothing was left, and the hold is released")),
    security(("hold_token" = [])))]
#[patch("/shows/{show_id}/holds/{hold_id}")]
#[allow(clippy::too_many_arguments, reason = "each is something that the request brings or that the server has")]
async fn change_hold(
    request: HttpRequest,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    keys: web::Data<Keys>,
    machine: MaybeMachine,
    visitor: Visitor,
    path: web::Path<(Uuid, Uuid)>,
    key: IdempotencyKey,
    body: Json<ChangeHold>,
) -> Result<HttpResponse, ApiError> {
    let (id, hold) = wire::ids(*path);
    must_have(&request, &keys, &machine, &catalog, &shows, id, hold).await?;
    let handle = show(&shows, id).await?;
    // The change names what shall be, so doing it twice is doing it once: the key has nothing to remember.
    let _checked = key.of(Caller::Holder(hold.0))?;
    let plan = handle.plan();
    let change = Change {
        add: wire::seat_numbers(plan, "add", &body.value.add)?,
        remove: wire::seat_numbers(plan, "remove", &body.value.remove)?,
        areas: wire::area_counts(plan, &body.value.areas)?,
    };
    let Change { add, remove, areas } = change.clone();
    let answered = visitor.change(&handle, hold, &change, Command::ChangeHold { hold, add, remove, areas }).await?;
    let answered = answered.map_err(|error| rejection::asked(error, plan))?;
    if let Answer::Hold(view) = &answered.answer
        && view.seats.is_empty()
        && view.areas.is_empty()
    {
        return Ok(done());
    }
    match &answered.answer {
        Answer::Hold(view) if matches!(view.state, aisle_actors::core::HoldState::Released { .. }) => Ok(done()),
        _ => answer(StatusCode::OK, &handle, &answered, None),
    }
}

/// Gives an open hold its full time again, up to its cap.
#[utoipa::path(tag = "holds", params(("show_id" = Uuid, Path), ("hold_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = HoldBody)), security(("hold_token" = [])))]
#[post("/shows/{show_id}/holds/{hold_id}/extend")]
async fn extend_hold(
    request: HttpRequest,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    keys: web::Data<Keys>,
    machine: MaybeMachine,
    path: web::Path<(Uuid, Uuid)>,
    key: IdempotencyKey,
) -> Result<HttpResponse, ApiError> {
    let (id, hold) = wire::ids(*path);
    must_have(&request, &keys, &machine, &catalog, &shows, id, hold).await?;
    let handle = show(&shows, id).await?;
    let _checked = key.of(Caller::Holder(hold.0))?;
    let answered = ask(&handle, Command::ExtendHold { hold }).await?;
    answer(StatusCode::OK, &handle, &answered, None)
}

/// Gives everything back. Also 204 when the hold has ended already: who presses "back" twice has done nothing wrong.
#[utoipa::path(tag = "holds", params(("show_id" = Uuid, Path), ("hold_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204)), security(("hold_token" = [])))]
#[delete("/shows/{show_id}/holds/{hold_id}")]
async fn release_hold(
    request: HttpRequest,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    keys: web::Data<Keys>,
    machine: MaybeMachine,
    path: web::Path<(Uuid, Uuid)>,
    key: IdempotencyKey,
) -> Result<HttpResponse, ApiError> {
    let (id, hold) = wire::ids(*path);
    must_have(&request, &keys, &machine, &catalog, &shows, id, hold).await?;
    let handle = show(&shows, id).await?;
    let _checked = key.of(Caller::Holder(hold.0))?;
    match handle.ask(Command::ReleaseHold { hold }).await {
        Ok(_) | Err(AskError::Rejected(Rejection::UnknownHold { .. })) => Ok(done()),
        Err(error) => Err(rejection::asked(error, handle.plan())),
    }
}

async fn ask(handle: &ShowHandle, command: Command) -> Result<Answered, ApiError> {
    handle.ask(command).await.map_err(|error| rejection::asked(error, handle.plan()))
}

fn answer(
    status: StatusCode,
    handle: &ShowHandle,
    answered: &Answered,
    token: Option<String>,
) -> Result<HttpResponse, ApiError> {
    let Answer::Hold(view) = &answered.answer else {
        tracing::error!(show.id = %handle.id(), "A hold's command was answered with something else");
        return Err(ApiError::plain(Code::Internal));
    };
    let mut hold = HoldJson::of(view, handle.id(), handle.plan(), answered.now)?;
    if let Some(token) = token {
        hold = hold.with_token(token);
    }
    let mut response = HttpResponse::build(status);
    response.insert_header(("cache-control", "private, no-store"));
    if answered.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.json(HoldBody { hold }))
}

fn done() -> HttpResponse {
    HttpResponse::NoContent().insert_header(("cache-control", "no-store")).finish()
}

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(create_hold)
        .service(release_hold)
        .service(change_hold)
        .service(extend_hold)
        .service(read_hold)
        .service(bookings::book_hold)
        .service(bookings::read_booking)
        .service(bookings::cancel_booking)
        .service(seats::read_seats)
        .service(live::live);
}
