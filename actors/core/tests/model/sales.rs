//! What the naive model does with bookings, allocations and the show as a whole.

use std::collections::BTreeSet;

use aisle_core::*;

use super::{Allocation, Booking, Model, Outcome, Pocket, Sale, State};

impl Model {
    fn was_booked(&self, booking: BookingId, order: Option<OrderId>) -> Result<bool, &'static str> {
        match self.bookings.get(&booking) {
            Some(known) if known.order != order => Err("idempotency_key_reused"),
            Some(known) if known.has.places() == 0 => Err("booking_cancelled"),
            known => Ok(known.is_some()),
        }
    }

    fn takes_money(&self) -> Outcome {
        match self.sale {
            Sale::Draft => Err("not_on_sale"),
            Sale::Over => Err("sales_ended"),
            Sale::On | Sale::Paused(_) => Ok(()),
        }
    }

    pub(super) fn book(&mut self, id: HoldId, booking: BookingId, order: Option<OrderId>) -> Outcome {
        if self.was_booked(booking, order)? {
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
        self.sell(Some(id), booking, order, known.has, known.origin);
        Ok(())
    }

    fn sell(&mut self, hold: Option<HoldId>, id: BookingId, order: Option<OrderId>, has: Pocket, origin: Origin) {
        if let Some(hold) = hold {
            self.holds.get_mut(&hold).unwrap().state = State::Booked(self.now);
        }
        self.bookings.insert(id, Booking { sold: has.clone(), has, order, origin });
    }

    pub(super) fn sell_late(&mut self, sale: &LateSale) -> Outcome {
        let order = Some(sale.order);
        if self.was_booked(sale.booking, order)? {
            return Ok(());
        }
        self.takes_money()?;
        let origin = self.known(sale.hold).map_or(sale.origin, |known| known.origin);
        match self.known(sale.hold).map(|known| (known.state, known)) {
            Some((State::Open(_), known)) => {
                self.sell(Some(sale.hold), sale.booking, order, known.has, known.origin);
                return Ok(());
            }
            Some((State::Paying(paying), known)) if paying == sale.order => {
                self.sell(Some(sale.hold), sale.booking, order, known.has, known.origin);
                return Ok(());
            }
            Some((State::Paying(_) | State::Booked(_), _)) => return Err("hold_not_open"),
            Some((State::Lapsed(_) | State::Ended(_), _)) | None => {}
        }
        let has = Pocket::of(&sale.seats, &sale.areas);
        if has.places() == 0 {
            return Err("validation_failed");
        }
        Self::sound(&sale.seats, &sale.areas)?;
        self.can_take(None, &has)?;
        self.sell(None, sale.booking, order, has, origin);
        Ok(())
    }

    pub(super) fn cancel(&mut self, id: BookingId, seats: &[SeatNo], areas: &[AreaCount]) -> Outcome {
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
        if !back.seats.is_subset(&booking.sold.seats) || back.floor > booking.sold.floor {
            return Err("validation_failed");
        }
        booking.has.seats.retain(|seat| !back.seats.contains(seat));
        booking.has.floor = booking.has.floor.saturating_sub(back.floor);
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
        Self::sound(seats, areas)?;
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

    pub(super) fn change_show(&mut self, change: &StateChange) -> Outcome {
        self.sale = match (self.sale, change) {
            (Sale::Draft, StateChange::Publish) => Sale::On,
            (Sale::On, StateChange::Publish | StateChange::Resume) => Sale::On,
            (Sale::On, StateChange::Pause { .. }) => Sale::Paused(self.now),
            (Sale::Paused(since), StateChange::Pause { .. }) => Sale::Paused(since),
            (Sale::Paused(since), StateChange::Resume) => {
                for hold in self.holds.values_mut() {
                    if let State::Open(until) = hold.state {
                        hold.state = State::Open(until + self.now - since);
                        hold.cap += self.now - since;
                    }
                }
                Sale::On
            }
            (Sale::On | Sale::Paused(_) | Sale::Over, StateChange::End) => Sale::Over,
            _ => return Err("wrong_state"),
        };
        Ok(())
    }
}
