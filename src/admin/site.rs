//! `GET /site`: what the page must know before it draws anything.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use aisle_actors::Clock;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::store::Office;
use crate::http::ApiError;
use crate::platform::{house, time};

/// What becomes of mails.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mails {
    /// They are kept and can be read in the back office.
    Mailbox,
    /// They are sent.
    Smtp,
}

/// What the configuration says that the page must know.
#[derive(Clone, Debug)]
pub struct SiteFacts {
    /// What becomes of mails.
    pub mail: Mails,
    /// The payment providers one may choose from.
    pub providers: Vec<String>,
}

/// What the site says of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Site {
    /// Whose name stands over the page.
    name: String,
    /// Made by `--demo`.
    demo: bool,
    /// Of new shows.
    #[schema(min_length = 3, max_length = 3)]
    currency: String,
    /// The language of the page where the browser has no wish.
    locale: String,
    /// The payment providers one may choose from.
    providers: Vec<String>,
    /// What becomes of mails.
    mail: Mails,
    /// Nobody has set this server up.
    setup_needed: bool,
    /// The time here: deadlines are read against it.
    #[schema(value_type = String, format = DateTime)]
    server_time: Timestamp,
}

/// What the site says of itself.
#[utoipa::path(tag = "site", responses((status = 200, body = Site)))]
#[get("/site")]
async fn read_site(office: Data<Office>, facts: Data<SiteFacts>, clock: Data<Clock>) -> Result<HttpResponse, ApiError> {
    let house = house::read(office.db()).await?;
    let setup_needed = house.is_none() && office.is_empty().await?;
    let site = Site {
        setup_needed,
        demo: house.as_ref().is_some_and(|house| house.demo),
        currency: house.as_ref().map_or_else(|| "EUR".to_owned(), |house| house.currency.to_string()),
        locale: house.as_ref().map_or_else(|| "en".to_owned(), |house| house.locale.clone()),
        name: house.map_or_else(|| "Aisle".to_owned(), |house| house.name),
        providers: facts.providers.clone(),
        mail: facts.mail,
        server_time: time::from_core(clock.now()),
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(site))
}

/// The address.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(read_site);
}
