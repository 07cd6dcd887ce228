//! What the naive model does with bookings and allocations.

use std::collections::BTreeSet;

use aisle_core::*;

use super::{Allocation, Booking, Hold, Model, Outcome, Pocket, State};

impl Model {
    fn was_booked(&self, booking: BookingId) -> Result<bool, &'static str> {
        match self.bookings.get(&booking) {
            Some(known) if known.has.places() == 0 => Err("booking_cancelled"),
            known => Ok(known.is_some()),
        }
    }

    pub(super) fn book(&mut self, id: HoldId, booking: BookingId, order: Option<OrderId>) -> Outcome {
        if self.was_booked(booking)? {
            return Ok(());
        }
        self.takes_money()?;
        let known = self.known(id).ok_or("not_found")?;
        match (known.state, order) {
            (State::Open(_), None) => {}
            (State::Paying(paying), Some(order)) if paying == order => {}
            (State::Lapsed(_), _) => return Err("hold_lapsed"),
            _ => return Err("hold_not_open"),
        }
        self.sell(Some(id), booking, known.customer, known.has, known.origin);
        Ok(())
    }

    fn sell(&mut self, hold: Option<HoldId>, id: BookingId, customer: Option<BuyerId>, has: Pocket, origin: Origin) {
        if let Some(hold) = hold {
            self.holds.get_mut(&hold).unwrap().state = State::Booked(self.now);
        }
        self.bookings.insert(id, Booking { sold: has.clone(), has, customer, origin });
    }

    /// What this customer has booked and pays for, and so much more.
    pub(super) fn may_buy(&self, origin: Origin, customer: Option<BuyerId>, more: u32) -> Outcome {
        let theirs = |other: Option<BuyerId>| customer.is_some() && other == customer;
        let paying = |hold: &&Hold| matches!(hold.state, State::Paying(_)) && theirs(hold.customer);
        let paying: u32 = self.holds.values().filter(paying).map(|hold| hold.has.places()).sum();
        let booked: u32 = self.bookings.values().filter(|b| theirs(b.customer)).map(|b| b.has.places()).sum();
        let bound = origin.channel != Channel::Staff && customer.is_some();
        if bound && paying + booked + more > 6 { Err("seat_limit_reached") } else { Ok(()) }
    }

    /// `chosen` are the seats that the show found where the buyer accepts others than their own.
    pub(super) fn sell_late(&mut self, sale: &LateSale, chosen: &[SeatNo]) -> Outcome {
        if self.was_booked(sale.booking)? {
            return Ok(());
        }
        self.takes_money()?;
        let known = self.known(sale.hold);
        let origin = known.as_ref().map_or(sale.origin, |known| known.origin);
        let home = known.as_ref().and_then(|known| known.from);
        match known.map(|known| (known.state, known)) {
            Some((State::Open(_), known)) => {
                self.may_buy(known.origin, sale.customer, known.has.places())?;
                self.sell(Some(sale.hold), sale.booking, sale.customer, known.has, known.origin);
                return Ok(());
            }
            Some((State::Paying(paying), known)) if paying == sale.order => {
                let customer = known.customer.or(sale.customer);
                self.sell(Some(sale.hold), sale.booking, customer, known.has, known.origin);
                return Ok(());
            }
            Some((State::Paying(_) | State::Booked(_), _)) => return Err("hold_not_open"),
            Some((State::Lapsed(_) | State::Ended(_), _)) | None => {}
        }
        let mut has = Pocket::of(&sale.seats, &sale.areas);
        if has.places() == 0 {
            return Err("validation_failed");
        }
        self.sound(&sale.seats, &sale.areas)?;
        self.must_take_whole_boxes(origin, &sale.seats, &has.seats)?;
        self.may_buy(origin, sale.customer, has.places())?;
        let kept = home.and_then(|from| self.allocations.get(&from)).filter(|kept| kept.open);
        let kept = kept.map(|kept| kept.has.clone()).unwrap_or_default();
        let mine = |seat: &u32| self.letter(*seat) == b'a' || kept.seats.contains(seat);
        if !has.seats.iter().all(mine) {
            // Which other seats, the show says; whether there are any is for it to say too.
            if !sale.accept_equal || chosen.is_empty() {
                return Err("seats_taken");
            }
            let other = Pocket::of(chosen, &[]);
            self.must_be_equal(&has.seats, &other.seats);
            assert!(other.seats.iter().all(|&seat| self.letter(seat) == b'a'), "equal seats are free");
            self.must_take_whole_boxes(origin, chosen, &other.seats).expect("no part of a whole table");
            has.seats = other.seats;
        }
        let from_home =
            has.seats.iter().any(|seat| kept.seats.contains(seat)) || has.floor > 0 && has.floor <= kept.floor;
        if has.floor > if from_home { kept.floor } else { self.floor() } {
            return Err("area_full");
        }
        if let Some(kept) = home.and_then(|from| self.allocations.get_mut(&from)) {
            kept.has.seats.retain(|seat| !has.seats.contains(seat));
            kept.has.floor -= if from_home { has.floor } else { 0 };
        }
        self.sell(None, sale.booking, sale.customer, has, origin);
        Ok(())
    }

    /// Afterwards the booking has not these seats, and no more than so many places.
    pub(super) fn cancel(&mut self, id: BookingId, seats: &[SeatNo], areas: &[AreaCount]) -> Outcome {
        if seats.is_empty() && areas.is_empty() && !self.bookings.contains_key(&id) {
            self.bookings.insert(id, Booking::never());
            return Ok(());
        }
        let booking = self.bookings.get_mut(&id).ok_or("not_found")?;
        let distinct: BTreeSet<_> = seats.iter().collect();
        let back = Pocket::of(seats, areas);
        if distinct.len() < seats.len() || areas.len() > 1 {
            return Err("validation_failed");
        }
        if seats.is_empty() && areas.is_empty() {
            booking.has = Pocket::default();
            return Ok(());
        }
        if !back.seats.is_subset(&booking.sold.seats) {
            return Err("validation_failed");
        }
        booking.has.seats.retain(|seat| !back.seats.contains(seat));
        booking.has.floor = areas.first().map_or(booking.has.floor, |keeps| keeps.quantity.min(booking.has.floor));
        Ok(())
    }

    pub(super) fn block(
        &mut self,
        id: AllocationId,
        seats: &[SeatNo],
        areas: &[AreaCount],
        release_at: Option<i64>,
    ) -> Outcome {
        if release_at.is_some_and(|at| at <= self.now) {
            return Err("validation_failed");
        }
        let mut kept = self.allocations.get(&id).filter(|kept| kept.open).cloned();
        let wanted = Pocket::of(seats, areas);
        if kept.is_none() && wanted.places() == 0 {
            return Err("validation_failed");
        }
        self.sound(seats, areas)?;
        let kept = kept.get_or_insert_default();
        let more = Pocket {
            seats: wanted.seats.difference(&kept.has.seats).copied().collect(),
            floor: wanted.floor.saturating_sub(kept.has.floor),
        };
        self.can_take(None, &more)?;
        kept.has.add(&more);
        kept.release_at = release_at;
        kept.open = true;
        self.allocations.insert(id, kept.clone());
        Ok(())
    }

    pub(super) fn unblock(&mut self, id: AllocationId, seats: &[SeatNo], areas: &[AreaCount]) -> Outcome {
        let kept = self.allocations.get_mut(&id).ok_or("not_found")?;
        let back = Pocket::of(seats, areas);
        if back.seats.len() < seats.len() || areas.len() > 1 {
            return Err("validation_failed");
        }
        let whole = seats.is_empty() && areas.is_empty();
        if !whole && (!back.seats.is_subset(&kept.has.seats) || back.floor > kept.has.floor) {
            return Err("validation_failed");
        }
        if !whole && back.places() > 0 {
            kept.has.take_from(&back);
        }
        if whole || (kept.has.places() == 0 && back.places() > 0) {
            *kept = Allocation::default();
        }
        Ok(())
    }
}
