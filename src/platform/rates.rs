//! How often somebody may do something: buckets in this process's memory that fill by themselves again. Several processes each
//! count for themselves.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// Buckets that are full again are forgotten once in so many questions, so that memory is bounded by who asked lately.
const TIDY_EVERY: u32 = 4_096;

/// One bucket for each key: so many at once, and as many again over a stretch of time.
pub struct Rate<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    buckets: RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone> Rate<K> {
    /// At most `max` in `stretch`, by the machine's own clock.
    #[must_use]
    pub fn new(max: NonZeroU32, stretch: Duration) -> Self {
        Self::by(DefaultClock::default(), max, stretch)
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Rate<K, C> {
    /// The same by this clock.
    #[must_use]
    pub fn by(clock: C, max: NonZeroU32, stretch: Duration) -> Self {
        let one = stretch.checked_div(max.get()).unwrap_or_default().max(Duration::from_nanos(1));
        let quota = Quota::with_period(one).unwrap_or_else(|| Quota::per_second(max)).allow_burst(max);
        let buckets = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Self { buckets, clock, asked: AtomicU32::new(0) }
    }

    /// Takes one out of this key's bucket.
    ///
    /// # Errors
    /// How long to wait where it is empty.
    pub fn ask(&self, key: &K) -> Result<(), Duration> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
        }
        self.buckets.check_key(key).map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether nobody is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const THREE: NonZeroU32 = NonZeroU32::new(3).unwrap();
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn an_empty_bucket_says_how_long_to_wait_and_is_nobody_elses() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::by(clock.clone(), THREE, MINUTE);
        for _ in 0..3 {
            rate.ask(&"ada").unwrap();
        }
        assert_eq!(rate.ask(&"ada").unwrap_err(), Duration::from_secs(20));
        rate.ask(&"bob").unwrap();
        clock.advance(Duration::from_millis(19_999));
        assert_eq!(rate.ask(&"ada").unwrap_err(), Duration::from_millis(1));
        clock.advance(Duration::from_millis(1));
        rate.ask(&"ada").unwrap();
        assert!(rate.ask(&"ada").is_err());
        // What was refused has taken nothing: a minute later all three are there again.
        clock.advance(MINUTE);
        for _ in 0..3 {
            rate.ask(&"ada").unwrap();
        }
    }

    #[test]
    fn who_has_not_asked_for_long_is_forgotten() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::by(clock.clone(), THREE, MINUTE);
        for n in 0..TIDY_EVERY - 1 {
            rate.ask(&n).unwrap();
        }
        assert_eq!(rate.len(), TIDY_EVERY as usize - 1);
        clock.advance(MINUTE * 2);
        rate.ask(&0).unwrap();
        assert_eq!(rate.len(), 1);
    }
}
