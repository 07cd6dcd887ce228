//! All bookings of a show, known for ever, in little memory.
//!
//! A booking is recent at first: a record with its seats, found by a hash. Settled ones, by far the most, are a line of ids in
//! their order, and columns for what only some of them have; which seats they have, the table of owners says. So a question
//! about one settled booking reads the table once; it is asked when somebody cancels, not in a rush.

use std::collections::HashMap;

use super::record::{By, Person};
use super::table::{Owner, Slot, Table};
use crate::command::AreaCount;
use crate::ids::{AccessCodeId, BookingId, SeatNo};

/// So many are recent at most: settling reads everything once, which is then shared by so many bookings.
const RECENT_MAX: usize = 1_024;

/// A booking, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Booking {
    pub by: By,
    /// In order of their numbers.
    pub seats: Vec<SeatNo>,
    pub areas: Vec<AreaCount>,
    /// What was given back, so that giving it back again is no news.
    pub returned: Vec<SeatNo>,
}

impl Booking {
    /// All of it was given back.
    pub fn is_cancelled(&self) -> bool {
        self.seats.is_empty() && self.areas.is_empty()
    }
}

/// What only some settled bookings have, in the order of their places.
type Column<T> = Vec<(u32, T)>;

#[derive(Debug, Default)]
pub(super) struct Bookings {
    /// Settled ones, in order.
    ids: Vec<BookingId>,
    /// One for each of `ids`; empty where nobody is known.
    buyers: Vec<Option<Person>>,
    customers: Vec<Option<Person>>,
    codes: Column<AccessCodeId>,
    areas: Column<Box<[AreaCount]>>,
    returned: Column<Box<[SeatNo]>>,
    /// Seats that the table cannot keep: no plan has so many.
    unseen: Column<Box<[SeatNo]>>,
    /// The slots after the settled ones.
    recent: Vec<(BookingId, Booking)>,
    slot_of_recent: HashMap<BookingId, Slot>,
    /// What everybody has booked, while a show with limits is busy; nothing of it is kept at rest.
    counted: Option<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    buyers: HashMap<Person, u64>,
    customers: HashMap<Person, u64>,
}

impl Counted {
    fn change(&mut self, by: By, change: impl Fn(u64) -> u64) {
        for (person, places) in [(by.buyer, &mut self.buyers), (by.customer, &mut self.customers)] {
            if let Some(person) = person {
                let has = places.entry(person).or_default();
                *has = change(*has);
            }
        }
    }
}

/// Whose places are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    Buyer(Person),
    Customer(Person),
}

impl Bookings {
    pub fn slot(&self, id: BookingId) -> Option<Slot> {
        let settled = || self.ids.binary_search(&id).ok().map(Slot::at);
        self.slot_of_recent.get(&id).copied().or_else(settled)
    }

    pub fn id_at(&self, slot: Slot) -> Option<BookingId> {
        let at = slot.index();
        self.ids.get(at).copied().or_else(|| self.recent.get(at - self.ids.len()).map(|&(id, _)| id))
    }

    pub fn read(&self, slot: Slot, table: &Table) -> Booking {
        let mut booking = match self.place(slot) {
            Place::Settled(at) => {
                let mut booking = self.settled(at);
                booking.seats.extend(table.seats_of(Owner::Booking(slot)));
                booking
            }
            Place::Recent(at) => self.recent[at].1.clone(),
        };
        booking.seats.sort_unstable();
        booking
    }

    /// All of them, in the order of their ids.
    pub fn read_all(&self, table: &Table) -> Vec<(BookingId, Booking)> {
        let settled = self.ids.iter().zip(0..).map(|(&id, at)| (id, self.settled(at)));
        let mut all: Vec<(BookingId, Booking)> = settled.chain(self.recent.iter().cloned()).collect();
        for (seat, owner) in table.iter() {
            if let Owner::Booking(slot) = owner
                && slot.index() < self.ids.len()
            {
                all[slot.index()].1.seats.push(seat);
            }
        }
        for (_, booking) in &mut all {
            booking.seats.sort_unstable();
        }
        all.sort_by_key(|&(id, _)| id);
        all
    }

