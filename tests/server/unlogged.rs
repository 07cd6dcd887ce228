//! What a server writes about itself while people sign in, hold, buy and fail: everything but what proves something or names
//! somebody.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{new_database, send, spawn_on};
use crate::house::{hall, on_sale};
use crate::process::until;

const SECRET: &str = "YWlzbGUtdGVzdHMtYWlzbGUtdGVzdHMtYWlzbGUtMzI=";
const PASSWORD: &str = "correct horse battery geheim";
const WRONG: &str = "wrong horse battery geheim";
const BUYER: &str = "ada.lovelace.geheim@example.org";
const NAME: &str = "Ada Geheim-Lovelace";
const KEY: &str = "idempotency-key-geheim-0123456789";
const CODE: &str = "GEHEIMER-CODE";
const DATABASE_PASSWORD: &str = "geheim-of-the-database";

/// Ended when dropped, whatever the test does.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Already dead where the test has ended it.
        let _dead = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Every text below here that is long enough to be a secret, by where it stands.
fn remember(answer: &Value, names: &[&str], secrets: &mut BTreeMap<String, String>) {
    match answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(text) = value.as_str().filter(|text| names.contains(&name.as_str()) && text.len() > 8) {
                    secrets.insert(text.to_owned(), name.clone());
                }
                remember(value, names, secrets);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| remember(item, names, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_name_is_ever_written_to_the_log() {
    let database = new_database().await;
    let builder = spawn_on(database.clone(), |_| {}).await;
    let show = on_sale(&builder, &hall(2, 6, 0)).await;
    let hash = builder.running.parts.passwords.hash(PASSWORD.to_owned()).await.unwrap();
    sqlx::query("UPDATE app_user SET password_hash = $1, email = $2, email_normalized = $2")
        .bind(&hash)
        .bind(BUYER)
        .execute(&builder.db)
        .await
        .unwrap();
    let bearer = builder.admin.clone();
    builder.stop().await;

    let dir = tempfile::tempdir().unwrap();
    let (log, secret_file) = (dir.path().join("log"), dir.path().join("secret.key"));
    std::fs::write(&secret_file, SECRET).unwrap();
    let url = database.replacen("postgres@", &format!("postgres:{DATABASE_PASSWORD}@"), 1);
    assert!(url.contains(DATABASE_PASSWORD), "the tests' Postgres is reached as postgres");
    let child = Command::new(env!("CARGO_BIN_EXE_aisle"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(dir.path())
        .env_remove("DATABASE_URL")
        .env("AISLE_DATABASE_URL", &url)
        // Of ourselves everything; of the database driver every statement; of the rest what an operator has.
        .env("AISLE_LOG", "info,aisle=trace,aisle_actors=trace,aisle_core=trace,sqlx=trace,tracing_actix_web=trace")
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .expect("the binary starts");
    let mut server = Ended(child);
    let mut out = BufReader::new(server.0.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
    std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(drop));

    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let ask = |method: Method, path: &str| http.request(method, format!("{url}/api/v1{path}"));
    let mut secrets: BTreeMap<String, String> = [
        (SECRET, "the installation's secret"),
        (PASSWORD, "a password"),
        (WRONG, "a wrong password"),
        (hash.as_str(), "a password's hash"),
        (BUYER, "an address"),
        (NAME, "a name"),
        (KEY, "an idempotency key"),
        (CODE, "an access code"),
        (DATABASE_PASSWORD, "the database's password"),
        (bearer.as_str(), "a bearer token"),
        ("made-up-token-geheim", "a token that is not one"),
    ]
    .into_iter()
    .map(|(secret, what)| (secret.to_owned(), what.to_owned()))
    .collect();
    let names = ["token", "access_token", "refresh_token", "order_token"];

    let login = |password: &str| ask(Method::POST, "/auth/login").json(&json!({"email": BUYER, "password": password}));
    assert_eq!(send(login(WRONG)).await.status, 401);
    let signed = send(login(PASSWORD)).await;
    assert_eq!(signed.status, 200, "{}", signed.text);
    remember(&signed.body, &names, &mut secrets);
    for cookie in signed.headers.get_all("set-cookie") {
        let value = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap().1;
        secrets.insert(value.to_owned(), "a cookie".to_owned());
    }
    assert_eq!(send(ask(Method::GET, "/me").bearer_auth("made-up-token-geheim")).await.status, 401);
    assert_eq!(send(ask(Method::GET, "/me").bearer_auth(&bearer)).await.status, 200);
    let wrong_code = json!({"seats": ["r2-5"], "access_code": CODE});
    assert!(send(ask(Method::POST, &format!("/shows/{show}/holds")).json(&wrong_code)).await.status.is_client_error());
    let held = ask(Method::POST, &format!("/shows/{show}/holds")).header("idempotency-key", KEY);
    let held = send(held.json(&json!({"seats": ["r2-1", "r2-2"]}))).await.expect(201);
    remember(&held, &names, &mut secrets);
    let hold = &held["hold"];
    let order = json!({"holds": [{"show_id": show, "hold_id": hold["id"], "token": hold["token"]}],
        "customer": {"name": NAME, "email": BUYER}});
    // A body that is refused is not written either.
    let spoilt = json!({"holds": [], "customer": {"name": NAME, "email": BUYER}, "more": WRONG});
    assert_eq!(send(ask(Method::POST, "/orders").json(&spoilt)).await.status, 422);
    let made = send(ask(Method::POST, "/orders").json(&order)).await.expect(201);
    remember(&made, &names, &mut secrets);
    let till = made["payment"]["checkout_url"].as_str().expect("the till's address");
    let paid = http.post(format!("{url}{till}")).form(&[("outcome", "succeed")]).send().await.unwrap();
    assert_eq!(paid.status(), 303);
    send(ask(Method::POST, "/orders/lookup").json(&json!({"email": BUYER, "number": "A-1"}))).await;
    let db = sqlx::PgPool::connect(&database).await.unwrap();
    until("the mail is written", async || {
        let mails: i64 = sqlx::query_scalar("SELECT count(*) FROM mail").fetch_one(&db).await.unwrap();
        (mails > 0).then_some(())
    })
    .await;
    let sealed: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT kid, sealed FROM server_key").fetch_all(&db).await.unwrap();
    assert!(!sealed.is_empty());
    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.0.wait().unwrap().success(), "it stops in order");

    let log = std::fs::read_to_string(&log).unwrap();
    // The log is there and has what it should: else this test would prove nothing.
    assert!(log.contains("/api/v1/auth/login") && log.contains("SELECT"), "{}", &log[..log.len().min(2_000)]);
    assert!(secrets.len() > 13, "{secrets:?}");
    let written: Vec<_> = secrets
        .iter()
        .filter_map(|(secret, what)| {
            log.lines().find(|line| line.contains(secret)).map(|line| format!("{what}: {line}"))
        })
        .collect();
    assert!(written.is_empty(), "{written:#?}");
}
