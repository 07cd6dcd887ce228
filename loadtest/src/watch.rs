//! Following the live feed, and checking that its deltas follow on each other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message, protocol::frame::coding::CloseCode};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::chain::{Said, Step};
use crate::clock::Stopwatch;
use crate::map::Map;
use crate::person::Person;

/// How long somebody looks, in the mean, before their connection is gone and comes back.
const LOOKS: Duration = Duration::from_secs(8);
/// The server says something every 20 s; who hears nothing for so long takes the connection for dead.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// How long to wait where the server has no place and does not say.
const WAIT_UNSAID: Duration = Duration::from_secs(5);
/// How long a page waits before it tries again to connect.
const COMES_BACK: Duration = Duration::from_secs(1);
/// The live feed in the table of latencies: from the wish to connect to the first message.
const NAME: &str = "live feed";

/// How many messages were heard, in the counts.
pub const LIVE_MESSAGES: &str = "live messages";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What was seen in one look.
#[derive(Debug, Default)]
struct Seen {
    messages: u64,
    added: u64,
    old: u64,
    whole: u64,
}

/// Why a look ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// The viewer went.
    Went,
    /// Something was missing: resync.
    Gap,
    /// The plan is another.
    PlanChanged,
    /// The server closed the connection.
    Closed(String),
    /// Nothing was heard any more.
    Silent,
    /// Something that cannot be.
    Nonsense(String),
}

/// Watches for a while, where the last look ended.
pub async fn watch(person: &mut Person<'_>) {
    let world = person.world();
    let map = Arc::clone(&world.target);
    let long = person.buyer.dice.around(LOOKS);
    let comes_back = person.buyer.chain.is_known();
    let address = address(&world.base, &map, person);
    let since = Stopwatch::start();
    let mut socket = match tokio::time::timeout(world.options.answer_within, connect_async(&address)).await {
        Ok(Ok((socket, _))) => socket,
        Ok(Err(tungstenite::Error::Http(answer))) if matches!(answer.status().as_u16(), 429 | 503) => {
            world.latencies().add(NAME, since.elapsed(), false);
            let named = answer.headers().get("retry-after").and_then(|at| at.to_str().ok()?.parse().ok());
            world.tally().wait(NAME, named);
            tokio::time::sleep(named.map_or(WAIT_UNSAID, Duration::from_secs)).await;
            return;
        }
        Ok(Err(error)) => return refused(person, since, format!("not connected: {error}")).await,
        Err(_) => return refused(person, since, "no answer in time".to_owned()).await,
    };
    let mut seen = Seen::default();
    let ended = look(person, &mut socket, since, long, &mut seen).await;
    let _closed = tokio::time::timeout(Duration::from_secs(2), socket.close(None)).await;
    note(person, &map, comes_back, &seen, &ended);
}

async fn refused(person: &Person<'_>, since: Stopwatch, why: String) {
    let world = person.world();
    world.latencies().add(NAME, since.elapsed(), true);
    world.tally().trouble(format!("viewers: {why}"));
    tokio::time::sleep(COMES_BACK).await;
}

fn address(base: &str, map: &Map, person: &Person<'_>) -> String {
    // `http` becomes `ws`, and so `https` becomes `wss`.
    let base = base.strip_prefix("http").map_or_else(|| base.to_owned(), |rest| format!("ws{rest}"));
    let chain = &person.buyer.chain;
    if chain.is_known() {
        format!("{base}/api/v1/shows/{}/live?since={}&plan_version={}", map.show, chain.seq, chain.plan_version)
    } else {
        format!("{base}/api/v1/shows/{}/live", map.show)
    }
}

async fn look(
    person: &mut Person<'_>,
    socket: &mut Socket,
    since: Stopwatch,
    long: Duration,
    seen: &mut Seen,
) -> Ended {
    let world = person.world();
    let mut first = true;
    loop {
        // At least one message is waited for, so that every look knows where the show stands.
        let patience =
            if first { world.options.answer_within } else { SILENCE_MAX.min(long.saturating_sub(since.elapsed())) };
        let Ok(message) = tokio::time::timeout(patience, socket.next()).await else {
            return if first || patience == SILENCE_MAX { Ended::Silent } else { Ended::Went };
        };
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Binary(_))) => return Ended::Nonsense("bytes instead of text".to_owned()),
            Some(Ok(Message::Close(frame))) => {
                return Ended::Closed(frame.map_or_else(|| "without a word".to_owned(), |frame| word(frame.code)));
            }
            Some(Err(error)) => return Ended::Closed(error.to_string()),
            None => return Ended::Closed("without a word".to_owned()),
        };
        if first {
            world.latencies().add(NAME, since.elapsed(), false);
            first = false;
        }
        seen.messages += 1;
        let said: Said = match serde_json::from_str(&text) {
            Ok(said) => said,
            Err(error) => return Ended::Nonsense(error.to_string()),
        };
        match person.buyer.chain.hear(said) {
            Step::Whole => seen.whole += 1,
            Step::Added => seen.added += 1,
            Step::Old => seen.old += 1,
            Step::Aside => {}
            Step::Gap => return Ended::Gap,
            Step::PlanChanged => return Ended::PlanChanged,
            Step::Nonsense => return Ended::Nonsense("a delta that does not fit the map".to_owned()),
        }
        if since.elapsed() >= long {
            return Ended::Went;
        }
    }
}

