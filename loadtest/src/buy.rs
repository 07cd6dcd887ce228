//! A purchase: seats, hold, order, payment, tickets. A buyer looks again when somebody was faster, tries elsewhere, gives up.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::book::Ordered;
use crate::clock::Stopwatch;
use crate::hold::{self, Held};
use crate::map::Map;
use crate::outcome::End;
use crate::person::{Answer, Person};
use crate::{browse, pay};

/// How somebody buys.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Wants the best third of the house.
    pub best: bool,
    /// Goes the whole way, from what is on to the ticket's page.
    pub whole: bool,
}

/// Buys on the one show, where everybody wants the best.
pub async fn rush(person: &mut Person<'_>) {
    let map = Arc::clone(&person.world().target);
    attempt(person, &map, Style { best: true, whole: false }).await;
}

/// Buys on one of many shows.
pub async fn spread(person: &mut Person<'_>) {
    let world = person.world();
    if let Some(map) = person.buyer.dice.one_of(&world.shows) {
        attempt(person, map, Style { best: true, whole: false }).await;
    }
}

/// Buys in peace, with all that belongs to it.
pub async fn purchase(person: &mut Person<'_>) {
    let map = Arc::clone(&person.world().target);
    person.begins();
    browse::look_at(person, &map).await;
    attempt(person, &map, Style { best: false, whole: true }).await;
}

/// One attempt, which ends in exactly one class.
async fn attempt(person: &mut Person<'_>, map: &Map, style: Style) {
    person.begins();
    let world = person.world();
    let end = match buy(person, map, style).await {
        Ok(()) => End::Confirmed,
        Err(end) => end,
    };
    world.tally().end(&end, world.watch.elapsed());
}

async fn buy(person: &mut Person<'_>, map: &Map, style: Style) -> Result<(), End> {
    let world = person.world();
    let held = hold::take(person, map, style).await?;
    let since = Stopwatch::start();
    person.thinks().await;
    if style.whole {
        quote(person, &held).await?;
        person.thinks().await;
    }
    let (order, payment) = order(person, &held).await?;
    let confirmed =
        if order.total == 0 { pay::confirmed(person, &order).await } else { pay::pay(person, &order, &payment).await };
    // Whatever became of it, the hold is the order's now, and no longer one that can be given up.
    confirmed?;
    world.book().gone(&held.id);
    tickets(person, &held, &order, style).await?;
    world.latencies().add("= hold to tickets", since.elapsed(), false);
    Ok(())
}

fn holds_of(held: &Held) -> Value {
    json!([{"show_id": held.show, "hold_id": held.id, "token": held.token}])
}

/// What it means that a hold is no longer there: whose making was it?
pub fn lapsed(held: &Held, idle: Duration, answer: &Answer, name: &str) -> Option<End> {
    if !matches!(answer.code(), "hold_lapsed" | "hold_not_open") {
        return None;
    }
    Some(if idle >= held.good_for {
        End::TooSlow
    } else {
        End::Lapsed(format!("{} although the hold was good for {} s", answer.line(name), held.good_for.as_secs()))
    })
}

/// Notes it where a hold was lost, and says how the attempt ends by this answer.
fn ends_by(person: &Person<'_>, held: &Held, answer: &Answer, name: &'static str) -> End {
    let world = person.world();
    if let Some(end) = lapsed(held, person.idle, answer, name) {
        let mut book = world.book();
        book.gone(&held.id);
        if let End::Lapsed(line) = &end
            && held.is_good(&world)
        {
            book.lost.push(format!("hold {} of show {}: {line}", held.id, held.show));
        }
        return end;
    }
    End::of_code(answer.code()).unwrap_or_else(|| End::Failed(answer.line(name)))
}

async fn quote(person: &mut Person<'_>, held: &Held) -> Result<(), End> {
    let request = person.request(reqwest::Method::POST, "/api/v1/quotes").json(&json!({"holds": holds_of(held)}));
    let answer = person.insists("quote", request).await?;
    if answer.status == 200 { Ok(()) } else { Err(ends_by(person, held, &answer, "quote")) }
}

