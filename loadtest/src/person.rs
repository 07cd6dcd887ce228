//! Somebody with a browser: sends requests, obeys when told to come again later, thinks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use goose::prelude::*;
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::chain::Chain;
use crate::clock::Stopwatch;
use crate::dice::Dice;
use crate::outcome::End;
use crate::world::World;

/// How long to wait where "come again later" does not say.
const WAIT_UNSAID: Duration = Duration::from_secs(1);
/// By what the server knows a browser, by http and by https.
const VISITOR: [&str; 2] = ["aisle_visitor=", "__Secure-aisle_visitor="];

/// A plan is larger, and nobody on a journey needs what it says: the generator's time is better spent on requests.
const PARSED_MAX: usize = 512 * 1024;

static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// What somebody keeps from one visit to the next.
#[derive(Clone)]
pub struct Buyer {
    /// What all share.
    pub world: Arc<World>,
    /// Who they are.
    pub number: u64,
    /// Their own chance.
    pub dice: Dice,
    /// What they know from the live feed.
    pub chain: Chain,
    keys: u64,
    visitor: Option<String>,
}

/// Somebody, at it.
pub struct Person<'a> {
    user: &'a mut GooseUser,
    /// What they keep.
    pub buyer: Buyer,
    /// How long they still obey "come again later".
    patience: Duration,
    /// How long they have thought and waited of their own will since [`Person::begins`].
    pub idle: Duration,
}

/// An answer, whatever it says.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Value,
    /// When to come again, in seconds.
    pub retry_after_s: Option<u64>,
}

impl Answer {
    /// The stable word of a refusal, or nothing.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Whether it says to come again later.
    #[must_use]
    pub fn is_later(&self) -> bool {
        self.status == 429 || (self.status == 503 && (self.code() == "busy" || self.retry_after_s.is_some()))
    }

    /// What it says, in a line about the request of this name.
    #[must_use]
    pub fn line(&self, name: &str) -> String {
        match self.code() {
            "" => format!("{name}: answered {}", self.status),
            code => format!("{name}: answered {} {code}", self.status),
        }
    }

    /// Whether the server failed, where it does not merely say to come again later.
    fn is_fault(&self) -> bool {
        self.status >= 500 && !self.is_later()
    }
}

/// Somebody arrives, for the first time.
pub fn arrives(user: &mut GooseUser, world: &Arc<World>) {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    user.client = world.client.clone();
    user.set_session_data(Buyer {
        world: Arc::clone(world),
        number,
        dice: Dice::new(world.seed, number),
        chain: Chain::default(),
        keys: 0,
        visitor: None,
    });
}

impl<'a> Person<'a> {
    /// Who this is; nobody, where they have not arrived.
    pub fn of(user: &'a mut GooseUser) -> Option<Self> {
        let buyer = user.get_session_data::<Buyer>()?.clone();
        let patience = buyer.world.options.patience;
        Some(Self { user, buyer, patience, idle: Duration::ZERO })
    }

    /// Goes, and will know all this when they come again.
    pub fn goes(self) {
        self.user.set_session_data(self.buyer);
    }

    /// Begins something new, with new patience.
    pub fn begins(&mut self) {
        self.patience = self.buyer.world.options.patience;
        self.idle = Duration::ZERO;
    }

    /// What all share.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.buyer.world)
    }

    /// A name for a wish, that nobody else has.
    pub fn key(&mut self) -> String {
        self.buyer.keys += 1;
        format!("load-{}-{:06}-{:06}", self.buyer.world.run, self.buyer.number, self.buyer.keys)
    }

    /// A request to this path.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.user.client.request(method, format!("{}{path}", self.buyer.world.base));
        match &self.buyer.visitor {
            Some(visitor) => request.header(header::COOKIE, visitor),
            None => request,
        }
    }

    /// A GET of this path.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Thinks for a while, as people do.
    pub async fn thinks(&mut self) {
        let think = self.buyer.world.options.think;
        self.waits(think).await;
    }

    /// Waits about so long, of their own will.
    pub async fn waits(&mut self, mean: Duration) {
        let long = self.buyer.dice.around(mean);
        self.idle += long;
        tokio::time::sleep(long).await;
    }

    /// Sends it, once.
    ///
    /// # Errors
    /// Where no answer came, why.
    pub async fn send(&mut self, name: &'static str, request: RequestBuilder) -> Result<Answer, String> {
        let world = self.world();
        let watch = Stopwatch::start();
        let sent = self.user.request(GooseRequest::builder().path("").name(name).set_request_builder(request).build());
        let answered = match sent.await {
            Ok(mut answered) => {
                let read = match answered.response {
                    Ok(response) => self.reads(response).await,
                    Err(error) => Err(error),
                };
                if let Ok(answer) = &read
                    && !answer.is_fault()
                    && !answered.request.success
                {
                    // A refusal is an answer, and a redirect is not followed: goose takes both for failures.
                    let _counted = self.user.set_success(&mut answered.request);
                }
                read.map_err(|error| why(name, &error))
            }
            Err(error) => Err(format!("{name}: not sent: {error}")),
        };
        let failed = answered.as_ref().map_or(true, Answer::is_fault);
        world.latencies().add(name, watch.elapsed(), failed);
        answered
    }

    async fn reads(&mut self, response: reqwest::Response) -> Result<Answer, reqwest::Error> {
        let status = response.status().as_u16();
        let retry_after_s = response.headers().get(header::RETRY_AFTER).and_then(|at| at.to_str().ok()?.parse().ok());
        if let Some(visitor) = visitor_in(response.headers()) {
            self.buyer.visitor = Some(visitor);
        }
        let bytes = response.bytes().await?;
        let body = if bytes.len() <= PARSED_MAX { serde_json::from_slice(&bytes).ok() } else { None };
        Ok(Answer { status, body: body.unwrap_or(Value::Null), retry_after_s })
    }

    /// Sends it, and again as often as told to come again later, until patience ends. The request must carry a key where it changes
    /// something.
    ///
    /// # Errors
    /// How an attempt ends by it: no answer, a fault, or too much patience asked for.
    pub async fn insists(&mut self, name: &'static str, request: RequestBuilder) -> Result<Answer, End> {
        let mut next = request;
        loop {
            let again = next.try_clone();
            let answer = self.send(name, next).await.map_err(End::Failed)?;
            if answer.is_fault() {
                return Err(End::Failed(answer.line(name)));
            }
            if !answer.is_later() {
                return Ok(answer);
            }
            self.world().tally().wait(name, answer.retry_after_s);
            let wait = answer.retry_after_s.map_or(WAIT_UNSAID, Duration::from_secs);
            let (Some(again), Some(left)) = (again, self.patience.checked_sub(wait)) else {
                return Err(End::Limited);
            };
            self.patience = left;
            tokio::time::sleep(wait).await;
            next = again;
        }
    }
}

