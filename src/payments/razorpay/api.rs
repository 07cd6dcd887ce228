//! Questions to Razorpay.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::accounts::Secrets;
use super::super::gateway::GatewayError;
use super::answers::{Dispute, List, Order, Payment, Refund, Refusal};
use crate::platform::money::Money;

const URL: &str = "https://api.razorpay.com";
/// For one question. All that a step of an order asks has a bound of its own.
const TIMEOUT: Duration = Duration::from_secs(7);
/// More than any answer has.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// How they say that something else is being done to the same payment: a matter of seconds, with the status of what cannot be done.
const BUSY: &str = "operation is in progress";
/// What people are told of a refusal, at most.
const REASON_CHARS_MAX: usize = 200;

/// Why Razorpay did not do it.
#[derive(Debug)]
pub enum Problem {
    /// It cannot be done.
    Refused(String),
    /// Our keys are not taken: nothing was done, and once they are put right, it can be.
    Key(String),
    /// Perhaps it was done.
    Silence(Box<dyn std::error::Error + Send + Sync>),
}

impl Problem {
    /// What it means where something is wanted that has begun already.
    pub fn later(self) -> GatewayError {
        match self {
            Self::Refused(reason) => GatewayError::Refused { reason },
            Self::Key(reason) => GatewayError::unknown(reason),
            Self::Silence(source) => GatewayError::Unknown { source },
        }
    }

    /// What it means where nothing has begun.
    pub fn now(self) -> GatewayError {
        match self {
            Self::Key(reason) => GatewayError::Refused { reason },
            other => other.later(),
        }
    }

    /// What it means where we only ask.
    pub fn unheard(self) -> GatewayError {
        match self {
            Self::Refused(reason) | Self::Key(reason) => GatewayError::unknown(reason),
            Self::Silence(source) => GatewayError::Unknown { source },
        }
    }
}

impl From<reqwest::Error> for Problem {
    fn from(error: reqwest::Error) -> Self {
        Self::Silence(Box::new(error.without_url()))
    }
}

/// An order to be made.
pub struct NewOrder<'a> {
    pub payment: Uuid,
    pub amount: Money,
    /// The amount is set aside, and collected when we say so.
    pub set_aside: bool,
    /// After so many minutes an amount that was not collected goes back by itself.
    pub lapses_min: i64,
    pub description: &'a str,
}

/// Razorpay, as one account sees it.
pub struct Api {
    client: reqwest::Client,
    url: String,
    key_id: String,
    secret_key: String,
}

