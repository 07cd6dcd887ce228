//! Razorpay: bought, cancelled in part, refunded; declined; unanswered; paid twice.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, text};
use crate::doubles::razorpay::{Razorpay, signature};
use crate::doubles::{Double, Trouble};
use crate::harness::{Answer, send};
use crate::process::until;

const KEY_ID: &str = "rzp_test_AisleAisleAisl";
const SECRET: &str = "aisleaisleaisleaisle";
pub(super) const WEBHOOK_SECRET: &str = "a secret of the webhook";

pub(super) async fn open(methods: &[&str], fields: Value) -> (Double<Razorpay>, Shop) {
    let razorpay = Double::razorpay(KEY_ID, SECRET);
    let webhook = WEBHOOK_SECRET.replace(' ', "-");
    let account = json!({"provider": "razorpay", "name": "Ours", "key_id": KEY_ID, "secret_key": SECRET,
                         "webhook_secret": webhook, "methods": methods});
    let url = razorpay.url.clone();
    let shop = Shop::open("razorpay", account, fields, |config| config.razorpay_url = Some(url)).await;
    // In rupees, for the methods that know nothing else.
    sqlx::query("UPDATE show SET currency = 'INR'").execute(&shop.server.db).await.unwrap();
    (razorpay, shop)
}

