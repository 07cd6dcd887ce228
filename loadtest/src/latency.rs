//! How long requests took, by name: counts in buckets that are never further apart than a sixty-fourth of what they stand for.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// Buckets to each doubling: two neighbours differ by 1.6 % at most.
const SPLIT: u64 = 64;
/// The first bucket that is wider than one microsecond begins here.
const EXACT: u64 = SPLIT * 2;

/// The latencies of one kind of request, in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    buckets: Vec<u64>,
    count: u64,
    errors: u64,
    max_us: u64,
    sum_us: u64,
}

fn bucket_of(us: u64) -> usize {
    if us < EXACT {
        return usize::try_from(us).unwrap_or(0);
    }
    let doubling = u64::from(us.ilog2()) - u64::from(SPLIT.ilog2());
    usize::try_from(doubling * SPLIT + (us >> doubling)).unwrap_or(usize::MAX)
}

/// The largest value that falls into this bucket.
fn top_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return bucket;
    }
    let doubling = bucket / SPLIT - 1;
    ((bucket - doubling * SPLIT + 1) << doubling) - 1
}

impl Latencies {
    /// One answer took so long; `error` where it was a fault and no answer that a buyer could use.
    pub fn add(&mut self, took: Duration, error: bool) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = bucket_of(us);
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
        self.errors += u64::from(error);
        self.max_us = self.max_us.max(us);
        self.sum_us = self.sum_us.saturating_add(us);
    }

    /// So many of a thousand took at most this long, in microseconds. Nearest rank; never above the longest that was seen.
    #[must_use]
    pub fn permille(&self, permille: u64) -> u64 {
        let rank = (self.count * permille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (bucket, &count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return top_of(bucket).min(self.max_us);
            }
        }
        self.max_us
    }

    /// The figures that are told.
    #[must_use]
    pub fn row(&self) -> Row {
        let ms = |us: u64| us as f64 / 1_000.0;
        Row {
            count: self.count,
            errors: self.errors,
            mean_ms: ms(self.sum_us / self.count.max(1)),
            p50_ms: ms(self.permille(500)),
            p90_ms: ms(self.permille(900)),
            p99_ms: ms(self.permille(990)),
            p999_ms: ms(self.permille(999)),
            max_ms: ms(self.max_us),
        }
    }
}

/// The figures of one kind of request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Requests that were sent.
    pub count: u64,
    /// Of these, the ones without an answer or with a fault of the server; a refusal is an answer.
    pub errors: u64,
    /// In the mean.
    pub mean_ms: f64,
    /// Half took at most this long, from the first byte sent to the last byte read.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// Ninety-nine of a hundred.
    pub p99_ms: f64,
    /// All but one of a thousand.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// Every kind of request by its name.
#[derive(Clone, Debug, Default)]
pub struct Table(BTreeMap<&'static str, Latencies>);

impl Table {
    /// One request of this name.
    pub fn add(&mut self, name: &'static str, took: Duration, error: bool) {
        self.0.entry(name).or_default().add(took, error);
    }

    /// The figures by name.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<&'static str, Row> {
        self.0.iter().map(|(&name, latencies)| (name, latencies.row())).collect()
    }

    /// How long an answer took in the mean; whole ways of several requests, whose names begin with `=`, are no answers.
    #[must_use]
    pub fn mean_ms(&self) -> f64 {
        let answers = || self.0.iter().filter(|(name, _)| !name.starts_with('=')).map(|(_, latencies)| latencies);
        let (sum, count) = answers().fold((0, 0), |(sum, count), of| (sum + of.sum_us, count + of.count));
        sum as f64 / 1_000.0 / count.max(1) as f64
    }

    /// The table as people read it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:<22}{:>9}{:>8}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n",
            "milliseconds", "count", "errors", "mean", "p50", "p90", "p99", "p99.9", "max"
        );
        for (name, row) in self.rows() {
            text.push_str(&format!(
                "{name:<22}{:>9}{:>8}{:>10.1}{:>10.1}{:>10.1}{:>10.1}{:>10.1}{:>10.1}\n",
                row.count, row.errors, row.mean_ms, row.p50_ms, row.p90_ms, row.p99_ms, row.p999_ms, row.max_ms
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(us: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        for us in us {
            latencies.add(Duration::from_micros(us), false);
        }
        latencies
    }

    #[test]
    fn every_value_falls_into_a_bucket_that_is_at_most_a_sixty_fourth_above_it() {
        let edges = (0..40).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1, (1 << bit) * 3 / 2]);
        for us in edges {
            let top = top_of(bucket_of(us));
            assert!(top >= us, "{us} fell below itself, to {top}");
            assert!(top - us <= us / SPLIT, "{us} became {top}");
            if us > 0 {
                assert!(bucket_of(us) >= bucket_of(us - 1), "{us} lies before the one below it");
            }
        }
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred = of(1..=100);
        assert_eq!(hundred.permille(500), 50);
        assert_eq!(hundred.permille(900), 90);
        assert_eq!(hundred.permille(990), 99);
        assert_eq!(hundred.permille(999), 100);
        assert_eq!(of([7]).permille(1), 7);
    }

    #[test]
    fn nothing_measured_is_nothing_told() {
        let row = Latencies::default().row();
        assert_eq!((row.count, row.errors), (0, 0));
        assert_eq!((row.p50_ms, row.max_ms), (0.0, 0.0));
    }

    #[test]
    fn no_percentile_is_above_the_longest() {
        let long = of([1_000_003]);
        assert_eq!(long.permille(999), 1_000_003);
    }

    #[test]
    fn errors_are_counted_beside_their_time() {
        let mut table = Table::default();
        table.add("hold", Duration::from_millis(2), false);
        table.add("hold", Duration::from_millis(4), true);
        let rows = table.rows();
        assert_eq!((rows["hold"].count, rows["hold"].errors), (2, 1));
        assert!(table.text().lines().any(|line| line.starts_with("hold ") && line.contains("4.0")));
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "these are exact")]
    fn the_mean_is_over_answers_and_not_over_whole_ways() {
        let mut table = Table::default();
        assert_eq!(table.mean_ms(), 0.0);
        table.add("hold", Duration::from_millis(2), false);
        table.add("order", Duration::from_millis(7), false);
        table.add("= paid to confirmed", Duration::from_secs(9), false);
        assert_eq!((table.mean_ms(), table.rows()["hold"].mean_ms), (4.5, 2.0));
    }
}
