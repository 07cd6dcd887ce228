//! Links of orders, and their end.

use aisle::platform::keys::Purpose;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bought, EMAIL, Shop, bought, link_of, shop, text};
use crate::catalog::house::staff;
use crate::harness::{Answer, send};

/// As if the links had been ended so long ago.
async fn let_them_rest(shop: &Shop, order: &Bought, ago: &str) {
    sqlx::query("UPDATE orders SET links_ended_at = now() - $2::text::interval WHERE id = $1")
        .bind(order.id)
        .bind(ago)
        .execute(&shop.server.db)
        .await
        .unwrap();
}

/// Everything that a link opens, asked with this one. `tickets` are addresses with `?t=`.
async fn everywhere(shop: &Shop, order: &Bought, token: &str, tickets: &[String]) -> Vec<(String, Answer)> {
    let id = order.id;
    let mut answers = Vec::new();
    for path in [format!("/orders/{id}"), format!("/orders/{id}/tickets")] {
        answers.push((path.clone(), send(shop.with(Method::GET, &path, token)).await));
    }
    for what in ["payments", "reopen", "cancel", "revoke-links"] {
        let path = format!("/orders/{id}/{what}");
        answers.push((path.clone(), send(shop.with(Method::POST, &path, token).json(&json!({}))).await));
    }
    for address in tickets {
        answers.push((address.clone(), shop.server.get(address).await));
        // By the order's token, without the address's own.
        let bare = address.split('?').next().unwrap();
        answers.push((bare.to_owned(), send(shop.with(Method::GET, bare, token)).await));
    }
    answers
}

