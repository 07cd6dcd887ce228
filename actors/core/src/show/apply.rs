//! Carrying out what was decided. Nothing here refuses anything: an event is a fact. Numbers that this plan hasn't are passed
//! over, because a journal may be older than the plan that it is replayed on.

use std::collections::VecDeque;

use super::bookings::Booking;
use super::record::{Allocation, By, Hold, Kept, places, quantity_in, set_quantity};
use super::table::{Owner, Slot};
use super::{HoldState, REMEMBERED_HOLDS_MAX, REMEMBERED_MS, Show, ShowState, Touched};
use crate::command::AreaCount;
use crate::event::Event;
use crate::ids::{AllocationId, AreaNo, BookingId, BuyerId, HoldId, SeatNo};
use crate::time::{DurationMs, Timestamp};

impl Show {
    /// Carries out an event that was decided at `at`. Adds to `touched` what changed by it.
    ///
    /// Cannot fail and decides nothing. Ended holds are forgotten here, by the time of the event, so that a replay forgets what
    /// the first run forgot.
    pub fn apply(&mut self, at: Timestamp, event: &Event, touched: &mut Touched) {
        self.forget(at);
        match event {
            Event::SeatsHeld { hold, origin, seats, areas, allocation, expires_at, extendable_until, request } => {
                let record = Hold {
                    state: HoldState::Open { expires_at: *expires_at },
                    origin: *origin,
                    seats: seats.clone(),
                    areas: areas.clone(),
                    extendable_until: *extendable_until,
                    request: *request,
                    customer: None,
                    allocation: *allocation,
                    given_up: Vec::new(),
                };
                self.apply_held(at, *hold, record, touched);
            }
            Event::HoldChanged { hold, added, removed, areas } => {
                self.apply_changed(*hold, added, removed, areas, touched);
            }
            Event::HoldExtended { hold, expires_at } => {
                self.set_hold_state(*hold, HoldState::Open { expires_at: *expires_at }, touched);
            }
            Event::HoldReleased { hold } => self.end_hold(*hold, HoldState::Released { at }, touched),
            Event::HoldLapsed { hold } => self.end_hold(*hold, HoldState::Lapsed { at }, touched),
            Event::PaymentStarted { hold, order, pay_by, customer } => {
                self.set_hold_state(*hold, HoldState::Paying { order: *order, pay_by: *pay_by }, touched);
                self.set_customer(*hold, *customer);
            }
            Event::PaymentGivenUp { hold, order, expires_at } => {
                self.set_customer(*hold, None);
                if let Some(record) = self.holds.get_mut(*hold) {
                    record.given_up.push(*order);
                }
                self.set_hold_state(*hold, HoldState::Open { expires_at: *expires_at }, touched);
            }
            Event::PaymentEnded { hold, order: _ } => self.end_hold(*hold, HoldState::PaymentEnded { at }, touched),
            Event::Booked { booking, hold, order: _, origin, customer, seats, areas, allocation } => {
                let record = Booking {
                    by: By::of(*origin, *customer),
                    seats: seats.clone(),
                    areas: areas.clone(),
                    returned: Vec::new(),
                };
                self.apply_booked(at, *booking, *hold, *allocation, record, touched);
            }
            Event::BookingCancelled { booking, seats, areas } => {
                self.apply_booking_cancelled(*booking, seats, areas, touched);
            }
            Event::SeatsBlocked { allocation, seats, areas, reason, release_at } => {
                self.apply_blocked(*allocation, seats, areas, reason, *release_at, touched);
            }
            Event::SeatsUnblocked { allocation, seats, areas, by_time } => {
                self.apply_unblocked(*allocation, seats, areas, *by_time, touched);
            }
            Event::Configured { settings } => {
                self.settings = settings.clone();
                touched.show = true;
            }
            Event::Published => self.set_state(ShowState::Published, touched),
            Event::Paused { reason: _, public_message } => {
                // A second pause changes what the public is told, not since when the holds stand still.
                let since = self.paused_since().unwrap_or(at);
                self.set_state(ShowState::Paused { since, public_message: public_message.clone() }, touched);
            }
            Event::Resumed { holds_shifted_by_ms } => {
                self.shift_holds(*holds_shifted_by_ms);
                self.set_state(ShowState::Published, touched);
            }
            Event::Cancelled { reason: _, public_message } => {
                self.set_state(ShowState::Cancelled { public_message: public_message.clone() }, touched);
            }
            Event::Moved { reason: _, public_message } => {
                self.set_state(ShowState::Moved { public_message: public_message.clone() }, touched);
            }
            Event::Ended => self.set_state(ShowState::Ended, touched),
            Event::PlanChanged { from: _, version, dropped } => {
                for &seat in dropped {
                    self.give_seat(seat, Owner::Nobody, touched);
                }
                self.plan_version = *version;
            }
        }
    }

