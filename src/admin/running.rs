//! What the house does with a show that stands: its state, places kept from sale.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};
use aisle_actors::core::{AllocationId, AllocationView, Answer, AreaCount, Command, Plan, ShowId, StateChange};
use aisle_actors::{ShowHandle, Shows};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{gone, listed};
use super::shows::{bring_in_line, missing, must_be_priced, show_for};
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, Show, prices, shows, stands};
use crate::holds::AreaQuantity;
use crate::http::extract::Page;
use crate::http::rejection::{asked, guids, unasked};
use crate::http::{ApiError, Code, IdempotencyKey, Json, Once, once};
use crate::platform::{ids, time};

/// What to do with a show.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Put it on sale within its times; every category of its plan must have a price.
    Publish,
    /// Stop the sale for a while; open holds keep their remaining time.
    Pause,
    /// Go on after a pause.
    Resume,
    /// It will not take place.
    Cancel,
    /// It has another date: no sale until it is published again.
    Move,
    /// It has taken place.
    End,
}

/// A change of a show's state.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeState {
    #[garde(skip)]
    action: Action,
    /// Why, for the house's own record.
    #[garde(inner(length(chars, max = 1000)))]
    #[serde(default)]
    #[schema(max_length = 1000)]
    reason: Option<String>,
    /// What the public is told.
    #[garde(inner(length(chars, max = 1000)))]
    #[serde(default)]
    #[schema(max_length = 1000)]
    public_message: Option<String>,
}

impl ChangeState {
    fn into_change(self) -> StateChange {
        let (reason, public_message) = (self.reason.unwrap_or_default(), self.public_message);
        match self.action {
            Action::Publish => StateChange::Publish,
            Action::Pause => StateChange::Pause { reason, public_message },
            Action::Resume => StateChange::Resume,
            Action::Cancel => StateChange::Cancel { reason, public_message },
            Action::Move => StateChange::Move { reason, public_message },
            Action::End => StateChange::End,
        }
    }
}

pub(super) async fn handle(all: &Shows, id: Uuid) -> Result<ShowHandle, ApiError> {
    all.get(ShowId(id)).await.map_err(|error| unasked(&error))
}

/// Publishes, pauses, resumes, cancels, moves or ends a show.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    request_body = ChangeState,
    responses((status = 200, body = Show)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows/{id}/state")]
async fn admin_change_state(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<ChangeState>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Organizer, *id).await?;
    if show.archived_at.is_some() {
        return Err(ApiError::new(Code::WrongState, "The show is archived."));
    }
    let Json { value, hash } = body;
    let key = key.of(identity.caller())?;
    let request = Once { key: key.as_ref(), route: "POST /admin/shows/state", hash: hash ^ show_hash(*id) };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        if matches!(value.action, Action::Publish) {
            must_be_priced(prices::unpriced(transaction, *id).await?)?;
            bring_in_line(&all, *id, &show.fields).await?;
        }
        let running = handle(&all, *id).await?;
        let change = Command::Change(value.into_change());
        running.ask(change).await.map_err(|error| asked(error, running.plan()))?;
        let facts = running.facts().await.map_err(|error| asked(error, running.plan()))?;
        shows::note(transaction, *id, &stands(&facts)).await?;
        shows::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// One key is one request of one show: the address is part of what it asks.
pub(super) fn show_hash(id: Uuid) -> u64 {
    ids::request_hash(id.as_bytes())
}

/// Places kept from sale.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationJson {
    id: Uuid,
    /// `seat_guid`s.
    seats: Vec<String>,
    areas: Vec<AreaQuantity>,
    /// For whom or why.
    reason: String,
    /// When they return to sale by themselves; null: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    release_at: Option<Timestamp>,
}

impl AllocationJson {
    fn new(view: AllocationView, plan: &Plan) -> Self {
        let area = |count: &AreaCount| {
            Some(AreaQuantity { area: plan.area(count.area)?.id.to_string(), quantity: count.quantity })
        };
        Self {
            id: view.allocation.0,
            seats: guids(plan, &view.seats),
            areas: view.areas.iter().filter_map(area).collect(),
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

impl NewAllocation {
    fn into_command(self, id: Uuid, plan: &Plan) -> Result<Command, ApiError> {
        if self.seats.is_empty() && self.areas.is_empty() {
            return Err(ApiError::field("seats", "name at least one seat or area"));
        }
        let unknown: Vec<String> = self.seats.iter().filter(|guid| plan.number_of(guid).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return Err(ApiError::field("seats", "some of these seats are not in the plan").seats(unknown));
        }
        let areas = self.areas.iter().enumerate().map(|(at, wanted)| match plan.area_of(&wanted.area) {
            Some(_) if wanted.quantity == 0 => {
                Err(ApiError::field(format!("areas[{at}].quantity"), "must be at least 1"))
            }
            Some(area) => Ok(AreaCount { area: area.number, quantity: wanted.quantity }),
            None => Err(ApiError::field(format!("areas[{at}].area"), "is not in the plan")),
        });
        Ok(Command::Block {
            allocation: AllocationId(id),
            areas: areas.collect::<Result<_, _>>()?,
            seats: self.seats.iter().filter_map(|guid| plan.number_of(guid)).collect(),
            reason: self.reason,
            release_at: self.release_at.map(time::to_core),
        })
    }
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
    let views = running.allocations().await.map_err(|error| asked(error, running.plan()))?;
    let items = views.into_iter().map(|view| AllocationJson::new(view, running.plan())).collect();
    Ok(listed(Page::whole(items)))
}

/// Keeps places from sale.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    request_body = NewAllocation,
    responses((status = 201, body = AllocationJson)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows/{id}/allocations")]
async fn admin_make_allocation(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<NewAllocation>,
) -> Result<HttpResponse, ApiError> {
    show_for(&catalog, &identity, Role::BoxOffice, *id).await?;
    let Json { value, hash } = body;
    let key = key.of(identity.caller())?;
    let allocation = key.as_ref().map_or_else(ids::new_id, |key| key.id("allocations"));
    let request = Once { key: key.as_ref(), route: "POST /admin/shows/allocations", hash: hash ^ show_hash(*id) };
    once(catalog.db(), request, StatusCode::CREATED, async |_| {
        let running = handle(&all, *id).await?;
        let command = value.into_command(allocation, running.plan())?;
        let answered = running.ask(command).await.map_err(|error| asked(error, running.plan()))?;
        match answered.answer {
            Answer::Allocation(view) => Ok(AllocationJson::new(view, running.plan())),
            Answer::Hold(_) | Answer::Booking(_) | Answer::Done => Err(ApiError::plain(Code::Internal)),
        }
    })
    .await
}

/// Puts places back on sale; once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("allocation" = Uuid, Path)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/shows/{id}/allocations/{allocation}")]
async fn admin_end_allocation(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, allocation) = path.into_inner();
    show_for(&catalog, &identity, Role::BoxOffice, id).await?;
    let running = handle(&all, id).await?;
    let command = Command::Unblock { allocation: AllocationId(allocation), seats: Vec::new(), areas: Vec::new() };
    running.ask(command).await.map_err(|error| asked(error, running.plan()))?;
    Ok(gone())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_change_state)
        .service(admin_list_allocations)
        .service(admin_make_allocation)
        .service(admin_end_allocation);
}
