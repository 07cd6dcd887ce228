//! Staff give money back: with tickets or without, all or a part of it, and what had failed.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::returning::{exactly, plan};
use super::super::saga::{Repayment, Saga, Way, WishRefused};
use super::super::store::{BookedTransaction, OrderView, tickets_of};
use super::super::wire::OrderBody;
use super::care::{CancelRefused, lines_of, recall, there};
use super::{Access, answer, shown};
use crate::accounts::{Identity, MaybeIdentity, Role};
use crate::http::{ApiError, Code, IdempotencyKey, Json, Scoped};
use crate::platform::keys::Keys;
use crate::platform::money::Money;

fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

fn clean(text: &str) -> String {
    text.trim().replace('\0', "")
}

/// What staff give back.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveRefund {
    /// Of these tickets; of all that are left unless told.
    #[garde(length(min = 1, max = 200))]
    #[serde(default)]
    #[schema(min_items = 1, max_items = 200)]
    tickets: Option<Vec<Uuid>>,
    /// How much, in minor units of the order's currency: who runs the house names it, whatever the policy says. Unless told, what
    /// the policy gives.
    #[garde(inner(range(min = 0, max = 1_000_000_000_000)))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    amount: Option<i64>,
    /// Why; the buyer reads it too.
    #[garde(length(chars, min = 1, max = 500), custom(says_something))]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// A kindness: the tickets stay good. Needs `amount`, and takes no `tickets`.
    #[garde(skip)]
    #[serde(default)]
    keep_tickets: bool,
    /// The house gives the money back itself, past the provider: how. Nothing is sent.
    #[garde(inner(length(chars, min = 1, max = 500), custom(says_something)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    by_hand: Option<String>,
}

/// What to do with a refund that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundAction {
    /// Ask the provider for another one in its place.
    Again,
    /// The house gave the money back itself.
    ByHand,
}

/// What is done with a refund that failed.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleRefund {
    /// What.
    #[garde(skip)]
    action: RefundAction,
    /// How it was given back; needed with `by_hand`.
    #[garde(inner(length(chars, max = 500)))]
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// A click that must not pay twice has a key.
fn needed(key: IdempotencyKey, identity: &Identity) -> Result<Scoped, ApiError> {
    let key = key.of(identity.caller())?;
    key.ok_or_else(|| ApiError::field("Idempotency-Key", "is needed: money must not go back twice for one click"))
}

async fn house_of(checkout: &Checkout, identity: &Identity, order: Uuid, role: Role) -> Result<Uuid, ApiError> {
    let organizer = checkout.store.organizer_of(order).await?.ok_or_else(|| ApiError::not_found("order"))?;
    identity.must(role, organizer, "order")?;
    Ok(organizer)
}

