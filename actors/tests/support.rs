//! A small house for tests: a plan of two rows and a floor, ids that are numbers, commands in one line.

use std::sync::{Arc, Mutex};

use aisle_actors::core::{
    AllocationId, Area, AreaNo, BookingId, CategoryNo, Channel, Command, Event, HoldId, HoldSeats, Origin, Plan,
    PlanBuilder, PlanVersionId, Point, Seat, SeatNo, SectionNo, ShowId, StateChange, Timestamp,
};
use aisle_actors::{BoxFuture, NodeId, Plans, StoreError};
use uuid::Uuid;

/// When every test begins.
pub const START: Timestamp = Timestamp(1_800_000_000_000);

pub fn show(number: u128) -> ShowId {
    ShowId(Uuid::from_u128(0x5000_0000 + number))
}

pub fn hold(number: u128) -> HoldId {
    HoldId(Uuid::from_u128(0x6000_0000 + number))
}

pub fn booking(number: u128) -> BookingId {
    BookingId(Uuid::from_u128(0x7000_0000 + number))
}

pub fn allocation(number: u128) -> AllocationId {
    AllocationId(Uuid::from_u128(0x8000_0000 + number))
}

pub fn node(number: u128) -> NodeId {
    NodeId(Uuid::from_u128(0x9000_0000 + number))
}

/// Two rows of ten, and a floor for a hundred.
pub fn plan() -> Arc<Plan> {
    plan_version(1)
}

/// The same plan under another version.
pub fn plan_version(version: u128) -> Arc<Plan> {
    let mut plan = PlanBuilder::new(PlanVersionId(Uuid::from_u128(version)), ["Best", "Rest"]);
    plan.section("stalls");
    for row in 0..2_u16 {
        plan.row();
        for seat in 0..10_u16 {
            let number = u32::from(row * 10 + seat);
            plan.seat(Seat {
                number: SeatNo(number),
                guid: format!("{row}-{seat}").into(),
                section: SectionNo(0),
                row: 0,
                category: CategoryNo(row),
                position: Point { x: f32::from(seat), y: f32::from(row) },
                accessible: false,
                companion: false,
            });
        }
    }
    plan.area(Area { number: AreaNo(0), id: "floor".into(), category: CategoryNo(1), capacity: 100 });
    Arc::new(plan.build().unwrap())
}

/// Every show below a thousand is played on [`plan`], until it is changed; there are no others.
pub struct OnePlan(Mutex<Arc<Plan>>);

impl OnePlan {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(plan())))
    }

    pub fn change(&self, plan: Arc<Plan>) {
        *self.0.lock().unwrap() = plan;
    }
}

impl Plans for OnePlan {
    fn plan_of(&self, wanted: ShowId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>> {
        let known = wanted < show(1_000);
        Box::pin(async move { Ok(known.then(|| Arc::clone(&self.0.lock().unwrap()))) })
    }

    fn version(&self, version: PlanVersionId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>> {
        let plan = Arc::clone(&self.0.lock().unwrap());
        Box::pin(async move { Ok((version == plan.version()).then_some(plan)) })
    }

    fn first_of(&self, _: ShowId) -> BoxFuture<'_, Result<Option<PlanVersionId>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn correct(&self, _: ShowId, _: PlanVersionId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

pub const PUBLIC: Origin = Origin { channel: Channel::Public, buyer: None, code: None };

/// A keyed request for seats.
pub fn take(number: u128, seats: &[u32]) -> Command {
    Command::Hold(HoldSeats {
        hold: hold(number),
        origin: PUBLIC,
        seats: seats.iter().copied().map(SeatNo).collect(),
        best: None,
        areas: Vec::new(),
        allocation: None,
        request: Some(u64::MAX - 1),
    })
}

pub fn give_back(number: u128) -> Command {
    Command::ReleaseHold { hold: hold(number) }
}

pub fn book(number: u128) -> Command {
    Command::Book { hold: hold(number), booking: booking(number), order: None }
}

pub fn publish() -> Command {
    Command::Change(StateChange::Publish)
}

/// Events as a journal may have them, with all that is awkward in JSON.
pub fn some_events() -> Vec<Event> {
    vec![
        Event::Published,
        Event::SeatsHeld {
            hold: hold(1),
            origin: PUBLIC,
            seats: vec![SeatNo(3), SeatNo(4)],
            areas: Vec::new(),
            allocation: None,
            expires_at: START.plus_ms(480_000),
            extendable_until: START.plus_ms(1_200_000),
            request: Some(u64::MAX),
        },
        Event::SeatsBlocked {
            allocation: allocation(1),
            seats: vec![SeatNo(9)],
            areas: Vec::new(),
            reason: "Kamera \"links\" \\ 8 €, 🎭".into(),
            release_at: None,
        },
        Event::HoldReleased { hold: hold(1) },
    ]
}
