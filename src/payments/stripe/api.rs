//! Questions to Stripe. Its crate carries them; which there are and what is read of the answers is ours, because an answer that
//! is refused for a detail nobody looks at is the worst that can happen after money has moved.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use stripe::{ApiErrors, ApiErrorsType, Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::super::gateway::GatewayError;
use super::answers::{Anything, Dispute, Intent, List, ListedSession, Refund, Session};

/// For one question. All that a step of an order asks has a bound of its own.
const TIMEOUT: Duration = Duration::from_secs(7);
/// What people are told of a refusal, at most.
const REASON_CHARS_MAX: usize = 200;
/// So many refunds of one payment are looked through.
const REFUND_PAGES_MAX: usize = 20;

/// Why Stripe did not do it.
#[derive(Debug)]
pub enum Problem {
    /// The bank said no.
    Declined(String),
    /// It cannot be done.
    Refused(String),
    /// Our key is not taken: nothing was done, and once it is put right, it can be.
    Key(String),
    /// Perhaps it was done.
    Silence(Box<dyn std::error::Error + Send + Sync>),
}

impl Problem {
    /// What it means where something is wanted that has begun already: a key that is not taken will be put right.
    pub fn later(self) -> GatewayError {
        match self {
            Self::Declined(reason) => GatewayError::Declined { reason },
            Self::Refused(reason) => GatewayError::Refused { reason },
            Self::Key(reason) => GatewayError::unknown(reason),
            Self::Silence(source) => GatewayError::Unknown { source },
        }
    }

    /// What it means where nothing has begun: who cannot be paid by this house's account is told so at once.
    pub fn now(self) -> GatewayError {
        match self {
            Self::Key(reason) => GatewayError::Refused { reason },
            other => other.later(),
        }
    }

    /// What it means where we only ask: no answer is no news.
    pub fn unheard(self) -> GatewayError {
        match self {
            Self::Declined(reason) | Self::Refused(reason) | Self::Key(reason) => GatewayError::unknown(reason),
            Self::Silence(source) => GatewayError::Unknown { source },
        }
    }
}

fn reason(error: &ApiErrors) -> String {
    let said = error.message.as_deref().or(error.decline_code.as_deref()).unwrap_or("the provider gave no reason");
    said.chars().take(REASON_CHARS_MAX).collect()
}

impl From<StripeError> for Problem {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Stripe(error, status) => match status {
                402 => Self::Declined(reason(&error)),
                401 | 403 => Self::Key("the provider does not take the key of this account".to_owned()),
                // Whoever asked first under this key asked something else: what is there we don't know.
                400 if error.type_ == ApiErrorsType::IdempotencyError => Self::Silence(reason(&error).into()),
                400 | 404 | 405 | 410 | 413 | 422 => Self::Refused(reason(&error)),
                status => Self::Silence(format!("the provider answered {status}: {}", reason(&error)).into()),
            },
            error @ (StripeError::JSONDeserialize(_)
            | StripeError::ClientError(_)
            | StripeError::ConfigError(_)
            | StripeError::Timeout) => Self::Silence(Box::new(error)),
        }
    }
}

/// A checkout page to be made.
#[derive(Debug, Serialize)]
pub struct NewSession {
    pub mode: &'static str,
    pub client_reference_id: String,
    pub success_url: String,
    pub cancel_url: String,
    pub payment_method_types: Vec<String>,
    pub line_items: Vec<NewItem>,
    pub payment_intent_data: NewIntent,
    pub metadata: BTreeMap<&'static str, String>,
    pub adaptive_pricing: Switch,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    pub expand: Vec<&'static str>,
}

/// Something that is on or off.
#[derive(Debug, Serialize)]
pub struct Switch {
    pub enabled: bool,
}

/// What stands on it.
#[derive(Debug, Serialize)]
pub struct NewItem {
    pub quantity: u32,
    pub price_data: NewPrice,
}

/// What that costs.
#[derive(Debug, Serialize)]
pub struct NewPrice {
    pub currency: String,
    pub unit_amount: i64,
    pub product_data: NewProduct,
}

/// What it is called.
#[derive(Debug, Serialize)]
pub struct NewProduct {
    pub name: String,
}

/// The payment that it will make.
#[derive(Debug, Serialize)]
pub struct NewIntent {
    pub capture_method: &'static str,
    pub description: String,
    pub metadata: BTreeMap<&'static str, String>,
}

