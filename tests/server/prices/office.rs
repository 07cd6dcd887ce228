//! The back office sets fees, taxes and codes.

use reqwest::Method;
use serde_json::{Value, json};

use super::{fees_and_vat, on_sale, send, shop, text};
use crate::catalog::house::{by, house, show, staff};

#[tokio::test(flavor = "multi_thread")]
async fn a_house_sets_its_fees_and_taxes_from_the_version_that_was_seen() {
    let shop = shop().await;
    let path = format!("/admin/organizers/{}/price-rules", shop.house.organizer);
    let own = shop.server.admin(Method::GET, &path, &Value::Null).await.expect(200);
    assert_eq!(own, json!({"rules": {"fees": [], "taxes": []}, "version": 0}));
    let set = |rules: Value, seen: &'static str| {
        let request = shop.server.request(Method::PUT, &path).bearer_auth(&shop.server.admin);
        send(request.header("if-match", seen).json(&rules))
    };
    let kept = set(fees_and_vat(), "\"0\"").await.expect(200);
    assert_eq!((&kept["version"], text(&kept["rules"]["taxes"][0]["on"])), (&json!(1), "all"));
    set(json!({}), "\"0\"").await.refused(412, "edit_conflict");
    let stranger = house(&shop.server).await;
    let foreign = show(&shop.server, &stranger, "2031-03-01T18:30:00Z").await;
    let fee = |amount: Value, only: Value| json!({"fees": [{"name": "Fee", "per": "ticket", "amount": amount, "only": only}]});
    for (rules, field) in [
        (fee(json!({"percent_bp": 10_001}), json!({})), "fees[0].amount[0]"),
        (fee(json!({"fixed": {"amount": 0, "currency": "EUR"}}), json!({})), "fees[0].amount[0]"),
        (fee(json!({"percent_bp": 100}), json!({"shows": [foreign]})), "fees[0].only.shows"),
        (json!({"taxes": [{"name": " ", "rate_bp": 1, "included": true}]}), "taxes[0].name"),
    ] {
        let refused = set(rules, "\"1\"").await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    assert_eq!(set(json!({}), "\"1\"").await.expect(200)["version"], 2);
    let logged: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = 'price_rules.changed'")
        .fetch_one(&shop.server.db)
        .await
        .unwrap();
    assert_eq!(logged, 2, "what was refused is not in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_made_read_changed_and_put_away() {
    let shop = shop().await;
    let organizer = &shop.house.organizer;
    let box_office = staff(&shop.server, organizer, "box_office").await;
    let body = json!({"organizer_id": organizer, "code": " spring-24 ", "discount": {"percent_bp": 1500}, "only": {"shows": [shop.show]},
                      "uses_max": 100, "note": "Leaflets"});
    by(&shop.server, &box_office, Method::POST, "/admin/promo-codes", &body).await.refused(403, "forbidden");
    let made = shop.server.admin(Method::POST, "/admin/promo-codes", &body).await.expect(201);
    assert_eq!((text(&made["code"]), &made["uses"], &made["version"]), ("SPRING24", &json!(0), &json!(1)));
    let again = shop.server.admin(Method::POST, "/admin/promo-codes", &body).await.refused(422, "validation_failed");
    assert_eq!(again["errors"][0]["field"], "code");
    let unnamed = json!({"organizer_id": organizer, "discount": {"per_ticket": {"amount": 500, "currency": "EUR"}}});
    let unnamed = shop.server.admin(Method::POST, "/admin/promo-codes", &unnamed).await.expect(201);
    assert_eq!(text(&unnamed["code"]).len(), 10, "one is made");

    let path = format!("/admin/promo-codes/{}", text(&made["id"]));
    let edit = |body: Value, seen: &'static str| {
        let request = shop.server.request(Method::PATCH, &path).bearer_auth(&shop.server.admin);
        send(request.header("if-match", seen).json(&body))
    };
    let changed = edit(json!({"discount": {"percent_bp": 2000}, "uses_max": null}), "\"1\"").await.expect(200);
    assert_eq!(
        (&changed["discount"], &changed["uses_max"], text(&changed["note"])),
        (&json!({"percent_bp": 2000}), &Value::Null, "Leaflets")
    );
    edit(json!({"note": "Posters"}), "\"1\"").await.refused(412, "edit_conflict");
    for (body, field) in [
        (json!({"code": "SUMMER24"}), "code"),
        (json!({"valid_from": "2031-01-02T00:00:00Z", "valid_until": "2031-01-02T00:00:00Z"}), "valid_until"),
        (json!({"discount": {"percent_bp": 0}}), "discount[0]"),
        (json!({"only": {"shows": ["00000000-0000-0000-0000-000000000001"]}}), "only.shows"),
    ] {
        let refused = edit(body, "\"2\"").await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let list = format!("/admin/promo-codes?organizer_id={organizer}");
    let listed = by(&shop.server, &box_office, Method::GET, &list, &Value::Null).await.expect(200);
    let codes: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|one| text(&one["code"])).collect();
    assert_eq!(codes, ["SPRING24", text(&unnamed["code"])]);
    for _ in 0..2 {
        shop.server.admin(Method::DELETE, &path, &Value::Null).await.expect(204);
    }
    let listed = shop.server.admin(Method::GET, &list, &Value::Null).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let all = shop.server.admin(Method::GET, &format!("{list}&archived=true"), &Value::Null).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    edit(json!({"note": "Posters"}), "\"3\"").await.refused(409, "wrong_state");
    // Its name is free again.
    shop.server.admin(Method::POST, "/admin/promo-codes", &body).await.expect(201);
    // Another house sees none of it.
    let stranger = house(&shop.server).await;
    let theirs = staff(&shop.server, &stranger.organizer, "organizer").await;
    by(&shop.server, &theirs, Method::GET, &path, &Value::Null).await.refused(404, "not_found");
    let mut foreign = body.clone();
    foreign["code"] = json!("FOREIGN");
    foreign["organizer_id"] = json!(stranger.organizer);
    let refused = by(&shop.server, &theirs, Method::POST, "/admin/promo-codes", &foreign).await;
    assert_eq!(refused.refused(422, "validation_failed")["errors"][0]["field"], "only.shows");
    on_sale(&shop.server, &shop.house, json!({})).await;
}
