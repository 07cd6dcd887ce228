//! How long a word takes to reach those who watch, by a few of them: what is told more often than it can be said piles up, and leaves
//! those who buy no time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use aisle_core::Seq;
use tokio::sync::Notify;

/// One in so many who watch is an ear.
const ONE_IN: usize = 32;

/// The ears of an audience. Counts are near the truth, and nothing but a rest's length depends on them.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    here: AtomicUsize,
    /// The number of the last word, how many ears there were when it was told, and how many have it.
    word: AtomicU64,
    listening: AtomicUsize,
    have: AtomicUsize,
    /// Rung when enough have it.
    said: Notify,
}

impl Ears {
    /// Makes an ear of one of the watchers, where there are too few.
    pub(super) fn lend(self: &Arc<Self>, watchers: usize) -> Option<Ear> {
        if self.here.load(Ordering::Relaxed).saturating_mul(ONE_IN) >= watchers {
            return None;
        }
        self.here.fetch_add(1, Ordering::Relaxed);
        Some(Ear(Arc::clone(self)))
    }

    /// This word is told now.
    pub(super) fn told(&self, seq: Seq) {
        self.have.store(0, Ordering::Relaxed);
        self.listening.store(self.here.load(Ordering::Relaxed), Ordering::Relaxed);
        self.word.store(seq.0, Ordering::Relaxed);
    }

    /// Whether nine of ten have the last word: there are always some phones that take nothing for a while.
    pub(super) fn have_it(&self) -> bool {
        let (have, listening) = (self.have.load(Ordering::Relaxed), self.listening.load(Ordering::Relaxed));
        have.saturating_mul(10) >= listening.saturating_mul(9)
    }

    /// Ends when they have it.
    pub(crate) async fn said(&self) {
        while !self.have_it() {
            // Rung for a word that was before this one, perhaps.
            self.said.notified().await;
        }
    }
}

/// A watcher who says when it has a word.
#[derive(Debug)]
pub struct Ear(Arc<Ears>);

impl Ear {
    /// What was told up to `seq` is on its way over the network.
    pub fn has(&self, seq: Seq) {
        if self.0.word.load(Ordering::Relaxed) == seq.0 {
            self.0.have.fetch_add(1, Ordering::Relaxed);
            if self.0.have_it() {
                self.0.said.notify_one();
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.0.here.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_had_when_nine_of_ten_have_it_and_an_older_one_does_not_count() {
        let ears = Arc::new(Ears::default());
        assert!(ears.have_it(), "nobody listens");
        let mut lent: Vec<Ear> = (1..=640).filter_map(|watchers| ears.lend(watchers)).collect();
        assert_eq!(lent.len(), 20, "one in thirty-two, and one where there are fewer");
        ears.told(Seq(7));
        lent.iter().take(17).for_each(|ear| ear.has(Seq(7)));
        lent[17].has(Seq(6));
        assert!(!ears.have_it());
        lent[18].has(Seq(7));
        assert!(ears.have_it());
        // The next word begins anew, with whoever is left.
        lent.truncate(1);
        ears.told(Seq(8));
        assert!(!ears.have_it());
        lent[0].has(Seq(8));
        assert!(ears.have_it());
        lent.clear();
        ears.told(Seq(9));
        assert!(ears.have_it() && ears.lend(1).is_some());
    }
}
