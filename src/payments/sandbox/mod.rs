//! The sandbox: a payment provider for trying things out. It behaves like one outside: it keeps its own tables, its answers
//! come back through signed webhooks over HTTP, each sent twice, and what the buyer chose on its page happens also after a
//! restart. It authorises, then captures; its word on a cancel is final, except where the buyer asked for trouble (`late`).

mod card;
mod delivery;
mod disputes;
mod news;
mod payments;
mod signature;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use tokio::sync::Notify;
use uuid::Uuid;

use super::gateway::{
    Answer, CancelWorth, Cancelled, Charge, Gateway, GatewayError, Method, MethodKind, News, RefundWish, Report, Start,
    Started, Told, ToldInstrument, WebhookError, WebhookRequest,
};
use crate::platform::db::DbFault;
use crate::platform::keys::Keys;
use crate::platform::money::Money;

pub use card::{Card, TEST_CARDS};
pub use delivery::Delivery;
pub use disputes::Trouble;
pub use signature::HEADER as SIGNATURE_HEADER;

/// Its one method, which has all the troubles that methods have.
pub const METHOD: &str = "card";

/// What the buyer chooses on the sandbox's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The bank sets the amount aside.
    Succeed,
    /// The bank says no.
    Decline,
    /// Nothing: the buyer walks away.
    Abandon,
    /// Waits for the house's cancel, confirms it, then reports a payment dated after its time.
    Late,
    /// The same, dated before.
    LateInTime,
    /// Two payments of one attempt: the second comes once the first was captured.
    Twice,
}

impl Choice {
    /// All of them, in the page's order.
    pub const ALL: [Self; 6] = [Self::Succeed, Self::Decline, Self::Abandon, Self::Late, Self::LateInTime, Self::Twice];

    /// Its word in the page's form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeed => "succeed",
            Self::Decline => "decline",
            Self::Abandon => "abandon",
            Self::Late => "late",
            Self::LateInTime => "late_in_time",
            Self::Twice => "twice",
        }
    }

    /// The choice with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.word() == word)
    }

    /// What stands on its button.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Succeed => "Pay",
            Self::Decline => "Be declined",
            Self::Abandon => "Walk away",
            Self::Late => "Pay too late",
            Self::LateInTime => "Pay in time, heard of too late",
            Self::Twice => "Pay twice",
        }
    }

    /// What it tries out.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Succeed => "The bank says yes.",
            Self::Decline => "The bank says no; another attempt is possible.",
            Self::Abandon => "Nothing happens until the time to pay is over.",
            Self::Late => "The money comes after the time to pay, although the payment was cancelled.",
            Self::LateInTime => "You pay in time, and the house hears of it only after it has cancelled.",
            Self::Twice => "The same attempt is paid a second time.",
        }
    }
}

/// What the sandbox's page shows of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// How much.
    pub amount: Money,
    /// What for.
    pub description: String,
    /// Whether the buyer can still choose.
    pub open: bool,
    /// Whether the money has moved.
    pub captured: bool,
    /// Where the buyer goes afterwards.
    pub return_path: String,
    /// Until when the house waits for the money.
    pub pay_by: Timestamp,
}

/// The sandbox gateway. Clone is cheap.
#[derive(Clone)]
pub struct Sandbox {
    pool: PgPool,
    keys: Arc<Keys>,
    news: Arc<Notify>,
    authorisation_lasts: SignedDuration,
}

impl Sandbox {
    /// A sandbox in this database, whose bank keeps an amount set aside for so long.
    #[must_use]
    pub fn new(pool: PgPool, keys: Arc<Keys>, authorisation_lasts: SignedDuration) -> Self {
        Self { pool, keys, news: Arc::new(Notify::new()), authorisation_lasts }
    }

    /// The same sandbox over another pool: a connection belongs to the runtime that opened it.
    #[must_use]
    pub fn over(&self, pool: PgPool) -> Self {
        Self { pool, ..self.clone() }
    }

    /// Who carries this sandbox's news to `base_url` (scheme, host and port, no slash at the end).
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn delivery(&self, pool: PgPool, base_url: &str) -> Result<Delivery, reqwest::Error> {
        Delivery::new(pool, Arc::clone(&self.keys), Arc::clone(&self.news), base_url)
    }

