//! What becomes of a show whose actor ended: rebuilt at once, rebuilt after a while, or left alone.

use std::sync::Arc;

use aisle_core::{ShowId, Timestamp};

use super::{Errand, Slot, Watcher, Why, Woken, refuse, slept};
use crate::actor::{Ended, Ending};
use crate::handle::AskError;
use crate::metrics;

/// So many failing replays in a row, and the show is left alone until somebody has looked.
const BAD_REPLAYS_MAX: u32 = 3;
/// The first rebuild is at once; the next ones wait, each twice as long as the one before.
const REBUILD_FIRST_WAIT_MS: u64 = 100;
/// The longest wait before a rebuild: about what a database takes to restart.
const REBUILD_WAIT_MAX_MS: u64 = 5_000;
/// A show that has gone well for so long has its failures forgiven.
const FORGIVEN_AFTER_MS: u64 = 60_000;

/// What went wrong with a show lately.
#[derive(Default)]
pub(super) struct Trouble {
    bad_replays: u32,
    failures: u32,
    last: Option<Timestamp>,
}

impl Watcher {
    /// A show's actor is gone, however it went: what becomes of the show.
    pub(super) fn ended(&mut self, note: &Ended) {
        let show = note.show;
        if self.life_of(show) != Some(note.life) {
            return;
        }
        self.registry.awake.remove(&show);
        let (waiters, sleepers, was_over) = match self.slots.remove(&show) {
            Some(Slot::Waking { waiters, sleepers, .. }) => (waiters, sleepers, false),
            Some(Slot::Sleeping { waiters, sleepers, .. }) => (waiters, sleepers, true),
            Some(Slot::Awake { .. } | Slot::InLine { .. } | Slot::Resting { .. } | Slot::Quarantined) | None => {
                (Vec::new(), Vec::new(), false)
            }
        };
        slept(sleepers);
        self.goes_on(note, waiters, was_over);
        self.admit();
    }

    fn goes_on(&mut self, note: &Ended, waiters: Vec<Woken>, was_over: bool) {
        let show = note.show;
        match note.ending {
            Ending::Asleep => {
                self.trouble.remove(&show);
                if !waiters.is_empty() {
                    self.enter(show, waiters, Why::Asked);
                }
            }
            Ending::Fenced => {
                self.trouble.remove(&show);
                // Who came when it was over already is not answered by it: the other owner's lease may have ended since.
                if was_over && !waiters.is_empty() {
                    self.enter(show, waiters, Why::Asked);
                } else {
                    refuse(waiters, &AskError::Fenced);
                }
            }
            Ending::Lost => {
                metrics::rebuilt("journal");
                self.rebuild(show, waiters);
            }
            Ending::Panicked => {
                tracing::error!(show.id = %show, "A turn of show {show} panicked; the show is rebuilt from its journal");
                metrics::rebuilt("panic");
                self.trouble.entry(show).or_default().bad_replays = 0;
                if was_over && waiters.is_empty() {
                    return;
                }
                self.rebuild(show, waiters);
            }
            Ending::BadReplay => {
                metrics::rebuilt("replay");
                let now = self.house.clock.now();
                let trouble = self.trouble.entry(show).or_default();
                if trouble.last.is_none_or(|last| now.ms_since(last) > FORGIVEN_AFTER_MS) {
                    trouble.bad_replays = 0;
                }
                trouble.last = Some(now);
                trouble.bad_replays += 1;
                if trouble.bad_replays >= BAD_REPLAYS_MAX {
                    tracing::error!(show.id = %show, "Show {show} is out of order: its journal cannot be replayed");
                    ::metrics::counter!("aisle_shows_quarantined_total").increment(1);
                    self.slots.insert(show, Slot::Quarantined);
                    refuse(waiters, &AskError::Quarantined);
                } else {
                    self.enter(show, waiters, Why::Rebuilt);
                }
            }
        }
    }

    /// Wakes it at once the first time; where it keeps failing, after a while.
    pub(super) fn rebuild(&mut self, show: ShowId, waiters: Vec<Woken>) {
        if !self.stopping.is_empty() {
            refuse(waiters, &AskError::Unavailable);
            return;
        }
        let now = self.house.clock.now();
        let trouble = self.trouble.entry(show).or_default();
        if trouble.last.is_none_or(|last| now.ms_since(last) > FORGIVEN_AFTER_MS) {
            trouble.failures = 0;
        }
        trouble.failures += 1;
        trouble.last = Some(now);
        if trouble.failures == 1 {
            self.enter(show, waiters, Why::Rebuilt);
            return;
        }
        let doublings = (trouble.failures - 2).min(10);
        let wait_ms = (REBUILD_FIRST_WAIT_MS << doublings).min(REBUILD_WAIT_MAX_MS);
        refuse(waiters, &AskError::Unavailable);
        self.lives += 1;
        let life = self.lives;
        self.slots.insert(show, Slot::Resting { life });
        let (clock, errands) = (Arc::clone(&self.house.clock), self.errands.clone());
        actix::spawn(async move {
            clock.passed(wait_ms).await;
            let _ = errands.send(Errand::Rebuild(show, life));
        });
    }
}
