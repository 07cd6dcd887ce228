//! The second factor: an authenticator app, recovery codes, the question between the password and the session.

mod passkeys;
pub mod soft_key;

use aisle::accounts::insert_organizer;
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::accounts::{PASSWORD, login, somebody, text};
use crate::harness::{Answer, Server, send, spawn};

/// Somebody who is signed in, and their app.
pub struct Person {
    pub email: String,
    pub token: String,
}

impl Person {
    pub async fn sign_in(server: &Server, email: &str) -> Self {
        let body = login(server, email, PASSWORD).await.expect(200);
        Self { email: email.to_owned(), token: text(&body, "access_token") }
    }

    pub async fn ask(&self, server: &Server, method: Method, path: &str, body: &Value) -> Answer {
        let request = server.request(method, path).bearer_auth(&self.token);
        send(if body.is_null() { request } else { request.json(body) }).await
    }

    pub async fn post(&self, server: &Server, path: &str, body: &Value) -> Answer {
        self.ask(server, Method::POST, path, body).await
    }
}

/// An authenticator app, which knows the server's time.
struct App(Totp);

impl App {
    /// The code of the step that is so many away from the present one.
    async fn code(&self, server: &Server, steps: i64) -> String {
        let now: i64 =
            sqlx::query_scalar("SELECT extract(epoch FROM now())::bigint").fetch_one(&server.db).await.unwrap();
        self.0.generate(u64::try_from(now + 30 * steps).unwrap()).to_string()
    }
}

/// As if half an hour had passed since the last code.
async fn later(server: &Server) {
    sqlx::query("UPDATE totp SET last_step = 0").execute(&server.db).await.unwrap();
}

