//! A show on another version of its plan: seats may be added, moved, priced otherwise, and taken out where nobody has them.
//!
//! Seats keep their numbers from version to version, so what people have stays theirs. The event says only that the version
//! changed; whoever owns the show's memory reads it anew on that version ([`Show::on_plan`]) before anything else is decided.

use std::sync::Arc;

use super::table::Owner;
use super::{ImageError, Show, ShowState};
use crate::event::Event;
use crate::ids::{AreaNo, PlanVersionId, SeatNo};
use crate::plan::Plan;
use crate::rejection::Rejection;

impl Show {
    /// The version of the plan that the journal says. Another than [`Show::plan`]'s: nothing may be decided any more until
    /// the show is read anew on it.
    #[must_use]
    pub fn plan_version(&self) -> PlanVersionId {
        self.plan_version
    }

    /// The same show, on this plan.
    ///
    /// # Errors
    /// None that a show which lives can bring about.
    pub fn on_plan(&self, plan: Arc<Plan>) -> Result<Self, ImageError> {
        Self::from_image(plan, self.image())
    }

    pub(super) fn decide_plan(&self, plan: &Plan) -> Result<Vec<Event>, Rejection> {
        if plan.version() == self.plan_version {
            return Ok(Vec::new());
        }
        match self.state {
            ShowState::Draft | ShowState::Published | ShowState::Paused { .. } | ShowState::Moved { .. } => {}
            ShowState::Cancelled { .. } | ShowState::Ended => return Err(Rejection::WrongState),
        }
        let gone = self.plan.order().iter().copied().filter(|&seat| plan.seat(seat).is_none());
        let (mut wanted, mut dropped): (Vec<SeatNo>, Vec<SeatNo>) = (Vec::new(), Vec::new());
        for seat in gone {
            match self.table.owner(seat) {
                Owner::Nobody => {}
                Owner::Allocation(_) => dropped.push(seat),
                Owner::Hold(_) | Owner::Booking(_) => wanted.push(seat),
            }
        }
        let areas = self.areas_too_small_in(plan);
        if !wanted.is_empty() || !areas.is_empty() {
            return Err(Rejection::PlanLacksPlaces { seats: wanted, areas });
        }
        Ok(vec![Event::PlanChanged { from: Some(self.plan_version), version: plan.version(), dropped }])
    }

    /// Areas that would have fewer places than people, and the house's allocations, have of them.
    fn areas_too_small_in(&self, plan: &Plan) -> Vec<AreaNo> {
        let used = self.plan.areas().iter().zip(&self.areas);
        used.filter(|(area, used)| plan.area(area.number).map_or(0, |area| area.capacity) < used.all())
            .map(|(area, _)| area.number)
            .collect()
    }
}
