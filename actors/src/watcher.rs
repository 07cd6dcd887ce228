//! The watcher: the one task that wakes shows, puts them to sleep, and rebuilds those that fell.
//!
//! actix does not bring back an actor that panicked. Every actor leaves a note when it is gone, however it went; the watcher
//! reads the notes and decides. It alone writes the registry, so that nothing here races.

mod room;
mod trouble;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::prelude::*;
use aisle_core::{ShowId, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::actor::{Fence, House, ShowActor, Sleep, Summarise};
use crate::chain;
use crate::clock::{Clock, LeaseMark, Stopwatch};
use crate::handle::{AskError, Shared, ShowHandle};
use crate::journal::Journal;
use crate::metrics;
use crate::registry::{Feeds, Registry, ShowsConfig};
use crate::sleeping::{ShowView, Sleeping};
use crate::summary::{Plans, ShowSummary, Summaries};
use trouble::Trouble;

/// How often lists are told, sleepers looked for, deadlines watched.
const ROUND_MS: u64 = 1_000;
/// Shows woken by their deadline in one round: a thousand at once would keep buyers waiting.
const WOKEN_PER_ROUND_MAX: usize = 64;
/// How long a round waits for the shows' summaries.
const SUMMARY_WAIT_MS: u64 = 500;
type Woken = oneshot::Sender<Result<ShowHandle, AskError>>;

/// What others want of the watcher.
#[derive(Debug)]
pub(crate) enum Call {
    Wake(ShowId, Woken),
    /// Read a show without waking it.
    Read(ShowId, oneshot::Sender<Result<ShowView, AskError>>),
    Sleep(ShowId, oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
}

/// Everything that the watcher is made of.
pub(crate) struct Parts {
    pub(crate) config: ShowsConfig,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) plans: Arc<dyn Plans>,
    pub(crate) summaries: Arc<dyn Summaries>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) feeds: Arc<Feeds>,
    pub(crate) sleeping: Arc<Sleeping>,
    pub(crate) calls: mpsc::Receiver<Call>,
}

/// What the watcher's own errands come back with.
enum Errand {
    Ready(ShowId, u64, ShowHandle),
    /// There is no actor to leave a note.
    NotStarted(ShowId, u64, AskError),
    Due(Vec<ShowId>),
    RoundDone,
    Rebuild(ShowId, u64),
}

/// Why a show wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// Somebody asks it something.
    Asked,
    /// Its deadline has passed, or its owner died.
    Due,
    /// It fell.
    Rebuilt,
}

impl Why {
    fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Due => "due",
            Self::Rebuilt => "rebuilt",
        }
    }
}

enum Slot {
    /// Wants to wake, and there is no room.
    InLine {
        waiters: Vec<Woken>,
        why: Why,
        until: Timestamp,
    },
    Waking {
        life: u64,
        waiters: Vec<Woken>,
        sleepers: Vec<oneshot::Sender<()>>,
    },
    Awake {
        life: u64,
        handle: ShowHandle,
    },
    Sleeping {
        life: u64,
        waiters: Vec<Woken>,
        sleepers: Vec<oneshot::Sender<()>>,
    },
    /// Will be rebuilt in a while.
    Resting {
        life: u64,
    },
    Quarantined,
}

struct Watcher {
    house: Arc<House>,
    registry: Arc<Registry>,
    sleeping: Arc<Sleeping>,
    slots: HashMap<ShowId, Slot>,
    /// Those that wait for room, in the order in which they came.
    line: VecDeque<ShowId>,
    trouble: HashMap<ShowId, Trouble>,
    errands: mpsc::UnboundedSender<Errand>,
    lives: u64,
    /// The lease of the last round: where it is another now, the shows of the one before belong to nobody.
    lease: LeaseMark,
    round_running: bool,
    stopping: Vec<oneshot::Sender<()>>,
}

/// The whole life of the shows' thread.
pub(crate) fn run(parts: Parts) {
    System::new().block_on(watch(parts));
}