/// Gives somebody an app; and the recovery codes that come with it.
async fn with_app(server: &Server, person: &Person) -> (App, Vec<String>) {
    let begun = person.post(server, "/auth/mfa/enroll", &json!({"password": PASSWORD})).await.expect(200);
    let secret = Secret::try_from_base32(text(&begun, "secret")).unwrap();
    let app = App(Builder::new().with_secret(secret).build().unwrap());
    let code = app.code(server, 0).await;
    let confirmed = person.post(server, "/auth/mfa/confirm", &json!({"code": code})).await.expect(200);
    later(server).await;
    let codes = confirmed["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (app, codes.collect())
}

/// Signs in as far as the question.
pub async fn question(server: &Server, email: &str) -> String {
    let body = login(server, email, PASSWORD).await.expect(200);
    assert!(body.get("access_token").is_none(), "a password alone signs in: {body}");
    text(&body["mfa"], "challenge")
}

async fn answer(server: &Server, challenge: &str, code: &str) -> Answer {
    server.post("/auth/mfa/challenge", &json!({"challenge": challenge, "code": code})).await
}

/// What somebody was told by mail, once all that is to be said is said; in the order of the alphabet.
pub async fn subjects(server: &Server, to: &str) -> Vec<String> {
    let mails: Vec<(String, String)> =
        crate::accounts::mails(server).await.into_iter().map(|(to, subject, _)| (to, subject)).collect();
    assert!(mails.iter().all(|(recipient, _)| recipient == to), "{mails:?}");
    let mut subjects: Vec<_> =
        mails.iter().map(|(_, subject)| subject.split(" (").next().unwrap().to_owned()).collect();
    subjects.sort();
    subjects
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_set_up_by_a_password_and_its_first_code() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let other_device = Person::sign_in(&server, "ada@example.org").await;
    server.post("/auth/mfa/enroll", &json!({})).await.refused(401, "unauthenticated");
    ada.post(&server, "/auth/mfa/enroll", &json!({})).await.refused(422, "validation_failed");
    ada.post(&server, "/auth/mfa/enroll", &json!({"password": "wrong"})).await.refused(403, "forbidden");
    ada.post(&server, "/auth/mfa/confirm", &json!({"code": "123456"})).await.refused(403, "forbidden");

    let begun = ada.post(&server, "/auth/mfa/enroll", &json!({"password": PASSWORD})).await.expect(200);
    assert!(text(&begun, "url").starts_with("otpauth://totp/"), "{begun}");
    assert!(text(&begun, "qr_svg").starts_with("<svg"));
    // Begun is not done: the password still suffices.
    login(&server, "ada@example.org", PASSWORD).await.expect(200)["access_token"].as_str().expect("a token");
    let standing = ada.ask(&server, Method::GET, "/auth/mfa", &Value::Null).await.expect(200);
    assert_eq!(
        standing,
        json!({"password": true, "totp": false, "passkeys": 0, "recovery_codes": 0, "required": false})
    );

    let (_, codes) = with_app(&server, &ada).await;
    assert_eq!(codes.len(), 10);
    let standing = ada.ask(&server, Method::GET, "/auth/mfa", &Value::Null).await.expect(200);
    assert_eq!(
        standing,
        json!({"password": true, "totp": true, "passkeys": 0, "recovery_codes": 10, "required": false})
    );
    // Whoever was in without a code is out; who has just shown one is not.
    other_device.ask(&server, Method::GET, "/me", &Value::Null).await.refused(401, "unauthenticated");
    ada.ask(&server, Method::GET, "/me", &Value::Null).await.expect(200);
    ada.post(&server, "/auth/mfa/enroll", &json!({"password": PASSWORD})).await.refused(409, "already_exists");
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM totp").fetch_all(&server.db).await.unwrap();
    let secret = Secret::try_from_base32(text(&begun, "secret")).unwrap();
    assert!(kept.iter().all(|sealed| !sealed.windows(20).any(|part| part == secret.as_ref())), "the secret is sealed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_and_a_question_are_good_once() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let (app, _) = with_app(&server, &ada).await;

    let first = question(&server, "ada@example.org").await;
    let second = question(&server, "ada@example.org").await;
    let code = app.code(&server, 0).await;
    answer(&server, "made up", &code).await.refused(404, "not_found");
    let signed_in = answer(&server, &first, &code).await;
    let cookies = crate::accounts::cookies(&signed_in);
    for name in ["aisle_session=", "aisle_refresh="] {
        assert!(cookies.iter().any(|cookie| cookie.starts_with(name)), "{cookies:?}");
    }
    let body = signed_in.expect(200);
    assert_eq!(body["user"]["email"], "ada@example.org");
    let me = server.request(Method::GET, "/me").bearer_auth(text(&body, "access_token"));
    send(me).await.expect(200);

    // The same code again, and one before it; the same question again, with another code.
    answer(&server, &second, &code).await.refused(401, "unauthenticated");
    answer(&server, &second, &app.code(&server, -1).await).await.refused(401, "unauthenticated");
    answer(&server, &first, &app.code(&server, 1).await).await.refused(404, "not_found");
    answer(&server, &second, &app.code(&server, 1).await).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_come_with_one_code_at_once_one_gets_in() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let (app, codes) = with_app(&server, &ada).await;
    for code in [app.code(&server, 0).await, codes[0].clone()] {
        let (one, other) = (question(&server, &ada.email).await, question(&server, &ada.email).await);
        let (one, other) = tokio::join!(answer(&server, &one, &code), answer(&server, &other, &code));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_bears_five_tries_and_ends_by_itself() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let (app, _) = with_app(&server, &ada).await;
    let asked = question(&server, "ada@example.org").await;
    for _ in 0..5 {
        answer(&server, &asked, "0A1B-2C3D-4E5F-6G7H").await.refused(401, "unauthenticated");
    }
    // The wrong tries have used up the free ones of the app too; as if some time had passed.
    sqlx::query("DELETE FROM guess").execute(&server.db).await.unwrap();
    answer(&server, &asked, &app.code(&server, 0).await).await.refused(404, "not_found");
    let late = question(&server, "ada@example.org").await;
    sqlx::query("UPDATE second_factor_challenge SET expires_at = now()").execute(&server.db).await.unwrap();
    answer(&server, &late, &app.code(&server, 0).await).await.refused(404, "not_found");
    let asked = question(&server, "ada@example.org").await;
    answer(&server, &asked, &app.code(&server, 0).await).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_guessed_over_many_questions_and_a_recovery_code_still_opens() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let (app, codes) = with_app(&server, &ada).await;
    let guess = async |code: &str| {
        let asked = question(&server, "ada@example.org").await;
        server.post("/auth/mfa/challenge", &json!({"challenge": asked, "method": "totp", "code": code})).await
    };
    let wrong = if app.code(&server, 0).await == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        guess(wrong).await.refused(401, "unauthenticated");
    }
    // The sixth is not even looked at, right or wrong; and says when it will be.
    let refused = guess(&app.code(&server, 0).await).await;
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    refused.refused(429, "too_many_requests");
    // Codes on paper are not guessed: they open meanwhile.
    let asked = question(&server, "ada@example.org").await;
    answer(&server, &asked, &codes[3].to_lowercase().replace('-', " ")).await.expect(200);
    // When it has waited, the next is looked at; a right one makes an end of it.
    sqlx::query("UPDATE guess SET tried_at = now() - interval '31 seconds'").execute(&server.db).await.unwrap();
    guess(&app.code(&server, 0).await).await.expect(200);
    later(&server).await;
    guess(&app.code(&server, 0).await).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_are_good_once_and_new_ones_replace_the_old() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let (app, codes) = with_app(&server, &ada).await;
    let asked = question(&server, "ada@example.org").await;
    answer(&server, &asked, &codes[0]).await.expect(200);
    let asked = question(&server, "ada@example.org").await;
    answer(&server, &asked, &codes[0]).await.refused(401, "unauthenticated");

    let path = "/auth/mfa/recovery-codes";
    ada.post(&server, path, &json!({"password": PASSWORD})).await.refused(422, "validation_failed");
    ada.post(&server, path, &json!({"password": "wrong", "code": codes[1]})).await.refused(403, "forbidden");
    let code = app.code(&server, 0).await;
    let renewed = ada.post(&server, path, &json!({"password": PASSWORD, "code": code})).await.expect(200);
    assert_eq!(renewed["recovery_codes"].as_array().map(Vec::len), Some(10));
    assert_eq!(
        subjects(&server, "ada@example.org").await,
        ["An authenticator app was added", "You have new recovery codes"]
    );
    let asked = question(&server, "ada@example.org").await;
    answer(&server, &asked, &codes[2]).await.refused(401, "unauthenticated");
    answer(&server, &asked, renewed["recovery_codes"][9].as_str().unwrap()).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_removed_with_password_and_code() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    ada.post(&server, "/auth/mfa/disable", &json!({"password": PASSWORD})).await.refused(404, "not_found");
    let (app, codes) = with_app(&server, &ada).await;
    let disable = async |body: Value| ada.post(&server, "/auth/mfa/disable", &body).await;
    disable(json!({"password": PASSWORD})).await.refused(422, "validation_failed");
    disable(json!({"code": codes[0]})).await.refused(422, "validation_failed");
    disable(json!({"password": "wrong", "code": codes[0]})).await.refused(403, "forbidden");
    disable(json!({"password": PASSWORD, "code": "000000000000"})).await.refused(403, "forbidden");
    let code = app.code(&server, 0).await;
    assert_eq!(disable(json!({"password": PASSWORD, "code": code})).await.status, 204);
    login(&server, "ada@example.org", PASSWORD).await.expect(200)["access_token"].as_str().expect("a token");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM recovery_code").fetch_one(&server.db).await.unwrap();
    assert_eq!(left, 0, "recovery codes go with the last factor");
    let told = subjects(&server, "ada@example.org").await;
    assert_eq!(
        told,
        ["An authenticator app was added", "Your authenticator app was removed"],
        "and nothing of what was refused"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_may_need_a_second_factor_and_does_nothing_without() {
    let server = spawn().await;
    let house = aisle::platform::ids::new_id();
    insert_organizer(&mut server.db.acquire().await.unwrap(), house, "The House").await.unwrap();
    let ada = somebody(&server, "ada@example.org").await;
    sqlx::query("INSERT INTO membership (user_id, organizer_id, role) VALUES ($1, $2, 'organizer')")
        .bind(ada)
        .bind(house)
        .execute(&server.db)
        .await
        .unwrap();
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let path = format!("/admin/organizers/{house}/mfa");
    ada.ask(&server, Method::PUT, &path, &json!({"mfa_required_for": ["customer"]}))
        .await
        .refused(422, "validation_failed");
    let wanted = json!({"mfa_required_for": ["organizer"]});
    assert_eq!(ada.ask(&server, Method::PUT, &path, &wanted).await.expect(200), wanted);

    // At once, in the session that runs; and in the next one.
    ada.ask(&server, Method::GET, &path, &Value::Null).await.refused(403, "mfa_required");
    let ada = Person::sign_in(&server, "ada@example.org").await;
    for path in [path.as_str(), "/admin/shows", "/me/sessions", "/me/linked-accounts"] {
        ada.ask(&server, Method::GET, path, &Value::Null).await.refused(403, "mfa_required");
    }
    ada.ask(&server, Method::GET, "/me", &Value::Null).await.expect(200);
    assert_eq!(ada.ask(&server, Method::GET, "/auth/mfa", &Value::Null).await.expect(200)["required"], true);
    with_app(&server, &ada).await;
    ada.ask(&server, Method::GET, &path, &Value::Null).await.expect(200);
    // Nobody else's house can be asked, nor by a stranger.
    somebody(&server, "eve@example.org").await;
    let eve = Person::sign_in(&server, "eve@example.org").await;
    eve.ask(&server, Method::PUT, &path, &json!({"mfa_required_for": []})).await.refused(403, "forbidden");
    send(server.request(Method::GET, &path)).await.refused(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_can_be_asked_of_administrators_by_one_who_has_it() {
    let server = spawn().await;
    let path = "/admin/site/mfa";
    let (on, off) = (json!({"mfa_required_for_admins": true}), json!({"mfa_required_for_admins": false}));
    for email in ["ada@example.org", "bob@example.org"] {
        let user = somebody(&server, email).await;
        sqlx::query("UPDATE app_user SET is_admin = true WHERE id = $1").bind(user).execute(&server.db).await.unwrap();
    }
    somebody(&server, "eve@example.org").await;
    let (ada, bob) =
        (Person::sign_in(&server, "ada@example.org").await, Person::sign_in(&server, "bob@example.org").await);
    let eve = Person::sign_in(&server, "eve@example.org").await;
    assert_eq!(ada.ask(&server, Method::GET, path, &Value::Null).await.expect(200), off, "nobody has asked for it yet");
    eve.ask(&server, Method::PUT, path, &on).await.refused(403, "forbidden");
    eve.ask(&server, Method::GET, path, &Value::Null).await.refused(403, "forbidden");
    send(server.request(Method::PUT, path).json(&on)).await.refused(401, "unauthenticated");
    ada.ask(&server, Method::PUT, path, &json!({})).await.refused(422, "validation_failed");

    // Who has none would shut the door behind everybody, also by a token made on the command line.
    ada.ask(&server, Method::PUT, path, &on).await.refused(403, "mfa_required");
    server.admin(Method::PUT, path, &on).await.refused(403, "mfa_required");
    ada.ask(&server, Method::PUT, path, &off).await.expect(200);
    bob.ask(&server, Method::GET, "/admin/shows", &Value::Null).await.expect(200);

    with_app(&server, &ada).await;
    assert_eq!(ada.ask(&server, Method::PUT, path, &on).await.expect(200), on);
    assert_eq!(ada.ask(&server, Method::PUT, path, &on).await.expect(200), on, "once more changes nothing");
    // At once, in the session that runs; and in the next one. Other people's are as they were.
    bob.ask(&server, Method::GET, "/admin/shows", &Value::Null).await.refused(403, "mfa_required");
    bob.ask(&server, Method::PUT, path, &off).await.refused(403, "mfa_required");
    let bob = Person::sign_in(&server, "bob@example.org").await;
    bob.ask(&server, Method::GET, "/admin/shows", &Value::Null).await.refused(403, "mfa_required");
    assert_eq!(bob.ask(&server, Method::GET, "/auth/mfa", &Value::Null).await.expect(200)["required"], true);
    assert_eq!(eve.ask(&server, Method::GET, "/auth/mfa", &Value::Null).await.expect(200)["required"], false);
    eve.ask(&server, Method::GET, "/me/sessions", &Value::Null).await.expect(200);
    ada.ask(&server, Method::GET, "/admin/shows", &Value::Null).await.expect(200);
    with_app(&server, &bob).await;
    bob.ask(&server, Method::GET, "/admin/shows", &Value::Null).await.expect(200);
    assert_eq!(bob.ask(&server, Method::PUT, path, &off).await.expect(200), off);

    let said: Vec<(String, String)> =
        sqlx::query_as("SELECT action, detail FROM audit_log WHERE action = 'mfa.required_for_admins' ORDER BY number")
            .fetch_all(&server.db)
            .await
            .unwrap();
    let details: Vec<Value> = said.iter().map(|(_, detail)| serde_json::from_str(detail).unwrap()).collect();
    assert_eq!(details, [false, true, true, false].map(|required| json!({"required": required})));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_password_proves_themself_by_having_just_signed_in() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    sqlx::query("UPDATE app_user SET password_hash = NULL").execute(&server.db).await.unwrap();
    let aged = async |seconds: i32| {
        sqlx::query("UPDATE session SET created_at = now() - make_interval(secs => $1)")
            .bind(f64::from(seconds))
            .execute(&server.db)
            .await
            .unwrap();
    };
    let standing = ada.ask(&server, Method::GET, "/auth/mfa", &Value::Null).await.expect(200);
    assert_eq!(standing["password"], false);
    let nobodys = uuid::Uuid::nil();
    // None of them is there: so who has proved themself is told just that.
    let wishes = [
        (Method::DELETE, format!("/auth/passkeys/{nobodys}"), 404),
        (Method::DELETE, format!("/me/linked-accounts/{nobodys}"), 404),
        (Method::POST, "/auth/mfa/recovery-codes".to_owned(), 404),
        (Method::POST, "/auth/mfa/disable".to_owned(), 404),
        (Method::POST, "/auth/mfa/enroll".to_owned(), 200),
    ];
    aged(590).await;
    for (method, path, status) in &wishes {
        let answer = ada.ask(&server, method.clone(), path, &json!({})).await;
        assert_eq!(answer.status.as_u16(), *status, "{path}: {}", answer.text);
    }
    aged(610).await;
    for (method, path, _) in &wishes {
        ada.ask(&server, method.clone(), path, &json!({})).await.refused(403, "sign_in_again");
        // A password that nobody has proves nothing.
        ada.ask(&server, method.clone(), path, &json!({"password": PASSWORD})).await.refused(403, "sign_in_again");
    }
    // Nor does a token of the command line, however new.
    server.admin(Method::POST, "/auth/mfa/enroll", &json!({})).await.refused(403, "sign_in_again");
    server.stop().await;
}
