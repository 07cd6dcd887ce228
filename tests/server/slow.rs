//! Clients that don't read what they are sent: each costs a bounded part of the server, and loses its socket; nobody else
//! notices.

use std::sync::atomic::{AtomicU64, Ordering};

use aisle_actors::core::{AllocationId, Command, SeatNo, ShowId};
use futures_util::StreamExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use uuid::Uuid;

use crate::harness::{Server, spawn_with};
use crate::house::{hall, on_sale};
use crate::watcher::{Losses, follow};

/// Deltas of a rush; more than what may wait for one socket: 32 messages in its channel, as many in its buffer, what the kernel
/// keeps, and the 64 that a subscriber may be behind.
const DELTAS: u64 = 180;
/// Past so many messages, what is kept for a client that doesn't read would not be bounded.
const MESSAGES_KEPT_MAX: u64 = 80;

/// A client whose kernel keeps as little as it may.
async fn connect(server: &Server, show: Uuid) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let stream = socket.connect(server.running.addr).await.expect("the server is there");
    let url = format!("{}/api/v1/shows/{show}/live", server.url.replace("http:", "ws:"));
    tokio_tungstenite::client_async(url, stream).await.expect("the socket opens").0
}

/// The house blocks and unblocks all of its seats until somebody who reads has heard enough, and has the truth.
async fn rush(server: &Server, show: Uuid) {
    let handle = server.running.parts.shows.get(ShowId(show)).await.expect("the show is there");
    let seats: Vec<SeatNo> = handle.plan().order().to_vec();
    let (heard, last) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let reader = follow(
        &server.url,
        show,
        Losses::None,
        || true,
        |watcher| {
            heard.store(watcher.shown.len() as u64, Ordering::Relaxed);
            watcher.seq == Some(last.load(Ordering::Relaxed))
        },
    );
    let house = async {
        for number in 0_u128.. {
            if heard.load(Ordering::Relaxed) > DELTAS {
                break;
            }
            let allocation = AllocationId(Uuid::from_u128(number + 1));
            let block = Command::Block {
                allocation,
                seats: seats.clone(),
                areas: Vec::new(),
                reason: "cleaning".into(),
                release_at: None,
            };
            handle.ask(block).await.expect("it blocks");
            handle
                .ask(Command::Unblock { allocation, seats: Vec::new(), areas: Vec::new() })
                .await
                .expect("it unblocks");
        }
        last.store(handle.feed().seq().0, Ordering::Relaxed);
    };
    let (reader, ()) = tokio::join!(reader, house);
    assert_eq!((reader.gaps, reader.map.seats), (0, vec![b'a'; seats.len()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_cut_off_and_got_no_more_than_the_buffers_hold() {
    let server = spawn_with(|config| config.unread_max_s = 1).await;
    let show = on_sale(&server, &hall(40, 100, 0)).await;
    let free = server.running.parts.sockets.free();
    let mut deaf = connect(&server, show).await;
    assert_eq!(server.running.parts.sockets.free(), free - 1);
    rush(&server, show).await;
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(50));
    while server.running.parts.sockets.free() < free {
        pace.tick().await;
    }
    let mut messages = 0;
    while let Some(Ok(message)) = deaf.next().await {
        messages += 1;
        assert!(!message.is_close(), "nothing was left to say it with");
    }
    assert!(messages < MESSAGES_KEPT_MAX, "{messages} messages were kept for somebody who does not read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_falls_behind_is_told_to_reconnect() {
    let server = spawn_with(|config| config.unread_max_s = 600).await;
    let show = on_sale(&server, &hall(40, 100, 0)).await;
    let mut slow = connect(&server, show).await;
    rush(&server, show).await;
    let mut last = None;
    while let Some(Ok(message)) = slow.next().await {
        last = Some(message);
    }
    let Some(Message::Close(Some(close))) = last else { panic!("it was not told why: {last:?}") };
    assert_eq!((close.code, close.reason.as_str()), (CloseCode::Again, "too slow: reconnect"));
}
