//! The addresses of orders. Parse, ask, answer; what may follow what is the saga's business.

mod admin;
mod buy;
mod care;
mod customers;
mod desk;
mod disputes;
mod exchange;
mod ledger;
mod links;
mod methods;
mod mine;
mod payouts;
mod promo;
mod refund_jobs;
mod refunds;
mod refusals;
mod reports;
mod review;
mod transfer;
mod vouchers;
mod webhooks;

pub use webhooks::pages;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::checkout::{Checkout, CheckoutFault};
use super::saga::Saga;
use super::store::OrderView;
use super::wire::{DisputeJson, OrderJson, ReviewJson};
use crate::accounts::MaybeIdentity;
use crate::http::ApiError;
use crate::platform::audit::Entry;
use crate::platform::keys::Keys;
use crate::tickets::access::{Access, Shown, order_token};

impl From<CheckoutFault> for ApiError {
    fn from(fault: CheckoutFault) -> Self {
        match fault {
            CheckoutFault::Database(fault) => fault.into(),
            CheckoutFault::Contended { .. } => Self::busy(1),
        }
    }
}

/// The request comes from who made the order, from who owns it, or from its house.
async fn may_see(
    request: &HttpRequest,
    keys: &Keys,
    checkout: &Checkout,
    identity: &MaybeIdentity,
    order: Uuid,
) -> Result<Access, ApiError> {
    let shown = Shown::of_order(request, keys, identity, order).something()?;
    shown.admitted(checkout.store.standing(order).await?.as_ref(), "order")
}

/// Staff's own acts are recorded; a buyer's are the order itself.
async fn by_staff(
    checkout: &Checkout,
    access: Access,
    identity: &MaybeIdentity,
    action: &'static str,
    order: Uuid,
) -> Result<Option<Entry>, ApiError> {
    match (access, &identity.0) {
        (Access::Staff, Some(identity)) => {
            let organizer = checkout.store.organizer_of(order).await?;
            Ok(Some(identity.did(action).of(organizer).on("order", order)))
        }
        (Access::Staff | Access::Owner | Access::Guest, _) => Ok(None),
    }
}

/// The order as it is shown.
async fn shown(
    checkout: &Checkout,
    keys: &Keys,
    saga: &Saga,
    access: Access,
    identity: &MaybeIdentity,
) -> Result<OrderJson, ApiError> {
    let view = checkout.store.view(saga.order).await?.ok_or_else(|| ApiError::not_found("order"))?;
    let token = token_for(access, keys, &view);
    Ok(told(saga, view, token, access, identity, checkout.now()))
}

/// Only who has shown an order's token is told it.
fn token_for(access: Access, keys: &Keys, view: &OrderView) -> Option<String> {
    (access == Access::Guest).then(|| order_token(keys, view.id, view.standing.link_version))
}

/// The same, where it was read already. What the rules of the house found is for its staff alone.
fn told(
    saga: &Saga,
    view: OrderView,
    token: Option<String>,
    access: Access,
    identity: &MaybeIdentity,
    now: Timestamp,
) -> OrderJson {
    let yours = identity.0.as_ref().is_some_and(|identity| view.standing.owners.contains(&identity.user));
    let review = ReviewJson::of(&saga.review).filter(|_| access == Access::Staff);
    let disputes = if access == Access::Staff { DisputeJson::all(saga) } else { Vec::new() };
    OrderJson { token, yours, review, disputes, ..OrderJson::of(saga, view, now) }
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
        .service(methods::payment_methods)
        .service(buy::make_quote)
        .service(buy::create_order)
        .service(buy::read_order)
        .service(care::try_again)
        .service(care::reopen_order)
        .service(care::preview_cancellation)
        .service(care::cancel_order)
        .service(transfer::transfer_tickets)
        .service(links::look_up_order)
        .service(links::revoke_links)
        .service(mine::my_orders)
        .service(mine::claim_order)
        .service(webhooks::receive_webhook)
        .service(admin::admin_orders)
        .service(admin::admin_order)
        .service(refunds::admin_order_money)
        .service(refunds::give_refund)
        .service(refunds::settle_refund)
        .service(refund_jobs::refund_show)
        .service(refund_jobs::show_refunds)
        .service(refund_jobs::steer_refunds)
        .service(review::decide_review)
        .service(review::read_fraud_rules)
        .service(review::set_fraud_rules)
        .service(disputes::read_dispute_rules)
        .service(disputes::set_dispute_rules)
        .service(desk::money_work)
        .service(desk::close_money_work)
        .service(promo::admin_list_promo_codes)
        .service(promo::admin_make_promo_code)
        .service(promo::admin_read_promo_code)
        .service(promo::admin_change_promo_code)
        .service(promo::admin_archive_promo_code)
        .service(vouchers::admin_list_vouchers)
        .service(vouchers::admin_issue_voucher)
        .service(vouchers::admin_read_voucher)
        .service(vouchers::admin_voucher_movements)
        .service(vouchers::admin_change_voucher)
        .service(vouchers::admin_void_voucher)
        .service(admin::admin_payments)
        .service(customers::admin_erase_customer)
        .service(reports::sales_report)
        .service(reports::payments_report)
        .service(payouts::bring_payouts)
        .service(payouts::payout_files)
        .service(payouts::payout_file)
        .service(ledger::ledger_report);
}
