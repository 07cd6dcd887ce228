//! Killed with money on its way: whoever has paid gets the seats that they held, once, whatever step the server died at.

use std::collections::{BTreeSet, HashSet};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Acquire as _, PgPool};

use crate::harness::{Server, new_database, spawn_on};
use crate::house::{hall, on_sale};
use crate::process::{Process, stop, until};

const ORDERS: usize = 25;
/// Orders that cannot go on before the last kill: so each kill comes before all is done, however fast the machine is.
const HELD_BACK: usize = 3;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A buyer who has ordered two seats.
struct Buyer {
    order: Value,
    checkout_path: String,
    seats: BTreeSet<String>,
    /// The provider's page has said that the payment is made.
    has_paid: bool,
}

impl Buyer {
    async fn order(server: &Server, show: uuid::Uuid, number: usize) -> Self {
        let (row, seat) = (number / 5 + 1, number % 5 * 2 + 1);
        let seats = [format!("r{row}-{seat}"), format!("r{row}-{}", seat + 1)];
        let held = server.post(&format!("/shows/{show}/holds"), &json!({"seats": seats})).await.expect(201);
        let hold = json!({"show_id": show, "hold_id": held["hold"]["id"], "token": held["hold"]["token"]});
        let customer = json!({"name": "Ada Buyer", "email": format!("buyer-{number}@example.org")});
        let made = server.post("/orders", &json!({"holds": [hold], "customer": customer})).await.expect(201);
        let checkout_path = text(&made["payment"]["checkout_url"]).to_owned();
        Self { order: made["order"].clone(), checkout_path, seats: seats.into(), has_paid: false }
    }

    /// Presses "Pay"; where no answer comes, it is pressed again later, as people do.
    async fn pay(&mut self, http: &reqwest::Client, url: &str) {
        if !self.has_paid {
            let page = http.post(format!("{url}{}", self.checkout_path)).form(&[("outcome", "succeed")]);
            self.has_paid = page.send().await.is_ok_and(|answer| answer.status() == 303);
        }
    }

    /// What the server says of the order; `None` while it can't.
    async fn read(&self, http: &reqwest::Client, url: &str, tail: &str) -> Option<Value> {
        let path = format!("{url}/api/v1/orders/{}{tail}", text(&self.order["id"]));
        let answer = http.get(path).header("aisle-order-token", text(&self.order["token"])).send().await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

const CONFIRMED: &str = "SELECT count(*) FROM orders WHERE state = 'confirmed'";

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_payment_and_confirmation_every_paid_order_has_its_seats_once() {
    let database = new_database().await;
    let builder = spawn_on(database.clone(), |_| {}).await;
    let show = on_sale(&builder, &hall(5, 10, 0)).await;
    let mut buyers = Vec::new();
    for number in 0..ORDERS {
        buyers.push(Buyer::order(&builder, show, number).await);
    }
    let admin = builder.admin.clone();
    builder.stop().await;
    let db = PgPool::connect(&database).await.unwrap();
    let mut keeper = db.acquire().await.unwrap();
    let mut held_back = keeper.begin().await.unwrap();
    sqlx::query("SELECT id FROM orders ORDER BY id DESC LIMIT $1 FOR NO KEY UPDATE")
        .bind(i64::try_from(HELD_BACK).unwrap())
        .fetch_all(&mut *held_back)
        .await
        .unwrap();

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.key"), "YWlzbGUtdGVzdHMtYWlzbGUtdGVzdHMtYWlzbGUtMzI=").unwrap();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    // Killed at the first tickets, and again when half of them are out; each time others are at other steps.
    for enough in [1, 12] {
        let process = Process::start(dir.path(), Some(&database)).expect("it listens");
        let url = process.url.clone();
        let paying = futures_util::future::join_all(buyers.iter_mut().map(|buyer| buyer.pay(&http, &url)));
        let killing = async {
            until("enough are confirmed", async || (count(&db, CONFIRMED).await >= enough).then_some(())).await;
            process.kill_hard();
        };
        tokio::join!(paying, killing);
        let left = i64::try_from(ORDERS).unwrap() - count(&db, CONFIRMED).await;
        assert!(left >= i64::try_from(HELD_BACK).unwrap(), "{left} orders were underway when it was killed");
    }
    held_back.rollback().await.unwrap();
    drop(keeper);

    let process = Process::start(dir.path(), Some(&database)).expect("it comes back");
    let url = process.url.clone();
    let mut sold = HashSet::new();
    for buyer in &mut buyers {
        until("the page takes the payment", async || {
            buyer.pay(&http, &url).await;
            buyer.has_paid.then_some(())
        })
        .await;
        let confirmed = until("the order is confirmed", async || {
            buyer.read(&http, &url, "").await.filter(|read| read["order"]["status"] == "confirmed")
        })
        .await;
        assert_eq!(confirmed["order"]["refunds"], json!([]), "{confirmed}");
        let tickets = until("the tickets are read", async || buyer.read(&http, &url, "/tickets").await).await;
        let tickets = tickets["items"].as_array().unwrap();
        assert!(tickets.iter().all(|ticket| ticket["status"] == "valid"), "{tickets:?}");
        let seats: BTreeSet<String> = tickets.iter().map(|ticket| text(&ticket["seat"]).to_owned()).collect();
        assert_eq!((tickets.len(), &seats), (2, &buyer.seats), "the seats that were held are the seats that were sold");
        assert!(seats.into_iter().all(|seat| sold.insert(seat)), "a seat was sold twice");
    }
    assert_eq!(sold.len(), ORDERS * 2);
    let asked = |path: String| {
        let request = http.request(Method::GET, format!("{url}/api/v1{path}")).bearer_auth(&admin);
        async { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    assert_eq!(asked(format!("/shows/{show}/seats")).await["seats"], "b".repeat(ORDERS * 2));
    let books = asked("/admin/reports/ledger".to_owned()).await;
    assert_eq!(books["balanced"], true, "{books}");
    // Every buyer was charged once, and told once.
    let orders = i64::try_from(ORDERS).unwrap();
    assert_eq!(count(&db, "SELECT count(*) FROM sandbox_charge").await, orders);
    let captured = count(&db, "SELECT count(*) FROM ledger_transaction WHERE source LIKE 'capture:%'").await;
    assert_eq!(captured, orders);
    // What the killed ones were sending is somebody else's once their claims end: now, rather than in some minutes.
    sqlx::query("UPDATE outbox SET next_try_at = now() WHERE done_at IS NULL").execute(&db).await.unwrap();
    until("all mail is out", async || {
        (count(&db, "SELECT count(*) FROM outbox WHERE done_at IS NULL").await == 0).then_some(())
    })
    .await;
    assert_eq!(count(&db, "SELECT count(*) FROM mail").await, orders);
    assert_eq!(count(&db, "SELECT count(DISTINCT recipient) FROM mail").await, orders);
    stop(process);
}
