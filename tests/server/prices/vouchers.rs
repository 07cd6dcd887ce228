//! Gift vouchers: issued, told once, paid with, spent by nobody twice, given back, voided; and the books with all of it.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, amount, fees_and_vat, lines, on_sale, send, shop, text};
use crate::catalog::house::{by, house, staff};
use crate::harness::Answer;

fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A voucher that was issued: its id and its code.
struct Issued {
    id: String,
    code: String,
}

impl Shop {
    async fn issue(&self, other: Value) -> Answer {
        let mut body = json!({"organizer_id": self.house.organizer, "amount": eur(5000), "reason": "Sold, bill 17"});
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.server.admin(Method::POST, "/admin/vouchers", &body).await
    }

    async fn voucher(&self, of: i64) -> Issued {
        let made = self.issue(json!({"amount": eur(of)})).await.expect(201);
        Issued { id: text(&made["id"]).to_owned(), code: text(&made["code"]).to_owned() }
    }

    async fn admin(&self, method: Method, path: &str) -> Value {
        self.server.admin(method, path, &Value::Null).await.expect(200)
    }

    async fn left(&self, voucher: &Issued) -> i64 {
        amount(&self.admin(Method::GET, &format!("/admin/vouchers/{}", voucher.id)).await["balance"])
    }

    /// Its movements, whose sum is its balance.
    async fn moves(&self, voucher: &Issued) -> Vec<(String, i64)> {
        let page = self.admin(Method::GET, &format!("/admin/vouchers/{}/movements", voucher.id)).await;
        let moves: Vec<(String, i64)> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (text(&one["kind"]).to_owned(), amount(&one["amount"])))
            .collect();
        assert_eq!(moves.iter().map(|(_, amount)| amount).sum::<i64>(), self.left(voucher).await, "{moves:?}");
        moves
    }

    async fn void(&self, voucher: &Issued) -> Value {
        self.server.admin(Method::POST, &format!("/admin/vouchers/{}/void", voucher.id), &json!({})).await.expect(200)
    }
}

