//! How a house's buyers can pay.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::wire::TryAgain;
use super::answer;
use crate::catalog::Catalog;
use crate::http::{ApiError, Code};
use crate::payments::{Gateways, NotOffered, Offer, choose};
use crate::platform::money::Currency;

/// One way to pay.
#[derive(Serialize, ToSchema)]
pub struct PaymentMethodJson {
    /// At which provider: what an order names.
    #[schema(example = "stripe")]
    provider: String,
    /// By which of its methods: what an order names.
    #[schema(example = "card")]
    method: String,
    /// Whether the amount is set aside and collected once the seats are sold, or paid at once.
    #[schema(value_type = String, pattern = "^(authorise_then_capture|paid_at_once)$")]
    kind: &'static str,
}

/// All the ways to pay, the usual one first.
#[derive(Serialize, ToSchema)]
pub struct PaymentMethods {
    /// They. None: the house takes no money just now.
    items: Vec<PaymentMethodJson>,
}

/// How tickets of a show can be paid for, the usual way first.
#[utoipa::path(tag = "orders", params(("id" = Uuid, Path)), responses((status = 200, body = PaymentMethods)))]
#[get("/shows/{id}/payment-methods")]
pub async fn payment_methods(
    checkout: web::Data<Checkout>,
    gateways: web::Data<Gateways>,
    catalog: web::Data<Catalog>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    // A draft is nobody's business yet.
    catalog.public_plan_version(*id).await?.ok_or_else(|| ApiError::not_found("show"))?;
    let sellers = checkout.store.sellers(&[*id]).await?;
    let sold = sellers.first().ok_or_else(|| ApiError::not_found("show"))?;
    let offers = gateways.offers(sold.organizer, sold.currency).await?;
    let items = offers
        .into_iter()
        .map(|offer| PaymentMethodJson { provider: offer.provider, method: offer.method, kind: offer.kind.word() })
        .collect();
    Ok(answer(StatusCode::OK, false, &PaymentMethods { items }))
}

/// What a buyer chose among what this house offers in this currency.
///
/// # Errors
/// `provider_unknown` where the house takes no money by it; `validation_failed` where it does, but not by this method.
pub(super) async fn chosen(
    gateways: &Gateways,
    (organizer, currency): (Uuid, Currency),
    provider: Option<&str>,
    method: Option<&str>,
) -> Result<Offer, ApiError> {
    let offers = gateways.offers(organizer, currency).await?;
    choose(&offers, provider, method).map_err(|refused| match refused {
        NotOffered::Provider => ApiError::plain(Code::ProviderUnknown),
        NotOffered::Method => ApiError::field("method", "is not offered here"),
    })
}

/// The same, for an order that is there already.
///
/// # Errors
/// As [`chosen`].
pub(super) async fn chosen_for(
    checkout: &Checkout,
    gateways: &Gateways,
    order: Uuid,
    wanted: &TryAgain,
) -> Result<Offer, ApiError> {
    let missing = || ApiError::not_found("order");
    let organizer = checkout.store.organizer_of(order).await?.ok_or_else(missing)?;
    let currency = checkout.store.load(order).await?.ok_or_else(missing)?.saga.currency;
    chosen(gateways, (organizer, currency), wanted.provider.as_deref(), wanted.method.as_deref()).await
}
