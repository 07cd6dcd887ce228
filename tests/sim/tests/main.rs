//! A few days, those that have once found something, and, where they can be planted, the bugs that must be found.

#![allow(clippy::panic, reason = "a test ends by panicking")]

#[cfg(not(feature = "planted"))]
mod days;
#[cfg(feature = "planted")]
mod planted;
