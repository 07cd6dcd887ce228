//! Bodies of requests, at every address that takes one, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::mutate::{Chance, is_whole, rounds};
use crate::catalog::house::{self, plan, prices};
use crate::harness::{Answer, Server, send, spawn};
use crate::house::{hall, on_sale};

/// A request that is right, to be spoilt.
struct Right {
    method: Method,
    path: String,
    /// A header that proves who asks.
    proof: (&'static str, String),
    body: String,
}

/// Every address that takes a body, with bodies that use every field.
async fn rights(server: &Server) -> Vec<Right> {
    let house = house::house(server).await;
    let draft = house::show(server, &house, "2031-03-01T18:30:00Z").await;
    let show = on_sale(server, &hall(6, 20, 50_000)).await;
    let held = server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["r1-1"]})).await.expect(201);
    let (id, token) = (held["hold"]["id"].as_str().unwrap(), held["hold"]["token"].as_str().unwrap());
    let owned = json!([{"show_id": show, "hold_id": id, "token": token}]);
    let tickets = json!([{"seat": "r1-1", "ticket_type": "child"}]);
    let customer = json!({"name": "Ada Buyer", "email": "ada@example.org", "locale": "sv"});
    let nobody = || ("accept-language", "en".to_owned());
    let admin = || ("authorization", format!("Bearer {}", server.admin));
    let owner = || ("aisle-hold-token", token.to_owned());
    let organizer = &house.organizer;
    let of_show = |tail: &str| format!("/admin/shows/{draft}{tail}");
    let holds = format!("/shows/{show}/holds");
    let right = |method: Method, path: &str, proof: (&'static str, String), body: &Value| Right {
        method,
        path: path.to_owned(),
        proof,
        body: body.to_string(),
    };
    vec![
        right(Method::POST, &holds, nobody(), &json!({"seats": ["r2-1"], "areas": [{"area": "floor", "quantity": 1}]})),
        right(
            Method::POST,
            &holds,
            nobody(),
            &json!({"best_available": {"quantity": 1, "price_level": "good", "section": "stalls", "accessible": 0, "companions": 0}}),
        ),
        right(
            Method::POST,
            &holds,
            nobody(),
            &json!({"areas": [{"area": "floor", "quantity": 2}], "access_code": "FRIENDS"}),
        ),
        right(Method::POST, &holds, admin(), &json!({"seats": ["r1-3"], "allocation_id": show})),
        right(
            Method::PATCH,
            &format!("{holds}/{id}"),
            owner(),
            &json!({"add": ["r1-2"], "remove": ["r1-2"], "areas": [{"area": "floor", "quantity": 1}]}),
        ),
        right(
            Method::POST,
            "/quotes",
            nobody(),
            &json!({"holds": owned, "tickets": tickets, "promo_code": "SPRING24", "voucher_code": "7F3K-2M9P-8HJW-QQ23-4567",
                    "exchange": {"order_id": show, "tickets": [show], "token": "k.token"}}),
        ),
        right(
            Method::POST,
            "/orders",
            nobody(),
            &json!({"holds": owned, "tickets": tickets, "customer": customer, "provider": "sandbox", "accept_equal_seats": true,
                    "terms_version": "1", "promo_code": "SPRING24", "voucher_code": "7F3K-2M9P-8HJW-QQ23-4567", "expected_total": 4500,
                    "exchange": {"order_id": show, "tickets": [show], "token": "k.token"}}),
        ),
        right(Method::POST, "/orders/lookup", nobody(), &json!({"number": "A-7F3K2M", "email": "ada@example.org"})),
        right(Method::POST, "/auth/login", nobody(), &json!({"email": "ada@example.org", "password": "guess"})),
        right(
            Method::POST,
            "/admin/organizers",
            admin(),
            &json!({"name": "House", "metadata": {"a": [1, {"b": 2.5}]}}),
        ),
        right(
            Method::POST,
            "/admin/venues",
            admin(),
            &json!({"organizer_id": organizer, "name": "Hall", "city": "Lund", "time_zone": "Europe/Stockholm"}),
        ),
        right(
            Method::POST,
            "/admin/productions",
            admin(),
            &json!({"organizer_id": organizer, "title": "Hamlet", "kind": "theatre", "language": "en", "genre": "tragedy"}),
        ),
        right(
            Method::POST,
            "/admin/plans",
            admin(),
            &json!({"organizer_id": organizer, "venue_id": house.venue, "plan": plan()}),
        ),
        right(
            Method::POST,
            "/admin/shows",
            admin(),
            &json!({"production_id": house.production, "venue_id": house.venue, "plan_id": house.plan, "currency": "EUR",
                    "starts_at": "2031-03-01T18:30:00Z", "sales_end_at": "2031-03-01T18:00:00Z", "prices": prices()}),
        ),
        right(
            Method::PATCH,
            &of_show(""),
            admin(),
            &json!({"hold_ttl_s": 60, "extend_max_s": 120, "pay_within_s": 60, "holds_per_buyer_max": 3, "places_per_buyer_max": null,
                    "orphan_rule": "lenient", "orphan_rule_ends_before_s": 7, "on_sale_at": "2030-01-01T00:00:00Z"}),
        ),
        right(
            Method::PUT,
            &format!("/admin/organizers/{organizer}/fraud-rules"),
            admin(),
            &json!({"velocity": {"action": "hold", "window_s": 600, "attempts_max": 2, "places_max": 3, "address_attempts_max": 4,
                                 "address_places_max": 5},
                    "mismatch": {"action": "flag", "countries": ["SE"]},
                    "reuse": {"action": "off", "window_s": 60, "emails_max": 1}, "decide_within_s": 3600}),
        ),
        right(
            Method::PUT,
            &format!("/admin/organizers/{organizer}/price-rules"),
            admin(),
            &json!({"fees": [{"name": "Fee", "per": "ticket", "amount": {"fixed": {"amount": 150, "currency": "EUR"}},
                              "only": {"shows": [draft], "countries": ["Sweden"], "price_levels": ["best"], "ticket_types": ["adult"]}},
                             {"name": "Handling", "per": "order", "amount": {"percent_bp": 250}}],
                    "taxes": [{"name": "VAT", "rate_bp": 2500, "included": true, "on": "all", "only": {"countries": ["Sweden"]}}]}),
        ),
        right(
            Method::POST,
            "/admin/promo-codes",
            admin(),
            &json!({"organizer_id": organizer, "code": "SPRING24", "discount": {"per_order": {"amount": 500, "currency": "EUR"}},
                    "only": {"shows": [draft]}, "valid_from": "2030-01-01T00:00:00Z", "valid_until": "2031-01-01T00:00:00Z",
                    "uses_max": 5, "per_customer_max": 1, "note": "Leaflets"}),
        ),
        right(Method::PUT, &of_show("/prices"), admin(), &{
            let mut table = prices();
            let early = json!({"price_level": "near", "ticket_type": "adult", "amount": 4000});
            table["timed"] = json!([{"name": "Early bird", "valid_until": "2031-01-01T00:00:00Z", "prices": [early]}]);
            table
        }),
        right(
            Method::POST,
            &of_show("/allocations"),
            admin(),
            &json!({"seats": ["A-1"], "areas": [{"area": "floor", "quantity": 1}], "reason": "Press", "release_at": "2030-01-01T00:00:00Z"}),
        ),
        right(
            Method::POST,
            &of_show("/access-codes"),
            admin(),
            &json!({"code": "FRIENDS-24", "places_max": 2, "note": "Members", "valid_until": "2031-01-01T00:00:00Z"}),
        ),
        right(
            Method::POST,
            &of_show("/state"),
            admin(),
            &json!({"action": "publish", "reason": "why", "public_message": "what"}),
        ),
    ]
}

