//! The catalogue: what the public reads, and how the back office makes it.

mod allocations;
mod codes;
pub mod house;
mod public;
mod records;
mod replan;
mod rules;
mod setup;
mod standstill;
mod states;
