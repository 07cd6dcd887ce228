//! What the naive model does when somebody wants places, or others than before.

use std::collections::BTreeSet;

use aisle_core::*;

use super::{Hold, Model, Outcome, Pocket, State};

impl Model {
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

    pub(super) fn sound(&self, seats: &[SeatNo], areas: &[AreaCount]) -> Outcome {
        let distinct: BTreeSet<_> = seats.iter().collect();
        let sound = seats.iter().all(|seat| self.house.place(seat.0).is_some())
            && distinct.len() == seats.len()
            && areas.len() < 2;
        if sound { Ok(()) } else { Err("validation_failed") }
    }

    /// Of a box that is sold whole, whoever names a seat has all in the end, or none.
    pub(super) fn must_take_whole_boxes(&self, origin: Origin, named: &[SeatNo], has: &BTreeSet<u32>) -> Outcome {
        for line in self.house.lines.iter().filter(|line| line.sold_whole) {
            let touched = line.places.iter().any(|place| named.contains(&SeatNo(place.number)));
            let taken = line.places.iter().filter(|place| has.contains(&place.number)).count();
            if touched && taken > 0 && taken < line.places.len() && origin.channel != Channel::Staff {
                return Err("table_sold_whole");
            }
        }
        Ok(())
    }

    pub(super) fn can_take(&self, from: Option<AllocationId>, wanted: &Pocket) -> Outcome {
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

    pub(super) fn hold(&mut self, wanted: &HoldSeats, chosen: &[SeatNo]) -> Outcome {
        if let Some(known) = self.known(wanted.hold) {
            let same = wanted.request.is_some() && known.key == wanted.request;
            return if same { Ok(()) } else { Err("idempotency_key_reused") };
        }
        self.may_sell(wanted.origin, wanted.allocation.is_some())?;
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
        self.sound(&wanted.seats, &wanted.areas)?;
        if quantity > 0 && !wanted.seats.is_empty() {
            return Err("validation_failed");
        }
        self.must_take_whole_boxes(wanted.origin, &wanted.seats, &has.seats)?;
        self.may_have(wanted.origin, 0, wanted.seats.len() as u32 + has.floor + quantity)?;
        self.can_take(wanted.allocation, &has)?;
        let best = wanted.best.as_ref().filter(|best| best.quantity > 0);
        if let Some(best) = best {
            has.add(&self.best(wanted, best, chosen)?);
        } else {
            let rule = self.orphan_rule(wanted.origin);
            self.must_not_strand(rule, wanted.allocation, &has.seats, &BTreeSet::new(), &BTreeSet::new())?;
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

    pub(super) fn change(&mut self, id: HoldId, add: &[SeatNo], remove: &[SeatNo], areas: &[AreaCount]) -> Outcome {
        if let Some(known) = self.known(id) {
            let more_seats = add.iter().any(|seat| !known.has.seats.contains(&seat.0));
            if more_seats || areas.iter().any(|area| area.quantity > known.has.floor) {
                let its_own = known.from.is_some_and(|from| self.allocations[&from].open);
                self.may_sell(known.origin, its_own)?;
            }
        }
        let known = self.known(id).ok_or("not_found")?;
        known.open()?;
        self.sound(add, areas)?;
        let all: BTreeSet<_> = add.iter().chain(remove).collect();
        if all.len() < add.len() + remove.len() {
            return Err("validation_failed");
        }
        let mut after = known.has.clone();
        let before = &known.has.seats;
        after.seats.retain(|&seat| !remove.contains(&SeatNo(seat)));
        after.seats.extend(add.iter().map(|seat| seat.0));
        after.floor = areas.first().map_or(after.floor, |area| area.quantity);
        if after == known.has {
            return Ok(());
        }
        if after.places() == 0 {
            self.end(id, State::Ended(self.now));
            return Ok(());
        }
        let named: Vec<SeatNo> = add.iter().chain(remove).copied().collect();
        self.must_take_whole_boxes(known.origin, &named, &after.seats)?;
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
        let kept = before & &after.seats;
        self.must_not_strand(self.orphan_rule(known.origin), known.from, &more.seats, &kept, &less.seats)?;
        if let Some(kept) = known.from.and_then(|from| self.allocations.get_mut(&from)).filter(|kept| kept.open) {
            kept.has.take_from(&more);
            kept.has.add(&less);
        }
        self.holds.get_mut(&id).unwrap().has = after;
        Ok(())
    }
}
