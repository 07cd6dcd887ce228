//! `/orders/{id}/tickets` and the forms of a ticket.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::access::{Access, Shown, admitted_to_passed_on, passed_on_token, ticket_token};
use super::pdf::{self, PdfError, Sheet};
use super::{Status, Ticket, Tickets, code, ics, qr, words};
use crate::accounts::MaybeIdentity;
use crate::http::ApiError;
use crate::platform::keys::Keys;

/// Pages drawn at a time, in this process: each takes a processor for some milliseconds, and sales come first.
static DRAWING: Semaphore = Semaphore::const_new(2);
/// How long a page waits for its turn before its reader is asked to try again.
const PATIENCE: Duration = Duration::from_secs(5);

/// A ticket in an order's list.
#[derive(Serialize, ToSchema)]
pub struct TicketView {
    id: Uuid,
    /// The seat's guid; null in an area.
    seat: Option<String>,
    /// The area's id; null on a seat.
    area: Option<String>,
    section: Option<String>,
    row: Option<String>,
    /// The seat's label.
    number: Option<String>,
    /// The key of its type.
    ticket_type: String,
    /// The key of its price level.
    price_level: String,
    /// What its QR code says; null while the ticket does not admit.
    code: Option<String>,
    status: Status,
    /// The page to print. The address proves who may open it: do not pass it on. Null where the ticket was passed on.
    pdf_url: Option<String>,
    /// The QR code as a picture.
    svg_url: Option<String>,
    /// The calendar entry.
    ics_url: Option<String>,
    show_id: Uuid,
    /// It was passed on to somebody else, who has its code.
    passed_on: bool,
}

/// An order's tickets.
#[derive(Serialize, ToSchema)]
pub struct TicketList {
    items: Vec<TicketView>,
}

/// `?t=`, in links.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Link {
    /// Proves that the link was made for this ticket.
    t: Option<String>,
}

impl TicketView {
    /// What was passed on is its new holder's: who bought it sees that it was, and no more; the house sees all.
    fn new(keys: &Keys, ticket: Ticket, access: Access) -> Self {
        let passed_on = ticket.passed_on_to.is_some();
        let told = !passed_on || access == Access::Staff;
        let token = if passed_on {
            passed_on_token(keys, ticket.id, ticket.issue)
        } else {
            ticket_token(keys, ticket.id, ticket.standing.link_version)
        };
        let link = |form: &str| told.then(|| format!("/api/v1/tickets/{}.{form}?t={token}", ticket.id));
        Self {
            code: valid_code(keys, &ticket).filter(|_| told),
            pdf_url: link("pdf"),
            svg_url: link("svg"),
            ics_url: link("ics"),
            id: ticket.id,
            seat: ticket.seat,
            area: ticket.area,
            section: ticket.section,
            row: ticket.row,
            number: ticket.number,
            ticket_type: ticket.ticket_type.unwrap_or_default(),
            price_level: ticket.price_level.unwrap_or_default(),
            status: ticket.status,
            show_id: ticket.show_id,
            passed_on,
        }
    }
}

fn valid_code(keys: &Keys, ticket: &Ticket) -> Option<String> {
    match ticket.status {
        Status::Valid => code::of_ticket(keys, ticket),
        Status::Suspended | Status::Revoked => None,
    }
}

/// The ticket of an address, for who may have it.
async fn admitted(
    request: &HttpRequest,
    tickets: &Tickets,
    keys: &Keys,
    identity: &MaybeIdentity,
    id: Uuid,
    link: &Link,
) -> Result<Ticket, ApiError> {
    let ticket = tickets.one(id).await?;
    let shown = Shown::of_order(request, keys, identity, ticket.as_ref().map_or(Uuid::nil(), |ticket| ticket.order_id));
    let standing = ticket.as_ref().map(|ticket| &ticket.standing);
    if let Some(ticket) = ticket.as_ref().filter(|ticket| ticket.passed_on_to.is_some()) {
        let shown = shown.or_ticket(keys, id, link.t.as_deref());
        admitted_to_passed_on(&shown, keys, &ticket.standing, (id, ticket.issue), link.t.as_deref())?;
        return Ok(ticket.clone());
    }
    shown.or_ticket(keys, id, link.t.as_deref()).admitted(standing, "ticket")?;
    ticket.ok_or_else(|| ApiError::not_found("ticket"))
}

