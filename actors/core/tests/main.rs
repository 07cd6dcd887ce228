//! The show, from outside: scenes, a naive model beside it, and the journal's format.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the helpers of tests fail the test")]

mod audit;
mod fuzz;
mod golden;
mod memory;
mod model;
mod properties;
mod properties_best;
mod properties_orphans;
mod properties_stacks;
mod scene;
mod scenes_allocations;
mod scenes_best;
mod scenes_codes;
mod scenes_customers;
mod scenes_holds;
mod scenes_limits;
mod scenes_orphans;
mod scenes_payments;
mod scenes_plans;
mod scenes_sales;
mod scenes_shows;
mod scenes_tables;
mod seating;
