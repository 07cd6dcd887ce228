//! `/admin/shows/{id}/plan`: a show is put on another version of its plan, also while it is on sale. What would change can be
//! seen before it is done.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, get, put};
use aisle_actors::core::{Command, NewPlan, Plan, Seat, ShowId};
use aisle_actors::{FeedSnapshot, Shows};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::shown;
use super::running::{handle, show_hash};
use super::shows::{missing, must_be_priced, show_for};
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, Shelf, Shelved, Show, plans, shows, stands};
use crate::http::rejection::{asked, unasked};
use crate::http::{ApiError, IdempotencyKey, IfMatch, Json, Once, once};
use crate::platform::audit;

/// Seats that one list of a preview names; the counts beside it are whole.
const NAMED_MAX: usize = 1_000;

/// The version of the plan that a show is to have.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePlan {
    /// A version of the show's own plan.
    #[garde(skip)]
    plan_version: Uuid,
}

/// Which version to compare with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Preview {
    /// A version of the show's own plan.
    plan_version: Uuid,
}

/// So many seats, and which: at most a thousand are named.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeatList {
    count: usize,
    seats: Vec<String>,
}

impl SeatList {
    fn push(&mut self, seat: &Seat) {
        self.count += 1;
        if self.seats.len() < NAMED_MAX {
            self.seats.push(seat.guid.to_string());
        }
    }
}

/// An area whose number of places changes.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AreaChange {
    /// The plan's `area_id`.
    area: String,
    /// How many places it has; none where it is new.
    from: u32,
    /// How many it will have; none where it goes.
    to: u32,
    /// How many of them are held, sold or kept from sale.
    taken: u32,
}

/// What a show's change to another version of its plan would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanChange {
    /// The version that the show has.
    from: Uuid,
    /// The version that it would have.
    to: Uuid,
    /// The show's sequence number that this was true at.
    seq: u64,
    /// Nothing is in the way at the moment.
    possible: bool,
    /// New seats.
    added: SeatList,
    /// Seats that go; nobody has them.
    removed: SeatList,
    /// Seats that go out of the house's allocations.
    dropped: SeatList,
    /// Seats that are held or sold and that the version hasn't: the change is refused while there are any.
    in_the_way: SeatList,
    /// Seats that stand elsewhere.
    moved: SeatList,
    /// Seats of another category, and so of another price.
    recategorised: SeatList,
    /// Areas whose number of places changes.
    areas: Vec<AreaChange>,
    /// Categories of the version that have no price yet: the change of a published show is refused while there are any.
    unpriced: Vec<String>,
}

impl PlanChange {
    fn between(old: &Plan, new: &Plan, now: &FeedSnapshot) -> Self {
        let mut change = Self {
            from: old.version().0,
            to: new.version().0,
            seq: now.seq.0,
            possible: true,
            added: SeatList::default(),
            removed: SeatList::default(),
            dropped: SeatList::default(),
            in_the_way: SeatList::default(),
            moved: SeatList::default(),
            recategorised: SeatList::default(),
            areas: Vec::new(),
            unpriced: Vec::new(),
        };
        let before = old.order().iter().filter_map(|&seat| old.seat(seat));
        for (seat, letter) in before.zip(now.letters.bytes()) {
            match new.seat(seat.number) {
                Some(after) => {
                    if after.position != seat.position {
                        change.moved.push(seat);
                    }
                    if new.categories().get(after.category.index()) != old.categories().get(seat.category.index()) {
                        change.recategorised.push(seat);
                    }
                }
                None if letter == b'a' => change.removed.push(seat),
                None if letter == b'x' => change.dropped.push(seat),
                None => change.in_the_way.push(seat),
            }
        }
        for seat in new.order().iter().filter_map(|&seat| new.seat(seat)) {
            if old.seat(seat.number).is_none() {
                change.added.push(seat);
            }
        }
        change.areas = areas_between(old, new, now);
        change.possible =
            change.in_the_way.count == 0 && change.areas.iter().all(|area: &AreaChange| area.taken <= area.to);
        change
    }
}

