//! Tickets that are given for others: dearer, cheaper, of another show; refused, raced for, never paid, given back; and the books with
//! all of it.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, amount, fees_and_vat, lines, on_sale, send, shop, text};
use crate::catalog::house::{by, house, staff};
use crate::harness::Answer;

/// A house with two shows whose tickets may be exchanged until an hour before; the second is the shop's other one.
async fn two_shows(fields: Value) -> (Shop, String) {
    let mut shop = shop().await;
    let mut both = json!({"exchange_until_s": 3600});
    for (name, value) in fields.as_object().unwrap() {
        both[name] = value.clone();
    }
    shop.show = on_sale(&shop.server, &shop.house, both.clone()).await;
    both["starts_at"] = json!("2031-03-02T18:30:00Z");
    let other = on_sale(&shop.server, &shop.house, both).await;
    (shop, other)
}

/// What is said to give the tickets of an order.
fn of(order: &Value) -> Value {
    json!({"exchange": {"order_id": order["id"], "token": order["token"]}})
}

impl Shop {
    /// An order of these seats of the show, paid.
    async fn bought(&self, seats: &[&str]) -> Value {
        let hold = self.hold(seats).await;
        let made = self.order(&[&hold], json!({})).await.expect(201);
        self.pay(&made, "succeed").await;
        self.until(&made["order"], "confirmed").await;
        made["order"].clone()
    }

    async fn tickets(&self, order: &Value) -> Vec<Value> {
        let items = send(self.about(Method::GET, order, "/tickets")).await.expect(200)["items"].clone();
        items.as_array().cloned().unwrap_or_default()
    }

    /// What an order's tickets are worth at the door, in the order of its lines.
    async fn doors(&self, order: &Value) -> Vec<String> {
        self.tickets(order).await.iter().map(|ticket| text(&ticket["status"]).to_owned()).collect()
    }

    /// The seats of a show.
    async fn seats_of(&self, show: &str) -> String {
        text(&self.server.get(&format!("/shows/{show}/seats")).await.expect(200)["seats"]).to_owned()
    }

    /// Nothing lies between the orders any more, or will soon: an order says that it is given back before its provider has said so.
    async fn rests(&self) -> std::collections::BTreeMap<String, i64> {
        crate::process::until("nothing lies between the orders", async || {
            let books = self.books().await;
            let lies = |account: &&str| books.get(*account).copied().unwrap_or(0) != 0;
            (!["exchanges", "deposits", "refunds_due"].iter().any(lies)).then_some(books)
        })
        .await
    }

