//! Where a show stands, as lists keep it.

use aisle_actors::{CategoryCounts, ShowFacts, public_message, state_word};
use serde_json::{Map, Value};

use super::store::ShowStands;
use crate::platform::time;

/// What a show says of itself, as a row of its summary.
#[must_use]
pub fn stands(facts: &ShowFacts) -> ShowStands {
    let sum = |count: fn(&CategoryCounts) -> u32| facts.counts.iter().map(|of| i64::from(count(of))).sum::<i64>();
    let available = sum(|of| of.available);
    let counts: Map<String, Value> = facts
        .counts
        .iter()
        .map(|of| (of.category.to_string(), serde_json::to_value(of).unwrap_or(Value::Null)))
        .collect();
    ShowStands {
        seq: facts.seq.0.cast_signed(),
        state: state_word(&facts.state),
        public_message: public_message(&facts.state).map(str::to_owned),
        next_deadline: facts.next_deadline.map(time::from_core),
        counts: Value::Object(counts),
        available,
        places: available + sum(|of| of.held) + sum(|of| of.booked) + sum(|of| of.blocked),
    }
}
