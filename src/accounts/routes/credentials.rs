//! Registering, confirming an address, a forgotten password, another address, another password.
//!
//! Registering and forgetting answer every address alike, and do the same work for each: see [`crate::accounts::links`].

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::credentials::Owner;
use crate::accounts::identity::CameBy;
use crate::accounts::links::{Kind, Links, Wish};
use crate::accounts::password::Verdict;
use crate::accounts::{Identity, MayAskForMail, Passwords, Throttle, language};
use crate::http::{ApiError, Code, Json};
use crate::notify::Outbox;
use crate::platform::db::Db;
use crate::platform::house;

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

fn accepted() -> HttpResponse {
    HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

fn done() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

fn dead() -> ApiError {
    ApiError::plain(Code::LinkInvalid)
}

/// Refuses a new password that would be guessed too soon by who knows its owner and the house.
async fn strong(
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

/// Asks for an account. The answer is the same for every address; the mail to it makes the difference.
#[utoipa::path(tag = "accounts", request_body = Registration, responses((status = 202)))]
#[post("/auth/register")]
async fn register(
    _: MayAskForMail,
    links: web::Data<Links>,
    passwords: web::Data<Passwords>,
    throttle: web::Data<Throttle>,
    db: web::Data<Db>,
    outbox: web::Data<Outbox>,
    body: Json<Registration>,
) -> Result<HttpResponse, ApiError> {
    let Registration { name, email, password, locale } = body.value;
    strong(&passwords, &db, "password", &password, vec![name.clone(), email.clone()]).await?;
    let password_hash = Some(passwords.hash(password).await?);
    let name = Some(name.trim().to_owned());
    if throttle.may_mail(&email) {
        links.ask(&Wish { kind: Kind::Register, email, user: None, name, password_hash, locale }).await?;
    }
    outbox.wake();
    Ok(accepted())
}

/// Confirms an address by the link that was mailed to it: makes the account, or moves it there.
#[utoipa::path(tag = "accounts", request_body = Token, responses((status = 204)))]
#[post("/auth/verify-email")]
async fn verify_email(
    links: web::Data<Links>,
    outbox: web::Data<Outbox>,
    body: Json<Token>,
) -> Result<HttpResponse, ApiError> {
    let (_, id) = links.read(&[Kind::Register, Kind::ChangeEmail], &body.value.token).ok_or_else(dead)?;
    links.verify(id).await?.ok_or_else(dead)?;
    outbox.wake();
    Ok(done())
}

/// Asks for a link to a new password. The answer is the same for every address.
#[utoipa::path(tag = "accounts", request_body = ForgottenPassword, responses((status = 202)))]
#[post("/auth/forgot-password")]
async fn forgot_password(
    _: MayAskForMail,
    links: web::Data<Links>,
    throttle: web::Data<Throttle>,
    outbox: web::Data<Outbox>,
    body: Json<ForgottenPassword>,
) -> Result<HttpResponse, ApiError> {
    let email = body.value.email;
    if throttle.may_mail(&email) {
        let wish = Wish { kind: Kind::ResetPassword, email, user: None, name: None, password_hash: None, locale: None };
        links.ask(&wish).await?;
    }
    outbox.wake();
    Ok(accepted())
}

/// Sets a new password by the link that was mailed, and ends every session.
#[utoipa::path(tag = "accounts", request_body = Reset, responses((status = 204)))]
#[post("/auth/reset-password")]
async fn reset_password(
    links: web::Data<Links>,
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
    links.reset(id, &hash).await?.ok_or_else(dead)?;
    outbox.wake();
    Ok(done())
}

/// The account of who asks, if this is their password.
async fn proven(
    links: &Links,
    passwords: &Passwords,
    identity: &Identity,
    password: String,
) -> Result<Owner, ApiError> {
    let owner = links.owner(identity.user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    match passwords.check(password, owner.password_hash.clone()).await? {
        Verdict::Right | Verdict::RightWithNewHash(_) => Ok(owner),
        Verdict::Wrong => Err(ApiError::new(Code::Forbidden, "The password is wrong.")),
    }
}

/// Asks to move one's account to another address, or to confirm the one it has. The mail goes to the new address; the old one
/// is told when the account has moved.
#[utoipa::path(tag = "accounts", request_body = NewAddress, responses((status = 202)), security(("session" = []), ("bearer" = [])))]
#[post("/me/email")]
async fn change_email(
    links: web::Data<Links>,
    passwords: web::Data<Passwords>,
    throttle: web::Data<Throttle>,
    outbox: web::Data<Outbox>,
    identity: Identity,
    body: Json<NewAddress>,
) -> Result<HttpResponse, ApiError> {
    let NewAddress { email, password } = body.value;
    let owner = proven(&links, &passwords, &identity, password).await?;
    let user = Some(owner.user);
    if throttle.may_mail(&email) {
        links
            .ask(&Wish { kind: Kind::ChangeEmail, email, user, name: None, password_hash: None, locale: None })
            .await?;
    }
    outbox.wake();
    Ok(accepted())
}

/// Sets another password, and ends every other session.
#[utoipa::path(tag = "accounts", request_body = NewPassword, responses((status = 204)), security(("session" = []), ("bearer" = [])))]
#[post("/me/password")]
async fn change_password(
    links: web::Data<Links>,
    passwords: web::Data<Passwords>,
    db: web::Data<Db>,
    outbox: web::Data<Outbox>,
    identity: Identity,
    body: Json<NewPassword>,
) -> Result<HttpResponse, ApiError> {
    let NewPassword { current_password, new_password } = body.value;
    let owner = proven(&links, &passwords, &identity, current_password).await?;
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