/// Gives money back for tickets, which are then no longer good, or as a kindness. Without `amount` what the show's policy
/// gives; with it, what who runs the house decides. Never more than is left of what was paid.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 255)),
    request_body = GiveRefund,
    responses((status = 200, body = OrderBody)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/orders/{id}/refunds")]
pub async fn give_refund(
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: Identity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
    body: Json<GiveRefund>,
) -> Result<HttpResponse, ApiError> {
    let Json { value: wish, hash } = body;
    // Whoever decides how much, rather than the policy, answers for the house's money.
    let role = if wish.amount.is_some() || wish.keep_tickets { Role::Organizer } else { Role::BoxOffice };
    let organizer = house_of(&checkout, &identity, *id, role).await?;
    let key = needed(key, &identity)?;
    let route = "POST /admin/orders/{id}/refunds";
    let loaded = checkout.store.load(*id).await?.ok_or_else(|| ApiError::not_found("order"))?;
    if recall(&checkout, &key, route, hash).await? {
        let order = shown(&checkout, &keys, &loaded.saga, Access::Staff, &MaybeIdentity(None)).await?;
        return Ok(answer(StatusCode::OK, true, &OrderBody { order }));
    }
    let reason = clean(&wish.reason);
    let way = wish.by_hand.as_deref().map_or(Way::Provider, |note| Way::ByHand { note: clean(note) });
    let entry = |action| identity.did(action).of(organizer).on("order", *id).with("by_hand", way != Way::Provider);
    let drove = if wish.keep_tickets {
        let amount = wish.amount.filter(|amount| *amount > 0);
        let amount = amount.ok_or_else(|| ApiError::field("amount", "is needed, and more than nothing"))?;
        if wish.tickets.is_some() {
            return Err(ApiError::field("tickets", "are not named where all of them stay good"));
        }
        let once = key.id(&format!("{route} {}", *id));
        let entry = entry("order.goodwill").with("amount", amount);
        there(checkout.change_by(*id, Some(entry), |saga, now| saga.goodwill(now, once, amount, &way, &reason)).await?)?
    } else {
        let lines = wish.tickets.as_deref().map(|tickets| lines_of(&loaded.saga, tickets)).transpose()?;
        let offers = checkout.store.offers(*id).await?;
        let mut entry = entry("order.refunded");
        if let Some(amount) = wish.amount {
            entry = entry.with("amount", amount);
        }
        let give_back = |saga: &mut Saga, now| -> Result<(), CancelRefused> {
            let returning = if let Some(amount) = wish.amount {
                exactly(saga, lines.as_deref(), amount)?
            } else {
                let plan = plan(saga, &offers, lines.as_deref(), now)?;
                if let Some(closed) = plan.closed() {
                    return Err(CancelRefused::closed(saga, &offers, closed, now));
                }
                plan.returning
            };
            Ok(saga.give_back_as(now, &returning, &way, &reason)?)
        };
        there(checkout.change_by(*id, Some(entry), give_back).await?)?
    };
    checkout.store.remember(&key.scope, &key.key, route, hash, 200).await?;
    let order = shown(&checkout, &keys, &drove.saga, Access::Staff, &MaybeIdentity(None)).await?;
    Ok(answer(StatusCode::OK, false, &OrderBody { order }))
}

/// Tries a refund again that has failed, or notes that the house gave its money back itself. One whose tickets are good again is
/// repeated by giving them back again. The same again changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("refund" = Uuid, Path),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = SettleRefund,
    responses((status = 200, body = OrderBody)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/orders/{id}/refunds/{refund}")]
pub async fn settle_refund(
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: Identity,
    path: web::Path<(Uuid, Uuid)>,
    body: Json<SettleRefund>,
) -> Result<HttpResponse, ApiError> {
    let (id, refund) = path.into_inner();
    let organizer = house_of(&checkout, &identity, id, Role::BoxOffice).await?;
    let note = clean(body.value.note.as_deref().unwrap_or_default());
    let (action, done) = match body.value.action {
        RefundAction::Again => (RefundAction::Again, "refund.tried_again"),
        RefundAction::ByHand if note.is_empty() => {
            return Err(ApiError::field("note", "is needed: how the money was given back"));
        }
        RefundAction::ByHand => (RefundAction::ByHand, "refund.given_by_hand"),
    };
    let entry = identity.did(done).of(organizer).on("order", id).with("refund", refund);
    let settle = |saga: &mut Saga, now| -> Result<(), WishRefused> {
        match action {
            RefundAction::Again => saga.refund_again(now, refund),
            RefundAction::ByHand => saga.refunded_by_hand(refund, &note),
        }
    };
    let drove = there(checkout.change_by(id, Some(entry), settle).await?)?;
    let order = shown(&checkout, &keys, &drove.saga, Access::Staff, &MaybeIdentity(None)).await?;
    Ok(answer(StatusCode::OK, false, &OrderBody { order }))
}

/// A line with what has become of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineMoney {
    /// Its id.
    id: Uuid,
    /// Its tickets.
    tickets: Vec<Uuid>,
    /// What people read.
    label: String,
    /// `ticket`, `fee`, `tax`, `discount`, `voucher` or `exchange`.
    kind: &'static str,
    /// What it costs.
    amount: Money,
    /// How much of it was kept when it was given back.
    kept: Money,
    /// `sold`, `giving_back` or `given_back`; `paid_with` of what pays for the others.
    #[schema(value_type = String, pattern = "^(sold|giving_back|given_back|paid_with)$")]
    state: &'static str,
}

/// An attempt to pay, for staff.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttemptMoney {
    /// Its id.
    id: Uuid,
    /// From one.
    number: i32,
    /// At which provider, into which account there.
    provider: String,
    /// The account.
    account: String,
    /// The provider's name for it.
    provider_ref: Option<String>,
    /// How far it is.
    status: &'static str,
    /// How much.
    amount: Money,
    /// Whether the seats are sold for it.
    counts: bool,
    /// When the buyer paid, by the provider's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    paid_at: Option<jiff::Timestamp>,
    /// What went wrong.
    problem: Option<String>,
}

/// A refund, for staff.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefundMoney {
    /// Its id.
    id: Uuid,
    /// To which payment; null where it goes back onto the voucher, or into the exchange, that had paid.
    payment_id: Option<Uuid>,
    /// Onto which line of the order, where that is so.
    onto_line: Option<Uuid>,
    /// What it is for: `tickets`, `goodwill`, `late`, `duplicate`, `amount`, `again`; `elsewhere`: somebody made it at the
    /// provider; `exchange`: its tickets were worth more than what they were given for, or that was given back.
    #[schema(value_type = String, pattern = "^(tickets|goodwill|late|duplicate|amount|again|elsewhere|exchange)$")]
    what_for: &'static str,
    /// How much.
    amount: Money,
    /// How far it is.
    #[schema(value_type = String, pattern = "^(pending|succeeded|failed|by_hand|again)$")]
    status: &'static str,
    /// Why.
    reason: String,
    /// How it was given back by hand.
    note: String,
    /// It failed, and staff are to try it again or to give the money back themselves.
    waits_for_staff: bool,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    created_at: jiff::Timestamp,
}

