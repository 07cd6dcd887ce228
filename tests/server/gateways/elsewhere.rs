//! Money that somebody gave back at the provider's dashboard: it counts, once, and staff decide about the tickets.

use reqwest::Method;
use serde_json::{Value, json};

use super::stripe::{cancel, page, tell};
use super::{Shop, razorpay, text};
use crate::doubles::Double;
use crate::doubles::stripe::{Buyer, Stripe};
use crate::harness::send;

fn held(account: &str, amount: i64) -> (String, i64) {
    (account.to_owned(), amount)
}

async fn bought(stripe: &Double<Stripe>, shop: &Shop, seats: &[&str]) -> (Value, String) {
    let made = shop.order(seats, json!({})).await;
    stripe.books().visit(page(&made["payment"]), Buyer::Pays);
    tell(stripe, shop).await;
    shop.until_status(&made["order"], "confirmed").await;
    // That it was collected we did ourselves.
    stripe.books().events.clear();
    (made["order"].clone(), text(&made["payment"]["id"]).to_owned())
}

async fn until_refunds(shop: &Shop, order: &Value, count: usize) -> Value {
    shop.until(order, |order| order["refunds"].as_array().unwrap().len() == count).await
}

/// Staff give tickets back, and no money with them.
async fn without_money(shop: &Shop, order: &Value, tickets: Value, key: &'static str) {
    let path = format!("/admin/orders/{}/refunds", text(&order["id"]));
    let request = shop.server.request(Method::POST, &path).bearer_auth(&shop.server.admin);
    let wish = json!({"tickets": tickets, "amount": 0, "reason": "Given back by telephone"});
    send(request.header("idempotency-key", key).json(&wish)).await.expect(200);
}

