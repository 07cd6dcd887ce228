//! `/me` and its sessions.

use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, patch, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::accounts::identity::CameBy;
use crate::accounts::sessions::{Ended, SessionView, Sessions};
use crate::accounts::{Accounts, Identity, User, language};
use crate::http::caching::PRIVATE;
use crate::http::{ApiError, ClientAddress, Code, Json};

/// Who is asking.
#[derive(Serialize, ToSchema)]
pub struct Me {
    user: User,
}

/// The sessions of who is asking.
#[derive(Serialize, ToSchema)]
pub struct MySessions {
    /// The last used first.
    items: Vec<SessionView>,
}

/// What may be changed of oneself without further proof.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MyChanges {
    /// What to be called.
    #[garde(length(chars, min = 1, max = 200))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// The language of mails, as a BCP 47 tag.
    #[garde(custom(language::tag))]
    #[serde(default)]
    #[schema(min_length = 2, max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", nullable = false)]
    locale: Option<String>,
}

async fn told(accounts: &Accounts, user: Uuid) -> Result<HttpResponse, ApiError> {
    let user = accounts.user(user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(Me { user }))
}

/// Who is asking.
#[utoipa::path(tag = "accounts", responses((status = 200, body = Me)), security(("session" = []), ("bearer" = [])))]
#[get("/me")]
async fn me(accounts: web::Data<Accounts>, identity: Identity) -> Result<HttpResponse, ApiError> {
    told(&accounts, identity.user).await
}

/// Changes what one is called and the language of mails.
#[utoipa::path(tag = "accounts", request_body = MyChanges, responses((status = 200, body = Me)), security(("session" = []), ("bearer" = [])))]
#[patch("/me")]
async fn change_me(
    accounts: web::Data<Accounts>,
    identity: Identity,
    body: Json<MyChanges>,
) -> Result<HttpResponse, ApiError> {
    let MyChanges { name, locale } = body.value;
    accounts.change(identity.user, name.as_deref().map(str::trim), locale.as_deref()).await?;
    told(&accounts, identity.user).await
}

/// Where one is signed in.
#[utoipa::path(tag = "accounts", responses((status = 200, body = MySessions)), security(("session" = []), ("bearer" = [])))]
#[get("/me/sessions")]
async fn my_sessions(sessions: web::Data<Sessions>, identity: Identity) -> Result<HttpResponse, ApiError> {
    let current = match identity.came_by {
        CameBy::Session(session) => Some(session),
        CameBy::Token(_) => None,
    };
    let items = sessions.of_user(identity.user, current).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(MySessions { items }))
}

/// Ends one of one's own sessions, wherever it runs.
#[utoipa::path(tag = "accounts", responses((status = 204)), security(("session" = []), ("bearer" = [])))]
#[delete("/me/sessions/{id}")]
async fn end_session(
    sessions: web::Data<Sessions>,
    identity: Identity,
    from: ClientAddress,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    if !sessions.end(identity.user, *id, Ended::EndedByOwner, from.0).await? {
        return Err(ApiError::not_found("session"));
    }
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(me).service(change_me).service(my_sessions).service(end_session);
}
