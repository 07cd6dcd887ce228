//! The shelf of sleeping shows that were read lately: so many, of so many bytes; what nobody has asked for longest goes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aisle_core::{Plan, PlanVersionId, ShowId, Timestamp};

use super::{Copy, ShowView};
use crate::handle::AskError;
use crate::metrics;

/// What a copy takes whatever its size: its records, its feed's ring and channel.
const COPY_BYTES: usize = 24 * 1024;
/// What a copy takes for each seat: its owner's number, its letter in the feed, twice, and its part of a record.
const SEAT_BYTES: usize = 24;
/// What a plan takes for each seat, with its guid and its place in two indices. Counted once for all the shows played on it.
const PLAN_SEAT_BYTES: usize = 160;

/// One show's place on the shelf.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Whoever goes to the journal for this show has this; the others wait and find what was read.
    pub(super) copy: tokio::sync::Mutex<Option<Copy>>,
    told: Mutex<Option<Told>>,
}

#[derive(Debug)]
struct Told {
    what: Result<ShowView, AskError>,
    until: Timestamp,
}

impl Kept {
    /// What was said last, where it may be said again.
    pub(super) fn told(&self, now: Timestamp) -> Option<Result<ShowView, AskError>> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.as_ref().filter(|told| now < told.until).map(|told| told.what.clone())
    }

    /// Keeps what is said now, to be said again before `until`.
    pub(super) fn tell(&self, what: Result<ShowView, AskError>, until: Timestamp) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(Told { what, until });
    }
}

#[derive(Debug)]
struct Place {
    kept: Arc<Kept>,
    used: u64,
    bytes: usize,
    plan: Option<PlanVersionId>,
}

#[derive(Debug, Default)]
struct Places {
    shows: HashMap<ShowId, Place>,
    /// With the number of places that are played on each.
    plans: HashMap<PlanVersionId, (Arc<Plan>, usize)>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
pub(super) struct Shelf {
    kept_max: usize,
    bytes_max: usize,
    places: Mutex<Places>,
}

impl Shelf {
    pub(super) fn new(kept_max: usize, bytes_max: usize) -> Self {
        Self { kept_max, bytes_max, places: Mutex::default() }
    }

    /// The place of a show that has one; it counts as used.
    pub(super) fn get(&self, show: ShowId) -> Option<Arc<Kept>> {
        let mut places = self.lock();
        places.uses += 1;
        let now = places.uses;
        let place = places.shows.get_mut(&show)?;
        place.used = now;
        Some(Arc::clone(&place.kept))
    }

    /// The place of a show; an empty one where it had none.
    pub(super) fn place(&self, show: ShowId) -> Arc<Kept> {
        let mut places = self.lock();
        places.uses += 1;
        let now = places.uses;
        let empty = || Place { kept: Arc::default(), used: now, bytes: 0, plan: None };
        let place = places.shows.entry(show).or_insert_with(empty);
        place.used = now;
        Arc::clone(&place.kept)
    }

    /// The same plan as one that is here already, in one piece of memory.
    pub(super) fn shared(&self, plan: Arc<Plan>) -> Arc<Plan> {
        self.lock().plans.get(&plan.version()).map_or(plan, |(known, _)| Arc::clone(known))
    }

    /// Counts what a copy takes, and lets go of what nobody has used for longest until everything fits.
    pub(super) fn weigh(&self, show: ShowId, kept: &Arc<Kept>, copy: &Copy) {
        let mut places = self.lock();
        // Woken or pushed out meanwhile: whoever asked gets it, and nobody keeps it.
        let is_here = places.shows.get(&show).is_some_and(|place| Arc::ptr_eq(&place.kept, kept));
        if !is_here {
            return;
        }
        places.unload(show);
        places.load(show, copy.feed.plan());
        while places.shows.len() > self.kept_max || places.bytes > self.bytes_max {
            let Some(oldest) = places.shows.iter().min_by_key(|(_, place)| place.used).map(|(&show, _)| show) else {
                break;
            };
            places.unload(oldest);
            places.shows.remove(&oldest);
        }
        metrics::kept_asleep(places.shows.len(), places.bytes);
    }

