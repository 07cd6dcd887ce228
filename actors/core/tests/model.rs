//! A show so simple that it is obviously right: no table of seats, no index, no events. Who owns a seat is found by looking
//! through everybody's pockets. It knows one row of [`SEATS`] seats, one floor of [`FLOOR`] places, and the settings below.

mod sales;

use std::collections::{BTreeMap, BTreeSet};

use aisle_core::*;

pub const SEATS: u32 = 6;
pub const FLOOR: u32 = 5;
/// A box, sold whole.
pub const BOX: [u32; 2] = [SEATS - 2, SEATS - 1];
const REMEMBERED: i64 = 600_000;

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

#[derive(Clone, Default)]
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
    origin: Origin,
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

#[derive(Clone, Copy, PartialEq)]
enum Sale {
    Draft,
    On,
    Paused(i64),
    Over,
}

#[derive(Clone)]
pub struct Model {
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
        FLOOR - held - booked - kept
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

    fn may_sell(&self, origin: Origin) -> Outcome {
        match self.sale {
            Sale::Draft => Err("not_on_sale"),
            Sale::Over => Err("sales_ended"),
            Sale::Paused(_) if origin.channel != Channel::Staff => Err("sales_paused"),
            Sale::On | Sale::Paused(_) => Ok(()),
        }
    }

    fn may_have(&self, origin: Origin, before: u32, after: u32) -> Outcome {
        if origin.channel == Channel::Staff || after <= before {
            return Ok(());
        }
        let theirs = |other: Origin| origin.buyer.is_some() && other.buyer == origin.buyer;
        let holds: Vec<&Hold> = self.holds.values().filter(|hold| hold.stands() && theirs(hold.origin)).collect();
        let booked: u32 = self.bookings.values().filter(|b| theirs(b.origin)).map(|b| b.has.places()).sum();
        let has = holds.iter().map(|hold| hold.has.places()).sum::<u32>() + booked;
        if after > 4 || origin.buyer.is_some() && has + after - before > 6 {
            Err("seat_limit_reached")
        } else if before == 0 && holds.len() >= 2 {
            Err("hold_limit_reached")
        } else if self.is_used_up(origin, after - before) {
            Err("access_code_used_up")
        } else {
            Ok(())
        }
    }

    fn is_used_up(&self, origin: Origin, more: u32) -> bool {
        let Some(AccessCode { id, places_max: Some(max) }) = origin.code else { return false };
        let same = |other: Origin| other.code.is_some_and(|code| code.id == id);
        let held: u32 =
            self.holds.values().filter(|hold| hold.stands() && same(hold.origin)).map(|hold| hold.has.places()).sum();
        let booked: u32 = self.bookings.values().filter(|b| same(b.origin)).map(|b| b.has.places()).sum();
        held + booked + more > max
    }

    fn sound(seats: &[SeatNo], areas: &[AreaCount]) -> Outcome {
        let distinct: BTreeSet<_> = seats.iter().collect();
        let sound = seats.iter().all(|seat| seat.0 < SEATS) && distinct.len() == seats.len() && areas.len() < 2;
        if sound { Ok(()) } else { Err("validation_failed") }
    }

    /// The last two seats are a box that is sold whole.
    fn must_take_whole_tables(&self, origin: Origin, named: &[SeatNo], has: &BTreeSet<u32>) -> Outcome {
        let touched = named.iter().any(|seat| BOX.contains(&seat.0));
        let taken = BOX.iter().filter(|seat| has.contains(seat)).count();
        let part = touched && taken == 1 && origin.channel != Channel::Staff;
        if part { Err("table_sold_whole") } else { Ok(()) }
    }

    fn can_take(&self, from: Option<AllocationId>, wanted: &Pocket) -> Outcome {
        let Some(kept) = from.and_then(|from| self.allocations.get(&from)).filter(|kept| kept.open) else {
            let free = wanted.seats.iter().all(|&seat| self.letter(seat) == b'a');
            let room = wanted.floor <= self.floor();
            return if !free {
                Err("seats_taken")
            } else if !room {
                Err("area_full")
            } else {
                Ok(())
            };
        };
        let outside: Vec<u8> = wanted.seats.difference(&kept.has.seats).map(|&seat| self.letter(seat)).collect();
        if outside.iter().any(|&letter| letter == b'a' || letter == b'x') {
            Err("validation_failed")
        } else if !outside.is_empty() {
            Err("seats_taken")
        } else if wanted.floor > kept.has.floor {
            Err("area_full")
        } else {
            Ok(())
        }
    }

