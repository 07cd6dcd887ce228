//! Questions that several decisions ask, each answered by a refusal or by nothing.

use std::collections::{BTreeSet, HashSet};

use super::bookings::Whose;
use super::record::{Hold, Person, places, quantity_in};
use super::table::{Owner, Slot};
use super::{HoldState, REMEMBERED_MS, Show, ShowState};
use crate::command::{AreaCount, Channel, Origin};
use crate::ids::{AllocationId, AreaNo, BuyerId, HoldId, SeatNo};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// Out of what a hold takes its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    /// What nobody has.
    Free,
    /// What the house keeps there.
    Allocation(Slot),
}

impl Show {
    /// New holds, and more places for old ones: is the sale open at all for this channel? An allocation opens its own places
    /// early, not those of everybody: `from_allocation` says that these are its own.
    pub(super) fn must_be_on_sale(
        &self,
        now: Timestamp,
        channel: Channel,
        from_allocation: bool,
    ) -> Result<(), Rejection> {
        self.must_not_be_over(now, channel)?;
        let early = match channel {
            Channel::Public => false,
            Channel::Allocation => from_allocation,
            Channel::AccessCode | Channel::Staff => true,
        };
        match self.settings.on_sale_at {
            Some(on_sale_at) if now < on_sale_at && !early => Err(Rejection::NotOnSale { on_sale_at }),
            Some(_) | None => Ok(()),
        }
    }

    /// The same without the sale's beginning: whoever has a hold is past that.
    pub(super) fn must_not_be_over(&self, now: Timestamp, channel: Channel) -> Result<(), Rejection> {
        self.must_be_running(channel)?;
        match (channel, self.settings.sales_end_at) {
            (Channel::Public | Channel::AccessCode | Channel::Allocation, Some(end)) if now >= end => {
                Err(Rejection::SalesEnded)
            }
            (Channel::Public | Channel::AccessCode | Channel::Allocation | Channel::Staff, _) => Ok(()),
        }
    }

    /// Published; or paused, for staff.
    pub(super) fn must_be_running(&self, channel: Channel) -> Result<(), Rejection> {
        match &self.state {
            ShowState::Draft => Err(Rejection::NotPublished),
            ShowState::Published => Ok(()),
            ShowState::Paused { public_message, .. } => match channel {
                Channel::Staff => Ok(()),
                Channel::Public | Channel::AccessCode | Channel::Allocation => {
                    Err(Rejection::SalesPaused { public_message: public_message.clone() })
                }
            },
            ShowState::Cancelled { .. } | ShowState::Moved { .. } | ShowState::Ended => Err(Rejection::SalesEnded),
        }
    }

    /// A hold that stands or is still remembered at `now`.
    pub(super) fn known_hold(&self, now: Timestamp, hold: HoldId) -> Option<&Hold> {
        self.holds
            .get(hold)
            .filter(|record| record.state.ended_at().is_none_or(|ended_at| now < ended_at.plus_ms(REMEMBERED_MS)))
    }

    pub(super) fn must_be_known(&self, now: Timestamp, hold: HoldId) -> Result<&Hold, Rejection> {
        self.known_hold(now, hold).ok_or(Rejection::UnknownHold { hold })
    }

    /// A hold past its deadline is over, whether or not anybody has said so yet.
    pub(super) fn must_be_open(&self, now: Timestamp, record: &Hold) -> Result<Timestamp, Rejection> {
        match record.state {
            HoldState::Open { expires_at } if self.hold_clock(now) < expires_at => Ok(expires_at),
            HoldState::Open { expires_at: lapsed_at } | HoldState::Lapsed { at: lapsed_at } => {
                Err(Rejection::HoldLapsed { lapsed_at })
            }
            HoldState::Paying { .. }
            | HoldState::Released { .. }
            | HoldState::PaymentEnded { .. }
            | HoldState::Booked { .. } => Err(Rejection::HoldNotOpen),
        }
    }

    /// Every seat is in the plan, every area too, and nothing is named twice.
    pub(super) fn must_be_places(&self, seats: &[SeatNo], areas: &[AreaCount]) -> Result<(), Rejection> {
        let unknown: BTreeSet<SeatNo> = seats.iter().copied().filter(|&seat| self.plan.seat(seat).is_none()).collect();
        if !unknown.is_empty() {
            return Err(Rejection::UnknownSeats { seats: unknown.into_iter().collect() });
        }
        if let Some(count) = areas.iter().find(|count| self.plan.area(count.area).is_none()) {
            return Err(Rejection::UnknownArea { area: count.area });
        }
        must_be_named_once(seats, areas)
    }

    /// A table or box that is sold whole is taken whole. `named` are the seats that a request is about, `after` those that the
    /// hold or booking will have. Staff sell by the seat what the house says they may.
    pub(super) fn must_take_whole_tables(
        &self,
        channel: Channel,
        named: &[SeatNo],
        after: &[SeatNo],
    ) -> Result<(), Rejection> {
        match channel {
            Channel::Staff => return Ok(()),
            Channel::Public | Channel::AccessCode | Channel::Allocation => {}
        }
        let mut missing = BTreeSet::new();
        for table in named.iter().filter_map(|&seat| self.plan.whole_table_of(seat)) {
            let (taken, left): (Vec<SeatNo>, Vec<SeatNo>) = table.seats.iter().partition(|seat| after.contains(seat));
            if !taken.is_empty() {
                missing.extend(left);
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Rejection::TableSoldWhole { seats: missing.into_iter().collect() })
        }
    }

