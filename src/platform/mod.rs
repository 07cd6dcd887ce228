//! What every room stands on: configuration, the database, ids, money, server keys, logs and metrics. Knows nothing of tickets.

pub mod audit;
pub mod config;
pub mod db;
pub mod embedded;
pub mod house;
pub mod idempotency;
pub mod ids;
pub mod journal;
pub mod keys;
pub mod money;
pub mod network;
pub mod people;
pub mod rates;
pub mod retention;
pub mod telemetry;
pub mod time;
