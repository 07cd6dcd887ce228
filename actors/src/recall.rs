//! From what the journal has to a [`Show`]: the one way, for whoever wakes a show, reads a sleeping one, or looks back.

use std::sync::Arc;

use aisle_core::{Entry, Event, HoldView, Plan, PlanVersionId, Seq, Show, ShowId, Timestamp, Touched};

use crate::chain;
use crate::journal::{Journal, JournalError, Recovered, Snapshot};
use crate::summary::{Plans, StoreError};
use crate::turn::ReplayError;
use crate::view;

/// A show as its journal tells it, at one sequence number.
#[derive(Debug)]
pub struct Recalled {
    /// The show. Time has brought nothing that is not in the journal.
    pub show: Show,
    /// The number of its newest event.
    pub seq: Seq,
    /// The time of its newest event, or of the snapshot that it began with.
    pub at: Timestamp,
}

impl Recalled {
    /// A show before its first event.
    #[must_use]
    pub fn begin(id: ShowId, plan: Arc<Plan>) -> Self {
        Self { show: Show::new(id, plan), seq: Seq(0), at: Timestamp(i64::MIN) }
    }

    /// A show as a snapshot has it.
    ///
    /// # Errors
    /// The snapshot cannot be read; the whole journal can do without it.
    pub fn from_snapshot(id: ShowId, plan: &Arc<Plan>, snapshot: &Snapshot) -> Result<Self, ReplayError> {
        Ok(Self { show: view::show_from(id, plan, &snapshot.image)?, seq: snapshot.seq, at: snapshot.taken_at })
    }

    /// Applies the entry that comes next. Adds to `touched` what changed by it.
    pub fn go_on(&mut self, entry: &Entry, touched: &mut Touched) {
        self.show.apply(entry.at, &entry.event, touched);
        self.seq = entry.seq;
        self.at = self.at.max(entry.at);
    }

    /// Everything that the journal has, and the holds that entries after `known` touched, for a feed that stands at `known`.
    ///
    /// # Errors
    /// As [`Recalled::from_snapshot`].
    pub fn whole(
        id: ShowId,
        plan: &Arc<Plan>,
        recovered: &Recovered,
        known: Option<Seq>,
    ) -> Result<(Self, Vec<HoldView>), ReplayError> {
        let mut recalled = match &recovered.snapshot {
            Some(snapshot) => Self::from_snapshot(id, plan, snapshot)?,
            None => Self::begin(id, Arc::clone(plan)),
        };
        let (mut before, mut touched) = (Touched::default(), Touched::default());
        for entry in &recovered.entries {
            let is_known = known.is_none_or(|known| entry.seq <= known);
            recalled.go_on(entry, if is_known { &mut before } else { &mut touched });
            before.clear();
        }
        touched.holds.sort_unstable();
        touched.holds.dedup();
        let holds = touched.holds.iter().filter_map(|&hold| recalled.show.hold(hold)).collect();
        Ok((recalled, holds))
    }
}

/// Why a show could not be recalled.
#[derive(Debug)]
pub(crate) enum RecallError {
    /// The journal did not answer, or contradicts itself.
    Journal(JournalError),
    /// The plans did not answer.
    Plans(StoreError),
    /// The journal names a version of the plan that is not there.
    NoPlan(PlanVersionId),
    /// It cannot be replayed; why has been logged.
    BadReplay,
}

/// The version of the plan that the journal says the show is on; `None`: it says nothing, the show is on its first one.
fn plan_version(recovered: &Recovered) -> Option<PlanVersionId> {
    let changed = recovered.entries.iter().rev().find_map(|entry| match entry.event {
        Event::PlanChanged { version, .. } => Some(version),
        _ => None,
    });
    changed.or_else(|| view::plan_version_in(&recovered.snapshot.as_ref()?.image))
}

/// The plan to replay on. What the journal says goes before what the catalogue says: between the two a process may have died.
async fn plan_of(plans: &dyn Plans, begun: &Arc<Plan>, all: &Recovered) -> Result<Arc<Plan>, RecallError> {
    let Some(version) = plan_version(all).filter(|&version| version != begun.version()) else {
        return Ok(Arc::clone(begun));
    };
    match plans.version(version).await {
        Ok(Some(plan)) => Ok(plan),
        Ok(None) => Err(RecallError::NoPlan(version)),
        Err(error) => Err(RecallError::Plans(error)),
    }
}

/// Loads a show and makes something of it on the plan that it is on, away from the actors' thread: a long journal must not stop the other shows, and a
/// panic in a replay is only an answer. A snapshot that cannot be read is done without.
pub(crate) async fn recall<T: Send + 'static>(
    journal: &dyn Journal,
    plans: &dyn Plans,
    show: ShowId,
    begun: &Arc<Plan>,
    make: impl Fn(&Arc<Plan>, Recovered) -> Result<T, ReplayError> + Clone + Send + 'static,
) -> Result<T, RecallError> {
    let newest = journal.load(show).await.map_err(RecallError::Journal)?;
    let plan = plan_of(plans, begun, &newest).await?;
    match away(show, plan, newest, make.clone()).await? {
        Ok(made) => Ok(made),
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(show.id = %show, error, "The snapshot of show {show} cannot be read; replaying its whole journal");
            let whole = journal.load_whole(show).await.map_err(RecallError::Journal)?;
            let plan = plan_of(plans, begun, &whole).await?;
            away(show, plan, whole, make).await?.map_err(|_| RecallError::BadReplay)
        }
    }
}

async fn away<T: Send + 'static>(
    show: ShowId,
    plan: Arc<Plan>,
    recovered: Recovered,
    make: impl Fn(&Arc<Plan>, Recovered) -> Result<T, ReplayError> + Send + 'static,
) -> Result<Result<T, ReplayError>, RecallError> {
    tokio::task::spawn_blocking(move || make(&plan, recovered)).await.map_err(|error| {
        tracing::error!(show.id = %show, error = %error, "Replaying show {show} panicked");
        RecallError::BadReplay
    })
}
