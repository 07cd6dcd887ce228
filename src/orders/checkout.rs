//! Drives sagas: keeps what they conclude, carries their effects out, keeps what came of them. Requests, webhooks and the
//! worker all end here.

use std::sync::Arc;

use aisle_actors::Clock;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::outside::Outside;
use super::saga::{Outcome, Refusal, Saga, Step};
use super::store::{Kept, Loaded, Orders, Wake};
use crate::payments::Report;
use crate::platform::db::DbFault;
use crate::platform::time::from_core;

/// More steps than any order needs in one go; past it somebody else goes on a moment later.
const STEPS_MAX: usize = 64;
/// How long a step may take before another worker takes the order for abandoned.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// So long a step that came to nothing waits for the next try, at most.
const WAIT_MAX_MS: i64 = 30_000;
/// How often a change is decided anew because somebody else was first.
const TRIES_MAX: usize = 20;

/// What an order has come to.
#[derive(Clone, Debug)]
pub struct Drove {
    /// It.
    pub saga: Saga,
    /// Holds that could not be paid for.
    pub refusals: Vec<Refusal>,
    /// What somebody did not answer to: the worker tries again.
    pub stuck: Option<String>,
}

/// Why an order could not be driven.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutFault {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// Others change the order all the time.
    #[error("order {order} is being changed by others")]
    Contended {
        /// Which.
        order: Uuid,
    },
}

/// Drives orders. Clone is cheap. Each runtime has one of its own, because its connections belong to it.
#[derive(Clone)]
pub struct Checkout {
    /// The orders.
    pub store: Orders,
    /// Shows and providers.
    pub outside: Outside,
    clock: Arc<Clock>,
}

impl Checkout {
    /// Drives these orders.
    #[must_use]
    pub fn new(store: Orders, outside: Outside, clock: Arc<Clock>) -> Self {
        Self { store, outside, clock }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        from_core(self.clock.now())
    }

    /// Takes an order as far as it goes without news. `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer; the worker goes on later.
    pub async fn drive(&self, order: Uuid) -> Result<Option<Drove>, CheckoutFault> {
        let Some(loaded) = self.store.load(order).await? else { return Ok(None) };
        let Loaded { saga: mut kept, mut version, mut armed, mut attempts } = loaded;
        let mut saga = kept.clone();
        let mut refusals = Vec::new();
        for _ in 0..STEPS_MAX {
            let step = saga.next(self.now());
            let (wake, done) = match &step {
                Step::Do(_) => (Wake::At(Some(self.now() + LEASE)), false),
                Step::Rest { until } => (Wake::At(*until), true),
            };
            if saga != kept || done || !armed {
                match self.store.keep(&kept, &saga, version, &wake).await? {
                    Kept::Version(new) => (version, kept, armed) = (new, saga.clone(), true),
                    Kept::Stale => {
                        let Some(loaded) = self.store.load(order).await? else { return Ok(None) };
                        (kept, version, armed, attempts) = (loaded.saga, loaded.version, loaded.armed, loaded.attempts);
                        saga = kept.clone();
                        continue;
                    }
                }
            }
            let Step::Do(effect) = step else { return Ok(Some(Drove { saga, refusals, stuck: None })) };
            match self.outside.perform(&saga, &effect).await {
                Outcome::Later { reason } => {
                    let wait_ms = (200_i64 << attempts.clamp(0, 10)).min(WAIT_MAX_MS);
                    tracing::info!(order.id = %order, step = ?effect, reason, wait_ms, "A step of an order waits");
                    let wake = Wake::After { wait_ms, problem: reason.clone() };
                    // Stale: somebody else drives it, and knows when to look again.
                    self.store.keep(&kept, &saga, version, &wake).await?;
                    return Ok(Some(Drove { saga, refusals, stuck: Some(reason) }));
                }
                outcome => refusals.extend(saga.learn(self.now(), &effect, outcome)),
            }
        }
        Err(CheckoutFault::Contended { order })
    }

    /// Changes an order and takes it as far as it goes. What the change refuses is given back, with nothing changed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change<R>(
        &self,
        order: Uuid,
        change: impl Fn(&mut Saga, Timestamp) -> Result<(), R>,
    ) -> Result<Option<Result<Drove, R>>, CheckoutFault> {
        for _ in 0..TRIES_MAX {
            let Some(loaded) = self.store.load(order).await? else { return Ok(None) };
            let mut saga = loaded.saga.clone();
            let now = self.now();
            if let Err(refused) = change(&mut saga, now) {
                return Ok(Some(Err(refused)));
            }
            let kept = if saga == loaded.saga {
                Kept::Version(loaded.version)
            } else {
                self.store.keep(&loaded.saga, &saga, loaded.version, &Wake::At(Some(now + LEASE))).await?
            };
            match kept {
                Kept::Version(_) => return Ok(self.drive(order).await?.map(Ok)),
                Kept::Stale => {}
            }
        }
        Err(CheckoutFault::Contended { order })
    }

    /// Takes in what a provider says: the one way in which webhooks, looking up and reconciliation settle an order. False:
    /// we know no such payment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle(&self, report: &Report) -> Result<bool, CheckoutFault> {
        let Some(order) = self.store.order_of_payment(report.payment).await? else { return Ok(false) };
        let settled = self
            .change(order, |saga, _| {
                saga.report(report);
                Ok::<(), std::convert::Infallible>(())
            })
            .await?;
        Ok(settled.is_some())
    }
}
