//! `/auth/passkeys`: made, shown, renamed, removed; a way in by themselves, and an answer to the question for a second factor.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::mfa::{Proof, must_be_really_them, nothing, private};
use crate::accounts::factors::{Change, Factors, ShownError};
use crate::accounts::passkeys::{self, Ceremony, CeremonyError, PasskeyView, Passkeys, RelyingParty};
use crate::accounts::sessions::How;
use crate::accounts::{Accounts, Identity, Passwords, sign_in};
use crate::http::extract::Page;
use crate::http::{ApiError, Code, Json};

impl From<CeremonyError> for ApiError {
    fn from(error: CeremonyError) -> Self {
        match error {
            CeremonyError::Unfit(unfit) => {
                let why = unfit.to_string();
                let mut letters = why.chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase).collect::<String>();
                Self::new(Code::PasskeysUnavailable, format!("{first}{}.", letters.as_str()))
            }
            CeremonyError::Refused(why) => {
                // The library's word for it says what the browser did, and nothing of anybody's secrets.
                tracing::debug!(error = %why, "A passkey was refused");
                Self::new(Code::Unauthenticated, "This passkey is not known here, or was not shown to this page.")
            }
            CeremonyError::Unreadable(_) => Self::fault(&error),
        }
    }
}

impl From<ShownError> for ApiError {
    fn from(error: ShownError) -> Self {
        match error {
            ShownError::Ceremony(error) => error.into(),
            ShownError::Database(fault) => fault.into(),
        }
    }
}

/// What the browser is asked.
#[derive(Serialize, ToSchema)]
pub struct CeremonyBegun {
    /// To be sent back with the browser's answer; good once, for five minutes.
    ceremony: String,
    /// For `navigator.credentials`, bytes in URL-safe base64: `{"publicKey": {…}}`.
    #[schema(value_type = Object)]
    options: Value,
}

/// To make a passkey.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegisterStart {
    /// Their password, where they have one.
    #[garde(inner(length(bytes, min = 1, max = 1024)))]
    #[schema(min_length = 1, max_length = 1024)]
    password: Option<String>,
}

/// The browser's answer: a new passkey.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterFinish {
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    ceremony: String,
    /// What its owner calls it.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "Phone")]
    name: String,
    /// As `PublicKeyCredential.toJSON()` gives it.
    #[garde(skip)]
    #[schema(value_type = Object)]
    credential: Value,
}

/// A passkey that was made.
#[derive(Serialize, ToSchema)]
pub struct PasskeyMade {
    /// Its id.
    id: Uuid,
    /// Shown this once, to who had none.
    recovery_codes: Option<Vec<String>>,
}

/// To sign in by a passkey.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoginStart {
    /// The question for a second factor that it answers; left out, it signs in by itself.
    #[garde(inner(length(bytes, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    challenge: Option<String>,
}

/// The browser's answer: a passkey that was shown.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginFinish {
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    ceremony: String,
    /// As `PublicKeyCredential.toJSON()` gives it.
    #[garde(skip)]
    #[schema(value_type = Object)]
    credential: Value,
}

/// Another name.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "Phone")]
    name: String,
}

fn over() -> ApiError {
    ApiError::new(Code::NotFound, "This was answered already, or too late; begin again.")
}

/// A browser's answer in its type. What does not even have the form is the browser's fault, not a wrong passkey.
fn read<T: serde::de::DeserializeOwned>(credential: Value) -> Result<T, ApiError> {
    serde_json::from_value(credential).map_err(|error| ApiError::field("credential", error.to_string()))
}

