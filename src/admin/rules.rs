//! A show is told the rules that its house wishes. The wish is kept first, with a mark; the mark goes once the show's journal
//! has the rules. Whoever dies in between leaves the mark behind, and the worker of any process tells the show.

use aisle_actors::Shows;
use aisle_actors::core::{Command, ShowId};
use uuid::Uuid;

use super::shows::missing;
use crate::catalog::{Catalog, rules, settings, shows};
use crate::http::ApiError;
use crate::http::rejection::{asked, unasked};
use crate::platform::db::DbFault;

/// So many at a time.
const BATCH: i64 = 20;

/// Has the show keep the rules that the house wishes now. Once more changes nothing.
///
/// # Errors
/// `busy` where the show cannot be reached; the mark stays then.
pub(super) async fn bring_in_line(catalog: &Catalog, all: &Shows, id: Uuid) -> Result<(), ApiError> {
    let mut turn = catalog.db().begin().await.map_err(DbFault)?;
    // One after the other: the newest wish must be the last that the show hears.
    rules::take_turn(&mut turn, id).await?;
    let wish = shows::read(&mut turn, id).await?.ok_or_else(missing)?;
    let running = all.get(ShowId(id)).await.map_err(|error| unasked(&error))?;
    let configure = Command::Configure(settings(&wish.fields));
    running.ask(configure).await.map_err(|error| asked(error, running.plan()))?;
    rules::told(&mut turn, id, wish.version).await?;
    turn.commit().await.map_err(DbFault)?;
    Ok(())
}

/// Tells the shows that were left untold.
///
/// # Errors
/// When the database does not answer. A show that cannot be told is logged, and tried again later.
pub async fn tell_untold(catalog: &Catalog, all: &Shows) -> Result<(), DbFault> {
    for id in catalog.take_untold(BATCH).await? {
        match bring_in_line(catalog, all, id).await {
            Ok(()) => tracing::info!(show.id = %id, "Show {id} had not been told its rules; it has them now"),
            Err(error) => {
                tracing::warn!(show.id = %id, code = ?error.code(), "Show {id} could not be told its rules; it is tried again");
            }
        }
    }
    Ok(())
}
