//! Prices that are valid for a while. Both edges to the millisecond are shown where time is an argument (`prices/timed.rs`).

use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, amount, prices, shop, text};

async fn set(shop: &Shop, timed: Value) -> super::Answer {
    let mut table = prices();
    table["timed"] = timed;
    shop.server.admin(Method::PUT, &format!("/admin/shows/{}/prices", shop.show), &table).await
}

fn list(name: &str, from: Value, until: Value, amount: i64) -> Value {
    json!({"name": name, "valid_from": from, "valid_until": until,
           "prices": [{"price_level": "near", "ticket_type": "adult", "amount": amount},
                      {"price_level": "far", "ticket_type": "adult", "amount": amount / 2}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_list_that_is_valid_now_counts_and_an_order_keeps_what_it_was_made_with() {
    let shop = shop().await;
    let (past, future) = (json!("2020-01-01T00:00:00Z"), json!("2099-01-01T00:00:00Z"));
    let over = list("Long ago", Value::Null, past.clone(), 100);
    let now = list("Early bird", past.clone(), future.clone(), 4000);
    let beside = list("Second", past, Value::Null, 200);
    let later = list("Last minute", future.clone(), Value::Null, 300);
    set(&shop, json!([over, now, beside, later])).await.expect(200);

    let page = shop.server.get(&format!("/shows/{}", shop.show)).await.expect(200);
    let near = &page["price_levels"][0]["prices"];
    assert_eq!(
        (amount(&near[0]["price"]), text(&near[0]["price_list"]), &near[0]["until"]),
        (4000, "Early bird", &future)
    );
    assert_eq!(
        (amount(&near[1]["price"]), near[1].get("price_list")),
        (2500, None),
        "children pay what they always do"
    );
    assert_eq!(amount(&page["price_from"]), 2000);
    let hold = shop.hold(&["A-1"]).await;
    let quote = shop.quote(&[&hold], json!({})).await;
    assert_eq!((amount(&quote["total"]), text(&quote["lines"][0]["price_list"])), (4000, "Early bird"));
    let made = shop.order(&[&hold], json!({"expected_total": 4000})).await.expect(201);

    // The early birds are over: who is quoted now pays the table's price, who has ordered pays what they ordered at.
    let late = shop.hold(&["A-2"]).await;
    let quoted = shop.quote(&[&late], json!({})).await;
    set(&shop, json!([])).await.expect(200);
    let expected = json!({"expected_total": quoted["total"]["amount"]});
    shop.order(&[&late], expected).await.refused(409, "price_changed");
    assert_eq!(amount(&shop.quote(&[&late], json!({})).await["total"]), 5000);
    shop.pay(&made, "succeed").await;
    let order = shop.until(&made["order"], "confirmed").await;
    assert_eq!((amount(&order["total"]), text(&order["lines"][0]["price_list"])), (4000, "Early bird"));
    let page = shop.server.get(&format!("/shows/{}", shop.show)).await.expect(200);
    assert_eq!(amount(&page["price_from"]), 3000);
    assert_eq!(shop.books().await["sales"], -4000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_contradicts_itself_is_refused_with_its_field() {
    let shop = shop().await;
    let (first, second) = (json!("2031-01-01T00:00:00Z"), json!("2031-01-02T00:00:00Z"));
    let right = list("Early bird", first.clone(), second.clone(), 100);
    set(&shop, json!([right])).await.expect(200);
    let mut unknown = right.clone();
    unknown["prices"][1]["ticket_type"] = json!("emperor");
    for (wrong, field) in [
        (list("Never", second.clone(), first, 100), "timed[0].valid_until"),
        (list("Nothing", second.clone(), second, 100), "timed[0].valid_until"),
        (list("Always", Value::Null, Value::Null, 100), "timed[0].valid_from"),
        (unknown, "timed[0].prices[1].ticket_type"),
    ] {
        let refused = set(&shop, json!([wrong])).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field);
    }
    let path = format!("/admin/shows/{}/prices", shop.show);
    let kept = shop.server.admin(Method::GET, &path, &Value::Null).await.expect(200);
    assert_eq!(kept["timed"][0]["name"], "Early bird", "what was refused has changed nothing");
}
