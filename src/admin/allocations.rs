//! `/admin/shows/{id}/allocations`: places that the house keeps from sale. They live in the show's own journal and nowhere
//! else. A change says what comes and what goes rather than what shall be, so two desks that change one allocation at once
//! take nothing from each other, and no `If-Match` is needed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use aisle_actors::core::{AllocationId, AllocationView, Answer, AreaCount, Command, Plan, SeatNo};
use aisle_actors::{Clock, ShowHandle, Shows};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{gone, listed, seen};
use super::running::{handle, show_hash};
use super::shows::show_for;
use super::store::Office;
use crate::accounts::{Identity, Role};
use crate::catalog::Catalog;
use crate::holds::{AreaQuantity, area_counts, areas_json, seat_numbers};
use crate::http::extract::Page;
use crate::http::rejection::{asked, guids};
use crate::http::{ApiError, Code, IdempotencyKey, Json, Once, once};
use crate::platform::{audit, ids, time};

/// More would be a list that nobody reads, and a show that never forgets one.
const STANDING_MAX: usize = 500;

/// Places kept from sale.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationJson {
    id: Uuid,
    /// `seat_guid`s that are in it now. What is held or sold out of it is not.
    seats: Vec<String>,
    /// Places that are in it now.
    areas: Vec<AreaQuantity>,
    /// For whom or why.
    reason: String,
    /// When they return to sale by themselves; null: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    release_at: Option<Timestamp>,
}

impl AllocationJson {
    fn new(view: AllocationView, plan: &Plan) -> Self {
        Self {
            id: view.allocation.0,
            seats: guids(plan, &view.seats),
            areas: areas_json(plan, &view.areas),
            reason: view.reason,
            release_at: view.release_at.map(time::from_core),
        }
    }
}

/// Places to be kept from sale.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAllocation {
    /// `seat_guid`s.
    #[garde(length(max = 5000), inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(max_items = 5000)]
    seats: Vec<String>,
    /// Places of areas; at least one place in all.
    #[garde(length(max = 200), dive)]
    #[serde(default)]
    #[schema(max_items = 200)]
    areas: Vec<AreaQuantity>,
    /// For whom or why.
    #[garde(length(chars, min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// When they return to sale by themselves; null: never.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    release_at: Option<Timestamp>,
}

/// How an allocation shall change. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAllocation {
    /// `seat_guid`s to be kept from sale too; those that are in it already stay.
    #[garde(length(max = 5000), inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(max_items = 5000)]
    add: Vec<String>,
    /// `seat_guid`s that return to sale; those that are not in it are left alone.
    #[garde(length(max = 5000), inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(max_items = 5000)]
    remove: Vec<String>,
    /// New totals of the areas that are named; zero gives all of them back.
    #[garde(length(max = 200), dive)]
    #[serde(default)]
    #[schema(max_items = 200)]
    areas: Vec<AreaQuantity>,
    /// For whom or why.
    #[garde(inner(length(chars, min = 1, max = 500)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    reason: Option<String>,
    /// When they return to sale by themselves; null: never.
    #[garde(skip)]
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>, format = DateTime)]
    release_at: Option<Option<Timestamp>>,
}

/// Tells null from a field that is left out.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A moment that is to come.
fn must_be_ahead(release_at: Option<Timestamp>, clock: &Clock) -> Result<(), ApiError> {
    match release_at {
        Some(at) if time::to_core(at) <= clock.now() => Err(ApiError::field("release_at", "has already passed")),
        Some(_) | None => Ok(()),
    }
}

fn quantity_in(areas: &[AreaCount], of: &AreaCount) -> u32 {
    areas.iter().find(|count| count.area == of.area).map_or(0, |count| count.quantity)
}

/// Has the show do it, and gives the allocation as it is then.
async fn ask(running: &ShowHandle, command: Command) -> Result<AllocationView, ApiError> {
    let answered = running.ask(command).await.map_err(|error| asked(error, running.plan()))?;
    match answered.answer {
        Answer::Allocation(view) => Ok(view),
        Answer::Hold(_) | Answer::Booking(_) | Answer::Done => Err(ApiError::plain(Code::Internal)),
    }
}

async fn standing(running: &ShowHandle) -> Result<Vec<AllocationView>, ApiError> {
    running.allocations().await.map_err(|error| asked(error, running.plan()))
}

async fn find(running: &ShowHandle, allocation: Uuid) -> Result<AllocationView, ApiError> {
    let found = standing(running).await?.into_iter().find(|view| view.allocation.0 == allocation);
    found.ok_or_else(|| ApiError::not_found("allocation"))
}

/// All places of a show that are kept from sale.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<AllocationJson>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/allocations")]
async fn admin_list_allocations(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    show_for(&catalog, &identity, Role::BoxOffice, *id).await?;
    let running = handle(&all, *id).await?;
    let views = standing(&running).await?;
    Ok(listed(Page::whole(views.into_iter().map(|view| AllocationJson::new(view, running.plan())).collect())))
}

