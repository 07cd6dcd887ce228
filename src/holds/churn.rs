//! Who holds again and again and never buys: so many holds of the past hour ended, and how few of them in a purchase.
//!
//! A hold that stands is still undecided and counts for nothing; a changed one is one hold. So a buyer who chooses long is never
//! met by this, nor is an address behind which many buy. Who is met waits between two holds, longer with each that ends unbought.

use std::collections::HashMap;

use aisle_actors::core::Timestamp;

use super::hoard::Who;

/// What happened is remembered by five minutes, for an hour.
const SLOT_MS: i64 = 5 * 60_000;
const SLOTS: usize = 12;
/// Who buys one in so many is a buyer.
const ONE_IN: u32 = 10;
/// The first wait. Doubled with each further hold that ends unbought, up to the longest.
const WAIT_MS: u64 = 10_000;
const WAIT_MS_MAX: u64 = 15 * 60_000;
/// Who has shown to be somebody is left alone for so long by what their address did.
const LEFT_ALONE_MS: u64 = 30 * 60_000;
/// More than all who hold in an hour at the largest sale; past it who is new is not remembered. Some ten megabytes. Who is idle is
/// looked for once in five minutes, not at every hold.
const KNOWN_MAX: usize = 100_000;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    ended: u32,
    bought: u32,
}

#[derive(Debug, Default)]
struct Record {
    /// By the number of the five minutes, the newest being `newest`.
    slots: [Slot; SLOTS],
    newest: i64,
    /// The last time that a hold was let through.
    last: Option<Timestamp>,
    /// What their address does is not held against them until then.
    alone_until: Option<Timestamp>,
}

fn slot_of(now: Timestamp) -> i64 {
    now.0.div_euclid(SLOT_MS)
}

fn place_of(slot: i64) -> usize {
    usize::try_from(slot.rem_euclid(SLOTS as i64)).unwrap_or_default()
}

impl Record {
    /// Forgets what is an hour ago.
    fn at(&mut self, now: Timestamp) -> &mut Self {
        let slot = slot_of(now);
        for passed in (self.newest + 1..=slot).rev().take(SLOTS) {
            self.slots[place_of(passed)] = Slot::default();
        }
        self.newest = self.newest.max(slot);
        self
    }

    fn ended_and_bought(&self) -> (u32, u32) {
        self.slots.iter().fold((0, 0), |(ended, bought), slot| (ended + slot.ended, bought + slot.bought))
    }

    fn is_forgettable(&mut self, now: Timestamp) -> bool {
        self.at(now).ended_and_bought().0 == 0 && self.alone_until.is_none_or(|until| until <= now)
    }

    /// How long after the last hold the next one may come; nothing where there were fewer than `least`, or one in ten was bought.
    fn wait_ms(&self, least: u32) -> u64 {
        let (ended, bought) = self.ended_and_bought();
        if ended < least || bought.saturating_mul(ONE_IN) >= ended {
            return 0;
        }
        let doublings = (ended - least).min(10);
        (WAIT_MS << doublings).min(WAIT_MS_MAX)
    }
}

/// What was made of their holds, by everybody who held lately.
#[derive(Debug, Default)]
pub(super) struct Churn {
    known: HashMap<Who, Record>,
    swept: i64,
}