    pub fn by(&self, slot: Slot) -> By {
        match self.place(slot) {
            Place::Settled(at) => self.by_of_settled(at),
            Place::Recent(at) => self.recent[at].1.by,
        }
    }

    pub fn areas(&self, slot: Slot) -> &[AreaCount] {
        match self.place(slot) {
            Place::Settled(at) => in_column(&self.areas, at).map_or(&[], |areas| areas),
            Place::Recent(at) => &self.recent[at].1.areas,
        }
    }

    /// A new booking, or one in the place of another with the same id.
    pub fn insert(&mut self, id: BookingId, booking: Booking) -> Slot {
        if let Some(slot) = self.slot(id) {
            self.counted = None;
            match self.place(slot) {
                Place::Settled(at) => self.put_into_columns(at, booking),
                Place::Recent(at) => self.recent[at].1 = booking,
            }
            return slot;
        }
        if let Some(counted) = &mut self.counted {
            let places = super::record::places(&booking.seats, &booking.areas);
            counted.change(booking.by, |has| has + places);
        }
        let slot = Slot::at(self.ids.len() + self.recent.len());
        self.recent.push((id, booking));
        self.slot_of_recent.insert(id, slot);
        slot
    }

    /// These seats went back, and these places of areas are left. The table is told by the caller.
    pub fn give_back(&mut self, slot: Slot, seats: &[SeatNo], areas_left: Vec<AreaCount>) {
        let by = self.by(slot);
        let back = super::record::places(seats, self.areas(slot)) - super::record::places(&[], &areas_left);
        if let Some(counted) = &mut self.counted {
            counted.change(by, |has| has.saturating_sub(back));
        }
        match self.place(slot) {
            Place::Settled(at) => {
                let mut booking = self.settled(at);
                booking.seats.retain(|seat| !seats.contains(seat));
                booking.returned.extend(seats);
                booking.areas = areas_left;
                self.put_into_columns(at, booking);
            }
            Place::Recent(at) => {
                let booking = &mut self.recent[at].1;
                booking.seats.retain(|seat| !seats.contains(seat));
                booking.returned.extend(seats);
                booking.areas = areas_left;
            }
        }
    }

    /// Counts what everybody has booked, so that the next questions need not read all bookings.
    pub fn count(&mut self, table: &Table) {
        if self.counted.is_none() {
            let mut counted = Counted::default();
            for (_, booking) in self.read_all(table) {
                let places = super::record::places(&booking.seats, &booking.areas);
                counted.change(booking.by, |has| has + places);
            }
            self.counted = Some(counted);
        }
    }

    /// The show rests: who asks now has all bookings read.
    pub fn forget_counts(&mut self) {
        self.counted = None;
    }

    /// How many places are booked by, or for, this person. Reads all bookings where they are not counted.
    pub fn places_of(&self, whose: Whose, table: &Table) -> u64 {
        if let Some(counted) = &self.counted {
            let places = match whose {
                Whose::Buyer(buyer) => counted.buyers.get(&buyer),
                Whose::Customer(customer) => counted.customers.get(&customer),
            };
            return places.copied().unwrap_or_default();
        }
        let is_theirs = |by: By| match whose {
            Whose::Buyer(buyer) => by.buyer == Some(buyer),
            Whose::Customer(customer) => by.customer == Some(customer),
        };
        let recent = self.recent.iter().filter(|(_, booking)| is_theirs(booking.by));
        let recent: u64 = recent.map(|(_, booking)| super::record::places(&booking.seats, &booking.areas)).sum();
        let (column, person) = match whose {
            Whose::Buyer(buyer) => (&self.buyers, buyer),
            Whose::Customer(customer) => (&self.customers, customer),
        };
        let theirs: Vec<u32> =
            column.iter().zip(0..).filter(|&(&by, _)| by == Some(person)).map(|(_, at)| at).collect();
        if theirs.is_empty() {
            return recent;
        }
        let listed = |&at: &u32| {
            super::record::places(
                in_column(&self.unseen, at).map_or(&[], |seats| seats),
                in_column(&self.areas, at).map_or(&[], |areas| areas),
            )
        };
        let is_of_theirs = |owner: Owner| match owner {
            Owner::Booking(slot) => theirs.iter().any(|&at| at as usize == slot.index()),
            Owner::Nobody | Owner::Hold(_) | Owner::Allocation(_) => false,
        };
        let seats = table.iter().filter(|&(_, owner)| is_of_theirs(owner)).count() as u64;
        recent + seats + theirs.iter().map(listed).sum::<u64>()
    }

