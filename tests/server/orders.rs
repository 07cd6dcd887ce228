//! The way of the money, from outside: holds become orders, orders are paid at the sandbox, tickets come out or money goes
//! back.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Server, send, spawn};
use crate::house::{hall, on_sale, on_sale_with};

/// The buyer's side of one order.
struct Shop {
    server: Server,
    show: Uuid,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn shop(fields: Value) -> Shop {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 6, 10), fields).await;
    Shop { server, show }
}

impl Shop {
    async fn hold(&self, seats: &[&str]) -> Value {
        self.hold_of(&json!({"seats": seats})).await
    }

    async fn hold_of(&self, places: &Value) -> Value {
        let answer = self.server.post(&format!("/shows/{}/holds", self.show), places).await;
        answer.expect(201)["hold"].clone()
    }

    fn wish(&self, holds: &[&Value]) -> Value {
        json!({"holds": owned(holds), "customer": {"name": "Ada Buyer", "email": "Ada@example.org"}})
    }

    async fn order(&self, holds: &[&Value]) -> Value {
        self.server.post("/orders", &self.wish(holds)).await.expect(201)
    }

    fn about(&self, method: Method, order: &Value, tail: &str) -> RequestBuilder {
        let path = format!("/orders/{}{tail}", text(&order["id"]));
        self.server.request(method, &path).header("aisle-order-token", text(&order["token"]))
    }

    async fn read(&self, order: &Value) -> Value {
        send(self.about(Method::GET, order, "")).await.expect(200)["order"].clone()
    }

    async fn choose(&self, payment: &Value, outcome: &str) -> Answer {
        let page = self.server.request(Method::POST, text(&payment["checkout_url"]));
        send(page.form(&[("outcome", outcome)])).await
    }

    /// Asks until the order is as expected. The sandbox answers by HTTP in its own time, so there is nothing to wait on.
    async fn until(&self, order: &Value, expected: impl Fn(&Value) -> bool) -> Value {
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

    async fn until_status(&self, order: &Value, status: &str) -> Value {
        self.until(order, |order| order["status"] == status).await
    }

    async fn seats(&self) -> String {
        let answer = self.server.get(&format!("/shows/{}/seats", self.show)).await.expect(200);
        text(&answer["seats"]).to_owned()
    }

    async fn tickets(&self, order: &Value) -> Vec<Value> {
        let answer = send(self.about(Method::GET, order, "/tickets")).await.expect(200);
        answer["items"].as_array().cloned().unwrap_or_default()
    }

    async fn books_balance(&self) {
        let report = self.server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200);
        assert_eq!(report["balanced"], true, "{report}");
    }
}