async fn watch(parts: Parts) {
    let Parts { config, journal, plans, summaries, clock, registry, feeds, sleeping, mut calls } = parts;
    let (notes, mut notes_in) = mpsc::unbounded_channel();
    let (errands, mut errands_in) = mpsc::unbounded_channel();
    let house = Arc::new(House { config, journal, plans, summaries, clock, feeds, notes });
    let clock = Arc::clone(&house.clock);
    let mut watcher = Watcher {
        house,
        registry,
        sleeping,
        slots: HashMap::new(),
        line: VecDeque::new(),
        trouble: HashMap::new(),
        errands,
        lives: 0,
        lease: clock.lease_mark(),
        round_running: false,
        stopping: Vec::new(),
    };
    let mut next_round = clock.now();
    loop {
        let next_look =
            if watcher.line.is_empty() { next_round } else { next_round.min(clock.now().plus_ms(room::LOOK_EVERY_MS)) };
        // In this order, so that what has ended is known before anything new begins.
        tokio::select! {
            biased;
            Some(note) = notes_in.recv() => watcher.ended(&note),
            Some(errand) = errands_in.recv() => watcher.errand(errand),
            () = clock.reached(next_look) => {
                let now = clock.now();
                watcher.end_waiting(now);
                watcher.admit();
                if now >= next_round {
                    watcher.round();
                    next_round = now.plus_ms(ROUND_MS);
                }
                // A clock that runs on faster than this loop must not keep callers waiting for ever.
                if let Ok(call) = calls.try_recv() {
                    watcher.call(call);
                }
            }
            call = calls.recv() => match call {
                Some(call) => watcher.call(call),
                None => watcher.stop(None),
            },
        }
        if watcher.is_done() {
            break;
        }
    }
    watcher.registry.awake.clear();
    for stopped in watcher.stopping.drain(..) {
        let _ = stopped.send(());
    }
}

impl Watcher {
    fn call(&mut self, call: Call) {
        match call {
            Call::Wake(show, waiter) => self.wake(show, Some(waiter), Why::Asked),
            Call::Read(show, reader) => self.read(show, reader),
            Call::Sleep(show, sleeper) => self.sleep(show, Some(sleeper), "asked"),
            Call::Stop(stopped) => self.stop(Some(stopped)),
        }
    }

    fn read(&self, show: ShowId, reader: oneshot::Sender<Result<ShowView, AskError>>) {
        // Woken since they asked.
        if let Some(handle) = self.registry.peek(show) {
            let _ = reader.send(Ok(ShowView::of(handle.feed().clone())));
            return;
        }
        let sleeping = Arc::clone(&self.sleeping);
        actix::spawn(async move {
            // Who has stopped waiting asks again.
            let _ = reader.send(sleeping.look(show, false).await);
        });
    }

    fn wake(&mut self, show: ShowId, waiter: Option<Woken>, why: Why) {
        match self.slots.get_mut(&show) {
            Some(Slot::InLine { waiters, .. } | Slot::Waking { waiters, .. } | Slot::Sleeping { waiters, .. }) => {
                waiters.extend(waiter);
            }
            Some(Slot::Awake { handle, .. }) if handle.is_alive() => answer(waiter, Ok(handle.clone())),
            Some(Slot::Awake { life, .. }) => {
                // Gone, and its note is on the way: who comes now waits for the next life.
                let (life, waiters) = (*life, waiter.into_iter().collect());
                self.slots.insert(show, Slot::Sleeping { life, waiters, sleepers: Vec::new() });
            }
            Some(Slot::Resting { .. }) => answer(waiter, Err(AskError::Unavailable)),
            Some(Slot::Quarantined) => answer(waiter, Err(AskError::Quarantined)),
            None => self.enter(show, waiter.into_iter().collect(), why),
        }
    }

