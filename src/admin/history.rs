//! A show's history, and the show as it was at some moment of it. Wakes no show.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, get};
use aisle_actors::core::{Plan, SeatNo, SeatState, Seq, ShowId};
use aisle_actors::{Moment, Recalled, Shows, state_word};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::told;
use super::shows::{missing, show_for};
use super::store::JournalLine;
use crate::accounts::{Identity, Role};
use crate::catalog::plan::PlanDocument;
use crate::catalog::{Catalog, Shelf};
use crate::http::extract::Page;
use crate::http::rejection::{guids, unasked};
use crate::http::{ApiError, Listing};
use crate::platform::time;

/// One line of a show's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryLine {
    /// Its number: from 1, without gaps.
    #[schema(minimum = 1)]
    seq: i64,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened: `type` says what, the other fields are its own. Seats are `seat_guid`s, areas `area_id`s; `origin` says
    /// through which channel and for which buyer.
    #[schema(value_type = Object)]
    event: Value,
    /// The seats that it is about, as their plan has them.
    places: Vec<PlaceName>,
}

/// What people call a seat.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceName {
    /// Its `seat_guid`.
    seat: String,
    section: String,
    row: String,
    number: String,
}

/// A show as it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShowThen {
    /// The number of the last event that is in it.
    seq: u64,
    /// When that was, or the moment that was asked for; null before the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The plan's version, whose order `seats` has.
    plan_version: Uuid,
    /// What the show as a whole was.
    state: String,
    /// One character a seat: `a` available, `h` held, `b` booked, `x` blocked.
    seats: String,
    /// The general-admission areas.
    areas: Vec<AreaThen>,
    /// How many places of each category were what.
    counts: Vec<CountsThen>,
    /// The holds that had seats.
    holds: Vec<HoldThen>,
}

/// What an area had left.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaThen {
    /// Its `area_id`.
    area: String,
    available: u32,
}

/// Places of one category, areas' places included.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsThen {
    category: String,
    available: u32,
    held: u32,
    booked: u32,
    blocked: u32,
}

/// A hold that stood.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldThen {
    id: Uuid,
    /// Its `seat_guid`s.
    seats: Vec<String>,
}

/// The lines, or the show at one moment of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum History {
    /// The lines.
    Lines(Page<HistoryLine>),
    /// The moment.
    Then(ShowThen),
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AtQuery {
    /// A line's number, or a moment: the show as it was then, instead of the lines.
    at: Option<String>,
}

/// A line's number, or a moment like `2030-05-04T17:00:00Z`; `None`: it is neither.
#[must_use]
pub fn moment(text: &str) -> Option<Moment> {
    if let Ok(seq) = text.parse::<u64>() {
        // No journal is longer than its numbers reach.
        return Some(Moment::Seq(Seq(seq.min(i64::MAX.cast_unsigned()))));
    }
    text.parse::<Timestamp>().ok().map(|at| Moment::Time(time::to_core(at)))
}

/// A show's history, oldest first: what happened, with seats by their guid; or with `at` the show as it was then.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), Listing, AtQuery),
    responses((status = 200, body = History)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/journal")]
#[allow(clippy::too_many_arguments, reason = "each is an extractor")]
async fn admin_read_journal(
    catalog: Data<Catalog>,
    shelf: Data<Shelf>,
    all: Data<Shows>,
    office: Data<super::Office>,
    identity: Identity,
    id: Path<Uuid>,
    listing: Query<Listing>,
    at: Query<AtQuery>,
) -> Result<HttpResponse, ApiError> {
    show_for(&catalog, &identity, Role::BoxOffice, *id).await?;
    let shelved = shelf.of_show(*id).await?.ok_or_else(missing)?;
    if let Some(at) = &at.at {
        let wrong = || ApiError::field("at", "is neither a line's number nor a moment like 2030-05-04T17:00:00Z");
        let moment = moment(at).ok_or_else(wrong)?;
        let past = all.past(ShowId(*id), shelved.plan.clone(), moment).await.map_err(|error| unasked(&error))?;
        return Ok(told(&History::Then(ShowThen::of(&past))));
    }
    let limit = listing.limit()?;
    let lines = office.journal(*id, listing.after()?.unwrap_or(0), limit + 1).await?;
    let lines: Vec<_> = lines.into_iter().map(|line| history_line(line, &shelved.plan, &shelved.document)).collect();
    Ok(told(&History::Lines(Page::cut(lines, limit, |line| line.seq))))
}

fn history_line(line: JournalLine, plan: &Plan, document: &PlanDocument) -> HistoryLine {
    let JournalLine { seq, at, mut event } = line;
    let mut named = Vec::new();
    name_places(&mut event, plan, &mut named);
    let places = named.into_iter().filter_map(|guid| {
        let place = document.describe(&guid)?;
        let (section, row, number) = (place.section.to_owned(), place.row.to_owned(), place.seat);
        Some(PlaceName { seat: guid, section, row, number })
    });
    HistoryLine { seq, at, places: places.collect(), event }
}

/// Seat and area numbers become the plan's own names; numbers that this version of the plan hasn't stay numbers.
fn name_places(event: &mut Value, plan: &Plan, named: &mut Vec<String>) {
    let Value::Object(fields) = event else { return };
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("seats" | "added" | "removed" | "dropped", Value::Array(seats)) => {
                for seat in seats {
                    let number = seat.as_u64().and_then(|number| u32::try_from(number).ok());
                    if let Some(found) = number.and_then(|number| plan.seat(SeatNo(number))) {
                        named.push(found.guid.to_string());
                        *seat = Value::String(found.guid.to_string());
                    }
                }
            }
            ("area", area) => {
                let number = area.as_u64().and_then(|number| u16::try_from(number).ok());
                if let Some(found) = number.and_then(|number| plan.area(aisle_actors::core::AreaNo(number))) {
                    *area = Value::String(found.id.to_string());
                }
            }
            (_, Value::Array(items)) => items.iter_mut().for_each(|item| name_places(item, plan, named)),
            (_, inner) => name_places(inner, plan, named),
        }
    }
}

impl ShowThen {
    /// What a show that was looked back at was.
    #[must_use]
    pub fn of(past: &Recalled) -> Self {
        let Recalled { show, seq, at } = past;
        let plan = show.plan();
        let mut holds: Vec<_> = plan
            .order()
            .iter()
            .filter_map(|&seat| match show.seat(seat)? {
                SeatState::Held { hold } => Some(hold),
                SeatState::Available | SeatState::Booked { .. } | SeatState::Blocked { .. } => None,
            })
            .collect();
        holds.sort_unstable();
        holds.dedup();
        let holds = holds.into_iter().filter_map(|hold| show.hold(hold));
        let areas = show
            .areas_available()
            .into_iter()
            .filter_map(|(area, available)| Some(AreaThen { area: plan.area(area)?.id.to_string(), available }));
        let counts = plan.categories().iter().zip(show.counts_by_category()).map(|(category, counts)| CountsThen {
            category: category.to_string(),
            available: counts.available,
            held: counts.held,
            booked: counts.booked,
            blocked: counts.blocked,
        });
        Self {
            seq: seq.0,
            at: (at.0 > i64::MIN).then(|| time::from_core(*at)),
            plan_version: plan.version().0,
            state: state_word(show.state()).to_owned(),
            seats: show.letters(),
            areas: areas.collect(),
            counts: counts.collect(),
            holds: holds.map(|hold| HoldThen { id: hold.hold.0, seats: guids(plan, &hold.seats) }).collect(),
        }
    }
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(admin_read_journal);
}
