//! `/auth/invitations`: what an invitation says, and accepting it. Whoever holds the link has read the mail to the invited
//! address, and may know whether there is an account with it; nobody else is told.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::credentials::{Token, dead, strong};
use crate::accounts::identity::MaybeIdentity;
use crate::accounts::members::{self, Joiner, Members, Refused};
use crate::accounts::sessions::How;
use crate::accounts::{Accounts, Organizer, Passwords, Role, User, language, sign_in};
use crate::http::{ApiError, Code, FieldProblem, Json};
use crate::platform::db::{Db, DbFault};

/// What whoever holds an invitation's link must do to accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Nothing more: they are signed in with the invited address.
    Accept,
    /// Sign in: there is an account with the invited address.
    SignIn,
    /// Choose a name and a password: the account is made.
    MakeAccount,
    /// Sign out: they are signed in with another address.
    SignOut,
}

/// An invitation, as who holds its link sees it.
#[derive(Serialize, ToSchema)]
pub struct InvitationShown {
    /// Into which house.
    organizer: Organizer,
    /// As what.
    role: Role,
    /// To which address it went.
    email: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// What to do.
    next: Next,
}

/// An invitation's link, and of who has no account what to make it of.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    token: String,
    /// What to be called.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// The new account's password.
    #[garde(inner(length(bytes, min = 1, max = 1024)))]
    #[serde(default)]
    #[schema(min_length = 12, max_length = 1024, nullable = false)]
    password: Option<String>,
    /// The language of mails, as a BCP 47 tag.
    #[garde(custom(language::tag))]
    #[serde(default)]
    #[schema(nullable = false, max_length = 35)]
    locale: Option<String>,
}

/// Who has accepted with the account that they had.
#[derive(Serialize, ToSchema)]
pub struct Accepted {
    user: User,
}

/// What an invitation says, and what to do to accept it. Changes nothing.
#[utoipa::path(tag = "accounts", request_body = Token, responses((status = 200, body = InvitationShown)))]
#[post("/auth/invitations/look")]
async fn look_at_invitation(
    store: Data<Members>,
    identity: MaybeIdentity,
    body: Json<Token>,
) -> Result<HttpResponse, ApiError> {
    let id = store.read(body.value.token()).ok_or_else(dead)?;
    let asked = store.asked(id).await?.ok_or_else(dead)?;
    let next = match (identity.0.map(|identity| identity.user), asked.account) {
        (Some(user), Some(account)) if user == account => Next::Accept,
        (Some(_), _) => Next::SignOut,
        (None, Some(_)) => Next::SignIn,
        (None, None) => Next::MakeAccount,
    };
    let organizer = Organizer { id: asked.house, name: asked.house_name };
    let body = InvitationShown { organizer, role: asked.role, email: asked.email, expires_at: asked.expires_at, next };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

fn accepted(refused: Refused) -> ApiError {
    match refused {
        // Somebody who only holds a link is told of it as of any other link.
        Refused::NoInvitation => dead(),
        refused => refused.into(),
    }
}

/// Comes into the house: with the account that is signed in and has the invited address; or, where there is none with it, with
/// one that is made of the name and password and signed in.
#[utoipa::path(tag = "accounts", request_body = Acceptance,
    responses((status = 200, body = Accepted), (status = 201, body = sign_in::SignedIn)))]
#[post("/auth/invitations/accept")]
async fn accept_invitation(
    request: HttpRequest,
    accounts: Data<Accounts>,
    store: Data<Members>,
    passwords: Data<Passwords>,
    db: Data<Db>,
    identity: MaybeIdentity,
    body: Json<Acceptance>,
) -> Result<HttpResponse, ApiError> {
    let Acceptance { token, name, password, locale } = body.value;
    let id = store.read(&token).ok_or_else(dead)?;
    let joiner = match identity.0 {
        Some(identity) => Joiner::Known(identity.user),
        None => new_joiner(&store, &passwords, &db, id, (name, password, locale)).await?,
    };
    let mut transaction = store.pool().begin().await.map_err(DbFault)?;
    let joined = members::accept(&mut transaction, id, joiner).await.map_err(accepted)?;
    transaction.commit().await.map_err(DbFault)?;
    if joined.is_new {
        return sign_in::complete(&request, joined.user, How::Invitation, StatusCode::CREATED).await;
    }
    let user = accounts.user(joined.user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Accepted { user }))
}

/// Who is to have an account. A weak password does not spend the link.
async fn new_joiner(
    store: &Members,
    passwords: &Passwords,
    db: &Db,
    id: Uuid,
    (name, password, locale): (Option<String>, Option<String>, Option<String>),
) -> Result<Joiner, ApiError> {
    let asked = store.asked(id).await?.ok_or_else(dead)?;
    if asked.account.is_some() {
        return Err(Refused::SignInFirst.into());
    }
    let missing =
        |field: &str| FieldProblem { field: field.to_owned(), message: "is needed for the account".to_owned() };
    let (Some(name), Some(password)) = (&name, &password) else {
        let fields = [("name", name.is_none()), ("password", password.is_none())];
        return Err(ApiError::fields(
            fields.iter().filter(|(_, lacks)| *lacks).map(|(field, _)| missing(field)).collect(),
        ));
    };
    let about = vec![name.clone(), asked.email, asked.house_name];
    strong(passwords, db, "password", password, about).await?;
    let password_hash = passwords.hash(password.clone()).await?;
    Ok(Joiner::New { name: name.trim().to_owned(), password_hash, locale })
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(look_at_invitation).service(accept_invitation);
}