fn moved(moves: &[(String, i64)]) -> Vec<(&str, i64)> {
    moves.iter().map(|(kind, amount)| (kind.as_str(), *amount)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_told_once_and_is_nowhere_kept() {
    let shop = shop().await;
    let body = json!({"organizer_id": shop.house.organizer, "amount": eur(5000), "reason": "Sold, bill 17"});
    let issue = || {
        let request = shop.server.request(Method::POST, "/admin/vouchers").bearer_auth(&shop.server.admin);
        send(request.header("idempotency-key", "one gift").json(&body))
    };
    let first = issue().await;
    assert_eq!(first.headers["cache-control"], "no-store");
    let made = first.expect(201);
    let code = text(&made["code"]).to_owned();
    assert_eq!((code.len(), text(&made["prefix"])), (24, &code[..4]));
    let again = issue().await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let again = again.expect(201);
    assert_eq!((&again["id"], &again["code"]), (&made["id"], &Value::Null), "one voucher, and its code is gone");

    let tables: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        .fetch_all(&shop.server.db)
        .await
        .unwrap();
    for spelling in [code.clone(), code.replace('-', "")] {
        for table in &tables {
            let sql = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{spelling}%'");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&shop.server.db).await.unwrap();
            assert_eq!(found, 0, "{table} has the code");
        }
    }
    let books = shop.books().await;
    assert_eq!((books["vouchers"], books["voucher_issues"]), (-5000, 5000));
    let list = |prefix: &str| format!("/admin/vouchers?organizer_id={}&prefix={prefix}", shop.house.organizer);
    let found = shop.admin(Method::GET, &list(&code[..4].to_lowercase())).await;
    assert_eq!(found["items"][0]["id"], made["id"]);
    assert_eq!(shop.admin(Method::GET, &list("1111")).await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_the_house_issues_and_its_box_office_looks() {
    let shop = shop().await;
    let voucher = shop.voucher(5000).await;
    let box_office = staff(&shop.server, &shop.house.organizer, "box_office").await;
    let path = format!("/admin/vouchers/{}", voucher.id);
    let body = json!({"organizer_id": shop.house.organizer, "amount": eur(1), "reason": "x"});
    by(&shop.server, &box_office, Method::POST, "/admin/vouchers", &body).await.refused(403, "forbidden");
    by(&shop.server, &box_office, Method::PATCH, &path, &json!({"reason": "y"})).await.refused(403, "forbidden");
    by(&shop.server, &box_office, Method::POST, &format!("{path}/void"), &json!({})).await.refused(403, "forbidden");
    assert_eq!(by(&shop.server, &box_office, Method::GET, &path, &Value::Null).await.expect(200)["code"], Value::Null);
    let theirs = house(&shop.server).await;
    let stranger = staff(&shop.server, &theirs.organizer, "organizer").await;
    by(&shop.server, &stranger, Method::GET, &path, &Value::Null).await.refused(404, "not_found");
    by(&shop.server, &stranger, Method::POST, &format!("{path}/void"), &json!({})).await.refused(404, "not_found");

    for (wrong, field) in [
        (json!({"amount": eur(0)}), "amount"),
        (json!({"amount": eur(100_000_001)}), "amount"),
        (json!({"reason": " "}), "reason"),
        (json!({"valid_until": "2020-01-01T00:00:00Z"}), "valid_until"),
    ] {
        let refused = shop.issue(wrong).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let edit = |body: Value, seen: &'static str| {
        let request = shop.server.request(Method::PATCH, &path).bearer_auth(&shop.server.admin);
        send(request.header("if-match", seen).json(&body))
    };
    let changed = edit(json!({"valid_until": "2040-01-01T00:00:00Z"}), "\"1\"").await.expect(200);
    assert_eq!((&changed["version"], text(&changed["reason"])), (&json!(2), "Sold, bill 17"));
    edit(json!({"reason": "z"}), "\"1\"").await.refused(412, "edit_conflict");
    assert_eq!(edit(json!({"valid_until": null}), "\"2\"").await.expect(200)["valid_until"], Value::Null);
    shop.void(&voucher).await;
    edit(json!({"reason": "z"}), "\"4\"").await.refused(409, "wrong_state");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_voucher_pays_whole_is_confirmed_at_once_and_comes_back_onto_it_once() {
    let shop = shop().await;
    shop.rule(&fees_and_vat()).await;
    let voucher = shop.voucher(20_000).await;
    let hold = shop.hold(&["A-1", "A-2"]).await;
    let full = amount(&shop.quote(&[&hold], json!({})).await["total"]);
    let told = json!({"voucher_code": voucher.code.to_lowercase().replace('-', " ")});
    let quote = shop.quote(&[&hold], told.clone()).await;
    assert_eq!((amount(&quote["total"]), &quote["voucher"]["applies"]), (0, &json!(true)));
    assert_eq!((amount(&quote["voucher"]["pays"]), amount(&quote["voucher"]["left"])), (full, 20_000 - full));
    let plain = shop.quote(&[&hold], json!({})).await;
    for part in ["tickets", "discount", "fees", "taxes"] {
        assert_eq!(quote[part], plain[part], "a voucher changes no {part}");
    }
    assert_eq!(shop.left(&voucher).await, 20_000, "a quote takes nothing");
    let mut wish = told;
    wish["expected_total"] = json!(0);
    let made = shop.order(&[&hold], wish).await.expect(201);
    assert_eq!((text(&made["order"]["status"]), &made["payment"]), ("confirmed", &Value::Null));
    let (kind, paid, label) = lines(&made["order"]).pop().unwrap();
    assert_eq!((kind.as_str(), paid), ("voucher", -full));
    assert!(label.contains(&voucher.code[..4]) && !label.contains(&voucher.code[5..9]), "{label}");
    assert_eq!(shop.left(&voucher).await, 20_000 - full);
    assert_eq!(shop.books().await["vouchers"], full - 20_000);

    let preview = send(shop.about(Method::GET, &made["order"], "/cancellation")).await.expect(200);
    assert_eq!(preview["cancellation"]["onto_voucher"], preview["cancellation"]["back"]);
    let order = shop.cancel(&made["order"], &json!({"expect": full}), "refunded").await;
    assert_eq!((&order["refunds"][0]["onto_voucher"], amount(&order["refunds"][0]["amount"])), (&json!(true), full));
    send(shop.about(Method::POST, &made["order"], "/cancel").json(&json!({})))
        .await
        .refused(409, "cancellation_closed");
    let moves = shop.moves(&voucher).await;
    assert_eq!(moved(&moves), [("issued", 20_000), ("taken", -full), ("given_back", full)]);
    let books = shop.books().await;
    assert_eq!((books["vouchers"], books["sales"], books["taxes"], books["fees"]), (-20_000, 0, 0, 0));
    let mail = "SELECT count(*) FROM outbox WHERE kind = 'back_on_voucher'";
    let mails: i64 = sqlx::query_scalar(mail).fetch_one(&shop.server.db).await.unwrap();
    assert_eq!(mails, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_is_paid_by_a_provider_and_gets_its_money_back_first() {
    let shop = shop().await;
    let voucher = shop.voucher(4000).await;
    let hold = shop.hold(&["A-1", "A-2"]).await;
    let made = shop.order(&[&hold], json!({"voucher_code": voucher.code})).await.expect(201);
    assert_eq!((amount(&made["order"]["total"]), shop.left(&voucher).await), (6000, 0));
    shop.pay(&made, "succeed").await;
    shop.until(&made["order"], "confirmed").await;
    let tickets = send(shop.about(Method::GET, &made["order"], "/tickets")).await.expect(200)["items"].clone();
    let one = json!({"tickets": [tickets[0]["id"]]});
    let order = shop.cancel(&made["order"], &one, "partially_refunded").await;
    assert_eq!((amount(&order["refunds"][0]["amount"]), &order["refunds"][0]["onto_voucher"]), (5000, &json!(false)));
    assert_eq!(shop.left(&voucher).await, 0);
    let order = shop.cancel(&made["order"], &json!({}), "refunded").await;
    let mut back: Vec<(bool, i64)> = order["refunds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refund| (refund["onto_voucher"] == json!(true), amount(&refund["amount"])))
        .collect();
    back.sort_unstable();
    assert_eq!(back, [(false, 1000), (false, 5000), (true, 4000)]);
    assert_eq!(shop.left(&voucher).await, 4000);
    let books = shop.books().await;
    assert_eq!((books["provider:sandbox"], books["vouchers"], books["sales"], books["deposits"]), (0, -4000, 0, 0));
    let id = text(&order["id"]);
    let money = shop.admin(Method::GET, &format!("/admin/orders/{id}/money")).await["money"].clone();
    assert_eq!(amount(&money["left"]), 0);
    assert!(money["lines"].as_array().unwrap().iter().any(|line| line["state"] == "paid_with"), "{money}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_order_at_once_nobody_spends_what_another_has_spent() {
    let shop = shop().await;
    let voucher = shop.voucher(10_000).await;
    let mut holds = Vec::new();
    for _ in 0..10 {
        holds.push(shop.floor().await);
    }
    let (shop, code) = (&shop, &voucher.code);
    let answers = join_all(holds.iter().enumerate().map(|(at, hold)| {
        let customer = json!({"name": "Ada", "email": format!("ada{at}@example.org")});
        shop.order_of(hold, json!({"voucher_code": code, "customer": customer}))
    }))
    .await;
    let mut taken = 0;
    for answer in answers {
        if answer.status == 201 {
            taken += 3000 - amount(&answer.expect(201)["order"]["total"]);
        } else {
            answer.refused(409, "voucher_used_up");
        }
    }
    assert!(taken >= 9000, "only {taken} was spent");
    assert_eq!(shop.left(&voucher).await, 10_000 - taken);
    shop.moves(&voucher).await;
}

impl Shop {
    async fn order_of(&self, hold: &Value, other: Value) -> Answer {
        self.order(&[hold], other).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_ends_without_a_sale_gives_back_what_it_had_taken() {
    let shop = shop().await;
    let show = on_sale(&shop.server, &shop.house, json!({"pay_within_s": 1})).await;
    let voucher = shop.voucher(2000).await;
    let told = || json!({"voucher_code": voucher.code});
    let short = shop.hold_of(&show, &json!({"seats": ["A-1"]})).await;
    let made = shop.order(&[&short], told()).await.expect(201);
    assert_eq!((amount(&made["order"]["total"]), shop.left(&voucher).await), (3000, 0));
    let hold = shop.floor().await;
    let refused = shop.order(&[&hold], told()).await.refused(409, "voucher_used_up");
    assert!(text(&refused["detail"]).contains("Nothing is left"), "{refused}");
    shop.pay(&made, "abandon").await;
    shop.until(&made["order"], "expired").await;
    assert_eq!(shop.left(&voucher).await, 2000);
    let made = shop.order(&[&hold], told()).await.expect(201);
    assert_eq!(shop.left(&voucher).await, 0);
    for _ in 0..2 {
        send(shop.about(Method::POST, &made["order"], "/reopen").json(&json!({}))).await.expect(200);
        assert_eq!(shop.left(&voucher).await, 2000);
    }
    let moves = shop.moves(&voucher).await;
    assert_eq!(
        moved(&moves),
        [("issued", 2000), ("taken", -2000), ("returned", 2000), ("taken", -2000), ("returned", 2000)]
    );
    assert_eq!(shop.books().await["vouchers"], -2000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_that_does_not_apply_says_why_and_orders_nothing() {
    let shop = shop().await;
    let theirs = house(&shop.server).await;
    let foreign = shop.issue(json!({"organizer_id": theirs.organizer})).await.expect(201);
    let dollars = shop.issue(json!({"amount": {"amount": 500, "currency": "USD"}})).await.expect(201);
    let (gone, over) = (shop.voucher(500).await, shop.voucher(500).await);
    shop.void(&gone).await;
    sqlx::query("UPDATE voucher SET valid_until = now() - interval '1 second' WHERE id::text = $1")
        .bind(&over.id)
        .execute(&shop.server.db)
        .await
        .unwrap();
    let hold = shop.hold(&["A-1"]).await;
    let mut unknown = Vec::new();
    for (code, reason) in [
        (text(&foreign["code"]), "unknown"),
        ("2222-2222-2222-2222-2222", "unknown"),
        ("not a code", "unknown"),
        (gone.code.as_str(), "void"),
        (over.code.as_str(), "over"),
        (text(&dollars["code"]), "other_currency"),
    ] {
        let quote = shop.quote(&[&hold], json!({"voucher_code": code})).await;
        let said = &quote["voucher"];
        assert_eq!((text(&said["reason"]), &said["applies"], &said["left"]), (reason, &json!(false), &Value::Null));
        assert_eq!(amount(&quote["total"]), 5000, "nothing is paid by {code}");
        let refused = shop.order(&[&hold], json!({"voucher_code": code})).await.refused(409, "voucher_invalid");
        assert_eq!(refused["detail"], said["detail"]);
        if reason == "unknown" {
            unknown.push(refused);
        }
    }
    assert!(unknown.windows(2).all(|pair| pair[0] == pair[1]), "another house's is as unknown as none: {unknown:?}");
    // Nothing was begun: the hold is open, and is sold at its price.
    shop.order(&[&hold], json!({"expected_total": 5000})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_vouchers_is_stopped_also_where_they_then_guess_right() {
    let shop = shop().await;
    let voucher = shop.voucher(500).await;
    let hold = shop.floor().await;
    for number in 0..10 {
        let quote =
            shop.quote(&[&hold], json!({"voucher_code": format!("2222-2222-2222-2222-22{:02}", number + 22)})).await;
        assert_eq!(quote["voucher"]["reason"], "unknown");
    }
    let body = json!({"holds": [hold], "voucher_code": voucher.code});
    let stopped = shop.server.post("/quotes", &body).await;
    assert!(stopped.headers.contains_key("retry-after"));
    stopped.refused(429, "too_many_requests");
    shop.order(&[&hold], json!({"voucher_code": voucher.code})).await.refused(429, "too_many_requests");
    assert_eq!(shop.left(&voucher).await, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_voided_and_what_comes_back_later_too() {
    let shop = shop().await;
    let voucher = shop.voucher(5000).await;
    let hold = shop.floor().await;
    let made = shop.order(&[&hold], json!({"voucher_code": voucher.code})).await.expect(201);
    assert_eq!(text(&made["order"]["status"]), "confirmed");
    for _ in 0..2 {
        let voided = shop.void(&voucher).await;
        assert_eq!((amount(&voided["balance"]), voided["voided_at"].is_string()), (0, true));
    }
    assert_eq!(shop.books().await["voucher_issues"], 3000);
    shop.cancel(&made["order"], &json!({}), "refunded").await;
    assert_eq!(shop.left(&voucher).await, 3000, "it is theirs, but pays nothing until the house says so");
    let other = shop.floor().await;
    shop.order(&[&other], json!({"voucher_code": voucher.code})).await.refused(409, "voucher_invalid");
    shop.void(&voucher).await;
    let moves = shop.moves(&voucher).await;
    assert_eq!(
        moved(&moves),
        [("issued", 5000), ("taken", -3000), ("voided", -2000), ("given_back", 3000), ("voided", -3000)]
    );
    let books = shop.books().await;
    assert_eq!((books["vouchers"], books["voucher_issues"]), (0, 0));
    let logged: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = 'voucher.voided'")
        .fetch_one(&shop.server.db)
        .await
        .unwrap();
    assert_eq!(logged, 2, "what changed nothing is not in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_twice_takes_once_and_a_promo_code_goes_first() {
    let shop = shop().await;
    shop.code("HALF", json!({"percent_bp": 5000}), json!({})).await;
    let voucher = shop.voucher(5000).await;
    let hold = shop.floor().await;
    let wish = json!({"holds": [hold], "customer": {"name": "Ada", "email": "ada@example.org"}, "promo_code": "half",
                      "voucher_code": voucher.code});
    let order = || {
        let request = shop.server.request(Method::POST, "/orders").header("idempotency-key", "one key");
        send(request.json(&wish))
    };
    let first = order().await.expect(201);
    let again = order().await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201)["order"]["lines"], first["order"]["lines"]);
    assert_eq!(shop.left(&voucher).await, 3500, "half of 30.00");
    // What costs nothing leaves nothing to pay.
    shop.code("FREE", json!({"percent_bp": 10_000}), json!({})).await;
    let free = shop.floor().await;
    let both = json!({"promo_code": "free", "voucher_code": voucher.code});
    assert_eq!(shop.quote(&[&free], both.clone()).await["voucher"]["reason"], "nothing_to_pay");
    shop.order(&[&free], both).await.refused(409, "voucher_invalid");
}