    fn set_state(&mut self, state: ShowState, touched: &mut Touched) {
        let before = self.paused_since();
        self.state = state;
        touched.show = true;
        if before != self.paused_since() {
            // Their clocks stand still from now on, or run again.
            touched.holds.extend(self.lapses.iter().map(|&(_, hold)| hold));
        }
    }

    fn forget(&mut self, at: Timestamp) {
        let mut forgotten = false;
        while let Some(&(ended_at, hold)) = self.ended.front()
            && (ended_at.plus_ms(REMEMBERED_MS) <= at || self.ended.len() > REMEMBERED_HOLDS_MAX)
        {
            self.ended.pop_front();
            forgotten = true;
            if self.holds.get(hold).is_some_and(|record| record.state.ended_at() == Some(ended_at)) {
                self.holds.remove(hold);
            }
            if self.ended.is_empty() {
                self.ended = VecDeque::new();
            }
        }
        // The show comes to rest, or has been busy for long.
        let rests = forgotten && self.holds.is_empty();
        if rests || self.bookings.has_too_many_recent() {
            self.bookings.settle(&mut self.table);
        }
        if rests {
            self.bookings.forget_counts();
        }
    }

    fn apply_held(&mut self, at: Timestamp, hold: HoldId, record: Hold, touched: &mut Touched) {
        if self.holds.get(hold).is_some_and(Hold::stands) {
            self.end_hold(hold, HoldState::Released { at }, touched);
        }
        let (seats, areas, from) = (record.seats.clone(), record.areas.clone(), record.allocation);
        if let HoldState::Open { expires_at } = record.state {
            self.lapses.insert((expires_at, hold));
        }
        self.uses.hold(record.by(), 1, count(record.places()));
        let slot = self.holds.insert(hold, record);
        // Where somebody holds, others will ask.
        if self.settings.places_per_buyer_max.is_some() {
            self.bookings.count(&self.table);
        }
        self.take_for_hold(slot, &seats, touched);
        for count in &areas {
            self.take_area_for_hold(from, count.area, count.quantity, touched);
        }
        touched.holds.push(hold);
    }

    fn apply_changed(
        &mut self,
        hold: HoldId,
        added: &[SeatNo],
        removed: &[SeatNo],
        areas: &[AreaCount],
        touched: &mut Touched,
    ) {
        let Some(slot) = self.holds.slot(hold) else { return };
        let Some(record) = self.holds.at_mut(slot).filter(|record| record.stands()) else { return };
        let (before, by, from) = (record.places(), record.by(), record.allocation);
        record.seats.retain(|seat| !removed.contains(seat));
        for &seat in added {
            if !record.seats.contains(&seat) {
                record.seats.push(seat);
            }
        }
        let mut differences = Vec::with_capacity(areas.len());
        for count in areas {
            differences.push((count.area, quantity_in(&record.areas, count.area), count.quantity));
            set_quantity(&mut record.areas, count.area, count.quantity);
        }
        let after = record.places();
        self.return_from_hold(slot, from, removed, touched);
        self.take_for_hold(slot, added, touched);
        for (area, had, has) in differences {
            if has > had {
                self.take_area_for_hold(from, area, has - had, touched);
            } else {
                self.return_area_from_hold(from, area, had - has, touched);
            }
        }
        self.uses.hold(by, 0, count(after) - count(before));
        touched.holds.push(hold);
    }

    /// A hold that stands goes on standing, in another state.
    fn set_hold_state(&mut self, hold: HoldId, state: HoldState, touched: &mut Touched) {
        let Some(record) = self.holds.get_mut(hold).filter(|record| record.stands()) else { return };
        if let HoldState::Open { expires_at } = record.state {
            self.lapses.remove(&(expires_at, hold));
        }
        record.state = state;
        if let HoldState::Open { expires_at } = state {
            self.lapses.insert((expires_at, hold));
        }
        touched.holds.push(hold);
    }

    /// Ends a hold; what is still its own goes back to where it came from.
    fn end_hold(&mut self, hold: HoldId, state: HoldState, touched: &mut Touched) {
        let Some(slot) = self.holds.slot(hold) else { return };
        let Some(record) = self.holds.at(slot).map(|(_, record)| record).filter(|record| record.stands()) else {
            return;
        };
        let (seats, areas, from) = (record.seats.clone(), record.areas.clone(), record.allocation);
        self.close_hold(hold, state, touched);
        self.return_from_hold(slot, from, &seats, touched);
        for count in areas {
            self.return_area_from_hold(from, count.area, count.quantity, touched);
        }
    }

