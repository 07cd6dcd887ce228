//! Carries the saga's effects out: asks shows and gateways, and puts what they say into the saga's words.

use std::sync::Arc;
use std::time::Duration;

use aisle_actors::core::{Answer, HoldState, ShowId};
use aisle_actors::{AskError, ShowHandle, Shows};
use uuid::Uuid;

use super::asking::{Question, area_ids, question, to_give_back};
use super::saga::{Attempt, Effect, Outcome, Part, Saga};
use crate::http::rejection::guids;
use crate::payments::{Cancelled, Charge, Gateway, GatewayError, Gateways, RefundWish, Start};
use crate::platform::time::from_core;

/// So long a provider has for all that one step asks it, which may be several questions: less than an order is one worker's
/// ([`super::drive::LEASE`]), so that no second one asks meanwhile.
const ANSWERS_WITHIN: Duration = Duration::from_secs(13);

/// Everything outside of an order.
#[derive(Clone)]
pub struct Outside {
    /// All shows.
    pub shows: Shows,
    /// All providers.
    pub gateways: Gateways,
}

impl Outside {
    /// Carries one effect out. What nobody answered comes back as [`Outcome::Later`].
    pub async fn perform(&self, saga: &Saga, effect: &Effect) -> Outcome {
        match effect {
            Effect::StartPayment { hold }
            | Effect::Reopen { hold }
            | Effect::EndPayment { hold }
            | Effect::Book { hold }
            | Effect::SellLate { hold }
            | Effect::CancelBooking { hold }
            | Effect::GiveBack { hold } => match saga.part(*hold) {
                Some(part) => self.ask(saga, part, effect).await,
                None => Outcome::Later { reason: "the order has no such hold".to_owned() },
            },
            Effect::Start { payment }
            | Effect::Cancel { payment }
            | Effect::LookUp { payment }
            | Effect::Void { payment }
            | Effect::Capture { payment } => in_time(self.pay(saga, *payment, effect)).await,
            Effect::Refund { refund, look_first } => in_time(self.refund(saga, *refund, *look_first)).await,
            Effect::Judge { .. } => Outcome::Later { reason: "not the outside's business".to_owned() },
            Effect::Confirm => Outcome::Done,
        }
    }

    async fn ask(&self, saga: &Saga, part: &Part, effect: &Effect) -> Outcome {
        let handle = match self.shows.get(ShowId(part.show)).await {
            Ok(handle) => handle,
            Err(error) => return not_asked(error),
        };
        let command = match question(saga, part, effect, handle.plan()) {
            Question::Command(command) => command,
            Question::Booking(booking) => match handle.booking(booking).await {
                Ok(Some(view)) => match to_give_back(saga, part, &view, handle.plan()) {
                    Some(command) => command,
                    None => return Outcome::Done,
                },
                Ok(None) => return Outcome::Done,
                Err(error) => return not_asked(error),
            },
            Question::Impossible(rejection) => return Outcome::Refused(rejection),
            Question::Elsewhere => return Outcome::Later { reason: "not a show's business".to_owned() },
        };
        match handle.ask(command).await {
            Ok(answered) => answered_as(&handle, &answered.answer),
            Err(error) => not_asked(error),
        }
    }

    /// The gateway that an attempt is made at; else why there is none just now.
    pub(super) async fn gateway(&self, attempt: &Attempt) -> Result<Arc<dyn Gateway>, Outcome> {
        self.gateway_of((&attempt.provider, &attempt.account)).await
    }

    /// The gateway of this account of a provider; else why there is none just now.
    pub(super) async fn gateway_of(&self, (provider, account): (&str, &str)) -> Result<Arc<dyn Gateway>, Outcome> {
        let later = |reason: String| Outcome::Later { reason };
        match self.gateways.find(provider, account).await {
            Ok(Some(gateway)) => Ok(gateway),
            Ok(None) => Err(later(format!("there is no account {account} at provider {provider}"))),
            Err(error) => Err(later(crate::http::error::chain(&error))),
        }
    }

    /// What the provider knows of an attempt now.
    pub async fn look_up(&self, attempt: &Attempt) -> Outcome {
        match self.gateway(attempt).await {
            Ok(gateway) => gateway.look_up(&charge_of(attempt)).await.map_or_else(not_told, Outcome::Reports),
            Err(outcome) => outcome,
        }
    }