fn owned(holds: &[&Value]) -> Vec<Value> {
    let one = |hold: &&Value| json!({"show_id": hold["show_id"], "hold_id": hold["id"], "token": hold["token"]});
    holds.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_seats_are_quoted_ordered_paid_and_become_two_tickets() {
    let shop = shop(json!({})).await;
    let hold = shop.hold(&["r1-1", "r1-2"]).await;
    let quote = json!({"holds": owned(&[&hold]), "tickets": [{"seat": "r1-2", "ticket_type": "child"}]});
    let quoted = shop.server.post("/quotes", &quote).await.expect(200);
    assert_eq!(quoted["total"], json!({"amount": 6500, "currency": "EUR"}));
    assert_eq!((text(&quoted["lines"][0]["row"]), text(&quoted["lines"][0]["number"])), ("1", "1"));

    let made = shop.order(&[&hold]).await;
    let (order, payment) = (&made["order"], &made["payment"]);
    assert_eq!(order["status"], "awaiting_payment");
    assert_eq!(order["total"]["amount"], 9000);
    assert_eq!(payment["status"], "pending");
    assert!(order["pay_in_ms"].as_u64().unwrap() <= 600_000 && !order["pay_by"].is_null());
    assert_eq!(shop.seats().await, "hhaaaaaaaaaa");

    let page = send(shop.server.request(Method::GET, text(&payment["checkout_url"]))).await;
    assert!(page.text.contains("EUR 90.00") && page.text.contains("value=\"succeed\""), "{}", page.text);
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let chosen = shop.choose(payment, "succeed").await;
    assert_eq!(chosen.status, 303);
    assert_eq!(chosen.headers["location"], format!("/orders/{}", text(&order["id"])));

    let confirmed = shop.until_status(order, "confirmed").await;
    assert_eq!(confirmed["payment"]["status"], "captured");
    assert!(confirmed["refunds"].as_array().unwrap().is_empty() && !confirmed["confirmed_at"].is_null());
    assert_eq!(shop.seats().await, "bbaaaaaaaaaa");
    assert_eq!(shop.tickets(order).await.len(), 2);
    // The page is asked once more: it is closed, and nothing happens.
    assert_eq!(shop.choose(payment, "succeed").await.status, 303);
    shop.books_balance().await;
    let found = shop.server.admin(Method::GET, "/admin/orders?q=ada", &Value::Null).await.expect(200);
    assert_eq!(found["items"][0]["id"], order["id"]);
    assert!(found["items"][0].get("token").is_none(), "the house needs no token");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_decline_the_buyer_tries_again_and_pays() {
    let shop = shop(json!({})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    let order = &made["order"];
    shop.choose(&made["payment"], "decline").await;
    let declined = shop.until(order, |order| order["payment"]["status"] == "declined").await;
    assert_eq!(declined["status"], "awaiting_payment");
    let request = || shop.about(Method::POST, order, "/payments").header("idempotency-key", "again").json(&json!({}));
    let again = send(request()).await.expect(201);
    let replay = send(request()).await;
    assert_eq!(replay.headers["idempotent-replayed"], "true");
    assert_eq!(replay.expect(201)["payment"]["id"], again["payment"]["id"]);
    assert_ne!(again["payment"]["id"], made["payment"]["id"]);
    shop.choose(&again["payment"], "succeed").await;
    shop.until_status(order, "confirmed").await;
    send(shop.about(Method::POST, order, "/payments").json(&json!({}))).await.refused(409, "order_not_open");
    send(shop.about(Method::POST, order, "/reopen").json(&json!({}))).await.refused(409, "order_not_open");
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_the_payment_up_has_the_hold_again_and_may_order_anew() {
    let shop = shop(json!({})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    let reopened = send(shop.about(Method::POST, &made["order"], "/reopen").json(&json!({}))).await.expect(200);
    assert_eq!(reopened["order"]["status"], "cancelled");
    assert_eq!(reopened["holds"][0]["state"], "open");
    assert_eq!(reopened["holds"][0]["id"], hold["id"]);
    let again = shop.order(&[&hold]).await;
    assert_ne!(again["order"]["id"], made["order"]["id"]);
    shop.choose(&again["payment"], "succeed").await;
    shop.until_status(&again["order"], "confirmed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_too_late_goes_back_once() {
    let shop = shop(json!({"pay_within_s": 2})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    shop.choose(&made["payment"], "late").await;
    let refunded = |order: &Value| order["refunds"][0]["status"] == "succeeded";
    let order = shop.until(&made["order"], refunded).await;
    assert_eq!(order["status"], "expired");
    assert_eq!(order["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(order["refunds"][0]["amount"]["amount"], 4500);
    assert_eq!(order["payment"]["status"], "refunded");
    assert_eq!(shop.seats().await, "aaaaaaaaaaaa");
    assert!(shop.tickets(&order).await.is_empty());
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_was_paid_in_time_buys_the_seats_however_late_it_is_heard_of() {
    let shop = shop(json!({"pay_within_s": 2})).await;
    let hold = shop.hold(&["r1-1", "r1-2"]).await;
    let made = shop.order(&[&hold]).await;
    shop.choose(&made["payment"], "late_in_time").await;
    let order = shop.until_status(&made["order"], "confirmed").await;
    assert!(order["refunds"].as_array().unwrap().is_empty());
    assert_eq!(shop.seats().await, "bbaaaaaaaaaa");
    assert_eq!(shop.tickets(&order).await.len(), 2);
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_twice_gets_the_second_payment_back() {
    let shop = shop(json!({})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    shop.choose(&made["payment"], "twice").await;
    let refunded = |order: &Value| order["refunds"][0]["status"] == "succeeded";
    let order = shop.until(&made["order"], refunded).await;
    assert_eq!((text(&order["status"]), text(&order["payment"]["status"])), ("confirmed", "captured"));
    assert_eq!(order["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(shop.tickets(&order).await.len(), 1);
    let payments = shop.server.admin(Method::GET, "/admin/payments", &Value::Null).await.expect(200);
    assert_eq!(payments["items"].as_array().unwrap().len(), 2);
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_pays_and_the_seats_are_free_again() {
    let shop = shop(json!({"pay_within_s": 1})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    shop.choose(&made["payment"], "abandon").await;
    shop.until_status(&made["order"], "expired").await;
    let free = async {
        while shop.seats().await != "aaaaaaaaaaaa" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), free).await.expect("the seats return");
    let closed = send(shop.server.request(Method::GET, text(&made["payment"]["checkout_url"]))).await;
    assert!(closed.text.contains("This payment is closed"), "{}", closed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_and_strangers_with_one_key_do_not_meet() {
    let shop = shop(json!({})).await;
    let (mine, theirs) = (shop.hold(&["r1-1"]).await, shop.hold(&["r1-2"]).await);
    let order = |hold: &Value| {
        let request = shop.server.request(Method::POST, "/orders").header("idempotency-key", "one key");
        send(request.json(&shop.wish(&[hold])))
    };
    let first = order(&mine).await.expect(201);
    let again = order(&mine).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let again = again.expect(201);
    assert_eq!((&again["order"]["id"], &again["order"]["token"]), (&first["order"]["id"], &first["order"]["token"]));
    assert_eq!(again["payment"], first["payment"]);
    assert_ne!(order(&theirs).await.expect(201)["order"]["id"], first["order"]["id"]);
    let mut other = shop.wish(&[&mine]);
    other["customer"]["name"] = json!("Somebody Else");
    let reused = shop.server.request(Method::POST, "/orders").header("idempotency-key", "one key").json(&other);
    send(reused).await.refused(409, "idempotency_key_reused");
    // Without the key it is another order, and the hold pays for one already.
    let refused = shop.server.post("/orders", &shop.wish(&[&mine])).await.refused(409, "hold_not_open");
    assert_eq!(refused["hold_id"], mine["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_two_holds_is_paid_whole_or_not_at_all() {
    let shop = shop(json!({"hold_ttl_s": 2, "extend_max_s": 2})).await;
    let other = on_sale(&shop.server, &hall(1, 2, 0)).await;
    let short = shop.hold(&["r1-1"]).await;
    let path = format!("/shows/{other}/holds");
    let elsewhere = shop.server.post(&path, &json!({"seats": ["r1-1"]})).await.expect(201)["hold"].clone();
    // Two houses: refused before anything begins.
    let refused = shop.server.post("/orders", &shop.wish(&[&short, &elsewhere])).await;
    refused.refused(422, "validation_failed");

    let second = shop.hold(&["r1-3"]).await;
    let until_lapsed = async {
        let path = format!("/shows/{}/holds/{}", shop.show, text(&short["id"]));
        loop {
            let read = shop.server.request(Method::GET, &path).header("aisle-hold-token", text(&short["token"]));
            if send(read).await.status == 410 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), until_lapsed).await.expect("the hold lapses");
    let fresh = shop.hold(&["r2-1"]).await;
    let refused = shop.server.post("/orders", &shop.wish(&[&fresh, &short])).await.refused(410, "hold_lapsed");
    assert_eq!(refused["hold_id"], short["id"]);
    let path = format!("/shows/{}/holds/{}", shop.show, text(&fresh["id"]));
    let read = shop.server.request(Method::GET, &path).header("aisle-hold-token", text(&fresh["token"]));
    let still = send(read).await;
    assert!(still.status == 410 || still.body["hold"]["state"] == "open", "{}", still.text);
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_holds_in_one_order_become_the_tickets_of_both() {
    let shop = shop(json!({})).await;
    let (seats, floor) =
        (shop.hold(&["r2-1"]).await, shop.hold_of(&json!({"areas": [{"area": "floor", "quantity": 2}]})).await);
    let mut wish = shop.wish(&[&seats, &floor]);
    wish["tickets"] = json!([{"area": "floor", "quantity": 1, "ticket_type": "child"}]);
    let made = shop.server.post("/orders", &wish).await.expect(201);
    assert_eq!(made["order"]["total"]["amount"], 3000 + 1500 + 3000);
    shop.choose(&made["payment"], "succeed").await;
    let order = shop.until_status(&made["order"], "confirmed").await;
    assert_eq!(shop.tickets(&order).await.len(), 3);
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_tickets_bring_their_money_and_their_seats_back() {
    let shop = shop(json!({})).await;
    let hold = shop.hold(&["r1-1", "r1-2"]).await;
    let made = shop.order(&[&hold]).await;
    let order = &made["order"];
    shop.choose(&made["payment"], "succeed").await;
    shop.until_status(order, "confirmed").await;
    let ticket = shop.tickets(order).await[0].clone();
    let cancel = |body: Value, key: &'static str| {
        send(shop.about(Method::POST, order, "/cancel").header("idempotency-key", key).json(&body))
    };
    cancel(json!({"tickets": [Uuid::nil()]}), "wrong").await.refused(422, "validation_failed");
    cancel(json!({"tickets": [ticket["id"]]}), "one").await.expect(200);
    let partly = shop.until_status(order, "partially_refunded").await;
    assert_eq!(partly["refunds"][0]["amount"]["amount"], 4500);
    assert_eq!(partly["refunds"][0]["status"], "succeeded");
    assert_eq!(shop.seats().await, "abaaaaaaaaaa");
    let replay = cancel(json!({"tickets": [ticket["id"]]}), "one").await;
    assert_eq!(replay.headers["idempotent-replayed"], "true");
    cancel(json!({}), "all").await.expect(200);
    let whole = shop.until_status(order, "refunded").await;
    assert_eq!(whole["refunds"].as_array().unwrap().len(), 2);
    assert_eq!(shop.seats().await, "aaaaaaaaaaaa");
    assert!(shop.tickets(order).await.iter().all(|ticket| ticket["status"] == "revoked"));
    cancel(json!({}), "once more").await.refused(409, "cancellation_closed");
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_allows_no_cancelling_cancels_only_itself() {
    let shop = shop(json!({"cancel_until_s": null})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    let order = &made["order"];
    shop.choose(&made["payment"], "succeed").await;
    shop.until_status(order, "confirmed").await;
    let cancel = shop.about(Method::POST, order, "/cancel").json(&json!({}));
    send(cancel).await.refused(409, "cancellation_closed");
    let path = format!("/orders/{}/cancel", text(&order["id"]));
    shop.server.admin(Method::POST, &path, &json!({"reason": "kindness"})).await.expect(200);
    shop.until_status(order, "refunded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_is_confirmed_at_once_and_can_be_given_back() {
    let shop = shop(json!({})).await;
    sqlx::query("UPDATE price SET amount = 0").execute(&shop.server.db).await.unwrap();
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    assert_eq!((text(&made["order"]["status"]), &made["payment"]), ("confirmed", &Value::Null));
    assert_eq!(shop.tickets(&made["order"]).await.len(), 1);
    send(shop.about(Method::POST, &made["order"], "/cancel").json(&json!({}))).await.expect(200);
    shop.until_status(&made["order"], "cancelled").await;
    assert_eq!(shop.seats().await, "aaaaaaaaaaaa");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_forgers_and_the_forgetful_are_told_so() {
    let shop = shop(json!({})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let mut wish = shop.wish(&[&hold]);
    wish["holds"][0]["token"] = json!("forged");
    let refused = shop.server.post("/orders", &wish).await.refused(403, "hold_token_invalid");
    assert_eq!(refused["hold_id"], hold["id"]);
    let mut wish = shop.wish(&[&hold]);
    wish["provider"] = json!("a bank of my own");
    shop.server.post("/orders", &wish).await.refused(422, "provider_unknown");
    let mut wish = shop.wish(&[&hold]);
    wish["tickets"] = json!([{"seat": "r2-6", "ticket_type": "adult"}]);
    shop.server.post("/orders", &wish).await.refused(422, "validation_failed");
    let mut wish = shop.wish(&[&hold]);
    wish["tickets"] = json!([{"seat": "r1-1", "ticket_type": "emperor"}]);
    shop.server.post("/orders", &wish).await.refused(422, "validation_failed");
    let mut wish = shop.wish(&[&hold]);
    wish["customer"]["email"] = json!("not an address");
    shop.server.post("/orders", &wish).await.refused(422, "validation_failed");

    let made = shop.order(&[&hold]).await;
    let path = format!("/orders/{}", text(&made["order"]["id"]));
    shop.server.get(&path).await.refused(403, "order_token_invalid");
    shop.server.admin(Method::GET, &path, &Value::Null).await.expect(200);
    shop.server.admin(Method::GET, &format!("/orders/{}", Uuid::nil()), &Value::Null).await.refused(404, "not_found");
    shop.server.get("/admin/orders").await.refused(401, "unauthenticated");

    let news = json!({"id": Uuid::nil(), "type": "payment.captured", "payment": made["payment"]["id"], "provider_ref": "x",
                      "amount": 4500, "currency": "EUR", "at": "2030-01-01T00:00:00Z"});
    shop.server.post("/webhooks/sandbox/default", &news).await.refused(403, "signature_invalid");
    let signed = shop.server.request(Method::POST, "/webhooks/sandbox/default");
    let signed = signed.header("aisle-sandbox-signature", "t=1,kid=x,v1=00").json(&news);
    send(signed).await.refused(403, "signature_invalid");
    shop.server.post("/webhooks/nobody/default", &news).await.refused(404, "not_found");
    assert_eq!(shop.read(&made["order"]).await["status"], "awaiting_payment");

    let wrong = shop.choose(&made["payment"], "rob the bank").await;
    assert_eq!(wrong.status, 422);
    let known = json!({"number": made["order"]["number"], "email": "ada@EXAMPLE.org"});
    let unknown = json!({"number": "A-222222", "email": "ada@example.org"});
    for body in [known, unknown] {
        let answer = shop.server.post("/orders/lookup", &body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_does_to_an_order_is_recorded_with_it_and_what_it_is_refused_is_not() {
    let shop = shop(json!({})).await;
    let hold = shop.hold(&["r1-1"]).await;
    let made = shop.order(&[&hold]).await;
    let order = &made["order"];
    let staff = async |tail: &str, key: &str, body: Value| {
        let path = format!("/orders/{}{tail}", text(&order["id"]));
        let request = shop.server.request(Method::POST, &path).bearer_auth(&shop.server.admin);
        send(request.header("idempotency-key", key).json(&body)).await
    };
    let recorded = async || -> Vec<(String, String, String)> {
        sqlx::query_as(
            "SELECT l.action, l.object_id, p.address FROM audit_log l JOIN audit_person p ON p.number = l.number
             WHERE l.object_kind = 'order' ORDER BY l.number",
        )
        .fetch_all(&shop.server.db)
        .await
        .unwrap()
    };
    for _ in 0..2 {
        staff("/payments", "one", json!({})).await.expect(201);
    }
    let done = |action: &str| (action.to_owned(), text(&order["id"]).to_owned(), "127.0.0.1".to_owned());
    assert_eq!(recorded().await, [done("order.payment_begun")], "the same request twice was done once");
    let payment = shop.read(order).await["payment"].clone();
    shop.choose(&payment, "succeed").await;
    shop.until_status(order, "confirmed").await;

    staff("/reopen", "two", json!({})).await.refused(409, "order_not_open");
    staff("/payments", "three", json!({})).await.refused(409, "order_not_open");
    let stranger = json!({"tickets": [Uuid::nil()]});
    staff("/cancel", "four", stranger).await.refused(422, "validation_failed");
    assert_eq!(recorded().await.len(), 1);
    for _ in 0..2 {
        staff("/cancel", "five", json!({})).await.expect(200);
    }
    shop.until_status(order, "refunded").await;
    staff("/cancel", "six", json!({})).await.refused(409, "cancellation_closed");
    assert_eq!(recorded().await, [done("order.payment_begun"), done("order.cancelled")]);
}
