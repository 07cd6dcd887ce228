//! One customer, several browsers: limits are by who buys, not by where.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Server, send, spawn};
use crate::house::{hall, on_sale_with};

async fn held(server: &Server, show: Uuid, seats: &[&str]) -> Value {
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": seats})).await.expect(201)["hold"].clone()
}

async fn order(server: &Server, hold: &Value, name: &str, email: &str) -> Answer {
    let owned = json!({"show_id": hold["show_id"], "hold_id": hold["id"], "token": hold["token"]});
    let wish = json!({"holds": [owned], "customer": {"name": name, "email": email}});
    send(server.request(reqwest::Method::POST, "/orders").json(&wish)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_address_in_two_browsers_has_one_limit() {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 6, 10), json!({"places_per_buyer_max": 3})).await;
    let first = held(&server, show, &["r1-1", "r1-2"]).await;
    order(&server, &first, "Ada Buyer", "Ada@example.org").await.expect(201);

    let second = held(&server, show, &["r2-1", "r2-2"]).await;
    order(&server, &second, "A. Buyer", "ada@EXAMPLE.org").await.refused(409, "seat_limit_reached");
    let third = held(&server, show, &["r1-4"]).await;
    order(&server, &third, "Ada Buyer", "ada@example.org").await.expect(201);
    order(&server, &second, "Ben Buyer", "ben@example.org").await.expect(201);
}
