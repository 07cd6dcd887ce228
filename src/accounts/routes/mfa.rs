//! `/auth/mfa`: the authenticator app, recovery codes, and the answer to the question for a second factor.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use aisle_actors::Clock;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::accounts::factors::{Change, Factors, FactorsError, Method, Standing, totp};
use crate::accounts::sessions::How;
use crate::accounts::{Accounts, Identity, Passwords, Role, sign_in};
use crate::http::{ApiError, Code, Json};
use crate::platform::db::Db;
use crate::platform::house;

impl From<FactorsError> for ApiError {
    fn from(error: FactorsError) -> Self {
        match error {
            FactorsError::Throttled(throttled) => {
                Self::new(Code::TooManyRequests, "Too many wrong tries; wait, or use a recovery code or a passkey.")
                    .retry_after(throttled.wait_s)
            }
            FactorsError::Sealed => Self::fault(&error),
            FactorsError::Accounts(error) => error.into(),
        }
    }
}

pub(super) fn private(body: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-store")).json(body)
}

pub(super) fn nothing() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

pub(super) fn unix_s(clock: &Clock) -> u64 {
    u64::try_from(clock.now().0 / 1000).unwrap_or_default()
}

/// What proves once more who is signed in: a machine that was left open is not enough to change how they sign in.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Proof {
    /// Their password. Who has none must have signed in within ten minutes.
    #[garde(inner(length(bytes, min = 1, max = 1024)))]
    #[schema(min_length = 1, max_length = 1024)]
    pub(super) password: Option<String>,
    /// A code of their app, or a recovery code, where what they want takes the app away or gives new codes.
    #[garde(inner(length(chars, min = 6, max = 64)))]
    #[schema(min_length = 6, max_length = 64)]
    code: Option<String>,
}

/// Whether it is really them: the password is theirs, or, where they have none, they have just signed in.
pub(super) async fn must_be_really_them(
    factors: &Factors,
    passwords: &Passwords,
    identity: &Identity,
    password: Option<String>,
) -> Result<(), ApiError> {
    let user = identity.user;
    let Some(kept) = factors.password_of(user).await? else {
        let fresh = factors.signed_in_just_now(identity).await?;
        return if fresh { Ok(()) } else { Err(ApiError::plain(Code::SignInAgain)) };
    };
    let password = password.ok_or_else(|| ApiError::field("password", "is needed"))?;
    factors.try_guess(user, "password").await?;
    if !passwords.check(password, Some(kept)).await?.is_right() {
        return Err(ApiError::new(Code::Forbidden, "The password is wrong."));
    }
    Ok(factors.guessed_right(user, "password").await?)
}

/// Whether the code is theirs, where they have an app; then it is used up.
async fn must_have_code(factors: &Factors, clock: &Clock, user: Uuid, code: Option<String>) -> Result<(), ApiError> {
    if !factors.standing(user).await?.totp {
        return Ok(());
    }
    let code = code.ok_or_else(|| ApiError::field("code", "is needed"))?;
    if factors.spend_recovery_code(user, &code).await? || factors.spend_code(user, &code, unix_s(clock), true).await? {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, "The code is wrong, or was used already."))
}

/// A secret for an authenticator app. It counts from its first code on.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// To be typed into an app, in base32.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same as an `otpauth:` address.
    url: String,
    /// The address as a picture, for an app's camera.
    qr_svg: String,
}

/// A code of the app.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    #[garde(length(chars, min = 6, max = 16))]
    #[schema(min_length = 6, max_length = 16, example = "123456")]
    code: String,
}

/// Recovery codes, shown this once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each signs in once in place of the app; null for who has codes already, which stay.
    pub(super) recovery_codes: Option<Vec<String>>,
}

/// An answer to the question for a second factor.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeAnswer {
    /// As signing in gave it.
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    challenge: String,
    /// Which kind of code it is; left out, its form tells.
    #[garde(skip)]
    #[serde(default)]
    method: Option<Method>,
    /// A code of the app, or a recovery code.
    #[garde(length(chars, min = 6, max = 64))]
    #[schema(min_length = 6, max_length = 64, example = "123456")]
    code: String,
}

/// Which second factors one has, and whether one must.
#[utoipa::path(tag = "accounts", responses((status = 200, body = Standing)), security(("session" = []), ("bearer" = [])))]
#[get("/auth/mfa")]
async fn standing(factors: web::Data<Factors>, identity: Identity) -> Result<HttpResponse, ApiError> {
    Ok(private(factors.standing(identity.user).await?))
}

