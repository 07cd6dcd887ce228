//! Who is told of every hold: what must be counted by things that a show does not know (network addresses, browsers) is
//! counted by it.

use std::fmt::Debug;

use aisle_core::{HoldView, Seq, Show, ShowId};

use crate::actor::House;
use crate::feed::{Feed, PublicChange};
use crate::pace;

/// Is told what becomes of the holds of this process's shows, once it is durable and before whoever asked is answered. It is told
/// on the shows' own thread, and must wait for nothing.
pub trait Witness: Debug + Send + Sync {
    /// These began, changed or ended.
    fn touched(&self, show: ShowId, holds: &[HoldView]);
    /// The show was loaded, and may have missed something: these are all that it knows, also some that have ended.
    fn loaded(&self, show: ShowId, holds: &[HoldView]);
    /// Another process has the show: of its holds nothing more will be told here.
    fn lost(&self, show: ShowId);
}

impl House {
    /// Publishes what is durable, and tells the witness.
    pub(crate) fn publish(&self, feed: &Feed, seq: Seq, changes: Vec<PublicChange>) {
        if let Some(witness) = &self.config.witness {
            for change in changes.iter().filter(|change| !change.holds.is_empty()) {
                witness.touched(feed.show(), &change.holds);
            }
        }
        pace::publish(feed, self.config.feed_rest, seq, changes);
    }

    /// Tells the witness of a show that was loaded.
    pub(crate) fn loaded(&self, show: &Show) {
        if let Some(witness) = &self.config.witness {
            witness.loaded(show.id(), &show.holds());
        }
    }

    /// Tells the witness of a show that is another process's now.
    pub(crate) fn lost(&self, show: ShowId) {
        if let Some(witness) = &self.config.witness {
            witness.lost(show);
        }
    }
}
