//! Reading a show: views, letters, counts.

use std::sync::Arc;

use super::bookings::Booking;
use super::record::{Allocation, AreaUse, Hold};
use super::table::{Counts, Owner};
use super::{AllocationView, Answer, BookingView, HoldState, HoldView, SeatState, Show, ShowState};
use crate::command::{AreaCount, Command};
use crate::ids::{AccessCodeId, AllocationId, AreaNo, BookingId, CategoryNo, HoldId, SeatNo, ShowId};
use crate::plan::Plan;
use crate::settings::Settings;
use crate::time::Timestamp;

impl Show {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> ShowId {
        self.id
    }

    /// The places it is played on.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What the show as a whole is.
    #[must_use]
    pub fn state(&self) -> &ShowState {
        &self.state
    }

    /// Its rules.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A hold that stands, or that ended not long ago; an ended one may still be seen a little longer than it is remembered.
    #[must_use]
    pub fn hold(&self, hold: HoldId) -> Option<HoldView> {
        self.holds.get(hold).map(|record| self.hold_view(hold, record))
    }

    /// All of them.
    #[must_use]
    pub fn holds(&self) -> Vec<HoldView> {
        self.holds.iter().map(|(hold, record)| self.hold_view(hold, record)).collect()
    }

    fn hold_view(&self, hold: HoldId, record: &Hold) -> HoldView {
        let still_since = match record.state {
            HoldState::Open { .. } => self.paused_since(),
            HoldState::Paying { .. }
            | HoldState::Released { .. }
            | HoldState::Lapsed { .. }
            | HoldState::PaymentEnded { .. }
            | HoldState::Booked { .. } => None,
        };
        HoldView {
            hold,
            state: record.state,
            origin: record.origin,
            seats: record.seats.clone(),
            areas: record.areas.clone(),
            extendable_until: record.extendable_until,
            still_since,
            request: record.request,
        }
    }

    /// A booking, also a cancelled one.
    #[must_use]
    pub fn booking(&self, booking: BookingId) -> Option<BookingView> {
        let slot = self.bookings.slot(booking)?;
        Some(booking_view(booking, self.bookings.read(slot, &self.table)))
    }

    /// An allocation, also one that is over.
    #[must_use]
    pub fn allocation(&self, allocation: AllocationId) -> Option<AllocationView> {
        self.allocations.get(allocation).map(|record| allocation_view(allocation, record))
    }

    /// How many places are held and booked under each access code; those under which there are none are left out. By id.
    #[must_use]
    pub fn code_uses(&self) -> Vec<(AccessCodeId, u64)> {
        self.uses.codes()
    }

    /// The allocations that stand, by id.
    #[must_use]
    pub fn allocations(&self) -> Vec<AllocationView> {
        let mut all: Vec<_> = self
            .allocations
            .iter()
            .filter(|(_, record)| !record.closed)
            .map(|(allocation, record)| allocation_view(allocation, record))
            .collect();
        all.sort_by_key(|view| view.allocation);
        all
    }

    /// What a seat is to the show; `None` where its plan hasn't this seat.
    #[must_use]
    pub fn seat(&self, seat: SeatNo) -> Option<SeatState> {
        self.plan.seat(seat)?;
        Some(match self.table.owner(seat) {
            Owner::Nobody => SeatState::Available,
            Owner::Hold(slot) => {
                self.holds.at(slot).map_or(SeatState::Available, |&(hold, _)| SeatState::Held { hold })
            }
            Owner::Booking(slot) => {
                self.bookings.id_at(slot).map_or(SeatState::Available, |booking| SeatState::Booked { booking })
            }
            Owner::Allocation(slot) => self
                .allocations
                .at(slot)
                .map_or(SeatState::Available, |&(allocation, _)| SeatState::Blocked { allocation }),
        })
    }

    /// The public character of a seat; a seat that the plan hasn't is blocked.
    #[must_use]
    pub fn letter(&self, seat: SeatNo) -> u8 {
        self.seat(seat).map_or(b'x', SeatState::letter)
    }

    /// The public characters of all seats, in the plan's order.
    #[must_use]
    pub fn letters(&self) -> String {
        self.plan.order().iter().map(|&seat| char::from(self.letter(seat))).collect()
    }

    /// How many places of an area nobody has; `None` where the plan hasn't this area.
    #[must_use]
    pub fn area_available(&self, area: AreaNo) -> Option<u32> {
        let place = self.place_of_area(area)?;
        Some(self.free_in_area(place))
    }

    /// The free places of all areas, in the plan's order.
    #[must_use]
    pub fn areas_available(&self) -> Vec<(AreaNo, u32)> {
        self.plan.areas().iter().enumerate().map(|(place, area)| (area.number, self.free_in_area(place))).collect()
    }