    /// What the page shows; `None`: there is no such attempt.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn show(&self, payment: Uuid) -> Result<Option<Shown>, DbFault> {
        payments::show(&self.pool, payment).await
    }

    /// The buyer chose. Where the attempt is closed already, nothing changes. Answers with where the buyer goes; `None`: there
    /// is no such attempt.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn choose(&self, payment: Uuid, choice: Choice, card: Option<&Card>) -> Result<Option<String>, DbFault> {
        let back = payments::choose(&self.pool, payment, choice, card).await?;
        self.news.notify_one();
        Ok(back)
    }

    /// Something happens at the bank after the payment. Answers as [`Sandbox::choose`]; of money that has not moved, nothing
    /// happens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cause(&self, payment: Uuid, trouble: Trouble) -> Result<Option<String>, DbFault> {
        let back = disputes::cause(&self.pool, payment, trouble).await?;
        self.news.notify_one();
        Ok(back)
    }
}

/// The provider's word on the wire: our own failures are its silence.
fn silence(fault: DbFault) -> GatewayError {
    GatewayError::unknown(fault)
}

impl Gateway for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn method(&self, key: &str) -> Option<Method> {
        (key == METHOD).then_some(Method {
            kind: MethodKind::AuthoriseThenCapture,
            cancel: CancelWorth::Confirmed,
            authorisation_lasts: self.authorisation_lasts,
        })
    }

    fn try_keys(&self) -> Answer<'_, String> {
        Box::pin(async { Ok("The sandbox needs no keys.".to_owned()) })
    }

    fn start<'a>(&'a self, start: &'a Start) -> Answer<'a, Started> {
        Box::pin(async move {
            if !payments::start(&self.pool, start).await.map_err(silence)? {
                return Err(GatewayError::Refused { reason: "this attempt was cancelled before it began".to_owned() });
            }
            Ok(Started {
                provider_ref: Some(payments::first_ref(start.payment)),
                checkout_url: Some(format!("/sandbox/checkout/{}", start.payment)),
            })
        })
    }

    fn cancel<'a>(&'a self, charge: &'a Charge, _: Option<&'a Start>) -> Answer<'a, Cancelled> {
        Box::pin(async move {
            let cancelled = payments::cancel(&self.pool, charge.payment).await.map_err(silence)?;
            self.news.notify_one();
            Ok(cancelled)
        })
    }

    fn void<'a>(&'a self, charge: &'a Charge) -> Answer<'a, ()> {
        Box::pin(async move {
            let done = payments::void(&self.pool, charge.payment).await.map_err(silence)?;
            self.news.notify_one();
            refused_unless(done, "the amount was captured already")
        })
    }

    fn capture<'a>(&'a self, charge: &'a Charge) -> Answer<'a, ()> {
        Box::pin(async move {
            let done = payments::capture(&self.pool, charge.payment).await.map_err(silence)?;
            self.news.notify_one();
            refused_unless(done, "no amount is set aside")
        })
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Answer<'a, ()> {
        Box::pin(async move {
            let done = payments::refund(&self.pool, wish).await.map_err(silence)?;
            self.news.notify_one();
            refused_unless(done, "there is not so much to give back")
        })
    }

    fn has_refund<'a>(&'a self, wish: &'a RefundWish) -> Answer<'a, bool> {
        Box::pin(async move { payments::has_refund(&self.pool, wish.refund).await.map_err(silence) })
    }

    fn look_up<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Vec<Report>> {
        Box::pin(async move { payments::look_up(&self.pool, charge.payment).await.map_err(silence) })
    }

    fn look_up_refunds<'a>(&'a self, _: &'a str) -> Answer<'a, Vec<Report>> {
        // Nobody gives anything back there.
        Box::pin(async { Ok(Vec::new()) })
    }

    fn look_up_claim<'a>(&'a self, _: &'a str, _: Timestamp) -> Answer<'a, Option<Report>> {
        // Its news says itself what became of a claim.
        Box::pin(async { Ok(None) })
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Result<Told, WebhookError> {
        signature::verify(&self.keys, request)?;
        self.parse(request.body)
    }

    fn parse(&self, body: &[u8]) -> Result<Told, WebhookError> {
        let report = news::parse(body)?;
        Ok(Told { event_id: report.event_id.clone(), news: News::Report(report) })
    }
}

fn refused_unless(done: bool, reason: &str) -> Result<(), GatewayError> {
    if done { Ok(()) } else { Err(GatewayError::Refused { reason: reason.to_owned() }) }
}
