//! Whose an order is: by being signed in, by the address, by the link. And that it is nobody else's.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Bought, EMAIL, Shop, shop, text};
use crate::accounts::PASSWORD;
use crate::catalog::house::staff;
use crate::harness::send;

async fn how(shop: &Shop, order: &Bought) -> Vec<String> {
    sqlx::query_scalar("SELECT how FROM order_claim WHERE order_id = $1 ORDER BY how")
        .bind(order.id)
        .fetch_all(&shop.server.db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_makes_an_account_later_finds_what_they_bought_before_and_may_do_with_it_what_the_link_may() {
    let shop = shop().await;
    let (first, second) = (shop.buy("r1-1").await, shop.buy("r1-3").await);
    let foreign = shop.buy_as(None, "r2-1", "bob@example.org").await;
    let ada = shop.registered(EMAIL).await;
    assert_eq!(shop.mine(&ada).await, [&second.number, &first.number].map(String::as_str), "the newest first");

    let page = shop.by(&ada, Method::GET, "/me/orders?limit=1", &Value::Null).await.expect(200);
    let listed = &page["items"][0];
    assert_eq!(
        (&listed["status"], &listed["cancellable"], &listed["organizer"], &listed["shows"][0]["title"]),
        (&json!("confirmed"), &json!(true), &json!("The House"), &json!("The Play"))
    );
    assert_eq!((listed["places"].as_array().unwrap().len(), &listed["places"][0]["quantity"]), (1, &json!(1)));
    assert!(listed.get("token").is_none(), "a list is no bunch of keys");
    let next = format!("/me/orders?limit=1&after={}", text(&page["next"]));
    let rest = shop.by(&ada, Method::GET, &next, &Value::Null).await.expect(200);
    assert_eq!((&rest["items"][0]["number"], &rest["next"]), (&json!(first.number), &Value::Null));

    let path = format!("/orders/{}", first.id);
    let read = shop.by(&ada, Method::GET, &path, &Value::Null).await.expect(200)["order"].clone();
    assert_eq!((&read["yours"], read.get("token")), (&json!(true), None));
    let tickets = shop.by(&ada, Method::GET, &format!("{path}/tickets"), &Value::Null).await.expect(200);
    let bare = text(&tickets["items"][0]["pdf_url"]).split('?').next().unwrap().to_owned();
    assert_eq!(shop.by(&ada, Method::GET, &bare, &Value::Null).await.status, 200);
    shop.by(&ada, Method::POST, &format!("{path}/payments"), &json!({})).await.refused(409, "order_not_open");
    shop.by(&ada, Method::POST, &format!("{path}/reopen"), &json!({})).await.refused(409, "order_not_open");
    let cancel = || {
        let request = shop.server.request(Method::POST, &format!("{path}/cancel")).bearer_auth(&ada);
        send(request.header("idempotency-key", "enough").json(&json!({})))
    };
    let cancelled = cancel().await.expect(200);
    let status = text(&cancelled["order"]["status"]);
    assert!(["refunding", "refunded"].contains(&status), "the money goes back in its own time: {status}");
    assert_eq!(cancel().await.headers["idempotent-replayed"], "true");
    assert_eq!(
        shop.count("SELECT count(*) FROM audit_log WHERE action = 'order.cancelled'").await,
        0,
        "it is the buyer's own act"
    );

    // Somebody else's is to them what it was before.
    let theirs = format!("/orders/{}", foreign.id);
    shop.by(&ada, Method::GET, &theirs, &Value::Null).await.refused(404, "not_found");
    shop.by(&ada, Method::GET, &format!("{theirs}/tickets"), &Value::Null).await.refused(404, "not_found");
    for what in ["payments", "reopen", "cancel", "revoke-links"] {
        shop.by(&ada, Method::POST, &format!("{theirs}/{what}"), &json!({})).await.refused(404, "not_found");
    }
    shop.server.get("/me/orders").await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_houses_deadline_an_owner_cancels_no_more_than_a_guest() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    let ada = shop.registered(EMAIL).await;
    // Neither what it was bought under nor what holds today allows it.
    shop.run("UPDATE show SET cancel_until_s = NULL").await;
    let page = shop.by(&ada, Method::GET, "/me/orders", &Value::Null).await.expect(200);
    assert_eq!(page["items"][0]["cancellable"], true, "what was sold holds");
    shop.run("UPDATE order_hold SET cancellation = NULL").await;
    let cancel = format!("/orders/{}/cancel", order.id);
    shop.by(&ada, Method::POST, &cancel, &json!({})).await.refused(409, "cancellation_closed");
    let page = shop.by(&ada, Method::GET, "/me/orders", &Value::Null).await.expect(200);
    assert_eq!(page["items"][0]["cancellable"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_theirs_at_once_who_were_signed_in_also_when_the_tickets_go_elsewhere() {
    let shop = shop().await;
    let ada = shop.registered(EMAIL).await;
    let own = shop.order_as(Some(&ada), "r1-1", "Ada@Example.org").await;
    let present = shop.order_as(Some(&ada), "r1-3", "bob@example.org").await;
    let as_guest = shop.order_as(None, "r1-5", EMAIL).await;
    assert_eq!(shop.mine(&ada).await.len(), 3);
    assert_eq!(
        (how(&shop, &own).await, how(&shop, &present).await),
        (vec!["address".to_owned()], vec!["ordered".to_owned()])
    );
    assert_eq!(how(&shop, &as_guest).await, ["address"], "typed without signing in, and shown to be hers before");
    shop.by(&ada, Method::GET, &format!("/orders/{}", present.id), &Value::Null).await.expect(200);
    // Whose address it was bought for sees it too, once it was shown to be theirs; what is not, stays away.
    let bob = shop.registered("bob@example.org").await;
    assert_eq!(shop.mine(&bob).await, [present.number.as_str()]);
    assert_eq!(how(&shop, &present).await, ["address", "ordered"]);

    // Who sells for the house sells to others.
    let organizer: uuid::Uuid =
        sqlx::query_scalar("SELECT organizer_id FROM show").fetch_one(&shop.server.db).await.unwrap();
    let seller = staff(&shop.server, &organizer.to_string(), "box_office").await;
    shop.order_as(Some(&seller), "r2-1", "customer@example.org").await;
    assert!(shop.mine(&seller).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_address_later_has_not_what_was_bought_under_it_before() {
    let shop = shop().await;
    let before = shop.buy("r1-1").await;
    let first = shop.registered(EMAIL).await;
    let moving = json!({"email": "moved@example.org", "password": PASSWORD});
    shop.by(&first, Method::POST, "/me/email", &moving).await.expect(202);
    shop.confirmed("moved@example.org").await;
    assert_eq!(shop.mine(&first).await, [before.number.as_str()], "it stays theirs");
    let between = shop.buy("r1-3").await;
    let second = shop.registered(EMAIL).await;
    assert_eq!(shop.mine(&second).await, [between.number.as_str()]);
    shop.by(&second, Method::GET, &format!("/orders/{}", before.id), &Value::Null).await.refused(404, "not_found");
    assert_eq!(shop.mine(&first).await, [before.number.as_str()], "what came later is not theirs");

    let told = shop.by(&second, Method::GET, "/me/export", &Value::Null).await.expect(200);
    let numbers = |told: &Value| told["orders"].to_string();
    assert!(numbers(&told).contains(&between.number) && !numbers(&told).contains(&before.number), "{told}");
    let told = shop.by(&first, Method::GET, "/me/export", &Value::Null).await.expect(200);
    assert_eq!(told["claimed_orders"][0]["number"], before.number.as_str());
    assert!(!told.to_string().contains(&between.number), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_claimed_by_its_link_and_that_ends_with_the_link() {
    let shop = shop().await;
    let order = shop.buy_as(None, "r1-1", "office@example.org").await;
    let other = shop.buy("r1-3").await;
    let (ada, eve) = (shop.registered(EMAIL).await, shop.registered("eve@example.org").await);
    shop.claim(&ada, &order, &other.token).await.refused(403, "order_token_invalid");
    shop.claim(&ada, &order, "").await.refused(422, "validation_failed");
    shop.server
        .post("/me/orders/claim", &json!({"order_id": order.id, "token": order.token}))
        .await
        .refused(401, "unauthenticated");
    for _ in 0..2 {
        let claimed = shop.claim(&ada, &order, &order.token).await.expect(200);
        assert_eq!((&claimed["order"]["yours"], claimed["order"].get("token")), (&json!(true), None));
    }
    assert_eq!(shop.count("SELECT count(*) FROM audit_log WHERE action = 'order.claimed'").await, 1);
    shop.claim(&eve, &order, &order.token).await.expect(200);
    assert_eq!(shop.mine(&ada).await.len(), 2);

    // Whoever had the link in hands that it was not for has nothing of it any more.
    shop.mails().await;
    shop.revoke(&order, &order.token).await.expect(204);
    assert!(shop.mine(&eve).await.is_empty());
    assert_eq!(shop.mine(&ada).await, [other.number.as_str()], "what is hers by her address stays");
    shop.by(&eve, Method::GET, &format!("/orders/{}", order.id), &Value::Null).await.refused(404, "not_found");
    shop.claim(&eve, &order, &order.token).await.refused(403, "order_link_ended");
    let newer = shop.newest_token(&order).await;
    shop.claim(&ada, &order, &newer).await.expect(200);

    // An owner ends links of what is theirs by the address, and stays its owner.
    let ended = shop.by(&ada, Method::POST, &format!("/orders/{}/revoke-links", other.id), &Value::Null).await;
    assert_eq!(ended.status, 204);
    assert_eq!(shop.mine(&ada).await.len(), 2);
    shop.by(&ada, Method::GET, &format!("/orders/{}", other.id), &Value::Null).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_accounts_have_an_order_by_its_link() {
    let shop = shop().await;
    let order = shop.order_as(None, "r1-1", EMAIL).await;
    shop.run(
        "INSERT INTO app_user (id, email, email_normalized, name)
         SELECT gen_random_uuid(), n || '@x.org', n || '@x.org', 'x' FROM generate_series(1, 9) n",
    )
    .await;
    shop.run("INSERT INTO order_claim (order_id, user_id, how) SELECT o.id, u.id, 'link' FROM orders o, app_user u WHERE u.name = 'x'")
        .await;
    let (tenth, eleventh) = (shop.registered("ten@example.org").await, shop.registered("eleven@example.org").await);
    shop.claim(&tenth, &order, &order.token).await.expect(200);
    shop.claim(&eleventh, &order, &order.token).await.refused(409, "in_use");
    shop.claim(&tenth, &order, &order.token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_goes_takes_its_claims_with_it_and_what_it_bought_under_an_older_address_is_forgotten() {
    let shop = shop().await;
    let own = shop.buy("r1-1").await;
    let ada = shop.registered(EMAIL).await;
    let moving = json!({"email": "moved@example.org", "password": PASSWORD});
    shop.by(&ada, Method::POST, "/me/email", &moving).await.expect(202);
    shop.confirmed("moved@example.org").await;
    let present = shop.buy_as(Some(&ada), "r1-3", "bob@example.org").await;
    let told = shop.by(&ada, Method::GET, "/me/export", &Value::Null).await.expect(200);
    assert_eq!(told["claimed_orders"].as_array().unwrap().len(), 2);
    assert!(!told.to_string().contains("bob@example.org"), "whom it was bought for is somebody else: {told}");
    shop.mails().await;
    shop.by(&ada, Method::DELETE, "/me", &json!({"password": PASSWORD, "at_once": true})).await.expect(200);
    assert_eq!(shop.count("SELECT count(*) FROM order_claim").await, 0);
    let names = "SELECT count(*) FROM customer WHERE email = 'ada@example.org'";
    assert_eq!(shop.count(names).await, 0, "the address of before was theirs");
    assert_eq!(shop.count("SELECT count(*) FROM customer WHERE email = 'bob@example.org'").await, 1);
    // Tickets stay good, and the links with them.
    shop.read(&own, &own.token).await.expect(200);
    shop.read(&present, &present.token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_house_has_forgotten_names_nobody_by_an_account_either() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    let ada = shop.registered(EMAIL).await;
    assert_eq!(shop.mine(&ada).await.len(), 1);
    let customer = text(&shop.read(&order, &order.token).await.expect(200)["order"]["customer"]["id"]).to_owned();
    let erase = format!("/admin/customers/{customer}/erase");
    shop.server.admin(Method::POST, &erase, &json!({"at_once": true})).await.expect(200);
    assert!(shop.mine(&ada).await.is_empty());
    assert_eq!(shop.count("SELECT count(*) FROM order_claim").await, 0);
}
