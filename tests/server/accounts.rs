//! Signing in, being known, signing out.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{send, spawn};

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_says_who_asks_until_it_is_revoked() {
    let server = spawn().await;
    server.get("/me").await.refused(401, "unauthenticated");
    let me = server.admin(Method::GET, "/me", &Value::Null).await.expect(200);
    assert_eq!(me["user"]["role"], "admin");
    send(server.request(Method::GET, "/me").bearer_auth("aisle_made_up")).await.refused(401, "unauthenticated");
    assert_eq!(server.admin(Method::POST, "/auth/logout", &Value::Null).await.status, 204);
    server.admin(Method::GET, "/me", &Value::Null).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_by_password_and_vouches_for_what_it_changes() {
    let server = spawn().await;
    let hash = server.running.parts.passwords.hash("a long password".to_owned()).await.unwrap();
    sqlx::query("UPDATE app_user SET password_hash = $1, email = 'A@b.org', email_normalized = 'a@b.org'")
        .bind(hash)
        .execute(&server.db)
        .await
        .unwrap();
    let login = |password: &str| json!({"email": "a@B.org ", "password": password});
    server.post("/auth/login", &login("another password")).await.refused(401, "unauthenticated");
    server
        .post("/auth/login", &json!({"email": "nobody@b.org", "password": "x"}))
        .await
        .refused(401, "unauthenticated");
    server.post("/auth/login", &json!({"email": "a@b.org"})).await.refused(422, "validation_failed");
    let answer = server.post("/auth/login", &login("a long password")).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let token = answer.expect(200)["token"].as_str().unwrap().to_owned();

    let cookie = format!("aisle_session={token}");
    let with_cookie = |method, path: &str| server.request(method, path).header("cookie", &cookie);
    send(with_cookie(Method::GET, "/me")).await.expect(200);
    // Another site can make the browser send the cookie, but not the header.
    send(with_cookie(Method::POST, "/auth/logout")).await.refused(401, "unauthenticated");
    send(with_cookie(Method::GET, "/me")).await.expect(200);
    assert_eq!(send(with_cookie(Method::POST, "/auth/logout").header("aisle-csrf", "1")).await.status, 204);
    send(with_cookie(Method::GET, "/me")).await.refused(401, "unauthenticated");
}
