//! The shows of this process: which are awake, and how to wake one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use aisle_core::{HoldView, Plan, Seq, ShowId};
use dashmap::DashMap;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::clock::Clock;
use crate::feed::{Feed, FeedEnd, FeedInner, PublicState};
use crate::handle::{AskError, BUSY_RETRY_AFTER_MS, ShowHandle};
use crate::journal::{Journal, NodeId};
use crate::past::Moment;
use crate::recall::Recalled;
use crate::sleeping::{ShowView, Sleeping};
use crate::summary::{Plans, Summaries};
use crate::watcher::{self, Call};
use crate::witness::Witness;

/// Limits of the shows of one process.
#[derive(Clone, Debug)]
pub struct ShowsConfig {
    /// Who this process is to the journal.
    pub node: NodeId,
    /// Questions waiting for one show. At 5,000 a second this is 100 ms of patience; beyond it we say 503.
    pub mailbox_commands_max: usize,
    /// Shows awake at a time; the least used sleeps first. A large show is about a megabyte with its feed.
    pub active_shows_max: usize,
    /// How long a question waits for room when as many are awake as may be; past it `Busy`.
    pub wake_wait_ms: u64,
    /// Shows that may wait for room at a time; past it `Busy` at once. Falling asleep takes some milliseconds, so about as many
    /// as find room within the wait.
    pub wake_line_max: usize,
    /// Deltas that a feed remembers for those who reconnect.
    pub ring_max: usize,
    /// How long a feed's watchers are left alone after a delta. Twenty maps a second look like motion; a rush has hundreds of
    /// commits a second.
    pub feed_rest: Duration,
    /// Events between two snapshots: replaying as many takes a few milliseconds.
    pub snapshot_every: u64,
    /// A show that nobody has asked for so long goes to sleep, also while it is watched.
    pub idle_passivate_ms: u64,
    /// Copies of sleeping shows that were read lately, and what they may take together. What nobody has read for longest goes
    /// first.
    pub sleeping_kept_max: usize,
    /// See there. A hall of a thousand seats takes some 50 kB, and its plan, once for all its shows, another 160 kB.
    pub sleeping_bytes_max: usize,
    /// So long a copy is shown without a look at the journal's tail. Half a second: nobody sees the difference, and a rush on
    /// one sleeping show costs two look-ups a second.
    pub sleeping_fresh_ms: u64,
    /// Reads of sleeping shows at the journal at a time. Two of the store's four connections stay for those who wake.
    pub sleeping_reads_max: usize,
    /// Who may wait for such a read; past it `Busy`.
    pub sleeping_waiting_max: usize,
    /// Wishes to wake or to put to sleep that may wait for the watcher.
    pub calls_max: usize,
    /// Who is told of every hold.
    pub witness: Option<Arc<dyn Witness>>,
}

impl Default for ShowsConfig {
    fn default() -> Self {
        Self {
            node: NodeId(Uuid::nil()),
            mailbox_commands_max: 512,
            active_shows_max: 1_000,
            wake_wait_ms: 2_000,
            wake_line_max: 500,
            ring_max: 1_024,
            feed_rest: Duration::from_millis(50),
            snapshot_every: 1_000,
            idle_passivate_ms: 10 * 60_000,
            sleeping_kept_max: 2_000,
            sleeping_bytes_max: 64 * 1024 * 1024,
            sleeping_fresh_ms: 500,
            sleeping_reads_max: 2,
            sleeping_waiting_max: 2_048,
            calls_max: 4_096,
            witness: None,
        }
    }
}

/// Why the shows could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operating system gave no thread.
    #[error("the thread of the shows could not be started")]
    Thread(#[source] std::io::Error),
    /// A limit of zero.
    #[error("{limit} must not be zero")]
    Zero {
        /// Which.
        limit: &'static str,
    },
}

/// Which shows are awake. Written by the watcher alone.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) awake: DashMap<ShowId, ShowHandle>,
    calls: mpsc::Sender<Call>,
}

impl Registry {
    pub(crate) async fn get(&self, show: ShowId) -> Result<ShowHandle, AskError> {
        if let Some(handle) = self.peek(show) {
            return Ok(handle);
        }
        self.call(|waiter| Call::Wake(show, waiter)).await
    }

