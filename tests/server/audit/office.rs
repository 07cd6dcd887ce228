//! What the back office leaves in the log, and who may read it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::house::{House, by, house, make, plan, prices, show, staff};
use crate::harness::{Server, spawn, spawn_with};

/// Every address below `/admin` that changes something, with what it leaves in the log. One that is missing here fails the
/// first test; one that leaves nothing fails the second.
const ACTS: [(&str, &str, &str); 35] = [
    ("POST", "/admin/organizers", "organizer.made"),
    ("PATCH", "/admin/organizers/{id}", "organizer.changed"),
    ("DELETE", "/admin/organizers/{id}", "organizer.archived"),
    ("PUT", "/admin/organizers/{id}/mfa", "mfa.required"),
    ("POST", "/admin/organizers/{id}/payment-accounts", "payment_account.made"),
    ("PATCH", "/admin/organizers/{id}/payment-accounts/{account}", "payment_account.changed"),
    ("POST", "/admin/organizers/{id}/payment-accounts/{account}/test", "payment_account.tested"),
    ("DELETE", "/admin/organizers/{id}/payment-accounts/{account}", "payment_account.archived"),
    ("POST", "/admin/venues", "venue.made"),
    ("PATCH", "/admin/venues/{id}", "venue.changed"),
    ("DELETE", "/admin/venues/{id}", "venue.archived"),
    ("POST", "/admin/plans", "plan.imported"),
    ("PATCH", "/admin/plans/{id}", "plan.changed"),
    ("DELETE", "/admin/plans/{id}", "plan.archived"),
    ("POST", "/admin/productions", "production.made"),
    ("PATCH", "/admin/productions/{id}", "production.changed"),
    ("DELETE", "/admin/productions/{id}", "production.archived"),
    ("POST", "/admin/shows", "show.made"),
    ("PATCH", "/admin/shows/{id}", "show.changed"),
    ("DELETE", "/admin/shows/{id}", "show.archived"),
    ("PUT", "/admin/shows/{id}/prices", "show.priced"),
    ("PUT", "/admin/shows/{id}/plan", "show.replanned"),
    ("POST", "/admin/shows/{id}/allocations", "allocation.made"),
    ("PATCH", "/admin/shows/{id}/allocations/{allocation}", "allocation.changed"),
    ("DELETE", "/admin/shows/{id}/allocations/{allocation}", "allocation.ended"),
    ("POST", "/admin/shows/{id}/access-codes", "access_code.made"),
    ("PATCH", "/admin/shows/{id}/access-codes/{code}", "access_code.changed"),
    ("DELETE", "/admin/shows/{id}/access-codes/{code}", "access_code.ended"),
    ("PUT", "/admin/organizers/{id}/price-rules", "price_rules.changed"),
    ("POST", "/admin/promo-codes", "promo_code.made"),
    ("PATCH", "/admin/promo-codes/{id}", "promo_code.changed"),
    ("DELETE", "/admin/promo-codes/{id}", "promo_code.archived"),
    ("POST", "/admin/vouchers", "voucher.issued"),
    ("PATCH", "/admin/vouchers/{id}", "voucher.changed"),
    ("POST", "/admin/vouchers/{id}/void", "voucher.voided"),
];

/// Those whose action depends on what is sent, or that have a scene of their own.
const ELSEWHERE: [(&str, &str); 23] = [
    ("POST", "/admin/orders/{id}/refunds"),
    ("POST", "/admin/orders/{id}/refunds/{refund}"),
    ("POST", "/admin/shows/{id}/refunds"),
    ("POST", "/admin/shows/{id}/refunds/state"),
    ("POST", "/admin/shows/{id}/state"),
    ("POST", "/admin/orders/{id}/review"),
    ("PUT", "/admin/organizers/{id}/fraud-rules"),
    ("PUT", "/admin/organizers/{id}/dispute-rules"),
    ("POST", "/admin/money-work/{id}/done"),
    ("POST", "/admin/reports/payouts"),
    ("PUT", "/admin/site/mfa"),
    ("POST", "/admin/customers/{id}/erase"),
    ("POST", "/admin/api-keys"),
    ("DELETE", "/admin/api-keys/{id}"),
    ("POST", "/admin/devices"),
    ("DELETE", "/admin/devices/{id}"),
    ("POST", "/admin/organizers/{id}/members"),
    ("PATCH", "/admin/organizers/{id}/members/{user}"),
    ("DELETE", "/admin/organizers/{id}/members/{user}"),
    ("DELETE", "/admin/organizers/{id}/invitations/{invitation}"),
    ("POST", "/admin/organizers/{id}/invitations/{invitation}/resend"),
    ("PUT", "/admin/users/{id}/roles"),
    ("POST", "/admin/users/{id}/end-sessions"),
];