async fn ask(server: &Server, right: &Right, body: Vec<u8>) -> Answer {
    let request = server.request(right.method.clone(), &right.path).header(right.proof.0, &right.proof.1);
    send(request.header("content-type", "application/json").body(body)).await
}

/// An answer that a client can act on, whatever it sent.
fn must_be_an_answer(answer: &Answer) {
    let status = answer.status.as_u16();
    assert!(status < 500, "{status}: {}", answer.text);
    if status >= 400 {
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{}", answer.text);
        assert!(answer.body["code"].is_string() && answer.body["status"] == status, "{}", answer.text);
    } else {
        assert!(answer.text.is_empty() || answer.body.is_object(), "{}", answer.text);
    }
}

async fn round(server: &Server, rights: &[Right], chance: &mut Chance) -> bool {
    let right = chance.one_of(rights);
    let body = right.body.as_bytes();
    let spoilt = if chance.below(3) == 0 { chance.spoil(body) } else { chance.spoil_value(body) };
    let is_another = spoilt != body;
    let answer = ask(server, right, spoilt).await;
    must_be_an_answer(&answer);
    // What is JSON got past the first door, whatever the next ones then said.
    is_another && answer.status.as_u16() != 400
}

#[test]
fn a_spoilt_body_is_refused_by_name_or_taken_for_what_it_says() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(spawn());
    let rights = runtime.block_on(rights(&server));
    for right in &rights {
        let answer = runtime.block_on(ask(&server, right, right.body.clone().into_bytes()));
        must_be_an_answer(&answer);
        assert!(!matches!(answer.status.as_u16(), 400 | 415), "{}: {}", right.path, answer.text);
    }
    let worth = rounds("bodies", 800, |chance| runtime.block_on(round(&server, &rights, chance)));
    assert!(!is_whole() || worth > 200, "hardly any spoilt body got past the door: {worth}");
    runtime.block_on(server.stop());
}
