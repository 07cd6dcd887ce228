//! Stripe as its reference describes it: checkout pages, payments that are captured by hand, refunds, keys for asking again.

mod troubles;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answered, Asked, Books, Double, hex_hmac};

/// The parameters of a checkout page that this double knows; another one is refused, as there.
const KNOWN: [&str; 17] = [
    "mode",
    "client_reference_id",
    "success_url",
    "cancel_url",
    "payment_method_types[0]",
    "line_items[0][quantity]",
    "line_items[0][price_data][currency]",
    "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][product_data][name]",
    "payment_intent_data[capture_method]",
    "payment_intent_data[description]",
    "payment_intent_data[metadata][aisle_payment]",
    "metadata[aisle_payment]",
    "adaptive_pricing[enabled]",
    "expires_at",
    "expand[0]",
    "expand[1]",
];

#[derive(Clone, Debug)]
struct Session {
    fields: BTreeMap<String, String>,
    status: &'static str,
    intent: Option<String>,
    created: i64,
}

#[derive(Clone, Debug)]
struct Intent {
    status: &'static str,
    amount: i64,
    received: i64,
    currency: String,
    metadata: Value,
    created: i64,
    tries: u32,
}

#[derive(Clone, Debug)]
struct Refund {
    id: String,
    intent: String,
    amount: i64,
    currency: String,
    metadata: Value,
    status: &'static str,
}

#[derive(Clone, Debug)]
struct Dispute {
    id: String,
    intent: String,
    amount: i64,
    status: String,
    /// Amount and fee of each movement in the account.
    moved: Vec<(i64, i64)>,
    created: i64,
}

/// What Stripe asks for a claim.
pub const DISPUTE_FEE: i64 = 1500;

/// What a buyer does on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buyer {
    /// Pays by something that works.
    Pays,
    /// Is declined; the page stays open.
    IsDeclined,
}

/// What Stripe knows of one account.
pub struct Stripe {
    url: String,
    /// The key that is taken now.
    pub key: String,
    /// When a buyer pays, by Stripe's clock; now unless told.
    pub paid_at: Option<i64>,
    /// A capture is declined.
    pub no_capture: bool,
    /// Refunds fail after they were recorded.
    pub refunds_fail: bool,
    sessions: BTreeMap<String, Session>,
    intents: BTreeMap<String, Intent>,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    /// So many seconds later than now its news was made, one more each time a claim goes on.
    later: i64,
    keys: HashMap<String, (String, u16, Value)>,
    /// Events that wait to be sent, oldest first.
    pub events: Vec<Value>,
    made: u32,
}

impl Double<Stripe> {
    /// Opens, for who has this key.
    pub fn stripe(key: &str) -> Self {
        Self::open(|url| Stripe {
            url: url.to_owned(),
            key: key.to_owned(),
            paid_at: None,
            no_capture: false,
            refunds_fail: false,
            sessions: BTreeMap::new(),
            intents: BTreeMap::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            later: 0,
            keys: HashMap::new(),
            events: Vec::new(),
            made: 0,
        })
    }
}

/// `Stripe-Signature`, made then.
pub fn signature(secret: &str, at: i64, body: &str) -> String {
    format!("t={at},v1={}", hex_hmac(secret, &format!("{at}.{body}")))
}

fn error(status: u16, kind: &str, message: &str) -> Answered {
    Answered::Json(status, json!({"error": {"type": kind, "message": message}}))
}

fn invalid(message: &str) -> Answered {
    error(400, "invalid_request_error", message)
}

