//! A show's "no" as a problem: the core's numbers become the plan's guids on the way out.

use aisle_actors::AskError;
use aisle_actors::core::{Plan, Rejection, SeatNo};

use super::error::{ApiError, Code};
use crate::platform::time;

/// What a caller is told when a show did not do what was asked.
#[must_use]
pub fn asked(error: AskError, plan: &Plan) -> ApiError {
    match error {
        AskError::Rejected(rejection) => rejected(&rejection, plan),
        AskError::Busy { .. }
        | AskError::Unavailable
        | AskError::Fenced
        | AskError::Quarantined
        | AskError::NotFound => unasked(&error),
    }
}

/// The same, where no plan is at hand because the show could not even be reached.
#[must_use]
pub fn unasked(error: &AskError) -> ApiError {
    match error {
        AskError::Rejected(rejection) => ApiError::new(code(rejection), sentence(rejection)),
        AskError::Busy { retry_after_ms } => ApiError::busy(retry_after_ms.div_ceil(1000)),
        AskError::Unavailable | AskError::Fenced => ApiError::busy(1),
        // Somebody has been woken; it takes them longer.
        AskError::Quarantined => ApiError::busy(60),
        AskError::NotFound => ApiError::not_found("show"),
    }
}

/// A refusal, with every offending seat named.
#[must_use]
pub fn rejected(rejection: &Rejection, plan: &Plan) -> ApiError {
    let error = match rejection {
        Rejection::AreaFull { area, available } => {
            let id = plan.area(*area).map_or("the area", |area| &*area.id);
            ApiError::new(code(rejection), format!("{id} has {available} places left."))
        }
        other => ApiError::new(code(other), sentence(other)),
    };
    match seats(rejection) {
        Some(seats) => error.seats(guids(plan, seats)),
        None => error,
    }
}

/// The guids of these seats, as far as this version of the plan knows them.
#[must_use]
pub fn guids(plan: &Plan, seats: &[SeatNo]) -> Vec<String> {
    seats.iter().filter_map(|&seat| plan.seat(seat)).map(|seat| seat.guid.to_string()).collect()
}

fn code(rejection: &Rejection) -> Code {
    Code::from_word(rejection.code()).unwrap_or(Code::ValidationFailed)
}

fn seats(rejection: &Rejection) -> Option<&[SeatNo]> {
    match rejection {
        Rejection::UnknownSeats { seats }
        | Rejection::SeatsTaken { seats }
        | Rejection::StrandsASeat { seats }
        | Rejection::TableSoldWhole { seats }
        | Rejection::PlanLacksPlaces { seats, areas: _ }
        | Rejection::NotInAllocation { seats } => Some(seats),
        Rejection::KeyReused
        | Rejection::NotPublished
        | Rejection::SalesPaused { .. }
        | Rejection::SalesEnded
        | Rejection::NotOnSale { .. }
        | Rejection::NothingWanted
        | Rejection::UnknownArea { .. }
        | Rejection::NamedTwice
        | Rejection::SeatLimitReached { .. }
        | Rejection::HoldLimitReached { .. }
        | Rejection::AccessCodeUsedUp { .. }
        | Rejection::AreaFull { .. }
        | Rejection::NoneAvailable
        | Rejection::UnknownHold { .. }
        | Rejection::HoldLapsed { .. }
        | Rejection::HoldNotOpen
        | Rejection::BookingCancelled
        | Rejection::UnknownBooking { .. }
        | Rejection::NotInBooking
        | Rejection::UnknownAllocation { .. }
        | Rejection::WrongState
        | Rejection::BadSettings { .. } => None,
    }
}

/// The refusal's own words as a sentence, with what the public was told or the moment it is about.
fn sentence(rejection: &Rejection) -> String {
    let mut text = rejection.to_string();
    if let Rejection::SalesPaused { public_message: Some(message) } = rejection {
        text = format!("{text}: {message}");
    } else if let Rejection::NotOnSale { on_sale_at } = rejection {
        text = format!("{text}; it is from {}", time::from_core(*on_sale_at));
    } else if let Rejection::SeatLimitReached { max }
    | Rejection::HoldLimitReached { max }
    | Rejection::AccessCodeUsedUp { max } = rejection
    {
        text = format!("{text}: the limit is {max}");
    }
    let mut letters = text.chars();
    let mut sentence: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    sentence.push_str(letters.as_str());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
