//! `/admin/users`: accounts, for administrators.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, get, post, put};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::accounts::members::{self, Account, Members, Refused, UsersWanted, Wished};
use crate::accounts::{Identity, Role};
use crate::http::caching::PRIVATE;
use crate::http::extract::Page;
use crate::http::{ApiError, IdempotencyKey, Json, Listing, Once, once};
use crate::notify::Outbox;
use crate::platform::db::DbFault;
use crate::platform::ids;

/// Which accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Whose name or address has this in it, whatever its case.
    #[param(max_length = 320)]
    q: Option<String>,
}

/// What somebody is to be; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoles {
    /// May do everything in every house.
    #[garde(skip)]
    #[serde(default)]
    #[schema(nullable = false)]
    is_admin: Option<bool>,
    /// All their parts in houses: one that is not among them is taken away.
    #[garde(inner(length(max = 200)))]
    #[serde(default)]
    #[schema(nullable = false, max_items = 200)]
    memberships: Option<Vec<NewMembership>>,
}

/// A part in a house.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMembership {
    /// In which house.
    organizer_id: Uuid,
    /// Which part.
    role: Role,
}

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
pub struct SessionsEnded {
    #[schema(minimum = 0)]
    ended: u64,
}

fn missing() -> ApiError {
    ApiError::not_found("user")
}

/// Everybody with an account, newest first.
#[utoipa::path(tag = "people", params(Wanted, Listing), responses((status = 200, body = Page<Account>)))]
#[get("/admin/users")]
async fn list_users(
    store: Data<Members>,
    identity: Identity,
    wanted: Query<Wanted>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_admin()?;
    let search = wanted.into_inner().q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    if search.as_ref().is_some_and(|q| q.chars().count() > 320) {
        return Err(ApiError::field("q", "may have 320 characters"));
    }
    let limit = listing.limit()?;
    let wanted = UsersWanted { id: None, search, after: listing.after()?, limit: limit + 1 };
    let mut connection = store.pool().acquire().await.map_err(DbFault)?;
    let found = members::read_users(&mut connection, &wanted).await?;
    let page = Page::cut(found, limit, |one| (one.created_at, one.id));
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(page))
}

/// An account.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path)), responses((status = 200, body = Account)))]
#[get("/admin/users/{id}")]
async fn read_user(store: Data<Members>, identity: Identity, id: Path<Uuid>) -> Result<HttpResponse, ApiError> {
    identity.must_be_admin()?;
    let mut connection = store.pool().acquire().await.map_err(DbFault)?;
    let wanted = UsersWanted { id: Some(*id), limit: 1, ..UsersWanted::default() };
    let found = members::read_users(&mut connection, &wanted).await?.pop().ok_or_else(missing)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(found))
}

/// Makes somebody an administrator or none, and sets their parts in houses, at once. The last administrator stays, and so does
/// a house's last organizer.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewRoles, responses((status = 200, body = Account)))]
#[put("/admin/users/{id}/roles")]
async fn set_user_roles(
    store: Data<Members>,
    outbox: Data<Outbox>,
    identity: Identity,
    id: Path<Uuid>,
    key: IdempotencyKey,
    body: Json<NewRoles>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_admin()?;
    let Json { value: NewRoles { is_admin, memberships }, hash } = body;
    let parts: Option<Vec<_>> =
        memberships.map(|parts| parts.into_iter().map(|part| (part.organizer_id, part.role)).collect());
    if let Some(parts) = &parts
        && let Some(at) = (0..parts.len()).find(|&at| parts[..at].iter().any(|(house, _)| *house == parts[at].0))
    {
        return Err(ApiError::field(format!("memberships[{at}].organizer_id"), "is named twice"));
    }
    let wished = Wished { is_admin, parts };
    let key = key.of(identity.caller())?;
    let hash = hash ^ ids::request_hash(id.as_bytes());
    let request = Once { key: key.as_ref(), route: "PUT /admin/users/roles", hash };
    let answer = once(store.pool(), request, StatusCode::OK, async |transaction| {
        members::set_roles(transaction, &identity, *id, &wished).await.map_err(|refused| match refused {
            Refused::NoHouse => ApiError::field("memberships", "names a house that there is not, or that is put away"),
            refused => refused.into(),
        })?;
        let wanted = UsersWanted { id: Some(*id), limit: 1, ..UsersWanted::default() };
        members::read_users(transaction, &wanted).await?.pop().ok_or_else(missing)
    })
    .await?;
    outbox.wake();
    Ok(answer)
}

/// Ends every session of somebody, at once. They may sign in again; tokens made on the command line stay good.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = SessionsEnded)))]
#[post("/admin/users/{id}/end-sessions")]
async fn end_user_sessions(
    store: Data<Members>,
    identity: Identity,
    id: Path<Uuid>,
    key: IdempotencyKey,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_admin()?;
    let key = key.of(identity.caller())?;
    let request =
        Once { key: key.as_ref(), route: "POST /admin/users/end-sessions", hash: ids::request_hash(id.as_bytes()) };
    once(store.pool(), request, StatusCode::OK, async |transaction| {
        Ok(SessionsEnded { ended: members::end_sessions(transaction, &identity, *id).await? })
    })
    .await
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(list_users).service(read_user).service(set_user_roles).service(end_user_sessions);
}
