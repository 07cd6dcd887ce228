//! Below HTTP's good manners: slow heads and bodies, too much of everything, messages that two readers read in two ways.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Server, spawn, spawn_with};

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.running.addr).await.expect("the server listens")
}

/// Everything that the server says until it closes the connection; that it does so is part of each test.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A connection that is reset is closed as well; what was said before counts.
    let _reset = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

/// Sends all of it, then reads until the server closes.
pub(super) async fn say(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server).await;
    // A server that has heard enough may close while we still talk.
    let _cut = stream.write_all(request).await;
    until_closed(&mut stream).await
}

/// The same where the server would keep the connection: asks it to close.
pub(super) async fn get(server: &Server, target: &str, host: &str) -> String {
    say(server, format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).await
}

#[track_caller]
fn is(said: &str, status: &str) {
    assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {said}");
}

const LOGIN: &str = "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_come_to_the_point_is_sent_away() {
    let server = spawn_with(|config| {
        config.head_patience_s = 1;
        config.body_patience_s = 1;
        config.keep_alive_s = 1;
    })
    .await;
    is(&say(&server, b"GET /healthz HTT").await, "408");
    is(&say(&server, b"").await, "408");
    let slow = say(&server, format!("{LOGIN}Content-Length: 200\r\n\r\n{{\"email\": ").as_bytes()).await;
    is(&slow, "408");
    assert!(slow.contains("request_timeout"), "{slow}");
    let slow = say(&server, format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"ema\r\n").as_bytes()).await;
    is(&slow, "408");
    // Silent after its answer: only closing ends this read.
    is(&say(&server, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_as_late_as_one_that_does_not_come() {
    let server = spawn_with(|config| config.body_patience_s = 1).await;
    let (mut reads, mut writes) = connect(&server).await.into_split();
    writes.write_all(format!("{LOGIN}Content-Length: 60000\r\n\r\n{{").as_bytes()).await.unwrap();
    let drip = async {
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(50));
        // Ends when the server does not take any more; that is what the test waits for.
        while writes.write_all(b" ").await.is_ok() {
            pace.tick().await;
        }
    };
    let mut said = vec![0; 4096];
    let read = tokio::select! {
        read = reads.read(&mut said) => read.unwrap(),
        () = drip => panic!("cut without a word"),
    };
    is(&String::from_utf8_lossy(&said[..read]), "408");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_and_a_body_have_a_size() {
    let server = spawn_with(|config| config.head_patience_s = 5).await;
    let long = "x".repeat(20_000);
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    is(&say(&server, format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{many}\r\n").as_bytes()).await, "431");
    for head in [
        format!("GET /healthz HTTP/1.1\r\nHost: a\r\nCookie: {long}\r\nConnection: close\r\n\r\n"),
        format!("GET /healthz?{long} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    ] {
        let said = say(&server, head.as_bytes()).await;
        is(&said, "431");
        assert!(said.contains("head_too_large"), "{said}");
    }
    let endless = "x".repeat(300_000);
    is(&say(&server, format!("GET /healthz HTTP/1.1\r\nHost: a\r\nCookie: {endless}").as_bytes()).await, "431");

    // Refused by what it says of itself, before it comes; or when it has come to be too much.
    let declared = say(&server, format!("{LOGIN}Content-Length: 1000000\r\n\r\n").as_bytes()).await;
    is(&declared, "413");
    assert!(declared.contains("payload_too_large"), "{declared}");
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let said = say(&server, format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(5)).as_bytes()).await;
    is(&said, "413");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_only_so_many_connections() {
    let server = spawn_with(|config| {
        config.connections_per_address_max = 3;
        config.keep_alive_s = 600;
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut said = [0; 12];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 200");
        open.push(stream);
    }
    assert_eq!(say(&server, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await, "", "the fourth is closed at once");
    open.pop();
    crate::process::until("the place is free again", async || {
        let said = get(&server, "/healthz", "a").await;
        (!said.is_empty()).then(|| is(&said, "200"))
    })
    .await;
}

/// Each is one message to one reader and two to another. All are refused, and what stands behind is never answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_one_end() {
    let server = spawn().await;
    let hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    for head in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4\r\nContent-Length: 4",
        "Content-Length: 4, 5",
        "Content-Length: +4",
        "Content-Length: 0x4",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "X: 1\r\n Content-Length: 4",
    ] {
        let request = format!("{LOGIN}{head}\r\n\r\n0\r\n\r\n{hidden}");
        let said = say(&server, request.as_bytes()).await;
        is(&said, "400");
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{head}: {said}");
        assert!(!said.contains("alive"), "{head}: {said}");
    }
    for chunk in
        ["4\nabcd\r\n", "-4\r\nabcd\r\n", "fffffffffffffffff\r\n", "4 ; \0\r\nabcd\r\n", "4\r\nabcdefgh\r\n0\r\n\r\n"]
    {
        let request = format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n{chunk}{hidden}");
        let said = say(&server, request.as_bytes()).await;
        is(&said, "400");
        assert!(!said.contains("alive"), "{chunk:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_a_header_ends_it() {
    let server = spawn().await;
    for line in
        ["Aisle-Hold-Token: a\0b", "Idempotency-Key: a\rX-Evil: 1", "X-\u{7f}: 1", "Na me: 1", ": 1", "no colon"]
    {
        is(&say(&server, format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n").as_bytes()).await, "400");
    }
    // An escape is text wherever it comes back: here in the address that a redirect names.
    for target in [
        "/api/docs?%0d%0aX-Evil:%201",
        "/api/docs%0d%0aX-Evil:%201",
        "/%0d%0aX-Evil:%201",
        "/sandbox/checkout/%0d%0aX-Evil:1",
    ] {
        let said = get(&server, target, "a").await;
        assert!(!said.to_lowercase().contains("\nx-evil"), "{target}: {said}");
    }
    let long = format!(
        "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIdempotency-Key: {}\r\n\r\n",
        "k".repeat(9_000)
    );
    is(&say(&server, long.as_bytes()).await, "200");
}

/// The handshake of a browser, for a feed that is not there: it would take a compressed answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upgrade_is_as_long_as_it_says() {
    let server = spawn_with(|config| config.keep_alive_s = 1).await;
    for connection in ["Connection: Upgrade\r\nUpgrade: websocket", "Connection: keep-alive, upgrade"] {
        for path in ["/api/v1/shows/00000000-0000-0000-0000-000000000007/live", "/api/v1/shows", "/nowhere"] {
            let handshake = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: a\r\n{connection}\r\n{handshake}\r\nAccept-Encoding: gzip, br\r\n\r\n"
            );
            let said = say(&server, request.as_bytes()).await;
            let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {said}"));
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            assert_eq!(length.and_then(|length| length.parse().ok()), Some(body.len()), "{path}, {connection}: {said}");
        }
    }
}
