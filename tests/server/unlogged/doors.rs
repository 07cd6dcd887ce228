//! Every way into an account, and what each of them shows once: registering, a second factor, passkeys, another house, keys.

use openidconnect::url::Position;
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{BUYER, Logged, NAME, PASSWORD, WRONG, every_text};
use crate::accounts::text;
use crate::factors::soft_key::SoftKey;
use crate::harness::{new_database, send, spawn_on};
use crate::other_houses::{Browser, OtherHouse, Reached};
use crate::process::until;

const ORIGIN: &str = "https://tickets.example.org";
const OTHER: &str = "wobbly trombone geheim cellar";

impl Reached for Logged {
    fn url(&self) -> &str {
        &self.url
    }

    fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

impl Logged {
    /// The token of the link in the next mail to this address, which is kept whole.
    async fn link(&mut self, to: &str) -> String {
        let mail: String = until("the mail is written", async || {
            sqlx::query_scalar("DELETE FROM mail WHERE recipient = $1 AND text_body LIKE '%#t=%' RETURNING text_body")
                .bind(to)
                .fetch_optional(&self.db)
                .await
                .unwrap()
        })
        .await;
        let token = mail.split("#t=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        self.keep("a link's token", &token);
        token
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_signs_anybody_in_is_ever_written_to_the_log() {
    let database = new_database().await;
    let builder = spawn_on(database.clone(), |_| {}).await;
    let admin = builder.admin.clone();
    builder.stop().await;
    let mut logged = Logged::start(&database, &[("AISLE_PUBLIC_URL", ORIGIN)]).await;
    logged.keep("a bearer token", &admin);

    // Registered, confirmed, signed in, refreshed, and refreshed once more with a token that is spent.
    let registration = json!({"name": NAME, "email": BUYER, "password": PASSWORD});
    assert_eq!(logged.post("/auth/register", None, &registration).await.status, 202);
    let link = logged.link(BUYER).await;
    assert_eq!(logged.post("/auth/verify-email", None, &json!({"token": format!("{link}geheim")})).await.status, 403);
    assert_eq!(logged.post("/auth/verify-email", None, &json!({"token": link})).await.status, 204);
    let login = json!({"email": BUYER, "password": PASSWORD});
    let first = logged.post("/auth/login", None, &login).await.expect(200);
    let refresh = json!({"refresh_token": first["refresh_token"]});
    logged.post("/auth/refresh", None, &refresh).await.expect(200);
    sqlx::query("UPDATE refresh_token SET used_at = used_at - interval '1 minute'").execute(&logged.db).await.unwrap();
    assert_eq!(logged.post("/auth/refresh", None, &refresh).await.status, 401);

    // An app, its recovery codes, the question.
    let session = text(&logged.post("/auth/login", None, &login).await.expect(200), "access_token");
    let me = Some(session.as_str());
    let begun = logged.post("/auth/mfa/enroll", me, &json!({"password": PASSWORD})).await.expect(200);
    let secret = Secret::try_from_base32(text(&begun, "secret")).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    let now: i64 = sqlx::query_scalar("SELECT extract(epoch FROM now())::bigint").fetch_one(&logged.db).await.unwrap();
    let code = app.generate(u64::try_from(now).unwrap()).to_string();
    let codes =
        logged.post("/auth/mfa/confirm", me, &json!({"code": code})).await.expect(200)["recovery_codes"].clone();
    every_text(&codes, &mut logged.secrets);
    let question = logged.post("/auth/login", None, &login).await.expect(200);
    let answer = json!({"challenge": question["mfa"]["challenge"], "code": codes[0]});
    logged.post("/auth/mfa/challenge", None, &answer).await.expect(200);
    logged.post("/auth/mfa/challenge", None, &answer).await.refused(404, "not_found");

    // A passkey, made, shown, and shown once more.
    let begun = logged.post("/auth/passkeys/register/start", me, &json!({"password": PASSWORD})).await.expect(200);
    let (mut key, credential) = SoftKey::make(&begun["options"], ORIGIN);
    let made = json!({"ceremony": begun["ceremony"], "name": "Phone", "credential": credential});
    logged.post("/auth/passkeys/register/finish", me, &made).await.expect(201);
    let begun = logged.post("/auth/passkeys/login/start", None, &json!({})).await.expect(200);
    let shown = json!({"ceremony": begun["ceremony"], "credential": key.show(&begun["options"])});
    logged.post("/auth/passkeys/login/finish", None, &shown).await.expect(200);
    logged.post("/auth/passkeys/login/finish", None, &shown).await.refused(404, "not_found");

    // Another address, a forgotten password, what is refused on the way, and all that is known of one.
    let moved = "ada.moved.geheim@example.org";
    logged.post("/me/email", me, &json!({"email": moved, "password": WRONG})).await.refused(403, "forbidden");
    assert_eq!(logged.post("/me/email", me, &json!({"email": moved, "password": PASSWORD})).await.status, 202);
    let link = logged.link(moved).await;
    assert_eq!(logged.post("/auth/verify-email", None, &json!({"token": link})).await.status, 204);
    send(logged.ask(Method::GET, "/me/export").bearer_auth(&session)).await.expect(200);
    assert_eq!(logged.post("/auth/forgot-password", None, &json!({"email": moved})).await.status, 202);
    let link = logged.link(moved).await;
    assert_eq!(logged.post("/auth/reset-password", None, &json!({"token": link, "password": OTHER})).await.status, 204);

    // Machines of a house.
    let house = logged.post("/admin/organizers", Some(&admin), &json!({"name": "House"})).await.expect(201);
    let wanted = json!({"organizer_id": house["id"], "name": "Shop", "scopes": ["inventory:read"]});
    let key = text(&logged.post("/admin/api-keys", Some(&admin), &wanted).await.expect(201), "key");
    logged.keep("an API key", &key);
    let wanted = json!({"organizer_id": house["id"], "name": "Door"});
    let device = text(&logged.post("/admin/devices", Some(&admin), &wanted).await.expect(201), "token");
    send(logged.ask(Method::GET, "/machine").bearer_auth(&device)).await.expect(200);
    send(logged.ask(Method::GET, "/machine").bearer_auth(&key)).await.expect(200);
    let unknown = format!("{key}x");
    assert_eq!(send(logged.ask(Method::GET, "/machine").bearer_auth(&unknown)).await.status, 401);

    // What is no secret though it was sent: ids and words of ours.
    for plain in [text(&house, "id"), "inventory:read".to_owned(), "public-key".to_owned()] {
        logged.secrets.remove(&plain);
    }
    assert!(logged.secrets.len() > 40, "{:?}", logged.secrets);
    let written = logged.written(&["/api/v1/auth/mfa/challenge", "/api/v1/auth/passkeys/login/finish", "SELECT"]);
    assert!(written.is_empty(), "{written:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_another_house_says_of_somebody_is_ever_written_to_the_log() {
    let club = OtherHouse::open();
    let between = "a secret between the two houses";
    let houses =
        json!({"club": {"name": "The Club", "issuer": club.url, "client_id": "aisle", "client_secret": between}});
    let database = new_database().await;
    let mut logged = Logged::start(&database, &[("AISLE_OAUTH", &houses.to_string())]).await;
    logged.keep("the secret between the houses", between);
    logged.keep("an address", "ada@example.org");
    let (mut browser, mut astray) = (Browser::default(), Browser::default());
    let mut callback = String::new();
    for (browser, spoilt) in [(&mut browser, false), (&mut astray, true)] {
        let way = browser.leave(&logged, "/orders").await;
        let mut back = browser.through(&logged, way.clone(), "ada").await;
        for url in [&way, &back] {
            for (name, value) in url.query_pairs() {
                if ["state", "nonce", "code", "code_challenge"].contains(&&*name) {
                    logged.keep(&name, &value);
                }
            }
        }
        if spoilt {
            back = back.as_str().replace("code=", "code=geheim-made-up-").parse().unwrap();
        }
        let arrived = browser.arrive(&logged, &back).await;
        assert_eq!(arrived == "/orders", !spoilt, "{arrived}");
        for ((_, name), value) in browser.jar.iter().filter(|(_, value)| value.len() > 8) {
            logged.keep(name, value);
        }
        callback = back[Position::BeforePath..Position::AfterPath].to_owned();
    }
    logged.keep("a code that is not one", "geheim-made-up-");
    assert!(logged.secrets.len() > 9, "{:?}", logged.secrets);
    let written = logged.written(&[callback.as_str(), "SELECT"]);
    assert!(written.is_empty(), "{written:#?}");
}

#[test]
fn a_text_that_was_sent_is_kept_wherever_it_stands() {
    let mut kept = std::collections::BTreeMap::new();
    every_text(&json!({"a": ["long enough", {"b": "also this one"}], "c": "short", "d": Value::Null}), &mut kept);
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["also this one", "long enough"]);
}
