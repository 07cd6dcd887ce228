//! Access codes, over HTTP: made and changed by the house, told to people, guessed at.

use reqwest::Method;
use serde_json::{Value, json};

use super::allocations::{Desk, desk};
use super::house::{by, make, staff};
use crate::harness::{Answer, send};

impl Desk {
    async fn codes(&self, method: Method, tail: &str, body: &Value) -> Answer {
        let path = format!("/admin/shows/{}/access-codes{tail}", self.show);
        by(&self.server, &self.box_office, method, &path, body).await
    }

    async fn code(&self, body: &Value) -> (String, Value) {
        let made = self.codes(Method::POST, "", body).await.expect(201);
        (format!("/{}", made["id"].as_str().unwrap()), made)
    }

    async fn hold_with(&self, code: &str, seats: &[&str]) -> Answer {
        self.hold(&json!({"seats": seats, "access_code": code})).await
    }

    async fn page(&self) -> Value {
        self.server.get(&format!("/shows/{}", self.show)).await.expect(200)
    }
}

const LATER: &str = "2031-01-01T00:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_the_presale_for_as_many_places_as_it_gives() {
    let desk = desk(json!({"on_sale_at": LATER})).await;
    desk.hold(&json!({"seats": ["A-1"]})).await.refused(409, "not_on_sale");
    assert_eq!((&desk.page().await["presale"], &desk.page().await["access_codes"]), (&json!(false), &json!(false)));
    let (one, made) = desk.code(&json!({"code": "Friends-24", "places_max": 2, "note": "Members"})).await;
    assert_eq!((&made["code"], &made["places_used"], &made["version"]), (&json!("FRIENDS24"), &json!(0), &json!(1)));
    assert_eq!((&desk.page().await["presale"], &desk.page().await["access_codes"]), (&json!(true), &json!(true)));

    desk.hold(&json!({"seats": ["A-1"]})).await.refused(403, "access_code_required");
    desk.hold_with("enemies24", &["A-1"]).await.refused(403, "access_code_invalid");
    let held = desk.hold_with(" friends 24", &["A-1"]).await.expect(201);
    desk.hold_with("FRIENDS24", &["A-2", "B-1"]).await.refused(409, "access_code_used_up");
    desk.hold_with("FRIENDS24", &["A-2"]).await.expect(201);
    assert_eq!(desk.codes(Method::GET, &one, &Value::Null).await.expect(200)["places_used"], 2);
    let listed = desk.codes(Method::GET, "", &Value::Null).await.expect(200);
    assert_eq!((&listed["items"][0]["places_used"], &listed["next"]), (&json!(2), &Value::Null));
    desk.hold_with("FRIENDS24", &["B-1"]).await.refused(409, "access_code_used_up");
    // What is given back may be taken again; and what the show remembers of the code it remembers after a change of it.
    let path = format!("/shows/{}/holds/{}", desk.show, held["hold"]["id"].as_str().unwrap());
    let release = desk.server.request(Method::DELETE, &path);
    let token = held["hold"]["token"].as_str().unwrap();
    assert_eq!(send(release.header("aisle-hold-token", token)).await.status, 204);
    desk.hold_with("FRIENDS24", &["B-1"]).await.expect(201);
    desk.codes(Method::PATCH, &one, &json!({"places_max": null})).await.expect(200);
    desk.hold_with("FRIENDS24", &["A-1"]).await.expect(201);

    assert_eq!(desk.codes(Method::DELETE, &one, &Value::Null).await.status, 204);
    assert_eq!(desk.codes(Method::DELETE, &one, &Value::Null).await.status, 204);
    desk.hold_with("FRIENDS24", &["B-2"]).await.refused(403, "access_code_invalid");
    desk.codes(Method::PATCH, &one, &json!({"note": "x"})).await.refused(409, "wrong_state");
    assert_eq!(desk.page().await["presale"], false);
    // The word is free again, and a new code counts anew.
    let (again, _) = desk.code(&json!({"code": "friends24", "places_max": 1})).await;
    assert_eq!(desk.codes(Method::GET, &again, &Value::Null).await.expect(200)["places_used"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_an_allocation_and_nothing_else_of_a_show_that_is_not_on_sale() {
    let desk = desk(json!({"on_sale_at": LATER})).await;
    let (allocation, kept) = desk.make(&json!({"seats": ["A-1", "A-2"], "reason": "Choir"})).await;
    let wish = json!({"code": "CHOIR", "allocation_id": kept["id"]});
    let (_, made) = desk.code(&wish).await;
    assert_eq!(made["allocation_id"], kept["id"]);
    let page = desk.page().await;
    assert_eq!((&page["presale"], &page["access_codes"]), (&json!(false), &json!(true)), "it is no presale");
    desk.hold(&json!({"seats": ["B-1"]})).await.refused(409, "not_on_sale");
    let outside = desk.hold_with("choir", &["A-1", "B-1"]).await.refused(422, "validation_failed");
    assert_eq!(outside["seats"], json!(["B-1"]));
    let best = json!({"best_available": {"quantity": 1}, "access_code": "choir"});
    assert_eq!(desk.hold(&best).await.expect(201)["hold"]["seats"].as_array().unwrap().len(), 1);
    let both = json!({"seats": ["A-1"], "access_code": "choir", "allocation_id": kept["id"]});
    desk.hold(&both).await.refused(422, "validation_failed");
    let stray = json!({"code": "NOWHERE", "allocation_id": aisle::platform::ids::new_id()});
    desk.codes(Method::POST, "", &stray).await.refused(422, "validation_failed");
    // The allocation is lifted under the code.
    assert_eq!(desk.ask(Method::DELETE, &allocation, &Value::Null).await.status, 204);
    desk.hold_with("choir", &["A-2"]).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_nothing_before_its_time_nor_after_it() {
    let desk = desk(json!({"on_sale_at": LATER})).await;
    let (early, made) = desk.code(&json!({"code": "EARLY", "valid_from": "2030-01-01T00:00:00Z"})).await;
    desk.hold_with("EARLY", &["A-1"]).await.refused(403, "access_code_invalid");
    assert_eq!(desk.page().await["presale"], false);
    let now = json!({"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2020-01-02T00:00:00Z"});
    let changed = desk.codes(Method::PATCH, &early, &now).await.expect(200);
    assert_eq!((&changed["version"], &changed["code"]), (&json!(2), &made["code"]));
    desk.hold_with("EARLY", &["A-1"]).await.refused(403, "access_code_invalid");
    desk.codes(Method::PATCH, &early, &json!({"valid_until": LATER})).await.expect(200);
    desk.hold_with("EARLY", &["A-1"]).await.expect(201);

    let path = format!("/admin/shows/{}/access-codes{early}", desk.show);
    let stale = desk.server.request(Method::PATCH, &path).bearer_auth(&desk.box_office).header("if-match", "\"1\"");
    send(stale.json(&json!({"note": "stale"}))).await.refused(412, "edit_conflict");
    for (change, field) in [
        (json!({"code": "OTHER"}), "code"),
        (json!({"allocation_id": aisle::platform::ids::new_id()}), "allocation_id"),
        (json!({"valid_until": "2019-01-01T00:00:00Z"}), "valid_until"),
        (json!({"places_max": 0}), "places_max"),
    ] {
        let refused = desk.codes(Method::PATCH, &early, &change).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_is_stopped_and_only_the_houses_own_see_codes() {
    let desk = desk(json!({"on_sale_at": LATER})).await;
    let (one, made) = desk.code(&json!({})).await;
    let code = made["code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 10, "{made}");
    for (wrong, field) in [
        (json!({"code": "é-é-é-é"}), "code"),
        (json!({"code": code}), "code"),
        (json!({"valid_from": LATER, "valid_until": LATER}), "valid_until"),
    ] {
        let refused = desk.codes(Method::POST, "", &wrong).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let keyed = |body: Value| {
        let path = format!("/admin/shows/{}/access-codes", desk.show);
        let request = desk.server.request(Method::POST, &path).bearer_auth(&desk.box_office);
        send(request.header("idempotency-key", "k").json(&body))
    };
    let first = keyed(json!({"code": "KEYED"})).await.expect(201);
    assert_eq!(keyed(json!({"code": "KEYED"})).await.expect(201), first);
    keyed(json!({"code": "KEYED2"})).await.refused(409, "idempotency_key_reused");

    let elsewhere = make(&desk.server, "organizers", &json!({"name": "Other"})).await;
    let other = staff(&desk.server, &elsewhere, "organizer").await;
    let scanner = staff(&desk.server, &desk.organizer, "scanner").await;
    for (method, tail, body) in [
        (Method::GET, "", Value::Null),
        (Method::POST, "", json!({})),
        (Method::GET, &*one, Value::Null),
        (Method::PATCH, &one, json!({"note": "mine"})),
        (Method::DELETE, &one, Value::Null),
    ] {
        let path = format!("/admin/shows/{}/access-codes{tail}", desk.show);
        by(&desk.server, &other, method.clone(), &path, &body).await.refused(404, "not_found");
        by(&desk.server, &scanner, method, &path, &body).await.refused(403, "forbidden");
    }
    // The tenth wrong word of an address is the last that is looked at for a while; the right one waits with them.
    for number in 0..10 {
        desk.hold_with(&format!("WRONG{number}"), &["A-1"]).await.refused(403, "access_code_invalid");
    }
    let stopped = desk.hold_with(&code, &["A-1"]).await;
    assert!(stopped.headers.contains_key("retry-after"));
    stopped.refused(429, "too_many_requests");
}
