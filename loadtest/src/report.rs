//! What is told at the end: on the screen, and for who asked for it in a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::latency::Row;
use crate::map::Failed;
use crate::options::Options;
use crate::outcome::{Class, Tally, Waits};
use crate::verdict::Verdict;
use crate::world::World;

/// Goose's report, in the folder.
pub const GOOSE_HTML: &str = "goose.html";
/// Ours.
pub const RUSH_JSON: &str = "rush.json";
/// Lines of explanations that are printed; the report has all of them.
const LINES_MAX: usize = 20;

/// When all that happened.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    /// The first buyer came.
    pub started_at: Timestamp,
    /// The last one went.
    pub ended_at: Timestamp,
    /// From the one to the other.
    pub seconds: f64,
}

/// Rates of the whole run, and of the part of it in which everybody was there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// Of a hundred valid purchases, those that succeeded.
    pub success_percent: Option<f64>,
    /// Purchases confirmed each second, over the whole run.
    pub confirmed_per_s: f64,
    /// The same while all buyers were there, where the run had an end that was set.
    pub confirmed_per_s_steady: Option<f64>,
    /// Requests each second, over the whole run.
    pub requests_per_s: f64,
    /// How long an answer took in the mean.
    pub mean_answer_ms: f64,
}

impl Rates {
    /// From what was counted in so long: requests, and milliseconds of an answer; `steady` is from when to when everybody was there.
    #[must_use]
    pub fn of(
        tally: &Tally,
        (requests, mean_answer_ms): (u64, f64),
        long: Duration,
        steady: Option<(Duration, Duration)>,
    ) -> Self {
        let seconds = long.as_secs_f64().max(f64::EPSILON);
        let within = |(from, to): (Duration, Duration)| {
            let seconds = to.saturating_sub(from).as_secs_f64();
            (seconds > 0.0).then(|| tally.confirmed_between(from, to) as f64 / seconds)
        };
        Self {
            success_percent: tally.success(),
            confirmed_per_s: tally.of(Class::Confirmed) as f64 / seconds,
            confirmed_per_s_steady: steady.and_then(within),
            requests_per_s: requests as f64 / seconds,
            mean_answer_ms,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    class: Class,
    line: &'a str,
    count: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    host: &'a str,
    show: &'a str,
    seed: u64,
    options: &'a Options,
    users: Option<usize>,
    run_time: Option<&'a str>,
    times: Times,
    attempts: u64,
    classes: BTreeMap<Class, u64>,
    success_formula: String,
    explained: Vec<Line<'a>>,
    rates: &'a Rates,
    told_to_wait: &'a BTreeMap<&'static str, Waits>,
    counts: &'a BTreeMap<&'static str, u64>,
    troubles: &'a BTreeMap<String, u64>,
    latencies: BTreeMap<&'static str, Row>,
    verdict: &'a Verdict,
    passed: bool,
}

/// What goose was asked for, as far as a report names it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How many buyers.
    pub users: Option<usize>,
    /// How long.
    pub run_time: Option<String>,
}

/// What people read.
#[must_use]
pub fn text(tally: &Tally, rates: &Rates) -> String {
    let mut text = format!("{:>8} purchase attempts\n", tally.attempts());
    for class in Class::ALL {
        let (name, about) = class.about();
        text.push_str(&format!("{:>8} {name:<14} {about}\n", tally.of(class)));
    }
    text.push_str(&tally.success_text());
    text.push('\n');
    text.push_str(&format!(
        "{:.1} purchases a second, {:.1} requests a second over the whole run, an answer after {:.1} ms in the mean",
        rates.confirmed_per_s, rates.requests_per_s, rates.mean_answer_ms
    ));
    if let Some(steady) = rates.confirmed_per_s_steady {
        text.push_str(&format!("; {steady:.1} purchases a second while everybody was there"));
    }
    text.push('\n');
    let lines = tally.lines();
    for (class, line, count) in lines.iter().take(LINES_MAX) {
        text.push_str(&format!("{count:>8} {}: {line}\n", class.about().0));
    }
    if lines.len() > LINES_MAX {
        text.push_str(&format!("         and {} other lines\n", lines.len() - LINES_MAX));
    }
    for (name, waits) in &tally.waits {
        let said: Vec<String> =
            waits.retry_after_s.iter().map(|(seconds, count)| format!("{count} x {seconds} s")).collect();
        text.push_str(&format!(
            "{:>8} told to come again later at `{name}`: {}{} without saying when\n",
            waits.said,
            said.iter().map(|said| format!("{said}, ")).collect::<String>(),
            waits.without_retry_after
        ));
    }
    for (what, count) in &tally.counts {
        text.push_str(&format!("{count:>8} {what}\n"));
    }
    for (line, count) in tally.troubles.iter().take(LINES_MAX) {
        text.push_str(&format!("{count:>8} {line}\n"));
    }
    text
}

/// Writes the report into this folder.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(
    dir: &Path,
    world: &World,
    asked: &Asked,
    times: Times,
    rates: &Rates,
    verdict: &Verdict,
) -> Result<(), Failed> {
    let tally = world.tally();
    let report = Report {
        host: &world.base,
        show: &world.target.show,
        seed: world.seed,
        options: &world.options,
        users: asked.users,
        run_time: asked.run_time.as_deref(),
        times,
        attempts: tally.attempts(),
        classes: Class::ALL.map(|class| (class, tally.of(class))).into(),
        success_formula: tally.success_text(),
        explained: tally.lines().into_iter().map(|(class, line, count)| Line { class, line, count }).collect(),
        rates,
        told_to_wait: &tally.waits,
        counts: &tally.counts,
        troubles: &tally.troubles,
        latencies: world.latencies().rows(),
        verdict,
        passed: verdict.passed(),
    };
    let mut json = serde_json::to_string_pretty(&report)?;
    json.push('\n');
    std::fs::write(dir.join(RUSH_JSON), json)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::End;

    fn tally() -> Tally {
        let mut tally = Tally::default();
        for at in [5, 15, 25] {
            tally.end(&End::Confirmed, Duration::from_secs(at));
        }
        tally.end(&End::Failed("hold: answered 500".to_owned()), Duration::from_secs(15));
        tally.wait("hold", Some(2));
        tally
    }

    #[test]
    fn rates_are_of_the_whole_and_of_the_steady_part() {
        let steady = Some((Duration::from_secs(10), Duration::from_secs(30)));
        let rates = Rates::of(&tally(), (300, 2.5), Duration::from_secs(30), steady);
        assert_eq!(rates.success_percent, Some(75.0));
        assert_eq!((rates.confirmed_per_s, rates.confirmed_per_s_steady, rates.requests_per_s), (0.1, Some(0.1), 10.0));
        let nothing = Some((Duration::from_secs(9), Duration::from_secs(9)));
        assert_eq!(Rates::of(&tally(), (1, 0.0), Duration::from_secs(30), nothing).confirmed_per_s_steady, None);
    }

    #[test]
    fn every_class_is_told_also_those_that_nobody_is_in() {
        let tally = tally();
        let told = text(&tally, &Rates::of(&tally, (3, 2.5), Duration::from_secs(30), None));
        for class in Class::ALL {
            assert!(told.contains(class.about().0), "{class:?}");
        }
        for part in [
            "4 purchase attempts",
            "3 / (3 + 1 + 0)",
            "1 failed: hold: answered 500",
            "1 x 2 s",
            "0 without saying when",
            "an answer after 2.5 ms in the mean",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
