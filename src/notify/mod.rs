//! Telling people. What must be said is written into the outbox with the change that made it true; a worker has it composed,
//! delivers it by SMTP or keeps it in the mailbox, and tries again what failed.
//!
//! This room is given what to say and knows nothing of tickets or orders: rooms above register a composer for each kind.
//!
//! How often a mail comes: in the mailbox exactly once, because it is kept in the transaction that finishes its saying. By SMTP
//! at least once: a server that dies between the mail server's yes and its own note sends again, at most
//! [`outbox::ATTEMPTS_MAX`] times in all, always under the same Message-ID.

pub mod deliver;
pub mod message;
pub mod outbox;
pub mod privacy;
mod store;

pub use deliver::{Delivery, DeliveryError};
pub use message::{Attachment, Message};
pub use outbox::{ComposeError, Composers, Outbox, put};
pub use store::{AttachmentInfo, Cursor, Envelope, MailStatus, Mailbox};