/// A refund to be made.
#[derive(Debug, Serialize)]
pub struct NewRefund {
    pub payment_intent: String,
    pub amount: i64,
    pub metadata: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Expand {
    expand: Vec<&'static str>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct RefundsOf<'a> {
    payment_intent: &'a str,
    limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_after: Option<&'a str>,
}

#[derive(Serialize)]
struct SessionsOf<'a> {
    payment_intent: &'a str,
    limit: u32,
}

#[derive(Serialize)]
struct One {
    limit: u32,
}

/// Stripe, as one account sees it.
pub struct Api {
    client: Client,
}

impl Api {
    /// Asks with this key, where Stripe is or at `url`.
    pub fn new(secret_key: &str, url: Option<&str>) -> Result<Self, String> {
        let mut client = ClientBuilder::new(secret_key).timeout(TIMEOUT).app_info("Aisle", None, None);
        if let Some(url) = url {
            client = client.url(url);
        }
        // Its errors name what was wrong with the key, and not the key.
        Ok(Self { client: client.build().map_err(|error| error.to_string())? })
    }

    async fn ask<T: miniserde::Deserialize>(&self, request: RequestBuilder, key: Option<&str>) -> Result<T, Problem> {
        let once = match key {
            Some(key) => {
                let key = IdempotencyKey::new(key).map_err(|error| Problem::Silence(Box::new(error)))?;
                RequestStrategy::Idempotent(key)
            }
            None => RequestStrategy::Once,
        };
        Ok(request.customize::<T>().request_strategy(once).send(&self.client).await?)
    }

    fn get(path: impl Into<String>) -> RequestBuilder {
        RequestBuilder::new(StripeMethod::Get, path)
    }

    fn post(path: impl Into<String>) -> RequestBuilder {
        RequestBuilder::new(StripeMethod::Post, path)
    }

    pub async fn make_session(&self, new: &NewSession, key: &str) -> Result<Session, Problem> {
        self.ask(Self::post("/checkout/sessions").form(new), Some(key)).await
    }

    /// A checkout page, with its payment and what was paid.
    pub async fn session(&self, id: &str) -> Result<Session, Problem> {
        let expand = Expand { expand: vec!["payment_intent", "payment_intent.latest_charge"] };
        self.ask(Self::get(format!("/checkout/sessions/{id}")).query(&expand), None).await
    }

    /// Closes a checkout page. Refused where it is not open.
    pub async fn expire_session(&self, id: &str) -> Result<(), Problem> {
        let request = Self::post(format!("/checkout/sessions/{id}/expire")).form(&Nothing {});
        self.ask::<Anything>(request, None).await.map(|_| ())
    }

    /// Collects what was set aside.
    pub async fn capture(&self, intent: &str, key: &str) -> Result<Intent, Problem> {
        self.ask(Self::post(format!("/payment_intents/{intent}/capture")).form(&Nothing {}), Some(key)).await
    }

    /// Lets go of what was set aside.
    pub async fn cancel(&self, intent: &str, key: &str) -> Result<Intent, Problem> {
        self.ask(Self::post(format!("/payment_intents/{intent}/cancel")).form(&Nothing {}), Some(key)).await
    }

    pub async fn refund(&self, new: &NewRefund, key: &str) -> Result<Refund, Problem> {
        self.ask(Self::post("/refunds").form(new), Some(key)).await
    }

    /// A payment's refunds.
    pub async fn refunds(&self, intent: &str) -> Result<Vec<Refund>, Problem> {
        let mut all: Vec<Refund> = Vec::new();
        for _ in 0..REFUND_PAGES_MAX {
            let query = RefundsOf {
                payment_intent: intent,
                limit: 100,
                starting_after: all.last().map(|refund| refund.id.as_str()),
            };
            let page: List<Refund> = self.ask(Self::get("/refunds").query(&query), None).await?;
            let more = page.has_more == Some(true) && !page.data.is_empty();
            all.extend(page.data);
            if !more {
                return Ok(all);
            }
        }
        Err(Problem::Silence("the payment has more refunds than can be looked through".into()))
    }

    /// A claim.
    pub async fn dispute(&self, id: &str) -> Result<Dispute, Problem> {
        self.ask(Self::get(format!("/disputes/{id}")), None).await
    }

    /// The checkout page on which a payment was made; `None`: it was made elsewhere.
    pub async fn session_of(&self, intent: &str) -> Result<Option<ListedSession>, Problem> {
        let query = SessionsOf { payment_intent: intent, limit: 1 };
        let page: List<ListedSession> = self.ask(Self::get("/checkout/sessions").query(&query), None).await?;
        Ok(page.data.into_iter().next())
    }

    /// Something harmless, with each of the rights that are needed.
    pub async fn try_key(&self) -> Result<(), Problem> {
        let one = One { limit: 1 };
        self.ask::<List<Anything>>(Self::get("/checkout/sessions").query(&one), None).await?;
        self.ask::<List<Anything>>(Self::get("/payment_intents").query(&one), None).await?;
        self.ask::<List<Anything>>(Self::get("/refunds").query(&one), None).await?;
        self.ask::<List<Anything>>(Self::get("/disputes").query(&one), None).await?;
        Ok(())
    }
}
