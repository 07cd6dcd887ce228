//! Room for shows that want to wake: as many are in memory as may be, and not one more.
//!
//! Who finds the house full waits in a line while the least used show goes to sleep. A show that has just woken is left alone
//! until whoever woke it has asked, or a moment has passed; so where more shows are commanded at once than there is room for,
//! each is awake long enough to do something, and those who wait too long are told to come again.

use std::sync::atomic::Ordering;

use aisle_core::{ShowId, Timestamp};

use super::{Slot, Watcher, Why, Woken, refuse};
use crate::handle::{AskError, BUSY_RETRY_AFTER_MS};
use crate::metrics;

/// A show that has woken and was not asked yet may not be sent to sleep for so long.
const AWAKE_MIN_MS: u64 = 250;
/// While shows wait for room, it is looked for this often.
pub(super) const LOOK_EVERY_MS: u64 = 50;

impl Watcher {
    /// Wakes a show where there is room; else it waits in line.
    pub(super) fn enter(&mut self, show: ShowId, waiters: Vec<Woken>, why: Why) {
        if !self.stopping.is_empty() {
            refuse(waiters, &AskError::Unavailable);
        } else if self.line.is_empty() && self.in_use() < self.house.config.active_shows_max {
            self.begin(show, waiters, why);
        } else if self.line.len() >= self.house.config.wake_line_max {
            refuse(waiters, &AskError::Busy { retry_after_ms: BUSY_RETRY_AFTER_MS });
        } else {
            let until = self.house.clock.now().plus_ms(self.house.config.wake_wait_ms);
            self.slots.insert(show, Slot::InLine { waiters, why, until });
            self.line.push_back(show);
            self.make_room();
        }
    }

    /// Lets in whoever there is room for, first come first served, and looks for more room.
    pub(super) fn admit(&mut self) {
        while self.in_use() < self.house.config.active_shows_max
            && let Some(show) = self.line.pop_front()
        {
            if let Some((waiters, why)) = self.leave_line(show) {
                self.begin(show, waiters, why);
            }
        }
        self.make_room();
    }

    /// Sends those away who have waited too long.
    pub(super) fn end_waiting(&mut self, now: Timestamp) {
        while let Some(&show) = self.line.front() {
            // Everybody waits equally long, so the first is the first whose time is up.
            if matches!(self.slots.get(&show), Some(Slot::InLine { until, .. }) if *until > now) {
                break;
            }
            self.line.pop_front();
            if let Some((waiters, _)) = self.leave_line(show) {
                metrics::found_no_room();
                refuse(waiters, &AskError::Busy { retry_after_ms: BUSY_RETRY_AFTER_MS });
            }
        }
    }

    fn leave_line(&mut self, show: ShowId) -> Option<(Vec<Woken>, Why)> {
        let Some(Slot::InLine { .. }) = self.slots.get(&show) else { return None };
        let Some(Slot::InLine { waiters, why, until: _ }) = self.slots.remove(&show) else { return None };
        Some((waiters, why))
    }

    /// Shows that are in memory, or on their way there or out of it.
    fn in_use(&self) -> usize {
        let in_memory = |slot: &&Slot| matches!(slot, Slot::Waking { .. } | Slot::Awake { .. } | Slot::Sleeping { .. });
        self.slots.values().filter(in_memory).count()
    }

    /// As many go to sleep as wait in line: those that nobody watches first, then those that nobody waits for, then the least
    /// used.
    fn make_room(&mut self) {
        let going = self.slots.values().filter(|slot| matches!(slot, Slot::Sleeping { .. })).count();
        let wanted = self.line.len().saturating_sub(going);
        if wanted == 0 {
            return;
        }
        let now = self.house.clock.now();
        let mut awake: Vec<_> = self
            .slots
            .iter()
            .filter_map(|(show, slot)| match slot {
                Slot::Awake { handle, .. } => {
                    let shared = handle.shared();
                    let used = Timestamp(shared.last_used.load(Ordering::Relaxed));
                    let may_sleep = shared.asked.load(Ordering::Relaxed) || now.ms_since(used) >= AWAKE_MIN_MS;
                    let busy = shared.waiting.load(Ordering::Acquire) > 0;
                    may_sleep.then(|| (handle.feed().subscribers() > 0, busy, used, *show))
                }
                Slot::Waking { .. }
                | Slot::Sleeping { .. }
                | Slot::InLine { .. }
                | Slot::Resting { .. }
                | Slot::Quarantined => None,
            })
            .collect();
        awake.sort_unstable();
        for (_, _, _, show) in awake.into_iter().take(wanted) {
            self.sleep(show, None, "room");
        }
    }
}
