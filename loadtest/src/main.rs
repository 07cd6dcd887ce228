//! A rush at any Aisle server, by goose, and the audit after it: every ticket that was given out names a seat that no other
//! ticket names and that the map shows as booked.
//!
//! Takes goose's own options (`--host`, `--users`, `--increase-rate`, `--run-time`, `--help` lists them). `AISLE_LOAD_SHOW` names
//! the show; without it the one on sale with the most seats is taken. `AISLE_LOAD_SEED` repeats a run's choices.

mod audit;
mod journey;
mod map;

use std::process::ExitCode;

use goose::prelude::*;

use audit::Verdict;
use journey::{arrive, buy, look};

#[tokio::main]
async fn main() -> ExitCode {
    match rush().await {
        Ok(verdict) => {
            println!("{verdict}");
            if verdict.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn rush() -> Result<Verdict, Box<dyn std::error::Error + Send + Sync>> {
    let attack = GooseAttack::initialize()?
        .register_scenario(
            scenario!("buyer")
                .set_wait_time(std::time::Duration::from_millis(200), std::time::Duration::from_secs(2))?
                .register_transaction(transaction!(arrive).set_on_start())
                .register_transaction(transaction!(buy).set_name("buy")),
        )
        .register_scenario(
            scenario!("looker")
                .set_weight(1)?
                .set_wait_time(std::time::Duration::from_millis(500), std::time::Duration::from_secs(3))?
                .register_transaction(transaction!(look).set_name("look")),
        );
    attack.execute().await?;
    audit::judge().await
}