impl Stripe {
    fn id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_test_{:04}", self.made)
    }

    fn now(&self) -> i64 {
        Timestamp::now().as_second()
    }

    fn tell(&mut self, kind: &str, object: Value) {
        let (id, created) = (self.id("evt"), self.now() + self.later);
        let event = json!({
            "id": id, "object": "event", "api_version": "2026-09-30", "created": created, "livemode": false,
            "pending_webhooks": 1, "type": kind, "data": {"object": object},
        });
        self.events.push(event);
    }

    fn tell_session(&mut self, kind: &str, id: &str) {
        let object = self.session_json(id, &BTreeMap::new());
        self.tell(kind, object);
    }

    fn tell_intent(&mut self, kind: &str, id: &str) {
        let object = self.intent_json(id, false);
        self.tell(kind, object);
    }

    fn session_json(&self, id: &str, asked: &BTreeMap<String, String>) -> Value {
        let session = &self.sessions[id];
        let expands = |what: &str| asked.iter().any(|(name, value)| name.starts_with("expand[") && value == what);
        let intent = session.intent.as_ref().map(|intent| match expands("payment_intent") {
            true => self.intent_json(intent, expands("payment_intent.latest_charge")),
            false => json!(intent),
        });
        let paid = session.intent.as_ref().is_some_and(|intent| self.intents[intent].status == "succeeded");
        let of = |name: &str| session.fields.get(name).cloned().unwrap_or_default();
        let open = session.status == "open";
        json!({
            "id": id, "object": "checkout.session", "status": session.status, "created": session.created,
            "payment_status": if paid { "paid" } else { "unpaid" }, "payment_intent": intent,
            "url": open.then(|| format!("{}/c/pay/{id}", self.url)), "client_reference_id": of("client_reference_id"),
            "metadata": {"aisle_payment": of("metadata[aisle_payment]")}, "livemode": false,
            "amount_total": of("line_items[0][price_data][unit_amount]").parse::<i64>().unwrap_or(0),
            "currency": of("line_items[0][price_data][currency]"),
            "customer_details": {"email": "somebody@example.org"},
        })
    }

    fn intent_json(&self, id: &str, with_charge: bool) -> Value {
        let intent = &self.intents[id];
        let paid = matches!(intent.status, "requires_capture" | "succeeded");
        let charge = paid.then(|| match with_charge {
            true => json!({
                "id": format!("ch_{id}"), "object": "charge", "created": intent.created,
                "amount_refunded": self.refunded(id), "disputed": self.disputes.iter().any(|it| it.intent == id),
                "payment_method_details": {"type": "card", "card": {"fingerprint": "Xt5EWLLDS7FJjR1c", "country": "SE"}},
            }),
            false => json!(format!("ch_{id}")),
        });
        json!({
            "id": id, "object": "payment_intent", "status": intent.status, "amount": intent.amount,
            "amount_received": intent.received, "currency": intent.currency, "metadata": intent.metadata,
            "amount_capturable": if intent.status == "requires_capture" { intent.amount } else { 0 },
            "created": intent.created, "latest_charge": charge,
        })
    }

    fn refund_json(&self, refund: &Refund) -> Value {
        json!({
            "id": refund.id, "object": "refund", "amount": refund.amount, "currency": refund.currency,
            "payment_intent": refund.intent, "metadata": refund.metadata, "status": refund.status,
            "created": self.now(), "charge": format!("ch_{}", refund.intent),
        })
    }

    fn refunded(&self, intent: &str) -> i64 {
        let of_it = self.refunds.iter().filter(|refund| refund.intent == intent && refund.status != "failed");
        of_it.map(|refund| refund.amount).sum()
    }

    fn dispute_json(&self, dispute: &Dispute) -> Value {
        let moved = dispute.moved.iter().map(|(amount, fee)| {
            json!({"object": "balance_transaction", "amount": amount, "fee": fee, "net": amount - fee, "currency": "eur"})
        });
        json!({
            "id": dispute.id, "object": "dispute", "amount": dispute.amount, "currency": "eur", "status": dispute.status,
            "charge": format!("ch_{}", dispute.intent), "payment_intent": dispute.intent, "created": dispute.created,
            "balance_transactions": moved.collect::<Vec<_>>(), "is_charge_refundable": dispute.moved.is_empty(),
            "metadata": {}, "reason": "fraudulent", "evidence": {}, "livemode": false,
        })
    }

    fn intent_of(&self, payment: &str) -> String {
        let session = self.session_of(payment).unwrap();
        self.sessions[&session].intent.clone().unwrap()
    }

    fn make_session(&mut self, asked: &Asked) -> Answered {
        if let Some(name) = asked.fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return invalid(&format!("Received unknown parameter: {name}"));
        }
        let of = |name: &str| asked.fields.get(name).cloned().unwrap_or_default();
        let (amount, now) = (of("line_items[0][price_data][unit_amount]").parse::<i64>().unwrap_or(0), self.now());
        if amount < 50 {
            return invalid("The Checkout Session's total amount must convert to at least 50 cents.");
        }
        let expires: Option<i64> = asked.fields.get("expires_at").map(|text| text.parse().unwrap());
        if expires.is_some_and(|at| at < now + 1_800 || at > now + 86_400) {
            return invalid("The `expires_at` timestamp must be between 30 minutes and 24 hours from now.");
        }
        let id = self.id("cs");
        let session = Session { fields: asked.fields.clone(), status: "open", intent: None, created: now };
        self.sessions.insert(id.clone(), session);
        Answered::Json(200, self.session_json(&id, &asked.fields))
    }

    /// The page of the attempt with this id of ours, where there is one.
    pub fn session_of(&self, payment: &str) -> Option<String> {
        let ours = |session: &&String| self.sessions[*session].fields["metadata[aisle_payment]"] == payment;
        self.sessions.keys().find(ours).cloned()
    }

    /// How far the payment of our attempt is; empty where nobody has tried.
    pub fn status_of(&self, payment: &str) -> &'static str {
        let session = self.session_of(payment).map(|id| self.sessions[&id].clone());
        session.and_then(|session| session.intent).map_or("", |intent| self.intents[&intent].status)
    }

    /// How much of everything was given back.
    pub fn given_back(&self) -> i64 {
        self.refunds.iter().filter(|refund| refund.status != "failed").map(|refund| refund.amount).sum()
    }

    /// How many pages were made.
    pub fn sessions_made(&self) -> usize {
        self.sessions.len()
    }

    /// A buyer is at the page. False: it is closed.
    pub fn visit(&mut self, id: &str, buyer: Buyer) -> bool {
        let Some(session) = self.sessions.get(id).cloned() else { return false };
        if session.status != "open" {
            return false;
        }
        let of = |name: &str| session.fields[name].clone();
        let created = self.paid_at.unwrap_or_else(|| self.now());
        let intent = session.intent.clone().unwrap_or_else(|| self.id("pi"));
        let manual = of("payment_intent_data[capture_method]") == "manual";
        let tries = self.intents.get(&intent).map_or(0, |intent| intent.tries) + 1;
        let amount: i64 = of("line_items[0][price_data][unit_amount]").parse().unwrap();
        let (status, received) = match (buyer, manual) {
            (Buyer::IsDeclined, _) => ("requires_payment_method", 0),
            (Buyer::Pays, true) => ("requires_capture", 0),
            (Buyer::Pays, false) => ("succeeded", amount),
        };
        let metadata = json!({"aisle_payment": of("payment_intent_data[metadata][aisle_payment]")});
        let currency = of("line_items[0][price_data][currency]");
        let made = Intent { status, amount, received, currency, metadata, created, tries };
        self.intents.insert(intent.clone(), made);
        let kept = self.sessions.get_mut(id).unwrap();
        kept.intent = Some(intent.clone());
        match buyer {
            Buyer::IsDeclined => self.tell_intent("payment_intent.payment_failed", &intent),
            Buyer::Pays => {
                kept.status = "complete";
                let kind = if manual { "payment_intent.amount_capturable_updated" } else { "payment_intent.succeeded" };
                self.tell_intent(kind, &intent);
                self.tell_session("checkout.session.completed", id);
            }
        }
        true
    }

    fn expire(&mut self, id: &str) -> Answered {
        let session = self.sessions.get_mut(id).unwrap();
        if session.status != "open" {
            return invalid("Only Checkout Sessions with a status in [\"open\"] can be expired.");
        }
        session.status = "expired";
        let intent = session.intent.clone();
        if let Some(intent) = intent {
            self.intents.get_mut(&intent).unwrap().status = "canceled";
        }
        self.tell_session("checkout.session.expired", id);
        Answered::Json(200, self.session_json(id, &BTreeMap::new()))
    }

    fn capture(&mut self, id: &str) -> Answered {
        let no_capture = self.no_capture;
        let intent = self.intents.get_mut(id).unwrap();
        if intent.status != "requires_capture" {
            return invalid(&format!(
                "This PaymentIntent could not be captured because it has a status of {}.",
                intent.status
            ));
        }
        if no_capture {
            intent.status = "canceled";
            return error(402, "card_error", "Your card was declined.");
        }
        (intent.status, intent.received) = ("succeeded", intent.amount);
        self.tell_intent("payment_intent.succeeded", id);
        Answered::Json(200, self.intent_json(id, false))
    }

    fn cancel(&mut self, id: &str) -> Answered {
        let intent = self.intents.get_mut(id).unwrap();
        if matches!(intent.status, "succeeded" | "canceled") {
            return invalid("You cannot cancel this PaymentIntent.");
        }
        intent.status = "canceled";
        self.tell_intent("payment_intent.canceled", id);
        Answered::Json(200, self.intent_json(id, false))
    }

    fn refund(&mut self, asked: &Asked) -> Answered {
        let of = |name: &str| asked.fields.get(name).cloned().unwrap_or_default();
        let (intent, amount) = (of("payment_intent"), of("amount").parse::<i64>().unwrap_or(0));
        let Some(paid) = self.intents.get(&intent).cloned() else { return invalid("No such payment_intent") };
        let before: i64 = self
            .refunds
            .iter()
            .filter(|refund| refund.intent == intent && refund.status != "failed")
            .map(|refund| refund.amount)
            .sum();
        if amount <= 0 || before + amount > paid.received {
            return invalid("Refund amount is greater than unrefunded amount on charge.");
        }
        let metadata =
            json!({"aisle_payment": of("metadata[aisle_payment]"), "aisle_refund": of("metadata[aisle_refund]")});
        let refund =
            Refund { id: self.id("re"), intent, amount, currency: paid.currency, metadata, status: "succeeded" };
        let made = self.refund_json(&refund);
        self.refunds.push(refund.clone());
        self.tell("refund.created", made.clone());
        if self.refunds_fail {
            self.refunds.last_mut().unwrap().status = "failed";
            let failed = self.refund_json(&Refund { status: "failed", ..refund });
            self.tell("refund.failed", failed);
        }
        Answered::Json(200, made)
    }

    fn list(&self, data: Vec<Value>) -> Answered {
        Answered::Json(200, json!({"object": "list", "data": data, "has_more": false}))
    }

    fn page(&mut self, id: &str, asked: &Asked) -> Answered {
        let Some(session) = self.sessions.get(id).cloned() else { return Answered::Page("No such page.".to_owned()) };
        let done = match asked.fields.get("outcome").map(String::as_str) {
            Some("pay") => self.visit(id, Buyer::Pays),
            Some("decline") => {
                self.visit(id, Buyer::IsDeclined);
                false
            }
            Some("back") => true,
            _ => false,
        };
        if done {
            return Answered::GoTo(session.fields["success_url"].clone());
        }
        let name = &session.fields["line_items[0][price_data][product_data][name]"];
        Answered::Page(format!(
            "<!doctype html><title>Checkout</title><h1>{name}</h1><form method=post>\
             <button name=outcome value=pay>Pay</button><button name=outcome value=decline>Be declined</button>\
             <button name=outcome value=back>Back</button></form>"
        ))
    }

    fn question(&mut self, asked: &Asked) -> Answered {
        let parts: Vec<&str> = asked.path.trim_start_matches("/v1/").split('/').collect();
        let missing = || error(404, "invalid_request_error", "No such object");
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["checkout", "sessions"]) => self.make_session(asked),
            ("GET", ["checkout", "sessions"]) => {
                let of = asked.fields.get("payment_intent");
                let theirs = self.sessions.iter().filter(|(_, session)| of.is_some() && session.intent.as_ref() == of);
                self.list(theirs.map(|(id, _)| self.session_json(id, &BTreeMap::new())).collect())
            }
            ("GET", ["disputes"]) => self.list(Vec::new()),
            ("GET", ["disputes", id]) => match self.disputes.iter().find(|dispute| dispute.id == *id) {
                Some(dispute) => Answered::Json(200, self.dispute_json(dispute)),
                None => missing(),
            },
            ("GET", ["payment_intents"]) => self.list(Vec::new()),
            ("GET", ["checkout", "sessions", id]) if self.sessions.contains_key(*id) => {
                Answered::Json(200, self.session_json(id, &asked.fields))
            }
            ("POST", ["checkout", "sessions", id, "expire"]) if self.sessions.contains_key(*id) => self.expire(id),
            ("POST", ["payment_intents", id, "capture"]) if self.intents.contains_key(*id) => self.capture(id),
            ("POST", ["payment_intents", id, "cancel"]) if self.intents.contains_key(*id) => self.cancel(id),
            ("POST", ["refunds"]) => self.refund(asked),
            ("GET", ["refunds"]) => {
                let of = asked.fields.get("payment_intent");
                let theirs = self.refunds.iter().filter(|refund| of.is_none_or(|id| refund.intent == *id));
                // The newest first.
                self.list(theirs.rev().map(|refund| self.refund_json(refund)).collect())
            }
            _ => missing(),
        }
    }
}

