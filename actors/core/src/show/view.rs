//! What others see of a show: states, views, answers, and what an event touched.

use serde::{Deserialize, Serialize};

use crate::command::{AreaCount, Origin, RequestHash};
use crate::ids::{AllocationId, AreaNo, BookingId, HoldId, OrderId, SeatNo};
use crate::time::{DurationMs, Timestamp};

/// What a seat is to the show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatState {
    /// Anyone may hold it.
    Available,
    /// Set aside for one buyer until the hold ends.
    Held {
        /// By which hold.
        hold: HoldId,
    },
    /// Sold. Only a cancelled booking gives it back.
    Booked {
        /// By which booking.
        booking: BookingId,
    },
    /// Kept from sale by the house.
    Blocked {
        /// In which allocation.
        allocation: AllocationId,
    },
}

impl SeatState {
    /// The public character for this state, as the seats string of the API has it.
    #[must_use]
    pub fn letter(self) -> u8 {
        match self {
            Self::Available => b'a',
            Self::Held { .. } => b'h',
            Self::Booked { .. } => b'b',
            Self::Blocked { .. } => b'x',
        }
    }
}

/// What the show as a whole is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShowState {
    /// Being prepared; nobody of the public sees it.
    Draft,
    /// On sale within its times.
    Published,
    /// Sale stopped for a while.
    Paused {
        /// Since when: holds get this time back.
        since: Timestamp,
        /// What the public is told.
        public_message: Option<String>,
    },
    /// Will not take place.
    Cancelled {
        /// What the public is told.
        public_message: Option<String>,
    },
    /// Has another date.
    Moved {
        /// What the public is told.
        public_message: Option<String>,
    },
    /// Has taken place.
    Ended,
}

/// What a hold is. Ended holds are remembered for ten minutes ([`super::REMEMBERED_MS`], and as many as
/// [`super::REMEMBERED_HOLDS_MAX`]), so that a repeated request gets its answer again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldState {
    /// A buyer chooses.
    Open {
        /// When it lapses.
        expires_at: Timestamp,
    },
    /// A buyer pays; it does not lapse by itself.
    Paying {
        /// For which order.
        order: OrderId,
        /// Until when the buyer may pay.
        pay_by: Timestamp,
    },
    /// Given back by its owner.
    Released {
        /// When.
        at: Timestamp,
    },
    /// Its time was up.
    Lapsed {
        /// When.
        at: Timestamp,
    },
    /// Payment did not come.
    PaymentEnded {
        /// When.
        at: Timestamp,
    },
    /// Became a booking.
    Booked {
        /// Which.
        booking: BookingId,
        /// When.
        at: Timestamp,
    },
}

impl HoldState {
    /// When it ended; `None` while it stands.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Open { .. } | Self::Paying { .. } => None,
            Self::Released { at } | Self::Lapsed { at } | Self::PaymentEnded { at } | Self::Booked { at, .. } => {
                Some(*at)
            }
        }
    }
}

/// A hold, as its owner may see it. An ended hold shows what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldView {
    /// Its id.
    pub hold: HoldId,
    /// What it is.
    pub state: HoldState,
    /// Who has it.
    pub origin: Origin,
    /// Its seats.
    pub seats: Vec<SeatNo>,
    /// Its places of areas.
    pub areas: Vec<AreaCount>,
    /// How far it may be extended.
    pub extendable_until: Timestamp,
    /// Its clock stands still since then, because the show is paused and the hold is open; its deadline and its cap move on by
    /// as much as the pause lasts.
    pub still_since: Option<Timestamp>,
    /// The hash of the request that made it.
    pub request: Option<RequestHash>,
}

impl HoldView {
    /// How much later its deadline and its cap would be than the view has them, if its show went on at `now`; zero for a hold
    /// whose clock runs.
    #[must_use]
    pub fn shift_ms(&self, now: Timestamp) -> DurationMs {
        self.still_since.map_or(0, |since| now.ms_since(since))
    }
}

/// A booking, with what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookingView {
    /// Its id.
    pub booking: BookingId,
    /// The seats it has, in the order of their numbers; none once all of it is cancelled.
    pub seats: Vec<SeatNo>,
    /// The places it has.
    pub areas: Vec<AreaCount>,
    /// All of it was given back.
    pub cancelled: bool,
}

/// Places kept by the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationView {
    /// Its id.
    pub allocation: AllocationId,
    /// For whom or why.
    pub reason: String,
    /// When it ends by itself.
    pub release_at: Option<Timestamp>,
    /// The seats in it.
    pub seats: Vec<SeatNo>,
    /// The places in it.
    pub areas: Vec<AreaCount>,
}

/// What the caller of a command is told once it has been carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The hold as it is now.
    Hold(HoldView),
    /// The booking as it is now.
    Booking(BookingView),
    /// The allocation as it is now.
    Allocation(AllocationView),
    /// There is nothing to show.
    Done,
}

/// What an event touched, so that the feed need not compare whole maps. Reused from turn to turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Seats whose state changed.
    pub seats: Vec<SeatNo>,
    /// Areas whose number of free places changed.
    pub areas: Vec<AreaNo>,
    /// Holds that began, changed or ended.
    pub holds: Vec<HoldId>,
    /// The show's own state or settings changed.
    pub show: bool,
}

impl Touched {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.seats.clear();
        self.areas.clear();
        self.holds.clear();
        self.show = false;
    }
}
