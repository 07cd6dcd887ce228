//! `/auth/oauth`: to another house and back, and `/me/linked-accounts`. The browser is sent and comes back by itself; what goes
//! wrong on the way is told to the website's sign-in page.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use aisle_actors::Clock;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::mfa::{Proof, must_be_really_them, nothing, private, unix_s};
use crate::accounts::factors::{Change, Factors};
use crate::accounts::identity::MaybeIdentity;
use crate::accounts::oidc::{
    Answer, Arrival, FLOW_S, Flow, Houses, Linked, LinkedAccounts, Provider, VisitError, own_path,
};
use crate::accounts::sessions::{How, Sessions};
use crate::accounts::sign_in::Entered;
use crate::accounts::{Identity, Passwords, cookies, sign_in};
use crate::http::client_address::is_https;
use crate::http::error::chain;
use crate::http::extract::Page;
use crate::http::{ApiError, Code, Json};
use crate::platform::keys::Keys;
use crate::platform::people::People;

const PATH: &str = "/api/v1/auth/oauth";

/// Another house by which one may sign in.
#[derive(Serialize, ToSchema)]
pub struct ProviderView {
    /// Its word in addresses.
    #[schema(example = "google")]
    id: String,
    /// Its name.
    #[schema(example = "Google")]
    name: String,
}

/// Where to afterwards.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Next {
    /// A path of the website; anything else is its front page.
    next: Option<String>,
}

/// To link an account elsewhere to one's own.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Link {
    /// Their password, where they have one.
    #[garde(inner(length(bytes, min = 1, max = 1024)))]
    #[schema(min_length = 1, max_length = 1024)]
    password: Option<String>,
    /// A path of the website to come back to.
    #[garde(inner(length(bytes, max = 512)))]
    #[schema(max_length = 512, example = "/account/security")]
    next: Option<String>,
}

/// Where the browser is to go.
#[derive(Serialize, ToSchema)]
pub struct WayThere {
    /// An address of the other house.
    url: String,
}

/// Why somebody comes back to the website as who they were: a word in its address.
#[derive(Clone, Copy)]
enum Failed {
    Denied,
    Expired,
    Unavailable,
    Refused,
    AddressTaken,
    AddressUnverified,
    Disabled,
    LinkedElsewhere,
}

impl Failed {
    fn word(self) -> &'static str {
        match self {
            Self::Denied => "oauth_denied",
            Self::Expired => "oauth_expired",
            Self::Unavailable => "oauth_unavailable",
            Self::Refused => "oauth_refused",
            Self::AddressTaken => "oauth_address_taken",
            Self::AddressUnverified => "oauth_address_unverified",
            Self::Disabled => "oauth_account_disabled",
            Self::LinkedElsewhere => "oauth_linked_elsewhere",
        }
    }
}

impl From<&VisitError> for Failed {
    fn from(error: &VisitError) -> Self {
        match error {
            VisitError::Unreachable(_) => Self::Unavailable,
            VisitError::Denied => Self::Denied,
            VisitError::WrongState => Self::Expired,
            VisitError::WrongIssuer | VisitError::CodeRefused | VisitError::TokenRefused(_) => Self::Refused,
        }
    }
}

fn cookie(request: &HttpRequest, provider: &Provider, value: String) -> Cookie<'static> {
    let secure = is_https(request);
    Cookie::build(cookie_name(secure), value)
        .path(format!("{PATH}/{}", provider.key))
        .max_age(Duration::seconds(FLOW_S))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .finish()
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Secure-aisle_oauth" } else { "aisle_oauth" }
}

fn to(location: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, location)).insert_header((header::CACHE_CONTROL, "no-store"));
    // The address by which they came has the code: it is told to nobody.
    response.insert_header((header::REFERRER_POLICY, "no-referrer"));
    response
}

/// A path with one more thing behind its `?`.
fn with(path: &str, name: &str, value: &str) -> String {
    let (path, fragment) =
        path.split_once('#').map_or((path, String::new()), |(path, rest)| (path, format!("#{rest}")));
    let joint = if path.contains('?') { '&' } else { '?' };
    let value: String = openidconnect::url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    format!("{path}{joint}{name}={value}{fragment}")
}

fn back(failed: Failed, provider: &str, flow: Option<&Flow>) -> actix_web::HttpResponseBuilder {
    let page = match flow {
        Some(Flow { link: Some(_), return_to, .. }) => return_to.clone(),
        Some(Flow { return_to, .. }) if return_to != "/" => with("/login", "next", return_to),
        Some(_) | None => "/login".to_owned(),
    };
    to(&with(&with(&page, "error", failed.word()), "provider", provider))
}

