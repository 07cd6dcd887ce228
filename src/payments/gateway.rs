//! What the house asks of a payment provider, and what a provider may answer.
//!
//! Every question can be repeated: it carries our own id, and the same id is the same thing. A provider that did not answer
//! is [`GatewayError::Unknown`]: it may have done it, so the question is asked again, never replaced by another.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::money::Money;

/// How a method of payment takes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// The bank sets the amount aside; it is collected once the seats are sold, or let go of.
    AuthoriseThenCapture,
    /// The money moves when the buyer pays; giving it back is a refund.
    PaidAtOnce,
}

impl MethodKind {
    /// Its word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AuthoriseThenCapture => "authorise_then_capture",
            Self::PaidAtOnce => "paid_at_once",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::AuthoriseThenCapture, Self::PaidAtOnce].into_iter().find(|kind| kind.word() == word)
    }
}

/// What a provider's "cancelled" is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelWorth {
    /// After it no buyer can pay that attempt any more.
    Confirmed,
    /// Money may come all the same.
    BestEffort,
}

/// How a gateway's payments behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// How it takes the money.
    pub kind: MethodKind,
    /// What its cancelling is worth.
    pub cancel: CancelWorth,
    /// How long an amount stays set aside before the bank lets go of it by itself; zero where none is.
    pub authorisation_lasts: SignedDuration,
}

/// An attempt to pay that is to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Our id; the provider keeps it with the payment.
    pub payment: Uuid,
    /// By which method.
    pub method: String,
    /// How much.
    pub amount: Money,
    /// What the buyer reads on the provider's page.
    pub description: String,
    /// Where the buyer's browser goes afterwards, as a path of ours.
    pub return_path: String,
    /// Until when the buyer may pay; the provider may allow longer.
    pub pay_by: Timestamp,
    /// How long the buyer was given, counted to `pay_by`.
    pub pay_within_ms: u64,
}

/// An attempt that has begun at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The provider's own name for it; `None` where it gives a name only to what somebody pays.
    pub provider_ref: Option<String>,
    /// Where the buyer pays.
    pub checkout_url: Option<String>,
}

/// One payment, by both its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Our id.
    pub payment: Uuid,
    /// The provider's name for it; `None` where its answer to the start never came.
    pub provider_ref: Option<String>,
}

/// What became of the wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// Nobody has paid it, and what that is worth the [`Method`] says.
    Confirmed,
    /// The buyer was first: look it up.
    AlreadyPaid,
}

/// A refund to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWish {
    /// Our id, and the key under which a repeated wish is the same refund.
    pub refund: Uuid,
    /// Of which payment.
    pub charge: Charge,
    /// How much of it.
    pub amount: Money,
}

/// How far a claim is that a buyer made against a payment at their bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeState {
    /// The bank has taken the money back until it is decided.
    Opened,
    /// It was decided for the house: the money is back.
    Won,
    /// It was decided for the buyer: the money is gone.
    Lost,
}

impl DisputeState {
    /// Its word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Opened, Self::Won, Self::Lost].into_iter().find(|state| state.word() == word)
    }
}

/// What happened to a payment at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The amount is set aside.
    Authorized,
    /// The money moved.
    Captured,
    /// The bank said no.
    Declined,
    /// Nobody will pay it any more; a set-aside amount was let go of.
    Cancelled,
    /// The refund with our id was recorded.
    Refunded {
        /// Which.
        refund: Uuid,
    },
    /// The refund with our id failed, perhaps after it had been recorded.
    RefundFailed {
        /// Which.
        refund: Uuid,
    },
    /// Money went back that nobody here asked for: somebody did it at the provider. The report's amount is the refund's.
    GivenBack {
        /// The provider's name for the refund.
        refund: String,
        /// It came to nothing.
        failed: bool,
    },
    /// The buyer has their bank take the money back, or the bank has decided. Only claims that move money are told: a bank's
    /// mere question is none. The report's amount is the claim's.
    Disputed {
        /// The provider's name for the claim.
        dispute: String,
        /// How far it is.
        state: DisputeState,
        /// The provider has taken the money out of our account already. Some do so when a claim is made, some when it is lost.
        taken: bool,
        /// What the provider asks for its trouble, in minor units of the same currency; zero where it does not say.
        fee: i64,
    },
}

/// What a provider says of that with which somebody paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldInstrument {
    /// The provider's own mark of it: the same card has the same one, and no number can be read from it.
    pub fingerprint: String,
    /// Of which country it is, by its two letters.
    pub country: Option<String>,
}

/// What a provider says of a payment, by webhook or when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The provider's name for this piece of news; the same name is the same news.
    pub event_id: String,
    /// Our id, as the provider kept it.
    pub payment: Uuid,
    /// The provider's name for the payment. Another one than we know is another payment of the same attempt.
    pub provider_ref: String,
    /// What happened.
    pub what: What,
    /// When, by the provider's clock.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// With what, where the provider says so.
    pub instrument: Option<ToldInstrument>,
}

