//! What every handler shares: problem answers, extractors, the OpenAPI document, health and metrics.

pub mod access;
pub mod caching;
pub mod challenge;
pub mod client_address;
pub mod cors;
pub mod error;
pub mod extract;
pub mod forgotten;
pub mod headers;
pub mod health;
pub mod idempotency;
pub mod limits;
pub mod notices;
pub mod once;
pub mod openapi;
pub mod page;
pub mod patch;
mod patience;
pub mod rejection;
pub mod visitors;

pub use caching::IfMatch;
pub use challenge::{Challenged, Challenges, Scene};
pub use client_address::{ClientAddress, client_address, is_https};
pub use error::{ApiError, Code, FieldProblem, Problem};
pub use extract::{Json, Listing};
pub use forgotten::Forgotten;
pub use idempotency::{Caller, IdempotencyKey, Scoped};
pub use notices::Notices;
pub use once::{Once, once, once_elsewhere};
pub use patch::Patch;
