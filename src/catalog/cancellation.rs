//! Under what a customer may give tickets of a show back: until when, how much of their price, and what the house keeps. Pure.
//!
//! Amounts are whole minor units. A share of a price is rounded half up (half a cent goes back to the buyer), once for each place.

use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All of it, in basis points.
pub const WHOLE_BP: i32 = 10_000;
/// A show that begins so much earlier or later than it was sold with is another evening: as good as moved.
pub const MOVED: SignedDuration = SignedDuration::from_hours(1);

/// One step: so much goes back until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancellationStep {
    /// Until so many seconds before the start.
    #[garde(range(min = 0, max = 31_536_000))]
    #[schema(minimum = 0, maximum = 31_536_000)]
    pub until_s: i32,
    /// How much of the price goes back, in basis points: 10,000 is all of it.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub back_bp: i32,
}

/// Under what a customer may give tickets back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// The steps, from the one that ends first (the greatest `until_s`) to the last; without any, nothing can be given back.
    #[garde(length(max = 10), dive)]
    #[schema(max_items = 10)]
    pub steps: Vec<CancellationStep>,
    /// What is kept of each ticket beside, in minor units of the show's currency; never more than would go back.
    #[garde(range(min = 0, max = 100_000_000))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub fee_kept: i64,
    /// Whether the fees that were paid with a ticket go back with it, whole.
    #[garde(skip)]
    #[serde(default = "yes")]
    pub fees_back: bool,
}

fn yes() -> bool {
    true
}

/// What holds at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How much of the price goes back, in basis points.
    pub back_bp: i32,
    /// What is kept of each place beside.
    pub fee_kept: i64,
    /// Whether fees go back.
    pub fees_back: bool,
    /// Until when; at that very moment it is over. `None`: no end is set.
    pub until: Option<Timestamp>,
}

impl Terms {
    /// Everything goes back: the house did not do what it had sold.
    #[must_use]
    pub fn whole(until: Option<Timestamp>) -> Self {
        Self { back_bp: WHOLE_BP, fee_kept: 0, fees_back: true, until }
    }

    /// How much of a price for so many places goes back.
    #[must_use]
    pub fn back_of(&self, price: i64, places: u32) -> i64 {
        let share = i128::from(price.max(0)) * i128::from(self.back_bp);
        let share = (share + i128::from(WHOLE_BP / 2)) / i128::from(WHOLE_BP);
        let kept = i128::from(self.fee_kept) * i128::from(places);
        // It lies between nothing and the price, so it fits.
        i64::try_from((share - kept).max(0)).unwrap_or(price)
    }
}

impl Cancellation {
    /// The simple case: all of it goes back until so long before the start, or never.
    #[must_use]
    pub fn simple(until_s: Option<i32>) -> Self {
        let step = until_s.map(|until_s| CancellationStep { until_s, back_bp: WHOLE_BP });
        Self { steps: step.into_iter().collect(), fee_kept: 0, fees_back: true }
    }

    /// As a show's row has it: `cancel_until_s` alone is the simple case. A policy that cannot be read gives nothing back.
    #[must_use]
    pub fn of_row(cancellation: Option<serde_json::Value>, cancel_until_s: Option<i32>) -> Self {
        match cancellation {
            Some(kept) => serde_json::from_value(kept).unwrap_or_else(|_| Self::simple(None)),
            None => Self::simple(cancel_until_s),
        }
    }

    /// Until how long before the start anything goes back.
    #[must_use]
    pub fn last_until_s(&self) -> Option<i32> {
        self.steps.last().map(|step| step.until_s)
    }

    /// What contradicts itself: steps must end one after the other, and give back less and less.
    ///
    /// # Errors
    /// Which step, and what is wrong.
    pub fn check(&self) -> Result<(), (usize, &'static str)> {
        for (at, pair) in self.steps.windows(2).enumerate() {
            let [earlier, later] = pair else { continue };
            if later.until_s >= earlier.until_s {
                return Err((at + 1, "must end later than the step before: until_s must be smaller"));
            }
            if later.back_bp >= earlier.back_bp {
                return Err((at + 1, "must give back less than the step before"));
            }
        }
        Ok(())
    }

