//! Decisions about bookings: sell, sell late, give back.

use super::check::{Pool, must_be_named_once, must_want_something, wanted_areas};
use super::record::{Hold, places, quantity_in};
use super::{HoldState, Show, ShowState};
use crate::command::{AreaCount, LateSale, Origin};
use crate::event::Event;
use crate::ids::{BookingId, BuyerId, HoldId, OrderId, SeatNo};
use crate::planted::{self, Bug};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Show {
    pub(super) fn decide_book(
        &self,
        now: Timestamp,
        hold: HoldId,
        booking: BookingId,
        order: Option<OrderId>,
    ) -> Result<Vec<Event>, Rejection> {
        if self.was_booked(booking)? {
            return Ok(Vec::new());
        }
        self.must_take_money()?;
        let record = self.must_be_known(now, hold)?;
        match (record.state, order) {
            (HoldState::Paying { order: paying, .. }, Some(order)) if paying == order => {}
            (HoldState::Open { .. }, None) => {
                self.must_be_open(now, record)?;
            }
            (HoldState::Open { .. } | HoldState::Lapsed { .. }, _) => {
                // A deadline that has passed is the better reason.
                self.must_be_open(now, record)?;
                return Err(Rejection::HoldNotOpen);
            }
            (
                HoldState::Paying { .. }
                | HoldState::Released { .. }
                | HoldState::PaymentEnded { .. }
                | HoldState::Booked { .. },
                _,
            ) => return Err(Rejection::HoldNotOpen),
        }
        let event = booked(booking, hold, order, record.customer, record);
        Ok(vec![if planted::is(Bug::ChooseAgainAtBooking) { self.chosen_again(event) } else { event }])
    }

    /// Whether this booking was made before. Its id is all its identity: whoever names it again, with whatever hold or order, is
    /// told of the booking that stands under it.
    fn was_booked(&self, booking: BookingId) -> Result<bool, Rejection> {
        let Some(slot) = self.bookings.slot(booking) else { return Ok(false) };
        if self.bookings.read(slot, &self.table).is_cancelled() { Err(Rejection::BookingCancelled) } else { Ok(true) }
    }

    /// Money that is on its way buys places as long as the show stands, also in a pause.
    fn must_take_money(&self) -> Result<(), Rejection> {
        match self.state {
            ShowState::Draft => Err(Rejection::NotPublished),
            ShowState::Published | ShowState::Paused { .. } => Ok(()),
            ShowState::Cancelled { .. } | ShowState::Moved { .. } | ShowState::Ended => Err(Rejection::SalesEnded),
        }
    }

    pub(super) fn decide_sell_late(&self, now: Timestamp, sale: &LateSale) -> Result<Vec<Event>, Rejection> {
        if self.was_booked(sale.booking)? {
            return Ok(Vec::new());
        }
        self.must_take_money()?;
        let known = self.known_hold(now, sale.hold);
        let standing = known.filter(|record| record.stands());
        if let Some(record) = standing {
            return self.sell_standing(sale, record);
        }
        if known.is_some_and(|record| matches!(record.state, HoldState::Booked { .. })) {
            return Err(Rejection::HoldNotOpen);
        }
        // Whoever had the hold has the booking, as long as the show remembers who that was.
        let origin = known.map_or(sale.origin, |record| record.origin);
        let areas = wanted_areas(&sale.areas);
        must_want_something(&sale.seats, &areas)?;
        self.must_be_places(&sale.seats, &sale.areas)?;
        self.must_take_whole_tables(origin.channel, &sale.seats, &sale.seats)?;
        self.must_be_within_customers_limit(origin, sale.customer, places(&sale.seats, &areas))?;
        // What went back into the allocation that it was held out of is this buyer's as much as what went on sale.
        let home = known.map_or(Pool::Free, |record| self.pool_of(record.allocation));
        let seats = self.seats_for_late_money(origin, home, sale, &areas)?;
        // One event tells of one place to take from: where a seat comes out of the allocation, so do the places of areas.
        let has_home = home != Pool::Free;
        let seat_from_home = has_home && seats.iter().any(|&seat| self.is_in(home, seat));
        let from_home = seat_from_home || has_home && !areas.is_empty() && self.must_have_room(home, &areas).is_ok();
        self.must_have_room(if from_home { home } else { Pool::Free }, &areas)?;
        Ok(vec![Event::Booked {
            booking: sale.booking,
            hold: None,
            order: Some(sale.order),
            origin,
            customer: sale.customer,
            seats,
            allocation: known.and_then(|record| record.allocation).filter(|_| from_home),
            areas,
        }])
    }

    /// The hold that was paid for still has its places.
    fn sell_standing(&self, sale: &LateSale, record: &Hold) -> Result<Vec<Event>, Rejection> {
        match record.state {
            HoldState::Paying { order, .. } if order == sale.order => {}
            HoldState::Open { .. } => {
                self.must_be_within_customers_limit(record.origin, sale.customer, record.places())?;
            }
            HoldState::Paying { .. }
            | HoldState::Released { .. }
            | HoldState::Lapsed { .. }
            | HoldState::PaymentEnded { .. }
            | HoldState::Booked { .. } => return Err(Rejection::HoldNotOpen),
        }
        let customer = record.customer.or(sale.customer);
        Ok(vec![booked(sale.booking, sale.hold, Some(sale.order), customer, record)])
    }

    /// The same seats; or equal ones, where the buyer agreed to that.
    fn seats_for_late_money(
        &self,
        origin: Origin,
        home: Pool,
        sale: &LateSale,
        areas: &[AreaCount],
    ) -> Result<Vec<SeatNo>, Rejection> {
        let is_gone = |&seat: &SeatNo| !self.is_in(Pool::Free, seat) && !self.is_in(home, seat);
        let gone: Vec<SeatNo> = sale.seats.iter().copied().filter(is_gone).collect();
        if gone.is_empty() {
            return Ok(sale.seats.clone());
        }
        // Nobody is given other seats without the rest of what was paid for.
        let room = self.must_have_room(home, areas).is_ok() || self.must_have_room(Pool::Free, areas).is_ok();
        let equal = if sale.accept_equal && room { self.equal_seats(&sale.seats) } else { None };
        equal
            .filter(|seats| self.must_take_whole_tables(origin.channel, seats, seats).is_ok())
            .ok_or(Rejection::SeatsTaken { seats: gone })
    }

    /// After it the booking has not the named seats, and of the named areas no more than is named.
    pub(super) fn decide_cancel_booking(
        &self,
        booking: BookingId,
        seats: &[SeatNo],
        areas: &[AreaCount],
    ) -> Result<Vec<Event>, Rejection> {
        let whole = seats.is_empty() && areas.is_empty();
        let Some(slot) = self.bookings.slot(booking) else {
            // A sale that is still on its way finds its booking cancelled.
            let cancelled = Event::BookingCancelled { booking, seats: Vec::new(), areas: Vec::new() };
            return if whole { Ok(vec![cancelled]) } else { Err(Rejection::UnknownBooking { booking }) };
        };
        let record = self.bookings.read(slot, &self.table);
        must_be_named_once(seats, areas)?;
        if whole && record.is_cancelled() {
            return Ok(Vec::new());
        }
        if whole {
            return Ok(vec![Event::BookingCancelled { booking, seats: record.seats, areas: record.areas }]);
        }
        let was_in = |seat: &SeatNo| record.seats.contains(seat) || record.returned.contains(seat);
        if !seats.iter().all(was_in) {
            return Err(Rejection::NotInBooking);
        }
        if let Some(count) = areas.iter().find(|count| self.plan.area(count.area).is_none()) {
            return Err(Rejection::UnknownArea { area: count.area });
        }
        let seats: Vec<SeatNo> = seats.iter().copied().filter(|seat| record.seats.contains(seat)).collect();
        let areas: Vec<AreaCount> = areas
            .iter()
            .map(|keeps| AreaCount {
                area: keeps.area,
                quantity: quantity_in(&record.areas, keeps.area).saturating_sub(keeps.quantity),
            })
            .filter(|count| count.quantity > 0)
            .collect();
        if seats.is_empty() && areas.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Event::BookingCancelled { booking, seats, areas }])
    }
}

fn booked(booking: BookingId, hold: HoldId, order: Option<OrderId>, customer: Option<BuyerId>, record: &Hold) -> Event {
    Event::Booked {
        booking,
        hold: Some(hold),
        order,
        origin: record.origin,
        customer,
        seats: record.seats.clone(),
        areas: record.areas.clone(),
        allocation: None,
    }
}
