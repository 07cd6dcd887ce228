//! What providers tell us: stored first, then thanked for, then settled.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post, web};

use super::super::checkout::Checkout;
use crate::http::extract::read;
use crate::http::{ApiError, Code};
use crate::payments::{Gateways, WebhookError, WebhookRequest};

/// Longer than any provider's news.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// A provider's news, signed. 2xx only once it is stored; the same news again changes nothing.
#[utoipa::path(
    tag = "payments",
    params(("provider" = String, Path), ("account" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 204))
)]
#[post("/webhooks/{provider}/{account}")]
pub async fn receive_webhook(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    gateways: web::Data<Gateways>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let (provider, account) = path.into_inner();
    let Some(gateway) = gateways.get(&provider).filter(|_| account == "default") else {
        return Err(ApiError::not_found("provider account"));
    };
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse().ok());
    let body = read(payload.into_inner(), declared, BODY_BYTES_MAX).await?;
    let headers: BTreeMap<String, String> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let report =
        gateway.webhook(&WebhookRequest { headers: &headers, body: &body, now: checkout.now() }).map_err(|error| {
            match error {
                WebhookError::SignatureInvalid => ApiError::plain(Code::SignatureInvalid),
                WebhookError::Malformed(why) => ApiError::field("", why),
            }
        })?;
    if checkout.store.receive(&provider, &account, &report.event_id, &body).await? {
        // Settled beside the answer: the provider is not kept waiting, and what fails here the worker takes up.
        actix_web::rt::spawn(async move {
            match checkout.settle(&report).await {
                Ok(true) => {
                    if let Err(fault) = checkout.store.processed(&provider, &account, &report.event_id).await {
                        tracing::warn!(error = crate::http::error::chain(&fault), "A webhook will be settled again");
                    }
                }
                Ok(false) => {
                    tracing::warn!(provider, "A webhook is about no payment of ours");
                    let from = (provider.as_str(), account.as_str());
                    if let Err(fault) = checkout.store.note_stray(from, &report.event_id, &report).await {
                        tracing::warn!(error = crate::http::error::chain(&fault), "A webhook waits for the worker");
                    }
                }
                Err(fault) => {
                    tracing::warn!(error = crate::http::error::chain(&fault), "A webhook waits for the worker");
                }
            }
        });
    }
    Ok(HttpResponse::NoContent().insert_header(("cache-control", "no-store")).finish())
}
