//! The provider: stateful, and true to its word, as far as its method goes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::super::super::{Effect, Outcome, ReviewState, Saga};
use super::{World, euro};
use crate::payments::{MethodKind, Report, What};
use crate::platform::money::Money;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    Open,
    Authorized(Timestamp),
    Captured(Timestamp),
    Declined,
    Cancelled,
}

/// The provider.
#[derive(Default)]
pub struct Provider {
    pub charges: BTreeMap<Uuid, Charge>,
    /// Second payments, by the payment they were made under.
    pub seconds: BTreeMap<Uuid, Timestamp>,
    /// What was recorded, by our id: of which payment, and how much.
    pub refunds: BTreeMap<Uuid, (Uuid, i64)>,
    /// Refunds that failed after they had been recorded: asked again under their key, they are what they were.
    pub failed: BTreeSet<Uuid>,
    /// A cancelled attempt can be paid all the same.
    pub best_effort: bool,
    /// Captures are refused.
    pub no_capture: bool,
    /// Refunds are refused.
    pub no_refund: bool,
    /// Nothing is answered at all.
    pub silent: bool,
}

impl World {
    pub(super) fn perform_at_provider(&mut self, saga: &Saga, effect: &Effect) -> Outcome {
        let no = |reason: &str| Outcome::No { reason: reason.to_owned() };
        match effect {
            Effect::Start { payment } => {
                let charge = *self.provider.charges.entry(*payment).or_insert(Charge::Open);
                if charge == Charge::Cancelled {
                    return no("it was cancelled before it began");
                }
                Outcome::Started { provider_ref: Some(format!("{payment}/1")), checkout_url: None }
            }
            Effect::Cancel { payment } => match self.provider.charges.entry(*payment).or_insert(Charge::Open) {
                Charge::Authorized(_) | Charge::Captured(_) => Outcome::AlreadyPaid,
                charge => {
                    *charge = Charge::Cancelled;
                    Outcome::Done
                }
            },
            Effect::Void { payment } => match self.provider.charges.get_mut(payment) {
                Some(Charge::Captured(_)) => no("captured"),
                Some(charge) => {
                    *charge = Charge::Cancelled;
                    Outcome::Done
                }
                None => Outcome::Done,
            },
            Effect::Capture { .. }
                if !matches!(saga.review.state, ReviewState::Clear | ReviewState::Flagged | ReviewState::Accepted) =>
            {
                panic!("money is taken that is still looked at: {saga:#?}")
            }
            Effect::Capture { payment } => match self.provider.charges.get_mut(payment) {
                Some(Charge::Captured(_)) => Outcome::Done,
                Some(charge @ Charge::Authorized(_)) if !self.provider.no_capture => {
                    *charge = Charge::Captured(self.now);
                    Outcome::Done
                }
                _ => no("nothing to capture"),
            },
            Effect::Refund { refund, .. } => {
                let wanted = saga.refunds.iter().find(|it| it.id == *refund).unwrap();
                if self.provider.no_refund || self.provider.failed.contains(refund) {
                    return no("the account is closed");
                }
                let amount = wanted.amount.amount;
                self.provider.refunds.entry(*refund).or_insert((wanted.payment, amount));
                Outcome::Done
            }
            _ => {
                let Effect::LookUp { payment } = effect else { unreachable!() };
                Outcome::Reports(self.reports(*payment))
            }
        }
    }

    /// All that the provider would say of a payment.
    pub(super) fn reports(&self, payment: Uuid) -> Vec<Report> {
        let report = |what, number: u32, at| Report {
            event_id: String::new(),
            payment,
            provider_ref: format!("{payment}/{number}"),
            what,
            at,
            // What the order costs, whoever asks.
            amount: Money::new(self.kept.total, euro()),
            instrument: None,
        };
        let first = match self.provider.charges.get(&payment) {
            Some(Charge::Authorized(at)) => Some(report(What::Authorized, 1, *at)),
            Some(Charge::Captured(at)) => Some(report(What::Captured, 1, *at)),
            Some(Charge::Declined) => Some(report(What::Declined, 1, self.now)),
            Some(Charge::Cancelled) => Some(report(What::Cancelled, 1, self.now)),
            Some(Charge::Open) | None => None,
        };
        let second = self.provider.seconds.get(&payment).map(|at| report(What::Captured, 2, *at));
        first.into_iter().chain(second).collect()
    }

    /// What had been recorded fails after all: the money is the house's again.
    pub fn refunds_fail_later(&mut self) {
        let mine = |id: &Uuid| self.kept.refunds.iter().any(|refund| refund.id == *id);
        let gone: Vec<(Uuid, (Uuid, i64))> =
            self.provider.refunds.iter().filter(|(id, _)| mine(id)).map(|(id, of)| (*id, *of)).collect();
        for (refund, (payment, amount)) in gone {
            self.provider.refunds.remove(&refund);
            self.provider.failed.insert(refund);
            let mut saga = self.kept.clone();
            saga.report(&Report {
                event_id: String::new(),
                payment,
                provider_ref: format!("{payment}/1"),
                what: What::RefundFailed { refund },
                at: self.now,
                amount: Money::new(amount, euro()),
                instrument: None,
            });
            self.keep(&saga);
            self.drive();
        }
    }

    /// The buyer at the provider's page. Nothing, where the attempt is closed.
    pub fn buyer(&mut self, payment: Uuid, acts: &str) {
        let now = self.now;
        let open = match self.provider.charges.get(&payment) {
            Some(Charge::Open) => true,
            Some(Charge::Cancelled) => self.provider.best_effort,
            Some(Charge::Authorized(_) | Charge::Captured(_) | Charge::Declined) | None => false,
        };
        let paid = match self.kept.attempt(payment).map(|attempt| attempt.kind) {
            Some(MethodKind::PaidAtOnce) => Charge::Captured(now),
            Some(MethodKind::AuthoriseThenCapture) | None => Charge::Authorized(now),
        };
        match acts {
            "pays" if open => {
                self.provider.charges.insert(payment, paid);
            }
            "is_declined" if open => {
                self.provider.charges.insert(payment, Charge::Declined);
            }
            "pays_twice" if open => {
                self.provider.charges.insert(payment, paid);
                self.provider.seconds.insert(payment, now);
            }
            _ => {}
        }
    }

    /// The bank lets go of every amount that is set aside.
    pub fn let_go(&mut self) {
        for charge in self.provider.charges.values_mut().filter(|charge| matches!(charge, Charge::Authorized(_))) {
            *charge = Charge::Cancelled;
        }
    }

    /// Money that moved at `at`, though the attempt was closed.
    pub fn money_moved(&mut self, payment: Uuid, at: Timestamp) {
        if !matches!(self.provider.charges.get(&payment), Some(Charge::Authorized(_) | Charge::Captured(_))) {
            self.provider.charges.insert(payment, Charge::Captured(at));
        }
    }
}
