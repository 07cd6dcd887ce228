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
        Said::Hold(_) | Said::Booking(_) | Said::Allocations(_) | Said::Facts(_) => {}
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

/// Shows awake, and how many watch them.
pub(crate) fn awake(shows: usize, subscribers: usize) {
    metrics::gauge!("aisle_active_shows").set(count(shows));
    metrics::gauge!("aisle_feed_subscribers").set(count(subscribers));
}

/// A question that found no place to wait.
pub(crate) fn mailbox_full() {
    metrics::counter!("aisle_mailbox_full_total").increment(1);
}

/// A show whose memory was thrown away, and why.
pub(crate) fn rebuilt(why: &'static str) {
    metrics::counter!("aisle_show_rebuilds_total", "why" => why).increment(1);
}

#[allow(clippy::cast_precision_loss)] // a metric
fn count(number: usize) -> f64 {
    number as f64
}
