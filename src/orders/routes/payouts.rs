//! Files in which providers say what they have paid out: brought, compared, booked, read.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::payouts::{BYTES_MAX, BadFile, read as read_file};
use super::super::store::{NewPayouts, PayoutLineRow, PayoutRun};
use super::answer;
use crate::accounts::{Identity, Role};
use crate::http::extract::{Page, read};
use crate::http::{ApiError, Code, Listing};

impl From<BadFile> for ApiError {
    fn from(bad: BadFile) -> Self {
        Self::field("file", bad.to_string())
    }
}

/// Whose file it is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PayoutsBrought {
    /// Whose payments it is about.
    organizer_id: Uuid,
    /// What the file is called.
    #[param(max_length = 200)]
    file_name: Option<String>,
}

/// A file that was kept.
#[derive(Serialize, ToSchema)]
pub struct PayoutBody {
    /// What came of it.
    run: PayoutRun,
}

/// A file, and its lines page by page.
#[derive(Serialize, ToSchema)]
pub struct PayoutPage {
    /// What came of the file.
    run: PayoutRun,
    /// This page's lines.
    items: Vec<PayoutLineRow>,
    /// Where the next page begins; null on the last.
    next: Option<String>,
}

fn is_csv(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    ["text/csv", "application/csv", "text/plain", "application/vnd.ms-excel"].contains(&kind.as_str())
}

/// Brings a provider's file: each line is held against what we have, what the provider kept and paid out is booked, and what
/// the file lacks is named. The same file again is answered with what came of it the first time; a line that an earlier file had is
/// booked once. A file that cannot be read whole changes nothing.
#[utoipa::path(
    tag = "back office",
    params(PayoutsBrought),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = PayoutBody), (status = 200, body = PayoutBody)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/reports/payouts")]
pub async fn bring_payouts(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    identity: Identity,
    brought: web::Query<PayoutsBrought>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let organizer = brought.organizer_id;
    identity.must(Role::Organizer, organizer, "organizer")?;
    if checkout.store.dispute_rules(organizer).await?.is_none() {
        return Err(ApiError::not_found("organizer"));
    }
    let name = brought.file_name.as_deref().unwrap_or("").trim();
    if name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(ApiError::field("file_name", "may have 200 characters, none of them control characters"));
    }
    if !is_csv(&request) {
        return Err(ApiError::new(Code::UnsupportedMediaType, "Send the file as text/csv."));
    }
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse().ok());
    let body = read(payload.into_inner(), declared, BYTES_MAX).await?;
    let hash: [u8; 32] = Sha256::digest(&body).into();
    // Eight megabytes take a moment: other requests of this thread need not wait for it.
    let file = web::block(move || read_file(&body)).await.map_err(|error| ApiError::fault(&error))??;
    let new = NewPayouts { organizer, by: identity.user, name, hash, file: &file };
    let entry = identity.did("payouts.brought").of(organizer);
    let (id, is_new) = checkout.store.keep_payouts(&new, entry).await?;
    let run = run_of(&checkout, id).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer(status, !is_new, &PayoutBody { run }))
}

async fn run_of(checkout: &Checkout, id: Uuid) -> Result<PayoutRun, ApiError> {
    let run = checkout.store.payout_runs(None, Some(id), None, 1).await?.pop();
    run.ok_or_else(|| ApiError::not_found("payout file"))
}

/// Files that were brought, newest first.
#[utoipa::path(tag = "back office", params(Listing), responses((status = 200, body = Page<PayoutRun>)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/reports/payouts")]
pub async fn payout_files(
    checkout: web::Data<Checkout>,
    identity: Identity,
    listing: web::Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let limit = listing.limit()?;
    let after: Option<(Timestamp, Uuid)> = listing.after()?;
    let rows = checkout.store.payout_runs(identity.sees(Role::Organizer).as_deref(), None, after, limit).await?;
    Ok(answer(StatusCode::OK, false, &Page::cut(rows, limit, |row| (row.at, row.id))))
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinesWanted {
    /// Only those that came to this: `matched`, `different`, `unknown`, `missing` or `known`.
    result: Option<String>,
}

/// One file, and its lines in their order; what it lacks comes last.
#[utoipa::path(tag = "back office", params(("id" = Uuid, Path), LinesWanted, Listing),
    responses((status = 200, body = PayoutPage)), security(("session" = []), ("bearer" = [])))]
#[get("/admin/reports/payouts/{id}")]
pub async fn payout_file(
    checkout: web::Data<Checkout>,
    identity: Identity,
    id: web::Path<Uuid>,
    wanted: web::Query<LinesWanted>,
    listing: web::Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let run = run_of(&checkout, *id).await?;
    identity.must(Role::Organizer, run.organizer_id, "payout file")?;
    let limit = listing.limit()?;
    let results = ["matched", "different", "unknown", "missing", "known"];
    if wanted.result.as_deref().is_some_and(|result| !results.contains(&result)) {
        return Err(ApiError::field("result", "is none of matched, different, unknown, missing, known"));
    }
    let rows = checkout.store.payout_lines(*id, wanted.result.as_deref(), listing.after()?, limit).await?;
    let Page { items, next } = Page::cut(rows, limit, |row| row.position);
    Ok(answer(StatusCode::OK, false, &PayoutPage { run, items, next }))
}