fn known<'a>(houses: &'a Houses, key: &str) -> Result<&'a Provider, ApiError> {
    houses.one(key).ok_or_else(|| ApiError::not_found("provider"))
}

fn log(error: &VisitError, provider: &Provider) {
    match error {
        VisitError::Denied | VisitError::WrongState => {
            tracing::info!(provider = provider.key, error = chain(error), "A visit to another house came to nothing");
        }
        VisitError::Unreachable(_)
        | VisitError::WrongIssuer
        | VisitError::CodeRefused
        | VisitError::TokenRefused(_) => {
            tracing::warn!(provider = provider.key, error = chain(error), "A visit to another house came to nothing");
        }
    }
}

/// The houses by which one may sign in here.
#[utoipa::path(tag = "accounts", responses((status = 200, body = Page<ProviderView>)))]
#[get("/auth/oauth")]
async fn providers(houses: web::Data<Houses>) -> HttpResponse {
    let view = |one: &Provider| ProviderView { id: one.key.clone(), name: one.name.clone() };
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .json(Page::whole(houses.all().map(view).collect()))
}

/// Sends the browser to another house, to sign in. Where that cannot be reached, to the sign-in page, which says so.
#[utoipa::path(
    tag = "accounts",
    params(("provider" = String, Path), Next),
    responses((status = 303, description = "To the other house, or to the sign-in page"))
)]
#[get("/auth/oauth/{provider}/start")]
async fn start(
    request: HttpRequest,
    houses: web::Data<Houses>,
    keys: web::Data<Keys>,
    clock: web::Data<Clock>,
    key: web::Path<String>,
    next: web::Query<Next>,
) -> Result<HttpResponse, ApiError> {
    let provider = known(&houses, &key)?;
    let now = unix_s(&clock).cast_signed();
    let flow = Flow::new(&key, own_path(next.next.as_deref()), None, now).map_err(|error| ApiError::fault(&error))?;
    match houses.way_there(&flow).await {
        Ok(url) => Ok(to(&url).cookie(cookie(&request, provider, flow.sealed(&keys))).finish()),
        Err(error) => {
            log(&error, provider);
            Ok(back(Failed::from(&error), &key, Some(&flow)).finish())
        }
    }
}

/// Begins to link an account elsewhere to one's own. It is a POST, so that no other page can begin it: whoever is linked signs in.
#[utoipa::path(
    tag = "accounts",
    params(("provider" = String, Path)),
    request_body = Link,
    responses((status = 200, body = WayThere)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/auth/oauth/{provider}/link")]
#[allow(clippy::too_many_arguments, reason = "what the handler is given")]
async fn link(
    request: HttpRequest,
    houses: web::Data<Houses>,
    keys: web::Data<Keys>,
    clock: web::Data<Clock>,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    identity: Identity,
    key: web::Path<String>,
    body: Json<Link>,
) -> Result<HttpResponse, ApiError> {
    let provider = known(&houses, &key)?;
    must_be_really_them(&factors, &passwords, &identity, body.value.password).await?;
    let return_to = own_path(body.value.next.as_deref());
    let now = unix_s(&clock).cast_signed();
    let flow = Flow::new(&key, return_to, Some(identity.user), now).map_err(|error| ApiError::fault(&error))?;
    let url = houses.way_there(&flow).await.map_err(|error| {
        log(&error, provider);
        ApiError::busy(30)
    })?;
    let mut response = HttpResponse::Ok();
    response.cookie(cookie(&request, provider, flow.sealed(&keys)));
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(WayThere { url }))
}

