//! What providers tell us: stored first, then thanked for, then settled.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post, web};
use uuid::Uuid;

use super::super::checkout::{Checkout, CheckoutFault, TakenIn};
use super::super::saga::AttemptStatus;
use crate::http::extract::read;
use crate::http::{ApiError, Code};
use crate::payments::{Gateways, NoGateway, Told, WebhookError, WebhookRequest};

/// Longer than any provider's news.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// So long a buyer who comes back waits for the provider's word, at most.
const PATIENCE: Duration = Duration::from_secs(5);

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
    let gateway =
        found(gateways.find(&provider, &account).await)?.ok_or_else(|| ApiError::not_found("provider account"))?;
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
    let told =
        gateway.webhook(&WebhookRequest { headers: &headers, body: &body, now: checkout.now() }).map_err(|error| {
            match error {
                WebhookError::SignatureInvalid => ApiError::plain(Code::SignatureInvalid),
                WebhookError::Malformed(why) => ApiError::field("", why),
            }
        })?;
    if checkout.store.receive(&provider, &account, &told.event_id, &body).await? {
        // Settled beside the answer: the provider is not kept waiting, and what fails here the worker takes up.
        actix_web::rt::spawn(async move {
            if let Err(fault) = settle(&checkout, &provider, &account, &told).await {
                tracing::warn!(error = crate::http::error::chain(&fault), "A webhook waits for the worker");
            }
        });
    }
    Ok(HttpResponse::NoContent().insert_header(("cache-control", "no-store")).finish())
}

async fn settle(checkout: &Checkout, provider: &str, account: &str, told: &Told) -> Result<(), CheckoutFault> {
    let note = match checkout.take_in((provider, account), &told.news).await? {
        TakenIn::Settled => None,
        TakenIn::Nothing { why } => Some(why),
        TakenIn::Stray { report } => {
            tracing::warn!(provider, "A webhook is about no payment of ours");
            return Ok(checkout.store.note_stray((provider, account), &told.event_id, &report).await?);
        }
        TakenIn::Later { why } => {
            tracing::info!(provider, problem = why, "A webhook waits for the worker");
            return Ok(());
        }
    };
    Ok(checkout.store.processed(provider, account, &told.event_id, note.as_deref()).await?)
}

/// The gateway, or what its absence means to whoever asks.
pub(super) fn found<T>(found: Result<Option<T>, NoGateway>) -> Result<Option<T>, ApiError> {
    found.map_err(|error| match error {
        NoGateway::Database(fault) => fault.into(),
        NoGateway::Sealed { .. } | NoGateway::Client { .. } => ApiError::fault(&error),
    })
}

/// The browser of a buyer who comes back from a provider's page: what became of the payment is asked, and the order shows it.
async fn come_back(checkout: web::Data<Checkout>, payment: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let order = checkout.store.order_of_payment(*payment).await?.ok_or_else(|| ApiError::not_found("payment"))?;
    let loaded = checkout.store.load(order).await?.ok_or_else(|| ApiError::not_found("payment"))?;
    let open = loaded.saga.attempt(*payment).is_some_and(|attempt| match attempt.status {
        AttemptStatus::Starting | AttemptStatus::Pending | AttemptStatus::Cancelling | AttemptStatus::Declined => true,
        AttemptStatus::Authorized | AttemptStatus::Captured | AttemptStatus::Cancelled | AttemptStatus::Refunded => {
            false
        }
    });
    if open && checkout.store.may_ask(*payment).await? {
        // Whatever comes of it: the order page asks again, and so do the webhook and the worker.
        match tokio::time::timeout(PATIENCE, checkout.inquire(*payment)).await {
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(fault)) => {
                tracing::warn!(
                    error = crate::http::error::chain(&fault),
                    "A buyer came back before the news could be had"
                );
            }
        }
    }
    let location = format!("/orders/{order}");
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

/// The room's addresses for browsers, outside the API. Providers lead buyers back by GET or by a form.
pub fn pages(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/pay/return/{payment}").route(web::get().to(come_back)).route(web::post().to(come_back)),
    );
}
