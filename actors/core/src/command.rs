//! What somebody wants. Imperative; may be refused.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{
    AccessCodeId, AllocationId, AreaNo, BookingId, BuyerId, CategoryNo, HoldId, OrderId, SeatNo, SectionNo,
};
use crate::plan::Plan;
use crate::settings::Settings;
use crate::time::{DurationMs, Timestamp};

/// A hash over a request's body, to tell "the same request again" from "the same key, another request".
pub type RequestHash = u64;

/// Through which door a command came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Anybody, at the public sale.
    Public,
    /// A buyer with an access code that opens a presale, and that the server has checked: may hold before `on_sale_at`.
    AccessCode,
    /// Out of an allocation, for whom it was kept: may hold its places before `on_sale_at`, and only those.
    Allocation,
    /// The house's own staff, or a shop with an API key: sales times and the orphan rule do not bind them.
    Staff,
}

/// Who wants it, as far as the core cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Through which door.
    pub channel: Channel,
    /// Whose limits it counts against; `None` where the buyer is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<BuyerId>,
    /// The access code that opened the door, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<AccessCode>,
}

/// An access code, as far as the core cares: what is held and booked under it is counted against what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessCode {
    /// Which.
    pub id: AccessCodeId,
    /// How many places may be held and booked under it together, by all who know it; `None` is no limit. A hold keeps the
    /// limit under which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places_max: Option<u32>,
}

/// So many places of one general-admission area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaCount {
    /// Which area.
    pub area: AreaNo,
    /// How many places.
    pub quantity: u32,
}

/// "The best `quantity` that you have." The event records the seats that were chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestAvailable {
    /// How many seats.
    pub quantity: u32,
    /// Only in this category.
    pub category: Option<CategoryNo>,
    /// Only in this section.
    pub section: Option<SectionNo>,
    /// How many of them must be accessible.
    pub accessible: u32,
    /// How many of them may be companion seats, beside the accessible ones.
    pub companions: u32,
}

/// What a new hold asks for: named seats, or the best available, and places of areas. At least one place in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldSeats {
    /// The id of the hold to be made; derived from the idempotency key where there is one.
    pub hold: HoldId,
    /// Who wants it.
    pub origin: Origin,
    /// Named seats.
    pub seats: Vec<SeatNo>,
    /// Or the best available; never together with named seats.
    pub best: Option<BestAvailable>,
    /// Places of areas.
    pub areas: Vec<AreaCount>,
    /// Staff only: take the places out of this allocation instead of out of the free ones.
    pub allocation: Option<AllocationId>,
    /// Set where the caller gave an idempotency key: the same hold id with the same hash is answered again, with another
    /// hash it is refused.
    pub request: Option<RequestHash>,
}

/// A payment that arrived after its hold had ended, and that the server judged to have been made in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateSale {
    /// The booking to be made.
    pub booking: BookingId,
    /// The order that was paid.
    pub order: OrderId,
    /// The hold that had been paid for. Where it still stands, it is booked as it is.
    pub hold: HoldId,
    /// The seats that were in it.
    pub seats: Vec<SeatNo>,
    /// The places that were in it.
    pub areas: Vec<AreaCount>,
    /// The buyer agreed in advance to equal or better adjacent seats.
    pub accept_equal: bool,
    /// Who had the hold, where the show has forgotten it.
    pub origin: Origin,
    /// Who paid.
    pub customer: Option<BuyerId>,
}

/// What the house does with the show as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateChange {
    /// Draft to published.
    Publish,
    /// Stop the sale for a while; open holds keep their remaining time.
    Pause {
        /// Why, for the house's own record.
        reason: String,
        /// What the public is told.
        public_message: Option<String>,
    },
    /// Go on after a pause; holds get back the time that the pause took.
    Resume,
    /// The show will not take place.
    Cancel {
        /// Why, for the house's own record.
        reason: String,
        /// What the public is told.
        public_message: Option<String>,
    },
    /// The show has another date: sale is stopped until it is published again.
    Move {
        /// Why, for the house's own record.
        reason: String,
        /// What the public is told.
        public_message: Option<String>,
    },
    /// The show has taken place.
    End,
}

