//! Tickets that go to somebody else: what they had before admits nobody, what they have now only its new holder.

use aisle::tickets::{Tickets, code};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, shop, text};
use crate::harness::{Answer, send};
use crate::process::until;

async fn pass(shop: &Shop, order: &Value, key: &str, tickets: &[&Value], email: &str) -> Answer {
    let body = json!({"tickets": tickets, "to": {"name": "Grace Guest", "email": email}});
    send(shop.about(Method::POST, order, "/transfer").header("idempotency-key", key).json(&body)).await
}

/// The newest mail to an address: its subject, its text, and how many pages it has.
async fn mailed(shop: &Shop, to: &str, subject: &str) -> (String, i64) {
    until("the mail is out", async || {
        sqlx::query_as::<_, (String, i64)>(
            "SELECT m.text_body, (SELECT count(*) FROM mail_attachment a WHERE a.mail_id = m.id) FROM mail m
             WHERE m.recipient = $1 AND m.subject LIKE '%' || $2 || '%' ORDER BY m.created_at DESC LIMIT 1",
        )
        .bind(to)
        .bind(subject)
        .fetch_optional(&shop.server.db)
        .await
        .unwrap()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_passed_on_is_its_new_holders_and_the_money_stays_with_the_buyer() {
    let shop = shop(json!({"transfer_until_s": 3_600})).await;
    let order = shop.buy(&["r1-1", "r1-2"]).await;
    let before = shop.tickets(&order).await;
    let keys = shop.server.running.parts.keys.clone();
    let read = |text: &str| code::verify(text, |kid| code::public_key(&keys, kid)).unwrap();
    let at_the_door = async |text: &str| {
        let code = read(text);
        let ticket = Tickets::new(shop.server.db.clone()).one(code.ticket).await.unwrap().unwrap();
        code::admits(&code, &ticket)
    };
    let old = text(&before[0]["code"]).to_owned();
    assert_eq!(at_the_door(&old).await, Ok(()));

    let passed = &before[0]["id"];
    for _ in 0..2 {
        pass(&shop, &order, "one", &[passed], "Grace@Example.org").await.expect(200);
    }
    assert_eq!(at_the_door(&old).await, Err(code::NotAdmitted::PassedOn), "the code of before admits nobody");
    let after = shop.tickets(&order).await;
    assert_eq!(
        (&after[0]["passed_on"], &after[0]["code"], &after[0]["pdf_url"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    assert_eq!(after[1]["code"], before[1]["code"], "the other one is as it was");
    // Links of before, and the order's token, do not show the new one.
    for form in ["pdf_url", "svg_url", "ics_url"] {
        shop.server.get(text(&before[0][form])).await.refused(403, "order_link_ended");
    }
    let path = format!("/tickets/{}.pdf", text(passed));
    let with_token = shop.server.request(Method::GET, &path).header("aisle-order-token", text(&order["token"]));
    send(with_token).await.refused(403, "order_link_ended");
    shop.server.get(&path).await.refused(403, "order_token_invalid");
    assert_eq!(shop.server.admin(Method::GET, &path, &Value::Null).await.status, 200, "the house sees it");

    let (words, pages) = mailed(&shop, "Grace@Example.org", "passed a ticket on to you").await;
    assert_eq!(pages, 1);
    assert!(words.contains("Ada Buyer") && !words.contains("45.00"), "what it cost is nobody else's: {words}");
    let link = words.split_whitespace().find(|word| word.contains("/api/v1/tickets/")).unwrap();
    let link = &link[link.find("/api/").unwrap()..];
    assert_eq!(shop.server.get(link).await.status, 200);
    let (told, _) = mailed(&shop, "ada@example.org", "were passed on").await;
    assert!(told.contains(text(&order["number"])) || told.contains("/orders/"), "{told}");
    let mails: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE kind = 'tickets_passed_on'")
        .fetch_one(&shop.server.db)
        .await
        .unwrap();
    assert_eq!(mails, 1, "the same request twice was done once");

    // The order's links may end: the new holder's is another's.
    send(shop.about(Method::POST, &order, "/revoke-links")).await.expect(204);
    assert_eq!(shop.server.get(link).await.status, 200);
    // Who bought it has the money's side: given back, it admits nobody.
    let cancel = format!("/orders/{}/cancel", text(&order["id"]));
    shop.server.admin(Method::POST, &cancel, &json!({"tickets": [passed]})).await.expect(200);
    until("it is given back", async || {
        let statuses: Vec<String> =
            sqlx::query_scalar("SELECT status FROM ticket ORDER BY issue").fetch_all(&shop.server.db).await.unwrap();
        (statuses == ["valid", "revoked"]).then_some(())
    })
    .await;
    let gone = shop.server.get(&link.replace(".pdf", ".svg")).await;
    assert!(gone.status == 200 && gone.text.contains("Cancelled"), "{}", gone.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_on_ends_with_the_houses_deadline_and_with_the_ticket() {
    let shop = shop(json!({})).await;
    let order = shop.buy(&["r1-1", "r1-2"]).await;
    let tickets = shop.tickets(&order).await;
    let (one, two) = (&tickets[0]["id"], &tickets[1]["id"]);
    pass(&shop, &order, "a", &[one], "grace@example.org").await.refused(409, "transfer_closed");
    let by_staff = json!({"tickets": [one], "to": {"name": "Grace", "email": "grace@example.org"}});
    let path = format!("/orders/{}/transfer", text(&order["id"]));
    shop.server.admin(Method::POST, &path, &by_staff).await.expect(200);
    sqlx::query("UPDATE show SET transfer_until_s = 0").execute(&shop.server.db).await.unwrap();
    pass(&shop, &order, "b", &[two], "not an address").await.refused(422, "validation_failed");
    pass(&shop, &order, "c", &[&json!("00000000-0000-0000-0000-000000000000")], "g@example.org")
        .await
        .refused(422, "validation_failed");
    // To oneself again: nobody else has it, and the codes have changed all the same.
    pass(&shop, &order, "d", &[one], "ada@example.org").await.expect(200);
    let back = shop.tickets(&order).await;
    assert_eq!(back[0]["passed_on"], false);
    assert!(back[0]["code"].is_string() && back[0]["code"] != tickets[0]["code"]);

    shop.cancel(&order, &json!({"tickets": [two]})).await.expect(200);
    shop.until_status(&order, "partially_refunded").await;
    pass(&shop, &order, "e", &[two], "grace@example.org").await.refused(409, "transfer_closed");
    shop.state("cancel").await;
    pass(&shop, &order, "f", &[one], "grace@example.org").await.refused(409, "transfer_closed");
    let actions: Vec<(String, String)> =
        sqlx::query_as("SELECT action, actor_kind FROM audit_log WHERE action = 'order.transferred' ORDER BY number")
            .fetch_all(&shop.server.db)
            .await
            .unwrap();
    let done = |who: &str| ("order.transferred".to_owned(), who.to_owned());
    assert_eq!(actions, [done("user"), done("guest")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_comes_late_brings_nothing_to_who_has_the_ticket_no_more() {
    let shop = shop(json!({"transfer_until_s": 3_600})).await;
    let order = shop.buy(&["r1-1"]).await;
    let ticket = shop.tickets(&order).await[0]["id"].clone();
    pass(&shop, &order, "one", &[&ticket], "mistyped@example.org").await.expect(200);
    mailed(&shop, "mistyped@example.org", "passed a ticket on to you").await;
    // The mail server had put it off until after the buyer took the ticket back.
    pass(&shop, &order, "two", &[&ticket], "ada@example.org").await.expect(200);
    mailed(&shop, "ada@example.org", "passed a ticket on to you").await;
    sqlx::query("DELETE FROM mail").execute(&shop.server.db).await.unwrap();
    let late = "UPDATE outbox SET done_at = NULL, next_try_at = now(), attempts = 1 WHERE kind = 'tickets_passed_on'";
    assert_eq!(sqlx::query(late).execute(&shop.server.db).await.unwrap().rows_affected(), 2);
    let (_, pages) = mailed(&shop, "ada@example.org", "passed a ticket on to you").await;
    assert_eq!(pages, 1, "who has it now is told");
    until("nothing is left to say", async || {
        let waiting = "SELECT count(*) FROM outbox WHERE done_at IS NULL";
        (sqlx::query_scalar::<_, i64>(waiting).fetch_one(&shop.server.db).await.unwrap() == 0).then_some(())
    })
    .await;
    let strangers = "SELECT count(*) FROM mail WHERE recipient = 'mistyped@example.org'";
    assert_eq!(sqlx::query_scalar::<_, i64>(strangers).fetch_one(&shop.server.db).await.unwrap(), 0);
}
