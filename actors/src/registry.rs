//! The shows of this process: which are awake, and how to wake one.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use aisle_core::{Plan, ShowId};
use dashmap::DashMap;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::clock::Clock;
use crate::feed::{Feed, FeedInner, PublicState};
use crate::handle::{AskError, BUSY_RETRY_AFTER_MS, ShowHandle};
use crate::journal::{Journal, NodeId};
use crate::summary::{Plans, Summaries};
use crate::watcher::{self, Call};

/// Limits of the shows of one process.
#[derive(Clone, Debug)]
pub struct ShowsConfig {
    /// Who this process is to the journal.
    pub node: NodeId,
    /// Questions waiting for one show. At 5,000 a second this is 100 ms of patience; beyond it we say 503.
    pub mailbox_commands_max: usize,
    /// Shows awake at a time; the least used sleeps first. A large show is about a megabyte with its feed.
    pub active_shows_max: usize,
    /// Deltas that a feed remembers for those who reconnect.
    pub ring_max: usize,
    /// Events between two snapshots: replaying as many takes a few milliseconds.
    pub snapshot_every: u64,
    /// A show that nobody has asked or watched for so long goes to sleep.
    pub idle_passivate_ms: u64,
    /// Wishes to wake or to put to sleep that may wait for the watcher.
    pub calls_max: usize,
}

impl Default for ShowsConfig {
    fn default() -> Self {
        Self {
            node: NodeId(Uuid::nil()),
            mailbox_commands_max: 512,
            active_shows_max: 1_000,
            ring_max: 1_024,
            snapshot_every: 1_000,
            idle_passivate_ms: 10 * 60_000,
            calls_max: 4_096,
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
        let (sender, receiver) = oneshot::channel();
        self.calls.try_send(Call::Wake(show, sender)).map_err(|refused| match refused {
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

/// The feeds that somebody still watches, so that a show that is rebuilt goes on with the one it had.
#[derive(Debug, Default)]
pub(crate) struct Feeds(DashMap<ShowId, Weak<FeedInner>>);

impl Feeds {
    /// The feed of this show, where somebody still has it and its plan is the same.
    pub(crate) fn known(&self, show: ShowId, plan: &Plan) -> Option<Feed> {
        let feed = self.0.get(&show).and_then(|feed| feed.value().upgrade()).map(Feed)?;
        (feed.plan_version() == plan.version()).then_some(feed)
    }

    pub(crate) fn begin(&self, show: ShowId, plan: Arc<Plan>, ring_max: usize, state: PublicState) -> Feed {
        let feed = Feed::new(show, plan, ring_max, state);
        self.0.retain(|_, feed| feed.strong_count() > 0);
        self.0.insert(show, Arc::downgrade(&feed.0));
        feed
    }

    pub(crate) fn subscribers(&self) -> usize {
        self.0.iter().filter_map(|feed| feed.value().upgrade()).map(|feed| Feed(feed).subscribers()).sum()
    }
}

#[derive(Debug)]
struct Inner {
    registry: Arc<Registry>,
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
            ("calls_max", config.calls_max),
        ];
        if let Some((limit, _)) = limits.into_iter().find(|(_, value)| *value == 0) {
            return Err(StartError::Zero { limit });
        }
        let (calls, waiting_calls) = mpsc::channel(config.calls_max);
        let registry = Arc::new(Registry { awake: DashMap::new(), calls });
        let parts = watcher::Parts {
            config,
            journal,
            plans,
            summaries,
            clock,
            registry: Arc::clone(&registry),
            calls: waiting_calls,
        };
        let thread = std::thread::Builder::new()
            .name("aisle-shows".into())
            .spawn(move || watcher::run(parts))
            .map_err(StartError::Thread)?;
        Ok(Self(Arc::new(Inner { registry, thread: Mutex::new(Some(thread)) })))
    }

    /// A show, awake. Where it sleeps it is acquired, loaded and replayed first.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`.
    pub async fn get(&self, show: ShowId) -> Result<ShowHandle, AskError> {
        self.0.registry.get(show).await
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
