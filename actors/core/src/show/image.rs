//! A show as a value that can be kept: what a snapshot holds.
//!
//! An image names owners by id and not by place in memory, so two shows that are the same have the same image, whatever way
//! they came about. Losing one costs a replay, so it carries a version and is thrown away when that changed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::apply::count;
use super::bookings::Booking;
use super::record::{Allocation, By, Hold, Kept, Person, places};
use super::table::Owner;
use super::{HoldState, Show, ShowState};
use crate::command::{AccessCode, AreaCount, Channel, Origin, RequestHash};
use crate::ids::{AccessCodeId, AllocationId, BookingId, BuyerId, HoldId, OrderId, PlanVersionId, SeatNo, ShowId};
use crate::plan::Plan;
use crate::settings::Settings;
use crate::time::Timestamp;

/// The layout of [`Image`]. Raise it whenever a field changes, here or in [`Settings`], or what a show forgets: an older image is what
/// another program would have said, and no sign of a fault.
const VERSION: u16 = 5;

/// A whole show at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    version: u16,
    show: ShowId,
    plan: PlanVersionId,
    state: ShowState,
    settings: Settings,
    holds: Vec<HoldImage>,
    bookings: Vec<BookingImage>,
    allocations: Vec<AllocationImage>,
    /// The order in which ended holds are forgotten.
    ended: Vec<HoldId>,
}

/// The same for whoever writes it down at once: the holds, of which a rush leaves many, are not copied.
#[derive(Debug, Serialize)]
pub struct ImageRef<'a> {
    version: u16,
    show: ShowId,
    plan: PlanVersionId,
    state: &'a ShowState,
    settings: &'a Settings,
    holds: HoldRefs<'a>,
    bookings: Vec<BookingImage>,
    allocations: Vec<AllocationImage>,
    ended: EndedRef<'a>,
}

#[derive(Debug)]
struct HoldRefs<'a>(Vec<(HoldId, &'a Hold)>);

impl Serialize for HoldRefs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|&(id, record)| hold_ref(id, record)))
    }
}

#[derive(Debug)]
struct EndedRef<'a>(&'a VecDeque<(Timestamp, HoldId)>);

impl Serialize for EndedRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(_, hold)| hold))
    }
}

/// A [`HoldImage`], field by field.
#[derive(Serialize)]
struct HoldRef<'a> {
    id: HoldId,
    state: HoldState,
    origin: OriginImage,
    seats: &'a [SeatNo],
    areas: &'a [AreaCount],
    extendable_until: Timestamp,
    request: Option<RequestHash>,
    customer: Option<BuyerId>,
    allocation: Option<AllocationId>,
    given_up: &'a [OrderId],
}

/// The fields that an [`Image`] begins with, in every layout: what to know before there is a plan to read the rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ImageHead {
    /// Its layout.
    pub version: u16,
    /// Of which show.
    pub show: ShowId,
    /// The version of the plan that the show is on.
    pub plan: PlanVersionId,
}

impl ImageHead {
    /// It was written in a layout that this program has left behind.
    #[must_use]
    pub fn is_older(&self) -> bool {
        self.version < VERSION
    }
}

