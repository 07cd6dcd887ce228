//! A challenge where one is configured: past a threshold only, verified with its provider, good once. The provider here is a stand-in
//! that answers as theirs do.

use std::sync::Arc;
use std::sync::Mutex;

use aisle::platform::config::{ChallengeProvider, Config};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use super::{EMAIL, believing, from, noted, wait};
use crate::accounts::{PASSWORD, cookies, somebody};
use crate::harness::{Answer, Server, send};
use crate::house::{hall, on_sale};

const HERE: &str = "192.0.2.1";
const SECRET: &str = "the secret between the two";

/// What the stand-in was asked, as the bodies came.
type Asked = Arc<Mutex<Vec<String>>>;

/// A provider that knows tokens by their first letters: `good` is passed once, `silent` gets no answer, `broken` one that is none.
struct StandIn {
    url: String,
    asked: Asked,
}

impl StandIn {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/siteverify", listener.local_addr().unwrap());
        let asked = Asked::default();
        let all = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, Arc::clone(&all)));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn configure(&self, config: &mut Config) {
        config.challenge_provider = Some(ChallengeProvider::Turnstile);
        config.challenge_site_key = Some("site-key".to_owned());
        config.challenge_secret = Some(SECRET.to_owned());
        config.challenge_verify_url = Some(self.url.clone());
    }
}

/// One request, read to its end, and one answer.
async fn answer(mut connection: TcpStream, asked: Asked) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    let body = loop {
        let read = connection.read(&mut buffer).await.unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0_usize) {
                break body.to_owned();
            }
        }
        if read == 0 {
            return;
        }
    };
    let token = body.split('&').find_map(|pair| pair.strip_prefix("response=")).unwrap_or_default().to_owned();
    let seen_before = {
        let mut asked = asked.lock().unwrap();
        let before = asked.iter().any(|one| one.contains(&format!("response={token}")));
        asked.push(body.clone());
        before
    };
    let said = match token.as_str() {
        token if token.starts_with("silent") => return,
        token if token.starts_with("broken") => "<html>".to_owned(),
        token if token.starts_with("stranger") => {
            json!({"success": false, "error-codes": ["invalid-input-secret"]}).to_string()
        }
        _ if seen_before => json!({"success": false, "error-codes": ["timeout-or-duplicate"]}).to_string(),
        token if token.starts_with("good") => {
            json!({"success": true, "error-codes": [], "hostname": "example.org"}).to_string()
        }
        _ => json!({"success": false, "error-codes": ["invalid-input-response"]}).to_string(),
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
        said.len()
    );
    connection.write_all(answer.as_bytes()).await.unwrap();
}

/// A sale where whoever let two holds end is slowed, and a buyer who did.
struct Slowed {
    server: Server,
    show: Uuid,
    cookie: String,
}

impl Slowed {
    async fn at(change: impl FnOnce(&mut Config)) -> Self {
        let server = believing(|config| {
            config.unbought_holds_per_device_max = 2;
            change(config);
        })
        .await;
        let show = on_sale(&server, &hall(2, 12, 0)).await;
        let mut slowed = Self { server, show, cookie: "none=0".to_owned() };
        // The first one, with which the cookie comes, is not held against them.
        for n in 0..3 {
            let answer = slowed.hold(None).await;
            if n == 0 {
                slowed.cookie = cookies(&answer)[0].split(';').next().unwrap().to_owned();
            }
            slowed.release(&answer.expect(201)["hold"]).await;
        }
        slowed
    }

    fn wish(&self) -> RequestBuilder {
        let request = self.server.request(Method::POST, &format!("/shows/{}/holds", self.show));
        from(request, HERE).header("cookie", &self.cookie).json(&json!({"best_available": {"quantity": 1}}))
    }

    async fn hold(&self, token: Option<&str>) -> Answer {
        send(token.iter().fold(self.wish(), |request, token| request.header("aisle-challenge", *token))).await
    }

    async fn release(&self, hold: &Value) {
        let path = format!("/shows/{}/holds/{}", self.show, hold["id"].as_str().unwrap());
        let request = self.server.request(Method::DELETE, &path);
        assert_eq!(send(request.header("aisle-hold-token", hold["token"].as_str().unwrap())).await.status, 204);
    }
}

