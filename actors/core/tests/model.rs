//! A show so simple that it is obviously right: no table of seats, no index, no events. Who owns a seat is found by looking
//! through everybody's pockets; what the best seats are, by trying all. It knows the few small houses of `house`.

mod holds;
pub mod house;
mod sales;
mod seating;
mod shows;

use std::collections::{BTreeMap, BTreeSet};

use aisle_core::*;
use house::House;
use shows::Sale;

const REMEMBERED: i64 = 600_000;

/// The limits stay; times and the orphan rule may be others from one moment to the next.
pub fn settings() -> Settings {
    Settings {
        hold_ttl_ms: 10_000,
        extend_max_ms: 20_000,
        pay_within_ms: 10_000,
        places_per_hold_max: 4,
        holds_per_buyer_max: Some(2),
        places_per_buyer_max: Some(6),
        ..Settings::default()
    }
}

#[derive(Clone, Default, PartialEq)]
pub struct Pocket {
    pub seats: BTreeSet<u32>,
    pub floor: u32,
}

impl Pocket {
    fn of(seats: &[SeatNo], areas: &[AreaCount]) -> Self {
        Self { seats: seats.iter().map(|seat| seat.0).collect(), floor: areas.iter().map(|area| area.quantity).sum() }
    }

    fn places(&self) -> u32 {
        self.seats.len() as u32 + self.floor
    }

    fn take_from(&mut self, other: &Pocket) {
        self.seats.retain(|seat| !other.seats.contains(seat));
        self.floor -= other.floor;
    }

