//! The names of this crate's numbers, each said once.

use aisle_core::Rejection;

use crate::turn::Said;

/// Counts an answer that leaves.
pub(crate) fn said(said: &Said) {
    match said {
        Said::Answered(answered) => {
            let replayed = if answered.replayed { "true" } else { "false" };
            metrics::counter!("aisle_commands_total", "replayed" => replayed).increment(1);
        }
        Said::Refused(rejection) => refused(rejection),
        Said::Hold(_) | Said::Booking(_) | Said::Allocations(_) | Said::CodeUses(_) | Said::Facts(_) => {}
    }
}

fn refused(rejection: &Rejection) {
    metrics::counter!("aisle_refusals_total", "code" => rejection.code()).increment(1);
}

/// An append that came back, of `entries` events of one show.
pub(crate) fn appended(entries: usize, seconds: f64) {
    metrics::histogram!("aisle_append_seconds").record(seconds);
    metrics::histogram!("aisle_append_events").record(count(entries));
}

/// One commit of the Postgres journal, of `rows` events of `shows` shows.
pub(crate) fn committed(shows: usize, rows: usize, seconds: f64) {
    metrics::histogram!("aisle_commit_seconds").record(seconds);
    metrics::histogram!("aisle_commit_shows").record(count(shows));
    metrics::histogram!("aisle_commit_events").record(count(rows));
}

/// Shows awake, those that wait for room, and how many watch.
pub(crate) fn awake(shows: usize, in_line: usize, subscribers: usize) {
    metrics::gauge!("aisle_active_shows").set(count(shows));
    metrics::gauge!("aisle_shows_in_line").set(count(in_line));
    metrics::gauge!("aisle_feed_subscribers").set(count(subscribers));
}

/// A show that woke, and how long it took from the moment at which there was room.
pub(crate) fn woke(why: &'static str, seconds: f64) {
    metrics::counter!("aisle_show_wakes_total", "why" => why).increment(1);
    metrics::histogram!("aisle_show_wake_seconds").record(seconds);
}

/// A show that goes to sleep.
pub(crate) fn goes_to_sleep(why: &'static str) {
    metrics::counter!("aisle_show_sleeps_total", "why" => why).increment(1);
}

/// A show that waited in line until its time was up.
pub(crate) fn found_no_room() {
    metrics::counter!("aisle_show_no_room_total").increment(1);
}

/// A delta left for its subscribers; it stands for `steps` that became durable one after another.
pub(crate) fn told(steps: u64) {
    metrics::counter!("aisle_feed_deltas_total").increment(1);
    metrics::counter!("aisle_feed_merged_total").increment(steps.saturating_sub(1));
}

/// A question that found no place to wait.
pub(crate) fn mailbox_full() {
    metrics::counter!("aisle_mailbox_full_total").increment(1);
}

/// A show whose memory was thrown away, and why.
pub(crate) fn rebuilt(why: &'static str) {
    metrics::counter!("aisle_show_rebuilds_total", "why" => why).increment(1);
}

/// A read of a sleeping show: `kept` was said again, `tail` looked for what came after, `load` began with the snapshot.
pub(crate) fn read_asleep(how: &'static str) {
    metrics::counter!("aisle_sleeping_reads_total", "how" => how).increment(1);
}

/// How long it took to read a sleeping show from its snapshot and its journal.
pub(crate) fn loaded_asleep(seconds: f64) {
    metrics::histogram!("aisle_sleeping_load_seconds").record(seconds);
}

/// Sleeping shows whose copies are kept, and what they take.
pub(crate) fn kept_asleep(shows: usize, bytes: usize) {
    metrics::gauge!("aisle_sleeping_kept").set(count(shows));
    metrics::gauge!("aisle_sleeping_kept_bytes").set(count(bytes));
}

#[allow(clippy::cast_precision_loss)] // a metric
fn count(number: usize) -> f64 {
    number as f64
}
