//! The refund of a whole show, by its addresses.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, shop, text};
use crate::catalog::house::staff;
use crate::house::{hall, on_sale_with};
use crate::process::until;

fn refunds(shop: &Shop) -> String {
    format!("/admin/shows/{}/refunds", shop.show)
}

async fn read(shop: &Shop) -> Value {
    shop.server.admin(Method::GET, &refunds(shop), &Value::Null).await.expect(200)["refunds"].clone()
}

async fn until_done(shop: &Shop) -> Value {
    until("the refund is over", async || {
        let job = read(shop).await;
        (job["state"] == "done").then_some(job)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_a_cancelled_show_goes_back_once_and_nothing_of_other_shows() {
    let shop = shop(json!({"cancel_until_s": null})).await;
    let other = on_sale_with(&shop.server, &hall(1, 4, 0), json!({})).await;
    // Of one house, so that one order may have both.
    let organizer: uuid::Uuid = shop.organizer().await.parse().unwrap();
    sqlx::query("UPDATE show SET organizer_id = $1").bind(organizer).execute(&shop.server.db).await.unwrap();
    let alone = shop.buy(&["r1-1", "r1-2"]).await;
    let both = vec![shop.hold(shop.show, &["r1-3"]).await, shop.hold(other, &["r1-1"]).await];
    let both = shop.buy_held(both).await;
    let unpaid = shop.hold(shop.show, &["r2-1"]).await;
    let unpaid = shop.order(vec![unpaid]).await["order"].clone();
    let elsewhere = vec![shop.hold(other, &["r1-2"]).await];
    let elsewhere = shop.buy_held(elsewhere).await;

    assert_eq!(read(&shop).await, Value::Null);
    let begin = async |key: &'static str| {
        shop.staff(&shop.server.admin, &refunds(&shop), key, &json!({"reason": "The stage burnt down"})).await
    };
    begin("early").await.refused(409, "wrong_state");
    shop.state("cancel").await;
    let box_office = staff(&shop.server, &organizer.to_string(), "box_office").await;
    shop.staff(&box_office, &refunds(&shop), "x", &json!({"reason": "r"})).await.refused(403, "forbidden");
    let begun = begin("one").await.expect(202);
    assert_eq!(begun["refunds"]["total"], 3, "{begun}");
    let again = begin("one").await;
    assert_eq!(
        (again.headers["idempotent-replayed"].as_bytes(), &again.body["refunds"]["id"]),
        (&b"true"[..], &begun["refunds"]["id"])
    );
    let job = until_done(&shop).await;
    let counts = ["total", "done", "refunded", "ended", "failed", "left"].map(|name| job[name].as_i64().unwrap());
    assert_eq!(counts, [3, 3, 2, 1, 0, 0], "{job}");
    assert_eq!(job["money"]["amount"], 9_000 + 4_500);

    let whole = shop.until_status(&alone, "refunded").await;
    assert_eq!(whole["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(whole["refunds"][0]["reason"], "The stage burnt down");
    let partly = shop.until_status(&both, "partially_refunded").await;
    assert_eq!(partly["refunds"][0]["amount"]["amount"], 4_500);
    shop.until_status(&unpaid, "cancelled").await;
    shop.until_status(&elsewhere, "confirmed").await;
    // A second one finds nothing.
    begin("two").await.expect(202);
    assert_eq!(until_done(&shop).await["total"], 0);
    assert_eq!(shop.account("sales").await, -9_000, "the two tickets of the other show");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_paused_goes_on_and_tries_again_what_failed() {
    let shop = shop(json!({})).await;
    let order = shop.buy(&["r1-1"]).await;
    let block = "INSERT INTO sandbox_refund (id, payment_id, provider_ref, amount)
                 SELECT gen_random_uuid(), payment_id, provider_ref, amount FROM sandbox_charge";
    sqlx::query(block).execute(&shop.server.db).await.unwrap();
    let path = refunds(&shop);
    let steer = async |action: &str| {
        shop.server.admin(Method::POST, &format!("{path}/state"), &json!({"action": action})).await
    };
    steer("pause").await.refused(409, "wrong_state");
    shop.state("move").await;
    shop.staff(&shop.server.admin, &path, "one", &json!({"reason": "Moved to May"})).await.expect(202);
    let job = until_done(&shop).await;
    assert_eq!((&job["failed"], &job["failed_orders"][0]["order_id"]), (&json!(1), &order["id"]), "{job}");
    assert!(!text(&job["failed_orders"][0]["problem"]).is_empty());
    shop.until_status(&order, "confirmed").await;

    sqlx::query("DELETE FROM sandbox_refund").execute(&shop.server.db).await.unwrap();
    steer("retry").await.expect(200);
    let job = until_done(&shop).await;
    assert_eq!((&job["failed"], &job["refunded"]), (&json!(0), &json!(1)), "{job}");
    shop.until_status(&order, "refunded").await;
    steer("pause").await.refused(409, "wrong_state");
    let recorded: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_log WHERE action LIKE 'show.refunds%' ORDER BY number")
            .fetch_all(&shop.server.db)
            .await
            .unwrap();
    assert_eq!(recorded, ["show.refunds_begun", "show.refunds_retried"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again_and_nobody_who_bought_since_is_touched() {
    let shop = shop(json!({})).await;
    let order = shop.buy(&["r1-1"]).await;
    let block = "INSERT INTO sandbox_refund (id, payment_id, provider_ref, amount)
                 SELECT gen_random_uuid(), payment_id, provider_ref, amount FROM sandbox_charge";
    sqlx::query(block).execute(&shop.server.db).await.unwrap();
    let path = refunds(&shop);
    shop.state("move").await;
    shop.staff(&shop.server.admin, &path, "one", &json!({"reason": "Moved to May"})).await.expect(202);
    assert_eq!(until_done(&shop).await["failed"], 1);
    // An hour later it is on sale again, with its new date.
    sqlx::query("UPDATE refund_job SET created_at = created_at - interval '1 hour'")
        .execute(&shop.server.db)
        .await
        .unwrap();
    sqlx::query("UPDATE orders SET created_at = created_at - interval '2 hours'")
        .execute(&shop.server.db)
        .await
        .unwrap();
    shop.state("publish").await;
    let new = shop.buy(&["r1-2"]).await;
    sqlx::query("DELETE FROM sandbox_refund").execute(&shop.server.db).await.unwrap();
    shop.server.admin(Method::POST, &format!("{path}/state"), &json!({"action": "retry"})).await.expect(200);
    shop.until_status(&order, "refunded").await;
    let job = until_done(&shop).await;
    assert_eq!((&job["failed"], &job["total"], &job["refunded"]), (&json!(0), &json!(1), &json!(1)), "{job}");
    assert_eq!(shop.tickets(&new).await[0]["status"], "valid");
    assert_eq!(shop.account("provider:sandbox").await, 4_500);
}
