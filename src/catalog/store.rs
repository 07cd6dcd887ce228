//! SQL of the catalogue. Reads take the pool; changes take the connection of their caller's transaction.

pub mod codes;
pub mod listing;
pub mod organizers;
pub mod plans;
pub mod price_from;
pub mod price_rules;
pub mod prices;
pub mod productions;
pub mod rules;
pub mod search;
pub mod shows;
pub mod venues;

use serde_json::{Map, Value};

pub use codes::{AccessCode, AccessCodeInput, OpenCode};
pub use listing::{NamedVenue, PublicShow, PublicVenue, ShowFilter};
pub use organizers::{Organizer, OrganizerInput};
pub use plans::{Imported, NewVersion, PlanInput, PlanRecord, PlanVersion, StoredPlan};
pub use prices::{LevelPrice, PriceLevel, PriceTable, TicketType, TimedPrice, TimedPrices};
pub use productions::{Credit, Production, ProductionInput};
pub use search::{Facets, FoundProduction, ProductionFilter, Sort, SortKey};
pub use shows::{Counts, Show, ShowInput, ShowStands};
pub use venues::{Venue, VenueInput};

use super::lookup::Catalog;
use crate::platform::audit::{self, Entry};
use crate::platform::db::{Db, DbFault};

/// Which page of a back-office list.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Whose things; `None` is everybody's.
    pub of: Option<Vec<uuid::Uuid>>,
    /// Archived ones too.
    pub archived: bool,
    /// One more than the page has.
    pub limit: i64,
    /// Where the page before ended: when that record was made, and its id.
    pub after: Option<(jiff::Timestamp, uuid::Uuid)>,
}

impl Records {
    /// One that is named by its id, put away or not.
    fn of_one() -> Self {
        Self { archived: true, limit: 1, ..Self::default() }
    }

    fn after_at(&self) -> Option<jiff_sqlx::Timestamp> {
        self.after.map(|(at, _)| crate::platform::time::sql(at))
    }

    fn after_id(&self) -> Option<uuid::Uuid> {
        self.after.map(|(_, id)| id)
    }
}

impl Catalog {
    /// The database, for work that is done once.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.pool
    }

    /// Puts something away, in a transaction of its own, and records it there.
    ///
    /// # Errors
    /// Those of `work`; nothing has changed then.
    pub async fn archive(
        &self,
        entry: Entry,
        work: impl for<'c> FnOnce(
            &'c mut sqlx::PgConnection,
        ) -> futures_util::future::LocalBoxFuture<'c, Result<(), CatalogError>>,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.pool.begin().await?;
        work(&mut transaction).await?;
        audit::record(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbFault(error))
    }
}

/// Why the catalogue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A field that contradicts what is there.
    #[error("{field}: {message}")]
    Field {
        /// Which.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// Somebody else was faster.
    #[error("somebody else has changed it")]
    Conflict,
    /// Something else still needs it.
    #[error("{0}")]
    InUse(&'static str),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
}

impl CatalogError {
    /// The same, where the field stands within another.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        match self {
            Self::Field { field, message } => Self::Field { field: format!("{outer}.{field}"), message },
            other @ (Self::Conflict | Self::InUse(_) | Self::Database(_)) => other,
        }
    }

    pub(super) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field { field: field.into(), message: message.into() }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// An update that met no row: somebody else changed the record between our reading and our writing.
fn changed_one(done: &sqlx::postgres::PgQueryResult) -> Result<(), CatalogError> {
    if done.rows_affected() == 1 { Ok(()) } else { Err(CatalogError::Conflict) }
}
