//! A buyer's bank claims money back: what becomes of tickets, seats, refunds and books, through signed webhooks.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, shop};
use crate::harness::send;

async fn wish(shop: &Shop, tickets: &str) {
    let path = format!("/admin/organizers/{}/dispute-rules", shop.house);
    let set = shop.admin(Method::PUT, &path, &json!({"tickets": tickets})).await.expect(200);
    assert_eq!(
        (&set["tickets"], shop.get(&path).await["version"].as_i64()),
        (&json!(tickets), set["version"].as_i64())
    );
}

async fn until_state(shop: &Shop, made: &Value, state: &str) -> Value {
    shop.until_order(made, state, |order| order["disputes"][0]["state"] == state).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_suspends_tickets_where_the_house_wishes_and_a_won_one_restores_them() {
    let shop = shop().await;
    let flagged = shop.buy(&json!({"seats": ["r1-1", "r1-2"]})).await;
    shop.bank(&flagged, "dispute_opened").await;
    until_state(&shop, &flagged, "opened").await;
    assert_eq!(shop.tickets(&flagged).await, ["valid", "valid"], "a house that says nothing is only told");

    wish(&shop, "suspend").await;
    let made = shop.buy(&json!({"seats": ["r1-3"]})).await;
    shop.bank(&made, "dispute_opened").await;
    let order = until_state(&shop, &made, "opened").await;
    assert_eq!((&order["disputes"][0]["suspends"], &order["status"]), (&json!(true), &json!("confirmed")));
    shop.until_tickets(&made, "suspended").await;
    assert_eq!(shop.balance("disputed").await, 13_500);
    assert_eq!(shop.balance("provider:sandbox").await, -3000, "each claim costs 15.00");
    let public = send(shop.about(Method::GET, &made, "")).await.expect(200);
    assert!(public["order"].get("disputes").is_none(), "that is for the house alone: {public}");

    // Nothing of it goes back meanwhile, whoever asks.
    let path = format!("/orders/{}/cancel", super::text(&made["order"]["id"]));
    shop.cancel(&made).await.refused(409, "payment_disputed");
    shop.admin(Method::POST, &path, &json!({})).await.refused(409, "payment_disputed");

    shop.bank(&made, "dispute_won").await;
    until_state(&shop, &made, "won").await;
    shop.until_tickets(&made, "valid").await;
    shop.bank(&flagged, "dispute_won").await;
    until_state(&shop, &flagged, "won").await;
    assert_eq!((shop.balance("disputed").await, shop.balance("provider_fees").await), (0, 3000));
    shop.cancel(&made).await.expect(200);
    shop.until_order(&made, "refunded", |order| order["status"] == "refunded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_claim_revokes_the_tickets_and_staff_decide_about_the_seats() {
    let shop = shop().await;
    let made = shop.buy(&json!({"seats": ["r1-1"]})).await;
    // The verdict is heard of first; what comes after it is old news.
    shop.bank(&made, "dispute_lost").await;
    until_state(&shop, &made, "lost").await;
    shop.bank(&made, "dispute_opened").await;
    shop.until_tickets(&made, "revoked").await;
    assert_eq!((shop.balance("chargebacks").await, shop.balance("disputed").await), (4500, 0));
    let seats = async || shop.get(&format!("/shows/{}/seats", shop.show)).await["seats"].clone();
    assert!(seats().await.as_str().unwrap().starts_with("ba"), "the seat stays booked");
    shop.cancel(&made).await.expect(200);
    let order = shop.until_order(&made, "refunded", |order| order["status"] == "refunded").await;
    assert_eq!(order["refunds"], json!([]), "the bank has given it back already");
    assert!(seats().await.as_str().unwrap().starts_with("aa"));
    assert_eq!(shop.balance("provider:sandbox").await, -1500);
    let log = shop.get("/admin/system/security-events?limit=10").await;
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert!(actions.contains(&json!("order.dispute_lost")), "{actions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_houses_wish_is_versioned() {
    let shop = shop().await;
    let path = format!("/admin/organizers/{}/dispute-rules", shop.house);
    assert_eq!(shop.get(&path).await, json!({"tickets": "flag", "version": 0}));
    let put = |seen: &'static str, body: Value| {
        let request = shop.server.request(Method::PUT, &path).bearer_auth(&shop.server.admin);
        send(request.header("if-match", seen).json(&body))
    };
    put("\"0\"", json!({"tickets": "suspend"})).await.expect(200);
    put("\"0\"", json!({"tickets": "flag"})).await.refused(412, "edit_conflict");
    put("\"1\"", json!({"tickets": "burn"})).await.refused(422, "validation_failed");
}
