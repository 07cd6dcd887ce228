//! What is sold: venues, plans, productions, shows, prices; and finding them.

mod answers;
pub mod cancellation;
mod card;
mod lookup;
pub mod plan;
pub mod poster;
pub mod price_rules;
pub mod routes;
mod settings;
mod shelf;
mod standing;
mod store;

pub use answers::{Answers, forget_after_edits};
pub use cancellation::{Cancellation, CancellationStep};
pub use lookup::Catalog;
pub use price_rules::PriceRules;
pub use settings::{Orphans, settings};
pub use shelf::{Shelf, ShelfError, Shelved};
pub use standing::stands;
pub use store::price_rules::{KeptPriceRules, must_own_shows as own_shows};
pub use store::{
    AccessCode, AccessCodeInput, CatalogError, Counts, Credit, Imported, LevelPrice, NewVersion, OpenCode, Organizer,
    OrganizerInput, PlanInput, PlanRecord, PlanVersion, PriceLevel, PriceTable, Production, ProductionInput, Records,
    Show, ShowInput, ShowStands, TicketType, TimedPrice, TimedPrices, Venue, VenueInput,
};
pub use store::{codes, organizers, plans, prices, productions, rules, shows, venues};
