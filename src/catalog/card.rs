//! What the public is shown: the cards of lists, and the pages behind them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::price_rules::{Fee, FeeAmount, Place, PriceRules};
use super::store::{
    Credit, Facets, FoundProduction, NamedVenue, PriceLevel, PriceTable, Production, PublicShow, PublicVenue,
    TicketType,
};
use crate::platform::money::{Currency, Money};

/// Below this share of its places, in percent, a show has few left.
const FEW_PERCENT: i64 = 15;

/// How many places are left, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// None.
    SoldOut,
    /// Some.
    Few,
    /// Enough.
    Good,
}

impl Availability {
    /// Of a show with so many places, of which so many are free.
    #[must_use]
    pub fn of(available: i64, places: i64) -> Self {
        if available <= 0 {
            Self::SoldOut
        } else if available.saturating_mul(100) < places.saturating_mul(FEW_PERCENT) {
            Self::Few
        } else {
            Self::Good
        }
    }
}

/// Where a production's poster is. The address changes with the production, so that it can be kept for ever.
pub(super) fn poster_url(production: Uuid, version: i32) -> String {
    format!("/api/v1/productions/{production}/poster.svg?v={version}")
}

fn money(amount: Option<i64>, currency: &str) -> Option<Money> {
    let currency: Currency = currency.parse().ok()?;
    amount.map(|amount| Money::new(amount, currency))
}

/// A production in a list. It speaks of the shows that were asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductionCard {
    /// Its id.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// What stands below the title.
    pub subtitle: String,
    /// `theatre`, `concert`, …
    pub kind: String,
    /// Narrower than the kind.
    pub genre: String,
    /// What is spoken.
    pub language: String,
    /// Two sentences.
    pub summary: String,
    /// Its poster.
    pub poster_url: String,
    /// Where it is played.
    pub cities: Vec<String>,
    /// Where exactly.
    pub venues: Vec<NamedVenue>,
    /// Its first show.
    #[schema(value_type = String, format = DateTime)]
    pub first_show_at: Timestamp,
    /// Its next show; null when all are over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_show_at: Option<Timestamp>,
    /// In which its next show's times are read.
    pub time_zone: String,
    /// How many shows.
    pub show_count: i64,
    /// The cheapest ticket, all fees in it.
    pub price_from: Option<Money>,
    /// Of the show with the most room.
    pub availability: Availability,
}

impl From<FoundProduction> for ProductionCard {
    fn from(found: FoundProduction) -> Self {
        let shows = found.available.iter().zip(&found.places);
        let availability = shows.map(|(&available, &places)| Availability::of(available, places)).max();
        Self {
            poster_url: poster_url(found.id, found.version),
            price_from: money(found.price_from, &found.price_currency),
            availability: availability.unwrap_or(Availability::SoldOut),
            id: found.id,
            title: found.title,
            subtitle: found.subtitle,
            kind: found.kind,
            genre: found.genre,
            language: found.language,
            summary: found.summary,
            cities: found.cities,
            venues: found.venues,
            first_show_at: found.first_show_at,
            next_show_at: found.next_show_at,
            time_zone: found.time_zone,
            show_count: found.show_count,
        }
    }
}

/// Productions, and what they can be narrowed to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundProductions {
    /// This page's productions.
    pub items: Vec<ProductionCard>,
    /// What to give as `after` for the next page; null on the last.
    pub next: Option<String>,
    /// What they can be narrowed to.
    pub facets: Facets,
}

/// A production with its shows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductionPage {
    /// What its card says.
    #[serde(flatten)]
    pub card: ProductionCard,
    /// The whole text.
    pub description: String,
    /// How long it takes, in minutes.
    pub duration_min: Option<i32>,
    /// From which age.
    pub age_min: Option<i32>,
    /// Who did what.
    pub credits: Vec<Credit>,
    /// Who sells.
    pub organizer: Seller,
    /// Its shows that are not over.
    pub shows: Vec<ShowCard>,
}

impl ProductionPage {
    /// The page of this production.
    #[must_use]
    pub fn new(found: FoundProduction, production: Production, organizer: Seller, shows: Vec<ShowCard>) -> Self {
        Self {
            card: found.into(),
            description: production.fields.description,
            duration_min: production.fields.duration_min,
            age_min: production.fields.age_min,
            credits: production.fields.credits,
            organizer,
            shows,
        }
    }
}

