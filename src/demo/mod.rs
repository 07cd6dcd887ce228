//! The demo house, and its rush. Only with `--demo`.

pub mod fill;
pub mod house;
pub mod plans;
pub mod routes;
pub mod rush;
