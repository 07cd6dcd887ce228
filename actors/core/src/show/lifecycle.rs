//! Decisions about the show as a whole: its rules and its state.

use super::{Show, ShowState};
use crate::command::StateChange;
use crate::event::Event;
use crate::rejection::Rejection;
use crate::settings::Settings;
use crate::time::{DurationMs, Timestamp};

/// Shorter than a second nobody can act.
const SHORTEST_MS: DurationMs = 1_000;

/// Longer than a month is no hold but an allocation.
const LONGEST_MS: DurationMs = 31 * 24 * 60 * 60_000;

impl Show {
    pub(super) fn decide_configure(&self, settings: &Settings) -> Result<Vec<Event>, Rejection> {
        must_be_possible(settings)?;
        if *settings == self.settings {
            return Ok(Vec::new());
        }
        Ok(vec![Event::Configured { settings: settings.clone() }])
    }

    pub(super) fn decide_state(&self, now: Timestamp, change: &StateChange) -> Result<Vec<Event>, Rejection> {
        use ShowState::{Cancelled, Draft, Ended, Moved, Paused, Published};
        let event = match (&self.state, change) {
            (Draft | Moved { .. }, StateChange::Publish) => Event::Published,
            (Published | Paused { .. }, StateChange::Pause { reason, public_message }) => {
                Event::Paused { reason: reason.clone(), public_message: public_message.clone() }
            }
            (Paused { since, .. }, StateChange::Resume) => Event::Resumed { holds_shifted_by_ms: now.ms_since(*since) },
            (
                Draft | Published | Paused { .. } | Moved { .. } | Cancelled { .. },
                StateChange::Cancel { reason, public_message },
            ) => Event::Cancelled { reason: reason.clone(), public_message: public_message.clone() },
            (Published | Paused { .. } | Moved { .. }, StateChange::Move { reason, public_message }) => {
                Event::Moved { reason: reason.clone(), public_message: public_message.clone() }
            }
            (Published | Paused { .. } | Moved { .. }, StateChange::End) => Event::Ended,
            // What already is needs no event.
            (Published, StateChange::Publish | StateChange::Resume) | (Ended, StateChange::End) => {
                return Ok(Vec::new());
            }
            (Paused { .. } | Cancelled { .. } | Ended, StateChange::Publish)
            | (Draft | Moved { .. } | Cancelled { .. } | Ended, StateChange::Pause { .. } | StateChange::Resume)
            | (Draft | Cancelled { .. } | Ended, StateChange::Move { .. })
            | (Draft | Cancelled { .. }, StateChange::End)
            | (Ended, StateChange::Cancel { .. }) => return Err(Rejection::WrongState),
        };
        Ok(if self.is_already(&event) { Vec::new() } else { vec![event] })
    }

    /// Whether the show is already paused, cancelled or moved, with the same words for the public.
    fn is_already(&self, event: &Event) -> bool {
        match (&self.state, event) {
            (ShowState::Paused { public_message: told, .. }, Event::Paused { public_message, .. })
            | (ShowState::Cancelled { public_message: told }, Event::Cancelled { public_message, .. })
            | (ShowState::Moved { public_message: told }, Event::Moved { public_message, .. }) => {
                told == public_message
            }
            (
                ShowState::Draft
                | ShowState::Published
                | ShowState::Paused { .. }
                | ShowState::Cancelled { .. }
                | ShowState::Moved { .. }
                | ShowState::Ended,
                _,
            ) => false,
        }
    }
}

fn must_be_possible(settings: &Settings) -> Result<(), Rejection> {
    let Settings {
        hold_ttl_ms,
        extend_max_ms,
        pay_within_ms,
        places_per_hold_max,
        holds_per_buyer_max,
        places_per_buyer_max,
        on_sale_at,
        sales_end_at,
        orphan_rule: _,
        orphan_rule_ends_before_ms: _,
    } = *settings;
    let contradiction = if hold_ttl_ms < SHORTEST_MS {
        "a hold must live for at least a second"
    } else if extend_max_ms < hold_ttl_ms {
        "extend_max must not be shorter than hold_ttl"
    } else if pay_within_ms < SHORTEST_MS {
        "a buyer must have at least a second to pay"
    } else if extend_max_ms > LONGEST_MS || pay_within_ms > LONGEST_MS {
        "a hold must not last longer than 31 days"
    } else if places_per_hold_max == 0 {
        "a hold must be allowed at least one place"
    } else if holds_per_buyer_max == Some(0) || places_per_buyer_max == Some(0) {
        "a buyer must be allowed at least one hold and one place"
    } else if on_sale_at.zip(sales_end_at).is_some_and(|(begin, end)| begin >= end) {
        "the sale must begin before it ends"
    } else {
        return Ok(());
    };
    Err(Rejection::BadSettings { why: contradiction.to_owned() })
}
