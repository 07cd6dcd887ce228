//! The plans that are in use: read once, shared by all the shows that have them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web::Bytes;
use aisle_actors::core::{AreaNo, Plan, PlanVersionId, SeatNo, ShowId};
use aisle_actors::{BoxFuture, Plans, StoreError};
use uuid::Uuid;

use super::lookup::Catalog;
use super::plan::{PlanDocument, PlanProblems, TopologyError};
use super::store::StoredPlan;
use crate::http::caching::Packed;
use crate::platform::db::DbFault;

/// Versions kept ready though no show has them just now. A hall of 60,000 seats takes some 30 MB with its names.
const SHELVED_MAX: usize = 12;

/// A version of a plan, ready for use.
#[derive(Debug)]
pub struct Shelved {
    /// What the show's actor needs.
    pub plan: Arc<Plan>,
    /// What people are told of its seats.
    pub document: PlanDocument,
    /// The document as it was imported.
    pub json: Packed,
}

/// Why a stored plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// What is stored is not a plan; it was one when it was imported.
    #[error("plan version {version} cannot be read")]
    Unreadable {
        /// Which.
        version: Uuid,
        /// Why.
        source: PlanProblems,
    },
    /// What is stored has no numbers.
    #[error("plan version {version} cannot be used")]
    Unusable {
        /// Which.
        version: Uuid,
        /// Why.
        source: TopologyError,
    },
    /// It cannot be compressed.
    #[error("plan version {version} cannot be compressed")]
    Unpackable {
        /// Which.
        version: Uuid,
        /// Why.
        source: std::io::Error,
    },
    /// The thread that read it died.
    #[error("reading plan version {version} was cut off")]
    CutOff {
        /// Which.
        version: Uuid,
    },
}

#[derive(Debug, Default)]
struct Kept {
    by_version: HashMap<Uuid, (u64, Arc<Shelved>)>,
    uses: u64,
}

/// Plans by version. A version never changes, so nothing here is ever out of date.
#[derive(Clone, Debug)]
pub struct Shelf {
    catalog: Catalog,
    kept: Arc<Mutex<Kept>>,
    /// One reader at a time: a rush on a show that nobody has asked for yet reads its plan once.
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl Shelf {
    /// An empty shelf before this catalogue.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self { catalog, kept: Arc::default(), reading: Arc::default() }
    }

    /// The same plans over other connections: what a page has read, its show need not read again to wake.
    #[must_use]
    pub fn over(&self, catalog: Catalog) -> Self {
        // Its own turns: pages that wait for a connection must not keep shows asleep.
        Self { catalog, kept: Arc::clone(&self.kept), reading: Arc::default() }
    }

    /// The plan of a show, drafts too; `None`: there is no such show.
    ///
    /// # Errors
    /// When the database does not answer or holds what is no plan.
    pub async fn of_show(&self, show: Uuid) -> Result<Option<Arc<Shelved>>, ShelfError> {
        match self.catalog.plan_version_of(show).await? {
            Some(version) => self.version(version).await,
            None => Ok(None),
        }
    }

    /// A version of a plan; `None`: there is no such version.
    ///
    /// # Errors
    /// When the database does not answer or holds what is no plan.
    pub async fn version(&self, version: Uuid) -> Result<Option<Arc<Shelved>>, ShelfError> {
        if let Some(found) = self.take(version) {
            return Ok(Some(found));
        }
        let _turn = self.reading.lock().await;
        if let Some(found) = self.take(version) {
            return Ok(Some(found));
        }
        let Some(stored) = self.catalog.stored_plan(version).await? else { return Ok(None) };
        // A stadium takes tens of milliseconds, which is too long for a thread that serves others.
        let ready =
            tokio::task::spawn_blocking(move || ready(stored)).await.map_err(|_| ShelfError::CutOff { version })??;
        Ok(Some(self.put(version, Arc::new(ready))))
    }

    fn take(&self, version: Uuid) -> Option<Arc<Shelved>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        let (used, shelved) = kept.by_version.get_mut(&version)?;
        *used = now;
        Some(Arc::clone(shelved))
    }

    fn put(&self, version: Uuid, shelved: Arc<Shelved>) -> Arc<Shelved> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        if kept.by_version.len() >= SHELVED_MAX
            && let Some((&oldest, _)) = kept.by_version.iter().min_by_key(|(_, (used, _))| *used)
        {
            kept.by_version.remove(&oldest);
        }
        kept.by_version.insert(version, (now, Arc::clone(&shelved)));
        shelved
    }
}

