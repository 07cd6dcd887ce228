//! What went back of a payment at Stripe, whoever asked for it: by us, or by somebody at Stripe's dashboard.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::gateway::{GatewayError, Report, What};
use super::amount::from_stripe;
use super::answers::Refund;
use super::api::{Api, Problem};
use super::news::{PAYMENT, REFUND};

/// What went back of the payment with this name of theirs; empty where it is none of ours.
pub async fn look_up(api: &Api, intent: &str) -> Result<Vec<Report>, GatewayError> {
    let Some(session) = api.session_of(intent).await.map_err(Problem::unheard)? else { return Ok(Vec::new()) };
    match session.metadata.as_ref().and_then(|it| it.get(PAYMENT)?.parse().ok()) {
        Some(payment) => of(api, payment, &session.id, intent).await,
        None => Ok(Vec::new()),
    }
}

/// What went back of our payment, by both its names.
pub async fn of(api: &Api, payment: Uuid, session: &str, intent: &str) -> Result<Vec<Report>, GatewayError> {
    let mut refunds = api.refunds(intent).await.map_err(Problem::unheard)?;
    // The newest comes first there.
    refunds.reverse();
    refunds.into_iter().map(|refund| report(payment, session, refund)).collect()
}

fn report(payment: Uuid, session: &str, refund: Refund) -> Result<Report, GatewayError> {
    let failed = matches!(refund.status.as_deref(), Some("failed" | "canceled"));
    let ours = refund.metadata.as_ref().and_then(|it| it.get(REFUND)?.parse().ok());
    let what = match (ours, failed) {
        (Some(refund), false) => What::Refunded { refund },
        (Some(refund), true) => What::RefundFailed { refund },
        (None, failed) => What::GivenBack { refund: refund.id, failed },
    };
    let amount = refund.amount.zip(refund.currency).and_then(|(amount, code)| from_stripe(amount, &code));
    Ok(Report {
        event_id: format!("look-up:{payment}"),
        payment,
        provider_ref: session.to_owned(),
        what,
        at: Timestamp::from_second(refund.created.unwrap_or(0)).map_err(GatewayError::unknown)?,
        amount: amount.ok_or_else(|| GatewayError::unknown("a refund without its amount"))?,
        instrument: None,
    })
}