async fn tickets(shop: &Shop, order: &Bought, token: &str) -> Vec<String> {
    let list = send(shop.with(Method::GET, &format!("/orders/{}/tickets", order.id), token)).await.expect(200);
    let ticket = &list["items"][0];
    ["pdf_url", "svg_url", "ics_url"].map(|form| text(&ticket[form]).to_owned()).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_ended_opens_nothing_and_the_newer_one_is_in_the_mail_alone() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    let other = shop.buy("r1-3").await;
    let first = shop.mails().await.into_iter().find(|mail| mail.2.contains(&order.number)).unwrap();
    let (address, mailed) = link_of(&first.2);
    assert!(address.ends_with(&format!("/orders/{}", order.id)), "{address}");
    assert_eq!(mailed, order.token);
    let addresses = tickets(&shop, &order, &mailed).await;
    for address in &addresses {
        assert_eq!(shop.server.get(address).await.status, 200);
    }
    shop.revoke(&other, &order.token).await.refused(403, "order_token_invalid");

    let ended = shop.revoke(&order, &mailed).await;
    assert_eq!((ended.status.as_u16(), ended.text.as_str()), (204, ""), "nothing of the newer link is in the answer");
    let old = everywhere(&shop, &order, &mailed, &addresses).await;
    assert_eq!(old.len(), 12);
    for (what, answer) in old {
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (403, &json!("order_link_ended")), "{what}");
    }

    let mails = shop.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!((mails[0].0.as_str(), mails[0].1.contains(&order.number)), (EMAIL, true));
    let (_, newer) = link_of(&mails[0].2);
    assert_ne!(newer, mailed);
    let read = shop.read(&order, &newer).await.expect(200);
    assert_eq!((&read["order"]["status"], &read["order"]["token"]), (&json!("confirmed"), &json!(newer)));
    for address in tickets(&shop, &order, &newer).await {
        assert_eq!(shop.server.get(&address).await.status, 200, "{address}");
    }
    shop.read(&other, &other.token).await.expect(200);
    assert_eq!(shop.count("SELECT count(*) FROM audit_log WHERE action = 'order.links_ended'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_version_of_a_link_can_be_made_up() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    let keys = &shop.server.running.parts.keys;
    let plain = keys.token(Purpose::OrderToken, &[order.id.as_bytes()]);
    assert_eq!(plain, order.token, "what was made before there were versions is good");
    let versions = ["0", "1", "-1", "00", "+1", "2147483648", "", "x", "1.1"];
    for made_up in versions.map(|version| format!("{plain}.{version}")) {
        shop.read(&order, &made_up).await.refused(403, "order_token_invalid");
    }
    shop.revoke(&order, &plain).await.expect(204);
    let newer = shop.newest_token(&order).await;
    shop.read(&order, &newer).await.expect(200);
    let (proof, version) = newer.rsplit_once('.').unwrap();
    assert_eq!(version, "1");
    for made_up in [proof.to_owned(), format!("{proof}.2"), format!("{plain}.1"), format!("{proof}.")] {
        shop.read(&order, &made_up).await.refused(403, "order_token_invalid");
    }
    let unknown = format!("/orders/{}/revoke-links", Uuid::nil());
    shop.server.post(&unknown, &json!({})).await.refused(403, "order_token_invalid");
    shop.server.admin(Method::POST, &unknown, &json!({})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_end_the_links_at_once_by_one_link_one_does() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    shop.mails().await;
    let (one, two) = tokio::join!(shop.revoke(&order, &order.token), shop.revoke(&order, &order.token));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 403]);
    assert_eq!(shop.count("SELECT sum(link_version) FROM orders").await, 1);
    assert_eq!(shop.mails().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_ends_links_too_and_the_same_request_is_done_once() {
    let shop = shop().await;
    let order = shop.buy("r1-1").await;
    shop.mails().await;
    let organizer: Uuid = sqlx::query_scalar("SELECT organizer_id FROM show").fetch_one(&shop.server.db).await.unwrap();
    let path = format!("/orders/{}/revoke-links", order.id);
    let elsewhere = staff(&shop.server, &crate::catalog::house::house(&shop.server).await.organizer, "organizer").await;
    shop.by(&elsewhere, Method::POST, &path, &Value::Null).await.refused(404, "not_found");
    let scanner = staff(&shop.server, &organizer.to_string(), "scanner").await;
    shop.by(&scanner, Method::POST, &path, &Value::Null).await.refused(403, "forbidden");

    let seller = staff(&shop.server, &organizer.to_string(), "box_office").await;
    let ask = || shop.server.request(Method::POST, &path).bearer_auth(&seller).header("idempotency-key", "wrong hands");
    let first = send(ask()).await;
    assert_eq!((first.status.as_u16(), first.headers.get("idempotent-replayed")), (204, None));
    assert_eq!(send(ask()).await.headers["idempotent-replayed"], "true");
    assert_eq!(shop.count("SELECT sum(link_version) FROM orders").await, 1);
    assert_eq!(shop.mails().await.len(), 1);
    shop.read(&order, &order.token).await.refused(403, "order_link_ended");

    // Each time a mail goes out, so not at once again: both edges of the ten minutes.
    let again = || shop.by(&seller, Method::POST, &path, &Value::Null);
    assert_eq!(again().await.refused(429, "too_many_requests")["retry_after_s"], 600);
    let_them_rest(&shop, &order, "9 minutes").await;
    again().await.refused(429, "too_many_requests");
    let newer = shop.newest_token(&order).await;
    shop.revoke(&order, &newer).await.refused(429, "too_many_requests");
    let_them_rest(&shop, &order, "10 minutes").await;
    again().await.expect(204);
    shop.read(&order, &newer).await.refused(403, "order_link_ended");
    let log = "SELECT count(*) FROM audit_log WHERE action = 'order.links_ended' AND actor_kind = 'user'";
    assert_eq!(shop.count(log).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_repeats_the_order_from_the_old_browser_gets_no_newer_link() {
    let shop = shop().await;
    let wish = shop.wish(shop.show, "r1-1", EMAIL, "en").await;
    let ask = || shop.server.request(Method::POST, "/orders").header("idempotency-key", "one wish").json(&wish);
    let made = send(ask()).await.expect(201);
    let order = bought(&made);
    let again = send(ask()).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201)["order"]["token"], order.token, "while no link was ended it is the same answer");
    shop.revoke(&order, &order.token).await.expect(204);
    let again = send(ask()).await.expect(201);
    assert_eq!((&again["order"]["number"], again["order"].get("token")), (&json!(order.number), None));
    shop.read(&order, &order.token).await.refused(403, "order_link_ended");
}
