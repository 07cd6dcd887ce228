//! The orders worker: goes on with every order that was left between two steps, whose time is over, or whose news came while
//! nobody could take it in.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use super::checkout::{Checkout, CheckoutFault};
use super::store::Waiting;

/// So many at a time: each may hold a connection.
const BATCH: i64 = 6;
/// As long as a slow provider takes.
const LEASE_MS: i64 = 15_000;
/// A deadline is met within this.
const POLL: Duration = Duration::from_millis(250);

/// The worker. Every process has one; they share the work.
pub struct OrdersWorker {
    checkout: Checkout,
}

impl OrdersWorker {
    /// A worker with a checkout of its own runtime.
    #[must_use]
    pub fn new(checkout: Checkout) -> Self {
        Self { checkout }
    }

    /// Does what is due. True: there was something.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run_once(&self) -> Result<bool, CheckoutFault> {
        let orders = self.checkout.store.due(BATCH, LEASE_MS).await?;
        let driven = join_all(orders.iter().map(|order| self.checkout.drive(*order))).await;
        for (order, driven) in orders.iter().zip(driven) {
            if let Err(fault) = driven {
                let error = crate::http::error::chain(&fault);
                tracing::warn!(order.id = %order, error, "An order could not be gone on with; it is tried again");
            }
        }
        let waiting = self.checkout.store.unsettled(BATCH).await?;
        for webhook in &waiting {
            self.settle(webhook).await?;
        }
        Ok(!orders.is_empty() || !waiting.is_empty())
    }

    async fn settle(&self, waiting: &Waiting) -> Result<(), CheckoutFault> {
        let Waiting { provider, account, event_id, body } = waiting;
        let store = &self.checkout.store;
        let parsed = self.checkout.outside.gateways.get(provider).map(|gateway| gateway.parse(body));
        let problem = match parsed {
            Some(Ok(report)) => match self.checkout.settle(&report).await? {
                true => return Ok(store.processed(provider, account, event_id).await?),
                false => "it is about no payment of ours".to_owned(),
            },
            Some(Err(error)) => error.to_string(),
            None => "this provider is not configured".to_owned(),
        };
        Ok(store.note_problem(waiting, &problem).await?)
    }

    /// Works until told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            let more = match self.run_once().await {
                Ok(more) => more,
                Err(fault) => {
                    tracing::warn!(error = crate::http::error::chain(&fault), "The orders worker's turn failed");
                    false
                }
            };
            if *stop.borrow() {
                return;
            }
            if more {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
            }
        }
    }
}
