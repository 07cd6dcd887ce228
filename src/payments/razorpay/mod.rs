//! Razorpay: an order of theirs for each attempt, paid at a page of theirs to which a form of ours leads. A card's amount is
//! set aside and collected once the seats are sold; UPI, net banking and wallets are paid at once.
//!
//! An order there can be paid more than once, and not closed. So an attempt's name is that of the first payment that came to
//! something; what comes beside it is a payment of its own, and given back. Their orders have no keys for asking again: our id
//! is the order's receipt, which is looked for before another is made, and what was found is kept here.

mod answers;
mod api;
mod claims;
mod news;
mod orders;
mod page;
mod refunds;
pub mod signature;

use jiff::Timestamp;
use sqlx::PgPool;
use uuid::Uuid;

pub use self::page::Page;

use self::answers::Payment;
use self::api::{Api, NewOrder, Problem};
use super::accounts::Secrets;
use super::gateway::{
    Answer, Cancelled, Charge, Gateway, GatewayError, Method, MethodKind, RefundWish, Report, Start, Started, Told,
    WebhookError, WebhookRequest, What,
};
use super::methods::{self, Known};
use crate::platform::db::DbFault;
use crate::platform::money::{Currency, Money};

/// What was not paid at once comes back to its payer after so many minutes. They take no less than twelve.
const LATE_MIN: i64 = 30;

/// One account at Razorpay.
pub struct Razorpay {
    account: Uuid,
    api: Api,
    webhook_secret: Option<String>,
    pool: PgPool,
}

fn silence(fault: DbFault) -> GatewayError {
    GatewayError::unknown(fault)
}

fn refused<T>(reason: &str) -> Result<T, GatewayError> {
    Err(GatewayError::Refused { reason: reason.to_owned() })
}

fn known(key: &str) -> Option<Known> {
    methods::known(methods::RAZORPAY, key)
}

fn has_money(payment: &Payment) -> bool {
    !payment.has_lapsed() && matches!(payment.status.as_str(), "authorized" | "captured" | "refunded")
}

fn is_collected(payment: &Payment) -> bool {
    !payment.has_lapsed() && matches!(payment.status.as_str(), "captured" | "refunded")
}

impl Razorpay {
    /// The account with these keys; `url` is where Razorpay is, when it is not where it says.
    ///
    /// # Errors
    /// Says why no client can be made of them; never with a key in it.
    pub fn new(account: Uuid, secrets: Secrets, url: Option<&str>, pool: PgPool) -> Result<Self, String> {
        Ok(Self { account, api: Api::new(&secrets, url)?, webhook_secret: secrets.webhook_secret, pool })
    }

