//! What clients say on the live feed's socket: spoilt messages, and spoilt frames around them.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::mutate::{Chance, is_whole, rounds};
use crate::harness::{Server, spawn};
use crate::house::{hall, on_sale};
use crate::live::Window;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A client's frame: final, masked.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..=125) => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A client's farewell so often that it is longer than any frame may be: ends also a message that a spoilt length has begun.
fn farewells() -> Vec<u8> {
    frame(8, &[]).repeat(1_000)
}

/// Opens a socket by hand, sends these bytes once it is greeted, and reads all that the server says until it says farewell or hangs up.
async fn converse(server: &Server, show: Uuid, bytes: &[u8]) -> Vec<u8> {
    let host = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let hello = format!(
        "GET /api/v1/shows/{show}/live HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let mut heard = Vec::new();
    let talk = async {
        stream.write_all(hello.as_bytes()).await?;
        while !has(&heard, r#""t":"show""#) {
            if stream.read_buf(&mut heard).await? == 0 {
                return Ok(0);
            }
        }
        stream.write_all(bytes).await?;
        while !is_farewell(&heard) && stream.read_buf(&mut heard).await? > 0 {}
        Ok(heard.len())
    };
    // A reset is a way to hang up, too. The bound ends a broken test.
    let _reset: std::io::Result<usize> =
        tokio::time::timeout(Duration::from_secs(60), talk).await.expect("the server hangs up");
    assert!(has(&heard, r#""t":"show""#), "it greets everybody: {}", String::from_utf8_lossy(&heard));
    heard
}

/// Whether the server's last frame says that it closes the socket.
fn is_farewell(heard: &[u8]) -> bool {
    let Some(greeting) = heard.windows(4).position(|piece| piece == b"\r\n\r\n") else { return false };
    let mut rest = &heard[greeting + 4..];
    while let [first, length, tail @ ..] = rest {
        if first & 0x0f == 8 {
            return true;
        }
        let (head, length) = match (length, tail) {
            (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            (short, _) => (2, usize::from(*short)),
        };
        rest = rest.get(head + length..).unwrap_or_default();
    }
    false
}

fn has(heard: &[u8], what: &str) -> bool {
    heard.windows(what.len()).any(|piece| piece == what.as_bytes())
}

async fn round(server: &Server, show: Uuid, right: &[u8], chance: &mut Chance) -> bool {
    let bytes = match chance.below(3) {
        0 => chance.spoil(&frame(1, right)),
        1 => [frame(1, &chance.spoil(right)), chance.spoil(&frame(2, right))].concat(),
        _ => frame(1, &chance.spoil(right)),
    };
    let heard = converse(server, show, &[bytes, farewells()].concat()).await;
    ["not understood", "hold_token_invalid", r#""t":"hold""#].iter().any(|word| has(&heard, word))
}

/// Asks again until all places for sockets are free.
async fn all_free(server: &Server, max: usize) {
    let freed = async {
        while server.running.parts.sockets.free() < max {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), freed).await.expect("every socket has ended");
}

#[test]
fn a_spoilt_message_ends_its_socket_and_nobody_elses() {
    let runtime = Runtime::new().unwrap();
    let (server, show, right, mut bystander) = runtime.block_on(async {
        let server = spawn().await;
        let show = on_sale(&server, &hall(1, 4, 0)).await;
        let held = server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["r1-1"]})).await.expect(201);
        let right = json!({"t": "hold", "id": held["hold"]["id"], "token": held["hold"]["token"]});
        let bystander = Window::open(&server, show, "").await;
        (server, show, right, bystander)
    });
    let max = server.running.parts.config.sockets_max;
    let text = right.to_string().into_bytes();
    let whole = runtime.block_on(converse(&server, show, &[frame(1, &text), frame(8, &[])].concat()));
    assert!(has(&whole, r#""t":"hold""#), "what is right is understood");
    let worth = rounds("live messages", 400, |chance| runtime.block_on(round(&server, show, &text, chance)));
    assert!(!is_whole() || worth > 100, "hardly any spoilt message was heard: {worth}");
    runtime.block_on(async {
        all_free(&server, max - 1).await;
        bystander.say(&right).await;
        assert_eq!(bystander.next("hold").await["hold"]["id"], right["id"]);
        server.stop().await;
    });
}