/// What there is to do about a piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It says itself what happened.
    Report(Report),
    /// Something happened to this payment, and what it is the provider says when it is asked.
    Ask {
        /// Which, by our id.
        payment: Uuid,
        /// And by the provider's own name, where the news says that: what is asked for where nobody here knows of it.
        theirs: Option<String>,
    },
    /// Something was given back at the provider by somebody else. How much the provider says when it is asked.
    GivenBack {
        /// Of which payment, by the provider's name for it.
        theirs: String,
    },
    /// A bank claims money back, or has decided. Of which payment, how much, and how far it is the provider says when it is asked.
    Claim {
        /// The provider's name for the claim.
        claim: String,
        /// When this was said, by the provider's clock.
        at: Timestamp,
    },
    /// Nothing.
    Nothing {
        /// Why.
        why: String,
    },
}

/// A webhook, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The provider's name for this piece of news; the same name is the same news.
    pub event_id: String,
    /// What it is.
    pub news: News,
}

/// Why a gateway did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The bank said no; another attempt may succeed.
    #[error("the payment was declined: {reason}")]
    Declined {
        /// The provider's reason.
        reason: String,
    },
    /// The provider says that this cannot be done, and will say so again.
    #[error("the provider refused: {reason}")]
    Refused {
        /// The provider's reason.
        reason: String,
    },
    /// The provider did not answer: it may have been done. Ask again with the same id.
    #[error("the provider did not answer")]
    Unknown {
        /// What went wrong on the way.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl GatewayError {
    /// The provider's answer never came, for this reason.
    pub fn unknown(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unknown { source: source.into() }
    }
}

/// A webhook that is none of this provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The signature is missing, wrong, or too old.
    #[error("the signature is missing, wrong or too old")]
    SignatureInvalid,
    /// Signed rightly, and yet not readable.
    #[error("the body cannot be read: {0}")]
    Malformed(String),
}

/// What the house needs to know of a webhook request. Header names are in lower case.
#[derive(Clone, Debug)]
pub struct WebhookRequest<'a> {
    /// Its headers.
    pub headers: &'a BTreeMap<String, String>,
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// The time, for signatures that age.
    pub now: Timestamp,
}

/// An answer that comes later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, GatewayError>>;

/// A payment provider. Knows no orders.
pub trait Gateway: Send + Sync + 'static {
    /// Its name in the API and in the database.
    fn name(&self) -> &'static str;

    /// How payments by this method behave; `None`: it has no such method.
    fn method(&self, key: &str) -> Option<Method>;

    /// Asks something harmless with the keys that it was given, and says what was found.
    fn try_keys(&self) -> Answer<'_, String>;

    /// Begins an attempt. The same id again is the same attempt.
    fn start<'a>(&'a self, start: &'a Start) -> Answer<'a, Started>;

    /// Closes an attempt that nobody has paid. An attempt that never reached the provider is closed too, before it does;
    /// `began` is what it began with, for a provider that finds it by nothing else.
    fn cancel<'a>(&'a self, charge: &'a Charge, began: Option<&'a Start>) -> Answer<'a, Cancelled>;

    /// Lets go of an amount that was set aside. Refused once it was captured.
    fn void<'a>(&'a self, charge: &'a Charge) -> Answer<'a, ()>;

    /// Collects the amount that was set aside. Asked again, or by two at once, it is collected once, and all are told that it is:
    /// who hears a refusal takes the seats back.
    fn capture<'a>(&'a self, charge: &'a Charge) -> Answer<'a, ()>;

    /// Gives money back; `Ok` once the provider has recorded it. The same id again is the same refund.
    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Answer<'a, ()>;

    /// Whether the provider has recorded the refund with this id.
    fn has_refund<'a>(&'a self, wish: &'a RefundWish) -> Answer<'a, bool>;

    /// What the provider knows of it, newest last; empty where it knows nothing or nobody has paid yet.
    fn look_up<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Vec<Report>>;

    /// What went back of the payment with this name of theirs, whoever asked for it; empty where it is none of ours.
    fn look_up_refunds<'a>(&'a self, theirs: &'a str) -> Answer<'a, Vec<Report>>;

    /// What the provider knows of a claim with this name of theirs, of which it spoke `at` that time; `None` where it is against no
    /// payment of ours, or moves no money.
    fn look_up_claim<'a>(&'a self, claim: &'a str, at: Timestamp) -> Answer<'a, Option<Report>>;

    /// Verifies and reads a webhook.
    ///
    /// # Errors
    /// [`WebhookError::SignatureInvalid`] before anything of the body is believed.
    fn webhook(&self, request: &WebhookRequest<'_>) -> Result<Told, WebhookError>;

    /// Reads a webhook that was verified when it came, and stored.
    ///
    /// # Errors
    /// [`WebhookError::Malformed`].
    fn parse(&self, body: &[u8]) -> Result<Told, WebhookError>;
}
