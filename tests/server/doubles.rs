//! Payment providers of our own, as their public references describe them: they remember what they were asked, answer as the
//! real ones do, and go wrong when they are told to. They share no code with the clients that are tested against them.

pub mod razorpay;
pub mod stripe;

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// How the answer to one question goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is done, and the answer is lost on its way.
    AnswerLost,
    /// It is not done, and nobody says so in words that can be read.
    QuestionLost,
    /// It is not done: this status instead, in the provider's own words.
    Instead(u16),
    /// Somebody else did it a moment before: it is done, then asked for again and answered so.
    JustDone,
}

/// A question as it came.
pub struct Asked {
    /// `GET`, `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Of the query and of a form.
    pub fields: BTreeMap<String, String>,
    /// Of a body that is JSON.
    pub json: Value,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
}

/// What is answered.
pub enum Answered {
    /// JSON.
    Json(u16, Value),
    /// A page for people.
    Page(String),
    /// Go there.
    GoTo(String),
}

/// What a provider knows and does.
pub trait Books: Send + 'static {
    /// Answers one question.
    fn answer(&mut self, asked: &Asked) -> Answered;

    /// What it says where it doesn't do it.
    fn problem(&self, status: u16) -> Value;
}

struct Desk<B> {
    books: Mutex<B>,
    /// For the next question whose method and path contain this.
    troubles: Mutex<VecDeque<(&'static str, Trouble)>>,
    /// Every question, as `POST /v1/refunds`.
    asked: Mutex<Vec<String>>,
    /// Where its news goes, and the secret by which that is signed.
    hook: Mutex<Option<Hook>>,
}

/// Where a provider's news goes.
#[derive(Clone, Debug, serde::Deserialize)]
#[allow(dead_code, reason = "the tests send its news themselves; examples/doubles.rs does not")]
pub struct Hook {
    /// The address.
    pub url: String,
    /// By which it is signed.
    pub secret: String,
}

/// Under this address a double is told, by POST, where its news goes: what people do at a provider's dashboard.
pub const HOOK: &str = "/-/webhook";

/// A provider that runs; ends with this value.
pub struct Double<B> {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    desk: Arc<Desk<B>>,
    handle: ServerHandle,
}

impl<B: Books> Double<B> {
    /// Opens.
    pub fn open(books: impl FnOnce(&str) -> B) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (troubles, asked, hook) = (Mutex::default(), Mutex::default(), Mutex::default());
        let desk = Arc::new(Desk { books: Mutex::new(books(&url)), troubles, asked, hook });
        let own = web::Data::from(Arc::clone(&desk));
        let server = HttpServer::new(move || App::new().app_data(own.clone()).default_service(web::to(serve::<B>)));
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, desk, handle }
    }

    /// What it knows.
    pub fn books(&self) -> MutexGuard<'_, B> {
        self.desk.books.lock().unwrap()
    }

    /// Where its news goes, once it was told.
    #[allow(dead_code, reason = "the tests send its news themselves; examples/doubles.rs does not")]
    pub fn hook(&self) -> Option<Hook> {
        self.desk.hook.lock().unwrap().clone()
    }

    /// The next question like this (`POST /v1/refunds`, or a part of it) goes wrong so.
    pub fn next(&self, like: &'static str, trouble: Trouble) {
        self.desk.troubles.lock().unwrap().push_back((like, trouble));
    }

    /// Nothing goes wrong any more.
    #[allow(dead_code, reason = "examples/doubles.rs makes no trouble")]
    pub fn calm(&self) {
        self.desk.troubles.lock().unwrap().clear();
    }

    /// How many questions like this there were.
    pub fn times(&self, like: &str) -> usize {
        self.desk.asked.lock().unwrap().iter().filter(|asked| asked.contains(like)).count()
    }
}

impl<B> Drop for Double<B> {
    fn drop(&mut self) {
        // The future that would wait for the end is not needed: the command is sent at once.
        drop(self.handle.stop(false));
    }
}

async fn serve<B: Books>(desk: web::Data<Desk<B>>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let mut fields = pairs(request.query_string());
    let text = String::from_utf8_lossy(&body).into_owned();
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    if json.is_null() {
        fields.extend(pairs(&text));
    }
    if request.path() == HOOK {
        *desk.hook.lock().unwrap() = serde_json::from_value(json).ok();
        return HttpResponse::NoContent().finish();
    }
    let headers = request.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let (method, path) = (request.method().to_string(), request.path().to_owned());
    let question = format!("{method} {path}");
    desk.asked.lock().unwrap().push(question.clone());
    let trouble = {
        let mut troubles = desk.troubles.lock().unwrap();
        let at = troubles.iter().position(|(like, _)| question.contains(like));
        at.and_then(|at| troubles.remove(at)).map(|(_, trouble)| trouble)
    };
    let mut books = desk.books.lock().unwrap();
    let answered = match trouble {
        None => books.answer(&Asked { method, path, fields, json, headers }),
        Some(Trouble::AnswerLost) => {
            books.answer(&Asked { method, path, fields, json, headers });
            return HttpResponse::BadGateway().body("somebody in between");
        }
        Some(Trouble::QuestionLost) => return HttpResponse::BadGateway().body("somebody in between"),
        Some(Trouble::JustDone) => {
            let mut asked = Asked { method, path, fields, json, headers };
            // Keys for asking again are of one asker.
            let key = asked.headers.remove("idempotency-key");
            books.answer(&asked);
            asked.headers.extend(key.map(|key| ("idempotency-key".to_owned(), key)));
            books.answer(&asked)
        }
        Some(Trouble::Instead(status)) => Answered::Json(status, books.problem(status)),
    };
    match answered {
        Answered::Json(status, body) => HttpResponse::build(StatusCode::from_u16(status).unwrap()).json(body),
        Answered::Page(html) => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html),
        Answered::GoTo(place) => HttpResponse::SeeOther().insert_header(("location", place)).finish(),
    }
}

/// `a[b]=c&d=e`, read.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let parsed = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
    parsed.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// HMAC-SHA-256 in hexadecimal letters.
pub fn hex_hmac(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
