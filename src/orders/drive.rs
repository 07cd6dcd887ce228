//! One drive of an order, as a plain struct: what is to be kept, what is to be carried out, and when it has come as far as it
//! goes. It may begin with a change, which is kept with the first thing that is. The checkout carries it out with a database,
//! shows and providers, and so does the simulator with its own.
//!
//! [`Drive::next`] is asked, and its [`Task`] is answered by [`Drive::kept`], [`Drive::loaded`] or [`Drive::learn`]. Whoever
//! dies between two of these leaves an order that somebody takes up when its lease has ended.
//!
//! What an order has come to is kept before anything more is carried out.

use jiff::{SignedDuration, Timestamp};

use super::saga::{Effect, Outcome, Refusal, Saga, Step};

/// More steps than any order needs in one go; past it somebody else goes on a moment later.
const STEPS_MAX: usize = 64;
/// How long a step may take before another worker takes the order for abandoned.
pub const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// So long a step that came to nothing waits for the next try, at most.
const WAIT_MAX_MS: i64 = 30_000;

/// A saga as it was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// It.
    pub saga: Saga,
    /// Its version: a save with an older one is refused.
    pub version: i64,
    /// When somebody will look at it again by itself.
    pub wakes: Option<Timestamp>,
    /// How many tries in a row came to nothing.
    pub attempts: i32,
}

/// When an order wants to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Then, or never by itself; what was tried has come to something.
    At(Option<Timestamp>),
    /// Then, because what was tried came to nothing.
    After {
        /// Milliseconds from now.
        wait_ms: i64,
        /// Why.
        problem: String,
    },
}

/// Whether it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was; this is its version now.
    Version(i64),
    /// Somebody else was first: look again.
    Stale,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Keep what became of the order, then say so by [`Drive::kept`].
    Keep(Wake),
    /// Read it again, then [`Drive::loaded`]: somebody else was first.
    Load,
    /// Carry this out, then [`Drive::learn`] what came of it.
    Perform(Effect),
    /// Somebody else was first, and the change that this began with is not kept: read the order, and decide the change anew.
    ChangeAgain,
    /// It has come as far as it goes.
    Done,
    /// It goes on and on, as when others change it all the time.
    TooLong,
}

/// What an order has come to.
#[derive(Clone, Debug)]
pub struct Drove {
    /// It.
    pub saga: Saga,
    /// Holds that could not be paid for.
    pub refusals: Vec<Refusal>,
    /// What somebody did not answer to: the worker tries again.
    pub stuck: Option<String>,
}

#[derive(Clone, Debug)]
enum Stage {
    Decide,
    Keep(Step),
    Load,
    Perform(Effect),
    /// Nobody answered.
    Stuck(String),
    ChangeAgain,
    Done,
}

impl Stage {
    fn of(step: Step) -> Self {
        match step {
            Step::Do(effect) => Self::Perform(effect),
            Step::Rest { .. } => Self::Done,
        }
    }
}

/// An order on its way.
#[derive(Clone, Debug)]
pub struct Drive {
    before: Saga,
    version: i64,
    wakes: Option<Timestamp>,
    /// It was kept, and is ours for a while.
    leased: bool,
    attempts: i32,
    /// A change that is not kept yet.
    change: bool,
    steps: usize,
    stage: Stage,
    drove: Drove,
}

impl Drive {
    /// Begins with what was read.
    #[must_use]
    pub fn new(loaded: Loaded) -> Self {
        let saga = loaded.saga.clone();
        Self::changed(loaded, saga)
    }

    /// Begins with what became of it by a change that was decided on it.
    #[must_use]
    pub fn changed(loaded: Loaded, saga: Saga) -> Self {
        let Loaded { saga: before, version, wakes, attempts } = loaded;
        let change = saga != before;
        let drove = Drove { saga, refusals: Vec::new(), stuck: None };
        Self { before, version, wakes, leased: false, attempts, change, steps: 0, stage: Stage::Decide, drove }
    }

    /// The order as it was kept last.
    #[must_use]
    pub fn before(&self) -> &Saga {
        &self.before
    }

    /// The order as it is now.
    #[must_use]
    pub fn saga(&self) -> &Saga {
        &self.drove.saga
    }

    /// The version that was kept last.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// What is to be done. Asked again before it was answered, it says the same.
    pub fn next(&mut self, now: Timestamp) -> Task {
        if matches!(self.stage, Stage::Decide) {
            if self.steps == STEPS_MAX {
                return Task::TooLong;
            }
            self.steps += 1;
            let step = self.drove.saga.next(now);
            let changed = self.drove.saga != self.before;
            let keeps = match &step {
                Step::Do(_) => changed || !self.leased && self.wakes.is_none(),
                Step::Rest { until } => changed || self.leased || self.wakes != *until || self.attempts > 0,
            };
            self.stage = if keeps { Stage::Keep(step) } else { Stage::of(step) };
        }
        match &self.stage {
            Stage::Keep(Step::Do(_)) => Task::Keep(Wake::At(Some(now + LEASE))),
            Stage::Keep(Step::Rest { until }) => Task::Keep(Wake::At(*until)),
            Stage::Decide | Stage::Load => Task::Load,
            Stage::Perform(effect) => Task::Perform(effect.clone()),
            Stage::Stuck(reason) => Task::Keep(Wake::After { wait_ms: self.patience_ms(), problem: reason.clone() }),
            Stage::ChangeAgain => Task::ChangeAgain,
            Stage::Done => Task::Done,
        }
    }

    fn patience_ms(&self) -> i64 {
        (200_i64 << self.attempts.clamp(0, 10)).min(WAIT_MAX_MS)
    }

    /// It was kept, or somebody else was first.
    pub fn kept(&mut self, kept: Kept) {
        let stage = std::mem::replace(&mut self.stage, Stage::Load);
        self.stage = match (stage, kept) {
            (_, Kept::Stale) if self.change => Stage::ChangeAgain,
            // Stale: somebody else drives it, and knows when to look again.
            (Stage::Stuck(reason), _) => {
                self.drove.stuck = Some(reason);
                Stage::Done
            }
            (_, Kept::Stale) => Stage::Load,
            (stage, Kept::Version(version)) => {
                self.version = version;
                (self.change, self.leased) = (false, true);
                self.before = self.drove.saga.clone();
                match stage {
                    Stage::Keep(step) => Stage::of(step),
                    Stage::Decide
                    | Stage::Load
                    | Stage::Perform(_)
                    | Stage::Stuck(_)
                    | Stage::ChangeAgain
                    | Stage::Done => stage,
                }
            }
        };
    }

    /// It was read again.
    pub fn loaded(&mut self, loaded: Loaded) {
        let Loaded { saga, version, wakes, attempts } = loaded;
        self.before = saga.clone();
        self.drove.saga = saga;
        (self.version, self.wakes, self.leased, self.attempts) = (version, wakes, false, attempts);
        self.stage = Stage::Decide;
    }

    /// This came of the effect that was to be carried out.
    pub fn learn(&mut self, now: Timestamp, effect: &Effect, outcome: Outcome) {
        self.stage = match outcome {
            Outcome::Later { reason } => Stage::Stuck(reason),
            outcome => {
                self.drove.refusals.extend(self.drove.saga.learn(now, effect, outcome));
                Stage::Decide
            }
        };
    }

    /// What it has come to.
    #[must_use]
    pub fn drove(self) -> Drove {
        self.drove
    }
}
