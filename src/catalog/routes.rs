//! `/productions`, `/shows`, `/venues`: what anybody may read. Drafts and what is put away do not exist here.

use actix_web::web::{Bytes, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use aisle_actors::Clock;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::card::{FoundProductions, ProductionCard, ProductionPage, Seller, ShowCard, ShowPage, VenueCard};
use super::poster::{PosterText, poster};
use super::store::{CatalogError, ProductionFilter, ShowFilter, Sort, SortKey, search};
use super::{Answers, Catalog, Shelf, ShelfError};
use crate::http::caching::{self, REVALIDATE, SHORTLY};
use crate::http::extract::Page;
use crate::http::{ApiError, Code, Listing};
use crate::platform::time::from_core;

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Field { field, message } => Self::field(field, message),
            CatalogError::Conflict => Self::plain(Code::EditConflict),
            CatalogError::InUse(why) => Self::new(Code::InUse, why),
            CatalogError::Database(fault) => fault.into(),
        }
    }
}

impl From<ShelfError> for ApiError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Database(fault) => fault.into(),
            ShelfError::Unreadable { .. }
            | ShelfError::Unusable { .. }
            | ShelfError::Unpackable { .. }
            | ShelfError::CutOff { .. } => Self::fault(&error),
        }
    }
}

/// Which productions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProductionQuery {
    /// Words; each may be the beginning of one.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Exactly this kind.
    kind: Option<String>,
    /// Exactly this genre.
    genre: Option<String>,
    /// Exactly this language.
    language: Option<String>,
    /// Exactly this city.
    city: Option<String>,
    /// This venue.
    venue: Option<Uuid>,
    /// A show beginning not before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// A show beginning before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// A ticket for at most so many minor units.
    #[param(minimum = 0)]
    price_max: Option<i64>,
    /// Only where places are left.
    available: Option<bool>,
    /// In which order; by date unless words are searched for.
    #[param(inline)]
    sort: Option<Sort>,
}

impl ProductionQuery {
    fn filter(self, listing: &Listing) -> Result<ProductionFilter, ApiError> {
        let typed = self.q.unwrap_or_default();
        if typed.chars().count() > 200 {
            return Err(ApiError::field("q", "may have 200 characters"));
        }
        if self.price_max.is_some_and(|price| price < 0) {
            return Err(ApiError::field("price_max", "must not be negative"));
        }
        let texts = [("kind", &self.kind), ("genre", &self.genre), ("language", &self.language), ("city", &self.city)];
        if let Some((field, _)) = texts.into_iter().find(|(_, text)| text.as_ref().is_some_and(|t| t.contains('\0'))) {
            return Err(ApiError::field(field, "may not have the character U+0000"));
        }
        let words = search::words(&typed);
        let sort = self.sort.unwrap_or(if words.is_empty() { Sort::Date } else { Sort::Relevance });
        Ok(ProductionFilter {
            id: None,
            words,
            kind: self.kind.filter(|text| !text.is_empty()),
            genre: self.genre.filter(|text| !text.is_empty()),
            language: self.language.filter(|text| !text.is_empty()),
            city: self.city.filter(|text| !text.is_empty()),
            venue: self.venue,
            from: self.from,
            to: self.to,
            price_max: self.price_max,
            available: self.available.unwrap_or(false),
            sort,
            after: listing.after::<SortKey>()?,
            limit: listing.limit()? + 1,
        })
    }
}

/// Productions with shows to come, and what they can be narrowed to.
#[utoipa::path(tag = "catalogue", params(ProductionQuery, Listing), responses((status = 200, body = FoundProductions)))]
#[get("/productions")]
async fn list_productions(
    request: HttpRequest,
    catalog: Data<Catalog>,
    answers: Data<Answers>,
    query: Query<ProductionQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let filter = query.into_inner().filter(&listing)?;
    let make = async {
        let found = catalog.find_productions(&filter).await?;
        let facets = catalog.facets(&filter).await?;
        let page = Page::cut(found, filter.limit - 1, |found| found.key.clone());
        let items: Vec<ProductionCard> = page.items.into_iter().map(Into::into).collect();
        Ok(FoundProductions { items, next: page.next, facets })
    };
    answers.tell(&request, make).await
}

/// A production with its shows.
#[utoipa::path(tag = "catalogue", params(("id" = Uuid, Path)), responses((status = 200, body = ProductionPage)))]
#[get("/productions/{id}")]
async fn read_production(
    request: HttpRequest,
    catalog: Data<Catalog>,
    answers: Data<Answers>,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("production");
    let make = async {
        let filter = ProductionFilter { id: Some(*id), limit: 1, ..ProductionFilter::default() };
        let found = catalog.find_productions(&filter).await?.pop().ok_or_else(missing)?;
        let production = catalog.production(*id).await?.ok_or_else(missing)?;
        let today = Some(catalog.today().await?);
        let filter = ShowFilter { production: Some(*id), from: today, limit: 500, ..ShowFilter::default() };
        let shows = catalog.public_shows(&filter).await?;
        let organizer = catalog.organizer(production.fields.organizer_id).await?.ok_or_else(missing)?;
        let seller = Seller { id: organizer.id, name: organizer.fields.name };
        let shows = shows.iter().map(ShowCard::from).collect();
        Ok(ProductionPage::new(found, production, seller, shows))
    };
    answers.tell(&request, make).await
}

