//! What every handler shares: problem answers, extractors, the OpenAPI document, health and metrics.

pub mod access;
pub mod error;
pub mod extract;
pub mod health;
pub mod idempotency;
pub mod openapi;
pub mod page;
pub mod rejection;

pub use error::{ApiError, Code, FieldProblem, Problem};
pub use extract::{Json, Listing};
pub use idempotency::{Caller, IdempotencyKey, Scoped};
