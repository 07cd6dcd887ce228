//! Giving back, from outside: under policies, by staff, of whole shows; and tickets that go to somebody else.

mod drill;
mod job;
mod policy;
mod staff;
mod transfer;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Server, send, spawn};
use crate::house::{hall, on_sale_with};
use crate::process::until;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A house that sells one show.
struct Shop {
    server: Server,
    show: Uuid,
}

async fn shop(fields: Value) -> Shop {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 6, 10), fields).await;
    Shop { server, show }
}

impl Shop {
    async fn hold(&self, show: Uuid, seats: &[&str]) -> Value {
        let held = self.server.post(&format!("/shows/{show}/holds"), &json!({"seats": seats})).await.expect(201);
        json!({"show_id": show, "hold_id": held["hold"]["id"], "token": held["hold"]["token"]})
    }

    async fn order(&self, holds: Vec<Value>) -> Value {
        let wish = json!({"holds": holds, "customer": {"name": "Ada Buyer", "email": "ada@example.org"}});
        self.server.post("/orders", &wish).await.expect(201)
    }

    /// An order of these seats that is paid.
    async fn buy(&self, seats: &[&str]) -> Value {
        let hold = self.hold(self.show, seats).await;
        self.buy_held(vec![hold]).await
    }

    async fn buy_held(&self, holds: Vec<Value>) -> Value {
        let made = self.order(holds).await;
        let page = self.server.request(Method::POST, text(&made["payment"]["checkout_url"]));
        send(page.form(&[("outcome", "succeed")])).await;
        self.until_status(&made["order"], "confirmed").await;
        made["order"].clone()
    }

    fn about(&self, method: Method, order: &Value, tail: &str) -> RequestBuilder {
        let path = format!("/orders/{}{tail}", text(&order["id"]));
        self.server.request(method, &path).header("aisle-order-token", text(&order["token"]))
    }

    async fn until_status(&self, order: &Value, status: &str) -> Value {
        until(status, async || {
            let read = send(self.about(Method::GET, order, "")).await.expect(200)["order"].clone();
            (read["status"] == status).then_some(read)
        })
        .await
    }

    async fn tickets(&self, order: &Value) -> Vec<Value> {
        let answer = send(self.about(Method::GET, order, "/tickets")).await.expect(200);
        answer["items"].as_array().cloned().unwrap_or_default()
    }

    async fn preview(&self, order: &Value, tickets: &str) -> Value {
        let tail = format!("/cancellation{}{tickets}", if tickets.is_empty() { "" } else { "?tickets=" });
        send(self.about(Method::GET, order, &tail)).await.expect(200)["cancellation"].clone()
    }

    async fn cancel(&self, order: &Value, body: &Value) -> Answer {
        send(self.about(Method::POST, order, "/cancel").json(body)).await
    }

    /// By whom a token belongs to, with a key.
    async fn staff(&self, token: &str, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.server.request(Method::POST, path).bearer_auth(token);
        send(request.header("idempotency-key", key).json(body)).await
    }

    async fn money(&self, order: &Value) -> Value {
        let path = format!("/admin/orders/{}/money", text(&order["id"]));
        self.server.admin(Method::GET, &path, &Value::Null).await.expect(200)["money"].clone()
    }

    async fn seats(&self) -> String {
        let answer = self.server.get(&format!("/shows/{}/seats", self.show)).await.expect(200);
        text(&answer["seats"]).to_owned()
    }

    /// What an account of the books holds.
    async fn account(&self, name: &str) -> i64 {
        let report = self.server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200);
        assert_eq!(report["balanced"], true, "{report}");
        let accounts = report["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|account| account["account"] == name);
        account.map_or(0, |account| account["balance"]["amount"].as_i64().unwrap())
    }

    async fn organizer(&self) -> String {
        let id: Uuid = sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1")
            .bind(self.show)
            .fetch_one(&self.server.db)
            .await
            .unwrap();
        id.to_string()
    }

    async fn state(&self, action: &str) {
        let path = format!("/admin/shows/{}/state", self.show);
        self.server.admin(Method::POST, &path, &json!({"action": action, "reason": "fire"})).await.expect(200);
    }
}
