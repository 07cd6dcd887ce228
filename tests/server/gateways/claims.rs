//! Claims of banks at the real providers: opened, won, lost, twice, in disorder, of a part, of somebody else's payments.

use serde_json::{Value, json};

use super::stripe::{cancel, page, tell};
use super::{STRIPE_KEY, Shop, connect, razorpay, text};
use crate::doubles::stripe::{Buyer, DISPUTE_FEE, Stripe, signature};
use crate::doubles::{Double, Trouble};
use crate::harness::send;

fn held(account: &str, amount: i64) -> (String, i64) {
    (account.to_owned(), amount)
}

/// A confirmed order of these seats, at Stripe; it, and its payment's id.
async fn bought(stripe: &Double<Stripe>, shop: &Shop, seats: &[&str]) -> (Value, String) {
    let made = shop.order(seats, json!({})).await;
    stripe.books().visit(page(&made["payment"]), Buyer::Pays);
    tell(stripe, shop).await;
    shop.until_status(&made["order"], "confirmed").await;
    // That it was collected we did ourselves.
    stripe.books().events.clear();
    (made["order"].clone(), text(&made["payment"]["id"]).to_owned())
}

async fn until_state(shop: &Shop, order: &Value, state: &str) -> Value {
    let order = shop.until_staff(order, |order| order["disputes"][0]["state"] == state).await;
    assert_eq!(order["disputes"].as_array().unwrap().len(), 1, "{order}");
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_at_stripe_takes_the_money_and_a_won_one_brings_it_back() {
    let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1"]).await;
    let claim = stripe.books().dispute(&payment, 4500, "needs_response");
    for event in tell(&stripe, &shop).await {
        assert_eq!(shop.until_processed(&event).await.1, None);
    }
    let seen = until_state(&shop, &order, "opened").await;
    assert_eq!(
        (&seen["disputes"][0]["provider_ref"], &seen["disputes"][0]["amount"]["amount"]),
        (&json!(claim), &json!(4500))
    );
    let taken = [
        held("disputed", 4500),
        held("provider:stripe", -DISPUTE_FEE),
        held("provider_fees", DISPUTE_FEE),
        held("sales", -4500),
    ];
    assert_eq!(shop.books().await, taken);
    assert_eq!((shop.waiting("dispute_open").await, shop.ticket_states(&order).await), (1, vec!["valid".to_owned()]));
    send(shop.about(reqwest::Method::POST, &order, "/cancel").json(&json!({}))).await.refused(409, "payment_disputed");
    // That it goes on changes nothing.
    stripe.books().dispute_becomes(&claim, "under_review");
    tell(&stripe, &shop).await;
    assert_eq!(shop.books().await, taken);
    stripe.books().dispute_becomes(&claim, "won");
    tell(&stripe, &shop).await;
    until_state(&shop, &order, "won").await;
    let won = [held("provider:stripe", 4500 - DISPUTE_FEE), held("provider_fees", DISPUTE_FEE), held("sales", -4500)];
    assert_eq!((shop.books().await.as_slice(), shop.waiting("dispute_open").await), (won.as_slice(), 0));
    cancel(&shop, &order, json!({})).await;
    shop.until_status(&order, "refunded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_lost_is_heard_of_in_any_order_and_the_rest_can_go_back() {
    let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1", "r1-2"]).await;
    let claim = stripe.books().dispute(&payment, 2000, "needs_response");
    stripe.books().dispute_becomes(&claim, "lost");
    // The verdict is the first that comes, and all of it comes twice.
    tell(&stripe, &shop).await;
    until_state(&shop, &order, "lost").await;
    let lost = [
        held("chargebacks", 2000),
        held("provider:stripe", 7000 - DISPUTE_FEE),
        held("provider_fees", DISPUTE_FEE),
        held("sales", -9000),
    ];
    assert_eq!(shop.books().await, lost);
    assert_eq!(shop.ticket_states(&order).await, ["revoked", "revoked"]);
    assert_eq!(
        (shop.waiting("dispute_lost").await, shop.money(&order).await["left"]["amount"].as_i64()),
        (1, Some(7000))
    );
    // The bank thinks again, and once more.
    stripe.books().dispute_becomes(&claim, "won");
    tell(&stripe, &shop).await;
    until_state(&shop, &order, "won").await;
    assert_eq!(shop.ticket_states(&order).await, ["valid", "valid"]);
    stripe.books().dispute_becomes(&claim, "lost");
    tell(&stripe, &shop).await;
    until_state(&shop, &order, "lost").await;
    assert_eq!(shop.books().await, lost);
    cancel(&shop, &order, json!({})).await;
    shop.until_status(&order, "refunded").await;
    assert_eq!(stripe.books().given_back(), 7000);
    assert_eq!(shop.waiting("dispute_lost").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_only_asks_claims_nothing_until_it_does() {
    let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1"]).await;
    let claim = stripe.books().dispute(&payment, 4500, "warning_needs_response");
    for event in tell(&stripe, &shop).await {
        let (_, note) = shop.until_processed(&event).await;
        assert_eq!(note.as_deref(), Some("it claims no money of a payment of ours"));
    }
    assert!(shop.as_staff(&order).await["disputes"].is_null());
    stripe.books().dispute_becomes(&claim, "needs_response");
    tell(&stripe, &shop).await;
    until_state(&shop, &order, "opened").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_of_other_payments_are_noted_and_of_another_account_not_believed() {
    let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1"]).await;
    let before = shop.books().await;
    stripe.books().dispute_elsewhere(7700);
    for event in tell(&stripe, &shop).await {
        let (_, note) = shop.until_processed(&event).await;
        assert_eq!(note.as_deref(), Some("it claims no money of a payment of ours"));
    }
    // Another account of the same house speaks of the first one's payment.
    let other = json!({"provider": "stripe", "name": "Theirs", "secret_key": STRIPE_KEY, "webhook_secret": "whsec_theirs_theirs",
                       "methods": ["paypal"]});
    let other = connect(&shop.server, shop.organizer, &other).await.expect(201);
    stripe.books().dispute(&payment, 4500, "needs_response");
    let events = std::mem::take(&mut stripe.books().events);
    for event in &events {
        let body = event.to_string();
        let path = format!("/webhooks/stripe/{}", text(&other["id"]));
        let signed = signature("whsec_theirs_theirs", jiff::Timestamp::now().as_second(), &body);
        let request = shop.server.request(reqwest::Method::POST, &path).header("stripe-signature", signed);
        send(request.body(body)).await.expect(204);
        let (_, note) = shop.until_processed(text(&event["id"])).await;
        assert_eq!(note.as_deref(), Some("it is about no payment of this account"));
    }
    assert_eq!((shop.books().await, &shop.as_staff(&order).await["disputes"]), (before, &Value::Null));
    assert_eq!(shop.waiting("dispute_open").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_stripe_could_not_be_asked_about_is_asked_again() {
    let (stripe, shop) = super::stripe::open(&["card"], json!({})).await;
    let (order, payment) = bought(&stripe, &shop, &["r1-1"]).await;
    stripe.books().dispute(&payment, 4500, "needs_response");
    let event = stripe.books().events.remove(0);
    stripe.next("GET /v1/disputes/", Trouble::QuestionLost);
    shop.stripe_says(&event).await.expect(204);
    until_state(&shop, &order, "opened").await;
    let (tries, note) = shop.until_processed(text(&event["id"])).await;
    assert_eq!((tries > 0, note), (true, None));
}

async fn bought_in_rupees(provider: &Double<crate::doubles::razorpay::Razorpay>, shop: &Shop, seats: &[&str]) -> Value {
    let made = shop.order(seats, json!({})).await;
    razorpay::pay(shop, &made["payment"], "pay").await;
    razorpay::tell(provider, shop).await;
    shop.until_status(&made["order"], "confirmed").await;
    made["order"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn razorpay_takes_the_money_when_a_claim_is_lost_and_only_so_much() {
    let (provider, shop) = razorpay::open(&["card"], json!({})).await;
    let order = bought_in_rupees(&provider, &shop, &["r1-1", "r1-2"]).await;
    let paid = provider.books().newest();
    let claim = provider.books().dispute(&paid, 9000, "chargeback", 0);
    razorpay::tell(&provider, &shop).await;
    until_state(&shop, &order, "opened").await;
    let whole = [held("provider:razorpay", 9000), held("sales", -9000)];
    assert_eq!(shop.books().await, whole, "nothing was taken yet");
    send(shop.about(reqwest::Method::POST, &order, "/cancel").json(&json!({}))).await.refused(409, "payment_disputed");
    for status in ["under_review", "action_required"] {
        // The latter is only told; the claim itself is open again.
        let becomes = if status == "action_required" { "open" } else { status };
        provider.books().dispute_becomes(&claim, becomes, 0);
        razorpay::tell(&provider, &shop).await;
    }
    assert_eq!(shop.books().await, whole);
    provider.books().dispute_becomes(&claim, "lost", 3000);
    razorpay::tell(&provider, &shop).await;
    let seen = until_state(&shop, &order, "lost").await;
    assert_eq!(seen["disputes"][0]["amount"]["amount"], 3000);
    assert_eq!(shop.books().await, [held("chargebacks", 3000), held("provider:razorpay", 6000), held("sales", -9000)]);
    razorpay::cancel(&shop, &order, json!({})).await;
    shop.until_status(&order, "refunded").await;
    assert_eq!(provider.books().given_back(), 6000);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_razorpay_a_claim_is_won_with_nothing_taken_or_taken_when_it_was_made() {
    let (provider, shop) = razorpay::open(&["upi"], json!({})).await;
    let mut sold = 0;
    for (at, deducted) in [0, 4500].into_iter().enumerate() {
        let order = bought_in_rupees(&provider, &shop, &[&format!("r1-{}", at + 1)]).await;
        sold += 4500;
        let paid = provider.books().newest();
        // The bank asks before it claims.
        provider.books().dispute(&paid, 4500, "retrieval", 0);
        razorpay::tell(&provider, &shop).await;
        let claim = provider.books().dispute(&paid, 4500, "chargeback", deducted);
        razorpay::tell(&provider, &shop).await;
        until_state(&shop, &order, "opened").await;
        let disputed = shop.books().await.into_iter().find(|(account, _)| account == "disputed");
        assert_eq!(disputed.map_or(0, |(_, amount)| amount), deducted);
        provider.books().dispute_becomes(&claim, "won", 0);
        razorpay::tell(&provider, &shop).await;
        until_state(&shop, &order, "won").await;
        assert_eq!(shop.books().await, [held("provider:razorpay", sold), held("sales", -sold)]);
    }
    let link = provider.books().pay_by_link(9900);
    provider.books().dispute(&link, 9900, "chargeback", 9900);
    razorpay::tell(&provider, &shop).await;
    assert_eq!(shop.waiting("dispute_open").await, 0);
    assert_eq!(shop.books().await, [held("provider:razorpay", sold), held("sales", -sold)]);
}