    pub(super) fn forget(&self, show: ShowId) {
        let mut places = self.lock();
        places.unload(show);
        places.shows.remove(&show);
        metrics::kept_asleep(places.shows.len(), places.bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn load(&mut self, show: ShowId, plan: &Arc<Plan>) {
        let Some(place) = self.shows.get_mut(&show) else { return };
        place.bytes = COPY_BYTES + plan.seat_count() * SEAT_BYTES;
        place.plan = Some(plan.version());
        self.bytes += place.bytes;
        let (_, shows) = self.plans.entry(plan.version()).or_insert_with(|| (Arc::clone(plan), 0));
        *shows += 1;
        if *shows == 1 {
            self.bytes += plan.seat_count() * PLAN_SEAT_BYTES;
        }
    }

    fn unload(&mut self, show: ShowId) {
        let Some(place) = self.shows.get_mut(&show) else { return };
        self.bytes -= std::mem::take(&mut place.bytes);
        let Some(version) = place.plan.take() else { return };
        let Some((plan, shows)) = self.plans.get_mut(&version) else { return };
        *shows -= 1;
        if *shows == 0 {
            self.bytes -= plan.seat_count() * PLAN_SEAT_BYTES;
            self.plans.remove(&version);
        }
    }
}

#[cfg(test)]
mod tests {
    use aisle_core::{CategoryNo, PlanBuilder, Point, Seat, SeatNo, SectionNo};
    use uuid::Uuid;

    use super::*;
    use crate::feed::Feed;
    use crate::recall::Recalled;
    use crate::view;

    fn show(number: u128) -> ShowId {
        ShowId(Uuid::from_u128(number))
    }

    /// A copy of a show on a plan of ten seats.
    fn copy(of: ShowId, version: u128) -> Copy {
        let mut plan = PlanBuilder::new(PlanVersionId(Uuid::from_u128(version)), ["Best"]);
        plan.section("stalls");
        plan.row();
        for number in 0..10_u16 {
            let position = Point { x: f32::from(number), y: 0.0 };
            plan.seat(Seat {
                number: SeatNo(number.into()),
                guid: number.to_string().into(),
                section: SectionNo(0),
                row: 0,
                category: CategoryNo(0),
                position,
                accessible: false,
                companion: false,
            });
        }
        let plan = Arc::new(plan.build().unwrap());
        let recalled = Recalled::begin(of, Arc::clone(&plan));
        let feed = Feed::new(of, plan, 1, view::public_state(&recalled.show, recalled.seq));
        Copy { recalled, feed }
    }

    fn keep(shelf: &Shelf, number: u128, version: u128) {
        let kept = shelf.place(show(number));
        shelf.weigh(show(number), &kept, &copy(show(number), version));
    }

    fn bytes(shelf: &Shelf) -> usize {
        shelf.lock().bytes
    }

    const ONE: usize = COPY_BYTES + 10 * SEAT_BYTES;
    const PLAN: usize = 10 * PLAN_SEAT_BYTES;

    #[test]
    fn so_many_are_kept_and_what_nobody_has_used_for_longest_goes_first() {
        let shelf = Shelf::new(3, usize::MAX);
        for number in 1..=3 {
            keep(&shelf, number, 1);
        }
        assert!(shelf.get(show(1)).is_some());
        keep(&shelf, 4, 1);
        let left: Vec<bool> = (1..=4).map(|number| shelf.get(show(number)).is_some()).collect();
        assert_eq!(left, [true, false, true, true]);
        assert_eq!(bytes(&shelf), 3 * ONE + PLAN);
    }

    #[test]
    fn so_many_bytes_are_kept_and_a_plan_counts_once() {
        let shelf = Shelf::new(100, 2 * ONE + PLAN);
        keep(&shelf, 1, 1);
        keep(&shelf, 1, 1);
        assert_eq!(bytes(&shelf), ONE + PLAN, "read twice, kept once");
        keep(&shelf, 2, 1);
        assert_eq!(bytes(&shelf), 2 * ONE + PLAN);
        // Another plan takes room of its own, so two have to go.
        keep(&shelf, 3, 2);
        assert_eq!((shelf.get(show(1)).is_some(), shelf.get(show(2)).is_some()), (false, false));
        assert_eq!(bytes(&shelf), ONE + PLAN);
        shelf.forget(show(3));
        assert_eq!(bytes(&shelf), 0);
        let tiny = Shelf::new(100, ONE);
        keep(&tiny, 1, 1);
        assert_eq!((bytes(&tiny), tiny.get(show(1)).is_some()), (0, false), "too large to be kept at all");
    }

    #[test]
    fn what_woke_meanwhile_is_not_kept() {
        let shelf = Shelf::new(100, usize::MAX);
        let kept = shelf.place(show(1));
        shelf.forget(show(1));
        shelf.weigh(show(1), &kept, &copy(show(1), 1));
        assert_eq!((bytes(&shelf), shelf.get(show(1)).is_some()), (0, false));
    }
}
