//! Razorpay as its reference describes it: orders that several payments can be made of, capture by hand or by itself, refunds
//! with a key, a checkout that is opened by a form.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answered, Asked, Books, Double, hex_hmac};

#[derive(Clone, Debug)]
struct Order {
    amount: i64,
    currency: String,
    receipt: String,
    manual: bool,
}

#[derive(Clone, Debug)]
struct Payment {
    id: String,
    order: String,
    status: &'static str,
    amount: i64,
    currency: String,
    notes: Value,
    created_at: i64,
}

#[derive(Clone, Debug)]
struct Refund {
    id: String,
    payment: String,
    amount: i64,
    notes: Value,
    status: &'static str,
}

#[derive(Clone, Debug)]
struct Dispute {
    id: String,
    payment: String,
    amount: i64,
    deducted: i64,
    status: String,
    phase: String,
    created_at: i64,
}

/// What Razorpay knows of one account.
pub struct Razorpay {
    /// What is taken as `key id:key secret`.
    pub keys: (String, String),
    orders: BTreeMap<String, Order>,
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    /// Payments that nobody collected in time.
    lapsed: Vec<String>,
    /// So many seconds later than now its news was made, one more each time a claim goes on.
    later: i64,
    repeated: HashMap<String, (String, Value)>,
    /// Events that wait to be sent, oldest first.
    pub events: Vec<Value>,
    made: u32,
}

impl Double<Razorpay> {
    /// Opens, for who has these keys.
    pub fn razorpay(key_id: &str, secret: &str) -> Self {
        Self::open(|_| Razorpay {
            keys: (key_id.to_owned(), secret.to_owned()),
            orders: BTreeMap::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            lapsed: Vec::new(),
            later: 0,
            repeated: HashMap::new(),
            events: Vec::new(),
            made: 0,
        })
    }
}

/// `X-Razorpay-Signature`.
pub fn signature(secret: &str, body: &str) -> String {
    hex_hmac(secret, body)
}

fn refused(description: &str) -> Answered {
    Answered::Json(400, json!({"error": {"code": "BAD_REQUEST_ERROR", "description": description}}))
}

