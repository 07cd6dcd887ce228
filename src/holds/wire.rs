//! Holds as they are written and read outside: guids instead of numbers, durations beside deadlines.

use aisle_actors::core::{
    AreaCount, BestAvailable, HoldId, HoldState, HoldView, Placement, Plan, SeatNo, ShowId, Timestamp,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{ApiError, Code, FieldProblem};
use crate::platform::time;

/// More places than any hold may have, whatever its show allows: bounds what one request makes the server look up.
const PLACES_NAMED_MAX: usize = 500;

/// So many places of a general-admission area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaQuantity {
    /// The plan's `area_id`.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(example = "floor", min_length = 1, max_length = 200)]
    pub area: String,
    /// How many places; zero only where a change gives all of them back.
    #[garde(range(max = 100_000))]
    #[schema(minimum = 0, maximum = 100_000)]
    pub quantity: u32,
}

/// "The best that you have."
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedBest {
    /// How many seats.
    #[garde(range(min = 1, max = 500))]
    #[schema(minimum = 1, maximum = 500)]
    pub quantity: u32,
    /// Only in this price level: the category of the plan that the show's price table gives this key.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub price_level: Option<String>,
    /// Only in this section: a `zone_id`.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub section: Option<String>,
    /// How many of them must be accessible.
    #[garde(range(max = 500))]
    #[serde(default)]
    #[schema(maximum = 500)]
    pub accessible: u32,
    /// How many of them may be companion seats.
    #[garde(range(max = 500))]
    #[serde(default)]
    #[schema(maximum = 500)]
    pub companions: u32,
}

/// What a new hold asks for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateHold {
    /// Named seats: `seat_guid`s.
    #[garde(length(max = PLACES_NAMED_MAX), inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(max_items = 500)]
    pub seats: Vec<String>,
    /// Or the best available; not together with `seats`.
    #[garde(dive)]
    #[schema(nullable = false)]
    pub best_available: Option<WantedBest>,
    /// Places of general-admission areas.
    #[garde(length(max = 64), dive)]
    #[serde(default)]
    #[schema(max_items = 64)]
    pub areas: Vec<AreaQuantity>,
    /// Opens a presale, or places that are kept for those who have it. Case, spaces and hyphens do not matter.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub access_code: Option<String>,
    /// Staff only: out of this allocation rather than out of the free places.
    #[garde(skip)]
    #[schema(nullable = false)]
    pub allocation_id: Option<Uuid>,
}

/// How an open hold shall change.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeHold {
    /// Seats to add.
    #[garde(length(max = PLACES_NAMED_MAX), inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(max_items = 500)]
    pub add: Vec<String>,
    /// Seats to give back.
    #[garde(length(max = PLACES_NAMED_MAX), inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(max_items = 500)]
    pub remove: Vec<String>,
    /// New totals of the areas that are named.
    #[garde(length(max = 64), dive)]
    #[serde(default)]
    #[schema(max_items = 64)]
    pub areas: Vec<AreaQuantity>,
}

/// A hold, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldJson {
    /// Its id.
    pub id: Uuid,
    /// Proves that its bearer owns the hold; only in the answer to its maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token: Option<String>,
    /// Of which show.
    pub show_id: Uuid,
    /// `open`: it lapses at `expires_at`. `paying`: it doesn't.
    pub state: HoldStateJson,
    /// Its seats: `seat_guid`s.
    pub seats: Vec<String>,
    /// How its seats lie to each other; null where it has none. What the best available came to is told here.
    pub placement: Option<PlacementJson>,
    /// Its places of areas.
    pub areas: Vec<AreaQuantity>,
    /// When it lapses; null while paying. While `paused`, when it would lapse if the sale went on now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<jiff::Timestamp>,
    /// The same as milliseconds from now, for clocks that are wrong; null while paying. While `paused` it stays what it is.
    pub expires_in_ms: Option<u64>,
    /// The show is paused, and so is the time of this hold: what it has left it will have when the sale goes on.
    pub paused: bool,
    /// How far it may be extended; while `paused` as `expires_at`.
    #[schema(value_type = String, format = DateTime)]
    pub extendable_until: jiff::Timestamp,
    /// Until when it may be paid; null while open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub pay_by: Option<jiff::Timestamp>,
}

/// Whether a hold waits for its buyer or for their payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStateJson {
    /// A buyer chooses.
    Open,
    /// A buyer pays.
    Paying,
}

/// How the seats of a party lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlacementJson {
    /// Side by side in one row, with no aisle between them.
    OneRow,
    /// In rows directly behind each other, in each of them side by side.
    Stacked,
    /// Not together: there was no other way, or they were chosen so.
    Split,
}

impl From<Placement> for PlacementJson {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::OneRow => Self::OneRow,
            Placement::Stacked => Self::Stacked,
            Placement::Split => Self::Split,
        }
    }
}

/// An answer with one hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoldBody {
    /// The hold.
    pub hold: HoldJson,
}

