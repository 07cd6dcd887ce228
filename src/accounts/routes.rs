//! `/auth/login`, `/auth/refresh`, `/auth/logout`, the public keys, and below it what people do with their account.

mod credentials;
mod joining;
mod machines;
mod me;
mod members;
mod mfa;
mod oauth;
mod passkeys;
mod person;
mod users;

use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, get, post, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::access_jwt::PublicKey;
use super::identity::{CameBy, MaybeIdentity};
use super::password::Verdict;
use super::sessions::{Ended, How, Refreshed, Sessions};
use super::{Accounts, AccountsError, PasswordError, Passwords, Throttle, cookies, sign_in};
use crate::http::{ApiError, Challenged, Challenges, ClientAddress, Code, Json, Scene};
use crate::platform::keys::Keys;

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

/// The refresh token, for clients that keep no cookies.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    refresh_token: String,
}

/// Signs in: gives the session's tokens, and sets them as cookies. The answer to an unknown address and to a wrong password is
/// one, and takes one time.
#[utoipa::path(tag = "accounts", request_body = Login, responses((status = 200, body = sign_in::SignedIn)))]
#[post("/auth/login")]
#[allow(clippy::too_many_arguments, reason = "each is something that the request brings or that the server has")]
async fn login(
    request: HttpRequest,
    accounts: web::Data<Accounts>,
    passwords: web::Data<Passwords>,
    keys: web::Data<Keys>,
    throttle: web::Data<Throttle>,
    challenges: web::Data<Challenges>,
    from: ClientAddress,
    body: Json<Login>,
) -> Result<HttpResponse, ApiError> {
    let wrong = || ApiError::new(Code::Unauthenticated, "The address or the password is wrong.");
    let found = accounts.by_email(&body.value.email).await?;
    let (user, kept) = found.map_or((None, None), |(user, kept)| (Some(user), kept));
    let device = user.and_then(|user| Some((user, cookies::device_of(&request, &keys, user)?)));
    let known = device.as_ref().map(|(user, proof)| (*user, proof.as_str()));
    if let Err(throttled) = throttle.try_once(&body.value.email, from.group(), known) {
        if throttled.is_news {
            accounts.note_guessing(&body.value.email, from.0).await?;
        }
        match challenges.meet(&request, Scene::SignIn).await {
            Challenged::Passed => throttle.try_once_more(&body.value.email, from.group())?,
            Challenged::Due(refusal) => return Err(refusal),
            Challenged::NoAnswer => return Err(throttled.refusal),
        }
    }
    let verdict = passwords.check(body.value.password, kept.clone()).await?;
    if let Some(user) = user
        && !verdict.is_right()
        && throttle.is_first_refusal(&body.value.email, from.group())
    {
        // Written while the answer is on its way: who waited for it could tell by the time that there is such an account.
        actix_web::rt::spawn(async move {
            if let Err(error) = accounts.note_refusal(user, from.0).await {
                tracing::error!(user.id = %user, error = ?error, "A refused sign-in could not be recorded");
            }
        });
        return Err(wrong());
    }
    let (Some(user), Some(kept)) = (user, kept) else { return Err(wrong()) };
    match verdict {
        Verdict::Wrong => return Err(wrong()),
        Verdict::Right => {}
        Verdict::RightWithNewHash(new) => accounts.renew_hash(user, &kept, &new).await?,
    }
    sign_in::first_factor_passed(&request, user, How::Password).await
}

/// The next tokens of a session, for its refresh token: in the body, or in the cookie of a browser that vouches. Each refresh
/// token is good once; one that comes a second time ends its session.
#[utoipa::path(tag = "accounts", request_body(content = Option<Refresh>), responses((status = 200, body = sign_in::SignedIn)))]
#[post("/auth/refresh")]
async fn refresh(
    request: HttpRequest,
    sessions: web::Data<Sessions>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let refused = || ApiError::new(Code::Unauthenticated, "Sign in again: this session has ended.");
    let token = if request.headers().contains_key(header::CONTENT_TYPE) {
        Json::<Refresh>::from_request(&request, &mut payload.into_inner()).await?.value.refresh_token
    } else if cookies::vouched(&request, sessions.access().issuer()) {
        cookies::refresh_of(&request).ok_or_else(refused)?
    } else {
        return Err(refused());
    };
    match sessions.refresh(&token, &sign_in::visitor(&request)).await? {
        Refreshed::Renewed(user, tokens) => sign_in::answer(&request, user, tokens, StatusCode::OK).await,
        Refreshed::Refused => Err(refused()),
        Refreshed::Reused { user, session } => {
            tracing::warn!(user.id = %user, session.id = %session, "A refresh token came twice; its session was ended");
            Err(refused())
        }
    }
}

/// Signs out: the session, or the token made on the command line, proves nothing any more. A browser whose access token has run
/// out is known by its refresh token.
#[utoipa::path(tag = "accounts", responses((status = 204)), security(("session" = []), ("bearer" = [])))]
#[post("/auth/logout")]
async fn logout(
    request: HttpRequest,
    accounts: web::Data<Accounts>,
    sessions: web::Data<Sessions>,
    identity: MaybeIdentity,
    from: ClientAddress,
) -> Result<HttpResponse, ApiError> {
    match identity.0 {
        Some(identity) => match identity.came_by {
            CameBy::Session(session) => {
                sessions.end(identity.user, session, Ended::SignedOut, from.0).await?;
            }
            CameBy::Token(token) => accounts.revoke(token, identity.did("token.revoked")).await?,
        },
        None => {
            let token = cookies::vouched(&request, sessions.access().issuer())
                .then(|| cookies::refresh_of(&request))
                .flatten()
                .ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
            if let Some(proven) = sessions.by_refresh(&token).await? {
                sessions.end(proven.user, proven.session, Ended::SignedOut, from.0).await?;
            }
        }
    }
    let mut response = HttpResponse::NoContent();
    for cookie in cookies::gone(&request) {
        response.cookie(cookie);
    }
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

#[derive(Serialize)]
struct KeySet {
    keys: Vec<PublicKey>,
}

/// The public keys of access tokens, for whoever verifies them without asking us.
#[get("/.well-known/jwks.json")]
async fn jwks(sessions: web::Data<Sessions>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(KeySet { keys: sessions.access().public() })
}

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config.service(login).service(refresh).service(logout);
    me::routes(config);
    credentials::routes(config);
    person::routes(config);
    machines::routes(config);
    members::routes(config);
    joining::routes(config);
    users::routes(config);
    mfa::routes(config);
    passkeys::routes(config);
    oauth::routes(config);
}

/// The room's address outside the API.
pub fn well_known(config: &mut web::ServiceConfig) {
    config.service(jwks);
}
