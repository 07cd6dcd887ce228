//! What watches the server, and how it says no to what it does not understand.

use reqwest::Method;
use serde_json::json;

use crate::harness::{new_database, send, spawn, spawn_on, spawn_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_that_it_is_alive_and_ready_and_counts() {
    let server = spawn().await;
    assert_eq!(server.get("/healthz").await.text, "alive\n");
    let ready = server.get("/readyz").await.expect(200);
    assert_eq!(ready, json!({"ready": true, "database": "ok", "journal": "ok"}));
    assert!(server.get("/metrics").await.text.contains("aisle_http_requests_total"));
    let document = server.get("/api/openapi.json").await.expect(200);
    assert_eq!(document["info"]["title"], "Aisle");
    assert_eq!(server.get("/api/docs/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_in_one_process_show_what_they_have_counted_together() {
    let (one, other) = (spawn().await, spawn().await);
    one.get("/productions").await.expect(200);
    let counted = "aisle_http_requests_total";
    for server in [&one, &other] {
        assert!(server.get("/metrics").await.text.contains(counted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_a_named_problem() {
    let server = spawn_with(|config| config.body_bytes_max = 100).await;
    server.get("/api/v1/nowhere").await.refused(404, "not_found");
    server.get("/shows/not-an-id/seats").await.refused(404, "not_found");
    let login = || server.request(Method::POST, "/auth/login");
    send(login().body("{").header("content-type", "application/json")).await.refused(400, "malformed_request");
    send(login().body("{}").header("content-type", "text/plain")).await.refused(415, "unsupported_media_type");
    send(login().json(&json!({"email": "a@b.c", "password": "x".repeat(200)}))).await.refused(413, "payload_too_large");
    send(login().json(&json!({"email": "a@b.c", "password": "x", "more": 1}))).await.refused(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_comes_back_as_it_was_kept_or_is_refused_by_name() {
    let server = spawn().await;
    let make = |number: &str| {
        let body = format!(r#"{{"name": "A house", "metadata": {{"deep": [{number}]}}}}"#);
        let request = server.request(Method::POST, "/admin/organizers").bearer_auth(&server.admin);
        send(request.header("content-type", "application/json").body(body))
    };
    // The largest that a reader of JSON takes: kept, it could not be read back.
    for endless in ["-1.7976931348623157e308", "1.7976931348623157e308", "1.1e300"] {
        let refused = make(endless).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["message"], "a number is too large to be kept");
    }
    let made = make("-9e299").await.expect(201);
    let path = format!("/admin/organizers/{}", made["id"].as_str().unwrap());
    let read = server.admin(Method::GET, &path, &serde_json::Value::Null).await.expect(200);
    assert_eq!(read["metadata"]["deep"][0].as_f64(), Some(-9e299));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_leaves_a_database_that_the_next_one_goes_on_with() {
    let database = new_database().await;
    let first = spawn_on(database.clone(), |_| {}).await;
    let kids = |db: sqlx::PgPool| async move {
        sqlx::query_scalar::<_, String>("SELECT kid FROM server_key ORDER BY kid").fetch_all(&db).await.unwrap()
    };
    let before = kids(first.db.clone()).await;
    first.stop().await;
    let second = spawn_on(database, |_| {}).await;
    assert_eq!(kids(second.db.clone()).await, before);
}
