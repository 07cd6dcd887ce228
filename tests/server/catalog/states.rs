//! Publishing, pausing, keeping places from sale, and reading what happened.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{act, house, make, prices, show};
use crate::harness::spawn;

#[tokio::test(flavor = "multi_thread")]
async fn a_show_is_published_once_every_category_has_a_price() {
    let server = spawn().await;
    let house = house(&server).await;
    let body = json!({"production_id": house.production, "venue_id": house.venue, "plan_id": house.plan, "currency": "EUR",
                      "starts_at": "2031-03-01T18:30:00Z"});
    let show = make(&server, "shows", &body).await;
    let state = format!("/admin/shows/{show}/state");
    let publish = json!({"action": "publish"});
    let refused = server.admin(Method::POST, &state, &publish).await.refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["field"], "prices");
    server.admin(Method::POST, &state, &json!({"action": "pause"})).await.refused(409, "wrong_state");
    let path = format!("/admin/shows/{show}/prices");
    let set = server.admin(Method::PUT, &path, &prices()).await.expect(200);
    assert_eq!(set["currency"], "EUR");
    let id = set["ticket_types"][0]["id"].clone();
    server.admin(Method::POST, &state, &publish).await.expect(200);
    server.admin(Method::POST, &state, &publish).await.expect(200);

    // Once people see it, every seat keeps a price; a ticket type keeps its id.
    let mut fewer = prices();
    fewer["price_levels"].as_array_mut().unwrap().pop();
    server.admin(Method::PUT, &path, &fewer).await.refused(422, "validation_failed");
    let mut dearer = prices();
    dearer["price_levels"][0]["prices"][0]["amount"] = json!(6000);
    let set = server.admin(Method::PUT, &path, &dearer).await.expect(200);
    assert_eq!((&set["price_levels"][0]["prices"][0]["amount"], &set["ticket_types"][0]["id"]), (&json!(6000), &id));
    assert_eq!(server.admin(Method::GET, &path, &Value::Null).await.expect(200), set);
    for wrong in [
        json!({"ticket_types": [], "price_levels": []}),
        json!({"ticket_types": [{"key": "Adult!", "name": "A"}], "price_levels": prices()["price_levels"]}),
        json!({"ticket_types": [{"key": "senior", "name": "S"}], "price_levels": prices()["price_levels"]}),
    ] {
        server.admin(Method::PUT, &path, &wrong).await.refused(422, "validation_failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_tells_the_public_why_and_settings_come_into_force() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let state = format!("/admin/shows/{show}/state");
    let pause = json!({"action": "pause", "reason": "fire alarm", "public_message": "Back in a moment"});
    assert_eq!(server.admin(Method::POST, &state, &pause).await.expect(200)["state"], "paused");
    let page = server.get(&format!("/shows/{show}")).await.expect(200);
    assert_eq!((&page["state"], &page["public_message"]), (&json!("paused"), &json!("Back in a moment")));
    act(&server, &show, "resume").await;
    server.admin(Method::POST, &state, &json!({"action": "explode"})).await.refused(422, "validation_failed");

    let path = format!("/admin/shows/{show}");
    server.admin(Method::PATCH, &path, &json!({"seats_per_hold_max": 1})).await.expect(200);
    server
        .post(&format!("/shows/{show}/holds"), &json!({"seats": ["A-1", "A-2"]}))
        .await
        .refused(409, "seat_limit_reached");
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["A-1"]})).await.expect(201);
    server.admin(Method::PATCH, &path, &json!({"currency": "USD"})).await.refused(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_kept_from_sale_until_they_are_given_back_and_the_journal_tells_it() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let path = format!("/admin/shows/{show}/allocations");
    let wanted = json!({"seats": ["A-1"], "areas": [{"area": "floor", "quantity": 4}], "reason": "Camera"});
    let made = server.admin(Method::POST, &path, &wanted).await.expect(201);
    assert_eq!((&made["seats"], &made["areas"]), (&wanted["seats"], &wanted["areas"]));
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["A-1"]})).await.refused(409, "seats_taken");
    let unknown = json!({"seats": ["Z-1"], "reason": "x"});
    let refused = server.admin(Method::POST, &path, &unknown).await.refused(422, "validation_failed");
    assert_eq!(refused["seats"], json!(["Z-1"]));
    server.admin(Method::POST, &path, &json!({"reason": "x"})).await.refused(422, "validation_failed");
    let listed = server.admin(Method::GET, &path, &Value::Null).await.expect(200);
    assert_eq!(listed["items"], json!([made]));
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(server.admin(Method::DELETE, &one, &Value::Null).await.status, 204);
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["A-1"]})).await.expect(201);
    let journal = server.admin(Method::GET, &format!("/admin/shows/{show}/journal"), &Value::Null).await.expect(200);
    let lines = journal["items"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["event"]["seats"] == json!(["A-1"])), "{journal}");
    let after =
        server.admin(Method::GET, &format!("/admin/shows/{show}/journal?limit=1"), &Value::Null).await.expect(200);
    assert_eq!(after["items"][0]["seq"], 1);
}
