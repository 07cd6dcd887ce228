//! The pure show: what a seat inventory decides.
//!
//! A [`Show`] is a value. [`Show::decide`] turns a [`Command`] into [`Event`]s or a [`Rejection`] and changes nothing;
//! [`Show::expire`] says what time alone brings; [`Show::apply`] carries out what was decided and decides nothing. There
//! is no clock, no randomness and no IO in this crate: the caller brings the time and the ids, so a replay is a replay.
//!
//! Seats are numbers here ([`SeatNo`]): a [`Plan`] gives each `seat_guid` one number, once, and never reuses it.

mod command;
mod event;
mod ids;
mod plan;
pub mod planted;
mod rejection;
mod settings;
mod show;
#[doc(hidden)]
pub mod testing;
mod time;

pub use command::{
    AccessCode, AreaCount, BestAvailable, Channel, Command, HoldSeats, LateSale, NewPlan, Origin, RequestHash,
    StateChange,
};
pub use event::{Entry, Event, Seq};
pub use ids::{
    AccessCodeId, AllocationId, AreaNo, BookingId, BuyerId, CategoryNo, HoldId, OrderId, PlanVersionId, SeatNo,
    SectionNo, ShowId,
};
pub use plan::{Area, Placement, Plan, PlanBuilder, PlanError, Point, Row, Seat, Section, Table};
pub use rejection::Rejection;
pub use settings::{OrphanRule, Settings};
pub use show::{
    AllocationView, Answer, BookingView, Counts, HoldState, HoldView, Image, ImageError, ImageHead, ImageRef,
    REMEMBERED_HOLDS_MAX, REMEMBERED_MS, SeatState, Show, ShowState, Touched,
};
pub use time::{DurationMs, Timestamp};
