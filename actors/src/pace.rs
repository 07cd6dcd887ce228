//! The rests of a feed: how often its watchers are told. The more there are the longer it rests: ten thousand sockets that are told
//! twenty times a second leave a small machine no time for those who buy.

use std::time::Duration;

use aisle_core::Seq;

use crate::feed::{Feed, PublicChange};

/// So much longer is a rest for each who watches. Half of it left those who buy no time on two processors that ten thousand who
/// watch shared with the server (docs/PERFORMANCE.md).
const REST_A_WATCHER: Duration = Duration::from_micros(20);

/// How long a feed rests that so many watch.
fn rest_before(least: Duration, watchers: usize) -> Duration {
    least + REST_A_WATCHER * u32::try_from(watchers).unwrap_or(u32::MAX)
}

/// Publishes: at once where the feed has rested, else when its rest is over. The rest is kept by a task of its own, so that what
/// is durable is told also when the actor is gone by then.
pub(crate) fn publish(feed: &Feed, rest: Duration, seq: Seq, changes: Vec<PublicChange>) {
    if rest.is_zero() {
        feed.publish(seq, changes);
    } else if feed.publish_after_rest(seq, changes) {
        let feed = feed.clone();
        actix::spawn(async move {
            loop {
                tokio::time::sleep(rest_before(rest, feed.subscribers())).await;
                if !feed.rested() {
                    break;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_watched_by_many_rests_longer() {
        let least = Duration::from_millis(50);
        assert_eq!(rest_before(least, 0), least);
        assert_eq!(rest_before(least, 10_000), Duration::from_millis(250));
    }
}
