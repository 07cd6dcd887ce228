//! One simulated buyer: looks at the map, picks neighbouring seats, holds them, pays in the sandbox, takes the tickets. Or is
//! too slow, changes their mind, or walks away.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aisle_actors::Stopwatch;
use serde_json::{Value, json};
use uuid::Uuid;

use super::tally::Tally;

/// How often a buyer who is told to wait asks again.
const BUSY_TRIES_MAX: usize = 5;

/// The show's seats, row by row, as its plan has them.
pub(super) struct Map {
    pub(super) show: Uuid,
    pub(super) title: String,
    /// Each row's seats by their place in the plan's order.
    rows: Vec<Vec<usize>>,
    guids: Vec<String>,
    areas: Vec<String>,
}

impl Map {
    /// The plan of `show`, or of the show on sale with the most free places.
    pub(super) async fn fetch(
        client: &reqwest::Client,
        url: &str,
        show: Option<Uuid>,
    ) -> reqwest::Result<Option<Self>> {
        let api = format!("{url}/api/v1");
        let get = async |path: String| client.get(format!("{api}{path}")).send().await?.json::<Value>().await;
        let (show, title) = match show {
            Some(show) => {
                let found = get(format!("/shows/{show}")).await?;
                if found["state"] != "published" {
                    return Ok(None);
                }
                (show, found["production"]["title"].as_str().unwrap_or_default().to_owned())
            }
            None => {
                let listed = get("/shows?limit=100".to_owned()).await?;
                let mut best = None;
                for item in listed["items"].as_array().into_iter().flatten() {
                    let fine = item["state"] == "published" && item["availability"] == "good";
                    let Some(id) = item["id"].as_str().filter(|_| fine).and_then(|id| id.parse::<Uuid>().ok()) else {
                        continue;
                    };
                    let seats = get(format!("/shows/{id}/seats")).await?;
                    let free = seats["seats"]
                        .as_str()
                        .map_or(0, |seats| seats.bytes().filter(|&letter| letter == b'a').count());
                    // A theatre shows a rush best: a stadium would look empty after a minute.
                    if (300..=2_000).contains(&free) && best.as_ref().is_none_or(|&(most, _, _)| free > most) {
                        best = Some((free, id, item["production"]["title"].as_str().unwrap_or_default().to_owned()));
                    }
                }
                let Some((_, id, title)) = best else { return Ok(None) };
                (id, title)
            }
        };
        let plan = get(format!("/shows/{show}/plan")).await?;
        let mut map = Self { show, title, rows: Vec::new(), guids: Vec::new(), areas: Vec::new() };
        for zone in plan["zones"].as_array().into_iter().flatten() {
            for row in zone["rows"].as_array().into_iter().flatten() {
                let mut places = Vec::new();
                for seat in row["seats"].as_array().into_iter().flatten() {
                    places.push(map.guids.len());
                    map.guids.push(seat["seat_guid"].as_str().unwrap_or_default().to_owned());
                }
                map.rows.push(places);
            }
            for area in zone["areas"].as_array().into_iter().flatten() {
                if area["capacity"].as_u64().is_some_and(|capacity| capacity > 0) {
                    map.areas.extend(area["area_id"].as_str().map(str::to_owned));
                }
            }
        }
        Ok(Some(map))
    }

    /// Every seat's character by its guid, as the server says now.
    pub(super) async fn letters(&self, client: &reqwest::Client, url: &str) -> Option<HashMap<String, u8>> {
        let answer = client.get(format!("{url}/api/v1/shows/{}/seats", self.show)).send().await.ok()?;
        let seats = answer.json::<Value>().await.ok()?;
        let letters = seats["seats"].as_str()?.as_bytes().to_vec();
        (letters.len() == self.guids.len()).then(|| self.guids.iter().cloned().zip(letters).collect())
    }
}

/// A small generator (SplitMix64): a rush needs variety, not secrecy.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

pub(super) struct Buyer {
    client: reqwest::Client,
    api: String,
    origin: Arc<str>,
    map: Arc<Map>,
    tally: Arc<Tally>,
    dice: Dice,
    name: String,
    keys: u64,
    run: u64,
}

/// What a buyer wants of the places on a map.
struct Wish {
    seats: Vec<String>,
    areas: Vec<String>,
}

impl Buyer {
    pub(super) fn new(
        client: reqwest::Client,
        origin: Arc<str>,
        map: Arc<Map>,
        tally: Arc<Tally>,
        seed: u64,
        number: u32,
    ) -> Self {
        let dice = Dice(seed ^ (u64::from(number) << 32));
        let api = format!("{origin}/api/v1");
        Self { client, api, origin, map, tally, dice, name: format!("Buyer {}", number + 1), keys: 0, run: seed }
    }

    /// Buys, looks around and buys again until the time is over.
    pub(super) async fn shop(mut self, clock: Stopwatch, seconds: f64) {
        // Not all press at the very same millisecond; a rush has a steep front, not a vertical one.
        self.think(1_500).await;
        while clock.seconds() < seconds {
            if self.buy().await.is_none() {
                // Sold out, or an answer that ends this visit.
                self.think(4_000).await;
            } else {
                self.think(12_000).await;
            }
        }
    }

    async fn think(&mut self, at_most_ms: u64) {
        tokio::time::sleep(Duration::from_millis(100 + self.dice.below(at_most_ms))).await;
    }

