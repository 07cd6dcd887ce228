//! Two houses with everything in them, and everybody who could ask.

use std::collections::BTreeMap;

use aisle::accounts::sessions::Visitor;
use aisle::accounts::{How, NewUser, Role, Scope, insert_membership, insert_user};
use aisle::platform::config::{AbuseLimits, OauthProvider};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::line::{Line, filled, names};
use crate::harness::{Answer, Server, send, spawn_with};
use crate::house::{hall, on_sale_with};

pub use crate::accounts::PASSWORD;

/// A house, as seen by its own staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Own,
    Foreign,
}

/// Names and what they stand for.
pub type Things = BTreeMap<String, String>;

/// Everything that a house has, by name.
pub struct House {
    pub things: Things,
    /// A key of its own with every scope.
    pub key: String,
}

/// What somebody is, from the own house's point of view.
#[derive(Clone, Debug)]
pub enum Who {
    Stranger,
    /// A credential that was good once.
    Ended,
    Person {
        is_admin: bool,
        own: Option<Role>,
        foreign: Option<Role>,
    },
    Machine {
        scopes: Vec<Scope>,
    },
}

/// Somebody who asks.
#[derive(Clone, Debug)]
pub struct Actor {
    pub name: String,
    pub who: Who,
    pub token: Option<String>,
    pub user: Option<Uuid>,
}

pub struct World {
    pub server: Server,
    pub own: House,
    pub foreign: House,
    pub actors: Vec<Actor>,
    /// Of [`PASSWORD`]; hashing takes long.
    pub hash: String,
}