impl Razorpay {
    fn id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_{:014}", self.made)
    }

    fn tell(&mut self, event: &str, payload: Value) {
        let created_at = Timestamp::now().as_second() + self.later;
        let event = json!({"entity": "event", "account_id": "acc_1", "event": event, "payload": payload, "created_at": created_at});
        self.events.push(event);
    }

    fn refunded(&self, payment: &str) -> i64 {
        let of_it = self.refunds.iter().filter(|refund| refund.payment == payment && refund.status != "failed");
        of_it.map(|refund| refund.amount).sum()
    }

    fn payment_json(&self, payment: &Payment) -> Value {
        json!({
            "amount_refunded": self.refunded(&payment.id),
            "captured": matches!(payment.status, "captured" | "refunded") && !self.lapsed.contains(&payment.id),
            "id": payment.id, "entity": "payment", "order_id": (!payment.order.is_empty()).then_some(&payment.order), "status": payment.status,
            "amount": payment.amount, "currency": payment.currency, "notes": payment.notes,
            "created_at": payment.created_at, "email": "somebody@example.org",
        })
    }

    fn order_json(id: &str, order: &Order) -> Value {
        json!({
            "id": id, "entity": "order", "amount": order.amount, "currency": order.currency, "receipt": order.receipt,
            "status": "created", "notes": [],
        })
    }

    fn refund_json(refund: &Refund) -> Value {
        json!({
            "id": refund.id, "entity": "refund", "amount": refund.amount, "currency": "INR", "payment_id": refund.payment,
            "notes": refund.notes, "status": refund.status, "created_at": Timestamp::now().as_second(),
        })
    }

    /// How many orders were made.
    pub fn orders_made(&self) -> usize {
        self.orders.len()
    }

    /// The order with this id of ours.
    pub fn order_of(&self, payment: &str) -> String {
        let receipt = payment.replace('-', "");
        let ours = |(_, order): &(&String, &Order)| order.receipt == receipt;
        self.orders.iter().find(ours).unwrap().0.clone()
    }

    /// How much of everything was given back.
    pub fn given_back(&self) -> i64 {
        self.refunds.iter().filter(|refund| refund.status != "failed").map(|refund| refund.amount).sum()
    }

    /// How far the payments are, oldest first.
    pub fn statuses(&self) -> Vec<&'static str> {
        self.payments.iter().map(|payment| payment.status).collect()
    }

    /// A buyer is at the checkout of this order, with what our form brought along.
    pub fn visit(&mut self, order_id: &str, notes: Value, pays: bool) {
        let order = self.orders[order_id].clone();
        let id = self.id("pay");
        let status = match (pays, order.manual) {
            (false, _) => "failed",
            (true, true) => "authorized",
            (true, false) => "captured",
        };
        let (amount, currency) = (order.amount, order.currency.clone());
        let created_at = Timestamp::now().as_second();
        let payment = Payment { id, order: order_id.to_owned(), status, amount, currency, notes, created_at };
        let entity = self.payment_json(&payment);
        self.payments.push(payment);
        self.tell(&format!("payment.{status}"), json!({"payment": {"entity": entity}}));
        if status == "captured" {
            let order = Self::order_json(order_id, &order);
            self.tell("order.paid", json!({"payment": {"entity": entity}, "order": {"entity": order}}));
        }
    }

    fn dispute_json(dispute: &Dispute) -> Value {
        json!({
            "id": dispute.id, "entity": "dispute", "payment_id": dispute.payment, "amount": dispute.amount, "currency": "INR",
            "amount_deducted": dispute.deducted, "reason_code": "chargeback", "respond_by": dispute.created_at + 86_400,
            "status": dispute.status, "phase": dispute.phase, "created_at": dispute.created_at,
            "evidence": {"amount": dispute.amount, "summary": null},
        })
    }

    fn tell_dispute(&mut self, word: &str, at: usize) {
        let dispute = self.disputes[at].clone();
        let payment = self.payments.iter().find(|payment| payment.id == dispute.payment).cloned();
        let payment = payment.map(|payment| self.payment_json(&payment));
        let payload = json!({"payment": {"entity": payment}, "dispute": {"entity": Self::dispute_json(&dispute)}});
        self.tell(&format!("payment.dispute.{word}"), payload);
    }

    /// The newest payment's name.
    pub fn newest(&self) -> String {
        self.payments.last().unwrap().id.clone()
    }

    /// A buyer's bank claims so much of this payment, of which `deducted` is taken at once. Its name.
    pub fn dispute(&mut self, payment: &str, amount: i64, phase: &str, deducted: i64) -> String {
        self.later += 1;
        let id = self.id("disp");
        let (status, created_at) = ("open".to_owned(), Timestamp::now().as_second());
        let (payment, phase) = (payment.to_owned(), phase.to_owned());
        self.disputes.push(Dispute { id: id.clone(), payment, amount, deducted, status, phase, created_at });
        self.tell_dispute("created", self.disputes.len() - 1);
        id
    }

    /// The claim goes on, with so much taken for it.
    pub fn dispute_becomes(&mut self, id: &str, status: &str, deducted: i64) {
        self.later += 1;
        let at = self.disputes.iter().position(|dispute| dispute.id == id).unwrap();
        (self.disputes[at].status, self.disputes[at].deducted) = (status.to_owned(), deducted);
        self.tell_dispute(status, at);
    }

    /// A payment of no order, as somebody makes it by a link that was sent to them.
    pub fn pay_by_link(&mut self, amount: i64) -> String {
        let id = self.id("pay");
        let (order, currency, created_at) = (String::new(), "INR".to_owned(), Timestamp::now().as_second());
        self.payments.push(Payment {
            id: id.clone(),
            order,
            status: "captured",
            amount,
            currency,
            notes: json!([]),
            created_at,
        });
        id
    }

    /// Somebody gives so much of this payment back at the dashboard. Its name.
    pub fn refund_by_hand(&mut self, payment: &str, amount: i64) -> String {
        let refund =
            Refund { id: self.id("rfnd"), payment: payment.to_owned(), amount, notes: json!([]), status: "processed" };
        let id = refund.id.clone();
        let entity = Self::refund_json(&refund);
        self.refunds.push(refund);
        let paid = self.payments.iter().position(|it| it.id == payment).unwrap();
        if self.refunded(payment) == self.payments[paid].amount {
            self.payments[paid].status = "refunded";
        }
        self.tell("refund.created", json!({"refund": {"entity": entity}}));
        id
    }

    /// Nobody has collected the newest payment in time: it goes back by itself, by a refund like any other.
    pub fn lapses(&mut self) {
        let payment = self.payments.last().unwrap().clone();
        assert_eq!(payment.status, "authorized");
        self.lapsed.push(payment.id.clone());
        let (id, notes) = (self.id("rfnd"), json!([]));
        let refund = Refund { id, payment: payment.id.clone(), amount: payment.amount, notes, status: "processed" };
        let refunded = Self::refund_json(&refund);
        self.refunds.push(refund);
        self.payments.last_mut().unwrap().status = "refunded";
        let paid = self.payment_json(&self.payments.last().unwrap().clone());
        for event in ["refund.created", "refund.processed"] {
            self.tell(event, json!({"refund": {"entity": refunded}, "payment": {"entity": paid}}));
        }
    }

    /// Somebody collects the newest payment at the dashboard.
    pub fn capture_by_hand(&mut self) {
        let payment = self.payments.last().unwrap().clone();
        self.capture(&payment.id, &json!({"amount": payment.amount}));
    }

    /// A refund comes to nothing after all.
    pub fn refund_fails(&mut self, id: &str) {
        let at = self.refunds.iter().position(|refund| refund.id == id).unwrap();
        self.refunds[at].status = "failed";
        let payment = self.refunds[at].payment.clone();
        self.payments.iter_mut().find(|it| it.id == payment).unwrap().status = "captured";
        let entity = Self::refund_json(&self.refunds[at].clone());
        self.tell("refund.failed", json!({"refund": {"entity": entity}}));
    }

    fn make_order(&mut self, body: &Value) -> Answered {
        let (Some(amount), Some(currency)) = (body["amount"].as_i64(), body["currency"].as_str()) else {
            return refused("The amount or the currency is missing");
        };
        let receipt = body["receipt"].as_str().unwrap_or_default().to_owned();
        if amount < 100 || receipt.len() > 40 {
            return refused("Order amount less than minimum amount allowed, or the receipt is too long");
        }
        let manual = body["payment"]["capture"] == "manual";
        let lapses = body["payment"]["capture_options"]["manual_expiry_period"].as_i64().unwrap_or(0);
        if !(12..=7_200).contains(&lapses) {
            return refused("The manual expiry period must be between 12 and 7200 minutes");
        }
        let id = self.id("order");
        let order = Order { amount, currency: currency.to_owned(), receipt, manual };
        let answer = Self::order_json(&id, &order);
        self.orders.insert(id, order);
        Answered::Json(200, answer)
    }

    fn capture(&mut self, id: &str, body: &Value) -> Answered {
        let payment = self.payments.iter_mut().find(|payment| payment.id == id).unwrap();
        if payment.status != "authorized" || body["amount"].as_i64() != Some(payment.amount) {
            return refused("This payment has already been captured, or the amount is another one");
        }
        payment.status = "captured";
        let payment = payment.clone();
        let entity = self.payment_json(&payment);
        self.tell("payment.captured", json!({"payment": {"entity": entity}}));
        Answered::Json(200, entity)
    }

    fn refund(&mut self, id: &str, asked: &Asked) -> Answered {
        let Some(key) = asked.headers.get("x-refund-idempotency") else { return refused("The test wants a key") };
        let body = asked.json.to_string();
        if let Some((before, answer)) = self.repeated.get(key) {
            return if *before == body {
                Answered::Json(200, answer.clone())
            } else {
                refused("Different request body sent for the same Idempotency Header")
            };
        }
        let payment = self.payments.iter().find(|payment| payment.id == id).unwrap().clone();
        let before = self.refunded(id);
        let amount = asked.json["amount"].as_i64().unwrap_or(0);
        if !matches!(payment.status, "captured" | "refunded") || amount <= 0 || before + amount > payment.amount {
            return refused("The total refund amount is greater than the refund payment amount");
        }
        let notes = asked.json["notes"].clone();
        let refund = Refund { id: self.id("rfnd"), payment: id.to_owned(), amount, notes, status: "processed" };
        let answer = Self::refund_json(&refund);
        self.refunds.push(refund);
        if before + amount == payment.amount {
            self.payments.iter_mut().find(|payment| payment.id == id).unwrap().status = "refunded";
        }
        self.repeated.insert(key.clone(), (body, answer.clone()));
        self.tell("refund.created", json!({"refund": {"entity": answer}}));
        self.tell("refund.processed", json!({"refund": {"entity": answer}}));
        Answered::Json(200, answer)
    }

    /// What a browser brings from our form.
    fn checkout(&mut self, asked: &Asked) -> Answered {
        let of = |name: &str| asked.fields.get(name).cloned().unwrap_or_default();
        let order = of("order_id");
        if of("key_id") != self.keys.0 || !self.orders.contains_key(&order) {
            return Answered::Page("Checkout: no such order of this key".to_owned());
        }
        if let Some(outcome) = asked.fields.get("outcome") {
            self.visit(&order, json!({"aisle_payment": of("notes[aisle_payment]")}), outcome == "pay");
            return Answered::GoTo(of("callback_url"));
        }
        let hidden =
            asked.fields.iter().map(|(name, value)| format!("<input type=hidden name=\"{name}\" value=\"{value}\">"));
        let hidden: String = hidden.collect();
        Answered::Page(format!(
            "<!doctype html><title>Checkout</title><form method=post>{hidden}<button name=outcome value=pay>Pay</button>\
             <button name=outcome value=decline>Be declined</button></form>"
        ))
    }

    fn list(items: Vec<Value>) -> Answered {
        Answered::Json(200, json!({"entity": "collection", "count": items.len(), "items": items}))
    }
}

