//! `/admin/customers`: a house forgets one of its customers.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, post, web};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::checkout::Checkout;
use crate::accounts::{Identity, Role};
use crate::http::caching::PRIVATE;
use crate::http::{ApiError, Forgotten, Json};
use crate::platform::people::{Forgetting, People, Person};

/// How to forget them.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseCustomer {
    /// Also with a show to come: their tickets stay good, and nobody can tell them any more should it not take place.
    #[garde(skip)]
    #[serde(default)]
    at_once: bool,
}

/// Has a house forget a customer: name, address, the mails to them. Orders stay in the books, tickets stay good. With a show to
/// come it is done two days after it, unless `at_once`; while a payment or a refund is under way it is refused.
#[utoipa::path(tag = "back office", params(("id" = Uuid, Path)), request_body = EraseCustomer,
    responses((status = 200, body = Forgotten)), security(("session" = []), ("bearer" = [])))]
#[post("/admin/customers/{id}/erase")]
pub async fn admin_erase_customer(
    checkout: web::Data<Checkout>,
    people: web::Data<People>,
    identity: Identity,
    id: web::Path<Uuid>,
    body: Json<EraseCustomer>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("customer");
    let (organizer, email) = checkout.store.customer(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, organizer, "customer")?;
    let person = Person { user: None, emails: vec![email], organizer: Some(organizer) };
    let how = Forgetting { now: checkout.now(), at_once: body.value.at_once };
    let entry = identity.did("customer.erased").of(organizer).on("customer", *id);
    let later = checkout.store.forget(&people, &person, how, entry).await?;
    Ok(HttpResponse::build(StatusCode::OK).insert_header((header::CACHE_CONTROL, PRIVATE)).json(Forgotten::from(later)))
}
