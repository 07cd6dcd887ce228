//! The rests of a feed: how often its watchers are told.

use std::time::Duration;

use aisle_core::Seq;

use crate::feed::{Feed, PublicChange};

/// Publishes: at once where the feed has rested, else when its rest is over. The rest is kept by a task of its own, so that what
/// is durable is told also when the actor is gone by then.
pub(crate) fn publish(feed: &Feed, rest: Duration, seq: Seq, changes: Vec<PublicChange>) {
    if rest.is_zero() {
        feed.publish(seq, changes);
    } else if feed.publish_after_rest(seq, changes) {
        let feed = feed.clone();
        actix::spawn(async move {
            loop {
                tokio::time::sleep(rest).await;
                if !feed.rested() {
                    break;
                }
            }
        });
    }
}
