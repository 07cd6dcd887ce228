//! The back office, the set-up of an empty server, and what the site says of itself.

mod allocations;
mod audit;
mod codes;
mod desk;
mod history;
pub mod mailbox;
mod organizers;
mod payment_accounts;
mod plans;
mod price_rules;
mod productions;
mod replan;
mod retention;
mod rules;
mod running;
mod setup;
mod shows;
mod site;
mod store;
mod venues;

use utoipa_actix_web::service_config::ServiceConfig;

pub use history::{ShowThen, moment};
pub use plans::PlanBytesMax;
pub use rules::tell_untold;
pub use setup::{Setup, SetupError};
pub use site::{Mails, SiteFacts};
pub use store::Office;

/// The room's addresses.
pub fn routes(config: &mut ServiceConfig) {
    config
        .configure(organizers::routes)
        .configure(price_rules::routes)
        .configure(payment_accounts::routes)
        .configure(venues::routes)
        .configure(plans::routes)
        .configure(productions::routes)
        .configure(shows::routes)
        .configure(running::routes)
        .configure(history::routes)
        .configure(replan::routes)
        .configure(allocations::routes)
        .configure(codes::routes)
        .configure(setup::routes)
        .configure(site::routes)
        .configure(audit::routes)
        .configure(retention::routes)
        .configure(mailbox::routes);
}
