//! The gate: whatever rests on an event waits here until the event is durable.
//!
//! It also delays refusals and reads. "A-7 is taken" rests on a hold that the journal may still refuse; told too early, it
//! would be a lie after a crash.

use std::collections::VecDeque;

use aisle_core::Seq;

/// Things that wait for a sequence number, in the order in which they came.
#[derive(Debug)]
pub struct Gate<T> {
    waiting: VecDeque<(Seq, T)>,
}

impl<T> Default for Gate<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Gate<T> {
    /// Keeps `thing` until `rests_on` is durable. Numbers never go down from one call to the next.
    pub fn hold(&mut self, rests_on: Seq, thing: T) {
        debug_assert!(self.waiting.back().is_none_or(|(last, _)| *last <= rests_on));
        self.waiting.push_back((rests_on, thing));
    }

    /// Lets out everything that rests on `durable` or earlier, in order.
    pub fn open(&mut self, durable: Seq) -> impl Iterator<Item = T> + '_ {
        let ready = self.waiting.partition_point(|(rests_on, _)| *rests_on <= durable);
        self.waiting.drain(..ready).map(|(_, thing)| thing)
    }

    /// Lets out everything, durable or not: for telling callers that there will be no answer.
    pub fn close(&mut self) -> impl Iterator<Item = T> + '_ {
        self.waiting.drain(..).map(|(_, thing)| thing)
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
