//! `/me/export` and `DELETE /me`: what is known of one, and that it be forgotten.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, web};
use aisle_actors::Clock;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::accounts::factors::Factors;
use crate::accounts::identity::CameBy;
use crate::accounts::members::may_leave;
use crate::accounts::{Accounts, Identity, Passwords, cookies};
use crate::http::caching::PRIVATE;
use crate::http::{ApiError, Code, Forgotten, Json};
use crate::platform::audit::{self, Severity};
use crate::platform::db::DbFault;
use crate::platform::people::{Forgetting, People};
use crate::platform::time::from_core;

/// Proof that it is really you, and how to be forgotten.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgetMe {
    /// Your password; not needed within ten minutes of signing in.
    #[garde(inner(length(bytes, min = 1, max = 1024)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1024, nullable = false)]
    password: Option<String>,
    /// Have every house forget you now, also one whose show you still have tickets for: they stay good, and nobody can tell you
    /// any more should it not take place. Without it such a house forgets you by itself two days after the show.
    #[garde(skip)]
    #[serde(default)]
    at_once: bool,
}

/// Everything that is known of who is asking, by room. What was bought under an address is in it when the address was shown to
/// be theirs.
#[utoipa::path(tag = "accounts", responses((status = 200, body = Object)), security(("session" = []), ("bearer" = [])))]
#[get("/me/export")]
async fn export_me(
    accounts: web::Data<Accounts>,
    people: web::Data<People>,
    identity: Identity,
) -> Result<HttpResponse, ApiError> {
    let leaver = accounts.leaver(identity.user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    let mut transaction = accounts.pool().begin().await.map_err(DbFault)?;
    let entry = identity.did("person.exported").on("user", identity.user);
    audit::record(&mut transaction, entry).await?;
    let all = people.export(&mut transaction, &leaver.person).await?;
    transaction.commit().await.map_err(DbFault)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"export.json\""))
        .json(all))
}

/// Deletes one's account and everything that is known of one, after the password or a fresh sign-in. Orders stay in the books
/// without their customer, tickets stay good. Refused while a payment or a refund is under way, and to who alone runs a house or
/// administers the server.
#[utoipa::path(tag = "accounts", request_body = ForgetMe, responses((status = 200, body = Forgotten)),
    security(("session" = []), ("bearer" = [])))]
#[delete("/me")]
#[allow(clippy::too_many_arguments, reason = "what the handler is given")]
async fn delete_me(
    request: HttpRequest,
    accounts: web::Data<Accounts>,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    people: web::Data<People>,
    clock: web::Data<Clock>,
    identity: Identity,
    body: Json<ForgetMe>,
) -> Result<HttpResponse, ApiError> {
    let leaver = accounts.leaver(identity.user).await?.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
    let ForgetMe { password, at_once } = body.value;
    let proven = match password {
        Some(password) => {
            factors.try_guess(identity.user, "password").await?;
            if !passwords.check(password, leaver.password_hash).await?.is_right() {
                return Err(ApiError::field("password", "is wrong"));
            }
            factors.guessed_right(identity.user, "password").await?;
            true
        }
        None => match identity.came_by {
            CameBy::Session(session) => accounts.is_fresh(session).await?,
            CameBy::Token(_) => false,
        },
    };
    if !proven {
        return Err(ApiError::plain(Code::SignInAgain));
    }
    let mut transaction = accounts.pool().begin().await.map_err(DbFault)?;
    may_leave(&mut transaction, identity.user).await?;
    let how = Forgetting { now: from_core(clock.now()), at_once };
    let later = people.forget(&mut transaction, &leaver.person, how).await?;
    // What would tell of them again is not written down.
    let entry = identity.did("person.erased").on("user", identity.user).address(None);
    audit::security(&mut transaction, Severity::Notice, entry).await?;
    transaction.commit().await.map_err(DbFault)?;
    let mut response = HttpResponse::Ok();
    for cookie in cookies::gone(&request) {
        response.cookie(cookie);
    }
    Ok(response.insert_header((header::CACHE_CONTROL, PRIVATE)).json(Forgotten::from(later)))
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(export_me).service(delete_me);
}
