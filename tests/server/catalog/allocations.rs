//! Places kept from sale, over HTTP: made, changed, lifted, sold out of; and who may not.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{act, by, house, make, prices, staff};
use crate::harness::{Answer, Server, send, spawn};

/// A house with one published show, and somebody of its box office.
pub struct Desk {
    pub server: Server,
    pub organizer: String,
    pub show: String,
    pub box_office: String,
}

pub async fn desk(fields: Value) -> Desk {
    let server = spawn().await;
    let house = house(&server).await;
    let mut body = json!({"production_id": house.production, "venue_id": house.venue, "plan_id": house.plan, "currency": "EUR",
                          "starts_at": "2031-03-01T18:30:00Z", "prices": prices()});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let show = make(&server, "shows", &body).await;
    act(&server, &show, "publish").await;
    let box_office = staff(&server, &house.organizer, "box_office").await;
    Desk { organizer: house.organizer, server, show, box_office }
}

impl Desk {
    fn path(&self, tail: &str) -> String {
        format!("/admin/shows/{}/allocations{tail}", self.show)
    }

    pub async fn ask(&self, method: Method, tail: &str, body: &Value) -> Answer {
        by(&self.server, &self.box_office, method, &self.path(tail), body).await
    }

    pub async fn make(&self, body: &Value) -> (String, Value) {
        let made = self.ask(Method::POST, "", body).await.expect(201);
        (format!("/{}", made["id"].as_str().unwrap()), made)
    }

    pub async fn hold(&self, body: &Value) -> Answer {
        self.server.post(&format!("/shows/{}/holds", self.show), body).await
    }

    async fn staff_hold(&self, token: &str, body: &Value) -> Answer {
        by(&self.server, token, Method::POST, &format!("/shows/{}/holds", self.show), body).await
    }

    async fn seats(&self) -> String {
        let seats = self.server.get(&format!("/shows/{}/seats", self.show)).await.expect(200);
        format!("{} {}", seats["seats"].as_str().unwrap(), seats["areas"][0]["available"])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_or_impossible_is_not_kept_from_sale_and_every_offender_is_named() {
    let desk = desk(json!({})).await;
    desk.hold(&json!({"seats": ["A-1"], "areas": [{"area": "floor", "quantity": 3}]})).await.expect(201);
    let (kept, _) = desk.make(&json!({"seats": ["A-2"], "reason": "Camera"})).await;
    let make = async |body: Value| desk.ask(Method::POST, "", &body).await;
    let taken = make(json!({"seats": ["A-1", "A-2", "B-1"], "reason": "Group"})).await.refused(409, "seats_taken");
    assert_eq!(taken["seats"], json!(["A-1", "A-2"]));
    let floor = |quantity: u32| json!([{"area": "floor", "quantity": quantity}]);
    let full = make(json!({"areas": floor(8), "reason": "Group"})).await.refused(409, "area_full");
    assert_eq!(full["detail"], "floor has 7 places left.");
    let unknown = make(json!({"seats": ["Z-1", "B-1"], "reason": "x"})).await.refused(422, "validation_failed");
    assert_eq!((&unknown["seats"], &unknown["errors"][0]["field"]), (&json!(["Z-1"]), &json!("seats[0]")));
    for (body, field) in [
        (json!({"areas": [{"area": "roof", "quantity": 1}], "reason": "x"}), "areas[0].area"),
        (json!({"seats": ["B-1"], "reason": ""}), "reason"),
        (json!({"seats": ["B-1"], "reason": "x", "release_at": "2020-01-01T00:00:00Z"}), "release_at"),
        (json!({"seats": vec!["B-1"; 5001], "reason": "x"}), "seats"),
    ] {
        let refused = make(body).await.refused(422, "validation_failed");
        assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with(field), "{refused}");
    }
    make(json!({"seats": ["B-1"]})).await.refused(422, "validation_failed");
    make(json!({"areas": floor(0), "reason": "nothing"})).await.refused(422, "validation_failed");
    make(json!({"seats": ["B-1", "B-1"], "reason": "twice"})).await.refused(422, "validation_failed");
    make(json!({"seats": ["B-1"], "reason": "x", "until": 1})).await.refused(422, "validation_failed");
    assert_eq!(desk.seats().await, "hxaa 7");

    // A change that is refused changes nothing of what it says.
    let change = json!({"add": ["B-1", "A-1"], "remove": ["A-2"], "reason": "Other"});
    let taken = desk.ask(Method::PATCH, &kept, &change).await.refused(409, "seats_taken");
    assert_eq!(taken["seats"], json!(["A-1"]));
    assert_eq!(desk.ask(Method::GET, &kept, &Value::Null).await.expect(200)["reason"], "Camera");
    let both = desk.ask(Method::PATCH, &kept, &json!({"add": ["B-1"], "remove": ["B-1"]})).await;
    assert_eq!(both.refused(422, "validation_failed")["seats"], json!(["B-1"]));
    assert_eq!(desk.seats().await, "hxaa 7");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allocation_is_changed_piece_by_piece_and_lifted_whole() {
    let desk = desk(json!({})).await;
    let wish = json!({"seats": ["A-1", "A-2"], "areas": [{"area": "floor", "quantity": 4}], "reason": "Group",
                      "release_at": "2031-02-01T00:00:00Z"});
    let keyed = || {
        let request = desk.server.request(Method::POST, &desk.path("")).bearer_auth(&desk.box_office);
        request.header("idempotency-key", "one")
    };
    let made = send(keyed().json(&wish)).await.expect(201);
    let again = send(keyed().json(&wish)).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201), made);
    send(keyed().json(&json!({"seats": ["B-1"], "reason": "x"}))).await.refused(409, "idempotency_key_reused");
    let one = format!("/{}", made["id"].as_str().unwrap());
    assert_eq!(desk.ask(Method::GET, &one, &Value::Null).await.expect(200), made);
    assert_eq!(desk.ask(Method::GET, "", &Value::Null).await.expect(200)["items"], json!([made]));
    assert_eq!(desk.seats().await, "xxaa 6");

