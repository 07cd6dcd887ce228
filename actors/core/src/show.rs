//! The show: its state, and the four functions that are the whole of its life.
//!
//! A turn of the caller is: [`Show::expire`], apply; [`Show::decide`], apply; [`Show::answer`]. The seats are four bytes each
//! (`table`); holds, bookings and allocations are records (`record`); each other file knows one kind of decision.

mod allocation;
mod apply;
mod best;
mod bookings;
mod check;
mod decide;
mod hold;
mod image;
mod lifecycle;
mod orphan;
mod planted;
mod read;
mod record;
mod replan;
mod sale;
mod search;
mod split;
mod stack;
mod table;
mod uses;
mod view;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

pub use image::{Image, ImageError, ImageHead, ImageRef};
pub use table::Counts;
pub use view::{AllocationView, Answer, BookingView, HoldState, HoldView, SeatState, ShowState, Touched};

use crate::ids::{AllocationId, AreaNo, HoldId, PlanVersionId, ShowId};
use crate::plan::Plan;
use crate::settings::Settings;
use crate::time::{DurationMs, Timestamp};
use bookings::Bookings;
use record::{Allocation, AreaUse, Hold};
use table::{Slab, Slot, Table};
use uses::Uses;

/// How long an ended hold is remembered, so that a repeated request gets the answer of the first.
pub const REMEMBERED_MS: DurationMs = 10 * 60_000;

/// How many ended holds are remembered at most; past it the oldest go first. As many as a house of 60,000 seats ends when it sells out
/// to parties of three within ten minutes: only where more is asked for than any sale has is one forgotten sooner. What is remembered is
/// part of each snapshot, which the show's own thread makes, and everybody else waits for.
pub const REMEMBERED_HOLDS_MAX: usize = 20_000;

/// One show: who has which of its places.
#[derive(Debug)]
pub struct Show {
    id: ShowId,
    plan: Arc<Plan>,
    /// The version that the journal says; another than `plan`'s from the moment of a change until the show is read anew.
    plan_version: PlanVersionId,
    state: ShowState,
    settings: Settings,
    table: Table,
    /// By place in [`Plan::areas`].
    areas: Vec<AreaUse>,
    holds: Slab<HoldId, Hold>,
    bookings: Bookings,
    allocations: Slab<AllocationId, Allocation>,
    /// The deadlines of open holds.
    lapses: BTreeSet<(Timestamp, HoldId)>,
    /// The times at which allocations end by themselves.
    releases: BTreeSet<(Timestamp, AllocationId)>,
    /// Ended holds in the order in which they are forgotten.
    ended: VecDeque<(Timestamp, HoldId)>,
    uses: Uses,
}

impl Show {
    /// A show in its first moment: a draft with default settings, all places available.
    #[must_use]
    pub fn new(id: ShowId, plan: Arc<Plan>) -> Self {
        Self {
            id,
            plan_version: plan.version(),
            state: ShowState::Draft,
            settings: Settings::default(),
            table: Table::new(&plan),
            areas: vec![AreaUse::default(); plan.areas().len()],
            holds: Slab::default(),
            bookings: Bookings::default(),
            allocations: Slab::default(),
            lapses: BTreeSet::new(),
            releases: BTreeSet::new(),
            ended: VecDeque::new(),
            uses: Uses::default(),
            plan,
        }
    }

    fn place_of_area(&self, area: AreaNo) -> Option<usize> {
        self.plan.areas().iter().position(|candidate| candidate.number == area)
    }

    fn paused_since(&self) -> Option<Timestamp> {
        match self.state {
            ShowState::Paused { since, .. } => Some(since),
            ShowState::Draft
            | ShowState::Published
            | ShowState::Cancelled { .. }
            | ShowState::Moved { .. }
            | ShowState::Ended => None,
        }
    }

    /// The time as holds know it: it stands still while the show is paused.
    fn hold_clock(&self, now: Timestamp) -> Timestamp {
        self.paused_since().unwrap_or(now)
    }

    /// Where places that were held out of an allocation go back to; `None` is "to sale".
    fn standing_allocation(&self, allocation: Option<AllocationId>) -> Option<Slot> {
        let slot = self.allocations.slot(allocation?)?;
        self.allocations.at(slot).filter(|(_, record)| !record.closed).map(|_| slot)
    }
}