fn word(code: CloseCode) -> String {
    format!("with {}", u16::from(code))
}

fn note(person: &Person<'_>, map: &Map, comes_back: bool, seen: &Seen, ended: &Ended) {
    let world = person.world();
    let mut tally = world.tally();
    tally.count(if comes_back { "viewers who came back" } else { "viewers who came" });
    tally.count_many(LIVE_MESSAGES, seen.messages);
    tally.count_many("live deltas that followed", seen.added);
    tally.count_many("live deltas known already", seen.old);
    tally.count_many(if comes_back { "live resyncs by snapshot" } else { "live snapshots" }, seen.whole);
    match ended {
        Ended::Went => {}
        Ended::Gap => tally.count("live gaps"),
        Ended::PlanChanged => tally.count("live plans changed"),
        Ended::Closed(how) => tally.trouble(format!("viewers: closed by the server, {how}")),
        Ended::Silent => tally.trouble("viewers: nothing heard".to_owned()),
        Ended::Nonsense(what) => {
            tally.trouble(format!("viewers: {what}"));
            world.book().nonsense.push(format!("viewer {} of show {}: {what}", person.buyer.number, map.show));
        }
    }
    drop(tally);
    world.book().knows(person.buyer.number, &map.show, &person.buyer.chain);
}

#[cfg(test)]
mod tests {
    use futures_util::SinkExt as _;
    use goose::prelude::*;
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

    use super::*;
    use crate::person;
    use crate::world::World;

    /// A live feed that says this to one who connects after the other, and notes how each asked.
    async fn feed(says: &'static [&'static [&'static str]]) -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&asked);
        tokio::spawn(async move {
            for says in says {
                let Ok((stream, _)) = listener.accept().await else { return };
                #[allow(clippy::result_large_err, reason = "its shape is the library's")]
                let note = |request: &Request, response: Response| {
                    let asked = request.uri().path_and_query().map(ToString::to_string);
                    notes.lock().expect("notes").extend(asked);
                    Ok(response)
                };
                let accepted = tokio_tungstenite::accept_hdr_async(stream, note).await;
                let Ok(mut socket) = accepted else { return };
                for text in *says {
                    let _told = socket.send(Message::text(*text)).await;
                }
                let _closed = socket.close(None).await;
                while socket.next().await.is_some_and(|message| message.is_ok()) {}
            }
        });
        (format!("http://{address}"), asked)
    }

    const WHOLE: &str = r#"{"t":"snapshot","plan_version":"p","seq":4,"seats":"aa","areas":[],"server_time":"x"}"#;

    #[tokio::test]
    async fn a_viewer_who_missed_something_says_what_they_know_and_catches_up() {
        let (base, asked) = feed(&[
            &[
                WHOLE,
                r#"{"t":"delta","from":4,"seq":5,"seats":[[0,"h"]]}"#,
                r#"{"t":"delta","from":6,"seq":7,"seats":[[1,"h"]]}"#,
            ],
            &[r#"{"t":"delta","from":5,"seq":7,"seats":[[1,"b"]]}"#],
            &[r#"{"t":"delta","from":7,"seq":8,"seats":[[9,"b"]]}"#],
        ])
        .await;
        let world = Arc::new(World::alone(&base, &[]));
        let config = goose::config::GooseConfiguration::default();
        let mut user = GooseUser::single(base.parse().expect("an address"), &config).expect("a user");
        person::arrives(&mut user, &world);
        let mut person = Person::of(&mut user).expect("somebody");

        watch(&mut person).await;
        assert_eq!((person.buyer.chain.seq, person.buyer.chain.letters.as_slice()), (5, b"ha".as_slice()));
        assert_eq!(world.tally().counts["live gaps"], 1);
        watch(&mut person).await;
        assert_eq!((person.buyer.chain.seq, person.buyer.chain.letters.as_slice()), (7, b"hb".as_slice()));
        watch(&mut person).await;
        assert_eq!(person.buyer.chain.seq, 7);
        assert_eq!(world.book().nonsense.len(), 1);

        let live = "/api/v1/shows/s/live";
        let wanted =
            [live.to_owned(), format!("{live}?since=5&plan_version=p"), format!("{live}?since=7&plan_version=p")];
        assert_eq!(*asked.lock().expect("notes"), wanted);
        assert_eq!(world.book().feeds.len(), 1);
    }

    #[test]
    fn a_close_is_told_by_its_number() {
        assert_eq!(word(CloseCode::Again), "with 1013");
        assert_eq!(word(CloseCode::Normal), "with 1000");
    }
}