/// A request, ready to be sent any number of times.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub body: String,
    pub headers: String,
    /// What stood for what.
    pub things: Things,
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl World {
    pub async fn new() -> Self {
        let club = OauthProvider {
            name: Some("The Club".to_owned()),
            issuer: Some("http://127.0.0.1:9".to_owned()),
            client_id: "aisle".to_owned(),
            client_secret: Some("a secret between the two houses".to_owned()),
            authorization_endpoint: Some("http://127.0.0.1:9/auth".to_owned()),
            token_endpoint: Some("http://127.0.0.1:9/token".to_owned()),
            jwks_uri: Some("http://127.0.0.1:9/jwks".to_owned()),
            ..OauthProvider::default()
        };
        let server = spawn_with(|config| {
            config.abuse_limits = AbuseLimits::Observe;
            config.oauth.insert("club".to_owned(), club);
            config.stripe_url = Some("http://127.0.0.1:9".to_owned());
        })
        .await;
        let hash = server.running.parts.passwords.hash(PASSWORD.to_owned()).await.unwrap();
        let (own, foreign) = (House::build(&server).await, House::build(&server).await);
        let mut world = Self { server, own, foreign, actors: Vec::new(), hash };
        world.invite_everybody().await;
        for which in [Which::Own, Which::Foreign] {
            let part = |role| match which {
                Which::Own => Who::Person { is_admin: false, own: Some(role), foreign: None },
                Which::Foreign => Who::Person { is_admin: false, own: None, foreign: Some(role) },
            };
            let (user, _) = world.somebody(&part(Role::BoxOffice)).await;
            world.house_mut(which).things.insert("member".to_owned(), user.to_string());
        }
        world.settle().await;
        world
    }

    pub fn house(&self, which: Which) -> &House {
        match which {
            Which::Own => &self.own,
            Which::Foreign => &self.foreign,
        }
    }

    fn house_mut(&mut self, which: Which) -> &mut House {
        match which {
            Which::Own => &mut self.own,
            Which::Foreign => &mut self.foreign,
        }
    }

    pub fn actor(&self, name: &str) -> &Actor {
        self.actors.iter().find(|actor| actor.name == name).unwrap_or_else(|| panic!("nobody is {name}"))
    }

    async fn invite_everybody(&mut self) {
        let nobody = |name: &str, who| Actor { name: name.to_owned(), who, token: None, user: None };
        self.actors.push(nobody("stranger", Who::Stranger));
        let person = |is_admin, own, foreign| Who::Person { is_admin, own, foreign };
        for (name, who) in [
            ("customer", person(false, None, None)),
            ("scanner", person(false, Some(Role::Scanner), None)),
            ("box office", person(false, Some(Role::BoxOffice), None)),
            ("organizer", person(false, Some(Role::Organizer), None)),
            ("organizer who scans elsewhere", person(false, Some(Role::Organizer), Some(Role::Scanner))),
            ("admin", person(true, None, None)),
        ] {
            let (user, token) = self.somebody(&who).await;
            self.actors.push(Actor { name: name.to_owned(), who, token: Some(token), user: Some(user) });
        }
        for scope in [Scope::InventoryRead, Scope::InventoryHold, Scope::InventoryBook, Scope::OrdersRead] {
            let token = self.own.key_with(&self.server, &[scope.word()]).await;
            let who = Who::Machine { scopes: vec![scope] };
            self.actors.push(Actor { name: format!("key with {}", scope.word()), who, token: Some(token), user: None });
        }
        let device = json!({"organizer_id": self.own.things["organizer"], "name": "Side door"});
        let device = self.server.admin(Method::POST, "/admin/devices", &device).await.expect(201);
        let who = Who::Machine { scopes: vec![Scope::CheckIn] };
        self.actors.push(Actor { name: "device".to_owned(), who, token: Some(text(&device["token"])), user: None });

        let bare = self.own.key_with(&self.server, &["orders:read"]).await;
        let revoked = self.own.key_with(&self.server, &["inventory:hold", "orders:read"]).await;
        let (user, expired) = self.somebody(&person(false, Some(Role::Organizer), None)).await;
        self.run("UPDATE machine SET scopes = '{}' WHERE prefix = left($1, length(prefix))", &bare).await;
        self.run("UPDATE machine SET revoked_at = now() WHERE prefix = left($1, length(prefix))", &revoked).await;
        self.run(
            "UPDATE session SET ended_at = now(), ended_why = 'signed_out' WHERE user_id::text = $1",
            &user.to_string(),
        )
        .await;
        let who = Who::Machine { scopes: vec![] };
        self.actors.push(Actor { name: "key without a scope".to_owned(), who, token: Some(bare), user: None });
        for (name, token) in [("revoked key", revoked), ("ended session", expired)] {
            self.actors.push(Actor { name: name.to_owned(), who: Who::Ended, token: Some(token), user: None });
        }
    }

    pub async fn run(&self, sql: &'static str, value: &str) {
        sqlx::query(sql).bind(value).execute(&self.server.db).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Somebody of this part, signed in just now.
    pub async fn somebody(&self, who: &Who) -> (Uuid, String) {
        let Who::Person { is_admin, own, foreign } = who else { panic!("no person") };
        let email = format!("{}@example.org", aisle::platform::ids::new_id());
        let user = NewUser {
            name: "Ada Walker".to_owned(),
            email,
            password_hash: Some(self.hash.clone()),
            is_admin: *is_admin,
        };
        let mut connection = self.server.db.acquire().await.unwrap();
        let user = insert_user(&mut connection, &user).await.unwrap();
        for (role, house) in [(own, &self.own), (foreign, &self.foreign)] {
            if let Some(role) = role {
                let organizer = house.things["organizer"].parse().unwrap();
                insert_membership(&mut connection, user, organizer, *role).await.unwrap();
            }
        }
        drop(connection);
        (user, self.session(user).await.1)
    }

    /// A session of theirs: its id, its access token, its refresh token.
    pub async fn session(&self, user: Uuid) -> (Uuid, String, String) {
        let parts = &self.server.running.parts;
        let visitor = Visitor { address: [127, 0, 0, 1].into(), device: "a browser".to_owned() };
        let tokens = parts.sessions(&parts.http_db).begin(user, How::Password, &visitor).await.unwrap();
        (tokens.session, tokens.access, tokens.refresh)
    }

    /// The request of a line, with things of a house; what is the caller's own is this actor's.
    pub async fn request(&self, line: &Line, actor: &Actor, which: Which) -> Request {
        let mut things = Things::new();
        for name in line.things() {
            if let Some(value) = self.house(which).things.get(&name) {
                things.insert(name, value.clone());
            } else if !things.contains_key(&name) {
                self.make(&name, actor, which, &mut things).await;
                assert!(things.contains_key(&name), "{}: there is no ${name}", line.route);
            }
        }
        let mut request = Request::of(line, things);
        if names(line.headers).iter().any(|name| name == "signature") {
            let signature = self.signature(&request.body);
            request.headers = request.headers.replace("$signature", &signature);
        }
        request
    }

    /// As the actor sends it.
    pub fn by(&self, request: &Request, actor: &Actor) -> RequestBuilder {
        let mut path = request.path.clone();
        if !request.query.is_empty() {
            path = format!("{path}?{}", request.query);
        }
        let mut sent = self.server.request(request.method.clone(), &path);
        for header in request.headers.lines() {
            let (name, value) = header.split_once(": ").unwrap();
            sent = sent.header(name.trim(), value);
        }
        if !request.body.is_empty() {
            sent = sent.header("content-type", "application/json").body(request.body.clone());
        }
        match &actor.token {
            Some(token) => sent.bearer_auth(token),
            None => sent,
        }
    }

    pub async fn send(&self, request: &Request, actor: &Actor) -> Answer {
        let sent = self.by(request, actor);
        if request.headers.contains("websocket") {
            return upgraded(sent).await;
        }
        send(sent).await
    }

    /// Waits until the server has nothing left to do of what has happened.
    pub async fn settle(&self) {
        crate::process::until("nothing is left to do", async || {
            let left: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL)
                      + (SELECT count(*) FROM webhook_in WHERE processed_at IS NULL)
                      + (SELECT count(*) FROM sandbox_webhook WHERE sends_left > 0)",
            )
            .fetch_one(&self.server.db)
            .await
            .unwrap();
            (left == 0).then_some(())
        })
        .await;
    }

    /// A digest of every table. Left out is what looking alone may change, or what is written in its own time: when a thing was last
    /// used, who owns a show, what is made of its journal, how far the workers are.
    pub async fn digest(&self) -> BTreeMap<String, String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'
               AND tablename NOT IN ('node', 'show_owner', 'snapshot', 'show_summary', 'retention_run', '_sqlx_migrations')",
        )
        .fetch_all(&self.server.db)
        .await
        .unwrap();
        assert!(tables.len() > 40, "{tables:?}");
        let each = tables.iter().map(|table| {
            format!(
                "SELECT '{table}' AS name, count(*)::text || ' ' || coalesce(md5(string_agg(row, '' ORDER BY row)), '') AS digest
                 FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM {table} t) rows"
            )
        });
        let sql = each.collect::<Vec<_>>().join(" UNION ALL ");
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.server.db).await.unwrap().into_iter().collect()
    }

    /// The tables that are other than they were.
    pub async fn changed_since(&self, before: &BTreeMap<String, String>) -> Vec<String> {
        let now = self.digest().await;
        let changed = now.iter().filter(|(table, digest)| before.get(*table) != Some(*digest));
        changed.map(|(table, digest)| format!("{table}: {:?}, then {digest}", before.get(table))).collect()
    }
}

