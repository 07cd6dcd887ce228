//! `/demo/rush`. On a server without the demo house there is no such address.

use actix_web::{HttpResponse, get, post, web};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::rush::{Rush, RushError, RushJson};
use crate::http::{ApiError, Code, Json};

/// Whether this server has the demo house; its rush where it has.
pub struct Demo(pub Option<Rush>);

impl Demo {
    fn rush(&self) -> Result<&Rush, ApiError> {
        self.0.as_ref().ok_or_else(|| ApiError::not_found("rush: this is no demo"))
    }
}

impl From<RushError> for ApiError {
    fn from(error: RushError) -> Self {
        match error {
            RushError::Running => Self::plain(Code::RushRunning),
            RushError::NoShow => Self::not_found("show on sale"),
            RushError::Unreachable(_) => Self::fault(&error),
        }
    }
}

/// Where to rush.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRush {
    /// The show; without it the demo chooses one.
    #[garde(skip)]
    #[schema(nullable = false)]
    show_id: Option<Uuid>,
}

/// Starts the rush: simulated buyers over loopback HTTP for a minute.
#[utoipa::path(tag = "demo", request_body = StartRush, responses((status = 202, body = RushJson)))]
#[post("/demo/rush")]
async fn start_rush(demo: web::Data<Demo>, body: Json<StartRush>) -> Result<HttpResponse, ApiError> {
    let rush = demo.rush()?.start(body.value.show_id).await?;
    Ok(HttpResponse::Accepted().insert_header(("cache-control", "no-store")).json(rush))
}

/// How the rush stands.
#[utoipa::path(tag = "demo", responses((status = 200, body = RushJson)))]
#[get("/demo/rush")]
async fn read_rush(demo: web::Data<Demo>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(demo.rush()?.read()))
}

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config.service(start_rush).service(read_rush);
}
