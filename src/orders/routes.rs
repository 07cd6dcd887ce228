//! The addresses of orders. Parse, ask, answer; what may follow what is the saga's business.

mod admin;
mod buy;
mod care;
mod customers;
mod review;
mod webhooks;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::checkout::{Checkout, CheckoutFault};
use super::saga::Saga;
use super::wire::{OrderJson, ReviewJson};
use crate::accounts::{MaybeIdentity, Role};
use crate::http::{ApiError, Code};
use crate::platform::keys::{Keys, Purpose};

impl From<CheckoutFault> for ApiError {
    fn from(fault: CheckoutFault) -> Self {
        match fault {
            CheckoutFault::Database(fault) => fault.into(),
            CheckoutFault::Contended { .. } => Self::busy(1),
        }
    }
}

/// The token that proves its bearer made the order. Derived from its id, so a repeated request gets it again.
fn order_token(keys: &Keys, order: Uuid) -> String {
    keys.token(Purpose::OrderToken, &[order.as_bytes()])
}

/// Who may see an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Who made it.
    Guest,
    /// The house.
    Staff,
}

/// The request comes from who made the order, or from its house.
async fn may_see(
    request: &HttpRequest,
    keys: &Keys,
    checkout: &Checkout,
    identity: &MaybeIdentity,
    order: Uuid,
) -> Result<Access, ApiError> {
    let token = request.headers().get("aisle-order-token").and_then(|value| value.to_str().ok());
    if token.is_some_and(|token| keys.proves(Purpose::OrderToken, &[order.as_bytes()], token)) {
        return Ok(Access::Guest);
    }
    match &identity.0 {
        Some(identity) => {
            let organizer = checkout.store.organizer_of(order).await?.ok_or_else(|| ApiError::not_found("order"))?;
            identity.must(Role::BoxOffice, organizer, "order")?;
            Ok(Access::Staff)
        }
        // Whether there is such an order is nobody else's business.
        None => Err(ApiError::plain(Code::OrderTokenInvalid)),
    }
}

/// Staff's own acts are recorded; a buyer's are the order itself.
async fn note(
    checkout: &Checkout,
    access: Access,
    identity: &MaybeIdentity,
    action: &'static str,
    order: Uuid,
) -> Result<(), ApiError> {
    match (access, &identity.0) {
        (Access::Staff, Some(identity)) => {
            let organizer = checkout.store.organizer_of(order).await?;
            checkout.store.record(identity.did(action).of(organizer).on("order", order)).await?;
        }
        (Access::Staff | Access::Guest, _) => {}
    }
    Ok(())
}

/// The order as it is shown.
async fn shown(checkout: &Checkout, keys: &Keys, saga: &Saga, access: Access) -> Result<OrderJson, ApiError> {
    let view = checkout.store.view(saga.order).await?.ok_or_else(|| ApiError::not_found("order"))?;
    let token = (access == Access::Guest).then(|| order_token(keys, saga.order));
    let review = ReviewJson::of(&saga.review).filter(|_| access == Access::Staff);
    Ok(OrderJson { review, ..OrderJson::of(saga, view, token, checkout.now()) })
}

fn answer(status: StatusCode, replayed: bool, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.insert_header(("cache-control", crate::http::caching::PRIVATE));
    if replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    response.json(body)
}

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(buy::make_quote)
        .service(buy::create_order)
        .service(buy::read_order)
        .service(care::try_again)
        .service(care::reopen_order)
        .service(care::cancel_order)
        .service(care::look_up_order)
        .service(webhooks::receive_webhook)
        .service(admin::admin_orders)
        .service(admin::admin_order)
        .service(review::decide_review)
        .service(review::read_fraud_rules)
        .service(review::set_fraud_rules)
        .service(admin::admin_payments)
        .service(customers::admin_erase_customer)
        .service(admin::ledger_report);
}
