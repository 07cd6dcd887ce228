//! `ETag` with `If-None-Match` for reads that may be kept, and `If-Match` for edits.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;

use super::error::{ApiError, Code};
use crate::platform::ids;

/// Kept by anybody, but asked for again each time: an answer that has not changed costs no body.
pub const REVALIDATE: &str = "public, no-cache";
/// A list that may be a few seconds old.
pub const SHORTLY: &str = "public, max-age=5";
/// Never changes under its address.
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For one person, and not kept.
pub const PRIVATE: &str = "private, no-store";

/// `body` as JSON with an `ETag` over its text; 304 to who has it already.
///
/// # Errors
/// When the answer cannot be written as JSON, which is a fault of ours.
pub fn json<T: Serialize>(request: &HttpRequest, caching: &'static str, body: &T) -> Result<HttpResponse, ApiError> {
    let body = serde_json::to_vec(body).map_err(|error| ApiError::fault(&error))?;
    let tag = format!("{:016x}", ids::request_hash(&body));
    Ok(bytes(request, caching, "application/json", &tag, Bytes::from(body)))
}

/// `body` with this tag; 304 to who has it already.
#[must_use]
pub fn bytes(
    request: &HttpRequest,
    caching: &'static str,
    content_type: &'static str,
    tag: &str,
    body: Bytes,
) -> HttpResponse {
    let fresh = has(request, tag);
    let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::CACHE_CONTROL, caching)).insert_header((header::ETAG, format!("\"{tag}\"")));
    if fresh { response.finish() } else { response.content_type(content_type).body(body) }
}

/// Whether the caller says that they have the answer with this tag.
#[must_use]
pub fn has(request: &HttpRequest, tag: &str) -> bool {
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| {
        known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/").trim_matches('"') == tag)
    })
}

/// The version that an edit was made from, where the caller says so: `If-Match: "3"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(Option<i32>);

impl IfMatch {
    /// Fails unless the thing still has the version that the caller has seen.
    ///
    /// # Errors
    /// `edit_conflict`.
    pub fn check(self, version: i32) -> Result<(), ApiError> {
        if self.0.is_none_or(|seen| seen == version) { Ok(()) } else { Err(ApiError::plain(Code::EditConflict)) }
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(header::IF_MATCH) else { return ready(Ok(Self(None))) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return ready(Ok(Self(None)));
        }
        // A tag that is none of ours cannot be the version at hand.
        let seen = text.trim_start_matches("W/").trim_matches('"').parse().unwrap_or(-1);
        ready(Ok(Self(Some(seen))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn who_has_the_answer_gets_no_body() {
        let asked =
            |tags: &str| has(&TestRequest::get().insert_header(("if-none-match", tags)).to_http_request(), "ab");
        assert!(asked("\"ab\"") && asked("W/\"ab\"") && asked("\"x\", \"ab\"") && asked("*"));
        assert!(!asked("\"abc\"") && !asked(""));
    }

    #[actix_web::test]
    async fn an_edit_is_made_from_the_version_at_hand_or_refused() {
        let of = async |tag: &str| {
            let request = TestRequest::patch().insert_header(("if-match", tag)).to_http_request();
            IfMatch::extract(&request).await.unwrap()
        };
        assert!(of("\"3\"").await.check(3).is_ok());
        assert!(of("*").await.check(3).is_ok());
        assert_eq!(of("\"2\"").await.check(3).unwrap_err().code(), Code::EditConflict);
        assert_eq!(of("nonsense").await.check(3).unwrap_err().code(), Code::EditConflict);
    }
}