impl HoldJson {
    /// A hold that stands, as its owner sees it at `now`.
    ///
    /// # Errors
    /// `hold_lapsed` or `hold_not_open` where it has ended.
    pub fn of(view: &HoldView, show: ShowId, plan: &Plan, now: Timestamp) -> Result<Self, ApiError> {
        let (state, expires_at, pay_by) = match view.state {
            HoldState::Open { expires_at } => (HoldStateJson::Open, Some(expires_at), None),
            HoldState::Paying { order: _, pay_by } => (HoldStateJson::Paying, None, Some(pay_by)),
            HoldState::Lapsed { at } => return Err(lapsed(at)),
            HoldState::PaymentEnded { .. } => {
                return Err(ApiError::new(
                    Code::HoldLapsed,
                    "The payment did not come in time, and the seats are free again.",
                ));
            }
            HoldState::Released { .. } => return Err(ApiError::new(Code::HoldNotOpen, "The hold was given back.")),
            HoldState::Booked { .. } => return Err(ApiError::new(Code::HoldNotOpen, "The hold has become a booking.")),
        };
        let shift = view.shift_ms(now);
        let expires_at = expires_at.map(|at| at.plus_ms(shift));
        Ok(Self {
            id: view.hold.0,
            token: None,
            show_id: show.0,
            state,
            seats: crate::http::rejection::guids(plan, &view.seats),
            placement: plan.placement(&view.seats).map(PlacementJson::from),
            areas: areas_json(plan, &view.areas),
            expires_at: expires_at.map(time::from_core),
            expires_in_ms: expires_at.map(|at| at.ms_since(now)),
            paused: view.still_since.is_some(),
            extendable_until: time::from_core(view.extendable_until.plus_ms(shift)),
            pay_by: pay_by.map(time::from_core),
        })
    }

    /// The same with its token, for its maker.
    #[must_use]
    pub fn with_token(mut self, token: String) -> Self {
        self.token = Some(token);
        self
    }
}

/// A hold whose time was up.
#[must_use]
pub fn lapsed(at: Timestamp) -> ApiError {
    ApiError::new(Code::HoldLapsed, format!("The hold lapsed at {}.", time::from_core(at)))
}

/// Areas with their guids.
#[must_use]
pub fn areas_json(plan: &Plan, areas: &[AreaCount]) -> Vec<AreaQuantity> {
    areas
        .iter()
        .filter_map(|count| {
            Some(AreaQuantity { area: plan.area(count.area)?.id.to_string(), quantity: count.quantity })
        })
        .collect()
}

/// The numbers of named seats.
///
/// # Errors
/// `validation_failed` with every name that this plan hasn't.
pub fn seat_numbers(plan: &Plan, field: &str, guids: &[String]) -> Result<Vec<SeatNo>, ApiError> {
    let mut unknown = Vec::new();
    let mut problems = Vec::new();
    let mut numbers = Vec::with_capacity(guids.len());
    for (at, guid) in guids.iter().enumerate() {
        match plan.number_of(guid) {
            Some(number) => numbers.push(number),
            None => {
                problems.push(FieldProblem {
                    field: format!("{field}[{at}]"),
                    message: "there is no such seat".to_owned(),
                });
                unknown.push(guid.clone());
            }
        }
    }
    if problems.is_empty() { Ok(numbers) } else { Err(ApiError::fields(problems).seats(unknown)) }
}

/// The numbers of named areas.
///
/// # Errors
/// `validation_failed` with every name that this plan hasn't.
pub fn area_counts(plan: &Plan, areas: &[AreaQuantity]) -> Result<Vec<AreaCount>, ApiError> {
    let mut problems = Vec::new();
    let mut counts = Vec::with_capacity(areas.len());
    for (at, wanted) in areas.iter().enumerate() {
        match plan.area_of(&wanted.area) {
            Some(area) => counts.push(AreaCount { area: area.number, quantity: wanted.quantity }),
            None => {
                problems.push(FieldProblem {
                    field: format!("areas[{at}].area"),
                    message: "there is no such area".to_owned(),
                });
            }
        }
    }
    if problems.is_empty() { Ok(counts) } else { Err(ApiError::fields(problems)) }
}

/// "The best" in the core's words. `category` is what the show's price table says the wanted price level is.
///
/// # Errors
/// `validation_failed` where the plan has no such section or category.
pub fn best(plan: &Plan, wanted: &WantedBest, category: Option<&str>) -> Result<BestAvailable, ApiError> {
    let category = category
        .map(|name| {
            plan.category_of(name)
                .ok_or_else(|| ApiError::field("best_available.price_level", "no seat of this plan has it"))
        })
        .transpose()?;
    let section = wanted
        .section
        .as_deref()
        .map(|id| {
            plan.section_of(id).ok_or_else(|| ApiError::field("best_available.section", "there is no such section"))
        })
        .transpose()?;
    Ok(BestAvailable {
        quantity: wanted.quantity,
        category,
        section,
        accessible: wanted.accessible,
        companions: wanted.companions,
    })
}

/// A hold's id as the path gives it.
#[must_use]
pub fn ids((show, hold): (Uuid, Uuid)) -> (ShowId, HoldId) {
    (ShowId(show), HoldId(hold))
}
