//! After the rush: what was given out is compared with what the server says of it, over HTTP and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::book::{Book, Kept, Ordered};
use crate::chain::{Chain, Said, Step};
use crate::hold;
use crate::map::{self, Failed};
use crate::office::Office;
use crate::verdict::{Check, Verdict};
use crate::watch::LIVE_MESSAGES;
use crate::world::World;

/// So many are read at a time: the server may be busy with others.
const AT_A_TIME: usize = 8;
/// A hold that ends within this may end before it is read.
const MARGIN: Duration = Duration::from_secs(10);
/// How long orders that were paid late may take to end one way or another.
const SETTLE: Duration = Duration::from_secs(30);
/// How often a show's map is read again to find it at rest.
const MAP_TRIES: u32 = 20;

/// An order as it is now.
struct Now<'a> {
    order: &'a Ordered,
    said: Result<Value, String>,
}

impl Now<'_> {
    fn status(&self) -> &str {
        self.said.as_ref().ok().and_then(|order| order["status"].as_str()).unwrap_or("not to be read")
    }
}

/// Looks at everything again. Where the server does not let itself be looked at, that is found too.
pub async fn judge(world: &World, office: Option<&Office>) -> Verdict {
    let book = std::mem::take(&mut *world.book());
    let max = world.options.audit_max;
    let mut checks = vec![
        Check::new("seats on two tickets", book.tickets.len(), book.twice()),
        Check::new("seats held by two at a time", book.holds.len(), book.held_twice.clone()),
        holds_live(world, &book, max).await,
    ];
    let uncertain = settled(world, &book.uncertain, max).await;
    checks.extend(read("maps that could not be read", on_the_map(world, &book).await));
    let confirmed = orders(world, &book.confirmed, max).await;
    checks.push(still_confirmed(&confirmed, book.confirmed.len()));
    let unpaid = orders(world, &book.unpaid, max).await;
    checks.push(Check::new(
        "orders sold although their payment was declined",
        unpaid.len(),
        wrong(&unpaid, |now| !matches!(now.status(), "awaiting_payment" | "expired")),
    ));
    checks.push(Check::new(
        "late orders with neither tickets nor their money back",
        uncertain.len(),
        wrong(&uncertain, |now| matches!(now.status(), "paid" | "not to be read")),
    ));
    let said = world.tally().counts.get(LIVE_MESSAGES).map_or(0, |&said| usize::try_from(said).unwrap_or(usize::MAX));
    checks.push(Check::new("live messages that cannot be", said, book.nonsense.clone()));
    checks.extend(read("maps of viewers that could not be read", feeds(world, &book.feeds).await));
    if let Some(office) = office {
        let late = uncertain.iter().filter(|now| now.status() == "confirmed").map(|now| now.order);
        let (mut paid, mut places) = (BTreeMap::new(), 0);
        for order in book.confirmed.iter().chain(late) {
            *paid.entry(order.currency.clone()).or_insert(0) += order.total;
            places += order.places;
        }
        checks.extend(office.judge(world, &paid, places).await);
    }
    if let Some(least) = world.options.success_min {
        let tally = world.tally();
        let missed = tally.success().is_none_or(|rate| rate < least);
        let why = missed.then(|| format!("{}; at least {least} % were asked for", tally.success_text()));
        let attempts = usize::try_from(tally.attempts()).unwrap_or(usize::MAX);
        checks.push(Check::new("rates of success below what was asked for", attempts, why.into_iter().collect()));
    }
    let remarks = uncertain.iter().map(|now| {
        format!("order {} was not confirmed while its buyer waited; it is {} now", now.order.id, now.status())
    });
    Verdict {
        checks,
        tickets: book.tickets_sold(),
        must_sell: world.options.journeys.buys(),
        remarks: remarks.take(20).collect(),
    }
}

fn read(what: &'static str, checks: Result<Vec<Check>, Failed>) -> Vec<Check> {
    checks.unwrap_or_else(|error| vec![Check::new(what, 0, vec![error.to_string()])])
}

fn wrong(all: &[Now<'_>], is_wrong: impl Fn(&Now<'_>) -> bool) -> Vec<String> {
    let wrong = all.iter().filter(|now| is_wrong(now));
    wrong.map(|now| format!("order {} is {}", now.order.id, now.status())).collect()
}

/// Of these, `max` at even distances: who was first is as interesting as who was last.
fn some<T>(all: &[T], max: usize) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(max.max(1)).max(1))
}