/// The money of one order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderMoney {
    /// What it cost.
    total: Money,
    /// How much of what was paid has not gone back and is not about to.
    left: Money,
    /// Line by line.
    lines: Vec<LineMoney>,
    /// Every attempt to pay.
    payments: Vec<AttemptMoney>,
    /// Every refund.
    refunds: Vec<RefundMoney>,
    /// What the books have of it.
    books: Vec<BookedTransaction>,
    /// Tickets that were passed on to somebody else.
    passed_on: HashSet<Uuid>,
}

fn what_for(refund: &Repayment) -> &'static str {
    match refund.cause.trim_end_matches('+').split(':').next() {
        Some("cancel") => "tickets",
        Some("goodwill") => "goodwill",
        Some("late") => "late",
        Some("duplicate") => "duplicate",
        Some("amount") => "amount",
        Some("elsewhere") => "elsewhere",
        Some("exchange" | "exchanged_back") => "exchange",
        Some(_) | None => "again",
    }
}

impl OrderMoney {
    fn of(saga: &Saga, view: &OrderView, books: Vec<BookedTransaction>, passed_on: HashSet<Uuid>) -> Self {
        let money = |amount| Money::new(amount, saga.currency);
        let label = |id: Uuid| view.lines.iter().find(|line| line.id == id).map(|line| line.label.clone());
        let lines = saga.lines.iter().map(|line| LineMoney {
            id: line.id,
            tickets: if line.hold.is_some() { tickets_of(line).collect() } else { Vec::new() },
            label: label(line.id).unwrap_or_default(),
            kind: line.kind.word(),
            amount: money(line.amount),
            kept: money(line.kept),
            state: match (line.giving_back, line.cancelled) {
                _ if line.kind.is_credit() => "paid_with",
                (_, true) => "given_back",
                (true, false) => "giving_back",
                (false, false) => "sold",
            },
        });
        let payments = saga.attempts.iter().map(|attempt| AttemptMoney {
            id: attempt.id,
            number: attempt.number,
            provider: attempt.provider.clone(),
            account: attempt.account.clone(),
            provider_ref: attempt.provider_ref.clone(),
            status: attempt.status.word(),
            amount: attempt.amount,
            counts: saga.paid_with == Some(attempt.id),
            paid_at: attempt.paid_at,
            problem: attempt.problem.clone(),
        });
        let refunds = saga.refunds.iter().map(|refund| RefundMoney {
            id: refund.id,
            payment_id: saga.credit_of(refund).is_none().then_some(refund.payment),
            onto_line: saga.credit_of(refund).map(|line| line.id),
            what_for: what_for(refund),
            amount: refund.amount,
            status: refund.status.word(),
            reason: refund.reason.clone(),
            note: refund.note.clone(),
            waits_for_staff: saga.waits_for_staff(refund),
            created_at: refund.created_at,
        });
        Self {
            total: money(saga.total),
            left: money(saga.left()),
            lines: lines.collect(),
            payments: payments.collect(),
            refunds: refunds.collect(),
            books,
            passed_on,
        }
    }
}

/// An answer with the money of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderMoneyBody {
    /// It.
    money: OrderMoney,
}

/// The money of one order: its lines, every payment and refund, and what the books have of it.
#[utoipa::path(tag = "back office", params(("id" = Uuid, Path)), responses((status = 200, body = OrderMoneyBody)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/orders/{id}/money")]
pub async fn admin_order_money(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    house_of(&checkout, &identity, *id, Role::BoxOffice).await?;
    let missing = || ApiError::not_found("order");
    let saga = checkout.store.load(*id).await?.ok_or_else(missing)?.saga;
    let view = checkout.store.view(*id).await?.ok_or_else(missing)?;
    let books = checkout.store.money_of(*id).await?.transactions;
    let passed_on = checkout.store.passed_on(*id).await?;
    let money = OrderMoney::of(&saga, &view, books, passed_on);
    Ok(answer(StatusCode::OK, false, &OrderMoneyBody { money }))
}

/// A code for who asks for something that the show's state does not allow.
pub(super) fn wrong_state(detail: &str) -> ApiError {
    ApiError::new(Code::WrongState, detail.to_owned())
}