    pub fn has_too_many_recent(&self) -> bool {
        self.recent.len() >= RECENT_MAX
    }

    /// Makes the recent ones settled, in memory that just fits.
    pub fn settle(&mut self, table: &mut Table) {
        if self.recent.is_empty() {
            return;
        }
        let settled = self.ids.len();
        let mut before: Vec<(BookingId, usize)> = self.ids.iter().copied().zip(0..).collect();
        let recent = std::mem::take(&mut self.recent);
        before.extend(recent.iter().zip(settled..).map(|((id, _), at)| (*id, at)));
        // Nearly sorted already: ids are made in the order of time, mostly.
        before.sort_by_key(|&(id, _)| id);
        let mut old = std::mem::take(self);
        self.counted = old.counted.take();
        let mut recent: Vec<Option<Booking>> = recent.into_iter().map(|(_, booking)| Some(booking)).collect();
        let mut new_slot = vec![0_u32; before.len()];
        self.ids = before.iter().map(|&(id, _)| id).collect();
        let knows_buyers = !old.buyers.is_empty() || recent.iter().flatten().any(|booking| booking.by.buyer.is_some());
        let knows_customers =
            !old.customers.is_empty() || recent.iter().flatten().any(|booking| booking.by.customer.is_some());
        self.buyers = vec![None; if knows_buyers { before.len() } else { 0 }];
        self.customers = vec![None; if knows_customers { before.len() } else { 0 }];
        for (&(_, was), at) in before.iter().zip(0..) {
            new_slot[was] = at;
        }
        // What was in a column stays in it, under its new place.
        for (place, person) in old.buyers.iter().enumerate() {
            self.buyers[new_slot[place] as usize] = *person;
        }
        for (place, person) in old.customers.iter().enumerate() {
            self.customers[new_slot[place] as usize] = *person;
        }
        self.codes = moved(std::mem::take(&mut old.codes), &new_slot);
        self.areas = moved(std::mem::take(&mut old.areas), &new_slot);
        self.returned = moved(std::mem::take(&mut old.returned), &new_slot);
        self.unseen = moved(std::mem::take(&mut old.unseen), &new_slot);
        for (was, booking) in (settled..).zip(&mut recent) {
            if let Some(mut booking) = booking.take() {
                let slot = Slot::at(was);
                booking.seats.retain(|&seat| table.owner(seat) != Owner::Booking(slot));
                let at = new_slot[was];
                if let Some(buyer) = self.buyers.get_mut(at as usize) {
                    *buyer = booking.by.buyer;
                }
                if let Some(customer) = self.customers.get_mut(at as usize) {
                    *customer = booking.by.customer;
                }
                push(&mut self.codes, at, booking.by.code);
                push(&mut self.areas, at, some(booking.areas));
                push(&mut self.returned, at, some(booking.returned));
                push(&mut self.unseen, at, some(booking.seats));
            }
        }
        sort(&mut self.codes);
        sort(&mut self.areas);
        sort(&mut self.returned);
        sort(&mut self.unseen);
        table.move_bookings(&new_slot);
    }

