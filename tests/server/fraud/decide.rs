//! What becomes of an order that is held.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Buyer, buyer, floor, shop, shop_with, swedes_only, text};
use crate::catalog::house::{by, staff};
use crate::harness::{Server, send, spawn_on};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_accepted_gets_tickets_and_pays_only_then() {
    let shop = shop(&swedes_only()).await;
    let held = shop.held().await;
    assert_eq!((shop.seats().await.as_str(), shop.at_the_bank(&held).await.as_str()), ("hhaaaaaaaaaa", "authorized"));
    assert!(!held["review_by"].is_null() && held.get("review").is_none(), "what was found is the house's: {held}");
    assert_eq!(shop.mails(&held, "order_held").await, 1);

    let list = shop.server.admin(Method::GET, "/admin/orders?status=in_review", &Value::Null).await.expect(200);
    assert_eq!((&list["items"][0]["id"], &list["in_review"]), (&held["id"], &json!(1)));
    let review = shop.staff_view(&held).await["review"].clone();
    assert_eq!((&review["state"], &review["by"]), (&json!("wanted"), &held["review_by"]));

    let accepted = shop.decide(&held, "accept").await.expect(200)["order"].clone();
    assert_eq!((&accepted["status"], &accepted["review"]["reason"]), (&json!("confirmed"), &json!("We asked.")));
    assert_eq!((shop.seats().await.as_str(), shop.at_the_bank(&held).await.as_str()), ("bbaaaaaaaaaa", "captured"));
    let tickets = send(shop.about(Method::GET, &held, "/tickets")).await.expect(200);
    assert_eq!(tickets["items"].as_array().unwrap().len(), 2);

    // Twice is once; another decision comes too late.
    assert_eq!(shop.decide(&held, "accept").await.expect(200)["order"]["status"], "confirmed");
    shop.decide(&held, "refuse").await.refused(409, "review_closed");
    let noted = "SELECT count(*) FROM audit_log WHERE action = 'order.review_accepted' AND object_id = $1";
    assert_eq!(shop.count(noted, &held).await, 1);
    let noted = "SELECT count(*) FROM audit_log WHERE action = 'order.held' AND severity = 'notice' AND object_id = $1";
    assert_eq!(shop.count(noted, &held).await, 1);
    assert_eq!((shop.mails(&held, "order_held").await, shop.mails(&held, "order_not_sold").await), (1, 0));
    let list = shop.server.admin(Method::GET, "/admin/orders", &Value::Null).await.expect(200);
    assert_eq!(list["in_review"], 0);
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_keeps_the_money_and_the_seats_are_free_again() {
    let shop = shop(&swedes_only()).await;
    let held = shop.held().await;
    let refused = shop.decide(&held, "refuse").await.expect(200)["order"].clone();
    assert_eq!((&refused["status"], &refused["review"]["state"]), (&json!("expired"), &json!("refused")));
    assert_eq!((shop.seats().await.as_str(), shop.at_the_bank(&held).await.as_str()), ("aaaaaaaaaaaa", "cancelled"));
    assert_eq!(shop.decide(&held, "refuse").await.expect(200)["order"]["status"], "expired");
    shop.decide(&held, "accept").await.refused(409, "review_closed");
    assert_eq!(shop.mails(&held, "order_not_sold").await, 1);
    let told = shop.read(&held).await;
    assert!(!told["review_by"].is_null() && told["refunds"].as_array().unwrap().is_empty(), "{told}");
    shop.books_balance().await;
    // The seats are anybody's.
    shop.buy_places(buyer("bob@example.org"), &json!({"seats": ["r1-1", "r1-2"]})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_decides_the_order_is_refused_by_itself() {
    let shop = shop_with(|config| config.sandbox_authorisation_s = 8, &swedes_only()).await;
    let held = shop.held().await;
    let lapsed = shop.until(&held, &["expired"]).await;
    assert_eq!(shop.staff_view(&lapsed).await["review"]["state"], "lapsed");
    shop.decide(&held, "accept").await.refused(409, "review_closed");
    shop.until(&held, &["expired"]).await;
    assert_eq!(shop.seats().await, "aaaaaaaaaaaa");
    assert_eq!((shop.mails(&held, "order_not_sold").await, shop.at_the_bank(&held).await), (1, "cancelled".to_owned()));
    let noted = "SELECT count(*) FROM audit_log WHERE action = 'order.review_lapsed' AND object_id = $1";
    assert_eq!(shop.count(noted, &held).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_would_rather_not_wait_has_everything_back() {
    let shop = shop(&swedes_only()).await;
    let held = shop.held().await;
    send(shop.about(Method::POST, &held, "/payments").json(&json!({}))).await.refused(409, "order_not_open");
    let reopened = send(shop.about(Method::POST, &held, "/reopen")).await.expect(200);
    assert_eq!((&reopened["order"]["status"], &reopened["holds"][0]["state"]), (&json!("cancelled"), &json!("open")));
    assert_eq!((shop.seats().await.as_str(), shop.at_the_bank(&held).await.as_str()), ("hhaaaaaaaaaa", "cancelled"));
    shop.decide(&held, "accept").await.refused(409, "review_closed");

    let other = shop.buy(Buyer { card: "card-y:BR", ..buyer("bob@example.org") }).await;
    let cancelled = send(shop.about(Method::POST, &other, "/cancel").json(&json!({}))).await.expect(200);
    assert_eq!(cancelled["order"]["status"], "cancelled");
    assert_eq!(shop.staff_view(&other).await["review"]["state"], "withdrawn");
    assert_eq!(shop.at_the_bank(&other).await, "cancelled");
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_decide_otherwise_at_once_decide_once() {
    let shop = shop(&swedes_only()).await;
    let held = shop.held().await;
    let (accepted, refused) = tokio::join!(shop.decide(&held, "accept"), shop.decide(&held, "refuse"));
    let statuses = [accepted.status.as_u16(), refused.status.as_u16()];
    assert!(statuses == [200, 409] || statuses == [409, 200], "{} {}", accepted.text, refused.text);
    let wins = if statuses == [200, 409] {
        ("confirmed", "bbaaaaaaaaaa", "captured")
    } else {
        ("expired", "aaaaaaaaaaaa", "cancelled")
    };
    shop.until(&held, &[wins.0]).await;
    assert_eq!((shop.seats().await.as_str(), shop.at_the_bank(&held).await.as_str()), (wins.1, wins.2));
    let noted = "SELECT count(*) FROM audit_log WHERE action LIKE 'order.review_%' AND object_id = $1";
    assert_eq!(shop.count(noted, &held).await, 1);
    shop.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_for_staff_also_over_a_restart() {
    let shop = shop(&swedes_only()).await;
    let held = shop.held().await;
    let database = shop.server.database_url.clone();
    shop.server.stop().await;
    let server: Server = spawn_on(database, |_| {}).await;
    let path = format!("/admin/orders/{}/review", text(&held["id"]));
    let accepted = server.admin(Method::POST, &path, &json!({"decision": "accept"})).await.expect(200);
    assert_eq!(accepted["order"]["status"], "confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_office_decides_and_its_key_makes_a_request_repeatable() {
    let shop = shop(&swedes_only()).await;
    let held = shop.held().await;
    let path = format!("/admin/orders/{}/review", text(&held["id"]));
    let house = shop.house.to_string();
    let (scanner, seller) =
        (staff(&shop.server, &house, "scanner").await, staff(&shop.server, &house, "box_office").await);
    let accept = json!({"decision": "accept"});
    by(&shop.server, &scanner, Method::POST, &path, &accept).await.refused(403, "forbidden");
    by(&shop.server, &seller, Method::POST, &path, &json!({"decision": "perhaps"}))
        .await
        .refused(422, "validation_failed");
    by(&shop.server, &seller, Method::PUT, &shop.rules_path(), &super::rules(&json!({})))
        .await
        .refused(403, "forbidden");
    by(&shop.server, &seller, Method::GET, &shop.rules_path(), &Value::Null).await.expect(200);
    let keyed = |body: Value| {
        let request = shop.server.request(Method::POST, &path).bearer_auth(&seller);
        send(request.header("idempotency-key", "decided").json(&body))
    };
    assert_eq!(keyed(accept.clone()).await.expect(200)["order"]["status"], "confirmed");
    let again = keyed(accept).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    again.expect(200);
    keyed(json!({"decision": "refuse"})).await.refused(409, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_order_came_from_goes_with_its_buyer_and_with_time() {
    let shop = shop(&json!({"velocity": {"action": "flag", "attempts_max": 1}})).await;
    let from = |email| Buyer { address: "198.51.100.7", card: "card-1:SE", ..buyer(email) };
    let ada = shop.buy(from("ada@example.org")).await;
    let bob = shop.buy(from("bob@example.org")).await;
    let left = async |order: &Value| {
        let trace = shop.count("SELECT count(*) FROM order_trace WHERE order_id = $1::uuid", order).await;
        let paid = "SELECT count(*) FROM payment WHERE order_id = $1::uuid AND instrument IS NOT NULL";
        let found = "SELECT count(*) FROM orders WHERE id = $1::uuid AND review_findings <> '[]'";
        (trace, shop.count(paid, order).await, shop.count(found, order).await)
    };
    assert_eq!((left(&ada).await, left(&bob).await), ((1, 1, 0), (1, 1, 1)));
    let path = format!("/admin/customers/{}/erase", text(&bob["customer"]["id"]));
    shop.server.admin(Method::POST, &path, &json!({"at_once": true})).await.expect(200);
    assert_eq!((left(&ada).await, left(&bob).await), ((1, 1, 0), (0, 0, 0)));

    let days = jiff::SignedDuration::from_hours(24);
    let retention = aisle::startup::retention(&shop.server.running.parts.config, shop.server.db.clone());
    retention.run(jiff::Timestamp::now() + days * 13).await.unwrap();
    assert_eq!(left(&ada).await, (1, 1, 0));
    retention.run(jiff::Timestamp::now() + days * 15).await.unwrap();
    assert_eq!(left(&ada).await, (0, 0, 0));
    // It counts for nothing any more, and nothing is missed.
    assert_eq!(shop.buy_places(from("cy@example.org"), &floor(1)).await["status"], "confirmed");
}
