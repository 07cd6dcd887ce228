//! What counts against somebody's limit: by buyer, and by access code.

use std::collections::HashMap;

use crate::command::Origin;
use crate::ids::{AccessCodeId, BuyerId};

/// What one buyer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BuyerUse {
    /// Holds that stand.
    pub holds: u32,
    /// Places held and booked together.
    pub places: u64,
}

/// Only those who have something.
#[derive(Debug, Default)]
pub(super) struct Uses {
    buyers: HashMap<BuyerId, BuyerUse>,
    /// Places held and booked together.
    codes: HashMap<AccessCodeId, u64>,
}

impl Uses {
    pub fn of_buyer(&self, buyer: BuyerId) -> BuyerUse {
        self.buyers.get(&buyer).copied().unwrap_or_default()
    }

    pub fn of_code(&self, code: AccessCodeId) -> u64 {
        self.codes.get(&code).copied().unwrap_or_default()
    }

    pub fn hold_began(&mut self, origin: Origin, places: u64) {
        if let Some(buyer) = origin.buyer {
            self.buyers.entry(buyer).or_default().holds += 1;
        }
        self.take(origin, places);
    }

    pub fn hold_ended(&mut self, origin: Origin, places: u64) {
        if let Some(used) = origin.buyer.and_then(|buyer| self.buyers.get_mut(&buyer)) {
            used.holds = used.holds.saturating_sub(1);
        }
        self.give_back(origin, places);
    }

    /// So many places more are held or booked.
    pub fn take(&mut self, origin: Origin, places: u64) {
        if let Some(buyer) = origin.buyer {
            self.buyers.entry(buyer).or_default().places += places;
        }
        if let Some(code) = origin.code {
            *self.codes.entry(code.id).or_default() += places;
        }
        self.drop_idle(origin);
    }

    /// So many places fewer.
    pub fn give_back(&mut self, origin: Origin, places: u64) {
        if let Some(used) = origin.buyer.and_then(|buyer| self.buyers.get_mut(&buyer)) {
            used.places = used.places.saturating_sub(places);
        }
        if let Some(used) = origin.code.and_then(|code| self.codes.get_mut(&code.id)) {
            *used = used.saturating_sub(places);
        }
        self.drop_idle(origin);
    }

    fn drop_idle(&mut self, origin: Origin) {
        if let Some(buyer) = origin.buyer.filter(|&buyer| self.of_buyer(buyer) == BuyerUse::default()) {
            self.buyers.remove(&buyer);
        }
        if let Some(code) = origin.code.filter(|code| self.of_code(code.id) == 0) {
            self.codes.remove(&code.id);
        }
    }
}
