//! Decisions about places that the house keeps from sale.

use super::Show;
use super::check::{must_be_named_once, must_want_something, wanted_areas};
use super::record::{Allocation, quantity_in};
use super::table::Owner;
use crate::command::AreaCount;
use crate::event::Event;
use crate::ids::{AllocationId, SeatNo};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Show {
    /// Afterwards the allocation has these seats and at least so many places of each area: the same request again changes
    /// nothing. An allocation that is over begins again.
    pub(super) fn decide_block(
        &self,
        now: Timestamp,
        allocation: AllocationId,
        seats: &[SeatNo],
        areas: &[AreaCount],
        reason: &str,
        release_at: Option<Timestamp>,
    ) -> Result<Vec<Event>, Rejection> {
        if release_at.is_some_and(|at| at <= now) {
            return Err(Rejection::BadSettings { why: "release_at has already passed".to_owned() });
        }
        let slot = self.standing_allocation(Some(allocation));
        let standing = slot.and_then(|slot| self.allocations.at(slot)).map(|(_, record)| record);
        if standing.is_none() {
            must_want_something(seats, &wanted_areas(areas))?;
        }
        self.must_be_places(seats, areas)?;
        let owner = slot.map(Owner::Allocation);
        let wanted: Vec<SeatNo> = seats.iter().copied().filter(|&seat| owner != Some(self.table.owner(seat))).collect();
        let taken: Vec<SeatNo> = wanted.iter().copied().filter(|&seat| !self.table.is_free(seat)).collect();
        if !taken.is_empty() {
            return Err(Rejection::SeatsTaken { seats: taken });
        }
        let has = |count: &AreaCount| standing.map_or(0, |record| quantity_in(&record.areas, count.area));
        let more: Vec<AreaCount> = areas
            .iter()
            .map(|count| AreaCount { area: count.area, quantity: count.quantity.saturating_sub(has(count)) })
            .filter(|count| count.quantity > 0)
            .collect();
        self.must_have_room(super::check::Pool::Free, &more)?;
        let same_terms =
            |record: &Allocation| record.reason == reason && record.release_at == release_at && !record.closed;
        if wanted.is_empty() && more.is_empty() && standing.is_some_and(same_terms) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::SeatsBlocked { allocation, seats: wanted, areas: more, reason: reason.to_owned(), release_at }])
    }

    pub(super) fn decide_unblock(
        &self,
        allocation: AllocationId,
        seats: &[SeatNo],
        areas: &[AreaCount],
    ) -> Result<Vec<Event>, Rejection> {
        let record = self.allocations.get(allocation).ok_or(Rejection::UnknownAllocation { allocation })?;
        must_be_named_once(seats, areas)?;
        let whole = seats.is_empty() && areas.is_empty();
        if whole && record.closed {
            return Ok(Vec::new());
        }
        if whole {
            return Ok(vec![Event::SeatsUnblocked {
                allocation,
                seats: record.seats.iter().copied().collect(),
                areas: record.areas.clone(),
                by_time: false,
            }]);
        }
        let outside: Vec<SeatNo> = seats.iter().copied().filter(|seat| !record.seats.contains(seat)).collect();
        let areas = wanted_areas(areas);
        if !outside.is_empty() || areas.iter().any(|count| count.quantity > quantity_in(&record.areas, count.area)) {
            return Err(Rejection::NotInAllocation { seats: outside });
        }
        if seats.is_empty() && areas.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Event::SeatsUnblocked { allocation, seats: seats.to_vec(), areas, by_time: false }])
    }
}