impl Churn {
    fn of(&mut self, now: Timestamp, who: Who) -> Option<&mut Record> {
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&who) {
            if self.swept != slot_of(now) {
                self.swept = slot_of(now);
                self.known.retain(|_, record| !record.is_forgettable(now));
            }
            if self.known.len() >= KNOWN_MAX {
                return None;
            }
        }
        Some(self.known.entry(who).or_default().at(now))
    }

    /// A hold of theirs ended.
    pub(super) fn ended(&mut self, now: Timestamp, who: Who, bought: bool) {
        if let Some(record) = self.of(now, who) {
            let slot = &mut record.slots[place_of(record.newest)];
            slot.ended = slot.ended.saturating_add(1);
            slot.bought = slot.bought.saturating_add(u32::from(bought));
        }
    }

    /// Milliseconds that they have to wait before the next hold, if they must; `least` is how many holds may end unbought before
    /// anybody is slowed.
    pub(super) fn wait_ms(&mut self, now: Timestamp, who: Who, least: u32) -> Option<u64> {
        let record = self.known.get_mut(&who)?.at(now);
        let wait = record.wait_ms(least);
        let passed = record.last.map_or(wait, |last| now.ms_since(last));
        wait.checked_sub(passed).filter(|left| *left > 0)
    }

    /// Whether what their address does is not held against them.
    pub(super) fn is_left_alone(&self, now: Timestamp, who: Who) -> bool {
        self.known.get(&who).is_some_and(|record| record.alone_until.is_some_and(|until| now < until))
    }

    /// A hold of theirs is let through.
    pub(super) fn let_through(&mut self, now: Timestamp, who: Who) {
        // Who is not known yet has nothing to wait for.
        if let Some(record) = self.known.get_mut(&who) {
            record.last = Some(now);
        }
    }

    /// They have shown to be somebody: they begin anew, and are left alone for a while.
    pub(super) fn forgive(&mut self, now: Timestamp, who: Who) {
        self.known.remove(&who);
        if let Some(record) = self.of(now, who) {
            record.alone_until = Some(now.plus_ms(LEFT_ALONE_MS));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const WHO: Who = Who::Account(Uuid::nil());
    const HOUR_MS: u64 = 3_600_000;
    const BEGIN: Timestamp = Timestamp(1_767_225_600_000);

    fn after(ended: u32, bought: u32) -> Churn {
        let mut churn = Churn::default();
        for n in 0..ended {
            churn.ended(BEGIN, WHO, n < bought);
            churn.let_through(BEGIN, WHO);
        }
        churn
    }

    #[test]
    fn who_never_buys_waits_longer_and_longer_from_the_twentieth_on() {
        assert_eq!(after(19, 0).wait_ms(BEGIN, WHO, 20), None);
        for (ended, seconds) in [(20, 10), (21, 20), (22, 40), (26, 640), (27, 900), (200, 900)] {
            let mut churn = after(ended, 0);
            assert_eq!(churn.wait_ms(BEGIN, WHO, 20), Some(seconds * 1_000), "{ended}");
            assert_eq!(churn.wait_ms(BEGIN.plus_ms(seconds * 1_000 - 1), WHO, 20), Some(1), "{ended}");
            assert_eq!(churn.wait_ms(BEGIN.plus_ms(seconds * 1_000), WHO, 20), None, "{ended}");
        }
        assert_eq!(after(20, 0).wait_ms(BEGIN, Who::Account(Uuid::max()), 20), None, "nobody waits for another");
    }

    #[test]
    fn one_in_ten_is_enough() {
        assert_eq!(after(20, 2).wait_ms(BEGIN, WHO, 20), None);
        assert_eq!(after(21, 2).wait_ms(BEGIN, WHO, 20), Some(20_000));
        assert_eq!(after(30, 3).wait_ms(BEGIN, WHO, 20), None);
    }

    #[test]
    fn an_hour_later_it_is_forgotten() {
        let mut churn = after(30, 0);
        // By five minutes: what happened in the first of them goes with it.
        assert!(churn.wait_ms(BEGIN.plus_ms(600_000), WHO, 20).is_some());
        churn.let_through(BEGIN.plus_ms(HOUR_MS - 1), WHO);
        assert!(churn.wait_ms(BEGIN.plus_ms(HOUR_MS - 1), WHO, 20).is_some());
        assert_eq!(churn.wait_ms(BEGIN.plus_ms(HOUR_MS), WHO, 20), None);
        let mut long_ago = after(30, 0);
        assert_eq!(long_ago.wait_ms(BEGIN.plus_ms(30 * 24 * HOUR_MS), WHO, 20), None);
    }

    #[test]
    fn who_has_shown_to_be_somebody_begins_anew_and_is_left_alone_for_a_while() {
        let mut churn = after(30, 0);
        churn.forgive(BEGIN, WHO);
        assert_eq!(churn.wait_ms(BEGIN, WHO, 20), None);
        assert!(churn.is_left_alone(BEGIN.plus_ms(LEFT_ALONE_MS - 1), WHO));
        assert!(!churn.is_left_alone(BEGIN.plus_ms(LEFT_ALONE_MS), WHO));
        for _ in 0..20 {
            churn.ended(BEGIN, WHO, false);
        }
        churn.let_through(BEGIN, WHO);
        assert_eq!(churn.wait_ms(BEGIN, WHO, 20), Some(10_000), "nobody is forgiven for good");
    }

    #[test]
    fn as_many_are_remembered_as_may_be_and_who_is_idle_goes_first() {
        let mut churn = Churn::default();
        for n in 0..KNOWN_MAX as u128 {
            churn.ended(BEGIN, Who::Account(Uuid::from_u128(n)), false);
        }
        churn.ended(BEGIN, Who::Account(Uuid::max()), false);
        assert_eq!(churn.known.len(), KNOWN_MAX);
        churn.ended(BEGIN, Who::Account(Uuid::from_u128(0)), false);
        churn.let_through(BEGIN, Who::Account(Uuid::from_u128(0)));
        assert_eq!(churn.wait_ms(BEGIN, Who::Account(Uuid::from_u128(0)), 2), Some(10_000), "who is known stays so");
        churn.ended(BEGIN.plus_ms(HOUR_MS), Who::Account(Uuid::max()), false);
        assert_eq!(churn.known.len(), 1);
    }
}