    let change = json!({"add": ["B-1"], "remove": ["A-1", "B-2"], "areas": [{"area": "floor", "quantity": 1}]});
    let changed = desk.ask(Method::PATCH, &one, &change).await.expect(200);
    assert_eq!(changed["seats"], json!(["A-2", "B-1"]));
    assert_eq!(changed["areas"], json!([{"area": "floor", "quantity": 1}]));
    assert_eq!(
        (&changed["reason"], &changed["release_at"]),
        (&made["reason"], &made["release_at"]),
        "left out, it stays"
    );
    assert_eq!(desk.ask(Method::PATCH, &one, &change).await.expect(200), changed, "once more changes nothing");
    assert_eq!(desk.seats().await, "axxa 9");
    let terms = json!({"reason": "Choir", "release_at": null, "areas": [{"area": "floor", "quantity": 10}]});
    let changed = desk.ask(Method::PATCH, &one, &terms).await.expect(200);
    assert_eq!((&changed["reason"], &changed["release_at"]), (&json!("Choir"), &Value::Null));
    assert_eq!(desk.seats().await, "axxa 0");
    let none = json!({"areas": [{"area": "floor", "quantity": 0}], "remove": ["A-2"]});
    assert_eq!(desk.ask(Method::PATCH, &one, &none).await.expect(200)["seats"], json!(["B-1"]));

    let nowhere = format!("/{}", aisle::platform::ids::new_id());
    for (method, body) in [(Method::GET, Value::Null), (Method::PATCH, json!({})), (Method::DELETE, Value::Null)] {
        desk.ask(method, &nowhere, &body).await.refused(404, "not_found");
    }
    for _ in 0..2 {
        assert_eq!(desk.ask(Method::DELETE, &one, &Value::Null).await.status, 204);
    }
    desk.ask(Method::GET, &one, &Value::Null).await.refused(404, "not_found");
    desk.ask(Method::PATCH, &one, &json!({"add": ["A-1"]})).await.refused(404, "not_found");
    assert_eq!(desk.seats().await, "aaaa 10");

