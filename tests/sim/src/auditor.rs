//! The auditor: a naive model of every show, fed by nothing but what has become durable, and suspicious of everything that is
//! said.

use std::collections::{BTreeMap, BTreeSet};

use aisle_actors::core::{
    AllocationId, Answer, AreaCount, BookingId, Entry, Event, HoldId, HoldState, HoldView, OrderId, REMEMBERED_MS,
    Rejection, SeatNo, Seq, Timestamp,
};
use aisle_actors::turn::{Said, Wish};

use crate::house::{FLOOR, SEATS};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Nobody,
    Hold(HoldId),
    Booking(BookingId),
    House(AllocationId),
}

#[derive(Debug)]
struct Hold {
    seats: Vec<SeatNo>,
    floor: u32,
    from: Option<AllocationId>,
    /// `None` once it has ended.
    state: Option<State>,
    ended_at: Timestamp,
}

impl Hold {
    fn is_remembered(&self, now: Timestamp) -> bool {
        self.state.is_some() || now < self.ended_at.plus_ms(REMEMBERED_MS)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open(Timestamp),
    Paying(OrderId),
}

#[derive(Debug, Default)]
pub struct Booking {
    pub seats: Vec<SeatNo>,
    pub floor: u32,
}

#[derive(Debug, Default)]
struct House {
    floor: u32,
    closed: bool,
}

/// One show, as its journal tells it.
#[derive(Debug)]
pub struct Model {
    pub seq: Seq,
    at: Timestamp,
    seats: Vec<Owner>,
    /// The number at which a seat was last given back.
    freed: Vec<Seq>,
    holds: BTreeMap<HoldId, Hold>,
    pub bookings: BTreeMap<BookingId, Booking>,
    house: BTreeMap<AllocationId, House>,
    paused_since: Option<Timestamp>,
    over: bool,
    /// The seats string at each number.
    letters: BTreeMap<Seq, String>,
}

pub type Verdict = Result<(), String>;

pub fn must(is_so: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if is_so { Ok(()) } else { Err(otherwise()) }
}

fn on_floor(areas: &[AreaCount]) -> u32 {
    areas.iter().map(|count| count.quantity).sum()
}

impl Model {
    pub fn new() -> Self {
        let seats = vec![Owner::Nobody; SEATS as usize];
        let mut letters = BTreeMap::new();
        letters.insert(Seq(0), "a".repeat(SEATS as usize));
        Self {
            seq: Seq(0),
            at: Timestamp(i64::MIN),
            freed: vec![Seq(0); SEATS as usize],
            seats,
            holds: BTreeMap::new(),
            bookings: BTreeMap::new(),
            house: BTreeMap::new(),
            paused_since: None,
            over: false,
            letters,
        }
    }

    pub fn letters_at(&self, seq: Seq) -> Option<&str> {
        self.letters.get(&seq).map(String::as_str)
    }

    /// Whether this hold is being paid for.
    pub fn is_paying(&self, hold: HoldId) -> bool {
        self.holds.get(&hold).is_some_and(|record| matches!(record.state, Some(State::Paying(_))))
    }

    /// Cancelled or ended, or there is not much left to sell.
    pub fn is_over_or_full(&self) -> bool {
        self.over || self.seats.iter().filter(|owner| **owner == Owner::Nobody).count() < 6
    }

    /// Holds that stand and may be over at `now`.
    pub fn overdue(&self, now: Timestamp) -> Vec<HoldId> {
        let clock = self.paused_since.map_or(now, |since| since.min(now));
        let late = |hold: &Hold| matches!(hold.state, Some(State::Open(deadline)) if deadline <= clock);
        self.holds.iter().filter(|(_, hold)| late(hold)).map(|(id, _)| *id).collect()
    }

