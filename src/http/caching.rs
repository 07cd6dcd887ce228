//! `ETag` with `If-None-Match` for reads that may be kept, and `If-Match` for edits.

use std::future::{Ready, ready};
use std::io::{self, Write as _};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, AcceptEncoding, Encoding, Header as _};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
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

/// A body for many, compressed once and not for each of them.
#[derive(Clone, Debug)]
pub struct Packed {
    tag: String,
    plain: Bytes,
    /// Nothing, where it would be no smaller.
    gzip: Option<Bytes>,
}

impl Packed {
    /// This body under this tag. Takes some milliseconds for a large one.
    ///
    /// # Errors
    /// When it cannot be compressed, which is a fault of ours.
    pub fn new(tag: String, plain: Bytes) -> io::Result<Self> {
        let mut gzip = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::default());
        gzip.write_all(&plain)?;
        let gzip = Some(Bytes::from(gzip.finish()?)).filter(|gzip| gzip.len() < plain.len());
        Ok(Self { tag, plain, gzip })
    }

    /// `body` as JSON, under a tag over its text.
    ///
    /// # Errors
    /// When it cannot be written as JSON, or compressed, which is a fault of ours.
    pub fn json<T: Serialize>(body: &T) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(|error| ApiError::fault(&error))?;
        let tag = format!("{:016x}", ids::request_hash(&body));
        Self::new(tag, Bytes::from(body)).map_err(|error| ApiError::fault(&error))
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.tag.len() + self.plain.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }
}

/// What was packed, as the caller can read it; 304 to who has it already.
#[must_use]
pub fn packed(
    request: &HttpRequest,
    caching: &'static str,
    content_type: &'static str,
    packed: &Packed,
) -> HttpResponse {
    let reads = AcceptEncoding::parse(request).ok();
    let readable = reads.and_then(|reads| reads.negotiate([Encoding::gzip(), Encoding::identity()].iter()));
    let gzip = packed.gzip.as_ref().filter(|_| readable == Some(Encoding::gzip()));
    let body = gzip.unwrap_or(&packed.plain).clone();
    let mut response = bytes(request, caching, content_type, &packed.tag, body);
    let headers = response.headers_mut();
    headers.insert(header::VARY, header::HeaderValue::from_static("accept-encoding"));
    if gzip.is_some() && response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
    }
    response
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
    use std::io::Read as _;

    use super::*;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;
    use flate2::read::GzDecoder;

    #[test]
    fn who_has_the_answer_gets_no_body() {
        let asked =
            |tags: &str| has(&TestRequest::get().insert_header(("if-none-match", tags)).to_http_request(), "ab");
        assert!(asked("\"ab\"") && asked("W/\"ab\"") && asked("\"x\", \"ab\"") && asked("*"));
        assert!(!asked("\"abc\"") && !asked(""));
    }

    #[actix_web::test]
    async fn who_reads_gzip_gets_it_and_who_does_not_gets_the_same_plain() {
        let text = "[1,2,3]".repeat(100);
        let body = Packed::new("t".to_owned(), Bytes::from(text.clone())).unwrap();
        let told = async |encodings: Option<&str>| {
            let mut request = TestRequest::get();
            if let Some(encodings) = encodings {
                request = request.insert_header(("accept-encoding", encodings));
            }
            let response = packed(&request.to_http_request(), REVALIDATE, "application/json", &body);
            let encoding = response.headers().get("content-encoding").map(|it| it.to_str().unwrap().to_owned());
            assert_eq!(response.headers().get("vary").unwrap(), "accept-encoding");
            (encoding, to_bytes(response.into_body()).await.unwrap())
        };
        for reads in ["gzip, deflate, br", "br;q=1, gzip;q=0.5, identity;q=0.1"] {
            let (encoding, gzip) = told(Some(reads)).await;
            assert_eq!(encoding.as_deref(), Some("gzip"), "{reads}");
            let mut plain = String::new();
            GzDecoder::new(&gzip[..]).read_to_string(&mut plain).unwrap();
            assert_eq!(plain, text);
        }
        for reads in [None, Some("identity"), Some("gzip;q=0"), Some("br"), Some("nonsense")] {
            assert_eq!(told(reads).await, (None, Bytes::from(text.clone())), "{reads:?}");
        }
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
