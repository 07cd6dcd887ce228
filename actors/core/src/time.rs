//! Time, as it is told to the core: milliseconds since 1970 in UTC. Nothing here looks at a clock.

use serde::{Deserialize, Serialize};

/// A length of time in milliseconds.
pub type DurationMs = u64;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
///
/// A deadline belongs to what comes after it: something with `expires_at` is live while `now < expires_at`, and at the very
/// millisecond of its deadline it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus `ms`; stays at the end of time rather than wrap.
    #[must_use]
    pub fn plus_ms(self, ms: DurationMs) -> Self {
        Self(self.0.saturating_add_unsigned(ms))
    }

    /// Milliseconds from `earlier` to this moment; zero when this moment is not later.
    #[must_use]
    pub fn ms_since(self, earlier: Self) -> DurationMs {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}
