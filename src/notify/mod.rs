//! Telling people. What must be said is written into the outbox with the change that made it true; a worker has it composed,
//! delivers it by SMTP or keeps it in the mailbox, and tries again what failed.
//!
//! This room is given what to say and knows nothing of tickets or orders: rooms above register a composer for each kind.

pub mod outbox;

pub use outbox::put;