/// A ticket in one of its forms. It is somebody's own: nothing between may keep it, and its address is told to nobody.
fn form(content_type: &'static str, disposition: &str, body: impl Into<web::Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body(body.into())
}

/// A name for a saved file: letters and digits of the order's number, and which of its tickets.
fn file_name(ticket: &Ticket, ending: &str) -> String {
    let plain = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>();
    let id = ticket.id.simple().to_string();
    format!("ticket-{}-{}.{ending}", plain(&ticket.order_number), &id[id.len() - 6..])
}

/// The tickets of an order; none before it is confirmed.
#[utoipa::path(
    tag = "tickets",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = TicketList)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[get("/orders/{id}/tickets")]
async fn list(
    request: HttpRequest,
    tickets: web::Data<Tickets>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let standing = tickets.standing(*id).await?;
    let access = Shown::of_order(&request, &keys, &identity, *id).admitted(standing.as_ref(), "order")?;
    let items = tickets.of_order(*id).await?.into_iter().map(|ticket| TicketView::new(&keys, ticket, access)).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .json(TicketList { items }))
}

/// The ticket as a page to print. One that does not admit says so and has no code.
#[utoipa::path(
    tag = "tickets",
    params(("id" = Uuid, Path), Link),
    responses((status = 200, description = "A PDF of one A5 page", content_type = "application/pdf", body = [u8])),
    security((), ("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[get("/tickets/{id}.pdf")]
async fn as_pdf(
    request: HttpRequest,
    tickets: web::Data<Tickets>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    id: web::Path<Uuid>,
    link: web::Query<Link>,
) -> Result<HttpResponse, ApiError> {
    let ticket = admitted(&request, &tickets, &keys, &identity, *id, &link).await?;
    let house = tickets.house(&ticket.organizer).await?;
    let code = valid_code(&keys, &ticket);
    let name = file_name(&ticket, "pdf");
    let patience = tokio::time::timeout(PATIENCE, DRAWING.acquire()).await;
    let _turn = patience.ok().and_then(Result::ok).ok_or_else(|| ApiError::busy(2))?;
    let page = web::block(move || pdf::draw(&house, &[Sheet { ticket: &ticket, code }]))
        .await
        .map_err(|error| ApiError::fault(&error))?
        .map_err(|error: PdfError| ApiError::fault(&error))?;
    Ok(form("application/pdf", &format!("inline; filename=\"{name}\""), page))
}

/// The ticket's QR code as a picture. Of a ticket that does not admit it is the word why.
#[utoipa::path(
    tag = "tickets",
    params(("id" = Uuid, Path), Link),
    responses((status = 200, description = "An SVG", content_type = "image/svg+xml", body = String)),
    security((), ("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[get("/tickets/{id}.svg")]
async fn as_svg(
    request: HttpRequest,
    tickets: web::Data<Tickets>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    id: web::Path<Uuid>,
    link: web::Query<Link>,
) -> Result<HttpResponse, ApiError> {
    let ticket = admitted(&request, &tickets, &keys, &identity, *id, &link).await?;
    let title = format!("{}, {}", ticket.production, words::place(&ticket));
    let instead = words::why_not(ticket.status).map_or("No code", |(word, _)| word);
    let picture = qr::svg(&title, valid_code(&keys, &ticket).as_deref(), instead);
    Ok(form("image/svg+xml; charset=utf-8", "inline", picture))
}

/// The ticket as a calendar entry.
#[utoipa::path(
    tag = "tickets",
    params(("id" = Uuid, Path), Link),
    responses((status = 200, description = "An iCalendar entry", content_type = "text/calendar", body = String)),
    security((), ("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[get("/tickets/{id}.ics")]
async fn as_ics(
    request: HttpRequest,
    tickets: web::Data<Tickets>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    id: web::Path<Uuid>,
    link: web::Query<Link>,
) -> Result<HttpResponse, ApiError> {
    let ticket = admitted(&request, &tickets, &keys, &identity, *id, &link).await?;
    let name = file_name(&ticket, "ics");
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(form("text/calendar; charset=utf-8; method=PUBLISH", &disposition, ics::calendar(&ticket)))
}

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config.service(list).service(as_pdf).service(as_svg).service(as_ics);
}
