//! Decisions about bookings: sell, sell late, give back.

use super::check::{Pool, must_be_named_once, must_want_something, wanted_areas};
use super::record::{Hold, quantity_in};
use super::{HoldState, Show, ShowState};
use crate::command::{AreaCount, LateSale, Origin};
use crate::event::Event;
use crate::ids::{BookingId, HoldId, OrderId, SeatNo};
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
        if self.was_booked(booking, order)? {
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
        Ok(vec![booked(booking, hold, order, record)])
    }

    /// Whether this booking was made before, for this order.
    fn was_booked(&self, booking: BookingId, order: Option<OrderId>) -> Result<bool, Rejection> {
        match self.bookings.get(booking) {
            None => Ok(false),
            Some(record) if record.order != order => Err(Rejection::KeyReused),
            Some(record) if record.is_cancelled() => Err(Rejection::BookingCancelled),
            Some(_) => Ok(true),
        }
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
        if self.was_booked(sale.booking, Some(sale.order))? {
            return Ok(Vec::new());
        }
        self.must_take_money()?;
        let known = self.known_hold(now, sale.hold);
        if let Some(record) = known {
            match record.state {
                HoldState::Open { .. } => {
                    return Ok(vec![booked(sale.booking, sale.hold, Some(sale.order), record)]);
                }
                HoldState::Paying { order, .. } if order == sale.order => {
                    return Ok(vec![booked(sale.booking, sale.hold, Some(sale.order), record)]);
                }
                HoldState::Paying { .. } | HoldState::Booked { .. } => return Err(Rejection::HoldNotOpen),
                HoldState::Released { .. } | HoldState::Lapsed { .. } | HoldState::PaymentEnded { .. } => {}
            }
        }
        // Whoever had the hold has the booking, as long as the show remembers who that was.
        let origin = known.map_or(sale.origin, |record| record.origin);
        let areas = wanted_areas(&sale.areas);
        must_want_something(&sale.seats, &areas)?;
        self.must_be_places(&sale.seats, &sale.areas)?;
        self.must_take_whole_tables(origin.channel, &sale.seats, &sale.seats)?;
        let seats = self.seats_for_late_money(origin, sale)?;
        self.must_have_room(Pool::Free, &areas)?;
        Ok(vec![Event::Booked { booking: sale.booking, hold: None, order: Some(sale.order), origin, seats, areas }])
    }

    /// The same seats; or equal ones, where the buyer agreed to that.
    fn seats_for_late_money(&self, origin: Origin, sale: &LateSale) -> Result<Vec<SeatNo>, Rejection> {
        let Err(refusal) = self.must_be_available(Pool::Free, &sale.seats) else {
            return Ok(sale.seats.clone());
        };
        let equal = if sale.accept_equal { self.equal_seats(&sale.seats) } else { None };
        equal.filter(|seats| self.must_take_whole_tables(origin.channel, seats, seats).is_ok()).ok_or(refusal)
    }

    pub(super) fn decide_cancel_booking(
        &self,
        booking: BookingId,
        seats: &[SeatNo],
        areas: &[AreaCount],
    ) -> Result<Vec<Event>, Rejection> {
        let record = self.bookings.get(booking).ok_or(Rejection::UnknownBooking { booking })?;
        must_be_named_once(seats, areas)?;
        let whole = seats.is_empty() && areas.is_empty();
        if whole && record.is_cancelled() {
            return Ok(Vec::new());
        }
        if whole {
            let (seats, areas) = (record.seats.to_vec(), record.areas.to_vec());
            return Ok(vec![Event::BookingCancelled { booking, seats, areas }]);
        }
        let was_in = |seat: &SeatNo| record.seats.contains(seat) || record.returned_seats.contains(seat);
        let had = |count: &AreaCount| {
            quantity_in(&record.areas, count.area) + quantity_in(&record.returned_areas, count.area)
        };
        if !seats.iter().all(was_in) || areas.iter().any(|count| count.quantity > had(count)) {
            return Err(Rejection::NotInBooking);
        }
        let back: Vec<SeatNo> = seats.iter().copied().filter(|seat| record.seats.contains(seat)).collect();
        let areas: Vec<AreaCount> = areas
            .iter()
            .map(|count| AreaCount {
                area: count.area,
                quantity: count.quantity.min(quantity_in(&record.areas, count.area)),
            })
            .filter(|count| count.quantity > 0)
            .collect();
        if back.is_empty() && areas.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Event::BookingCancelled { booking, seats: back, areas }])
    }
}

fn booked(booking: BookingId, hold: HoldId, order: Option<OrderId>, record: &Hold) -> Event {
    Event::Booked {
        booking,
        hold: Some(hold),
        order,
        origin: record.origin,
        seats: record.seats.clone(),
        areas: record.areas.clone(),
    }
}