    pub(super) fn free_in_area(&self, place: usize) -> u32 {
        let capacity = self.plan.areas().get(place).map_or(0, |area| area.capacity);
        capacity.saturating_sub(self.areas.get(place).map_or(0, |counts| counts.all()))
    }

    /// Seats and places of areas of one category, counted by what they are.
    #[must_use]
    pub fn counts(&self, category: CategoryNo) -> Counts {
        let mut counts = self.table.counts(category);
        for (place, _) in self.plan.areas().iter().enumerate().filter(|(_, area)| area.category == category) {
            let other = self.area_counts(place);
            counts.available += other.available;
            counts.held += other.held;
            counts.booked += other.booked;
            counts.blocked += other.blocked;
        }
        counts
    }

    fn area_counts(&self, place: usize) -> Counts {
        let used = self.areas.get(place).copied().unwrap_or_default();
        Counts { available: self.free_in_area(place), held: used.held, booked: used.booked, blocked: used.blocked }
    }

    /// [`Show::counts`] of every category, by [`CategoryNo`].
    #[must_use]
    pub fn counts_by_category(&self) -> Vec<Counts> {
        (0..self.plan.categories().len())
            .filter_map(|at| u16::try_from(at).ok())
            .map(|at| self.counts(CategoryNo(at)))
            .collect()
    }

    /// How many places nobody has: seats and areas together.
    #[must_use]
    pub fn places_available(&self) -> u32 {
        self.counts_by_category().iter().map(|counts| counts.available).sum()
    }

    /// How many places there are: seats and areas together.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.counts_by_category().iter().map(Counts::places).sum()
    }

    /// When [`Show::expire`] next has something to say, if nothing else happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let release = self.releases.first().map(|&(at, _)| at);
        // A pause stops the clock of every open hold; what is due at that clock already is due all the same.
        let stands_still = |at: &Timestamp| self.paused_since().is_none_or(|since| *at <= since);
        let lapse = self.lapses.first().map(|&(at, _)| at).filter(stands_still);
        [release, lapse].into_iter().flatten().min()
    }

    /// What the caller is told, once the events of `command` are applied.
    #[must_use]
    pub fn answer(&self, command: &Command) -> Answer {
        match command {
            Command::Hold(wanted) => self.hold(wanted.hold).map_or(Answer::Done, Answer::Hold),
            Command::ChangeHold { hold, .. }
            | Command::ExtendHold { hold }
            | Command::ReleaseHold { hold }
            | Command::StartPayment { hold, .. }
            | Command::ReopenHold { hold, .. }
            | Command::EndPayment { hold, .. } => self.hold(*hold).map_or(Answer::Done, Answer::Hold),
            Command::Book { booking, .. } | Command::CancelBooking { booking, .. } => self.answer_booking(*booking),
            Command::SellLate(sale) => self.answer_booking(sale.booking),
            Command::Block { allocation, .. } | Command::Unblock { allocation, .. } => {
                self.allocation(*allocation).map_or(Answer::Done, Answer::Allocation)
            }
            Command::Configure(_) | Command::Change(_) | Command::ChangePlan(_) => Answer::Done,
        }
    }

    fn answer_booking(&self, booking: BookingId) -> Answer {
        self.booking(booking).map_or(Answer::Done, Answer::Booking)
    }

    /// What the show takes in memory, about: its tables and records, without the plan, which shows share.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_holds = self.holds.iter().map(|(_, record)| {
            record.seats.capacity() * size_of::<SeatNo>() + record.areas.capacity() * size_of::<AreaCount>()
        });
        // A set of seats is a tree, whose leaves are half empty at worst.
        let of_allocations = self.allocations.iter().map(|(_, record)| {
            2 * record.seats.len() * size_of::<SeatNo>()
                + record.areas.capacity() * size_of::<AreaCount>()
                + record.reason.capacity()
        });
        let lists: usize = of_holds.chain(of_allocations).sum();
        let deadlines = 2 * self.lapses.len() * size_of::<(Timestamp, HoldId)>()
            + 2 * self.releases.len() * size_of::<(Timestamp, AllocationId)>()
            + self.ended.capacity() * size_of::<(Timestamp, HoldId)>();
        size_of::<Self>()
            + self.table.bytes()
            + self.holds.bytes()
            + self.bookings.bytes()
            + self.allocations.bytes()
            + self.areas.capacity() * size_of::<AreaUse>()
            + self.uses.bytes()
            + deadlines
            + lists
    }
}

fn booking_view(booking: BookingId, record: Booking) -> BookingView {
    BookingView { booking, cancelled: record.is_cancelled(), seats: record.seats, areas: record.areas }
}

fn allocation_view(allocation: AllocationId, record: &Allocation) -> AllocationView {
    AllocationView {
        allocation,
        reason: record.reason.clone(),
        release_at: record.release_at,
        seats: record.seats.iter().copied().collect(),
        areas: record.areas.clone(),
    }
}