impl Request {
    pub fn of(line: &Line, things: Things) -> Self {
        let (method, _) = line.route.split_once(' ').unwrap();
        let fill = |text: &str| filled(text, |name| things.get(name).cloned().unwrap_or_else(|| format!("${name}")));
        Self {
            method: method.parse().unwrap(),
            path: fill(&line.path()),
            query: fill(line.query),
            body: fill(line.body),
            headers: fill(line.headers),
            things,
        }
    }
}

/// An answer that may be a socket, which is closed at once.
async fn upgraded(sent: RequestBuilder) -> Answer {
    let response = sent.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = if status == 101 { String::new() } else { response.text().await.expect("the answer is whole") };
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}

impl House {
    async fn build(server: &Server) -> Self {
        let show = on_sale_with(server, &hall(2, 6, 50_000), json!({})).await;
        let row: Value = sqlx::query_scalar(
            "SELECT to_jsonb(s) || jsonb_build_object('plan_id', v.plan_id, 'ticket_type', t.id) FROM show s
             JOIN plan_version v ON v.id = s.plan_version_id JOIN ticket_type t ON t.show_id = s.id AND t.key = 'adult'
             WHERE s.id = $1",
        )
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap();
        let mut house = Self { things: Things::new(), key: String::new() };
        house.has("show", show);
        for (name, column) in [
            ("organizer", "organizer_id"),
            ("venue", "venue_id"),
            ("plan", "plan_id"),
            ("plan_version", "plan_version_id"),
            ("production", "production_id"),
            ("ticket_type", "ticket_type"),
        ] {
            house.has(name, text(&row[column]));
        }
        house.key =
            house.key_with(server, &["inventory:read", "inventory:hold", "inventory:book", "orders:read"]).await;
        for name in ["draft", "allocation", "code", "promo", "voucher", "key", "device", "hold", "booking", "order"] {
            house.found(server, name).await;
        }
        house.sell(server).await;
        house
    }

