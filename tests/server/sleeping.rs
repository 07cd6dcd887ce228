//! Shows that sleep: read by many, woken by nobody who only looks.

use aisle_actors::core::ShowId;
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::harness::{Server, send, spawn, spawn_on};
use crate::house::{hall, on_sale};

const CRAWLED: i64 = 10_000;

/// So many shows like this one, with the same journal, that nobody has ever asked for.
async fn multiply(db: &PgPool, like: Uuid) -> Vec<Uuid> {
    let shows: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO show SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
         FROM show s, generate_series(1, $2) WHERE s.id = $1 RETURNING id",
    )
    .bind(like)
    .bind(CRAWLED)
    .fetch_all(db)
    .await
    .unwrap();
    let copies = [
        "INSERT INTO journal_page SELECT n.id, p.seq, p.first, p.epoch, p.at, p.events FROM journal_page p, UNNEST($2::uuid[]) n(id)
         WHERE p.show_id = $1",
        "INSERT INTO show_summary SELECT (jsonb_populate_record(s, jsonb_build_object('show_id', n.id))).*
         FROM show_summary s, UNNEST($2::uuid[]) n(id) WHERE s.show_id = $1",
    ];
    for copy in copies {
        sqlx::query(copy).bind(like).bind(&shows).execute(db).await.unwrap();
    }
    shows
}

