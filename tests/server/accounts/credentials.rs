//! A whole life of an account: made, confirmed, moved, forgotten, opened again; and that nobody else learns of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{PASSWORD, login, somebody, text};
use crate::harness::{Answer, Server, send, spawn};

const OTHER: &str = "wobbly trombone in the cellar";

/// Says everything that is due, and gives the mails since the last look: to whom, subject, text.
pub async fn mails(server: &Server) -> Vec<(String, String, String)> {
    while server.running.parts.outbox.run_once().await.unwrap() {}
    // A worker of the server may be at the last one still: it is there when nothing is left to say.
    let waiting = "SELECT count(*) FROM outbox WHERE done_at IS NULL";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&server.db).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let mails = sqlx::query_as("SELECT recipient, subject, text_body FROM mail ORDER BY created_at")
        .fetch_all(&server.db)
        .await
        .unwrap();
    sqlx::query("DELETE FROM mail").execute(&server.db).await.unwrap();
    mails
}

/// The token of the link in a mail.
#[track_caller]
pub fn token(mail: &str) -> String {
    let (_, rest) = mail.split_once("#t=").unwrap_or_else(|| panic!("no link in {mail}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// The token of the only mail, which went to this address.
async fn mailed(server: &Server, to: &str) -> String {
    let mails = mails(server).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].0, to);
    token(&mails[0].2)
}

fn registration(email: &str) -> Value {
    json!({"name": "Ada Lovelace", "email": email, "password": PASSWORD, "locale": "de"})
}

/// What an answer tells: all of it but what differs between any two requests.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str() != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), headers, answer.text.clone())
}

async fn verify(server: &Server, token: &str) -> Answer {
    server.post("/auth/verify-email", &json!({"token": token})).await
}

async fn reset(server: &Server, token: &str, password: &str) -> Answer {
    server.post("/auth/reset-password", &json!({"token": token, "password": password})).await
}

