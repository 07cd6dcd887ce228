//! Black-box tests: the production build of the server, a database of its own, real sockets.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
mod house;

mod abuse;
mod accounts;
mod audit;
mod browsers;
mod catalog;
mod customers;
mod doubles;
mod factors;
mod feed;
mod fraud;
mod fuzz;
mod gateways;
mod giving;
mod guests;
mod holds;
mod hostile;
mod keys;
mod killed;
mod live;
mod machines;
mod members;
mod misfortune;
mod money;
mod needs;
mod operations;
mod orders;
mod other_houses;
mod outbox;
mod prices;
mod privacy;
mod process;
mod roles;
mod seeded;
mod sleeping;
mod slow;
mod sold;
mod tickets;
mod tls;
mod unlogged;
mod watcher;
