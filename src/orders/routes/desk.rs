//! What somebody must look at, of the house's money.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::desk::WorkKind;
use super::super::store::{WorkFilter, WorkRow};
use super::answer;
use super::care::recall;
use crate::accounts::{Identity, Role};
use crate::http::extract::Page;
use crate::http::{ApiError, IdempotencyKey, Json, Listing};
use crate::platform::money::Money;

/// Which of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WorkWanted {
    /// Only this kind: `overpaid`, `refund_failed`, `dispute_open`, …
    kind: Option<String>,
    /// What was closed and is still as it was, rather than what waits.
    #[serde(default)]
    done: bool,
}

/// An order, as the list names it.
#[derive(Serialize, ToSchema)]
pub struct WorkOrder {
    /// Its id.
    id: Uuid,
    /// What people call it.
    number: String,
}

/// That somebody has looked.
#[derive(Serialize, ToSchema)]
pub struct WorkClosed {
    /// What they did.
    note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who; null where they are no longer known.
    by: Option<String>,
}

/// One thing to look at.
#[derive(Serialize, ToSchema)]
pub struct WorkItem {
    /// Its id; another cause has another.
    id: Uuid,
    /// Why it is on the list.
    #[schema(value_type = String, pattern = "^(overpaid|underpaid|duplicate|captured_without_order|refund_failed|refunded_elsewhere|dispute_open|dispute_lost|provider_silent|order_stuck|ledger_unbalanced)$")]
    kind: &'static str,
    /// Whose it is; null where nobody knows.
    organizer_id: Option<Uuid>,
    /// Of which order.
    order: Option<WorkOrder>,
    /// How much it is about.
    amount: Option<Money>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// At which provider.
    provider: Option<String>,
    /// The provider's name for it, or the last problem.
    detail: Option<String>,
    /// What it means.
    meaning: &'static str,
    /// What to do.
    to_do: &'static str,
    /// Where to look.
    link: String,
    /// That somebody has looked.
    closed: Option<WorkClosed>,
}

impl From<WorkRow> for WorkItem {
    fn from(row: WorkRow) -> Self {
        let link = match &row.order {
            Some((id, _)) => format!("/api/v1/admin/orders/{id}"),
            None if row.kind == WorkKind::LedgerUnbalanced => "/api/v1/admin/reports/ledger".to_owned(),
            None => "/api/v1/admin/payments".to_owned(),
        };
        Self {
            id: row.id,
            kind: row.kind.word(),
            organizer_id: row.organizer,
            order: row.order.map(|(id, number)| WorkOrder { id, number }),
            amount: row.amount,
            since: row.since,
            provider: row.provider,
            detail: row.detail,
            meaning: row.kind.meaning(),
            to_do: row.kind.to_do(),
            link,
            closed: row.closed.map(|closed| WorkClosed { note: closed.note, at: closed.at, by: closed.by }),
        }
    }
}

/// How many of one kind wait.
#[derive(Serialize, ToSchema)]
pub struct WorkCount {
    /// Which kind.
    #[schema(value_type = String)]
    kind: &'static str,
    /// How many.
    #[schema(minimum = 0)]
    count: i64,
}

/// The list, and how many of each kind wait, whatever was asked for.
#[derive(Serialize, ToSchema)]
pub struct WorkPage {
    /// This page's.
    items: Vec<WorkItem>,
    /// Where the next page begins; null on the last.
    next: Option<String>,
    /// Every kind, the worst first.
    counts: Vec<WorkCount>,
}

/// What somebody must look at, of the house's money: oldest first. It goes away by itself once its cause has.
#[utoipa::path(tag = "back office", params(WorkWanted, Listing), responses((status = 200, body = WorkPage)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/money-work")]
pub async fn money_work(
    checkout: web::Data<Checkout>,
    identity: Identity,
    wanted: web::Query<WorkWanted>,
    listing: web::Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::BoxOffice)?;
    let limit = listing.limit()?;
    let kind = match &wanted.kind {
        Some(word) => {
            Some(WorkKind::from_word(word).ok_or_else(|| ApiError::field("kind", "is not a kind of this list"))?)
        }
        None => None,
    };
    let organizers = identity.sees(Role::BoxOffice);
    let filter = WorkFilter { organizers, kind, done: wanted.done, after: listing.after()?, limit };
    let page = Page::cut(checkout.store.work(&filter).await?, limit, |row| (row.since, row.id));
    let waiting = checkout.store.work_counts(filter.organizers.as_deref()).await?;
    let count = |kind| waiting.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count);
    let counts = WorkKind::ALL.into_iter().map(|kind| WorkCount { kind: kind.word(), count: count(kind) }).collect();
    let items = page.items.into_iter().map(WorkItem::from).collect();
    Ok(answer(StatusCode::OK, false, &WorkPage { items, next: page.next, counts }))
}

/// What was done about it.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseWork {
    /// For the house alone.
    #[garde(length(chars, min = 1, max = 500), custom(says_something))]
    #[schema(min_length = 1, max_length = 500)]
    note: String,
}

fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("say what was done")) } else { Ok(()) }
}

/// Closes an item of the list. Its cause may still be there; should it become another, the list has it again.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = CloseWork,
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/money-work/{id}/done")]
pub async fn close_money_work(
    checkout: web::Data<Checkout>,
    identity: Identity,
    key: IdempotencyKey,
    id: web::Path<Uuid>,
    body: Json<CloseWork>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("item of the list");
    let organizer = checkout.store.owner_of_work(*id).await?.ok_or_else(missing)?;
    match organizer {
        Some(organizer) => identity.must(Role::Organizer, organizer, "item of the list")?,
        None if identity.is_admin => {}
        None => return Err(missing()),
    }
    let key = key.of(identity.caller())?;
    let route = "POST /admin/money-work/{id}/done";
    let replayed = match &key {
        Some(key) => recall(&checkout, key, route, body.hash).await?,
        None => false,
    };
    if !replayed {
        let entry = identity.did("money_work.closed").of(organizer).on("money_work", *id);
        checkout.store.close_work(*id, identity.user, body.value.note.trim(), entry).await?;
        if let Some(key) = key {
            checkout.store.remember(&key.scope, &key.key, route, body.hash, 204).await?;
        }
    }
    let mut response = HttpResponse::NoContent();
    response.insert_header(("cache-control", crate::http::caching::PRIVATE));
    if replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.finish())
}
