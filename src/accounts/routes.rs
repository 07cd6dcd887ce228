//! `/auth/login`, `/auth/logout`, `/me`.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::identity::SESSION_COOKIE;
use super::{Accounts, AccountsError, Identity, PasswordError, Passwords, User};
use crate::http::{ApiError, Code, Json, is_https};

impl From<AccountsError> for ApiError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::AddressTaken => Self::new(Code::AlreadyExists, "There is an account with this address."),
            AccountsError::Database(fault) => fault.into(),
            AccountsError::Randomness(_) => Self::fault(&error),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::busy(2),
            PasswordError::Failed => Self::fault(&error),
        }
    }
}

/// An address and a password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[garde(length(chars, min = 3, max = 320))]
    #[schema(example = "organizer@example.org", min_length = 3, max_length = 320)]
    email: String,
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(min_length = 1, max_length = 1024)]
    password: String,
}

/// Who signed in, and a token for clients that keep no cookies.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    user: User,
    token: String,
}

/// Who is asking.
#[derive(Serialize, ToSchema)]
pub struct Me {
    user: User,
}

/// Signs in: sets the session cookie, and gives the same token for clients that keep none.
#[utoipa::path(tag = "accounts", request_body = Login, responses((status = 200, body = LoggedIn)))]
#[post("/auth/login")]
async fn login(
    request: HttpRequest,
    accounts: web::Data<Accounts>,
    passwords: web::Data<Passwords>,
    body: Json<Login>,
) -> Result<HttpResponse, ApiError> {
    let wrong = || ApiError::new(Code::Unauthenticated, "The address or the password is wrong.");
    let found = accounts.by_email(&body.value.email).await?;
    let (id, hash) = found.map_or((None, None), |(id, hash)| (Some(id), hash));
    let right = passwords.check(body.value.password, hash).await?;
    let Some(id) = id.filter(|_| right) else { return Err(wrong()) };
    let Some(user) = accounts.user(id).await? else { return Err(wrong()) };
    let token = accounts.make_session(id).await?;
    let cookie = signed_in(&request, &token);
    Ok(HttpResponse::Ok().cookie(cookie).insert_header(("cache-control", "no-store")).json(LoggedIn { user, token }))
}

/// Signs out: the token by which the caller came proves nothing any more.
#[utoipa::path(tag = "accounts", responses((status = 204)), security(("session" = []), ("bearer" = [])))]
#[post("/auth/logout")]
async fn logout(
    request: HttpRequest,
    accounts: web::Data<Accounts>,
    identity: Identity,
) -> Result<HttpResponse, ApiError> {
    accounts.revoke(identity.token).await?;
    let mut gone = session_cookie(&request, "").finish();
    gone.make_removal();
    Ok(HttpResponse::NoContent().cookie(gone).insert_header(("cache-control", "no-store")).finish())
}

/// Who is asking.
#[utoipa::path(tag = "accounts", responses((status = 200, body = Me)), security(("session" = []), ("bearer" = [])))]
#[get("/me")]
async fn me(accounts: web::Data<Accounts>, identity: Identity) -> Result<HttpResponse, ApiError> {
    let user = accounts.user(identity.user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(Me { user }))
}

/// The cookie of who has just signed in with this token.
#[must_use]
pub fn signed_in<'a>(request: &HttpRequest, token: &str) -> Cookie<'a> {
    session_cookie(request, token).max_age(Duration::days(7)).finish()
}

fn session_cookie<'a>(request: &HttpRequest, token: &str) -> actix_web::cookie::CookieBuilder<'a> {
    // Without TLS a browser would not send a `Secure` cookie back at all, and a first try on one machine has no TLS.
    let secure = is_https(request);
    Cookie::build(SESSION_COOKIE, token.to_owned()).path("/").http_only(true).same_site(SameSite::Lax).secure(secure)
}

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config.service(login).service(logout).service(me);
}
