//! How this crate reads a [`Show`]: what the public sees of it, its counts, its image.

use std::sync::Arc;

use aisle_core::{Image, ImageHead, Plan, PlanVersionId, Seq, Show, ShowId, Touched};

use crate::feed::{PublicChange, PublicState};
use crate::summary::CategoryCounts;
use crate::turn::ReplayError;

pub(crate) fn show_from(id: ShowId, plan: &Arc<Plan>, image: &[u8]) -> Result<Show, ReplayError> {
    let image: Image = postcard::from_bytes(image).map_err(|error| ReplayError::Snapshot(error.to_string()))?;
    if image.show() != id {
        return Err(ReplayError::Snapshot(format!("it is an image of show {}", image.show())));
    }
    Show::from_image(Arc::clone(plan), image).map_err(|error| ReplayError::Snapshot(error.to_string()))
}

/// The version of the plan that a snapshot's show is on. `None`: it cannot be read, and neither can the rest of it.
pub(crate) fn plan_version_in(image: &[u8]) -> Option<PlanVersionId> {
    postcard::take_from_bytes::<ImageHead>(image).ok().map(|(head, _)| head.plan)
}

/// It is of a layout that this program has left behind: it costs a replay and is no fault.
pub(crate) fn is_older_layout(image: &[u8]) -> bool {
    postcard::take_from_bytes::<ImageHead>(image).is_ok_and(|(head, _)| head.is_older())
}

/// The show as bytes, of which there will be about so many: memory that is asked for once need not be copied while it grows.
pub(crate) fn image_of(show: &Show, bytes: usize) -> Vec<u8> {
    // Writing into memory fails for no type that an image has; were it otherwise, the empty image is refused on reading and
    // the whole journal is replayed.
    postcard::to_extend(&show.image_ref(), Vec::with_capacity(bytes)).unwrap_or_default()
}

pub(crate) fn counts(show: &Show) -> Vec<CategoryCounts> {
    let names = show.plan().categories().iter();
    names
        .zip(show.counts_by_category())
        .map(|(name, counts)| CategoryCounts {
            category: name.clone(),
            available: counts.available,
            held: counts.held,
            booked: counts.booked,
            blocked: counts.blocked,
        })
        .collect()
}

pub(crate) fn public_state(show: &Show, seq: Seq) -> PublicState {
    PublicState {
        seq,
        letters: show.letters().into_bytes(),
        areas: show.areas_available(),
        state: show.state().clone(),
    }
}

pub(crate) fn public_change(show: &Show, touched: &Touched) -> PublicChange {
    let seats = touched.seats.iter().filter_map(|&seat| {
        let place = u32::try_from(show.plan().place_in_order(seat)?).ok()?;
        Some((place, show.letter(seat)))
    });
    PublicChange {
        seats: seats.collect(),
        areas: touched.areas.iter().filter_map(|&area| Some((area, show.area_available(area)?))).collect(),
        show: touched.show.then(|| show.state().clone()),
        holds: touched.holds.iter().filter_map(|&hold| show.hold(hold)).collect(),
    }
}
