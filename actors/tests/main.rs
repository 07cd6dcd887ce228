//! What the show actors promise, tried to break.
//!
//! The Postgres tests want `AISLE_TEST_DATABASE_URL`: a server on which a database may be created, with a user who may.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the helpers of tests fail the test")]

mod busy;
mod contract;
mod feed;
mod house;
mod lease;
mod lifecycle;
mod ownership;
mod past;
mod plans;
mod postgres;
mod room;
mod sleeping;
mod stumble;
mod support;
mod timer;
mod witness;
