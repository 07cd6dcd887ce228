//! Who has which seat, by the plainest reading of the events: a second opinion on [`aisle_core::Show::apply`], which passes
//! over what cannot be.

use std::collections::HashMap;
use std::fmt;

use aisle_core::{AllocationId, BookingId, Event, HoldId, SeatNo};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Hold(HoldId),
    Booking(BookingId),
    Allocation(AllocationId),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold(id) => write!(f, "hold {id}"),
            Self::Booking(id) => write!(f, "booking {id}"),
            Self::Allocation(id) => write!(f, "allocation {id}"),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Owners {
    seats: HashMap<SeatNo, Owner>,
    /// What a hold was given; it may have given some of it back.
    of_hold: HashMap<HoldId, Vec<SeatNo>>,
    /// The allocation that a hold took its seats from.
    out_of: HashMap<HoldId, AllocationId>,
}

impl Owners {
    /// Carries out an event; answers the seats that it gives to somebody while another has them.
    pub(super) fn take(&mut self, event: &Event) -> Vec<(SeatNo, Owner)> {
        match event {
            Event::SeatsHeld { hold, seats, allocation, .. } => {
                self.end(*hold);
                self.out_of.remove(hold);
                self.out_of.extend(allocation.map(|allocation| (*hold, allocation)));
                self.of_hold.insert(*hold, seats.clone());
                self.give(seats, Owner::Hold(*hold), *allocation)
            }
            Event::HoldChanged { hold, added, removed, .. } => {
                self.take_back(removed, Owner::Hold(*hold));
                self.of_hold.entry(*hold).or_default().extend(added);
                self.give(added, Owner::Hold(*hold), self.out_of.get(hold).copied())
            }
            Event::HoldReleased { hold } | Event::HoldLapsed { hold } | Event::PaymentEnded { hold, .. } => {
                self.end(*hold);
                Vec::new()
            }
            Event::Booked { booking, hold, seats, allocation, .. } => {
                let allocation = allocation.or_else(|| hold.and_then(|hold| self.out_of.get(&hold).copied()));
                if let Some(hold) = hold {
                    self.end(*hold);
                }
                self.give(seats, Owner::Booking(*booking), allocation)
            }
            Event::BookingCancelled { booking, seats, .. } => {
                self.take_back(seats, Owner::Booking(*booking));
                Vec::new()
            }
            Event::SeatsBlocked { allocation, seats, .. } => {
                self.give(seats, Owner::Allocation(*allocation), Some(*allocation))
            }
            Event::SeatsUnblocked { allocation, seats, .. } => {
                self.take_back(seats, Owner::Allocation(*allocation));
                Vec::new()
            }
            Event::PlanChanged { dropped, .. } => {
                self.seats.retain(|seat, _| !dropped.contains(seat));
                Vec::new()
            }
            Event::HoldExtended { .. }
            | Event::PaymentStarted { .. }
            | Event::PaymentGivenUp { .. }
            | Event::Configured { .. }
            | Event::Published
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Cancelled { .. }
            | Event::Moved { .. }
            | Event::Ended => Vec::new(),
        }
    }

    /// What comes out of an allocation and is given back counts as nobody's here; the core knows better, and nothing is made
    /// of it.
    fn end(&mut self, hold: HoldId) {
        let seats = self.of_hold.remove(&hold).unwrap_or_default();
        self.take_back(&seats, Owner::Hold(hold));
    }

    fn take_back(&mut self, seats: &[SeatNo], from: Owner) {
        for seat in seats {
            if self.seats.get(seat) == Some(&from) {
                self.seats.remove(seat);
            }
        }
    }

    fn give(&mut self, seats: &[SeatNo], to: Owner, out_of: Option<AllocationId>) -> Vec<(SeatNo, Owner)> {
        let taken = seats.iter().filter_map(|&seat| {
            let before = self.seats.insert(seat, to)?;
            (before != to && out_of.map(Owner::Allocation) != Some(before)).then_some((seat, before))
        });
        taken.collect()
    }
}