    async fn call<T>(&self, call: impl FnOnce(oneshot::Sender<Result<T, AskError>>) -> Call) -> Result<T, AskError> {
        let (sender, receiver) = oneshot::channel();
        self.calls.try_send(call(sender)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => AskError::Busy { retry_after_ms: BUSY_RETRY_AFTER_MS },
            mpsc::error::TrySendError::Closed(_) => AskError::Unavailable,
        })?;
        receiver.await.unwrap_or(Err(AskError::Unavailable))
    }

    pub(crate) fn peek(&self, show: ShowId) -> Option<ShowHandle> {
        // The guard ends with this statement; it is never held over an await.
        let handle = self.awake.get(&show).map(|handle| handle.value().clone())?;
        handle.is_alive().then_some(handle)
    }
}

/// One feed a show, as long as anybody has it: whoever loads the show, to wake it or to read it in its sleep, goes on with the
/// feed that its watchers have.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    by_show: DashMap<ShowId, Weak<FeedInner>>,
    sweep_at: AtomicUsize,
}

/// Fewer names of feeds that are gone are not worth a look.
const SWEEP_MIN: usize = 256;

impl Feeds {
    /// Where the feed of this show stands, if somebody still has it and its plan is the same.
    pub(crate) fn seq_of(&self, show: ShowId, plan: &Plan) -> Option<Seq> {
        let feed = self.by_show.get(&show).and_then(|feed| feed.value().upgrade()).map(Feed)?;
        (feed.plan_version() == plan.version()).then(|| feed.seq())
    }

    /// The show was loaded and stands at `state`: the feed that there is goes there, with what these holds have become; else
    /// one begins there, and one on another plan ends. Two who load a show at once get the same feed, at the later of their states.
    pub(crate) fn join(
        &self,
        show: ShowId,
        plan: Arc<Plan>,
        ring_max: usize,
        state: PublicState,
        holds: Vec<HoldView>,
    ) -> Feed {
        self.sweep();
        let mut feed = self.by_show.entry(show).or_default();
        if let Some(known) = feed.upgrade().map(Feed) {
            if known.plan_version() == plan.version() {
                known.catch_up(state, holds);
                return known;
            }
            known.end(FeedEnd::PlanChanged);
        }
        let new = Feed::new(show, plan, ring_max, state);
        *feed = Arc::downgrade(&new.0);
        new
    }

    /// Forgets feeds that nobody has any more, once they may be half of all.
    fn sweep(&self) {
        if self.by_show.len() >= self.sweep_at.load(Ordering::Relaxed).max(SWEEP_MIN) {
            self.by_show.retain(|_, feed| feed.strong_count() > 0);
            self.sweep_at.store(self.by_show.len() * 2, Ordering::Relaxed);
        }
    }

    /// The feeds that somebody watches, and where they stand.
    pub(crate) fn watched(&self) -> Vec<(ShowId, Seq)> {
        let feeds = self.by_show.iter().filter_map(|feed| feed.value().upgrade()).map(Feed);
        feeds.filter(|feed| feed.subscribers() > 0).map(|feed| (feed.show(), feed.seq())).collect()
    }

    pub(crate) fn subscribers(&self) -> usize {
        self.by_show.iter().filter_map(|feed| feed.value().upgrade()).map(|feed| Feed(feed).subscribers()).sum()
    }
}

#[derive(Debug)]
struct Inner {
    registry: Arc<Registry>,
    sleeping: Arc<Sleeping>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody can ask for anything any more, but handles keep the way to the watcher open. Who wants to know when the shows
        // are down calls `stop` before.
        let _ = self.registry.calls.try_send(Call::Stop(oneshot::channel().0));
    }
}

/// All the shows of this process. Clone is cheap. Owns a thread with an actix system, so it can be used from any runtime.
#[derive(Clone, Debug)]
pub struct Shows(Arc<Inner>);

