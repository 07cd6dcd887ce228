//! What a show remembers of its holds, bookings and allocations.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use super::HoldState;
use crate::command::{AreaCount, Origin, RequestHash};
use crate::ids::{AccessCodeId, AllocationId, AreaNo, BuyerId, OrderId, SeatNo};
use crate::time::Timestamp;

/// A hold that stands, or that ended less than [`super::REMEMBERED_MS`] ago and is one of the last
/// [`super::REMEMBERED_HOLDS_MAX`] that did. An ended one keeps what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub state: HoldState,
    pub origin: Origin,
    pub seats: Vec<SeatNo>,
    pub areas: Vec<AreaCount>,
    pub extendable_until: Timestamp,
    pub request: Option<RequestHash>,
    /// Who is paying; nobody while it is open.
    pub customer: Option<BuyerId>,
    /// Out of which allocation its places came, and to which they go back.
    pub allocation: Option<AllocationId>,
    /// Orders that have given it up: a word of theirs that comes late begins no payment.
    pub given_up: Vec<OrderId>,
}

impl Hold {
    /// Whether its places are its own.
    pub fn stands(&self) -> bool {
        self.state.ended_at().is_none()
    }

    pub fn places(&self) -> u64 {
        places(&self.seats, &self.areas)
    }

    pub fn by(&self) -> By {
        By::of(self.origin, self.customer)
    }
}

/// Somebody whose limit counts: a [`BuyerId`], folded to six bytes, since there is one for every booking. The show only ever asks
/// whether two are the same; that a new one is taken for one of a hundred thousand has a chance of one in three billion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Person(NonZeroU16, u16, u16);

impl From<BuyerId> for Person {
    fn from(buyer: BuyerId) -> Self {
        let (high, low) = buyer.0.as_u64_pair();
        let folded = high ^ low;
        #[allow(clippy::cast_possible_truncation, reason = "each takes its sixteen bits")]
        let part = |at: u32| (folded >> (16 * at)) as u16;
        Self(NonZeroU16::new(part(0) ^ part(3)).unwrap_or(NonZeroU16::MIN), part(1), part(2))
    }
}

/// Against whose limits places count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct By {
    /// Who held them.
    pub buyer: Option<Person>,
    /// Who pays, or paid, for them.
    pub customer: Option<Person>,
    /// Under which access code.
    pub code: Option<AccessCodeId>,
}

impl By {
    pub fn of(origin: Origin, customer: Option<BuyerId>) -> Self {
        Self {
            buyer: origin.buyer.map(Person::from),
            customer: customer.map(Person::from),
            code: origin.code.map(|code| code.id),
        }
    }
}

/// Places kept by the house; known for ever, also when it is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Allocation {
    pub reason: String,
    pub release_at: Option<Timestamp>,
    pub seats: BTreeSet<SeatNo>,
    pub areas: Vec<AreaCount>,
    /// Over: places that were held out of it go to sale when they come back.
    pub closed: bool,
}

impl Allocation {
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty() && self.areas.is_empty()
    }
}

/// The places of one area that aren't free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AreaUse {
    pub held: u32,
    pub booked: u32,
    pub blocked: u32,
}

/// What a place of an area is, when it isn't free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Held,
    Booked,
    Blocked,
}

impl AreaUse {
    pub fn of(&mut self, kept: Kept) -> &mut u32 {
        match kept {
            Kept::Held => &mut self.held,
            Kept::Booked => &mut self.booked,
            Kept::Blocked => &mut self.blocked,
        }
    }

    pub fn all(&self) -> u32 {
        self.held.saturating_add(self.booked).saturating_add(self.blocked)
    }
}

/// How many places these are together.
pub(super) fn places(seats: &[SeatNo], areas: &[AreaCount]) -> u64 {
    seats.len() as u64 + areas.iter().map(|area| u64::from(area.quantity)).sum::<u64>()
}

/// How many places of one area a list has.
pub(super) fn quantity_in(areas: &[AreaCount], area: AreaNo) -> u32 {
    areas.iter().find(|count| count.area == area).map_or(0, |count| count.quantity)
}

/// Sets how many places of one area a list has; zero takes the area out.
pub(super) fn set_quantity(areas: &mut Vec<AreaCount>, area: AreaNo, quantity: u32) {
    match areas.iter_mut().find(|count| count.area == area) {
        Some(count) if quantity > 0 => count.quantity = quantity,
        Some(_) => areas.retain(|count| count.area != area),
        None if quantity > 0 => areas.push(AreaCount { area, quantity }),
        None => {}
    }
}
