//! Sessions: renewed by tokens that are good once, ended from afar, never taken over.

use aisle::platform::config::Config;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PASSWORD, cookies, login, somebody, text};
use crate::harness::{Answer, Server, send, spawn, spawn_with};

async fn refresh(server: &Server, token: &str) -> Answer {
    server.post("/auth/refresh", &json!({"refresh_token": token})).await
}

async fn me(server: &Server, access: &str) -> Answer {
    send(server.request(Method::GET, "/me").bearer_auth(access)).await
}

/// Lets the seconds pass in which a parallel tab is given what the first one got.
async fn let_the_grace_pass(server: &Server) {
    sqlx::query("UPDATE refresh_token SET used_at = used_at - interval '11 seconds' WHERE used_at IS NOT NULL")
        .execute(&server.db)
        .await
        .unwrap();
}

async fn ended_why(server: &Server) -> Vec<Option<String>> {
    sqlx::query_scalar("SELECT ended_why FROM session ORDER BY created_at").fetch_all(&server.db).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once_and_the_second_time_ends_the_session() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let first = login(&server, "ada@example.org", PASSWORD).await.expect(200);
    let other = login(&server, "ada@example.org", PASSWORD).await.expect(200);
    let second = refresh(&server, &text(&first, "refresh_token")).await.expect(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(second["user"]["email"], "ada@example.org");
    let third = refresh(&server, &text(&second, "refresh_token")).await.expect(200);
    let_the_grace_pass(&server).await;
    // Who stole the first one shows it now: whoever of the two is the thief, both must sign in again.
    refresh(&server, &text(&first, "refresh_token")).await.refused(401, "unauthenticated");
    refresh(&server, &text(&third, "refresh_token")).await.refused(401, "unauthenticated");
    refresh(&server, &text(&second, "refresh_token")).await.refused(401, "unauthenticated");
    for access in [&first, &second, &third] {
        me(&server, &text(access, "access_token")).await.refused(401, "unauthenticated");
    }
    me(&server, &text(&other, "access_token")).await.expect(200);
    assert_eq!(ended_why(&server).await, [Some("token_reused".to_owned()), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_tabs_get_one_successor_and_another_device_ends_it_all() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let token = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "refresh_token");
    let (one, two, three) = tokio::join!(refresh(&server, &token), refresh(&server, &token), refresh(&server, &token));
    let (one, two, three) = (one.expect(200), two.expect(200), three.expect(200));
    assert_eq!(one["refresh_token"], two["refresh_token"]);
    assert_eq!(one["refresh_token"], three["refresh_token"]);
    let children: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_token").fetch_one(&server.db).await.unwrap();
    assert_eq!(children, 2);
    // At the same moment, but from a browser of another kind.
    let thief = server
        .request(Method::POST, "/auth/refresh")
        .header("user-agent", "curl/8")
        .json(&json!({"refresh_token": token}));
    send(thief).await.refused(401, "unauthenticated");
    refresh(&server, &text(&one, "refresh_token")).await.refused(401, "unauthenticated");
    me(&server, &text(&one, "access_token")).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_successor_was_used_the_old_token_is_theft_at_any_moment() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let first = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "refresh_token");
    let second = text(&refresh(&server, &first).await.expect(200), "refresh_token");
    let third = text(&refresh(&server, &second).await.expect(200), "refresh_token");
    refresh(&server, &first).await.refused(401, "unauthenticated");
    refresh(&server, &third).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_tokens_its_user_and_its_own_age() {
    let server = spawn().await;
    let user = somebody(&server, "ada@example.org").await;
    let body = login(&server, "ada@example.org", PASSWORD).await.expect(200);
    let (access, token) = (text(&body, "access_token"), text(&body, "refresh_token"));
    for wrong in ["", "x", "aisle_x", &access, &token[1..]] {
        let status = refresh(&server, wrong).await.status;
        assert!(status == 401 || status == 422, "{wrong}: {status}");
    }
    server.post("/auth/refresh", &json!({})).await.refused(422, "validation_failed");
    server
        .post("/auth/refresh", &json!({"refresh_token": token, "user": user}))
        .await
        .refused(422, "validation_failed");

    let set = async |sql: &'static str| sqlx::query(sql).execute(&server.db).await.unwrap();
    set("UPDATE app_user SET disabled_at = now()").await;
    refresh(&server, &token).await.refused(401, "unauthenticated");
    me(&server, &access).await.refused(401, "unauthenticated");
    set("UPDATE app_user SET disabled_at = NULL").await;
    set("UPDATE refresh_token SET expires_at = now()").await;
    refresh(&server, &token).await.refused(401, "unauthenticated");
    // However often it was used: ninety days after its beginning a session has no next token that is good.
    set("UPDATE refresh_token SET expires_at = now() + interval '1 day'").await;
    set("UPDATE session SET created_at = now() - interval '90 days'").await;
    let last = refresh(&server, &token).await.expect(200);
    refresh(&server, &text(&last, "refresh_token")).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_where_they_are_signed_in_and_end_it_from_afar() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    somebody(&server, "bob@example.org").await;
    let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1";
    let login_body = json!({"email": "ada@example.org", "password": PASSWORD});
    let lost = server.request(Method::POST, "/auth/login").header("user-agent", phone).json(&login_body);
    let lost = text(&send(lost).await.expect(200), "access_token");
    let here = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let bob = text(&login(&server, "bob@example.org", PASSWORD).await.expect(200), "access_token");
    let ask = |method, path: &str, token: &str| send(server.request(method, path).bearer_auth(token));

    let list = ask(Method::GET, "/me/sessions", &here).await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!((&items[1]["device"], &items[1]["address"]), (&json!("Safari on iPhone"), &json!("127.0.0.1")));
    assert_eq!(items[1]["how"], "password");
    let path = format!("/me/sessions/{}", text(&items[1], "id"));
    ask(Method::DELETE, &path, &bob).await.refused(404, "not_found");
    me(&server, &lost).await.expect(200);
    assert_eq!(ask(Method::DELETE, &path, &here).await.status, 204);
    me(&server, &lost).await.refused(401, "unauthenticated");
    me(&server, &here).await.expect(200);
    ask(Method::DELETE, &path, &here).await.refused(404, "not_found");
    ask(Method::DELETE, "/me/sessions/1%27%20OR%20true", &here).await.refused(404, "not_found");
    assert_eq!(ask(Method::GET, "/me/sessions", &here).await.expect(200)["items"].as_array().unwrap().len(), 1);
    // Leaving is in the log as coming is: what ended, why, and from where.
    assert_eq!(ask(Method::POST, "/auth/logout", &here).await.status, 204);
    ask(Method::POST, "/auth/logout", &here).await.refused(401, "unauthenticated");
    assert_eq!(ask(Method::POST, "/auth/logout", &server.admin).await.status, 204);
    let ends: Vec<(String, String, Option<String>)> = sqlx::query_as(
        "SELECT l.action, l.detail, p.address FROM audit_log l LEFT JOIN audit_person p ON p.number = l.number
         WHERE l.action IN ('session.ended', 'token.revoked') ORDER BY l.number",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    let end = |action: &str, detail: Value| (action.to_owned(), detail, Some("127.0.0.1".to_owned()));
    let ends: Vec<_> =
        ends.into_iter().map(|(action, detail, at)| (action, serde_json::from_str(&detail).unwrap(), at)).collect();
    assert_eq!(
        ends,
        [
            end("session.ended", json!({"why": "ended_by_owner"})),
            end("session.ended", json!({"why": "signed_out"})),
            end("token.revoked", json!({})),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_from_before_the_sign_in_is_never_taken_over() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    somebody(&server, "eve@example.org").await;
    let eve = login(&server, "eve@example.org", PASSWORD).await.expect(200);
    let planted =
        format!("aisle_session={}; aisle_refresh={}", text(&eve, "access_token"), text(&eve, "refresh_token"));
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let ada =
        send(server.request(Method::POST, "/auth/login").header("cookie", &planted).json(&body)).await.expect(200);
    assert_ne!(eve["access_token"], ada["access_token"]);
    assert_ne!(eve["refresh_token"], ada["refresh_token"]);
    assert_eq!(me(&server, &text(&eve, "access_token")).await.expect(200)["user"]["email"], "eve@example.org");
    assert_eq!(me(&server, &text(&ada, "access_token")).await.expect(200)["user"]["email"], "ada@example.org");
    let owners: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT user_id) FROM session").fetch_one(&server.db).await.unwrap();
    assert_eq!(owners, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_refreshes_and_signs_out_by_its_cookie_if_it_vouches() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let body = login(&server, "ada@example.org", PASSWORD).await.expect(200);
    let with =
        |path: &str, token: &str| server.request(Method::POST, path).header("cookie", format!("aisle_refresh={token}"));
    let token = text(&body, "refresh_token");
    send(with("/auth/refresh", &token)).await.refused(401, "unauthenticated");
    send(with("/auth/refresh", &token).header("aisle-csrf", "1").header("sec-fetch-site", "cross-site"))
        .await
        .refused(401, "unauthenticated");
    let answer =
        send(with("/auth/refresh", &token).header("aisle-csrf", "1").header("sec-fetch-site", "same-origin")).await;
    assert_eq!(cookies(&answer).len(), 3);
    let next = text(&answer.expect(200), "refresh_token");
    // The access token's cookie has run out by now; the refresh token's is enough to sign out.
    send(with("/auth/logout", &next)).await.refused(401, "unauthenticated");
    assert_eq!(send(with("/auth/logout", &next).header("aisle-csrf", "1")).await.status, 204);
    send(with("/auth/refresh", &next).header("aisle-csrf", "1")).await.refused(401, "unauthenticated");
    assert_eq!(ended_why(&server).await, [Some("signed_out".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_cookies_are_secure_and_others_are_not_looked_at() {
    let trusting = |config: &mut Config| config.trusted_proxies = "127.0.0.1".parse().unwrap();
    let server = spawn_with(trusting).await;
    somebody(&server, "ada@example.org").await;
    let https = |method, path: &str| server.request(method, path).header("x-forwarded-proto", "https");
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let answer = send(https(Method::POST, "/auth/login").json(&body)).await;
    let set = cookies(&answer);
    assert!(set[0].starts_with("__Host-aisle_session=") && set[0].contains("Path=/;"), "{set:?}");
    assert!(set[1].starts_with("__Secure-aisle_refresh="), "{set:?}");
    assert!(
        set.iter().all(|cookie| cookie.contains("Secure") && cookie.contains("HttpOnly") && !cookie.contains("Domain")),
        "{set:?}"
    );
    let access = text(&answer.expect(200), "access_token");
    let ask = |name: &str| send(https(Method::GET, "/me").header("cookie", format!("{name}={access}")));
    ask("__Host-aisle_session").await.expect(200);
    // A neighbour host of the same site can plant this one.
    ask("aisle_session").await.refused(401, "unauthenticated");

    // The same header from somebody who is no proxy of ours means nothing.
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let request = server.request(Method::POST, "/auth/login").header("x-forwarded-proto", "https").json(&body);
    let answer = send(request).await;
    assert!(cookies(&answer).iter().all(|cookie| cookie.starts_with("aisle_") && !cookie.contains("Secure")));
    assert_ne!(answer.expect(200)["user"], Value::Null);
}
