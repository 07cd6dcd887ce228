//! How it is answered that a person was forgotten.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ApiError, Code};
use crate::platform::people::{Later, NotForgotten};

/// A house that forgets later, by itself.
#[derive(Serialize, ToSchema)]
pub struct ForgetsLater {
    /// Which.
    organizer_id: Uuid,
    /// When at the earliest.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// `show_to_come`: there are tickets for it; `books`: the law keeps name and address with the books, out of use.
    why: &'static str,
}

/// What was forgotten, and what will be.
#[derive(Serialize, ToSchema)]
pub struct Forgotten {
    /// Empty: everything was forgotten now.
    later: Vec<ForgetsLater>,
}

impl From<Vec<Later>> for Forgotten {
    fn from(later: Vec<Later>) -> Self {
        let view = |one: Later| ForgetsLater { organizer_id: one.organizer, until: one.until, why: one.why.word() };
        Self { later: later.into_iter().map(view).collect() }
    }
}

impl From<NotForgotten> for ApiError {
    fn from(refused: NotForgotten) -> Self {
        match refused {
            NotForgotten::UnderWay => Self::plain(Code::OrderUnderWay),
            NotForgotten::Database(fault) => fault.into(),
        }
    }
}
