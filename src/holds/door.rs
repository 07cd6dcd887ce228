//! Through which door a hold comes: everybody's, one that a code opens, or the house's own.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use aisle_actors::core::{AccessCode, AccessCodeId, AllocationId, Channel, ShowId, Timestamp};
use uuid::Uuid;

use super::bookings::must_sell;
use super::wire::CreateHold;
use crate::accounts::{Principal, Role};
use crate::catalog::Catalog;
use crate::http::{ApiError, Code};

/// Wrong codes are counted for so long.
const WINDOW_MS: u64 = 60_000;
/// Of one address. Who mistypes does so a few times; a made code has 49 bits.
const WRONG_PER_ADDRESS: u32 = 10;
/// At one show, or of one house: who guesses there from many addresses stops only those who have a code for it.
const WRONG_AT_ONE: u32 = 1_000;
/// Of all of them together: bounds what is remembered.
const WRONG_IN_ALL: u32 = 10_000;

/// What the door lets in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door {
    pub channel: Channel,
    pub allocation: Option<AllocationId>,
    pub code: Option<AccessCode>,
}

/// The door that this wish may go through.
///
/// # Errors
/// `access_code_invalid` where its code opens nothing now, `too_many_requests` where too many wrong ones were tried;
/// `unauthenticated`, `forbidden` or `not_found` for who is no staff of this house and names an allocation; `not_found` for a
/// machine of another house.
pub(super) async fn door(
    catalog: &Catalog,
    guesses: &Guesses,
    who: Option<&Principal>,
    from: Option<IpAddr>,
    show: ShowId,
    wanted: &CreateHold,
    now: Timestamp,
) -> Result<Door, ApiError> {
    if let Some(Principal::Machine(machine)) = who {
        Box::pin(must_sell(catalog, machine, show)).await?;
        if wanted.access_code.is_some() {
            return Err(ApiError::field("access_code", "is not needed by a key"));
        }
        return Ok(Door { channel: Channel::Staff, allocation: wanted.allocation_id.map(AllocationId), code: None });
    }
    match (wanted.allocation_id, &wanted.access_code) {
        (Some(_), Some(_)) => Err(ApiError::field("allocation_id", "cannot be named together with an access code")),
        (None, None) => Ok(Door { channel: Channel::Public, allocation: None, code: None }),
        (Some(allocation), None) => {
            let who = who.ok_or_else(|| ApiError::plain(Code::Unauthenticated))?;
            let organizer =
                Box::pin(catalog.organizer_of_show(show)).await?.ok_or_else(|| ApiError::not_found("show"))?;
            who.must(Role::BoxOffice, organizer, "show")?;
            Ok(Door { channel: Channel::Staff, allocation: Some(AllocationId(allocation)), code: None })
        }
        (None, Some(told)) => {
            guesses.must_be_few(now, from, show.0)?;
            let Some(open) = Box::pin(catalog.open_code(show, told)).await? else {
                guesses.was_wrong(now, from, show.0);
                return Err(ApiError::plain(Code::AccessCodeInvalid));
            };
            let channel = if open.allocation.is_some() { Channel::Allocation } else { Channel::AccessCode };
            let code = AccessCode { id: AccessCodeId(open.id), places_max: open.places_max };
            Ok(Door { channel, allocation: open.allocation, code: Some(code) })
        }
    }
}

/// Counts the wrong codes that were tried at this process.
#[derive(Debug)]
pub struct Guesses {
    enforced: bool,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    began: Option<Timestamp>,
    in_all: u32,
    by_address: HashMap<IpAddr, u32>,
    /// By the show or the house.
    at: HashMap<Uuid, u32>,
}

impl Window {
    fn since(&mut self, now: Timestamp) -> &mut Self {
        if self.began.is_none_or(|began| now.ms_since(began) >= WINDOW_MS) {
            *self = Self { began: Some(now), ..Self::default() };
        }
        self
    }