async fn forgot(server: &Server, email: &str) -> Answer {
    server.post("/auth/forgot-password", &json!({"email": email})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_when_its_address_is_confirmed_and_once() {
    let server = spawn().await;
    assert_eq!(server.post("/auth/register", &registration("Ada@example.org")).await.status, 202);
    login(&server, "ada@example.org", PASSWORD).await.refused(401, "unauthenticated");
    let mails = mails(&server).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].1.starts_with("Bestätigen Sie Ihre Adresse"), "{mails:?}");
    assert!(!mails[0].2.contains("Lovelace"), "a stranger's words in the mail: {mails:?}");
    let link = token(&mails[0].2);
    let kept: String = sqlx::query_scalar("SELECT payload::text FROM outbox").fetch_one(&server.db).await.unwrap();
    assert!(!kept.contains(&link[40..]), "the outbox proves nothing");

    for wrong in
        ["x", "", &link[..link.len() - 1], &format!("{}{}", uuid::Uuid::nil().simple(), &link[32..]), "' OR true --"]
    {
        let answer = verify(&server, wrong).await;
        assert!(answer.status == 403 || answer.status == 422, "{wrong}: {}", answer.text);
    }
    // A token of one kind is none of another.
    reset(&server, &link, OTHER).await.refused(403, "link_invalid");
    assert_eq!(verify(&server, &link).await.status, 204);
    verify(&server, &link).await.refused(403, "link_invalid");
    let body = login(&server, "ada@example.org", PASSWORD).await.expect(200);
    assert_eq!(
        body["user"],
        json!({"id": body["user"]["id"], "name": "Ada Lovelace", "email": "Ada@example.org", "role": "customer",
            "email_verified": true, "locale": "de"})
    );
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM mail_link WHERE password_hash IS NOT NULL")
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert_eq!(waiting, 0, "what waited in the link is gone from it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_registration_is_said_whatever_the_address() {
    let server = spawn().await;
    for (field, wrong) in [
        ("password", "short"),
        ("password", "password1234"),
        ("password", "AdaLovelace1"),
        ("email", "no address"),
        ("email", "a@b.org\r\nBcc: c@d.org"),
        ("name", ""),
        ("locale", "<b>"),
    ] {
        let mut body = registration("ada@example.org");
        body[field] = json!(wrong);
        let refused = server.post("/auth/register", &body).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{wrong}");
    }
    for extra in ["is_admin", "role", "email_verified", "id"] {
        let mut body = registration("ada@example.org");
        body[extra] = json!(true);
        server.post("/auth/register", &body).await.refused(422, "validation_failed");
    }
    assert!(mails(&server).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_whether_an_address_is_known() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let known = server.post("/auth/register", &registration("ada@example.org")).await;
    let unknown = server.post("/auth/register", &registration("bob@example.org")).await;
    assert_eq!(told(&known), told(&unknown));
    assert_eq!(known.status, 202);
    let mut sent = mails(&server).await;
    sent.sort();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].1.starts_with("You have an account already") && !sent[0].2.contains("#t="), "{sent:?}");
    assert!(sent[1].1.starts_with("Bestätigen Sie") && sent[1].2.contains("#t="), "{sent:?}");

    let known = forgot(&server, "ada@example.org").await;
    let unknown = forgot(&server, "nobody@example.org").await;
    assert_eq!(told(&known), told(&unknown));
    let sent = mails(&server).await;
    assert_eq!(sent.len(), 1, "nobody is written to who has no account: {sent:?}");
    assert_eq!(
        told(&login(&server, "ada@example.org", OTHER).await),
        told(&login(&server, "eve@example.org", OTHER).await)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_set_anew_once_and_every_session_ends() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let before = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    forgot(&server, "Ada@Example.org").await;
    let first = mailed(&server, "Ada@Example.org").await;
    forgot(&server, "ada@example.org").await;
    let second = mailed(&server, "ada@example.org").await;
    // A weak one does not spend the link.
    reset(&server, &first, "ada.lovelace").await.refused(422, "validation_failed");
    verify(&server, &first).await.refused(403, "link_invalid");
    assert_eq!(reset(&server, &first, OTHER).await.status, 204);
    reset(&server, &first, OTHER).await.refused(403, "link_invalid");
    reset(&server, &second, "yet another one entirely").await.refused(403, "link_invalid");
    send(server.request(Method::GET, "/me").bearer_auth(&before)).await.refused(401, "unauthenticated");
    login(&server, "ada@example.org", PASSWORD).await.refused(401, "unauthenticated");
    let user = login(&server, "ada@example.org", OTHER).await.expect(200);
    assert_eq!(user["user"]["email_verified"], true, "the mail reached them");
    let sent = mails(&server).await;
    assert!(sent.len() == 1 && sent[0].1.starts_with("Your password was changed"), "{sent:?}");

    forgot(&server, "ada@example.org").await;
    let late = mailed(&server, "ada@example.org").await;
    let hour = "SELECT extract(epoch FROM expires_at - created_at)::bigint FROM mail_link WHERE used_at IS NULL";
    assert_eq!(sqlx::query_scalar::<_, i64>(hour).fetch_one(&server.db).await.unwrap(), 3_600);
    sqlx::query("UPDATE mail_link SET expires_at = now()").execute(&server.db).await.unwrap();
    reset(&server, &late, PASSWORD).await.refused(403, "link_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_the_account_back_by_a_new_password_takes_back_what_a_thief_began() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let access = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let ask = async |access: &str, password: &str| {
        let body = json!({"email": "evil@example.org", "password": password});
        send(server.request(Method::POST, "/me/email").bearer_auth(access).json(&body)).await
    };
    assert_eq!(ask(&access, PASSWORD).await.status, 202);
    let moves = mailed(&server, "evil@example.org").await;
    forgot(&server, "ada@example.org").await;
    let link = mailed(&server, "ada@example.org").await;
    assert_eq!(reset(&server, &link, OTHER).await.status, 204);
    verify(&server, &moves).await.refused(403, "link_invalid");
    // And by changing it.
    let access = text(&login(&server, "ada@example.org", OTHER).await.expect(200), "access_token");
    mails(&server).await;
    assert_eq!(ask(&access, OTHER).await.status, 202);
    let moves = mailed(&server, "evil@example.org").await;
    let body = json!({"current_password": OTHER, "new_password": PASSWORD});
    let changed = send(server.request(Method::POST, "/me/password").bearer_auth(&access).json(&body)).await;
    assert_eq!(changed.status, 204);
    verify(&server, &moves).await.refused(403, "link_invalid");
    login(&server, "ada@example.org", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_session_cannot_guess_its_password() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let access = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let ask = async |method: Method, path: &str, body: Value| {
        send(server.request(method, path).bearer_auth(&access).json(&body)).await
    };
    let (wrong, right) =
        (json!({"password": OTHER, "email": "x@example.org"}), json!({"password": PASSWORD, "email": "x@example.org"}));
    for _ in 0..2 {
        ask(Method::POST, "/me/email", wrong.clone()).await.refused(403, "forbidden");
        let change = json!({"current_password": OTHER, "new_password": "yet another one entirely"});
        ask(Method::POST, "/me/password", change).await.refused(403, "forbidden");
    }
    ask(Method::DELETE, "/me", json!({"password": OTHER})).await.refused(422, "validation_failed");
    // All of them together were five; now even the right one has to wait.
    let waits = ask(Method::POST, "/me/email", right).await;
    waits.refused(429, "too_many_requests");
    ask(Method::DELETE, "/me", json!({"password": PASSWORD})).await.refused(429, "too_many_requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_come_with_one_link_at_once_are_one() {
    let server = spawn().await;
    server.post("/auth/register", &registration("ada@example.org")).await;
    let link = mailed(&server, "ada@example.org").await;
    let (one, two) = tokio::join!(verify(&server, &link), verify(&server, &link));
    let mut both = [one.status.as_u16(), two.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [204, 403]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_moves_to_an_address_that_was_shown_to_be_theirs() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    somebody(&server, "bob@example.org").await;
    let access = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let ask = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        send(server.request(Method::POST, "/me/email").bearer_auth(&access).json(&body))
    };
    server
        .post("/me/email", &json!({"email": "x@example.org", "password": PASSWORD}))
        .await
        .refused(401, "unauthenticated");
    ask("new@example.org", OTHER).await.refused(403, "forbidden");
    let free = ask("new@example.org", PASSWORD).await;
    assert_eq!(free.status, 202);
    let link = mailed(&server, "new@example.org").await;
    let taken = ask("bob@example.org", PASSWORD).await;
    assert_eq!(told(&free), told(&taken));
    let sent = mails(&server).await;
    assert!(sent.len() == 1 && sent[0].0 == "bob@example.org" && !sent[0].2.contains("#t="), "{sent:?}");

    login(&server, "new@example.org", PASSWORD).await.refused(401, "unauthenticated");
    assert_eq!(verify(&server, &link).await.status, 204);
    verify(&server, &link).await.refused(403, "link_invalid");
    login(&server, "ada@example.org", PASSWORD).await.refused(401, "unauthenticated");
    let user = login(&server, "new@example.org", PASSWORD).await.expect(200);
    assert_eq!((&user["user"]["email"], &user["user"]["email_verified"]), (&json!("new@example.org"), &json!(true)));
    let sent = mails(&server).await;
    assert!(
        sent.len() == 1 && sent[0].0 == "ada@example.org" && sent[0].1.starts_with("Your account has a new address"),
        "{sent:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_asks_for_the_old_one_and_ends_the_other_sessions() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let here = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let there = login(&server, "ada@example.org", PASSWORD).await.expect(200);
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        send(server.request(Method::POST, "/me/password").bearer_auth(&here).json(&body))
    };
    change(OTHER, OTHER).await.refused(403, "forbidden");
    let refused = change(PASSWORD, "ada@example.org").await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["field"], "new_password");
    forgot(&server, "ada@example.org").await;
    let link = mailed(&server, "ada@example.org").await;
    assert_eq!(change(PASSWORD, OTHER).await.status, 204);
    send(server.request(Method::GET, "/me").bearer_auth(&here)).await.expect(200);
    send(server.request(Method::GET, "/me").bearer_auth(text(&there, "access_token")))
        .await
        .refused(401, "unauthenticated");
    server
        .post("/auth/refresh", &json!({"refresh_token": there["refresh_token"]}))
        .await
        .refused(401, "unauthenticated");
    reset(&server, &link, PASSWORD).await.refused(403, "link_invalid");
    login(&server, "ada@example.org", PASSWORD).await.refused(401, "unauthenticated");
    login(&server, "ada@example.org", OTHER).await.expect(200);
    let sent = mails(&server).await;
    assert!(sent.len() == 1 && sent[0].1.starts_with("Your password was changed"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_with_the_same_key_gets_the_same_answer_and_no_second_mail() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let session = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let ask = async |path: &str, key: &str, body: &Value| {
        let request = server.request(reqwest::Method::POST, path).header("idempotency-key", key).json(body);
        send(if path == "/me/email" { request.bearer_auth(&session) } else { request }).await
    };
    let new_address = |email: &str| json!({"email": email, "password": PASSWORD});
    for (path, body, other) in [
        ("/auth/register", registration("bob@example.org"), registration("eve@example.org")),
        ("/auth/forgot-password", json!({"email": "ada@example.org"}), json!({"email": "bob@example.org"})),
        ("/me/email", new_address("countess@example.org"), new_address("other@example.org")),
    ] {
        let key = "a key that no stranger meets";
        // Two at once, and one later.
        let (one, two) = tokio::join!(ask(path, key, &body), ask(path, key, &body));
        let later = ask(path, key, &body).await;
        let replayed = |answer: &Answer| answer.headers.contains_key("idempotent-replayed");
        assert_eq!(
            [&one, &two, &later].map(|answer| (answer.status.as_u16(), answer.text.as_str())),
            [(202, ""); 3],
            "{path}"
        );
        assert!(replayed(&one) != replayed(&two) && replayed(&later), "{path}");
        assert_eq!(mails(&server).await.len(), 1, "{path}");
        ask(path, key, &other).await.refused(409, "idempotency_key_reused");
        assert_eq!(mails(&server).await.len(), 0, "{path}");
        // Another key is another request; so is one without.
        assert!(!replayed(&ask(path, "another key that nobody meets", &body).await));
        assert_eq!(mails(&server).await.len(), 1, "{path}");
        if path != "/me/email" {
            ask(path, "short", &body).await.refused(422, "validation_failed");
            assert_eq!(server.post(path, &body).await.status, 202);
            assert_eq!(mails(&server).await.len(), 1, "{path}");
        }
    }
    // Another password is another wish, and what is kept tests no guess of it.
    let mut other = registration("bob@example.org");
    other["password"] = json!(OTHER);
    ask("/auth/register", "a key that no stranger meets", &other).await.refused(409, "idempotency_key_reused");
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT request_hash FROM idempotency").fetch_all(&server.db).await.unwrap();
    let body = registration("bob@example.org").to_string();
    assert!(!kept.contains(&aisle::platform::ids::request_hash(body.as_bytes()).to_be_bytes().to_vec()));
}
