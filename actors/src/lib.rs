//! The show actors: everything between the pure core and the server.
//!
//! [`Shows`] is the façade: it owns a thread with an actix system, wakes a show's actor when somebody asks for it, and hands
//! out [`ShowHandle`]s. What an actor does is [`turn::Turn`], a plain struct: time and input in, effects out. Nothing that
//! rests on an event leaves before the [`Journal`] has it.

pub use aisle_core as core;

mod actor;
mod clock;
mod feed;
mod gate;
mod handle;
mod journal;
mod memory;
mod metrics;
mod pace;
mod past;
pub mod postgres;
mod recall;
mod registry;
mod sleeping;
mod summary;
pub mod turn;
mod verify;
mod view;
mod watcher;
mod witness;

pub use clock::{Clock, LeaseMark, Stopwatch, Ticks};
pub use feed::{Delta, Ear, Feed, FeedEnd, FeedSnapshot, PublicChange, PublicState};
pub use handle::{Answered, AskError, ShowFacts, ShowHandle};
pub use journal::{BoxFuture, Cause, Epoch, Journal, JournalError, Line, NodeId, Recovered, Snapshot, entries_of};
pub use memory::{Fault, MemoryHouse, MemoryJournal, MemorySummaries};
pub use past::Moment;
pub use postgres::{LeaseConfig, NodeLease, PostgresJournal, PostgresSummaries};
pub use recall::Recalled;
pub use registry::{Shows, ShowsConfig, StartError};
pub use sleeping::ShowView;
pub use summary::{CategoryCounts, Plans, ShowSummary, StoreError, Summaries, public_message, state_word};
pub use verify::{Verified, verify};
pub use witness::Witness;

/// An error and what lies under it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
