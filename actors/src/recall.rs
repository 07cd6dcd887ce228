//! From what the journal has to a [`Show`]: the one way, for whoever wakes a show, reads a sleeping one, or looks back.

use std::sync::Arc;

use aisle_core::{Entry, HoldView, Plan, Seq, Show, ShowId, Timestamp, Touched};

use crate::chain;
use crate::journal::{Journal, JournalError, Recovered, Snapshot};
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
    /// It cannot be replayed; why has been logged.
    BadReplay,
}

/// Loads a show and makes something of it, away from the actors' thread: a long journal must not stop the other shows, and a
/// panic in a replay is only an answer. A snapshot that cannot be read is done without.
pub(crate) async fn recall<T: Send + 'static>(
    journal: &dyn Journal,
    show: ShowId,
    make: impl Fn(Recovered) -> Result<T, ReplayError> + Clone + Send + 'static,
) -> Result<T, RecallError> {
    let newest = journal.load(show).await.map_err(RecallError::Journal)?;
    match away(show, newest, make.clone()).await? {
        Ok(made) => Ok(made),
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(show.id = %show, error, "The snapshot of show {show} cannot be read; replaying its whole journal");
            let whole = journal.load_whole(show).await.map_err(RecallError::Journal)?;
            away(show, whole, make).await?.map_err(|_| RecallError::BadReplay)
        }
    }
}

async fn away<T: Send + 'static>(
    show: ShowId,
    recovered: Recovered,
    make: impl Fn(Recovered) -> Result<T, ReplayError> + Send + 'static,
) -> Result<Result<T, ReplayError>, RecallError> {
    tokio::task::spawn_blocking(move || make(recovered)).await.map_err(|error| {
        tracing::error!(show.id = %show, error = %error, "Replaying show {show} panicked");
        RecallError::BadReplay
    })
}
