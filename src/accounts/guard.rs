//! What stands before every handler: the route's declaration, and whether its caller comes that far.

use actix_web::HttpMessage as _;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;

use super::identity::{Resolved, Shown};
use super::needs::{self, ROOT};
use crate::http::{ApiError, Code};

/// Refuses who lacks the need that the route declares, and any route that declares none. Who asks is found out once, and kept
/// for the handler's extractors.
///
/// # Errors
/// Those of the services behind it; its own refusals are answers.
pub async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    match admit(&request).await {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(refusal) => Ok(request.error_response(refusal).map_into_right_body()),
    }
}

async fn admit(request: &ServiceRequest) -> Result<(), ApiError> {
    // The path as the router compares it, so that no way of writing an address leads around its declaration.
    let path = request.match_info().as_str();
    let below = path.strip_prefix(ROOT).unwrap_or(path);
    let Some(route) = needs::find(request.method().as_str(), below) else { return Err(undeclared(request, below)) };
    let brings_a_token = request.headers().contains_key(header::AUTHORIZATION);
    if !route.asks_who() && (route.scopes.is_empty() || !brings_a_token) {
        return Ok(());
    }
    // In a box of its own: few requests come here, and all others would carry the room for it from layer to layer.
    let who = Box::pin(Shown::of(request.request()).resolve()).await?;
    let verdict = route.admit(who.as_ref());
    request.extensions_mut().insert(Resolved(who));
    verdict
}

fn undeclared(request: &ServiceRequest, below: &str) -> ApiError {
    if !needs::methods(below).is_empty() {
        return ApiError::plain(Code::MethodNotAllowed);
    }
    if let Some(pattern) = request.match_pattern().filter(|pattern| pattern.len() > ROOT.len()) {
        tracing::error!(http.route = pattern, "A route has not declared who may use it, and nobody may");
    }
    ApiError::new(Code::NotFound, "There is no such address; see /api/docs.")
}