async fn owned(db: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM show_owner WHERE NOT handed_over").fetch_one(db).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawler_that_reads_ten_thousand_sleeping_shows_wakes_none() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 5, 7)).await;
    let shows = &server.running.parts.shows;
    shows.passivate(ShowId(show)).await;
    let all = multiply(&server.db, show).await;
    assert_eq!((all.len(), owned(&server.db).await), (10_000, 0));

    // Every fiftieth over HTTP, its page and its seats; all of them through the door that the handlers use.
    let sample: Vec<&Uuid> = all.iter().step_by(50).collect();
    let pages = futures_util::stream::iter(&sample).for_each_concurrent(8, async |show| {
        let seats = server.get(&format!("/shows/{show}/seats")).await.expect(200);
        assert_eq!(
            (&seats["seats"], &seats["areas"]),
            (&json!("aaaaaaaaaa"), &json!([{"area": "floor", "available": 7}]))
        );
        let page = server.get(&format!("/shows/{show}")).await.expect(200);
        assert_eq!((&page["id"], &page["state"]), (&json!(show.to_string()), &json!("published")));
    });
    pages.await;
    let reads = futures_util::stream::iter(&all).for_each_concurrent(8, async |show| {
        let (seen, overdue) = shows.read(ShowId(*show)).await.expect("it is read").state();
        assert_eq!((&*seen.letters, overdue), ("aaaaaaaaaa", 0));
    });
    reads.await;
    assert_eq!(shows.active(), []);
    assert_eq!(owned(&server.db).await, 0, "nobody was acquired");
    let touched: i64 = sqlx::query_scalar("SELECT count(*) FROM show_owner").fetch_one(&server.db).await.unwrap();
    assert_eq!(touched, 1, "but the one that was made");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeping_show_has_the_tag_that_it_had_awake_and_a_window_on_it_sees_it_wake() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let path = format!("/shows/{show}/seats");
    let tag = server.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let shows = &server.running.parts.shows;
    shows.passivate(ShowId(show)).await;
    let same = send(server.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(same.status, 304);
    let seq = server.get(&path).await.expect(200)["seq"].as_u64().unwrap();
    let url = format!("{}/api/v1/shows/{show}/live", server.url.replace("http:", "ws:"));
    let mut window = tokio_tungstenite::connect_async(url).await.unwrap().0;
    assert_eq!(next(&mut window, "snapshot").await["seats"], "aaaa");
    assert_eq!(shows.active(), [], "neither a look nor a window wakes it");
    // A stranger who has no token wakes it no more than one who looks.
    let hold = format!("/shows/{show}/holds/{}", Uuid::nil());
    server.get(&hold).await.refused(403, "hold_token_invalid");
    assert_eq!(shows.active(), []);

    let held =
        server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["r1-2"]})).await.expect(201)["hold"].clone();
    assert_eq!(shows.active(), [ShowId(show)]);
    let delta = next(&mut window, "delta").await;
    assert_eq!((delta["from"].as_u64(), &delta["seats"]), (Some(seq), &json!([[1, "h"]])));
    // Asleep again, what came after is still known by its number.
    shows.passivate(ShowId(show)).await;
    let since = server.get(&format!("{path}?since={seq}")).await.expect(200);
    assert_eq!((&since["seq"], &since["deltas"]), (&delta["seq"], &json!([[1, "h"]])));
    assert_eq!(shows.active(), []);
    // Its buyer's own question wakes it.
    let own = server.request(Method::GET, &format!("/shows/{show}/holds/{}", held["id"].as_str().unwrap()));
    send(own.header("aisle-hold-token", held["token"].as_str().unwrap())).await.expect(200);
    assert_eq!(shows.active(), [ShowId(show)]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_another_process_owns_is_read_here_too() {
    let owner = spawn().await;
    let show = on_sale(&owner, &hall(1, 4, 0)).await;
    let other = spawn_on(owner.database_url.clone(), |_| {}).await;
    let seats = async |server: &Server| server.get(&format!("/shows/{show}/seats")).await.expect(200)["seats"].clone();
    assert_eq!(seats(&other).await, "aaaa");
    let url = format!("{}/api/v1/shows/{show}/live", other.url.replace("http:", "ws:"));
    let mut window = tokio_tungstenite::connect_async(url).await.unwrap().0;
    next(&mut window, "snapshot").await;
    owner.post(&format!("/shows/{show}/holds"), &json!({"seats": ["r1-3"]})).await.expect(201);
    assert_eq!(next(&mut window, "delta").await["seats"], json!([[2, "h"]]));
    assert_eq!(seats(&other).await, "aaha");
    assert_eq!(other.running.parts.shows.active(), []);
    other.stop().await;
    owner.stop().await;
}

/// The next message of this kind.
async fn next<S>(window: &mut tokio_tungstenite::WebSocketStream<S>, kind: &str) -> Value
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        let message = window.next().await.expect("the socket stays open").expect("a message");
        if let Message::Text(text) = message {
            let message: Value = serde_json::from_str(&text).expect("a message is JSON");
            if message["t"] == kind {
                return message;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_a_shows_history_and_see_it_as_it_was_without_waking_it() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 5)).await;
    let held =
        server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["r1-2"]})).await.expect(201)["hold"].clone();
    let shows = &server.running.parts.shows;
    shows.passivate(ShowId(show)).await;
    let path = format!("/admin/shows/{show}/journal");
    let read = async |query: &str| server.admin(Method::GET, &format!("{path}{query}"), &Value::Null).await;
    let all = read("").await.expect(200);
    let lines = all["items"].as_array().unwrap();
    let last = lines.last().unwrap();
    assert_eq!((&last["event"]["type"], &last["event"]["seats"]), (&json!("seats_held"), &json!(["r1-2"])));
    assert_eq!(last["event"]["origin"]["channel"], "public");
    assert_eq!(last["places"], json!([{"seat": "r1-2", "section": "Stalls", "row": "1", "number": "2"}]));
    // Page by page it is the same.
    let (mut after, mut seqs) = (String::new(), Vec::new());
    loop {
        let page = read(&format!("?limit=1{after}")).await.expect(200);
        seqs.extend(page["items"].as_array().unwrap().iter().map(|line| line["seq"].as_u64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seqs, (1..=lines.len() as u64).collect::<Vec<_>>());

    let then = read(&format!("?at={}", lines.len())).await.expect(200);
    assert_eq!((&then["seats"], &then["state"]), (&json!("ahaa"), &json!("published")));
    assert_eq!(then["holds"], json!([{"id": held["id"], "seats": ["r1-2"]}]));
    assert_eq!(then["counts"][0], json!({"category": "Best", "available": 3, "held": 1, "booked": 0, "blocked": 0}));
    assert_eq!(then["areas"], json!([{"area": "floor", "available": 5}]));
    let before = read(&format!("?at={}", lines.len() - 1)).await.expect(200);
    assert_eq!((&before["seats"], &before["holds"]), (&json!("aaaa"), &json!([])));
    let first = read("?at=2001-01-01T00:00:00Z").await.expect(200);
    assert_eq!(
        (&first["seq"], &first["at"], &first["state"]),
        (&json!(0), &json!("2001-01-01T00:00:00Z"), &json!("draft"))
    );
    let long_after = read("?at=2029-01-01T00:00:00Z").await.expect(200);
    assert_eq!(long_after["seats"], "aaaa", "the hold will have lapsed, whoever writes it down");
    assert_eq!(shows.active(), []);

    read("?at=yesterday").await.refused(422, "validation_failed");
    let unknown = format!("/admin/shows/{}/journal", Uuid::nil());
    server.admin(Method::GET, &unknown, &Value::Null).await.refused(404, "not_found");
    server.get(&path).await.refused(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_verifies_journals_and_names_what_is_spoiled() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["r1-2"]})).await.expect(201);
    let url = server.database_url.clone();
    let verify = async || {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_aisle"));
        command.args(["journal", "verify", "--database-url", &url]).env("AISLE_LOG", "warn");
        let output = command.output().await.expect("the binary runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("it says text"))
    };
    let (code, said) = verify().await;
    assert!(code == Some(0) && said.starts_with("1 shows, ") && said.trim().ends_with(" 0 faults"), "{code:?} {said}");
    // Beside the running server, which goes on.
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["r1-3"]})).await.expect(201);
    sqlx::query("DELETE FROM journal_page WHERE show_id = $1 AND seq = 2")
        .bind(show)
        .execute(&server.db)
        .await
        .unwrap();
    let (code, said) = verify().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("show {show}: line 3 follows 1")), "{said}");
    server.stop().await;
}
