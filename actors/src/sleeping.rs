//! Reading shows that sleep, without waking them.
//!
//! A sleeping show is read from its snapshot and the journal after it: nothing is acquired, nothing is written, nobody waits.
//! The copy is kept for a while; before it is shown again it is brought up to date from the journal's tail, unless that was
//! looked at a moment ago. So what is told is at most [`ShowsConfig::sleeping_fresh_ms`] behind the journal, also where
//! another process owns the show. Within this process it never goes back: a show has one feed, whoever reads or wakes it.
//!
//! What time alone has done since the last event is told too, although nobody has written it down yet: a seat whose hold has
//! lapsed is free. The feed itself stays at the durable number, and gets the change when the show wakes.

mod kept;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aisle_core::{Event, Plan, Seq, Show, ShowId, Timestamp, Touched};
use tokio::sync::Semaphore;

use crate::chain;
use crate::clock::{Clock, Stopwatch};
use crate::feed::{Feed, FeedSnapshot};
use crate::handle::{AskError, BUSY_RETRY_AFTER_MS};
use crate::journal::{Journal, JournalError, entries_of};
use crate::metrics;
use crate::past::Moment;
use crate::recall::{RecallError, Recalled, recall};
use crate::registry::{Feeds, ShowsConfig};
use crate::summary::Plans;
use crate::view;
use kept::Shelf;

/// Entries that a copy is brought up to date with; a show that has gone on further is recalled from its snapshot.
const TAIL_MAX: usize = 1_000;

/// What the public may know of a show, awake or asleep.
#[derive(Clone, Debug)]
pub struct ShowView {
    feed: Feed,
    overdue: Option<Arc<Overdue>>,
}

/// What time alone has brought and nobody has written down yet.
#[derive(Debug)]
struct Overdue {
    events: usize,
    /// The public state with it; its number is that of the last event that is written.
    snapshot: FeedSnapshot,
    /// When time brings the next.
    until: Option<Timestamp>,
}

impl ShowView {
    pub(crate) fn of(feed: Feed) -> Self {
        Self { feed, overdue: None }
    }

    /// The show's feed, at its durable number. It goes on when the show wakes.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The plan that its numbers belong to.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        self.feed.plan()
    }

    /// The public state as it is now, and how many events it is ahead of its number by, because time has brought them and the
    /// show sleeps. Together they name this state; where the second is zero, the number alone does.
    #[must_use]
    pub fn state(&self) -> (FeedSnapshot, usize) {
        let written = self.feed.snapshot();
        match &self.overdue {
            Some(overdue) if overdue.snapshot.seq == written.seq => (overdue.snapshot.clone(), overdue.events),
            Some(_) | None => (written, 0),
        }
    }
}

/// A sleeping show as this process last read it.
#[derive(Debug)]
struct Copy {
    recalled: Recalled,
    feed: Feed,
}

/// The sleeping shows that somebody has read lately.
pub(crate) struct Sleeping {
    config: ShowsConfig,
    journal: Arc<dyn Journal>,
    plans: Arc<dyn Plans>,
    clock: Arc<Clock>,
    feeds: Arc<Feeds>,
    shelf: Shelf,
    /// Readers at the journal: those who wake a show need its connections too.
    places: Semaphore,
    waiting: AtomicUsize,
}

impl fmt::Debug for Sleeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleeping").finish_non_exhaustive()
    }
}

