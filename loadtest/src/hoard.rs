//! Who holds seats, extends, lets go or walks away, and never buys.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;

use crate::hold::{self, Held};
use crate::map::Map;
use crate::outcome::End;
use crate::person::Person;

/// Of a hundred, who extend their hold.
const EXTENDS: f64 = 40.0;
/// Of a hundred, who let go; the others walk away, and time ends their holds.
const LETS_GO: f64 = 70.0;

/// Holds something, and does not buy it.
pub async fn hold_and_let_go(person: &mut Person<'_>) {
    person.begins();
    let world = person.world();
    let map = Arc::clone(&world.target);
    if let Err(end) = hoard(person, &map).await {
        let (name, _) = end.class().about();
        world.tally().trouble(match end.line() {
            Some(line) => format!("hoarders: {line}"),
            None => format!("hoarders: {name}"),
        });
    }
}

async fn hoard(person: &mut Person<'_>, map: &Map) -> Result<(), End> {
    let world = person.world();
    let want = 1 + person.buyer.dice.below(usize::from(world.options.party));
    let free = hold::look(person, map).await?;
    let Some(wish) = map.choose(&free, want, true, &mut person.buyer.dice) else {
        world.tally().count("hoarders who found nothing free");
        return Ok(());
    };
    let held = match hold::ask(person, map, &wish).await? {
        Ok(held) => held,
        Err(_refused) => {
            world.tally().count("hoarders who were refused");
            return Ok(());
        }
    };
    world.tally().count("hoarders' holds");
    person.thinks().await;
    if person.buyer.dice.chance(EXTENDS) {
        extend(person, &held).await?;
        person.thinks().await;
    }
    if person.buyer.dice.chance(LETS_GO) {
        let_go(person, &held).await?;
    } else {
        world.tally().count("hoarders who walked away");
    }
    Ok(())
}

async fn extend(person: &mut Person<'_>, held: &Held) -> Result<(), End> {
    let world = person.world();
    let asked = world.watch.elapsed();
    let request = person
        .request(Method::POST, &format!("/api/v1/shows/{}/holds/{}/extend", held.show, held.id))
        .header("aisle-hold-token", &held.token)
        .header("idempotency-key", person.key());
    let answer = person.insists("extend", request).await?;
    match answer.body["hold"]["expires_in_ms"].as_u64() {
        Some(left) if answer.status == 200 => {
            world.book().goes_on(&held.id, asked + Duration::from_millis(left), false);
            world.tally().count("hoarders' holds extended");
            Ok(())
        }
        _ => {
            if matches!(answer.code(), "hold_lapsed" | "hold_not_open") {
                lost(person, held, &answer.line("extend"));
            }
            Err(End::Failed(answer.line("extend")))
        }
    }
}

async fn let_go(person: &mut Person<'_>, held: &Held) -> Result<(), End> {
    let world = person.world();
    world.book().gone(&held.id);
    let request = person
        .request(Method::DELETE, &format!("/api/v1/shows/{}/holds/{}", held.show, held.id))
        .header("aisle-hold-token", &held.token)
        .header("idempotency-key", person.key());
    let answer = person.insists("let go", request).await?;
    if answer.status == 204 {
        world.tally().count("hoarders' holds let go");
        Ok(())
    } else {
        Err(End::Failed(answer.line("let go")))
    }
}

/// A hold was said to have ended: before its time?
fn lost(person: &Person<'_>, held: &Held, line: &str) {
    let world = person.world();
    let mut book = world.book();
    book.gone(&held.id);
    if held.is_good(&world) {
        book.lost.push(format!("hold {} of show {}: {line}", held.id, held.show));
    }
}
