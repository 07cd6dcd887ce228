//! The back office, the set-up of an empty server, and what the site says of itself.

pub mod mailbox;