    fn is_full(&self, from: Option<IpAddr>, at: Uuid) -> bool {
        let of_address = from.and_then(|from| self.by_address.get(&from)).copied().unwrap_or_default();
        let at = self.at.get(&at).copied().unwrap_or_default();
        of_address >= WRONG_PER_ADDRESS || at >= WRONG_AT_ONE || self.in_all >= WRONG_IN_ALL
    }
}

impl Guesses {
    /// Nobody has guessed yet. Not enforced, they are only counted.
    #[must_use]
    pub fn new(enforced: bool) -> Self {
        Self { enforced, window: Mutex::default() }
    }

    /// Nobody who has tried too many wrong codes may try another. `at`: the show, or the house, whose code it would be.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub fn must_be_few(&self, now: Timestamp, from: Option<IpAddr>, at: Uuid) -> Result<(), ApiError> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let window = window.since(now);
        if !window.is_full(from, at) {
            return Ok(());
        }
        metrics::counter!("aisle_access_code_guesses_limited_total").increment(1);
        if !self.enforced {
            return Ok(());
        }
        let left = window.began.map_or(WINDOW_MS, |began| WINDOW_MS.saturating_sub(now.ms_since(began)));
        Err(ApiError::new(Code::TooManyRequests, "Too many wrong codes.").retry_after(left.div_ceil(1000)))
    }

    /// A code that was tried there is none of ours.
    pub fn was_wrong(&self, now: Timestamp, from: Option<IpAddr>, at: Uuid) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let window = window.since(now);
        window.in_all = window.in_all.saturating_add(1);
        // Past the bound nobody is let in to guess, so nothing grows.
        if window.in_all > WRONG_IN_ALL {
            return;
        }
        let count = window.at.entry(at).or_default();
        *count = count.saturating_add(1);
        if let Some(from) = from {
            let count = window.by_address.entry(from).or_default();
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOW: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[test]
    fn an_address_that_guesses_is_stopped_until_the_minute_is_over() {
        let (guesses, begin) = (Guesses::new(true), Timestamp(1_000));
        let at = |n: u8| Some(IpAddr::from([192, 0, 2, n]));
        for _ in 0..WRONG_PER_ADDRESS {
            guesses.must_be_few(begin, at(1), SHOW).unwrap();
            guesses.was_wrong(begin, at(1), SHOW);
        }
        let late = begin.plus_ms(WINDOW_MS - 1);
        // Wherever else it tries.
        assert_eq!(guesses.must_be_few(late, at(1), OTHER).unwrap_err().code(), Code::TooManyRequests);
        guesses.must_be_few(late, at(2), SHOW).unwrap();
        guesses.must_be_few(begin.plus_ms(WINDOW_MS), at(1), SHOW).unwrap();
    }

    #[test]
    fn many_addresses_together_are_stopped_at_one_show_and_only_observed_nobody_is() {
        for enforced in [true, false] {
            let guesses = Guesses::new(enforced);
            let guess = |n: u32, at: Uuid| guesses.was_wrong(Timestamp(0), Some(IpAddr::from(n.to_be_bytes())), at);
            (0..WRONG_AT_ONE).for_each(|n| guess(n, SHOW));
            assert_eq!(guesses.must_be_few(Timestamp(0), None, SHOW).is_err(), enforced);
            guesses.must_be_few(Timestamp(0), None, OTHER).expect("who has a code for another show may use it");
            // What is remembered is bounded, whatever is named.
            (WRONG_AT_ONE..WRONG_IN_ALL + 9).for_each(|n| guess(n, Uuid::from_u128(u128::from(n))));
            assert_eq!(guesses.must_be_few(Timestamp(0), None, OTHER).is_err(), enforced);
            let window = guesses.window.lock().unwrap();
            assert!(window.at.len() <= WRONG_IN_ALL as usize && window.by_address.len() <= WRONG_IN_ALL as usize);
        }
    }
}
