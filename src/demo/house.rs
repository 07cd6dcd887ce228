//! The demo house: who plays what, where, when and for how much. Data and pure functions; nothing here knows a database.
//!
//! Everything is invented. Times are local to the venue, because that is how a house prints them.

mod productions;
mod programme;
#[cfg(test)]
mod tests;

use jiff::civil::{Date, DateTime};

use crate::catalog::plan::format::Document;

pub use productions::PRODUCTIONS;
pub use programme::shows_from;

/// The organiser of the demo house.
pub const ORGANIZER: &str = "The Aisle Houses";

/// The currency of all its prices.
pub const CURRENCY: &str = "EUR";

/// A building with one room and one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoVenue {
    /// A stable key, for `external_id`.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Street and number.
    pub address: &'static str,
    /// City.
    pub city: &'static str,
    /// Country.
    pub country: &'static str,
    /// IANA time zone.
    pub time_zone: &'static str,
    /// Its plan, by the name that [`crate::demo::plans::by_name`] knows.
    pub plan: &'static str,
    /// Each category of its plan: the price level's key, the category, and the full price in cents at the usual tariff.
    pub levels: &'static [(&'static str, &'static str, i64)],
}

impl DemoVenue {
    /// Its plan, drawn.
    #[must_use]
    pub fn document(&self) -> Option<Document> {
        crate::demo::plans::by_name(self.plan)
    }
}

/// The houses.
pub const VENUES: [DemoVenue; 3] = [
    DemoVenue {
        key: "lantern",
        name: "The Lantern Theatre",
        address: "24 Lamplighter Row",
        city: "Dublin",
        country: "Ireland",
        time_zone: "Europe/Dublin",
        plan: "theatre",
        levels: &[
            ("premium", "Premium", 6_800),
            ("stalls", "Stalls", 5_200),
            ("circle", "Dress circle", 4_600),
            ("balcony", "Balcony", 2_600),
            ("boxes", "Boxes", 5_800),
            ("restricted", "Restricted view", 1_500),
        ],
    },
    DemoVenue {
        key: "nordhavn",
        name: "Nordhavn Concert Hall",
        address: "Fyrkajen 7",
        city: "Copenhagen",
        country: "Denmark",
        time_zone: "Europe/Copenhagen",
        plan: "concert-hall",
        levels: &[
            ("floor", "Floor", 3_200),
            ("premium", "Premium", 8_800),
            ("parterre", "Parterre", 6_600),
            ("terrace", "Terrace", 4_400),
            ("tier", "Tier", 5_200),
            ("gallery", "Gallery", 2_600),
            ("choir", "Choir", 2_200),
        ],
    },
    DemoVenue {
        key: "forno",
        name: "Estúdio Forno",
        address: "Rua dos Oleiros 118",
        city: "Lisbon",
        country: "Portugal",
        time_zone: "Europe/Lisbon",
        plan: "studio",
        levels: &[("centre", "Centre bank", 2_400), ("side", "Side bank", 1_800), ("tables", "Café tables", 3_000)],
    },
];

/// The venue with this key.
#[must_use]
pub fn venue(key: &str) -> Option<&'static DemoVenue> {
    VENUES.iter().find(|venue| venue.key == key)
}

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoProduction {
    /// A stable key, for `external_id`.
    pub key: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its subtitle.
    pub subtitle: &'static str,
    /// `theatre`, `concert`, `opera`, `dance`, `family` or `comedy`.
    pub kind: &'static str,
    /// Closer than the kind.
    pub genre: &'static str,
    /// BCP 47; empty where nobody speaks.
    pub language: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Paragraphs, with an empty line between two.
    pub description: &'static str,
    /// How long it takes, intervals included.
    pub duration_min: i32,
    /// From which age.
    pub age_min: Option<i32>,
    /// Role and name.
    pub credits: &'static [(&'static str, &'static str)],
    /// For [`crate::catalog::poster::poster`].
    pub poster_seed: u64,
    /// Where it is played, by the venue's key.
    pub venue: &'static str,
    /// Its prices, in percent of the venue's usual ones.
    pub tariff: i64,
}

/// The production with this key.
#[must_use]
pub fn production(key: &str) -> Option<&'static DemoProduction> {
    PRODUCTIONS.iter().find(|production| production.key == key)
}

/// Who a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoTicketType {
    /// Its key.
    pub key: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Who may have it.
    pub description: &'static str,
    /// In percent of the full price.
    pub share: i64,
    /// Taken where nobody says.
    pub default: bool,
}

/// Every show sells these.
pub const TICKET_TYPES: [DemoTicketType; 3] = [
    DemoTicketType { key: "adult", name: "Adult", description: "Full price", share: 100, default: true },
    DemoTicketType {
        key: "concession",
        name: "Concession",
        description: "Students, over 65, unemployed; please bring proof",
        share: 75,
        default: false,
    },
    DemoTicketType { key: "child", name: "Child", description: "Under 16", share: 50, default: false },
];

/// What one category costs at one show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoPriceLevel {
    /// Its key.
    pub key: &'static str,
    /// The plan's category; also its name.
    pub category: &'static str,
    /// The category's colour on the plan.
    pub color: String,
    /// In cents, in the order of [`TICKET_TYPES`], with the type's key.
    pub prices: Vec<(&'static str, i64)>,
}

/// The price table of a production in its venue.
#[must_use]
pub fn prices(production: &DemoProduction) -> Vec<DemoPriceLevel> {
    let Some((venue, plan)) = venue(production.venue).and_then(|venue| Some((venue, venue.document()?))) else {
        return Vec::new();
    };
    let level = |&(key, category, full): &(&'static str, &'static str, i64)| {
        let on_plan = plan.categories.iter().find(|on_plan| on_plan.name == category)?;
        let price = |ticket: &DemoTicketType| {
            // To half a euro, because nobody likes to be asked for 37.63.
            let cents = full * production.tariff * ticket.share / 10_000;
            (ticket.key, (cents + 25) / 50 * 50)
        };
        let prices = TICKET_TYPES.iter().map(price).collect();
        Some(DemoPriceLevel { key, category, color: on_plan.color.clone(), prices })
    };
    venue.levels.iter().filter_map(level).collect()
}

/// When a show goes on sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSale {
    /// It has been for a while.
    Already,
    /// At ten in the morning of this day, in the venue's time.
    On(Date),
}

/// One evening, or afternoon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoShow {
    /// A stable key, for `external_id`.
    pub key: String,
    /// What is played, by key.
    pub production: &'static str,
    /// Where, by key.
    pub venue: &'static str,
    /// When it begins, in the venue's time.
    pub starts_at: DateTime,
    /// When the doors open, in the venue's time.
    pub doors_at: DateTime,
    /// When it goes on sale.
    pub on_sale: OnSale,
    /// So many percent of its places are sold before the demo begins.
    pub presold_percent: u8,
}
