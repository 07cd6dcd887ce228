//! A person is forgotten, and everything that must stay stays.

use std::collections::BTreeSet;
use std::time::Duration;

use aisle::platform::audit::{Actor, Entry, Severity, chain, security};
use aisle::tickets::code;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::everywhere::{found, print};
use crate::catalog::house::{by, staff};
use crate::customers::{buyer_of, facts_of};
use crate::harness::{Server, send, spawn, spawn_with};
use crate::house::{hall, on_sale};

pub const NAME: &str = "Ottilie Zwiebelfisch";
pub const EMAIL: &str = "Ottilie.Zwiebelfisch@Example.org";
/// What must be nowhere afterwards, also not in part.
pub const TRACES: [&str; 3] = ["Zwiebelfisch", "Ottilie", "198.51.100.77"];

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A purchase, and the house that it was made in.
pub struct Purchase {
    pub organizer: Uuid,
    pub customer: String,
    order: Value,
    payment: Value,
}

async fn begin(server: &Server, seat: &str) -> Purchase {
    let show = on_sale(server, &hall(2, 6, 10)).await;
    begin_at(server, show, seat).await
}

async fn begin_at(server: &Server, show: Uuid, seat: &str) -> Purchase {
    let hold =
        server.post(&format!("/shows/{show}/holds"), &json!({"seats": [seat]})).await.expect(201)["hold"].clone();
    let wish = json!({"holds": [{"show_id": show, "hold_id": hold["id"], "token": hold["token"]}],
                      "customer": {"name": NAME, "email": EMAIL}});
    let made = server.post("/orders", &wish).await.expect(201);
    let organizer: Uuid = sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1")
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap();
    Purchase {
        organizer,
        customer: text(&made["order"]["customer"]["id"]).to_owned(),
        order: made["order"].clone(),
        payment: made["payment"].clone(),
    }
}

async fn read(server: &Server, order: &Value, tail: &str) -> Value {
    let request = server.request(Method::GET, &format!("/orders/{}{tail}", text(&order["id"])));
    send(request.header("aisle-order-token", text(&order["token"]))).await.expect(200)
}

