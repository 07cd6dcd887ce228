//! What administrators see and change of accounts.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{done, empty_house, meet, number_of, worker};
use crate::accounts::credentials::mails;
use crate::accounts::{PASSWORD, login, somebody, text};
use crate::catalog::house::by;
use crate::harness::{Answer, Server, send, spawn};

/// Another administrator: id and bearer token.
async fn administrator(server: &Server, email: &str) -> (Uuid, String) {
    let user = somebody(server, email).await;
    sqlx::query("UPDATE app_user SET is_admin = true WHERE id = $1").bind(user).execute(&server.db).await.unwrap();
    (user, text(&login(server, email, PASSWORD).await.expect(200), "access_token"))
}

async fn roles(server: &Server, user: Uuid, body: Value) -> Answer {
    server.admin(Method::PUT, &format!("/admin/users/{user}/roles"), &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_find_accounts_by_name_and_address() {
    let server = spawn().await;
    let house = empty_house(&server, "The Grand").await;
    let (ada, token) = worker(&server, &house, "organizer", "Ada@example.org").await;
    let eve = somebody(&server, "eve_100%@example.org").await;
    sqlx::query("UPDATE app_user SET name = 'Eve Ünal' WHERE id = $1").bind(eve).execute(&server.db).await.unwrap();
    let found = async |query: &str| -> Vec<String> {
        let page = server.admin(Method::GET, &format!("/admin/users{query}"), &Value::Null).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("?q=ADA%40").await, [ada.to_string()]);
    assert_eq!(found("?q=%C3%BCnal").await, [eve.to_string()]);
    assert_eq!(found("?q=100%25").await, [eve.to_string()], "what was typed is no pattern");
    assert_eq!(found("?q=_a").await, [""; 0]);
    assert_eq!(found("?q=%27%20OR%20true%20--").await, [""; 0]);
    assert_eq!(found("?q=%20").await.len(), 3);
    server
        .admin(Method::GET, &format!("/admin/users?q={}", "x".repeat(321)), &Value::Null)
        .await
        .refused(422, "validation_failed");
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let page = server.admin(Method::GET, &format!("/admin/users?limit=1{after}"), &Value::Null).await.expect(200);
        all.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(all, found("").await);
    assert_eq!(all[0], eve.to_string(), "the newest first");

    let one = server.admin(Method::GET, &format!("/admin/users/{ada}"), &Value::Null).await.expect(200);
    assert_eq!((&one["role"], &one["is_admin"], &one["sessions"]), (&json!("organizer"), &json!(false), &json!(1)));
    assert_eq!(one["memberships"], json!([{"organizer_id": house, "organizer": "The Grand", "role": "organizer"}]));
    assert!(!one.to_string().contains("argon2"), "{one}");
    server.admin(Method::GET, &format!("/admin/users/{}", Uuid::nil()), &Value::Null).await.refused(404, "not_found");
    for (method, path) in [
        (Method::GET, "/admin/users".to_owned()),
        (Method::GET, format!("/admin/users/{ada}")),
        (Method::PUT, format!("/admin/users/{ada}/roles")),
        (Method::POST, format!("/admin/users/{ada}/end-sessions")),
    ] {
        let body = if method == Method::PUT { json!({"is_admin": true}) } else { Value::Null };
        by(&server, &token, method.clone(), &path, &body).await.refused(403, "forbidden");
        send(server.request(method, &path)).await.refused(401, "unauthenticated");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_give_parts_and_take_them_at_once() {
    let server = spawn().await;
    let (ours, theirs) = (empty_house(&server, "Ours").await, empty_house(&server, "Theirs").await);
    let user = somebody(&server, "ada@example.org").await;
    let token = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let part = |house: &str, role: &str| json!({"organizer_id": house, "role": role});
    for wrong in [
        json!({"memberships": [part(&ours, "admin")]}),
        json!({"memberships": [part(&ours, "scanner"), part(&ours, "organizer")]}),
        json!({"memberships": [part(&Uuid::nil().to_string(), "scanner")]}),
        json!({"memberships": [{"organizer_id": ours, "role": "scanner", "is_admin": true}]}),
        json!({"is_admin": "yes"}),
        json!({"role": "admin"}),
    ] {
        roles(&server, user, wrong).await.refused(422, "validation_failed");
    }
    roles(&server, Uuid::nil(), json!({"memberships": [part(&ours, "scanner")]})).await.refused(404, "not_found");
    by(&server, &token, Method::GET, "/admin/orders", &Value::Null).await.refused(403, "forbidden");

    let both = json!({"memberships": [part(&ours, "organizer"), part(&theirs, "box_office")]});
    let now = roles(&server, user, both.clone()).await.expect(200);
    assert_eq!((&now["role"], now["memberships"].as_array().unwrap().len()), (&json!("organizer"), 2));
    by(&server, &token, Method::GET, "/admin/orders", &Value::Null).await.expect(200);
    assert_eq!(done(&server, 2).await, ["member.added", "member.added"]);
    assert_eq!(mails(&server).await.len(), 2);
    // As it is already: nothing is done and nobody is told. What is left out stays.
    roles(&server, user, both).await.expect(200);
    assert_eq!(roles(&server, user, json!({})).await.expect(200)["memberships"].as_array().unwrap().len(), 2);
    assert!(mails(&server).await.is_empty());

    // The last organizer stays, and nothing of the request is done.
    roles(&server, user, json!({"memberships": [], "is_admin": true})).await.refused(409, "last_organizer");
    roles(&server, user, json!({"memberships": [part(&ours, "scanner")]})).await.refused(409, "last_organizer");
    let now = roles(&server, user, json!({"memberships": [part(&ours, "organizer")]})).await.expect(200);
    assert_eq!((&now["is_admin"], now["memberships"].as_array().unwrap().len()), (&json!(false), 1));
    worker(&server, &ours, "organizer", "bob@example.org").await;
    assert_eq!(roles(&server, user, json!({"memberships": []})).await.expect(200)["role"], "customer");
    by(&server, &token, Method::GET, "/admin/orders", &Value::Null).await.refused(403, "forbidden");
    let sent: Vec<_> = mails(&server).await.into_iter().map(|(_, subject, _)| subject).collect();
    assert_eq!(sent, ["You no longer work with Theirs (Aisle)", "You no longer work with Ours (Aisle)"]);

    // Into a house that is put away nobody comes, and who is in it may be taken out.
    roles(&server, user, json!({"memberships": [part(&theirs, "organizer")]})).await.expect(200);
    sqlx::query("UPDATE organizer SET archived_at = now()").execute(&server.db).await.unwrap();
    roles(&server, user, json!({"memberships": [part(&ours, "scanner")]})).await.refused(422, "validation_failed");
    roles(&server, user, json!({"memberships": []})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_administers_the_server_always() {
    let server = spawn().await;
    // The tests' own administrator is the only one.
    let me =
        server.admin(Method::GET, "/me", &Value::Null).await.expect(200)["user"]["id"].as_str().unwrap().to_owned();
    let me: Uuid = me.parse().unwrap();
    roles(&server, me, json!({"is_admin": false})).await.refused(409, "last_administrator");
    let (other, token) = administrator(&server, "ada@example.org").await;
    sqlx::query("UPDATE app_user SET disabled_at = now() WHERE id = $1").bind(other).execute(&server.db).await.unwrap();
    roles(&server, me, json!({"is_admin": false})).await.refused(409, "last_administrator");
    sqlx::query("UPDATE app_user SET disabled_at = NULL WHERE id = $1").bind(other).execute(&server.db).await.unwrap();

    let lower = json!({"is_admin": false});
    let (at_me, at_other) = (format!("/admin/users/{me}/roles"), format!("/admin/users/{other}/roles"));
    let [first, second] = meet(
        &server,
        "SELECT id FROM app_user FOR UPDATE",
        by(&server, &token, Method::PUT, &at_me, &lower),
        by(&server, &server.admin, Method::PUT, &at_other, &lower),
    )
    .await;
    first.expect(200);
    // Who was lowered while they waited lowers nobody.
    second.refused(403, "forbidden");
    assert_eq!(number_of(&server.db, "SELECT count(*) FROM app_user WHERE is_admin").await, 1);

    sqlx::query("UPDATE app_user SET is_admin = true").execute(&server.db).await.unwrap();
    let (third, of_third) = administrator(&server, "bob@example.org").await;
    roles(&server, me, json!({"is_admin": false})).await.expect(200);
    let leave = json!({});
    let [first, second] = meet(
        &server,
        "SELECT id FROM app_user FOR UPDATE",
        by(&server, &token, Method::DELETE, "/me", &leave),
        by(&server, &of_third, Method::DELETE, "/me", &leave),
    )
    .await;
    first.expect(200);
    second.refused(409, "last_administrator");
    let left: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM app_user WHERE is_admin").fetch_all(&server.db).await.unwrap();
    assert!(left == [other] || left == [third], "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_others_are_ended_and_tokens_of_the_command_line_stay() {
    let server = spawn().await;
    let user = somebody(&server, "ada@example.org").await;
    let signed_in = login(&server, "ada@example.org", PASSWORD).await.expect(200);
    login(&server, "ada@example.org", PASSWORD).await.expect(200);
    let bearer = aisle::accounts::Accounts::new(server.db.clone()).make_bearer(user, "x").await.unwrap();
    let path = format!("/admin/users/{user}/end-sessions");
    let end = || send(server.request(Method::POST, &path).bearer_auth(&server.admin).header("idempotency-key", "one"));
    assert_eq!(end().await.expect(200), json!({"ended": 2}));
    let again = end().await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(200), json!({"ended": 2}));
    by(&server, &text(&signed_in, "access_token"), Method::GET, "/me", &Value::Null)
        .await
        .refused(401, "unauthenticated");
    server
        .post("/auth/refresh", &json!({"refresh_token": signed_in["refresh_token"]}))
        .await
        .refused(401, "unauthenticated");
    by(&server, &bearer, Method::GET, "/me", &Value::Null).await.expect(200);
    assert_eq!(done(&server, 1).await, ["sessions.ended"]);
    assert_eq!(server.admin(Method::POST, &path, &Value::Null).await.expect(200), json!({"ended": 0}));
    assert_eq!(number_of(&server.db, "SELECT count(*) FROM audit_log WHERE action = 'sessions.ended'").await, 1);
    login(&server, "ada@example.org", PASSWORD).await.expect(200);
    let unknown = format!("/admin/users/{}/end-sessions", Uuid::nil());
    server.admin(Method::POST, &unknown, &Value::Null).await.refused(404, "not_found");
}
