//! `/admin/organizers/{id}/members` and `…/invitations`: who works for a house, and who is asked to.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::accounts::members::{self, Invitation, Invited, Member, Members, MembersWanted, Refused};
use crate::accounts::{Accounts, Identity, Role, Throttle};
use crate::http::caching::PRIVATE;
use crate::http::extract::Page;
use crate::http::{ApiError, Code, IdempotencyKey, Json, Listing, Once, once};
use crate::notify::Outbox;
use crate::platform::db::DbFault;
use crate::platform::ids;

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoHouse => Self::not_found("organizer"),
            Refused::NoMember => Self::not_found("member"),
            Refused::NoInvitation => Self::not_found("invitation"),
            Refused::NoUser => Self::not_found("user"),
            Refused::NoLongerAdministrator => Self::new(Code::Forbidden, "This needs an administrator."),
            Refused::AlreadyMember => Self::plain(Code::AlreadyMember),
            Refused::TooManyOpen => Self::new(
                Code::TooManyInvitations,
                format!("A house may have {} open invitations; withdraw some.", members::OPEN_MAX),
            ),
            Refused::LastOrganizer => Self::plain(Code::LastOrganizer),
            Refused::LastAdministrator => Self::plain(Code::LastAdministrator),
            Refused::ForAnother => Self::plain(Code::InvitationForAnother),
            Refused::SignInFirst => {
                Self::new(Code::Unauthenticated, "There is an account with the invited address; sign in with it first.")
            }
            Refused::Database(fault) => fault.into(),
        }
    }
}

/// Who works for a house, and who is asked to.
#[derive(Serialize, ToSchema)]
pub struct MembersPage {
    /// This page's members, who has been there longest first.
    items: Vec<Member>,
    /// What to give as `after` for the next page; null on the last.
    next: Option<String>,
    /// The invitations that nobody has answered, on every page: at most fifty.
    invitations: Vec<Invitation>,
}

/// Whom to invite.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Their address; the mail goes there.
    #[garde(email, length(chars, max = 320))]
    #[schema(format = "email", max_length = 320)]
    email: String,
    /// As what.
    #[garde(skip)]
    role: Role,
}

/// A member's part.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPart {
    /// What they are from now on.
    #[garde(skip)]
    role: Role,
}

fn gone() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, PRIVATE)).finish()
}

/// Whose house it is, before anything of it is looked at.
async fn must_run(accounts: &Accounts, identity: &Identity, house: Uuid) -> Result<(), ApiError> {
    identity.must(Role::Organizer, house, "organizer")?;
    if accounts.has_organizer(house).await? { Ok(()) } else { Err(ApiError::not_found("organizer")) }
}

/// Who works for a house, with their part, whether they have a second factor, when they last signed in; and the open
/// invitations.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path), Listing), responses((status = 200, body = MembersPage)))]
#[get("/admin/organizers/{id}/members")]
async fn list_members(
    accounts: Data<Accounts>,
    store: Data<Members>,
    identity: Identity,
    house: Path<Uuid>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    must_run(&accounts, &identity, *house).await?;
    let limit = listing.limit()?;
    let after: Option<(Timestamp, Uuid)> = listing.after()?;
    let mut connection = store.pool().acquire().await.map_err(DbFault)?;
    let wanted = MembersWanted { house: *house, user: None, after, limit: limit + 1 };
    let found = members::read_members(&mut connection, &wanted).await?;
    let Page { items, next } = Page::cut(found, limit, |one| (one.created_at, one.user_id));
    let invitations = members::open_invitations(&mut connection, *house).await?;
    let body = MembersPage { items, next, invitations };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(body))
}

/// Invites somebody into the house by mail. The answer does not tell whether they have an account. An older open invitation of
/// the same address gives way to this one.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewInvitation, responses((status = 201, body = Invitation)))]
#[post("/admin/organizers/{id}/members")]
#[allow(clippy::too_many_arguments, reason = "each is an extractor")]
async fn invite_member(
    accounts: Data<Accounts>,
    store: Data<Members>,
    throttle: Data<Throttle>,
    outbox: Data<Outbox>,
    identity: Identity,
    house: Path<Uuid>,
    key: IdempotencyKey,
    body: Json<NewInvitation>,
) -> Result<HttpResponse, ApiError> {
    must_run(&accounts, &identity, *house).await?;
    let Json { value: NewInvitation { email, role }, hash } = body;
    let route = "POST /admin/organizers/members";
    let key = key.of(identity.caller())?;
    let id = key.as_ref().map_or_else(ids::new_id, |key| key.id(&format!("{route} {}", *house)));
    let hash = hash ^ ids::request_hash(house.as_bytes());
    let request = Once { key: key.as_ref(), route, hash };
    let invited = Invited { id, house: *house, email, role };
    let answer = once(store.pool(), request, StatusCode::CREATED, async |transaction| {
        members::invite(transaction, &identity, &invited).await?;
        // What is refused for another reason has sent nothing, and is not counted.
        throttle.may_invite(invited.house, &invited.email)?;
        Ok(members::read_invitation(transaction, invited.house, id).await?)
    })
    .await?;
    outbox.wake();
    Ok(answer)
}

