//! A day in the life of several shows and their orders on two nodes, in simulated time, with everything going wrong: the turn,
//! the gate, the feed, the journal's rules of ownership, the saga of an order. Plain and deterministic: one seed is one day.

mod audit;
mod auditor;
mod bank;
mod buyers;
mod client;
mod close;
mod desk;
mod exchanges;
mod house;
mod jobs;
mod nodes;
mod providers;
mod report;
mod reviews;
mod rng;
mod traffic;

// The server's own files, without the server around them: a change of theirs is played within seconds.
#[allow(dead_code, unused_imports, reason = "the server uses more of them")]
#[path = "../../../src/orders"]
mod orders {
    pub mod asking;
    pub mod drive;
    pub mod ledger;
    pub mod saga;
}

/// What the saga's own tests want, which come along where everything is checked.
#[cfg(test)]
mod http {
    pub mod rejection {
        pub use crate::jobs::guids;
    }
}

#[allow(dead_code, unused_imports, reason = "the server uses more of them")]
#[path = "../../../src/payments"]
mod payments {
    mod gateway;
    pub use gateway::{
        CancelWorth, Cancelled, Charge, DisputeState, Method, MethodKind, RefundWish, Report, Start, ToldInstrument,
        What,
    };
}

#[allow(dead_code, reason = "the server uses more of them")]
#[path = "../../../src/platform"]
mod platform {
    pub mod ids;
    pub mod money;
    pub mod time;
}

use std::panic::{AssertUnwindSafe, catch_unwind};

use house::House;
pub use report::Report;

/// A promise that was broken, and how to see it again.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which day.
    pub seed: u64,
    /// How long it was to be.
    pub ticks: u64,
    /// When.
    pub tick: u64,
    /// What.
    pub why: Why,
}

/// Why a day failed.
#[derive(Clone, Debug)]
pub enum Why {
    /// A promise was broken.
    Broken(String),
    /// This never happened, so nothing is proved of it.
    Unseen(Report),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(why) => f.write_str(why),
            Self::Unseen(report) => write!(f, "never seen: {}\n{report}", report.missing().join(", ")),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, ticks, tick, why } = self;
        write!(f, "seed {seed} failed at tick {tick}: {why}\n     repeat with: make sim SEED={seed} TICKS={ticks}")
    }
}

/// So many times its length a day may take until everything has happened in it.
const LONGER: u64 = 30;
/// After so many ticks it is asked whether the day is over.
const STRETCH: u64 = 100;

/// Plays one day. Where it has not seen everything after so many ticks it goes on, for at most thirty times as many.
///
/// # Errors
/// The first promise that was broken; also that something never happened, because then nothing is proved of it.
pub fn play(seed: u64, ticks: u64) -> Result<Report, Failure> {
    let mut tick = 0;
    let day = catch_unwind(AssertUnwindSafe(|| {
        let mut house = House::new(seed)?;
        while tick < ticks || (tick < LONGER * ticks && !house.report.missing().is_empty()) {
            for _ in 0..STRETCH {
                tick += 1;
                house.tick()?;
            }
        }
        house.settle()?;
        house.close()?;
        Ok(house.report)
    }));
    let day = day.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it did not say why");
        Err(format!("something panicked: {said}"))
    });
    let why = match day {
        Ok(report) if report.missing().is_empty() => return Ok(report),
        Ok(report) => Why::Unseen(report),
        Err(why) => Why::Broken(why),
    };
    Err(Failure { seed, ticks, tick, why })
}

/// Plants a bug and plays the days from 1 to `days`: those on which a promise was broken.
#[cfg(feature = "planted")]
#[must_use]
pub fn hunt(bug: aisle_core::planted::Bug, days: u64, ticks: u64) -> Vec<Failure> {
    aisle_core::planted::plant(Some(bug));
    let failed = (1..=days).filter_map(|seed| play(seed, ticks).err());
    let found = failed.filter(|failure| matches!(failure.why, Why::Broken(_))).collect();
    aisle_core::planted::plant(None);
    found
}
