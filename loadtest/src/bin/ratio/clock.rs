//! The one place here that looks at a clock.

use tokio::time::Instant;

/// Now.
pub fn now() -> Instant {
    Instant::now()
}

/// Microseconds since then.
pub fn since_us(then: Instant) -> u64 {
    u64::try_from(then.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Microseconds since 1970, as other processes of this machine have them too.
pub fn unix_us() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(0)
}
