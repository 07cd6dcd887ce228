//! What happens to money after the sale: claims of banks, the desk's list, reports, payout files.

mod desk;
mod disputes;
mod payouts;
mod reports;

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Server, send, spawn};
use crate::house::{hall, on_sale_with};

/// A house with one show on sale, and its buyers.
struct Shop {
    server: Server,
    show: Uuid,
    house: Uuid,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn shop_with(fields: Value) -> Shop {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 20, 400), fields).await;
    let house =
        sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1").bind(show).fetch_one(&server.db).await;
    Shop { house: house.unwrap(), show, server }
}

async fn shop() -> Shop {
    shop_with(json!({})).await
}

/// Asks until it is so: the sandbox answers by HTTP in its own time, so there is nothing to wait on.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(60), asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("it never came to this: {what}"),
    }
}

impl Shop {
    async fn order(&self, places: &Value) -> Value {
        let hold = self.server.post(&format!("/shows/{}/holds", self.show), places).await.expect(201)["hold"].clone();
        let owned = json!({"show_id": hold["show_id"], "hold_id": hold["id"], "token": hold["token"]});
        let wish = json!({"holds": [owned], "customer": {"name": "Ada Buyer", "email": "ada@example.org"}});
        self.server.post("/orders", &wish).await.expect(201)
    }

    async fn page(&self, made: &Value, tail: &str, outcome: &str) {
        let path = format!("{}{tail}", text(&made["payment"]["checkout_url"]));
        let answer = send(self.server.request(Method::POST, &path).form(&[("outcome", outcome)])).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
    }

    /// What the bank does once the money has moved.
    async fn bank(&self, made: &Value, acts: &str) {
        self.page(made, "/bank", acts).await;
    }

    fn about(&self, method: Method, made: &Value, tail: &str) -> RequestBuilder {
        let path = format!("/orders/{}{tail}", text(&made["order"]["id"]));
        self.server.request(method, &path).header("aisle-order-token", text(&made["order"]["token"]))
    }

    async fn until_order(&self, made: &Value, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        until(what, async || {
            let order = self.read(made).await;
            is(&order).then_some(order)
        })
        .await
    }

    /// As staff see it.
    async fn read(&self, made: &Value) -> Value {
        let path = format!("/admin/orders/{}", text(&made["order"]["id"]));
        self.admin(Method::GET, &path, &Value::Null).await.expect(200)["order"].clone()
    }

    async fn admin(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.server.admin(method, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.admin(Method::GET, path, &Value::Null).await.expect(200)
    }

    async fn buy(&self, places: &Value) -> Value {
        let made = self.order(places).await;
        self.page(&made, "", "succeed").await;
        self.until_order(&made, "confirmed", |order| order["status"] == "confirmed").await;
        made
    }

    async fn cancel(&self, made: &Value) -> Answer {
        send(self.about(Method::POST, made, "/cancel").json(&json!({}))).await
    }

    async fn tickets(&self, made: &Value) -> Vec<String> {
        let order: Uuid = text(&made["order"]["id"]).parse().unwrap();
        sqlx::query_scalar("SELECT status FROM ticket WHERE order_id = $1 ORDER BY id")
            .bind(order)
            .fetch_all(&self.server.db)
            .await
            .unwrap()
    }

    async fn until_tickets(&self, made: &Value, status: &str) {
        until(status, async || self.tickets(made).await.iter().all(|is| is == status).then_some(())).await;
    }

    /// What an account of the books holds; zero where there is none.
    async fn balance(&self, account: &str) -> i64 {
        let report = self.get("/admin/reports/ledger").await;
        assert_eq!(report["balanced"], true, "{report}");
        let accounts = report["accounts"].as_array().unwrap();
        let found = accounts.iter().find(|row| row["account"] == account);
        found.map_or(0, |row| row["balance"]["amount"].as_i64().unwrap())
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&self.server.db).await.unwrap();
    }

    /// The sandbox says this of a payment, signed and over HTTP, as it says everything.
    async fn told(&self, kind: &str, payment: Uuid, reference: &str, amount: i64) {
        let id = aisle::platform::ids::new_id();
        let body = json!({"id": id, "type": kind, "payment": payment, "provider_ref": reference, "amount": amount,
                          "currency": "EUR", "at": "2026-11-01T12:00:00Z"});
        sqlx::query(
            "INSERT INTO sandbox_payment (id, amount, currency, pay_by, status) VALUES ($1, 0, 'EUR', now(), 'cancelled')
             ON CONFLICT DO NOTHING",
        )
        .bind(payment)
        .execute(&self.server.db)
        .await
        .unwrap();
        sqlx::query("INSERT INTO sandbox_webhook (id, payment_id, body) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(payment)
            .bind(body)
            .execute(&self.server.db)
            .await
            .unwrap();
    }
}
