//! Payout files: held against what we have, booked once, refused whole where they are wrong.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, shop, text};
use crate::harness::{Answer, send};

const HEAD: &str = "provider,reference,kind,gross,fee,net,currency,date\n";

impl Shop {
    async fn bring(&self, file: &str) -> Answer {
        let path = format!("/admin/reports/payouts?organizer_id={}&file_name=november.csv", self.house);
        let request = self.server.request(Method::POST, &path).bearer_auth(&self.server.admin);
        send(request.header("content-type", "text/csv").body(file.to_owned())).await
    }

    async fn reference(&self, made: &Value) -> String {
        let id: uuid::Uuid = text(&made["payment"]["id"]).parse().unwrap();
        sqlx::query_scalar("SELECT provider_ref FROM payment WHERE id = $1")
            .bind(id)
            .fetch_one(&self.server.db)
            .await
            .unwrap()
    }
}

fn today() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn tomorrow() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow().unwrap().to_string()
}

fn counts(run: &Value) -> [i64; 5] {
    ["matched", "different", "unknown", "missing", "known"].map(|name| run["counts"][name].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_compared_and_booked_once_however_often_it_comes() {
    let shop = shop().await;
    let (one, two, three) = (
        shop.buy(&json!({"seats": ["r1-1"]})).await,
        shop.buy(&json!({"seats": ["r1-2"]})).await,
        shop.buy(&json!({"seats": ["r1-3"]})).await,
    );
    shop.cancel(&two).await.expect(200);
    shop.until_order(&two, "refunded", |order| order["status"] == "refunded").await;
    let (day, first, second) = (today(), shop.reference(&one).await, shop.reference(&two).await);
    let file = format!(
        "{HEAD}sandbox,{first},payment,45.00,1.55,43.45,EUR,{day}\n\
         sandbox,{second},payment,44.00,1.50,42.50,EUR,{day}\n\
         sandbox,{second},refund,-45.00,0.00,-45.00,EUR,{day}\n\
         sandbox,sb_nobody,payment,9.00,0.00,9.00,EUR,{day}\n\
         sandbox,po_1,payout,-49.95,0.00,-49.95,EUR,{day}\n"
    );
    let brought = shop.bring(&file).await;
    assert_eq!(brought.status, 201, "{}", brought.text);
    let run = brought.body["run"].clone();
    assert_eq!(counts(&run), [3, 1, 1, 1, 0], "{run}");
    assert_eq!(
        (&run["format"], &run["provider"], &run["file_name"]),
        (&json!("generic"), &json!("sandbox"), &json!("november.csv"))
    );
    assert_eq!(
        (&run["fees"], &run["paid_out"]),
        (&json!([{"amount": 305, "currency": "EUR"}]), &json!([{"amount": 4995, "currency": "EUR"}]))
    );
    let books = async || {
        (shop.balance("provider_fees").await, shop.balance("bank").await, shop.balance("provider:sandbox").await)
    };
    assert_eq!(books().await, (305, 4995, 9000 - 305 - 4995));

    let path = format!("/admin/reports/payouts/{}", text(&run["id"]));
    let lines = shop.get(&path).await["items"].clone();
    assert_eq!((&lines[1]["result"], &lines[1]["ours"]["amount"]), (&json!("different"), &json!(4500)));
    assert_eq!(lines[3]["result"], "unknown");
    let missing = shop.get(&format!("{path}?result=missing")).await["items"].clone();
    assert_eq!((missing.as_array().unwrap().len(), &missing[0]["order_number"]), (1, &three["order"]["number"]));
    assert_eq!(missing[0]["ours"]["amount"], 4500);

    // The same file, and one with a line more: nothing is booked twice.
    let again = shop.bring(&file).await;
    assert_eq!((again.status.as_u16(), &again.body["run"]["id"]), (200, &run["id"]));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let third = shop.reference(&three).await;
    let more = shop.bring(&format!("{file}sandbox,{third},payment,45.00,1.00,44.00,EUR,{day}\n")).await;
    assert_eq!(counts(&more.expect(201)["run"]), [1, 0, 0, 0, 5]);
    assert_eq!(books().await, (405, 4995, 9000 - 405 - 4995));
    let files = shop.get("/admin/reports/payouts?limit=1").await;
    assert!(files["items"].as_array().unwrap().len() == 1 && files["next"].is_string(), "{files}");
    // The venue's today may be tomorrow.
    let report = shop.get(&format!("/admin/reports/payments?to={}", tomorrow())).await;
    assert_eq!(
        (&report["rows"][0]["fees"]["amount"], &report["rows"][0]["paid_out"]["amount"]),
        (&json!(405), &json!(4995))
    );
    let log = shop.get("/admin/audit-log?limit=1").await;
    assert_eq!(log["items"][0]["action"], "payouts.brought");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_at_once_book_a_line_once() {
    let shop = shop().await;
    let day = today();
    let line = format!("sandbox,month,fee,-5.00,0.00,-5.00,EUR,{day}\n");
    let (one, two) = (format!("{HEAD}{line}"), format!("{HEAD}{line}sandbox,year,fee,-7.00,0.00,-7.00,EUR,{day}\n"));
    let (one, two) = tokio::join!(shop.bring(&one), shop.bring(&two));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (201, 201), "{} {}", one.text, two.text);
    assert_eq!(shop.balance("provider_fees").await, 1200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_refused_with_its_line_and_leaves_nothing() {
    let shop = shop().await;
    let day = today();
    let bad =
        format!("{HEAD}sandbox,month,fee,-5.00,0.00,-5.00,EUR,{day}\nsandbox,a,payment,1.00,0.50,1.00,EUR,{day}\n");
    let problem = shop.bring(&bad).await.refused(422, "validation_failed");
    assert_eq!(problem["errors"], json!([{"field": "file", "message": "line 3: net is not gross less fee"}]));
    shop.bring("a,b\n1,2\n").await.refused(422, "validation_failed");
    shop.bring("").await.refused(422, "validation_failed");
    let large = "x".repeat(8 * 1024 * 1024 + 1);
    shop.bring(&large).await.refused(413, "payload_too_large");
    assert_eq!(shop.get("/admin/reports/payouts").await["items"], json!([]));
    assert_eq!(shop.balance("provider_fees").await, 0);
    let json = format!("/admin/reports/payouts?organizer_id={}", shop.house);
    shop.admin(Method::POST, &json, &json!({"file": "x"})).await.refused(415, "unsupported_media_type");
    let unknown = format!("/admin/reports/payouts?organizer_id={}", uuid::Uuid::from_u128(5));
    shop.admin(Method::POST, &unknown, &json!({})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claims_fee_is_booked_once_whoever_says_it_first() {
    let shop = shop().await;
    let made = shop.buy(&json!({"seats": ["r1-1"]})).await;
    shop.bank(&made, "dispute_lost").await;
    shop.until_order(&made, "lost", |order| order["disputes"][0]["state"] == "lost").await;
    let (day, reference) = (today(), shop.reference(&made).await);
    let file = format!(
        "{HEAD}sandbox,{reference},payment,45.00,0,45.00,EUR,{day}\nsandbox,{reference},dispute,-45.00,15.00,-60.00,EUR,{day}\n"
    );
    assert_eq!(counts(&shop.bring(&file).await.expect(201)["run"]), [2, 0, 0, 0, 0]);
    assert_eq!(shop.balance("provider_fees").await, 1500);
    assert_eq!(shop.balance("provider:sandbox").await, -1500);
}
