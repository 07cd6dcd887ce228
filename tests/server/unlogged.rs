//! What a server writes about itself while people sign in, hold, buy and fail: everything but what proves something or names
//! somebody.

mod doors;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::PgPool;
use tempfile::TempDir;

use crate::harness::{Answer, new_database, send, spawn_on};
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

/// What is secret in an answer, by the name of its field.
const SECRETS: [&str; 8] =
    ["token", "access_token", "refresh_token", "order_token", "secret", "url", "challenge", "ceremony"];

/// A server that writes down all it has to say, and what must not be among it.
struct Logged {
    server: Ended,
    url: String,
    http: reqwest::Client,
    db: PgPool,
    dir: TempDir,
    secrets: BTreeMap<String, String>,
}

impl Logged {
    async fn start(database: &str, settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret.key"), SECRET).unwrap();
        let url = database.replacen("postgres@", &format!("postgres:{DATABASE_PASSWORD}@"), 1);
        assert!(url.contains(DATABASE_PASSWORD), "the tests' Postgres is reached as postgres");
        let child = Command::new(env!("CARGO_BIN_EXE_aisle"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir.path())
            .env_remove("DATABASE_URL")
            .env("AISLE_DATABASE_URL", &url)
            // Of ourselves everything; of the database driver every statement; of the rest what an operator has.
            .env("AISLE_LOG", "info,aisle=trace,aisle_actors=trace,aisle_core=trace,sqlx=trace,tracing_actix_web=trace")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(dir.path().join("log")).unwrap())
            .spawn()
            .expect("the binary starts");
        let mut server = Ended(child);
        let mut out = BufReader::new(server.0.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(drop));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let db = PgPool::connect(database).await.unwrap();
        let mut logged = Self { server, url, http, db, dir, secrets: BTreeMap::new() };
        logged.keep("the installation's secret", SECRET);
        logged.keep("the database's password", DATABASE_PASSWORD);
        logged
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.url))
    }

    fn keep(&mut self, what: &str, secret: &str) {
        assert!(secret.len() > 8, "{what} would be found by chance: {secret}");
        self.secrets.insert(secret.to_owned(), what.to_owned());
    }

    /// Asks, after keeping every text that is sent, and keeps what the answer has of secrets.
    async fn post(&mut self, path: &str, bearer: Option<&str>, body: &Value) -> Answer {
        every_text(body, &mut self.secrets);
        let request = self.ask(Method::POST, path).json(body);
        let answer = send(bearer.into_iter().fold(request, RequestBuilder::bearer_auth)).await;
        self.keep_of(&answer);
        answer
    }

    fn keep_of(&mut self, answer: &Answer) {
        remember(&answer.body, &SECRETS, &mut self.secrets);
        for cookie in answer.headers.get_all("set-cookie") {
            let value = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap().1;
            if value.len() > 8 {
                self.keep("a cookie", value);
            }
        }
    }

    /// Ends it in order; the lines that have a secret in them. `said`: what the log must have, or this would prove nothing.
    fn written(mut self, said: &[&str]) -> Vec<String> {
        let pid = self.server.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.server.0.wait().unwrap().success(), "it stops in order");
        let log = std::fs::read_to_string(self.log()).unwrap();
        for said in said {
            assert!(log.contains(said), "{said} is not in {}", &log[..log.len().min(2_000)]);
        }
        let hit = |(secret, what): (&String, &String)| {
            log.lines().find(|line| line.contains(secret)).map(|line| format!("{what}: {line}"))
        };
        self.secrets.iter().filter_map(hit).collect()
    }
}

/// Every text that somebody sent, where it is long enough not to be met by chance.
fn every_text(sent: &Value, secrets: &mut BTreeMap<String, String>) {
    match sent {
        Value::String(text) if text.len() > 8 => {
            secrets.insert(text.clone(), "what was sent".to_owned());
        }
        Value::Object(fields) => fields.values().for_each(|value| every_text(value, secrets)),
        Value::Array(items) => items.iter().for_each(|item| every_text(item, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
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

    let mut logged = Logged::start(&database, &[]).await;
    for (what, secret) in [
        ("a password", PASSWORD),
        ("a wrong password", WRONG),
        ("a password's hash", &hash),
        ("an address", BUYER),
        ("a name", NAME),
        ("an idempotency key", KEY),
        ("an access code", CODE),
        ("a bearer token", &bearer),
        ("a token that is not one", "made-up-token-geheim"),
    ] {
        logged.keep(what, secret);
    }
    let login = |password: &str| json!({"email": BUYER, "password": password});
    assert_eq!(logged.post("/auth/login", None, &login(WRONG)).await.status, 401);
    let signed = logged.post("/auth/login", None, &login(PASSWORD)).await;
    assert_eq!(signed.status, 200, "{}", signed.text);
    assert_eq!(send(logged.ask(Method::GET, "/me").bearer_auth("made-up-token-geheim")).await.status, 401);
    assert_eq!(send(logged.ask(Method::GET, "/me").bearer_auth(&bearer)).await.status, 200);
    let wrong_code = json!({"seats": ["r2-5"], "access_code": CODE});
    assert!(logged.post(&format!("/shows/{show}/holds"), None, &wrong_code).await.status.is_client_error());
    let held = logged.ask(Method::POST, &format!("/shows/{show}/holds")).header("idempotency-key", KEY);
    let held = send(held.json(&json!({"seats": ["r2-1", "r2-2"]}))).await;
    logged.keep_of(&held);
    let hold = held.expect(201)["hold"].clone();
    let order = json!({"holds": [{"show_id": show, "hold_id": hold["id"], "token": hold["token"]}],
        "customer": {"name": NAME, "email": BUYER}});
    // A body that is refused is not written either.
    let spoilt = json!({"holds": [], "customer": {"name": NAME, "email": BUYER}, "more": WRONG});
    assert_eq!(logged.post("/orders", None, &spoilt).await.status, 422);
    let made = send(logged.ask(Method::POST, "/orders").json(&order)).await;
    logged.keep_of(&made);
    let made = made.expect(201);
    let till = made["payment"]["checkout_url"].as_str().expect("the till's address");
    let paid = logged.http.post(format!("{}{till}", logged.url)).form(&[("outcome", "succeed")]).send().await.unwrap();
    assert_eq!(paid.status(), 303);
    logged.post("/orders/lookup", None, &json!({"email": BUYER, "number": "A-1"})).await;
    until("the mail is written", async || {
        let mails: i64 = sqlx::query_scalar("SELECT count(*) FROM mail").fetch_one(&logged.db).await.unwrap();
        (mails > 0).then_some(())
    })
    .await;
    let sealed: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT kid, sealed FROM server_key").fetch_all(&logged.db).await.unwrap();
    assert!(!sealed.is_empty());
    assert!(logged.secrets.len() > 13, "{:?}", logged.secrets);
    let written = logged.written(&["/api/v1/auth/login", "SELECT"]);
    assert!(written.is_empty(), "{written:#?}");
}
