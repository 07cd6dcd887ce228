//! The rests of a feed: how often its watchers are told. Each audience is told in its turn, and a rest is as long as it takes to say
//! something to all of one and a little more: ten thousand sockets that are told more often than that leave a small machine no
//! time for those who buy.

use std::time::Duration;

use aisle_core::Seq;

use crate::clock::Stopwatch;
use crate::feed::{Feed, PublicChange};

/// No rest is longer than the shortest and this for each who was told, whoever has not taken the last word by then: a slow machine
/// needs as long (docs/PERFORMANCE.md), and phones that take nothing are not waited for.
const REST_A_WATCHER: Duration = Duration::from_micros(20);
/// What a rest is longer for saying something, one in so many of it is added for those who buy.
const FOR_BUYERS: u32 = 8;

/// How long a rest is at least and at most, of a feed that says something to each who watches no more often than every `least`.
fn bounds(audiences: usize, watchers: usize, least: Duration) -> (Duration, Duration) {
    let of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let shortest = least / of(audiences).max(1);
    (shortest, shortest + REST_A_WATCHER.saturating_mul(of(watchers)))
}

/// Rests after something was said.
async fn rest(feed: &Feed, least: Duration) {
    let begun = Stopwatch::start();
    let Some(telling) = feed.telling() else { return };
    let (shortest, longest) = bounds(telling.audiences, telling.watchers, least);
    tokio::time::sleep(shortest).await;
    let _said_or_not = tokio::time::timeout(longest.saturating_sub(begun.elapsed()), telling.ears.said()).await;
    let rested = begun.elapsed();
    let more = (rested.saturating_sub(shortest) / FOR_BUYERS).min(longest.saturating_sub(rested));
    if !more.is_zero() {
        tokio::time::sleep(more).await;
    }
}

/// Publishes: at once where the feed has rested, else when its rest is over. The rest is kept by a task of its own, so that what
/// is durable is told also when the actor is gone by then.
pub(crate) fn publish(feed: &Feed, least: Duration, seq: Seq, changes: Vec<PublicChange>) {
    if least.is_zero() {
        feed.publish(seq, changes);
    } else if feed.publish_after_rest(seq, changes) {
        let feed = feed.clone();
        actix::spawn(async move {
            loop {
                rest(&feed, least).await;
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
    fn a_rest_has_bounds_and_audiences_share_what_one_would_rest() {
        let (ms, least) = (Duration::from_millis, Duration::from_millis(50));
        assert_eq!(bounds(1, 0, least), (ms(50), ms(50)), "nobody watches");
        assert_eq!(bounds(1, 1_000, least), (ms(50), ms(70)));
        assert_eq!(bounds(10, 1_000, least), (ms(5), ms(25)));
    }
}
