//! Why a command was refused: an answer, expected and safe to show.

use crate::ids::{AllocationId, AreaNo, BookingId, HoldId, SeatNo};
use crate::time::Timestamp;

/// Why a command was refused, in the order in which the reasons are checked: was it answered before, is the show on sale, does
/// what it names exist, is the wish sound, may this buyer, and only then whether the places are free. `code()` is the stable
/// word that clients see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The same idempotency key with another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The booking was cancelled; a late Book changes nothing.
    #[error("this booking was cancelled")]
    BookingCancelled,
    /// The show is a draft.
    #[error("this show is not on sale")]
    NotPublished,
    /// The show is paused.
    #[error("the sale of this show is paused")]
    SalesPaused {
        /// What the public is told.
        public_message: Option<String>,
    },
    /// The show was cancelled, moved, or has ended, or its sale is over.
    #[error("the sale of this show has ended")]
    SalesEnded,
    /// The public sale has not begun.
    #[error("this show is not on sale yet")]
    NotOnSale {
        /// When it begins.
        on_sale_at: Timestamp,
    },
    /// A hold that was never made, or that ended so long ago that it is forgotten.
    #[error("there is no such hold")]
    UnknownHold {
        /// Which.
        hold: HoldId,
    },
    /// The hold's time was up.
    #[error("this hold has lapsed")]
    HoldLapsed {
        /// When.
        lapsed_at: Timestamp,
    },
    /// The hold is paying, released or booked; or it is paying for another order.
    #[error("this hold is no longer open")]
    HoldNotOpen,
    /// A booking that was never made.
    #[error("there is no such booking")]
    UnknownBooking {
        /// Which.
        booking: BookingId,
    },
    /// An allocation that was never made.
    #[error("there is no such allocation")]
    UnknownAllocation {
        /// Which.
        allocation: AllocationId,
    },
    /// The show's state does not allow this change of state.
    #[error("the show's state does not allow this")]
    WrongState,
    /// Held or sold places that the new plan hasn't.
    #[error("the new plan lacks places that are held or sold")]
    PlanLacksPlaces {
        /// The seats.
        seats: Vec<SeatNo>,
        /// The areas that would be too small, or gone.
        areas: Vec<AreaNo>,
    },
    /// Settings that contradict themselves.
    #[error("these settings are not possible: {why}")]
    BadSettings {
        /// What contradicts what.
        why: String,
    },
    /// Nothing was asked for.
    #[error("a hold needs at least one place")]
    NothingWanted,
    /// Seats that this plan hasn't.
    #[error("some of these seats do not exist")]
    UnknownSeats {
        /// Every one.
        seats: Vec<SeatNo>,
    },
    /// An area that this plan hasn't.
    #[error("this area does not exist")]
    UnknownArea {
        /// Which.
        area: AreaNo,
    },
    /// A seat or an area named twice in one request.
    #[error("a place was named twice")]
    NamedTwice,
    /// Not part of this booking.
    #[error("these places do not belong to this booking")]
    NotInBooking,
    /// A part of a table or box that is sold only as a whole.
    #[error("some of these seats are sold only as a whole table or box")]
    TableSoldWhole {
        /// The seats that are missing to a whole one.
        seats: Vec<SeatNo>,
    },
    /// More places than one hold may have, or than this buyer may have.
    #[error("more places than one buyer may have")]
    SeatLimitReached {
        /// How many are allowed.
        max: u32,
    },
    /// This buyer has as many holds as one may have.
    #[error("this buyer has too many holds")]
    HoldLimitReached {
        /// How many are allowed.
        max: u32,
    },
    /// What is held and booked under this access code leaves no room for so many places.
    #[error("this access code has no more places")]
    AccessCodeUsedUp {
        /// How many it gives in all.
        max: u32,
    },
    /// Places that are not (or no longer) in this allocation.
    #[error("these places are not in this allocation")]
    NotInAllocation {
        /// The seats that aren't.
        seats: Vec<SeatNo>,
    },
    /// Seats that are not available.
    #[error("some of these seats have just been taken")]
    SeatsTaken {
        /// Every one.
        seats: Vec<SeatNo>,
    },
    /// An area hasn't so many free places.
    #[error("this area has not enough places left")]
    AreaFull {
        /// Which.
        area: AreaNo,
        /// How many it has.
        available: u32,
    },
    /// Best available found nothing.
    #[error("no seats like these are left")]
    NoneAvailable,
    /// The choice would strand a single seat.
    #[error("this choice would leave a single seat")]
    StrandsASeat {
        /// The seats that would be stranded.
        seats: Vec<SeatNo>,
    },
}

impl Rejection {
    /// The stable word that clients see.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyReused => "idempotency_key_reused",
            Self::NotPublished | Self::NotOnSale { .. } => "not_on_sale",
            Self::SalesPaused { .. } => "sales_paused",
            Self::SalesEnded => "sales_ended",
            Self::NothingWanted
            | Self::UnknownSeats { .. }
            | Self::UnknownArea { .. }
            | Self::NamedTwice
            | Self::NotInBooking
            | Self::NotInAllocation { .. }
            | Self::BadSettings { .. } => "validation_failed",
            Self::TableSoldWhole { .. } => "table_sold_whole",
            Self::SeatLimitReached { .. } => "seat_limit_reached",
            Self::HoldLimitReached { .. } => "hold_limit_reached",
            Self::AccessCodeUsedUp { .. } => "access_code_used_up",
            Self::SeatsTaken { .. } => "seats_taken",
            Self::AreaFull { .. } => "area_full",
            Self::NoneAvailable => "none_available",
            Self::StrandsASeat { .. } => "strands_a_seat",
            Self::UnknownHold { .. } | Self::UnknownBooking { .. } | Self::UnknownAllocation { .. } => "not_found",
            Self::HoldLapsed { .. } => "hold_lapsed",
            Self::HoldNotOpen => "hold_not_open",
            Self::BookingCancelled => "booking_cancelled",
            Self::WrongState => "wrong_state",
            Self::PlanLacksPlaces { .. } => "plan_lacks_places",
        }
    }
}
