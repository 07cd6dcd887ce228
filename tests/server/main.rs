//! Black-box tests: the production build of the server, a database of its own, real sockets.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
mod house;

mod accounts;
mod catalog;
mod holds;
mod killed;
mod live;
mod operations;
mod orders;
mod outbox;
mod process;
mod sleeping;
mod sold;
mod tickets;