    /// The part of ending that every end has: the hold's deadline, its buyer's count, its new state.
    fn close_hold(&mut self, hold: HoldId, state: HoldState, touched: &mut Touched) {
        let Some(record) = self.holds.get_mut(hold) else { return };
        if let HoldState::Open { expires_at } = record.state {
            self.lapses.remove(&(expires_at, hold));
        }
        record.state = state;
        let (by, had) = (record.by(), record.places());
        record.customer = None;
        if let Some(ended_at) = state.ended_at() {
            self.ended.push_back((ended_at, hold));
        }
        self.uses.hold(by, -1, -count(had));
        self.uses.paying(by, -count(had));
        touched.holds.push(hold);
    }

    /// Who pays for a hold that stands; nobody, once it is open again.
    fn set_customer(&mut self, hold: HoldId, customer: Option<BuyerId>) {
        let Some(record) = self.holds.get_mut(hold).filter(|record| record.stands()) else { return };
        let (before, places) = (record.by(), count(record.places()));
        record.customer = customer;
        let after = record.by();
        self.uses.paying(before, -places);
        self.uses.paying(after, places);
    }

    fn apply_booked(
        &mut self,
        at: Timestamp,
        booking: BookingId,
        hold: Option<HoldId>,
        allocation: Option<AllocationId>,
        record: Booking,
        touched: &mut Touched,
    ) {
        let hold = hold.filter(|&hold| self.holds.get(hold).is_some_and(Hold::stands));
        if let Some(hold) = hold {
            self.close_hold(hold, HoldState::Booked { booking, at }, touched);
        }
        let (seats, areas) = (record.seats.clone(), record.areas.clone());
        self.uses.code(record.by, count(places(&seats, &areas)));
        let slot = self.bookings.insert(booking, record);
        for &seat in &seats {
            self.give_seat(seat, Owner::Booking(slot), touched);
        }
        for taken in &areas {
            let from = match (hold, self.standing_allocation(allocation)) {
                (Some(_), _) => Some(Kept::Held),
                (None, Some(slot)) => {
                    self.shrink_allocation(slot, taken.area, taken.quantity);
                    Some(Kept::Blocked)
                }
                (None, None) => None,
            };
            self.move_area(taken.area, from, Some(Kept::Booked), taken.quantity, touched);
        }
    }

    fn apply_booking_cancelled(
        &mut self,
        booking: BookingId,
        seats: &[SeatNo],
        areas: &[AreaCount],
        touched: &mut Touched,
    ) {
        // One that is not known is known from now on, so that it is never made.
        let known = self.bookings.slot(booking);
        let slot = known.unwrap_or_else(|| self.bookings.insert(booking, Booking::default()));
        let by = self.bookings.by(slot);
        let mut left = self.bookings.areas(slot).to_vec();
        let mut back = Vec::with_capacity(areas.len());
        for count in areas {
            let had = quantity_in(&left, count.area);
            let quantity = count.quantity.min(had);
            set_quantity(&mut left, count.area, had - quantity);
            back.push(AreaCount { area: count.area, quantity });
        }
        self.bookings.give_back(slot, seats, left);
        self.uses.code(by, -count(places(seats, &back)));
        for &seat in seats {
            if self.table.owner(seat) == Owner::Booking(slot) {
                self.give_seat(seat, Owner::Nobody, touched);
            }
        }
        for count in back {
            self.move_area(count.area, Some(Kept::Booked), None, count.quantity, touched);
        }
    }

    fn apply_blocked(
        &mut self,
        allocation: AllocationId,
        seats: &[SeatNo],
        areas: &[AreaCount],
        reason: &str,
        release_at: Option<Timestamp>,
        touched: &mut Touched,
    ) {
        if self.allocations.slot(allocation).is_none() {
            self.allocations.insert(allocation, Allocation::default());
        }
        let Some(slot) = self.allocations.slot(allocation) else { return };
        let Some(record) = self.allocations.at_mut(slot) else { return };
        if let Some(release_at) = record.release_at {
            self.releases.remove(&(release_at, allocation));
        }
        record.reason = reason.to_owned();
        record.release_at = release_at;
        record.closed = false;
        for count in areas {
            let had = quantity_in(&record.areas, count.area);
            set_quantity(&mut record.areas, count.area, had.saturating_add(count.quantity));
        }
        if let Some(release_at) = release_at {
            self.releases.insert((release_at, allocation));
        }
        for &seat in seats {
            self.give_seat(seat, Owner::Allocation(slot), touched);
        }
        for count in areas {
            self.move_area(count.area, None, Some(Kept::Blocked), count.quantity, touched);
        }
    }

