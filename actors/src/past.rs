//! Looking back: a show as it was at some moment of its journal.

use std::sync::Arc;

use aisle_core::{Event, Plan, PlanVersionId, Seq, Show, ShowId, Timestamp, Touched};

use crate::journal::{Journal, JournalError, Snapshot, entries_of};
use crate::recall::Recalled;
use crate::summary::{Plans, StoreError};
use crate::view;

/// Lines read at a time: a long journal is never in memory as a whole.
const PAGE: usize = 2_000;

/// A moment of a show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After the event of this number.
    Seq(Seq),
    /// At this time; what time alone had brought by then counts, whether it had been written down or not.
    Time(Timestamp),
}

impl Recalled {
    /// The show as it was at `moment`, on the plan that it was on then; where the journal ends before it, as it is. `begun` is the
    /// plan that the catalogue says. Owns nothing and wakes nobody.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] for a gap, an unreadable entry or a plan that is not there on the way; `Refused` or `Unknown`:
    /// ask again.
    pub async fn at(
        journal: &dyn Journal,
        plans: &dyn Plans,
        id: ShowId,
        begun: Arc<Plan>,
        moment: Moment,
    ) -> Result<Self, JournalError> {
        // By time the whole journal is replayed: a snapshot says when it was taken, not how far time had come before.
        let snapshot = match moment {
            Moment::Seq(seq) => journal.snapshot(id, seq).await?,
            Moment::Time(_) => None,
        };
        let from_snapshot = match snapshot {
            Some(snapshot) => {
                let plan = plan_of_snapshot(plans, id, &begun, &snapshot).await?;
                Self::from_snapshot(id, &plan, &snapshot).ok()
            }
            None => None,
        };
        let mut recalled = match from_snapshot {
            Some(recalled) => recalled,
            None => Self::begin(id, first_plan(journal, plans, id, &begun).await?),
        };
        let mut touched = Touched::default();
        loop {
            let lines = journal.lines(id, recalled.seq, PAGE).await?;
            let is_last = lines.len() < PAGE;
            for entry in entries_of(id, recalled.seq, lines)? {
                let is_later = match moment {
                    Moment::Seq(seq) => entry.seq > seq,
                    Moment::Time(time) => entry.at > time,
                };
                if is_later {
                    return Ok(recalled.brought_to(moment));
                }
                recalled.go_on(&entry, &mut touched);
                recalled.follow_plan(plans).await?;
                touched.clear();
            }
            if is_last {
                return Ok(recalled.brought_to(moment));
            }
        }
    }

    /// Puts the show on the plan that its journal says, where that has just become another.
    ///
    /// # Errors
    /// As [`Recalled::at`].
    pub(crate) async fn follow_plan(&mut self, plans: &dyn Plans) -> Result<(), JournalError> {
        let version = self.show.plan_version();
        if version == self.show.plan().version() {
            return Ok(());
        }
        let show = self.show.id();
        let plan = plan_at(plans, show, self.show.plan(), version).await?;
        self.show = self.show.on_plan(plan).map_err(|error| JournalError::Damaged { show, what: error.to_string() })?;
        Ok(())
    }

    fn brought_to(mut self, moment: Moment) -> Self {
        if let Moment::Time(time) = moment {
            let mut touched = Touched::default();
            for event in self.show.expire(time) {
                self.show.apply(time, &event, &mut touched);
            }
            self.at = self.at.max(time);
        }
        self
    }
}

/// The plan that a show's first entry was decided on: what the journal says of itself, and where it is too old for that, what
/// the catalogue remembers.
///
/// # Errors
/// As [`Recalled::at`].
pub(crate) async fn first_plan(
    journal: &dyn Journal,
    plans: &dyn Plans,
    show: ShowId,
    begun: &Arc<Plan>,
) -> Result<Arc<Plan>, JournalError> {
    let mut after = Seq(0);
    loop {
        let lines = journal.lines(show, after, PAGE).await?;
        let changed = lines.iter().find_map(|line| match &line.event {
            Ok(Event::PlanChanged { from, .. }) => Some(*from),
            Ok(_) | Err(_) => None,
        });
        match (changed, lines.last()) {
            (Some(Some(version)), _) => return plan_at(plans, show, begun, version).await,
            (Some(None), _) => {
                let remembered = plans.first_of(show).await.map_err(|error| no_plans(show, error))?;
                return plan_at(plans, show, begun, remembered.unwrap_or(begun.version())).await;
            }
            // It was never changed.
            (None, Some(last)) if lines.len() == PAGE => after = last.seq,
            (None, _) => return Ok(Arc::clone(begun)),
        }
    }
}

/// The plan that a snapshot's show is on; where it cannot be read, neither can the rest of it, and any plan will do.
pub(crate) async fn plan_of_snapshot(
    plans: &dyn Plans,
    show: ShowId,
    begun: &Arc<Plan>,
    snapshot: &Snapshot,
) -> Result<Arc<Plan>, JournalError> {
    match view::plan_version_in(&snapshot.image) {
        Some(version) => plan_at(plans, show, begun, version).await,
        None => Ok(Arc::clone(begun)),
    }
}

async fn plan_at(
    plans: &dyn Plans,
    show: ShowId,
    known: &Arc<Plan>,
    version: PlanVersionId,
) -> Result<Arc<Plan>, JournalError> {
    if version == known.version() {
        return Ok(Arc::clone(known));
    }
    let found = plans.version(version).await.map_err(|error| no_plans(show, error))?;
    let what = || format!("it names version {version} of its plan, which is not there");
    found.ok_or_else(|| JournalError::Damaged { show, what: what() })
}

fn no_plans(show: ShowId, error: StoreError) -> JournalError {
    JournalError::Refused { show, cause: Box::new(error) }
}

/// Whether two shows are the same: everything that a snapshot would keep.
pub(crate) fn same(one: &Show, other: &Show) -> bool {
    one.image() == other.image()
}