/// The buyer's browser: our page, its form, the double's page, and back.
pub(super) async fn pay(shop: &Shop, payment: &Value, outcome: &str) {
    let url = format!("{}{}", shop.server.url, text(&payment["checkout_url"]));
    let page = send(shop.server.http.get(url)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action http://127.0.0.1:"), "{policy}");
    let mut fields = hidden(&page.text);
    fields.push(("outcome".to_owned(), outcome.to_owned()));
    let action = attribute(&page.text, "action=\"");
    let back = send(shop.server.http.post(action).form(&fields)).await;
    assert_eq!(back.status, 303, "{}", back.text);
    let back = send(shop.server.http.post(back.headers["location"].to_str().unwrap())).await;
    assert_eq!(back.status, 303, "{}", back.text);
}

/// The same at the double alone: no browser comes back.
pub(super) fn pay_unheard(razorpay: &Double<Razorpay>, payment: &Value) {
    let mut books = razorpay.books();
    let order = books.order_of(text(&payment["id"]));
    books.visit(&order, json!({"aisle_payment": payment["id"]}), true);
}

fn plain(text: &str) -> String {
    text.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&amp;", "&")
}

fn attribute(html: &str, name: &str) -> String {
    plain(html.split_once(name).unwrap().1.split_once('"').unwrap().0)
}

fn hidden(html: &str) -> Vec<(String, String)> {
    let inputs = html.split("<input type=\"hidden\"").skip(1);
    inputs.map(|input| (attribute(input, "name=\""), attribute(input, "value=\""))).collect()
}

pub(super) async fn says(shop: &Shop, event: &Value, id: &str, secret: &str) -> Answer {
    let body = event.to_string();
    let path = format!("/webhooks/razorpay/{}", shop.account);
    let request = shop.server.request(Method::POST, &path).header("x-razorpay-event-id", id);
    send(request.header("x-razorpay-signature", signature(secret, &body)).body(body)).await
}

/// Sends what waits: each twice, the newest first.
pub(super) async fn tell(razorpay: &Double<Razorpay>, shop: &Shop) {
    let events = std::mem::take(&mut razorpay.books().events);
    for event in events.iter().rev().chain(&events) {
        // The same news has the same name, and no other has it.
        let id = format!("{:x}", aisle::platform::ids::request_hash(event.to_string().as_bytes()));
        says(shop, event, &id, &WEBHOOK_SECRET.replace(' ', "-")).await.expect(204);
    }
}

pub(super) async fn cancel(shop: &Shop, order: &Value, body: Value) {
    send(shop.about(Method::POST, order, "/cancel").json(&body)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_buys_part_is_cancelled_the_rest_is_refunded_and_the_books_are_empty() {
    let (razorpay, shop) = open(&["card", "upi", "netbanking", "wallet"], json!({})).await;
    for (before, method) in ["card", "upi", "netbanking", "wallet"].into_iter().enumerate() {
        let made = shop.order(&["r1-1", "r1-2"], json!({"provider": "razorpay", "method": method})).await;
        let order = &made["order"];
        pay(&shop, &made["payment"], "pay").await;
        tell(&razorpay, &shop).await;
        shop.until_status(order, "confirmed").await;
        // Only a card's amount is set aside, and collected by us.
        assert_eq!((razorpay.times("/capture"), razorpay.books().statuses().last()), (1, Some(&"captured")));
        assert_eq!(shop.books().await, [("provider:razorpay".to_owned(), 9000), ("sales".to_owned(), -9000)]);
        let tickets = shop.tickets(order).await;
        cancel(&shop, order, json!({"tickets": [tickets[0]["id"]]})).await;
        shop.until_status(order, "partially_refunded").await;
        cancel(&shop, order, json!({})).await;
        shop.until_status(order, "refunded").await;
        tell(&razorpay, &shop).await;
        let back = 9000 * (i64::try_from(before).unwrap() + 1);
        assert_eq!((shop.books().await, razorpay.books().given_back()), (vec![], back), "{method}");
        shop.until_seats("aaaaaaaaaaaa").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_declined_tries_again_and_who_pays_twice_has_it_back() {
    let (razorpay, shop) = open(&["upi"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let order = &made["order"];
    pay(&shop, &made["payment"], "decline").await;
    assert_eq!(shop.read(order).await["payment"]["status"], "pending");
    pay(&shop, &made["payment"], "pay").await;
    tell(&razorpay, &shop).await;
    shop.until_status(order, "confirmed").await;
    // In another window the page was still open.
    pay(&shop, &made["payment"], "pay").await;
    tell(&razorpay, &shop).await;
    let settled = shop.until(order, |order| order["refunds"][0]["status"] == "succeeded").await;
    assert_eq!((text(&settled["status"]), settled["refunds"].as_array().unwrap().len()), ("confirmed", 1));
    assert_eq!(razorpay.books().statuses(), ["failed", "captured", "refunded"]);
    assert_eq!(shop.books().await, [("provider:razorpay".to_owned(), 4500), ("sales".to_owned(), -4500)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answer_is_lost_there_is_one_order_and_one_refund() {
    let (razorpay, shop) = open(&["card"], json!({})).await;
    let mut done = 0;
    for like in ["POST /v1/orders", "GET /v1/orders", "/capture", "/refund"] {
        for trouble in [Trouble::AnswerLost, Trouble::QuestionLost, Trouble::Instead(429)] {
            razorpay.next(like, trouble);
            let made = shop.order(&["r1-1"], json!({})).await;
            let order = &made["order"];
            let found = shop.until(order, |order| order["payment"]["status"] == "pending").await;
            pay(&shop, &found["payment"], "pay").await;
            tell(&razorpay, &shop).await;
            shop.until_status(order, "confirmed").await;
            cancel(&shop, order, json!({})).await;
            shop.until_status(order, "refunded").await;
            done += 1;
            let (made, back) = {
                let books = razorpay.books();
                (books.orders_made(), books.given_back())
            };
            assert_eq!((i64::try_from(made).unwrap(), back), (done, 4500 * done), "{like} {trouble:?}");
            assert_eq!(shop.books().await, []);
            shop.until_seats("aaaaaaaaaaaa").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_else_does_the_same_just_then_it_is_sold_and_given_back_once() {
    let (razorpay, shop) = open(&["card"], json!({})).await;
    let mut done = 0;
    for like in ["/capture", "/refund"] {
        // Another of us, whose question was first, or is being answered.
        for trouble in [Trouble::JustDone, Trouble::Instead(400)] {
            let made = shop.order(&["r1-1"], json!({})).await;
            let order = &made["order"];
            razorpay.next(like, trouble);
            pay(&shop, &made["payment"], "pay").await;
            tell(&razorpay, &shop).await;
            let sold = shop.until_status(order, "confirmed").await;
            assert_eq!(sold["refunds"], json!([]), "{like} {trouble:?}");
            cancel(&shop, order, json!({})).await;
            shop.until_status(order, "refunded").await;
            tell(&razorpay, &shop).await;
            done += 1;
            assert_eq!(
                (shop.books().await, razorpay.books().given_back()),
                (vec![], 4500 * done),
                "{like} {trouble:?}"
            );
            shop.until_seats("aaaaaaaaaaaa").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_and_the_news_at_once_sell_once() {
    let (razorpay, shop) = open(&["card"], json!({})).await;
    for _ in 0..20 {
        let made = shop.order(&["r1-1"], json!({})).await;
        let order = &made["order"];
        pay_unheard(&razorpay, &made["payment"]);
        // The buyer's way back and the news of the payment, each twice: who is second within two seconds is not asked for again.
        tokio::join!(
            shop.come_back(&made["payment"]),
            tell(&razorpay, &shop),
            shop.come_back(&made["payment"]),
            tell(&razorpay, &shop)
        );
        let sold = shop.until(order, |order| order["status"] != "awaiting_payment" && order["status"] != "paid").await;
        assert_eq!((text(&sold["status"]), &sold["refunds"]), ("confirmed", &json!([])));
        cancel(&shop, order, json!({})).await;
        shop.until_status(order, "refunded").await;
        tell(&razorpay, &shop).await;
        assert_eq!(shop.books().await, []);
        shop.until_seats("aaaaaaaaaaaa").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_pays_is_let_go_and_our_page_says_so() {
    let (razorpay, shop) = open(&["card"], json!({"pay_within_s": 1})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    shop.until_status(&made["order"], "expired").await;
    shop.until_seats("aaaaaaaaaaaa").await;
    let url = format!("{}{}", shop.server.url, text(&made["payment"]["checkout_url"]));
    let page = send(shop.server.http.get(url)).await;
    assert!(page.text.contains("This payment is closed.") && !page.text.contains("<form"), "{}", page.text);
    assert_eq!(razorpay.books().orders_made(), 1);
}

/// What became of all news that waits, each sent once.
async fn notes(razorpay: &Double<Razorpay>, shop: &Shop) -> Vec<Option<String>> {
    let events = std::mem::take(&mut razorpay.books().events);
    let mut notes = Vec::new();
    for event in events {
        let id = format!("{:x}", aisle::platform::ids::request_hash(event.to_string().as_bytes()));
        says(shop, &event, &id, &WEBHOOK_SECRET.replace(' ', "-")).await.expect(204);
        notes.push(shop.until_processed(&id).await.1);
    }
    notes
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_was_let_go_of_goes_back_by_itself_and_is_in_no_books() {
    let (razorpay, shop) = open(&["card"], json!({"pay_within_s": 1})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let order = &made["order"];
    shop.until_status(order, "expired").await;
    // Too late: it is set aside, and nobody collects it.
    pay_unheard(&razorpay, &made["payment"]);
    tell(&razorpay, &shop).await;
    shop.until(order, |order| order["payment"]["status"] == "cancelled").await;
    razorpay.books().lapses();
    let why = Some("nothing that was collected for this account went back by it".to_owned());
    assert_eq!(notes(&razorpay, &shop).await, [why.clone(), why]);
    let seen = shop.read(order).await;
    assert_eq!((&seen["payment"]["status"], &seen["refunds"]), (&json!("cancelled"), &json!([])));
    assert_eq!((shop.books().await, shop.waiting("refunded_elsewhere").await), (vec![], 0));
    // Asked about once more it says the same.
    shop.come_back(&made["payment"]).await;
    let seen = shop.read(order).await;
    assert_eq!((&seen["payment"]["status"], &seen["refunds"]), (&json!("cancelled"), &json!([])));
    assert_eq!((shop.books().await, razorpay.times("/capture")), (vec![], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_back_before_it_could_be_collected_sells_nothing() {
    let (razorpay, shop) = open(&["card"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let order = &made["order"];
    // Its seats are booked, and nobody hears whether the amount was collected.
    for _ in 0..100 {
        razorpay.next("/capture", Trouble::Instead(500));
    }
    pay_unheard(&razorpay, &made["payment"]);
    tell(&razorpay, &shop).await;
    until("it is asked for", async || (razorpay.times("/capture") > 0).then_some(())).await;
    shop.until_seats("baaaaaaaaaaa").await;
    razorpay.books().lapses();
    tell(&razorpay, &shop).await;
    shop.until_seats("aaaaaaaaaaaa").await;
    let seen = shop.until(order, |order| order["payment"]["status"] == "cancelled").await;
    assert_eq!((text(&seen["status"]), &seen["refunds"]), ("expired", &json!([])));
    assert_eq!((shop.books().await, shop.waiting("refunded_elsewhere").await), (vec![], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_payment_that_somebody_collects_at_the_dashboard_goes_back_though_nobody_tells() {
    let (razorpay, shop) = open(&["card"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let order = &made["order"];
    pay(&shop, &made["payment"], "pay").await;
    tell(&razorpay, &shop).await;
    shop.until_status(order, "confirmed").await;
    // In another window the page was still open; before that is let go of, somebody collects it, and the news of it is lost.
    for _ in 0..100 {
        razorpay.next("GET /v1/payments/", Trouble::Instead(500));
    }
    let before = razorpay.times("GET /v1/payments/");
    pay_unheard(&razorpay, &made["payment"]);
    tell(&razorpay, &shop).await;
    until("it is let go of", async || (razorpay.times("GET /v1/payments/") > before).then_some(())).await;
    razorpay.books().capture_by_hand();
    razorpay.books().events.clear();
    razorpay.calm();
    let settled = shop.until(order, |order| order["refunds"][0]["status"] == "succeeded").await;
    assert_eq!((text(&settled["status"]), settled["refunds"].as_array().unwrap().len()), ("confirmed", 1));
    assert_eq!(razorpay.books().statuses(), ["captured", "refunded"]);
    assert_eq!(shop.books().await, [("provider:razorpay".to_owned(), 4500), ("sales".to_owned(), -4500)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_and_an_old_recording_are_refused() {
    let (_razorpay, shop) = open(&["card"], json!({})).await;
    let now = jiff::Timestamp::now().as_second();
    let event = |at: i64| json!({"event": "payment.failed", "payload": {}, "created_at": at});
    let secret = WEBHOOK_SECRET.replace(' ', "-");
    says(&shop, &event(now), "one", "another secret").await.refused(403, "signature_invalid");
    says(&shop, &event(now - 4 * 86_400), "one", &secret).await.refused(403, "signature_invalid");
    says(&shop, &event(now), "one", &secret).await.expect(204);
    says(&shop, &event(now), "one", &secret).await.expect(204);
    assert_eq!(shop.until_processed("one").await.0, 0);
}