impl Api {
    /// Asks with these keys, where Razorpay is or at `url`.
    pub fn new(secrets: &Secrets, url: Option<&str>) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(TIMEOUT / 2)
            .timeout(TIMEOUT)
            .user_agent("aisle")
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            client,
            url: url.unwrap_or(URL).trim_end_matches('/').to_owned(),
            key_id: secrets.key_id.clone().ok_or("there is no key id")?,
            secret_key: secrets.secret_key.clone(),
        })
    }

    /// Where it is: our page's form leads there.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What browsers are told of us.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        (method, path): (Method, &str),
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<T, Problem> {
        let mut request = self.client.request(method, format!("{}/v1{path}", self.url));
        request = request.basic_auth(&self.key_id, Some(&self.secret_key));
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("x-refund-idempotency", key);
        }
        let mut answer = request.send().await?;
        let status = answer.status();
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if text.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Problem::Silence("the answer is too long".into()));
            }
            text.extend_from_slice(&chunk);
        }
        if status.is_success() {
            // Its error would quote what stands there.
            return serde_json::from_slice(&text).map_err(|error| {
                Problem::Silence(format!("an answer that is not known (line {})", error.line()).into())
            });
        }
        Err(problem(status, &text))
    }

    pub async fn make_order(&self, new: &NewOrder<'_>) -> Result<Order, Problem> {
        let NewOrder { payment, amount, set_aside, lapses_min, description } = new;
        let capture = if *set_aside { "manual" } else { "automatic" };
        let body = json!({
            "amount": amount.amount, "currency": amount.currency.as_str(), "receipt": receipt(*payment),
            "notes": {"aisle_payment": payment.to_string(), "about": description},
            "payment": {"capture": capture, "capture_options": {
                "automatic_expiry_period": (*lapses_min).min(4_320), "manual_expiry_period": lapses_min, "refund_speed": "normal",
            }},
        });
        self.ask((Method::POST, "/orders"), Some(&body), None).await
    }

    /// The orders with our id, the oldest first.
    pub async fn orders(&self, payment: Uuid) -> Result<Vec<Order>, Problem> {
        let path = format!("/orders?receipt={}&count=100", receipt(payment));
        let found: List<Order> = self.ask((Method::GET, &path), None, None).await?;
        let mut ours: Vec<Order> =
            found.items.into_iter().filter(|order| order.receipt.as_deref() == Some(&receipt(payment))).collect();
        // The newest comes first there.
        ours.reverse();
        Ok(ours)
    }

    /// What was paid, or tried to be, of an order; the oldest first.
    pub async fn payments(&self, order: &str) -> Result<Vec<Payment>, Problem> {
        let path = format!("/orders/{order}/payments");
        let mut found: List<Payment> = self.ask((Method::GET, &path), None, None).await?;
        found.items.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(found.items)
    }

    /// An order by its name.
    pub async fn order(&self, id: &str) -> Result<Order, Problem> {
        self.ask((Method::GET, &format!("/orders/{id}")), None, None).await
    }

    /// A claim.
    pub async fn dispute(&self, id: &str) -> Result<Dispute, Problem> {
        self.ask((Method::GET, &format!("/disputes/{id}")), None, None).await
    }

    pub async fn payment(&self, id: &str) -> Result<Payment, Problem> {
        self.ask((Method::GET, &format!("/payments/{id}")), None, None).await
    }

    /// Collects what was set aside.
    pub async fn capture(&self, id: &str, amount: i64, currency: &str) -> Result<Payment, Problem> {
        let body = json!({"amount": amount, "currency": currency});
        self.ask((Method::POST, &format!("/payments/{id}/capture")), Some(&body), None).await
    }

    pub async fn refund(&self, id: &str, amount: i64, refund: Uuid, payment: Uuid) -> Result<Refund, Problem> {
        let body = json!({
            "amount": amount, "speed": "normal", "receipt": receipt(refund),
            "notes": {"aisle_refund": refund.to_string(), "aisle_payment": payment.to_string()},
        });
        let key = refund.to_string();
        self.ask((Method::POST, &format!("/payments/{id}/refund")), Some(&body), Some(&key)).await
    }

    /// A payment's refunds.
    pub async fn refunds(&self, id: &str) -> Result<Vec<Refund>, Problem> {
        let found: List<Refund> =
            self.ask((Method::GET, &format!("/payments/{id}/refunds?count=100")), None, None).await?;
        Ok(found.items)
    }

    /// Something harmless.
    pub async fn try_key(&self) -> Result<(), Problem> {
        self.ask::<List<serde::de::IgnoredAny>>((Method::GET, "/orders?count=1"), None, None).await?;
        self.ask::<List<serde::de::IgnoredAny>>((Method::GET, "/refunds?count=1"), None, None).await?;
        Ok(())
    }
}

/// Our id as they take it: at most forty characters.
fn receipt(id: Uuid) -> String {
    id.simple().to_string()
}

fn problem(status: StatusCode, text: &[u8]) -> Problem {
    let said = serde_json::from_slice::<Refusal>(text).ok().map(|refusal| refusal.error);
    let reason = said.as_ref().and_then(|said| said.description.clone().or_else(|| said.code.clone()));
    let reason: String =
        reason.unwrap_or_else(|| "the provider gave no reason".to_owned()).chars().take(REASON_CHARS_MAX).collect();
    match status.as_u16() {
        401 | 403 => Problem::Key("the provider does not take the keys of this account".to_owned()),
        400 if reason.contains(BUSY) => Problem::Silence(reason.into()),
        // Without their words it is something between us that answered.
        400 | 404 | 405 | 413 | 422 if said.is_some() => Problem::Refused(reason),
        status => Problem::Silence(format!("the provider answered {status}: {reason}").into()),
    }
}