/// Which picture.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PosterQuery {
    /// The number in the production's `poster_url`: under it the picture never changes and may be kept for ever.
    v: Option<String>,
}

/// A production's poster.
#[utoipa::path(
    tag = "catalogue",
    params(("id" = Uuid, Path), PosterQuery),
    responses((status = 200, content_type = "image/svg+xml", body = String))
)]
#[get("/productions/{id}/poster.svg")]
async fn read_poster(
    request: HttpRequest,
    catalog: Data<Catalog>,
    id: Path<Uuid>,
    query: Query<PosterQuery>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("production");
    let production = catalog.public_poster(*id).await?.ok_or_else(missing)?;
    let version = production.version.to_string();
    let caching = if query.v.as_deref() == Some(version.as_str()) { caching::FOR_EVER } else { REVALIDATE };
    let fields = &production.fields;
    let text =
        PosterText { title: &fields.title, subtitle: &fields.subtitle, kind: &fields.kind, house: "", dates: "" };
    let svg = poster(&text, fields.poster_seed.cast_unsigned());
    Ok(caching::bytes(&request, caching, "image/svg+xml", &version, Bytes::from(svg)))
}

/// Which shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ShowQuery {
    /// Beginning on this day, as it is at the venue.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<jiff::civil::Date>,
    /// Beginning not before this moment; now, unless told.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Beginning before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// At this venue.
    venue: Option<Uuid>,
    /// Of this production.
    production: Option<Uuid>,
}

/// Shows, in the order in which they begin.
#[utoipa::path(tag = "catalogue", params(ShowQuery, Listing), responses((status = 200, body = Page<ShowCard>)))]
#[get("/shows")]
async fn list_shows(
    request: HttpRequest,
    catalog: Data<Catalog>,
    answers: Data<Answers>,
    query: Query<ShowQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let ShowQuery { date, from, to, venue, production } = query.into_inner();
    let limit = listing.limit()?;
    let after = listing.after()?;
    let make = async {
        let from = match (from, date) {
            (None, None) => Some(catalog.now().await?),
            (from, _) => from,
        };
        let filter = ShowFilter { production, venue, from, to, date, after, limit: limit + 1 };
        let page = Page::cut(catalog.public_shows(&filter).await?, limit, |show| (show.starts_at, show.id));
        let items: Vec<ShowCard> = page.items.iter().map(ShowCard::from).collect();
        Ok(Page { items, next: page.next })
    };
    answers.tell(&request, make).await
}

/// A show with all that a buyer needs.
#[utoipa::path(tag = "catalogue", params(("id" = Uuid, Path)), responses((status = 200, body = ShowPage)))]
#[get("/shows/{id}")]
async fn read_show(
    request: HttpRequest,
    catalog: Data<Catalog>,
    clock: Data<Clock>,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("show");
    let show = catalog.public_show(*id).await?.ok_or_else(missing)?;
    let table = catalog.price_table(*id).await?;
    let kept = catalog.price_rules(show.organizer_id).await?.ok_or_else(missing)?;
    caching::json(&request, REVALIDATE, &ShowPage::new(show, table, &kept.rules, from_core(clock.now())))
}

/// Which version of a plan.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PlanQuery {
    /// The show's `plan_version`: under it the plan never changes and may be kept for ever.
    v: Option<String>,
}

/// A show's seat plan, in the open seating-plan JSON.
#[utoipa::path(tag = "catalogue", params(("id" = Uuid, Path), PlanQuery), responses((status = 200, body = Object)))]
#[get("/shows/{id}/plan")]
async fn read_plan(
    request: HttpRequest,
    catalog: Data<Catalog>,
    shelf: Data<Shelf>,
    id: Path<Uuid>,
    query: Query<PlanQuery>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("show");
    let version = catalog.public_plan_version(*id).await?.ok_or_else(missing)?;
    let tag = version.to_string();
    // Who asks for another version gets the one that the show has, and must ask again next time.
    let caching = if query.v.as_deref() == Some(tag.as_str()) { caching::FOR_EVER } else { REVALIDATE };
    let shelved = shelf.version(version).await?.ok_or_else(missing)?;
    Ok(caching::packed(&request, caching, "application/json", &shelved.json))
}

/// Venues, by name.
#[utoipa::path(tag = "catalogue", params(Listing), responses((status = 200, body = Page<VenueCard>)))]
#[get("/venues")]
async fn list_venues(
    request: HttpRequest,
    catalog: Data<Catalog>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let limit = listing.limit()?;
    let found = catalog.public_venues(None, listing.after()?, limit + 1).await?;
    let page = Page::cut(found, limit, |venue| (venue.name.clone(), venue.id));
    let items: Vec<VenueCard> = page.items.into_iter().map(Into::into).collect();
    caching::json(&request, SHORTLY, &Page { items, next: page.next })
}

/// A venue.
#[utoipa::path(tag = "catalogue", params(("id" = Uuid, Path)), responses((status = 200, body = VenueCard)))]
#[get("/venues/{id}")]
async fn read_venue(request: HttpRequest, catalog: Data<Catalog>, id: Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let found = catalog.public_venues(Some(*id), None, 1).await?.pop();
    let card: VenueCard = found.ok_or_else(|| ApiError::not_found("venue"))?.into();
    caching::json(&request, SHORTLY, &card)
}

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_productions)
        .service(read_production)
        .service(read_poster)
        .service(list_shows)
        .service(read_show)
        .service(read_plan)
        .service(list_venues)
        .service(read_venue);
}
