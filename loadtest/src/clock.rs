//! The only place of this crate that looks at a clock.

use std::time::{Duration, Instant};

/// Measures from the moment when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// So long since then.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time by this machine's clock, as reports write it: RFC 3339, in UTC.
#[must_use]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
