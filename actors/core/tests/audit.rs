//! A show under audit: after every turn it is compared with a replay of its events, with its own image, with its counts.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use aisle_core::*;
use uuid::Uuid;

const SHOW: ShowId = ShowId(Uuid::from_u128(7));

pub struct Audited {
    show: Show,
    /// Gets the same events one by one, and never decides anything.
    replay: Show,
    pub journal: Vec<Entry>,
}

impl Deref for Audited {
    type Target = Show;

    fn deref(&self) -> &Show {
        &self.show
    }
}

impl Audited {
    pub fn new(plan: Arc<Plan>) -> Self {
        Self { show: Show::new(SHOW, plan.clone()), replay: Show::new(SHOW, plan), journal: Vec::new() }
    }

    /// What time alone brings, applied.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Event> {
        let due = self.show.next_deadline().is_some_and(|at| at <= now);
        let events = self.show.expire(now);
        assert_eq!(!events.is_empty(), due, "next_deadline and expire agree");
        self.apply(now, &events);
        assert_eq!(self.show.expire(now), vec![], "expire is done once");
        events
    }

    /// One command, decided twice and applied once.
    pub fn turn(&mut self, now: Timestamp, command: &Command) -> Result<Vec<Event>, Rejection> {
        let before = self.show.image();
        let decided = self.show.decide(now, command);
        assert_eq!(decided, self.show.decide(now, command), "the same question has the same answer");
        assert_eq!(before, self.show.image(), "decide changes nothing");
        let events = decided?;
        self.apply(now, &events);
        if let Command::ChangePlan(NewPlan(plan)) = command
            && !events.is_empty()
        {
            self.on_plan(plan);
        }
        Ok(events)
    }

    /// As whoever loads the show does it: the one from its image, the other from the whole journal on the new plan.
    fn on_plan(&mut self, plan: &Arc<Plan>) {
        assert_eq!(self.show.plan_version(), plan.version());
        self.show = self.show.on_plan(plan.clone()).unwrap();
        self.replay = Show::new(SHOW, plan.clone());
        for entry in &self.journal {
            self.replay.apply(entry.at, &entry.event, &mut Touched::default());
        }
        self.audit();
    }

    fn apply(&mut self, now: Timestamp, events: &[Event]) {
        for event in events {
            let before = Public::of(&self.show);
            let mut touched = Touched::default();
            self.show.apply(now, event, &mut touched);
            before.must_differ_by(&Public::of(&self.show), &touched, &self.show);
            // Through JSON, as the journal does it.
            let line = serde_json::to_string(&Entry { seq: Seq(1), at: now, event: event.clone() }).unwrap();
            let entry: Entry = serde_json::from_str(&line).unwrap();
            assert_eq!(entry.event, *event);
            self.replay.apply(entry.at, &entry.event, &mut Touched::default());
            self.journal.push(entry);
        }
        self.audit();
    }

    fn audit(&self) {
        let image = self.show.image();
        assert_eq!(image, self.replay.image(), "a replay is the same show");
        let bytes = postcard::to_stdvec(&image).unwrap();
        let restored = Show::from_image(self.show.plan().clone(), postcard::from_bytes(&bytes).unwrap()).unwrap();
        assert_eq!(restored.image(), image, "an image is the whole show");
        assert_eq!(
            postcard::to_stdvec(&self.show.image_ref()).unwrap(),
            postcard::to_stdvec(&image).unwrap(),
            "what is written down is the image"
        );
        assert_eq!(restored.letters(), self.show.letters());
        assert_eq!(restored.counts_by_category(), self.show.counts_by_category());
        assert_eq!(restored.areas_available(), self.show.areas_available());
        assert_eq!(restored.next_deadline(), self.show.next_deadline());
        self.counts_must_add_up();
        self.owners_must_agree();
    }

    fn counts_must_add_up(&self) {
        let plan = self.show.plan();
        let capacity: u32 = plan.areas().iter().map(|area| area.capacity).sum();
        assert_eq!(self.show.places(), u32::try_from(plan.seat_count()).unwrap() + capacity);
        let letters = self.show.letters();
        let free = letters.bytes().filter(|&letter| letter == b'a').count();
        let free_in_areas: u32 = self.show.areas_available().iter().map(|&(_, free)| free).sum();
        assert_eq!(self.show.places_available(), u32::try_from(free).unwrap() + free_in_areas);
    }

    /// Every seat that says it is held is in that hold, and the other way round; the same for bookings and allocations.
    fn owners_must_agree(&self) {
        let mut by_seat: BTreeSet<(SeatNo, Uuid)> = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for entry in &self.journal {
            match &entry.event {
                Event::SeatsHeld { hold, .. } => ids.insert(hold.0),
                Event::Booked { booking, .. } => ids.insert(booking.0),
                Event::SeatsBlocked { allocation, .. } => ids.insert(allocation.0),
                _ => false,
            };
        }
        for &id in &ids {
            if let Some(hold) = self.show.hold(id.into()).filter(|hold| hold.state.ended_at().is_none()) {
                by_seat.extend(hold.seats.iter().map(|&seat| (seat, id)));
            }
            if let Some(booking) = self.show.booking(id.into()) {
                by_seat.extend(booking.seats.iter().map(|&seat| (seat, id)));
            }
            if let Some(allocation) = self.show.allocation(id.into()) {
                by_seat.extend(allocation.seats.iter().map(|&seat| (seat, id)));
            }
        }
        let seats: HashSet<SeatNo> = by_seat.iter().map(|&(seat, _)| seat).collect();
        assert_eq!(seats.len(), by_seat.len(), "no seat has two owners");
        let from_seats: BTreeSet<(SeatNo, Uuid)> = self
            .show
            .plan()
            .order()
            .iter()
            .filter_map(|&seat| match self.show.seat(seat).unwrap() {
                SeatState::Available => None,
                SeatState::Held { hold } => Some((seat, hold.0)),
                SeatState::Booked { booking } => Some((seat, booking.0)),
                SeatState::Blocked { allocation } => Some((seat, allocation.0)),
            })
            .collect();
        assert_eq!(from_seats, by_seat, "seats and their owners agree");
    }
}

