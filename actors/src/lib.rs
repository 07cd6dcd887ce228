//! The show actors: everything between the pure core and the server.

pub use aisle_core as core;
