//! Through which door a hold comes: everybody's, one that a code opens, or the house's own.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use aisle_actors::core::{AccessCode, AccessCodeId, AllocationId, Channel, ShowId, Timestamp};

use super::bookings::must_sell;
use super::wire::CreateHold;
use crate::accounts::{Principal, Role};
use crate::catalog::Catalog;
use crate::http::{ApiError, Code};

/// Wrong codes are counted for so long.
const WINDOW_MS: u64 = 60_000;
/// Of one address. Who mistypes does so a few times; a made code has 49 bits.
const WRONG_PER_ADDRESS: u32 = 10;
/// Of all of them together: also bounds what is remembered.
const WRONG_IN_ALL: u32 = 1_000;

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
            guesses.must_be_few(now, from)?;
            let Some(open) = Box::pin(catalog.open_code(show, told)).await? else {
                guesses.was_wrong(now, from);
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
}

impl Window {
    fn at(&mut self, now: Timestamp) -> &mut Self {
        if self.began.is_none_or(|began| now.ms_since(began) >= WINDOW_MS) {
            *self = Self { began: Some(now), ..Self::default() };
        }
        self
    }

    fn is_full(&self, from: Option<IpAddr>) -> bool {
        let of_address = from.and_then(|from| self.by_address.get(&from)).copied().unwrap_or_default();
        of_address >= WRONG_PER_ADDRESS || self.in_all >= WRONG_IN_ALL
    }
}

impl Guesses {
    /// Nobody has guessed yet. Not enforced, they are only counted.
    #[must_use]
    pub fn new(enforced: bool) -> Self {
        Self { enforced, window: Mutex::default() }
    }

    /// Nobody who has tried too many wrong codes may try another.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub fn must_be_few(&self, now: Timestamp, from: Option<IpAddr>) -> Result<(), ApiError> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let window = window.at(now);
        if !window.is_full(from) {
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
    pub fn was_wrong(&self, now: Timestamp, from: Option<IpAddr>) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let window = window.at(now);
        // Past the bound nobody is let in to guess, so nothing grows.
        window.in_all = window.in_all.saturating_add(1);
        if let Some(from) = from.filter(|_| window.in_all <= WRONG_IN_ALL) {
            let count = window.by_address.entry(from).or_default();
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_guesses_is_stopped_until_the_minute_is_over() {
        let (guesses, begin) = (Guesses::new(true), Timestamp(1_000));
        let at = |n: u8| Some(IpAddr::from([192, 0, 2, n]));
        for _ in 0..WRONG_PER_ADDRESS {
            guesses.must_be_few(begin, at(1)).unwrap();
            guesses.was_wrong(begin, at(1));
        }
        let late = begin.plus_ms(WINDOW_MS - 1);
        assert_eq!(guesses.must_be_few(late, at(1)).unwrap_err().code(), Code::TooManyRequests);
        guesses.must_be_few(late, at(2)).unwrap();
        guesses.must_be_few(begin.plus_ms(WINDOW_MS), at(1)).unwrap();
    }

    #[test]
    fn many_addresses_together_are_stopped_too_and_only_observed_nobody_is() {
        for enforced in [true, false] {
            let guesses = Guesses::new(enforced);
            for n in 0..WRONG_IN_ALL {
                guesses.was_wrong(Timestamp(0), Some(IpAddr::from(n.to_be_bytes())));
            }
            assert_eq!(guesses.must_be_few(Timestamp(0), None).is_err(), enforced);
        }
    }
}
