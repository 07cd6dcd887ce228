//! The live feed: what a second window sees, without reloading.

use aisle_actors::AskError;
use aisle_actors::core::{AllocationId, Command, HoldId, ShowId};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use crate::harness::{Server, send, spawn, spawn_with};
use crate::house::{hall, on_sale, on_sale_with};
use crate::process::until;

/// A window on a show.
pub struct Window(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Window {
    pub async fn open(server: &Server, show: Uuid, query: &str) -> Self {
        let url = format!("{}/api/v1/shows/{show}/live{query}", server.url.replace("http:", "ws:"));
        Self(tokio_tungstenite::connect_async(url).await.expect("the socket opens").0)
    }

    /// The next message of this kind; others in between are passed over. Ends with null when the socket is closed.
    pub async fn next(&mut self, kind: &str) -> Value {
        while let Some(message) = self.0.next().await {
            match message {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).expect("a message is JSON");
                    if message["t"] == kind {
                        return message;
                    }
                }
                Ok(Message::Close(_)) | Err(_) => return Value::Null,
                Ok(_) => {}
            }
        }
        Value::Null
    }

    /// Says this.
    pub async fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.expect("it is heard");
    }
}

async fn hold(server: &Server, show: Uuid, seats: &Value) -> Value {
    let request = server.request(Method::POST, &format!("/shows/{show}/holds")).json(&json!({"seats": seats}));
    send(request).await.expect(201)["hold"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_window_sees_seats_turn_held_and_free_again() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 5)).await;
    let mut window = Window::open(&server, show, "").await;
    let snapshot = window.next("snapshot").await;
    assert_eq!((&snapshot["seats"], &snapshot["areas"]), (&json!("aaaa"), &json!([{"area": "floor", "available": 5}])));
    assert_eq!(window.next("show").await["state"], "published");

    let held = hold(&server, show, &json!(["r1-2", "r1-3"])).await;
    let delta = window.next("delta").await;
    assert_eq!(delta["from"], snapshot["seq"]);
    assert_eq!(delta["seats"], json!([[1, "h"], [2, "h"]]));
    let release = server.request(Method::DELETE, &format!("/shows/{show}/holds/{}", held["id"].as_str().unwrap()));
    send(release.header("aisle-hold-token", held["token"].as_str().unwrap())).await;
    let next = window.next("delta").await;
    assert_eq!((&next["from"], &next["seats"]), (&delta["seq"], &json!([[1, "a"], [2, "a"]])));

    // Who was away gets what came after.
    let mut back = Window::open(&server, show, &format!("?since={}", snapshot["seq"])).await;
    assert_eq!(back.next("delta").await["from"], snapshot["seq"]);
    let since = server.get(&format!("/shows/{show}/seats?since={}", snapshot["seq"])).await.expect(200);
    assert_eq!((&since["from"], &since["deltas"]), (&snapshot["seq"], &json!([[1, "a"], [2, "a"]])));
    let mut stranger = Window::open(&server, show, "?since=99999").await;
    assert_eq!(stranger.next("snapshot").await["seq"], next["seq"], "a number from the future gets the whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_is_told_when_their_hold_lapses_and_the_seats_are_free() {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(1, 4, 0), json!({"hold_ttl_s": 1, "extend_max_s": 1})).await;
    let held = hold(&server, show, &json!(["r1-1"])).await;
    let mut window = Window::open(&server, show, "").await;
    window.next("snapshot").await;
    window.say(&json!({"t": "hold", "id": held["id"], "token": held["token"]})).await;
    let ended = window.next("hold_ended").await;
    assert_eq!((&ended["id"], &ended["why"]), (&held["id"], &json!("lapsed")));
    let path = format!("/shows/{show}/holds/{}", held["id"].as_str().unwrap());
    let token = held["token"].as_str().unwrap();
    send(server.request(Method::GET, &path).header("aisle-hold-token", token)).await.refused(410, "hold_lapsed");
    send(server.request(Method::POST, &format!("{path}/extend")).header("aisle-hold-token", token))
        .await
        .refused(410, "hold_lapsed");
    assert_eq!(send(server.request(Method::DELETE, &path).header("aisle-hold-token", token)).await.status, 204);
    let free = server.get(&format!("/shows/{show}/seats")).await.expect(200);
    assert_eq!(free["seats"], "aaaa");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_says_nonsense_is_closed_and_there_are_only_so_many() {
    let server = spawn_with(|config| config.sockets_max = 1).await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let mut window = Window::open(&server, show, "").await;
    window.next("snapshot").await;
    let second = server.get(&format!("/shows/{show}/live")).await;
    second.refused(503, "busy");
    window.say(&json!({"t": "hold", "id": Uuid::nil(), "token": "forged"})).await;
    assert_eq!(window.next("nothing of the kind").await, Value::Null, "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_have_a_tag_and_are_not_sent_again_unchanged() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let path = format!("/shows/{show}/seats");
    let tag = server.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let same = send(server.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(same.status, 304);
    hold(&server, show, &json!(["r1-1"])).await;
    let changed = send(server.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(changed.expect(200)["seats"], "haaa");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_another_plan_is_told_to_load_it_and_gets_no_delta() {
    let server = spawn().await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let mut window = Window::open(&server, show, "").await;
    let snapshot = window.next("snapshot").await;
    let same = format!("?since={}&plan_version={}", snapshot["seq"], snapshot["plan_version"].as_str().unwrap());
    let other = format!("?since={}&plan_version={}", snapshot["seq"], Uuid::nil());
    hold(&server, show, &json!(["r1-1"])).await;
    assert_eq!(Window::open(&server, show, &same).await.next("delta").await["seats"], json!([[0, "h"]]));
    let mut stranger = Window::open(&server, show, &other).await;
    assert_eq!(stranger.next("plan").await, json!({"t": "plan"}));
    assert_eq!(stranger.next("nothing more").await, Value::Null, "closed");
    let whole = server.get(&format!("/shows/{show}/seats{other}")).await.expect(200);
    assert_eq!((&whole["seats"], &whole["plan_version"]), (&json!("haaa"), &snapshot["plan_version"]));
    assert_eq!(server.get(&format!("/shows/{show}/seats{same}")).await.expect(200)["deltas"], json!([[0, "h"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_missed_nothing_is_told_so_at_once_and_again_with_every_ping() {
    let server = spawn_with(|config| config.ping_every_s = 1).await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let seq = server.get(&format!("/shows/{show}/seats")).await.expect(200)["seq"].clone();
    let mut window = Window::open(&server, show, &format!("?since={seq}")).await;
    assert_eq!(window.next("alive").await, json!({"t": "alive", "seq": seq}));
    let held = hold(&server, show, &json!(["r1-1"])).await;
    window.say(&json!({"t": "hold", "id": held["id"], "token": held["token"]})).await;
    assert_eq!(window.next("hold").await["hold"]["id"], held["id"]);
    let after = server.get(&format!("/shows/{show}/seats")).await.expect(200)["seq"].clone();
    while window.next("alive").await["seq"] != after {}
    let path = format!("/shows/{show}/seats?since={after}");
    let asked = server.get(&path).await;
    assert_eq!((&asked.body["deltas"], &asked.body["seq"]), (&json!([]), &after));
    let tag = asked.headers["etag"].to_str().unwrap();
    assert_eq!(send(server.request(Method::GET, &path).header("if-none-match", tag)).await.status, 304);
}

/// The lengths of the frames that the first message has, and its text.
async fn frames(server: &Server, show: Uuid) -> (Vec<usize>, String) {
    let mut stream = BufStream::new(TcpStream::connect(server.running.addr).await.unwrap());
    let request = format!(
        "GET /api/v1/shows/{show}/live HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    let (mut lengths, mut text) = (Vec::new(), Vec::new());
    loop {
        let first = stream.read_u8().await.unwrap();
        assert_eq!(first & 0x0f, u8::from(lengths.is_empty()), "a text, then what goes on from it");
        let length = match stream.read_u8().await.unwrap() {
            126 => usize::from(stream.read_u16().await.unwrap()),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        text.extend(payload);
        lengths.push(length);
        if first & 0x80 != 0 {
            return (lengths, String::from_utf8(text).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_word_of_a_large_house_comes_in_pieces_and_of_a_small_one_at_once() {
    let server = spawn().await;
    for (rows, seats) in [(40, 100), (1, 4)] {
        let show = on_sale(&server, &hall(rows, seats, 0)).await;
        let (lengths, text) = frames(&server, show).await;
        let snapshot: Value = serde_json::from_str(&text).unwrap();
        let letters = snapshot["seats"].as_str().unwrap();
        assert_eq!((&snapshot["t"], letters.len()), (&json!("snapshot"), (rows * seats) as usize));
        let wanted = text.len().div_ceil(2_048);
        assert_eq!(lengths.len(), wanted, "{lengths:?}");
        assert!(lengths.iter().all(|&length| length <= 2_048), "{lengths:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proves_a_hold_while_the_show_has_too_much_to_do_keeps_the_socket_and_is_told_later() {
    let server = spawn_with(|config| config.ping_every_s = 1).await;
    let show = on_sale(&server, &hall(1, 4, 0)).await;
    let held = hold(&server, show, &json!(["r1-1"])).await;
    let mut window = Window::open(&server, show, "").await;
    window.next("snapshot").await;

    // The journal cannot be written, and everybody waits for it until no more may wait.
    let mut blocker = server.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM show_owner FOR UPDATE").execute(&mut *blocker).await.unwrap();
    let handle = server.running.parts.shows.get(ShowId(show)).await.unwrap();
    let seats = vec![handle.plan().order()[3]];
    let block = Command::Block {
        allocation: AllocationId(Uuid::from_u128(1)),
        seats,
        areas: Vec::new(),
        reason: "a pillar".into(),
        release_at: None,
    };
    let mut waiting = tokio::task::JoinSet::new();
    let writer = handle.clone();
    waiting.spawn(async move { writer.ask(block).await.map(|_| ()) });
    let stuck = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("the journal waits", async || {
        let count: i64 = sqlx::query_scalar(stuck).fetch_one(&server.db).await.unwrap();
        (count > 0).then_some(())
    })
    .await;
    for _ in 0..600 {
        let reader = handle.clone();
        waiting.spawn(async move { reader.hold(HoldId(Uuid::from_u128(1))).await.map(|_| ()) });
    }
    let first = waiting.join_next().await.unwrap().unwrap();
    assert!(matches!(first, Err(AskError::Busy { .. })), "{first:?}");

    window.say(&json!({"t": "hold", "id": held["id"], "token": held["token"]})).await;
    // A ping behind it: once that is answered, the other was heard.
    window.0.send(Message::Ping("heard".into())).await.unwrap();
    loop {
        match window.0.next().await {
            Some(Ok(Message::Pong(bytes))) if bytes == "heard" => break,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) => {}
            other => panic!("the socket ended: {other:?}"),
        }
    }
    blocker.rollback().await.unwrap();
    assert_eq!(window.next("hold").await["hold"]["id"], held["id"]);
    let path = format!("/shows/{show}/holds/{}", held["id"].as_str().unwrap());
    let release = server.request(Method::DELETE, &path).header("aisle-hold-token", held["token"].as_str().unwrap());
    assert_eq!(send(release).await.status, 204);
    assert_eq!(window.next("hold_ended").await["why"], "released");
    while let Some(done) = waiting.join_next().await {
        let done = done.unwrap();
        assert!(matches!(done, Ok(()) | Err(AskError::Busy { .. })), "{done:?}");
    }
}
