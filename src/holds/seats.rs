//! `GET /shows/{id}/seats`: the seats as they are, from the feed's own copy; no mailbox is entered, no show is woken.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use aisle_actors::core::{AreaNo, Plan, Seq, ShowId, ShowState};
use aisle_actors::{Delta, FeedSnapshot, Shows};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::routes::view;
use crate::http::ApiError;

/// From where on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The sequence number that the client has; it gets what came after, or the whole where that is not known any more.
    pub since: Option<u64>,
    /// The version of the plan under which it got there. Under another one the places of `seats` are other seats.
    pub plan_version: Option<Uuid>,
}

/// How many places an area has left.
#[derive(Serialize, ToSchema)]
pub struct AreaAvailable {
    /// The plan's `area_id`.
    pub area: String,
    /// Free places.
    pub available: u32,
}

/// All seats at one sequence number.
#[derive(Serialize, ToSchema)]
pub struct SeatsBody {
    /// The plan's version, whose order `seats` has.
    pub plan_version: Uuid,
    /// The number that this is true at.
    pub seq: u64,
    /// One character a seat: `a` available, `h` held, `b` booked, `x` blocked.
    pub seats: String,
    /// The general-admission areas.
    pub areas: Vec<AreaAvailable>,
}

/// What changed between two sequence numbers.
#[derive(Serialize, ToSchema)]
pub struct DeltasBody {
    /// The plan's version.
    pub plan_version: Uuid,
    /// The number that the client has.
    pub from: u64,
    /// The number that it has afterwards.
    pub seq: u64,
    /// Each changed seat's place in the plan's order and its new character.
    pub deltas: Vec<(u32, char)>,
    /// Each changed area's `area_id` and its free places.
    pub areas: Vec<(String, u32)>,
}

/// The whole, or what came after `since`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SeatsAnswer {
    /// The whole.
    Whole(SeatsBody),
    /// What changed.
    Deltas(DeltasBody),
}

/// The areas' names and free places.
pub(super) fn areas(plan: &Plan, areas: &[(AreaNo, u32)]) -> Vec<AreaAvailable> {
    areas
        .iter()
        .filter_map(|&(area, available)| Some(AreaAvailable { area: plan.area(area)?.id.to_string(), available }))
        .collect()
}

fn whole(plan: &Plan, snapshot: &FeedSnapshot) -> SeatsBody {
    SeatsBody {
        plan_version: snapshot.plan_version.0,
        seq: snapshot.seq.0,
        seats: snapshot.letters.to_string(),
        areas: areas(plan, &snapshot.areas),
    }
}

fn changes(plan: &Plan, delta: &Delta) -> DeltasBody {
    DeltasBody {
        plan_version: plan.version().0,
        from: delta.from.0,
        seq: delta.seq.0,
        deltas: delta.seats.iter().map(|&(place, letter)| (place, char::from(letter))).collect(),
        areas: delta.areas.iter().filter_map(|&(area, left)| Some((plan.area(area)?.id.to_string(), left))).collect(),
    }
}

/// A draft is nobody's business yet.
pub(super) fn must_be_public(state: &ShowState) -> Result<(), ApiError> {
    match state {
        ShowState::Draft => Err(ApiError::not_found("show")),
        ShowState::Published
        | ShowState::Paused { .. }
        | ShowState::Cancelled { .. }
        | ShowState::Moved { .. }
        | ShowState::Ended => Ok(()),
    }
}

/// The seats as they are, or what changed since a sequence number.
#[utoipa::path(tag = "holds", params(("show_id" = Uuid, Path), Since), responses((status = 200, body = SeatsAnswer), (status = 304, description = "Nothing changed")))]
#[get("/shows/{show_id}/seats")]
pub(super) async fn read_seats(
    request: HttpRequest,
    shows: web::Data<Shows>,
    path: web::Path<Uuid>,
    since: web::Query<Since>,
) -> Result<HttpResponse, ApiError> {
    let view = view(&shows, ShowId(*path)).await?;
    let (snapshot, overdue) = view.state();
    must_be_public(&snapshot.state)?;
    let mut tag = format!("\"{}-{}\"", snapshot.plan_version.0.simple(), snapshot.seq.0);
    if overdue > 0 {
        // The show sleeps, and time has changed it since its last number.
        tag.insert_str(tag.len() - 1, &format!("-{overdue}"));
    }
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .insert_header(("cache-control", "no-cache"))
            .finish());
    }
    let same_plan = since.plan_version.is_none_or(|known| known == snapshot.plan_version.0);
    let since = since.since.filter(|_| same_plan && overdue == 0);
    let body = match since.and_then(|since| view.feed().since(Seq(since))) {
        Some(delta) => SeatsAnswer::Deltas(changes(view.plan(), &delta)),
        None => SeatsAnswer::Whole(whole(view.plan(), &snapshot)),
    };
    // It may be newer than its tag, when something happened in between; then the next question gets it once more.
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).insert_header(("cache-control", "no-cache")).json(body))
}