    /// What they take in memory.
    pub fn bytes(&self) -> usize {
        let lists = self.areas.iter().map(|(_, areas)| size_of_val(&**areas)).sum::<usize>()
            + self.returned.iter().chain(&self.unseen).map(|(_, seats)| size_of_val(&**seats)).sum::<usize>();
        let recent: usize = self
            .recent
            .iter()
            .map(|(_, booking)| {
                (booking.seats.capacity() + booking.returned.capacity()) * size_of::<SeatNo>()
                    + booking.areas.capacity() * size_of::<AreaCount>()
            })
            .sum();
        self.ids.capacity() * size_of::<BookingId>()
            + (self.buyers.capacity() + self.customers.capacity()) * size_of::<Option<Person>>()
            + self.codes.capacity() * size_of::<(u32, AccessCodeId)>()
            + self.areas.capacity() * size_of::<(u32, Box<[AreaCount]>)>()
            + (self.returned.capacity() + self.unseen.capacity()) * size_of::<(u32, Box<[SeatNo]>)>()
            + lists
            + self.recent.capacity() * size_of::<(BookingId, Booking)>()
            + recent
            + self.slot_of_recent.capacity() * (size_of::<(BookingId, Slot)>() + 1)
            + self.counted.as_ref().map_or(0, |counted| {
                (counted.buyers.capacity() + counted.customers.capacity()) * (size_of::<(Person, u64)>() + 1)
            })
    }

    fn place(&self, slot: Slot) -> Place {
        let at = slot.index();
        match at.checked_sub(self.ids.len()) {
            None => Place::Settled(u32::try_from(at).unwrap_or(u32::MAX)),
            Some(recent) => Place::Recent(recent),
        }
    }

    fn by_of_settled(&self, at: u32) -> By {
        By {
            buyer: self.buyers.get(at as usize).copied().flatten(),
            customer: self.customers.get(at as usize).copied().flatten(),
            code: in_column(&self.codes, at).copied(),
        }
    }

    /// A settled booking, without the seats that the table keeps for it.
    fn settled(&self, at: u32) -> Booking {
        Booking {
            by: self.by_of_settled(at),
            seats: in_column(&self.unseen, at).map_or_else(Vec::new, |seats| seats.to_vec()),
            areas: in_column(&self.areas, at).map_or_else(Vec::new, |areas| areas.to_vec()),
            returned: in_column(&self.returned, at).map_or_else(Vec::new, |seats| seats.to_vec()),
        }
    }

    /// All but who made it, which never changes.
    fn put_into_columns(&mut self, at: u32, booking: Booking) {
        set(&mut self.areas, at, some(booking.areas));
        set(&mut self.returned, at, some(booking.returned));
        set(&mut self.unseen, at, some(booking.seats));
    }
}

enum Place {
    Settled(u32),
    /// An index into the recent ones.
    Recent(usize),
}

fn some<T>(list: Vec<T>) -> Option<Box<[T]>> {
    (!list.is_empty()).then(|| list.into())
}

fn in_column<T>(column: &Column<T>, at: u32) -> Option<&T> {
    column.binary_search_by_key(&at, |&(place, _)| place).ok().map(|found| &column[found].1)
}

fn set<T>(column: &mut Column<T>, at: u32, value: Option<T>) {
    match (column.binary_search_by_key(&at, |&(place, _)| place), value) {
        (Ok(found), Some(value)) => column[found].1 = value,
        (Ok(found), None) => drop(column.remove(found)),
        (Err(gap), Some(value)) => column.insert(gap, (at, value)),
        (Err(_), None) => {}
    }
}

fn push<T>(column: &mut Column<T>, at: u32, value: Option<T>) {
    column.extend(value.map(|value| (at, value)));
}

fn moved<T>(column: Column<T>, new_slot: &[u32]) -> Column<T> {
    column.into_iter().map(|(at, value)| (new_slot[at as usize], value)).collect()
}

fn sort<T>(column: &mut Column<T>) {
    column.sort_by_key(|&(at, _)| at);
    column.shrink_to_fit();
}
