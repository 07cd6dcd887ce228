//! Nobody keeps a house's seats from everybody else: not by holding many at a time, not by holding again and again.

use aisle::platform::config::{AbuseLimits, Config};
use aisle_actors::core::ShowId;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::callers::{key, signed_in};
use super::{believing, from, noted, wait};
use crate::accounts::cookies;
use crate::catalog::house::staff;
use crate::harness::{Answer, Server, send};
use crate::house::{hall, on_sale, on_sale_with};

const HERE: &str = "192.0.2.1";

struct Sale {
    server: Server,
    show: Uuid,
}

/// Where at most four places are held at an address and three in a browser.
async fn sale(change: impl FnOnce(&mut Config)) -> Sale {
    let server = believing(|config| {
        config.held_places_per_address_max = 4;
        config.held_places_per_device_max = 3;
        change(config);
    })
    .await;
    let show = on_sale(&server, &hall(4, 12, 20)).await;
    Sale { server, show }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Sale {
    fn wish(&self, address: &str, places: &Value) -> RequestBuilder {
        from(self.server.request(Method::POST, &format!("/shows/{}/holds", self.show)), address).json(places)
    }

    async fn hold(&self, address: &str, seats: &[&str]) -> Answer {
        send(self.wish(address, &json!({"seats": seats}))).await
    }

    fn own(&self, method: Method, hold: &Value) -> RequestBuilder {
        let path = format!("/shows/{}/holds/{}", text(&hold["show_id"]), text(&hold["id"]));
        self.server.request(method, &path).header("aisle-hold-token", text(&hold["token"]))
    }

    async fn release(&self, hold: &Value) {
        assert_eq!(send(self.own(Method::DELETE, hold)).await.status, 204);
    }

    async fn metric(&self, name: &str) -> bool {
        self.server.get("/metrics").await.text.contains(name)
    }
}

/// The cookie by which a browser's holds are counted, as it sends it back.
#[track_caller]
fn visitor(answer: &Answer) -> String {
    let cookie = cookies(answer).into_iter().find(|cookie| cookie.starts_with("aisle_visitor=")).expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(cookie.contains("Path=/api/v1/shows") && !cookie.contains("Secure"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_holds_so_many_places_over_all_shows_and_gets_them_back() {
    let sale = sale(|_| {}).await;
    let other = on_sale(&sale.server, &hall(1, 4, 0)).await;
    let first = sale.hold(HERE, &["r1-1", "r1-2"]).await.expect(201)["hold"].clone();
    let floor = json!({"areas": [{"area": "floor", "quantity": 2}]});
    let second = send(sale.wish(HERE, &floor)).await.expect(201)["hold"].clone();
    let elsewhere = async |address| {
        let request = sale.server.request(Method::POST, &format!("/shows/{other}/holds"));
        send(from(request, address).json(&json!({"best_available": {"quantity": 1}}))).await
    };
    let refused = elsewhere(HERE).await.refused(409, "seat_limit_reached");
    assert!(text(&refused["detail"]).contains("At most 4 places") && text(&refused["detail"]).contains("address"));
    elsewhere("192.0.2.2").await.expect(201);
    // Larger it becomes no more either; smaller, and as large as it was, it may.
    let change = async |body: Value| send(from(sale.own(Method::PATCH, &second), HERE).json(&body)).await;
    change(json!({"add": ["r2-1"]})).await.refused(409, "seat_limit_reached");
    change(json!({"areas": [{"area": "floor", "quantity": 3}]})).await.refused(409, "seat_limit_reached");
    change(json!({"add": ["r2-1"], "areas": [{"area": "floor", "quantity": 1}]})).await.expect(200);
    change(json!({"add": ["r2-1"]})).await.expect(200);
    change(json!({"areas": [{"area": "floor", "quantity": 0}]})).await.expect(200);
    elsewhere(HERE).await.expect(201);
    elsewhere(HERE).await.refused(409, "seat_limit_reached");
    sale.release(&first).await;
    sale.release(&first).await;
    for seat in ["r3-1", "r3-2"] {
        sale.hold(HERE, &[seat]).await.expect(201);
    }
    sale.hold(HERE, &["r3-3"]).await.refused(409, "seat_limit_reached");
    // What a show refuses has cost nothing.
    sale.hold("192.0.2.3", &["r3-1", "r3-3", "r3-4", "r3-5"]).await.refused(409, "seats_taken");
    sale.hold("192.0.2.3", &["r3-5", "r3-6", "r3-7"]).await.expect(201);
    assert_eq!(noted(&sale.server, "holds.limited").await, 1);
    assert!(sale.metric(r#"aisle_holds_limited_total{why="address_full"}"#).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn places_come_back_when_their_time_is_up_and_when_they_are_paid() {
    let mut sale = sale(|_| {}).await;
    let brief = on_sale_with(&sale.server, &hall(1, 8, 0), json!({"hold_ttl_s": 1, "extend_max_s": 1})).await;
    let lasting = std::mem::replace(&mut sale.show, brief);
    let four = ["r1-1", "r1-2", "r1-3", "r1-4"];
    sale.hold(HERE, &four).await.expect(201);
    let again = async {
        // The show's clock is the machine's: asked until the second is over.
        loop {
            let answer = sale.hold(HERE, &four).await;
            if answer.status == 201 {
                break;
            }
            answer.refused(409, "seat_limit_reached");
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), again).await.expect("places come back");
    // At another address, to pay: what is being paid is still held.
    sale.show = lasting;
    let held = sale.hold("192.0.2.7", &four).await.expect(201)["hold"].clone();
    let wish = json!({"holds": [{"show_id": held["show_id"], "hold_id": held["id"], "token": held["token"]}],
                      "customer": {"name": "Ada Buyer", "email": "ada@example.org"}});
    let made = sale.server.post("/orders", &wish).await.expect(201);
    sale.hold("192.0.2.7", &["r2-1"]).await.refused(409, "seat_limit_reached");
    let page = sale.server.request(Method::POST, text(&made["payment"]["checkout_url"]));
    send(page.form(&[("outcome", "succeed")])).await;
    let bought = async {
        loop {
            let answer = sale.hold("192.0.2.7", &["r2-1"]).await;
            if answer.status == 201 {
                break;
            }
            answer.refused(409, "seat_limit_reached");
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), bought).await.expect("what is bought is not held");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_wherever_it_asks_from_and_who_keeps_no_cookie_is_its_address() {
    let sale = sale(|_| {}).await;
    let first = sale.hold(HERE, &["r1-1"]).await;
    let cookie = visitor(&first);
    first.expect(201);
    let hold = async |address: &str, cookie: &str, seats: &[&str]| {
        send(sale.wish(address, &json!({"seats": seats})).header("cookie", cookie)).await
    };
    let second = hold("192.0.2.2", &cookie, &["r1-2", "r1-3"]).await;
    assert!(cookies(&second).is_empty(), "it has one");
    second.expect(201);
    // A first hold is as large as its show lets it be.
    sale.hold("192.0.2.4", &["r4-1", "r4-2", "r4-3", "r4-4"]).await.expect(201);
    let refused = hold("192.0.2.3", &cookie, &["r1-4"]).await.refused(409, "seat_limit_reached");
    assert!(text(&refused["detail"]).contains("At most 3 places") && text(&refused["detail"]).contains("browser"));
    // One that was made up proves nothing, and is replaced.
    let forged = hold("192.0.2.3", "aisle_visitor=made.up", &["r1-4"]).await;
    assert_ne!(visitor(&forged), cookie);
    forged.expect(201);
    // From this machine a browser is counted too, and no address.
    let local = send(
        sale.server
            .request(Method::POST, &format!("/shows/{}/holds", sale.show))
            .header("cookie", &cookie)
            .json(&json!({"seats": ["r1-5"]})),
    )
    .await;
    local.refused(409, "seat_limit_reached");
    for seat in 1..=10 {
        let places = json!({"seats": [format!("r2-{seat}")]});
        sale.server.post(&format!("/shows/{}/holds", sale.show), &places).await.expect(201);
    }
    let https = sale.wish("192.0.2.9", &json!({"seats": ["r3-1"]})).header("x-forwarded-proto", "https");
    let told = cookies(&send(https).await);
    assert!(told[0].starts_with("__Secure-aisle_visitor=") && told[0].contains("Secure"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_the_counter_and_allocations_have_their_own_measures() {
    let sale = sale(|_| {}).await;
    let organizer: Uuid = sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1")
        .bind(sale.show)
        .fetch_one(&sale.server.db)
        .await
        .unwrap();
    let shop = key(&sale.server, sale.show).await;
    let counter = staff(&sale.server, &organizer.to_string(), "box_office").await;
    let scanner = staff(&sale.server, &organizer.to_string(), "scanner").await;
    let six = |row: u32| json!({"seats": (1..=6).map(|seat| format!("r{row}-{seat}")).collect::<Vec<_>>()});
    let by = async |token: &str, places: &Value| send(sale.wish(HERE, places).bearer_auth(token)).await;
    for (token, row) in [(&shop, 1), (&counter, 2)] {
        let answer = by(token, &six(row)).await;
        assert!(cookies(&answer).is_empty(), "who is not counted needs no cookie");
        answer.expect(201);
    }
    // Who scans tickets sells none, and buys as everybody.
    by(&scanner, &six(3)).await.refused(409, "seat_limit_reached");
    let keep = json!({"seats": (1..=6).map(|seat| format!("r3-{seat}")).collect::<Vec<_>>(), "reason": "the school"});
    let path = format!("/admin/shows/{}/allocations", sale.show);
    let kept = sale.server.admin(Method::POST, &path, &keep).await.expect(201);
    let mut from_it = six(3);
    from_it["allocation_id"] = kept["id"].clone();
    by(&counter, &from_it).await.expect(201);
    // None of it is anybody's who comes after them.
    sale.hold(HERE, &["r4-1", "r4-2", "r4-3"]).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_get_what_one_after_the_other_would() {
    let sale = sale(|config| config.held_places_per_address_max = 5).await;
    let (mut held, mut refused) = (0, 0);
    let all = (1..=12).flat_map(|seat| [format!("r1-{seat}"), format!("r2-{seat}")]);
    let all = all.map(|seat| {
        let sale = &sale;
        async move { sale.hold(HERE, &[&seat]).await }
    });
    for answer in futures_util::future::join_all(all).await {
        match answer.status.as_u16() {
            201 => held += 1,
            _ => {
                answer.refused(409, "seat_limit_reached");
                refused += 1;
            }
        }
    }
    assert_eq!((held, refused), (5, 19));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_fell_over_has_not_made_anybody_hold_more_or_less() {
    let sale = sale(|_| {}).await;
    let first = sale.hold(HERE, &["r1-1", "r1-2"]).await.expect(201)["hold"].clone();
    sale.hold(HERE, &["r1-3"]).await.expect(201);
    assert!(sale.server.running.parts.shows.stumble(ShowId(sale.show)));
    // The turn that stumbles is somebody's; nobody knows what became of it, and the show comes back without it.
    let lost = sale.hold(HERE, &["r1-4"]).await;
    assert!(lost.status == 503 || lost.status == 500, "{}", lost.text);
    let elsewhere = async {
        loop {
            let answer = sale.hold("192.0.2.9", &["r4-1"]).await;
            if answer.status == 201 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), elsewhere).await.expect("the show comes back");
    sale.release(&first).await;
    sale.hold(HERE, &["r2-1", "r2-2", "r2-3"]).await.refused(409, "seat_limit_reached");
    sale.hold(HERE, &["r2-1", "r2-2"]).await.expect(201);
    // One that was put to sleep and woken neither.
    sale.server.running.parts.shows.passivate(ShowId(sale.show)).await;
    sale.hold(HERE, &["r3-1", "r3-2"]).await.refused(409, "seat_limit_reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_is_counted_once() {
    let sale = sale(|_| {}).await;
    let body = json!({"seats": ["r1-1", "r1-2", "r1-3"]});
    let ask = || send(sale.wish(HERE, &body).header("idempotency-key", "a-key-of-twenty-two-signs!"));
    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!(first.expect(201)["hold"]["id"], second.expect(201)["hold"]["id"]);
    ask().await.expect(201);
    sale.hold(HERE, &["r2-1"]).await.expect(201);
    sale.hold(HERE, &["r2-2"]).await.refused(409, "seat_limit_reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_again_and_again_without_ever_buying_waits_longer_and_longer() {
    let sale = sale(|config| config.unbought_holds_per_device_max = 3).await;
    let first = sale.hold(HERE, &["r1-1"]).await;
    let cookie = visitor(&first);
    sale.release(&first.expect(201)["hold"]).await;
    let hold = async |address: &str, seat: &str| {
        send(sale.wish(address, &json!({"seats": [seat]})).header("cookie", &cookie)).await
    };
    // Who changes their mind within a hold has still made one.
    let long = hold(HERE, "r1-1").await.expect(201)["hold"].clone();
    for n in 2..=9 {
        let body = json!({"add": [format!("r1-{n}")], "remove": [format!("r1-{}", n - 1)]});
        send(sale.own(Method::PATCH, &long).json(&body)).await.expect(200);
    }
    // The first one, with which the cookie came, is not held against them either.
    for seat in ["r2-1", "r3-1"] {
        let held = hold(HERE, seat).await.expect(201)["hold"].clone();
        sale.release(&held).await;
    }
    sale.release(&long).await;
    for address in [HERE, "192.0.2.2"] {
        let refused = hold(address, "r2-1").await;
        assert_eq!(refused.status, 429, "{address}: {}", refused.text);
        assert!((1..=10).contains(&wait(&refused)), "{}", wait(&refused));
        refused.refused(429, "too_many_requests");
    }
    sale.hold(HERE, &["r2-1"]).await.expect(201);
    assert_eq!(noted(&sale.server, "holds.limited").await, 2, "once for each address");
    assert!(sale.metric(r#"aisle_holds_limited_total{why="unbought"}"#).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_known_without_a_cookie_and_an_address_by_all_that_come_from_it() {
    let sale = sale(|config| {
        config.unbought_holds_per_device_max = 2;
        config.unbought_holds_per_address_max = 4;
    })
    .await;
    let ada = signed_in(&sale.server, "192.0.2.9", "ada@example.org").await;
    let by_account =
        async |address: &str| send(sale.wish(address, &json!({"seats": ["r1-1"]})).bearer_auth(&ada)).await;
    for address in ["192.0.2.11", "192.0.2.12"] {
        let held = by_account(address).await.expect(201)["hold"].clone();
        sale.release(&held).await;
    }
    by_account("192.0.2.13").await.refused(429, "too_many_requests");
    for _ in 0..4 {
        let held = sale.hold(HERE, &["r1-1"]).await.expect(201)["hold"].clone();
        sale.release(&held).await;
    }
    sale.hold(HERE, &["r1-1"]).await.refused(429, "too_many_requests");
    sale.hold("192.0.2.2", &["r1-1"]).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn observed_only_all_of_it_is_counted_and_nobody_refused() {
    let sale = sale(|config| {
        config.abuse_limits = AbuseLimits::Observe;
        config.unbought_holds_per_address_max = 1;
        config.unbought_holds_per_device_max = 1;
        config.person_requests_per_min_max = 1;
        config.key_requests_per_min_max = 1;
        config.hold_requests_per_min_max = 1;
    })
    .await;
    let ada = signed_in(&sale.server, HERE, "ada@example.org").await;
    let shop = key(&sale.server, sale.show).await;
    let first = sale.hold(HERE, &["r1-1"]).await;
    let cookie = visitor(&first);
    sale.release(&first.expect(201)["hold"]).await;
    for row in 1..=3 {
        let seats: Vec<String> = (1..=6).map(|seat| format!("r{row}-{seat}")).collect();
        let request = sale.wish(HERE, &json!({"seats": seats})).header("cookie", &cookie);
        let request = if row == 2 { request.bearer_auth(&ada) } else { request };
        let held = send(request).await.expect(201)["hold"].clone();
        if row == 1 {
            sale.release(&held).await;
        }
    }
    for seat in 1..=3 {
        let places = json!({"seats": [format!("r4-{seat}")]});
        send(sale.wish(HERE, &places).bearer_auth(&shop)).await.expect(201);
        send(from(sale.server.request(Method::GET, "/me"), HERE).bearer_auth(&ada)).await.expect(200);
    }
    for counted in [
        r#"aisle_holds_limited_total{why="address_full"}"#,
        r#"aisle_holds_limited_total{why="unbought"}"#,
        r#"aisle_requests_limited_total{class="person"}"#,
        r#"aisle_requests_limited_total{class="key"}"#,
        r#"aisle_requests_limited_total{class="hold"}"#,
    ] {
        assert!(sale.metric(counted).await, "{counted}");
    }
    for action in ["requests.limited", "holds.limited"] {
        assert_eq!(noted(&sale.server, action).await, 0, "{action}: nobody was refused");
    }
}