async fn left(shop: &Shop, order: &Value) -> i64 {
    shop.money(order).await["left"]["amount"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_by_hand_counts_once_and_waits_until_staff_have_decided() {
    let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1", "r1-2"]).await;
    let mails = "SELECT count(*) FROM outbox";
    let mails = async || sqlx::query_scalar::<_, i64>(mails).fetch_one(&shop.server.db).await.unwrap();
    let before = mails().await;
    let name = stripe.books().refund_by_hand(&payment, 4500);
    // Twice, as all news; and once more under another name.
    let mut again = stripe.books().events[0].clone();
    again["id"] = json!("evt_of_the_same");
    again["type"] = json!("refund.updated");
    stripe.books().events.push(again);
    for event in tell(&stripe, &shop).await {
        assert_eq!(shop.until_processed(&event).await.1, None);
    }
    let seen = until_refunds(&shop, &order, 1).await;
    assert_eq!((&seen["status"], &seen["refunds"][0]["status"]), (&json!("confirmed"), &json!("succeeded")));
    let money = shop.money(&order).await;
    assert_eq!(money["refunds"][0]["what_for"], "elsewhere");
    assert_eq!((money["left"]["amount"].as_i64(), mails().await), (Some(4500), before), "and nobody is written to");
    let gone = [held("provider:stripe", 4500), held("refunded_elsewhere", 4500), held("sales", -9000)];
    assert_eq!(shop.books().await, gone);
    let list =
        shop.server.admin(Method::GET, "/admin/money-work?kind=refunded_elsewhere", &Value::Null).await.expect(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["detail"]), (1, &json!(name)));

    let tickets = shop.tickets(&order).await;
    without_money(&shop, &order, json!([tickets[0]["id"]]), "one").await;
    shop.until_status(&order, "partially_refunded").await;
    assert_eq!(shop.waiting("refunded_elsewhere").await, 0);
    assert_eq!(shop.books().await, [held("provider:stripe", 4500), held("sales", -4500)]);
    assert_eq!(stripe.books().given_back(), 4500, "nothing was given back twice");
    cancel(&shop, &order, json!({})).await;
    shop.until_status(&order, "refunded").await;
    tell(&stripe, &shop).await;
    assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 9000));
    shop.until_seats("aaaaaaaaaaaa").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ours_and_theirs_together_never_give_back_more_than_was_paid() {
    let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1", "r1-2"]).await;
    let tickets = shop.tickets(&order).await;
    cancel(&shop, &order, json!({"tickets": [tickets[0]["id"]]})).await;
    shop.until_status(&order, "partially_refunded").await;
    stripe.books().refund_by_hand(&payment, 1000);
    tell(&stripe, &shop).await;
    until_refunds(&shop, &order, 2).await;
    assert_eq!(left(&shop, &order).await, 3500);
    cancel(&shop, &order, json!({})).await;
    shop.until_status(&order, "refunded").await;
    tell(&stripe, &shop).await;
    assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 9000));
    assert_eq!((left(&shop, &order).await, shop.waiting("refunded_elsewhere").await), (0, 0));

    // All of it by hand: the buyer's cancelling gives the places back, and no money.
    let (order, payment) = bought(&stripe, &shop, &["r1-3"]).await;
    stripe.books().refund_by_hand(&payment, 4500);
    tell(&stripe, &shop).await;
    let seen = shop.until(&order, |order| order["payment"]["status"] == "refunded").await;
    assert_eq!((&seen["status"], seen["refunds"].as_array().unwrap().len()), (&json!("confirmed"), 1));
    assert_eq!(shop.waiting("refunded_elsewhere").await, 1);
    cancel(&shop, &order, json!({})).await;
    shop.until_status(&order, "refunded").await;
    assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 13_500));
    assert_eq!(shop.waiting("refunded_elsewhere").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_is_undone_whichever_is_heard_first() {
    for newest_first in [false, true] {
        let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
        let (order, payment) = bought(&stripe, &shop, &["r1-1"]).await;
        let refund = stripe.books().refund_by_hand(&payment, 4500);
        if !newest_first {
            tell(&stripe, &shop).await;
            until_refunds(&shop, &order, 1).await;
            assert_eq!(left(&shop, &order).await, 0);
        }
        stripe.books().refund_fails(&refund);
        tell(&stripe, &shop).await;
        shop.until(&order, |order| order["refunds"][0]["status"] == "failed").await;
        assert_eq!(left(&shop, &order).await, 4500);
        assert_eq!(shop.books().await, [held("provider:stripe", 4500), held("sales", -4500)]);
        assert_eq!((shop.waiting("refunded_elsewhere").await, shop.waiting("refund_failed").await), (0, 1));
        cancel(&shop, &order, json!({})).await;
        shop.until_status(&order, "refunded").await;
        assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 4500));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_told_is_seen_when_the_payment_is_asked_about() {
    let (stripe, shop) = super::stripe::open(&["paypal"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1"]).await;
    stripe.books().refund_by_hand(&payment, 1500);
    // This news is lost, and some other news of the payment makes us ask.
    stripe.books().events.clear();
    let session = json!({"id": "cs_x", "metadata": {"aisle_payment": payment}});
    let event = json!({"id": "evt_late", "type": "checkout.session.completed", "created": 1_800_000_000, "data": {"object": session}});
    shop.stripe_says(&event).await.expect(204);
    until_refunds(&shop, &order, 1).await;
    assert_eq!((left(&shop, &order).await, shop.waiting("refunded_elsewhere").await), (3000, 1));
    // A refund of a payment that we know nothing of is none of ours.
    let refund = json!({"id": "re_x", "payment_intent": "pi_of_somebody", "metadata": {}, "status": "succeeded", "amount": 100, "currency": "eur"});
    let event =
        json!({"id": "evt_foreign", "type": "refund.created", "created": 1_800_000_000, "data": {"object": refund}});
    shop.stripe_says(&event).await.expect(204);
    let (_, note) = shop.until_processed("evt_foreign").await;
    assert_eq!(note.as_deref(), Some("nothing that was collected for this account went back by it"));
    assert_eq!(shop.read(&order).await["refunds"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_razorpay_too_and_a_second_payment_that_went_back_by_hand_does_not_go_back_again() {
    let (provider, shop) = razorpay::open(&["upi"], json!({})).await;
    let made = shop.order(&["r1-1", "r1-2"], json!({})).await;
    let order = &made["order"];
    razorpay::pay(&shop, &made["payment"], "pay").await;
    razorpay::tell(&provider, &shop).await;
    shop.until_status(order, "confirmed").await;
    let first = provider.books().newest();
    let refund = provider.books().refund_by_hand(&first, 4500);
    razorpay::tell(&provider, &shop).await;
    until_refunds(&shop, order, 1).await;
    let gone = [held("provider:razorpay", 4500), held("refunded_elsewhere", 4500), held("sales", -9000)];
    assert_eq!((shop.books().await.as_slice(), left(&shop, order).await), (gone.as_slice(), 4500));
    provider.books().refund_fails(&refund);
    razorpay::tell(&provider, &shop).await;
    shop.until(order, |order| order["refunds"][0]["status"] == "failed").await;

    // Paid again in another window; before we have heard of it, somebody gave that back.
    razorpay::pay_unheard(&provider, &made["payment"]);
    let second = provider.books().newest();
    provider.books().refund_by_hand(&second, 9000);
    razorpay::tell(&provider, &shop).await;
    until_refunds(&shop, order, 2).await;
    assert_eq!(provider.books().given_back(), 9000, "once");
    assert_eq!((shop.waiting("duplicate").await, shop.waiting("refunded_elsewhere").await), (0, 0));
    assert_eq!(shop.books().await, [held("provider:razorpay", 9000), held("sales", -9000)]);
    razorpay::cancel(&shop, order, json!({})).await;
    shop.until_status(order, "refunded").await;
    assert_eq!(shop.books().await, []);
}
