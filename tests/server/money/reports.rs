//! Reports: whatever happened to the orders of a house, their sums are what the books hold; days are the venue's own.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shop, shop, text};
use crate::harness::send;

/// A number from a seed; the same seed is the same story.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// All days in which a test can run.
async fn report(shop: &Shop, what: &str, by: &str) -> Value {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (from, to) = (today.yesterday().unwrap(), today.tomorrow().unwrap());
    shop.get(&format!("/admin/reports/{what}?by={by}&from={from}&to={to}")).await
}

fn sum(rows: &Value, column: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| row[column]["amount"].as_i64().unwrap()).sum()
}

fn count(rows: &Value, column: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| row[column].as_i64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sums_of_every_report_are_what_the_books_hold() {
    let seed = u64::from(std::process::id()) ^ jiff::Timestamp::now().as_millisecond().unsigned_abs();
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let shop = shop().await;
    let (mut sold, mut back) = (0, 0);
    for number in 0..12 {
        let quantity = 1 + i64::try_from(dice.roll(3)).unwrap();
        let made = shop.order(&json!({"areas": [{"area": "floor", "quantity": quantity}]})).await;
        let story = dice.roll(6);
        match story {
            0 => shop.page(&made, "", "decline").await,
            1 => shop.page(&made, "", "twice").await,
            _ => shop.page(&made, "", "succeed").await,
        }
        if story == 0 {
            continue;
        }
        let confirmed = |order: &Value| order["status"] == "confirmed";
        shop.until_order(&made, &format!("seed {seed}: order {number} confirmed"), confirmed).await;
        sold += quantity;
        match story {
            1 => {
                let settled = |order: &Value| order["refunds"][0]["status"] == "succeeded";
                shop.until_order(&made, &format!("seed {seed}: order {number} given back once"), settled).await;
            }
            2 => {
                shop.cancel(&made).await.expect(200);
                shop.until_order(&made, "refunded", |order| order["status"] == "refunded").await;
                back += quantity;
            }
            3 => {
                shop.bank(&made, "dispute_opened").await;
                shop.until_order(&made, "disputed", |order| order["disputes"][0]["state"] == "opened").await;
                let (acts, state) = if dice.roll(2) == 0 { ("dispute_won", "won") } else { ("dispute_lost", "lost") };
                shop.bank(&made, acts).await;
                shop.until_order(&made, state, |order| order["disputes"][0]["state"] == state).await;
            }
            _ => {}
        }
    }
    let mut earned = 0;
    for account in ["sales", "fees", "taxes", "cancellation_fees", "chargebacks"] {
        earned -= shop.balance(account).await;
    }
    for by in ["show", "day", "provider"] {
        let report = report(&shop, "sales", by).await;
        let rows = &report["rows"];
        assert_eq!(sum(rows, "net"), earned, "seed {seed}: {report}");
        assert_eq!(
            sum(rows, "net"),
            sum(rows, "gross") - sum(rows, "refunds") + sum(rows, "kept") - sum(rows, "chargebacks")
        );
        assert_eq!(
            (count(rows, "tickets_sold"), count(rows, "tickets_given_back")),
            (sold, back),
            "seed {seed}: {report}"
        );
        assert_eq!(sum(rows, "chargebacks"), shop.balance("chargebacks").await, "seed {seed}");
        assert_eq!(sum(&report["totals"], "net"), earned, "seed {seed}");
    }
    for by in ["provider", "day"] {
        let report = report(&shop, "payments", by).await;
        assert_eq!(sum(&report["rows"], "net"), shop.balance("provider:sandbox").await, "seed {seed}: {report}");
        assert_eq!(sum(&report["rows"], "fees"), shop.balance("provider_fees").await, "seed {seed}: {report}");
        assert_eq!(sum(&report["rows"], "other"), 0, "seed {seed}: {report}");
    }
    for by in ["show", "day"] {
        let ledger = report(&shop, "ledger", by).await;
        assert_eq!(ledger["balanced"], true, "seed {seed}: {ledger}");
        let of = |account: &str| -> i64 {
            let rows = ledger["rows"].as_array().unwrap().iter().filter(|row| row["account"] == account);
            rows.map(|row| row["balance"]["amount"].as_i64().unwrap()).sum()
        };
        assert_eq!(of("provider:sandbox"), shop.balance("provider:sandbox").await, "seed {seed}: {ledger}");
    }
}

/// Books a sale of 1.00 of this show at this moment.
async fn sale_at(shop: &Shop, at: &str, currency: &str) {
    let id = aisle::platform::ids::new_id();
    shop.run(&format!(
        "INSERT INTO ledger_transaction (id, organizer_id, kind, source, at) VALUES ('{id}', '{0}', 'sale', '{id}', '{at}');
         INSERT INTO ledger_entry VALUES ('{id}', 0, 'deposits', NULL, 100, '{currency}'),
                                         ('{id}', 1, 'sales', '{1}', -100, '{currency}')",
        shop.house, shop.show
    ))
    .await;
}

/// Each day with what was sold on it.
async fn days(shop: &Shop, from: &str, to: &str) -> Vec<(String, i64)> {
    let report = shop.get(&format!("/admin/reports/sales?by=day&from={from}&to={to}")).await;
    let rows = report["rows"].as_array().unwrap();
    rows.iter().map(|row| (text(&row["day"]).to_owned(), row["gross"]["amount"].as_i64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_begins_and_ends_at_the_venues_midnight_also_where_clocks_change() {
    // The venue is in Stockholm.
    let shop = shop().await;
    let at = |day: &str, count: i64| (day.to_owned(), 100 * count);
    // 29 March 2026 has 23 hours there.
    for moment in [
        "2026-03-28T22:59:59.999Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T00:59:59Z",
        "2026-03-29T01:00:00Z",
        "2026-03-29T21:59:59.999Z",
        "2026-03-29T22:00:00Z",
    ] {
        sale_at(&shop, moment, "EUR").await;
    }
    assert_eq!(
        days(&shop, "2026-03-28", "2026-03-30").await,
        [at("2026-03-28", 1), at("2026-03-29", 4), at("2026-03-30", 1)]
    );
    assert_eq!(days(&shop, "2026-03-29", "2026-03-29").await, [at("2026-03-29", 4)]);
    // 25 October 2026 has 25.
    for moment in [
        "2026-10-24T21:59:59.999Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T22:59:59.999Z",
        "2026-10-25T23:00:00Z",
    ] {
        sale_at(&shop, moment, "EUR").await;
    }
    assert_eq!(
        days(&shop, "2026-10-24", "2026-10-26").await,
        [at("2026-10-24", 1), at("2026-10-25", 4), at("2026-10-26", 1)]
    );
    assert_eq!(days(&shop, "2026-10-25", "2026-10-25").await, [at("2026-10-25", 4)]);
    // The same of the entries.
    let path = "/admin/reports/ledger?format=csv&from=2026-10-25&to=2026-10-25";
    let csv = shop.admin(Method::GET, path, &Value::Null).await;
    assert_eq!((csv.status.as_u16(), csv.text.matches("\r\n").count()), (200, 1 + 8), "{}", csv.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_stay_apart_and_files_are_no_programs() {
    let shop = shop().await;
    sale_at(&shop, "2026-05-04T10:00:00Z", "EUR").await;
    sale_at(&shop, "2026-05-04T10:00:00Z", "JPY").await;
    shop.run("UPDATE production SET title = '=cmd|'' /C calc''!A0, \"x\"'").await;
    let path = "/admin/reports/sales?from=2026-05-01&to=2026-05-31";
    let report = shop.get(path).await;
    let gross: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| row["gross"].clone()).collect();
    assert_eq!(gross, [json!({"amount": 100, "currency": "EUR"}), json!({"amount": 100, "currency": "JPY"})]);
    assert_eq!(report["totals"].as_array().unwrap().len(), 2);

    let request = shop.server.request(Method::GET, path).bearer_auth(&shop.server.admin);
    let csv = send(request.header("accept", "text/csv")).await;
    assert!(csv.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(csv.headers["content-disposition"].to_str().unwrap().contains("sales-2026-05-01-2026-05-31.csv"));
    let lines: Vec<_> = csv.text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{}", csv.text);
    assert!(lines[0].starts_with("\"show\",\"show_id\"") && lines[0].ends_with("\"net\""));
    assert!(lines[1].starts_with("\"'=cmd|' /C calc'!A0, \"\"x\"\"\","), "{}", lines[1]);
    assert!(lines[1].contains("\"EUR\",0,0,1.00,0.00") && lines[2].contains("\"JPY\",0,0,100,0"), "{}", csv.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_is_refused_by_name() {
    let shop = shop().await;
    for wrong in [
        "sales?from=2026-05-02&to=2026-05-01",
        "sales?from=2020-01-01&to=2026-05-01",
        "sales?from=yesterday",
        "sales?by=seat",
        "sales?format=pdf",
        "payments?by=show",
        "ledger?by=provider",
    ] {
        shop.admin(Method::GET, &format!("/admin/reports/{wrong}"), &Value::Null)
            .await
            .refused(422, "validation_failed");
    }
    let empty = shop.get("/admin/reports/sales?from=2001-01-01&to=2001-01-31").await;
    assert_eq!((&empty["rows"], &empty["totals"]), (&json!([]), &json!([])));
    assert_ne!(shop.house, Uuid::nil());
}
