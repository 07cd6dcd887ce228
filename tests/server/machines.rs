//! Other shops by their key, scanners by their token: what they may, and what not.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::house::{by, staff};
use crate::harness::{Answer, Server, send, spawn};
use crate::house::{hall, on_sale};

async fn organizer_of(server: &Server, show: Uuid) -> String {
    let id: Uuid = sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1")
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap();
    id.to_string()
}

async fn key(server: &Server, organizer: &str, scopes: &[&str]) -> (String, String) {
    let wish = json!({"organizer_id": organizer, "name": "The town's shop", "scopes": scopes});
    let made = server.admin(Method::POST, "/admin/api-keys", &wish).await.expect(201);
    (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
}

const ALL: [&str; 3] = ["inventory:read", "inventory:hold", "inventory:book"];

async fn ask(server: &Server, key: &str, method: Method, path: String, body: Value) -> Answer {
    by(server, key, method, &path, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_holds_books_reads_and_cancels_by_its_key() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 6, 10)).await;
    let (_, key) = key(&server, &organizer_of(&server, show).await, &ALL).await;
    let hold = json!({"seats": ["r1-1", "r1-2"], "areas": [{"area": "floor", "quantity": 2}]});
    let held = ask(&server, &key, Method::POST, format!("/shows/{show}/holds"), hold).await.expect(201)["hold"].clone();
    let id = held["id"].as_str().unwrap();
    // The hold is the key's: no token is needed. To a stranger it is not there without one.
    ask(&server, &key, Method::GET, format!("/shows/{show}/holds/{id}"), Value::Null).await.expect(200);
    server.get(&format!("/shows/{show}/holds/{id}")).await.refused(403, "hold_token_invalid");

    let book = |reference: &str| json!({"reference": reference});
    let path = format!("/shows/{show}/holds/{id}/book");
    let booked = ask(&server, &key, Method::POST, path.clone(), book("shop-1")).await.expect(201)["booking"].clone();
    assert_eq!((&booked["status"], &booked["reference"]), (&json!("booked"), &json!("shop-1")));
    assert_eq!((&booked["seats"], &booked["areas"]), (&held["seats"], &held["areas"]));
    let again = ask(&server, &key, Method::POST, path.clone(), book("shop-1")).await.expect(201);
    assert_eq!(again["booking"], booked);
    ask(&server, &key, Method::POST, path.clone(), book("shop-2")).await.refused(409, "already_exists");
    let seats = server.get(&format!("/shows/{show}/seats")).await.expect(200)["seats"].clone();
    assert!(seats.as_str().unwrap().starts_with("bba"), "{seats}");

    let at = format!("/shows/{show}/bookings/{}", booked["id"].as_str().unwrap());
    assert_eq!(ask(&server, &key, Method::GET, at.clone(), Value::Null).await.expect(200)["booking"], booked);
    for _ in 0..2 {
        assert_eq!(ask(&server, &key, Method::DELETE, at.clone(), Value::Null).await.status, 204);
    }
    let read = ask(&server, &key, Method::GET, at, Value::Null).await.expect(200);
    assert_eq!((&read["booking"]["status"], &read["booking"]["seats"]), (&json!("cancelled"), &json!([])));
    ask(&server, &key, Method::POST, path, book("shop-1")).await.refused(409, "booking_cancelled");
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&server.db).await.unwrap();
    assert_eq!(orders, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_booking_has_its_answer_again_and_a_reused_key_is_refused() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 6, 0)).await;
    let (_, key) = key(&server, &organizer_of(&server, show).await, &ALL).await;
    let mut holds = vec![];
    for seat in ["r1-1", "r2-1"] {
        let held = ask(&server, &key, Method::POST, format!("/shows/{show}/holds"), json!({"seats": [seat]})).await;
        holds.push(held.expect(201)["hold"]["id"].as_str().unwrap().to_owned());
    }
    let book = |hold: &str| {
        let path = format!("/shows/{show}/holds/{hold}/book");
        let request = server.request(Method::POST, &path).bearer_auth(&key).header("idempotency-key", "order 17");
        send(request.json(&json!({"reference": "17"})))
    };
    let first = book(&holds[0]).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let second = book(&holds[0]).await;
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(second.expect(201), first.expect(201));
    book(&holds[1]).await.refused(409, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_that_come_at_once_are_written_together_and_each_is_answered_for_itself() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(6, 10, 0)).await;
    let (_, key) = key(&server, &organizer_of(&server, show).await, &ALL).await;
    // What the database refuses, for whatever reason: the others that were written with it must not feel it.
    sqlx::raw_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON key_booking FOR EACH ROW WHEN (NEW.reference = 'bad') EXECUTE FUNCTION refuse()",
    )
    .execute(&server.db)
    .await
    .unwrap();
    let holds: Vec<String> = futures_util::future::join_all((0..30).map(|seat| {
        let seat = format!("r{}-{}", seat / 10 + 1, seat % 10 + 1);
        let held = ask(&server, &key, Method::POST, format!("/shows/{show}/holds"), json!({"seats": [seat]}));
        async move { held.await.expect(201)["hold"]["id"].as_str().unwrap().to_owned() }
    }))
    .await;
    // Each hold is asked for under three references at once, one of them bad.
    let answers = futures_util::future::join_all(
        holds.iter().flat_map(|hold| ["one", "bad", "two"].map(|reference| (hold, reference))).map(
            |(hold, reference)| {
                let path = format!("/shows/{show}/holds/{hold}/book");
                let booked = ask(&server, &key, Method::POST, path, json!({"reference": reference}));
                async move { (hold, reference, booked.await) }
            },
        ),
    )
    .await;
    for each in answers.chunks(3) {
        let stands: Vec<_> = each.iter().filter(|(_, _, answer)| answer.status == 201).collect();
        let [(hold, reference, answer)] = stands[..] else { panic!("{} of three references stand", stands.len()) };
        assert_ne!(*reference, "bad");
        for (_, other, answer) in each.iter().filter(|(_, other, _)| other != reference) {
            // Refused by the database where it came first, by what stands already where it came later.
            let expected = if *other == "bad" { vec![500, 409] } else { vec![409] };
            assert!(expected.contains(&answer.status.as_u16()), "{other}: {}", answer.status);
        }
        let booking = &answer.body["booking"];
        assert_eq!((&booking["hold_id"], &booking["reference"]), (&json!(hold), &json!(reference)));
        let at = format!("/shows/{show}/bookings/{}", booking["id"].as_str().unwrap());
        assert_eq!(&ask(&server, &key, Method::GET, at, Value::Null).await.expect(200)["booking"], booking);
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM key_booking").fetch_one(&server.db).await.unwrap();
    assert_eq!(kept, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_key_was_last_used_is_said_to_the_minute_and_written_once_a_minute_however_many_use_it() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 6, 0)).await;
    let (id, key) = key(&server, &organizer_of(&server, show).await, &ALL).await;
    sqlx::raw_sql(
        "CREATE TABLE written (at timestamptz);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written VALUES (NEW.last_used_at); RETURN NULL; END $$;
         CREATE TRIGGER note AFTER UPDATE ON machine FOR EACH ROW EXECUTE FUNCTION note()",
    )
    .execute(&server.db)
    .await
    .unwrap();
    for (before, times) in [("NULL", 1), ("now() - interval '30 seconds'", 0), ("now() - interval '2 minutes'", 1)] {
        let sql = format!(
            "ALTER TABLE machine DISABLE TRIGGER note; UPDATE machine SET last_used_at = {before}; DELETE FROM written;
             ALTER TABLE machine ENABLE TRIGGER note"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&server.db).await.unwrap();
        let uses = (0..24).map(|_| ask(&server, &key, Method::GET, "/machine".to_owned(), Value::Null));
        for used in futures_util::future::join_all(uses).await {
            used.expect(200);
        }
        let (written, fresh): (i64, bool) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM written), last_used_at > now() - interval '1 minute' FROM machine WHERE id = $1::uuid",
        )
        .bind(&id)
        .fetch_one(&server.db)
        .await
        .unwrap();
        assert_eq!((written, fresh), (times, true), "last used: {before}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_show_refuses_a_shop_is_told_by_name() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 6, 0)).await;
    let (_, key) = key(&server, &organizer_of(&server, show).await, &ALL).await;
    let hold = |seat: &str| ask(&server, &key, Method::POST, format!("/shows/{show}/holds"), json!({"seats": [seat]}));
    let id = hold("r1-1").await.expect(201)["hold"]["id"].as_str().unwrap().to_owned();
    hold("r1-1").await.refused(409, "seats_taken");
    let at = format!("/shows/{show}/holds/{id}");
    assert_eq!(ask(&server, &key, Method::DELETE, at.clone(), Value::Null).await.status, 204);
    let book = json!({"reference": "1"});
    ask(&server, &key, Method::POST, format!("{at}/book"), book.clone()).await.refused(409, "hold_not_open");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM key_booking").fetch_one(&server.db).await.unwrap();
    assert_eq!(kept, 0, "what was refused is not kept as intended");
    let unknown = format!("/shows/{show}/holds/{}/book", Uuid::nil());
    ask(&server, &key, Method::POST, unknown, book.clone()).await.refused(404, "not_found");
    for wrong in [json!({}), json!({"reference": ""}), json!({"reference": "1", "organizer_id": Uuid::nil()})] {
        ask(&server, &key, Method::POST, format!("{at}/book"), wrong).await.refused(422, "validation_failed");
    }
    let code = json!({"seats": ["r1-1"], "access_code": "SPRING"});
    ask(&server, &key, Method::POST, format!("/shows/{show}/holds"), code).await.refused(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_its_own_house_by_its_own_scopes_until_it_ends() {
    let server = spawn().await;
    let (show, foreign) = (on_sale(&server, &hall(2, 6, 0)).await, on_sale(&server, &hall(2, 6, 0)).await);
    let organizer = organizer_of(&server, show).await;
    let (id, holds) = key(&server, &organizer, &["inventory:hold"]).await;
    let (_, all) = key(&server, &organizer, &ALL).await;
    let (_, other) = key(&server, &organizer_of(&server, foreign).await, &ALL).await;
    let seats = json!({"seats": ["r1-1"]});
    ask(&server, &holds, Method::POST, format!("/shows/{foreign}/holds"), seats.clone())
        .await
        .refused(404, "not_found");
    let held = ask(&server, &holds, Method::POST, format!("/shows/{show}/holds"), seats).await.expect(201);
    let (hold, token) = (held["hold"]["id"].as_str().unwrap(), held["hold"]["token"].as_str().unwrap());
    let at = format!("/shows/{show}/holds/{hold}");
    let book = json!({"reference": "1"});
    ask(&server, &holds, Method::POST, format!("{at}/book"), book.clone()).await.refused(403, "forbidden");
    ask(&server, &other, Method::GET, at.clone(), Value::Null).await.refused(404, "not_found");
    ask(&server, &other, Method::POST, format!("{at}/book"), book.clone()).await.refused(404, "not_found");
    // Another key of the house has not made the hold, but may show its token.
    ask(&server, &all, Method::POST, format!("{at}/book"), book.clone()).await.refused(404, "not_found");
    let request = server.request(Method::POST, &format!("{at}/book")).bearer_auth(&all);
    let booked = send(request.header("aisle-hold-token", token).json(&book)).await.expect(201);
    let booking = format!("/shows/{show}/bookings/{}", booked["booking"]["id"].as_str().unwrap());
    ask(&server, &other, Method::DELETE, booking.clone(), Value::Null).await.refused(404, "not_found");
    ask(&server, &holds, Method::DELETE, booking.clone(), Value::Null).await.refused(403, "forbidden");
    by(&server, &server.admin, Method::DELETE, &booking, &Value::Null).await.refused(403, "forbidden");
    server.get(&booking).await.refused(401, "unauthenticated");

    for (path, status) in [("/me", 403), ("/admin/shows", 403), ("/admin/orders", 403), ("/machine", 200)] {
        assert_eq!(ask(&server, &holds, Method::GET, path.to_owned(), Value::Null).await.status, status, "{path}");
    }
    assert_eq!(server.admin(Method::DELETE, &format!("/admin/api-keys/{id}"), &Value::Null).await.status, 204);
    ask(&server, &holds, Method::GET, "/machine".to_owned(), Value::Null).await.refused(401, "unauthenticated");
    let late = "UPDATE machine SET expires_at = now() WHERE organizer_id = $1";
    sqlx::query(late).bind(organizer.parse::<Uuid>().unwrap()).execute(&server.db).await.unwrap();
    ask(&server, &all, Method::GET, "/machine".to_owned(), Value::Null).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_made_by_who_runs_the_house() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 2, 0)).await;
    let (organizer, foreign) =
        (organizer_of(&server, show).await, organizer_of(&server, on_sale(&server, &hall(1, 2, 0)).await).await);
    let runs = staff(&server, &organizer, "organizer").await;
    let sells = staff(&server, &organizer, "box_office").await;
    let wish = json!({"organizer_id": organizer, "name": "Shop", "scopes": ["inventory:hold"]});
    by(&server, &sells, Method::POST, "/admin/api-keys", &wish).await.refused(403, "forbidden");
    by(
        &server,
        &runs,
        Method::POST,
        "/admin/api-keys",
        &json!({"organizer_id": foreign, "name": "Shop", "scopes": ["inventory:hold"]}),
    )
    .await
    .refused(404, "not_found");
    for (field, value) in [
        ("scopes", json!([])),
        ("scopes", json!(["check_in"])),
        ("scopes", json!(["everything"])),
        ("name", json!("")),
        ("id", json!(Uuid::nil())),
        ("kind", json!("device")),
        ("revoked_at", Value::Null),
    ] {
        let mut wrong = wish.clone();
        wrong[field] = value;
        by(&server, &runs, Method::POST, "/admin/api-keys", &wrong).await.refused(422, "validation_failed");
    }
    let make = || {
        send(
            server
                .request(Method::POST, "/admin/api-keys")
                .bearer_auth(&runs)
                .header("idempotency-key", "one")
                .json(&wish),
        )
    };
    let made = make().await.expect(201);
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with(made["prefix"].as_str().unwrap()) && key.starts_with("aislek_"), "{made}");
    let again = make().await.expect(201);
    assert_eq!((&again["id"], &again["key"]), (&made["id"], &Value::Null));
    let kept: String = sqlx::query_scalar("SELECT coalesce(string_agg(answer::text, ' '), '') FROM idempotency")
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert!(!kept.contains(key), "the key is kept with its answer");
    let listed = by(&server, &runs, Method::GET, "/admin/api-keys", &Value::Null).await;
    assert!(!listed.text.contains(key), "{}", listed.text);
    assert_eq!(listed.expect(200)["items"].as_array().unwrap().len(), 1);
    let revoke = format!("/admin/api-keys/{}", made["id"].as_str().unwrap());
    by(&server, &sells, Method::DELETE, &revoke, &Value::Null).await.refused(403, "forbidden");
    by(&server, &staff(&server, &foreign, "organizer").await, Method::DELETE, &revoke, &Value::Null)
        .await
        .refused(404, "not_found");

    let device = json!({"organizer_id": organizer, "name": "Main door", "show_id": show});
    let made = by(&server, &runs, Method::POST, "/admin/devices", &device).await.expect(201);
    let token = made["token"].as_str().unwrap();
    let this = by(&server, token, Method::GET, "/machine", &Value::Null).await.expect(200);
    assert_eq!(
        (&this["kind"], &this["show_id"], &this["scopes"]),
        (&json!("device"), &json!(show), &json!(["check_in"]))
    );
    by(&server, token, Method::GET, "/admin/shows", &Value::Null).await.refused(403, "forbidden");
    let elsewhere = json!({"organizer_id": foreign, "name": "Door", "show_id": show});
    server.admin(Method::POST, "/admin/devices", &elsewhere).await.refused(422, "validation_failed");
    let gone = format!("/admin/devices/{}", made["id"].as_str().unwrap());
    assert_eq!(by(&server, &runs, Method::DELETE, &gone, &Value::Null).await.status, 204);
    by(&server, token, Method::GET, "/machine", &Value::Null).await.refused(401, "unauthenticated");
}

