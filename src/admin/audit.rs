//! `/admin/audit-log` and `/admin/system/security-events`: who did what. The log's chain is verified on the command line, by
//! whoever has the database; here it is read.

use actix_web::web::{Data, Query};
use actix_web::{HttpResponse, get};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::listed;
use super::store::{LogEntry, LogWanted, Office};
use crate::accounts::{Identity, Role};
use crate::http::extract::Page;
use crate::http::{ApiError, Listing};

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// In this organiser's house; without it, in all that the caller runs.
    organizer_id: Option<Uuid>,
    /// By this account, key or device.
    actor: Option<Uuid>,
    /// This action (`show.published`), or all of one kind (`show`).
    #[param(max_length = 100)]
    action: Option<String>,
    /// To the thing of this id.
    #[param(max_length = 100)]
    object: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// A text from a query, as the database can take it.
fn plain(text: Option<&String>) -> Option<String> {
    text.map(|text| text.replace('\0', ""))
}

/// The audit log, newest first: administrators read all of it, who runs a house reads its own. Who it was by name and from where
/// is told as long as it is kept; network and e-mail addresses to administrators alone.
#[utoipa::path(
    tag = "back office",
    params(Wanted, Listing),
    responses((status = 200, body = Page<LogEntry>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/audit-log")]
async fn admin_audit_log(
    office: Data<Office>,
    identity: Identity,
    wanted: Query<Wanted>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let organizers = match wanted.organizer_id {
        Some(organizer) => {
            identity.must(Role::Organizer, organizer, "organizer")?;
            Some(vec![organizer])
        }
        None => (!identity.is_admin).then(|| {
            let runs = identity.memberships.iter().filter(|&&(_, role)| role >= Role::Organizer);
            runs.map(|&(organizer, _)| organizer).collect()
        }),
    };
    let limit = listing.limit()?;
    let wanted = LogWanted {
        organizers,
        security: false,
        severity: None,
        actor: wanted.actor,
        action: plain(wanted.action.as_ref()),
        object: plain(wanted.object.as_ref()),
        from: wanted.from,
        to: wanted.to,
        after: listing.after()?,
        limit: limit + 1,
        addresses: identity.is_admin,
    };
    let entries = office.log(&wanted).await?;
    Ok(listed(Page::cut(entries, limit, |entry| entry.number)))
}

/// Which security events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsWanted {
    /// `notice`, `warning` or `alarm`.
    #[param(max_length = 20)]
    severity: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// What the house's security is about: sign-ins refused, sessions ended by reuse, keys made, roles changed. Newest first.
#[utoipa::path(
    tag = "admin",
    params(EventsWanted, Listing),
    responses((status = 200, body = Page<LogEntry>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/system/security-events")]
async fn admin_security_events(
    office: Data<Office>,
    identity: Identity,
    wanted: Query<EventsWanted>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_admin()?;
    let limit = listing.limit()?;
    let wanted = LogWanted {
        organizers: None,
        security: true,
        severity: plain(wanted.severity.as_ref()),
        actor: None,
        action: None,
        object: None,
        from: wanted.from,
        to: wanted.to,
        after: listing.after()?,
        limit: limit + 1,
        addresses: true,
    };
    let entries = office.log(&wanted).await?;
    Ok(listed(Page::cut(entries, limit, |entry| entry.number)))
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(admin_audit_log).service(admin_security_events);
}