    pub fn has(&mut self, name: &str, value: impl ToString) {
        self.things.insert(name.to_owned(), value.to_string());
    }

    /// A standing thing is the first of its kind.
    async fn found(&mut self, server: &Server, name: &str) {
        let mut made = Things::new();
        self.make(server, &format!("new_{name}"), &mut made).await;
        for (name, value) in made {
            self.has(name.strip_prefix("new_").unwrap(), value);
        }
    }

    pub async fn key_with(&self, server: &Server, scopes: &[&str]) -> String {
        let wish = json!({"organizer_id": self.things["organizer"], "name": "A shop", "scopes": scopes});
        text(&server.admin(Method::POST, "/admin/api-keys", &wish).await.expect(201)["key"])
    }

    /// Its order is paid; tickets and their mail are there.
    async fn sell(&mut self, server: &Server) {
        let order = self.things["order"].clone();
        send(server.request(Method::POST, &self.things["checkout"]).form(&[("outcome", "succeed")])).await;
        let token = self.things["order_token"].clone();
        let tickets = crate::process::until("the tickets are there", async || {
            let request = server.request(Method::GET, &format!("/orders/{order}/tickets"));
            let items = send(request.header("aisle-order-token", &token)).await.expect(200)["items"].clone();
            items.get(0).cloned()
        })
        .await;
        let (_, link) =
            text(&tickets["pdf_url"]).split_once("?t=").map(|(path, link)| (path.to_owned(), link.to_owned())).unwrap();
        self.has("ticket", text(&tickets["id"]));
        self.has("ticket_link", link);
        let organizer: Uuid = self.things["organizer"].parse().unwrap();
        let (mail, file) = crate::process::until("the tickets are mailed", async || {
            sqlx::query_as::<_, (Uuid, String)>(
                "SELECT m.id, a.name FROM mail m JOIN mail_attachment a ON a.mail_id = m.id WHERE m.organizer_id = $1 LIMIT 1",
            )
            .bind(organizer)
            .fetch_optional(&server.db)
            .await
            .unwrap()
        })
        .await;
        // An order that does not get on: something for the money desk.
        sqlx::query(
            "INSERT INTO orders (id, number, organizer_id, customer_id, state, total, currency, attempts)
             SELECT gen_random_uuid(), number || '-STUCK', organizer_id, customer_id, 'confirmed', total, currency, 9
             FROM orders WHERE id::text = $1",
        )
        .bind(&order)
        .execute(&server.db)
        .await
        .unwrap();
        let work: Uuid = sqlx::query_scalar("SELECT id FROM money_work WHERE organizer_id = $1")
            .bind(organizer)
            .fetch_one(&server.db)
            .await
            .unwrap();
        self.has("work", work);
        let payouts =
            "provider,reference,kind,gross,fee,net,currency,date\nsandbox,r,payment,1.00,0,1.00,EUR,2026-11-01\n";
        let brought = server
            .request(Method::POST, &format!("/admin/reports/payouts?organizer_id={organizer}"))
            .bearer_auth(&server.admin)
            .header("content-type", "text/csv");
        self.has("payouts", text(&send(brought.body(payouts)).await.expect(201)["run"]["id"]));
        self.has("mail", mail);
        self.has("file", file);
    }
}
