//! What the house stands on, tried for real: a Postgres of our own in a data directory of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking, in its helpers too")]

mod embedded;