/// What the feed would compare, if it were not told what was touched.
struct Public {
    seats: BTreeMap<SeatNo, SeatState>,
    areas: BTreeMap<AreaNo, u32>,
    state: ShowState,
    settings: Settings,
}

impl Public {
    fn of(show: &Show) -> Self {
        Self {
            seats: show.plan().order().iter().map(|&seat| (seat, show.seat(seat).unwrap())).collect(),
            areas: show.areas_available().into_iter().collect(),
            state: show.state().clone(),
            settings: show.settings().clone(),
        }
    }

    fn must_differ_by(&self, after: &Self, touched: &Touched, show: &Show) {
        let changed: BTreeSet<SeatNo> =
            self.seats.iter().filter(|(seat, state)| after.seats[seat] != **state).map(|(&seat, _)| seat).collect();
        let told: BTreeSet<SeatNo> = touched.seats.iter().copied().collect();
        assert_eq!(told, changed, "touched seats are those that changed");
        assert_eq!(told.len(), touched.seats.len(), "each is told once");
        let changed: BTreeSet<AreaNo> =
            self.areas.iter().filter(|(area, free)| after.areas[area] != **free).map(|(&area, _)| area).collect();
        assert_eq!(touched.areas.iter().copied().collect::<BTreeSet<_>>(), changed);
        let show_changed = self.state != after.state || self.settings != after.settings;
        assert!(touched.show || !show_changed, "a change of the show is told");
        assert!(touched.holds.iter().all(|&hold| show.hold(hold).is_some()), "touched holds can be seen");
    }
}
