//! The inventory alone: other shops book what they hold with their key, take the money themselves, and make no order of ours.

use std::cell::Cell;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use aisle_actors::core::{Answer, BookingId, BookingView, Command, HoldId, Plan, Rejection, ShowId};
use aisle_actors::{AskError, Shows};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::gate::must_have;
use super::intents::Intents;
use super::routes::show;
use super::store::{self, KeyBooking};
use super::wire::{self, AreaQuantity, areas_json};
use crate::accounts::{Machine, MaybeMachine};
use crate::catalog::Catalog;
use crate::http::{ApiError, Code, IdempotencyKey, Json, Once, once_elsewhere, rejection};
use crate::platform::db::Db;
use crate::platform::ids;
use crate::platform::keys::Keys;

/// What a hold is booked as.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookHold {
    /// The shop's own number for it: which order of theirs it belongs to.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "shop-1001")]
    reference: String,
}

/// A booking by key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookingJson {
    /// Its id.
    pub id: Uuid,
    /// Of which show.
    pub show_id: Uuid,
    /// The hold that it was.
    pub hold_id: Uuid,
    /// The shop's own number for it.
    pub reference: String,
    /// `booked`, or `cancelled` once all of it was given back.
    pub status: BookingStatus,
    /// Its seats: `seat_guid`s.
    pub seats: Vec<String>,
    /// Its places of areas.
    pub areas: Vec<AreaQuantity>,
}

/// Whether a booking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// Its places are sold.
    Booked,
    /// Its places are on sale again.
    Cancelled,
}

/// An answer with one booking.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookingBody {
    /// The booking.
    pub booking: BookingJson,
}

impl BookingBody {
    fn of(kept: &KeyBooking, view: &BookingView, plan: &Plan) -> Self {
        Self {
            booking: BookingJson {
                id: kept.booking,
                show_id: kept.show,
                hold_id: kept.hold,
                reference: kept.reference.clone(),
                status: if view.cancelled { BookingStatus::Cancelled } else { BookingStatus::Booked },
                seats: rejection::guids(plan, &view.seats),
                areas: areas_json(plan, &view.areas),
            },
        }
    }
}

/// The machine's house sells this show, and the machine is not bound to another one.
///
/// # Errors
/// `not_found` otherwise.
pub(super) async fn must_sell(catalog: &Catalog, machine: &Machine, show: ShowId) -> Result<(), ApiError> {
    let organizer = catalog.organizer_of_show(show).await?.ok_or_else(|| ApiError::not_found("show"))?;
    machine.must_be_of(organizer, "show")?;
    if machine.show.is_none_or(|only| only == show.0) { Ok(()) } else { Err(ApiError::not_found("show")) }
}

