//! The refund of a whole show, killed hard twice on its way: each order is refunded once, and the books balance.
//!
//! `make refund-drill ORDERS=2000` plays it with as many orders as a full house and prints what it took, against the same by hand.

use std::time::Duration;

use aisle_actors::Stopwatch;
use futures_util::StreamExt as _;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{Acquire as _, PgPool};
use uuid::Uuid;

use crate::harness::{Answer, Server, new_database, send, spawn_on};
use crate::house::{hall, on_sale};
use crate::process::{Process, stop, until};

/// Orders that cannot go on before the last kill: so each kill comes before all is done, however fast the machine is.
const HELD_BACK: i64 = 3;
/// Orders that are refunded one by one, to see what that takes.
const BY_HAND: u32 = 10;
const SEATS_A_ROW: u32 = 20;
/// What a person presses to refund one order: its row in the list, "Refund", the reason's field, "Give back".
const CLICKS_AN_ORDER: u32 = 4;
/// And to refund a whole show: "Refund all orders", the reason's field, "Refund all".
const CLICKS_A_SHOW: u32 = 3;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// Asks again where the server had no time for it, as a counter does: with a key it is the same request.
async fn insist(request: impl Fn() -> RequestBuilder) -> Answer {
    let key = aisle::platform::ids::new_id().to_string();
    for _ in 0..50 {
        let answer = send(request().header("idempotency-key", &key)).await;
        if !matches!(answer.status.as_u16(), 408 | 429 | 503) {
            return answer;
        }
    }
    panic!("the server has no time at all");
}

/// Sells one seat to somebody, as the counter does: its holds are not counted by address.
async fn sell(server: &Server, show: Uuid, number: u32) {
    let seat = format!("r{}-{}", number / SEATS_A_ROW + 1, number % SEATS_A_ROW + 1);
    let (path, seats) = (format!("/shows/{show}/holds"), json!({"seats": [seat]}));
    let held = insist(|| server.request(Method::POST, &path).bearer_auth(&server.admin).json(&seats)).await.expect(201);
    let hold = json!({"show_id": show, "hold_id": held["hold"]["id"], "token": held["hold"]["token"]});
    let customer = json!({"name": "Ada Buyer", "email": format!("buyer-{number}-{show}@example.org")});
    let wish = json!({"holds": [hold], "customer": customer});
    let made = insist(|| server.request(Method::POST, "/orders").json(&wish)).await.expect(201);
    let page = text(&made["payment"]["checkout_url"]);
    let paid = insist(|| server.request(Method::POST, page).form(&[("outcome", "succeed")])).await;
    assert_eq!(paid.status, 303);
}

async fn sell_all(server: &Server, show: Uuid, orders: u32) {
    let mut selling =
        futures_util::stream::iter((0..orders).map(|number| sell(server, show, number))).buffer_unordered(8);
    while selling.next().await.is_some() {}
}

