//! `aisle journal show` and `aisle journal verify`: reading, beside a running server too.

use aisle_actors::core::ShowId;
use aisle_actors::{NodeId, PostgresJournal, Recalled, verify};
use clap::Subcommand;
use uuid::Uuid;

use super::Failure;
use crate::admin::{ShowThen, moment};
use crate::catalog::{Catalog, Shelf};
use crate::platform::db::Db;
use crate::platform::journal;

#[derive(Subcommand)]
pub(super) enum Journal {
    /// Print a show's journal, one JSON object a line; with --at the show as it was then.
    Show {
        /// The show's id.
        show: Uuid,
        /// Only what came after this sequence number.
        #[arg(long, default_value_t = 0)]
        after: i64,
        /// A line's number, or a moment like 2030-05-04T17:00:00Z: the show as it was then, instead of the lines.
        #[arg(long, conflicts_with = "after")]
        at: Option<String>,
    },
    /// Check a show's journal, or every show's: numbers, times, owners of seats, snapshots. A line a fault, and exit 1.
    Verify {
        /// The show's id; without it every show.
        show: Option<Uuid>,
    },
}

/// Lines fetched at a time: a long journal is printed without being in memory.
const LINES_AT_A_TIME: i64 = 1_000;

pub(super) async fn run(command: Journal, db: Db) -> Result<(), Failure> {
    match command {
        Journal::Show { show, after: _, at: Some(at) } => print_then(show, &at, db).await,
        Journal::Show { show, after, at: None } => print(show, after, &db).await,
        Journal::Verify { show } => verify_all(show, db).await,
    }
}

/// Reads as nobody: a node that holds no lease owns nothing and can write nothing.
async fn reader(db: &Db) -> Result<PostgresJournal, Failure> {
    let options = (*db.connect_options()).clone();
    PostgresJournal::connect(options, NodeId(Uuid::nil())).await.map_err(|error| Failure::of(&error))
}

async fn print_then(show: Uuid, at: &str, db: Db) -> Result<(), Failure> {
    let wrong = || Failure::saying(format!("{at} is neither a line's number nor a moment like 2030-05-04T17:00:00Z"));
    let moment = moment(at).ok_or_else(wrong)?;
    let shelf = Shelf::new(Catalog::new(db.clone()));
    let shelved = shelf.of_show(show).await.map_err(|error| Failure::of(&error))?;
    let shelved = shelved.ok_or_else(|| Failure::saying(format!("there is no show {show}")))?;
    let reader = reader(&db).await?;
    let plan = std::sync::Arc::clone(&shelved.plan);
    let past = Recalled::at(&reader, &shelf, ShowId(show), plan, moment).await.map_err(|error| Failure::of(&error));
    reader.close().await;
    println!("{}", serde_json::to_string_pretty(&ShowThen::of(&past?)).map_err(|error| Failure::of(&error))?);
    Ok(())
}

async fn verify_all(only: Option<Uuid>, db: Db) -> Result<(), Failure> {
    let reader = reader(&db).await?;
    let shelf = Shelf::new(Catalog::new(db.clone()));
    let shows = match only {
        Some(show) => vec![show],
        None => journal::shows(&db).await.map_err(|error| Failure::of(&error))?,
    };
    let (mut lines, mut faults) = (0, 0);
    for &show in &shows {
        let Some(shelved) = shelf.of_show(show).await.map_err(|error| Failure::of(&error))? else {
            println!("show {show}: it has a journal, and the catalogue has no such show");
            faults += 1;
            continue;
        };
        let plan = std::sync::Arc::clone(&shelved.plan);
        let verified = verify(&reader, &shelf, ShowId(show), plan).await.map_err(|error| Failure::of(&error))?;
        for note in &verified.notes {
            println!("show {show}: {note} (no fault)");
        }
        for fault in &verified.faults {
            println!("show {show}: {fault}");
        }
        lines += verified.lines;
        faults += verified.faults.len();
    }
    reader.close().await;
    println!("{} shows, {lines} lines, {faults} faults", shows.len());
    if faults == 0 { Ok(()) } else { Err(Failure::saying("the journal is not what it should be")) }
}

async fn print(show: Uuid, mut after: i64, db: &Db) -> Result<(), Failure> {
    let mut any = false;
    loop {
        let lines = journal::lines(db, show, after, LINES_AT_A_TIME).await.map_err(|error| Failure::of(&error))?;
        let Some(last) = lines.last().map(|line| line.seq) else { break };
        for line in &lines {
            println!("{}", serde_json::to_string(line).map_err(|error| Failure::of(&error))?);
        }
        any = true;
        after = last;
    }
    if any { Ok(()) } else { Err(Failure::saying(format!("show {show} has nothing in its journal after {after}"))) }
}
