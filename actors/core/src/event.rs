//! What happened. Past tense; immutable; the only input of [`crate::Show::apply`].
//!
//! Events are written as JSON into the journal and are replayed for ever. A field may be added with a default; nothing is
//! renamed, removed or given another meaning.

use serde::{Deserialize, Serialize};

use crate::command::{AreaCount, Origin, RequestHash};
use crate::ids::{AllocationId, BookingId, BuyerId, HoldId, OrderId, PlanVersionId, SeatNo};
use crate::settings::Settings;
use crate::time::{DurationMs, Timestamp};

/// The position of an event in its show's journal: from 1, without gaps. 0 is "nothing yet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// One line of a show's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub seq: Seq,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened to a show. An event records the outcome, not the wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Places were set aside for one buyer.
    SeatsHeld {
        /// The new hold.
        hold: HoldId,
        /// Who has it.
        origin: Origin,
        /// Its seats.
        seats: Vec<SeatNo>,
        /// Its places of areas.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<AreaCount>,
        /// Out of this allocation rather than out of the free places.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allocation: Option<AllocationId>,
        /// When it lapses.
        expires_at: Timestamp,
        /// How far it may be extended.
        extendable_until: Timestamp,
        /// The hash of the request that made it, where the caller gave an idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestHash>,
    },
    /// A hold has other places than before, and the same deadline.
    HoldChanged {
        /// Which.
        hold: HoldId,
        /// Seats that joined it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<SeatNo>,
        /// Seats that left it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<SeatNo>,
        /// New totals of the areas that changed; zero is "none any more".
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<AreaCount>,
    },
    /// A hold has a later deadline.
    HoldExtended {
        /// Which.
        hold: HoldId,
        /// Its new deadline.
        expires_at: Timestamp,
    },
    /// Its owner gave a hold back.
    HoldReleased {
        /// Which.
        hold: HoldId,
    },
    /// A hold's time was up.
    HoldLapsed {
        /// Which.
        hold: HoldId,
    },
    /// A hold is being paid for, and no longer lapses by itself.
    PaymentStarted {
        /// Which.
        hold: HoldId,
        /// For which order.
        order: OrderId,
        /// Until when the buyer may pay. The orders worker acts on it, the core does not.
        pay_by: Timestamp,
        /// Who buys, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer: Option<BuyerId>,
    },
    /// The payment was given up, perhaps before it began; the hold is open again.
    PaymentGivenUp {
        /// Which.
        hold: HoldId,
        /// For which order it was, or would have been, paying.
        order: OrderId,
        /// When it lapses now.
        expires_at: Timestamp,
    },
    /// Payment did not come; the hold's places are free again.
    PaymentEnded {
        /// Which.
        hold: HoldId,
        /// For which order it was paying.
        order: OrderId,
    },
    /// Places were sold.
    Booked {
        /// The new booking.
        booking: BookingId,
        /// The hold that it was made of; a late sale may have none that stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<HoldId>,
        /// The order that pays for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<OrderId>,
        /// Who had held it.
        origin: Origin,
        /// Who bought, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer: Option<BuyerId>,
        /// Its seats.
        seats: Vec<SeatNo>,
        /// Its places of areas.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<AreaCount>,
        /// A late sale whose places had gone back into this allocation: all places of areas, and the seats that are in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allocation: Option<AllocationId>,
    },
    /// Booked places are on sale again.
    BookingCancelled {
        /// Which.
        booking: BookingId,
        /// The seats that came back.
        seats: Vec<SeatNo>,
        /// How many places came back to which areas.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<AreaCount>,
    },
    /// Places are kept from sale.
    SeatsBlocked {
        /// In which allocation.
        allocation: AllocationId,
        /// Which seats.
        seats: Vec<SeatNo>,
        /// How many more places of which areas.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<AreaCount>,
        /// For whom or why.
        reason: String,
        /// When they return to sale by themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_at: Option<Timestamp>,
    },
    /// Places of an allocation are on sale again.
    SeatsUnblocked {
        /// Of which allocation.
        allocation: AllocationId,
        /// Which seats.
        seats: Vec<SeatNo>,
        /// How many places of which areas.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<AreaCount>,
        /// Its time had come, rather than that somebody lifted it.
        #[serde(default)]
        by_time: bool,
    },
    /// The show has these rules.
    Configured {
        /// The rules, whole.
        settings: Settings,
    },
    /// The show may be sold.
    Published,
    /// The sale is stopped for a while.
    Paused {
        /// Why.
        reason: String,
        /// What the public is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_message: Option<String>,
    },
    /// The sale goes on.
    Resumed {
        /// How much later every open hold and its cap are now due.
        holds_shifted_by_ms: DurationMs,
    },
    /// The show will not take place.
    Cancelled {
        /// Why.
        reason: String,
        /// What the public is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_message: Option<String>,
    },
    /// The show has another date.
    Moved {
        /// Why.
        reason: String,
        /// What the public is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_message: Option<String>,
    },
    /// The show has taken place.
    Ended,
    /// The show is on another version of its plan. Who reads on does so on that one.
    PlanChanged {
        /// The version that it was on before; older lines don't say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<PlanVersionId>,
        /// The version that it is on now.
        version: PlanVersionId,
        /// Seats of allocations that this version hasn't; they are nobody's from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dropped: Vec<SeatNo>,
    },
}
