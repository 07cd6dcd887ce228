//! One span and one line a request. Of an address only its path is written: what stands behind `?` may prove something.

use actix_web::Error;
use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};

/// Makes the span of a request.
pub struct Access;

impl RootSpanBuilder for Access {
    fn on_request_start(request: &ServiceRequest) -> Span {
        // A span lasts as long as its answer, and the answer of a live feed is its socket: thousands of them, for hours.
        if request.path().ends_with("/live") && !tracing::enabled!(tracing::Level::DEBUG) {
            return Span::none();
        }
        let id = request.extensions().get::<RequestId>().copied();
        tracing::info_span!(
            "request",
            request.id = id.map(tracing::field::display),
            http.method = %request.method(),
            http.path = %request.path(),
            http.status = tracing::field::Empty,
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        metrics::counter!("aisle_http_requests_total", "status" => class(status.as_u16())).increment(1);
        // The line is the only one that has the status, and nobody reads it unless they asked for it.
        if tracing::enabled!(tracing::Level::DEBUG) {
            span.record("http.status", status.as_u16());
            span.in_scope(|| tracing::debug!("Answered"));
        }
    }
}

fn class(status: u16) -> &'static str {
    match status {
        0..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