/// Pays, and waits until the order is confirmed and all its mails are said: the server works in its own time.
async fn pay(server: &Server, purchase: &Purchase) {
    send(server.request(Method::POST, text(&purchase.payment["checkout_url"])).form(&[("outcome", "succeed")])).await;
    let waiting = async {
        while read(server, &purchase.order, "").await["order"]["status"] != "confirmed" {
            tokio::task::yield_now().await;
        }
        let unsaid = "SELECT count(*) FROM outbox WHERE done_at IS NULL";
        let news = "SELECT count(*) FROM webhook_in WHERE processed_at IS NULL";
        for sql in [unsaid, news] {
            while sqlx::query_scalar::<_, i64>(sql).fetch_one(&server.db).await.unwrap() > 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .expect("the order is confirmed and its mails are said");
}

pub async fn buy(server: &Server, seat: &str) -> Purchase {
    let purchase = begin(server, seat).await;
    pay(server, &purchase).await;
    purchase
}

async fn erase(server: &Server, purchase: &Purchase, body: Value) -> crate::harness::Answer {
    server.admin(Method::POST, &format!("/admin/customers/{}/erase", purchase.customer), &body).await
}

/// What else a house comes to know of a customer: what the provider says, what staff typed, whom the log saw.
pub async fn leave_traces(server: &Server, purchase: &Purchase) {
    let payment = text(&purchase.payment["id"]);
    let body = format!(
        "{{\"id\":\"evt_1\",\"metadata\":{{\"payment\":\"{payment}\"}},\"receipt_email\":\"{EMAIL}\",\"name\":\"{NAME}\"}}"
    );
    let order: Uuid = text(&purchase.order["id"]).parse().unwrap();
    sqlx::query("INSERT INTO webhook_in (provider, account, event_id, body, processed_at) VALUES ('sandbox', 'default', $1, $2, now())")
        .bind(format!("evt-{payment}"))
        .bind(body.into_bytes())
        .execute(&server.db)
        .await
        .unwrap();
    sqlx::query("INSERT INTO idempotency (scope, route, key, request_hash, status, answer) VALUES ($1, 'POST /x', 'k', '', 200, $2)")
        .bind(format!("order:{order}"))
        .bind(json!({"name": NAME}))
        .execute(&server.db)
        .await
        .unwrap();
    sqlx::query("UPDATE orders SET metadata = $2 WHERE id = $1")
        .bind(order)
        .bind(json!({"note": NAME}))
        .execute(&server.db)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO refund (id, order_id, payment_id, cause, amount, currency, status, reason, settled_at)
         VALUES (gen_random_uuid(), $1, $2, 'wish', 1, 'EUR', 'succeeded', $3, now())",
    )
    .bind(order)
    .bind(payment.parse::<Uuid>().unwrap())
    .bind(format!("{NAME} is ill"))
    .execute(&server.db)
    .await
    .unwrap();
    let entry = Entry::new(Actor::Guest, "order.looked_up").of(purchase.organizer).on("order", order);
    let entry = entry.email(EMAIL).name(NAME).address("198.51.100.77".parse::<std::net::IpAddr>().ok());
    security(&mut server.db.acquire().await.unwrap(), Severity::Notice, entry).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_erased_and_orders_ledger_tickets_and_the_audit_chain_stand() {
    let server = spawn().await;
    let purchase = buy(&server, "r1-1").await;
    leave_traces(&server, &purchase).await;
    let anchor = chain::head(&server.db).await.unwrap();
    let tickets = read(&server, &purchase.order, "/tickets").await;
    let ledger = server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200);

    let before = found(&server.db, &TRACES).await;
    print("before", &before);
    let homes: BTreeSet<&str> = before.keys().map(String::as_str).collect();
    for home in [
        "customer.name",
        "customer.email",
        "mail.recipient",
        "mail.text_body",
        "webhook_in.body",
        "refund.reason",
        "orders.metadata",
        "orders.buyer_name",
        "idempotency.answer",
        "audit_person.name",
        "audit_person.address",
    ] {
        assert!(homes.contains(home), "the search finds what is there: {home}");
    }

    // The show is still to come: the house must be able to tell them should it not take place.
    let later = erase(&server, &purchase, json!({})).await.expect(200)["later"].clone();
    assert_eq!((&later[0]["why"], &later[0]["until"]), (&json!("show_to_come"), &json!("2030-05-06T17:00:00Z")));
    let between = found(&server.db, &TRACES).await;
    print("until the show", &between);
    let stays: Vec<&str> = between.keys().map(String::as_str).collect();
    for place in ["customer.name", "customer.email"] {
        assert!(stays.contains(&place), "{place}");
    }

    let buyer = buyer_of(&server.db, &purchase.customer).await;
    assert!(facts_of(&server.db, buyer).await > 0, "the show counts their places still");

    // They wish it all the same.
    assert_eq!(erase(&server, &purchase, json!({"at_once": true})).await.expect(200), json!({"later": []}));
    let after = found(&server.db, &TRACES).await;
    print("after", &after);
    assert_eq!(after.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "nothing is left of them");
    let other = buyer_of(&server.db, &purchase.customer).await;
    assert_ne!(other, buyer);
    assert_eq!(facts_of(&server.db, other).await, 0, "nothing leads from here to a journal any more");

    // What must stay.
    let verified = chain::verify(&server.db, Some(&anchor)).await.unwrap().expect("the chain is whole");
    assert_eq!(verified.erased, 1);
    assert_eq!(server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200), ledger);
    assert_eq!(ledger["balanced"], true);
    let order = read(&server, &purchase.order, "").await["order"].clone();
    assert_eq!(
        (&order["status"], &order["customer"]["name"], &order["customer"]["email"]),
        (&json!("confirmed"), &json!(""), &json!(""))
    );
    assert_eq!(order["total"], purchase.order["total"]);
    assert_eq!(read(&server, &purchase.order, "/tickets").await, tickets, "their tickets are as they were");
    let keys = &server.running.parts.keys;
    let admits = code::verify(text(&tickets["items"][0]["code"]), |kid| code::public_key(keys, kid)).unwrap();
    let valid: bool = sqlx::query_scalar("SELECT status = 'valid' FROM ticket WHERE id = $1")
        .bind(admits.ticket)
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert!(valid, "and admit");

    // Nobody writes to them any more, and the house finds no such person.
    let number = text(&purchase.order["number"]);
    server.post("/orders/lookup", &json!({"number": number, "email": EMAIL})).await.expect(202);
    let unsaid = "SELECT count(*) FROM outbox WHERE done_at IS NULL";
    while sqlx::query_scalar::<_, i64>(unsaid).fetch_one(&server.db).await.unwrap() > 0 {
        server.running.parts.outbox.run_once().await.unwrap();
    }
    assert_eq!(found(&server.db, &TRACES).await.keys().collect::<Vec<_>>(), Vec::<&String>::new());
    let searched = server.admin(Method::GET, "/admin/orders?q=zwiebel", &Value::Null).await.expect(200);
    assert_eq!(searched["items"], json!([]));
    // Once more: nothing to do.
    assert_eq!(erase(&server, &purchase, json!({"at_once": true})).await.expect(200), json!({"later": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_payment_is_under_way_nobody_is_erased() {
    let server = spawn().await;
    let purchase = begin(&server, "r1-1").await;
    let before = found(&server.db, &TRACES).await;
    erase(&server, &purchase, json!({"at_once": true})).await.refused(409, "order_under_way");
    assert_eq!(found(&server.db, &TRACES).await, before, "nothing was changed");
    let recorded: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = 'customer.erased'")
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert_eq!(recorded, 0);
    pay(&server, &purchase).await;
    erase(&server, &purchase, json!({"at_once": true})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_erases_its_own_customer_and_nobody_elses() {
    let server = spawn().await;
    let ours = buy(&server, "r1-1").await;
    let theirs = buy(&server, "r1-1").await;
    leave_traces(&server, &theirs).await;
    let path = format!("/admin/customers/{}/erase", ours.customer);
    let body = json!({"at_once": true});
    let foreign = staff(&server, &theirs.organizer.to_string(), "organizer").await;
    by(&server, &foreign, Method::POST, &path, &body).await.refused(404, "not_found");
    let box_office = staff(&server, &ours.organizer.to_string(), "box_office").await;
    by(&server, &box_office, Method::POST, &path, &body).await.refused(403, "forbidden");
    server.post(&path, &body).await.refused(401, "unauthenticated");
    let unknown = format!("/admin/customers/{}/erase", aisle::platform::ids::new_id());
    server.admin(Method::POST, &unknown, &body).await.refused(404, "not_found");

    for purchase in [&ours, &theirs] {
        sqlx::query(
            "INSERT INTO invitation (id, organizer_id, email, email_normalized, role, expires_at)
             VALUES (gen_random_uuid(), $1, $2, lower($2), 'scanner', now() + interval '1 day')",
        )
        .bind(purchase.organizer)
        .bind(EMAIL)
        .execute(&server.db)
        .await
        .unwrap();
    }
    let organizer = staff(&server, &ours.organizer.to_string(), "organizer").await;
    by(&server, &organizer, Method::POST, &path, &body).await.expect(200);
    let name = |order: &Value| order["order"]["customer"]["name"].clone();
    assert_eq!(name(&read(&server, &ours.order, "").await), "");
    assert_eq!(name(&read(&server, &theirs.order, "").await), NAME, "another house's customer is another customer");
    let left = found(&server.db, &TRACES).await;
    assert_eq!(left["invitation.email"], 1, "whom we asked to work with us is forgotten here, and not there");
    for place in ["mail.recipient", "webhook_in.body", "refund.reason", "audit_person.email"] {
        assert!(left.contains_key(place), "theirs stays: {place} of {left:?}");
    }
    let entries = by(&server, &organizer, Method::GET, "/admin/audit-log", &Value::Null).await.expect(200);
    assert_eq!(
        (&entries["items"][0]["action"], &entries["items"][0]["object"]["id"]),
        (&json!("customer.erased"), &json!(ours.customer))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_law_keeps_a_buyer_in_the_books_they_are_out_of_use_until_then() {
    let server = spawn_with(|config| config.books_customers_days = 3_650).await;
    let show = on_sale(&server, &hall(2, 6, 10)).await;
    let purchase = begin_at(&server, show, "r1-1").await;
    pay(&server, &purchase).await;
    leave_traces(&server, &purchase).await;
    let later = erase(&server, &purchase, json!({"at_once": true})).await.expect(200)["later"].clone();
    assert_eq!(later[0]["why"], "books");
    let kept = found(&server.db, &TRACES).await;
    print("kept by law", &kept);
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["customer.email", "customer.name", "orders.buyer_name"]);
    assert_eq!(read(&server, &purchase.order, "").await["order"]["customer"]["email"], "");
    // Who comes back is somebody new.
    let again = begin_at(&server, show, "r1-2").await;
    assert_ne!(again.customer, purchase.customer);
    pay(&server, &again).await;

    // At the end of its period it goes, by itself; so does the newer one, whose show is long past then.
    let until: jiff::Timestamp = text(&later[0]["until"]).parse().unwrap();
    let retention = aisle::startup::retention(&server.running.parts.config, server.db.clone());
    retention.run(until).await.unwrap();
    assert_eq!(found(&server.db, &["zwiebelfisch"]).await["customer.name"], 2, "not before its end");
    retention.run(until + jiff::SignedDuration::from_hours(24)).await.unwrap();
    assert_eq!(found(&server.db, &["zwiebelfisch"]).await.get("customer.name"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_to_be_forgotten_after_the_show_is_forgotten_after_it() {
    let server = spawn().await;
    let purchase = buy(&server, "r1-1").await;
    let later = erase(&server, &purchase, json!({})).await.expect(200)["later"].clone();
    let until: jiff::Timestamp = text(&later[0]["until"]).parse().unwrap();
    let retention = aisle::startup::retention(&server.running.parts.config, server.db.clone());
    retention.run(until).await.unwrap();
    assert_eq!(
        found(&server.db, &TRACES).await.keys().collect::<Vec<_>>(),
        ["customer.email", "customer.email_normalized", "customer.name", "orders.buyer_name"]
    );
    retention.run(until + jiff::SignedDuration::from_secs(1)).await.unwrap();
    assert_eq!(found(&server.db, &TRACES).await.keys().collect::<Vec<_>>(), Vec::<&String>::new());
}