impl Books for Stripe {
    fn answer(&mut self, asked: &Asked) -> Answered {
        if let Some(id) = asked.path.strip_prefix("/c/pay/") {
            return self.page(id, asked);
        }
        if asked.headers.get("authorization") != Some(&format!("Bearer {}", self.key)) {
            return error(401, "invalid_request_error", "Invalid API Key provided: sk_test_****");
        }
        let Some(key) = asked.headers.get("idempotency-key").filter(|_| asked.method == "POST") else {
            return self.question(asked);
        };
        let question = format!("{} {:?}", asked.path, asked.fields);
        if let Some((before, status, body)) = self.keys.get(key) {
            if *before != question {
                let message =
                    "Keys for idempotent requests can only be used with the same parameters they were first used with.";
                return error(400, "idempotency_error", message);
            }
            return Answered::Json(*status, body.clone());
        }
        match self.question(asked) {
            // What was refused before it was begun is not remembered.
            Answered::Json(status, body) if status != 400 => {
                self.keys.insert(key.clone(), (question, status, body.clone()));
                Answered::Json(status, body)
            }
            answered => answered,
        }
    }

    fn problem(&self, status: u16) -> Value {
        json!({"error": {"type": "api_error", "message": format!("{status}, as the test wants it")}})
    }
}