/// What somebody wants of one show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Set places aside for one buyer. All or nothing.
    Hold(HoldSeats),
    /// Change an open hold: all or nothing, its deadline stays. An empty result releases it.
    ChangeHold {
        /// Which.
        hold: HoldId,
        /// Seats to add; those it already has are left alone.
        add: Vec<SeatNo>,
        /// Seats to give back; those it hasn't are left alone.
        remove: Vec<SeatNo>,
        /// New totals for the areas that are named; zero gives all back. Areas not named stay.
        areas: Vec<AreaCount>,
    },
    /// Give an open hold its full time again, up to its cap.
    ExtendHold {
        /// Which.
        hold: HoldId,
    },
    /// Give everything back. A hold that has already ended is released again without complaint.
    ReleaseHold {
        /// Which.
        hold: HoldId,
    },
    /// The buyer is about to pay: from now on the hold does not lapse by itself. The same order again is the same answer.
    StartPayment {
        /// Which.
        hold: HoldId,
        /// For which order.
        order: OrderId,
        /// How long the buyer has to pay; `None` is the show's own setting. Orders of several shows pass one value to all.
        pay_within_ms: Option<DurationMs>,
        /// Who buys, as checkout learns it. What this customer has booked and is paying for counts together, whatever browser
        /// each hold was made in.
        customer: Option<BuyerId>,
    },
    /// The payment is given up, and the provider has confirmed it: the hold is open again, with its full time.
    ReopenHold {
        /// Which.
        hold: HoldId,
        /// For which order it was paying.
        order: OrderId,
    },
    /// The orders worker ends a hold that was paying: payment did not come.
    EndPayment {
        /// Which.
        hold: HoldId,
        /// For which order it was paying.
        order: OrderId,
    },
    /// Sell what an open or paying hold has. The same booking again is the same answer.
    Book {
        /// Which.
        hold: HoldId,
        /// The booking to be made.
        booking: BookingId,
        /// The order that pays for it; must be the one that the hold is paying for. `None` for shops that take the money
        /// themselves, which book an open hold.
        order: Option<OrderId>,
    },
    /// Money for a hold that had ended.
    SellLate(LateSale),
    /// Give booked places back: all of a booking, or a part. Names what shall be, so that twice is once.
    CancelBooking {
        /// Which.
        booking: BookingId,
        /// Which seats go back; together with `areas` empty: all of it.
        seats: Vec<SeatNo>,
        /// How many places of which areas the booking keeps at most. Areas not named stay.
        areas: Vec<AreaCount>,
    },
    /// Keep places from sale, for the house.
    Block {
        /// The allocation that they are kept in; a new one, or one that stands.
        allocation: AllocationId,
        /// Which seats. Blocking a held or booked seat is refused, with the seats named.
        seats: Vec<SeatNo>,
        /// How many places of which areas.
        areas: Vec<AreaCount>,
        /// For whom or why.
        reason: String,
        /// When they return to sale by themselves; `None` is never.
        release_at: Option<Timestamp>,
    },
    /// Put an allocation's places back on sale: all of it, or the named seats.
    Unblock {
        /// Which.
        allocation: AllocationId,
        /// Which seats; together with `areas` empty: all of it.
        seats: Vec<SeatNo>,
        /// How many places of which areas.
        areas: Vec<AreaCount>,
    },
    /// Set the show's rules. Holds that stand keep the deadlines they were given.
    Configure(Settings),
    /// Publish, pause, resume, cancel, move, end.
    Change(StateChange),
    /// Put the show on another version of its plan, also while it is on sale. Held and sold places must be in it.
    ChangePlan(NewPlan),
}

/// The version of the plan that a show is to have.
#[derive(Clone, Debug)]
pub struct NewPlan(pub Arc<Plan>);

/// A version never changes, so two plans of one version are the same.
impl PartialEq for NewPlan {
    fn eq(&self, other: &Self) -> bool {
        self.0.version() == other.0.version()
    }
}

impl Eq for NewPlan {}