    fn begin(&mut self, show: ShowId, waiters: Vec<Woken>, why: Why) {
        let watch = Stopwatch::start();
        self.lives += 1;
        let life = self.lives;
        self.slots.insert(show, Slot::Waking { life, waiters, sleepers: Vec::new() });
        let (house, plans, registry) =
            (Arc::clone(&self.house), Arc::clone(&self.house.plans), Arc::clone(&self.registry));
        let errands = self.errands.clone();
        actix::spawn(async move {
            let plan = match plans.plan_of(show).await {
                Ok(Some(plan)) => plan,
                Ok(None) => {
                    let _ = errands.send(Errand::NotStarted(show, life, AskError::NotFound));
                    return;
                }
                Err(error) => {
                    tracing::error!(show.id = %show, error = chain(&error), "Could not read the plan of show {show}");
                    let _ = errands.send(Errand::NotStarted(show, life, AskError::Unavailable));
                    return;
                }
            };
            let shared = Arc::new(Shared::new(show, house.config.mailbox_commands_max, house.clock.now()));
            let (ready, is_ready) = oneshot::channel();
            let addr = ShowActor::new(house, plan, Arc::clone(&shared), life, ready).start();
            // An actor that never gets ready leaves a note, like any other.
            if let Ok(Ok(feed)) = is_ready.await {
                metrics::woke(why.word(), watch.seconds());
                let seq = feed.seq().0;
                tracing::debug!(show.id = %show, seq, why = why.word(), "Show {show} is awake");
                let handle = ShowHandle::new(shared, feed, addr, registry);
                let _ = errands.send(Errand::Ready(show, life, handle));
            }
        });
    }

    fn errand(&mut self, errand: Errand) {
        match errand {
            Errand::Ready(show, life, handle) => self.ready(show, life, handle),
            Errand::NotStarted(show, life, why) => {
                if self.life_of(show) == Some(life)
                    && let Some(Slot::Waking { waiters, sleepers, .. }) = self.slots.remove(&show)
                {
                    for waiter in waiters {
                        answer(Some(waiter), Err(why.clone()));
                    }
                    slept(sleepers);
                    if why == AskError::Unavailable {
                        self.rebuild(show, Vec::new());
                    }
                    self.admit();
                }
            }
            Errand::Due(shows) => {
                let sleeping: Vec<ShowId> =
                    shows.into_iter().filter(|show| !self.slots.contains_key(show)).take(WOKEN_PER_ROUND_MAX).collect();
                for show in sleeping {
                    self.wake(show, None, Why::Due);
                }
            }
            Errand::RoundDone => self.round_running = false,
            Errand::Rebuild(show, life) => {
                if let Some(Slot::Resting { life: resting }) = self.slots.get(&show)
                    && *resting == life
                {
                    self.slots.remove(&show);
                    self.enter(show, Vec::new(), Why::Rebuilt);
                }
            }
        }
    }

    fn ready(&mut self, show: ShowId, life: u64, handle: ShowHandle) {
        if self.life_of(show) != Some(life) {
            return;
        }
        let awake = Slot::Awake { life, handle: handle.clone() };
        let Some(Slot::Waking { waiters, sleepers, .. }) = self.slots.insert(show, awake) else { return };
        self.registry.awake.insert(show, handle.clone());
        self.sleeping.forget(show);
        for waiter in waiters {
            answer(Some(waiter), Ok(handle.clone()));
        }
        if sleepers.is_empty() && self.stopping.is_empty() {
            return;
        }
        self.sleep(show, None, "asked");
        if let Some(Slot::Sleeping { sleepers: waiting, .. }) = self.slots.get_mut(&show) {
            waiting.extend(sleepers);
        }
    }

    fn sleep(&mut self, show: ShowId, sleeper: Option<oneshot::Sender<()>>, why: &'static str) {
        match self.slots.get_mut(&show) {
            Some(Slot::Waking { sleepers, .. } | Slot::Sleeping { sleepers, .. }) => sleepers.extend(sleeper),
            Some(Slot::Awake { life, handle }) => {
                let (life, addr) = (*life, handle.addr().clone());
                metrics::goes_to_sleep(why);
                tracing::debug!(show.id = %show, why, "Show {show} goes to sleep");
                self.registry.awake.remove(&show);
                let sleepers = sleeper.into_iter().collect();
                self.slots.insert(show, Slot::Sleeping { life, waiters: Vec::new(), sleepers });
                actix::spawn(async move {
                    // Waits for a place in the mailbox. An actor that is gone has left its note.
                    let _ = addr.send(Sleep).await;
                });
            }
            Some(Slot::InLine { .. } | Slot::Resting { .. } | Slot::Quarantined) | None => slept(sleeper),
        }
    }

