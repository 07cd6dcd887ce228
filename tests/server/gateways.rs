//! Real gateways against doubles of their providers: a house connects an account, and buyers pay by it.

mod accounts;
mod claims;
mod elsewhere;
mod razorpay;
mod stripe;
mod witness;

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doubles::stripe::signature;
use crate::harness::{Answer, Server, send, spawn_with};
use crate::house::{hall, on_sale_with};

pub const STRIPE_KEY: &str = "sk_test_aisleaisleaisle4242";
pub const STRIPE_SECRET: &str = "whsec_aisleaisleaisle";

/// A show on sale in a house with an account, and the buyer's side of it.
pub struct Shop {
    pub server: Server,
    pub show: Uuid,
    pub organizer: Uuid,
    /// The account's id.
    pub account: String,
    pub provider: &'static str,
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub async fn organizer_of(server: &Server, show: Uuid) -> Uuid {
    let sql = "SELECT organizer_id FROM show WHERE id = $1";
    sqlx::query_scalar(sql).bind(show).fetch_one(&server.db).await.unwrap()
}

/// Connects an account.
pub async fn connect(server: &Server, organizer: Uuid, account: &Value) -> Answer {
    server.admin(Method::POST, &format!("/admin/organizers/{organizer}/payment-accounts"), account).await
}

impl Shop {
    pub async fn open(
        provider: &'static str,
        account: Value,
        fields: Value,
        change: impl FnOnce(&mut aisle::platform::config::Config),
    ) -> Self {
        let server = spawn_with(change).await;
        let show = on_sale_with(&server, &hall(2, 6, 10), fields).await;
        let organizer = organizer_of(&server, show).await;
        let made = connect(&server, organizer, &account).await.expect(201);
        Self { server, show, organizer, account: text(&made["id"]).to_owned(), provider }
    }

    pub async fn stripe(url: &str, methods: &[&str], fields: Value) -> Self {
        let account = json!({"provider": "stripe", "name": "Ours", "secret_key": STRIPE_KEY, "webhook_secret": STRIPE_SECRET,
                             "methods": methods});
        let url = url.to_owned();
        Self::open("stripe", account, fields, |config| config.stripe_url = Some(url)).await
    }

    pub async fn hold(&self, seats: &[&str]) -> Value {
        let path = format!("/shows/{}/holds", self.show);
        self.server.post(&path, &json!({"seats": seats})).await.expect(201)["hold"].clone()
    }

    pub fn wish(&self, hold: &Value, with: &Value) -> Value {
        let hold = json!({"show_id": hold["show_id"], "hold_id": hold["id"], "token": hold["token"]});
        let mut wish = json!({"holds": [hold], "customer": {"name": "Ada Buyer", "email": "ada@example.org"}});
        for (name, value) in with.as_object().unwrap() {
            wish[name] = value.clone();
        }
        wish
    }

    /// Holds these seats and orders them.
    pub async fn order(&self, seats: &[&str], with: Value) -> Value {
        let hold = self.hold(seats).await;
        self.server.post("/orders", &self.wish(&hold, &with)).await.expect(201)
    }

    pub fn about(&self, method: Method, order: &Value, tail: &str) -> RequestBuilder {
        let path = format!("/orders/{}{tail}", text(&order["id"]));
        self.server.request(method, &path).header("aisle-order-token", text(&order["token"]))
    }

    pub async fn read(&self, order: &Value) -> Value {
        send(self.about(Method::GET, order, "")).await.expect(200)["order"].clone()
    }