    async fn mails(&self, kind: &str) -> i64 {
        let count = "SELECT count(*) FROM outbox WHERE kind = $1";
        sqlx::query_scalar(count).bind(kind).fetch_one(&self.server.db).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_dearer_tickets_the_difference_is_paid_and_the_old_ones_end_as_the_new_begin() {
    let (shop, other) = two_shows(json!({})).await;
    let old = shop.bought(&["B-1"]).await;
    let hold = shop.hold_of(&other, &json!({"seats": ["A-1"]})).await;
    let quote = shop.quote(&[&hold], of(&old)).await;
    let said = &quote["exchange"];
    assert_eq!((amount(&quote["total"]), amount(&said["worth"]), amount(&said["pays"])), (2000, 3000, 3000));
    assert_eq!((amount(&said["back"]), amount(&said["kept"]), &said["number"]), (0, 0, &old["number"]));
    let mut wish = of(&old);
    wish["expected_total"] = json!(2000);
    let made = shop.order(&[&hold], wish).await.expect(201);
    let new = &made["order"];
    assert_eq!(lines(new), lines(&quote), "the quote is the order");
    let (kind, paid, label) = lines(new).pop().unwrap();
    assert_eq!((kind.as_str(), paid), ("exchange", -3000));
    assert!(label.contains("B-1") && label.contains(text(&old["number"])), "{label}");
    assert_eq!(shop.doors(&old).await, ["valid"], "until the new one is sold");

    shop.pay(&made, "succeed").await;
    shop.until(new, "confirmed").await;
    assert_eq!((shop.doors(&old).await, shop.doors(new).await), (vec!["revoked".to_owned()], vec!["valid".to_owned()]));
    let old = shop.until(&old, "refunded").await;
    assert_eq!(old["refunds"], json!([]), "all of it is in the new order");
    assert_eq!((shop.seats_of(&shop.show).await, shop.seats_of(&other).await), ("aaaa".to_owned(), "baaa".to_owned()));
    let books = shop.rests().await;
    assert_eq!((books["sales"], books["provider:sandbox"]), (-5000, 5000), "{books:?}");
    let seen = &send(shop.about(Method::GET, new, "")).await.expect(200)["order"]["exchanges"];
    assert_eq!(seen, &old["exchanges"], "both show it");
    assert_eq!((&seen[0]["from_number"], &seen[0]["into_number"]), (&old["number"], &new["number"]));
    assert_eq!((&seen[0]["state"], amount(&seen[0]["credit"])), (&json!("done"), 3000));
    assert_eq!(shop.mails("tickets_exchanged").await, 1);
    let logged: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = 'order.exchanged'")
        .fetch_one(&shop.server.db)
        .await
        .unwrap();
    assert_eq!(logged, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn for_cheaper_ones_the_rest_goes_back_and_for_the_same_price_nothing_moves() {
    let (shop, other) = two_shows(json!({})).await;
    shop.rule(&fees_and_vat()).await;
    let old = shop.bought(&["A-1", "A-2"]).await;
    let tickets = shop.tickets(&old).await;
    // One of two: with its fee, and without the fee of the whole order.
    let hold = shop.hold_of(&other, &json!({"seats": ["B-1"]})).await;
    let mut wish = of(&old);
    wish["exchange"]["tickets"] = json!([tickets[0]["id"]]);
    let quote = shop.quote(&[&hold], wish.clone()).await;
    assert_eq!((amount(&quote["exchange"]["worth"]), amount(&quote["exchange"]["pays"])), (5150, 3350));
    assert_eq!((amount(&quote["total"]), amount(&quote["exchange"]["back"])), (0, 1800));
    let made = shop.order(&[&hold], wish).await.expect(201);
    assert_eq!((text(&made["order"]["status"]), &made["payment"]), ("confirmed", &Value::Null));
    let old = shop.until(&old, "partially_refunded").await;
    assert_eq!(old["refunds"].as_array().map(Vec::len), Some(1));
    assert_eq!((amount(&old["refunds"][0]["amount"]), &old["refunds"][0]["onto_voucher"]), (1800, &json!(false)));
    assert_eq!(shop.doors(&old).await, ["revoked", "valid"]);
    shop.rests().await;
    // The other one, for its like: the last of the order goes with the order's own fee.
    let hold = shop.hold_of(&other, &json!({"seats": ["A-1"]})).await;
    let made = shop.order(&[&hold], of(&old)).await.expect(201);
    assert_eq!((amount(&made["order"]["total"]), text(&made["order"]["status"])), (0, "confirmed"));
    let old = shop.until(&old, "refunded").await;
    assert_eq!(old["refunds"].as_array().map(Vec::len), Some(1), "nothing more: {old}");
    let books = shop.rests().await;
    let sold = 3350 + 5350;
    assert_eq!(books["sales"] + books["fees"] + books["taxes"], -sold, "{books:?}");
    assert_eq!(books["provider:sandbox"], 10_500 - 1800);
    let money = format!("/admin/orders/{}/money", text(&old["id"]));
    let money = shop.server.admin(Method::GET, &money, &Value::Null).await.expect(200)["money"].clone();
    assert_eq!((amount(&money["left"]), &money["refunds"][0]["what_for"]), (0, &json!("exchange")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exchanged_for_goes_back_the_way_the_old_order_was_paid() {
    let (shop, other) = two_shows(json!({"exchange_fee_kept": 250})).await;
    let old = shop.bought(&["B-1"]).await;
    let hold = shop.hold_of(&other, &json!({"seats": ["A-1"]})).await;
    let made = shop.order(&[&hold], of(&old)).await.expect(201);
    assert_eq!(amount(&made["order"]["total"]), 5000 - 2750, "2.50 are kept");
    shop.pay(&made, "succeed").await;
    shop.until(&made["order"], "confirmed").await;
    shop.until(&old, "refunded").await;
    let preview =
        send(shop.about(Method::GET, &made["order"], "/cancellation")).await.expect(200)["cancellation"].clone();
    assert_eq!((amount(&preview["back"]), amount(&preview["through_exchange"])), (5000, 2750));
    assert_eq!(amount(&preview["onto_voucher"]), 0);
    let new = shop.cancel(&made["order"], &json!({}), "refunded").await;
    let through = |order: &Value| -> Vec<(bool, i64)> {
        let refunds = order["refunds"].as_array().unwrap().iter();
        let mut all: Vec<_> =
            refunds.map(|it| (it["through_exchange"] == json!(true), amount(&it["amount"]))).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(through(&new), [(false, 2250), (true, 2750)]);
    let old = crate::process::until("the money is back", async || {
        let order = send(shop.about(Method::GET, &old, "")).await.expect(200)["order"].clone();
        (order["refunds"][0]["status"] == "succeeded").then_some(order)
    })
    .await;
    assert_eq!(through(&old), [(false, 2750)]);
    assert_eq!(amount(&old["exchanges"][0]["returned"]), 2750);
    let books = shop.rests().await;
    assert_eq!((books["sales"], books["cancellation_fees"], books["provider:sandbox"]), (0, -250, 250));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_has_paid_the_old_tickets_are_good_and_promised_and_afterwards_as_before() {
    let (shop, other) = two_shows(json!({"transfer_until_s": 3600})).await;
    let old = shop.bought(&["B-1", "B-2"]).await;
    let tickets = shop.tickets(&old).await;
    let hold = shop.hold_of(&other, &json!({"seats": ["A-1", "A-2"]})).await;
    let mut wish = of(&old);
    wish["exchange"]["tickets"] = json!([tickets[0]["id"]]);
    let made = shop.order(&[&hold], wish.clone()).await.expect(201);
    let cancel = |tickets: Value| send(shop.about(Method::POST, &old, "/cancel").json(&json!({"tickets": tickets})));
    let pass = || {
        let to = json!({"tickets": [tickets[0]["id"]], "to": {"name": "Grace", "email": "grace@example.org"}});
        send(shop.about(Method::POST, &old, "/transfer").json(&to))
    };
    let refused = cancel(json!([tickets[0]["id"]])).await.refused(409, "cancellation_closed");
    assert!(text(&refused["detail"]).contains("being exchanged"), "{refused}");
    pass().await.refused(409, "transfer_closed");
    let third = shop.floor().await;
    shop.order(&[&third], wish.clone()).await.refused(409, "exchange_closed");
    assert_eq!(shop.doors(&old).await, ["valid", "valid"]);
    cancel(json!([tickets[1]["id"]])).await.expect(200);
    shop.until(&old, "partially_refunded").await;

    send(shop.about(Method::POST, &made["order"], "/reopen").json(&json!({}))).await.expect(200);
    let seen = send(shop.about(Method::GET, &old, "")).await.expect(200)["order"].clone();
    assert_eq!((&seen["exchanges"][0]["state"], seen["status"].as_str()), (&json!("off"), Some("partially_refunded")));
    assert_eq!(shop.doors(&old).await, ["valid", "revoked"]);
    pass().await.expect(200);
    shop.pay(&made, "succeed").await;
    // For another seat it can be given now; for as little as it likes.
    let made = shop.order(&[&third], wish).await.expect(201);
    assert_eq!(text(&made["order"]["status"]), "confirmed");
    shop.until(&old, "refunded").await;
    let books = shop.rests().await;
    assert_eq!((books["sales"], books["provider:sandbox"]), (-3000, 3000), "{books:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_give_one_ticket_at_once_one_does() {
    let (shop, _) = two_shows(json!({})).await;
    let old = shop.bought(&["B-1"]).await;
    let mut holds = Vec::new();
    for _ in 0..8 {
        holds.push(shop.floor().await);
    }
    let given = |hold| shop.order_with(hold, of(&old));
    let answers = join_all(holds.iter().map(given)).await;
    let mut won = 0;
    for answer in answers {
        if answer.status == 201 {
            won += 1;
        } else {
            answer.refused(409, "exchange_closed");
        }
    }
    assert_eq!(won, 1);
    shop.until(&old, "refunded").await;
    let books = shop.rests().await;
    assert_eq!((books["sales"], books["provider:sandbox"]), (-3000, 3000));
    let standing: i64 =
        sqlx::query_scalar("SELECT count(*) FROM order_exchange").fetch_one(&shop.server.db).await.unwrap();
    assert_eq!(standing, 1);
}

impl Shop {
    async fn order_with(&self, hold: &Value, other: Value) -> Answer {
        self.order(&[hold], other).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_the_order_gives_none_of_its_tickets_and_the_house_says_until_when() {
    let (shop, other) = two_shows(json!({})).await;
    let old = shop.bought(&["B-1"]).await;
    let hold = shop.hold_of(&other, &json!({"seats": ["A-1"]})).await;
    let without = json!({"exchange": {"order_id": old["id"]}});
    shop.order(&[&hold], without.clone()).await.refused(403, "order_token_invalid");
    let body = json!({"holds": [hold], "exchange": {"order_id": old["id"], "token": "k.nonsense"}});
    shop.server.post("/quotes", &body).await.refused(403, "order_token_invalid");
    let mut named = of(&old);
    named["exchange"]["tickets"] = json!(["00000000-0000-0000-0000-000000000000"]);
    let refused = shop.order(&[&hold], named).await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["field"], "exchange.tickets");

    // Another house's seats are not paid with it.
    let theirs = house(&shop.server).await;
    let away = on_sale(&shop.server, &theirs, json!({})).await;
    let away = shop.hold_of(&away, &json!({"seats": ["A-1"]})).await;
    let refused = shop.order(&[&away], of(&old)).await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["field"], "exchange.order_id");

    // What was sold with it keeps it, also where the house takes it back later.
    let path = format!("/admin/shows/{}", shop.show);
    let set = async |body: Value| shop.server.admin(Method::PATCH, &path, &body).await.expect(200);
    assert_eq!(set(json!({"exchange_until_s": null})).await["exchange_until_s"], Value::Null);
    assert_eq!(amount(&shop.quote(&[&hold], of(&old)).await["total"]), 2000);
    let later = shop.bought(&["B-2"]).await;
    let refused = shop.order(&[&hold], of(&later)).await.refused(409, "exchange_closed");
    assert!(text(&refused["detail"]).contains("cannot be exchanged"), "{refused}");
    sqlx::query("UPDATE show SET starts_at = now() + interval '30 minutes'").execute(&shop.server.db).await.unwrap();
    sqlx::query("UPDATE order_hold SET starts_at = now() + interval '30 minutes'")
        .execute(&shop.server.db)
        .await
        .unwrap();
    let refused = shop.order(&[&hold], of(&old)).await.refused(409, "exchange_closed");
    assert!(text(&refused["detail"]).contains("until"), "{refused}");
    // The house itself may, without any token.
    let box_office = staff(&shop.server, &shop.house.organizer, "box_office").await;
    let mut body = json!({"holds": [hold], "customer": {"name": "Ada Buyer", "email": "ada@example.org"}});
    body["exchange"] = without["exchange"].clone();
    let made = by(&shop.server, &box_office, Method::POST, "/orders", &body).await.expect(201);
    assert_eq!(amount(&made["order"]["total"]), 2000);
    let stranger = staff(&shop.server, &theirs.organizer, "organizer").await;
    by(&shop.server, &stranger, Method::POST, "/quotes", &body_of_quote(&hold, &old)).await.refused(404, "not_found");
}

fn body_of_quote(hold: &Value, old: &Value) -> Value {
    json!({"holds": [hold], "exchange": {"order_id": old["id"]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_a_cancelled_show_are_given_back_and_a_voucher_pays_what_tickets_leave() {
    let (shop, other) = two_shows(json!({})).await;
    let old = shop.bought(&["B-1"]).await;
    let eur = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let gift = json!({"organizer_id": shop.house.organizer, "amount": eur(500), "reason": "Sold, bill 17"});
    let gift = shop.server.admin(Method::POST, "/admin/vouchers", &gift).await.expect(201);
    let hold = shop.hold_of(&other, &json!({"seats": ["A-1"]})).await;
    let mut wish = of(&old);
    wish["voucher_code"] = gift["code"].clone();
    let quote = shop.quote(&[&hold], wish.clone()).await;
    assert_eq!((amount(&quote["total"]), amount(&quote["voucher"]["pays"])), (1500, 500));
    let path = format!("/admin/shows/{}/state", shop.show);
    let cancel = json!({"action": "cancel", "reason": "fire"});
    shop.server.admin(Method::POST, &path, &cancel).await.expect(200);
    let refused = shop.order(&[&hold], wish).await.refused(409, "exchange_closed");
    assert!(text(&refused["detail"]).contains("cancelled"), "{refused}");
    // An order that nobody has paid has no tickets to give.
    let unpaid = shop.hold_of(&other, &json!({"seats": ["B-1"]})).await;
    let unpaid = shop.order(&[&unpaid], json!({})).await.expect(201)["order"].clone();
    shop.order(&[&hold], of(&unpaid)).await.refused(409, "exchange_closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_exchanges_unwinds_to_the_payments_that_had_paid() {
    let (shop, other) = two_shows(json!({})).await;
    let first = shop.bought(&["B-1"]).await;
    let hold = shop.hold_of(&other, &json!({"seats": ["A-1"]})).await;
    let second = shop.order(&[&hold], of(&first)).await.expect(201);
    shop.pay(&second, "succeed").await;
    shop.until(&second["order"], "confirmed").await;
    let hold = shop.hold_of(&other, &json!({"seats": ["B-1"]})).await;
    let third = shop.order(&[&hold], of(&second["order"])).await.expect(201)["order"].clone();
    // The second was paid with 20.00 and a ticket worth 30.00: what is beyond goes to its payment, as far as that has it.
    let second = shop.until(&second["order"], "refunded").await;
    assert_eq!(amount(&second["refunds"][0]["amount"]), 2000);
    assert_eq!(shop.rests().await["provider:sandbox"], 3000);
    shop.cancel(&third, &json!({}), "refunded").await;
    let first = crate::process::until("the money is back", async || {
        let order = send(shop.about(Method::GET, &first, "")).await.expect(200)["order"].clone();
        (order["refunds"][0]["status"] == "succeeded").then_some(order)
    })
    .await;
    assert_eq!(amount(&first["refunds"][0]["amount"]), 3000);
    let books = shop.rests().await;
    assert_eq!((books["sales"], books["provider:sandbox"]), (0, 0), "{books:?}");
    assert_eq!([shop.seats_of(&shop.show).await, shop.seats_of(&other).await], ["aaaa", "aaaa"]);
}
