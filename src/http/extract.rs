//! Extractors: a handler's arguments are right, or the request was answered already.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PathError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::StreamExt as _;
use garde::Validate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, Code, FieldProblem};
use super::patience;
use crate::platform::ids;

/// How many bytes a JSON body may have; set per app or per scope.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

/// A JSON body: of the right content type, within the limit, known fields only, valid.
pub struct Json<T> {
    /// What it says.
    pub value: T,
    /// A hash over its meaning (order of fields and white space don't matter), for idempotency.
    pub hash: u64,
}

impl<T> FromRequest for Json<T>
where
    T: DeserializeOwned + Validate<Context = ()> + 'static,
{
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<BodyLimit>().map_or(64 * 1024, |limit| limit.0);
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok())
            .and_then(|length| length.parse::<usize>().ok());
        let payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(ApiError::new(Code::UnsupportedMediaType, "Send the body as application/json."));
            }
            let body = read(payload, declared, limit).await?;
            parse(&body)
        })
    }
}

/// A body as it came, for signatures and big documents.
///
/// # Errors
/// 413 past the limit, 400 when the connection ends early.
pub async fn read(mut payload: Payload, declared: Option<usize>, limit: usize) -> Result<Vec<u8>, ApiError> {
    let too_large = || ApiError::new(Code::PayloadTooLarge, format!("A body here may have {limit} bytes."));
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(declared.unwrap_or(1024).min(limit));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            if patience::ran_out(&error) {
                return ApiError::plain(Code::RequestTimeout);
            }
            ApiError::new(Code::MalformedRequest, "The body ended before it was whole.")
        })?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse<T: DeserializeOwned + Validate<Context = ()>>(body: &[u8]) -> Result<Json<T>, ApiError> {
    let document: serde_json::Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::new(Code::MalformedRequest, format!("The body is not JSON: {error}.")))?;
    if !document.is_object() {
        return Err(ApiError::field("", "the body must be a JSON object"));
    }
    if has_endless_number(&document) {
        return Err(ApiError::field("", "a number is too large to be kept"));
    }
    if has_nul(&document) {
        return Err(ApiError::field("", "text may not have the character U+0000"));
    }
    // serde_json's maps are sorted: the same meaning has the same bytes.
    let hash = ids::request_hash(document.to_string().as_bytes());
    Ok(Json { value: valid(document)?, hash })
}

/// A JSON value as what it should be: known fields only, valid; every problem names its field.
///
/// # Errors
/// `validation_failed`.
pub fn valid<T: DeserializeOwned + Validate<Context = ()>>(document: serde_json::Value) -> Result<T, ApiError> {
    // Where a fault is costs some time to follow, and most documents have none.
    let value = T::deserialize(&document).or_else(|_| {
        serde_path_to_error::deserialize(document).map_err(|error| {
            let path = error.path().to_string();
            ApiError::field(if path == "." { String::new() } else { path }, error.inner().to_string())
        })
    })?;
    if let Err(report) = value.validate() {
        let errors = report
            .iter()
            .map(|(path, error)| FieldProblem { field: path.to_string(), message: error.to_string() })
            .collect();
        return Err(ApiError::fields(errors));
    }
    Ok(value)
}

/// Postgres writes a number out in full, and the largest that JSON's readers take do not survive the rounding on the way back.
const NUMBER_MAX: f64 = 1e300;

fn has_endless_number(document: &serde_json::Value) -> bool {
    match document {
        serde_json::Value::Number(number) => number.as_f64().is_none_or(|number| number.abs() > NUMBER_MAX),
        serde_json::Value::Array(items) => items.iter().any(has_endless_number),
        serde_json::Value::Object(fields) => fields.values().any(has_endless_number),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::String(_) => false,
    }
}

fn has_nul(document: &serde_json::Value) -> bool {
    match document {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(has_nul),
        serde_json::Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
    }
}

/// `?limit=&after=` of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listing {
    /// How many items at most; 50 unless told, 200 at most.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl Listing {
    /// How many items to give.
    ///
    /// # Errors
    /// When the limit is not between 1 and 200.
    pub fn limit(&self) -> Result<i64, ApiError> {
        match self.limit {
            None => Ok(50),
            Some(limit @ 1..=200) => Ok(i64::from(limit)),
            Some(_) => Err(ApiError::field("limit", "must be between 1 and 200")),
        }
    }

    /// The cursor, where there is one: whatever was given as `next`, back in its type.
    ///
    /// # Errors
    /// When it is not one of ours.
    pub fn after<C: DeserializeOwned>(&self) -> Result<Option<C>, ApiError> {
        use base64::Engine as _;
        let Some(text) = &self.after else { return Ok(None) };
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .map(Some)
            .ok_or_else(|| ApiError::field("after", "is not a cursor of this list"))
    }
}

/// A list's answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// This page's items.
    pub items: Vec<T>,
    /// What to give as `after` for the next page; null on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of `items`, of which one more was fetched to know whether there is a next page.
    #[must_use]
    pub fn cut<C: Serialize>(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> C) -> Self {
        use base64::Engine as _;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).and_then(|last| serde_json::to_vec(&cursor(last)).ok());
        Self { items, next: next.map(|bytes| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)) }
    }

    /// All there is.
    #[must_use]
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// How actix's own extractors say no: a malformed id in a path is an unknown thing, a malformed query is a validation error.
pub fn configure(config: &mut web::ServiceConfig) {
    config.app_data(web::PathConfig::default().error_handler(|_: PathError, _| ApiError::plain(Code::NotFound).into()));
    config.app_data(
        web::QueryConfig::default()
            .error_handler(|error, _| ApiError::field("", format!("the query is not right: {error}")).into()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[garde(range(min = 1))]
        quantity: u32,
        #[garde(skip)]
        #[serde(default)]
        _note: Option<String>,
    }

    fn refused(body: &str) -> Code {
        parse::<Body>(body.as_bytes()).map(|json| json.value).unwrap_err().code()
    }

    #[test]
    fn a_body_is_json_known_and_valid_or_refused_by_name() {
        assert_eq!(refused("{"), Code::MalformedRequest);
        assert_eq!(refused("[]"), Code::ValidationFailed);
        assert_eq!(refused(r#"{"quantity": 0}"#), Code::ValidationFailed);
        assert_eq!(refused(r#"{"quantity": 1, "more": 2}"#), Code::ValidationFailed);
        assert_eq!(refused(r#"{"quantity": 1, "_note": "a\u0000b"}"#), Code::ValidationFailed);
        assert_eq!(parse::<Body>(br#"{"quantity": 2}"#).unwrap().value.quantity, 2);
    }

    #[test]
    fn the_same_meaning_has_the_same_hash() {
        let hash = |body: &str| parse::<Body>(body.as_bytes()).unwrap().hash;
        assert_eq!(hash(r#"{"quantity":2,"_note":"x"}"#), hash(r#"{ "_note": "x", "quantity": 2 }"#));
        assert_ne!(hash(r#"{"quantity":2}"#), hash(r#"{"quantity":3}"#));
    }

    #[test]
    fn a_page_ends_with_a_cursor_only_when_there_is_more() {
        let page = Page::cut(vec![1, 2, 3], 2, |item| *item);
        assert_eq!(page.items, [1, 2]);
        let listing = Listing { limit: None, after: page.next };
        assert_eq!(listing.after::<i32>().unwrap(), Some(2));
        assert!(Page::cut(vec![1, 2], 2, |item| *item).next.is_none());
        assert!(Listing { limit: Some(0), after: Some("!".to_owned()) }.after::<i32>().is_err());
    }
}