    /// Asks until the order is as expected; providers answer in their own time.
    pub async fn until(&self, order: &Value, expected: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let order = self.read(order).await;
                if expected(&order) {
                    return order;
                }
                tokio::task::yield_now().await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), asking).await {
            Ok(order) => order,
            Err(_) => panic!("the order stayed {}", self.read(order).await),
        }
    }

    pub async fn until_status(&self, order: &Value, status: &str) -> Value {
        self.until(order, |order| order["status"] == status).await
    }

    pub async fn seats(&self) -> String {
        let answer = self.server.get(&format!("/shows/{}/seats", self.show)).await.expect(200);
        text(&answer["seats"]).to_owned()
    }

    /// Asks until the seats are so.
    pub async fn until_seats(&self, seats: &str) {
        let asking = async {
            while self.seats().await != seats {
                tokio::task::yield_now().await;
            }
        };
        let asked = tokio::time::timeout(Duration::from_secs(60), asking).await;
        assert!(asked.is_ok(), "the seats stayed {}", self.seats().await);
    }

    pub async fn tickets(&self, order: &Value) -> Vec<Value> {
        let answer = send(self.about(Method::GET, order, "/tickets")).await.expect(200);
        answer["items"].as_array().cloned().unwrap_or_default()
    }

    /// The buyer's browser comes back from the provider's page.
    pub async fn come_back(&self, payment: &Value) {
        let url = format!("{}/pay/return/{}", self.server.url, text(&payment["id"]));
        let back = send(self.server.http.get(url)).await;
        assert_eq!(back.status, 303, "{}", back.text);
    }

    /// What each account of the books holds, and that they balance.
    pub async fn books(&self) -> Vec<(String, i64)> {
        let report = self.server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200);
        assert_eq!(report["balanced"], true, "{report}");
        let accounts = report["accounts"].as_array().unwrap().iter();
        let held = accounts.map(|it| (text(&it["account"]).to_owned(), it["balance"]["amount"].as_i64().unwrap()));
        let mut held: Vec<(String, i64)> = held.filter(|(_, amount)| *amount != 0).collect();
        // As Rust sorts, whatever the database does.
        held.sort();
        held
    }

    /// The order as staff see it.
    pub async fn as_staff(&self, order: &Value) -> Value {
        let path = format!("/admin/orders/{}", text(&order["id"]));
        self.server.admin(Method::GET, &path, &Value::Null).await.expect(200)["order"].clone()
    }

    /// Asks until staff see it so.
    pub async fn until_staff(&self, order: &Value, expected: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let order = self.as_staff(order).await;
                if expected(&order) {
                    return order;
                }
                tokio::task::yield_now().await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), asking).await {
            Ok(order) => order,
            Err(_) => panic!("the order stayed {}", self.as_staff(order).await),
        }
    }

    /// The money of an order.
    pub async fn money(&self, order: &Value) -> Value {
        let path = format!("/admin/orders/{}/money", text(&order["id"]));
        self.server.admin(Method::GET, &path, &Value::Null).await.expect(200)["money"].clone()
    }

    /// How many things of this kind wait at the money desk.
    pub async fn waiting(&self, kind: &str) -> usize {
        let path = format!("/admin/money-work?kind={kind}");
        let list = self.server.admin(Method::GET, &path, &Value::Null).await.expect(200);
        list["items"].as_array().unwrap().len()
    }

    /// What the ticket states of an order are, by their place.
    pub async fn ticket_states(&self, order: &Value) -> Vec<String> {
        let id: Uuid = text(&order["id"]).parse().unwrap();
        let sql = "SELECT status FROM ticket WHERE order_id = $1 ORDER BY id";
        sqlx::query_scalar(sql).bind(id).fetch_all(&self.server.db).await.unwrap()
    }

    /// Sends news as Stripe does.
    pub async fn stripe_says(&self, event: &Value) -> Answer {
        self.stripe_says_by(event, STRIPE_SECRET, jiff::Timestamp::now().as_second()).await
    }

    pub async fn stripe_says_by(&self, event: &Value, secret: &str, at: i64) -> Answer {
        let body = event.to_string();
        let path = format!("/webhooks/stripe/{}", self.account);
        let request = self.server.request(Method::POST, &path).header("content-type", "application/json");
        send(request.header("stripe-signature", signature(secret, at, &body)).body(body)).await
    }

    /// What became of a piece of news: whether it was processed, how often it was tried, and the note.
    pub async fn news(&self, event: &str) -> (bool, i32, Option<String>) {
        let sql = "SELECT processed_at IS NOT NULL, attempts, note FROM webhook_in WHERE event_id = $1";
        sqlx::query_as(sql).bind(event).fetch_one(&self.server.db).await.unwrap()
    }

    /// Waits until a piece of news was processed; how often it was tried before, and the note.
    pub async fn until_processed(&self, event: &str) -> (i32, Option<String>) {
        let asking = async {
            loop {
                let (done, attempts, note) = self.news(event).await;
                if done {
                    return (attempts, note);
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asking).await.expect("it is processed")
    }
}
