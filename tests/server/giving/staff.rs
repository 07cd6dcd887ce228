//! Refunds by staff: who may, how much, and what had failed.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, shop, text};
use crate::catalog::house::{by, staff};

fn refunds_of(order: &Value) -> String {
    format!("/admin/orders/{}/refunds", text(&order["id"]))
}

async fn actions(shop: &Shop) -> Vec<String> {
    sqlx::query_scalar("SELECT action FROM audit_log WHERE object_kind = 'order' ORDER BY number")
        .fetch_all(&shop.server.db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_office_keeps_to_the_policy_and_who_runs_the_house_names_the_amount() {
    let policy = json!({"steps": [{"until_s": 86_400, "back_bp": 5_000}]});
    let shop = shop(json!({"cancel_until_s": null, "cancellation": policy})).await;
    let order = shop.buy(&["r1-1", "r1-2", "r1-3"]).await;
    let tickets = shop.tickets(&order).await;
    let (path, organizer) = (refunds_of(&order), shop.organizer().await);
    let box_office = staff(&shop.server, &organizer, "box_office").await;
    let scanner = staff(&shop.server, &organizer, "scanner").await;
    let runs_it = staff(&shop.server, &organizer, "organizer").await;
    let one = |at: usize| json!({"tickets": [tickets[at]["id"]], "reason": "The buyer is ill"});
    let named = |at: usize, amount: i64| {
        let mut wish = one(at);
        wish["amount"] = json!(amount);
        wish
    };
    by(&shop.server, &scanner, Method::POST, &path, &one(0)).await.refused(403, "forbidden");
    let refused = by(&shop.server, &box_office, Method::POST, &path, &one(0)).await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["field"], "Idempotency-Key");
    shop.staff(&box_office, &path, "k", &named(0, 4_500)).await.refused(403, "forbidden");
    shop.staff(&box_office, &path, "k", &json!({"reason": " "})).await.refused(422, "validation_failed");

    shop.staff(&box_office, &path, "one", &one(0)).await.expect(200);
    shop.until_status(&order, "partially_refunded").await;
    let again = shop.staff(&box_office, &path, "one", &one(0)).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    shop.staff(&box_office, &path, "one", &one(1)).await.refused(409, "idempotency_key_reused");
    shop.staff(&runs_it, &path, "two", &named(1, 4_501)).await.refused(422, "validation_failed");
    shop.staff(&runs_it, &path, "three", &named(1, 4_000)).await.expect(200);
    shop.until_status(&order, "partially_refunded").await;
    let by_hand =
        json!({"tickets": [tickets[2]["id"]], "amount": 4_500, "reason": "Card expired", "by_hand": "Cash, receipt 7"});
    shop.staff(&runs_it, &path, "four", &by_hand).await.expect(200);
    let whole = shop.until_status(&order, "refunded").await;
    let amounts: Vec<_> = whole["refunds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["amount"]["amount"].as_i64(), text(&it["status"])))
        .collect();
    assert_eq!(amounts, [(Some(2_250), "succeeded"), (Some(4_000), "succeeded"), (Some(4_500), "by_hand")]);
    assert_eq!((shop.account("by_hand").await, shop.account("cancellation_fees").await), (-4_500, -2_750));
    assert_eq!((shop.account("sales").await, shop.account("provider:sandbox").await), (0, 13_500 - 6_250));
    assert_eq!(actions(&shop).await, ["order.refunded"; 3]);
    assert_eq!(shop.seats().await, "a".repeat(12));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kindness_leaves_the_tickets_good_and_comes_once_for_one_click() {
    let shop = shop(json!({})).await;
    let order = shop.buy(&["r1-1"]).await;
    let path = refunds_of(&order);
    let organizer = staff(&shop.server, &shop.organizer().await, "organizer").await;
    let box_office = staff(&shop.server, &shop.organizer().await, "box_office").await;
    let wish = |amount: Value| json!({"amount": amount, "reason": "The heating failed", "keep_tickets": true});
    shop.staff(&box_office, &path, "k", &wish(json!(500))).await.refused(403, "forbidden");
    shop.staff(&organizer, &path, "k", &wish(Value::Null)).await.refused(422, "validation_failed");
    shop.staff(&organizer, &path, "k", &wish(json!(4_501))).await.refused(422, "validation_failed");
    let body = wish(json!(500));
    let click = async || shop.staff(&organizer, &path, "click", &body).await.expect(200);
    tokio::join!(click(), click(), click(), click());
    let paid = crate::process::until("the money is back", async || {
        let money = shop.money(&order).await;
        (money["refunds"][0]["status"] == "succeeded").then_some(money)
    })
    .await;
    assert_eq!((paid["refunds"].as_array().unwrap().len(), &paid["left"]["amount"]), (1, &json!(4_000)));
    assert_eq!(paid["refunds"][0]["what_for"], "goodwill");
    assert_eq!(shop.tickets(&order).await[0]["status"], "valid");
    assert_eq!(shop.account("goodwill").await, 500);
    assert_eq!(actions(&shop).await, ["order.goodwill"], "one click, one entry");
    // With the ticket comes what is left.
    shop.cancel(&order, &json!({"expect": 4_000})).await.expect(200);
    shop.until_status(&order, "refunded").await;
    assert_eq!((shop.account("provider:sandbox").await, shop.account("cancellation_fees").await), (0, -500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_failed_is_tried_again_or_given_by_hand() {
    let shop = shop(json!({})).await;
    let order = shop.buy(&["r1-1"]).await;
    let organizer = staff(&shop.server, &shop.organizer().await, "organizer").await;
    // The sandbox gives back no more than it has: somebody has taken it all.
    let block = "INSERT INTO sandbox_refund (id, payment_id, provider_ref, amount)
                 SELECT gen_random_uuid(), payment_id, provider_ref, amount FROM sandbox_charge";
    sqlx::query(block).execute(&shop.server.db).await.unwrap();
    let path = refunds_of(&order);
    for (key, amount) in [("a", 300), ("b", 200)] {
        let wish = json!({"amount": amount, "reason": "The heating failed", "keep_tickets": true});
        shop.staff(&organizer, &path, key, &wish).await.expect(200);
    }
    let money = crate::process::until("both failed", async || {
        let money = shop.money(&order).await;
        let waits = |at: usize| money["refunds"][at]["waits_for_staff"] == true;
        (waits(0) && waits(1)).then_some(money)
    })
    .await;
    let of = |at: usize| format!("{path}/{}", text(&money["refunds"][at]["id"]));
    sqlx::query("DELETE FROM sandbox_refund").execute(&shop.server.db).await.unwrap();
    let act = async |at: usize, body: Value| shop.server.admin(Method::POST, &of(at), &body).await;
    act(0, json!({"action": "by_hand"})).await.refused(422, "validation_failed");
    for _ in 0..2 {
        act(0, json!({"action": "again"})).await.expect(200);
        act(1, json!({"action": "by_hand", "note": "Cash, receipt 8"})).await.expect(200);
    }
    act(0, json!({"action": "by_hand", "note": "Cash"})).await.refused(409, "refund_not_failed");
    let money = crate::process::until("it went back", async || {
        let money = shop.money(&order).await;
        (money["refunds"][2]["status"] == "succeeded").then_some(money)
    })
    .await;
    let statuses: Vec<&str> = money["refunds"].as_array().unwrap().iter().map(|it| text(&it["status"])).collect();
    assert_eq!(statuses, ["again", "by_hand", "succeeded"]);
    assert_eq!(money["refunds"][1]["note"], "Cash, receipt 8");
    assert_eq!((shop.account("goodwill").await, shop.account("by_hand").await), (500, -200));
    assert_eq!(money["left"]["amount"], 4_000);
    assert_eq!(actions(&shop).await[2..], ["refund.tried_again", "refund.given_by_hand"]);
}
