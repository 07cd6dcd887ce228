//! What counts against somebody's limit, as far as holds have it; what is booked, the bookings know.

use std::collections::HashMap;
use std::hash::Hash;

use super::record::{By, Person};
use crate::ids::AccessCodeId;

/// What one buyer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BuyerUse {
    /// Holds that stand.
    pub holds: u32,
    /// Their places.
    pub places: u64,
}

/// Only those who have something.
#[derive(Debug, Default)]
pub(super) struct Uses {
    buyers: HashMap<Person, BuyerUse>,
    /// Places that are being paid for.
    customers: HashMap<Person, u64>,
    /// Places held and booked together: codes are few.
    codes: HashMap<AccessCodeId, u64>,
}

impl Uses {
    pub fn of_buyer(&self, buyer: Person) -> BuyerUse {
        self.buyers.get(&buyer).copied().unwrap_or_default()
    }

    pub fn of_customer(&self, customer: Person) -> u64 {
        self.customers.get(&customer).copied().unwrap_or_default()
    }

    pub fn of_code(&self, code: AccessCodeId) -> u64 {
        self.codes.get(&code).copied().unwrap_or_default()
    }

    /// All codes, by id.
    pub fn codes(&self) -> Vec<(AccessCodeId, u64)> {
        let mut all: Vec<_> = self.codes.iter().map(|(&code, &places)| (code, places)).collect();
        all.sort_unstable();
        all
    }

    /// A hold began (`holds` is 1), ended (-1), or changed (0), and has so many places more or fewer.
    pub fn hold(&mut self, by: By, holds: i32, places: i64) {
        if let Some(buyer) = by.buyer {
            let used = self.buyers.entry(buyer).or_default();
            used.holds = used.holds.saturating_add_signed(holds);
            used.places = used.places.saturating_add_signed(places);
            if *used == BuyerUse::default() {
                self.buyers.remove(&buyer);
                drop_when_empty(&mut self.buyers);
            }
        }
        self.code(by, places);
    }

    /// So many places more, or fewer, are being paid for.
    pub fn paying(&mut self, by: By, places: i64) {
        if let Some(customer) = by.customer {
            add(&mut self.customers, customer, places);
        }
    }

    /// So many places more, or fewer, are held or booked under a code.
    pub fn code(&mut self, by: By, places: i64) {
        if let Some(code) = by.code {
            add(&mut self.codes, code, places);
        }
    }

    /// What they take in memory.
    pub fn bytes(&self) -> usize {
        self.buyers.capacity() * (size_of::<(Person, BuyerUse)>() + 1)
            + self.customers.capacity() * (size_of::<(Person, u64)>() + 1)
            + self.codes.capacity() * (size_of::<(AccessCodeId, u64)>() + 1)
    }
}

fn add<K: Copy + Eq + Hash>(uses: &mut HashMap<K, u64>, who: K, places: i64) {
    let used = uses.entry(who).or_default();
    *used = used.saturating_add_signed(places);
    if *used == 0 {
        uses.remove(&who);
        drop_when_empty(uses);
    }
}

/// After a rush nothing of its size is kept.
fn drop_when_empty<K, V>(uses: &mut HashMap<K, V>) {
    if uses.is_empty() && uses.capacity() > KEPT_WHEN_EMPTY {
        *uses = HashMap::new();
    }
}

const KEPT_WHEN_EMPTY: usize = 64;