    /// Carries out a command, or says why not. What "the best" are is for the show to say: `chosen`.
    pub fn step(&mut self, command: &Command, chosen: &[SeatNo]) -> Outcome {
        match command {
            Command::Hold(wanted) => self.hold(wanted, chosen),
            Command::ChangeHold { hold, add, remove, areas } => self.change(*hold, add, remove, areas),
            Command::ExtendHold { hold } => {
                if let Some(known) = self.known(*hold) {
                    self.may_sell(known.origin)?;
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
                self.may_sell(known.as_ref().map_or(public, |known| known.origin))?;
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
            Command::Configure(_) => Ok(()),
            Command::Change(change) => self.change_show(change),
            Command::ChangePlan(_) => panic!("the generator never asks for it"),
        }
    }

    fn hold(&mut self, wanted: &HoldSeats, chosen: &[SeatNo]) -> Outcome {
        if let Some(known) = self.known(wanted.hold) {
            let same = wanted.request.is_some() && known.key == wanted.request;
            return if same { Ok(()) } else { Err("idempotency_key_reused") };
        }
        self.may_sell(wanted.origin)?;
        let may_name = matches!(wanted.origin.channel, Channel::Staff | Channel::Allocation);
        let open = |from| self.allocations.get(&from).is_some_and(|kept| kept.open);
        if wanted.allocation.is_some_and(|from| !may_name || !open(from)) {
            return Err("not_found");
        }
        let quantity = wanted.best.as_ref().map_or(0, |best| best.quantity);
        let mut has = Pocket::of(&wanted.seats, &wanted.areas);
        if has.places() + quantity == 0 {
            return Err("validation_failed");
        }
        Self::sound(&wanted.seats, &wanted.areas)?;
        if quantity > 0 && !wanted.seats.is_empty() {
            return Err("validation_failed");
        }
        self.must_take_whole_tables(wanted.origin, &wanted.seats, &has.seats)?;
        self.may_have(wanted.origin, 0, wanted.seats.len() as u32 + has.floor + quantity)?;
        self.can_take(wanted.allocation, &has)?;
        if quantity > 0 {
            // The box is only for a party of two, and only whole.
            let pool: Vec<bool> =
                (0..SEATS).map(|seat| self.is_free_for(wanted.allocation, seat) && !BOX.contains(&seat)).collect();
            let whole_box = quantity == 2 && BOX.iter().all(|&seat| self.is_free_for(wanted.allocation, seat));
            if pool.iter().filter(|&&free| free).count() < quantity as usize && !whole_box {
                return Err("none_available");
            }
            let best = Pocket::of(chosen, &[]);
            assert_eq!(best.seats.len(), quantity as usize, "so many as were wanted");
            self.can_take(wanted.allocation, &best).expect("the best are free");
            let together = |seats: &BTreeSet<u32>| seats.last().unwrap() - seats.first().unwrap() + 1 == quantity;
            let possible = whole_box || pool.windows(quantity as usize).any(|window| window.iter().all(|&free| free));
            let in_box = BOX.iter().filter(|seat| best.seats.contains(seat)).count();
            assert!(in_box == 0 || in_box == 2 && whole_box, "the box is taken whole");
            assert_eq!(together(&best.seats), possible, "side by side where that is possible");
            has.add(&best);
        }
        if let Some(kept) = wanted.allocation.and_then(|from| self.allocations.get_mut(&from)) {
            kept.has.take_from(&has);
        }
        let (state, cap) = (State::Open(self.clock() + 10_000), self.clock() + 20_000);
        let (origin, key, from) = (wanted.origin, wanted.request, wanted.allocation);
        let (customer, given_up) = (None, Vec::new());
        self.holds.insert(wanted.hold, Hold { has, state, cap, origin, key, customer, from, given_up });
        Ok(())
    }

    fn is_free_for(&self, from: Option<AllocationId>, seat: u32) -> bool {
        self.can_take(from, &Pocket { seats: [seat].into(), floor: 0 }).is_ok()
    }

    fn change(&mut self, id: HoldId, add: &[SeatNo], remove: &[SeatNo], areas: &[AreaCount]) -> Outcome {
        if let Some(known) = self.known(id) {
            let more_seats = add.iter().any(|seat| !known.has.seats.contains(&seat.0));
            if more_seats || areas.iter().any(|area| area.quantity > known.has.floor) {
                self.may_sell(known.origin)?;
            }
        }
        let known = self.known(id).ok_or("not_found")?;
        known.open()?;
        Self::sound(add, areas)?;
        let all: BTreeSet<_> = add.iter().chain(remove).collect();
        if all.len() < add.len() + remove.len() {
            return Err("validation_failed");
        }
        let mut after = known.has.clone();
        after.seats.retain(|&seat| !remove.contains(&SeatNo(seat)));
        after.seats.extend(add.iter().map(|seat| seat.0));
        after.floor = areas.first().map_or(after.floor, |area| area.quantity);
        if after.places() == 0 {
            self.end(id, State::Ended(self.now));
            return Ok(());
        }
        let named: Vec<SeatNo> = add.iter().chain(remove).copied().collect();
        self.must_take_whole_tables(known.origin, &named, &after.seats)?;
        self.may_have(known.origin, known.has.places(), after.places())?;
        let more = Pocket {
            seats: after.seats.difference(&known.has.seats).copied().collect(),
            floor: after.floor.saturating_sub(known.has.floor),
        };
        let less = Pocket {
            seats: known.has.seats.difference(&after.seats).copied().collect(),
            floor: known.has.floor.saturating_sub(after.floor),
        };
        self.can_take(known.from, &more)?;
        if let Some(kept) = known.from.and_then(|from| self.allocations.get_mut(&from)).filter(|kept| kept.open) {
            kept.has.take_from(&more);
            kept.has.add(&less);
        }
        self.holds.get_mut(&id).unwrap().has = after;
        Ok(())
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
