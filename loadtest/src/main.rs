//! Journeys of many buyers against any Aisle server, by goose, and the audit after them. Uses HTTP and WebSocket, and nothing of ours.
//!
//! `aisle-loadtest --help` lists the journeys, our options and goose's. The exit code is the audit's verdict.

mod audit;
mod book;
mod browse;
mod buy;
mod chain;
mod clock;
mod dice;
mod hoard;
mod hold;
mod latency;
mod map;
mod menu;
mod office;
mod options;
mod outcome;
mod pay;
mod person;
mod report;
mod verdict;
mod watch;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use goose::prelude::*;

use map::Failed;
use menu::Journey;
use office::Office;
use options::CommandLine;
use report::{Asked, Rates, Times};
use verdict::Verdict;
use world::World;

#[tokio::main]
async fn main() -> ExitCode {
    match rush(CommandLine::parse()).await {
        Ok(Some(verdict)) => {
            println!("{verdict}");
            if verdict.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  because: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// The rush and its audit; nothing where goose was only asked for information.
async fn rush(CommandLine { own, mut goose }: CommandLine) -> Result<Option<Verdict>, Failed> {
    if goose.version || goose.list || goose.scenarios_list {
        println!("aisle-loadtest {}", env!("CARGO_PKG_VERSION"));
        for journey in Journey::ALL {
            println!("  {:<10}{}", journey.name(), journey.about());
        }
        return Ok(None);
    }
    // A rush is not steered from outside, and a port for it would keep a second one on this machine from its own.
    goose.no_telnet = true;
    let host = goose.host.clone().ok_or("say which server with --host URL")?;
    if let Some(dir) = &own.report {
        std::fs::create_dir_all(dir)?;
        goose.report_file.push(dir.join(report::GOOSE_HTML).to_string_lossy().into_owned());
    }
    // A process id is variety enough where nobody asked for a certain run.
    let seed = own.seed.unwrap_or_else(|| u64::from(std::process::id()));
    let token = own.admin_token.clone();
    let world = Arc::new(World::prepare(own, &host, seed, goose.accept_invalid_certs).await?);
    println!(
        "rush: show {} with {} seats and {} areas at {host}; seed {seed} (repeat with --seed {seed})",
        world.target.show,
        world.target.guids.len(),
        world.target.areas.len()
    );
    let office = match &token {
        Some(token) => Some(Office::open(&world, token).await?),
        None => None,
    };
    let asked = Asked { users: goose.users, run_time: goose.run_time.clone() };
    let steady = steady(&goose);
    let started_at = clock::now();
    let began = world.watch.elapsed();
    let attack = menu::register(GooseAttack::initialize_with_config(goose)?, &world.options.journeys, &world)?;
    attack.execute().await?;
    let long = world.watch.elapsed().saturating_sub(began);
    let times = Times { started_at, ended_at: clock::now(), seconds: long.as_secs_f64() };

    let rows = world.latencies().rows();
    let requests = rows.iter().filter(|(name, _)| !name.starts_with('=')).map(|(_, row)| row.count).sum();
    let answers = (requests, world.latencies().mean_ms());
    let rates = Rates::of(&world.tally(), answers, long, steady.map(|(from, to)| (began + from, began + to)));
    println!("{}\n{}", report::text(&world.tally(), &rates), world.latencies().text());

    let verdict = audit::judge(&world, office.as_ref()).await;
    if let Some(dir) = &world.options.report {
        report::write(dir, &world, &asked, times, &rates, &verdict)?;
        println!("report: {} and {} in {}", report::GOOSE_HTML, report::RUSH_JSON, dir.display());
    }
    Ok(Some(verdict))
}

/// From when to when everybody is there, by what goose was asked for.
fn steady(goose: &goose::config::GooseConfiguration) -> Option<(Duration, Duration)> {
    let users = goose.users? as f64;
    let rate: f64 = goose.increase_rate.as_deref().unwrap_or("1").parse().ok()?;
    if goose.increase_time.is_some() || rate <= 0.0 {
        return None;
    }
    let from = Duration::try_from_secs_f64(users / rate).ok()?;
    Some((from, from + duration(goose.run_time.as_deref()?)?))
}

/// A time as goose writes it: seconds, or `1h2m3s`.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut seconds = 0_u64;
    let mut number = String::new();
    for letter in text.chars() {
        let unit = match letter {
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            digit => {
                number.push(digit);
                continue;
            }
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_goose_reads_them() {
        for (text, seconds) in [("90", 90), ("60s", 60), ("2m30s", 150), ("1h", 3_600), ("1h2m3s", 3_723)] {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["soon", "1h2", "m", "99999999999999999999s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
