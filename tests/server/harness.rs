//! A server as it is in production, on a database of its own. Each test has one; they don't meet.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use aisle::accounts::{Accounts, NewUser, insert_user};
use aisle::platform::config::Config;
use aisle::platform::db;
use aisle::startup::{self, Running};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{Connection as _, PgConnection};

/// A running server.
#[allow(dead_code, reason = "a test uses what it needs")]
pub struct Server {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Its database.
    pub db: PgPool,
    /// How its database is reached.
    pub database_url: String,
    /// Itself.
    pub running: Running,
    /// Speaks HTTP, follows no redirect, keeps no cookie.
    pub http: reqwest::Client,
    /// An administrator's bearer token.
    pub admin: String,
    /// Its data directory, removed at the end.
    pub data_dir: tempfile::TempDir,
}

/// The database server that tests make their databases on.
fn test_server() -> PgConnectOptions {
    let url = std::env::var("AISLE_TEST_DATABASE_URL")
        .expect("AISLE_TEST_DATABASE_URL names a Postgres for tests; scripts/with-postgres COMMAND sets it");
    url.parse().expect("AISLE_TEST_DATABASE_URL is a Postgres address")
}

async fn run(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(admin).await.expect("the tests' Postgres does it");
}

/// A new, empty database; its address.
pub async fn new_database() -> String {
    let name = format!("t_{}", aisle::platform::ids::new_id().simple());
    let mut admin = PgConnection::connect_with(&test_server()).await.expect("the tests' Postgres answers");
    run(&mut admin, format!("CREATE DATABASE {name}")).await;
    address_of(&name)
}

/// A new database with all tables and nothing in them: a copy of one that the first who asks prepares for all, because to copy
/// costs a tenth of what the migrations do.
pub async fn migrated_database() -> String {
    let mut migrations = DefaultHasher::new();
    for migration in db::MIGRATIONS.iter() {
        migration.checksum.hash(&mut migrations);
    }
    let model = format!("model_{:016x}", migrations.finish());
    let mut admin = PgConnection::connect_with(&test_server()).await.expect("the tests' Postgres answers");
    run(&mut admin, format!("SELECT pg_advisory_lock({MODEL_LOCK})")).await;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&model)
        .fetch_one(&mut admin)
        .await
        .expect("it knows its databases");
    if !there {
        // Under another name until it is whole: who prepares it may be killed.
        let beginning = format!("t_{}", aisle::platform::ids::new_id().simple());
        run(&mut admin, format!("CREATE DATABASE {beginning}")).await;
        let pool = db::pool(address_of(&beginning).parse().expect("an address"), 1);
        db::migrate(&pool).await.expect("it migrates");
        pool.close().await;
        run(&mut admin, format!("ALTER DATABASE {beginning} RENAME TO {model}")).await;
    }
    run(&mut admin, format!("SELECT pg_advisory_unlock({MODEL_LOCK})")).await;
    let name = format!("t_{}", aisle::platform::ids::new_id().simple());
    run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {model}")).await;
    address_of(&name)
}

/// A number of ours: whoever prepares the model.
const MODEL_LOCK: i64 = 7_020_107_369_735;

fn address_of(name: &str) -> String {
    let url = std::env::var("AISLE_TEST_DATABASE_URL").expect("it was there a moment ago");
    let (base, query) = url.split_once('?').map_or((url.as_str(), None), |(base, query)| (base, Some(query)));
    let base = &base[..base.rfind('/').expect("a Postgres address has a path")];
    query.map_or_else(|| format!("{base}/{name}"), |query| format!("{base}/{name}?{query}"))
}

/// A server on a new database.
pub async fn spawn() -> Server {
    spawn_with(|_| {}).await
}

/// The same, with another configuration.
pub async fn spawn_with(change: impl FnOnce(&mut Config)) -> Server {
    spawn_on(migrated_database().await, change).await
}

/// A server on a database that is there already, as after a restart.
pub async fn spawn_on(database_url: String, change: impl FnOnce(&mut Config)) -> Server {
    let data_dir = tempfile::tempdir().expect("a temporary directory");
    let mut config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: data_dir.path().to_owned(),
        database_url: Some(database_url.clone()),
        secret_key: Some("YWlzbGUtdGVzdHMtYWlzbGUtdGVzdHMtYWlzbGUtMzI=".to_owned()),
        stop_grace_s: 1,
        ..Config::default()
    };
    change(&mut config);
    let running = startup::start(config).await.unwrap_or_else(|error| panic!("{}", aisle::http::error::chain(&error)));
    let db = running.parts.workers_db.clone();
    let admin = admin_token(&db).await;
    Server {
        url: format!("http://{}", running.addr),
        db,
        database_url,
        running,
        http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client"),
        admin,
        data_dir,
    }
}

async fn admin_token(db: &PgPool) -> String {
    let accounts = Accounts::new(db.clone());
    let email = format!("{}@example.org", aisle::platform::ids::new_id());
    let user = NewUser { name: "Admin".to_owned(), email, password_hash: None, is_admin: true };
    let mut connection = db.acquire().await.expect("a connection");
    let id = insert_user(&mut connection, &user).await.expect("a user");
    accounts.make_bearer(id, "test").await.expect("a token")
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its body as JSON; null where it has none.
    pub body: Value,
    /// Its body as text.
    pub text: String,
}

impl Answer {
    /// The body, after a check of the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// A problem with this code, after a check of its shape.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert!(!self.body["detail"].as_str().unwrap_or_default().is_empty(), "{}", self.text);
        self.body
    }
}

impl Server {
    /// A request to `/api/v1…` (or to an address from the root where it begins with `/api` or another root address).
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let root = ["/api/", "/healthz", "/readyz", "/metrics", "/sandbox/", "/index", "/setup#"];
        let prefix = if root.iter().any(|known| path.starts_with(known)) { "" } else { "/api/v1" };
        self.http.request(method, format!("{}{prefix}{path}", self.url))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// POST of JSON by a stranger.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// Any method with JSON by the administrator.
    pub async fn admin(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).bearer_auth(&self.admin);
        send(if body.is_null() { request } else { request.json(body) }).await
    }

    /// Stops it as a signal would, and waits until it is down.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// Sends and reads.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("the answer is whole");
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}