/// The order, and what its answer says of the payment.
async fn order(person: &mut Person<'_>, held: &Held) -> Result<(Ordered, Value), End> {
    let number = person.buyer.number;
    let wish = json!({
        "holds": holds_of(held),
        "customer": {"name": format!("Buyer {number}"), "email": format!("buyer{number}@rush.example")},
        "provider": "sandbox",
    });
    let request =
        person.request(reqwest::Method::POST, "/api/v1/orders").header("idempotency-key", person.key()).json(&wish);
    let answer = person.insists("order", request).await.inspect_err(|end| {
        // Without an answer nobody knows whether there is an order, and so whose the hold is.
        if matches!(end, End::Failed(_)) {
            person.world().book().gone(&held.id);
        }
    })?;
    let order = &answer.body["order"];
    let (201, Some(id), Some(token), Some(total)) =
        (answer.status, order["id"].as_str(), order["token"].as_str(), order["total"]["amount"].as_i64())
    else {
        return Err(ends_by(person, held, &answer, "order"));
    };
    let world = person.world();
    // Where nothing needs to be paid there is no such time.
    let pay_in = order["pay_in_ms"].as_u64().map_or(Duration::MAX, Duration::from_millis);
    world.book().goes_on(&held.id, world.watch.elapsed().saturating_add(pay_in), true);
    let currency = order["total"]["currency"].as_str().unwrap_or_default();
    let ordered = Ordered {
        id: id.to_owned(),
        token: token.to_owned(),
        total,
        currency: currency.to_owned(),
        places: held.places,
        pay_in,
        idle: person.idle,
    };
    Ok((ordered, answer.body["payment"].clone()))
}

/// Takes the tickets: as many as there were places, each with its seat.
async fn tickets(person: &mut Person<'_>, held: &Held, order: &Ordered, style: Style) -> Result<(), End> {
    let path = format!("/api/v1/orders/{}/tickets", order.id);
    let request = person.get(&path).header("aisle-order-token", &order.token);
    let answer = person.insists("tickets", request).await?;
    let Some(items) = answer.body["items"].as_array().filter(|_| answer.status == 200) else {
        return Err(End::Failed(answer.line("tickets")));
    };
    let world = person.world();
    {
        let mut book = world.book();
        for ticket in items {
            match (ticket["seat"].as_str(), ticket["area"].as_str()) {
                (Some(seat), _) => book.ticket(&held.show, seat, &order.id),
                (None, Some(area)) => book.standing(&held.show, area),
                (None, None) => return Err(End::Failed("tickets: one of neither seat nor area".to_owned())),
            }
        }
    }
    if items.len() != held.places {
        return Err(End::Failed(format!("tickets: {} for {} places", items.len(), held.places)));
    }
    if style.whole
        && let Some(page) = items.first().and_then(|ticket| ticket["svg_url"].as_str())
    {
        let request = person.get(pay::path_of(page, "/api/")).header("aisle-order-token", &order.token);
        let answer = person.insists("ticket page", request).await?;
        if answer.status != 200 {
            return Err(End::Failed(answer.line("ticket page")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Held {
        Held {
            show: "s".to_owned(),
            id: "h".to_owned(),
            token: "t".to_owned(),
            places: 2,
            good_for: Duration::from_secs(480),
            until: Duration::from_secs(500),
        }
    }

    fn refusal(code: &str) -> Answer {
        Answer { status: 410, body: json!({"code": code}), retry_after_s: None }
    }

    #[test]
    fn a_hold_that_lapsed_is_its_buyers_making_only_when_they_took_longer_than_it_was_good_for() {
        let end = |idle| lapsed(&held(), Duration::from_secs(idle), &refusal("hold_lapsed"), "order");
        assert_eq!(end(480), Some(End::TooSlow));
        assert_eq!(
            end(479),
            Some(End::Lapsed("order: answered 410 hold_lapsed although the hold was good for 480 s".to_owned()))
        );
    }

    #[test]
    fn other_refusals_are_no_lapse() {
        assert_eq!(lapsed(&held(), Duration::ZERO, &refusal("sales_ended"), "order"), None);
        assert!(lapsed(&held(), Duration::ZERO, &refusal("hold_not_open"), "order").is_some());
    }
}