/// Who sells.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Seller {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// What is played, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownProduction {
    /// Its id.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Its poster.
    pub poster_url: String,
}

/// Where it is played, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownVenue {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its city.
    pub city: String,
}

/// A show in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShowCard {
    /// Its id.
    pub id: Uuid,
    /// What is played.
    pub production: ShownProduction,
    /// Where.
    pub venue: ShownVenue,
    /// In which its times are read.
    pub time_zone: String,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// When the doors open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub doors_at: Option<jiff_sqlx::Timestamp>,
    /// When the public sale begins; null: it has.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub on_sale_at: Option<jiff_sqlx::Timestamp>,
    /// When the public sale ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sales_end_at: Option<jiff_sqlx::Timestamp>,
    /// `published`, `paused`, `cancelled`, `moved` or `ended`.
    pub state: String,
    /// How many places are left.
    pub availability: Availability,
    /// The cheapest ticket of the default type, all fees in it.
    pub price_from: Option<Money>,
}

impl From<&PublicShow> for ShowCard {
    fn from(show: &PublicShow) -> Self {
        Self {
            id: show.id,
            production: ShownProduction {
                id: show.production_id,
                title: show.production_title.clone(),
                poster_url: poster_url(show.production_id, show.production_version),
            },
            venue: ShownVenue { id: show.venue_id, name: show.venue_name.clone(), city: show.city.clone() },
            time_zone: show.time_zone.clone(),
            starts_at: show.starts_at,
            doors_at: show.doors_at,
            on_sale_at: show.on_sale_at,
            sales_end_at: show.sales_end_at,
            state: show.state.clone(),
            availability: Availability::of(show.available, show.places),
            price_from: money(show.price_from, &show.currency),
        }
    }
}

/// What one ticket type costs at one level.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownPrice {
    /// The ticket type's key.
    pub ticket_type: String,
    /// All that every buyer has to pay for such a ticket: its fees and all taxes in it.
    pub price: Money,
    /// Which of the show's timed price lists it is by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Early bird")]
    pub price_list: Option<String>,
    /// When that list ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub until: Option<Timestamp>,
}

/// A fee that comes once to an order, whatever it has in it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownFee {
    /// What buyers read.
    pub name: String,
    /// How much, where it is fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<Money>,
    /// How many hundredths of a percent of what the tickets cost, where it is a percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub percent_bp: Option<i64>,
}

impl From<&Fee> for ShownFee {
    fn from(fee: &Fee) -> Self {
        let (amount, percent_bp) = match fee.amount {
            FeeAmount::Fixed(money) => (Some(money), None),
            FeeAmount::PercentBp(rate) => (None, Some(rate)),
        };
        Self { name: fee.name.clone(), amount, percent_bp }
    }
}

/// What one category of the plan costs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownLevel {
    /// What requests say.
    pub key: String,
    /// What buyers read.
    pub name: String,
    /// The plan's category.
    pub category: String,
    /// `#rrggbb`.
    pub color: String,
    /// For each ticket type that may sit there.
    pub prices: Vec<ShownPrice>,
}

/// How much and how long one may hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownLimits {
    /// Places in one hold.
    pub seats_per_hold_max: i32,
    /// Open and paying holds of one signed-in buyer at a time; null is no limit.
    pub holds_per_buyer_max: Option<i32>,
    /// Places that one signed-in buyer may have held and booked together; null is no limit.
    pub places_per_buyer_max: Option<i32>,
    /// How long a hold lives, in seconds.
    pub hold_ttl_s: i32,
    /// How far it may be extended, in seconds from its first grab.
    pub extend_max_s: i32,
    /// How long one has to pay, in seconds.
    pub pay_within_s: i32,
}

