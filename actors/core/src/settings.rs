//! The rules of one show that its house may set.

use serde::{Deserialize, Serialize};

use crate::time::{DurationMs, Timestamp};

/// The rules of one show. Every limit has its unit in its name; a change is journaled as [`crate::Event::Configured`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How long a hold lives before it lapses. Long enough to find a card, short enough that a rush moves on.
    pub hold_ttl_ms: DurationMs,
    /// How far a hold may be extended, counted from its first grab, so that nobody keeps seats for ever by pressing "+".
    pub extend_max_ms: DurationMs,
    /// How long a buyer has to pay once payment has started.
    pub pay_within_ms: DurationMs,
    /// Places in one hold. More in one go is a group sale; ten is what a row of a small hall seats.
    pub places_per_hold_max: u32,
    /// Open and paying holds of one buyer at a time; `None` is no limit.
    pub holds_per_buyer_max: Option<u32>,
    /// Places that one buyer may have booked and held together; `None` is no limit.
    pub places_per_buyer_max: Option<u32>,
    /// From when the public may hold; `None` is "as soon as published".
    pub on_sale_at: Option<Timestamp>,
    /// From when nobody of the public may hold any more; `None` is never.
    pub sales_end_at: Option<Timestamp>,
    /// Whether a choice may leave a single seat stranded.
    pub orphan_rule: OrphanRule,
    /// The orphan rule is off from this long before `sales_end_at`, so that the last singles sell.
    pub orphan_rule_ends_before_ms: DurationMs,
}

/// Whether a public choice of seats may strand a single empty seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrphanRule {
    /// Any choice is allowed.
    #[default]
    Off,
    /// Refused only where the same party could sit in the same block without stranding a seat.
    Lenient,
    /// Refused wherever a seat would be stranded.
    Strict,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hold_ttl_ms: 8 * 60_000,
            extend_max_ms: 20 * 60_000,
            pay_within_ms: 10 * 60_000,
            places_per_hold_max: 10,
            holds_per_buyer_max: None,
            places_per_buyer_max: None,
            on_sale_at: None,
            sales_end_at: None,
            orphan_rule: OrphanRule::Off,
            orphan_rule_ends_before_ms: 0,
        }
    }
}
