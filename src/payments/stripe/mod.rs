//! Stripe: a checkout page of theirs for each attempt, so that no script of theirs runs in ours. A card's amount is set aside
//! and collected once the seats are sold; what a bank moves itself is paid at once.
//!
//! The attempt's name is that of its checkout page. Our own id stands on the page, on its payment and on each refund. Every
//! question that changes something has a key, so that asking again is the same.

mod amount;
mod answers;
mod api;
mod claims;
mod news;
mod refunds;
pub mod signature;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use self::amount::{from_stripe, to_stripe};
use self::answers::{Intent, Session};
use self::api::{Api, NewIntent, NewItem, NewPrice, NewProduct, NewRefund, NewSession, Problem, Switch};
use super::accounts::Secrets;
use super::gateway::{
    Answer, Cancelled, Charge, Gateway, GatewayError, Method, MethodKind, RefundWish, Report, Start, Started, Told,
    ToldInstrument, WebhookError, WebhookRequest, What,
};
use super::methods::{self, Known};

/// Stripe's pages live half an hour at least, counted from when they are made.
const PAGE_OUTLIVES: SignedDuration = SignedDuration::from_mins(31);
/// And a day at most. Who has longer to pay gets a page that lives that day.
const PAGE_WITHIN_MS_MAX: u64 = 23 * 3_600_000;
/// More than a payment's description may have.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// One account at Stripe.
pub struct Stripe {
    api: Api,
    webhook_secret: Option<String>,
    public_url: String,
}

impl Stripe {
    /// The account with these keys; `url` is where Stripe is, when it is not where it says.
    ///
    /// # Errors
    /// Says why no client can be made of them; never with a key in it.
    pub fn new(secrets: Secrets, url: Option<&str>, public_url: &str) -> Result<Self, String> {
        Ok(Self {
            api: Api::new(&secrets.secret_key, url)?,
            webhook_secret: secrets.webhook_secret,
            public_url: public_url.to_owned(),
        })
    }

    /// Makes the checkout page, or finds the one that was made under the same key.
    async fn begin(&self, start: &Start) -> Result<Session, Problem> {
        let refused = |why: &str| Problem::Refused(why.to_owned());
        let known = known(&start.method).ok_or_else(|| refused("there is no such method"))?;
        let amount = to_stripe(start.amount).ok_or_else(|| refused("this amount cannot be paid in this currency"))?;
        let back = format!("{}/pay/return/{}", self.public_url, start.payment);
        let metadata = BTreeMap::from([(news::PAYMENT, start.payment.to_string())]);
        let description: String = start.description.chars().take(DESCRIPTION_CHARS_MAX).collect();
        // All of it follows from the attempt: under one key only the same may be asked again.
        let new = NewSession {
            mode: "payment",
            client_reference_id: start.payment.to_string(),
            success_url: back.clone(),
            cancel_url: back,
            payment_method_types: vec![start.method.clone()],
            line_items: vec![NewItem {
                quantity: 1,
                price_data: NewPrice {
                    currency: start.amount.currency.as_str().to_ascii_lowercase(),
                    unit_amount: amount,
                    product_data: NewProduct { name: description.clone() },
                },
            }],
            payment_intent_data: NewIntent {
                capture_method: match known.method.kind {
                    MethodKind::AuthoriseThenCapture => "manual",
                    MethodKind::PaidAtOnce => "automatic",
                },
                description,
                metadata: metadata.clone(),
            },
            metadata,
            // Exactly this amount in this currency, whatever the account has switched on.
            adaptive_pricing: Switch { enabled: false },
            expires_at: (start.pay_within_ms <= PAGE_WITHIN_MS_MAX).then(|| (start.pay_by + PAGE_OUTLIVES).as_second()),
            expand: vec!["payment_intent"],
        };
        self.api.make_session(&new, &format!("aisle-start-{}", start.payment)).await
    }

