//! What is paid: fees, taxes, timed prices, promo codes, vouchers, exchanges; that a quote is the order, the order the charge, and the charge the books.

mod bills;
mod exchanges;
mod office;
mod promo;
mod timed;
mod vouchers;

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::catalog::house::{House, act, house, make, prices};
use crate::harness::{Answer, Server, send, spawn};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn amount(money: &Value) -> i64 {
    money["amount"].as_i64().unwrap_or_else(|| panic!("{money} is no money"))
}

/// A house, and a show of it that is on sale: adults pay 50.00 near and 30.00 far, children half.
struct Shop {
    server: Server,
    house: House,
    show: String,
}

/// 1.50 a ticket, 2.00 an order, 25 % in all of it.
fn fees_and_vat() -> Value {
    json!({
        "fees": [
            {"name": "Booking fee", "per": "ticket", "amount": {"fixed": {"amount": 150, "currency": "EUR"}}},
            {"name": "Handling", "per": "order", "amount": {"fixed": {"amount": 200, "currency": "EUR"}}},
        ],
        "taxes": [{"name": "VAT", "rate_bp": 2500, "included": true}],
    })
}

async fn shop() -> Shop {
    let server = spawn().await;
    let house = house(&server).await;
    let show = on_sale(&server, &house, json!({})).await;
    Shop { server, house, show }
}

/// A show with these fields beside the usual ones.
async fn on_sale(server: &Server, house: &House, fields: Value) -> String {
    let mut body = json!({
        "production_id": house.production, "venue_id": house.venue, "plan_id": house.plan, "currency": "EUR",
        "starts_at": "2031-03-01T18:30:00Z", "cancel_until_s": 3600, "prices": prices(),
    });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    let show = make(server, "shows", &body).await;
    act(server, &show, "publish").await;
    show
}

impl Shop {
    async fn rule(&self, rules: &Value) {
        let path = format!("/admin/organizers/{}/price-rules", self.house.organizer);
        self.server.admin(Method::PUT, &path, rules).await.expect(200);
    }

    /// A code of this house, taking something off.
    async fn code(&self, code: &str, discount: Value, other: Value) -> String {
        let mut body = json!({"organizer_id": self.house.organizer, "code": code, "discount": discount});
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        make(&self.server, "promo-codes", &body).await
    }

    async fn hold(&self, seats: &[&str]) -> Value {
        self.hold_of(&self.show, &json!({"seats": seats})).await
    }

    /// One place of the floor, which has more of them than tests need.
    async fn floor(&self) -> Value {
        self.hold_of(&self.show, &json!({"areas": [{"area": "floor", "quantity": 1}]})).await
    }

    async fn hold_of(&self, show: &str, places: &Value) -> Value {
        let hold = self.server.post(&format!("/shows/{show}/holds"), places).await.expect(201)["hold"].clone();
        json!({"show_id": show, "hold_id": hold["id"], "token": hold["token"]})
    }

    async fn quote(&self, holds: &[&Value], other: Value) -> Value {
        let mut body = json!({"holds": holds});
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.server.post("/quotes", &body).await.expect(200)
    }

    async fn order(&self, holds: &[&Value], other: Value) -> Answer {
        let mut body = json!({"holds": holds, "customer": {"name": "Ada Buyer", "email": "ada@example.org"}});
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.server.post("/orders", &body).await
    }

    fn about(&self, method: Method, order: &Value, tail: &str) -> RequestBuilder {
        let path = format!("/orders/{}{tail}", text(&order["id"]));
        self.server.request(method, &path).header("aisle-order-token", text(&order["token"]))
    }

    async fn pay(&self, made: &Value, outcome: &str) {
        let page = self.server.request(Method::POST, text(&made["payment"]["checkout_url"]));
        send(page.form(&[("outcome", outcome)])).await;
    }

    /// Asks until the order has gone where it goes: the sandbox answers by HTTP in its own time.
    async fn until(&self, order: &Value, status: &str) -> Value {
        let asking = async {
            loop {
                let order = send(self.about(Method::GET, order, "")).await.expect(200)["order"].clone();
                if order["status"] == status {
                    return order;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asking)
            .await
            .unwrap_or_else(|_| panic!("it never became {status}"))
    }

    async fn cancel(&self, order: &Value, body: &Value, status: &str) -> Value {
        send(self.about(Method::POST, order, "/cancel").json(body)).await.expect(200);
        self.until(order, status).await
    }

    /// What the accounts hold: credit is negative.
    async fn books(&self) -> BTreeMap<String, i64> {
        let report = self.server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200);
        assert_eq!(report["balanced"], true, "{report}");
        let accounts = report["accounts"].as_array().unwrap().iter();
        accounts.map(|one| (text(&one["account"]).to_owned(), amount(&one["balance"]))).collect()
    }

    /// How many orders have this code.
    async fn uses(&self, code: &str) -> i64 {
        let path = format!("/admin/promo-codes/{code}");
        self.server.admin(Method::GET, &path, &Value::Null).await.expect(200)["uses"].as_i64().unwrap()
    }
}

/// The lines of a bill, as kind, amount and label.
fn lines(bill: &Value) -> Vec<(String, i64, String)> {
    let line = |one: &Value| (text(&one["kind"]).to_owned(), amount(&one["amount"]), text(&one["label"]).to_owned());
    bill["lines"].as_array().unwrap().iter().map(line).collect()
}
