//! The same JSON as Aisle reads and writes for a hold, of the same length.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a hold asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    seats: Vec<String>,
}

impl Wish {
    /// Its seats' numbers: `r3-17` is the 17th of the third row of a hundred. `None` where one is no seat, or there is none.
    pub fn numbers(&self) -> Option<Vec<i32>> {
        let number = |guid: &String| {
            let (row, seat) = guid.strip_prefix('r')?.split_once('-')?;
            let (row, seat): (i32, i32) = (row.parse().ok()?, seat.parse().ok()?);
            (row >= 1 && (1..=100).contains(&seat))
                .then(|| row.checked_sub(1)?.checked_mul(100)?.checked_add(seat - 1))?
        };
        let numbers: Option<Vec<i32>> = self.seats.iter().map(number).collect();
        numbers.filter(|numbers| !numbers.is_empty())
    }
}

#[derive(Serialize)]
struct Hold<'a> {
    id: Uuid,
    token: &'a str,
    show_id: &'a str,
    state: &'a str,
    seats: &'a [String],
    placement: &'a str,
    areas: [u8; 0],
    expires_at: &'a str,
    expires_in_ms: u64,
    paused: bool,
    extendable_until: &'a str,
    pay_by: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    hold: Hold<'a>,
}

/// A new id.
pub fn new_id() -> Uuid {
    // Peers are servers of their own, and this is their door.
    #[allow(clippy::disallowed_methods, reason = "the one place of this program where ids are made")]
    Uuid::now_v7()
}

/// Two places are held under a new id.
pub fn held(show: &str, wish: &Wish, token: &str) -> HttpResponse {
    held_as(show, wish, new_id(), token)
}

/// Two places are held.
pub fn held_as(show: &str, wish: &Wish, id: Uuid, token: &str) -> HttpResponse {
    HttpResponse::Created().insert_header(("cache-control", "private, no-store")).json(Answer {
        hold: Hold {
            id,
            token,
            show_id: show,
            state: "open",
            seats: &wish.seats,
            placement: "one_row",
            areas: [],
            expires_at: "2026-11-30T17:00:00.123Z",
            expires_in_ms: 86_400_000,
            paused: false,
            extendable_until: "2026-11-30T17:00:00.123Z",
            pay_by: None,
        },
    })
}

/// Somebody has them.
pub fn refused() -> HttpResponse {
    HttpResponse::Conflict().content_type("application/problem+json").body(
        r#"{"type":"about:blank","title":"Seats taken","status":409,"detail":"Some of these seats have just been taken.","code":"seats_taken","seats":["r1-1","r1-2"]}"#,
    )
}

/// A token that says which seats it is about; as long as one of Aisle's.
pub fn given(seats: &[i32]) -> String {
    let mut token = seats.iter().map(i32::to_string).collect::<Vec<_>>().join(".");
    token.push('-');
    while token.len() < 60 {
        token.push('0');
    }
    token
}

/// The seats of a request's token.
pub fn token_of(request: &HttpRequest) -> Option<Vec<i32>> {
    read(request.headers().get("aisle-hold-token")?.to_str().ok()?)
}

fn read(token: &str) -> Option<Vec<i32>> {
    token.split_once('-')?.0.split('.').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_a_number() {
        let numbers = |seats: &[&str]| Wish { seats: seats.iter().map(|&seat| seat.to_owned()).collect() }.numbers();
        assert_eq!(numbers(&["r1-1", "r2-100"]), Some(vec![0, 199]));
        for wrong in [&["r0-1"][..], &["r1-101"], &["x"], &["r1-0"], &["r99999999-1"], &[]] {
            assert_eq!(numbers(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_token_says_its_seats() {
        assert_eq!(read(&given(&[3, 59_999])), Some(vec![3, 59_999]));
        assert_eq!(read("nonsense"), None);
    }
}
