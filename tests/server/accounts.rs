//! Signing in, being known, signing out.

pub mod credentials;
mod jwt;
mod sessions;

use aisle::accounts::{NewUser, insert_user};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::credentials::mails;
use crate::harness::{Answer, Server, send, spawn};

/// A password that nobody guesses soon.
pub const PASSWORD: &str = "velvet otter piano thunder";

/// Somebody with an account and [`PASSWORD`].
pub async fn somebody(server: &Server, email: &str) -> Uuid {
    let password_hash = Some(server.running.parts.passwords.hash(PASSWORD.to_owned()).await.unwrap());
    let user = NewUser { name: "Ada Lovelace".to_owned(), email: email.to_owned(), password_hash, is_admin: false };
    insert_user(&mut server.db.acquire().await.unwrap(), &user).await.unwrap()
}

/// Signs in; the whole answer.
pub async fn login(server: &Server, email: &str, password: &str) -> Answer {
    server.post("/auth/login", &json!({"email": email, "password": password})).await
}

/// The text at this name of a JSON answer.
#[track_caller]
pub fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("{name} in {body}")).to_owned()
}

/// The cookies that an answer sets, as `name=value; attributes`.
pub fn cookies(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

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
    somebody(&server, "A@b.org").await;
    login(&server, "a@b.org", "another password").await.refused(401, "unauthenticated");
    login(&server, "nobody@b.org", "x").await.refused(401, "unauthenticated");
    server.post("/auth/login", &json!({"email": "a@b.org"})).await.refused(422, "validation_failed");
    let answer = login(&server, "a@B.org ", PASSWORD).await;
    let set = cookies(&answer);
    assert_eq!(set.len(), 3, "{set:?}");
    for cookie in &set {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"),
            "{cookie}"
        );
    }
    assert!(
        set[0].starts_with("aisle_session=") && set[0].contains("Path=/;") && set[0].contains("Max-Age=600"),
        "{set:?}"
    );
    assert!(set[1].starts_with("aisle_refresh=") && set[1].contains("Path=/api/v1/auth;"), "{set:?}");
    let body = answer.expect(200);
    assert_eq!((&body["user"]["email"], &body["expires_in"]), (&json!("A@b.org"), &json!(600)));

    let cookie = format!("aisle_session={}", text(&body, "access_token"));
    let with_cookie = |method, path: &str| server.request(method, path).header("cookie", &cookie);
    send(with_cookie(Method::GET, "/me")).await.expect(200);
    // Another site can make the browser send the cookie, but not the header, nor say that it is us.
    send(with_cookie(Method::POST, "/auth/logout")).await.refused(401, "unauthenticated");
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        let request = with_cookie(Method::POST, "/auth/logout").header("aisle-csrf", "1").header(name, value);
        send(request).await.refused(401, "unauthenticated");
    }
    send(with_cookie(Method::GET, "/me")).await.expect(200);
    let out = send(with_cookie(Method::POST, "/auth/logout").header("aisle-csrf", "1")).await;
    assert_eq!(out.status, 204);
    assert!(cookies(&out).iter().all(|cookie| cookie.contains("Max-Age=0")), "{out:?}");
    send(with_cookie(Method::GET, "/me")).await.refused(401, "unauthenticated");
    send(server.request(Method::GET, "/me").bearer_auth(text(&body, "access_token")))
        .await
        .refused(401, "unauthenticated");
    server
        .post("/auth/refresh", &json!({"refresh_token": body["refresh_token"]}))
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_and_a_wrong_password_are_answered_alike() {
    let server = spawn().await;
    let user = somebody(&server, "ada@example.org").await;
    let wrong = login(&server, "ada@example.org", "not her password").await;
    let unknown = login(&server, "bob@example.org", "not her password").await;
    assert_eq!((wrong.status, &wrong.text, cookies(&wrong)), (unknown.status, &unknown.text, cookies(&unknown)));
    sqlx::query("UPDATE app_user SET disabled_at = now() WHERE id = $1").bind(user).execute(&server.db).await.unwrap();
    let disabled = login(&server, "ada@example.org", PASSWORD).await;
    assert_eq!((disabled.status, &disabled.text), (unknown.status, &unknown.text));
    wrong.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_another_cost_is_renewed_at_the_next_sign_in() {
    let server = spawn().await;
    let user = somebody(&server, "ada@example.org").await;
    let cheap = aisle::accounts::Passwords::costing(aisle::accounts::Cost { memory_kib: 64, passes: 1, lanes: 1 });
    let old = cheap.hash(PASSWORD.to_owned()).await.unwrap();
    sqlx::query("UPDATE app_user SET password_hash = $1").bind(&old).execute(&server.db).await.unwrap();
    let kept = async || -> String {
        sqlx::query_scalar("SELECT password_hash FROM app_user WHERE id = $1")
            .bind(user)
            .fetch_one(&server.db)
            .await
            .unwrap()
    };
    login(&server, "ada@example.org", "not her password").await.refused(401, "unauthenticated");
    assert_eq!(kept().await, old);
    login(&server, "ada@example.org", PASSWORD).await.expect(200);
    assert!(kept().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    login(&server, "ada@example.org", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_what_they_are_called_and_nothing_else() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let token = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let patch = |body: Value| send(server.request(Method::PATCH, "/me").bearer_auth(&token).json(&body));
    let me = patch(json!({"name": "Countess", "locale": "de-AT"})).await.expect(200);
    assert_eq!((&me["user"]["name"], &me["user"]["locale"]), (&json!("Countess"), &json!("de-AT")));
    assert_eq!(patch(json!({})).await.expect(200)["user"]["name"], "Countess");
    for wrong in [
        json!({"name": ""}),
        json!({"locale": "<b>"}),
        json!({"is_admin": true}),
        json!({"role": "admin"}),
        json!({"email": "other@example.org"}),
        json!({"email_verified": true}),
        json!({"id": Uuid::nil()}),
    ] {
        patch(wrong).await.refused(422, "validation_failed");
    }
    let me = send(server.request(Method::GET, "/me").bearer_auth(&token)).await.expect(200);
    assert_eq!((&me["user"]["role"], &me["user"]["email"]), (&json!("customer"), &json!("ada@example.org")));
}
