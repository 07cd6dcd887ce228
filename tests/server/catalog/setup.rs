//! An empty server is set up once; the demo fills one by itself.

use aisle::startup::Welcome;
use reqwest::Method;
use serde_json::json;

use crate::harness::{new_database, send, spawn, spawn_on, spawn_with};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_server_is_set_up_once_with_the_link_it_printed_last() {
    let server = spawn().await;
    let Welcome::SetUp(token) = server.running.welcome.clone() else { panic!("an empty server prints a link") };
    // The harness has made itself an administrator behind the server's back.
    sqlx::query("UPDATE app_user SET is_admin = false").execute(&server.db).await.unwrap();
    assert_eq!(server.get("/site").await.expect(200)["setup_needed"], true);
    let body = |token: &str, zone: &str| {
        json!({
            "token": token, "administrator": {"name": "Ada", "email": "ada@example.org", "password": "velvet otter piano thunder"},
            "house": {"name": "Ada's house"}, "currency": "SEK", "time_zone": zone,
            "venue": {"name": "Hall", "city": "Lund"},
        })
    };
    server.post("/setup", &body("another", "UTC")).await.refused(403, "forbidden");
    let refused = server.post("/setup", &body(&token, "Mars/Base")).await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["field"], "time_zone");
    let mut short = body(&token, "UTC");
    short["administrator"]["password"] = json!("short");
    let refused = server.post("/setup", &short).await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["field"], "administrator.password");

    let mut guessable = body(&token, "UTC");
    guessable["administrator"]["password"] = json!("Ada's house");
    server.post("/setup", &guessable).await.refused(422, "validation_failed");

    let done = server.post("/setup", &body(&token, "Europe/Stockholm")).await;
    assert!(done.headers["set-cookie"].to_str().unwrap().starts_with("aisle_session="));
    let done = done.expect(201);
    assert_eq!(done["user"]["role"], "admin");
    let me = server.request(Method::GET, "/me").bearer_auth(done["access_token"].as_str().unwrap());
    assert_eq!(send(me).await.expect(200)["user"]["name"], "Ada");
    server.post("/setup", &body(&token, "UTC")).await.refused(409, "already_set_up");
    let site = server.get("/site").await.expect(200);
    assert_eq!((&site["name"], &site["currency"]), (&json!("Ada's house"), &json!("SEK")));
    assert_eq!(
        (&site["setup_needed"], &site["demo"], &site["mail"]),
        (&json!(false), &json!(false), &json!("mailbox"))
    );
    assert_eq!(server.get("/venues").await.expect(200)["items"][0]["time_zone"], "Europe/Stockholm");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_printed_at_each_start_until_somebody_used_it_and_the_last_one_counts() {
    let database = new_database().await;
    let first = spawn_on(database.clone(), |_| {}).await;
    let Welcome::SetUp(old) = first.running.welcome.clone() else { panic!("an empty server prints a link") };
    sqlx::query("UPDATE app_user SET is_admin = false").execute(&first.db).await.unwrap();
    first.stop().await;
    let second = spawn_on(database, |_| {}).await;
    let Welcome::SetUp(new) = second.running.welcome.clone() else { panic!("it is still empty") };
    assert_ne!(old, new);
    sqlx::query("UPDATE app_user SET is_admin = false").execute(&second.db).await.unwrap();
    let body = json!({
        "token": old, "administrator": {"name": "A", "email": "a@example.org", "password": "velvet otter piano thunder"},
        "house": {"name": "H"}, "currency": "EUR", "time_zone": "UTC", "venue": {"name": "V", "city": "C"},
    });
    second.post("/setup", &body).await.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fills_an_empty_database_once() {
    let server = spawn_with(|config| {
        config.demo = true;
        config.demo_password = Some("a demo password".to_owned());
    })
    .await;
    let Welcome::Demo(logins, password) = server.running.welcome.clone() else { panic!("the demo was built") };
    assert_eq!(password, "a demo password");
    server.post("/auth/login", &json!({"email": logins.box_office, "password": password})).await.expect(200);
    let site = server.get("/site").await.expect(200);
    assert_eq!((&site["demo"], &site["setup_needed"]), (&json!(true), &json!(false)));
    let found = server.get("/productions").await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), aisle::demo::house::PRODUCTIONS.len());
    let some_sold: i64 = sqlx::query_scalar("SELECT count(*) FROM show_summary WHERE available < places")
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert!(some_sold > 3, "{some_sold}");
    let parts = &server.running.parts;
    let now = aisle::platform::time::from_core(parts.clock.now());
    let again = aisle::demo::fill::fill(&parts.workers_db, &parts.shows, &parts.passwords, "x", now).await.unwrap();
    assert_eq!(again, None);
}
