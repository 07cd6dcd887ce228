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
    "fault: crash with an order on its way",
    "fault: slept between two steps of an order",
    "fault: transaction lost before",
    "fault: transaction lost after",
    "fault: provider silent",
    "fault: provider silent for a day",
    "fault: provider slow",
    "fault: question to a provider lost",
    "fault: answer of a provider lost",
    "fault: capture refused",
    "fault: refund refused",
    "fault: refund failed after it was recorded",
    "fault: news twice",
    "fault: news late",
    "fault: news out of order",
    "order: made",
    "order: the same request twice",
    "order: of a hold that was changed meanwhile",
    "order: another attempt to pay",
    "order: news that was known",
    "order: taken up by the worker",
    "order: webhook settled by the worker",
    "order: somebody else was first",
    "order: a step waited for its answer in vain",
    "order: authorized",
    "order: booked",
    "order: captured",
    "order: confirmed",
    "order: expired",
    "order: cancelled",
    "order: refunding",
    "order: refunded",
    "order: partially_refunded",
    "order: in_review",
    "review: found nothing",
    "review: flagged",
    "review: wanted",
    "review: accepted",
    "review: refused",
    "review: lapsed",
    "review: withdrawn",
    "review: let go by the bank",
    "review: decided by two at once",
    "buyer: gives up while staff look",
    "refused: decided already",
    "order: late money given back",
    "order: second payment given back",
    "order: wrong amount given back",
    "order: tickets given back",
    "order: given back onto a voucher",
    "exchange: sold",
    "exchange: not sold after all",
    "exchange: the rest given back",
    "exchange: given back out of the other order",
    "exchange: passed back",
    "provider: paid before it was cancelled",
    "provider: looked up",
    "provider: voided",
    "provider: refunded",
    "provider: a refund was looked for",
    "buyer: pays",
    "buyer: is declined",
    "buyer: pays twice",
    "buyer: pays too late",
    "buyer: pays in time and unheard",
    "buyer: gives the payment up",
    "buyer: walks away",
    "buyer: pays when nobody waits for it any more",
    "buyer: gives tickets back",
    "buyer: gives tickets back, and the house keeps a part",
    "refused: order of a hold that has ended",
    "refused: order not open",
    "refused: nothing to give back",
    "refused: another cancellation is under way",
    "refused: not of this order",
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

/// A refusal's name in the report.
pub fn refusal_name(code: &str) -> &'static str {
    EXPECTED
        .iter()
        .find(|what| what.strip_prefix("refused: ") == Some(code))
        .copied()
        .unwrap_or("refused: for a reason the report has not heard of")
}

/// What was counted, by name. A missing zero is one that has happened.
#[derive(Clone, Debug)]
pub struct Report {
    counts: BTreeMap<&'static str, u64>,
    commands: u64,
}

impl Default for Report {
    fn default() -> Self {
        Self { counts: EXPECTED.iter().map(|what| (*what, 0)).collect(), commands: 0 }
    }
}

impl Report {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// A command was given to a show or to an order.
    pub(crate) fn command(&mut self) {
        self.commands += 1;
    }

    /// How many commands were given.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Adds another day's counts.
    pub fn add(&mut self, other: &Self) {
        for (what, times) in &other.counts {
            *self.counts.entry(what).or_default() += times;
        }
        self.commands += other.commands;
    }

    /// What never happened.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        self.counts.iter().filter(|(_, times)| **times == 0).map(|(what, _)| *what).collect()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (what, times) in &self.counts {
            writeln!(f, "  {times:>9}  {what}")?;
        }
        writeln!(f, "  {:>9}  commands", self.commands)
    }
}