impl Shows {
    /// Starts the thread. Shows whose deadline has passed are woken at once.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        config: ShowsConfig,
        journal: Arc<dyn Journal>,
        plans: Arc<dyn Plans>,
        summaries: Arc<dyn Summaries>,
        clock: Arc<Clock>,
    ) -> Result<Self, StartError> {
        let limits = [
            ("mailbox_commands_max", config.mailbox_commands_max),
            ("active_shows_max", config.active_shows_max),
            ("ring_max", config.ring_max),
            ("sleeping_reads_max", config.sleeping_reads_max),
            ("sleeping_waiting_max", config.sleeping_waiting_max),
            ("calls_max", config.calls_max),
        ];
        if let Some((limit, _)) = limits.into_iter().find(|(_, value)| *value == 0) {
            return Err(StartError::Zero { limit });
        }
        let (calls, waiting_calls) = mpsc::channel(config.calls_max);
        let registry = Arc::new(Registry { awake: DashMap::new(), calls });
        let feeds = Arc::<Feeds>::default();
        let (shared_journal, shared_clock) = (Arc::clone(&journal), Arc::clone(&clock));
        let sleeping =
            Sleeping::new(config.clone(), shared_journal, Arc::clone(&plans), shared_clock, Arc::clone(&feeds));
        let sleeping = Arc::new(sleeping);
        let parts = watcher::Parts {
            config,
            journal,
            plans,
            summaries,
            clock,
            registry: Arc::clone(&registry),
            feeds,
            sleeping: Arc::clone(&sleeping),
            calls: waiting_calls,
        };
        let thread = std::thread::Builder::new()
            .name("aisle-shows".into())
            .spawn(move || watcher::run(parts))
            .map_err(StartError::Thread)?;
        Ok(Self(Arc::new(Inner { registry, sleeping, thread: Mutex::new(Some(thread)) })))
    }

    /// A show, awake. Where it sleeps it is acquired, loaded and replayed first.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`.
    pub async fn get(&self, show: ShowId) -> Result<ShowHandle, AskError> {
        self.0.registry.get(show).await
    }

    /// What the public may know of a show. Wakes nobody: an awake show is read from its feed, a sleeping one from its journal,
    /// also where another process owns it. At most [`ShowsConfig::sleeping_fresh_ms`] behind the journal.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected` or `Fenced`.
    pub async fn read(&self, show: ShowId) -> Result<ShowView, AskError> {
        if let Some(handle) = self.peek(show) {
            return Ok(ShowView::of(handle.feed().clone()));
        }
        if let Some(told) = self.0.sleeping.told(show) {
            return told;
        }
        let _waiting = self.0.sleeping.wait()?;
        // The watcher's thread outlives those who serve requests, and a connection dies with the thread that opened it.
        self.0.registry.call(|reader| Call::Read(show, reader)).await
    }

    /// A show as it was at some moment of its journal, on the plan that it was on then; `plan` is the one that the catalogue
    /// says it is on now. Wakes nobody.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`, `Fenced` or `NotFound`: a show without a journal is as it began.
    pub async fn past(&self, show: ShowId, plan: Arc<Plan>, moment: Moment) -> Result<Recalled, AskError> {
        self.0.sleeping.past(show, plan, moment).await
    }

    /// A show that is awake already.
    #[must_use]
    pub fn peek(&self, show: ShowId) -> Option<ShowHandle> {
        self.0.registry.peek(show)
    }

    /// The shows that are awake.
    #[must_use]
    pub fn active(&self) -> Vec<ShowId> {
        self.0.registry.awake.iter().map(|entry| *entry.key()).collect()
    }

    /// Puts a show to sleep: finishes what was begun, keeps snapshot and summary, hands over. Returns when it is done; a show
    /// that sleeps already is left alone.
    pub async fn passivate(&self, show: ShowId) {
        let (sender, receiver) = oneshot::channel();
        if self.0.registry.calls.send(Call::Sleep(show, sender)).await.is_ok() {
            let _ = receiver.await;
        }
    }

    /// Takes no more, finishes every append, puts every show to sleep, ends the thread. The second call does nothing.
    pub async fn stop(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.0.registry.calls.send(Call::Stop(sender)).await.is_ok() {
            let _ = receiver.await;
        }
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The watcher has said that it is done; what is left is dropping an empty runtime.
            let _ = thread.join();
        }
    }

    /// Lets the next turn of a show that is awake panic, so that a test can see what comes of it.
    #[doc(hidden)]
    pub fn stumble(&self, show: ShowId) -> bool {
        self.peek(show).is_some_and(|handle| handle.addr().try_send(crate::actor::Stumble).is_ok())
    }
}
