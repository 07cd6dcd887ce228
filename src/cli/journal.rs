//! `aisle journal show`.

use clap::Subcommand;
use uuid::Uuid;

use super::Failure;
use crate::platform::db::Db;
use crate::platform::journal;

#[derive(Subcommand)]
pub(super) enum Journal {
    /// Print a show's journal, one JSON object a line.
    Show {
        /// The show's id.
        show: Uuid,
        /// Only what came after this sequence number.
        #[arg(long, default_value_t = 0)]
        after: i64,
    },
}

/// Lines fetched at a time: a long journal is printed without being in memory.
const LINES_AT_A_TIME: i64 = 1_000;

pub(super) async fn run(command: Journal, db: Db) -> Result<(), Failure> {
    let Journal::Show { show, mut after } = command;
    let mut any = false;
    loop {
        let lines = journal::lines(&db, show, after, LINES_AT_A_TIME).await.map_err(|error| Failure::of(&error))?;
        let Some(last) = lines.last().map(|line| line.seq) else { break };
        for line in &lines {
            println!("{}", serde_json::to_string(line).map_err(|error| Failure::of(&error))?);
        }
        any = true;
        after = last;
    }
    if any { Ok(()) } else { Err(Failure::saying(format!("show {show} has nothing in its journal after {after}"))) }
}
