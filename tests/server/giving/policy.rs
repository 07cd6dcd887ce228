//! What comes back under a show's policy, told before and given after.

use reqwest::Method;
use serde_json::{Value, json};

use super::{shop, text};
use crate::harness::send;

/// A policy that gives half back, keeps one euro of each ticket, and lasts until a day before.
fn half() -> Value {
    json!({"cancel_until_s": null, "cancellation": {"steps": [{"until_s": 86_400, "back_bp": 5_000}], "fee_kept": 100}})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_before_is_what_is_given_and_the_rest_is_kept() {
    let shop = shop(half()).await;
    let order = shop.buy(&["r1-1", "r2-1"]).await;
    let ticket = shop.tickets(&order).await[0].clone();
    let told = shop.preview(&order, text(&ticket["id"])).await;
    assert_eq!((&told["back"]["amount"], &told["kept"]["amount"]), (&json!(2_150), &json!(2_350)), "{told}");
    assert_eq!(told["tickets"][0]["tickets"], json!([ticket["id"]]));
    assert_eq!((&told["open"], &told["until"]), (&json!(true), &json!("2030-05-03T17:00:00Z")));
    let all = shop.preview(&order, "").await;
    assert_eq!((all["back"]["amount"].as_i64(), all["tickets"].as_array().unwrap().len()), (Some(2_150 + 1_400), 2));
    let wrong = send(shop.about(Method::GET, &order, "/cancellation?tickets=nonsense")).await;
    wrong.refused(422, "validation_failed");
    shop.server.get(&format!("/orders/{}/cancellation", text(&order["id"]))).await.refused(403, "order_token_invalid");

    let expecting = |amount: i64| json!({"tickets": [ticket["id"]], "expect": amount});
    shop.cancel(&order, &expecting(4_500)).await.refused(409, "amount_changed");
    shop.cancel(&order, &expecting(2_150)).await.expect(200);
    let partly = shop.until_status(&order, "partially_refunded").await;
    assert_eq!(partly["refunds"][0]["amount"]["amount"], 2_150);
    assert_eq!(shop.seats().await, "aaaaaabaaaaa");
    assert_eq!(shop.account("cancellation_fees").await, -2_350);
    assert_eq!((shop.account("sales").await, shop.account("provider:sandbox").await), (-3_000, 7_500 - 2_150));
    shop.cancel(&order, &json!({})).await.expect(200);
    shop.until_status(&order, "refunded").await;
    assert_eq!((shop.account("sales").await, shop.account("cancellation_fees").await), (0, -2_350 - 1_600));
    let money = shop.money(&order).await;
    assert_eq!((&money["left"]["amount"], &money["lines"][0]["kept"]["amount"]), (&json!(3_950), &json!(2_350)));
    assert_eq!(
        money["books"].as_array().unwrap().len(),
        6,
        "a capture, a sale, and twice a refund and what was kept: {money}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_keeps_what_it_was_bought_under_and_gains_by_what_is_kinder() {
    let shop = shop(half()).await;
    let order = shop.buy(&["r1-1"]).await;
    let path = format!("/admin/shows/{}", shop.show);
    let policy = async |body: Value| shop.server.admin(Method::PATCH, &path, &body).await.expect(200);
    let read = policy(json!({"cancellation": {"steps": []}})).await;
    assert_eq!(read["cancel_until_s"], Value::Null);
    assert_eq!(shop.preview(&order, "").await["back"]["amount"], 2_150, "what was sold holds");
    let read = policy(json!({"cancel_until_s": 3_600})).await;
    assert_eq!(
        (&read["cancellation"], &read["cancel_until_s"]),
        (&Value::Null, &json!(3_600)),
        "the simple case again"
    );
    assert_eq!(shop.preview(&order, "").await["back"]["amount"], 4_500, "kinder today");
    let steps = json!([{"until_s": 7_200, "back_bp": 9_000}, {"until_s": 60, "back_bp": 1_000}]);
    let read = policy(json!({"cancellation": {"steps": steps, "fees_back": false}})).await;
    assert_eq!((&read["cancel_until_s"], &read["cancellation"]["steps"]), (&json!(60), &steps));

    let wrong = async |body: Value, field: &str| {
        let refused = shop.server.admin(Method::PATCH, &path, &body).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    };
    let grows = json!([{"until_s": 7_200, "back_bp": 1_000}, {"until_s": 60, "back_bp": 9_000}]);
    wrong(json!({"cancellation": {"steps": grows}}), "cancellation.steps[1]").await;
    wrong(json!({"cancellation": {"steps": [{"until_s": 60, "back_bp": 0}]}}), "cancellation.steps[0].back_bp").await;
    wrong(json!({"cancellation": {"steps": []}, "cancel_until_s": 60}), "cancel_until_s").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_was_cancelled_gives_all_back_and_one_that_cannot_be_cancelled_nothing() {
    let shop = shop(json!({"cancel_until_s": null})).await;
    let order = shop.buy(&["r1-1"]).await;
    let told = shop.preview(&order, "").await;
    assert_eq!((&told["open"], &told["back"]["amount"], &told["until"]), (&json!(false), &json!(0), &Value::Null));
    shop.cancel(&order, &json!({})).await.refused(409, "cancellation_closed");
    shop.state("cancel").await;
    let told = shop.preview(&order, "").await;
    assert_eq!(
        (&told["open"], &told["back"]["amount"], &told["kept"]["amount"]),
        (&json!(true), &json!(4_500), &json!(0))
    );
    shop.cancel(&order, &json!({"expect": 4_500})).await.expect(200);
    shop.until_status(&order, "refunded").await;
    assert_eq!((shop.account("sales").await, shop.account("provider:sandbox").await), (0, 0));
}