/// Begins with an authenticator app. Begun again before its first code, the earlier secret is forgotten.
#[utoipa::path(
    tag = "accounts",
    request_body = Proof,
    responses((status = 200, body = Enrolment)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/auth/mfa/enroll")]
async fn enroll(
    db: web::Data<Db>,
    accounts: web::Data<Accounts>,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    identity: Identity,
    body: Json<Proof>,
) -> Result<HttpResponse, ApiError> {
    must_be_really_them(&factors, &passwords, &identity, body.value.password).await?;
    let has_one = || ApiError::new(Code::AlreadyExists, "You have an authenticator app; remove it first.");
    let secret = factors.enroll(identity.user).await?.ok_or_else(has_one)?;
    let email = accounts.user(identity.user).await?.map(|user| user.email).unwrap_or_default();
    let house = house::read(&db).await?.map_or_else(|| "Aisle".to_owned(), |house| house.name);
    let url = secret.url(&house, &email);
    let qr_svg = totp::picture(&url).unwrap_or_default();
    Ok(private(Enrolment { secret: secret.words(), url, qr_svg }))
}

/// Confirms the app by its first code. From now on a password alone does not sign in; other sessions end. Gives recovery codes to
/// who has none.
#[utoipa::path(
    tag = "accounts",
    request_body = Confirm,
    responses((status = 200, body = RecoveryCodes)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/auth/mfa/confirm")]
async fn confirm(
    request: HttpRequest,
    factors: web::Data<Factors>,
    clock: web::Data<Clock>,
    identity: Identity,
    body: Json<Confirm>,
) -> Result<HttpResponse, ApiError> {
    let change = Change::of(&request, &identity);
    match factors.app_added(&change, &body.value.code, unix_s(&clock)).await? {
        Some(codes) => Ok(private(RecoveryCodes { recovery_codes: codes })),
        None => Err(ApiError::new(Code::Forbidden, "The code is wrong; is the clock of the app's device right?")),
    }
}

/// Answers the question for a second factor, which gives the session. A question is open for five minutes and five tries. After
/// five wrong codes of the app in a row, over all questions, the next must wait; recovery codes and passkeys need not.
#[utoipa::path(tag = "accounts", request_body = ChallengeAnswer, responses((status = 200, body = sign_in::SignedIn)))]
#[post("/auth/mfa/challenge")]
async fn answer_challenge(
    request: HttpRequest,
    factors: web::Data<Factors>,
    clock: web::Data<Clock>,
    body: Json<ChallengeAnswer>,
) -> Result<HttpResponse, ApiError> {
    let ChallengeAnswer { challenge, method, code } = body.value;
    let over = || ApiError::new(Code::NotFound, "This question is over; sign in again.");
    let user = factors.try_answer(&challenge).await?.ok_or_else(over)?;
    let right = match method {
        Some(Method::Totp) => factors.spend_code(user, &code, unix_s(&clock), true).await?,
        Some(Method::RecoveryCode) => factors.spend_recovery_code(user, &code).await?,
        Some(Method::Passkey) => {
            return Err(ApiError::field("method", "passkeys answer by /auth/passkeys/login/start"));
        }
        None => {
            factors.spend_recovery_code(user, &code).await?
                || factors.spend_code(user, &code, unix_s(&clock), true).await?
        }
    };
    if !right {
        factors.refused(user, sign_in::visitor(&request).address).await?;
        return Err(ApiError::new(Code::Unauthenticated, "The code is wrong, or was used already."));
    }
    let how = factors.answered_by_code(&challenge).await?.ok_or_else(over)?;
    sign_in::complete(&request, user, How::from_name(&how).unwrap_or(How::Password), StatusCode::OK).await
}

/// Removes the app: for its owner, with password and code. Recovery codes go too where no passkey is left.
#[utoipa::path(
    tag = "accounts",
    request_body = Proof,
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/auth/mfa/disable")]
async fn disable(
    request: HttpRequest,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    clock: web::Data<Clock>,
    identity: Identity,
    body: Json<Proof>,
) -> Result<HttpResponse, ApiError> {
    let Proof { password, code } = body.value;
    must_be_really_them(&factors, &passwords, &identity, password).await?;
    must_have_code(&factors, &clock, identity.user, code).await?;
    if !factors.app_removed(&Change::of(&request, &identity)).await? {
        return Err(ApiError::not_found("authenticator app"));
    }
    Ok(nothing())
}

/// New recovery codes in place of the old ones.
#[utoipa::path(
    tag = "accounts",
    request_body = Proof,
    responses((status = 200, body = RecoveryCodes)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/auth/mfa/recovery-codes")]
async fn recovery_codes(
    request: HttpRequest,
    factors: web::Data<Factors>,
    passwords: web::Data<Passwords>,
    clock: web::Data<Clock>,
    identity: Identity,
    body: Json<Proof>,
) -> Result<HttpResponse, ApiError> {
    let Proof { password, code } = body.value;
    must_be_really_them(&factors, &passwords, &identity, password).await?;
    must_have_code(&factors, &clock, identity.user, code).await?;
    if !factors.standing(identity.user).await?.has_any() {
        return Err(ApiError::not_found("second factor"));
    }
    let codes = factors.codes_renewed(&Change::of(&request, &identity)).await?;
    Ok(private(RecoveryCodes { recovery_codes: Some(codes) }))
}

/// Of whom a second factor is asked.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Roles of the house.
    #[garde(length(max = 3), inner(custom(is_role)))]
    #[schema(max_items = 3, example = json!(["organizer", "box_office"]))]
    mfa_required_for: Vec<String>,
}

#[allow(clippy::ptr_arg, reason = "garde gives the field as it is")]
fn is_role(name: &String, _: &()) -> garde::Result {
    Role::from_name(name).map(|_| ()).ok_or_else(|| garde::Error::new("must be organizer, box_office or scanner"))
}

/// Which roles of a house need a second factor.
#[utoipa::path(
    tag = "admin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Requirement)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/organizers/{id}/mfa")]
