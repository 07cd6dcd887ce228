//! A quote is the order, the order is the charge, the charge is the books; and all of it goes back.

use reqwest::Method;
use serde_json::{Value, json};

use super::{amount, fees_and_vat, lines, on_sale, shop, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_the_order_the_charge_and_the_books_and_all_of_it_goes_back() {
    let shop = shop().await;
    shop.rule(&fees_and_vat()).await;
    shop.code("SPRING24", json!({"percent_bp": 1000}), json!({"only": {"ticket_types": ["adult"]}})).await;
    let hold = shop.hold(&["A-1", "A-2"]).await;
    let wish = json!({"tickets": [{"seat": "A-2", "ticket_type": "child"}], "promo_code": "spring-24"});
    let quote = shop.quote(&[&hold], wish.clone()).await;
    let line = |kind: &str, amount: i64, label: &str| (kind.to_owned(), amount, label.to_owned());
    assert_eq!(
        lines(&quote),
        [
            line("ticket", 5000, "Stalls, A, A-1"),
            line("ticket", 2500, "Stalls, A, A-2"),
            line("discount", -500, "Promo code SPRING24"),
            line("fee", 150, "Booking fee"),
            line("fee", 150, "Booking fee"),
            line("fee", 200, "Handling"),
        ]
    );
    assert_eq!((amount(&quote["tickets"]), amount(&quote["discount"])), (7500, -500));
    assert_eq!((amount(&quote["fees"]), amount(&quote["total"])), (500, 7500));
    // 45.00, 25.00, twice 1.50 and 2.00 have 9.00, 5.00, twice 0.30 and 0.40 in them.
    assert_eq!(
        quote["taxes"][0],
        json!({"name": "VAT", "rate_bp": 2500, "included": true, "amount": {"amount": 1500, "currency": "EUR"}})
    );
    assert_eq!(quote["promo"], json!({"code": "spring-24", "applies": true}));

    let mut wish = wish;
    wish["expected_total"] = json!(7499);
    let refused = shop.order(&[&hold], wish.clone()).await.refused(409, "price_changed");
    assert!(text(&refused["detail"]).contains("EUR 75.00"), "{refused}");
    wish["expected_total"] = json!(7500);
    let made = shop.order(&[&hold], wish).await.expect(201);
    let order = &made["order"];
    assert_eq!((lines(order), amount(&order["total"])), (lines(&quote), 7500));
    shop.pay(&made, "succeed").await;
    shop.until(order, "confirmed").await;
    let payments = shop.server.admin(Method::GET, "/admin/payments", &Value::Null).await.expect(200);
    assert_eq!((text(&payments["items"][0]["status"]), amount(&payments["items"][0]["amount"])), ("captured", 7500));
    let books = shop.books().await;
    assert_eq!((books["sales"], books["fees"], books["taxes"]), (-5600, -400, -1500), "{books:?}");
    assert_eq!((books["provider:sandbox"], books["deposits"]), (7500, 0), "{books:?}");

    // The first ticket goes back with its discount and its fee, and nothing else of the order does.
    let tickets = super::send(shop.about(Method::GET, order, "/tickets")).await.expect(200)["items"].clone();
    let part = shop.cancel(order, &json!({"tickets": [tickets[0]["id"]]}), "partially_refunded").await;
    assert_eq!(amount(&part["refunds"][0]["amount"]), 4500 + 150);
    let books = shop.books().await;
    assert_eq!((books["sales"], books["fees"], books["taxes"]), (-2000, -280, -570), "{books:?}");
    let whole = shop.cancel(order, &json!({}), "refunded").await;
    assert_eq!(amount(&whole["refunds"][1]["amount"]), 2500 + 150 + 200);
    let books = shop.books().await;
    assert!(books.values().all(|balance| *balance == 0), "{books:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_price_that_is_shown_first_has_everything_in_it() {
    let shop = shop().await;
    let page = async || shop.server.get(&format!("/shows/{}", shop.show)).await.expect(200);
    let card = async || shop.server.get("/productions").await.expect(200)["items"][0]["price_from"].clone();
    assert_eq!((amount(&page().await["price_from"]), amount(&card().await)), (3000, 3000));
    shop.rule(&json!({
        "fees": [
            {"name": "Service", "per": "ticket", "amount": {"percent_bp": 1000}},
            {"name": "Upkeep", "per": "ticket", "amount": {"fixed": {"amount": 100, "currency": "EUR"}}, "only": {"price_levels": ["near"]}},
            {"name": "Handling", "per": "order", "amount": {"percent_bp": 250}},
            {"name": "Elsewhere", "per": "ticket", "amount": {"fixed": {"amount": 999, "currency": "USD"}}},
        ],
        "taxes": [{"name": "Sales tax", "rate_bp": 825, "included": false, "only": {"countries": ["Sweden"]}}],
    }))
    .await;
    // Of no country is no tax; then the venue says where it is.
    assert_eq!((amount(&page().await["price_from"]), amount(&card().await)), (3300, 3300));
    let venue = format!("/admin/venues/{}", shop.house.venue);
    shop.server.admin(Method::PATCH, &venue, &json!({"country": "sweden"})).await.expect(200);
    let shown = page().await;
    assert_eq!((amount(&shown["price_from"]), amount(&card().await)), (3572, 3572));
    let price = |level: usize, kind: usize| amount(&shown["price_levels"][level]["prices"][kind]["price"]);
    assert_eq!((price(0, 0), price(0, 1), price(1, 0)), (6062, 3085, 3572));
    assert_eq!(shown["order_fees"], json!([{"name": "Handling", "percent_bp": 250}]));
    let found = shop.server.get("/productions?price_max=3571").await.expect(200);
    assert_eq!(found["items"], json!([]), "a search by price is by what is paid");
    // What is shown is what is paid, but for what comes once to an order.
    let hold = shop.hold(&["A-1"]).await;
    let quote = shop.quote(&[&hold], json!({})).await;
    let once: i64 = lines(&quote).iter().filter(|(_, _, label)| label == "Handling").map(|(_, amount, _)| amount).sum();
    assert_eq!(once, 125);
    let taxed_once = 10; // 8.25 % of 1.25
    assert_eq!(amount(&quote["total"]), 6062 + once + taxed_once);
    assert_eq!(quote["taxes"][0]["included"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_two_shows_pays_its_own_fee_once() {
    let shop = shop().await;
    shop.rule(&fees_and_vat()).await;
    let other = on_sale(&shop.server, &shop.house, json!({"starts_at": "2031-03-02T18:30:00Z"})).await;
    let (first, floor) = (shop.hold(&["A-1"]).await, shop.floor().await);
    let second = shop.hold_of(&other, &json!({"seats": ["B-1"]})).await;
    let made = shop.order(&[&first, &floor, &second], json!({})).await.expect(201);
    let order = &made["order"];
    assert_eq!(amount(&order["total"]), 5000 + 3000 + 3000 + 3 * 150 + 200);
    assert_eq!(lines(order).iter().filter(|(_, _, label)| label == "Handling").count(), 1);
    shop.pay(&made, "succeed").await;
    shop.until(order, "confirmed").await;
    let by_show: Vec<(String, Option<String>, i64)> = sqlx::query_as(
        "SELECT account, show_id::text, sum(amount)::bigint FROM ledger_entry WHERE account IN ('sales', 'fees', 'taxes')
         GROUP BY account, show_id ORDER BY account, show_id = $1::uuid, show_id",
    )
    .bind(&shop.show)
    .fetch_all(&shop.server.db)
    .await
    .unwrap();
    let row = |account: &str, show: Option<&str>, amount| (account.to_owned(), show.map(str::to_owned), amount);
    assert_eq!(
        by_show,
        [
            row("fees", Some(&other), -120),
            row("fees", Some(&shop.show), -240),
            row("fees", None, -160),
            row("sales", Some(&other), -2400),
            row("sales", Some(&shop.show), -6400),
            row("taxes", Some(&other), -630),
            row("taxes", Some(&shop.show), -1660),
            row("taxes", None, -40),
        ]
    );
    shop.books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_order_is_in_the_currency_of_its_shows() {
    let shop = shop().await;
    shop.rule(
        &json!({"fees": [{"name": "Fee", "per": "ticket", "amount": {"fixed": {"amount": 150, "currency": "EUR"}}},
                               {"name": "Service", "per": "ticket", "amount": {"percent_bp": 333}}]}),
    )
    .await;
    for (currency, total) in [("JPY", 5167), ("KWD", 5167)] {
        let show = on_sale(&shop.server, &shop.house, json!({"currency": currency})).await;
        let hold = shop.hold_of(&show, &json!({"seats": ["A-1"]})).await;
        let made = shop.order(&[&hold], json!({})).await.expect(201);
        assert_eq!(made["order"]["total"], json!({"amount": total, "currency": currency}));
        shop.pay(&made, "succeed").await;
        shop.until(&made["order"], "confirmed").await;
        let euros = shop.hold(&["A-1"]).await;
        let refused = shop.order(&[&hold, &euros], json!({})).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
        let release = format!("/shows/{}/holds/{}", shop.show, text(&euros["hold_id"]));
        super::send(shop.server.request(Method::DELETE, &release).header("aisle-hold-token", text(&euros["token"])))
            .await
            .expect(204);
    }
    shop.books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_confirmation_says_what_was_paid_for() {
    let shop = shop().await;
    shop.rule(&fees_and_vat()).await;
    shop.code("FIVE", json!({"per_order": {"amount": 500, "currency": "EUR"}}), json!({})).await;
    let hold = shop.hold(&["A-1", "A-2"]).await;
    let made = shop.order(&[&hold], json!({"promo_code": "five"})).await.expect(201);
    shop.pay(&made, "succeed").await;
    shop.until(&made["order"], "confirmed").await;
    let mail = async {
        loop {
            let found = shop.server.admin(Method::GET, "/admin/mailbox", &Value::Null).await.expect(200);
            if let Some(id) = found["items"][0]["id"].as_str() {
                return shop.server.admin(Method::GET, &format!("/admin/mailbox/{id}"), &Value::Null).await.expect(200);
            }
            tokio::task::yield_now().await;
        }
    };
    let mail = tokio::time::timeout(std::time::Duration::from_secs(60), mail).await.expect("it is written");
    let words = text(&mail["text"]);
    for said in [
        "2 x Booking fee: EUR 3.00",
        "Handling: EUR 2.00",
        "2 x Promo code FIVE: EUR -5.00",
        "Total: EUR 100.00",
        "EUR 20.00 of it is tax.",
    ] {
        assert!(words.contains(said), "{said} is not in {words}");
    }
}
