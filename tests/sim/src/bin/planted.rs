//! Plants every bug in turn and says how soon it is found: `make sim-planted`.

use std::process::ExitCode;

use aisle_core::planted::Bug;

/// As many as a day has by itself.
const TICKS: u64 = 3_000;
const DAYS: u64 = 20;

fn main() -> ExitCode {
    // What panics is found too, and said once.
    std::panic::set_hook(Box::new(|_| {}));
    let mut code = ExitCode::SUCCESS;
    println!("| bug | seeds needed | at tick | found in | what broke |\n|---|---|---|---|---|");
    for bug in Bug::ALL {
        let found = aisle_sim::hunt(bug, DAYS, TICKS);
        let Some(first) = found.first() else {
            println!("| `{bug}` | not found in {DAYS} | | | |");
            code = ExitCode::FAILURE;
            continue;
        };
        let why = first.why.to_string();
        let why: String = why.lines().next().unwrap_or_default().chars().take(160).collect();
        println!("| `{bug}` | {} | {} | {} of {DAYS} | {why} |", first.seed, first.tick, found.len());
    }
    code
}
