//! Holds over HTTP: by their owner, by strangers, twice, too late, and sixty-four at once.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Server, send, spawn};
use crate::house::{ask, draft_with, hall, on_sale, on_sale_with};

/// A request for a hold, with a key that nobody meets.
fn wish(server: &Server, show: Uuid, body: &Value) -> RequestBuilder {
    server.request(Method::POST, &format!("/shows/{show}/holds")).json(body)
}

async fn hold(server: &Server, show: Uuid, body: &Value) -> Value {
    send(wish(server, show, body)).await.expect(201)["hold"].clone()
}

/// A request about a hold by its owner.
fn own(server: &Server, method: Method, hold: &Value, tail: &str) -> RequestBuilder {
    let path = format!("/shows/{}/holds/{}{tail}", text(&hold["show_id"]), text(&hold["id"]));
    server.request(method, &path).header("aisle-hold-token", text(&hold["token"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn seats(server: &Server, show: Uuid) -> String {
    let answer = server.get(&format!("/shows/{show}/seats")).await.expect(200);
    text(&answer["seats"]).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_made_read_changed_extended_and_given_back_by_its_owner() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 4, 10)).await;
    let held =
        hold(&server, show, &json!({"seats": ["r1-1", "r1-2"], "areas": [{"area": "floor", "quantity": 3}]})).await;
    assert_eq!(held["state"], "open");
    assert_eq!(held["seats"], json!(["r1-1", "r1-2"]));
    assert_eq!(held["placement"], "one_row");
    assert_eq!(held["areas"], json!([{"area": "floor", "quantity": 3}]));
    assert!(held["expires_in_ms"].as_u64().unwrap() <= 480_000 && held["pay_by"].is_null());
    assert_eq!(seats(&server, show).await, "hhaaaaaa");

    let read = send(own(&server, Method::GET, &held, "")).await.expect(200);
    assert!(read["hold"]["token"].is_null(), "the token is told once");
    let change = json!({"add": ["r1-3"], "remove": ["r1-1"], "areas": [{"area": "floor", "quantity": 1}]});
    let changed = send(own(&server, Method::PATCH, &held, "").json(&change)).await.expect(200);
    assert_eq!(changed["hold"]["seats"], json!(["r1-2", "r1-3"]));
    assert_eq!(changed["hold"]["expires_at"], held["expires_at"], "a change never moves the deadline");
    assert_eq!(seats(&server, show).await, "ahhaaaaa");
    send(own(&server, Method::POST, &held, "/extend")).await.expect(200);
    assert_eq!(send(own(&server, Method::DELETE, &held, "")).await.status, 204);
    assert_eq!(send(own(&server, Method::DELETE, &held, "")).await.status, 204, "back twice is nothing wrong");
    send(own(&server, Method::GET, &held, "")).await.refused(409, "hold_not_open");
    assert_eq!(seats(&server, show).await, "aaaaaaaa");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_named_with_every_offender() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 4, 2)).await;
    let refused = |body: Value| {
        let request = wish(&server, show, &body);
        async move { send(request).await }
    };
    hold(&server, show, &json!({"seats": ["r1-1", "r1-2"]})).await;
    let taken = refused(json!({"seats": ["r1-2", "r1-3", "r1-1"]})).await.refused(409, "seats_taken");
    let mut names: Vec<&str> = taken["seats"].as_array().unwrap().iter().map(text).collect();
    names.sort_unstable();
    assert_eq!(names, ["r1-1", "r1-2"]);
    assert_eq!(seats(&server, show).await, "hhaaaaaa", "all or nothing");
    let unknown = refused(json!({"seats": ["r9-9", "r1-3"]})).await.refused(422, "validation_failed");
    assert_eq!(unknown["seats"], json!(["r9-9"]));
    assert_eq!(unknown["errors"][0]["field"], "seats[0]");
    refused(json!({})).await.refused(422, "validation_failed");
    refused(json!({"seats": ["r1-3", "r1-3"]})).await.refused(422, "validation_failed");
    refused(json!({"seats": ["r1-3"], "best_available": {"quantity": 1}})).await.refused(422, "validation_failed");
    refused(json!({"areas": [{"area": "balcony", "quantity": 1}]})).await.refused(422, "validation_failed");
    refused(json!({"areas": [{"area": "floor", "quantity": 3}]})).await.refused(409, "area_full");
    refused(json!({"best_available": {"quantity": 9}})).await.refused(409, "none_available");
    refused(json!({"best_available": {"quantity": 1, "price_level": "gold"}})).await.refused(422, "validation_failed");
    refused(json!({"best_available": {"quantity": 1, "section": "circle"}})).await.refused(422, "validation_failed");
    refused(json!({"seats": ["r1-3"], "allocation_id": Uuid::nil()})).await.refused(401, "unauthenticated");
    refused(json!({"seats": ["r1-3"], "access_code": "FRIENDS"})).await.refused(403, "access_code_invalid");
    let best = hold(&server, show, &json!({"best_available": {"quantity": 2, "price_level": "good"}})).await;
    assert!(best["seats"].as_array().unwrap().iter().all(|seat| text(seat).starts_with("r2-")), "{best}");
    let nowhere = Uuid::from_u128(7);
    send(wish(&server, nowhere, &json!({"seats": ["r1-1"]}))).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_could_not_be_kept_together_is_told_so() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 4, 2)).await;
    let best = |quantity: u32| json!({"best_available": {"quantity": quantity}});
    let stacked = hold(&server, show, &best(6)).await;
    assert_eq!((&stacked["placement"], stacked["seats"].as_array().unwrap().len()), (&json!("stacked"), 6));
    send(own(&server, Method::DELETE, &stacked, "")).await;
    hold(&server, show, &json!({"seats": ["r1-2", "r2-3"]})).await;
    let split = hold(&server, show, &best(4)).await;
    assert_eq!(split["placement"], "split");
    send(own(&server, Method::DELETE, &split, "")).await;
    let together = hold(&server, show, &best(2)).await;
    assert_eq!(together["placement"], "one_row");
    let apart = json!({"add": ["r1-1"]});
    let apart = send(own(&server, Method::PATCH, &together, "").json(&apart)).await.expect(200);
    assert_eq!(apart["hold"]["placement"], "split", "chosen seats are told of too: {apart}");
    let floor = hold(&server, show, &json!({"areas": [{"area": "floor", "quantity": 1}]})).await;
    assert!(floor["placement"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shows_state_and_times_and_limits_bind_the_public() {
    use aisle_actors::core::{Command, StateChange};
    let server = spawn().await;
    let one = json!({"seats": ["r1-1"]});
    let draft = draft_with(&server, &hall(1, 4, 0), json!({})).await;
    send(wish(&server, draft, &one)).await.refused(404, "not_found");
    // Not even by what it has no seats of.
    send(wish(&server, draft, &json!({"seats": ["nowhere"]}))).await.refused(404, "not_found");
    server.get(&format!("/shows/{draft}/seats")).await.refused(404, "not_found");
    let early = on_sale_with(&server, &hall(1, 4, 0), json!({"on_sale_at": "2030-01-01T00:00:00Z"})).await;
    send(wish(&server, early, &one)).await.refused(409, "not_on_sale");
    let small = on_sale_with(&server, &hall(1, 12, 0), json!({"seats_per_hold_max": 2})).await;
    send(wish(&server, small, &json!({"seats": ["r1-1", "r1-2", "r1-3"]}))).await.refused(409, "seat_limit_reached");
    let strict = on_sale_with(&server, &hall(1, 6, 0), json!({"orphan_rule": "strict"})).await;
    let stranded =
        send(wish(&server, strict, &json!({"seats": ["r1-2", "r1-3"]}))).await.refused(409, "strands_a_seat");
    assert_eq!(stranded["seats"], json!(["r1-1"]));
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let pause =
        StateChange::Pause { reason: "fire drill".to_owned(), public_message: Some("Back at eight".to_owned()) };
    ask(&server, show, Command::Change(pause)).await;
    let paused = send(wish(&server, show, &one)).await.refused(409, "sales_paused");
    assert!(text(&paused["detail"]).contains("Back at eight"));
    ask(&server, show, Command::Change(StateChange::Resume)).await;
    hold(&server, show, &one).await;
    let cancel = StateChange::Cancel { reason: "flood".to_owned(), public_message: None };
    ask(&server, show, Command::Change(cancel)).await;
    send(wish(&server, show, &json!({"seats": ["r1-2"]}))).await.refused(409, "sales_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_belongs_to_who_has_its_token() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let mine = hold(&server, show, &json!({"seats": ["r1-1"]})).await;
    let theirs = hold(&server, show, &json!({"seats": ["r1-2"]})).await;
    let mut forged = mine.clone();
    forged["token"] = theirs["token"].clone();
    for method in [Method::GET, Method::DELETE] {
        send(own(&server, method.clone(), &forged, "")).await.refused(403, "hold_token_invalid");
        let path = format!("/shows/{show}/holds/{}", text(&mine["id"]));
        send(server.request(method, &path)).await.refused(403, "hold_token_invalid");
    }
    send(own(&server, Method::POST, &forged, "/extend")).await.refused(403, "hold_token_invalid");
    send(own(&server, Method::PATCH, &forged, "").json(&json!({"remove": ["r1-1"]})))
        .await
        .refused(403, "hold_token_invalid");
    assert_eq!(seats(&server, show).await, "hhaa");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_hold_and_strangers_do_not_meet() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 6, 0)).await;
    let body = json!({"seats": ["r1-1"]});
    let keyed = |key: &str, body: &Value| wish(&server, show, body).header("idempotency-key", key);
    let key = "a-key-of-twenty-two-signs!";
    let first = send(keyed(key, &body)).await;
    assert!(first.headers.get("idempotent-replayed").is_none());
    let first = first.expect(201);
    let again = send(keyed(key, &body)).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let again = again.expect(201);
    assert_eq!((&again["hold"]["id"], &again["hold"]["token"]), (&first["hold"]["id"], &first["hold"]["token"]));
    send(keyed(key, &json!({"seats": ["r1-2"]}))).await.refused(409, "idempotency_key_reused");
    // A stranger's key that another stranger could come upon is refused before anything is held.
    send(keyed("order-1", &json!({"seats": ["r1-3"]}))).await.refused(422, "validation_failed");
    send(keyed("", &json!({"seats": ["r1-3"]}))).await.refused(422, "validation_failed");
    send(keyed(&"k".repeat(256), &json!({"seats": ["r1-3"]}))).await.refused(422, "validation_failed");
    assert_eq!(seats(&server, show).await, "haaaaa");
    // An account's key is its own: it meets no stranger's.
    let staff = keyed(key, &json!({"seats": ["r1-4"]})).bearer_auth(&server.admin);
    assert_ne!(send(staff).await.expect(201)["hold"]["id"], first["hold"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_buyers_fight_for_a_hundred_seats_and_each_seat_has_one_holder() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(10, 10, 0)).await;
    // Each buyer wants every seat in an order of its own, one at a time: 64 times 100 wishes, all of them meant.
    let buyers = (0..64_usize).map(|buyer| {
        let requests: Vec<(String, RequestBuilder)> = (0..100_usize)
            .map(|turn| {
                let place = (buyer * 37 + turn * 61) % 100;
                let seat = format!("r{}-{}", place / 10 + 1, place % 10 + 1);
                let request = wish(&server, show, &json!({"seats": [seat]}));
                (seat, request)
            })
            .collect();
        tokio::spawn(async move {
            let mut got = Vec::new();
            for (seat, request) in requests {
                let answer: Answer = send(request).await;
                match answer.status.as_u16() {
                    201 => got.push(seat),
                    409 => assert_eq!(answer.refused(409, "seats_taken")["seats"], json!([seat])),
                    503 => {
                        answer.refused(503, "busy");
                    }
                    other => panic!("{other}: {}", answer.text),
                }
            }
            got
        })
    });
    let mut holders = std::collections::HashMap::new();
    for buyer in buyers.collect::<Vec<_>>() {
        for seat in buyer.await.unwrap() {
            *holders.entry(seat).or_insert(0) += 1;
        }
    }
    assert_eq!(holders.len(), 100, "every seat found a holder");
    assert!(holders.values().all(|&count| count == 1), "{holders:?}");
    assert_eq!(seats(&server, show).await, "h".repeat(100));
}