    fn add(&mut self, other: &Pocket) {
        self.seats.extend(&other.seats);
        self.floor += other.floor;
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum State {
    Open(i64),
    Paying(OrderId),
    Lapsed(i64),
    Ended(i64),
    Booked(i64),
}

#[derive(Clone)]
pub struct Hold {
    pub has: Pocket,
    pub state: State,
    cap: i64,
    pub origin: Origin,
    key: Option<u64>,
    customer: Option<BuyerId>,
    from: Option<AllocationId>,
    given_up: Vec<OrderId>,
}

#[derive(Clone)]
pub struct Booking {
    pub has: Pocket,
    sold: Pocket,
    customer: Option<BuyerId>,
    origin: Origin,
}

impl Booking {
    /// Cancelled before it was made.
    fn never() -> Self {
        let origin = Origin { channel: Channel::Public, buyer: None, code: None };
        Self { has: Pocket::default(), sold: Pocket::default(), customer: None, origin }
    }
}

#[derive(Clone, Default)]
pub struct Allocation {
    pub has: Pocket,
    release_at: Option<i64>,
    pub open: bool,
}

#[derive(Clone)]
pub struct Model {
    pub house: House,
    pub rules: Settings,
    sale: Sale,
    now: i64,
    pub holds: BTreeMap<HoldId, Hold>,
    pub bookings: BTreeMap<BookingId, Booking>,
    pub allocations: BTreeMap<AllocationId, Allocation>,
}

type Outcome = Result<(), &'static str>;

impl Model {
    pub fn new() -> Self {
        Self {
            house: House::new(0),
            rules: Settings::default(),
            sale: Sale::Draft,
            now: 0,
            holds: BTreeMap::new(),
            bookings: BTreeMap::new(),
            allocations: BTreeMap::new(),
        }
    }

    /// The letter of a seat, found by looking through everybody's pockets.
    pub fn letter(&self, seat: u32) -> u8 {
        let mut letters = Vec::new();
        letters.extend(self.holds.values().filter(|h| h.stands() && h.has.seats.contains(&seat)).map(|_| b'h'));
        letters.extend(self.bookings.values().filter(|booking| booking.has.seats.contains(&seat)).map(|_| b'b'));
        letters.extend(self.allocations.values().filter(|kept| kept.has.seats.contains(&seat)).map(|_| b'x'));
        assert!(letters.len() <= 1, "seat {seat} has two owners");
        letters.first().copied().unwrap_or(b'a')
    }

    pub fn floor(&self) -> u32 {
        let held: u32 = self.holds.values().filter(|hold| hold.stands()).map(|hold| hold.has.floor).sum();
        let booked: u32 = self.bookings.values().map(|booking| booking.has.floor).sum();
        let kept: u32 = self.allocations.values().map(|kept| kept.has.floor).sum();
        self.house.floor - held - booked - kept
    }

    pub fn tick(&mut self, now: i64) {
        self.now = now;
        for kept in self.allocations.values_mut().filter(|kept| kept.open) {
            if kept.release_at.is_some_and(|at| at <= now) {
                *kept = Allocation::default();
            }
        }
        let late: Vec<HoldId> = self.holds.iter().filter(|(_, h)| h.is_past(self.clock())).map(|(&id, _)| id).collect();
        for id in late {
            self.end(id, State::Lapsed(now));
        }
    }

    fn clock(&self) -> i64 {
        if let Sale::Paused(since) = self.sale { since } else { self.now }
    }

    fn end(&mut self, id: HoldId, state: State) {
        let hold = self.holds.get_mut(&id).unwrap();
        hold.state = state;
        let home = hold.from.and_then(|from| self.allocations.get_mut(&from)).filter(|kept| kept.open);
        if let Some(kept) = home {
            kept.has.add(&hold.has);
        }
    }

    fn known(&self, id: HoldId) -> Option<Hold> {
        self.holds.get(&id).filter(|hold| hold.ended_at().is_none_or(|at| self.now < at + REMEMBERED)).cloned()
    }

    /// Carries out a command, or says why not. `chosen` are the seats that the show gave, where it was to choose.
    pub fn step(&mut self, command: &Command, chosen: &[SeatNo]) -> Outcome {
        match command {
            Command::Hold(wanted) => self.hold(wanted, chosen),
            Command::ChangeHold { hold, add, remove, areas } => self.change(*hold, add, remove, areas),
            Command::ExtendHold { hold } => {
                if let Some(known) = self.known(*hold) {
                    self.must_not_be_over(known.origin)?;
                }
                let known = self.known(*hold).ok_or("not_found")?;
                let until = known.open()?;
                let longer = (self.clock() + 10_000).min(known.cap).max(until);
                self.holds.get_mut(hold).unwrap().state = State::Open(longer);
                Ok(())
            }
            Command::ReleaseHold { hold } => match self.known(*hold).ok_or("not_found")?.state {
                State::Open(_) => {
                    self.end(*hold, State::Ended(self.now));
                    Ok(())
                }
                State::Lapsed(_) | State::Ended(_) => Ok(()),
                State::Paying(_) | State::Booked(_) => Err("hold_not_open"),
            },
            Command::StartPayment { hold, order, customer, .. } => {
                let known = self.known(*hold);
                if known.as_ref().is_some_and(|known| known.state == State::Paying(*order)) {
                    return Ok(());
                }
                let public = Origin { channel: Channel::Public, buyer: None, code: None };
                self.must_run(known.as_ref().map_or(public, |known| known.origin))?;
                let known = known.ok_or("not_found")?;
                known.open()?;
                if known.given_up.contains(order) {
                    return Err("hold_not_open");
                }
                self.may_buy(known.origin, *customer, known.has.places())?;
                let hold = self.holds.get_mut(hold).unwrap();
                hold.state = State::Paying(*order);
                hold.customer = *customer;
                Ok(())
            }
            Command::ReopenHold { hold, order } => {
                let known = self.known(*hold).ok_or("not_found")?;
                if known.state != State::Paying(*order) {
                    known.open()?;
                    self.holds.get_mut(hold).unwrap().given_up.push(*order);
                    return Ok(());
                }
                // Holds of ten seconds never see the minute; the end is one payment and a minute past the cap.
                let until = (self.clock() + 10_000).min(known.cap + 70_000).max(self.clock());
                let hold = self.holds.get_mut(hold).unwrap();
                hold.state = State::Open(until);
                hold.customer = None;
                hold.given_up.push(*order);
                Ok(())
            }
            Command::EndPayment { hold, order } => match self.known(*hold).ok_or("not_found")?.state {
                State::Paying(paying) if paying == *order => {
                    self.end(*hold, State::Ended(self.now));
                    Ok(())
                }
                State::Paying(_) | State::Booked(_) => Err("hold_not_open"),
                State::Open(_) => {
                    self.holds.get_mut(hold).unwrap().given_up.push(*order);
                    Ok(())
                }
                State::Lapsed(_) | State::Ended(_) => Ok(()),
            },
            Command::Book { hold, booking, order } => self.book(*hold, *booking, *order),
            Command::SellLate(sale) => self.sell_late(sale, chosen),
            Command::CancelBooking { booking, seats, areas } => self.cancel(*booking, seats, areas),
            Command::Block { allocation, seats, areas, release_at, .. } => {
                self.block(*allocation, seats, areas, release_at.map(|at| at.0))
            }
            Command::Unblock { allocation, seats, areas } => self.unblock(*allocation, seats, areas),
            Command::Configure(rules) => self.configure(rules),
            Command::Change(change) => self.change_show(change),
            Command::ChangePlan(NewPlan(plan)) => self.change_plan(plan),
        }
    }
}

impl Hold {
    pub fn stands(&self) -> bool {
        self.ended_at().is_none()
    }

    fn ended_at(&self) -> Option<i64> {
        match self.state {
            State::Open(_) | State::Paying(_) => None,
            State::Lapsed(at) | State::Ended(at) | State::Booked(at) => Some(at),
        }
    }

    fn is_past(&self, clock: i64) -> bool {
        matches!(self.state, State::Open(until) if until <= clock)
    }

    fn open(&self) -> Result<i64, &'static str> {
        match self.state {
            State::Open(until) => Ok(until),
            State::Lapsed(_) => Err("hold_lapsed"),
            State::Paying(_) | State::Ended(_) | State::Booked(_) => Err("hold_not_open"),
        }
    }
}