async fn requirement(
    factors: web::Data<Factors>,
    identity: Identity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::Organizer, *id, "organizer")?;
    let mfa_required_for = factors.required_for(*id).await?.ok_or_else(|| ApiError::not_found("organizer"))?;
    Ok(private(Requirement { mfa_required_for }))
}

/// Sets which roles of a house need a second factor. Who has such a role and no factor can do nothing but get one.
#[utoipa::path(
    tag = "admin",
    params(("id" = Uuid, Path)),
    request_body = Requirement,
    responses((status = 200, body = Requirement)),
    security(("session" = []), ("bearer" = []))
)]
#[put("/admin/organizers/{id}/mfa")]
async fn require(
    request: HttpRequest,
    factors: web::Data<Factors>,
    identity: Identity,
    id: web::Path<Uuid>,
    body: Json<Requirement>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::Organizer, *id, "organizer")?;
    if !factors.required(&Change::of(&request, &identity), *id, &body.value.mfa_required_for).await? {
        return Err(ApiError::not_found("organizer"));
    }
    Ok(private(body.value))
}

/// Whether a second factor is asked of administrators.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminsRequirement {
    #[garde(skip)]
    mfa_required_for_admins: bool,
}

/// Whether administrators need a second factor.
#[utoipa::path(tag = "admin", responses((status = 200, body = AdminsRequirement)), security(("session" = []), ("bearer" = [])))]
#[get("/admin/site/mfa")]
async fn admins_requirement(factors: web::Data<Factors>) -> Result<HttpResponse, ApiError> {
    Ok(private(AdminsRequirement { mfa_required_for_admins: factors.required_for_admins().await? }))
}

/// Sets whether administrators need a second factor. Who asks it of all has one themself: else nobody could take it back.
#[utoipa::path(
    tag = "admin",
    request_body = AdminsRequirement,
    responses((status = 200, body = AdminsRequirement)),
    security(("session" = []), ("bearer" = []))
)]
#[put("/admin/site/mfa")]
async fn require_of_admins(
    request: HttpRequest,
    factors: web::Data<Factors>,
    identity: Identity,
    body: Json<AdminsRequirement>,
) -> Result<HttpResponse, ApiError> {
    let required = body.value.mfa_required_for_admins;
    if required && !factors.standing(identity.user).await?.has_any() {
        return Err(ApiError::new(Code::MfaRequired, "Set up a second factor of your own first."));
    }
    factors.required_for_all_admins(&Change::of(&request, &identity), required).await?;
    Ok(private(body.value))
}

/// The addresses.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(standing)
        .service(enroll)
        .service(confirm)
        .service(answer_challenge)
        .service(disable)
        .service(recovery_codes);
    config.service(requirement).service(require).service(admins_requirement).service(require_of_admins);
}