    /// What holds at `now`; `None`: nothing goes back any more.
    #[must_use]
    pub fn at(&self, starts_at: Timestamp, now: Timestamp) -> Option<Terms> {
        self.steps.iter().find_map(|step| {
            let until = starts_at - SignedDuration::from_secs(i64::from(step.until_s));
            let terms =
                Terms { back_bp: step.back_bp, fee_kept: self.fee_kept, fees_back: self.fees_back, until: Some(until) };
            (now < until).then_some(terms)
        })
    }

    /// Until when anything goes back at all; `None`: never.
    #[must_use]
    pub fn ends_at(&self, starts_at: Timestamp) -> Option<Timestamp> {
        self.last_until_s().map(|until_s| starts_at - SignedDuration::from_secs(i64::from(until_s)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy() -> Cancellation {
        let step = |until_s, back_bp| CancellationStep { until_s, back_bp };
        Cancellation { steps: vec![step(604_800, 10_000), step(86_400, 5_000)], fee_kept: 200, fees_back: false }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_step_holds_until_its_very_moment() {
        let starts = at("2030-05-08T17:00:00Z");
        let share = |now: &str| policy().at(starts, at(now)).map(|terms| (terms.back_bp, terms.until));
        let (first, last) = (Some(at("2030-05-01T17:00:00Z")), Some(at("2030-05-07T17:00:00Z")));
        assert_eq!(share("2030-01-01T00:00:00Z"), Some((10_000, first)));
        assert_eq!(share("2030-05-01T16:59:59.999Z"), Some((10_000, first)));
        assert_eq!(share("2030-05-01T17:00:00Z"), Some((5_000, last)));
        assert_eq!(share("2030-05-07T16:59:59.999Z"), Some((5_000, last)));
        assert_eq!(share("2030-05-07T17:00:00Z"), None);
        assert_eq!(policy().ends_at(starts), last);
        assert_eq!(Cancellation::simple(None).at(starts, at("2000-01-01T00:00:00Z")), None);
        assert_eq!(Cancellation::simple(Some(0)).ends_at(starts), Some(starts));
    }

    #[test]
    fn half_a_cent_goes_to_the_buyer_and_the_fee_never_past_nothing() {
        let terms = |back_bp, fee_kept| Terms { back_bp, fee_kept, fees_back: true, until: None };
        assert_eq!(terms(5_000, 0).back_of(4_501, 1), 2_251);
        assert_eq!(terms(5_000, 200).back_of(4_501, 1), 2_051);
        assert_eq!(terms(5_000, 200).back_of(9_002, 2), 4_101);
        assert_eq!(terms(10_000, 5_000).back_of(4_500, 1), 0);
        assert_eq!(terms(10_000, 0).back_of(0, 1), 0);
        assert_eq!(terms(1, 0).back_of(i64::MAX, 1), i64::MAX / 10_000 + 1);
    }

    #[test]
    fn steps_that_contradict_each_other_are_named() {
        policy().check().unwrap();
        let mut turned = policy();
        turned.steps.reverse();
        assert_eq!(turned.check().unwrap_err().0, 1);
        let mut growing = policy();
        growing.steps[1].back_bp = 10_000;
        assert_eq!(growing.check().unwrap_err().0, 1);
    }

    proptest! {
        #[test]
        fn what_goes_back_lies_between_nothing_and_the_price(
            price in 0_i64..=1_000_000_000, places in 1_u32..1_000, back_bp in 1..=WHOLE_BP, fee_kept in 0_i64..100_000,
        ) {
            let terms = Terms { back_bp, fee_kept, fees_back: true, until: None };
            let back = terms.back_of(price, places);
            prop_assert!((0..=price).contains(&back));
            let exact = i128::from(price) * i128::from(back_bp) - i128::from(fee_kept) * i128::from(places) * 10_000;
            if exact > 0 {
                prop_assert!((i128::from(back) * 10_000 - exact).abs() <= 5_000, "{back} of {price}");
            }
        }
    }
}
