//! Orders that a house looks at before it takes their money: what holds one, who decides, and what becomes of it.

mod decide;
mod rules;

use std::time::Duration;

use aisle::platform::config::Config;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Server, send, spawn_with};
use crate::house::{hall, on_sale};

/// A house with a show, and its buyers.
struct Shop {
    server: Server,
    show: Uuid,
    house: Uuid,
}

/// Who buys, and from where.
#[derive(Clone, Copy)]
struct Buyer<'a> {
    email: &'a str,
    address: &'a str,
    browser: &'a str,
    card: &'a str,
}

/// Somebody at home. Where nothing else is said, buyers have nothing in common but the house.
fn buyer(email: &str) -> Buyer<'_> {
    Buyer { email, address: "127.0.0.1", browser: "Mozilla/5.0", card: "" }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Rules that ask for nothing, but for what is changed.
fn rules(change: &Value) -> Value {
    let mut rules = json!({
        "velocity": {"action": "off", "window_s": 3600, "attempts_max": 10_000, "places_max": 10_000,
                     "address_attempts_max": 10_000, "address_places_max": 10_000},
        "mismatch": {"action": "off", "countries": []},
        "reuse": {"action": "off", "window_s": 3600, "emails_max": 1000},
        "decide_within_s": 86_400
    });
    for (rule, fields) in change.as_object().unwrap() {
        for (field, value) in fields.as_object().unwrap() {
            rules[rule][field] = value.clone();
        }
    }
    rules
}

/// Any card that is not of Sweden is held.
fn swedes_only() -> Value {
    json!({"mismatch": {"action": "hold", "countries": ["SE"]}})
}

async fn shop_with(change: impl FnOnce(&mut Config), wanted: &Value) -> Shop {
    let server = spawn_with(|config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
        change(config);
    })
    .await;
    let show = on_sale(&server, &hall(2, 6, 40)).await;
    let house =
        sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1").bind(show).fetch_one(&server.db).await;
    let shop = Shop { show, house: house.unwrap(), server };
    shop.set(wanted).await.expect(200);
    shop
}

async fn shop(wanted: &Value) -> Shop {
    shop_with(|_| {}, wanted).await
}

impl Shop {
    fn rules_path(&self) -> String {
        format!("/admin/organizers/{}/fraud-rules", self.house)
    }

    async fn set(&self, change: &Value) -> Answer {
        self.server.admin(Method::PUT, &self.rules_path(), &rules(change)).await
    }

    fn about(&self, method: Method, order: &Value, tail: &str) -> RequestBuilder {
        let path = format!("/orders/{}{tail}", text(&order["id"]));
        self.server.request(method, &path).header("aisle-order-token", text(&order["token"]))
    }

    async fn read(&self, order: &Value) -> Value {
        send(self.about(Method::GET, order, "")).await.expect(200)["order"].clone()
    }

    /// Asks until the order has gone where it goes: the sandbox answers by HTTP in its own time.
    async fn until(&self, order: &Value, statuses: &[&str]) -> Value {
        let asking = async {
            loop {
                let order = self.read(order).await;
                if statuses.contains(&text(&order["status"])) {
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

    async fn hold(&self, places: &Value) -> Value {
        let answer = self.server.post(&format!("/shows/{}/holds", self.show), places).await;
        answer.expect(201)["hold"].clone()
    }

    async fn order(&self, who: Buyer<'_>, places: &Value) -> Value {
        let hold = self.hold(places).await;
        let owned = json!({"show_id": hold["show_id"], "hold_id": hold["id"], "token": hold["token"]});
        let wish = json!({"holds": [owned], "customer": {"name": "Ada Buyer", "email": who.email}});
        let request = self.server.request(Method::POST, "/orders").header("x-forwarded-for", who.address);
        send(request.header("user-agent", who.browser).json(&wish)).await.expect(201)
    }

    async fn pay(&self, made: &Value, card: &str) {
        let page = self.server.request(Method::POST, text(&made["payment"]["checkout_url"]));
        assert_eq!(send(page.form(&[("outcome", "succeed"), ("card", card)])).await.status, 303);
    }

    /// Orders and pays; the order when it is sold or held.
    async fn buy_places(&self, who: Buyer<'_>, places: &Value) -> Value {
        let made = self.order(who, places).await;
        self.pay(&made, who.card).await;
        self.until(&made["order"], &["confirmed", "in_review"]).await
    }

    /// The same of one place where nobody has a number.
    async fn buy(&self, who: Buyer<'_>) -> Value {
        self.buy_places(who, &floor(1)).await
    }

    /// Two seats that are held for staff: paid with a card of a country that the house does not know.
    async fn held(&self) -> Value {
        let who = Buyer { card: "card-x:BR", ..buyer("ada@example.org") };
        let order = self.buy_places(who, &json!({"seats": ["r1-1", "r1-2"]})).await;
        assert_eq!(order["status"], "in_review", "{order}");
        order
    }

    async fn decide(&self, order: &Value, decision: &str) -> Answer {
        let path = format!("/admin/orders/{}/review", text(&order["id"]));
        self.server.admin(Method::POST, &path, &json!({"decision": decision, "reason": "We asked."})).await
    }

    /// As the back office sees it.
    async fn staff_view(&self, order: &Value) -> Value {
        let path = format!("/admin/orders/{}", text(&order["id"]));
        self.server.admin(Method::GET, &path, &Value::Null).await.expect(200)["order"].clone()
    }

    async fn facts(&self, order: &Value) -> Vec<String> {
        let found = self.staff_view(order).await["review"]["findings"].as_array().cloned().unwrap_or_default();
        found.iter().map(|finding| text(&finding["fact"]).to_owned()).collect()
    }

    async fn seats(&self) -> String {
        let answer = self.server.get(&format!("/shows/{}/seats", self.show)).await.expect(200);
        text(&answer["seats"]).to_owned()
    }

    /// What the sandbox's bank has of an order's payment.
    async fn at_the_bank(&self, order: &Value) -> String {
        let payment: Uuid = text(&order["payment"]["id"]).parse().unwrap();
        let status = sqlx::query_scalar("SELECT status FROM sandbox_payment WHERE id = $1").bind(payment);
        status.fetch_one(&self.server.db).await.unwrap()
    }

    async fn count(&self, sql: &'static str, order: &Value) -> i64 {
        sqlx::query_scalar(sql).bind(text(&order["id"])).fetch_one(&self.server.db).await.unwrap()
    }

    async fn mails(&self, order: &Value, kind: &str) -> i64 {
        let key = format!("{kind}:{}", text(&order["id"]));
        let found = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE dedup = $1").bind(key);
        found.fetch_one(&self.server.db).await.unwrap()
    }

    async fn books_balance(&self) {
        let report = self.server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200);
        assert_eq!(report["balanced"], true, "{report}");
    }
}

fn floor(places: u32) -> Value {
    json!({"areas": [{"area": "floor", "quantity": places}]})
}