/// A show with all that a buyer needs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShowPage {
    /// What its card says.
    #[serde(flatten)]
    pub card: ShowCard,
    /// Of all its prices.
    #[schema(value_type = String, min_length = 3, max_length = 3)]
    pub currency: String,
    /// What the house has to say to its state.
    pub public_message: Option<String>,
    /// The version of its seat plan.
    pub plan_version: Uuid,
    /// Who sells.
    pub organizer: Seller,
    /// For whom tickets are.
    pub ticket_types: Vec<TicketType>,
    /// What the categories cost.
    pub price_levels: Vec<ShownLevel>,
    /// What comes once to an order on top, where any of its tickets is paid for.
    pub order_fees: Vec<ShownFee>,
    /// Whoever has a code may hold before `on_sale_at`, now.
    pub presale: bool,
    /// Some code opens something of this show now: the presale, or places that are kept for those who have it.
    pub access_codes: bool,
    /// How much and how long one may hold.
    pub limits: ShownLimits,
}

impl ShowPage {
    /// The page of this show, as it is at `now`.
    #[must_use]
    pub fn new(show: PublicShow, table: PriceTable, rules: &PriceRules, now: Timestamp) -> Self {
        let price_levels = table.price_levels.iter().map(|level| ShownLevel {
            prices: shown_prices(&show, &table, level, rules, now),
            key: level.key.clone(),
            name: level.name.clone(),
            category: level.category.clone(),
            color: level.color.clone(),
        });
        let order_fees = show.currency.parse().map_or_else(
            |_| Vec::new(),
            |currency| rules.order_fees(show.id, &show.country, currency).map(ShownFee::from).collect(),
        );
        Self {
            card: ShowCard::from(&show),
            price_levels: price_levels.collect(),
            order_fees,
            presale: show.presale,
            access_codes: show.access_codes,
            currency: show.currency,
            public_message: show.public_message,
            plan_version: show.plan_version_id,
            organizer: Seller { id: show.organizer_id, name: show.organizer_name },
            ticket_types: table.ticket_types,
            limits: ShownLimits {
                seats_per_hold_max: show.seats_per_hold_max,
                holds_per_buyer_max: show.holds_per_buyer_max,
                places_per_buyer_max: show.places_per_buyer_max,
                hold_ttl_s: show.hold_ttl_s,
                extend_max_s: show.extend_max_s,
                pay_within_s: show.pay_within_s,
            },
        }
    }
}

/// What tickets cost at this level now, in the order of their types; a type that only a timed list sells is sold while it is valid.
fn shown_prices(
    show: &PublicShow,
    table: &PriceTable,
    level: &PriceLevel,
    rules: &PriceRules,
    now: Timestamp,
) -> Vec<ShownPrice> {
    let Ok(currency) = show.currency.parse::<Currency>() else { return Vec::new() };
    let shown = table.ticket_types.iter().filter_map(|kind| {
        let (price, list) = table.price_at(level, &kind.key, now)?;
        let (price_level, ticket_type) = (level.key.as_str(), kind.key.as_str());
        let place = Place { show: show.id, country: &show.country, price_level, ticket_type };
        Some(ShownPrice {
            ticket_type: kind.key.clone(),
            price: Money::new(rules.all_in(&place, price, currency), currency),
            price_list: list.map(|list| list.name.clone()),
            until: list.and_then(|list| list.valid_until),
        })
    });
    shown.collect()
}

/// A venue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VenueCard {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its city.
    pub city: String,
    /// Its country.
    pub country: String,
    /// Street and number.
    pub address: String,
    /// In which its shows' times are read.
    pub time_zone: String,
    /// Places of its largest plan.
    pub seats: i32,
    /// Shows to come.
    pub shows: i64,
}

impl From<PublicVenue> for VenueCard {
    fn from(venue: PublicVenue) -> Self {
        let PublicVenue { id, name, city, country, address, time_zone, seats, shows } = venue;
        Self { id, name, city, country, address, time_zone, seats, shows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_is_below_fifteen_in_a_hundred_and_none_is_sold_out() {
        let of = Availability::of;
        assert_eq!(
            (of(0, 100), of(1, 100), of(14, 100)),
            (Availability::SoldOut, Availability::Few, Availability::Few)
        );
        assert_eq!((of(15, 100), of(100, 100)), (Availability::Good, Availability::Good));
        assert_eq!((of(0, 0), of(1, 1)), (Availability::SoldOut, Availability::Good));
    }
}