/// Begins a new passkey: what to ask the browser.
#[utoipa::path(
    tag = "accounts",
    request_body = RegisterStart,
    responses((status = 200, body = CeremonyBegun)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/auth/passkeys/register/start")]
#[allow(clippy::too_many_arguments, reason = "what the handler is given")]
async fn register_start(
    party: web::Data<RelyingParty>,
    keys: web::Data<Passkeys>,
    accounts: web::Data<Accounts>,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    identity: Identity,
    body: Json<RegisterStart>,
) -> Result<HttpResponse, ApiError> {
    party.ready().map_err(CeremonyError::from)?;
    must_be_really_them(&factors, &passwords, &identity, body.value.password).await?;
    let user = accounts.user(identity.user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    let known = keys.credential_ids(user.id).await?;
    let begun = passkeys::begin_registration(&party, user.id, &user.email, &user.name, known)?;
    let ceremony = Ceremony { user: Some(user.id), challenge: None, state: begun.state };
    Ok(private(CeremonyBegun { ceremony: keys.begin(&ceremony).await?, options: begun.options }))
}

/// Keeps the passkey that the browser made. From now on a password alone does not sign in; other sessions end.
#[utoipa::path(
    tag = "accounts",
    request_body = RegisterFinish,
    responses((status = 201, body = PasskeyMade)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/auth/passkeys/register/finish")]
async fn register_finish(
    request: HttpRequest,
    party: web::Data<RelyingParty>,
    keys: web::Data<Passkeys>,
    factors: web::Data<Factors>,
    identity: Identity,
    body: Json<RegisterFinish>,
) -> Result<HttpResponse, ApiError> {
    let RegisterFinish { ceremony, name, credential } = body.value;
    let answer: RegisterPublicKeyCredential = read(credential)?;
    let begun = keys.take(&ceremony).await?.filter(|begun| begun.user == Some(identity.user)).ok_or_else(over)?;
    let refused = |error| match error {
        CeremonyError::Refused(_) => ApiError::new(Code::Forbidden, "This passkey was not made for this page."),
        CeremonyError::Unfit(_) | CeremonyError::Unreadable(_) => error.into(),
    };
    let passkey = passkeys::finish_registration(&party, begun.state, &answer).map_err(refused)?;
    let made = factors.passkey_added(&Change::of(&request, &identity), name.trim(), &passkey).await?;
    let taken = || ApiError::new(Code::AlreadyExists, "This passkey is known already, or you have too many.");
    let (id, recovery_codes) = made.ok_or_else(taken)?;
    let mut response = HttpResponse::Created();
    response.insert_header((actix_web::http::header::CACHE_CONTROL, "private, no-store"));
    Ok(response.json(PasskeyMade { id, recovery_codes }))
}

/// Begins a sign-in by passkey: what to ask the browser.
#[utoipa::path(tag = "accounts", request_body = LoginStart, responses((status = 200, body = CeremonyBegun)))]
#[post("/auth/passkeys/login/start")]
async fn login_start(
    party: web::Data<RelyingParty>,
    keys: web::Data<Passkeys>,
    factors: web::Data<Factors>,
    body: Json<LoginStart>,
) -> Result<HttpResponse, ApiError> {
    let challenge = match body.value.challenge {
        None => None,
        Some(challenge) => {
            let user = factors.try_answer(&challenge).await?;
            let user = user.ok_or_else(|| ApiError::new(Code::NotFound, "This question is over; sign in again."))?;
            Some((user, Factors::kept(&challenge)))
        }
    };
    let known = match &challenge {
        Some((user, _)) => keys.credential_ids(*user).await?,
        None => Vec::new(),
    };
    let begun = passkeys::begin_login(&party, &known)?;
    let ceremony = Ceremony { user: None, challenge: challenge.map(|(_, kept)| kept), state: begun.state };
    Ok(private(CeremonyBegun { ceremony: keys.begin(&ceremony).await?, options: begun.options }))
}

/// Signs in by the passkey that was shown: by itself, because its device has verified its owner, or as second factor.
#[utoipa::path(tag = "accounts", request_body = LoginFinish, responses((status = 200, body = sign_in::SignedIn)))]
#[post("/auth/passkeys/login/finish")]
async fn login_finish(
    request: HttpRequest,
    party: web::Data<RelyingParty>,
    keys: web::Data<Passkeys>,
    factors: web::Data<Factors>,
    body: Json<LoginFinish>,
) -> Result<HttpResponse, ApiError> {
    let answer: PublicKeyCredential = read(body.value.credential)?;
    let begun = keys.take(&body.value.ceremony).await?.filter(|begun| begun.user.is_none()).ok_or_else(over)?;
    let address = sign_in::visitor(&request).address;
    let (user, how) = factors.passkey_shown(&party, begun, &answer, address).await?;
    let how = how.and_then(|how| How::from_name(&how)).unwrap_or(How::Passkey);
    sign_in::complete(&request, user, how, StatusCode::OK).await
}

/// One's passkeys, oldest first.
#[utoipa::path(
    tag = "accounts",
    responses((status = 200, body = Page<PasskeyView>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/auth/passkeys")]
async fn list(keys: web::Data<Passkeys>, identity: Identity) -> Result<HttpResponse, ApiError> {
    Ok(private(Page::whole(keys.of(identity.user).await?)))
}

/// Gives a passkey another name.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path)),
    request_body = Rename,
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/auth/passkeys/{id}")]
async fn rename(
    keys: web::Data<Passkeys>,
    identity: Identity,
    id: web::Path<Uuid>,
    body: Json<Rename>,
) -> Result<HttpResponse, ApiError> {
    let renamed = keys.rename(identity.user, *id, body.value.name.trim()).await?;
    if renamed { Ok(nothing()) } else { Err(ApiError::not_found("passkey")) }
}

/// Removes a passkey, after the password or a fresh sign-in. It signs in nobody any more.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path)),
    request_body = Proof,
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/auth/passkeys/{id}")]
async fn remove(
    request: HttpRequest,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    identity: Identity,
    id: web::Path<Uuid>,
    body: Json<Proof>,
) -> Result<HttpResponse, ApiError> {
    must_be_really_them(&factors, &passwords, &identity, body.value.password).await?;
    let removed = factors.passkey_removed(&Change::of(&request, &identity), *id).await?;
    if removed { Ok(nothing()) } else { Err(ApiError::not_found("passkey")) }
}

/// The addresses.
pub fn routes(config: &mut ServiceConfig) {
    config.service(register_start).service(register_finish).service(login_start).service(login_finish);
    config.service(list).service(rename).service(remove);
}
