//! `aisle plan check`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Failure;
use crate::catalog::plan::PlanDocument;
use crate::demo::plans;

#[derive(Subcommand)]
pub(super) enum Plan {
    /// Check a seat plan in the open seating-plan JSON, and say what is in it or what is wrong with it.
    Check {
        /// The plan's file.
        file: PathBuf,
    },
    /// Print one of the demo house's plans: theatre, concert-hall, studio, or stadium (60,000 seats).
    Demo {
        /// Which.
        name: String,
    },
}

pub(super) fn run(command: &Plan) -> Result<(), Failure> {
    match command {
        Plan::Check { file } => check(file),
        Plan::Demo { name } => {
            let plan = plans::by_name(name).ok_or_else(|| {
                Failure::saying(format!("there is no demo plan {name:?}: theatre, concert-hall, studio, stadium"))
            })?;
            println!("{}", plans::to_json(&plan).map_err(|error| Failure::of(&error))?);
            Ok(())
        }
    }
}

fn check(file: &Path) -> Result<(), Failure> {
    let json = std::fs::read(file).map_err(|error| Failure::saying(format!("{}: {error}", file.display())))?;
    match PlanDocument::parse(&json) {
        Ok(plan) => {
            let stats = plan.stats();
            println!(
                "{}: fine. {} seats in {} sections, {} areas, {} places in all, {} categories",
                file.display(),
                stats.seats,
                stats.sections,
                stats.areas,
                stats.places,
                stats.categories
            );
            Ok(())
        }
        Err(found) => {
            for problem in &found.problems {
                eprintln!("{problem}");
            }
            let count = found.problems.len() + found.more;
            Err(Failure::saying(format!("{}: {count} problems", file.display())))
        }
    }
}