/// Keeps places from sale: all of them or none. A seat that is held or sold is named in the refusal.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewAllocation,
    responses((status = 201, body = AllocationJson)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows/{id}/allocations")]
async fn admin_make_allocation(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    clock: Data<Clock>,
    identity: Identity,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<NewAllocation>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::BoxOffice, *id).await?;
    let Json { value, hash } = body;
    let key = key.of(identity.caller())?;
    let allocation = key.as_ref().map_or_else(ids::new_id, |key| key.id(&format!("allocations:{id}")));
    let request = Once { key: key.as_ref(), route: "POST /admin/shows/allocations", hash: hash ^ show_hash(*id) };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        must_be_ahead(value.release_at, &clock)?;
        let running = handle(&all, *id).await?;
        let plan = running.plan();
        let command = Command::Block {
            allocation: AllocationId(allocation),
            seats: seat_numbers(plan, "seats", &value.seats)?,
            areas: area_counts(plan, &value.areas)?,
            reason: value.reason,
            release_at: value.release_at.map(time::to_core),
        };
        if standing(&running).await?.len() >= STANDING_MAX {
            return Err(ApiError::new(
                Code::InUse,
                format!("A show has at most {STANDING_MAX} allocations; lift one."),
            ));
        }
        let entry = identity.did("allocation.made").of(show.organizer_id).on("allocation", allocation);
        audit::record(transaction, entry.with("show", *id)).await?;
        Ok(AllocationJson::new(ask(&running, command).await?, plan))
    })
    .await
}

/// One allocation that stands.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("allocation" = Uuid, Path)),
    responses((status = 200, body = AllocationJson)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/allocations/{allocation}")]
async fn admin_read_allocation(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, allocation) = path.into_inner();
    show_for(&catalog, &identity, Role::BoxOffice, id).await?;
    let running = handle(&all, id).await?;
    let view = find(&running, allocation).await?;
    Ok(seen(&AllocationJson::new(view, running.plan())))
}

/// Changes an allocation that stands. What comes is all or nothing, and what goes goes afterwards: where a new seat is taken,
/// nothing changes. The same change again changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("allocation" = Uuid, Path)),
    request_body = ChangeAllocation,
    responses((status = 200, body = AllocationJson)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/shows/{id}/allocations/{allocation}")]
#[allow(clippy::too_many_arguments, reason = "each is something else that the request says")]
async fn admin_change_allocation(
    catalog: Data<Catalog>,
    office: Data<Office>,
    all: Data<Shows>,
    clock: Data<Clock>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
    body: Json<ChangeAllocation>,
) -> Result<HttpResponse, ApiError> {
    let (id, allocation) = path.into_inner();
    let show = show_for(&catalog, &identity, Role::BoxOffice, id).await?;
    let change = body.value;
    must_be_ahead(change.release_at.flatten(), &clock)?;
    let running = handle(&all, id).await?;
    let plan = running.plan();
    let before = find(&running, allocation).await?;
    let add = seat_numbers(plan, "add", &change.add)?;
    let remove = seat_numbers(plan, "remove", &change.remove)?;
    let both: Vec<SeatNo> = add.iter().copied().filter(|seat| remove.contains(seat)).collect();
    if !both.is_empty() {
        return Err(ApiError::field("remove", "names seats that are to be added").seats(guids(plan, &both)));
    }
    let totals = area_counts(plan, &change.areas)?;
    let block = Command::Block {
        allocation: AllocationId(allocation),
        seats: add,
        areas: totals.clone(),
        reason: change.reason.unwrap_or(before.reason),
        release_at: change.release_at.map_or(before.release_at, |at| at.map(time::to_core)),
    };
    let entry = identity.did("allocation.changed").of(show.organizer_id).on("allocation", allocation);
    let mut view = office.recorded(entry.with("show", id), async || ask(&running, block).await).await?;
    let gone: Vec<SeatNo> = remove.into_iter().filter(|seat| view.seats.contains(seat)).collect();
    let fewer = totals.iter().filter_map(|count| {
        let quantity = quantity_in(&view.areas, count).saturating_sub(count.quantity);
        (quantity > 0).then_some(AreaCount { area: count.area, quantity })
    });
    let fewer: Vec<AreaCount> = fewer.collect();
    if !gone.is_empty() || !fewer.is_empty() {
        let unblock = Command::Unblock { allocation: AllocationId(allocation), seats: gone, areas: fewer };
        view = ask(&running, unblock).await?;
    }
    Ok(seen(&AllocationJson::new(view, plan)))
}

/// Puts all places of an allocation back on sale; once more changes nothing. Places that are held out of it go to sale when
/// they come back.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("allocation" = Uuid, Path)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/shows/{id}/allocations/{allocation}")]
async fn admin_end_allocation(
    catalog: Data<Catalog>,
    office: Data<Office>,
    all: Data<Shows>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, allocation) = path.into_inner();
    let show = show_for(&catalog, &identity, Role::BoxOffice, id).await?;
    let running = handle(&all, id).await?;
    let entry = identity.did("allocation.ended").of(show.organizer_id).on("allocation", allocation);
    let unblock = Command::Unblock { allocation: AllocationId(allocation), seats: Vec::new(), areas: Vec::new() };
    // Of what does not stand nothing ends, and nothing is recorded; whether it ever stood, the show says.
    if standing(&running).await?.iter().any(|view| view.allocation.0 == allocation) {
        office.recorded(entry.with("show", id), async || ask(&running, unblock).await).await?;
    } else {
        ask(&running, unblock).await?;
    }
    Ok(gone())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_allocations)
        .service(admin_make_allocation)
        .service(admin_read_allocation)
        .service(admin_change_allocation)
        .service(admin_end_allocation);
}
