//! A day in the life of several shows on two nodes, in simulated time, with everything going wrong: the turn, the gate, the
//! feed, the journal's rules of ownership. Plain and deterministic: one seed is one day.
//!
//! `cargo run -p aisle-actors --example sim -- --seed 7 --ticks 20000`

mod auditor;
mod client;
mod house;
mod report;
mod rng;
mod traffic;

use std::process::ExitCode;

use house::House;

const USAGE: &str = "usage: sim [--seed N] [--ticks T]";

fn main() -> ExitCode {
    let (mut seed, mut ticks) = (1_u64, 20_000_u64);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--seed", Some(value)) => seed = value,
            ("--ticks", Some(value)) => ticks = value,
            (_, Some(_) | None) => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    let mut house = match House::new(seed) {
        Ok(house) => house,
        Err(why) => {
            eprintln!("sim: {why}");
            return ExitCode::FAILURE;
        }
    };
    let repeat = format!("repeat with: make sim SEED={seed} TICKS={ticks}");
    for tick in 1..=ticks {
        if let Err(why) = house.tick() {
            eprintln!("sim: seed {seed} failed at tick {tick}: {why}\n     {repeat}");
            return ExitCode::FAILURE;
        }
    }
    if let Err(why) = house.close() {
        eprintln!("sim: seed {seed} failed after tick {ticks}: {why}\n     {repeat}");
        return ExitCode::FAILURE;
    }
    house.report.print();
    let missing = house.report.missing();
    if !missing.is_empty() {
        eprintln!("sim: seed {seed} has never seen {}\n     {repeat}", missing.join(", "));
        return ExitCode::FAILURE;
    }
    println!("sim: seed {seed}, {ticks} ticks: every promise kept\n     {repeat}");
    ExitCode::SUCCESS
}