    async fn buy(&mut self) -> Option<()> {
        let show = self.map.show;
        let seats = self.get(&format!("/shows/{show}/seats"), None).await?;
        let wish = self.choose(seats["seats"].as_str()?.as_bytes())?;
        let mut body = json!({"seats": wish.seats});
        if !wish.areas.is_empty() {
            body = json!({"areas": wish.areas.iter().map(|area| json!({"area": area, "quantity": 2})).collect::<Vec<_>>()});
        }
        let (status, answer) = self.post(&format!("/shows/{show}/holds"), &body, None).await?;
        if status != 201 {
            count(if status == 409 { &self.tally.refused } else { &self.tally.errors });
            return None;
        }
        count(&self.tally.held);
        let hold = answer["hold"]["id"].as_str()?.to_owned();
        let token = answer["hold"]["token"].as_str()?.to_owned();
        self.think(2_500).await;
        if self.dice.chance(8) {
            let request = self.client.delete(format!("{}/shows/{show}/holds/{hold}", self.api));
            self.send(request.header("aisle-hold-token", &token)).await;
            return None;
        }
        let order = json!({
            "holds": [{"show_id": show, "hold_id": hold, "token": token}],
            "customer": {"name": self.name, "email": format!("{}@rush.example", self.name.to_lowercase().replace(' ', "-"))},
            "provider": "sandbox",
        });
        let (status, answer) = self.post("/orders", &order, None).await?;
        if status != 201 {
            count(if status == 409 || status == 410 { &self.tally.refused } else { &self.tally.errors });
            return None;
        }
        self.think(1_000).await;
        self.pay(&answer).await
    }

    async fn pay(&mut self, answer: &Value) -> Option<()> {
        let id = answer["order"]["id"].as_str()?.to_owned();
        let token = answer["order"]["token"].as_str()?.to_owned();
        let checkout = answer["payment"]["checkout_url"].as_str()?;
        // The page's address may name the outside; the buyers live on this machine.
        let page = checkout.find("/sandbox/").map_or(checkout, |at| &checkout[at..]);
        let form = self.client.post(format!("{}{page}", self.origin)).form(&[("outcome", "succeed")]);
        self.send(form).await?;
        for _ in 0..30 {
            self.think(700).await;
            let order = self.get(&format!("/orders/{id}"), Some(&token)).await?;
            match order["order"]["status"].as_str()? {
                "confirmed" => {
                    count(&self.tally.sold);
                    let tickets = self.get(&format!("/orders/{id}/tickets"), Some(&token)).await?;
                    for ticket in tickets["items"].as_array()? {
                        self.tally.ticket(ticket["seat"].as_str().map(str::to_owned));
                    }
                    return Some(());
                }
                "awaiting_payment" | "in_review" | "paid" => {}
                _ => {
                    count(&self.tally.errors);
                    return None;
                }
            }
        }
        count(&self.tally.errors);
        None
    }

    /// One to four free neighbours, the better rows more often: that is where a rush meets itself.
    fn choose(&mut self, letters: &[u8]) -> Option<Wish> {
        let want = 1 + self.dice.below(4) as usize;
        let rows = self.map.rows.len() as u64;
        if !self.map.areas.is_empty() && self.dice.chance(20) {
            let area = self.map.areas[self.dice.below(self.map.areas.len() as u64) as usize].clone();
            return Some(Wish { seats: Vec::new(), areas: vec![area] });
        }
        for attempt in 0..40 {
            let reach = if attempt < 20 { rows.div_ceil(3) } else { rows };
            let row = &self.map.rows[usize::try_from(self.dice.below(reach)).ok()?];
            let free = |place: &usize| letters.get(*place) == Some(&b'a');
            let starts: Vec<usize> =
                (0..row.len().saturating_sub(want - 1)).filter(|&at| row[at..at + want].iter().all(free)).collect();
            if !starts.is_empty() {
                let at = starts[self.dice.below(starts.len() as u64) as usize];
                let seats = row[at..at + want].iter().map(|&place| self.map.guids[place].clone()).collect();
                return Some(Wish { seats, areas: Vec::new() });
            }
        }
        None
    }

    async fn get(&mut self, path: &str, order_token: Option<&str>) -> Option<Value> {
        let mut request = self.client.get(format!("{}{path}", self.api));
        if let Some(token) = order_token {
            request = request.header("aisle-order-token", token);
        }
        let (status, body) = self.send(request).await?;
        if status >= 400 {
            count(&self.tally.errors);
            return None;
        }
        Some(body)
    }

    async fn post(&mut self, path: &str, body: &Value, token: Option<&str>) -> Option<(u16, Value)> {
        self.keys += 1;
        let key = format!("rush-{:016x}-{}-{}", self.run, self.name.replace(' ', "-"), self.keys);
        let mut request = self.client.post(format!("{}{path}", self.api)).header("idempotency-key", key).json(body);
        if let Some(token) = token {
            request = request.header("aisle-hold-token", token);
        }
        self.send(request).await
    }

    /// Sends; who is told that the server is busy waits and asks again, with the same key.
    async fn send(&mut self, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        for _ in 0..BUSY_TRIES_MAX {
            let Some(again) = request.try_clone() else { break };
            let (status, body) = self.send_once(again).await?;
            if status != 503 {
                return Some((status, body));
            }
            self.think(2_000).await;
        }
        self.send_once(request).await
    }

    async fn send_once(&mut self, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let watch = Stopwatch::start();
        let Ok(response) = request.send().await else {
            count(&self.tally.errors);
            return None;
        };
        let status = response.status().as_u16();
        let body = response.bytes().await.ok()?;
        self.tally.answered(watch.seconds());
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
