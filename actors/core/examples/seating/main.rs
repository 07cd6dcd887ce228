//! How well a house is filled: best available beside first come, first served and random choice, on generated demand; and the
//! worst case of best available, found by search. docs/SEATING.md has what it printed.
//!
//! `cargo run --release -p aisle-core --example seating -- --seed 1`, and `--worst 400` for the search, with `--picture FILE`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints a table")]

mod demand;
mod rng;
#[allow(dead_code, reason = "a test asks more of it")]
mod sell;
mod venues;
mod worst;

use std::process::ExitCode;

use sell::{WAYS, evening};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let number = |name: &str| value(name).map(|value| value.parse::<u64>());
    let (Ok(seed), Ok(steps)) = (number("--seed").unwrap_or(Ok(1)), number("--worst").transpose()) else {
        eprintln!("usage: seating [--seed N] [--worst STEPS [--picture FILE]]");
        return ExitCode::FAILURE;
    };
    let Some(steps) = steps else {
        table(seed);
        return ExitCode::SUCCESS;
    };
    let (case, time) = worst::climb(seed, usize::try_from(steps).unwrap_or(usize::MAX));
    println!("seed {seed}, {steps} steps: {:.3} ms", time.as_secs_f64() * 1_000.0);
    println!("{case:?}");
    match value("--picture").map(|file| std::fs::write(file, worst::picture(&case))) {
        Some(Err(error)) => {
            eprintln!("the picture could not be written: {error}");
            ExitCode::FAILURE
        }
        Some(Ok(())) | None => ExitCode::SUCCESS,
    }
}

fn table(seed: u64) {
    println!("seed {seed}\n");
    println!(
        "| house | seats are chosen by | sold | turned away | one row | stacked | split | singles at 90 % | singles at the end | distance |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for venue in venues::venues() {
        for (way, chooser, rule) in WAYS {
            let outcome = evening(&venue, seed, chooser, rule);
            println!(
                "| {}, {} seats | {way} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
                venue.name,
                outcome.seats,
                outcome.sold,
                outcome.turned_away,
                outcome.one_row,
                outcome.stacked,
                outcome.split,
                outcome.singles_late,
                outcome.singles_at_end,
                outcome.distance,
            );
        }
    }
}
