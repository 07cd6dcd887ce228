//! Signing in by another house: a real OpenID provider (`tests/oidc`), and a browser that is led astray on the way.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use aisle::platform::config::OauthProvider;
use openidconnect::url::Position;
use reqwest::header::{COOKIE, LOCATION};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, login, somebody, text};
use crate::harness::{Server, send, spawn_with};

/// A server of ours, where a browser finds it.
pub trait Reached {
    /// Where it is, without a slash at the end.
    fn url(&self) -> &str;
    /// What speaks HTTP and follows no redirect.
    fn http(&self) -> &reqwest::Client;
}

impl Reached for Server {
    fn url(&self) -> &str {
        &self.url
    }

    fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

/// The other house; ends with this value.
pub struct OtherHouse {
    child: Child,
    pub url: String,
    _breath: ChildStdin,
}

impl OtherHouse {
    pub fn open() -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        assert!(dir.join("node_modules").exists(), "its packages are installed by: scripts/oidc-packages");
        let mut command = Command::new("node");
        command.arg("provider.mjs").current_dir(&dir);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node starts");
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("an output"));
        said.read_line(&mut line).expect("it says where it is");
        // Who says something that nobody can hear any more would end.
        std::thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));
        let url = line.trim().strip_prefix("listening on ").expect("it listens").to_owned();
        let breath = child.stdin.take().expect("an input");
        Self { child, url, _breath: breath }
    }

    /// A server where people may sign in by this house, which it calls `club`.
    async fn server(&self, change: impl FnOnce(&mut OauthProvider)) -> Server {
        let mut provider = OauthProvider {
            name: Some("The Club".to_owned()),
            issuer: Some(self.url.clone()),
            client_id: "aisle".to_owned(),
            client_secret: Some("a secret between the two houses".to_owned()),
            ..OauthProvider::default()
        };
        change(&mut provider);
        spawn_with(|config| {
            config.oauth.insert("club".to_owned(), provider);
        })
        .await
    }

    fn close(&mut self) {
        self.child.kill().expect("it can be ended");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for OtherHouse {
    fn drop(&mut self) {
        // Already ended where the test did it.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A browser: goes where it is sent, and keeps each host's cookies.
#[derive(Default)]
pub struct Browser {
    pub jar: HashMap<(String, String), String>,
}

/// What a page answers.
struct Page {
    status: u16,
    location: Option<Url>,
    text: String,
}

impl Browser {
    async fn fetch(&mut self, server: &impl Reached, url: &Url, form: Option<&[(&str, &str)]>) -> Page {
        let host = url[Position::BeforeHost..Position::AfterPort].to_owned();
        let cookies: Vec<_> = self
            .jar
            .iter()
            .filter(|((at, _), _)| *at == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = server.http().request(method, url.clone()).header(COOKIE, cookies.join("; "));
        if let Some(form) = form {
            request = request.form(form);
        }
        let response = request.send().await.expect("an answer");
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let key = (host.clone(), name.to_owned());
            if value.is_empty() || cookie.contains("Max-Age=0") {
                self.jar.remove(&key);
            } else {
                self.jar.insert(key, value.to_owned());
            }
        }
        let location = response.headers().get(LOCATION).map(|value| url.join(value.to_str().unwrap()).unwrap());
        Page { status: response.status().as_u16(), location, text: response.text().await.unwrap() }
    }

    /// Where our server sends somebody who wants to sign in.
    pub async fn leave(&mut self, server: &impl Reached, next: &str) -> Url {
        let start = format!("{}/api/v1/auth/oauth/club/start?next={next}", server.url()).parse().unwrap();
        let page = self.fetch(server, &start, None).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location.expect("somewhere")
    }

    /// Signs in at the other house; the address by which it sends the browser back, not yet visited.
    pub async fn through(&mut self, server: &impl Reached, way_there: Url, name: &str) -> Url {
        let mut url = way_there;
        for _ in 0..20 {
            if url.path().ends_with("/callback") {
                return url;
            }
            let page = self.fetch(server, &url, None).await;
            url = match page.location {
                Some(next) => next,
                None => {
                    let form: &[(&str, &str)] = if page.text.contains("value=\"login\"") {
                        &[("prompt", "login"), ("login", name), ("password", "any")]
                    } else {
                        &[("prompt", "consent")]
                    };
                    let answer = self.fetch(server, &url, Some(form)).await;
                    answer.location.unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text))
                }
            };
        }
        panic!("the other house never sent the browser back");
    }

    /// Comes back; where our server sends the browser then, without the host.
    pub async fn arrive(&mut self, server: &impl Reached, back: &Url) -> String {
        let page = self.fetch(server, back, None).await;
        assert_eq!(page.status, 303, "{}", page.text);
        let to = page.location.expect("somewhere");
        assert!(to.as_str().starts_with(server.url()), "{to}");
        to[Position::BeforePath..].to_owned()
    }

    /// All the way.
    async fn sign_in(&mut self, server: &Server, name: &str) -> String {
        let way = self.leave(server, "/orders").await;
        let back = self.through(server, way, name).await;
        self.arrive(server, &back).await
    }

    fn cookie(&self, name: &str) -> Option<&String> {
        self.jar.iter().find(|((_, known), _)| known == name).map(|(_, value)| value)
    }

    async fn me(&self, server: &Server) -> Value {
        let session = self.cookie("aisle_session").expect("signed in");
        send(server.request(Method::GET, "/me").bearer_auth(session)).await.expect(200)
    }
}

/// The same address with another value of one parameter, or without it.
fn changed(url: &Url, name: &str, value: Option<&str>) -> Url {
    let mut url = url.clone();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let kept = pairs.iter().filter(|(known, _)| known != name);
    let mut query: Vec<(String, String)> = kept.cloned().collect();
    query.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    url.query_pairs_mut().clear().extend_pairs(query);
    url
}

async fn people(server: &Server, email: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM app_user WHERE email_normalized = $1")
        .bind(email)
        .fetch_one(&server.db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_new_gets_an_account_and_who_is_known_gets_in() {
    let club = OtherHouse::open();
    let server = club.server(|_| {}).await;
    let listed = server.get("/auth/oauth").await.expect(200);
    assert_eq!(listed["items"], json!([{"id": "club", "name": "The Club"}]));
    let bought = crate::sold::sell(&server.db).await;
    let mut browser = Browser::default();
    assert_eq!(browser.sign_in(&server, "ada").await, "/orders");
    let me = browser.me(&server).await;
    assert_eq!((&me["user"]["email"], &me["user"]["name"]), (&json!("ada@example.org"), &json!("Ada")));
    assert!(browser.cookie("aisle_refresh").is_some() && browser.cookie("aisle_oauth").is_none());
    let verified: bool =
        sqlx::query_scalar("SELECT email_verified_at IS NOT NULL FROM app_user WHERE email = 'ada@example.org'")
            .fetch_one(&server.db)
            .await
            .unwrap();
    assert!(verified);
    // Another browser, another day: the same person.
    let mut other = Browser::default();
    assert_eq!(other.sign_in(&server, "ada").await, "/orders");
    assert_eq!(other.me(&server).await["user"]["id"], me["user"]["id"]);
    // It is their only way in, and stays.
    let session = browser.cookie("aisle_session").unwrap();
    let mine = send(server.request(Method::GET, "/me/orders").bearer_auth(session)).await.expect(200);
    assert_eq!(mine["items"][0]["id"], bought.order.to_string(), "their address was shown to be theirs");
    let links = send(server.request(Method::GET, "/me/linked-accounts").bearer_auth(session)).await.expect(200);
    assert_eq!(links["items"][0]["provider"], "club");
    let path = format!("/me/linked-accounts/{}", text(&links["items"][0], "id"));
    let unlink = || server.request(Method::DELETE, &path).bearer_auth(session).json(&json!({}));
    send(unlink()).await.refused(409, "in_use");
    // Who signed in long ago does so once more.
    sqlx::query("UPDATE session SET created_at = now() - interval '11 minutes'").execute(&server.db).await.unwrap();
    send(unlink()).await.refused(403, "sign_in_again");
    server.get("/auth/oauth/nowhere/start").await.refused(404, "not_found");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_did_not_begin_here_or_was_led_astray_does_not_get_in() {
    let club = OtherHouse::open();
    let server = club.server(|_| {}).await;
    let expired = "/login?next=%2Forders&error=oauth_expired&provider=club";
    let refused = "/login?next=%2Forders&error=oauth_refused&provider=club";

    // On the way there: another nonce, another challenge.
    for parameter in ["nonce", "code_challenge"] {
        let mut browser = Browser::default();
        let way = browser.leave(&server, "/orders").await;
        assert_eq!(way.query_pairs().find(|(name, _)| name == "code_challenge_method").unwrap().1, "S256");
        let other = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let back = browser.through(&server, changed(&way, parameter, Some(other)), "ada").await;
        assert_eq!(browser.arrive(&server, &back).await, refused, "{parameter}");
    }
    // On the way back: another state, none; another house, none.
    for (parameter, value, said) in [
        ("state", Some("made-up"), expired),
        ("state", None, expired),
        ("iss", Some("http://127.0.0.1:1"), refused),
        ("iss", None, refused),
        ("code", Some("made-up"), refused),
        ("code", None, "/login?next=%2Forders&error=oauth_denied&provider=club"),
    ] {
        let mut browser = Browser::default();
        let way = browser.leave(&server, "/orders").await;
        let back = browser.through(&server, way, "ada").await;
        assert_eq!(browser.arrive(&server, &changed(&back, parameter, value)).await, said, "{parameter}");
        assert!(browser.cookie("aisle_session").is_none());
    }
    // The state and code of one browser in another one; with none of its own, and with one.
    let mut one = Browser::default();
    let way = one.leave(&server, "/orders").await;
    let back = one.through(&server, way, "ada").await;
    let mut other = Browser::default();
    assert_eq!(other.arrive(&server, &back).await, "/login?error=oauth_expired&provider=club");
    other.leave(&server, "/orders").await;
    assert_eq!(other.arrive(&server, &back).await, expired);
    // A cookie that was written over.
    let key = one.jar.keys().find(|(_, name)| name == "aisle_oauth").unwrap().clone();
    let mut forger = Browser::default();
    forger.jar.insert(key.clone(), format!("e30{}", one.jar[&key]));
    assert_eq!(forger.arrive(&server, &back).await, "/login?error=oauth_expired&provider=club");
    // A code twice, although the browser has kept its cookie.
    let kept = one.jar[&key].clone();
    assert_eq!(one.arrive(&server, &back).await, "/orders");
    let mut thief = Browser::default();
    thief.jar.insert(key, kept);
    assert_eq!(thief.arrive(&server, &back).await, refused);
    assert!(thief.cookie("aisle_session").is_none());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_is_closed_is_said_to_be_on_the_sign_in_page() {
    let mut club = OtherHouse::open();
    let server = club.server(|_| {}).await;
    let mut browser = Browser::default();
    let way = browser.leave(&server, "/orders").await;
    let back = browser.through(&server, way, "ada").await;
    club.close();
    let said = "/login?next=%2Forders&error=oauth_unavailable&provider=club";
    assert_eq!(browser.arrive(&server, &back).await, said);
    server.stop().await;
    // Closed from the beginning.
    let server = club.server(|_| {}).await;
    let way = Browser::default().leave(&server, "/orders").await;
    assert_eq!(&way[Position::BeforePath..], said);
    server.get("/site").await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_has_verified_makes_no_account() {
    let club = OtherHouse::open();
    let server = club.server(|_| {}).await;
    for name in ["unverified-ada", "nobody-ada"] {
        let said = Browser::default().sign_in(&server, name).await;
        assert_eq!(said, "/login?next=%2Forders&error=oauth_address_unverified&provider=club", "{name}");
    }
    assert_eq!(people(&server, "ada@example.org").await, 0);
    server.stop().await;
    // A house whose addresses the operator knows to be verified; written down rather than discovered.
    let base = club.url.clone();
    let server = club
        .server(|provider| {
            provider.emails_are_verified = Some(true);
            provider.authorization_endpoint = Some(format!("{base}/auth"));
            provider.token_endpoint = Some(format!("{base}/token"));
            provider.jwks_uri = Some(format!("{base}/jwks"));
        })
        .await;
    let said = Browser::default().sign_in(&server, "ada").await;
    assert_eq!(
        said, "/login?next=%2Forders&error=oauth_address_unverified&provider=club",
        "its token names no address"
    );
    server.stop().await;
    let server = club.server(|provider| provider.emails_are_verified = Some(true)).await;
    assert_eq!(Browser::default().sign_in(&server, "unverified-ada").await, "/orders");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_never_takes_over_an_account_and_a_link_needs_its_owner() {
    let club = OtherHouse::open();
    let server = club.server(|_| {}).await;
    let ada = somebody(&server, "ada@example.org").await;
    somebody(&server, "eve@example.org").await;
    let taken = "/login?next=%2Forders&error=oauth_address_taken&provider=club";
    assert_eq!(Browser::default().sign_in(&server, "ada").await, taken);
    let links: i64 = sqlx::query_scalar("SELECT count(*) FROM linked_account").fetch_one(&server.db).await.unwrap();
    assert_eq!(links, 0);

    // Linking begins signed in, with the password.
    let session = async |email| -> String { text(&login(&server, email, PASSWORD).await.expect(200), "access_token") };
    let (adas, eves) = (session("ada@example.org").await, session("eve@example.org").await);
    let path = "/auth/oauth/club/link";
    server.post(path, &json!({"password": PASSWORD})).await.refused(401, "unauthenticated");
    let link = async |session: &str, body: Value| {
        send(server.request(Method::POST, path).bearer_auth(session).json(&body)).await
    };
    link(&adas, json!({})).await.refused(422, "validation_failed");
    link(&adas, json!({"password": "wrong"})).await.refused(403, "forbidden");
    // The code is taken at each arrival, so each begins anew.
    let arrive = async |owner: &str, present: Option<&str>, name: &str| {
        let begun = link(owner, json!({"password": PASSWORD, "next": "/account/security"})).await;
        let cookie = begun.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let (cookie, value) = cookie.split_once('=').unwrap();
        let host = server.url.trim_start_matches("http://").to_owned();
        let mut browser = Browser::default();
        browser.jar.insert((host.clone(), cookie.to_owned()), value.to_owned());
        if let Some(session) = present {
            browser.jar.insert((host, "aisle_session".to_owned()), session.to_owned());
        }
        let way = text(&begun.expect(200), "url").parse().unwrap();
        let back = browser.through(&server, way, name).await;
        browser.arrive(&server, &back).await
    };
    // In a browser where meanwhile nobody, or somebody else, is signed in, nothing is linked.
    let expired = "/account/security?error=oauth_expired&provider=club";
    assert_eq!(arrive(&adas, None, "ada").await, expired);
    assert_eq!(arrive(&adas, Some(&eves), "ada").await, expired);
    assert_eq!(Browser::default().sign_in(&server, "ada").await, taken);
    // In her own it is, whatever the address there; and then it signs in as her.
    assert_eq!(arrive(&adas, Some(&adas), "unverified-ada").await, "/account/security");
    let mut browser = Browser::default();
    assert_eq!(browser.sign_in(&server, "unverified-ada").await, "/orders");
    assert_eq!(browser.me(&server).await["user"]["id"], ada.to_string());
    // What is hers is nobody else's.
    let elsewhere = "/account/security?error=oauth_linked_elsewhere&provider=club";
    assert_eq!(arrive(&eves, Some(&eves), "unverified-ada").await, elsewhere);
    // She has a password: the link may go, by her.
    let links = send(server.request(Method::GET, "/me/linked-accounts").bearer_auth(&adas)).await.expect(200);
    let path = format!("/me/linked-accounts/{}", text(&links["items"][0], "id"));
    let unlink =
        |session: &str, proof: Value| send(server.request(Method::DELETE, &path).bearer_auth(session).json(&proof));
    let proof = json!({"password": PASSWORD});
    unlink(&eves, proof.clone()).await.refused(404, "not_found");
    unlink(&adas, json!({})).await.refused(422, "validation_failed");
    unlink(&adas, json!({"password": "wrong"})).await.refused(403, "forbidden");
    assert_eq!(unlink(&adas, proof).await.status, 204);
    let told = crate::factors::subjects(&server, "ada@example.org").await;
    assert_eq!(told, ["A way to sign in was removed", "Another way to sign in was added"]);
    let said = Browser::default().sign_in(&server, "unverified-ada").await;
    assert!(said.contains("oauth_address_unverified"), "{said}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_house_is_one_factor_where_two_are_due() {
    let club = OtherHouse::open();
    let server = club.server(|_| {}).await;
    let mut browser = Browser::default();
    assert_eq!(browser.sign_in(&server, "ada").await, "/orders");
    let user = text(&browser.me(&server).await["user"], "id");
    sqlx::query("INSERT INTO totp (user_id, sealed, confirmed_at) VALUES ($1::uuid, '', now())")
        .bind(user)
        .execute(&server.db)
        .await
        .unwrap();
    let mut browser = Browser::default();
    let said = browser.sign_in(&server, "ada").await;
    assert!(said.starts_with("/login?next=%2Forders#challenge="), "{said}");
    assert!(said.ends_with("&methods=totp"), "{said}");
    assert!(browser.cookie("aisle_session").is_none());
    server.stop().await;
}
