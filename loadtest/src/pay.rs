//! Paying in the sandbox, and waiting for what comes of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::book::Ordered;
use crate::clock::Stopwatch;
use crate::outcome::End;
use crate::person::{Answer, Person};

/// How soon a browser first asks what became of a payment; each time it waits twice as long, up to [`ASKS_AGAIN_MAX`].
const ASKS_FIRST: Duration = Duration::from_millis(200);
/// Then it asks every second or so.
const ASKS_AGAIN_MAX: Duration = Duration::from_secs(1);
/// Who is declined so often has no money.
const DECLINES_MAX: u32 = 3;

/// What stands after the host in an address: a checkout page may name the server by its public address.
#[must_use]
pub fn path_of<'a>(address: &'a str, begins: &str) -> &'a str {
    address.find(begins).map_or(address, |at| &address[at..])
}

/// Pays until the order is confirmed.
///
/// # Errors
/// How the attempt ends without.
pub async fn pay(person: &mut Person<'_>, order: &Ordered, payment: &Value) -> Result<(), End> {
    match pays(person, order, payment).await {
        // Whatever is refused to who comes after their time, it is their own making.
        Err(End::Failed(_) | End::Lapsed(_)) if too_late(order, person.idle) => Err(End::TooSlow),
        end => end,
    }
}

/// Whether somebody thought longer than the order could be paid for.
fn too_late(order: &Ordered, idle: Duration) -> bool {
    idle.saturating_sub(order.idle) >= order.pay_in
}

async fn pays(person: &mut Person<'_>, order: &Ordered, payment: &Value) -> Result<(), End> {
    let world = person.world();
    let mut page = match page_of(payment) {
        Some(page) => page,
        // The provider's word is still awaited; the order says when it is there.
        None => {
            let begun = wait(person, order, |order| page_of(&order["payment"]).is_some() || over(order)).await?;
            page_of(&begun["payment"]).ok_or_else(|| ended(order, person, &begun))?
        }
    };
    for declined in 1.. {
        person.thinks().await;
        if !person.buyer.dice.chance(world.options.decline) {
            break;
        }
        choose(person, &page, "decline").await?;
        let told = wait(person, order, |order| order["payment"]["status"] == "declined" || over(order)).await?;
        if told["payment"]["status"] != "declined" {
            return Err(ended(order, person, &told));
        }
        world.tally().count("payments declined");
        if declined >= DECLINES_MAX || !person.buyer.dice.chance(world.options.again) {
            world.book().unpaid.push(order.clone());
            return Err(End::Declined);
        }
        world.tally().count("payments tried again");
        page = again(person, order).await?;
    }
    world.book().uncertain.push(order.clone());
    // Where the page does not answer, the money may have moved all the same: what counts is what the order says.
    let chosen = choose(person, &page, "succeed").await;
    match (confirmed(person, order).await, chosen) {
        (Ok(()), _) => Ok(()),
        (Err(End::Failed(_)), Err(not_chosen)) => Err(not_chosen),
        (Err(end), _) => Err(end),
    }
}

fn page_of(payment: &Value) -> Option<String> {
    Some(path_of(payment["checkout_url"].as_str()?, "/sandbox/").to_owned())
}

/// Whether an order will not change any more by its payment.
fn over(order: &Value) -> bool {
    !matches!(order["status"].as_str(), Some("awaiting_payment" | "in_review" | "paid"))
}

/// Presses a button of the sandbox's page, which then leads back to the order.
async fn choose(person: &mut Person<'_>, page: &str, outcome: &'static str) -> Result<(), End> {
    let request = person.request(Method::POST, page).form(&[("outcome", outcome)]);
    let answer = person.insists("sandbox", request).await?;
    if (200..400).contains(&answer.status) { Ok(()) } else { Err(End::Failed(answer.line("sandbox"))) }
}

/// Tries again after a decline: another page to pay at.
async fn again(person: &mut Person<'_>, order: &Ordered) -> Result<String, End> {
    person.thinks().await;
    let request = person
        .request(Method::POST, &format!("/api/v1/orders/{}/payments", order.id))
        .header("aisle-order-token", &order.token)
        .header("idempotency-key", person.key())
        .json(&json!({"provider": "sandbox"}));
    let answer = person.insists("pay again", request).await?;
    if answer.status != 201 {
        return Err(End::of_code(answer.code()).unwrap_or_else(|| End::Failed(answer.line("pay again"))));
    }
    match page_of(&answer.body["payment"]) {
        Some(page) => Ok(page),
        None => {
            let begun = wait(person, order, |order| page_of(&order["payment"]).is_some() || over(order)).await?;
            page_of(&begun["payment"]).ok_or_else(|| ended(order, person, &begun))
        }
    }
}

