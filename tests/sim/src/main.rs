//! `make sim SEED=7 TICKS=20000`, or many seeds at once: `make sim SEEDS=1..100`.

use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use aisle_sim::{Failure, Report, play};

/// As long as it takes to see everything.
const TICKS: u64 = 3_000;
const USAGE: &str = "usage: sim [--seed N | --seeds A..B] [--ticks T]";

struct Wanted {
    seeds: Range<u64>,
    ticks: u64,
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Option<Wanted> {
    let mut wanted = Wanted { seeds: 1..2, ticks: TICKS };
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--seed" => {
                let seed: u64 = value.parse().ok()?;
                wanted.seeds = seed..seed.checked_add(1)?;
            }
            "--seeds" => {
                let (from, to) = value.split_once("..")?;
                wanted.seeds = from.parse().ok()?..to.parse().ok()?;
            }
            "--ticks" => wanted.ticks = value.parse().ok()?,
            _ => return None,
        }
    }
    (!wanted.seeds.is_empty()).then_some(wanted)
}

/// Plays all of them on all cores. The first failure by seed ends the run: no further seed is begun.
fn play_all(wanted: &Wanted) -> Result<(Report, u64), Failure> {
    let next = AtomicU64::new(wanted.seeds.start);
    let all = Mutex::new((Report::default(), 0, None::<Failure>));
    let worker = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= wanted.seeds.end {
                return;
            }
            let day = play(seed, wanted.ticks);
            let Ok(mut all) = all.lock() else { return };
            match day {
                Ok(report) => {
                    all.0.add(&report);
                    all.1 += 1;
                }
                Err(failure) => {
                    next.store(wanted.seeds.end, Ordering::Relaxed);
                    if all.2.as_ref().is_none_or(|first| failure.seed < first.seed) {
                        all.2 = Some(failure);
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    let (report, seeds, failure) = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    failure.map_or(Ok((report, seeds)), Err)
}

fn main() -> ExitCode {
    let Some(wanted) = wanted(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    #[expect(clippy::disallowed_methods, reason = "the rate of a run is measured, nothing in it")]
    let begun = Instant::now();
    let (report, seeds) = match play_all(&wanted) {
        Ok(played) => played,
        Err(failure) => {
            eprintln!("sim: {failure}");
            return ExitCode::FAILURE;
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    print!("{report}");
    let (first, last, commands) = (wanted.seeds.start, wanted.seeds.end - 1, report.commands());
    println!("{seeds} passed, seeds {first} to {last}, {} commands each: every promise kept", commands / seeds.max(1),);
    println!(
        "     {:.1} s, {:.1} seeds/s, {:.0} commands/s",
        seconds,
        seeds as f64 / seconds,
        commands as f64 / seconds
    );
    if seeds == 1 {
        println!("     repeat with: make sim SEED={first} TICKS={}", wanted.ticks);
    }
    ExitCode::SUCCESS
}
