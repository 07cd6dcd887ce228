//! Drives sagas: keeps what they conclude, carries their effects out, keeps what came of them. Requests, webhooks and the
//! worker all end here.

use std::sync::Arc;

use aisle_actors::Clock;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::drive::{Drive, Drove, Kept, Task, Wake};
use super::fraud::{decide_by, judge};
use super::outside::Outside;
use super::saga::{Effect, Outcome, Saga, Verdict};
use super::store::Orders;
use crate::payments::{Charge, News, Report, What};
use crate::platform::audit::Entry;
use crate::platform::db::DbFault;
use crate::platform::time::from_core;

/// How often a change is decided anew because somebody else was first.
const TRIES_MAX: usize = 20;

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

/// How far an order has gone.
enum GoneOn {
    /// As far as it goes.
    Far(Box<Drove>),
    /// There is no such order any more.
    NotThere,
    /// Nowhere: somebody else was first, and the change that it began with must be decided anew.
    ChangeAgain,
}

/// Drives orders. Clone is cheap. Each runtime has one of its own, because its connections belong to it.
#[derive(Clone)]
pub struct Checkout {
    /// The orders.
    pub store: Orders,
    /// Shows and providers.
    pub outside: Outside,
    clock: Arc<Clock>,
    /// What the rules want held is held, not only noted.
    holds: bool,
}

impl Checkout {
    /// Drives these orders. Without `holds` what the rules of a house want held is noted and sold.
    #[must_use]
    pub fn new(store: Orders, outside: Outside, clock: Arc<Clock>, holds: bool) -> Self {
        Self { store, outside, clock, holds }
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
        for _ in 0..TRIES_MAX {
            let Some(loaded) = self.store.load(order).await? else { return Ok(None) };
            match self.go_on(Drive::new(loaded), None).await? {
                GoneOn::Far(drove) => return Ok(Some(*drove)),
                GoneOn::NotThere => return Ok(None),
                GoneOn::ChangeAgain => {}
            }
        }
        Err(CheckoutFault::Contended { order })
    }

    /// Goes on as far as it goes; what is kept first is kept with this entry.
    async fn go_on(&self, mut drive: Drive, mut by: Option<Entry>) -> Result<GoneOn, CheckoutFault> {
        let order = drive.saga().order;
        loop {
            match drive.next(self.now()) {
                Task::Keep(wake) => {
                    if let Wake::After { wait_ms, problem } = &wake {
                        tracing::info!(order.id = %order, problem, wait_ms, "A step of an order waits");
                    }
                    let (before, after, version) = (drive.before(), drive.saga(), drive.version());
                    let kept = self.store.keep_by(by.as_ref(), before, after, version, &wake).await?;
                    if kept != Kept::Stale {
                        by = None;
                    }
                    drive.kept(kept);
                }
                Task::Load => {
                    let Some(loaded) = self.store.load(order).await? else { return Ok(GoneOn::NotThere) };
                    drive.loaded(loaded);
                }
                Task::ChangeAgain => return Ok(GoneOn::ChangeAgain),
                Task::Perform(effect) => {
                    let outcome = match &effect {
                        Effect::Judge { payment } => self.judge(drive.saga(), *payment).await,
                        _ => self.outside.perform(drive.saga(), &effect).await,
                    };
                    drive.learn(self.now(), &effect, outcome);
                }
                Task::Done => return Ok(GoneOn::Far(Box::new(drive.drove()))),
                Task::TooLong => return Err(CheckoutFault::Contended { order }),
            }
        }
    }

