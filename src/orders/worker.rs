//! The orders worker: goes on with every order that was left between two steps, whose time is over, or whose news came while
//! nobody could take it in.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use uuid::Uuid;

use super::checkout::{Checkout, CheckoutFault, TakenIn};
use super::desk::WorkKind;
use super::store::Waiting;
use crate::platform::db::DbFault;

/// So many orders at a time: each may hold a connection.
const ORDERS_MAX: usize = 6;
/// So many webhooks beside them.
const WEBHOOKS_MAX: usize = 3;
/// As long as a slow provider takes.
const LEASE_MS: i64 = 15_000;
/// A deadline is met within this.
const POLL: Duration = Duration::from_millis(250);
/// What waits for somebody changes slowly, and counting it reads much.
const COUNT_EVERY: Duration = Duration::from_secs(120);
/// Before every so many counts the month's books are looked through: once an hour.
const COUNTS_BETWEEN_AUDITS: u32 = 30;

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

    async fn go_on(&self, order: Uuid) {
        if let Err(fault) = self.checkout.drive(order).await {
            let error = crate::http::error::chain(&fault);
            tracing::warn!(order.id = %order, error, "An order could not be gone on with; it is tried again");
        }
    }

    async fn settle(&self, waiting: Waiting) {
        if let Err(fault) = self.try_to_settle(&waiting).await {
            let (error, event) = (crate::http::error::chain(&fault), waiting.event_id);
            tracing::warn!(event, error, "A webhook could not be settled; it is tried again");
        }
    }

    async fn try_to_settle(&self, waiting: &Waiting) -> Result<(), CheckoutFault> {
        let Waiting { provider, account, event_id, body } = waiting;
        let store = &self.checkout.store;
        let problem = match self.checkout.outside.gateways.find(provider, account).await {
            Ok(Some(gateway)) => match gateway.parse(body) {
                Ok(told) => match self.checkout.take_in((provider, account), &told.news).await? {
                    TakenIn::Settled => return Ok(store.processed(provider, account, event_id, None).await?),
                    TakenIn::Nothing { why } => {
                        return Ok(store.processed(provider, account, event_id, Some(&why)).await?);
                    }
                    TakenIn::Stray { report } => {
                        return Ok(store.note_stray((provider, account), event_id, &report).await?);
                    }
                    TakenIn::Later { why } => why,
                },
                Err(error) => error.to_string(),
            },
            Ok(None) => "there is no such account at this provider".to_owned(),
            Err(error) => crate::http::error::chain(&error),
        };
        Ok(store.note_problem(waiting, &problem).await?)
    }

    /// Shows in the metrics what waits for somebody.
    async fn count_work(&self, mut stop: watch::Receiver<bool>) {
        for count in 0_u32.. {
            if count % COUNTS_BETWEEN_AUDITS == 0
                && let Err(fault) = self.checkout.store.note_unbalanced().await
            {
                tracing::warn!(error = crate::http::error::chain(&fault), "The books could not be looked through");
            }
            match self.checkout.store.work_counts(None).await {
                Ok(waiting) => {
                    for kind in WorkKind::ALL {
                        let count = waiting.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count);
                        metrics::gauge!("aisle_money_work", "kind" => kind.word()).set(count as f64);
                    }
                }
                Err(fault) => {
                    tracing::warn!(error = crate::http::error::chain(&fault), "The money desk could not be counted");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(COUNT_EVERY) => {}
                changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
            }
        }
    }

    /// Works until told to stop.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let store = &self.checkout.store;
        let orders = lanes(ORDERS_MAX, |free| store.due(free, LEASE_MS), |order| self.go_on(order), stop.clone());
        let settle = |waiting| self.settle(waiting);
        let webhooks = lanes(WEBHOOKS_MAX, |free| store.unsettled(free), settle, stop.clone());
        tokio::join!(orders, webhooks, self.count_work(stop));
    }
}

/// Takes up to `lanes_max` pieces of work at a time, a new one as soon as one is done, until told to stop; then ends what is
/// under way. One that waits for somebody keeps nobody else waiting.
pub(super) async fn lanes<T, Taking, Doing>(
    lanes_max: usize,
    take: impl Fn(i64) -> Taking,
    work: impl Fn(T) -> Doing,
    mut stop: watch::Receiver<bool>,
) where
    Taking: Future<Output = Result<Vec<T>, DbFault>>,
    Doing: Future<Output = ()>,
{
    let mut under_way = FuturesUnordered::new();
    loop {
        if *stop.borrow() {
            while under_way.next().await.is_some() {}
            return;
        }
        let free = lanes_max - under_way.len();
        let taken = match take(i64::try_from(free).unwrap_or(0)).await {
            Ok(taken) => taken,
            Err(fault) => {
                tracing::warn!(error = crate::http::error::chain(&fault), "The orders worker's turn failed");
                Vec::new()
            }
        };
        under_way.extend(taken.into_iter().map(&work));
        let full = under_way.len() == lanes_max;
        tokio::select! {
            Some(()) = under_way.next() => {}
            () = tokio::time::sleep(POLL), if !full => {}
            changed = stop.changed() => if changed.is_err() {
                while under_way.next().await.is_some() {}
                return;
            },
        }
    }
}
