//! Clients that follow a show by the rules of docs/API.md and nothing else, and write down every map that they showed.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::StatusCode;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::misfortune::Chance;

/// What a client shows: one letter a seat, and what is left of each area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    pub seats: Vec<u8>,
    pub areas: BTreeMap<String, u64>,
}

/// Reconnect.
#[derive(Debug, PartialEq, Eq)]
pub struct Gap;

/// A client's memory.
#[derive(Debug, Default)]
pub struct Watcher {
    /// What it has; nothing before the first snapshot.
    pub seq: Option<u64>,
    plan_version: String,
    pub map: Map,
    /// Every map that it showed, by number.
    pub shown: BTreeMap<u64, Map>,
    /// How often it found that it had missed something.
    pub gaps: u64,
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a text")
}

impl Watcher {
    /// `?since=…`, where it has anything.
    pub fn query(&self) -> String {
        self.seq.map_or_else(String::new, |seq| format!("?since={seq}&plan_version={}", self.plan_version))
    }

    fn whole(&mut self, message: &Value) {
        self.plan_version = word(&message["plan_version"]).to_owned();
        let areas = message["areas"].as_array().expect("areas").iter();
        let areas = areas.map(|area| (word(&area["area"]).to_owned(), number(&area["available"])));
        self.map = Map { seats: word(&message["seats"]).as_bytes().to_vec(), areas: areas.collect() };
        self.show(number(&message["seq"]));
    }

    fn delta(&mut self, message: &Value, seats: &str) -> Result<(), Gap> {
        let (from, seq) = (number(&message["from"]), number(&message["seq"]));
        if self.seq.is_some_and(|have| seq <= have) {
            return Ok(());
        }
        if self.seq != Some(from) {
            return Err(Gap);
        }
        for seat in message[seats].as_array().expect("seats") {
            let place = usize::try_from(number(&seat[0])).expect("a place");
            self.map.seats[place] = word(&seat[1]).as_bytes()[0];
        }
        for area in message["areas"].as_array().expect("areas") {
            self.map.areas.insert(word(&area[0]).to_owned(), number(&area[1]));
        }
        self.show(seq);
        Ok(())
    }

    fn show(&mut self, seq: u64) {
        let before = self.shown.insert(seq, self.map.clone());
        assert!(before.is_none_or(|before| before == self.map), "two maps at {seq}");
        self.seq = Some(seq);
    }

    /// One message of the live feed.
    pub fn hear(&mut self, message: &Value) -> Result<(), Gap> {
        match word(&message["t"]) {
            "snapshot" => {
                self.whole(message);
                Ok(())
            }
            "delta" => self.delta(message, "seats"),
            "alive" if self.seq == Some(number(&message["seq"])) => Ok(()),
            "alive" => Err(Gap),
            "show" => Ok(()),
            other => panic!("a message of no known kind: {other}"),
        }
    }

    /// One answer of `/seats`. After a gap it asks for the whole.
    fn read(&mut self, answer: &Value) {
        if answer.get("from").is_none() {
            self.whole(answer);
        } else if self.delta(answer, "deltas").is_err() {
            self.gaps += 1;
            self.seq = None;
        }
    }
}

/// What happens to messages on the way.
#[derive(Debug)]
pub enum Losses {
    None,
    /// Whole messages get lost, so many of a hundred; none once the network is calm.
    Some(Chance, usize),
}

/// Silence after which a client believes its socket dead; the server of these tests says something every second.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// Follows by WebSocket until `enough` says so; comes back at once whatever happens.
pub async fn follow(
    url: &str,
    show: Uuid,
    mut losses: Losses,
    calm: impl Fn() -> bool,
    enough: impl Fn(&Watcher) -> bool,
) -> Watcher {
    let mut watcher = Watcher::default();
    while !enough(&watcher) {
        let address = format!("{}/api/v1/shows/{show}/live{}", url.replace("http:", "ws:"), watcher.query());
        let connecting = tokio::time::timeout(SILENCE_MAX, tokio_tungstenite::connect_async(address));
        let Ok(Ok((mut socket, _))) = connecting.await else { continue };
        while !enough(&watcher) {
            let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE_MAX, socket.next()).await else { break };
            let Message::Text(text) = message else { continue };
            if let Losses::Some(chance, percent) = &mut losses
                && chance.percent(*percent)
                && !calm()
            {
                continue;
            }
            if watcher.hear(&serde_json::from_str(&text).expect("a message is JSON")).is_err() {
                watcher.gaps += 1;
                break;
            }
        }
    }
    watcher
}

/// Follows by asking, with the tag of the last answer; also gives how often it was told that nothing had changed.
pub async fn poll(http: &reqwest::Client, url: &str, show: Uuid, enough: impl Fn(&Watcher) -> bool) -> (Watcher, u64) {
    let mut watcher = Watcher::default();
    let (mut tag, mut unchanged) = (None::<String>, 0);
    while !enough(&watcher) {
        let address = format!("{url}/api/v1/shows/{show}/seats{}", watcher.query());
        let mut request = http.get(address).timeout(SILENCE_MAX);
        if let Some(tag) = &tag {
            request = request.header("if-none-match", tag);
        }
        let Ok(answer) = request.send().await else { continue };
        match answer.status() {
            StatusCode::NOT_MODIFIED => unchanged += 1,
            StatusCode::OK => {
                let new = answer.headers()["etag"].to_str().expect("a tag").to_owned();
                // Cut off in the middle: nothing was learned, not even the tag.
                let Ok(body) = answer.json::<Value>().await else { continue };
                watcher.read(&body);
                tag = watcher.seq.is_some().then_some(new);
            }
            other => panic!("/seats answered {other}"),
        }
    }
    (watcher, unchanged)
}