/// Who wants it. Not [`Origin`] itself, which leaves out what is empty; compact formats cannot.
type OriginImage = (Channel, Option<BuyerId>, Option<(AccessCodeId, Option<u32>)>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HoldImage {
    id: HoldId,
    state: HoldState,
    origin: OriginImage,
    seats: Vec<SeatNo>,
    areas: Vec<AreaCount>,
    extendable_until: Timestamp,
    request: Option<RequestHash>,
    customer: Option<BuyerId>,
    allocation: Option<AllocationId>,
    given_up: Vec<OrderId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BookingImage {
    id: BookingId,
    buyer: Option<Person>,
    customer: Option<Person>,
    code: Option<AccessCodeId>,
    seats: Vec<SeatNo>,
    areas: Vec<AreaCount>,
    returned: Vec<SeatNo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AllocationImage {
    id: AllocationId,
    reason: String,
    release_at: Option<Timestamp>,
    seats: BTreeSet<SeatNo>,
    areas: Vec<AreaCount>,
    closed: bool,
}

/// Why an image is no show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It was written by another version of this program.
    #[error("the image has layout {found}, this program reads {VERSION}")]
    OtherLayout {
        /// Its layout.
        found: u16,
    },
    /// One seat with two owners.
    #[error("seat {seat} has two owners in the image")]
    SeatTwice {
        /// Which.
        seat: SeatNo,
    },
}

impl Image {
    /// Of which show.
    #[must_use]
    pub fn show(&self) -> ShowId {
        self.show
    }

    /// The version of the plan that the show is on; it may be read on another.
    #[must_use]
    pub fn plan(&self) -> PlanVersionId {
        self.plan
    }
}

impl Show {
    /// The show as a value.
    #[must_use]
    pub fn image(&self) -> Image {
        let ImageRef { version, show, plan, state, settings, holds, bookings, allocations, ended } = self.image_ref();
        Image {
            version,
            show,
            plan,
            state: state.clone(),
            settings: settings.clone(),
            holds: holds.0.into_iter().map(|(id, record)| hold_image(id, record)).collect(),
            bookings,
            allocations,
            ended: ended.0.iter().map(|&(_, hold)| hold).collect(),
        }
    }

    /// [`Show::image`] for writing it down: it reads back as the same [`Image`].
    #[must_use]
    pub fn image_ref(&self) -> ImageRef<'_> {
        let mut holds = Vec::with_capacity(self.holds.len());
        holds.extend(self.holds.iter());
        holds.sort_unstable_by_key(|&(id, _)| id);
        let bookings =
            self.bookings.read_all(&self.table).into_iter().map(|(id, record)| booking_image(id, record)).collect();
        let mut allocations: Vec<_> =
            self.allocations.iter().map(|(id, record)| allocation_image(id, record)).collect();
        allocations.sort_by_key(|allocation| allocation.id);
        ImageRef {
            version: VERSION,
            show: self.id,
            plan: self.plan_version,
            state: &self.state,
            settings: &self.settings,
            holds: HoldRefs(holds),
            bookings,
            allocations,
            ended: EndedRef(&self.ended),
        }
    }

    /// The show that an image is of, on this plan. Seats that this plan hasn't stay with their owners, unseen.
    ///
    /// # Errors
    /// Where the image has another layout, or contradicts itself.
    pub fn from_image(plan: Arc<Plan>, image: Image) -> Result<Self, ImageError> {
        if image.version != VERSION {
            return Err(ImageError::OtherLayout { found: image.version });
        }
        let mut show = Self::new(image.show, plan);
        show.plan_version = image.plan;
        show.state = image.state;
        show.settings = image.settings;
        for allocation in image.allocations {
            show.restore_allocation(allocation)?;
        }
        for booking in image.bookings {
            show.restore_booking(booking)?;
        }
        show.bookings.settle(&mut show.table);
        for hold in image.holds {
            show.restore_hold(hold)?;
        }
        for hold in image.ended {
            if let Some(ended_at) = show.holds.get(hold).and_then(|record| record.state.ended_at()) {
                show.ended.push_back((ended_at, hold));
            }
        }
        Ok(show)
    }

    fn restore_seats<'a>(
        &mut self,
        seats: impl IntoIterator<Item = &'a SeatNo>,
        owner: Owner,
    ) -> Result<(), ImageError> {
        for &seat in seats {
            if self.table.set(&self.plan, seat, owner) != Owner::Nobody {
                return Err(ImageError::SeatTwice { seat });
            }
        }
        Ok(())
    }

    fn restore_areas(&mut self, areas: &[AreaCount], kept: Kept) {
        for count in areas {
            if let Some(place) = self.place_of_area(count.area) {
                let counted = self.areas[place].of(kept);
                *counted = counted.saturating_add(count.quantity);
            }
        }
    }

    fn restore_allocation(&mut self, image: AllocationImage) -> Result<(), ImageError> {
        let AllocationImage { id, reason, release_at, seats, areas, closed } = image;
        if let Some(release_at) = release_at {
            self.releases.insert((release_at, id));
        }
        self.restore_areas(&areas, Kept::Blocked);
        let slot = self.allocations.insert(id, Allocation { reason, release_at, seats: seats.clone(), areas, closed });
        self.restore_seats(&seats, Owner::Allocation(slot))
    }

    fn restore_booking(&mut self, image: BookingImage) -> Result<(), ImageError> {
        let BookingImage { id, buyer, customer, code, seats, areas, returned } = image;
        let by = By { buyer, customer, code };
        self.restore_areas(&areas, Kept::Booked);
        self.uses.code(by, count(places(&seats, &areas)));
        let slot = self.bookings.insert(id, Booking { by, seats: seats.clone(), areas, returned });
        self.restore_seats(&seats, Owner::Booking(slot))
    }

    fn restore_hold(&mut self, image: HoldImage) -> Result<(), ImageError> {
        let HoldImage { id, state, origin, seats, areas, extendable_until, request, customer, allocation, given_up } =
            image;
        let origin = origin_of(origin);
        let places = seats.clone();
        let record = Hold { state, origin, seats, areas, extendable_until, request, customer, allocation, given_up };
        if !record.stands() {
            self.holds.insert(id, record);
            return Ok(());
        }
        if let HoldState::Open { expires_at } = state {
            self.lapses.insert((expires_at, id));
        }
        self.restore_areas(&record.areas, Kept::Held);
        self.uses.hold(record.by(), 1, count(record.places()));
        self.uses.paying(record.by(), count(record.places()));
        let slot = self.holds.insert(id, record);
        self.restore_seats(&places, Owner::Hold(slot))
    }
}

fn origin_of((channel, buyer, code): OriginImage) -> Origin {
    Origin { channel, buyer, code: code.map(|(id, places_max)| AccessCode { id, places_max }) }
}

fn origin_image(origin: Origin) -> OriginImage {
    (origin.channel, origin.buyer, origin.code.map(|code| (code.id, code.places_max)))
}

fn hold_image(id: HoldId, record: &Hold) -> HoldImage {
    let Hold { state, origin, seats, areas, extendable_until, request, customer, allocation, given_up } =
        record.clone();
    let origin = origin_image(origin);
    HoldImage { id, state, origin, seats, areas, extendable_until, request, customer, allocation, given_up }
}

fn hold_ref(id: HoldId, record: &Hold) -> HoldRef<'_> {
    let Hold { state, origin, seats, areas, extendable_until, request, customer, allocation, given_up } = record;
    HoldRef {
        id,
        state: *state,
        origin: origin_image(*origin),
        seats,
        areas,
        extendable_until: *extendable_until,
        request: *request,
        customer: *customer,
        allocation: *allocation,
        given_up,
    }
}

fn booking_image(id: BookingId, record: Booking) -> BookingImage {
    let Booking { by: By { buyer, customer, code }, seats, areas, mut returned } = record;
    // In which order they came back matters to nobody.
    returned.sort_unstable();
    BookingImage { id, buyer, customer, code, seats, areas, returned }
}

fn allocation_image(id: AllocationId, record: &Allocation) -> AllocationImage {
    let Allocation { reason, release_at, seats, areas, closed } = record.clone();
    AllocationImage { id, reason, release_at, seats, areas, closed }
}
