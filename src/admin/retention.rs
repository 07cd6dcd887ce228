//! `/admin/system/retention`: how long each kind of data is kept, and what was done about it.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use aisle_actors::Clock;
use utoipa_actix_web::service_config::ServiceConfig;

use super::desk::listed;
use crate::accounts::Identity;
use crate::http::ApiError;
use crate::http::extract::Page;
use crate::platform::retention::{KindState, Retention};
use crate::platform::time::from_core;

/// Each kind of data that is not kept for ever: its period, what is due, when it was last looked through and how much went.
#[utoipa::path(
    tag = "admin",
    responses((status = 200, body = Page<KindState>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/system/retention")]
async fn admin_retention(
    retention: Data<Retention>,
    clock: Data<Clock>,
    identity: Identity,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_admin()?;
    Ok(listed(Page::whole(retention.state(from_core(clock.now())).await?)))
}

/// The address.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(admin_retention);
}