    /// The page from which the buyer of this attempt goes to Razorpay; `None`: there is no such attempt of this account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn page(&self, payment: Uuid, public_url: &str) -> Result<Option<Page>, DbFault> {
        let known = orders::find(&self.pool, payment).await?.filter(|known| known.account == self.account);
        Ok(known.map(|known| Page {
            payment,
            known,
            url: self.api.url().to_owned(),
            key_id: self.api.key_id().to_owned(),
            public_url: public_url.to_owned(),
        }))
    }

    /// Whose account an attempt is of.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account_of(pool: &PgPool, payment: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(orders::find(pool, payment).await?.map(|known| known.account))
    }

    async fn begin(&self, start: &Start) -> Result<Started, GatewayError> {
        let Some(method) = known(&start.method) else { return refused("there is no such method") };
        let begun = Started { provider_ref: None, checkout_url: Some(format!("/razorpay/checkout/{}", start.payment)) };
        let closed = || refused("this attempt was cancelled before it began");
        if let Some(known) = orders::find(&self.pool, start.payment).await.map_err(silence)? {
            return if known.closed { closed() } else { Ok(begun) };
        }
        let before = self.api.orders(start.payment).await.map_err(Problem::now)?.into_iter().next();
        let order = match before {
            Some(order) => order,
            None => {
                let set_aside = method.method.kind == MethodKind::AuthoriseThenCapture;
                let lapses_min = if set_aside { method.method.authorisation_lasts.as_mins() } else { LATE_MIN };
                let new = NewOrder {
                    payment: start.payment,
                    amount: start.amount,
                    set_aside,
                    lapses_min,
                    description: &start.description,
                };
                self.api.make_order(&new).await.map_err(Problem::now)?
            }
        };
        let said = (start.method.as_str(), start.description.as_str());
        orders::note(&self.pool, (start.payment, self.account), &order.id, start.amount, said)
            .await
            .map_err(silence)?;
        // Somebody else may have noted another, or closed it.
        match orders::find(&self.pool, start.payment).await.map_err(silence)? {
            Some(known) if known.closed => closed(),
            _ => Ok(begun),
        }
    }

    /// What was paid, or tried, under our id.
    async fn payments(&self, payment: Uuid) -> Result<Vec<Payment>, GatewayError> {
        let noted = orders::find(&self.pool, payment).await.map_err(silence)?.and_then(|known| known.order_ref);
        let refs: Vec<String> = match noted {
            Some(order) => vec![order],
            None => {
                let orders = self.api.orders(payment).await.map_err(Problem::unheard)?;
                orders.into_iter().map(|order| order.id).collect()
            }
        };
        let mut all = Vec::new();
        for order in refs {
            all.extend(self.api.payments(&order).await.map_err(Problem::unheard)?);
        }
        Ok(all)
    }

    /// The payment that a charge names, or the first that came to something.
    async fn payment(&self, charge: &Charge) -> Result<Option<Payment>, GatewayError> {
        match &charge.provider_ref {
            Some(id) => self.api.payment(id).await.map(Some).map_err(Problem::unheard),
            None => Ok(self.payments(charge.payment).await?.into_iter().find(has_money)),
        }
    }

    async fn close(&self, charge: &Charge) -> Result<Cancelled, GatewayError> {
        orders::close(&self.pool, charge.payment, self.account).await.map_err(silence)?;
        let paid = self.payments(charge.payment).await?.iter().any(has_money);
        Ok(if paid { Cancelled::AlreadyPaid } else { Cancelled::Confirmed })
    }

    /// They have no word for it: an amount that is not collected goes back by itself, when the order said.
    async fn let_go(&self, charge: &Charge) -> Result<(), GatewayError> {
        orders::close(&self.pool, charge.payment, self.account).await.map_err(silence)?;
        match self.payment(charge).await?.as_ref().map(|payment| payment.status.as_str()) {
            Some("captured") => refused("the amount was captured already"),
            Some(_) | None => Ok(()),
        }
    }

    async fn collect(&self, charge: &Charge) -> Result<(), GatewayError> {
        let Some(payment) = self.payment(charge).await? else { return refused("nothing was paid") };
        match payment.status.as_str() {
            _ if is_collected(&payment) => return Ok(()),
            _ if payment.has_lapsed() => return refused("nobody collected the amount in time, and it went back"),
            "authorized" => {}
            status => return refused(&format!("no amount is set aside: the payment is {status}")),
        }
        match self.api.capture(&payment.id, payment.amount, &payment.currency).await {
            Ok(captured) if is_collected(&captured) => Ok(()),
            Ok(captured) => Err(GatewayError::unknown(format!("the captured payment is {}", captured.status))),
            // They have no keys for it, and what is collected already is refused: perhaps somebody was first. The news of a
            // payment and its buyer's way back come at once, and each goes on with the order.
            Err(Problem::Refused(reason)) => match self.api.payment(&payment.id).await.map_err(Problem::unheard)? {
                payment if is_collected(&payment) => Ok(()),
                _ => refused(&reason),
            },
            Err(problem) => Err(problem.later()),
        }
    }

    async fn give_back(&self, wish: &RefundWish) -> Result<(), GatewayError> {
        let Some(payment) = self.payment(&wish.charge).await? else { return refused("nothing was paid") };
        let (amount, id) = (wish.amount.amount, wish.charge.payment);
        let made = self.api.refund(&payment.id, amount, wish.refund, id).await.map_err(Problem::later)?;
        match made.status.as_deref() {
            Some("failed") => refused("the refund failed at the provider"),
            Some(_) | None => Ok(()),
        }
    }

    async fn find_refund(&self, wish: &RefundWish) -> Result<bool, GatewayError> {
        let Some(payment) = self.payment(&wish.charge).await? else { return Ok(false) };
        let refunds = self.api.refunds(&payment.id).await.map_err(Problem::unheard)?;
        let id = wish.refund.to_string();
        match refunds.iter().find(|refund| refund.notes.get("aisle_refund") == Some(&id)) {
            None => Ok(false),
            Some(refund) if refund.status.as_deref() == Some("failed") => refused("the refund failed at the provider"),
            Some(_) => Ok(true),
        }
    }

    async fn ask_about(&self, charge: &Charge) -> Result<Vec<Report>, GatewayError> {
        let mut told = Vec::new();
        let mut payments = self.payments(charge.payment).await?;
        // A second payment of an order is an attempt of its own, of which only its name is known there.
        if let Some(name) = &charge.provider_ref
            && payments.iter().all(|paid| paid.id != *name)
        {
            payments.push(self.api.payment(name).await.map_err(Problem::unheard)?);
        }
        for paid in payments {
            if paid.has_lapsed() && charge.provider_ref.as_ref() != Some(&paid.id) {
                // A try that came to nothing: the buyer may have paid by another.
                continue;
            }
            let went_back = !paid.has_lapsed() && paid.amount_refunded.is_some_and(|back| back > 0);
            let went_back = went_back.then(|| paid.id.clone());
            told.extend(report(charge.payment, paid)?);
            if let Some(id) = went_back {
                told.extend(refunds::of(&self.api, charge.payment, &id).await?);
            }
        }
        Ok(told)
    }
}

