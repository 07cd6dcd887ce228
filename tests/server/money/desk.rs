//! The money desk's list: each kind is caused, found, and gone once its cause is, or closed by hand.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shop, shop, shop_with, text, until};
use crate::harness::send;

impl Shop {
    async fn work(&self, kind: &str) -> Vec<Value> {
        self.get(&format!("/admin/money-work?kind={kind}")).await["items"].as_array().unwrap().clone()
    }

    async fn until_work(&self, kind: &str) -> Value {
        let item = until(kind, async || self.work(kind).await.first().cloned()).await;
        assert!(
            !text(&item["meaning"]).is_empty() && !text(&item["to_do"]).is_empty() && !text(&item["link"]).is_empty()
        );
        let counts = self.get("/admin/money-work").await["counts"].clone();
        let of_kind = counts.as_array().unwrap().iter().find(|count| count["kind"] == kind).unwrap();
        assert_eq!(of_kind["count"], 1, "{counts}");
        item
    }

    async fn until_no_work(&self, kind: &str) {
        until(kind, async || self.work(kind).await.is_empty().then_some(())).await;
    }

    async fn close(&self, item: &Value, note: &str) {
        let path = format!("/admin/money-work/{}/done", text(&item["id"]));
        self.admin(Method::POST, &path, &json!({"note": note})).await.expect(204);
    }
}

