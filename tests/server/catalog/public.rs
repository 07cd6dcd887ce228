//! What anybody may read.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{act, house, production, show, show_of};
use crate::harness::{send, spawn};

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_does_not_exist_for_the_public_and_a_published_show_does() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    let production = &house.production;
    for path in [
        format!("/shows/{show}"),
        format!("/shows/{show}/plan"),
        format!("/productions/{production}"),
        format!("/productions/{production}/poster.svg"),
        "/shows/no-id".to_owned(),
    ] {
        server.get(&path).await.refused(404, "not_found");
    }
    assert_eq!(server.get("/productions").await.expect(200)["items"], json!([]));
    let draft = server.admin(Method::GET, &format!("/admin/shows/{show}"), &Value::Null).await.expect(200);
    assert_eq!(draft["state"], "draft");

    assert_eq!(act(&server, &show, "publish").await["state"], "published");
    let page = server.get(&format!("/shows/{show}")).await.expect(200);
    assert_eq!(page["availability"], "good");
    assert_eq!(page["price_from"], json!({"amount": 3000, "currency": "EUR"}));
    assert_eq!(page["time_zone"], "Europe/Stockholm");
    assert_eq!(
        page["limits"],
        json!({"seats_per_hold_max": 10, "holds_per_buyer_max": null, "places_per_buyer_max": null, "hold_ttl_s": 480, "extend_max_s": 1200, "pay_within_s": 600})
    );
    assert_eq!(
        page["price_levels"][0]["prices"][0],
        json!({"ticket_type": "adult", "price": {"amount": 5000, "currency": "EUR"}})
    );
    assert_eq!((&page["ticket_types"][0]["default"], &page["public_message"]), (&json!(true), &Value::Null));
    let found = server.get(&format!("/productions/{production}")).await.expect(200);
    assert_eq!((&found["show_count"], &found["shows"][0]["id"]), (&json!(1), &json!(show)));
    assert_eq!(found["organizer"]["name"], "House");
    let venue = server.get(&format!("/venues/{}", house.venue)).await.expect(200);
    assert_eq!((&venue["seats"], &venue["shows"]), (&json!(14), &json!(1)));
    let poster = server.get(found["poster_url"].as_str().unwrap()).await;
    assert_eq!(poster.headers["content-type"], "image/svg+xml");
    assert!(poster.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert!(poster.text.starts_with("<svg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_kept_for_ever_under_its_version_and_asked_for_again_without() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let page = server.get(&format!("/shows/{show}")).await;
    let tag = page.headers["etag"].to_str().unwrap().to_owned();
    let again = server.request(Method::GET, &format!("/shows/{show}")).header("if-none-match", &tag);
    assert_eq!(send(again).await.status, 304);
    let version = page.expect(200)["plan_version"].as_str().unwrap().to_owned();
    let kept = server.get(&format!("/shows/{show}/plan?v={version}")).await;
    assert!(kept.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(kept.body["zones"][0]["rows"][1]["seats"][0]["seat_guid"], "B-1");
    let other = server.get(&format!("/shows/{show}/plan?v=another")).await;
    assert!(!other.headers["cache-control"].to_str().unwrap().contains("immutable"));
    let fresh =
        server.request(Method::GET, &format!("/shows/{show}/plan")).header("if-none-match", format!("\"{version}\""));
    assert_eq!(send(fresh).await.status, 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn productions_are_found_by_words_filters_and_facets_page_by_page() {
    let server = spawn().await;
    let house = house(&server).await;
    for (title, kind, starts_at) in [
        ("Hamlet again", "theatre", "2031-03-03T18:30:00Z"),
        ("Songs of the sea", "concert", "2031-03-02T18:30:00Z"),
        ("Ham and eggs", "comedy", "2031-03-01T18:30:00Z"),
    ] {
        let production = production(&server, &house.organizer, title, kind).await;
        let show = show_of(&server, &house, &production, starts_at).await;
        act(&server, &show, "publish").await;
    }
    let titles = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
    };
    let all = server.get("/productions").await.expect(200);
    assert_eq!(titles(&all), ["Ham and eggs", "Songs of the sea", "Hamlet again"]);
    assert_eq!(all["facets"]["city"], json!([{"value": "Lund", "count": 3}]));
    assert_eq!(all["facets"]["venue"][0]["label"], "Hall");
    let found = server.get("/productions?q=ham&sort=date").await.expect(200);
    assert_eq!(titles(&found), ["Ham and eggs", "Hamlet again"]);
    let narrowed = server.get("/productions?q=ham&kind=comedy").await.expect(200);
    assert_eq!(titles(&narrowed), ["Ham and eggs"]);
    assert_eq!(narrowed["facets"]["kind"].as_array().unwrap().len(), 2, "a facet counts under all filters but its own");
    assert_eq!(titles(&server.get("/productions?q=lund%20song").await.expect(200)), ["Songs of the sea"]);
    let none = "/productions?from=2031-03-03T18:30:01Z";
    assert!(titles(&server.get(none).await.expect(200)).is_empty());
    let edge = "/productions?from=2031-03-02T18:30:00Z&to=2031-03-03T18:30:00Z";
    assert_eq!(titles(&server.get(edge).await.expect(200)), ["Songs of the sea"]);
    assert!(titles(&server.get("/productions?price_max=2999").await.expect(200)).is_empty());
    assert_eq!(titles(&server.get("/productions?price_max=3000&available=true").await.expect(200)).len(), 3);

    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = server.get(&format!("/productions?limit=1&sort=title{after}")).await.expect(200);
        seen.extend(titles(&page));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["Ham and eggs", "Hamlet again", "Songs of the sea"]);
    for wrong in ["limit=0", "limit=201", "after=!", "sort=best", "venue=x", "from=today", "price_max=-1", "kind=%00"] {
        server.get(&format!("/productions?{wrong}")).await.refused(422, "validation_failed");
    }
    let day = server.get("/shows?date=2031-03-02").await.expect(200);
    assert_eq!(day["items"].as_array().unwrap().len(), 1);
    let first = server.get("/shows?limit=2").await.expect(200);
    let rest = server.get(&format!("/shows?limit=2&after={}", first["next"].as_str().unwrap())).await.expect(200);
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
    assert_eq!(rest["next"], Value::Null);
}
