//! The doubles of Stripe and Razorpay as a program, for whoever tries a server by hand or by a browser: it says where they are, and
//! sends their news, signed, to wherever they are told. `scripts/with-demo` starts it where `AISLE_DOUBLES` is set.
//!
//! ```text
//! cargo run --example doubles
//! stripe http://127.0.0.1:40001
//! razorpay http://127.0.0.1:40002
//! curl http://127.0.0.1:40001/-/webhook -d '{"url": "http://…/api/v1/webhooks/stripe/…", "secret": "whsec_…"}'
//! ```

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "it shares its code with the tests"
)]
#![allow(dead_code, reason = "the tests use what this does not")]

use std::time::Duration;

use server::doubles::{Double, razorpay, stripe};

#[path = "../tests/server"]
mod server {
    pub mod doubles;
}

/// What both take as keys.
const STRIPE_KEY: &str = "sk_test_aisleaisleaisle4242";
const RAZORPAY_KEYS: (&str, &str) = ("rzp_test_AisleAisleAisl", "aisleaisleaisleaisle");
const REST: Duration = Duration::from_millis(50);

#[actix_web::main]
async fn main() {
    let stripe = Double::stripe(STRIPE_KEY);
    let razorpay = Double::razorpay(RAZORPAY_KEYS.0, RAZORPAY_KEYS.1);
    println!("stripe {}\nrazorpay {}", stripe.url, razorpay.url);
    let http = reqwest::Client::new();
    let mut sent = 0_u64;
    loop {
        if let Some(hook) = stripe.hook() {
            let events = std::mem::take(&mut stripe.books().events);
            for event in events {
                let (body, now) = (event.to_string(), jiff::Timestamp::now().as_second());
                let signed = stripe::signature(&hook.secret, now, &body);
                send(http.post(&hook.url).header("stripe-signature", signed).body(body)).await;
            }
        }
        if let Some(hook) = razorpay.hook() {
            let events = std::mem::take(&mut razorpay.books().events);
            for event in events {
                sent += 1;
                let body = event.to_string();
                let request = http.post(&hook.url).header("x-razorpay-event-id", format!("evt_{sent}"));
                send(request.header("x-razorpay-signature", razorpay::signature(&hook.secret, &body)).body(body)).await;
            }
        }
        tokio::time::sleep(REST).await;
    }
}

/// Sends a piece of news; what nobody takes is said.
async fn send(request: reqwest::RequestBuilder) {
    match request.send().await {
        Ok(answer) if answer.status().is_success() => {}
        Ok(answer) => eprintln!("news was answered {}", answer.status()),
        Err(error) => eprintln!("news was not taken: {error}"),
    }
}