/// A refusal that says which challenge to pass.
#[track_caller]
fn challenged(answer: Answer) -> Value {
    assert!(answer.headers.get("retry-after").is_none());
    let problem = answer.refused(403, "challenge_required");
    assert_eq!(problem["challenge"], json!({"provider": "turnstile", "site_key": "site-key"}));
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn who_buys_too_little_passes_a_challenge_instead_of_waiting_and_is_left_alone() {
    let provider = StandIn::open().await;
    let slowed = Slowed::at(|config| provider.configure(config)).await;
    assert!(provider.asked().is_empty(), "nobody is asked of who was not met");
    let problem = challenged(slowed.hold(None).await);
    assert!(problem["detail"].as_str().unwrap().contains("Aisle-Challenge"));
    challenged(slowed.hold(Some("wrong-1")).await);
    challenged(slowed.hold(Some("")).await);
    challenged(slowed.hold(Some(&"x".repeat(9_000))).await);
    let passed = slowed.hold(Some("good-1")).await.expect(201)["hold"].clone();
    let asked = provider.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[1], "secret=the+secret+between+the+two&response=good-1", "neither address nor anything else");
    // Left alone: another hold needs nothing, until as many have ended again. Then the old token is worth nothing.
    slowed.release(&passed).await;
    let next = slowed.hold(None).await.expect(201)["hold"].clone();
    slowed.release(&next).await;
    challenged(slowed.hold(None).await);
    challenged(slowed.hold(Some("good-1")).await);
    assert_eq!(provider.asked().len(), 2, "a token that was shown is not asked about again");
    slowed.hold(Some("good-2")).await.expect(201);
    let metrics = slowed.server.get("/metrics").await.text;
    for outcome in ["due", "wrong", "passed"] {
        let counted = format!(r#"aisle_challenges_total{{scene="hold",outcome="{outcome}"}}"#);
        assert!(metrics.contains(&counted), "{counted}");
    }
    assert_eq!(noted(&slowed.server, "holds.limited").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_comes_twice_at_once_is_good_once() {
    let provider = StandIn::open().await;
    let slowed = Slowed::at(|config| {
        provider.configure(config);
        // So that the pass of the first does not let the second in.
        config.unbought_holds_per_address_max = 3;
    })
    .await;
    let other = from(slowed.server.request(Method::POST, &format!("/shows/{}/holds", slowed.show)), HERE);
    let other = other.header("aisle-challenge", "good-1").json(&json!({"best_available": {"quantity": 1}}));
    let (one, other) = tokio::join!(slowed.hold(Some("good-1")), send(other));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403], "{} {}", one.text, other.text);
    assert_eq!(provider.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_provider_says_nothing_who_had_to_wait_waits() {
    let provider = StandIn::open().await;
    let slowed = Slowed::at(|config| provider.configure(config)).await;
    // Cut off, of no sense, and a secret that it does not know: none is the client's fault.
    for token in ["silent-1", "broken-1", "stranger-1"] {
        let refused = slowed.hold(Some(token)).await;
        assert!((1..=10).contains(&wait(&refused)), "{token}");
        refused.refused(429, "too_many_requests");
    }
    challenged(slowed.hold(None).await);
    slowed.hold(Some("good-1")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configuration_nobody_is_asked_and_nobody_challenged() {
    let provider = StandIn::open().await;
    let slowed = Slowed::at(|config| config.challenge_verify_url = Some(provider.url.clone())).await;
    for token in [None, Some("good-1")] {
        slowed.hold(token).await.refused(429, "too_many_requests");
    }
    // Observed only, a configured one stays out of the way too.
    let slowed = Slowed::at(|config| {
        provider.configure(config);
        config.abuse_limits = aisle::platform::config::AbuseLimits::Observe;
    })
    .await;
    slowed.hold(None).await.expect(201);
    assert!(provider.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_passes_a_challenge_for_as_many_tries_again_and_no_more() {
    let provider = StandIn::open().await;
    let server = believing(|config| provider.configure(config)).await;
    somebody(&server, EMAIL).await;
    let login = async |password: &str, token: Option<String>| {
        let body = json!({"email": EMAIL, "password": password});
        let request = from(server.request(Method::POST, "/auth/login"), HERE).json(&body);
        send(token.iter().fold(request, |request, token| request.header("aisle-challenge", token))).await
    };
    let mut wrong = 0;
    let refused = loop {
        let answer = login("open sesame, please", None).await;
        if answer.status != 401 {
            break answer;
        }
        wrong += 1;
        assert!(wrong < 30, "nobody was challenged");
    };
    challenged(refused);
    assert_eq!(noted(&server, "sign_in.limited").await, 1);
    // The right password does not come past it, and a silent provider leaves who guesses waiting.
    challenged(login(PASSWORD, None).await);
    assert!(wait(&login(PASSWORD, Some("silent-1".to_owned())).await) >= 1);
    login(PASSWORD, Some("good-0".to_owned())).await.expect(200);
    // Some tries need none, then each few another one; and past as many as before, there is none to pass.
    let (mut tried, mut passed) = (1, 1);
    let last = loop {
        let answer = login("open sesame, please", None).await;
        match answer.status.as_u16() {
            401 => tried += 1,
            403 => {
                let answer = login("open sesame, please", Some(format!("good-{passed}"))).await;
                passed += 1;
                if answer.status == 429 {
                    break answer;
                }
                answer.refused(401, "unauthenticated");
                tried += 1;
            }
            _ => break answer,
        }
        assert!(tried < 60, "nobody was told to wait");
    };
    last.refused(429, "too_many_requests");
    assert!((20..24).contains(&tried) && passed >= 2, "{tried} tries for {passed} challenges");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_mails_to_everybody_is_challenged_where_anybody_is() {
    let provider = StandIn::open().await;
    let mails = async |server: &Server, n: u32, token: Option<&str>| {
        let (path, body) = match n % 2 {
            0 => ("/auth/forgot-password", json!({"email": format!("{n}@example.org")})),
            _ => ("/orders/lookup", json!({"number": "AAAA-BBBB", "email": format!("{n}@example.org")})),
        };
        let request = from(server.request(Method::POST, path), HERE).json(&body);
        send(token.iter().fold(request, |request, token| request.header("aisle-challenge", *token))).await
    };
    let server = believing(|config| provider.configure(config)).await;
    let mut sent = 0;
    let refused = loop {
        let answer = mails(&server, sent, None).await;
        if answer.status != 202 {
            break answer;
        }
        sent += 1;
        assert!(sent < 60, "nobody was challenged");
    };
    challenged(refused);
    let name = json!({"name": "Eve", "email": "eve@example.org", "password": PASSWORD});
    challenged(send(from(server.request(Method::POST, "/auth/register"), HERE).json(&name)).await);
    assert_eq!(noted(&server, "mails.limited").await, 1);
    // A provider that says nothing keeps nobody from their tickets.
    assert_eq!(mails(&server, sent, Some("silent-1")).await.status, 202);
    challenged(mails(&server, sent, None).await);
    assert_eq!(mails(&server, sent, Some("good-1")).await.status, 202);
    assert_eq!(mails(&server, sent + 1, None).await.status, 202, "left alone");
    // Where none is configured, nobody meets this at all.
    let plain = believing(|_| {}).await;
    for n in 0..60 {
        assert_eq!(mails(&plain, n, None).await.status, 202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_may_lie_in_a_file_and_a_file_that_is_not_there_is_said_at_the_start() {
    let provider = StandIn::open().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let slowed = Slowed::at(|config| {
        provider.configure(config);
        config.challenge_secret = None;
        config.challenge_secret_file = Some(file);
    })
    .await;
    slowed.hold(Some("good-1")).await.expect(201);
    assert!(provider.asked()[0].starts_with("secret=the+secret+between+the+two&"));
    let nowhere = Config {
        challenge_provider: Some(ChallengeProvider::Hcaptcha),
        challenge_site_key: Some("site-key".to_owned()),
        challenge_secret_file: Some(folder.path().join("nothing")),
        ..Config::default()
    };
    let refused = aisle::http::Challenges::from_config(&nowhere).err().expect("it is not there");
    assert!(refused.to_string().contains("challenge_secret_file"));
}
