//! The admission documents of what was sold: one ticket for each place, its signed code, and the forms in which people
//! carry it (page, picture, calendar entry, mail).
//!
//! A ticket is issued when an order is confirmed and never before its money is ours. It has a life of its own:
//! `valid`, `suspended` while a refund is on its way, `revoked` for ever once the place was given back. Of a ticket that
//! is not valid no form shows the code; each says why instead.

pub mod access;
pub mod code;
mod ics;
pub mod mail;
pub mod pdf;
pub mod qr;
pub mod routes;
#[cfg(test)]
mod sample;
pub mod store;
mod typeset;
pub mod words;

pub use store::{Status, Ticket, Tickets};
