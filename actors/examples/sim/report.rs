//! What a run has seen. A run that has not seen everything has proved nothing.

use std::collections::BTreeMap;

/// Everything that must have happened at least once.
const EXPECTED: &[&str] = &[
    "fault: append lost before",
    "fault: append lost after",
    "fault: append refused",
    "fault: append slow",
    "fault: append unanswered",
    "fault: append fenced",
    "fault: crash",
    "fault: crash between acquire and load",
    "fault: crash with an append on its way",
    "fault: restart on its own data directory",
    "fault: sleeper",
    "fault: lease ended",
    "fault: two owners",
    "fault: clock step",
    "fault: reply lost",
    "fault: silenced by the lease",
    "turn: acquired",
    "turn: refused to acquire",
    "turn: handed over",
    "turn: snapshot",
    "turn: loaded from a snapshot",
    "turn: waited in the gate",
    "turn: replayed",
    "turn: woken by its deadline",
    "event: seats_held",
    "event: hold_changed",
    "event: hold_extended",
    "event: hold_released",
    "event: hold_lapsed",
    "event: payment_started",
    "event: payment_given_up",
    "event: payment_ended",
    "event: booked",
    "event: booking_cancelled",
    "event: seats_blocked",
    "event: seats_unblocked",
    "event: configured",
    "event: published",
    "event: paused",
    "event: resumed",
    "event: cancelled",
    "event: moved",
    "event: ended",
    "refused: idempotency_key_reused",
    "refused: not_on_sale",
    "refused: sales_paused",
    "refused: sales_ended",
    "refused: validation_failed",
    "refused: seat_limit_reached",
    "refused: hold_limit_reached",
    "refused: seats_taken",
    "refused: area_full",
    "refused: none_available",
    "refused: strands_a_seat",
    "refused: not_found",
    "refused: hold_lapsed",
    "refused: hold_not_open",
    "refused: booking_cancelled",
    "refused: wrong_state",
];

pub struct Report(BTreeMap<String, u64>);

impl Report {
    pub fn new() -> Self {
        Self(EXPECTED.iter().map(|what| ((*what).to_owned(), 0)).collect())
    }

    pub fn count(&mut self, what: &str) {
        match self.0.get_mut(what) {
            Some(times) => *times += 1,
            None => {
                self.0.insert(what.to_owned(), 1);
            }
        }
    }

    pub fn print(&self) {
        for (what, times) in &self.0 {
            println!("  {times:>9}  {what}");
        }
    }

    /// What never happened.
    pub fn missing(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, times)| **times == 0).map(|(what, _)| what.as_str()).collect()
    }
}
