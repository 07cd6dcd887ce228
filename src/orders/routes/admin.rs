//! Orders, payments and books for the back office.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::store::{AdminFilter, PaymentRow};
use super::super::wire::{OrderBody, OrderJson};
use super::{Access, answer, shown};
use crate::accounts::{Identity, MaybeIdentity, Principal, Role};
use crate::http::extract::Page;
use crate::http::{ApiError, Listing};
use crate::platform::keys::Keys;

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrdersWanted {
    /// Of this show.
    show: Option<Uuid>,
    /// In this state, as the books have it: `confirmed`, `expired`, …
    status: Option<String>,
    /// Whose number, name or address has this in it.
    q: Option<String>,
    /// By the house's look at it: `wanted`, `flagged`, `accepted`, `refused`, …
    review: Option<String>,
}

/// Which payments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaymentsWanted {
    /// `pending`, `captured`, `refunded`, …
    status: Option<String>,
}

/// Orders of the house, and how many of all of them wait for staff.
#[derive(Serialize, ToSchema)]
pub struct OrdersPage {
    /// This page's.
    items: Vec<OrderJson>,
    /// Where the next page begins; null on the last.
    next: Option<String>,
    /// Orders that are held until somebody decides, whatever the list was asked for.
    #[schema(minimum = 0)]
    in_review: i64,
}

/// Orders, newest first.
#[utoipa::path(tag = "back office", params(OrdersWanted, Listing), responses((status = 200, body = OrdersPage)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/orders")]
pub async fn admin_orders(
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    who: Principal,
    wanted: web::Query<OrdersWanted>,
    listing: web::Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let limit = listing.limit()?;
    let filter = AdminFilter {
        organizers: who.sees(Role::BoxOffice),
        show: wanted.show,
        state: wanted.status.clone(),
        review: wanted.review.as_deref().map(|text| text.replace('\0', "")),
        search: wanted.q.clone().filter(|text| !text.trim().is_empty()).map(|text| text.trim().replace('\0', "")),
        after: listing.after()?,
        limit,
    };
    let found = Page::cut(checkout.store.list(&filter).await?, limit, |item| *item);
    let mut items = Vec::with_capacity(found.items.len());
    for (_, id) in found.items {
        if let Some(loaded) = checkout.store.load(id).await? {
            items.push(shown(&checkout, &keys, &loaded.saga, Access::Staff, &MaybeIdentity(None)).await?);
        }
    }
    let in_review = checkout.store.waiting_for_review(filter.organizers.as_deref()).await?;
    Ok(answer(StatusCode::OK, false, &OrdersPage { items, next: found.next, in_review }))
}

/// One order.
#[utoipa::path(tag = "back office", params(("id" = Uuid, Path)), responses((status = 200, body = OrderBody)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/orders/{id}")]
pub async fn admin_order(
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    who: Principal,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let organizer = checkout.store.organizer_of(*id).await?.ok_or_else(|| ApiError::not_found("order"))?;
    who.must(Role::BoxOffice, organizer, "order")?;
    let loaded = checkout.store.load(*id).await?.ok_or_else(|| ApiError::not_found("order"))?;
    let order = shown(&checkout, &keys, &loaded.saga, Access::Staff, &MaybeIdentity(None)).await?;
    Ok(answer(StatusCode::OK, false, &OrderBody { order }))
}

/// Payments, newest first.
#[utoipa::path(tag = "back office", params(PaymentsWanted, Listing), responses((status = 200, body = Page<PaymentRow>)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/payments")]
pub async fn admin_payments(
    checkout: web::Data<Checkout>,
    identity: Identity,
    wanted: web::Query<PaymentsWanted>,
    listing: web::Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::BoxOffice)?;
    let limit = listing.limit()?;
    let after: Option<(Timestamp, Uuid)> = listing.after()?;
    let sees = identity.sees(Role::BoxOffice);
    let status = wanted.status.as_deref().map(|text| text.replace('\0', ""));
    let rows = checkout.store.payments(sees.as_deref(), status.as_deref(), after, limit).await?;
    Ok(answer(StatusCode::OK, false, &Page::cut(rows, limit, |row| (row.created_at, row.id))))
}
