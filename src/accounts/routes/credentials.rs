//! Registering, confirming an address, a forgotten password, another address, another password.
//!
//! Registering and forgetting answer every address alike, and do the same work for each: see [`crate::accounts::links`].

use actix_web::http::header::HeaderName;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, post, web};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::credentials::Owner;
use crate::accounts::factors::Factors;
use crate::accounts::identity::CameBy;
use crate::accounts::links::{Kind, Links, Wish};
use crate::accounts::{Identity, MayAskForMail, Passwords, Throttle, language};
use crate::http::{ApiError, Caller, Code, IdempotencyKey, Json, Once, once};
use crate::notify::Outbox;
use crate::platform::db::Db;
use crate::platform::house;
use crate::platform::people::People;

/// Who wants an account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[garde(email, length(chars, max = 320))]
    #[schema(format = "email", max_length = 320)]
    email: String,
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(min_length = 12, max_length = 1024)]
    password: String,
    /// The language of mails, as a BCP 47 tag.
    #[garde(custom(language::tag))]
    #[serde(default)]
    #[schema(nullable = false, max_length = 35)]
    locale: Option<String>,
}

/// The token of a link.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    token: String,
}

impl Token {
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

/// Whose password is forgotten.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenPassword {
    #[garde(email, length(chars, max = 320))]
    #[schema(format = "email", max_length = 320)]
    email: String,
}

/// A link's token and a new password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    token: String,
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(min_length = 12, max_length = 1024)]
    password: String,
}

/// Another address, and the password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddress {
    #[garde(email, length(chars, max = 320))]
    #[schema(format = "email", max_length = 320)]
    email: String,
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(min_length = 1, max_length = 1024)]
    password: String,
}

/// The password and another one.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(min_length = 1, max_length = 1024)]
    current_password: String,
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(min_length = 12, max_length = 1024)]
    new_password: String,
}

/// Says that an answer is the one that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

fn accepted() -> HttpResponse {
    HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

fn done() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

pub(super) fn dead() -> ApiError {
    ApiError::plain(Code::LinkInvalid)
}

/// Refuses a new password that would be guessed too soon by who knows its owner and the house.
pub(super) async fn strong(
    passwords: &Passwords,
    db: &Db,
    field: &str,
    password: &str,
    mut about: Vec<String>,
) -> Result<(), ApiError> {
    about.extend(house::read(db).await?.map(|house| house.name));
    match passwords.weakness(password.to_owned(), about).await? {
        Some(weakness) => Err(ApiError::field(field, weakness.to_string())),
        None => Ok(()),
    }
}

/// Asks for a link by mail, once for each key; an address that has got too many gets none, and who asks is told nothing of it.
async fn asked(
    db: &Db,
    throttle: &Throttle,
    outbox: &Outbox,
    request: Once<'_>,
    wish: &Wish,
) -> Result<HttpResponse, ApiError> {
    let done = once(db, request, StatusCode::ACCEPTED, async |transaction| {
        if throttle.may_mail(&wish.email) {
            Links::ask(transaction, wish).await?;
        }
        Ok(())
    });
    let done = done.await?;
    outbox.wake();
    let mut answer = accepted();
    if let Some(replayed) = done.headers().get(REPLAYED) {
        answer.headers_mut().insert(REPLAYED, replayed.clone());
    }
    Ok(answer)
}

/// Asks for an account. The answer is the same for every address; the mail to it makes the difference.
#[utoipa::path(
    tag = "accounts",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 22, max_length = 255)),
    request_body = Registration,
    responses((status = 202))
)]
#[post("/auth/register")]
#[allow(clippy::too_many_arguments, reason = "what the handler is given")]
async fn register(
    _: MayAskForMail,
    links: web::Data<Links>,
    passwords: web::Data<Passwords>,
    throttle: web::Data<Throttle>,
    db: web::Data<Db>,
    outbox: web::Data<Outbox>,
    key: IdempotencyKey,
    body: Json<Registration>,
) -> Result<HttpResponse, ApiError> {
    let key = key.of(Caller::Stranger)?;
    let Registration { name, email, password, locale } = body.value;
    strong(&passwords, &db, "password", &password, vec![name.clone(), email.clone()]).await?;
    let hash = links.request(&[&name, &email, &password, locale.as_deref().unwrap_or_default()]);
    let password_hash = Some(passwords.hash(password).await?);
    let name = Some(name.trim().to_owned());
    let wish = Wish { kind: Kind::Register, email, user: None, name, password_hash, locale };
    asked(&db, &throttle, &outbox, Once { key: key.as_ref(), route: "POST /auth/register", hash }, &wish).await
}

/// Confirms an address by the link that was mailed to it: makes the account, or moves it there.
#[utoipa::path(tag = "accounts", request_body = Token, responses((status = 204)))]
#[post("/auth/verify-email")]
async fn verify_email(
    links: web::Data<Links>,
    people: web::Data<People>,
    outbox: web::Data<Outbox>,
    body: Json<Token>,
) -> Result<HttpResponse, ApiError> {
    let (_, id) = links.read(&[Kind::Register, Kind::ChangeEmail], &body.value.token).ok_or_else(dead)?;
    links.verify(id, &people).await?.ok_or_else(dead)?;
    outbox.wake();
    Ok(done())
}