/// Waits until the order is confirmed, and notes it.
///
/// # Errors
/// How the attempt ends where it is not, within its time.
pub async fn confirmed(person: &mut Person<'_>, order: &Ordered) -> Result<(), End> {
    let world = person.world();
    let since = Stopwatch::start();
    let told = wait(person, order, over).await?;
    match told["status"].as_str() {
        Some("confirmed") => {
            world.latencies().add("= paid to confirmed", since.elapsed(), false);
            let mut book = world.book();
            book.uncertain.retain(|uncertain| uncertain.id != order.id);
            book.confirmed.push(order.clone());
            let within = world.options.confirm_within;
            if since.elapsed() <= within {
                Ok(())
            } else {
                Err(End::Failed(format!("order: confirmed, but later than {} s after the payment", within.as_secs())))
            }
        }
        _ => Err(ended(order, person, &told)),
    }
}

fn ended(order: &Ordered, person: &Person<'_>, told: &Value) -> End {
    unsold(order, person.idle, told["status"].as_str().unwrap_or("nothing"))
}

/// What it means that an order ended without a sale: whose making was it?
fn unsold(order: &Ordered, idle: Duration, status: &str) -> End {
    match status {
        "expired" if too_late(order, idle) => End::TooSlow,
        "expired" => End::Lapsed(format!("order: expired although it could be paid for {} s", order.pay_in.as_secs())),
        _ => End::Failed(format!("order: became {status} while it was paid for")),
    }
}

/// Asks for the order until it is `so`. Somebody who waits for it presses "again" when one answer does not come.
async fn wait(person: &mut Person<'_>, order: &Ordered, so: impl Fn(&Value) -> bool) -> Result<Value, End> {
    let world = person.world();
    let since = Stopwatch::start();
    let path = format!("/api/v1/orders/{}", order.id);
    let mut pause = ASKS_FIRST;
    let mut last: Option<String>;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(ASKS_AGAIN_MAX);
        let request = person.get(&path).header("aisle-order-token", &order.token);
        match person.insists("order status", request).await {
            Ok(Answer { status: 200, body, .. }) => {
                if so(&body["order"]) {
                    return Ok(body["order"].clone());
                }
                last = body["order"]["status"].as_str().map(str::to_owned);
            }
            Ok(answer) => last = Some(answer.line("order status")),
            Err(End::Failed(line)) => last = Some(line),
            Err(end) => return Err(end),
        }
        if since.elapsed() >= world.options.confirm_within {
            if last.as_deref() == Some("in_review") {
                return Err(End::Refused("the house looks at the order first (in_review)".to_owned()));
            }
            let within = world.options.confirm_within.as_secs();
            return Err(End::Failed(format!("order: after {within} s still: {}", last.unwrap_or_default())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_behind_any_host() {
        assert_eq!(path_of("/sandbox/checkout/7", "/sandbox/"), "/sandbox/checkout/7");
        assert_eq!(path_of("https://tickets.example/sandbox/checkout/7?x=1", "/sandbox/"), "/sandbox/checkout/7?x=1");
        assert_eq!(path_of("https://elsewhere.example/pay", "/sandbox/"), "https://elsewhere.example/pay");
        assert_eq!(page_of(&json!({"checkout_url": null})), None);
    }

    #[test]
    fn an_order_that_expired_is_its_buyers_making_only_when_they_thought_longer_than_it_could_be_paid() {
        let order = Ordered {
            id: "o".to_owned(),
            token: "t".to_owned(),
            total: 1,
            currency: "EUR".to_owned(),
            places: 1,
            pay_in: Duration::from_secs(600),
            idle: Duration::from_secs(5),
        };
        let end = |idle, status| unsold(&order, Duration::from_secs(idle), status);
        assert_eq!(end(605, "expired"), End::TooSlow);
        let lapsed = End::Lapsed("order: expired although it could be paid for 600 s".to_owned());
        assert_eq!(end(604, "expired"), lapsed);
        assert_eq!(end(700, "refunding"), End::Failed("order: became refunding while it was paid for".to_owned()));
    }

    #[test]
    fn an_order_is_over_when_its_payment_changes_nothing_any_more() {
        for status in ["awaiting_payment", "in_review", "paid"] {
            assert!(!over(&json!({"status": status})), "{status}");
        }
        for status in ["confirmed", "expired", "cancelled", "refunding", "refunded", "partially_refunded"] {
            assert!(over(&json!({"status": status})), "{status}");
        }
    }
}