    /// The pool of a hold that comes, or came, out of this allocation.
    pub(super) fn pool_of(&self, allocation: Option<AllocationId>) -> Pool {
        self.standing_allocation(allocation).map_or(Pool::Free, Pool::Allocation)
    }

    pub(super) fn is_in(&self, pool: Pool, seat: SeatNo) -> bool {
        match pool {
            Pool::Free => self.table.is_free(seat),
            Pool::Allocation(slot) => self.table.owner(seat) == Owner::Allocation(slot),
        }
    }

    pub(super) fn available_in(&self, pool: Pool, area: AreaNo) -> u32 {
        match pool {
            Pool::Free => self.area_available(area).unwrap_or(0),
            Pool::Allocation(slot) => {
                self.allocations.at(slot).map_or(0, |(_, record)| quantity_in(&record.areas, area))
            }
        }
    }

    /// Named seats can be had out of this pool. Every offender is named.
    pub(super) fn must_be_available(&self, pool: Pool, seats: &[SeatNo]) -> Result<(), Rejection> {
        let offenders: Vec<SeatNo> = seats.iter().copied().filter(|&seat| !self.is_in(pool, seat)).collect();
        if offenders.is_empty() {
            return Ok(());
        }
        let (outside, taken): (Vec<SeatNo>, Vec<SeatNo>) =
            offenders.into_iter().partition(|&seat| match (pool, self.table.owner(seat)) {
                (Pool::Free, _) | (Pool::Allocation(_), Owner::Hold(_) | Owner::Booking(_)) => false,
                (Pool::Allocation(_), Owner::Nobody | Owner::Allocation(_)) => true,
            });
        if outside.is_empty() {
            Err(Rejection::SeatsTaken { seats: taken })
        } else {
            Err(Rejection::NotInAllocation { seats: outside })
        }
    }

    /// The pool has so many places of every area.
    pub(super) fn must_have_room(&self, pool: Pool, areas: &[AreaCount]) -> Result<(), Rejection> {
        for count in areas {
            let available = self.available_in(pool, count.area);
            if count.quantity > available {
                return Err(Rejection::AreaFull { area: count.area, available });
            }
        }
        Ok(())
    }

    /// One hold, one buyer, and one access code has no more than it may. `before` and `after` are the places of the hold.
    pub(super) fn must_be_within_limits(&self, origin: Origin, before: u64, after: u64) -> Result<(), Rejection> {
        match origin.channel {
            Channel::Staff => return Ok(()),
            Channel::Public | Channel::AccessCode | Channel::Allocation => {}
        }
        let settings = &self.settings;
        // Who gives back more than they take is not refused by a limit that became smaller in the meantime.
        if after <= before {
            return Ok(());
        }
        if after > u64::from(settings.places_per_hold_max) {
            return Err(Rejection::SeatLimitReached { max: settings.places_per_hold_max });
        }
        if let Some(buyer) = origin.buyer.map(Person::from) {
            let used = self.uses.of_buyer(buyer);
            // All bookings are read for this: only where there is a limit.
            if let Some(max) = settings.places_per_buyer_max {
                let has = used.places + self.bookings.places_of(Whose::Buyer(buyer), &self.table);
                if has - before.min(has) + after > u64::from(max) {
                    return Err(Rejection::SeatLimitReached { max });
                }
            }
            if let Some(max) = settings.holds_per_buyer_max.filter(|&max| before == 0 && used.holds >= max) {
                return Err(Rejection::HoldLimitReached { max });
            }
        }
        let code = origin.code.and_then(|code| Some((self.uses.of_code(code.id), code.places_max?)));
        if let Some((used, max)) = code
            && used - before.min(used) + after > u64::from(max)
        {
            return Err(Rejection::AccessCodeUsedUp { max });
        }
        Ok(())
    }
}

impl Show {
    /// One customer has booked, and pays for, no more than one may have; `more` are places that do not count yet.
    pub(super) fn must_be_within_customers_limit(
        &self,
        origin: Origin,
        customer: Option<BuyerId>,
        more: u64,
    ) -> Result<(), Rejection> {
        match origin.channel {
            Channel::Staff => return Ok(()),
            Channel::Public | Channel::AccessCode | Channel::Allocation => {}
        }
        let Some((customer, max)) = customer.map(Person::from).zip(self.settings.places_per_buyer_max) else {
            return Ok(());
        };
        let has = self.uses.of_customer(customer) + self.bookings.places_of(Whose::Customer(customer), &self.table);
        if has + more > u64::from(max) { Err(Rejection::SeatLimitReached { max }) } else { Ok(()) }
    }
}

pub(super) fn must_be_named_once(seats: &[SeatNo], areas: &[AreaCount]) -> Result<(), Rejection> {
    let mut seen = HashSet::with_capacity(seats.len());
    let twice = |at: usize, count: &AreaCount| areas[..at].iter().any(|other| other.area == count.area);
    if !seats.iter().all(|seat| seen.insert(*seat)) || areas.iter().enumerate().any(|(at, count)| twice(at, count)) {
        return Err(Rejection::NamedTwice);
    }
    Ok(())
}

/// Areas of which anything is wanted.
pub(super) fn wanted_areas(areas: &[AreaCount]) -> Vec<AreaCount> {
    areas.iter().copied().filter(|count| count.quantity > 0).collect()
}

pub(super) fn must_want_something(seats: &[SeatNo], areas: &[AreaCount]) -> Result<(), Rejection> {
    if places(seats, areas) == 0 { Err(Rejection::NothingWanted) } else { Ok(()) }
}