    async fn pay(&self, saga: &Saga, payment: Uuid, effect: &Effect) -> Outcome {
        let Some(attempt) = saga.attempt(payment) else {
            return Outcome::Later { reason: "the order has no such payment".to_owned() };
        };
        let gateway = match self.gateway(attempt).await {
            Ok(gateway) => gateway,
            Err(outcome) => return outcome,
        };
        let charge = charge_of(attempt);
        let told = match effect {
            Effect::Start { .. } => {
                let Some(start) = start_of(saga, attempt) else {
                    return Outcome::Later { reason: "no show has begun the payment".to_owned() };
                };
                gateway.start(&start).await.map(|started| Outcome::Started {
                    provider_ref: started.provider_ref,
                    checkout_url: started.checkout_url,
                })
            }
            Effect::Cancel { .. } => {
                gateway.cancel(&charge, start_of(saga, attempt).as_ref()).await.map(|cancelled| match cancelled {
                    Cancelled::Confirmed => Outcome::Done,
                    Cancelled::AlreadyPaid => Outcome::AlreadyPaid,
                })
            }
            Effect::Void { .. } => gateway.void(&charge).await.map(|()| Outcome::Done),
            Effect::Capture { .. } => gateway.capture(&charge).await.map(|()| Outcome::Done),
            Effect::StartPayment { .. }
            | Effect::Reopen { .. }
            | Effect::EndPayment { .. }
            | Effect::Book { .. }
            | Effect::SellLate { .. }
            | Effect::CancelBooking { .. }
            | Effect::GiveBack { .. }
            | Effect::LookUp { .. }
            | Effect::Refund { .. }
            | Effect::Judge { .. }
            | Effect::Confirm => gateway.look_up(&charge).await.map(Outcome::Reports),
        };
        told.unwrap_or_else(not_told)
    }

    async fn refund(&self, saga: &Saga, refund: Uuid, look_first: bool) -> Outcome {
        let wanted = saga.refunds.iter().find(|it| it.id == refund);
        let of = wanted.and_then(|refund| Some((refund, saga.attempt(refund.payment)?)));
        let Some((refund, attempt)) = of else {
            return Outcome::Later { reason: "the order has no such refund".to_owned() };
        };
        let gateway = match self.gateway(attempt).await {
            Ok(gateway) => gateway,
            Err(outcome) => return outcome,
        };
        let wish = RefundWish { refund: refund.id, charge: charge_of(attempt), amount: refund.amount };
        if look_first {
            match gateway.has_refund(&wish).await {
                Ok(true) => return Outcome::Done,
                Ok(false) => {}
                Err(error) => return not_told(error),
            }
        }
        gateway.refund(&wish).await.map_or_else(not_told, |()| Outcome::Done)
    }
}

/// Whether it was done nobody knows then, as after any other silence.
async fn in_time(step: impl Future<Output = Outcome>) -> Outcome {
    let late = |_| Outcome::Later { reason: "the provider takes too long".to_owned() };
    tokio::time::timeout(ANSWERS_WITHIN, step).await.unwrap_or_else(late)
}

fn charge_of(attempt: &Attempt) -> Charge {
    Charge { payment: attempt.id, provider_ref: attempt.provider_ref.clone() }
}

/// What an attempt begins with: all of it follows from the order, so that asking again is asking the same. `None`: no show has
/// begun the payment, so no provider has heard of it.
fn start_of(saga: &Saga, attempt: &Attempt) -> Option<Start> {
    Some(Start {
        payment: attempt.id,
        method: attempt.method.clone(),
        amount: attempt.amount,
        description: format!("Order {}", saga.number),
        return_path: format!("/orders/{}", saga.order),
        pay_by: saga.pay_by?,
        pay_within_ms: saga.pay_within_ms,
    })
}

fn answered_as(handle: &ShowHandle, answer: &Answer) -> Outcome {
    match answer {
        Answer::Hold(view) => match view.state {
            HoldState::Paying { pay_by, .. } => Outcome::Paying {
                pay_by: from_core(pay_by),
                seats: guids(handle.plan(), &view.seats),
                areas: area_ids(handle.plan(), &view.areas),
            },
            HoldState::Open { .. }
            | HoldState::Released { .. }
            | HoldState::Lapsed { .. }
            | HoldState::PaymentEnded { .. }
            | HoldState::Booked { .. } => Outcome::Done,
        },
        Answer::Booking(_) | Answer::Allocation(_) | Answer::Done => Outcome::Done,
    }
}

fn not_asked(error: AskError) -> Outcome {
    match error {
        AskError::Rejected(rejection) => Outcome::Refused(rejection),
        AskError::Busy { .. }
        | AskError::Unavailable
        | AskError::Fenced
        | AskError::Quarantined
        | AskError::NotFound => Outcome::Later { reason: error.to_string() },
    }
}

fn not_told(error: GatewayError) -> Outcome {
    match error {
        GatewayError::Declined { reason } | GatewayError::Refused { reason } => Outcome::No { reason },
        GatewayError::Unknown { .. } => Outcome::Later { reason: crate::http::error::chain(&error) },
    }
}
