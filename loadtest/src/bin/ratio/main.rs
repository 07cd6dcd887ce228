//! How fast a server sets places aside, beside what the same machine could do at most and what the usual ways do: the same
//! requests at Aisle, at a handler that only reads and answers (the yardstick), and at servers that keep a row for each seat.
//!
//! Rates are of closed loops, alternating, so that a machine that gets slower does so for all; latencies are of timed arrivals, measured
//! from when each request was due. Nothing here decides whether a test passes: it prints what it saw.

mod buyer;
mod clock;
mod commits;
mod cpu;
mod house;
mod report;
mod run;
mod tally;
mod trials;
mod viewers;
mod wire;

use std::process::ExitCode;

use clap::Parser;

/// Measures holds at a server, side by side.
#[derive(Debug, Parser)]
#[command(name = "aisle-ratio", version, about)]
pub struct Options {
    /// The server: http://127.0.0.1:8080
    #[arg(long)]
    aisle: String,
    /// An administrator's bearer token there; shows are made to measure with.
    #[arg(long, env = "AISLE_TOKEN", hide_env_values = true)]
    token: String,
    /// The handler that only reads and answers.
    #[arg(long)]
    yardstick: String,
    /// A handler that appends what it is told to a table and does nothing else: what a target can be judged by.
    #[arg(long)]
    append: Option<String>,
    /// The process in which these are, and the peers.
    #[arg(long)]
    peers_pid: Option<u32>,
    /// A peer, by name: `row-lock=http://127.0.0.1:8082/row-lock`. May be given again.
    #[arg(long = "peer", value_parser = named)]
    peers: Vec<(String, String)>,
    /// The database of the server, for the latency of a commit of one row beside the load.
    #[arg(long, env = "AISLE_MEASURED_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The server's process, whose use of the processors is told.
    #[arg(long)]
    server_pid: Option<u32>,
    /// The first process of its Postgres.
    #[arg(long)]
    postgres_pid: Option<u32>,
    /// How often each thing is measured, alternating.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many seconds each time.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// At how many connections.
    #[arg(long, value_delimiter = ',', default_value = "64,128,256,512")]
    connections: Vec<usize>,
    /// Seats of the one show.
    #[arg(long, default_value_t = 60_000)]
    seats: usize,
    /// How many shows the spread is over.
    #[arg(long, default_value_t = 1_000)]
    shows: usize,
    /// How many seconds of arrivals at half of the best rate.
    #[arg(long, default_value_t = 20)]
    half_seconds: u64,
    /// How many sockets watch one show.
    #[arg(long, default_value_t = 10_000)]
    viewers: usize,
    /// For how many seconds.
    #[arg(long, default_value_t = 20)]
    viewer_seconds: u64,
    /// How often a house is sold out.
    #[arg(long, default_value_t = 3)]
    sales: usize,
    /// What is measured.
    #[arg(long, value_delimiter = ',', default_value = "memory,hot,peers,contended,spread,half,viewers,sellout")]
    only: Vec<trials::Trial>,
    /// A report of `aisle-loadtest` (`rush.json`), whose figures are to stand in the table too.
    #[arg(long)]
    journeys: Option<std::path::PathBuf>,
    /// Repeats the choices of a run.
    #[arg(long, env = "AISLE_LOAD_SEED")]
    seed: Option<u64>,
    /// Writes what was seen to this file too.
    #[arg(long)]
    json: Option<std::path::PathBuf>,
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, url) = text.split_once('=').ok_or("is not NAME=URL")?;
    Ok((name.to_owned(), url.to_owned()))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let options = Options::parse();
    match trials::all(&options).await {
        Ok(report) => {
            println!("{report}");
            if let Some(file) = &options.json
                && let Err(error) = std::fs::write(file, report.json().to_string())
            {
                eprintln!("error: {}: {error}", file.display());
                return ExitCode::FAILURE;
            }
            if report.faults() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
