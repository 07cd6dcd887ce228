//! What the show actors promise, tried to break.
//!
//! The Postgres tests want `AISLE_TEST_DATABASE_URL`: a server on which a database may be created, with a user who may.

// Helpers of tests stand outside of `#[test]` functions, where clippy.toml's permission does not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod busy;
mod contract;
mod crash;
mod feed;
mod house;
mod lease;
mod lifecycle;
mod postgres;
mod stumble;
mod support;
mod timer;
mod turns;
mod whole;
