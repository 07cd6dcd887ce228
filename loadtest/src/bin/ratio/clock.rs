//! The one place here that looks at the clock.

use tokio::time::Instant;

/// Now.
pub fn now() -> Instant {
    Instant::now()
}

/// Microseconds since then.
pub fn since_us(then: Instant) -> u64 {
    u64::try_from(then.elapsed().as_micros()).unwrap_or(u64::MAX)
}