/// Somebody who waits for a read; counted until dropped.
pub(crate) struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Sleeping {
    pub(crate) fn new(
        config: ShowsConfig,
        journal: Arc<dyn Journal>,
        plans: Arc<dyn Plans>,
        clock: Arc<Clock>,
        feeds: Arc<Feeds>,
    ) -> Self {
        let shelf = Shelf::new(config.sleeping_kept_max, config.sleeping_bytes_max);
        let places = Semaphore::new(config.sleeping_reads_max);
        Self { config, journal, plans, clock, feeds, shelf, places, waiting: AtomicUsize::new(0) }
    }

    /// What was read a moment ago, where that is still good.
    pub(crate) fn told(&self, show: ShowId) -> Option<Result<ShowView, AskError>> {
        let told = self.shelf.get(show)?.told(self.clock.now())?;
        metrics::read_asleep("kept");
        Some(told)
    }

    /// A place to wait for a read; past the limit, `Busy`.
    pub(crate) fn wait(&self) -> Result<Waiting<'_>, AskError> {
        // Counted first, so that two who come at once cannot both have the last place.
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::AcqRel) < self.config.sleeping_waiting_max {
            return Ok(waiting);
        }
        Err(AskError::Busy { retry_after_ms: BUSY_RETRY_AFTER_MS })
    }

    /// The show has woken, and is read from its own feed.
    pub(crate) fn forget(&self, show: ShowId) {
        self.shelf.forget(show);
    }

    /// Reads a show from its journal. Those who want the same show wait for one reader. `again`: however fresh it is.
    pub(crate) async fn look(&self, show: ShowId, again: bool) -> Result<ShowView, AskError> {
        let kept = self.shelf.place(show);
        let mut copy = kept.copy.lock().await;
        if !again && let Some(told) = kept.told(self.clock.now()) {
            return told;
        }
        let Ok(_place) = self.places.acquire().await else { return Err(AskError::Unavailable) };
        let now = self.clock.now();
        let fresh_until = now.plus_ms(self.config.sleeping_fresh_ms);
        match self.read(show, copy.take()).await {
            Ok(read) => {
                let overdue = overdue(show, &read, now).map(Arc::new);
                let next = match &overdue {
                    Some(overdue) => overdue.until,
                    None => read.recalled.show.next_deadline(),
                };
                let view = ShowView { feed: read.feed.clone(), overdue };
                kept.tell(Ok(view.clone()), next.map_or(fresh_until, |next| next.min(fresh_until)));
                self.shelf.weigh(show, &kept, &read);
                *copy = Some(read);
                Ok(view)
            }
            Err(error) => {
                match error {
                    // Replayed again and again, a broken show would keep the others from being read.
                    AskError::Quarantined => kept.tell(Err(error.clone()), fresh_until),
                    AskError::NotFound
                    | AskError::Unavailable
                    | AskError::Fenced
                    | AskError::Busy { .. }
                    | AskError::Rejected(_) => self.shelf.forget(show),
                }
                Err(error)
            }
        }
    }

    /// A show as it was, on the plan that it was on then; `plan` is the one that it is on now.
    pub(crate) async fn past(&self, show: ShowId, plan: Arc<Plan>, moment: Moment) -> Result<Recalled, AskError> {
        let _waiting = self.wait()?;
        let Ok(_place) = self.places.acquire().await else { return Err(AskError::Unavailable) };
        Recalled::at(&*self.journal, &*self.plans, show, plan, moment).await.map_err(|error| failed(&error))
    }

    /// Brings the feeds of sleeping shows that somebody watches up to date, where another process has gone on with them.
    pub(crate) async fn follow(&self, watched: Vec<(ShowId, Seq)>) {
        if watched.is_empty() {
            return;
        }
        let heads = match self.journal.heads(watched.iter().map(|(show, _)| *show).collect()).await {
            Ok(heads) => heads,
            Err(error) => {
                tracing::warn!(error = chain(&error), "Could not look how far the sleeping shows have got");
                return;
            }
        };
        for (show, head) in heads {
            if watched.iter().any(|&(watched, known)| watched == show && known < head) {
                // Logged where it failed; the next round tries again.
                let _ = self.look(show, true).await;
            }
        }
    }

    async fn read(&self, show: ShowId, copy: Option<Copy>) -> Result<Copy, AskError> {
        if let Some(mut copy) = copy {
            let after = copy.recalled.seq;
            let lines = self.journal.lines(show, after, TAIL_MAX + 1).await.map_err(|error| failed(&error))?;
            let entries = entries_of(show, after, lines).map_err(|error| failed(&error))?;
            // Another plan has other places: nothing of the copy is of use.
            let same_plan = !entries.iter().any(|entry| matches!(entry.event, Event::PlanChanged { .. }));
            if entries.len() <= TAIL_MAX && same_plan {
                metrics::read_asleep("tail");
                let mut touched = Touched::default();
                for entry in &entries {
                    copy.recalled.go_on(entry, &mut touched);
                }
                touched.holds.sort_unstable();
                touched.holds.dedup();
                let change = view::public_change(&copy.recalled.show, &touched);
                copy.feed.publish(copy.recalled.seq, vec![change]);
                return Ok(copy);
            }
        }
        let watch = Stopwatch::start();
        let plan = match self.plans.plan_of(show).await {
            Ok(Some(plan)) => self.shelf.shared(plan),
            Ok(None) => return Err(AskError::NotFound),
            Err(error) => {
                tracing::error!(show.id = %show, error = chain(&error), "Could not read the plan of show {show}");
                return Err(AskError::Unavailable);
            }
        };
        let feeds = Arc::clone(&self.feeds);
        let recalled = recall(&*self.journal, &*self.plans, show, &plan, move |plan, all| {
            Recalled::whole(show, plan, &all, feeds.seq_of(show, plan))
        });
        let (recalled, holds) = recalled.await.map_err(|error| match error {
            RecallError::Journal(error) => failed(&error),
            RecallError::Plans(error) => {
                tracing::error!(show.id = %show, error = chain(&error), "Could not read the plan of show {show}");
                AskError::Unavailable
            }
            RecallError::NoPlan(version) => {
                tracing::error!(show.id = %show, "Show {show} is on plan version {version}, which is not there");
                AskError::Quarantined
            }
            RecallError::BadReplay => AskError::Quarantined,
        })?;
        let plan = Arc::clone(recalled.show.plan());
        let state = view::public_state(&recalled.show, recalled.seq);
        let feed = self.feeds.join(show, plan, self.config.ring_max, state, holds);
        metrics::read_asleep("load");
        metrics::loaded_asleep(watch.seconds());
        tracing::debug!(show.id = %show, seq = recalled.seq.0, "Read show {show} in its sleep");
        Ok(Copy { recalled, feed })
    }
}

