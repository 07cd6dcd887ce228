//! Which other sites' pages may call the API: those that the configuration names, and without our cookies always.

use actix_cors::Cors;
use actix_web::http::{Method, header};
use actix_web::middleware::Condition;

use crate::platform::config::Config;

/// What pages may send beside what every page may.
const SENT: [&str; 9] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "aisle-hold-token",
    "aisle-order-token",
    "aisle-device",
    "aisle-challenge",
];
/// What they may read.
const READ: [&str; 4] = ["etag", "retry-after", "idempotent-replayed", "location"];
/// How long a browser remembers the answer: ten minutes, so that a change of the configuration is soon known.
const REMEMBERED_S: usize = 600;

/// The middleware; does nothing where no other site is named.
#[must_use]
pub fn from_config(config: &Config) -> Condition<Cors> {
    let origins = &config.cors_origins.0;
    // No credentials, wildcard or not: a page elsewhere proves what is its own by tokens, never by a cookie of ours.
    let base = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED_S)
        .block_on_origin_mismatch(false);
    let cors = if origins.iter().any(|origin| origin == "*") {
        base.allow_any_origin().send_wildcard()
    } else {
        origins.iter().map(|origin| header::HeaderValue::from_str(origin)).fold(base, |cors, origin| match origin {
            Ok(origin) => cors.allowed_origin_fn(move |asked, _| *asked == origin),
            Err(_) => cors,
        })
    };
    Condition::new(!origins.is_empty(), cors)
}