/// Sells what a hold has, for a shop that takes the money itself. The hold is the key's own, or its token is shown. A hold is
/// booked once: the same call again is the same booking.
#[utoipa::path(tag = "inventory", params(("show_id" = Uuid, Path), ("hold_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = BookHold, responses((status = 201, body = BookingBody)))]
#[post("/shows/{show_id}/holds/{hold_id}/book")]
#[allow(clippy::too_many_arguments, reason = "each is something that the request brings or that the server has")]
pub(super) async fn book_hold(
    request: HttpRequest,
    db: web::Data<Db>,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    keys: web::Data<Keys>,
    intents: web::Data<Intents>,
    machine: Machine,
    path: web::Path<(Uuid, Uuid)>,
    key: IdempotencyKey,
    body: Json<BookHold>,
) -> Result<HttpResponse, ApiError> {
    let (id, hold) = wire::ids(*path);
    must_sell(&catalog, &machine, id).await?;
    let key = key.of(machine.caller())?;
    let Json { value, hash } = body;
    let wanted = KeyBooking {
        booking: booking_of(id, hold),
        organizer: machine.organizer,
        show: id.0,
        hold: hold.0,
        machine: machine.id,
        reference: value.reference,
    };
    let handle = show(&shows, id).await?;
    if let Err(error) = must_have(&request, &keys, &MaybeMachine(Some(machine)), &catalog, &shows, id, hold).await {
        // Who has booked it need not have it any more: the show forgets a hold some minutes after it became a booking.
        store::read(&db, id.0, wanted.booking).await?.ok_or(error)?;
    }
    let reference = wanted.reference.clone();
    let kept = intents.intend(&db, wanted).await?;
    if kept.reference != reference {
        return Err(ApiError::new(Code::AlreadyExists, "The hold was booked under another reference."));
    }
    let once_hash = hash ^ ids::request_hash(kept.booking.as_bytes());
    let request = Once { key: key.as_ref(), route: "POST /shows/holds/book", hash: once_hash };
    let refused = Cell::new(false);
    let answer = once_elsewhere(&db, request, StatusCode::CREATED, async || {
        let command = Command::Book { hold, booking: BookingId(kept.booking), order: None };
        match handle.ask(command).await {
            Ok(answered) => match answered.answer {
                Answer::Booking(view) => Ok(BookingBody::of(&kept, &view, handle.plan())),
                Answer::Hold(_) | Answer::Allocation(_) | Answer::Done => {
                    tracing::error!(show.id = %id, "A booking was answered with something else");
                    Err(ApiError::plain(Code::Internal))
                }
            },
            Err(error) => {
                // A booking that was cancelled is known by its row, whatever is asked of it later.
                let is_no = matches!(&error, AskError::Rejected(why) if *why != Rejection::BookingCancelled);
                refused.set(is_no);
                Err(rejection::asked(error, handle.plan()))
            }
        }
    })
    .await;
    // Only now: in there a connection is held already, and who waits for a second one keeps the first from everybody else.
    if refused.get() {
        store::forget(&db, kept.booking).await?;
    }
    answer
}

/// A hold becomes one booking, whoever asks how often.
fn booking_of(show: ShowId, hold: HoldId) -> Uuid {
    ids::derived_id(&[b"key-booking", show.0.as_bytes(), hold.0.as_bytes()])
}

/// A booking that was made by a key of the same house.
async fn kept(
    db: &Db,
    catalog: &Catalog,
    machine: &Machine,
    (id, booking): (Uuid, Uuid),
) -> Result<(ShowId, KeyBooking), ApiError> {
    must_sell(catalog, machine, ShowId(id)).await?;
    let kept = store::read(db, id, booking).await?.ok_or_else(|| ApiError::not_found("booking"))?;
    Ok((ShowId(id), kept))
}

/// A booking by a key of the same house.
#[utoipa::path(tag = "inventory", params(("show_id" = Uuid, Path), ("booking_id" = Uuid, Path)),
    responses((status = 200, body = BookingBody)))]
#[get("/shows/{show_id}/bookings/{booking_id}")]
pub(super) async fn read_booking(
    db: web::Data<Db>,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    machine: Machine,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, kept) = kept(&db, &catalog, &machine, *path).await?;
    let handle = show(&shows, id).await?;
    let view = handle.booking(BookingId(kept.booking)).await;
    let view = view.map_err(|error| rejection::asked(error, handle.plan()))?;
    let view = view.ok_or_else(|| ApiError::not_found("booking"))?;
    let body = BookingBody::of(&kept, &view, handle.plan());
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(body))
}

/// Gives a booking back; its places are on sale again. Only what was booked by a key of the same house: an order of ours is
/// cancelled with its money. Also 204 when it was cancelled before.
#[utoipa::path(tag = "inventory", params(("show_id" = Uuid, Path), ("booking_id" = Uuid, Path)), responses((status = 204)))]
#[delete("/shows/{show_id}/bookings/{booking_id}")]
pub(super) async fn cancel_booking(
    db: web::Data<Db>,
    shows: web::Data<Shows>,
    catalog: web::Data<Catalog>,
    machine: Machine,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, kept) = kept(&db, &catalog, &machine, *path).await?;
    let handle = show(&shows, id).await?;
    let command = Command::CancelBooking { booking: BookingId(kept.booking), seats: vec![], areas: vec![] };
    match handle.ask(command).await {
        Ok(_) => Ok(HttpResponse::NoContent().insert_header(("cache-control", "no-store")).finish()),
        Err(AskError::Rejected(Rejection::UnknownBooking { .. })) => Err(ApiError::not_found("booking")),
        Err(error) => Err(rejection::asked(error, handle.plan())),
    }
}