    fn apply_unblocked(
        &mut self,
        allocation: AllocationId,
        seats: &[SeatNo],
        areas: &[AreaCount],
        by_time: bool,
        touched: &mut Touched,
    ) {
        let Some(slot) = self.allocations.slot(allocation) else { return };
        for &seat in seats {
            if self.table.owner(seat) == Owner::Allocation(slot) {
                self.give_seat(seat, Owner::Nobody, touched);
            }
        }
        for count in areas {
            let Some(record) = self.allocations.at_mut(slot) else { return };
            let had = quantity_in(&record.areas, count.area);
            let quantity = count.quantity.min(had);
            set_quantity(&mut record.areas, count.area, had - quantity);
            self.move_area(count.area, Some(Kept::Blocked), None, quantity, touched);
        }
        let Some(record) = self.allocations.at_mut(slot) else { return };
        for seat in seats {
            record.seats.remove(seat);
        }
        if by_time || record.is_empty() {
            record.closed = true;
            if let Some(release_at) = record.release_at.take() {
                self.releases.remove(&(release_at, allocation));
            }
        }
    }

    fn shift_holds(&mut self, by_ms: DurationMs) {
        let open: Vec<(Timestamp, HoldId)> = std::mem::take(&mut self.lapses).into_iter().collect();
        for (expires_at, hold) in open {
            let expires_at = expires_at.plus_ms(by_ms);
            if let Some(record) = self.holds.get_mut(hold) {
                record.state = HoldState::Open { expires_at };
                record.extendable_until = record.extendable_until.plus_ms(by_ms);
            }
            self.lapses.insert((expires_at, hold));
        }
    }

    fn take_for_hold(&mut self, slot: Slot, seats: &[SeatNo], touched: &mut Touched) {
        for &seat in seats {
            self.give_seat(seat, Owner::Hold(slot), touched);
        }
    }

    fn return_from_hold(&mut self, slot: Slot, from: Option<AllocationId>, seats: &[SeatNo], touched: &mut Touched) {
        let home = self.standing_allocation(from).map_or(Owner::Nobody, Owner::Allocation);
        for &seat in seats {
            if self.table.owner(seat) == Owner::Hold(slot) {
                self.give_seat(seat, home, touched);
            }
        }
    }

    fn take_area_for_hold(&mut self, from: Option<AllocationId>, area: AreaNo, quantity: u32, touched: &mut Touched) {
        let home = self.standing_allocation(from);
        if let Some(slot) = home {
            self.shrink_allocation(slot, area, quantity);
        }
        self.move_area(area, home.map(|_| Kept::Blocked), Some(Kept::Held), quantity, touched);
    }

    fn shrink_allocation(&mut self, slot: Slot, area: AreaNo, by: u32) {
        if let Some(record) = self.allocations.at_mut(slot) {
            let had = quantity_in(&record.areas, area);
            set_quantity(&mut record.areas, area, had.saturating_sub(by));
        }
    }

    fn return_area_from_hold(
        &mut self,
        from: Option<AllocationId>,
        area: AreaNo,
        quantity: u32,
        touched: &mut Touched,
    ) {
        let home = self.standing_allocation(from);
        if let Some(record) = home.and_then(|slot| self.allocations.at_mut(slot)) {
            let had = quantity_in(&record.areas, area);
            set_quantity(&mut record.areas, area, had.saturating_add(quantity));
        }
        self.move_area(area, Some(Kept::Held), home.map(|_| Kept::Blocked), quantity, touched);
    }

    /// Gives a seat to somebody; keeps the lists of the allocations that it leaves and joins.
    fn give_seat(&mut self, seat: SeatNo, owner: Owner, touched: &mut Touched) {
        let before = self.table.set(&self.plan, seat, owner);
        if let Owner::Allocation(slot) = before
            && before != owner
            && let Some(record) = self.allocations.at_mut(slot)
        {
            record.seats.remove(&seat);
        }
        if let Owner::Allocation(slot) = owner
            && let Some(record) = self.allocations.at_mut(slot)
        {
            record.seats.insert(seat);
        }
        if before != owner && self.table.owner(seat) == owner {
            touched.seats.push(seat);
        }
    }

    fn move_area(&mut self, area: AreaNo, from: Option<Kept>, to: Option<Kept>, quantity: u32, touched: &mut Touched) {
        let Some(place) = self.place_of_area(area) else { return };
        let counts = &mut self.areas[place];
        if let Some(from) = from {
            let count = counts.of(from);
            *count = count.saturating_sub(quantity);
        }
        if let Some(to) = to {
            let count = counts.of(to);
            *count = count.saturating_add(quantity);
        }
        if quantity > 0 && from.is_none() != to.is_none() {
            touched.areas.push(area);
        }
    }
}

/// Places as what is added and taken away.
pub(super) fn count(places: u64) -> i64 {
    i64::try_from(places).unwrap_or(i64::MAX)
}
