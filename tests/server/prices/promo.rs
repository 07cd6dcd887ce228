//! Promo codes: who may use one, how often, and what becomes of a use.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{amount, fees_and_vat, on_sale, shop, text};
use crate::catalog::house::{house, make};

const HALF: fn() -> Value = || json!({"percent_bp": 5000});

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_order_at_once_only_as_many_use_a_code_as_it_has_uses() {
    let shop = shop().await;
    let code = shop.code("RUSH", HALF(), json!({"uses_max": 3})).await;
    let other = on_sale(&shop.server, &shop.house, json!({})).await;
    let mut holds = Vec::new();
    for at in 0..20 {
        let show = if at % 2 == 0 { &shop.show } else { &other };
        holds.push(shop.hold_of(show, &json!({"areas": [{"area": "floor", "quantity": 1}]})).await);
    }
    let shop = &shop;
    let orders = holds.iter().enumerate().map(|(at, hold)| {
        let customer = json!({"name": "Ada", "email": format!("ada{at}@example.org")});
        async move { (shop.order(&[hold], json!({"promo_code": "rush", "customer": customer})).await, hold) }
    });
    let answers = join_all(orders).await;
    let (mut made, mut refused) = (0, 0);
    for (answer, hold) in answers {
        if answer.status == 201 {
            made += 1;
        } else {
            answer.refused(409, "promo_code_used_up");
            refused += 1;
            // Whoever came too late still has the places, and may have them at the full price.
            let quote = shop.quote(&[hold], json!({"promo_code": "RUSH"})).await;
            assert_eq!((text(&quote["promo"]["reason"]), amount(&quote["total"])), ("used_up", 3000));
        }
    }
    assert_eq!((made, refused, shop.uses(&code).await), (3, 17, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_ends_without_a_sale_gives_its_use_back_and_what_was_sold_keeps_it() {
    let shop = shop().await;
    let show = on_sale(&shop.server, &shop.house, json!({"pay_within_s": 1})).await;
    let code = shop.code("ONCE", HALF(), json!({"uses_max": 1})).await;
    let promo = || json!({"promo_code": "ONCE"});
    let short = shop.hold_of(&show, &json!({"seats": ["A-1"]})).await;
    let made = shop.order(&[&short], promo()).await.expect(201);
    assert_eq!((amount(&made["order"]["total"]), shop.uses(&code).await), (2500, 1));
    shop.pay(&made, "abandon").await;
    shop.until(&made["order"], "expired").await;
    assert_eq!(shop.uses(&code).await, 0);

    // Given up by its buyer it is free at once; the same hold may use it again.
    let hold = shop.floor().await;
    let made = shop.order(&[&hold], promo()).await.expect(201);
    let late = shop.floor().await;
    shop.order(&[&late], promo()).await.refused(409, "promo_code_used_up");
    super::send(shop.about(Method::POST, &made["order"], "/reopen").json(&json!({}))).await.expect(200);
    assert_eq!(shop.uses(&code).await, 0);
    let made = shop.order(&[&hold], promo()).await.expect(201);
    shop.pay(&made, "succeed").await;
    shop.until(&made["order"], "confirmed").await;
    shop.cancel(&made["order"], &json!({}), "refunded").await;
    assert_eq!(shop.uses(&code).await, 1, "what was sold has used it, whatever becomes of it");
    shop.order(&[&late], promo()).await.refused(409, "promo_code_used_up");
    shop.books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_uses_a_code_as_often_as_they_may() {
    let shop = shop().await;
    let code = shop.code("MEMBER", HALF(), json!({"per_customer_max": 1})).await;
    let by = |email: &str| json!({"promo_code": "member", "customer": {"name": "Ada", "email": email}});
    let (first, second) = (shop.floor().await, shop.floor().await);
    shop.order(&[&first], by("ada@example.org")).await.expect(201);
    let refused = shop.order(&[&second], by("Ada@Example.org")).await.refused(409, "promo_code_used_up");
    assert!(text(&refused["detail"]).contains("already"), "{refused}");
    shop.order(&[&second], by("bob@example.org")).await.expect(201);
    assert_eq!(shop.uses(&code).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_does_not_apply_says_why_and_orders_nothing() {
    let shop = shop().await;
    let stranger = house(&shop.server).await;
    let foreign = json!({"organizer_id": stranger.organizer, "code": "THEIRS", "discount": HALF()});
    make(&shop.server, "promo-codes", &foreign).await;
    let other = on_sale(&shop.server, &shop.house, json!({})).await;
    shop.code("SOON", HALF(), json!({"valid_from": "2099-01-01T00:00:00Z"})).await;
    shop.code("GONE", HALF(), json!({"valid_until": "2020-01-01T00:00:00Z"})).await;
    shop.code("OTHERSHOW", HALF(), json!({"only": {"shows": [other]}})).await;
    shop.code("KIDS", HALF(), json!({"only": {"ticket_types": ["child"]}})).await;
    shop.code("DOLLARS", json!({"per_ticket": {"amount": 500, "currency": "USD"}}), json!({})).await;
    let away = shop.code("AWAY", HALF(), json!({})).await;
    shop.server.admin(Method::DELETE, &format!("/admin/promo-codes/{away}"), &Value::Null).await.expect(204);
    let hold = shop.hold(&["A-1"]).await;
    for (code, reason) in [
        ("THEIRS", "unknown"),
        ("SOON", "not_yet"),
        ("GONE", "over"),
        ("OTHERSHOW", "not_these_shows"),
        ("KIDS", "not_these_tickets"),
        ("DOLLARS", "other_currency"),
        ("AWAY", "unknown"),
        ("No such thing!", "unknown"),
    ] {
        let quote = shop.quote(&[&hold], json!({"promo_code": code})).await;
        assert_eq!((text(&quote["promo"]["reason"]), &quote["promo"]["applies"]), (reason, &json!(false)), "{code}");
        assert_eq!(amount(&quote["total"]), 5000, "nothing is taken off by {code}");
        let refused = shop.order(&[&hold], json!({"promo_code": code})).await.refused(409, "promo_code_invalid");
        assert_eq!(refused["detail"], quote["promo"]["detail"]);
    }
    // Nothing was begun: the hold is open, and is sold at its price.
    let made = shop.order(&[&hold], json!({"expected_total": 5000})).await.expect(201);
    assert_eq!(amount(&made["order"]["total"]), 5000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comp_confirms_at_once_without_fees_and_is_given_back_without_money() {
    let shop = shop().await;
    shop.rule(&fees_and_vat()).await;
    let code = shop.code("PRESS", json!({"percent_bp": 10_000}), json!({"note": "The critics"})).await;
    let hold = shop.hold(&["A-1", "A-2"]).await;
    let quote = shop.quote(&[&hold], json!({"promo_code": "press"})).await;
    assert_eq!((amount(&quote["total"]), amount(&quote["fees"])), (0, 0));
    let made = shop.order(&[&hold], json!({"promo_code": "press"})).await.expect(201);
    assert_eq!((text(&made["order"]["status"]), &made["payment"]), ("confirmed", &Value::Null));
    let tickets = super::send(shop.about(Method::GET, &made["order"], "/tickets")).await.expect(200);
    assert_eq!(tickets["items"].as_array().unwrap().len(), 2);
    shop.cancel(&made["order"], &json!({}), "cancelled").await;
    assert_eq!(shop.uses(&code).await, 1);
    assert_eq!(shop.books().await.len(), 0, "no money, no books");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_uses_a_code_once() {
    let shop = shop().await;
    let code = shop.code("TWICE", HALF(), json!({})).await;
    let hold = shop.floor().await;
    let wish = json!({"holds": [hold], "customer": {"name": "Ada", "email": "ada@example.org"}, "promo_code": "twice"});
    let order = || {
        let request = shop.server.request(Method::POST, "/orders").header("idempotency-key", "one key");
        super::send(request.json(&wish))
    };
    let first = order().await.expect(201);
    let again = order().await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201)["order"]["lines"], first["order"]["lines"]);
    assert_eq!(shop.uses(&code).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_codes_is_stopped_also_where_they_then_guess_right() {
    let shop = shop().await;
    shop.code("RIGHT", HALF(), json!({})).await;
    let hold = shop.floor().await;
    for number in 0..10 {
        let quote = shop.quote(&[&hold], json!({"promo_code": format!("WRONG{number}")})).await;
        assert_eq!(quote["promo"]["reason"], "unknown");
    }
    for code in ["WRONG10", "RIGHT"] {
        let body = json!({"holds": [hold], "promo_code": code});
        let stopped = shop.server.post("/quotes", &body).await;
        assert!(stopped.headers.contains_key("retry-after"));
        stopped.refused(429, "too_many_requests");
        shop.order(&[&hold], json!({"promo_code": code})).await.refused(429, "too_many_requests");
    }
    assert_eq!(amount(&shop.quote(&[&hold], json!({})).await["total"]), 3000, "without a code one is not stopped");
}
