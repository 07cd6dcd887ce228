//! A big history, here a small one, is read by a real server as its own.

use aisle_dev::{Wanted, seed};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{migrated_database, spawn_on};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seeded_a_server_reads_as_its_own() {
    let url = migrated_database().await;
    let wanted = Wanted { shows: 24, seats: 120, bookings: 600, seed: 7, deep: 2_000, page: 4 };
    let seeded = seed(url.parse().unwrap(), &wanted, |_| {}).await.unwrap();
    assert_eq!((seeded.shows.len(), seeded.sales.len()), (26, 660), "seed 7");
    let server = spawn_on(url.clone(), |_| {}).await;
    let admin = async |path: &str| server.admin(Method::GET, path, &Value::Null).await.expect(200);

    // Each seat that was sold is booked on the map, and no other.
    for show in &seeded.shows {
        let mut sold = vec!['a'; 120];
        for sale in seeded.sales.iter().filter(|sale| sale.show == *show) {
            sold[sale.first as usize..(sale.first + sale.seats) as usize].fill('b');
        }
        let map = server.get(&format!("/shows/{show}/seats")).await.expect(200);
        assert_eq!(map["seats"].as_str().unwrap(), sold.into_iter().collect::<String>(), "show {show}");
    }

    // The money desk has nothing to do, and the books come to what was paid.
    assert_eq!(admin("/admin/money-work").await["items"].as_array().unwrap().len(), 0);
    let books: Vec<(String, i64)> =
        sqlx::query_as("SELECT account, sum(amount)::bigint FROM ledger_entry GROUP BY account ORDER BY account")
            .fetch_all(&server.db)
            .await
            .unwrap();
    let paid: i64 = seeded.sales.iter().map(|sale| sale.total).sum();
    assert_eq!(books, [("deposits".to_owned(), 0), ("provider:sandbox".to_owned(), paid), ("sales".to_owned(), -paid)]);

    // An order has its tickets, and the desk finds a show's orders, newest first.
    let sale = seeded.sales.last().unwrap();
    let found = admin(&format!("/admin/orders?show={}&limit=100", sale.show)).await;
    let ids: Vec<&str> = found["items"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap()).collect();
    let of_show: Vec<String> = seeded
        .sales
        .iter()
        .rev()
        .filter(|other| other.show == sale.show)
        .map(|other| other.order.to_string())
        .collect();
    assert_eq!(ids, of_show);
    let tickets: i64 = sqlx::query_scalar("SELECT count(*) FROM ticket WHERE order_id = $1")
        .bind(sale.order)
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert_eq!(tickets, i64::from(sale.seats));

    // No worker found anything left to do.
    let waiting: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM orders WHERE next_step_at IS NOT NULL) + (SELECT count(*) FROM outbox WHERE done_at IS NULL)",
    )
    .fetch_one(&server.db)
    .await
    .unwrap();
    assert_eq!(waiting, 0);
    server.stop().await;

    let verified = tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_aisle"));
        command.args(["journal", "verify", "--database-url", &url]).env("AISLE_LOG", "warn").output().unwrap()
    });
    let verified = verified.await.unwrap();
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{said}");
    assert!(said.contains(&format!("26 shows, {} lines, 0 faults", seeded.events)), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_history_twice_is_refused() {
    let url = migrated_database().await;
    let wanted = Wanted { shows: 2, seats: 50, bookings: 10, seed: 1, deep: 0, page: 1 };
    seed(url.parse().unwrap(), &wanted, |_| {}).await.unwrap();
    assert!(seed(url.parse().unwrap(), &wanted, |_| {}).await.is_err());
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&aisle::platform::db::pool(url.parse().unwrap(), 1))
        .await
        .unwrap();
    assert_eq!(orders, 10);
}
