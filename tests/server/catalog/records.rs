//! Making, changing and putting away.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{act, by, house, make, plan, prices, show, staff};
use crate::harness::{send, spawn};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_by_its_field() {
    let server = spawn().await;
    let house = house(&server).await;
    let venue = |more: Value| {
        let mut body = json!({"organizer_id": house.organizer, "name": "V", "city": "C", "time_zone": "UTC"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("venues", body)
    };
    let show = |more: Value| {
        let mut body = json!({"production_id": house.production, "venue_id": house.venue, "plan_id": house.plan,
                              "currency": "EUR", "starts_at": "2031-03-01T18:30:00Z"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("shows", body)
    };
    let mut free = prices();
    free["price_levels"][1]["category"] = json!("Nowhere");
    let nobody = aisle::platform::ids::new_id();
    for ((room, body), field) in [
        (venue(json!({"time_zone": "Mars/Base"})), "time_zone"),
        (venue(json!({"time_zone": "CET"})), "time_zone"),
        (venue(json!({"name": ""})), "name"),
        (venue(json!({"organizer_id": nobody})), "organizer_id"),
        (venue(json!({"city": 7})), "city"),
        (show(json!({"currency": "euro"})), "currency"),
        (show(json!({"plan_id": nobody})), "plan_id"),
        (show(json!({"production_id": nobody})), "production_id"),
        (show(json!({"venue_id": nobody})), "venue_id"),
        (show(json!({"doors_at": "2031-03-01T18:30:01Z"})), "doors_at"),
        (show(json!({"hold_ttl_s": 0})), "hold_ttl_s"),
        (show(json!({"hold_ttl_s": 100, "extend_max_s": 99})), "extend_max_s"),
        (show(json!({"starts_at": "tomorrow"})), "starts_at"),
        (show(json!({"prices": free})), "prices.price_levels[1].category"),
    ] {
        let refused =
            server.admin(Method::POST, &format!("/admin/{room}"), &body).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_plan_is_refused_with_every_path_and_a_good_one_keeps_its_numbers() {
    let server = spawn().await;
    let house = house(&server).await;
    let mut bad = plan();
    bad["zones"][0]["rows"][1]["seats"][0]["seat_guid"] = json!("A-1");
    bad["zones"][0]["rows"][0]["seats"][1]["category"] = json!("Nowhere");
    let path = format!("/admin/plans?organizer_id={}", house.organizer);
    let refused = server.admin(Method::POST, &path, &bad).await.refused(422, "validation_failed");
    let fields: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().filter_map(|one| one["field"].as_str()).collect();
    assert!(fields.iter().any(|field| field.starts_with("zones[0].rows[0].seats[1].category")), "{fields:?}");
    assert!(fields.iter().any(|field| field.starts_with("zones[0].rows[1].seats[0]")), "{fields:?}");
    let wrapped = json!({"organizer_id": house.organizer, "plan": bad});
    let refused = server.admin(Method::POST, "/admin/plans", &wrapped).await.refused(422, "validation_failed");
    assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with("plan.zones[0]"), "{refused}");
    server.admin(Method::POST, "/admin/plans", &plan()).await.refused(422, "validation_failed");

    // A seat goes, another comes: the one that stays keeps its number, and nobody gets the one that is gone.
    let mut next = plan();
    next["zones"][0]["rows"][0]["seats"][0]["seat_guid"] = json!("A-9");
    let path = format!("/admin/plans?plan_id={}", house.plan);
    let made = server.admin(Method::POST, &path, &next).await.expect(201);
    assert_eq!((&made["id"], &made["newest"]["number"]), (&json!(house.plan), &json!(2)));
    let numbers: Vec<(String, i32)> =
        sqlx::query_as("SELECT seat_guid, number FROM plan_seat_number WHERE plan_id = $1::uuid ORDER BY number")
            .bind(&house.plan)
            .fetch_all(&server.db)
            .await
            .unwrap();
    let numbers: Vec<(&str, i32)> = numbers.iter().map(|(guid, number)| (guid.as_str(), *number)).collect();
    assert_eq!(numbers, [("A-1", 0), ("A-2", 1), ("B-1", 2), ("B-2", 3), ("A-9", 4)]);
    let page = server.admin(Method::GET, &format!("/admin/plans/{}", house.plan), &Value::Null).await.expect(200);
    assert_eq!(page["categories"], json!(["Near", "Far"]));
    assert_eq!(page["versions"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_made_from_the_version_that_was_read_and_leaves_the_rest() {
    let server = spawn().await;
    let house = house(&server).await;
    let path = format!("/admin/venues/{}", house.venue);
    let edit = |tag: &str, body: Value| {
        send(server.request(Method::PATCH, &path).bearer_auth(&server.admin).header("if-match", tag).json(&body))
    };
    let read = server.admin(Method::GET, &path, &Value::Null).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    let changed = edit("\"1\"", json!({"address": "Lane 1"})).await.expect(200);
    assert_eq!(
        (&changed["address"], &changed["city"], &changed["version"]),
        (&json!("Lane 1"), &json!("Lund"), &json!(2))
    );
    edit("\"1\"", json!({"address": "Lane 2"})).await.refused(412, "edit_conflict");
    edit("\"2\"", json!({"organizer_id": aisle::platform::ids::new_id()})).await.refused(422, "validation_failed");
    edit("\"2\"", json!({"colour": "red"})).await.refused(422, "validation_failed");
    edit("\"2\"", json!({"name": null})).await.refused(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_makes_one_thing_and_another_body_is_refused() {
    let server = spawn().await;
    let house = house(&server).await;
    let keyed = |title: &str| {
        let body = json!({"organizer_id": house.organizer, "title": title, "kind": "opera"});
        send(
            server
                .request(Method::POST, "/admin/productions")
                .bearer_auth(&server.admin)
                .header("idempotency-key", "k1")
                .json(&body),
        )
    };
    let first = keyed("Tosca").await.expect(201);
    let again = keyed("Tosca").await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201), first);
    keyed("Aida").await.refused(409, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_may_do_what_their_part_in_the_house_allows() {
    let server = spawn().await;
    let house = house(&server).await;
    let other = make(&server, "organizers", &json!({"name": "Another house"})).await;
    let (seller, organizer, stranger) = (
        staff(&server, &house.organizer, "box_office").await,
        staff(&server, &house.organizer, "organizer").await,
        staff(&server, &other, "organizer").await,
    );
    let path = format!("/admin/venues/{}", house.venue);
    let rename = json!({"name": "Renamed"});
    server.get("/admin/venues").await.refused(401, "unauthenticated");
    by(&server, &seller, Method::GET, &path, &Value::Null).await.expect(200);
    by(&server, &seller, Method::PATCH, &path, &rename).await.refused(403, "forbidden");
    by(&server, &stranger, Method::GET, &path, &Value::Null).await.refused(404, "not_found");
    by(&server, &stranger, Method::PATCH, &path, &rename).await.refused(404, "not_found");
    by(&server, &organizer, Method::PATCH, &path, &rename).await.expect(200);
    by(&server, &organizer, Method::POST, "/admin/organizers", &json!({"name": "Mine"}))
        .await
        .refused(403, "forbidden");
    let seen = by(&server, &stranger, Method::GET, "/admin/venues", &Value::Null).await.expect(200);
    assert_eq!(seen["items"], json!([]));
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    let state = format!("/admin/shows/{show}/state");
    by(&server, &seller, Method::POST, &state, &json!({"action": "publish"})).await.refused(403, "forbidden");
    by(&server, &stranger, Method::POST, &state, &json!({"action": "publish"})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_need_stays_and_what_is_put_away_is_gone_for_the_public() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let delete = async |path: &str| server.admin(Method::DELETE, path, &Value::Null).await;
    for path in [
        format!("/admin/organizers/{}", house.organizer),
        format!("/admin/venues/{}", house.venue),
        format!("/admin/plans/{}", house.plan),
        format!("/admin/productions/{}", house.production),
        format!("/admin/shows/{show}"),
    ] {
        delete(&path).await.refused(409, "in_use");
    }
    act(&server, &show, "cancel").await;
    assert_eq!(server.get(&format!("/shows/{show}")).await.expect(200)["state"], "cancelled");
    assert_eq!(delete(&format!("/admin/shows/{show}")).await.status, 204);
    assert_eq!(delete(&format!("/admin/shows/{show}")).await.status, 204);
    server.get(&format!("/shows/{show}")).await.refused(404, "not_found");
    assert_eq!(delete(&format!("/admin/productions/{}", house.production)).await.status, 204);
    server.get(&format!("/productions/{}", house.production)).await.refused(404, "not_found");
}