/// Asks for a link to a new password. The answer is the same for every address.
#[utoipa::path(
    tag = "accounts",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 22, max_length = 255)),
    request_body = ForgottenPassword,
    responses((status = 202))
)]
#[post("/auth/forgot-password")]
async fn forgot_password(
    _: MayAskForMail,
    links: web::Data<Links>,
    throttle: web::Data<Throttle>,
    db: web::Data<Db>,
    outbox: web::Data<Outbox>,
    key: IdempotencyKey,
    body: Json<ForgottenPassword>,
) -> Result<HttpResponse, ApiError> {
    let key = key.of(Caller::Stranger)?;
    let email = body.value.email;
    let hash = links.request(&[&email]);
    let wish = Wish { kind: Kind::ResetPassword, email, user: None, name: None, password_hash: None, locale: None };
    asked(&db, &throttle, &outbox, Once { key: key.as_ref(), route: "POST /auth/forgot-password", hash }, &wish).await
}

/// Sets a new password by the link that was mailed, and ends every session.
#[utoipa::path(tag = "accounts", request_body = Reset, responses((status = 204)))]
#[post("/auth/reset-password")]
async fn reset_password(
    links: web::Data<Links>,
    people: web::Data<People>,
    passwords: web::Data<Passwords>,
    db: web::Data<Db>,
    outbox: web::Data<Outbox>,
    body: Json<Reset>,
) -> Result<HttpResponse, ApiError> {
    let Reset { token, password } = body.value;
    let (_, id) = links.read(&[Kind::ResetPassword], &token).ok_or_else(dead)?;
    let link = links.good(id).await?.ok_or_else(dead)?;
    let owner = links.owner_of(&link.email).await?.ok_or_else(dead)?;
    // The link stays good for a better one.
    strong(&passwords, &db, "password", &password, vec![owner.name, owner.email]).await?;
    let hash = passwords.hash(password).await?;
    links.reset(id, &hash, &people).await?.ok_or_else(dead)?;
    outbox.wake();
    Ok(done())
}

/// The account of who asks, if this is their password. Who guesses waits, also with a session.
async fn proven(
    links: &Links,
    factors: &Factors,
    passwords: &Passwords,
    identity: &Identity,
    password: String,
) -> Result<Owner, ApiError> {
    let owner = links.owner(identity.user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    factors.try_guess(owner.user, "password").await?;
    if !passwords.check(password, owner.password_hash.clone()).await?.is_right() {
        return Err(ApiError::new(Code::Forbidden, "The password is wrong."));
    }
    factors.guessed_right(owner.user, "password").await?;
    Ok(owner)
}

/// Asks to move one's account to another address, or to confirm the one it has. The mail goes to the new address; the old one
/// is told when the account has moved.
#[utoipa::path(
    tag = "accounts",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255)),
    request_body = NewAddress,
    responses((status = 202)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/me/email")]
#[allow(clippy::too_many_arguments, reason = "what the handler is given")]
async fn change_email(
    links: web::Data<Links>,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    throttle: web::Data<Throttle>,
    db: web::Data<Db>,
    outbox: web::Data<Outbox>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<NewAddress>,
) -> Result<HttpResponse, ApiError> {
    let key = key.of(identity.caller())?;
    let NewAddress { email, password } = body.value;
    let owner = proven(&links, &factors, &passwords, &identity, password).await?;
    let hash = links.request(&[&email]);
    let user = Some(owner.user);
    let wish = Wish { kind: Kind::ChangeEmail, email, user, name: None, password_hash: None, locale: None };
    asked(&db, &throttle, &outbox, Once { key: key.as_ref(), route: "POST /me/email", hash }, &wish).await
}

/// Sets another password, and ends every other session.
#[utoipa::path(tag = "accounts", request_body = NewPassword, responses((status = 204)), security(("session" = []), ("bearer" = [])))]
#[post("/me/password")]
async fn change_password(
    links: web::Data<Links>,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    db: web::Data<Db>,
    outbox: web::Data<Outbox>,
    identity: Identity,
    body: Json<NewPassword>,
) -> Result<HttpResponse, ApiError> {
    let NewPassword { current_password, new_password } = body.value;
    let owner = proven(&links, &factors, &passwords, &identity, current_password).await?;
    strong(&passwords, &db, "new_password", &new_password, vec![owner.name.clone(), owner.email.clone()]).await?;
    let hash = passwords.hash(new_password).await?;
    let session = match identity.came_by {
        CameBy::Session(session) => Some(session),
        CameBy::Token(_) => None,
    };
    if !links.change_password(&owner, &hash, session).await? {
        return Err(ApiError::new(Code::Forbidden, "The password is wrong."));
    }
    outbox.wake();
    Ok(done())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(register)
        .service(verify_email)
        .service(forgot_password)
        .service(reset_password)
        .service(change_email)
        .service(change_password);
}
