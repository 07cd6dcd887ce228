//! Accounts: who may connect one, what is shown of it, when a change is in force, and what is believed of its news.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{STRIPE_KEY, STRIPE_SECRET, Shop, connect, organizer_of, text};
use crate::catalog::house::{by, staff};
use crate::doubles::stripe::Buyer;
use crate::doubles::{Double, Trouble};
use crate::harness::{Server, spawn, spawn_on};
use crate::house::{hall, on_sale};
use crate::privacy::everywhere;

/// How a show can be paid for. That a show was published is public a moment later.
async fn methods_of(server: &Server, show: Uuid) -> Value {
    crate::process::until("the show is public", async || {
        let answer = server.get(&format!("/shows/{show}/payment-methods")).await;
        (answer.status == 200).then_some(answer.body)
    })
    .await
}

fn account() -> Value {
    json!({"provider": "stripe", "name": "Ours", "secret_key": STRIPE_KEY, "webhook_secret": STRIPE_SECRET, "methods": ["card"]})
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_in_and_never_go_out() {
    let server = spawn().await;
    let organizer = organizer_of(&server, on_sale(&server, &hall(1, 2, 0)).await).await;
    let made = connect(&server, organizer, &account()).await.expect(201);
    assert_eq!((text(&made["key_shown"]), &made["live"]), ("sk_test_…4242", &json!(false)));
    assert_eq!(made["has_webhook_secret"], true);
    assert_eq!(text(&made["webhook_url"]), format!("{}/api/v1/webhooks/stripe/{}", server.url, text(&made["id"])));
    let path = format!("/admin/organizers/{organizer}/payment-accounts/{}", text(&made["id"]));
    let change = json!({"secret_key": "sk_test_anotheranother1111", "name": "Still ours"});
    let changed = server.admin(Method::PATCH, &path, &change).await.expect(200);
    assert_eq!((text(&changed["key_shown"]), changed["version"].as_i64()), ("sk_test_…1111", Some(2)));
    assert_eq!(changed["has_webhook_secret"], true, "what is left out stays");
    let list =
        server.admin(Method::GET, &format!("/admin/organizers/{organizer}/payment-accounts"), &Value::Null).await;
    for secret in [STRIPE_KEY, STRIPE_SECRET, "anotheranother", "aisleaisleaisle"] {
        assert!(!list.text.contains(secret), "{}", list.text);
        let found = everywhere::found(&server.db, &[secret]).await;
        assert!(found.is_empty(), "{secret} lies in {found:?}");
    }
    assert_eq!(list.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_account_is_named() {
    let server = spawn().await;
    let organizer = organizer_of(&server, on_sale(&server, &hall(1, 2, 0)).await).await;
    for (field, value, named) in [
        ("secret_key", json!("pk_test_aisleaisle"), "secret_key"),
        ("secret_key", json!("sk_test_with space"), "secret_key"),
        ("webhook_secret", json!("hunter2hunter2"), "webhook_secret"),
        ("key_id", json!("rzp_test_aisle"), "key_id"),
        ("methods", json!(["card", "cheque"]), "methods[1]"),
        ("methods", json!([]), "methods"),
        ("name", json!("  "), "name"),
        ("position", json!(-1), "position"),
    ] {
        let mut wrong = account();
        wrong[field] = value;
        let problem = connect(&server, organizer, &wrong).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["field"], named, "{problem}");
    }
    let mut odd = account();
    odd["provider"] = json!("paypal");
    assert_eq!(connect(&server, organizer, &odd).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_runs_the_house_sees_its_accounts() {
    let server = spawn().await;
    let ours = organizer_of(&server, on_sale(&server, &hall(1, 2, 0)).await).await;
    let theirs = organizer_of(&server, on_sale(&server, &hall(1, 2, 0)).await).await;
    let made = connect(&server, ours, &account()).await.expect(201);
    let id = text(&made["id"]);
    let organizer = staff(&server, &theirs.to_string(), "organizer").await;
    let box_office = staff(&server, &ours.to_string(), "box_office").await;
    let path = |house: Uuid| format!("/admin/organizers/{house}/payment-accounts/{id}");
    by(&server, &box_office, Method::GET, &path(ours), &Value::Null).await.refused(403, "forbidden");
    by(&server, &organizer, Method::GET, &path(ours), &Value::Null).await.refused(404, "not_found");
    // Under one's own house another's account is not there.
    by(&server, &organizer, Method::GET, &path(theirs), &Value::Null).await.refused(404, "not_found");
    by(&server, &organizer, Method::PATCH, &path(theirs), &json!({"name": "Mine"})).await.refused(404, "not_found");
    by(&server, &organizer, Method::DELETE, &path(theirs), &Value::Null).await.refused(404, "not_found");
    by(&server, &organizer, Method::POST, &format!("{}/test", path(theirs)), &Value::Null)
        .await
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_key_is_used_at_once_by_every_process() {
    let stripe = Double::stripe(STRIPE_KEY);
    let shop = Shop::stripe(&stripe.url, &["card"], json!({})).await;
    let url = stripe.url.clone();
    let other = spawn_on(shop.server.database_url.clone(), |config| config.stripe_url = Some(url)).await;
    let path = format!("/admin/organizers/{}/payment-accounts/{}", shop.organizer, shop.account);
    let test = async |server: &Server| {
        let tested = server.admin(Method::POST, &format!("{path}/test"), &Value::Null).await.expect(200);
        text(&tested["outcome"]).to_owned()
    };
    assert_eq!((test(&shop.server).await, test(&other).await), ("works".to_owned(), "works".to_owned()));
    stripe.books().key = "sk_test_rolled_rolled_9999".to_owned();
    assert_eq!((test(&shop.server).await, test(&other).await), ("refused".to_owned(), "refused".to_owned()));
    let change = json!({"secret_key": "sk_test_rolled_rolled_9999"});
    shop.server.admin(Method::PATCH, &path, &change).await.expect(200);
    assert_eq!((test(&other).await, test(&shop.server).await), ("works".to_owned(), "works".to_owned()));
    stripe.next("GET /v1/refunds", Trouble::Instead(503));
    assert_eq!(test(&other).await, "unanswered");
    let shown = shop.server.admin(Method::GET, &path, &Value::Null).await.expect(200);
    assert_eq!(shown["last_test"]["outcome"], "unanswered");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_offers_its_accounts_and_without_any_the_sandbox() {
    let stripe = Double::stripe(STRIPE_KEY);
    let shop = Shop::stripe(&stripe.url, &["card", "upi", "paypal"], json!({})).await;
    let offered = async || {
        let methods = methods_of(&shop.server, shop.show).await;
        let items = methods["items"].as_array().unwrap().iter();
        items
            .map(|it| format!("{} {} {}", text(&it["provider"]), text(&it["method"]), text(&it["kind"])))
            .collect::<Vec<_>>()
    };
    // The show is in euros, and UPI knows rupees alone. Nobody takes real money yet.
    let (card, paypal) = ("stripe card authorise_then_capture", "stripe paypal paid_at_once");
    assert_eq!(offered().await, [card, paypal, "sandbox card authorise_then_capture"]);
    let hold = shop.hold(&["r1-1"]).await;
    let order = async |with: Value| shop.server.post("/orders", &shop.wish(&hold, &with)).await;
    order(json!({"provider": "razorpay"})).await.refused(422, "provider_unknown");
    let problem = order(json!({"provider": "stripe", "method": "upi"})).await.refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "method");

    let path = format!("/admin/organizers/{}/payment-accounts/{}", shop.organizer, shop.account);
    shop.server.admin(Method::PATCH, &path, &json!({"secret_key": "sk_live_aisleaisle1111"})).await.expect(200);
    assert_eq!(offered().await, [card, paypal]);
    order(json!({"provider": "sandbox"})).await.refused(422, "provider_unknown");
    shop.server.admin(Method::PATCH, &path, &json!({"enabled": false})).await.expect(200);
    assert_eq!(offered().await, [""; 0], "who takes money gives no tickets away because they take none just now");
    order(json!({})).await.refused(422, "provider_unknown");
    shop.server.admin(Method::DELETE, &path, &Value::Null).await.expect(204);
    shop.server.admin(Method::DELETE, &path, &Value::Null).await.expect(204);
    assert_eq!(offered().await, [""; 0]);
    shop.server.admin(Method::PATCH, &path, &json!({"enabled": true})).await.refused(409, "wrong_state");

    let another = on_sale(&shop.server, &hall(1, 2, 0)).await;
    let methods = methods_of(&shop.server, another).await;
    assert_eq!(methods["items"], json!([{"provider": "sandbox", "method": "card", "kind": "authorise_then_capture"}]));
    shop.server.get(&format!("/shows/{}/payment-methods", Uuid::from_u128(7))).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn news_is_believed_of_who_signed_it_lately_and_of_their_own_payments() {
    let stripe = Double::stripe(STRIPE_KEY);
    let shop = Shop::stripe(&stripe.url, &["card"], json!({})).await;
    let now = jiff::Timestamp::now().as_second();
    let event = json!({"id": "evt_1", "type": "customer.created", "created": now, "data": {"object": {"id": "cus_1"}}});
    shop.stripe_says_by(&event, "whsec_of_somebody_else", now).await.refused(403, "signature_invalid");
    shop.stripe_says_by(&event, STRIPE_SECRET, now - 600).await.refused(403, "signature_invalid");
    let path = format!("/webhooks/stripe/{}", shop.account);
    shop.server.post(&path, &event).await.refused(403, "signature_invalid");
    for nobody in [
        format!("/webhooks/razorpay/{}", shop.account),
        "/webhooks/stripe/default".to_owned(),
        format!("/webhooks/sandbox/{}", shop.account),
        format!("/webhooks/stripe/{}", shop.account.to_uppercase()),
        format!("/webhooks/stripe/{}", Uuid::from_u128(7)),
    ] {
        shop.server.post(&nobody, &event).await.refused(404, "not_found");
    }
    // About nothing of ours: thanked for, noted, and done with.
    shop.stripe_says(&event).await.expect(204);
    let (attempts, note) = shop.until_processed("evt_1").await;
    assert_eq!((attempts, note.as_deref()), (0, Some("this kind of event asks for nothing here")));

    // Another house has an account too, signs rightly, and speaks of our payment.
    let made = shop.order(&["r1-1"], json!({})).await;
    let page = text(&made["payment"]["checkout_url"]).rsplit('/').next().unwrap();
    stripe.books().visit(page, Buyer::Pays);
    shop.come_back(&made["payment"]).await;
    shop.until_status(&made["order"], "confirmed").await;
    let theirs = organizer_of(&shop.server, on_sale(&shop.server, &hall(1, 2, 0)).await).await;
    let account = connect(&shop.server, theirs, &account()).await.expect(201);
    let Shop { server, show, organizer, provider, .. } = shop;
    let other = Shop { server, show, organizer, account: text(&account["id"]).to_owned(), provider };
    let metadata = json!({"aisle_payment": made["payment"]["id"], "aisle_refund": Uuid::from_u128(9).to_string()});
    let object = json!({"id": "re_1", "metadata": metadata, "status": "failed", "amount": 4500, "currency": "eur"});
    let event = json!({"id": "evt_2", "type": "refund.failed", "created": now, "data": {"object": object}});
    other.stripe_says(&event).await.expect(204);
    let (_, note) = other.until_processed("evt_2").await;
    assert_eq!(note.as_deref(), Some("it is about no payment of this account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_an_order_that_a_restore_has_forgotten_is_somebodys_work() {
    let stripe = Double::stripe(STRIPE_KEY);
    let shop = Shop::stripe(&stripe.url, &["card"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let page = text(&made["payment"]["checkout_url"]).rsplit('/').next().unwrap().to_owned();
    // The database is of before the payment was begun.
    let order: Uuid = text(&made["order"]["id"]).parse().unwrap();
    sqlx::query("DELETE FROM payment WHERE order_id = $1").bind(order).execute(&shop.server.db).await.unwrap();
    stripe.books().visit(&page, Buyer::Pays);
    let events = std::mem::take(&mut stripe.books().events);
    let event = events.iter().find(|event| event["type"] == "checkout.session.completed").unwrap();
    // And twice, under another name: it is one item.
    let mut again = event.clone();
    again["id"] = json!("evt_again");
    for event in [event, &again] {
        shop.stripe_says(event).await.expect(204);
        let (_, note) = shop.until_processed(text(&event["id"])).await;
        assert_eq!(note.as_deref(), Some("it is about no payment of this account"));
    }
    let list = shop.server.admin(Method::GET, "/admin/money-work?kind=captured_without_order", &Value::Null).await;
    let list = list.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["amount"]["amount"], &items[0]["detail"]), (1, &json!(4500), &json!(page)));
    // Of what has no name by which we could ask, and of what nobody has paid, there is nothing to know.
    let object = json!({"id": "pi_of_somebody", "metadata": {"aisle_payment": Uuid::from_u128(5)}});
    let event = json!({"id": "evt_unpaid", "type": "payment_intent.canceled", "created": 1_800_000_000, "data": {"object": object}});
    shop.stripe_says(&event).await.expect(204);
    shop.until_processed("evt_unpaid").await;
    assert_eq!(shop.waiting("captured_without_order").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_could_not_be_settled_is_settled_when_it_is_played_again() {
    let stripe = Double::stripe(STRIPE_KEY);
    let shop = Shop::stripe(&stripe.url, &["card"], json!({})).await;
    let made = shop.order(&["r1-1"], json!({})).await;
    let page = text(&made["payment"]["checkout_url"]).rsplit('/').next().unwrap().to_owned();
    stripe.books().visit(&page, Buyer::Pays);
    let events = std::mem::take(&mut stripe.books().events);
    let event = events.iter().find(|event| event["type"] == "checkout.session.completed").unwrap();
    // As if it had been processed by somebody who did nothing.
    let insert = "INSERT INTO webhook_in (provider, account, event_id, body, processed_at, attempts)
                  VALUES ('stripe', $1, $2, convert_to($3, 'UTF8'), now(), 20)";
    let id = text(&event["id"]);
    sqlx::query(insert).bind(&shop.account).bind(id).bind(event.to_string()).execute(&shop.server.db).await.unwrap();
    shop.stripe_says(event).await.expect(204);
    assert_eq!(shop.read(&made["order"]).await["status"], "awaiting_payment");
    let orders = aisle::orders::Orders::new(shop.server.db.clone());
    assert_eq!(orders.replay(Some(id)).await.unwrap(), 1);
    shop.until_status(&made["order"], "confirmed").await;
    shop.until_processed(id).await;
}
