//! `/admin/mailbox`: the mails that were sent, or kept where no mail server is configured. They stand here and not in
//! `notify`, because who may read them is known to `accounts`, a floor above it.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::store::Office;
use crate::accounts::{Identity, Role};
use crate::http::extract::Page;
use crate::http::{ApiError, Listing};
use crate::notify::{AttachmentInfo, Cursor, Envelope, MailStatus, Mailbox};

/// A file that came with a mail.
#[derive(Serialize, ToSchema)]
pub struct AttachmentView {
    name: String,
    content_type: String,
    /// How long it is.
    #[schema(minimum = 0)]
    bytes: i64,
    /// Where it is.
    url: String,
}

/// A mail in a list.
#[derive(Serialize, ToSchema)]
pub struct MailView {
    id: Uuid,
    /// The recipient's address.
    to: String,
    subject: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    status: MailStatus,
    attachments: Vec<AttachmentView>,
}

/// A mail with its words. `html` was written by our templates; show it in a sandboxed frame all the same.
#[derive(Serialize, ToSchema)]
pub struct WholeMailView {
    #[serde(flatten)]
    mail: MailView,
    text: String,
    html: String,
}

impl MailView {
    fn new(mail: Envelope) -> Self {
        let view = |file: AttachmentInfo| AttachmentView {
            url: format!("/api/v1/admin/mailbox/{}/attachments/{}", mail.id, file.name),
            name: file.name,
            content_type: file.content_type,
            bytes: file.bytes,
        };
        Self {
            id: mail.id,
            to: mail.to,
            subject: mail.subject,
            created_at: mail.created_at,
            status: mail.status,
            attachments: mail.attachments.into_iter().map(view).collect(),
        }
    }
}

/// Mails of a house are for who runs it; mails of no house for administrators. `what` is what there is not, to anybody else.
fn must_read(identity: &Identity, organizer: Option<Uuid>, what: &str) -> Result<(), ApiError> {
    match organizer {
        Some(organizer) => identity.must(Role::Organizer, organizer, what),
        None if identity.is_admin => Ok(()),
        None => Err(ApiError::not_found(what)),
    }
}

/// The mails that were sent or kept, newest first.
#[utoipa::path(
    tag = "admin",
    params(Listing),
    responses((status = 200, body = Page<MailView>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/mailbox")]
async fn list(
    mailbox: web::Data<Mailbox>,
    office: web::Data<Office>,
    identity: Identity,
    listing: web::Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let (limit, after) = (listing.limit()?, listing.after::<Cursor>()?);
    let houses: Option<Vec<Uuid>> = (!identity.is_admin).then(|| {
        let runs = identity.memberships.iter().filter(|&&(_, role)| role >= Role::Organizer);
        runs.map(|&(organizer, _)| organizer).collect()
    });
    office.record(identity.did("mailbox.listed")).await?;
    let mails = mailbox.list(houses.as_deref(), after, limit).await?;
    let page = Page::cut(mails.into_iter().map(MailView::new).collect(), limit, |mail: &MailView| Cursor {
        at: mail.created_at.as_microsecond(),
        id: mail.id,
    });
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-store")).json(page))
}

/// One mail.
#[utoipa::path(
    tag = "admin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = WholeMailView)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/mailbox/{id}")]
async fn read(
    mailbox: web::Data<Mailbox>,
    office: web::Data<Office>,
    identity: Identity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let Some((mail, text, html)) = mailbox.one(*id).await? else { return Err(ApiError::not_found("mail")) };
    must_read(&identity, mail.organizer, "mail")?;
    office.record(identity.did("mail.read").of(mail.organizer).on("mail", *id)).await?;
    let view = WholeMailView { mail: MailView::new(mail), text, html };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-store")).json(view))
}

/// A mail is somebody's text: it loads nothing, runs nothing, and lives in a frame of ours. Its links open in a new window.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; \
     style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A mail as it was designed, to be framed: under a policy of its own, since the page's lets no inline style through.
#[utoipa::path(
    tag = "admin",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The mail", content_type = "text/html", body = String)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/mailbox/{id}/html")]
async fn designed(
    mailbox: web::Data<Mailbox>,
    office: web::Data<Office>,
    identity: Identity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let Some((mail, _, html)) = mailbox.one(*id).await? else { return Err(ApiError::not_found("mail")) };
    must_read(&identity, mail.organizer, "mail")?;
    office.record(identity.did("mail.read").of(mail.organizer).on("mail", *id)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, MAIL_POLICY))
        .insert_header((header::X_FRAME_OPTIONS, "SAMEORIGIN"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(format!("<base target=\"_blank\">{html}")))
}

/// A file that came with a mail, to be saved.
#[utoipa::path(
    tag = "admin",
    params(("id" = Uuid, Path), ("name" = String, Path)),
    responses((status = 200, description = "The file", content_type = "application/octet-stream", body = [u8])),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/mailbox/{id}/attachments/{name}")]
async fn attachment(
    mailbox: web::Data<Mailbox>,
    office: web::Data<Office>,
    identity: Identity,
    path: web::Path<(Uuid, String)>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let (id, name) = path.into_inner();
    let found = mailbox.attachment(id, &name).await?;
    let Some((organizer, content_type, body)) = found else { return Err(ApiError::not_found("attachment")) };
    must_read(&identity, organizer, "attachment")?;
    office.record(identity.did("mail.attachment_read").of(organizer).on("mail", id)).await?;
    // The name was made plain when the mail was kept: it needs no quoting here.
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(body))
}

/// The mailbox's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list).service(read).service(designed).service(attachment);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Code;

    #[test]
    fn a_mail_is_for_who_runs_its_house() {
        let (house, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let of = |is_admin, role| Identity {
            user: Uuid::nil(),
            came_by: crate::accounts::CameBy::Token(Uuid::nil()),
            lacks_factor: false,
            is_admin,
            memberships: vec![(house, role)],
            address: None,
        };
        let organizer = of(false, Role::Organizer);
        assert!(must_read(&organizer, Some(house), "mail").is_ok());
        assert_eq!(must_read(&organizer, Some(other), "mail").unwrap_err().code(), Code::NotFound);
        assert_eq!(must_read(&organizer, None, "mail").unwrap_err().code(), Code::NotFound);
        assert_eq!(must_read(&of(false, Role::BoxOffice), Some(house), "mail").unwrap_err().code(), Code::Forbidden);
        assert!(must_read(&of(true, Role::Scanner), None, "mail").is_ok());
    }
}