    /// One more entry is durable: is it allowed to be?
    pub fn durable(&mut self, entry: &Entry) -> Verdict {
        must(entry.seq == self.seq.next(), || format!("entry {} follows {}", entry.seq.0, self.seq.0))?;
        must(entry.at >= self.at, || format!("entry {} is earlier than the one before", entry.seq.0))?;
        self.seq = entry.seq;
        self.at = entry.at;
        self.event(entry.at, &entry.event)?;
        let floor: u32 = self.holds.values().filter(|hold| hold.state.is_some()).map(|hold| hold.floor).sum::<u32>()
            + self.bookings.values().map(|booking| booking.floor).sum::<u32>()
            + self.house.values().map(|house| house.floor).sum::<u32>();
        must(floor <= FLOOR, || format!("{floor} of {FLOOR} places of the floor are taken"))?;
        let letter = |owner: &Owner| match owner {
            Owner::Nobody => 'a',
            Owner::Hold(_) => 'h',
            Owner::Booking(_) => 'b',
            Owner::House(_) => 'x',
        };
        self.letters.insert(self.seq, self.seats.iter().map(letter).collect());
        Ok(())
    }

    fn event(&mut self, at: Timestamp, event: &Event) -> Verdict {
        match event {
            Event::SeatsHeld { hold, seats, areas, allocation, expires_at, .. } => {
                // A key may be used again once it is forgotten.
                let known = self.holds.get(hold).is_some_and(|record| record.is_remembered(at));
                must(!known, || format!("{hold} was made twice"))?;
                must(!self.over, || format!("{hold} was made after the end"))?;
                let free = allocation.map_or(Owner::Nobody, Owner::House);
                self.take(seats, free, Owner::Hold(*hold))?;
                let floor = on_floor(areas);
                if let Some(house) = allocation.and_then(|allocation| self.house.get_mut(&allocation)) {
                    must(house.floor >= floor, || "more places than the house has".to_owned())?;
                    house.floor -= floor;
                }
                let state = Some(State::Open(*expires_at));
                self.holds.insert(*hold, Hold { seats: seats.clone(), floor, from: *allocation, state, ended_at: at });
                Ok(())
            }
            Event::HoldChanged { hold, added, removed, areas } => {
                self.must_be_open(*hold, at)?;
                let from = self.holds.get(hold).and_then(|record| record.from);
                self.give(removed, Owner::Hold(*hold), self.home(from))?;
                self.take(added, self.home(from), Owner::Hold(*hold))?;
                let home = self.standing(from);
                let record = self.holds.get_mut(hold).ok_or("no such hold")?;
                record.seats.retain(|seat| !removed.contains(seat));
                record.seats.extend(added);
                if let Some(count) = areas.first() {
                    if let Some(house) = home.and_then(|house| self.house.get_mut(&house)) {
                        must(house.floor + record.floor >= count.quantity, || "more than the house has".to_owned())?;
                        house.floor = house.floor + record.floor - count.quantity;
                    }
                    record.floor = count.quantity;
                }
                Ok(())
            }
            Event::HoldExtended { hold, expires_at } => {
                self.must_be_open(*hold, at)?;
                self.set(*hold, State::Open(*expires_at))
            }
            Event::HoldReleased { hold } => {
                self.must_be_open(*hold, at)?;
                self.end(*hold)
            }
            Event::HoldLapsed { hold } => {
                let clock = self.paused_since.unwrap_or(at);
                match self.holds.get(hold).and_then(|record| record.state) {
                    Some(State::Open(deadline)) if deadline <= clock => self.end(*hold),
                    other => Err(format!("{hold} lapsed while {other:?}")),
                }
            }
            Event::PaymentStarted { hold, order, .. } => {
                self.must_be_open(*hold, at)?;
                self.set(*hold, State::Paying(*order))
            }
            Event::PaymentGivenUp { hold, order, expires_at } => {
                // Given up before it began: nothing changes.
                if self.holds.get(hold).and_then(|it| it.state) != Some(State::Open(*expires_at)) {
                    self.must_pay(*hold, *order)?;
                }
                self.set(*hold, State::Open(*expires_at))
            }
            Event::PaymentEnded { hold, order } => {
                self.must_pay(*hold, *order)?;
                self.end(*hold)
            }
            Event::Booked { booking, hold, order, seats, areas, allocation, .. } => {
                must(!self.bookings.contains_key(booking), || format!("{booking} was made twice"))?;
                match hold {
                    Some(hold) => {
                        let state = self.holds.get(hold).and_then(|record| record.state);
                        match (state, order) {
                            (Some(State::Open(_)), _) => self.must_be_open(*hold, at)?,
                            (Some(State::Paying(paying)), Some(order)) if paying == *order => {}
                            other => return Err(format!("{hold} was booked while {other:?}")),
                        }
                        self.give(seats, Owner::Hold(*hold), Owner::Booking(*booking))?;
                        let record = self.holds.get_mut(hold).ok_or("no such hold")?;
                        must(record.seats.len() == seats.len(), || format!("{hold} was booked in part"))?;
                        record.state = None;
                        record.ended_at = at;
                        record.floor = 0;
                    }
                    None => self.sell_late(seats, on_floor(areas), *allocation, Owner::Booking(*booking))?,
                }
                self.bookings.insert(*booking, Booking { seats: seats.clone(), floor: on_floor(areas) });
                Ok(())
            }
            Event::BookingCancelled { booking, seats, areas } => {
                self.give(seats, Owner::Booking(*booking), Owner::Nobody)?;
                // One that is not known may be cancelled too: from then on it is never made.
                let record = self.bookings.entry(*booking).or_default();
                record.seats.retain(|seat| !seats.contains(seat));
                record.floor = record.floor.checked_sub(on_floor(areas)).ok_or("more came back than was sold")?;
                Ok(())
            }
            Event::SeatsBlocked { allocation, seats, areas, .. } => {
                self.take(seats, Owner::Nobody, Owner::House(*allocation))?;
                let house = self.house.entry(*allocation).or_default();
                house.floor += on_floor(areas);
                house.closed = false;
                Ok(())
            }
            Event::SeatsUnblocked { allocation, seats, areas, by_time } => {
                self.give(seats, Owner::House(*allocation), Owner::Nobody)?;
                let left = self.seats.contains(&Owner::House(*allocation));
                let house = self.house.get_mut(allocation).ok_or("no such allocation")?;
                house.floor = house.floor.checked_sub(on_floor(areas)).ok_or("more came back than was kept")?;
                house.closed = *by_time || (!left && house.floor == 0);
                Ok(())
            }
            Event::Paused { .. } => {
                self.paused_since.get_or_insert(at);
                Ok(())
            }
            Event::Resumed { holds_shifted_by_ms } => {
                for hold in self.holds.values_mut() {
                    if let Some(State::Open(deadline)) = &mut hold.state {
                        *deadline = deadline.plus_ms(*holds_shifted_by_ms);
                    }
                }
                self.paused_since = None;
                Ok(())
            }
            Event::Cancelled { .. } | Event::Ended => {
                self.over = true;
                self.paused_since = None;
                Ok(())
            }
            Event::Published | Event::Moved { .. } => {
                self.paused_since = None;
                Ok(())
            }
            Event::Configured { .. } | Event::PlanChanged { .. } => Ok(()),
        }
    }

