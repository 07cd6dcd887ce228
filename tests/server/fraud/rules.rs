//! Each rule, tripped and just not tripped.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Buyer, buyer, floor, rules, shop, shop_with, swedes_only, text};
use crate::harness::send;
use aisle::platform::config::AbuseLimits;

#[tokio::test(flavor = "multi_thread")]
async fn who_tries_too_often_under_one_address_is_held_and_nobody_else() {
    let shop = shop(&json!({"velocity": {"action": "hold", "attempts_max": 2}})).await;
    for _ in 0..2 {
        assert_eq!(shop.buy(buyer("ada@example.org")).await["status"], "confirmed");
    }
    let third = shop.buy(buyer("Ada@Example.org")).await;
    assert_eq!(
        (&third["status"], shop.facts(&third).await),
        (&json!("in_review"), vec!["attempts_by_email".to_owned()])
    );
    assert_eq!(shop.buy(buyer("bob@example.org")).await["status"], "confirmed");
    // Attempts count, also those of one order.
    let made = shop.order(buyer("cy@example.org"), &floor(1)).await;
    for _ in 0..2 {
        send(shop.about(Method::POST, &made["order"], "/payments").json(&json!({}))).await.expect(201);
    }
    shop.pay(&shop.read(&made["order"]).await, "").await;
    assert_eq!(shop.until(&made["order"], &["confirmed", "in_review"]).await["status"], "in_review");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_browser_and_one_network_are_counted_under_every_name() {
    let shop = shop(&json!({"velocity": {"action": "hold", "attempts_max": 2, "address_attempts_max": 3}})).await;
    let from = |email, browser| Buyer { address: "198.51.100.7", browser, ..buyer(email) };
    assert_eq!(shop.buy(from("a@example.org", "Firefox")).await["status"], "confirmed");
    assert_eq!(shop.buy(from("b@example.org", "Firefox")).await["status"], "confirmed");
    let third = shop.buy(from("c@example.org", "Firefox")).await;
    assert_eq!(shop.facts(&third).await, ["attempts_by_device"]);
    let fourth = shop.buy(from("d@example.org", "Safari")).await;
    assert_eq!(shop.facts(&fourth).await, ["attempts_by_address"]);
    // An IPv6 customer has a whole network; the one beside it is another customer.
    for (at, status) in [(1, "confirmed"), (2, "confirmed"), (3, "confirmed"), (4, "in_review")] {
        let (email, browser, address) = (format!("v{at}@example.org"), format!("B{at}"), format!("2001:db8:0:1::{at}"));
        let who = Buyer { address: &address, browser: &browser, ..buyer(&email) };
        assert_eq!(shop.buy(who).await["status"], status, "{address}");
    }
    let beside = Buyer { address: "2001:db8:0:2::1", ..buyer("w@example.org") };
    assert_eq!(shop.buy(beside).await["status"], "confirmed");
    // This machine is nobody: behind a proxy that nobody has named it would be everybody.
    for at in 0..4 {
        assert_eq!(shop.buy(buyer(&format!("l{at}@example.org"))).await["status"], "confirmed");
    }
    let kept: Vec<String> = sqlx::query_scalar("SELECT concat(address, ' ', device) FROM order_trace")
        .fetch_all(&shop.server.db)
        .await
        .unwrap();
    assert!(
        kept.iter().all(|marks| !marks.contains("198.51") && !marks.contains("2001") && !marks.contains("Firefox"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_too_many_places_is_held() {
    let shop = shop(&json!({"velocity": {"action": "hold", "places_max": 5, "address_places_max": 7}})).await;
    let from = |email| Buyer { address: "198.51.100.7", browser: email, ..buyer(email) };
    assert_eq!(shop.buy_places(from("a@example.org"), &floor(5)).await["status"], "confirmed");
    assert_eq!(shop.buy_places(from("b@example.org"), &floor(2)).await["status"], "confirmed");
    let one_more = shop.buy(from("c@example.org")).await;
    assert_eq!(shop.facts(&one_more).await, ["places_by_address"]);
    let at_home = shop.buy(buyer("a@example.org")).await;
    assert_eq!(shop.facts(&at_home).await, ["places_by_email"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_from_elsewhere_is_held() {
    let shop = shop(&swedes_only()).await;
    let with = |card| Buyer { card, ..buyer("ada@example.org") };
    assert_eq!(shop.buy(with("card-1:SE")).await["status"], "confirmed");
    assert_eq!(shop.buy(with("card-1")).await["status"], "confirmed", "of no known country");
    assert_eq!(shop.buy(with("")).await["status"], "confirmed", "nothing is known of it");
    let held = shop.buy(with("card-2:BR")).await;
    assert_eq!(held["status"], "in_review");
    let finding = &shop.staff_view(&held).await["review"]["findings"][0];
    assert_eq!((&finding["rule"], &finding["fact"]), (&json!("mismatch"), &json!("card_country")));
    assert_eq!(finding["text"], "The card is of BR, which is not among the house's countries.");
    // A form that names no card of the sandbox's is told so, and nothing is paid.
    let made = shop.order(buyer("bob@example.org"), &floor(1)).await;
    let page = shop.server.request(Method::POST, text(&made["payment"]["checkout_url"]));
    assert_eq!(send(page.form(&[("outcome", "succeed"), ("card", "<card>")])).await.status, 422);
    assert_eq!(shop.read(&made["order"]).await["payment"]["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_pays_for_many_is_held_at_one_too_many() {
    let shop = shop(&json!({"reuse": {"action": "hold", "emails_max": 2}})).await;
    let with = |email, card| Buyer { card, ..buyer(email) };
    for email in ["a@example.org", "b@example.org", "a@example.org", "B@example.org"] {
        assert_eq!(shop.buy(with(email, "card-1:SE")).await["status"], "confirmed", "{email}");
    }
    assert_eq!(shop.buy(with("c@example.org", "card-2:SE")).await["status"], "confirmed");
    let third = shop.buy(with("c@example.org", "card-1:SE")).await;
    assert_eq!(shop.facts(&third).await, ["emails_by_instrument"]);
    let marks: Vec<String> = sqlx::query_scalar("SELECT instrument::text FROM payment WHERE instrument IS NOT NULL")
        .fetch_all(&shop.server.db)
        .await
        .unwrap();
    assert_eq!(marks.len(), 6);
    assert!(marks.iter().all(|mark| !mark.contains("card")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_only_flags_is_sold_and_found_in_the_office() {
    let shop = shop(&json!({"mismatch": {"action": "flag", "countries": ["SE"]}})).await;
    let sold = shop.buy(Buyer { card: "card-1:BR", ..buyer("ada@example.org") }).await;
    shop.buy(buyer("bob@example.org")).await;
    assert_eq!((&sold["status"], &sold["review_by"]), (&json!("confirmed"), &Value::Null));
    let found = shop.server.admin(Method::GET, "/admin/orders?review=flagged", &Value::Null).await.expect(200);
    let ids: Vec<&Value> = found["items"].as_array().unwrap().iter().map(|order| &order["id"]).collect();
    assert_eq!((ids, &found["in_review"]), (vec![&sold["id"]], &json!(0)));
    assert_eq!(found["items"][0]["review"]["state"], "flagged");
    shop.decide(&sold, "refuse").await.refused(409, "review_closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_observes_holds_nothing_and_sees_what_would_have_been_held() {
    let shop = shop_with(|config| config.abuse_limits = AbuseLimits::Observe, &swedes_only()).await;
    let sold = shop.buy(Buyer { card: "card-1:BR", ..buyer("ada@example.org") }).await;
    assert_eq!(sold["status"], "confirmed");
    assert_eq!(shop.facts(&sold).await, ["card_country"]);
    let metrics = shop.server.request(Method::GET, "/metrics").bearer_auth(&shop.server.admin);
    let metrics = send(metrics).await.text;
    assert!(metrics.contains("aisle_order_findings_total{rule=\"mismatch\",review=\"flagged\"} 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_sets_its_own_rules() {
    let server = crate::harness::spawn().await;
    let show = crate::house::on_sale(&server, &crate::house::hall(1, 2, 0)).await;
    let house: uuid::Uuid = sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1")
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap();
    let path = format!("/admin/organizers/{house}/fraud-rules");
    let own = server.admin(Method::GET, &path, &Value::Null).await.expect(200);
    assert_eq!(own["version"], 0);
    for rule in ["velocity", "mismatch", "reuse"] {
        assert_ne!(own["rules"][rule]["action"], "hold", "nobody is held before the house says so");
    }
    let set = |change: Value, seen: &'static str| {
        let request = server.request(Method::PUT, &path).bearer_auth(&server.admin);
        let request = if seen.is_empty() { request } else { request.header("if-match", seen) };
        send(request.json(&rules(&change)))
    };
    assert_eq!(set(swedes_only(), "\"0\"").await.expect(200)["version"], 1);
    set(swedes_only(), "\"0\"").await.refused(412, "edit_conflict");
    assert_eq!(set(json!({}), "\"1\"").await.expect(200)["version"], 2);
    assert_eq!(server.admin(Method::GET, &path, &Value::Null).await.expect(200)["rules"], rules(&json!({})));
    for (change, field) in [
        (json!({"mismatch": {"action": "hold"}}), "mismatch.action"),
        (json!({"mismatch": {"countries": ["Sweden"]}}), "mismatch.countries[0]"),
        (json!({"velocity": {"window_s": 59}}), "velocity.window_s"),
        (json!({"velocity": {"attempts_max": 0}}), "velocity.attempts_max"),
        (json!({"reuse": {"window_s": 604_801}}), "reuse.window_s"),
    ] {
        let refused = set(change, "").await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let changes: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = 'fraud_rules.changed'")
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert_eq!(changes, 2, "what was refused is not in the log");
    let nowhere = format!("/admin/organizers/{show}/fraud-rules");
    server.admin(Method::GET, &nowhere, &Value::Null).await.refused(404, "not_found");
    server.admin(Method::PUT, &nowhere, &rules(&json!({}))).await.refused(404, "not_found");
}
