//! Tickets go to somebody else. Who bought them keeps the order and its money; who has them now has their codes.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::returning::Fate;
use super::super::store::{OnceKey, Pass, Transferred};
use super::super::wire::OrderBody;
use super::care::{lines_of, scoped};
use super::{Access, answer, may_see, shown};
use crate::accounts::{MaybeIdentity, normalized};
use crate::http::{ApiError, Code, IdempotencyKey, Json};
use crate::notify::Outbox;
use crate::platform::audit::{Actor, Entry};
use crate::platform::ids::new_id;
use crate::platform::keys::Keys;

fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

/// Who gets the tickets.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHolder {
    /// Their name; whom the house knows already keeps theirs.
    #[garde(length(chars, min = 1, max = 200), custom(says_something))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where the tickets go.
    #[garde(length(bytes, max = 254), email)]
    #[schema(max_length = 254, format = Email)]
    email: String,
}

/// Tickets that go to somebody else.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferTickets {
    /// These; all that are good unless told.
    #[garde(length(min = 1, max = 200))]
    #[serde(default)]
    #[schema(min_items = 1, max_items = 200)]
    tickets: Option<Vec<Uuid>>,
    /// To whom.
    #[garde(dive)]
    to: NewHolder,
}

/// Passes tickets on to somebody else, who gets them by mail: their codes change, and codes and links of before have ended. Who bought
/// them is told, keeps the order, and may give the tickets back. Customers may until the show's house says; the house always.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), ("Aisle-Order-Token" = Option<String>, Header),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = TransferTickets,
    responses((status = 200, body = OrderBody)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[post("/orders/{id}/transfer")]
#[allow(clippy::too_many_arguments, reason = "each is what actix extracts or shares")]
pub async fn transfer_tickets(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    outbox: web::Data<Outbox>,
    identity: MaybeIdentity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
    body: Json<TransferTickets>,
) -> Result<HttpResponse, ApiError> {
    let access = may_see(&request, &keys, &checkout, &identity, *id).await?;
    let missing = || ApiError::not_found("order");
    let saga = checkout.store.load(*id).await?.ok_or_else(missing)?.saga;
    let organizer = checkout.store.organizer_of(*id).await?.ok_or_else(missing)?;
    let tickets = match &body.value.tickets {
        Some(named) => {
            let mut named = named.clone();
            named.sort();
            named.dedup();
            named
        }
        None => checkout.store.good_tickets(*id).await?,
    };
    let lines = lines_of(&saga, &tickets)?;
    let closed = |detail: &str| ApiError::new(Code::TransferClosed, detail.to_owned());
    if tickets.is_empty() {
        return Err(closed("The order has no ticket that is good."));
    }
    let now = checkout.now();
    for offer in checkout.store.offers(*id).await? {
        let wanted = |line: &&super::super::saga::Line| line.show == Some(offer.show) && lines.contains(&line.id);
        if !saga.lines.iter().any(|line| wanted(&line)) {
            continue;
        }
        if offer.fate == Fate::Cancelled {
            return Err(closed(&format!("{} was cancelled.", offer.title)));
        }
        if access != Access::Staff && offer.transfer_until.is_none_or(|until| now >= until) {
            return Err(closed(&match offer.transfer_until {
                Some(until) => format!("Tickets for {} could be passed on until {until}.", offer.title),
                None => format!("Tickets for {} cannot be passed on.", offer.title),
            }));
        }
    }
    let route = "POST /orders/{id}/transfer";
    let key = scoped(key, access, &identity, *id)?;
    let wish = key.as_ref().map_or_else(new_id, |key| key.id(&format!("{route} {}", *id)));
    let once = key.as_ref().map(|key| OnceKey { scope: &key.scope, key: &key.key, route, hash: body.hash });
    // On record whoever did it: their buyer may ask where the tickets are.
    let actor = match (access, &identity.0) {
        (Access::Owner | Access::Staff, Some(identity)) => Actor::User(identity.user),
        (Access::Owner | Access::Staff | Access::Guest, _) => Actor::Guest,
    };
    let count = i64::try_from(tickets.len()).unwrap_or(i64::MAX);
    let entry = Entry::new(actor, "order.transferred").of(organizer).on("order", *id).with("tickets", count);
    let to = &body.value.to;
    let pass = Pass {
        order: *id,
        organizer,
        tickets: &tickets,
        name: to.name.trim(),
        email: to.email.trim(),
        email_normalized: &normalized(&to.email),
    };
    let replayed = match checkout.store.transfer(wish, &pass, once, entry).await? {
        Transferred::Now => false,
        Transferred::Before => true,
        Transferred::Reused => return Err(ApiError::plain(Code::IdempotencyKeyReused)),
        Transferred::Promised => return Err(closed("One of these tickets is just being exchanged for another.")),
        Transferred::NotGood => {
            return Err(closed("One of these tickets is not good any more, or was passed on too often."));
        }
    };
    outbox.wake();
    let order = shown(&checkout, &keys, &saga, access, &identity).await?;
    Ok(answer(StatusCode::OK, replayed, &OrderBody { order }))
}