/// Where the other house sends the browser back to: signs in, links, or says on the website why not.
#[utoipa::path(
    tag = "accounts",
    params(("provider" = String, Path)),
    responses((status = 303, description = "Back to the website, signed in or told why not"))
)]
#[get("/auth/oauth/{provider}/callback")]
#[allow(clippy::too_many_arguments, reason = "what the handler is given")]
async fn callback(
    request: HttpRequest,
    houses: web::Data<Houses>,
    keys: web::Data<Keys>,
    clock: web::Data<Clock>,
    factors: web::Data<Factors>,
    sessions: web::Data<Sessions>,
    people: web::Data<People>,
    identity: Result<MaybeIdentity, ApiError>,
    key: web::Path<String>,
    answer: web::Query<Answer>,
) -> Result<HttpResponse, ApiError> {
    let provider = known(&houses, &key)?;
    let brought = request.cookie(cookie_name(is_https(&request)));
    let now = unix_s(&clock).cast_signed();
    let flow = brought.and_then(|cookie| Flow::opened(&keys, cookie.value(), &key, now));
    // Whatever comes of it, this visit is over.
    let mut gone = cookie(&request, provider, String::new());
    gone.make_removal();
    let Some(flow) = flow else { return Ok(back(Failed::Expired, &key, None).cookie(gone).finish()) };
    let person = match houses.who_came_back(&flow, &answer).await {
        Ok(person) => person,
        Err(error) => {
            log(&error, provider);
            return Ok(back(Failed::from(&error), &key, Some(&flow)).cookie(gone).finish());
        }
    };
    let address = sign_in::visitor(&request).address;
    if let Some(owner) = flow.link {
        // Still the same person in this browser: by their session, or by the refresh token where the session rests.
        let present = match identity.ok().and_then(|identity| identity.0) {
            Some(identity) => Some(identity.user),
            None => match cookies::refresh_of(&request) {
                Some(token) => sessions.by_refresh(&token).await?.map(|proven| proven.user),
                None => None,
            },
        };
        if present != Some(owner) {
            return Ok(back(Failed::Expired, &key, Some(&flow)).cookie(gone).finish());
        }
        let linked = factors.account_linked(owner, address, &key, &person).await?;
        let mut response = if linked { to(&flow.return_to) } else { back(Failed::LinkedElsewhere, &key, Some(&flow)) };
        return Ok(response.cookie(gone).finish());
    }
    let failed = match factors.arrived(&key, &person, address, &people).await? {
        Arrival::Known(user) | Arrival::New(user) => {
            return match sign_in::enter(&request, user, How::OtherHouse).await? {
                Entered::Session(tokens) => {
                    let mut response = to(&flow.return_to);
                    for cookie in cookies::both(&request, &tokens.access, &tokens.refresh) {
                        response.cookie(cookie);
                    }
                    Ok(response.cookie(gone).finish())
                }
                Entered::Question(question) => {
                    // Behind `#` it reaches no log.
                    let methods = serde_json::to_value(&question.methods).unwrap_or_default();
                    let words: Vec<_> =
                        methods.as_array().into_iter().flatten().filter_map(|word| word.as_str()).collect();
                    let page = with("/login", "next", &flow.return_to);
                    let page = format!("{page}#challenge={}&methods={}", question.challenge, words.join(","));
                    Ok(to(&page).cookie(gone).finish())
                }
            };
        }
        Arrival::AddressTaken => Failed::AddressTaken,
        Arrival::AddressUnverified => Failed::AddressUnverified,
        Arrival::Disabled => Failed::Disabled,
    };
    Ok(back(failed, &key, Some(&flow)).cookie(gone).finish())
}

/// One's accounts elsewhere by which one signs in here.
#[utoipa::path(
    tag = "accounts",
    responses((status = 200, body = Page<Linked>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/me/linked-accounts")]
async fn list_linked(links: web::Data<LinkedAccounts>, identity: Identity) -> Result<HttpResponse, ApiError> {
    Ok(private(Page::whole(links.of(identity.user).await?)))
}

/// Takes such a link away, after the password or a fresh sign-in, unless it is the last way in.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path)),
    request_body = Proof,
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/me/linked-accounts/{id}")]
async fn unlink(
    request: HttpRequest,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    identity: Identity,
    id: web::Path<Uuid>,
    body: Json<Proof>,
) -> Result<HttpResponse, ApiError> {
    must_be_really_them(&factors, &passwords, &identity, body.value.password).await?;
    match factors.account_unlinked(&Change::of(&request, &identity), *id).await? {
        Some(true) => Ok(nothing()),
        Some(false) => {
            Err(ApiError::new(Code::InUse, "This is your only way in: set a password or make a passkey first."))
        }
        None => Err(ApiError::not_found("linked account")),
    }
}

/// The addresses.
pub fn routes(config: &mut ServiceConfig) {
    config.service(providers).service(start).service(link).service(callback);
    config.service(list_linked).service(unlink);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_added_behind_the_question_mark() {
        assert_eq!(with("/login", "error", "a b"), "/login?error=a+b");
        assert_eq!(with("/a?b=c#d", "next", "/x?y=z"), "/a?b=c&next=%2Fx%3Fy%3Dz#d");
    }
}
