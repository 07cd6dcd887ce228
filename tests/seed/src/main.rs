//! `aisle-dev`: what a developer of Aisle needs beside it. Nothing of it is in the server.

use std::process::ExitCode;

use aisle_dev::{Fault, Wanted, seed};
use clap::{Parser, Subcommand};
use sqlx::postgres::PgConnectOptions;

/// What a developer of Aisle needs beside it.
#[derive(Parser)]
#[command(name = "aisle-dev", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a big history into a database that `aisle migrate` or `aisle serve` has prepared. Never into one that anybody needs.
    Seed {
        /// Which database.
        #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
        database_url: PgConnectOptions,
        #[command(flatten)]
        wanted: Wanted,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Seed { database_url, wanted } = Cli::parse().command;
    match run(database_url, &wanted).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            let mut cause = fault.source();
            while let Some(fault) = cause {
                eprintln!("  because: {fault}");
                cause = fault.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(options: PgConnectOptions, wanted: &Wanted) -> Result<(), Fault> {
    println!("seed     {}", wanted.seed);
    let seeded = seed(options, wanted, |line| println!("{line}")).await?;
    println!(
        "house {}, {} shows, {} bookings, {} events",
        seeded.organizer,
        seeded.shows.len(),
        seeded.sales.len(),
        seeded.events
    );
    if wanted.deep > 0 {
        for (show, how) in seeded.shows.iter().rev().take(2).rev().zip(["asleep", "died"]) {
            println!("deep {how} {show}");
        }
    }
    Ok(())
}