    fn round(&mut self) {
        let handles: Vec<ShowHandle> = self.registry.awake.iter().map(|entry| entry.value().clone()).collect();
        metrics::awake(handles.len(), self.line.len(), self.house.feeds.subscribers());
        let now = self.house.clock.now();
        let idle_ms = self.house.config.idle_passivate_ms;
        let lease = self.house.clock.lease_mark();
        let lost = !self.house.clock.lease_live() || std::mem::replace(&mut self.lease, lease) != lease;
        for handle in &handles {
            // Each actor knows the lease that it was acquired under, and stops where that one has ended.
            if lost {
                let _ = handle.addr().try_send(Fence);
            }
            let shared = handle.shared();
            let used = Timestamp(shared.last_used.load(Ordering::Relaxed));
            // Those who watch it keep its feed, and see it go on when it wakes.
            let nobody_asks = shared.waiting.load(Ordering::Acquire) == 0;
            if nobody_asks && now.ms_since(used) >= idle_ms {
                self.sleep(handle.id(), None, "idle");
            }
        }
        if self.round_running || !self.stopping.is_empty() {
            return;
        }
        self.round_running = true;
        let (house, errands) = (Arc::clone(&self.house), self.errands.clone());
        let (sleeping, mut watched) = (Arc::clone(&self.sleeping), self.house.feeds.watched());
        watched.retain(|(show, _)| !self.slots.contains_key(show));
        actix::spawn(async move {
            let rows = summaries(&handles, &house.clock).await;
            if !rows.is_empty()
                && let Err(error) = house.summaries.write(rows).await
            {
                tracing::warn!(error = chain(&error), "Could not write the summaries of the shows");
            }
            match house.summaries.due(now).await {
                Ok(due) => {
                    let _ = errands.send(Errand::Due(due));
                }
                Err(error) => tracing::warn!(error = chain(&error), "Could not look for shows whose time has come"),
            }
            sleeping.follow(watched).await;
            let _ = errands.send(Errand::RoundDone);
        });
    }

    fn stop(&mut self, stopped: Option<oneshot::Sender<()>>) {
        let stopped = stopped.unwrap_or_else(|| oneshot::channel().0);
        self.stopping.push(stopped);
        for show in std::mem::take(&mut self.line) {
            if let Some(Slot::InLine { waiters, .. }) = self.slots.remove(&show) {
                refuse(waiters, &AskError::Unavailable);
            }
        }
        let shows: Vec<ShowId> = self.slots.keys().copied().collect();
        for show in shows {
            self.sleep(show, None, "stop");
        }
    }

    /// Nothing is taken any more, and nobody is up.
    fn is_done(&self) -> bool {
        !self.stopping.is_empty()
            && self.slots.values().all(|slot| matches!(slot, Slot::Quarantined | Slot::Resting { .. }))
    }

    fn life_of(&self, show: ShowId) -> Option<u64> {
        match self.slots.get(&show)? {
            Slot::Waking { life, .. } | Slot::Awake { life, .. } | Slot::Sleeping { life, .. } => Some(*life),
            Slot::InLine { .. } | Slot::Resting { .. } | Slot::Quarantined => None,
        }
    }
}

/// What these shows have to say of themselves that they have not said yet. Who is in the middle of an append says it when that is
/// durable; a journal that takes longer holds up nobody, and is asked again in the next round.
async fn summaries(handles: &[ShowHandle], clock: &Clock) -> Vec<ShowSummary> {
    let mut asked = Vec::new();
    for handle in handles {
        let (sender, summary) = oneshot::channel();
        if handle.addr().try_send(Summarise(sender)).is_ok() {
            asked.push(summary);
        }
    }
    let too_late = clock.passed(SUMMARY_WAIT_MS);
    let mut too_late = std::pin::pin!(too_late);
    let mut rows = Vec::new();
    for mut summary in asked {
        tokio::select! {
            biased;
            row = &mut summary => rows.extend(row),
            () = &mut too_late => break,
        }
    }
    rows
}

fn answer(waiter: Option<Woken>, said: Result<ShowHandle, AskError>) {
    if let Some(waiter) = waiter {
        // Who has stopped waiting asks again.
        let _ = waiter.send(said);
    }
}

fn refuse(waiters: Vec<Woken>, why: &AskError) {
    for waiter in waiters {
        answer(Some(waiter), Err(why.clone()));
    }
}

fn slept(sleepers: impl IntoIterator<Item = oneshot::Sender<()>>) {
    for sleeper in sleepers {
        let _ = sleeper.send(());
    }
}
