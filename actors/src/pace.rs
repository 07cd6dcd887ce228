//! The rests of a feed: how often its watchers are told. A rest is as long as it takes to say something to all of them and a little
//! more: ten thousand sockets that are told more often than that leave a small machine no time for those who buy.

use std::time::Duration;

use aisle_core::Seq;

use crate::clock::Stopwatch;
use crate::feed::{Feed, PublicChange};

/// No rest is longer than the shortest and this for each who watches, whoever has not taken the last word by then: a slow machine
/// needs as long (docs/PERFORMANCE.md), and phones that take nothing are not waited for.
const REST_A_WATCHER: Duration = Duration::from_micros(20);
/// Of the shortest rest one in so many: so often a longer one is looked after.
const LOOKS: u32 = 10;
/// What a rest is longer for saying something, one in so many of it is added for those who buy.
const FOR_BUYERS: u32 = 8;

/// The longest rest of a feed that so many watch.
fn longest(least: Duration, watchers: usize) -> Duration {
    least + REST_A_WATCHER * u32::try_from(watchers).unwrap_or(u32::MAX)
}

/// How much longer a feed rests that has rested for so long; `None`: it has rested. `said`: those who watch have the last word.
fn longer(rested: Duration, said: bool, least: Duration, longest: Duration) -> Option<Duration> {
    let left = longest.checked_sub(rested).filter(|left| !left.is_zero())?;
    if said { None } else { Some(left.min(least / LOOKS)) }
}

/// Rests after something was said.
async fn rest(feed: &Feed, least: Duration) {
    let (begun, longest) = (Stopwatch::start(), longest(least, feed.subscribers()));
    tokio::time::sleep(least).await;
    while let Some(longer) = longer(begun.elapsed(), feed.is_said(), least, longest) {
        tokio::time::sleep(longer).await;
    }
    let rested = begun.elapsed();
    let more = (rested.saturating_sub(least) / FOR_BUYERS).min(longest.saturating_sub(rested));
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
    fn a_rest_is_as_long_as_saying_it_takes_but_not_for_ever() {
        let ms = Duration::from_millis;
        assert_eq!((longest(ms(50), 0), longest(ms(50), 10_000)), (ms(50), ms(250)));
        // Said, when the shortest rest is over: rested.
        assert_eq!(longer(ms(50), true, ms(50), ms(250)), None);
        assert_eq!(longer(ms(50), false, ms(50), ms(50)), None, "nobody watches");
        // Not said yet: looked after again soon, and in the end no more.
        assert_eq!(longer(ms(50), false, ms(50), ms(250)), Some(ms(5)));
        assert_eq!(longer(ms(248), false, ms(50), ms(250)), Some(ms(2)));
        assert_eq!(longer(ms(250), false, ms(50), ms(250)), None);
        assert_eq!(longer(ms(300), false, ms(50), ms(250)), None);
    }
}
