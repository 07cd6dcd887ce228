//! Tickets: issued once, carried in every form, shown to nobody else, and never valid again once their place is given back.

use std::collections::HashSet;

use aisle::accounts::{Accounts, NewUser, Role, insert_membership, insert_user};
use aisle::platform::keys::Purpose;
use aisle::tickets::{code, mail, store};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{Answer, Server, send, spawn};
use crate::sold::{Sold, TITLE, sell};

async fn issue(server: &Server, sold: &Sold) -> usize {
    let mut transaction = server.db.begin().await.unwrap();
    let new = store::issue(&mut transaction, sold.order).await.unwrap();
    transaction.commit().await.unwrap();
    new
}

async fn list(server: &Server, sold: &Sold) -> Vec<Value> {
    let token = server.running.parts.keys.token(Purpose::OrderToken, &[sold.order.as_bytes()]);
    let path = format!("/orders/{}/tickets", sold.order);
    let answer = send(server.request(Method::GET, &path).header("aisle-order-token", token)).await;
    assert_eq!(answer.headers["cache-control"], "private, no-store");
    answer.expect(200)["items"].as_array().unwrap().clone()
}

async fn open(server: &Server, url: &Value) -> Answer {
    server.get(url.as_str().unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_place_has_one_ticket_however_often_they_are_issued() {
    let server = spawn().await;
    let sold = sell(&server.db).await;
    assert!(list(&server, &sold).await.is_empty(), "none before they are issued");
    assert_eq!(issue(&server, &sold).await, 5);
    assert_eq!(issue(&server, &sold).await, 0);
    let tickets = list(&server, &sold).await;
    assert_eq!(tickets.len(), 5);
    let places: Vec<_> = tickets.iter().map(|ticket| (&ticket["seat"], &ticket["area"], &ticket["number"])).collect();
    assert_eq!(places[0], (&"stalls-A-1".into(), &Value::Null, &"1".into()));
    assert_eq!(places[4], (&Value::Null, &"floor".into(), &Value::Null));
    let codes: HashSet<_> = tickets.iter().map(|ticket| ticket["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 5, "each its own code");
    assert_eq!(tickets[0]["id"], store::ticket_id(sold.lines[0], 0).to_string());

    let keys = &server.running.parts.keys;
    for ticket in &tickets {
        let read = code::verify(ticket["code"].as_str().unwrap(), |kid| code::public_key(keys, kid)).unwrap();
        assert_eq!((read.ticket.to_string(), read.show), (ticket["id"].as_str().unwrap().to_owned(), sold.show));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_never_has_two_tickets_that_admit() {
    let server = spawn().await;
    let sold = sell(&server.db).await;
    issue(&server, &sold).await;
    // A second order for the same seat, as no show would ever let happen.
    let (order, line) = (Uuid::from_u128(77), Uuid::from_u128(78));
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO orders (id, number, organizer_id, customer_id, state, total, currency)
            SELECT '{order}', 'A-TWICE', organizer_id, customer_id, state, total, currency FROM orders WHERE id = '{0}';
         INSERT INTO order_hold SELECT '{order}', show_id, hold_id, booking_id, 0 FROM order_hold WHERE order_id = '{0}';
         INSERT INTO order_line (id, order_id, position, kind, label, show_id, hold_id, seat_guid, amount)
            SELECT '{line}', '{order}', 0, kind, label, show_id, hold_id, seat_guid, amount FROM order_line WHERE id = '{1}'",
        sold.order, sold.lines[0]
    )))
    .execute(&server.db)
    .await
    .unwrap();
    let mut connection = server.db.acquire().await.unwrap();
    let refused = store::issue(&mut connection, order).await.unwrap_err();
    assert_eq!(refused.constraint(), Some("ticket_seat_once"));
    // Once the first is revoked, the seat can be sold and ticketed again.
    let first = store::ticket_id(sold.lines[0], 0);
    assert_eq!(store::revoke(&mut connection, sold.order, Some(&[first])).await.unwrap(), [first]);
    assert_eq!(store::issue(&mut connection, order).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_suspended_restored_and_revoked_for_ever() {
    let server = spawn().await;
    let sold = sell(&server.db).await;
    issue(&server, &sold).await;
    let mut db = server.db.acquire().await.unwrap();
    let first = store::ticket_id(sold.lines[0], 0);
    assert_eq!(store::suspend(&mut db, sold.order, Some(&[first])).await.unwrap(), [first]);
    assert!(store::suspend(&mut db, sold.order, Some(&[first])).await.unwrap().is_empty(), "the second time");
    assert!(store::suspend(&mut db, Uuid::nil(), Some(&[first])).await.unwrap().is_empty(), "of another order");
    let tickets = list(&server, &sold).await;
    assert_eq!((&tickets[0]["status"], &tickets[0]["code"]), (&"suspended".into(), &Value::Null));
    assert_eq!(tickets[1]["status"], "valid");
    assert!(open(&server, &tickets[0]["svg_url"]).await.text.contains("On hold"));

    assert_eq!(store::restore(&mut db, sold.order, None).await.unwrap(), [first]);
    assert!(list(&server, &sold).await[0]["code"].is_string());
    assert_eq!(store::revoke(&mut db, sold.order, None).await.unwrap().len(), 5);
    assert!(store::restore(&mut db, sold.order, None).await.unwrap().is_empty());
    assert_eq!(issue(&server, &sold).await, 0, "issuing again brings nothing back");
    let tickets = list(&server, &sold).await;
    assert!(tickets.iter().all(|ticket| ticket["status"] == "revoked" && ticket["code"].is_null()));
    assert!(open(&server, &tickets[0]["svg_url"]).await.text.contains("Cancelled"));
    assert!(open(&server, &tickets[0]["ics_url"]).await.text.contains("STATUS:CANCELLED"));
    assert_eq!(open(&server, &tickets[0]["pdf_url"]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_a_page_a_picture_and_a_calendar_entry() {
    let server = spawn().await;
    let sold = sell(&server.db).await;
    issue(&server, &sold).await;
    let ticket = &list(&server, &sold).await[0];
    let page = open(&server, &ticket["pdf_url"]).await;
    assert_eq!((page.status.as_u16(), &page.headers["content-type"]), (200, &"application/pdf".parse().unwrap()));
    assert!(page.text.starts_with("%PDF-"));
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let picture = open(&server, &ticket["svg_url"]).await;
    assert_eq!(picture.headers["content-type"], "image/svg+xml; charset=utf-8");
    assert!(picture.text.contains("Romeo &amp; Julia &lt;Remix&gt;, Stalls, row A, seat 1"), "{}", picture.text);
    let entry = open(&server, &ticket["ics_url"]).await;
    assert!(entry.headers["content-type"].to_str().unwrap().starts_with("text/calendar"));
    for line in ["DTSTART:20261212T183000Z", "DTEND:20261212T200000Z", &format!("SUMMARY:{TITLE}")] {
        assert!(entry.text.contains(&format!("{line}\r\n")), "{}", entry.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_a_ticket_who_cannot_prove_to_have_a_part_in_it() {
    let server = spawn().await;
    let (sold, other) = (sell(&server.db).await, sell(&server.db).await);
    issue(&server, &sold).await;
    let tickets = list(&server, &sold).await;
    let id = tickets[0]["id"].as_str().unwrap();
    let keys = &server.running.parts.keys;
    let others_link = keys.token(Purpose::Link, &[b"ticket", store::ticket_id(sold.lines[1], 0).as_bytes()]);
    for form in ["pdf", "svg", "ics"] {
        for query in ["", "?t=", "?t=x.y", &format!("?t={others_link}")] {
            server.get(&format!("/tickets/{id}.{form}{query}")).await.refused(403, "order_token_invalid");
        }
        // Whether there is such a ticket is nobody else's business.
        server.get(&format!("/tickets/{}.{form}", Uuid::nil())).await.refused(403, "order_token_invalid");
        server.get(&format!("/tickets/nothing.{form}")).await.refused(404, "not_found");
        assert_eq!(server.admin(Method::GET, &format!("/tickets/{id}.{form}"), &Value::Null).await.status, 200);
    }
    let path = format!("/orders/{}/tickets", sold.order);
    server.get(&path).await.refused(403, "order_token_invalid");
    let wrong = keys.token(Purpose::OrderToken, &[other.order.as_bytes()]);
    send(server.request(Method::GET, &path).header("aisle-order-token", wrong))
        .await
        .refused(403, "order_token_invalid");
    server.get(&format!("/orders/{}/tickets", Uuid::nil())).await.refused(403, "order_token_invalid");
    assert_eq!(server.admin(Method::GET, &path, &Value::Null).await.expect(200)["items"].as_array().unwrap().len(), 5);
}

/// A bearer token of somebody with this role in the house that sold it.
async fn staff(server: &Server, house: Uuid, role: Role) -> String {
    let email = format!("{}@example.org", aisle::platform::ids::new_id());
    let new = NewUser { name: "Staff".to_owned(), email, password_hash: None, is_admin: false };
    let mut db = server.db.acquire().await.unwrap();
    let user = insert_user(&mut db, &new).await.unwrap();
    insert_membership(&mut db, user, house, role).await.unwrap();
    Accounts::new(server.db.clone()).make_bearer(user, "test").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_a_house_see_its_own_tickets_and_mails_alone() {
    let server = spawn().await;
    let (sold, other) = (sell(&server.db).await, sell(&server.db).await);
    issue(&server, &sold).await;
    sqlx::query(
        "INSERT INTO mail (id, organizer_id, recipient, subject, text_body, html_body, status)
         VALUES ($1, $1, 'ada@example.org', 'Hello', '', '', 'kept'), ($2, NULL, 'admin@example.org', 'Hello', '', '', 'kept')",
    )
    .bind(sold.organizer)
    .bind(Uuid::from_u128(9))
    .execute(&server.db)
    .await
    .unwrap();
    let tickets = format!("/orders/{}/tickets", sold.order);
    let ask = async |token: &str, path: &str| send(server.request(Method::GET, path).bearer_auth(token)).await;

    let runs = staff(&server, sold.organizer, Role::Organizer).await;
    let sells = staff(&server, sold.organizer, Role::BoxOffice).await;
    let stranger = staff(&server, other.organizer, Role::Organizer).await;
    assert_eq!(ask(&sells, &tickets).await.status, 200);
    ask(&stranger, &tickets).await.refused(404, "not_found");
    ask(&staff(&server, sold.organizer, Role::Scanner).await, &tickets).await.refused(403, "forbidden");

    let mails = ask(&runs, "/admin/mailbox").await.expect(200)["items"].as_array().unwrap().clone();
    assert_eq!((mails.len(), &mails[0]["id"]), (1, &sold.organizer.to_string().into()));
    assert_eq!(ask(&runs, &format!("/admin/mailbox/{}", sold.organizer)).await.status, 200);
    ask(&runs, &format!("/admin/mailbox/{}", Uuid::from_u128(9))).await.refused(404, "not_found");
    ask(&sells, "/admin/mailbox").await.refused(403, "forbidden");
    assert_eq!(ask(&stranger, "/admin/mailbox").await.expect(200)["items"], Value::Array(vec![]));
    ask(&stranger, &format!("/admin/mailbox/{}", sold.organizer)).await.refused(404, "not_found");

    // Two mails on pages of one: each comes once.
    let first = server.admin(Method::GET, "/admin/mailbox?limit=1", &Value::Null).await.expect(200);
    let rest = format!("/admin/mailbox?limit=1&after={}", first["next"].as_str().unwrap());
    let second = server.admin(Method::GET, &rest, &Value::Null).await.expect(200);
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_confirmed_by_one_mail_with_its_tickets_in_the_mailbox() {
    let server = spawn().await;
    let sold = sell(&server.db).await;
    for asked_for in [true, false] {
        let mut transaction = server.db.begin().await.unwrap();
        store::issue(&mut transaction, sold.order).await.unwrap();
        assert_eq!(mail::confirm(&mut transaction, sold.order).await.unwrap(), asked_for);
        transaction.commit().await.unwrap();
    }
    // The server's own worker and this one share the outbox; whoever is left with nothing to do knows that all is claimed.
    while server.running.parts.outbox.run_once().await.unwrap() {}
    let mut mails = Vec::new();
    while mails.is_empty() {
        let page = server.admin(Method::GET, "/admin/mailbox", &Value::Null).await.expect(200);
        mails = page["items"].as_array().unwrap().clone();
        tokio::task::yield_now().await;
    }
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!((&mail["to"], &mail["status"]), (&"Ada@example.org".into(), &"kept".into()));
    assert!(mail["subject"].as_str().unwrap().starts_with(&format!("Your tickets for {TITLE} (A-")), "{mail}");

    let whole =
        server.admin(Method::GET, &format!("/admin/mailbox/{}", mail["id"].as_str().unwrap()), &Value::Null).await;
    let whole = whole.expect(200);
    let token = server.running.parts.keys.token(Purpose::OrderToken, &[sold.order.as_bytes()]);
    let link = format!("{}/orders/{}#t={token}", server.url, sold.order);
    assert!(whole["text"].as_str().unwrap().contains(&link), "{whole}");
    let html = whole["html"].as_str().unwrap();
    assert!(
        html.contains("Ada &lt;b&gt;Lovelace&lt;/b&gt;") || html.contains("Ada &lt;b&gt;Lovelace&lt;&#x2f;b&gt;"),
        "{html}"
    );
    assert!(html.contains("Saturday, 12 December 2026, 19:30"), "{html}");

    let file = &whole["attachments"][0];
    assert_eq!(file["content_type"], "application/pdf");
    let url = file["url"].as_str().unwrap();
    let page = send(server.request(Method::GET, url).bearer_auth(&server.admin)).await;
    assert!(page.text.starts_with("%PDF-"));
    assert!(page.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"tickets-A-"));
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    server.get(url).await.refused(401, "unauthenticated");
    server.get("/admin/mailbox").await.refused(401, "unauthenticated");
    let missing = format!("/admin/mailbox/{}/attachments/%00", mail["id"].as_str().unwrap());
    server.admin(Method::GET, &missing, &Value::Null).await.refused(404, "not_found");
    let first = server.admin(Method::GET, "/admin/mailbox?limit=1", &Value::Null).await.expect(200);
    assert_eq!(first["next"], Value::Null);
    server.admin(Method::GET, "/admin/mailbox?after=x", &Value::Null).await.refused(422, "validation_failed");
}
