//! What went back of a payment at Razorpay, whoever asked for it: by us, or by somebody at Razorpay's dashboard.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::gateway::{GatewayError, Report, What};
use super::answers::Refund;
use super::api::{Api, Problem};
use crate::platform::money::Money;

/// What went back of the payment with this name of theirs; empty where it is none of ours, or was never collected.
pub async fn look_up(api: &Api, theirs: &str) -> Result<Vec<Report>, GatewayError> {
    let paid = api.payment(theirs).await.map_err(Problem::unheard)?;
    if paid.has_lapsed() {
        return Ok(Vec::new());
    }
    let Some(order) = &paid.order_id else { return Ok(Vec::new()) };
    let order = api.order(order).await.map_err(Problem::unheard)?;
    match order.receipt.and_then(|receipt| receipt.parse().ok()) {
        Some(payment) => of(api, payment, theirs).await,
        None => Ok(Vec::new()),
    }
}

/// What went back of our payment, by both its names.
pub async fn of(api: &Api, payment: Uuid, theirs: &str) -> Result<Vec<Report>, GatewayError> {
    let mut refunds = api.refunds(theirs).await.map_err(Problem::unheard)?;
    refunds.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    refunds.into_iter().map(|refund| report(payment, theirs, refund)).collect()
}

fn report(payment: Uuid, theirs: &str, refund: Refund) -> Result<Report, GatewayError> {
    let failed = refund.status.as_deref() == Some("failed");
    let ours = refund.notes.get("aisle_refund").and_then(|id| id.parse().ok());
    let what = match (ours, failed) {
        (Some(refund), false) => What::Refunded { refund },
        (Some(refund), true) => What::RefundFailed { refund },
        (None, failed) => What::GivenBack { refund: refund.id, failed },
    };
    Ok(Report {
        event_id: format!("look-up:{payment}"),
        payment,
        provider_ref: theirs.to_owned(),
        what,
        at: Timestamp::from_second(refund.created_at).map_err(GatewayError::unknown)?,
        amount: Money::new(refund.amount, refund.currency.parse().map_err(GatewayError::unknown)?),
        instrument: None,
    })
}
