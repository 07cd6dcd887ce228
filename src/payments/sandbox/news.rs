//! What the sandbox's webhooks say, written and read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::gateway::{DisputeState, Report, ToldInstrument, WebhookError, What};
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::platform::money::{Currency, Money};

/// A webhook's body.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct News {
    id: Uuid,
    #[serde(rename = "type")]
    kind: Kind,
    payment: Uuid,
    provider_ref: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refund: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dispute: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_back: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fee: Option<i64>,
    amount: i64,
    currency: Currency,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instrument: Option<ToldInstrument>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "payment.authorized")]
    Authorized,
    #[serde(rename = "payment.captured")]
    Captured,
    #[serde(rename = "payment.declined")]
    Declined,
    #[serde(rename = "payment.cancelled")]
    Cancelled,
    #[serde(rename = "refund.succeeded")]
    Refunded,
    #[serde(rename = "refund.failed")]
    RefundFailed,
    #[serde(rename = "refund.elsewhere")]
    GivenBack,
    #[serde(rename = "refund.elsewhere_failed")]
    GivenBackFailed,
    #[serde(rename = "dispute.opened")]
    DisputeOpened,
    #[serde(rename = "dispute.won")]
    DisputeWon,
    #[serde(rename = "dispute.lost")]
    DisputeLost,
}

/// Puts a piece of news into the outgoing tray, in the transaction that makes it true.
pub async fn tell(connection: &mut PgConnection, report: &Report) -> Result<(), DbFault> {
    let id = ids::new_id();
    let (mut dispute, mut fee, mut given_back) = (None, None, None);
    let (kind, refund) = match &report.what {
        What::Authorized => (Kind::Authorized, None),
        What::Captured => (Kind::Captured, None),
        What::Declined => (Kind::Declined, None),
        What::Cancelled => (Kind::Cancelled, None),
        What::Refunded { refund } => (Kind::Refunded, Some(*refund)),
        What::RefundFailed { refund } => (Kind::RefundFailed, Some(*refund)),
        What::GivenBack { refund: name, failed } => {
            given_back = Some(name.clone());
            (if *failed { Kind::GivenBackFailed } else { Kind::GivenBack }, None)
        }
        What::Disputed { dispute: name, state, fee: asked, taken: _ } => {
            (dispute, fee) = (Some(name.clone()), Some(*asked));
            let kind = match state {
                DisputeState::Opened => Kind::DisputeOpened,
                DisputeState::Won => Kind::DisputeWon,
                DisputeState::Lost => Kind::DisputeLost,
            };
            (kind, None)
        }
    };
    let news = News {
        id,
        kind,
        payment: report.payment,
        provider_ref: report.provider_ref.clone(),
        refund,
        dispute,
        given_back,
        fee,
        amount: report.amount.amount,
        currency: report.amount.currency,
        at: report.at,
        instrument: report.instrument.clone(),
    };
    let body = serde_json::to_value(news).unwrap_or_default();
    sqlx::query!("INSERT INTO sandbox_webhook (id, payment_id, body) VALUES ($1, $2, $3)", id, report.payment, body)
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads a webhook whose signature was right.
pub fn parse(body: &[u8]) -> Result<Report, WebhookError> {
    let news: News = serde_json::from_slice(body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
    let refund = || news.refund.ok_or_else(|| WebhookError::Malformed("a refund without its id".to_owned()));
    let disputed = |state| match &news.dispute {
        Some(dispute) => {
            let fee = news.fee.unwrap_or(0);
            Ok(What::Disputed { dispute: dispute.clone(), state, taken: true, fee })
        }
        None => Err(WebhookError::Malformed("a claim without its name".to_owned())),
    };
    let elsewhere = |failed| match &news.given_back {
        Some(refund) => Ok(What::GivenBack { refund: refund.clone(), failed }),
        None => Err(WebhookError::Malformed("a refund without its name".to_owned())),
    };
    let what = match news.kind {
        Kind::Authorized => What::Authorized,
        Kind::Captured => What::Captured,
        Kind::Declined => What::Declined,
        Kind::Cancelled => What::Cancelled,
        Kind::Refunded => What::Refunded { refund: refund()? },
        Kind::RefundFailed => What::RefundFailed { refund: refund()? },
        Kind::GivenBack => elsewhere(false)?,
        Kind::GivenBackFailed => elsewhere(true)?,
        Kind::DisputeOpened => disputed(DisputeState::Opened)?,
        Kind::DisputeWon => disputed(DisputeState::Won)?,
        Kind::DisputeLost => disputed(DisputeState::Lost)?,
    };
    Ok(Report {
        event_id: news.id.to_string(),
        payment: news.payment,
        provider_ref: news.provider_ref,
        what,
        at: news.at,
        amount: Money::new(news.amount, news.currency),
        instrument: news.instrument,
    })
}
