//! A lost link is asked for again, and nobody learns what there is.

use reqwest::Method;
use serde_json::{Value, json};

use super::{EMAIL, Shop, bought, link_of, shop};
use crate::harness::{Answer, send};
use crate::house::{hall, on_sale};

/// What an answer tells: all of it but what differs between any two requests.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let named = answer.headers.iter().filter(|(name, _)| name.as_str() != "date");
    let mut headers: Vec<_> =
        named.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    headers.sort();
    (answer.status.as_u16(), headers, answer.text.clone())
}

async fn look(shop: &Shop, body: Value) -> Answer {
    shop.server.post("/orders/lookup", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_look_up_is_answered_alike_and_only_the_right_one_is_written_to() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    shop.mails().await;
    let asked = "SELECT count(*) FROM outbox WHERE kind = 'order_links_asked_for'";
    let right = look(&shop, json!({"number": order.number, "email": EMAIL})).await;
    let answers = [
        look(&shop, json!({"number": "A-222222", "email": EMAIL})).await,
        look(&shop, json!({"number": order.number, "email": "somebody@example.org"})).await,
        look(&shop, json!({"number": "A-222222", "email": "somebody@example.org"})).await,
        look(&shop, json!({"email": "somebody@example.org"})).await,
    ];
    assert_eq!(right.status, 202);
    for answer in &answers {
        assert_eq!(told(answer), told(&right));
    }
    assert_eq!(shop.count(asked).await, 5, "the same work for each");
    let mails = shop.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!((mails[0].0.as_str(), mails[0].1.as_str()), (EMAIL, format!("Your order {}", order.number).as_str()));
    let (_, token) = link_of(&mails[0].2);
    shop.read(&order, &token).await.expect(200);
    let read = "SELECT count(*) FROM outbox WHERE payload::text LIKE '%@%'";
    assert_eq!(shop.count(read).await, 0, "no address stays where it was only needed to look");

    for wrong in [json!({"number": "", "email": EMAIL}), json!({"number": order.number}), json!({"email": "", "x": 1})]
    {
        look(&shop, wrong).await.refused(422, "validation_failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_not_filled_by_who_looks_again_and_again() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    shop.mails().await;
    for _ in 0..25 {
        let written = format!(" {} ", order.number.to_lowercase());
        assert_eq!(look(&shop, json!({"number": written, "email": "ADA@example.org"})).await.status, 202);
    }
    assert!(!shop.mails().await.is_empty());
    // Ten minutes begin and end by the clock, so a second mail may follow; a third may not.
    let sent = shop.count("SELECT count(*) FROM outbox WHERE kind = 'order_lookup'").await;
    assert!((1..=2).contains(&sent), "{sent}");
    let asked = shop.count("SELECT count(*) FROM outbox WHERE kind = 'order_links_asked_for'").await;
    assert!((10..25).contains(&asked), "an address is written to ten times an hour: {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_orders_of_an_address_are_listed_by_each_house_in_the_buyers_language() {
    let shop = shop().await;
    let second_house = on_sale(&shop.server, &hall(2, 6, 10)).await;
    let (first, second) = (shop.buy("r1-1").await, shop.buy("r2-1").await);
    let given_up = shop.order_as(None, "r2-4", EMAIL).await;
    send(shop.with(Method::POST, &format!("/orders/{}/reopen", given_up.id), &given_up.token)).await.expect(200);
    let wish = shop.wish(second_house, "r1-1", EMAIL, "de-AT").await;
    let there = bought(&shop.server.post("/orders", &wish).await.expect(201));
    shop.buy_as(None, "r2-6", "bob@example.org").await;
    shop.mails().await;

    look(&shop, json!({"email": " Ada@Example.org"})).await.expect(202);
    let mails = shop.mails().await;
    assert_eq!(mails.len(), 2, "a house tells nothing of another: {mails:?}");
    assert!(mails.iter().all(|mail| mail.0 == EMAIL));
    let german = mails.iter().find(|mail| mail.1 == "Ihre Bestellungen").unwrap();
    let english = mails.iter().find(|mail| mail.1 == "Your orders").unwrap();
    assert!(german.2.contains(&there.number) && german.2.contains("Samstag, 4. Mai 2030, 19:00 CEST"), "{german:?}");
    assert_eq!(english.2.matches("#t=").count(), 2, "what was given up is not listed: {english:?}");
    for order in [&first, &second] {
        assert!(english.2.contains(&order.number) && !german.2.contains(&order.number));
    }
    let (_, token) = link_of(&german.2);
    shop.read(&there, &token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_links_were_ended_a_look_up_brings_the_newer_one() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    shop.revoke(&order, &order.token).await.expect(204);
    shop.mails().await;
    look(&shop, json!({"number": order.number, "email": EMAIL})).await.expect(202);
    let mails = shop.mails().await;
    let (_, token) = link_of(&mails[0].2);
    assert_eq!(token, shop.newest_token(&order).await);
    assert_eq!(mails.len(), 1);
}