/// Gives a member another part, at once. They are told by mail.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path), ("user" = Uuid, Path)), request_body = NewPart,
    responses((status = 200, body = Member)))]
#[patch("/admin/organizers/{id}/members/{user}")]
async fn change_member(
    store: Data<Members>,
    outbox: Data<Outbox>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
    body: Json<NewPart>,
) -> Result<HttpResponse, ApiError> {
    let (house, user) = path.into_inner();
    identity.must(Role::Organizer, house, "organizer")?;
    let request = Once { key: None, route: "PATCH /admin/organizers/members", hash: body.hash };
    let answer = once(store.pool(), request, StatusCode::OK, async |transaction| {
        members::set_role(transaction, &identity, house, user, body.value.role).await?;
        let wanted = MembersWanted { house, user: Some(user), after: None, limit: 1 };
        let changed = members::read_members(transaction, &wanted).await?.pop();
        changed.ok_or_else(|| ApiError::not_found("member"))
    })
    .await?;
    outbox.wake();
    Ok(answer)
}

/// Takes a member away, at once. They are told by mail. The last organizer stays.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path), ("user" = Uuid, Path)), responses((status = 204)))]
#[delete("/admin/organizers/{id}/members/{user}")]
async fn remove_member(
    store: Data<Members>,
    outbox: Data<Outbox>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (house, user) = path.into_inner();
    identity.must(Role::Organizer, house, "organizer")?;
    let mut transaction = store.pool().begin().await.map_err(DbFault)?;
    members::remove(&mut transaction, &identity, house, user).await?;
    transaction.commit().await.map_err(DbFault)?;
    outbox.wake();
    Ok(gone())
}

/// Withdraws an invitation: its link is good no more. Once more changes nothing.
#[utoipa::path(tag = "people", params(("id" = Uuid, Path), ("invitation" = Uuid, Path)), responses((status = 204)))]
#[delete("/admin/organizers/{id}/invitations/{invitation}")]
async fn withdraw_invitation(
    store: Data<Members>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (house, invitation) = path.into_inner();
    identity.must(Role::Organizer, house, "organizer")?;
    let mut transaction = store.pool().begin().await.map_err(DbFault)?;
    members::withdraw(&mut transaction, &identity, house, invitation).await?;
    transaction.commit().await.map_err(DbFault)?;
    Ok(gone())
}

/// Sends an invitation again, also one that has run out; its link is good for another week.
#[utoipa::path(tag = "people",
    params(("id" = Uuid, Path), ("invitation" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Invitation)))]
#[post("/admin/organizers/{id}/invitations/{invitation}/resend")]
async fn resend_invitation(
    store: Data<Members>,
    throttle: Data<Throttle>,
    outbox: Data<Outbox>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
    key: IdempotencyKey,
) -> Result<HttpResponse, ApiError> {
    let (house, invitation) = path.into_inner();
    identity.must(Role::Organizer, house, "organizer")?;
    let key = key.of(identity.caller())?;
    let hash = ids::request_hash(invitation.as_bytes());
    let request = Once { key: key.as_ref(), route: "POST /admin/organizers/invitations/resend", hash };
    let answer = once(store.pool(), request, StatusCode::OK, async |transaction| {
        members::resend(transaction, &identity, house, invitation).await?;
        let sent = members::read_invitation(transaction, house, invitation).await?;
        throttle.may_invite(house, &sent.email)?;
        Ok(sent)
    })
    .await?;
    outbox.wake();
    Ok(answer)
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_members)
        .service(invite_member)
        .service(change_member)
        .service(remove_member)
        .service(withdraw_invitation)
        .service(resend_invitation);
}
