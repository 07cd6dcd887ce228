//! `aisle plan check`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Failure;
use crate::catalog::plan::PlanDocument;

#[derive(Subcommand)]
pub(super) enum Plan {
    /// Check a seat plan in the open seating-plan JSON, and say what is in it or what is wrong with it.
    Check {
        /// The plan's file.
        file: PathBuf,
    },
}

pub(super) fn run(command: &Plan) -> Result<(), Failure> {
    let Plan::Check { file } = command;
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
        Err(problems) => Err(Failure::saying(format!("{}: {problems}", file.display()))),
    }
}