    // And one ends by itself.
    let soon = Timestamp::now() + jiff::SignedDuration::from_secs(2);
    desk.make(&json!({"seats": ["A-1"], "reason": "Press", "release_at": soon.to_string()})).await;
    let free = async {
        while desk.seats().await != "aaaa 10" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), free).await.expect("its time comes");
    assert_eq!(desk.ask(Method::GET, "", &Value::Null).await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_houses_own_desk_keeps_places_and_sells_out_of_them() {
    let desk = desk(json!({})).await;
    let (one, made) = desk.make(&json!({"seats": ["A-1"], "reason": "Group"})).await;
    let elsewhere = make(&desk.server, "organizers", &json!({"name": "Other"})).await;
    let other = staff(&desk.server, &elsewhere, "organizer").await;
    let scanner = staff(&desk.server, &desk.organizer, "scanner").await;
    let wish = json!({"seats": ["B-1"], "reason": "x"});
    for (method, tail, body) in [
        (Method::GET, "", &Value::Null),
        (Method::POST, "", &wish),
        (Method::GET, &*one, &Value::Null),
        (Method::PATCH, &one, &json!({"reason": "mine"})),
        (Method::DELETE, &one, &Value::Null),
    ] {
        let path = desk.path(tail);
        by(&desk.server, &other, method.clone(), &path, body).await.refused(404, "not_found");
        by(&desk.server, &scanner, method.clone(), &path, body).await.refused(403, "forbidden");
        let request = desk.server.request(method, &path);
        send(if body.is_null() { request } else { request.json(body) }).await.refused(401, "unauthenticated");
    }
    let hold = json!({"seats": ["A-1"], "allocation_id": made["id"]});
    desk.hold(&hold).await.refused(401, "unauthenticated");
    desk.staff_hold(&other, &hold).await.refused(404, "not_found");
    desk.staff_hold(&scanner, &hold).await.refused(403, "forbidden");
    assert_eq!(desk.seats().await, "xaaa 10");
    assert_eq!(desk.ask(Method::GET, &one, &Value::Null).await.expect(200), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_sells_out_of_an_allocation_before_the_sale_and_past_its_rules() {
    let desk =
        desk(json!({"on_sale_at": "2031-01-01T00:00:00Z", "orphan_rule": "strict", "seats_per_hold_max": 1})).await;
    let (one, made) = desk
        .make(&json!({"seats": ["A-1", "A-2", "B-1"], "areas": [{"area": "floor", "quantity": 4}], "reason": "Group"}))
        .await;
    let of_it = |mut wish: Value| {
        wish["allocation_id"] = made["id"].clone();
        wish
    };
    desk.hold(&json!({"seats": ["B-2"]})).await.refused(409, "not_on_sale");
    let hold = async |wish: Value| desk.staff_hold(&desk.box_office, &of_it(wish)).await;
    let outside = hold(json!({"seats": ["A-1", "B-2"]})).await.refused(422, "validation_failed");
    assert_eq!(outside["seats"], json!(["B-2"]));
    hold(json!({"areas": [{"area": "floor", "quantity": 5}]})).await.refused(409, "area_full");
    let unknown = json!({"seats": ["A-1"], "allocation_id": aisle::platform::ids::new_id()});
    desk.staff_hold(&desk.box_office, &unknown).await.refused(404, "not_found");

    // Two places where one is the public's limit, and a single seat left in the row.
    let held = hold(json!({"seats": ["A-2"], "areas": [{"area": "floor", "quantity": 3}]})).await.expect(201);
    assert_eq!(desk.seats().await, "xhxa 6");
    let kept = desk.ask(Method::GET, &one, &Value::Null).await.expect(200);
    assert_eq!((&kept["seats"], &kept["areas"][0]["quantity"]), (&json!(["A-1", "B-1"]), &json!(1)));
    hold(json!({"seats": ["A-2"]})).await.refused(409, "seats_taken");
    let best = hold(json!({"best_available": {"quantity": 1, "price_level": "far"}})).await.expect(201);
    assert_eq!(best["hold"]["seats"], json!(["B-1"]), "the best of what is kept, not of what is free");

    // What comes back comes back into the allocation; where that is over, it goes to sale.
    let path = |held: &Value| format!("/shows/{}/holds/{}", desk.show, held["hold"]["id"].as_str().unwrap());
    let own = |method: Method, held: &Value| {
        desk.server.request(method, &path(held)).header("aisle-hold-token", held["hold"]["token"].as_str().unwrap())
    };
    let changed = send(own(Method::PATCH, &held).json(&json!({"add": ["A-1"]}))).await.expect(200);
    assert_eq!(changed["hold"]["seats"], json!(["A-2", "A-1"]));
    assert_eq!(send(own(Method::DELETE, &best)).await.status, 204);
    assert_eq!(desk.ask(Method::GET, &one, &Value::Null).await.expect(200)["seats"], json!(["B-1"]));
    assert_eq!(desk.ask(Method::DELETE, &one, &Value::Null).await.status, 204);
    assert_eq!(desk.seats().await, "hhaa 7");
    assert_eq!(send(own(Method::DELETE, &held)).await.status, 204);
    assert_eq!(desk.seats().await, "aaaa 10");
}