/// The lines that the README gives to other shops, as they stand there.
#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_the_readme_work() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let (_, key) = key(&server, &organizer_of(&server, show).await, &ALL).await;
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let lines: Vec<_> = readme.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 6);
    let (mut hold, mut booking, mut told) = (String::new(), String::new(), Vec::new());
    for line in lines {
        let mut shell = tokio::process::Command::new("sh");
        shell.arg("-c").arg(line).env("AISLE", &server.url).env("KEY", &key).env("SHOW", show.to_string());
        let out = shell.env("HOLD", &hold).env("BOOKING", &booking).output().await.unwrap();
        assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
        let answer: Value = serde_json::from_slice(&out.stdout).unwrap_or(Value::Null);
        let id = |name: &str| answer[name]["id"].as_str().map(str::to_owned);
        hold = id("hold").unwrap_or(hold);
        booking = id("booking").unwrap_or(booking);
        told.push(answer);
    }
    assert_eq!(told[0]["seats"], "aaaa");
    assert_eq!(told[1]["hold"]["seats"], json!(["r1-1", "r1-2"]));
    assert_eq!(told[3]["booking"], told[4]["booking"]);
    assert_eq!(server.get(&format!("/shows/{show}/seats")).await.expect(200)["seats"], "aaaa");
}