#[test]
fn every_address_that_changes_something_is_declared_with_what_it_leaves() {
    let document = serde_json::to_value(aisle::startup::openapi_document()).unwrap();
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1").filter(|path| path.starts_with("/admin/")) else { continue };
        for method in methods.as_object().unwrap().keys().filter(|method| *method != "get") {
            found.insert((method.to_uppercase(), path.to_owned()));
        }
    }
    let declared = ACTS.iter().map(|(method, path, _)| (*method, *path)).chain(ELSEWHERE);
    let declared: BTreeSet<_> = declared.map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(found.difference(&declared).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not declared here");
    assert_eq!(declared.difference(&found).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "no such address");
}

/// A walk through the back office that looks at the log after each step.
struct Walk {
    server: Server,
    seen: BTreeSet<&'static str>,
    newest: i64,
}

impl Walk {
    /// Does it, and finds exactly one entry of it in the log, of whom and to what it was.
    async fn act(&mut self, action: &'static str, method: Method, path: String, body: Value) -> Value {
        let answer = self.server.admin(method.clone(), &path, &body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
        let page = self.server.admin(Method::GET, "/admin/audit-log?limit=2", &Value::Null).await.expect(200);
        let entry = &page["items"][0];
        assert_eq!(
            (entry["action"].as_str(), entry["number"].as_i64()),
            (Some(action), Some(self.newest + 1)),
            "{entry}"
        );
        assert_eq!((&entry["actor"]["kind"], &entry["actor"]["name"]), (&json!("user"), &json!("Admin")));
        assert!(entry["organizer_id"].is_string(), "in somebody's house: {entry}");
        assert_eq!(entry["address"], "127.0.0.1", "from somewhere: {entry}");
        let object = entry["object"]["id"].as_str().unwrap_or_default();
        assert!(answer.body["id"].is_null() || answer.body["id"] == object || path.contains(object), "{entry}");
        self.newest += 1;
        self.seen.insert(action);
        answer.body
    }

    async fn edit(&mut self, action: &'static str, path: String, body: Value) {
        let method = if body.is_null() { Method::DELETE } else { Method::PATCH };
        self.act(action, method, path, body).await;
    }
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_in_the_back_office_leaves_an_entry() {
    let mut walk = Walk {
        server: spawn_with(|config| config.stripe_url = Some("http://127.0.0.1:9".to_owned())).await,
        seen: BTreeSet::new(),
        newest: 0,
    };
    let post = Method::POST;
    let organizer =
        id(&walk.act("organizer.made", post.clone(), "/admin/organizers".into(), json!({"name": "H"})).await);
    walk.edit("organizer.changed", format!("/admin/organizers/{organizer}"), json!({"name": "House"})).await;
    let needed = json!({"mfa_required_for": ["organizer"]});
    walk.act("mfa.required", Method::PUT, format!("/admin/organizers/{organizer}/mfa"), needed).await;
    let path = format!("/admin/organizers/{organizer}/payment-accounts");
    let body = json!({"provider": "stripe", "name": "Ours", "secret_key": "sk_test_auditaudit1", "methods": ["card"]});
    let account = id(&walk.act("payment_account.made", post.clone(), path.clone(), body).await);
    let path = format!("{path}/{account}");
    walk.edit("payment_account.changed", path.clone(), json!({"name": "Still ours"})).await;
    walk.act("payment_account.tested", post.clone(), format!("{path}/test"), Value::Null).await;
    walk.edit("payment_account.archived", path, Value::Null).await;
    let body = json!({"organizer_id": organizer, "name": "Hall", "city": "Lund", "time_zone": "UTC"});
    let venue = id(&walk.act("venue.made", post.clone(), "/admin/venues".into(), body).await);
    walk.edit("venue.changed", format!("/admin/venues/{venue}"), json!({"city": "Malmö"})).await;
    let body = json!({"organizer_id": organizer, "venue_id": venue, "plan": plan()});
    let plan_id = id(&walk.act("plan.imported", post.clone(), "/admin/plans".into(), body).await);
    walk.edit("plan.changed", format!("/admin/plans/{plan_id}"), json!({"name": "Small"})).await;
    let body = json!({"organizer_id": organizer, "title": "Hamlet", "kind": "theatre"});
    let production = id(&walk.act("production.made", post.clone(), "/admin/productions".into(), body).await);
    walk.edit("production.changed", format!("/admin/productions/{production}"), json!({"title": "Lear"})).await;
    let body = json!({"production_id": production, "venue_id": venue, "plan_id": plan_id, "currency": "EUR",
                      "starts_at": "2031-03-01T18:30:00Z"});
    let show = id(&walk.act("show.made", post.clone(), "/admin/shows".into(), body).await);
    let of_show = |tail: &str| format!("/admin/shows/{show}{tail}");
    walk.act("show.priced", Method::PUT, of_show("/prices"), prices()).await;
    walk.edit("show.changed", of_show(""), json!({"hold_ttl_s": 60})).await;

    for (action, done) in
        [("publish", "show.published"), ("pause", "show.paused"), ("resume", "show.resumed"), ("move", "show.moved")]
    {
        walk.act(done, post.clone(), of_show("/state"), json!({"action": action})).await;
    }
    let body = json!({"seats": ["A-1"], "reason": "Camera"});
    let allocation = id(&walk.act("allocation.made", post.clone(), of_show("/allocations"), body).await);
    let path = of_show(&format!("/allocations/{allocation}"));
    walk.edit("allocation.changed", path.clone(), json!({"add": ["A-2"]})).await;
    walk.edit("allocation.ended", path, Value::Null).await;
    let code =
        id(&walk.act("access_code.made", post.clone(), of_show("/access-codes"), json!({"code": "FRIENDS"})).await);
    let path = of_show(&format!("/access-codes/{code}"));
    walk.edit("access_code.changed", path.clone(), json!({"note": "Members"})).await;
    walk.edit("access_code.ended", path, Value::Null).await;
    let body = json!({"organizer_id": organizer, "discount": {"percent_bp": 1000}});
    let promo = id(&walk.act("promo_code.made", post.clone(), "/admin/promo-codes".into(), body).await);
    let path = format!("/admin/promo-codes/{promo}");
    walk.edit("promo_code.changed", path.clone(), json!({"note": "Leaflets"})).await;
    walk.edit("promo_code.archived", path, Value::Null).await;
    let body = json!({"organizer_id": organizer, "amount": {"amount": 5000, "currency": "EUR"}, "reason": "Sold"});
    let voucher = id(&walk.act("voucher.issued", post.clone(), "/admin/vouchers".into(), body).await);
    let path = format!("/admin/vouchers/{voucher}");
    walk.edit("voucher.changed", path.clone(), json!({"reason": "Sold, bill 17"})).await;
    walk.act("voucher.voided", post.clone(), format!("{path}/void"), json!({})).await;
    let path = format!("/admin/organizers/{organizer}/price-rules");
    walk.act("price_rules.changed", Method::PUT, path, json!({"taxes": []})).await;

    let body = json!({"plan_id": plan_id, "plan": plan()});
    walk.act("plan.imported", post.clone(), "/admin/plans".into(), body).await;
    let page = walk.server.admin(Method::GET, &format!("/admin/plans/{plan_id}"), &Value::Null).await.expect(200);
    let version = page["versions"][0]["id"].clone();
    walk.act("show.replanned", Method::PUT, of_show("/plan"), json!({"plan_version": version})).await;

    walk.act("show.cancelled", post, of_show("/state"), json!({"action": "cancel"})).await;
    walk.edit("show.archived", of_show(""), Value::Null).await;
    walk.edit("production.archived", format!("/admin/productions/{production}"), Value::Null).await;
    walk.edit("plan.archived", format!("/admin/plans/{plan_id}"), Value::Null).await;
    walk.edit("venue.archived", format!("/admin/venues/{venue}"), Value::Null).await;
    walk.edit("organizer.archived", format!("/admin/organizers/{organizer}"), Value::Null).await;
    for (_, path, action) in ACTS {
        assert!(walk.seen.contains(action), "{path} was not walked");
    }
    aisle::platform::audit::chain::verify(&walk.server.db, None).await.unwrap().expect("the chain is whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_repeated_leaves_no_second_entry() {
    let server = spawn().await;
    let House { organizer, venue, .. } = house(&server).await;
    let count =
        async || -> i64 { sqlx::query_scalar("SELECT count(*) FROM audit_log").fetch_one(&server.db).await.unwrap() };
    let before = count().await;
    let path = format!("/admin/venues/{venue}");
    server.admin(Method::PATCH, &path, &json!({"time_zone": "Mars/Base"})).await.refused(422, "validation_failed");
    let scanner = staff(&server, &organizer, "scanner").await;
    by(&server, &scanner, Method::PATCH, &path, &json!({"city": "X"})).await.refused(403, "forbidden");
    assert_eq!(count().await, before);
    let body = json!({"organizer_id": organizer, "name": "Hall", "city": "Lund", "time_zone": "UTC"});
    let made = || server.request(Method::POST, "/admin/venues").bearer_auth(&server.admin).json(&body);
    for _ in 0..2 {
        crate::harness::send(made().header("idempotency-key", "the-same")).await.expect(201);
    }
    assert_eq!(count().await, before + 1, "the same request twice was done once");
    // A show decides for itself: what it refuses was not done.
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    let path = format!("/admin/shows/{show}/allocations");
    server.admin(Method::POST, &path, &json!({"seats": ["A-1"], "reason": "Camera"})).await.expect(201);
    let other = id(&server.admin(Method::POST, &path, &json!({"seats": ["A-2"], "reason": "Light"})).await.expect(201));
    let before = count().await;
    let path = format!("{path}/{other}");
    server.admin(Method::PATCH, &path, &json!({"add": ["A-1"]})).await.refused(409, "seats_taken");
    server.admin(Method::PATCH, &format!("{path}x"), &json!({"add": ["A-3"]})).await.refused(404, "not_found");
    assert_eq!(count().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_read_all_of_it_and_a_house_its_own() {
    let server = spawn().await;
    let ours = house(&server).await;
    let theirs = house(&server).await;
    show(&server, &ours, "2031-03-01T18:30:00Z").await;
    make(&server, "venues", &json!({"organizer_id": theirs.organizer, "name": "V", "city": "C", "time_zone": "UTC"}))
        .await;
    let organizer = staff(&server, &ours.organizer, "organizer").await;
    let read = async |token: &str, query: &str| by(&server, token, Method::GET, query, &Value::Null).await;

    let mine = read(&organizer, "/admin/audit-log").await.expect(200);
    let houses: BTreeSet<_> =
        mine["items"].as_array().unwrap().iter().map(|entry| entry["organizer_id"].to_string()).collect();
    assert_eq!(houses, BTreeSet::from([json!(ours.organizer).to_string()]));
    assert_eq!(mine["items"].as_array().unwrap().len(), 5);
    let path = format!("/admin/audit-log?organizer_id={}", theirs.organizer);
    read(&organizer, &path).await.refused(404, "not_found");
    assert_eq!(read(&server.admin, &path).await.expect(200)["items"].as_array().unwrap().len(), 5);
    let box_office = staff(&server, &ours.organizer, "box_office").await;
    read(&box_office, "/admin/audit-log").await.refused(403, "forbidden");
    server.get("/admin/audit-log").await.refused(401, "unauthenticated");
    read(&organizer, "/admin/system/security-events").await.refused(403, "forbidden");

    // Filters, and pages that meet without a gap.
    let names = async |query: &str| -> Vec<String> {
        let page = read(&server.admin, &format!("/admin/audit-log?{query}")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("action=show.made").await, ["show.made"]);
    assert_eq!(names("action=venue").await, ["venue.made"; 3]);
    assert_eq!(names("action=ven").await, [""; 0]);
    assert_eq!(names(&format!("object={}", ours.venue)).await, ["venue.made"]);
    assert_eq!(names(&format!("actor={}", ours.venue)).await, [""; 0]);
    assert_eq!(names("to=2020-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(names("from=2020-01-01T00:00:00Z&limit=1").await, ["venue.made"]);
    let (mut after, mut numbers) = (String::new(), Vec::new());
    loop {
        let page = read(&server.admin, &format!("/admin/audit-log?limit=2{after}")).await.expect(200);
        numbers.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["number"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(numbers, (1..=10).rev().collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn security_events_are_for_administrators_with_the_addresses_that_a_house_is_not_told() {
    use aisle::platform::audit::{Actor, Entry, Severity, security};
    let server = spawn().await;
    let house = house(&server).await;
    let organizer = staff(&server, &house.organizer, "organizer").await;
    let entry = Entry::new(Actor::Stranger, "sign_in.refused").of(house.organizer.parse::<uuid::Uuid>().ok());
    let entry = entry.email("ada@example.org").address("192.0.2.7".parse::<std::net::IpAddr>().ok());
    security(&mut server.db.acquire().await.unwrap(), Severity::Warning, entry).await.unwrap();
    let newest = async |token: &str, path: &str| {
        by(&server, token, Method::GET, path, &Value::Null).await.expect(200)["items"].clone()
    };
    let events = newest(&server.admin, "/admin/system/security-events").await;
    assert_eq!(events.as_array().unwrap().len(), 1, "changes of the catalogue are none: {events}");
    let event = &events[0];
    assert_eq!((&event["severity"], &event["action"]), (&json!("warning"), &json!("sign_in.refused")));
    assert_eq!((&event["email"], &event["address"]), (&json!("ada@example.org"), &json!("192.0.2.7")));
    assert_eq!(newest(&server.admin, "/admin/system/security-events?severity=alarm").await, json!([]));
    let told = &newest(&organizer, "/admin/audit-log").await[0];
    assert_eq!(
        (&told["action"], &told["email"], &told["address"]),
        (&json!("sign_in.refused"), &Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_other_peoples_mails_is_recorded() {
    let server = spawn().await;
    server.admin(Method::GET, "/admin/mailbox", &Value::Null).await.expect(200);
    let page = server.admin(Method::GET, "/admin/audit-log", &Value::Null).await.expect(200);
    assert_eq!(page["items"][0]["action"], "mailbox.listed");
    crate::accounts::somebody(&server, "ada@example.org").await;
    server.post("/auth/forgot-password", &json!({"email": "ada@example.org"})).await;
    let mail: Uuid = crate::process::until("the mail is written", async || {
        sqlx::query_scalar("SELECT id FROM mail LIMIT 1").fetch_optional(&server.db).await.unwrap()
    })
    .await;
    for form in ["", "/html"] {
        let before = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM audit_log WHERE action = 'mail.read'");
        let before = before.fetch_one(&server.db).await.unwrap();
        let read = server.admin(Method::GET, &format!("/admin/mailbox/{mail}{form}"), &Value::Null).await;
        assert_eq!(read.status, 200, "{form}");
        let page = server.admin(Method::GET, "/admin/audit-log", &Value::Null).await.expect(200);
        assert_eq!(page["items"][0]["action"], "mail.read", "{form}");
        let after = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM audit_log WHERE action = 'mail.read'");
        assert_eq!(after.fetch_one(&server.db).await.unwrap(), before + 1, "{form}");
    }
}
