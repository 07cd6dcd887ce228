//! What a buyer does, and what somebody does who only looks.

use std::sync::atomic::{AtomicU64, Ordering};

use goose::goose::GooseResponse;
use goose::prelude::*;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::audit;
use crate::map::{self, Map};

/// A buyer's own dice (SplitMix64): variety that a seed repeats.
#[derive(Clone)]
struct Dice(u64);

static BUYERS: AtomicU64 = AtomicU64::new(0);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or(0) % end.max(1)
    }
}

#[derive(Clone)]
struct Buyer {
    number: u64,
    keys: u64,
    dice: Dice,
}

/// Takes a number, and fetches the map where nobody has.
pub async fn arrive(user: &mut GooseUser) -> TransactionResult {
    let number = BUYERS.fetch_add(1, Ordering::Relaxed);
    user.set_session_data(Buyer { number, keys: 0, dice: Dice(audit::seed() ^ (number << 24)) });
    if let Err(error) = map::of(user.base_url.as_str()).await {
        audit::trouble(format!("the map could not be fetched: {error}"));
    }
    Ok(())
}

/// Looks at the seats.
pub async fn look(user: &mut GooseUser) -> TransactionResult {
    let Some(map) = map::known() else { return Ok(()) };
    let _seen = user.get_named(&format!("/api/v1/shows/{}/seats", map.show), "seats").await?;
    Ok(())
}

/// Picks neighbouring seats, holds them, pays in the sandbox, takes the tickets.
pub async fn buy(user: &mut GooseUser) -> TransactionResult {
    let Some(map) = map::known() else { return Ok(()) };
    let seats = user.get_named(&format!("/api/v1/shows/{}/seats", map.show), "seats").await?;
    let Some(seats) = body(seats).await else { return Ok(()) };
    let letters = seats["seats"].as_str().unwrap_or_default().as_bytes().to_vec();
    let Some((buyer, key, wish)) = choose(user, map, &letters) else { return Ok(()) };

    let path = format!("/api/v1/shows/{}/holds", map.show);
    let request = user.get_request_builder(&GooseMethod::Post, &path)?.header("idempotency-key", &key);
    let Some((status, held)) = send(user, "hold", &path, request.json(&json!({"seats": wish}))).await? else {
        return Ok(());
    };
    if status == 409 {
        audit::refused();
        return Ok(());
    }
    let (Some(hold), Some(token)) = (held["hold"]["id"].as_str(), held["hold"]["token"].as_str()) else {
        audit::trouble(format!("a hold was answered {status}: {held}"));
        return Ok(());
    };
    let order = json!({
        "holds": [{"show_id": map.show, "hold_id": hold, "token": token}],
        "customer": {"name": format!("Buyer {buyer}"), "email": format!("buyer{buyer}@example.org")},
        "provider": "sandbox",
    });
    let request =
        user.get_request_builder(&GooseMethod::Post, "/api/v1/orders")?.header("idempotency-key", format!("o{key}"));
    let Some((status, order)) = send(user, "order", "/api/v1/orders", request.json(&order)).await? else {
        return Ok(());
    };
    let (Some(id), Some(token)) = (order["order"]["id"].as_str(), order["order"]["token"].as_str()) else {
        audit::trouble(format!("an order was answered {status}: {order}"));
        return Ok(());
    };
    let checkout = order["payment"]["checkout_url"].as_str().unwrap_or_default();
    let page = checkout.find("/sandbox/").map_or(checkout, |at| &checkout[at..]).to_owned();
    let request = user.get_request_builder(&GooseMethod::Post, &page)?.form(&[("outcome", "succeed")]);
    let _paid = send(user, "pay", &page, request).await?;
    take_tickets(user, map, id, token).await
}

async fn take_tickets(user: &mut GooseUser, map: &Map, id: &str, token: &str) -> TransactionResult {
    let path = format!("/api/v1/orders/{id}");
    for _ in 0..40 {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let request = user.get_request_builder(&GooseMethod::Get, &path)?.header("aisle-order-token", token);
        let Some((_, order)) = send(user, "order status", &path, request).await? else { continue };
        match order["order"]["status"].as_str() {
            Some("confirmed") => {
                let path = format!("{path}/tickets");
                let request = user.get_request_builder(&GooseMethod::Get, &path)?.header("aisle-order-token", token);
                let Some((_, tickets)) = send(user, "tickets", &path, request).await? else { return Ok(()) };
                for ticket in tickets["items"].as_array().into_iter().flatten() {
                    audit::ticket(&map.show, ticket["seat"].as_str().unwrap_or_default(), id);
                }
                return Ok(());
            }
            Some("awaiting_payment" | "in_review" | "paid") => {}
            other => {
                audit::trouble(format!("order {id} ended as {other:?}"));
                return Ok(());
            }
        }
    }
    audit::trouble(format!("order {id} was paid and is not confirmed after 20 s"));
    Ok(())
}

/// One to four free neighbours, in the first third of the rows where possible: that is where a rush meets itself.
fn choose(user: &mut GooseUser, map: &Map, letters: &[u8]) -> Option<(u64, String, Vec<String>)> {
    let buyer = user.get_session_data_mut::<Buyer>()?;
    buyer.keys += 1;
    let key = format!("load-{:016x}-{:06}-{}", audit::seed(), buyer.number, buyer.keys);
    let want = 1 + buyer.dice.below(4);
    for attempt in 0..60 {
        let reach = if attempt < 30 { map.rows.len().div_ceil(3) } else { map.rows.len() };
        let row = &map.rows[buyer.dice.below(reach)];
        let starts: Vec<usize> = (0..(row.len() + 1).saturating_sub(want))
            .filter(|&at| row[at..at + want].iter().all(|&place| letters.get(place) == Some(&b'a')))
            .collect();
        if !starts.is_empty() {
            let at = starts[buyer.dice.below(starts.len())];
            let seats = row[at..at + want].iter().map(|&place| map.guids[place].clone()).collect();
            return Some((buyer.number, key, seats));
        }
    }
    None
}

/// Sends a request under a name of its own in goose's table. A refusal is an answer, not a failure.
async fn send(
    user: &mut GooseUser,
    name: &str,
    path: &str,
    request: RequestBuilder,
) -> Result<Option<(u16, Value)>, Box<TransactionError>> {
    let goose_request = GooseRequest::builder().path(path).name(name).set_request_builder(request).build();
    let mut answer = user.request(goose_request).await?;
    let Ok(response) = answer.response else {
        audit::trouble(format!("{name}: no answer"));
        return Ok(None);
    };
    let status = response.status().as_u16();
    if (400..500).contains(&status) {
        user.set_success(&mut answer.request)?;
    } else if status >= 500 {
        audit::trouble(format!("{name}: answered {status}"));
    }
    let text = response.text().await.unwrap_or_default();
    Ok(Some((status, serde_json::from_str(&text).unwrap_or(Value::Null))))
}

async fn body(answer: GooseResponse) -> Option<Value> {
    let response = answer.response.ok()?;
    serde_json::from_str(&response.text().await.ok()?).ok()
}
