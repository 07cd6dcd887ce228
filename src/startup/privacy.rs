//! Which rooms keep personal data, and how long each kind of it is kept.

use std::sync::Arc;

use crate::accounts::WaysIn;
use crate::accounts::members::privacy::Invitations;
use crate::accounts::privacy::{AccountData, EndedSessions, OldLinks};
use crate::notify::privacy::{Mails, Sayings};
use crate::orders::privacy::{Claims, Customers, OldCustomers, OrderTraces, PromisedCustomers, ProviderNews};
use crate::platform::audit::person::AuditPersons;
use crate::platform::config::Config;
use crate::platform::db::Db;
use crate::platform::idempotency::Answers;
use crate::platform::people::{People, PersonalData};
use crate::platform::retention::{Kept, Retention, Rule};

/// Every room that keeps personal data.
#[must_use]
pub fn people(config: &Config) -> People {
    let rooms: Vec<Arc<dyn PersonalData>> = vec![
        Arc::new(Customers { books_days: config.books_customers_days }),
        Arc::new(Claims),
        Arc::new(Mails),
        Arc::new(Answers),
        Arc::new(AuditPersons),
        Arc::new(Invitations),
        Arc::new(AccountData),
        Arc::new(WaysIn),
    ];
    People::new(rooms)
}

/// Every kind of data that is not kept for ever.
#[must_use]
pub fn retention(config: &Config, db: Db) -> Retention {
    let people = people(config);
    let rule = |kept: Arc<dyn Kept>, days: u32| Rule { kept, days };
    Retention::new(
        db,
        vec![
            rule(Arc::new(Mails), config.retain_mails_days),
            rule(Arc::new(Sayings), config.retain_mails_days),
            rule(Arc::new(EndedSessions), config.retain_sessions_days),
            // Long enough to be told that a link has run out, rather than that there never was one.
            rule(Arc::new(OldLinks), 7),
            rule(Arc::new(Invitations), 7),
            rule(Arc::new(ProviderNews), config.retain_provider_news_days),
            rule(Arc::new(OrderTraces), config.retain_order_traces_days),
            rule(Arc::new(AuditPersons), config.retain_audit_persons_days),
            rule(Arc::new(OldCustomers { people: people.clone() }), config.retain_customers_days),
            // A moment of its own was set for each.
            rule(Arc::new(PromisedCustomers { people }), 0),
        ],
    )
}
