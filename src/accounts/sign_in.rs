//! The one way into a session, whatever proved who somebody is: their password, the set-up link, …

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access_jwt::LIFETIME_S;
use super::factors::{Challenge, Factors};
use super::sessions::{How, SessionError, Sessions, Tokens, Visitor};
use super::{Accounts, User, cookies, device};
use crate::http::{ApiError, Code, client_address};
use crate::platform::keys::Keys;

/// Who signed in, and the tokens for clients that keep no cookies.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
    /// Good once, for the next access token.
    pub refresh_token: String,
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Database(fault) => fault.into(),
            SessionError::Randomness(_) | SessionError::Key(_) => Self::fault(&error),
        }
    }
}

/// Where this request comes from, as a list of sessions shows it.
#[must_use]
pub fn visitor(request: &HttpRequest) -> Visitor {
    let said = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Visitor { address: client_address(request), device: device::device(said.unwrap_or_default()) }
}

pub(super) fn part<T: 'static>(request: &HttpRequest) -> Result<&web::Data<T>, ApiError> {
    request.app_data::<web::Data<T>>().ok_or_else(|| ApiError::plain(Code::Internal))
}

/// Signed in, or the question that stands before it.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorDue {
    /// To be answered at `/auth/mfa/challenge`, or by a passkey.
    pub mfa: Challenge,
}

/// What the first factor leads to.
pub enum Entered {
    /// A session: it was all that is due.
    Session(Tokens),
    /// The question for a second factor.
    Question(Challenge),
}

/// What follows a first factor: a session has begun, or the question for a second factor where they have one.
///
/// # Errors
/// When the database does not answer.
pub async fn enter(request: &HttpRequest, user: Uuid, how: How) -> Result<Entered, ApiError> {
    match part::<Factors>(request)?.ask(user, how.name()).await? {
        Some(question) => Ok(Entered::Question(question)),
        None => Ok(Entered::Session(part::<Sessions>(request)?.begin(user, how, &visitor(request)).await?)),
    }
}

/// What follows a right password, or whatever else was shown first: the session, or the question for a second factor where
/// one is due.
///
/// # Errors
/// When the database does not answer.
pub async fn first_factor_passed(request: &HttpRequest, user: Uuid, how: How) -> Result<HttpResponse, ApiError> {
    match enter(request, user, how).await? {
        Entered::Session(tokens) => answer(request, user, tokens, StatusCode::OK).await,
        Entered::Question(mfa) => {
            let mut response = HttpResponse::Ok();
            Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(SecondFactorDue { mfa }))
        }
    }
}

/// Begins the session of who has shown everything that they must, and tells its tokens in the body and in cookies.
///
/// # Errors
/// When the database does not answer.
pub async fn complete(
    request: &HttpRequest,
    user: Uuid,
    how: How,
    status: StatusCode,
) -> Result<HttpResponse, ApiError> {
    let tokens = part::<Sessions>(request)?.begin(user, how, &visitor(request)).await?;
    answer(request, user, tokens, status).await
}

/// The answer that gives a session's tokens.
pub(super) async fn answer(
    request: &HttpRequest,
    user: Uuid,
    tokens: Tokens,
    status: StatusCode,
) -> Result<HttpResponse, ApiError> {
    let user = part::<Accounts>(request)?.user(user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    let mut response = HttpResponse::build(status);
    for cookie in cookies::both(request, &tokens.access, &tokens.refresh) {
        response.cookie(cookie);
    }
    if let Some(cookie) =
        cookies::device(request, part::<Keys>(request)?, user.id).map_err(|error| ApiError::fault(&error))?
    {
        response.cookie(cookie);
    }
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(SignedIn {
        user,
        access_token: tokens.access,
        expires_in: LIFETIME_S,
        refresh_token: tokens.refresh,
    }))
}
