//! Witnesses that are not ours: another Stripe (`localstripe`), and the providers' own libraries. A double that shares a
//! mistake with the client would hide it; they don't.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use aisle::payments::{
    Cancelled, Charge, Gateway as _, GatewayError, RefundWish, Secrets, WebhookRequest, What, razorpay, stripe,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{STRIPE_KEY, text};
use crate::doubles::{Answered, Asked, Books, Double};

/// What `localstripe` has not got, and what the double alone stands for therefore.
const NOT_WITNESSED: [&str; 7] = [
    "checkout pages: made, looked up (with their payment in them), expired; this test stands in for the looking up",
    "keys for asking again: the same key with another body is not refused there",
    "refund events, and refunds that fail later",
    "a refund above what was paid: it is recorded there",
    "a cancelled payment's event",
    "statuses 409 and 429",
    "PayPal, UPI, net banking",
];

fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/witness/bin").join(name);
    assert!(path.exists(), "it is installed by: scripts/witness-packages");
    path
}

/// A program that ends with this value.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// In front of the witness: shows a payment as the payment of a checkout page, and hands everything else on as it came.
struct Front {
    port: u16,
}

impl Front {
    fn forward(&self, method: &str, path: &str, fields: &BTreeMap<String, String>) -> (u16, Value) {
        let mut url = reqwest::Url::parse("http://x/").unwrap();
        url.query_pairs_mut().extend_pairs(fields);
        let encoded = url.query().unwrap_or_default().to_owned();
        let (target, body) = match method {
            "GET" => (format!("{path}?{encoded}"), String::new()),
            _ => (path.to_owned(), encoded),
        };
        let mut stream = TcpStream::connect(SocketAddr::from((Ipv6Addr::LOCALHOST, self.port))).unwrap();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {STRIPE_KEY}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

impl Books for Front {
    fn answer(&mut self, asked: &Asked) -> Answered {
        let page = asked.path.strip_prefix("/v1/checkout/sessions/");
        if page.is_some() && asked.method == "POST" {
            return Answered::Json(
                400,
                json!({"error": {"type": "invalid_request_error", "message": "It is complete."}}),
            );
        }
        let Some(page) = page else {
            let (status, body) = self.forward(&asked.method, &asked.path, &asked.fields);
            return Answered::Json(status, body);
        };
        let (_, mut intent) = self.forward("GET", &format!("/v1/payment_intents/{page}"), &BTreeMap::new());
        if !intent["latest_charge"].is_object() {
            intent["latest_charge"] = Value::Null;
        }
        Answered::Json(200, json!({"id": page, "status": "complete", "url": null, "payment_intent": intent}))
    }

    fn problem(&self, _: u16) -> Value {
        Value::Null
    }
}

async fn open() -> (Program, Double<Front>) {
    let port = TcpListener::bind("[::1]:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(program("localstripe"));
    command.args(["--from-scratch", "--port", &port.to_string()]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut witness = Program(child);
    crate::process::until("another Stripe listens", async || {
        assert!(witness.0.try_wait().unwrap().is_none(), "it ended");
        TcpStream::connect(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).ok().map(|_| ())
    })
    .await;
    (witness, Double::open(|_| Front { port }))
}

#[tokio::test(flavor = "multi_thread")]
async fn another_stripe_understands_what_we_ask_of_payments() {
    let (_witness, front) = open().await;
    let secrets = Secrets { key_id: None, secret_key: STRIPE_KEY.to_owned(), webhook_secret: None };
    let gateway = stripe::Stripe::new(secrets, Some(&front.url), "http://localhost").unwrap();
    let pay = |payment: Uuid, method: &str| {
        let fields = [
            ("amount", "4500"),
            ("currency", "eur"),
            ("capture_method", "manual"),
            ("payment_method", method),
            ("confirm", "true"),
            ("metadata[aisle_payment]", &payment.to_string()),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        front.books().forward("POST", "/v1/payment_intents", &fields)
    };
    let charge = |payment: Uuid, made: &Value| Charge { payment, provider_ref: Some(text(&made["id"]).to_owned()) };
    let what = async |charge: &Charge| {
        let reports = gateway.look_up(charge).await.unwrap();
        reports.into_iter().map(|report| (report.what, report.amount.display())).collect::<Vec<_>>()
    };

    let payment = Uuid::from_u128(1);
    let (status, made) = pay(payment, "pm_card_visa");
    assert_eq!(status, 200, "{made}");
    let paid = charge(payment, &made);
    assert_eq!(what(&paid).await, [(What::Authorized, "EUR 45.00".to_owned())]);
    assert_eq!(gateway.cancel(&paid, None).await.unwrap(), Cancelled::AlreadyPaid);
    for _ in 0..2 {
        gateway.capture(&paid).await.unwrap();
    }
    assert_eq!(what(&paid).await, [(What::Captured, "EUR 45.00".to_owned())]);
    let refused = gateway.void(&paid).await;
    assert!(matches!(refused, Err(GatewayError::Refused { .. })), "{refused:?}");
    let wish = |refund: u128| RefundWish {
        refund: Uuid::from_u128(refund),
        charge: paid.clone(),
        amount: aisle::platform::money::Money::new(1000, "EUR".parse().unwrap()),
    };
    assert!(!gateway.has_refund(&wish(7)).await.unwrap());
    gateway.refund(&wish(7)).await.unwrap();
    assert!(gateway.has_refund(&wish(7)).await.unwrap());
    assert!(!gateway.has_refund(&wish(8)).await.unwrap());

    let payment = Uuid::from_u128(2);
    let let_go = charge(payment, &pay(payment, "pm_card_visa").1);
    for _ in 0..2 {
        gateway.void(&let_go).await.unwrap();
    }
    assert_eq!(what(&let_go).await, [(What::Cancelled, "EUR 45.00".to_owned())]);
    let refused = gateway.capture(&let_go).await;
    assert!(matches!(refused, Err(GatewayError::Refused { .. })), "{refused:?}");
    let (status, _) = pay(Uuid::from_u128(3), "pm_card_chargeCustomerFail");
    assert_eq!(status, 402, "a decline is a decline there too");

    println!("not witnessed by another Stripe:");
    for what in NOT_WITNESSED {
        println!("    {what}");
    }
}

/// The providers' own libraries, asked one question at a time.
struct Libraries {
    _program: Program,
    ask: std::process::ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
}

impl Libraries {
    fn open() -> Self {
        let mut command = Command::new(program("python"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/witness/signatures.py"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { _program: Program(child), ask, answers }
    }

    fn say(&mut self, question: &Value) -> Value {
        writeln!(self.ask, "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{question} was answered {line:?}"))
    }
}

#[test]
fn the_providers_own_libraries_take_our_signatures_and_we_take_theirs() {
    let mut libraries = Libraries::open();
    let now = Timestamp::now();
    let bodies = ["{}", "{\"id\": \"evt_1\"}", "{\"name\": \"Zoë Ünal, 東京\"}", "", "a=b&c=d", "{\"a\": 1}\n"];
    for (at, body) in bodies.into_iter().enumerate() {
        let secret = format!("whsec_{at}");
        let takes = |provider: &str, secret: &str, body: &str, signature: &str, libraries: &mut Libraries| {
            let question =
                json!({"provider": provider, "do": "verify", "secret": secret, "body": body, "signature": signature});
            libraries.say(&question) == true
        };
        let ours = stripe::signature::sign(&secret, now, body.as_bytes()).unwrap();
        assert!(takes("stripe", &secret, body, &ours, &mut libraries), "{body}");
        assert!(!takes("stripe", "whsec_other", body, &ours, &mut libraries), "{body}");
        assert!(!takes("stripe", &secret, &format!("{body} "), &ours, &mut libraries), "{body}");
        let ours = razorpay::signature::sign(&secret, body.as_bytes()).unwrap();
        assert!(takes("razorpay", &secret, body, &ours, &mut libraries), "{body}");
        assert!(!takes("razorpay", "other", body, &ours, &mut libraries), "{body}");

        let question =
            json!({"provider": "stripe", "do": "sign", "secret": secret, "body": body, "at": now.as_second()});
        let theirs = text(&libraries.say(&question)).to_owned();
        let headers = BTreeMap::from([("stripe-signature".to_owned(), theirs)]);
        let check = |secret: &str, body: &str| {
            stripe::signature::verify(secret, &WebhookRequest { headers: &headers, body: body.as_bytes(), now }).is_ok()
        };
        assert!(check(&secret, body), "{body}");
        assert!(!check("whsec_other", body) && !check(&secret, &format!("{body} ")), "{body}");
    }
    println!("not witnessed: Razorpay's library makes no signatures; it only looks at ours");
}