fn payment(made: &Value) -> Uuid {
    text(&made["payment"]["id"]).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_in_a_house_where_nothing_went_wrong() {
    let shop = shop().await;
    shop.buy(&json!({"seats": ["r1-1"]})).await;
    let list = shop.get("/admin/money-work").await;
    assert_eq!((&list["items"], &list["next"]), (&json!([]), &Value::Null));
    assert_eq!(list["counts"].as_array().unwrap().len(), 11);
    shop.admin(Method::GET, "/admin/money-work?kind=lost", &Value::Null).await.refused(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_the_wrong_amount_waits_until_it_has_gone_back() {
    for (kind, amount) in [("overpaid", 5000), ("underpaid", 4000)] {
        let shop = shop().await;
        let made = shop.order(&json!({"seats": ["r1-1"]})).await;
        // The provider collects another amount than was asked for, and has no such charge that it could give back.
        shop.told("payment.captured", payment(&made), &format!("sb_{}", payment(&made).simple()), amount).await;
        let item = shop.until_work(kind).await;
        assert_eq!((&item["amount"]["amount"], &item["order"]["number"]), (&json!(amount), &made["order"]["number"]));
        shop.run("INSERT INTO refund (id, order_id, payment_id, cause, amount, currency, status) SELECT gen_random_uuid(), order_id, id, 'by hand', amount, currency, 'succeeded' FROM payment").await;
        shop.until_no_work(kind).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_payment_waits_while_its_refund_does_not_come() {
    let shop = shop().await;
    let made = shop.order(&json!({"seats": ["r1-1"]})).await;
    shop.run("ALTER TABLE sandbox_refund RENAME TO away").await;
    shop.page(&made, "", "twice").await;
    let item = shop.until_work("duplicate").await;
    assert_eq!((&item["amount"], &item["provider"]), (&json!({"amount": 4500, "currency": "EUR"}), &json!("sandbox")));
    shop.run("ALTER TABLE away RENAME TO sandbox_refund").await;
    shop.until_no_work("duplicate").await;
    assert_eq!(shop.balance("provider:sandbox").await, 4500);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_no_order_knows_is_closed_by_hand() {
    let shop = shop().await;
    shop.told("payment.captured", Uuid::from_u128(77), "sb_of_somebody", 9900).await;
    let item = shop.until_work("captured_without_order").await;
    assert_eq!((&item["amount"]["amount"], &item["detail"]), (&json!(9900), &json!("sb_of_somebody")));
    assert_eq!(item["organizer_id"], shop.house.to_string(), "there is but one house");
    let path = format!("/admin/money-work/{}/done", text(&item["id"]));
    for note in ["", "   "] {
        shop.admin(Method::POST, &path, &json!({"note": note})).await.refused(422, "validation_failed");
    }
    let close = || {
        let request = shop.server.request(Method::POST, &path).bearer_auth(&shop.server.admin);
        send(request.header("idempotency-key", "once").json(&json!({"note": "Given back at the provider"})))
    };
    assert_eq!(close().await.status, 204);
    let again = close().await;
    assert_eq!((again.status.as_u16(), &again.headers["idempotent-replayed"]), (204, &"true".parse().unwrap()));
    assert!(shop.work("captured_without_order").await.is_empty());
    let done = shop.get("/admin/money-work?done=true").await;
    assert_eq!(done["items"][0]["closed"]["note"], "Given back at the provider");
    assert_eq!(done["items"][0]["closed"]["by"], "Admin");
    let log = shop.get("/admin/audit-log?limit=1").await;
    assert_eq!(
        (&log["items"][0]["action"], &log["items"][0]["detail"]["kind"]),
        (&json!("money_work.closed"), &json!("captured_without_order")),
        "{log}"
    );
    let unknown = format!("/admin/money-work/{}/done", Uuid::from_u128(5));
    shop.admin(Method::POST, &unknown, &json!({"note": "x"})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_cannot_be_settled_is_tried_ever_more_seldom_and_told_of_after_an_hour() {
    let shop = shop().await;
    // Its account is gone, and it came two hours ago: however late, a try is followed by as long a rest as its number says.
    shop.run(
        "INSERT INTO webhook_in (provider, account, event_id, body, received_at, next_try_at, attempts)
         VALUES ('stripe', 'nobody', 'evt_late', '{}', now() - interval '2 hours', now(), 5),
                ('stripe', 'nobody', 'evt_given_up', '{}', now() - interval '2 days', now(), 34),
                ('stripe', 'nobody', 'evt_new', '{}', now(), now() + interval '1 hour', 0)",
    )
    .await;
    let tried = until("it is tried", async || {
        let sql = "SELECT attempts, next_try_at > now() + interval '2 minutes', last_problem FROM webhook_in
                   WHERE event_id = 'evt_late' AND last_problem IS NOT NULL";
        sqlx::query_as::<_, (i32, bool, String)>(sql).fetch_optional(&shop.server.db).await.unwrap()
    });
    assert_eq!(tried.await, (6, true, "there is no such account at this provider".to_owned()));
    let told = shop.work("provider_silent").await;
    let told: Vec<_> = told.iter().map(|item| text(&item["detail"])).collect();
    assert_eq!(told, ["evt_given_up", "evt_late: there is no such account at this provider"]);
    let orders = aisle::orders::Orders::new(shop.server.db.clone());
    assert_eq!(orders.replay(Some("evt_given_up")).await.unwrap(), 1);
    let again = "evt_given_up: there is no such account at this provider";
    until("it is tried again", async || (shop.work("provider_silent").await[0]["detail"] == again).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_failed_waits_until_another_was_made() {
    let shop = shop().await;
    let made = shop.buy(&json!({"seats": ["r1-1", "r1-2"]})).await;
    shop.run("UPDATE sandbox_charge SET amount = 1").await;
    shop.cancel(&made).await.expect(200);
    let item = shop.until_work("refund_failed").await;
    assert_eq!(item["amount"]["amount"], 9000);
    shop.until_order(&made, "confirmed", |order| order["status"] == "confirmed").await;
    shop.run("UPDATE sandbox_charge SET amount = 9000").await;
    shop.cancel(&made).await.expect(200);
    shop.until_no_work("refund_failed").await;
    // Recorded, and failed afterwards: that is another cause.
    shop.bank(&made, "refunds_fail").await;
    let item = shop.until_work("refund_failed").await;
    shop.close(&item, "Bank transfer of today").await;
    assert!(shop.work("refund_failed").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_failed_is_not_hidden_by_another_that_went_well() {
    let shop = shop().await;
    let made = shop.buy(&json!({"seats": ["r1-1", "r1-2"]})).await;
    let tickets: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM ticket ORDER BY id").fetch_all(&shop.server.db).await.unwrap();
    for (ticket, status) in tickets.iter().zip(["partially_refunded", "refunded"]) {
        let body = json!({"tickets": [ticket]});
        send(shop.about(Method::POST, &made, "/cancel").json(&body)).await.expect(200);
        shop.until_order(&made, status, |order| order["status"] == status).await;
    }
    // Days later the bank says that the first did not arrive.
    let first = "UPDATE refund SET status = 'failed', owed = true
                 WHERE id = (SELECT id FROM refund ORDER BY created_at, id LIMIT 1)";
    shop.run(first).await;
    let item = shop.until_work("refund_failed").await;
    assert_eq!(item["amount"]["amount"], 4500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_waits_while_it_is_open_and_a_lost_one_until_the_seats_are_decided() {
    let shop = shop().await;
    let made = shop.buy(&json!({"seats": ["r1-1"]})).await;
    shop.bank(&made, "dispute_opened").await;
    let open = shop.until_work("dispute_open").await;
    shop.close(&open, "Answered").await;
    assert!(shop.work("dispute_open").await.is_empty());
    // The bank decides: a new cause.
    shop.bank(&made, "dispute_lost").await;
    shop.until_work("dispute_lost").await;
    shop.until_tickets(&made, "revoked").await;
    shop.cancel(&made).await.expect(200);
    shop.until_no_work("dispute_lost").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_provider_and_a_stuck_order_wait_until_they_go_on() {
    let shop = shop().await;
    let made = shop.buy(&json!({"seats": ["r1-1"]})).await;
    shop.run("ALTER TABLE sandbox_refund RENAME TO away").await;
    shop.cancel(&made).await.expect(200);
    shop.run("UPDATE refund SET created_at = now() - interval '2 hours'; UPDATE orders SET attempts = 8").await;
    let item = shop.until_work("provider_silent").await;
    assert_eq!((&item["amount"]["amount"], &item["order"]["number"]), (&json!(4500), &made["order"]["number"]));
    let stuck = shop.until_work("order_stuck").await;
    assert!(text(&stuck["detail"]).contains("provider"), "it says why: {stuck}");
    shop.run("ALTER TABLE away RENAME TO sandbox_refund; UPDATE orders SET next_step_at = now()").await;
    shop.until_no_work("provider_silent").await;
    shop.until_no_work("order_stuck").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_answers_for_waits() {
    let shop = shop_with(json!({"pay_within_s": 3600})).await;
    let made = shop.order(&json!({"seats": ["r1-1"]})).await;
    shop.run("UPDATE payment SET updated_at = now() - interval '2 hours'").await;
    assert!(shop.work("provider_silent").await.is_empty(), "the buyer has time yet");
    shop.run("UPDATE payment SET status = 'cancelling'").await;
    let item = shop.until_work("provider_silent").await;
    assert_eq!(item["order"]["id"], made["order"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_do_not_balance_are_seen() {
    let shop = shop().await;
    shop.buy(&json!({"seats": ["r1-1"]})).await;
    let entry = |position: i32, amount: i64| {
        format!(
            "ALTER TABLE ledger_entry DISABLE TRIGGER USER;
             INSERT INTO ledger_entry (transaction_id, position, account, amount, currency)
                SELECT id, {position}, 'sales', {amount}, 'EUR' FROM ledger_transaction WHERE kind = 'sale';
             ALTER TABLE ledger_entry ENABLE TRIGGER USER"
        )
    };
    shop.run(&entry(90, 7)).await;
    let item = shop.until_work("ledger_unbalanced").await;
    assert_eq!(item["amount"], json!({"amount": 7, "currency": "EUR"}));
    shop.close(&item, "Seen").await;
    // More of it is another cause.
    shop.run(&entry(91, 2)).await;
    assert_eq!(shop.until_work("ledger_unbalanced").await["amount"]["amount"], 9);
    shop.run(&entry(92, -9)).await;
    shop.until_no_work("ledger_unbalanced").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_read_page_by_page_oldest_first() {
    let shop = shop().await;
    for number in 0..5_u128 {
        shop.told("payment.captured", Uuid::from_u128(100 + number), &format!("sb_{number}"), 100).await;
    }
    until("five", async || (shop.work("captured_without_order").await.len() == 5).then_some(())).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = shop.get(&format!("/admin/money-work?limit=2{after}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["since"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_by_key(|at| at.as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    assert_eq!((seen.len(), &seen), (5, &sorted));
}
