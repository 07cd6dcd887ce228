//! What lists and search know of a show without waking it, and where plans come from.

use std::sync::Arc;

use aisle_core::{Plan, PlanVersionId, Seq, ShowId, ShowState, Timestamp};
use serde::Serialize;

use crate::journal::{BoxFuture, Cause};

/// A store beside the journal failed; it may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("a store of the shows failed")]
pub struct StoreError(#[source] pub Cause);

impl StoreError {
    /// Wraps what lies under it.
    pub fn new(cause: impl Into<Cause>) -> Self {
        Self(cause.into())
    }
}

/// Where a show's plan comes from.
pub trait Plans: Send + Sync + 'static {
    /// The plan that a show began with, or the one that it was put on last; `None`: there is no such show.
    ///
    /// # Errors
    /// The store failed.
    fn plan_of(&self, show: ShowId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>>;

    /// A version of a plan; `None`: there is no such version.
    ///
    /// # Errors
    /// The store failed.
    fn version(&self, version: PlanVersionId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>>;

    /// The version that a show began with, as far as anybody remembers: for journals whose first change does not say from where
    /// it was made. `None`: nobody knows.
    ///
    /// # Errors
    /// The store failed.
    fn first_of(&self, show: ShowId) -> BoxFuture<'_, Result<Option<PlanVersionId>, StoreError>>;

    /// The journal says that the show is on this version, and [`Plans::plan_of`] said another: from now on it says this one.
    ///
    /// # Errors
    /// The store failed; the journal will say it again.
    fn correct(&self, show: ShowId, version: PlanVersionId) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// How many places of one category (areas' places included) are what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CategoryCounts {
    /// The plan's category.
    #[serde(skip)]
    pub category: Box<str>,
    /// Anyone may hold them.
    pub available: u32,
    /// Set aside for buyers.
    pub held: u32,
    /// Sold.
    pub booked: u32,
    /// Kept from sale.
    pub blocked: u32,
}

/// One row of `show_summary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowSummary {
    /// Which show.
    pub show: ShowId,
    /// The durable number it speaks of.
    pub seq: Seq,
    /// What the show as a whole is.
    pub state: ShowState,
    /// When time will next change something by itself.
    pub next_deadline: Option<Timestamp>,
    /// By category, in the plan's order.
    pub counts: Vec<CategoryCounts>,
}

impl ShowSummary {
    /// Places that anyone may hold.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.counts.iter().map(|counts| u64::from(counts.available)).sum()
    }

    /// All places.
    #[must_use]
    pub fn places(&self) -> u64 {
        self.counts.iter().map(|of| u64::from(of.available + of.held + of.booked + of.blocked)).sum()
    }
}

/// The state's word in `show_summary` and in the API.
#[must_use]
pub fn state_word(state: &ShowState) -> &'static str {
    match state {
        ShowState::Draft => "draft",
        ShowState::Published => "published",
        ShowState::Paused { .. } => "paused",
        ShowState::Cancelled { .. } => "cancelled",
        ShowState::Moved { .. } => "moved",
        ShowState::Ended => "ended",
    }
}

/// What the public is told of the state.
#[must_use]
pub fn public_message(state: &ShowState) -> Option<&str> {
    match state {
        ShowState::Paused { public_message, .. }
        | ShowState::Cancelled { public_message }
        | ShowState::Moved { public_message } => public_message.as_deref(),
        ShowState::Draft | ShowState::Published | ShowState::Ended => None,
    }
}

/// Where summaries are kept.
pub trait Summaries: Send + Sync + 'static {
    /// Keeps these rows; a row older than what is kept changes nothing.
    ///
    /// # Errors
    /// The store failed; nothing depends on it but the freshness of lists.
    fn write(&self, rows: Vec<ShowSummary>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Shows that want to be awake: whose next deadline has passed, and those whose owner died without letting them go (what
    /// they last wrote here may be out of date). Shows that another living node has are left out.
    ///
    /// # Errors
    /// The store failed; ask again.
    fn due(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<ShowId>, StoreError>>;
}