    /// Something is being said: is it true? `asked_at` is the durable number when it was asked, `exact` that nothing has become
    /// durable since the show formed its opinion.
    pub fn said(&self, asked: &Wish, asked_at: Seq, exact: bool, said: &Said) -> Verdict {
        match said {
            Said::Answered(answered) => {
                must(answered.seq <= self.seq, || format!("told at {} of {}", self.seq.0, answered.seq.0))?;
                match &answered.answer {
                    Answer::Hold(view) => self.must_know(view),
                    Answer::Booking(view) => must(self.bookings.contains_key(&view.booking), || {
                        format!("{} was confirmed and is not in the journal", view.booking)
                    }),
                    Answer::Allocation(view) => must(self.house.contains_key(&view.allocation), || {
                        format!("{} was confirmed and is not in the journal", view.allocation)
                    }),
                    Answer::Done => Ok(()),
                }
            }
            Said::Refused(Rejection::SeatsTaken { seats }) => {
                for seat in seats {
                    let taken = self.seats.get(seat.index()) != Some(&Owner::Nobody);
                    let was_taken = self.freed.get(seat.index()).is_some_and(|freed| *freed > asked_at);
                    must(taken || was_taken || crate::client::in_allocation(asked), || {
                        format!("seat {seat} was refused as taken and is free")
                    })?;
                }
                Ok(())
            }
            Said::Refused(_) | Said::Booking(_) | Said::Allocations(_) | Said::CodeUses(_) | Said::Facts(_) => Ok(()),
            Said::Hold(None) => Ok(()),
            Said::Hold(Some(view)) => {
                self.must_know(view)?;
                let stands = matches!(view.state, HoldState::Open { .. } | HoldState::Paying { .. });
                let does = self.holds.get(&view.hold).is_some_and(|hold| hold.state.is_some());
                must(!exact || stands == does, || format!("{} was shown as {:?}", view.hold, view.state))
            }
        }
    }