    /// The attempt's page, with its payment; `None`: nothing ever began.
    async fn session(&self, charge: &Charge) -> Result<Option<Session>, Problem> {
        match &charge.provider_ref {
            Some(id) => self.api.session(id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn close(&self, charge: &Charge, began: Option<&Start>) -> Result<Cancelled, GatewayError> {
        let id = match (&charge.provider_ref, began) {
            (Some(id), _) => id.clone(),
            (None, None) => return Ok(Cancelled::Confirmed),
            // Whether the page was made nobody told us. Asked for again under its key, it is the same; and what is refused
            // was not made, nor ever will be.
            (None, Some(start)) => match self.begin(start).await {
                Ok(session) => session.id,
                Err(Problem::Refused(_)) => return Ok(Cancelled::Confirmed),
                Err(problem) => return Err(problem.later()),
            },
        };
        match self.api.expire_session(&id).await {
            Ok(()) => return Ok(Cancelled::Confirmed),
            Err(Problem::Refused(_)) => {}
            Err(problem) => return Err(problem.unheard()),
        }
        // It is not open any more: somebody was first.
        let session = self.api.session(&id).await.map_err(Problem::unheard)?;
        match (session.status.as_deref(), session.payment_intent.as_ref().map(|intent| intent.status.as_str())) {
            (Some("expired"), _) | (_, Some("canceled")) => Ok(Cancelled::Confirmed),
            (_, Some("requires_capture" | "succeeded")) => Ok(Cancelled::AlreadyPaid),
            // A bank that says no in the end; the page cannot be used again.
            (Some("complete"), Some("requires_payment_method")) => Ok(Cancelled::Confirmed),
            _ => Err(GatewayError::unknown("the buyer's bank has not said whether it pays")),
        }
    }

    async fn let_go(&self, charge: &Charge) -> Result<(), GatewayError> {
        let session = self.session(charge).await.map_err(Problem::unheard)?;
        let Some(intent) = session.and_then(|session| session.payment_intent) else { return Ok(()) };
        match intent.status.as_str() {
            "canceled" => Ok(()),
            "succeeded" => Err(GatewayError::Refused { reason: "the amount was captured already".to_owned() }),
            _ => {
                let key = format!("aisle-void-{}", charge.payment);
                self.api.cancel(&intent.id, &key).await.map(|_| ()).map_err(Problem::later)
            }
        }
    }

    async fn collect(&self, charge: &Charge) -> Result<(), GatewayError> {
        let refused = |reason: String| Err(GatewayError::Refused { reason });
        let session = self.session(charge).await.map_err(Problem::unheard)?;
        let Some(intent) = session.and_then(|session| session.payment_intent) else {
            return refused("nothing was paid".to_owned());
        };
        match intent.status.as_str() {
            "succeeded" => return Ok(()),
            "requires_capture" => {}
            status => return refused(format!("no amount is set aside: the payment is {status}")),
        }
        let key = format!("aisle-capture-{}", charge.payment);
        match self.api.capture(&intent.id, &key).await {
            Ok(captured) if captured.status == "succeeded" => Ok(()),
            // Under its key the old answer comes again, so the next look finds out.
            Ok(captured) => Err(GatewayError::unknown(format!("the captured payment is {}", captured.status))),
            // What is collected already is refused: perhaps somebody was first, at the dashboard.
            Err(Problem::Refused(reason)) => {
                let session = self.session(charge).await.map_err(Problem::unheard)?;
                match session.and_then(|session| session.payment_intent) {
                    Some(intent) if intent.status == "succeeded" => Ok(()),
                    _ => refused(reason),
                }
            }
            Err(problem) => Err(problem.later()),
        }
    }

    async fn give_back(&self, wish: &RefundWish) -> Result<(), GatewayError> {
        let refused = |reason: &str| Err(GatewayError::Refused { reason: reason.to_owned() });
        let session = self.session(&wish.charge).await.map_err(Problem::unheard)?;
        let Some(intent) = session.and_then(|session| session.payment_intent) else {
            return refused("nothing was paid");
        };
        let Some(amount) = to_stripe(wish.amount) else {
            return refused("this amount cannot be given back in this currency");
        };
        let new = NewRefund {
            payment_intent: intent.id,
            amount,
            metadata: BTreeMap::from([
                (news::PAYMENT, wish.charge.payment.to_string()),
                (news::REFUND, wish.refund.to_string()),
            ]),
        };
        let made = self.api.refund(&new, &format!("aisle-refund-{}", wish.refund)).await.map_err(Problem::later)?;
        match made.status.as_deref() {
            Some("failed" | "canceled") => refused("the refund failed at the provider"),
            Some(_) | None => Ok(()),
        }
    }

    async fn find_refund(&self, wish: &RefundWish) -> Result<bool, GatewayError> {
        let session = self.session(&wish.charge).await.map_err(Problem::unheard)?;
        let Some(intent) = session.and_then(|session| session.payment_intent) else { return Ok(false) };
        let refunds = self.api.refunds(&intent.id).await.map_err(Problem::unheard)?;
        let id = wish.refund.to_string();
        let ours =
            refunds.iter().find(|refund| refund.metadata.as_ref().and_then(|it| it.get(news::REFUND)) == Some(&id));
        match ours.map(|refund| refund.status.as_deref()) {
            None => Ok(false),
            Some(Some("failed" | "canceled")) => {
                Err(GatewayError::Refused { reason: "the refund failed at the provider".to_owned() })
            }
            Some(_) => Ok(true),
        }
    }

    async fn ask_about(&self, charge: &Charge) -> Result<Vec<Report>, GatewayError> {
        let Some(session) = self.session(charge).await.map_err(Problem::unheard)? else { return Ok(Vec::new()) };
        let name = session.id.clone();
        let went_back = session.payment_intent.as_ref().filter(|intent| {
            intent.latest_charge.as_ref().and_then(|charge| charge.amount_refunded).is_some_and(|back| back > 0)
        });
        let went_back = went_back.map(|intent| intent.id.clone());
        let mut told = reports(charge.payment, session)?;
        if let Some(intent) = went_back {
            told.extend(refunds::of(&self.api, charge.payment, &name, &intent).await?);
        }
        Ok(told)
    }
}

fn known(key: &str) -> Option<Known> {
    methods::known(methods::STRIPE, key)
}

/// What a checkout page says of its attempt: at most one thing, because it can be paid once.
fn reports(payment: Uuid, session: Session) -> Result<Vec<Report>, GatewayError> {
    let over = match session.status.as_deref() {
        Some("expired") => Some(What::Cancelled),
        _ => None,
    };
    let Some(intent) = session.payment_intent else {
        let Some(what) = over else { return Ok(Vec::new()) };
        // Nobody paid, so nothing is known of an amount; and none is looked at.
        let amount = crate::platform::money::Money::new(0, unknown_currency()?);
        return Ok(vec![report(payment, session.id, what, Timestamp::UNIX_EPOCH, amount, None)]);
    };
    let complete = session.status.as_deref() == Some("complete");
    let what = match intent.status.as_str() {
        "requires_capture" => Some(What::Authorized),
        "succeeded" => Some(What::Captured),
        "canceled" => Some(What::Cancelled),
        // The page is used up, and its bank said no.
        "requires_payment_method" if complete => Some(What::Declined),
        // The buyer is at it, or may try again.
        _ => over,
    };
    let Some(what) = what else { return Ok(Vec::new()) };
    let Intent { amount, amount_received, currency, created, latest_charge, .. } = intent;
    let amount = if what == What::Captured { amount_received.unwrap_or(amount) } else { amount };
    let amount = from_stripe(amount, &currency).ok_or_else(|| GatewayError::unknown("an amount that is not known"))?;
    let at = latest_charge.as_ref().map_or(created, |charge| charge.created);
    let at = Timestamp::from_second(at).map_err(GatewayError::unknown)?;
    let card = latest_charge.and_then(|charge| charge.payment_method_details).and_then(|details| details.card);
    let instrument = card.and_then(|card| {
        let country = card.country.filter(|country| country.len() == 2);
        Some(ToldInstrument { fingerprint: card.fingerprint?, country })
    });
    Ok(vec![report(payment, session.id, what, at, amount, instrument)])
}

fn unknown_currency() -> Result<crate::platform::money::Currency, GatewayError> {
    // The code that is kept for tests: no money is in it.
    "XTS".parse().map_err(GatewayError::unknown)
}

fn report(
    payment: Uuid,
    provider_ref: String,
    what: What,
    at: Timestamp,
    amount: crate::platform::money::Money,
    instrument: Option<ToldInstrument>,
) -> Report {
    Report { event_id: format!("look-up:{payment}"), payment, provider_ref, what, at, amount, instrument }
}

impl Gateway for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn method(&self, key: &str) -> Option<Method> {
        known(key).map(|known| known.method)
    }

    fn try_keys(&self) -> Answer<'_, String> {
        Box::pin(async {
            self.api.try_key().await.map_err(Problem::now)?;
            Ok("Stripe takes the key, for checkout pages, payments, refunds and disputes.".to_owned())
        })
    }

    fn start<'a>(&'a self, start: &'a Start) -> Answer<'a, Started> {
        Box::pin(async move {
            let session = self.begin(start).await.map_err(Problem::now)?;
            Ok(Started { provider_ref: Some(session.id), checkout_url: session.url })
        })
    }

    fn cancel<'a>(&'a self, charge: &'a Charge, began: Option<&'a Start>) -> Answer<'a, Cancelled> {
        Box::pin(self.close(charge, began))
    }

    fn void<'a>(&'a self, charge: &'a Charge) -> Answer<'a, ()> {
        Box::pin(self.let_go(charge))
    }

    fn capture<'a>(&'a self, charge: &'a Charge) -> Answer<'a, ()> {
        Box::pin(self.collect(charge))
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Answer<'a, ()> {
        Box::pin(self.give_back(wish))
    }

    fn has_refund<'a>(&'a self, wish: &'a RefundWish) -> Answer<'a, bool> {
        Box::pin(self.find_refund(wish))
    }

    fn look_up<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Vec<Report>> {
        Box::pin(self.ask_about(charge))
    }

    fn look_up_refunds<'a>(&'a self, theirs: &'a str) -> Answer<'a, Vec<Report>> {
        Box::pin(refunds::look_up(&self.api, theirs))
    }

    fn look_up_claim<'a>(&'a self, claim: &'a str, at: Timestamp) -> Answer<'a, Option<Report>> {
        Box::pin(claims::look_up(&self.api, claim, at))
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Result<Told, WebhookError> {
        // Without a secret nothing is proved.
        let secret = self.webhook_secret.as_deref().ok_or(WebhookError::SignatureInvalid)?;
        signature::verify(secret, request)?;
        news::parse(request.body)
    }

    fn parse(&self, body: &[u8]) -> Result<Told, WebhookError> {
        news::parse(body)
    }
}
