//! The only place of this crate that looks at a clock.
//!
//! `now` is the database's time at the last renewal of the lease, plus the time since then by a clock that also runs while the
//! machine sleeps. Where the two drift by more than a second, `now` is slewed rather than set, so that no deadline is jumped.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aisle_core::Timestamp;
use tokio::sync::watch;

/// Milliseconds on the machine's own clock, from some moment before the process began. Compare only with its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub i64);

/// Which lease a show was acquired under: a later lease of the same process is not the same right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseMark(u64);

/// A difference of more than this is not drift but a step, and is logged.
const STEP_MS: i64 = 1_000;
/// While slewing, a second lasts between 0.9 and 1.1 seconds.
const SLEW_ONE_IN: i64 = 10;
/// A sleeper looks at the clock at least this often, because the clock may have been set meanwhile.
const NAP_MAX_MS: u64 = 1_000;

#[derive(Clone, Copy, Debug)]
struct Offset {
    at: Ticks,
    now_minus_ticks: i64,
    target: i64,
    synced: bool,
}

impl Offset {
    fn at(&self, ticks: Ticks) -> i64 {
        let slewed = (ticks.0 - self.at.0).max(0) / SLEW_ONE_IN;
        self.now_minus_ticks + (self.target - self.now_minus_ticks).clamp(-slewed, slewed)
    }
}

#[derive(Debug)]
enum Source {
    System { started: Instant },
    Manual { ticks: watch::Sender<i64> },
}

/// Tells the time to everything in this crate.
#[derive(Debug)]
pub struct Clock {
    source: Source,
    offset: Mutex<Offset>,
    /// Never tell an earlier time than one that was told already.
    told: AtomicI64,
    lease_until: AtomicI64,
    lease_mark: AtomicU64,
}

impl Clock {
    /// The machine's clock, until the database has told its own time.
    #[must_use]
    pub fn system() -> Self {
        let source = Source::System { started: instant_now() };
        let ticks = ticks_of(&source);
        Self::build(source, ticks, wall_ms() - ticks.0)
    }

    /// A clock that stands still but for [`Clock::advance_ms`]; for tests.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::build(Source::Manual { ticks: watch::Sender::new(0) }, Ticks(0), start.0)
    }

    fn build(source: Source, at: Ticks, offset: i64) -> Self {
        Self {
            source,
            offset: Mutex::new(Offset { at, now_minus_ticks: offset, target: offset, synced: false }),
            told: AtomicI64::new(i64::MIN),
            lease_until: AtomicI64::new(i64::MAX),
            lease_mark: AtomicU64::new(0),
        }
    }

    /// The time, never earlier than a time told before.
    pub fn now(&self) -> Timestamp {
        let ticks = self.ticks();
        let now = ticks.0 + self.offset().at(ticks);
        Timestamp(self.told.fetch_max(now, Ordering::Relaxed).max(now))
    }

    /// The machine's own clock. It runs on while the machine sleeps, and nobody sets it.
    pub fn ticks(&self) -> Ticks {
        ticks_of(&self.source)
    }

    /// The database said `db_now` to a question that was sent at `asked` and answered at `answered`.
    pub fn synced(&self, db_now: Timestamp, asked: Ticks, answered: Ticks) {
        let mut offset = self.offset();
        let target = db_now.0 - asked.0.midpoint(answered.0);
        let current = offset.at(answered);
        let step = target - current;
        if !offset.synced {
            // Nobody has been told anything yet that the wall clock's error could contradict.
            *offset = Offset { at: answered, now_minus_ticks: target, target, synced: true };
            self.told.store(i64::MIN, Ordering::Relaxed);
        } else if step.abs() > STEP_MS {
            tracing::warn!(
                step_ms = step,
                "The database's clock and ours have drifted apart; ours is led to it slowly"
            );
            *offset = Offset { at: answered, now_minus_ticks: current, target, synced: true };
        } else {
            *offset = Offset { at: answered, now_minus_ticks: target, target, synced: true };
        }
    }

    /// The lease that was asked for lasts until `until`. Without a lease that was ever told, it never ends.
    pub fn lease_renewed(&self, until: Ticks) {
        self.lease_until.store(until.0, Ordering::Release);
    }

    /// The lease ended before it was renewed: whatever was acquired under it belongs to nobody now.
    pub fn lease_lost(&self) {
        self.lease_until.store(i64::MIN, Ordering::Release);
        self.lease_mark.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether this process may still speak for its shows.
    pub fn lease_live(&self) -> bool {
        self.ticks().0 < self.lease_until.load(Ordering::Acquire)
    }

    /// Which lease this is.
    pub fn lease_mark(&self) -> LeaseMark {
        LeaseMark(self.lease_mark.load(Ordering::Acquire))
    }

    /// Whether the lease that `mark` was taken under still lives.
    pub fn lease_holds(&self, mark: LeaseMark) -> bool {
        self.lease_live() && self.lease_mark() == mark
    }

    /// Lets a manual clock go on; does nothing to the machine's clock.
    pub fn advance_ms(&self, ms: u64) {
        match &self.source {
            Source::System { .. } => {}
            Source::Manual { ticks } => {
                ticks.send_modify(|now| *now = now.saturating_add_unsigned(ms));
            }
        }
    }

    /// Returns when it is `moment` or later. May be late by a scheduler's delay, never early.
    pub async fn reached(&self, moment: Timestamp) {
        loop {
            let changed = match &self.source {
                Source::System { .. } => None,
                // Subscribed before looking, so that an advance in between is not missed.
                Source::Manual { ticks } => Some(ticks.subscribe()),
            };
            let left = moment.ms_since(self.now());
            if left == 0 {
                return;
            }
            match changed {
                None => tokio::time::sleep(Duration::from_millis(left.min(NAP_MAX_MS))).await,
                Some(mut changed) => {
                    // The sender lives in this clock, so it cannot have gone.
                    let _ = changed.changed().await;
                }
            }
        }
    }

    /// Returns when `ms` have passed.
    pub async fn passed(&self, ms: u64) {
        self.reached(self.now().plus_ms(ms)).await;
    }

    fn offset(&self) -> MutexGuard<'_, Offset> {
        self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Measures how long something took, for metrics.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins.
    #[must_use]
    pub fn start() -> Self {
        Self(instant_now())
    }

    /// How long ago it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Seconds since it began.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

fn ticks_of(source: &Source) -> Ticks {
    match source {
        Source::System { started } => Ticks(boot_ms(*started)),
        Source::Manual { ticks } => Ticks(*ticks.borrow()),
    }
}

#[cfg(target_os = "linux")]
fn boot_ms(_: Instant) -> i64 {
    // std's Instant stands still while the machine sleeps; a lease does not.
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
}

#[cfg(not(target_os = "linux"))]
fn boot_ms(started: Instant) -> i64 {
    i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX)
}

#[allow(clippy::disallowed_methods)] // this is the clock
fn instant_now() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods)] // this is the clock
fn wall_ms() -> i64 {
    // A machine whose clock stands before 1970 is told 1970.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