impl Books for Razorpay {
    fn answer(&mut self, asked: &Asked) -> Answered {
        use base64::Engine as _;
        if asked.path == "/v1/checkout/embedded" {
            return self.checkout(asked);
        }
        let keys = format!("{}:{}", self.keys.0, self.keys.1);
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(keys));
        if asked.headers.get("authorization") != Some(&basic) {
            return Answered::Json(
                401,
                json!({"error": {"code": "BAD_REQUEST_ERROR", "description": "Authentication failed"}}),
            );
        }
        let parts: Vec<&str> = asked.path.trim_start_matches("/v1/").split('/').collect();
        let payment = |id: &str| self.payments.iter().find(|payment| payment.id == id);
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["orders"]) => self.make_order(&asked.json),
            ("GET", ["orders"]) => {
                let receipt = asked.fields.get("receipt");
                let found = self.orders.iter().rev().filter(|(_, order)| receipt.is_none_or(|it| order.receipt == *it));
                Self::list(found.map(|(id, order)| Self::order_json(id, order)).collect())
            }
            ("GET", ["orders", id]) if self.orders.contains_key(*id) => {
                Answered::Json(200, Self::order_json(id, &self.orders[*id]))
            }
            ("GET", ["disputes", id]) => match self.disputes.iter().find(|dispute| dispute.id == *id) {
                Some(dispute) => Answered::Json(200, Self::dispute_json(dispute)),
                None => refused("The id provided does not exist"),
            },
            ("GET", ["orders", id, "payments"]) => {
                let theirs = self.payments.iter().rev().filter(|payment| payment.order == *id);
                Self::list(theirs.map(|payment| self.payment_json(payment)).collect())
            }
            ("GET", ["payments", id]) if payment(id).is_some() => {
                Answered::Json(200, payment(id).map(|payment| self.payment_json(payment)).unwrap_or_default())
            }
            ("POST", ["payments", id, "capture"]) if payment(id).is_some() => self.capture(id, &asked.json),
            ("POST", ["payments", id, "refund"]) if payment(id).is_some() => self.refund(id, asked),
            ("GET", ["payments", id, "refunds"]) => {
                let theirs = self.refunds.iter().filter(|refund| refund.payment == *id);
                Self::list(theirs.map(Self::refund_json).collect())
            }
            ("GET", ["refunds"]) => Self::list(Vec::new()),
            _ => refused("The id provided does not exist"),
        }
    }

    fn problem(&self, status: u16) -> Value {
        match status {
            400 => {
                let description = "Request failed because another payment operation is in progress.";
                json!({"error": {"code": "BAD_REQUEST_ERROR", "description": description}})
            }
            _ => json!({"error": {"code": "SERVER_ERROR", "description": format!("{status}, as the test wants it")}}),
        }
    }
}