fn areas_between(old: &Plan, new: &Plan, now: &FeedSnapshot) -> Vec<AreaChange> {
    let free: HashMap<_, _> = now.areas.iter().copied().collect();
    let capacity = |plan: &Plan, id: &str| plan.area_of(id).map_or(0, |area| area.capacity);
    let kept = old.areas().iter().map(|area| AreaChange {
        area: area.id.to_string(),
        from: area.capacity,
        to: capacity(new, &area.id),
        taken: area.capacity.saturating_sub(free.get(&area.number).copied().unwrap_or(0)),
    });
    let added = new.areas().iter().filter(|area| old.area_of(&area.id).is_none());
    let added = added.map(|area| AreaChange { area: area.id.to_string(), from: 0, to: area.capacity, taken: 0 });
    kept.chain(added).filter(|area| area.from != area.to).collect()
}

/// The version, if it is one of this show's plan: only there do seats keep their numbers.
async fn version_for(catalog: &Catalog, shelf: &Shelf, show: &Show, version: Uuid) -> Result<Arc<Shelved>, ApiError> {
    let versions = catalog.plan_versions(show.fields.plan_id).await?;
    let found = if versions.iter().any(|one| one.id == version) { shelf.version(version).await? } else { None };
    found.ok_or_else(|| ApiError::field("plan_version", "is not a version of this show's plan"))
}

/// Categories of this plan that the show's price table hasn't.
async fn unpriced(catalog: &Catalog, show: Uuid, plan: &Plan) -> Result<Vec<String>, ApiError> {
    let table = catalog.price_table(show).await?;
    let priced = |name: &str| table.price_levels.iter().any(|level| level.category == name);
    Ok(plan.categories().iter().filter(|name| !priced(name)).map(ToString::to_string).collect())
}

/// What it would do to put a show on this version of its plan. Changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), Preview),
    responses((status = 200, body = PlanChange)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/plan")]
async fn admin_preview_plan(
    catalog: Data<Catalog>,
    shelf: Data<Shelf>,
    all: Data<Shows>,
    identity: Identity,
    id: Path<Uuid>,
    wanted: Query<Preview>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Organizer, *id).await?;
    let version = version_for(&catalog, &shelf, &show, wanted.plan_version).await?;
    let view = all.read(ShowId(*id)).await.map_err(|error| unasked(&error))?;
    let (now, _) = view.state();
    let mut change = PlanChange::between(view.plan(), &version.plan, &now);
    change.unpriced = unpriced(&catalog, *id, &version.plan).await?;
    if show.state != "draft" {
        change.possible &= change.unpriced.is_empty();
    }
    Ok(shown(&change, show.version))
}

/// Puts a show on another version of its plan, also while it is on sale. Seats that are held or sold stay where they are;
/// a version that lacks any of them is refused with the seats named. Who looks at the seat map is told to load it again.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = ChangePlan,
    responses((status = 200, body = Show)),
    security(("session" = []), ("bearer" = []))
)]
#[put("/admin/shows/{id}/plan")]
#[allow(clippy::too_many_arguments, reason = "each is something else that the request says")]
async fn admin_change_plan_of_show(
    catalog: Data<Catalog>,
    shelf: Data<Shelf>,
    all: Data<Shows>,
    identity: Identity,
    key: IdempotencyKey,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<ChangePlan>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Organizer, *id).await?;
    seen.check(show.version)?;
    let Json { value, hash } = body;
    let version = version_for(&catalog, &shelf, &show, value.plan_version).await?;
    let key = key.of(identity.caller())?;
    let request = Once { key: key.as_ref(), route: "PUT /admin/shows/plan", hash: hash ^ show_hash(*id) };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        if show.state != "draft" {
            must_be_priced(unpriced(&catalog, *id, &version.plan).await?)?;
        }
        // The journal is told first, and is believed should the process die before the catalogue knows. Nothing of the show is
        // locked here meanwhile: whoever wakes it notes the version too.
        let before = handle(&all, *id).await?;
        let change = Command::ChangePlan(NewPlan(Arc::clone(&version.plan)));
        before.ask(change).await.map_err(|error| asked(error, before.plan()))?;
        let after = handle(&all, *id).await?;
        let facts = after.facts().await.map_err(|error| asked(error, after.plan()))?;
        let entry = identity.did("show.replanned").of(show.organizer_id).on("show", *id);
        audit::record(transaction, entry.with("plan_version", value.plan_version)).await?;
        plans::note_version_of(&mut *transaction, *id, value.plan_version).await?;
        shows::note(transaction, *id, &stands(&facts)).await?;
        shows::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(admin_preview_plan).service(admin_change_plan_of_show);
}
