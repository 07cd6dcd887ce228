//! Every kind of data has its period, and a row is erased when it is older, not before.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::catalog::house::{by, house, staff};
use crate::harness::{Server, spawn, spawn_with};
use crate::sold::sell;

/// Long after everything that the server itself writes.
const NOW: &str = "2040-01-01T00:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// The moments around the edge of a period: one that is too old, the edge itself, one that is not.
fn around(days: i64) -> [String; 3] {
    let edge = now() - SignedDuration::from_hours(24 * days);
    [edge - SignedDuration::from_micros(1), edge, edge + SignedDuration::from_hours(1)].map(|at| at.to_string())
}

async fn run(db: &PgPool, sql: &'static str, id: Uuid, at: &str) {
    sqlx::query(sql).bind(id).bind(at).execute(db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

async fn state(server: &Server, kind: &str) -> Value {
    let retention = aisle::startup::retention(&server.running.parts.config, server.db.clone());
    let states = retention.state(now()).await.unwrap();
    let found = states.into_iter().find(|state| state.kind == kind).expect(kind);
    serde_json::to_value(found).unwrap()
}

/// Of the three around the edge one is due; it goes, the others stay, and running once more erases nothing.
async fn one_of_three_goes(server: &Server, kind: &str, left: &'static str) {
    assert_eq!(count(&server.db, left).await, 3, "{kind}");
    assert_eq!(state(server, kind).await["due"], 1, "{kind}");
    let retention = aisle::startup::retention(&server.running.parts.config, server.db.clone());
    retention.run(now()).await.unwrap();
    assert_eq!(count(&server.db, left).await, 2, "{kind}");
    retention.run(now()).await.unwrap();
    assert_eq!(count(&server.db, left).await, 2, "{kind}");
    let state = state(server, kind).await;
    assert_eq!(
        (&state["due"], &state["erased"], &state["erased_total"], &state["ran_at"]),
        (&json!(0), &json!(0), &json!(1), &json!(NOW)),
        "{kind}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_and_sayings() {
    let server = spawn().await;
    for at in around(90) {
        let id = aisle::platform::ids::new_id();
        run(
            &server.db,
            "INSERT INTO outbox (id, kind, dedup, payload, done_at, created_at)
                         VALUES ($1, 'x', $1::text, '{\"to\": \"x@example.org\"}', now(), $2::timestamptz)",
            id,
            &at,
        )
        .await;
        run(
            &server.db,
            "INSERT INTO mail (id, outbox_id, recipient, subject, text_body, html_body, status, created_at)
                         VALUES ($1, $1, 'x@example.org', '', '', '', 'kept', $2::timestamptz)",
            id,
            &at,
        )
        .await;
        run(
            &server.db,
            "INSERT INTO mail_attachment (mail_id, name, content_type, body) VALUES ($1, $2, '', '')",
            id,
            &at,
        )
        .await;
    }
    // What is still to be said is kept, however old.
    let id = aisle::platform::ids::new_id();
    run(
        &server.db,
        "INSERT INTO outbox (id, kind, dedup, payload, created_at, next_try_at)
                     VALUES ($1, 'x', $1::text, '{\"a\": 1}', $2::timestamptz, 'infinity')",
        id,
        "2020-01-01T00:00:00Z",
    )
    .await;
    one_of_three_goes(&server, "mails", "SELECT count(*) FROM mail").await;
    assert_eq!(count(&server.db, "SELECT count(*) FROM mail_attachment").await, 2);
    assert_eq!(
        count(&server.db, "SELECT count(*) FROM outbox").await,
        4,
        "the rows stay, so that nothing is said again"
    );
    assert_eq!(count(&server.db, "SELECT count(*) FROM outbox WHERE payload <> '{}'").await, 3);
    assert_eq!(state(&server, "sayings").await["erased_total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_news() {
    let server = spawn().await;
    for at in around(395) {
        run(
            &server.db,
            "INSERT INTO webhook_in (provider, account, event_id, body, received_at, processed_at)
                         VALUES ('x', 'x', $1::text, '', $2::timestamptz, now())",
            aisle::platform::ids::new_id(),
            &at,
        )
        .await;
    }
    one_of_three_goes(&server, "provider_news", "SELECT count(*) FROM webhook_in").await;
    run(
        &server.db,
        "INSERT INTO webhook_in (provider, account, event_id, body, received_at)
                     VALUES ('x', 'x', $1::text, '', $2::timestamptz)",
        aisle::platform::ids::new_id(),
        "2020-01-01T00:00:00Z",
    )
    .await;
    assert_eq!(state(&server, "provider_news").await["due"], 0, "what is not settled yet is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_have_ended_and_links_that_have_run_out() {
    let server = spawn().await;
    let user: Uuid = sqlx::query_scalar("SELECT id FROM app_user LIMIT 1").fetch_one(&server.db).await.unwrap();
    for at in around(30) {
        let sql = "INSERT INTO session (id, user_id, how, created_at, last_used_at, ended_at, ended_why)
                   VALUES (gen_random_uuid(), $1, 'password', $2::timestamptz, $2::timestamptz, $2::timestamptz, 'signed_out')";
        run(&server.db, sql, user, &at).await;
    }
    one_of_three_goes(&server, "ended_sessions", "SELECT count(*) FROM session").await;
    // One that nobody ended, and that nobody has used for longer than its tokens last; and tokens that were taken back.
    let sql = "INSERT INTO session (id, user_id, how, created_at, last_used_at)
               VALUES (gen_random_uuid(), $1, 'password', $2::timestamptz, $2::timestamptz)";
    run(&server.db, sql, user, "2039-11-01T23:59:59Z").await;
    run(&server.db, sql, user, "2039-11-02T00:00:00Z").await;
    assert_eq!(state(&server, "ended_sessions").await["due"], 1);
    let sql = "UPDATE access_token SET revoked_at = $2::timestamptz WHERE user_id = $1";
    run(&server.db, sql, user, "2039-12-01T23:59:59Z").await;
    assert_eq!(state(&server, "ended_sessions").await["due"], 2);

    for at in around(7) {
        let sql = "INSERT INTO mail_link (id, kind, email, email_normalized, expires_at)
                   VALUES ($1, 'register', 'x@example.org', 'x@example.org', $2::timestamptz)";
        run(&server.db, sql, aisle::platform::ids::new_id(), &at).await;
    }
    one_of_three_goes(&server, "mail_links", "SELECT count(*) FROM mail_link").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_that_have_run_out() {
    let server = spawn().await;
    let house = house(&server).await.organizer.parse().unwrap();
    for at in around(7) {
        // Accepted, withdrawn or left alone: it goes a week after it ran out.
        let sql = "INSERT INTO invitation (id, organizer_id, email, email_normalized, role, expires_at)
                   VALUES (gen_random_uuid(), $1, $2, $2, 'scanner', $2::timestamptz)";
        run(&server.db, sql, house, &at).await;
    }
    one_of_three_goes(&server, "invitations", "SELECT count(*) FROM invitation").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_beside_the_audit_log() {
    let server = spawn().await;
    for (number, at) in (1_i64..).zip(around(365)) {
        sqlx::query(
            "INSERT INTO audit_log (number, at, actor_kind, action, detail, hash)
             VALUES ($1, $2::timestamptz, 'server', 'show.changed', '{}', '')",
        )
        .bind(number)
        .bind(&at)
        .execute(&server.db)
        .await
        .unwrap();
        sqlx::query("INSERT INTO audit_person (number, salt, name) VALUES ($1, '', 'Ada')")
            .bind(number)
            .execute(&server.db)
            .await
            .unwrap();
    }
    one_of_three_goes(&server, "audit_persons", "SELECT count(*) FROM audit_person").await;
    assert_eq!(count(&server.db, "SELECT count(*) FROM audit_log").await, 3, "the log itself is for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_whose_last_show_is_long_past() {
    let server = spawn().await;
    for at in around(3 * 365) {
        let sold = sell(&server.db).await;
        let id = sold.order;
        run(&server.db, "UPDATE show SET starts_at = $2::timestamptz, doors_at = NULL WHERE id = (SELECT show_id FROM order_hold WHERE order_id = $1)", id, &at).await;
        run(
            &server.db,
            "UPDATE orders SET state = 'confirmed', created_at = $2::timestamptz WHERE id = $1",
            id,
            "2030-01-01T00:00:00Z",
        )
        .await;
    }
    one_of_three_goes(&server, "customers", "SELECT count(*) FROM customer WHERE name <> ''").await;

    // Nor one with something under way, however old, or who has bought since.
    let stuck = sell(&server.db).await.order;
    run(
        &server.db,
        "UPDATE orders SET state = 'refunding', created_at = $2::timestamptz WHERE id = $1",
        stuck,
        "2027-01-01T00:00:00Z",
    )
    .await;
    let again = sell(&server.db).await.order;
    run(
        &server.db,
        "UPDATE orders SET state = 'confirmed', created_at = $2::timestamptz WHERE id = $1",
        again,
        "2039-01-01T00:00:00Z",
    )
    .await;
    assert_eq!(state(&server, "customers").await["due"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_who_were_promised_to_be_forgotten() {
    let server = spawn().await;
    for at in around(0) {
        let order = sell(&server.db).await.order;
        run(
            &server.db,
            "UPDATE orders SET state = 'confirmed', created_at = $2::timestamptz WHERE id = $1",
            order,
            &at,
        )
        .await;
        run(&server.db, "UPDATE customer SET erase_after = $2::timestamptz WHERE id = (SELECT customer_id FROM orders WHERE id = $1)", order, &at).await;
    }
    one_of_three_goes(&server, "customers_to_be_forgotten", "SELECT count(*) FROM customer WHERE name <> ''").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_one_batch_goes_in_one_run() {
    let server = spawn().await;
    sqlx::query(
        "INSERT INTO webhook_in (provider, account, event_id, body, received_at, processed_at)
         SELECT 'x', 'x', n::text, '', '2030-01-01', now() FROM generate_series(1, 1201) n",
    )
    .execute(&server.db)
    .await
    .unwrap();
    let retention = aisle::startup::retention(&server.running.parts.config, server.db.clone());
    retention.run(now()).await.unwrap();
    assert_eq!(state(&server, "provider_news").await["erased"], 1_201);
    assert_eq!(count(&server.db, "SELECT count(*) FROM webhook_in").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_see_every_kind_with_its_period() {
    let server = spawn_with(|config| config.retain_mails_days = 7).await;
    let house = house(&server).await;
    let kinds = server.admin(Method::GET, "/admin/system/retention", &Value::Null).await.expect(200);
    let days: Vec<(String, i64)> = kinds["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (kind["kind"].as_str().unwrap().to_owned(), kind["days"].as_i64().unwrap()))
        .collect();
    let expected = [
        ("mails", 7),
        ("sayings", 7),
        ("provider_news", 395),
        ("order_traces", 14),
        ("audit_persons", 365),
        ("customers", 1_095),
        ("customers_to_be_forgotten", 0),
    ];
    for (kind, period) in expected {
        assert!(days.contains(&(kind.to_owned(), period)), "{kind}: {days:?}");
    }
    assert_eq!(kinds["items"][0]["ran_at"], Value::Null);
    let organizer = staff(&server, &house.organizer, "organizer").await;
    by(&server, &organizer, Method::GET, "/admin/system/retention", &Value::Null).await.refused(403, "forbidden");
    server.get("/admin/system/retention").await.refused(401, "unauthenticated");
}