/// Asks again, for as long as something goes on; a fault ends it.
async fn goes_on(what: &str, seconds: u64, ask: impl AsyncFnMut() -> Option<()>) {
    let mut ask = ask;
    let asking = async {
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        while ask().await.is_none() {
            pace.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(seconds), asking)
        .await
        .unwrap_or_else(|_| panic!("never came true: {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_is_refunded_whole_though_the_server_is_killed_twice_on_its_way() {
    let orders: u32 =
        std::env::var("AISLE_DRILL_ORDERS").ok().map_or(40, |text| text.parse().expect("a number of orders"));
    let wanted = i64::from(orders);
    assert!(wanted > 4 * HELD_BACK, "too few to be killed in the middle of");
    let patience = 60 + u64::from(orders);
    let database = new_database().await;
    let builder = spawn_on(database.clone(), |_| {}).await;
    let show = on_sale(&builder, &hall(orders.div_ceil(SEATS_A_ROW), SEATS_A_ROW, 0)).await;
    let other = on_sale(&builder, &hall(1, SEATS_A_ROW, 0)).await;
    let began = Stopwatch::start();
    sell_all(&builder, show, orders).await;
    let db = PgPool::connect(&database).await.unwrap();
    const CONFIRMED: &str = "SELECT count(*) FROM orders WHERE state = 'confirmed'";
    goes_on("all are sold", patience, async || (count(&db, CONFIRMED).await == wanted).then_some(())).await;
    let sold_s = began.seconds();
    sell_all(&builder, other, BY_HAND).await;
    goes_on("the others too", patience, async || {
        (count(&db, CONFIRMED).await == wanted + i64::from(BY_HAND)).then_some(())
    })
    .await;
    let state = json!({"action": "cancel", "reason": "fire"});
    for show in [show, other] {
        builder.admin(Method::POST, &format!("/admin/shows/{show}/state"), &state).await.expect(200);
    }

    // By hand first: each as the back office does it, one after the other, with nobody reading or typing.
    let theirs =
        builder.admin(Method::GET, &format!("/admin/orders?show={other}&limit=50"), &Value::Null).await.expect(200);
    let (began, mut requests) = (Stopwatch::start(), 1_u32);
    for order in theirs["items"].as_array().unwrap() {
        let path = format!("/admin/orders/{}", text(&order["id"]));
        builder.admin(Method::GET, &path, &Value::Null).await.expect(200);
        builder.admin(Method::GET, &format!("{path}/money"), &Value::Null).await.expect(200);
        builder
            .admin(Method::GET, &format!("/orders/{}/cancellation", text(&order["id"])), &Value::Null)
            .await
            .expect(200);
        let refund = builder.request(Method::POST, &format!("{path}/refunds")).bearer_auth(&builder.admin);
        send(refund.header("idempotency-key", path.as_str()).json(&json!({"reason": "fire"}))).await.expect(200);
        requests += 4;
    }
    let hand_s = began.seconds() / f64::from(BY_HAND);
    let requests_each = f64::from(requests) / f64::from(BY_HAND);
    let admin = builder.admin.clone();
    builder.stop().await;

    let mut keeper = db.acquire().await.unwrap();
    let mut held_back = keeper.begin().await.unwrap();
    sqlx::query(
        "SELECT o.id FROM orders o JOIN order_hold h ON h.order_id = o.id WHERE h.show_id = $1 ORDER BY o.id DESC LIMIT $2
         FOR NO KEY UPDATE OF o",
    )
    .bind(show)
    .bind(HELD_BACK)
    .fetch_all(&mut *held_back)
    .await
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.key"), "YWlzbGUtdGVzdHMtYWlzbGUtdGVzdHMtYWlzbGUtMzI=").unwrap();
    let http = reqwest::Client::new();
    let path = format!("/api/v1/admin/shows/{show}/refunds");
    const REFUNDED: &str = "SELECT count(*) FROM refund_job_order WHERE state = 'refunded'";
    let (began, mut killed_at) = (Stopwatch::start(), Vec::new());
    for (turn, enough) in [1, wanted / 2].into_iter().enumerate() {
        let process = Process::start(dir.path(), Some(&database)).expect("it listens");
        if turn == 0 {
            // Pressed once.
            let begin =
                http.post(format!("{}{path}", process.url)).bearer_auth(&admin).header("idempotency-key", "once");
            let begun = begin.json(&json!({"reason": "The stage burnt down"})).send().await.unwrap();
            assert_eq!(begun.status(), 202);
            assert_eq!(begun.json::<Value>().await.unwrap()["refunds"]["total"], wanted);
        }
        goes_on("enough are refunded", patience, async || (count(&db, REFUNDED).await >= enough).then_some(())).await;
        process.kill_hard();
        killed_at.push(count(&db, REFUNDED).await);
        assert!(*killed_at.last().unwrap() <= wanted - HELD_BACK, "it was killed when all was done: {killed_at:?}");
    }
    held_back.rollback().await.unwrap();
    drop(keeper);

    let process = Process::start(dir.path(), Some(&database)).expect("it comes back");
    let read = async || {
        let asked = http.get(format!("{}{path}", process.url)).bearer_auth(&admin).send().await.unwrap();
        asked.json::<Value>().await.unwrap()["refunds"].clone()
    };
    goes_on("the refund is over", patience, async || (read().await["state"] == "done").then_some(())).await;
    let job_s = began.seconds();
    let job = read().await;
    assert_eq!((&job["refunded"], &job["failed"], &job["left"]), (&json!(wanted), &json!(0), &json!(0)), "{job}");

    let all = wanted + i64::from(BY_HAND);
    goes_on("every order has come to rest", patience, async || {
        (count(&db, "SELECT count(*) FROM orders WHERE state = 'refunded' AND next_step_at IS NULL").await == all)
            .then_some(())
    })
    .await;
    assert_eq!(count(&db, "SELECT count(*) FROM refund WHERE status = 'succeeded'").await, all, "each once");
    assert_eq!(count(&db, "SELECT count(*) FROM refund").await, all);
    assert_eq!(count(&db, "SELECT count(*) FROM sandbox_refund").await, all, "at the provider too");
    let twice = "SELECT count(*) FROM (SELECT order_id FROM refund GROUP BY order_id HAVING count(*) > 1) twice";
    assert_eq!(count(&db, twice).await, 0);
    let gone = "SELECT count(*) FROM ticket WHERE status <> 'revoked'";
    assert_eq!(count(&db, gone).await, 0, "no ticket is left that admits");
    let owed =
        "SELECT coalesce(sum(abs(sum)), 0)::bigint FROM (SELECT sum(amount) FROM ledger_entry GROUP BY account) a";
    assert_eq!(count(&db, owed).await, 0, "every account is empty again");
    let seats = http.get(format!("{}/api/v1/shows/{show}/seats", process.url)).send().await.unwrap();
    let letters = text(&seats.json::<Value>().await.unwrap()["seats"]).to_owned();
    assert!(letters.chars().all(|letter| letter == 'a'), "{letters}");
    until("every buyer was told once", async || {
        let told = "SELECT count(DISTINCT payload->>'refund') FROM outbox WHERE kind = 'order_refunded'";
        (count(&db, told).await == all).then_some(())
    })
    .await;
    stop(process);

    println!(
        "{orders} orders were sold in {sold_s:.1} s, and refunded in {job_s:.1} s, killed at {killed_at:?} of them"
    );
    println!("| {orders} orders | clicks | requests | seconds of the server alone |");
    println!("|---|---|---|---|");
    println!("| all at once, killed twice | {CLICKS_A_SHOW} | 1, and 1 for each look | {job_s:.1} |");
    let (clicks, hands) = (orders * CLICKS_AN_ORDER, hand_s * f64::from(orders));
    println!("| one by one | {clicks} | {:.0} | {hands:.1} |", requests_each * f64::from(orders));
}