    fn must_know(&self, view: &HoldView) -> Verdict {
        must(self.holds.contains_key(&view.hold), || format!("{} was told of and is not in the journal", view.hold))
    }

    fn take(&mut self, seats: &[SeatNo], from: Owner, to: Owner) -> Verdict {
        let distinct: BTreeSet<&SeatNo> = seats.iter().collect();
        must(distinct.len() == seats.len(), || format!("{to:?} has a seat twice"))?;
        self.give(seats, from, to)
    }

    /// Places whose hold has ended: out of the allocation to which they went back, or free ones.
    fn sell_late(&mut self, seats: &[SeatNo], floor: u32, home: Option<AllocationId>, to: Owner) -> Verdict {
        let Some(home) = home else { return self.take(seats, Owner::Nobody, to) };
        let in_house = |seat: &SeatNo| self.seats.get(seat.index()) == Some(&Owner::House(home));
        let (kept, free): (Vec<SeatNo>, Vec<SeatNo>) = seats.iter().copied().partition(in_house);
        self.take(&kept, Owner::House(home), to)?;
        self.take(&free, Owner::Nobody, to)?;
        let house = self.house.get_mut(&home).ok_or("no such allocation")?;
        house.floor = house.floor.checked_sub(floor).ok_or("more places than the house has")?;
        Ok(())
    }

    fn give(&mut self, seats: &[SeatNo], from: Owner, to: Owner) -> Verdict {
        for seat in seats {
            let owner = self.seats.get_mut(seat.index()).ok_or_else(|| format!("there is no seat {seat}"))?;
            must(*owner == from, || format!("seat {seat} went from {from:?} to {to:?} and was {owner:?}'s"))?;
            *owner = to;
            if let (Owner::Nobody, Some(freed)) = (to, self.freed.get_mut(seat.index())) {
                *freed = self.seq;
            }
        }
        Ok(())
    }

    fn standing(&self, allocation: Option<AllocationId>) -> Option<AllocationId> {
        allocation.filter(|allocation| self.house.get(allocation).is_some_and(|house| !house.closed))
    }

    fn home(&self, allocation: Option<AllocationId>) -> Owner {
        self.standing(allocation).map_or(Owner::Nobody, Owner::House)
    }

    fn end(&mut self, hold: HoldId) -> Verdict {
        let record = self.holds.get_mut(&hold).ok_or("no such hold")?;
        record.state = None;
        record.ended_at = self.at;
        let (seats, floor, from) = (record.seats.clone(), std::mem::take(&mut record.floor), record.from);
        self.give(&seats, Owner::Hold(hold), self.home(from))?;
        if let Some(house) = self.standing(from).and_then(|house| self.house.get_mut(&house)) {
            house.floor += floor;
        }
        Ok(())
    }

    fn set(&mut self, hold: HoldId, state: State) -> Verdict {
        self.holds.get_mut(&hold).ok_or("no such hold")?.state = Some(state);
        Ok(())
    }

    fn must_be_open(&self, hold: HoldId, at: Timestamp) -> Verdict {
        let clock = self.paused_since.map_or(at, |since| since.min(at));
        match self.holds.get(&hold).and_then(|record| record.state) {
            Some(State::Open(deadline)) if clock < deadline => Ok(()),
            other => Err(format!("{hold} was taken for open at {} and is {other:?}", at.0)),
        }
    }

    fn must_pay(&self, hold: HoldId, order: OrderId) -> Verdict {
        match self.holds.get(&hold).and_then(|record| record.state) {
            Some(State::Paying(paying)) if paying == order => Ok(()),
            other => Err(format!("{hold} was taken for paying {order} and is {other:?}")),
        }
    }
}