/// Why no answer came, without what differs from request to request.
fn why(name: &str, error: &reqwest::Error) -> String {
    let why = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the connection broke off"
    };
    let mut source = std::error::Error::source(error);
    let mut last = None;
    while let Some(error) = source {
        last = Some(error.to_string());
        source = error.source();
    }
    match last {
        Some(last) => format!("{name}: {why}: {last}"),
        None => format!("{name}: {why}"),
    }
}

fn visitor_in(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let mut pairs = cookies.filter_map(|cookie| cookie.split(';').next());
    pairs.find(|pair| VISITOR.iter().any(|name| pair.starts_with(name))).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    fn answer(status: u16, code: &str, retry_after_s: Option<u64>) -> Answer {
        Answer { status, body: json!({"code": code}), retry_after_s }
    }

    #[test]
    fn later_is_no_fault_and_a_fault_is_not_later() {
        for (answer, later, fault) in [
            (answer(429, "too_many_requests", Some(3)), true, false),
            (answer(429, "", None), true, false),
            (answer(503, "busy", None), true, false),
            (answer(503, "", Some(5)), true, false),
            (answer(503, "", None), false, true),
            (answer(500, "internal", None), false, true),
            (answer(502, "", Some(1)), false, true),
            (answer(409, "seats_taken", None), false, false),
            (answer(303, "", None), false, false),
            (answer(201, "", None), false, false),
        ] {
            assert_eq!((answer.is_later(), answer.is_fault()), (later, fault), "{answer:?}");
        }
    }

    /// A server that gives these answers, one to each connection, and then none any more.
    async fn server(answers: &'static [&'static str]) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            for answer in answers {
                let Ok((mut connection, _)) = listener.accept().await else { return };
                let mut head = [0; 4096];
                let _read = connection.read(&mut head).await;
                let _written = connection.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://{address}")
    }

    /// What insisting comes to at a server that answers so, and how often it said to come again later.
    async fn insisted(answers: &'static [&'static str]) -> (Result<u16, End>, u64) {
        let base = server(answers).await;
        let world = Arc::new(World::alone(&base, &["--patience", "60"]));
        let address = base.parse().expect("an address");
        let mut user = GooseUser::single(address, &goose::config::GooseConfiguration::default()).expect("a user");
        arrives(&mut user, &world);
        let mut person = Person::of(&mut user).expect("somebody");
        let request = person.get("/api/v1/site");
        let said = person.insists("site", request).await.map(|answer| answer.status);
        assert!(world.latencies().rows()["site"].count > 0);
        let waits = world.tally().waits.get("site").map_or(0, |waits| waits.said);
        (said, waits)
    }

    const FINE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    const SOON: &str =
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const BUSY: &str =
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const LATE: &str =
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 61\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const FAULT: &str =
        "HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 20\r\n\r\n{\"code\": \"internal\"}";

    #[tokio::test]
    async fn who_is_told_to_come_again_later_does() {
        assert_eq!(insisted(&[FINE]).await, (Ok(200), 0));
        assert_eq!(insisted(&[SOON, BUSY, FINE]).await, (Ok(200), 2));
    }

    #[tokio::test]
    async fn patience_ends_before_a_wait_that_is_longer() {
        assert_eq!(insisted(&[SOON, LATE]).await, (Err(End::Limited), 2));
    }

    #[tokio::test]
    async fn a_fault_and_no_answer_are_failures_with_their_lines() {
        let (ended, _) = insisted(&[FAULT]).await;
        assert_eq!(ended, Err(End::Failed("site: answered 500 internal".to_owned())));
        let (ended, _) = insisted(&[SOON, ""]).await;
        assert!(
            matches!(&ended, Err(End::Failed(line)) if line.starts_with("site: the connection broke off")),
            "{ended:?}"
        );
    }

    #[test]
    fn a_line_names_the_request_the_status_and_the_code() {
        assert_eq!(answer(500, "internal", None).line("hold"), "hold: answered 500 internal");
        assert_eq!(answer(502, "", None).line("hold"), "hold: answered 502");
    }

    #[test]
    fn a_browser_keeps_the_cookie_by_which_it_is_known_and_no_other() {
        let mut headers = HeaderMap::new();
        assert_eq!(visitor_in(&headers), None);
        headers.append(header::SET_COOKIE, HeaderValue::from_static("other=1; Path=/"));
        assert_eq!(visitor_in(&headers), None);
        headers.append(header::SET_COOKIE, HeaderValue::from_static("aisle_visitor=abc; Path=/; HttpOnly"));
        assert_eq!(visitor_in(&headers).as_deref(), Some("aisle_visitor=abc"));
    }
}
