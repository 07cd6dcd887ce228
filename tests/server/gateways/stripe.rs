//! Stripe: bought, cancelled in part, refunded; declined; unanswered; late.

use reqwest::Method;
use serde_json::{Value, json};

use super::{STRIPE_KEY, Shop, text};
use crate::doubles::stripe::{Buyer, Stripe};
use crate::doubles::{Double, Trouble};
use crate::harness::send;

pub(super) async fn open(methods: &[&str], fields: Value) -> (Double<Stripe>, Shop) {
    let stripe = Double::stripe(STRIPE_KEY);
    let shop = Shop::stripe(&stripe.url, methods, fields).await;
    (stripe, shop)
}

/// The page that a payment's address leads to.
pub(super) fn page(payment: &Value) -> &str {
    text(&payment["checkout_url"]).rsplit('/').next().unwrap()
}

/// Sends what waits: each twice, the newest first.
pub(super) async fn tell(stripe: &Double<Stripe>, shop: &Shop) -> Vec<String> {
    let events = std::mem::take(&mut stripe.books().events);
    for event in events.iter().rev().chain(&events) {
        shop.stripe_says(event).await.expect(204);
    }
    events.iter().map(|event| text(&event["id"]).to_owned()).collect()
}

pub(super) async fn cancel(shop: &Shop, order: &Value, body: Value) -> Value {
    send(shop.about(Method::POST, order, "/cancel").json(&body)).await.expect(200)["order"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_buys_part_is_cancelled_the_rest_is_refunded_and_the_books_are_empty() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    let made = shop.order(&["r1-1", "r1-2"], json!({"provider": "stripe", "method": "card"})).await;
    let (order, payment) = (&made["order"], &made["payment"]);
    assert_eq!((text(&payment["status"]), text(&payment["method"])), ("pending", "card"));
    assert!(text(&payment["checkout_url"]).starts_with(&stripe.url), "{payment}");
    assert!(stripe.books().visit(page(payment), Buyer::Pays));
    // Set aside, not taken, until the seats are booked.
    assert_eq!(stripe.books().status_of(text(&payment["id"])), "requires_capture");
    let said = tell(&stripe, &shop).await;
    let confirmed = shop.until_status(order, "confirmed").await;
    assert_eq!(confirmed["payment"]["status"], "captured");
    assert_eq!(stripe.books().status_of(text(&payment["id"])), "succeeded");
    assert_eq!(shop.seats().await, "bbaaaaaaaaaa");
    assert_eq!(shop.books().await, [("provider:stripe".to_owned(), 9000), ("sales".to_owned(), -9000)]);
    for event in said {
        assert_eq!(shop.until_processed(&event).await.0, 0, "nothing had to be tried again");
    }

    let tickets = shop.tickets(order).await;
    cancel(&shop, order, json!({"tickets": [tickets[0]["id"]]})).await;
    shop.until_status(order, "partially_refunded").await;
    tell(&stripe, &shop).await;
    assert_eq!(stripe.books().given_back(), 4500);
    cancel(&shop, order, json!({})).await;
    let refunded = shop.until_status(order, "refunded").await;
    tell(&stripe, &shop).await;
    assert_eq!(refunded["refunds"].as_array().unwrap().len(), 2);
    assert_eq!(stripe.books().given_back(), 9000);
    assert_eq!(shop.books().await, []);
    shop.until_seats("aaaaaaaaaaaa").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_at_once_is_booked_and_given_back() {
    let (stripe, shop) = open(&["paypal"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let order = &made["order"];
    assert_eq!(made["payment"]["method"], "paypal");
    stripe.books().visit(page(&made["payment"]), Buyer::Pays);
    // Nobody sends any news: the browser that comes back is enough.
    shop.come_back(&made["payment"]).await;
    shop.until_status(order, "confirmed").await;
    assert_eq!(stripe.times("/capture"), 0);
    cancel(&shop, order, json!({})).await;
    shop.until_status(order, "refunded").await;
    assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 4500));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_declined_tries_again_on_the_same_page() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let order = &made["order"];
    assert!(stripe.books().visit(page(&made["payment"]), Buyer::IsDeclined));
    let declined = tell(&stripe, &shop).await;
    let (attempts, note) = shop.until_processed(&declined[0]).await;
    assert_eq!((attempts, note.as_deref()), (0, Some("the buyer can try again on the provider's page")));
    assert_eq!(shop.read(order).await["payment"]["status"], "pending");
    assert!(stripe.books().visit(page(&made["payment"]), Buyer::Pays));
    tell(&stripe, &shop).await;
    shop.until_status(order, "confirmed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_cannot_be_collected_gives_the_seats_back() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    stripe.books().no_capture = true;
    let made = shop.order(&["r1-1"], json!({})).await;
    stripe.books().visit(page(&made["payment"]), Buyer::Pays);
    tell(&stripe, &shop).await;
    shop.until_status(&made["order"], "expired").await;
    shop.until_seats("aaaaaaaaaaaa").await;
    assert!(shop.tickets(&made["order"]).await.is_empty());
    assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_whose_answer_is_lost_is_answered_and_then_found() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    stripe.next("POST /v1/checkout/sessions", Trouble::AnswerLost);
    let made = shop.order(&["r1-1"], json!({})).await;
    assert_eq!(made["payment"]["status"], "starting");
    let found = shop.until(&made["order"], |order| order["payment"]["status"] == "pending").await;
    assert_eq!(stripe.books().sessions_made(), 1, "asked twice under one key");
    assert!(stripe.times("POST /v1/checkout/sessions") >= 2);
    stripe.books().visit(page(&found["payment"]), Buyer::Pays);
    shop.come_back(&found["payment"]).await;
    shop.until_status(&made["order"], "confirmed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answer_is_lost_the_money_moves_once() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    let mut done = 0;
    for like in ["/capture", "GET /v1/checkout/sessions/", "POST /v1/refunds"] {
        for trouble in [Trouble::AnswerLost, Trouble::QuestionLost, Trouble::Instead(429), Trouble::Instead(409)] {
            let made = shop.order(&["r1-1"], json!({})).await;
            let order = &made["order"];
            stripe.next(like, trouble);
            stripe.books().visit(page(&made["payment"]), Buyer::Pays);
            tell(&stripe, &shop).await;
            shop.until_status(order, "confirmed").await;
            cancel(&shop, order, json!({})).await;
            shop.until_status(order, "refunded").await;
            tell(&stripe, &shop).await;
            done += 1;
            assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 4500 * done), "{like} {trouble:?}");
            shop.until_seats("aaaaaaaaaaaa").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_collects_at_the_dashboard_just_then_is_sold_all_the_same() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    stripe.next("/capture", Trouble::JustDone);
    stripe.books().visit(page(&made["payment"]), Buyer::Pays);
    tell(&stripe, &shop).await;
    let sold = shop.until_status(&made["order"], "confirmed").await;
    assert_eq!((&sold["refunds"], stripe.books().given_back()), (&json!([]), 0));
    assert_eq!(shop.books().await, [("provider:stripe".to_owned(), 4500), ("sales".to_owned(), -4500)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_pays_is_closed_there_too() {
    let (stripe, shop) = open(&["card"], json!({"pay_within_s": 1})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    shop.until_status(&made["order"], "expired").await;
    shop.until_seats("aaaaaaaaaaaa").await;
    assert!(!stripe.books().visit(page(&made["payment"]), Buyer::Pays), "the page is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_before_the_answer_came_leaves_no_open_page() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    stripe.next("POST /v1/checkout/sessions", Trouble::AnswerLost);
    let made = shop.order(&["r1-1"], json!({})).await;
    let reopen = || send(shop.about(Method::POST, &made["order"], "/reopen").json(&json!({})));
    let mut answer = reopen().await;
    while answer.status == 503 {
        answer = reopen().await;
    }
    assert_eq!(answer.expect(200)["order"]["status"], "cancelled");
    let session = stripe.books().session_of(text(&made["payment"]["id"])).unwrap();
    assert!(!stripe.books().visit(&session, Buyer::Pays));
    assert_eq!(stripe.books().sessions_made(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_too_late_goes_back_once() {
    let (stripe, shop) = open(&["paypal"], json!({"pay_within_s": 2})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    stripe.books().paid_at = Some(jiff::Timestamp::now().as_second() + 60);
    stripe.books().visit(page(&made["payment"]), Buyer::Pays);
    let order = shop.until(&made["order"], |order| order["refunds"][0]["status"] == "succeeded").await;
    tell(&stripe, &shop).await;
    assert_eq!((text(&order["status"]), order["refunds"].as_array().unwrap().len()), ("expired", 1));
    assert_eq!((shop.books().await, stripe.books().given_back()), (vec![], 4500));
    shop.until_seats("aaaaaaaaaaaa").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_later_is_somebodys_work() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let order = &made["order"];
    stripe.books().visit(page(&made["payment"]), Buyer::Pays);
    tell(&stripe, &shop).await;
    shop.until_status(order, "confirmed").await;
    stripe.books().refunds_fail = true;
    cancel(&shop, order, json!({})).await;
    shop.until_status(order, "refunded").await;
    // The newest comes first: that it failed is known before that it was made.
    tell(&stripe, &shop).await;
    let failed = shop.until(order, |order| order["refunds"][0]["status"] == "failed").await;
    assert_eq!(failed["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(shop.books().await, [("provider:stripe".to_owned(), 4500), ("refunds_due".to_owned(), -4500)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_attempt_closes_the_page_of_the_one_before() {
    let (stripe, shop) = open(&["card", "paypal"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({"method": "card"})).await;
    let wish = json!({"provider": "stripe", "method": "paypal"});
    let again = send(shop.about(Method::POST, &made["order"], "/payments").json(&wish)).await.expect(201);
    assert_eq!(again["payment"]["method"], "paypal");
    assert!(!stripe.books().visit(page(&made["payment"]), Buyer::Pays), "the first page is closed");
    assert!(stripe.books().visit(page(&again["payment"]), Buyer::Pays));
    shop.come_back(&again["payment"]).await;
    shop.until_status(&made["order"], "confirmed").await;
    let wrong = json!({"provider": "stripe", "method": "upi"});
    send(shop.about(Method::POST, &made["order"], "/payments").json(&wrong)).await.refused(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_taken_is_told_at_once() {
    let (stripe, shop) = open(&["card"], json!({})).await;
    stripe.books().key = "sk_test_another_one_0000".to_owned();
    let made = shop.order(&["r1-1"], json!({})).await;
    assert_eq!(made["payment"]["status"], "declined");
    assert_eq!(made["order"]["status"], "awaiting_payment");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_double_keeps_its_word_on_keys() {
    let stripe = Double::stripe(STRIPE_KEY);
    let client = reqwest::Client::new();
    let ask = async |amount: &str| {
        let fields = [
            ("mode", "payment"),
            ("line_items[0][price_data][unit_amount]", amount),
            ("line_items[0][price_data][currency]", "eur"),
            ("metadata[aisle_payment]", "x"),
        ];
        let request = client.post(format!("{}/v1/checkout/sessions", stripe.url)).bearer_auth(STRIPE_KEY);
        send(request.header("idempotency-key", "one").form(&fields)).await
    };
    let first = ask("500").await.expect(200);
    assert_eq!(ask("500").await.expect(200), first);
    assert_eq!(ask("501").await.expect(400)["error"]["type"], "idempotency_error");
    assert_eq!(stripe.books().sessions_made(), 1);
}
