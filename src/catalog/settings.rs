//! From what the house wishes for a show to the rules that its journal keeps.

use aisle_core::{OrphanRule, Settings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::ShowInput;
use crate::platform::time;

/// Whether a choice may leave a single seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Orphans {
    /// It may.
    #[default]
    Off,
    /// Not where the same party could sit in the same block without leaving one.
    Lenient,
    /// Never.
    Strict,
}

impl Orphans {
    /// The rule with this name in the database.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "lenient" => Self::Lenient,
            "strict" => Self::Strict,
            _ => Self::Off,
        }
    }

    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Lenient => "lenient",
            Self::Strict => "strict",
        }
    }
}

impl From<Orphans> for OrphanRule {
    fn from(rule: Orphans) -> Self {
        match rule {
            Orphans::Off => Self::Off,
            Orphans::Lenient => Self::Lenient,
            Orphans::Strict => Self::Strict,
        }
    }
}

/// The rules of a show that is wished so. The sale ends when the show begins unless the house says otherwise.
#[must_use]
pub fn settings(wish: &ShowInput) -> Settings {
    let ms = |seconds: i32| u64::from(seconds.unsigned_abs()) * 1000;
    Settings {
        hold_ttl_ms: ms(wish.hold_ttl_s),
        extend_max_ms: ms(wish.extend_max_s),
        pay_within_ms: ms(wish.pay_within_s),
        places_per_hold_max: wish.seats_per_hold_max.unsigned_abs(),
        holds_per_buyer_max: wish.holds_per_buyer_max.map(i32::unsigned_abs),
        places_per_buyer_max: wish.places_per_buyer_max.map(i32::unsigned_abs),
        on_sale_at: wish.on_sale_at.map(time::to_core),
        sales_end_at: Some(time::to_core(wish.sales_end_at.unwrap_or(wish.starts_at))),
        orphan_rule: wish.orphan_rule.into(),
        orphan_rule_ends_before_ms: ms(wish.orphan_rule_ends_before_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wish(more: serde_json::Value) -> ShowInput {
        let mut fields = json!({
            "production_id": uuid::Uuid::nil(), "venue_id": uuid::Uuid::nil(), "plan_id": uuid::Uuid::nil(),
            "starts_at": "2030-01-01T19:30:00Z",
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn a_show_that_wishes_nothing_has_the_cores_own_rules_and_sells_until_it_begins() {
        let begins = time::to_core("2030-01-01T19:30:00Z".parse().unwrap());
        assert_eq!(settings(&wish(json!({}))), Settings { sales_end_at: Some(begins), ..Settings::default() });
    }

    #[test]
    fn every_wish_becomes_a_rule() {
        let rules = settings(&wish(json!({
            "hold_ttl_s": 1, "extend_max_s": 2, "pay_within_s": 3, "seats_per_hold_max": 4, "holds_per_buyer_max": 5,
            "places_per_buyer_max": 6, "on_sale_at": "2029-01-01T00:00:00Z", "sales_end_at": "2029-02-01T00:00:00Z",
            "orphan_rule": "strict", "orphan_rule_ends_before_s": 7,
        })));
        assert_eq!((rules.hold_ttl_ms, rules.extend_max_ms, rules.pay_within_ms), (1000, 2000, 3000));
        assert_eq!(rules.places_per_hold_max, 4);
        assert_eq!((rules.holds_per_buyer_max, rules.places_per_buyer_max), (Some(5), Some(6)));
        assert_eq!(rules.on_sale_at, Some(time::to_core("2029-01-01T00:00:00Z".parse().unwrap())));
        assert_eq!(rules.sales_end_at, Some(time::to_core("2029-02-01T00:00:00Z".parse().unwrap())));
        assert_eq!((rules.orphan_rule, rules.orphan_rule_ends_before_ms), (OrphanRule::Strict, 7000));
    }

    #[test]
    fn wishes_that_contradict_each_other_are_named() {
        let named = |more| wish(more).check().unwrap_err().to_string();
        assert!(named(json!({"doors_at": "2030-01-01T19:31:00Z"})).starts_with("doors_at"));
        assert!(named(json!({"on_sale_at": "2030-01-01T19:30:00Z"})).starts_with("on_sale_at"));
        assert!(named(json!({"hold_ttl_s": 10, "extend_max_s": 9})).starts_with("extend_max_s"));
        wish(json!({"doors_at": "2030-01-01T19:30:00Z", "hold_ttl_s": 10, "extend_max_s": 10})).check().unwrap();
    }
}
