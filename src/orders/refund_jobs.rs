//! Gives the orders of a whole show back, because it was cancelled or moved: one after the other, in few lanes, so that the sale of
//! other shows has the rest of the machine. What each order needs is its own saga's business; here is only which is next.

use tokio::sync::watch;

use super::checkout::{Checkout, CheckoutFault};
use super::returning::of_show;
use super::saga::{OrderState, Saga, WishRefused};
use super::store::{JobOrder, Settled};
use super::worker::lanes;

/// So many orders at a time in each process. Each talks to a provider and commits some times; two are some dozens a second.
const LANES: usize = 2;
/// After so many tries that came to nothing an order is somebody's work.
const TRIES_MAX: i32 = 12;

/// The worker. Every process has one; they share the work.
pub struct RefundJobs {
    checkout: Checkout,
}

impl RefundJobs {
    /// A worker with a checkout of its own runtime.
    #[must_use]
    pub fn new(checkout: Checkout) -> Self {
        Self { checkout }
    }

    /// Works until told to stop.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let store = &self.checkout.store;
        let take = |free| async move {
            let taken = store.due_of_jobs(free).await?;
            if taken.is_empty() && i64::try_from(LANES).is_ok_and(|lanes| lanes == free) {
                for job in store.end_jobs().await? {
                    tracing::info!(job.id = %job, "All orders of a show have been gone through");
                }
            }
            Ok(taken)
        };
        lanes(LANES, take, |of| self.refund(of), stop).await;
    }

    async fn refund(&self, of: JobOrder) {
        let settled = match self.settle(&of).await {
            Ok(settled) => settled,
            Err(fault) => later(&of, crate::http::error::chain(&fault)),
        };
        metrics::counter!("aisle_refund_job_orders_total", "outcome" => word(&settled)).increment(1);
        if let Err(fault) = self.checkout.store.settle_of_job(&of, &settled).await {
            let error = crate::http::error::chain(&fault);
            tracing::warn!(order.id = %of.order, error, "What became of an order of a refund could not be written down");
        }
    }

    /// Whatever was done before somebody died is found done here, and not done again.
    async fn settle(&self, of: &JobOrder) -> Result<Settled, CheckoutFault> {
        let Some(loaded) = self.checkout.store.load(of.order).await? else { return Ok(Settled::Nothing) };
        let unpaid = match loaded.saga.state {
            OrderState::AwaitingPayment | OrderState::InReview => true,
            OrderState::Confirmed | OrderState::PartiallyRefunded => false,
            OrderState::Authorized | OrderState::Booked | OrderState::Captured => {
                self.checkout.drive(of.order).await?;
                return Ok(later(of, "its sale is just being finished".to_owned()));
            }
            OrderState::Refunding => {
                let drove = self.checkout.drive(of.order).await?;
                return Ok(drove.map_or(Settled::Nothing, |drove| after(of, &drove.saga, drove.stuck)));
            }
            OrderState::Expired | OrderState::Refunded | OrderState::Cancelled => {
                return Ok(nothing_left(of));
            }
        };
        if unpaid {
            let ended = self.checkout.change(of.order, |saga, _| saga.give_up()).await?;
            return Ok(match ended {
                Some(Ok(drove)) if drove.saga.state == OrderState::Cancelled => Settled::Ended,
                // It was paid just now: next time it is refunded.
                Some(Ok(_) | Err(_)) => later(of, "it was just being paid".to_owned()),
                None => Settled::Nothing,
            });
        }
        if of_show(&loaded.saga, of.show).is_empty() {
            return Ok(nothing_left(of));
        }
        let give_back = |saga: &mut Saga, now| {
            let lines = of_show(saga, of.show);
            if lines.is_empty() { Ok(()) } else { saga.give_back(now, Some(&lines), &of.reason) }
        };
        Ok(match self.checkout.change(of.order, give_back).await? {
            Some(Ok(drove)) => after(of, &drove.saga, drove.stuck),
            Some(Err(WishRefused::UnderWay)) => later(of, "another cancellation is under way".to_owned()),
            Some(Err(WishRefused::Promised)) => later(of, "its tickets are just being exchanged".to_owned()),
            Some(Err(refused)) => later(of, format!("it could not be given back: {refused:?}")),
            None => Settled::Nothing,
        })
    }
}

fn word(settled: &Settled) -> &'static str {
    match settled {
        Settled::Refunded => "refunded",
        Settled::Ended => "ended",
        Settled::Nothing => "nothing",
        Settled::Failed(_) => "failed",
        Settled::Later { .. } => "later",
    }
}

/// Nothing is left of it: because it was given back by who took it before and died, or because there never was anything.
fn nothing_left(of: &JobOrder) -> Settled {
    if of.attempts > 1 { Settled::Refunded } else { Settled::Nothing }
}

fn after(of: &JobOrder, saga: &Saga, stuck: Option<String>) -> Settled {
    if saga.state == OrderState::Refunding {
        return later(of, stuck.unwrap_or_else(|| "its refund is under way".to_owned()));
    }
    if of_show(saga, of.show).is_empty() {
        Settled::Refunded
    } else {
        // Who has no money back keeps the tickets.
        Settled::Failed("The provider would not give the money back.".to_owned())
    }
}

fn later(of: &JobOrder, problem: String) -> Settled {
    if of.attempts >= TRIES_MAX {
        return Settled::Failed(problem);
    }
    let wait_ms = (250_i64 << of.attempts.clamp(0, 8)).min(60_000);
    Settled::Later { wait_ms, problem }
}
