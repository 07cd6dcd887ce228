//! `POST /setup`: once, with the link that the server printed when it found itself empty. The token in the body is what
//! proves the right, so another site that makes a browser send its cookies gains nothing.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::store::{Office, Token, spend_token};
use crate::accounts::sign_in::{self, SignedIn};
use crate::accounts::{How, NewUser, Passwords, insert_organizer, insert_user};
use crate::catalog::{VenueInput, venues};
use crate::http::{ApiError, Code, Json, client_address};
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::house::{self, House};
use crate::platform::ids;
use crate::platform::money::Currency;

/// The first administrator.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstAdministrator {
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[garde(email, length(chars, max = 320))]
    #[schema(format = "email", max_length = 320)]
    email: String,
    #[garde(length(chars, min = 12), length(bytes, max = 1024))]
    #[schema(min_length = 12, max_length = 1024)]
    password: String,
}

/// Whose name stands over the page.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstHouse {
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// Where the first shows will be.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstVenue {
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    city: String,
    #[garde(length(chars, max = 200))]
    #[serde(default)]
    #[schema(max_length = 200)]
    country: String,
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    #[schema(max_length = 500)]
    address: String,
}

/// All that an empty server must be told.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// Of the link that the server printed.
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    token: String,
    #[garde(dive)]
    administrator: FirstAdministrator,
    #[garde(dive)]
    house: FirstHouse,
    /// Of new shows.
    #[garde(skip)]
    #[schema(value_type = String, min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    currency: Currency,
    /// IANA time zone of the first venue.
    #[garde(length(chars, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    time_zone: String,
    #[garde(dive)]
    venue: FirstVenue,
}

/// The set-up of an empty server.
#[derive(Clone, Debug)]
pub struct Setup(Office);

impl Setup {
    /// The set-up behind this back office.
    #[must_use]
    pub fn new(office: Office) -> Self {
        Self(office)
    }

    /// A new token for the link to print, where this server is empty; the one printed before proves nothing from now on.
    /// `None` where somebody has set the server up.
    ///
    /// # Errors
    /// When the database does not answer or the operating system has no randomness.
    pub async fn token_for_printing(&self) -> Result<Option<String>, SetupError> {
        if !self.0.is_empty().await? {
            return Ok(None);
        }
        let token = ids::random_secret()?;
        self.0.keep_token(&token).await?;
        Ok(Some(token))
    }
}

/// Why there is no link to print.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
}

fn right(token: Token) -> Result<(), ApiError> {
    match token {
        Token::Right => Ok(()),
        Token::Wrong => Err(ApiError::new(Code::Forbidden, "This is not the link that the server printed last.")),
        Token::Spent => Err(ApiError::plain(Code::AlreadySetUp)),
    }
}

/// Sets an empty server up: the administrator, the house, its first venue. Works once; who did it is signed in.
#[utoipa::path(tag = "set-up", request_body = SetUp, responses((status = 201, body = SignedIn)))]
#[post("/setup")]
async fn set_up(
    request: HttpRequest,
    office: Data<Office>,
    passwords: Data<Passwords>,
    body: Json<SetUp>,
) -> Result<HttpResponse, ApiError> {
    let SetUp { token, administrator, house, currency, time_zone, venue } = body.value;
    if !office.is_empty().await? {
        return Err(ApiError::plain(Code::AlreadySetUp));
    }
    // Before the password is looked at: guessing tokens must not keep the machine busy.
    right(office.knows_token(&token).await?)?;
    let known = vec![administrator.name.clone(), administrator.email.clone(), house.name.clone()];
    if let Some(weakness) = passwords.weakness(administrator.password.clone(), known).await? {
        return Err(ApiError::field("administrator.password", weakness.to_string()));
    }
    let password_hash = Some(passwords.hash(administrator.password).await?);
    let mut transaction = office.db().begin().await.map_err(DbFault)?;
    right(spend_token(&mut transaction, &token).await?)?;
    let user = NewUser { name: administrator.name, email: administrator.email, password_hash, is_admin: true };
    let user = insert_user(&mut transaction, &user).await?;
    let organizer_id = ids::new_id();
    insert_organizer(&mut transaction, organizer_id, &house.name).await?;
    let FirstVenue { name, city, country, address } = venue;
    let fields = VenueInput {
        organizer_id,
        name,
        address,
        city,
        country,
        time_zone: time_zone.clone(),
        external_id: None,
        metadata: serde_json::Map::new(),
    };
    venues::insert(&mut transaction, ids::new_id(), &fields).await?;
    let house = House { name: house.name, currency, locale: "en".to_owned(), time_zone, demo: false };
    if !house::found(&mut transaction, &house).await? {
        return Err(ApiError::plain(Code::AlreadySetUp));
    }
    let entry = Entry::new(Actor::User(user), "server.set_up").of(organizer_id);
    audit::security(&mut transaction, Severity::Notice, entry.address(client_address(&request))).await?;
    transaction.commit().await.map_err(DbFault)?;
    sign_in::complete(&request, user, How::SetUp, StatusCode::CREATED).await
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(set_up);
}
