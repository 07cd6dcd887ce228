//! Aisle: the server and its command line.
//!
//! A room here is a capability, not a layer. Rooms stand on floors and import only from below; `docs/ARCHITECTURE.md` has
//! the table and `tests/tidy.rs` holds it. [`startup`] is the one place that wires concrete types together.

// A server in which bugs can be planted must not come to be.
const _: () = assert!(!aisle_actors::core::planted::POSSIBLE, "the feature `planted` is for the simulator alone");

pub mod accounts;
pub mod admin;
pub mod catalog;
pub mod cli;
pub mod demo;
pub mod holds;
pub mod http;
pub mod notify;
pub mod orders;
pub mod payments;
pub mod platform;
pub mod startup;
pub mod tickets;
