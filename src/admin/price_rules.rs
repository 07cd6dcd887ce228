//! `/admin/organizers/{id}/price-rules`: what a house adds to its prices, and which taxes are in them.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, put};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::shown;
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, PriceRules};
use crate::http::{ApiError, IfMatch, Json};

/// A house's rules.
#[derive(Serialize, ToSchema)]
pub struct PriceRulesBody {
    /// The rules.
    rules: PriceRules,
    /// Grows with every change; what `If-Match` compares. Zero where the house has set none.
    version: i32,
}

fn missing() -> ApiError {
    ApiError::not_found("organizer")
}

/// The fees and taxes of a house; empty while it has set none.
#[utoipa::path(tag = "back office", params(("id" = Uuid, Path)), responses((status = 200, body = PriceRulesBody)),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/organizers/{id}/price-rules")]
async fn admin_read_price_rules(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::BoxOffice, *id, "organizer")?;
    let kept = catalog.price_rules(*id).await?.ok_or_else(missing)?;
    Ok(shown(&PriceRulesBody { rules: kept.rules, version: kept.version }, kept.version))
}

/// Sets the fees and taxes of a house, for orders that are made from now on. Orders that stand keep theirs.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = PriceRules,
    responses((status = 200, body = PriceRulesBody)),
    security(("session" = []), ("bearer" = []))
)]
#[put("/admin/organizers/{id}/price-rules")]
async fn admin_set_price_rules(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<PriceRules>,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::Organizer, *id, "organizer")?;
    let kept = catalog.price_rules(*id).await?.ok_or_else(missing)?;
    seen.check(kept.version)?;
    let entry = identity.did("price_rules.changed").of(*id).on("organizer", *id);
    let version = catalog.set_price_rules(*id, &body.value, kept.version, entry).await?;
    Ok(shown(&PriceRulesBody { rules: body.value, version }, version))
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(admin_read_price_rules).service(admin_set_price_rules);
}