/// What a payment there says of its attempt; a try that came to nothing says nothing, because the buyer may try again.
fn report(payment: Uuid, paid: Payment) -> Result<Option<Report>, GatewayError> {
    let what = match paid.status.as_str() {
        _ if paid.has_lapsed() => What::Cancelled,
        "authorized" => What::Authorized,
        "captured" | "refunded" => What::Captured,
        _ => return Ok(None),
    };
    let currency: Currency = paid.currency.parse().map_err(GatewayError::unknown)?;
    Ok(Some(Report {
        event_id: format!("look-up:{payment}"),
        payment,
        provider_ref: paid.id,
        what,
        at: Timestamp::from_second(paid.created_at).map_err(GatewayError::unknown)?,
        amount: Money::new(paid.amount, currency),
        instrument: None,
    }))
}

impl Gateway for Razorpay {
    fn name(&self) -> &'static str {
        "razorpay"
    }

    fn method(&self, key: &str) -> Option<Method> {
        known(key).map(|known| known.method)
    }

    fn try_keys(&self) -> Answer<'_, String> {
        Box::pin(async {
            self.api.try_key().await.map_err(Problem::now)?;
            Ok("Razorpay takes the keys, for orders and refunds.".to_owned())
        })
    }

    fn start<'a>(&'a self, start: &'a Start) -> Answer<'a, Started> {
        Box::pin(self.begin(start))
    }

    fn cancel<'a>(&'a self, charge: &'a Charge, _: Option<&'a Start>) -> Answer<'a, Cancelled> {
        Box::pin(self.close(charge))
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
        news::is_fresh(request)?;
        Ok(Told { event_id: news::name(request), ..news::parse(request.body)? })
    }

    fn parse(&self, body: &[u8]) -> Result<Told, WebhookError> {
        news::parse(body)
    }
}
