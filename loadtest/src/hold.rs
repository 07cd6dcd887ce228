//! Taking seats: look, choose, hold; look again when somebody was faster.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::book::Kept;
use crate::buy::Style;
use crate::map::{Free, Map, Wish};
use crate::outcome::End;
use crate::person::{Answer, Person};
use crate::world::World;

/// How long somebody looks at the map again who was too slow.
const LOOKS_AGAIN: Duration = Duration::from_millis(400);

/// A hold that was acknowledged.
#[derive(Clone, Debug)]
pub struct Held {
    /// Of which show.
    pub show: String,
    /// Its id.
    pub id: String,
    /// Its token.
    pub token: String,
    /// How many places.
    pub places: usize,
    /// How long it was good for when it was made.
    pub good_for: Duration,
    /// Until when, from the beginning of the run.
    pub until: Duration,
}

impl Held {
    /// Whether it is still good by what its buyer was told.
    #[must_use]
    pub fn is_good(&self, world: &World) -> bool {
        world.watch.elapsed() < self.until
    }
}

/// What an answer to the wish for a hold means.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// Somebody else was faster: look again.
    TooLate,
    /// The house would not sell it so: leave the choice to it.
    NotSo,
    /// Nothing like this is left: try for less.
    NoneLeft,
    /// It ends the attempt.
    Ends(End),
}

fn heard(answer: &Answer) -> Heard {
    match answer.code() {
        "seats_taken" | "area_full" => Heard::TooLate,
        "strands_a_seat" | "table_sold_whole" => Heard::NotSo,
        "none_available" => Heard::NoneLeft,
        code => Heard::Ends(End::of_code(code).unwrap_or_else(|| End::Failed(answer.line("hold")))),
    }
}

/// Takes places of this show.
///
/// # Errors
/// How the attempt ends without them.
pub async fn take(person: &mut Person<'_>, map: &Map, style: Style) -> Result<Held, End> {
    let world = person.world();
    let mut want = 1 + person.buyer.dice.below(usize::from(world.options.party));
    let mut leaves_it = person.buyer.dice.chance(world.options.best_available);
    let mut best = style.best;
    let mut last = End::LostRace;
    for again in 0..=world.options.tries {
        if again > 0 {
            person.waits(LOOKS_AGAIN).await;
        }
        let free = look(person, map).await?;
        if again == 0 {
            person.thinks().await;
        }
        let wish = if leaves_it && free.has_seats() {
            Wish::Best(want)
        } else {
            map.choose(&free, want, best, &mut person.buyer.dice).ok_or(End::SoldOut)?
        };
        match ask(person, map, &wish).await? {
            Ok(held) => return Ok(held),
            Err(answer) => match heard(&answer) {
                Heard::TooLate => {
                    world.tally().count("holds refused because somebody was faster");
                    last = End::LostRace;
                    // The best are gone to faster people: elsewhere, then.
                    best &= again * 2 < world.options.tries;
                }
                Heard::NotSo => {
                    world.tally().count("choices that the house would not sell so");
                    last = End::Refused(answer.code().to_owned());
                    leaves_it = true;
                }
                Heard::NoneLeft => {
                    last = End::SoldOut;
                    if want == 1 {
                        return Err(End::SoldOut);
                    }
                    want -= 1;
                }
                Heard::Ends(end) => return Err(end),
            },
        }
    }
    Err(last)
}

/// Looks at the map.
///
/// # Errors
/// How the attempt ends where there is none.
pub async fn look(person: &mut Person<'_>, map: &Map) -> Result<Free, End> {
    let request = person.get(&format!("/api/v1/shows/{}/seats", map.show));
    let answer = person.insists("seats", request).await?;
    match Free::of(&answer.body) {
        Some(free) if answer.status == 200 => Ok(free),
        _ => Err(End::of_code(answer.code()).unwrap_or_else(|| End::Failed(answer.line("seats")))),
    }
}

/// Asks for it once (and again when told to come again later): the hold, or the refusal.
///
/// # Errors
/// Where there was no answer to work with.
pub async fn ask(person: &mut Person<'_>, map: &Map, wish: &Wish) -> Result<Result<Held, Answer>, End> {
    let body = match wish {
        Wish::Seats(seats) => json!({"seats": seats}),
        Wish::Best(quantity) => json!({"best_available": {"quantity": quantity}}),
        Wish::Area(area, quantity) => json!({"areas": [{"area": area, "quantity": quantity}]}),
    };
    let world = person.world();
    let asked = world.watch.elapsed();
    let key = person.key();
    let request = person
        .request(Method::POST, &format!("/api/v1/shows/{}/holds", map.show))
        .header("idempotency-key", key)
        .json(&body);
    let answer = person.insists("hold", request).await?;
    if answer.status != 201 {
        return Ok(Err(answer));
    }
    let hold = &answer.body["hold"];
    let (Some(id), Some(token), Some(good_ms)) =
        (hold["id"].as_str(), hold["token"].as_str(), hold["expires_in_ms"].as_u64())
    else {
        return Err(End::Failed("hold: answered 201 without a hold".to_owned()));
    };
    let seats = guids(hold);
    let standing: u64 =
        hold["areas"].as_array().into_iter().flatten().filter_map(|area| area["quantity"].as_u64()).sum();
    let good_for = Duration::from_millis(good_ms);
    // Counted from when it was asked for: it was made later than that.
    let until = asked + good_for;
    let held = Held {
        show: map.show.clone(),
        id: id.to_owned(),
        token: token.to_owned(),
        places: seats.len() + usize::try_from(standing).unwrap_or(0),
        good_for,
        until,
    };
    let kept = Kept { show: map.show.clone(), token: held.token.clone(), seats, until, ordered: false };
    world.book().held(id, kept, asked);
    if held.places != wish.places() {
        return Err(End::Failed(format!("hold: {} places instead of {}", held.places, wish.places())));
    }
    Ok(Ok(held))
}

/// The seats that a hold names.
#[must_use]
pub fn guids(hold: &Value) -> Vec<String> {
    hold["seats"].as_array().into_iter().flatten().filter_map(|seat| seat.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_looked_at_again_or_ends_the_attempt() {
        let of = |status, code: &str| heard(&Answer { status, body: json!({"code": code}), retry_after_s: None });
        assert_eq!(of(409, "seats_taken"), Heard::TooLate);
        assert_eq!(of(409, "area_full"), Heard::TooLate);
        assert_eq!(of(409, "strands_a_seat"), Heard::NotSo);
        assert_eq!(of(409, "none_available"), Heard::NoneLeft);
        assert_eq!(of(409, "sales_ended"), Heard::Ends(End::SaleClosed));
        assert_eq!(
            of(422, "validation_failed"),
            Heard::Ends(End::Failed("hold: answered 422 validation_failed".to_owned()))
        );
        assert_eq!(of(404, ""), Heard::Ends(End::Failed("hold: answered 404".to_owned())));
    }
}