    /// Asks the rules of the house about an order that this payment can buy.
    async fn judge(&self, saga: &Saga, payment: Uuid) -> Outcome {
        let asked = match self.store.to_judge(saga.order, payment).await {
            Ok(Some(asked)) => asked,
            Ok(None) => return Outcome::Later { reason: "the order is not there".to_owned() },
            Err(fault) => return Outcome::Later { reason: crate::http::error::chain(&fault) },
        };
        let now = self.now();
        let attempt = saga.attempt(payment);
        let lasts = match attempt {
            Some(attempt) => match self.outside.gateway(attempt).await {
                Ok(gateway) => gateway.method(&attempt.method).map(|method| method.authorisation_lasts),
                Err(outcome) => return outcome,
            },
            None => None,
        };
        let lasts = lasts.unwrap_or(SignedDuration::ZERO);
        let set_aside = attempt.and_then(|attempt| attempt.paid_at).unwrap_or(now);
        let mut findings = judge(&asked.rules, &asked.facts);
        for finding in &mut findings {
            finding.holds &= self.holds;
        }
        Outcome::Judged(Verdict { findings, by: decide_by(&asked.rules, now, set_aside, lasts, asked.starts) })
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
        self.change_by(order, None, change).await
    }

    /// The same, recorded as this entry in the transaction that keeps the change: what is refused, or changes nothing, leaves
    /// none. The change is kept with the first thing that is, before anybody hears of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change_by<R>(
        &self,
        order: Uuid,
        by: Option<Entry>,
        change: impl Fn(&mut Saga, Timestamp) -> Result<(), R>,
    ) -> Result<Option<Result<Drove, R>>, CheckoutFault> {
        for _ in 0..TRIES_MAX {
            let Some(loaded) = self.store.load(order).await? else { return Ok(None) };
            let mut saga = loaded.saga.clone();
            if let Err(refused) = change(&mut saga, self.now()) {
                return Ok(Some(Err(refused)));
            }
            let by = by.as_ref().filter(|_| saga != loaded.saga).cloned();
            match self.go_on(Drive::changed(loaded, saga), by).await? {
                GoneOn::Far(drove) => return Ok(Some(Ok(*drove))),
                GoneOn::NotThere => return Ok(None),
                GoneOn::ChangeAgain => {}
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
        self.settle_all(report.payment, std::slice::from_ref(report)).await
    }

    /// The same, of all that is known of one payment, at once: nothing is decided on a part of it.
    async fn settle_all(&self, payment: Uuid, reports: &[Report]) -> Result<bool, CheckoutFault> {
        let Some(order) = self.store.order_of_payment(payment).await? else { return Ok(false) };
        let settled = self
            .change(order, |saga, _| {
                for report in reports {
                    saga.report(report);
                }
                Ok::<(), std::convert::Infallible>(())
            })
            .await?;
        Ok(settled.is_some())
    }

    /// Takes in a piece of news of this account of a provider.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_in(&self, whom: (&str, &str), news: &News) -> Result<TakenIn, CheckoutFault> {
        let nothing = |why: &str| Ok(TakenIn::Nothing { why: why.to_owned() });
        match news {
            News::Nothing { why } => Ok(TakenIn::Nothing { why: why.clone() }),
            News::Report(report) => self.believe(whom, report).await,
            News::Ask { payment, theirs } => match self.store.whose_payment(*payment).await? {
                Some(whose) if whose.is(whom) => self.inquire(*payment).await,
                Some(_) => nothing("it is about no payment of this account"),
                None => self.ask_about_stray(whom, *payment, theirs.clone()).await,
            },
            News::GivenBack { theirs } => {
                let gateway = match self.outside.gateway_of(whom).await {
                    Ok(gateway) => gateway,
                    Err(outcome) => return Ok(later(outcome)),
                };
                match gateway.look_up_refunds(theirs).await {
                    Ok(reports) => match reports.first() {
                        Some(first) if self.is_of(whom, first.payment).await? => {
                            self.settle_all(first.payment, &reports).await?;
                            Ok(TakenIn::Settled)
                        }
                        Some(_) => nothing("it is about no payment of this account"),
                        None => nothing("nothing that was collected for this account went back by it"),
                    },
                    Err(error) => Ok(TakenIn::Later { why: crate::http::error::chain(&error) }),
                }
            }
            News::Claim { claim, at } => {
                let gateway = match self.outside.gateway_of(whom).await {
                    Ok(gateway) => gateway,
                    Err(outcome) => return Ok(later(outcome)),
                };
                match gateway.look_up_claim(claim, *at).await {
                    Ok(Some(report)) => self.believe(whom, &report).await,
                    Ok(None) => nothing("it claims no money of a payment of ours"),
                    Err(error) => Ok(TakenIn::Later { why: crate::http::error::chain(&error) }),
                }
            }
        }
    }

    /// Whether this payment is made by this account. Whoever has an account can sign news of it, and write on them what they like.
    async fn is_of(&self, whom: (&str, &str), payment: Uuid) -> Result<bool, CheckoutFault> {
        Ok(self.store.whose_payment(payment).await?.is_some_and(|whose| whose.is(whom)))
    }

    /// A payment that was begun under an id of ours, and is not in our books: after a restore, or another server's with the same account.
    /// Where its money is here, somebody must know.
    async fn ask_about_stray(
        &self,
        whom: (&str, &str),
        payment: Uuid,
        theirs: Option<String>,
    ) -> Result<TakenIn, CheckoutFault> {
        let gateway = match self.outside.gateway_of(whom).await {
            Ok(gateway) => gateway,
            Err(outcome) => return Ok(later(outcome)),
        };
        let has_money = |report: &Report| matches!(report.what, What::Authorized | What::Captured);
        match gateway.look_up(&Charge { payment, provider_ref: theirs }).await {
            Ok(reports) => Ok(match reports.into_iter().find(has_money) {
                Some(report) => TakenIn::Stray { report },
                None => TakenIn::Nothing { why: "it is about no payment of this account".to_owned() },
            }),
            Err(error) => Ok(TakenIn::Later { why: crate::http::error::chain(&error) }),
        }
    }

    async fn believe(&self, whom: (&str, &str), report: &Report) -> Result<TakenIn, CheckoutFault> {
        if !self.is_of(whom, report.payment).await? {
            return Ok(TakenIn::Stray { report: report.clone() });
        }
        self.settle(report).await?;
        Ok(TakenIn::Settled)
    }

    /// Asks the provider about a payment, and settles what it says. What it says is believed, whoever made us ask.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn inquire(&self, payment: Uuid) -> Result<TakenIn, CheckoutFault> {
        let nothing = || TakenIn::Nothing { why: "there is no such payment".to_owned() };
        let Some(order) = self.store.order_of_payment(payment).await? else { return Ok(nothing()) };
        let Some(loaded) = self.store.load(order).await? else { return Ok(nothing()) };
        let Some(attempt) = loaded.saga.attempt(payment) else { return Ok(nothing()) };
        match self.outside.look_up(attempt).await {
            Outcome::Reports(reports) => {
                self.settle_all(payment, &reports).await?;
                Ok(TakenIn::Settled)
            }
            outcome => Ok(later(outcome)),
        }
    }
}

/// Why there is no answer now.
fn later(outcome: Outcome) -> TakenIn {
    let why = match outcome {
        Outcome::Later { reason } | Outcome::No { reason } => reason,
        Outcome::Done
        | Outcome::Paying { .. }
        | Outcome::Refused(_)
        | Outcome::Started { .. }
        | Outcome::AlreadyPaid
        | Outcome::Reports(_)
        | Outcome::Judged(_) => "the provider answered something else".to_owned(),
    };
    TakenIn::Later { why }
}

/// What became of a piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenIn {
    /// It was settled.
    Settled,
    /// There was nothing to do about it.
    Nothing {
        /// Why.
        why: String,
    },
    /// It is about no payment of this account. Money of which nobody here knows is somebody's work.
    Stray {
        /// What was said of it.
        report: Report,
    },
    /// The provider could not be asked: again later.
    Later {
        /// Why.
        why: String,
    },
}
