//! `/admin/shows`: shows as the house wishes them, and their prices. What is in force is brought in line at every change and
//! once more when a show is published.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use aisle_actors::Shows;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{ListQuery, gone, listed, shown};
use super::rules::bring_in_line;
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, PriceTable, Show, ShowInput, prices, shows};
use crate::http::extract::Page;
use crate::http::{ApiError, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, once};
use crate::platform::db::DbFault;
use crate::platform::money::Currency;
use crate::platform::{audit, house, ids};

pub(super) fn missing() -> ApiError {
    ApiError::not_found("show")
}

/// The show, to whom has this part in its house.
pub(super) async fn show_for(catalog: &Catalog, identity: &Identity, role: Role, id: Uuid) -> Result<Show, ApiError> {
    let show = catalog.show(id).await?.ok_or_else(missing)?;
    identity.must(role, show.organizer_id, "show")?;
    Ok(show)
}

/// Shows that the caller has a part in.
#[utoipa::path(
    tag = "back office",
    params(ListQuery, Listing),
    responses((status = 200, body = Page<Show>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows")]
async fn admin_list_shows(
    catalog: Data<Catalog>,
    identity: Identity,
    query: Query<ListQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let records = query.records(&identity, &listing)?;
    let found = catalog.shows(&records).await?;
    Ok(listed(Page::cut(found, records.limit - 1, |show| (show.created_at, show.id))))
}

/// Makes a show: a draft, with the newest version of its plan.
#[utoipa::path(
    tag = "back office",
    request_body = ShowInput,
    responses((status = 201, body = Show)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows")]
async fn admin_make_show(
    catalog: Data<Catalog>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<ShowInput>,
) -> Result<HttpResponse, ApiError> {
    let Json { value: fields, hash } = body;
    identity.must_be_staff(Role::Organizer)?;
    fields.check()?;
    let organizer = catalog.organizer_of_production(fields.production_id).await?;
    let organizer = organizer.filter(|&organizer| identity.may(Role::Organizer, organizer));
    let organizer = organizer.ok_or_else(|| ApiError::field("production_id", "is not a production of yours"))?;
    let currency = currency(&catalog, fields.currency).await?;
    let key = key.of(identity.caller())?;
    let id = key.as_ref().map_or_else(ids::new_id, |key| key.id("shows"));
    let request = Once { key: key.as_ref(), route: "POST /admin/shows", hash };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        shows::insert(transaction, id, organizer, &fields, currency).await?;
        if let Some(table) = fields.prices.clone() {
            prices::replace(transaction, id, table).await.map_err(|error| ApiError::from(error.within("prices")))?;
        }
        audit::record(transaction, identity.did("show.made").of(organizer).on("show", id)).await?;
        shows::read(transaction, id).await?.ok_or_else(missing)
    })
    .await
}

async fn currency(catalog: &Catalog, wished: Option<Currency>) -> Result<Currency, ApiError> {
    match wished {
        Some(currency) => Ok(currency),
        None => {
            let house = house::read(catalog.db()).await?;
            house
                .map(|house| house.currency)
                .ok_or_else(|| ApiError::field("currency", "is needed: the house has none"))
        }
    }
}

/// A show.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Show)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}")]
async fn admin_read_show(catalog: Data<Catalog>, identity: Identity, id: Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Scanner, *id).await?;
    Ok(shown(&show, show.version))
}

/// Changes a show: what is left out stays. Holds that stand keep the deadlines they were given. While `rules_due_at` is set the
/// show itself could not be reached yet; it is told as soon as it can be.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<ShowInput>,
    responses((status = 200, body = Show)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/shows/{id}")]
async fn admin_change_show(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<Patch<ShowInput>>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Organizer, *id).await?;
    seen.check(show.version)?;
    let named: Vec<_> =
        ["cancellation", "cancel_until_s"].into_iter().filter(|field| body.value.names(field)).collect();
    let fields = body.value.onto(&show.fields)?.with_one_policy(|field| named.contains(&field));
    fields.check()?;
    let mut transaction = catalog.db().begin().await.map_err(DbFault)?;
    shows::update(&mut transaction, &show, &fields).await?;
    if let Some(table) = fields.prices.clone() {
        prices::replace(&mut transaction, *id, table).await.map_err(|error| ApiError::from(error.within("prices")))?;
    }
    let entry = identity.did("show.changed").of(show.organizer_id).on("show", *id);
    audit::record(&mut transaction, entry.with("version", show.version)).await?;
    transaction.commit().await.map_err(DbFault)?;
    if let Err(error) = bring_in_line(&catalog, &all, *id).await {
        // The wish is kept, and the answer says that it is not in force yet.
        tracing::warn!(show.id = %id, code = ?error.code(), "Show {id} could not be told its rules; it is tried again");
    }
    let show = catalog.show(*id).await?.ok_or_else(missing)?;
    Ok(shown(&show, show.version))
}

/// Puts a show away: a draft, or one that was cancelled or has ended. Once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/shows/{id}")]
async fn admin_archive_show(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Organizer, *id).await?;
    seen.check(show.version)?;
    let entry = identity.did("show.archived").of(show.organizer_id).on("show", *id);
    catalog.archive(entry, |transaction| Box::pin(shows::archive(transaction, *id))).await?;
    Ok(gone())
}

/// A show's price table.
#[derive(Serialize, ToSchema)]
pub struct ShowPrices {
    /// Of all its prices.
    #[schema(value_type = String, min_length = 3, max_length = 3)]
    currency: Option<Currency>,
    /// The show's version; what `If-Match` compares.
    version: i32,
    /// The table.
    #[serde(flatten)]
    table: PriceTable,
}

/// A show's price table; empty while it has none.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ShowPrices)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/shows/{id}/prices")]
async fn admin_read_prices(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Scanner, *id).await?;
    let table = catalog.price_table(*id).await?;
    let (currency, version) = (show.fields.currency, show.version);
    Ok(shown(&ShowPrices { currency, version, table }, version))
}

/// Gives a show this price table in place of the one it has. Orders that stand keep their prices.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = PriceTable,
    responses((status = 200, body = ShowPrices)),
    security(("session" = []), ("bearer" = []))
)]
#[put("/admin/shows/{id}/prices")]
async fn admin_set_prices(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<PriceTable>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Organizer, *id).await?;
    seen.check(show.version)?;
    let Json { value: table, hash } = body;
    let request = Once { key: None, route: "PUT /admin/shows/prices", hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        prices::replace(transaction, *id, table).await?;
        let entry = identity.did("show.priced").of(show.organizer_id).on("show", *id);
        audit::record(transaction, entry.with("version", show.version)).await?;
        if show.state != "draft" {
            must_be_priced(prices::unpriced(transaction, *id).await?)?;
        }
        let show = shows::read(transaction, *id).await?.ok_or_else(missing)?;
        let table = prices::read(transaction, *id).await?;
        Ok(ShowPrices { currency: show.fields.currency, version: show.version, table })
    })
    .await
}

/// A seat that people can see must have a price.
pub(super) fn must_be_priced(unpriced: Vec<String>) -> Result<(), ApiError> {
    match unpriced.as_slice() {
        [] => Ok(()),
        names => {
            Err(ApiError::field("prices", format!("these categories of the plan have none: {}", names.join(", "))))
        }
    }
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_shows)
        .service(admin_make_show)
        .service(admin_read_show)
        .service(admin_change_show)
        .service(admin_archive_show)
        .service(admin_read_prices)
        .service(admin_set_prices);
}