async fn order_now<'a>(world: &World, order: &'a Ordered) -> Now<'a> {
    let request = world
        .client
        .get(format!("{}/api/v1/orders/{}", world.base, order.id))
        .header("aisle-order-token", &order.token);
    let said = match request.send().await {
        Ok(response) if response.status().is_success() => {
            response.json::<Value>().await.map(|mut body| body["order"].take()).map_err(|error| error.to_string())
        }
        Ok(response) => Err(format!("answered {}", response.status())),
        Err(error) => Err(error.to_string()),
    };
    Now { order, said }
}

async fn orders<'a>(world: &World, all: &'a [Ordered], max: usize) -> Vec<Now<'a>> {
    stream::iter(some(all, max)).map(|order| order_now(world, order)).buffer_unordered(AT_A_TIME).collect().await
}

/// The same, once none of them is still being paid for, or after a while.
async fn settled<'a>(world: &World, all: &'a [Ordered], max: usize) -> Vec<Now<'a>> {
    let until = world.watch.elapsed() + SETTLE;
    loop {
        let now = orders(world, all, max).await;
        if world.watch.elapsed() > until || now.iter().all(|now| !matches!(now.status(), "paid" | "refunding")) {
            return now;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn still_confirmed(all: &[Now<'_>], of: usize) -> Check {
    let wrong = all.iter().filter_map(|now| {
        let order = match &now.said {
            Ok(order) => order,
            Err(why) => return Some(format!("order {}: {why}", now.order.id)),
        };
        let refunds = order["refunds"].as_array().map_or(0, Vec::len);
        let total = order["total"]["amount"].as_i64();
        let holds = order["status"] == "confirmed" && refunds == 0 && total == Some(now.order.total);
        let line =
            format!("order {} is {}, {refunds} refunds, {total:?} of {}", now.order.id, now.status(), now.order.total);
        (!holds).then_some(line)
    });
    let check = Check::new("confirmed orders that are no longer so, or gave money back", all.len(), wrong.collect());
    check.not_seen((all.len() < of).then(|| format!("{} of {of}", of - all.len())))
}

/// Every hold that was acknowledged and not given up lives until its time; those that should live now are read.
async fn holds_live(world: &World, book: &Book, max: usize) -> Check {
    let now = world.watch.elapsed();
    let mut open: Vec<(&String, &Kept)> =
        book.holds.iter().filter(|(_, kept)| !kept.ordered && kept.until > now + MARGIN).collect();
    open.sort_by_key(|(id, _)| *id);
    let read: Vec<Option<String>> = stream::iter(some(&open, max))
        .map(|(id, kept)| async move { hold_lives(world, id, kept).await.err() })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    let looked_at = read.len() + book.lost.len();
    let lost = book.lost.iter().cloned().chain(read.into_iter().flatten()).collect();
    Check::new("acknowledged holds lost before their time", looked_at, lost)
}

async fn hold_lives(world: &World, id: &str, kept: &Kept) -> Result<(), String> {
    let address = format!("{}/api/v1/shows/{}/holds/{id}", world.base, kept.show);
    let response = world.client.get(address).header("aisle-hold-token", &kept.token).send().await;
    let response = response.map_err(|error| format!("hold {id}: {error}"))?;
    let status = response.status();
    let body: Value = response.json().await.map_err(|error| format!("hold {id}: {error}"))?;
    if status != 200 {
        return Err(format!("hold {id} of show {}: answered {status} {}", kept.show, body["code"]));
    }
    let seats: BTreeSet<String> = hold::guids(&body["hold"]).into_iter().collect();
    if body["hold"]["state"] != "open" || !seats.iter().eq(kept.seats.iter().collect::<BTreeSet<_>>()) {
        return Err(format!("hold {id} of show {} is {} with {seats:?}", kept.show, body["hold"]["state"]));
    }
    Ok(())
}

/// Every ticket's seat is booked; of areas at least as many places are gone as tickets were given out.
async fn on_the_map(world: &World, book: &Book) -> Result<Vec<Check>, Failed> {
    let shows: BTreeSet<&String> = book.tickets.keys().chain(book.standing.keys()).map(|(show, _)| show).collect();
    let mut booked: HashSet<(&str, &str)> = HashSet::new();
    let mut left: HashMap<(String, String), u64> = HashMap::new();
    for show in shows {
        let map = world.map_of(show).ok_or("tickets of a show that nobody knows")?;
        let free = map::free(&world.client, &world.base, show).await?;
        let sold = map.guids.iter().zip(&free.letters).filter(|&(_, &letter)| letter == b'b');
        booked.extend(sold.map(|(guid, _)| (map.show.as_str(), guid.as_str())));
        left.extend(free.areas.into_iter().map(|(area, left)| ((show.clone(), area), left)));
    }
    let places = book.tickets.keys();
    let free = places.filter(|(show, seat)| !booked.contains(&(show.as_str(), seat.as_str())));
    let free = free.map(|(show, seat)| format!("{seat} of show {show}")).collect();
    let crowded = book.standing.iter().filter_map(|(place, &sold)| {
        let (before, after) = (world.standing.get(place)?, left.get(place)?);
        (after + sold > *before)
            .then(|| format!("{} of show {}: {before} before, {sold} sold, {after} left", place.1, place.0))
    });
    Ok(vec![
        Check::new("tickets whose seat is not booked on the map", book.tickets.len(), free),
        Check::new("areas that sold more than they lost", book.standing.len(), crowded.collect()),
    ])
}

/// A show's map at rest, and what each viewer knew brought up to it: they must be the same.
async fn feeds(world: &World, feeds: &BTreeMap<u64, (String, Chain)>) -> Result<Vec<Check>, Failed> {
    let (mut other, mut unseen, mut looked_at) = (Vec::new(), 0, 0);
    for (viewer, (show, chain)) in feeds {
        match brought_up(world, show, chain).await? {
            Some(true) => looked_at += 1,
            Some(false) => {
                looked_at += 1;
                other.push(format!("viewer {viewer} of show {show}, who had seen up to {}", chain.seq));
            }
            None => unseen += 1,
        }
    }
    let check = Check::new("viewers whose map became another", looked_at, other);
    Ok(vec![
        check.not_seen((unseen > 0).then(|| format!("{unseen} whose deltas are gone, or whose show did not rest"))),
    ])
}

async fn brought_up(world: &World, show: &str, chain: &Chain) -> Result<Option<bool>, Failed> {
    let seats = format!("{}/api/v1/shows/{show}/seats", world.base);
    for _ in 0..MAP_TRIES {
        let since = format!("{seats}?since={}&plan_version={}", chain.seq, chain.plan_version);
        let mut after = map::get(&world.client, &since, None).await?;
        let mut whole = map::get(&world.client, &seats, None).await?;
        if after["from"].is_null() {
            return Ok(None);
        }
        if after["seq"] != whole["seq"] {
            continue;
        }
        // What HTTP calls `deltas` the live feed calls `seats`.
        after["seats"] = after["deltas"].take();
        after["t"] = "delta".into();
        whole["t"] = "snapshot".into();
        let (mut brought, mut fresh) = (chain.clone(), Chain::default());
        let step = brought.hear(serde_json::from_value::<Said>(after)?);
        fresh.hear(serde_json::from_value::<Said>(whole)?);
        let follows = matches!(step, Step::Added | Step::Old);
        return Ok(Some(follows && brought == fresh));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ordered() -> Ordered {
        Ordered {
            id: "o".to_owned(),
            token: "t".to_owned(),
            total: 4500,
            currency: "EUR".to_owned(),
            places: 2,
            pay_in: Duration::MAX,
            idle: Duration::ZERO,
        }
    }

    #[test]
    fn some_are_all_where_there_are_few_and_spread_where_there_are_many() {
        let all: Vec<u32> = (0..10).collect();
        assert_eq!(some(&all, 10).count(), 10);
        assert_eq!(some(&all, 4).copied().collect::<Vec<_>>(), [0, 3, 6, 9]);
        assert_eq!(some(&all, 0).count(), 1);
        assert_eq!(some::<u32>(&[], 5).count(), 0);
    }

    #[test]
    fn an_order_is_confirmed_as_it_was_or_it_is_found() {
        let order = ordered();
        let fine = json!({"status": "confirmed", "refunds": [], "total": {"amount": 4500}});
        let mut refunded = fine.clone();
        refunded["refunds"] = json!([{}]);
        let mut dearer = fine.clone();
        dearer["total"]["amount"] = json!(4600);
        let mut paid = fine.clone();
        paid["status"] = json!("paid");
        let check = |said| still_confirmed(&[Now { order: &order, said }], 1).wrong.len();
        assert_eq!(check(Ok(fine)), 0);
        for said in [Ok(refunded), Ok(dearer), Ok(paid), Err("answered 500".to_owned())] {
            assert_eq!(check(said), 1);
        }
    }

    #[test]
    fn what_was_not_looked_at_is_said() {
        assert_eq!(still_confirmed(&[], 7).not_seen.as_deref(), Some("7 of 7"));
        assert_eq!(still_confirmed(&[], 0).not_seen, None);
    }
}