/// The state that a turn at `now` would begin with, where that is another than the one that is written.
fn overdue(id: ShowId, copy: &Copy, now: Timestamp) -> Option<Overdue> {
    let Recalled { show, seq, at } = &copy.recalled;
    let now = now.max(*at);
    let events = show.expire(now);
    if events.is_empty() {
        return None;
    }
    // On a copy: what is written later may be another story, told by an owner who was faster than the deadline.
    let mut later = match Show::from_image(Arc::clone(show.plan()), show.image()) {
        Ok(later) => later,
        Err(error) => {
            tracing::error!(show.id = %id, error = %error, "Show {id} is not what its own image says");
            return None;
        }
    };
    let mut touched = Touched::default();
    for event in &events {
        later.apply(now, event, &mut touched);
    }
    let snapshot = Feed::new(id, Arc::clone(show.plan()), 1, view::public_state(&later, *seq)).snapshot();
    Some(Overdue { events: events.len(), snapshot, until: later.next_deadline() })
}

fn failed(error: &JournalError) -> AskError {
    let show = error.show();
    let told = chain(error);
    match error {
        JournalError::Fenced { .. } | JournalError::Refused { .. } | JournalError::Unknown { .. } => {
            tracing::error!(show.id = %show, error = told, "Could not read show {show} in its sleep");
            AskError::Unavailable
        }
        JournalError::Damaged { .. } => {
            tracing::error!(show.id = %show, error = told, "The journal of show {show} is damaged");
            AskError::Quarantined
        }
    }
}