fn ready(stored: StoredPlan) -> Result<Shelved, ShelfError> {
    let StoredPlan { version, json, seats, areas } = stored;
    let document = PlanDocument::parse(json.as_bytes()).map_err(|source| ShelfError::Unreadable { version, source })?;
    let seats: HashMap<String, i32> = seats.into_iter().collect();
    let areas: HashMap<String, i32> = areas.into_iter().collect();
    let seat = |guid: &str| seats.get(guid).and_then(|&number| u32::try_from(number).ok()).map(SeatNo);
    let area = |id: &str| areas.get(id).and_then(|&number| u16::try_from(number).ok()).map(AreaNo);
    let plan = document
        .topology(PlanVersionId(version), seat, area)
        .map_err(|source| ShelfError::Unusable { version, source })?;
    let json = Packed::new(version.to_string(), Bytes::from(json))
        .map_err(|source| ShelfError::Unpackable { version, source })?;
    Ok(Shelved { plan: Arc::new(plan), document, json })
}

impl Plans for Shelf {
    fn plan_of(&self, show: ShowId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>> {
        Box::pin(async move {
            let shelved = self.of_show(show.0).await.map_err(StoreError::new)?;
            Ok(shelved.map(|shelved| Arc::clone(&shelved.plan)))
        })
    }

    fn version(&self, version: PlanVersionId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>> {
        Box::pin(async move {
            let shelved = Self::version(self, version.0).await.map_err(StoreError::new)?;
            Ok(shelved.map(|shelved| Arc::clone(&shelved.plan)))
        })
    }

    fn first_of(&self, show: ShowId) -> BoxFuture<'_, Result<Option<PlanVersionId>, StoreError>> {
        Box::pin(async move {
            let first = self.catalog.first_plan_version_of(show.0).await.map_err(StoreError::new)?;
            Ok(first.map(PlanVersionId))
        })
    }

    fn correct(&self, show: ShowId, version: PlanVersionId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            tracing::info!(show.id = %show, "Show {show} is on plan version {version} now");
            self.catalog.note_plan_version(show.0, version.0).await.map_err(StoreError::new)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r##"{"name": "Hall", "size": {"width": 100, "height": 100}, "categories": [{"name": "A", "color": "#112233"}],
        "zones": [{"name": "Stalls", "zone_id": "stalls", "position": {"x": 0, "y": 0}, "areas": [], "rows": [
            {"row_number": "1", "position": {"x": 0, "y": 0}, "seats": [
                {"seat_guid": "s-1", "seat_number": "1", "position": {"x": 0, "y": 0}, "category": "A"},
                {"seat_guid": "s-2", "seat_number": "2", "position": {"x": 20, "y": 0}, "category": "A"}]}]}]}"##;

    fn stored(seats: &[(&str, i32)]) -> StoredPlan {
        StoredPlan {
            version: Uuid::from_u128(7),
            json: PLAN.to_owned(),
            seats: seats.iter().map(|&(guid, number)| (guid.to_owned(), number)).collect(),
            areas: Vec::new(),
        }
    }

    #[test]
    fn a_stored_plan_keeps_the_numbers_that_its_seats_were_given() {
        let shelved = ready(stored(&[("s-1", 5), ("s-2", 0), ("gone", 1)])).unwrap();
        assert_eq!(shelved.plan.number_of("s-1"), Some(SeatNo(5)));
        assert_eq!(shelved.plan.order(), [SeatNo(5), SeatNo(0)]);
        assert_eq!(shelved.document.describe("s-2").unwrap().seat, "2");
    }

    #[test]
    fn a_seat_without_a_number_is_a_fault_and_no_guess() {
        assert!(matches!(ready(stored(&[("s-1", 0)])), Err(ShelfError::Unusable { .. })));
        assert!(matches!(
            ready(StoredPlan { json: "{}".to_owned(), ..stored(&[]) }),
            Err(ShelfError::Unreadable { .. })
        ));
    }

    #[tokio::test]
    async fn the_shelf_keeps_what_was_used_last() {
        let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
        let shelf = Shelf::new(Catalog::new(pool));
        let shelved = Arc::new(ready(stored(&[("s-1", 0), ("s-2", 1)])).unwrap());
        for version in 0..SHELVED_MAX as u128 {
            shelf.put(Uuid::from_u128(version), Arc::clone(&shelved));
        }
        assert!(shelf.take(Uuid::from_u128(0)).is_some());
        shelf.put(Uuid::from_u128(100), Arc::clone(&shelved));
        assert!(shelf.take(Uuid::from_u128(0)).is_some(), "it was used a moment ago");
        assert!(shelf.take(Uuid::from_u128(1)).is_none(), "nobody had used it for longest");
    }
}
