//! The rules by which a house holds an order, or marks it: pure functions over counted facts.
//!
//! Three are shipped. **Velocity**: one e-mail address, browser or network address tries to pay too often or wants too many
//! places, over all shows of the house. **Mismatch**: the card is of a country from which the house has no buyers. **Reuse**:
//! one card pays for too many e-mail addresses. What a rule finds is noted with the order; a rule that holds has staff decide.

use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::saga::{Fact, Finding, Rule};

/// What follows where a rule finds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The rule is not asked.
    Off,
    /// The order is marked, and sold.
    Flag,
    /// The amount is set aside and not taken until staff decide.
    Hold,
}

/// One buyer tries too often, or wants too much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Velocity {
    /// What follows.
    #[garde(skip)]
    pub action: Action,
    /// Within so long.
    #[garde(range(min = 60, max = 604_800))]
    #[schema(minimum = 60, maximum = 604_800)]
    pub window_s: i64,
    /// Attempts to pay under one e-mail address, or from one browser.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub attempts_max: i64,
    /// Places that are ordered so.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub places_max: i64,
    /// Attempts from one network address: a whole town may share one.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub address_attempts_max: i64,
    /// Places that are ordered from there.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub address_places_max: i64,
}

/// The card is of a country from which the house has no buyers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mismatch {
    /// What follows.
    #[garde(custom(needs_countries(&self.countries)))]
    pub action: Action,
    /// Where the house's buyers have their cards, as two capital letters each.
    #[garde(length(max = 250), inner(pattern(r"^[A-Z]{2}$")))]
    #[schema(max_items = 250)]
    pub countries: Vec<String>,
}

/// One card pays for many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reuse {
    /// What follows.
    #[garde(skip)]
    pub action: Action,
    /// Within so long.
    #[garde(range(min = 60, max = 604_800))]
    #[schema(minimum = 60, maximum = 604_800)]
    pub window_s: i64,
    /// E-mail addresses that one card may pay for.
    #[garde(range(min = 1, max = 1_000))]
    #[schema(minimum = 1, maximum = 1_000)]
    pub emails_max: i64,
}

/// The rules of a house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FraudRules {
    /// One buyer tries too often, or wants too much.
    #[garde(dive)]
    pub velocity: Velocity,
    /// The card is of a country from which the house has no buyers.
    #[garde(dive)]
    pub mismatch: Mismatch,
    /// One card pays for many.
    #[garde(dive)]
    pub reuse: Reuse,
    /// How long a held order waits for staff; never past the end of its authorisation, nor to the start of its show.
    #[garde(range(min = 60, max = 604_800))]
    #[schema(minimum = 60, maximum = 604_800)]
    pub decide_within_s: i64,
}

fn needs_countries(countries: &[String]) -> impl FnOnce(&Action, &()) -> garde::Result + '_ {
    move |action, ()| match action {
        Action::Flag | Action::Hold if countries.is_empty() => {
            Err(garde::Error::new("needs at least one country to compare with"))
        }
        Action::Off | Action::Flag | Action::Hold => Ok(()),
    }
}

impl Default for FraudRules {
    /// Nothing is held before a house says so: one that does not know of the work list would refuse its buyers by not looking.
    /// What is counted is far beyond what a family or a school class does in an hour.
    fn default() -> Self {
        Self {
            velocity: Velocity {
                action: Action::Flag,
                window_s: 3_600,
                attempts_max: 20,
                places_max: 60,
                address_attempts_max: 200,
                address_places_max: 600,
            },
            mismatch: Mismatch { action: Action::Off, countries: Vec::new() },
            reuse: Reuse { action: Action::Flag, window_s: 86_400, emails_max: 3 },
            decide_within_s: 86_400,
        }
    }
}

impl FraudRules {
    /// Whether any rule is asked at all.
    #[must_use]
    pub fn any(&self) -> bool {
        [self.velocity.action, self.mismatch.action, self.reuse.action].into_iter().any(|action| action != Action::Off)
    }
}

/// What is known of an order and of what else came from the same. Counts stop one past their limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Attempts and places under its e-mail address.
    pub email: (i64, i64),
    /// From its browser.
    pub device: (i64, i64),
    /// From its network address.
    pub address: (i64, i64),
    /// The country of its card.
    pub country: Option<String>,
    /// E-mail addresses that its card paid for.
    pub emails: i64,
}

/// What the rules find in these facts.
#[must_use]
pub fn judge(rules: &FraudRules, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let FraudRules { velocity, mismatch, reuse, .. } = rules;
    let mut more_than = |rule, action, fact, count: i64, max: i64, window_s: i64| {
        if action != Action::Off && count > max {
            let (max, window_s) = (Some(max), Some(window_s));
            found.push(Finding { rule, holds: action == Action::Hold, fact, max, window_s, country: None });
        }
    };
    for (fact, count, max) in [
        (Fact::AttemptsByEmail, facts.email.0, velocity.attempts_max),
        (Fact::PlacesByEmail, facts.email.1, velocity.places_max),
        (Fact::AttemptsByDevice, facts.device.0, velocity.attempts_max),
        (Fact::PlacesByDevice, facts.device.1, velocity.places_max),
        (Fact::AttemptsByAddress, facts.address.0, velocity.address_attempts_max),
        (Fact::PlacesByAddress, facts.address.1, velocity.address_places_max),
    ] {
        more_than(Rule::Velocity, velocity.action, fact, count, max, velocity.window_s);
    }
    more_than(Rule::Reuse, reuse.action, Fact::EmailsByInstrument, facts.emails, reuse.emails_max, reuse.window_s);
    if let Some(country) = &facts.country
        && mismatch.action != Action::Off
        && !mismatch.countries.contains(country)
    {
        found.push(Finding {
            rule: Rule::Mismatch,
            holds: mismatch.action == Action::Hold,
            fact: Fact::CardCountry,
            max: None,
            window_s: None,
            country: Some(country.clone()),
        });
    }
    found
}

/// A tenth of an authorisation is left to collect it in, and half an hour before a show its seats are wanted by others.
const BEFORE_START: SignedDuration = SignedDuration::from_mins(30);

/// Until when staff may decide about money that was set aside then, for so long.
#[must_use]
pub fn decide_by(
    rules: &FraudRules,
    now: Timestamp,
    set_aside: Timestamp,
    lasts: SignedDuration,
    starts: Option<Timestamp>,
) -> Timestamp {
    let own = now + SignedDuration::from_secs(rules.decide_within_s);
    let by = own.min(set_aside + lasts * 9 / 10);
    starts.map_or(by, |starts| by.min(starts - BEFORE_START))
}

/// A finding, for people.
#[must_use]
pub fn in_words(finding: &Finding) -> String {
    let within = || match finding.window_s.unwrap_or(0) {
        seconds if seconds >= 7_200 => format!("{} hours", seconds / 3_600),
        seconds if seconds >= 120 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    };
    let max = finding.max.unwrap_or(0);
    let more = |what: &str| format!("More than {max} {what} within {}.", within());
    match finding.fact {
        Fact::AttemptsByEmail => more("attempts to pay under this e-mail address"),
        Fact::PlacesByEmail => more("places ordered under this e-mail address"),
        Fact::AttemptsByDevice => more("attempts to pay from this browser"),
        Fact::PlacesByDevice => more("places ordered from this browser"),
        Fact::AttemptsByAddress => more("attempts to pay from this network address"),
        Fact::PlacesByAddress => more("places ordered from this network address"),
        Fact::CardCountry => {
            let country = finding.country.as_deref().unwrap_or("an unknown country");
            format!("The card is of {country}, which is not among the house's countries.")
        }
        Fact::EmailsByInstrument => more("e-mail addresses that paid with this card"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(action: Action) -> FraudRules {
        let mut rules = FraudRules::default();
        (rules.velocity.action, rules.mismatch.action, rules.reuse.action) = (action, action, action);
        rules.mismatch.countries = vec!["SE".to_owned(), "DK".to_owned()];
        rules
    }

    fn at_the_edge(rules: &FraudRules) -> Facts {
        let velocity = &rules.velocity;
        let own = (velocity.attempts_max, velocity.places_max);
        let address = (velocity.address_attempts_max, velocity.address_places_max);
        let country = Some("DK".to_owned());
        Facts { email: own, device: own, address, country, emails: rules.reuse.emails_max }
    }

    #[test]
    fn what_is_allowed_is_no_finding_and_one_more_is() {
        let rules = all(Action::Hold);
        assert_eq!(judge(&rules, &at_the_edge(&rules)), []);
        type OneMore = (Fact, fn(&mut Facts));
        let one_more: [OneMore; 8] = [
            (Fact::AttemptsByEmail, |facts| facts.email.0 += 1),
            (Fact::PlacesByEmail, |facts| facts.email.1 += 1),
            (Fact::AttemptsByDevice, |facts| facts.device.0 += 1),
            (Fact::PlacesByDevice, |facts| facts.device.1 += 1),
            (Fact::AttemptsByAddress, |facts| facts.address.0 += 1),
            (Fact::PlacesByAddress, |facts| facts.address.1 += 1),
            (Fact::EmailsByInstrument, |facts| facts.emails += 1),
            (Fact::CardCountry, |facts| facts.country = Some("BR".to_owned())),
        ];
        for (fact, change) in one_more {
            let mut facts = at_the_edge(&rules);
            change(&mut facts);
            let found = judge(&rules, &facts);
            assert_eq!(found.iter().map(|it| (it.fact, it.holds)).collect::<Vec<_>>(), [(fact, true)]);
            assert!(!judge(&all(Action::Flag), &facts)[0].holds);
            assert_eq!(judge(&all(Action::Off), &facts), []);
        }
    }

    #[test]
    fn a_card_of_no_known_country_is_of_none_that_is_wrong() {
        let rules = all(Action::Hold);
        assert_eq!(judge(&rules, &Facts { country: None, ..at_the_edge(&rules) }), []);
    }

    #[test]
    fn nothing_is_held_before_a_house_says_so() {
        let rules = FraudRules::default();
        rules.validate().unwrap();
        for action in [rules.velocity.action, rules.mismatch.action, rules.reuse.action] {
            assert_ne!(action, Action::Hold);
        }
        let mut wrong = FraudRules::default();
        wrong.mismatch.action = Action::Hold;
        assert!(wrong.validate().unwrap_err().to_string().contains("mismatch.action"));
        wrong.mismatch.countries = vec!["Sweden".to_owned()];
        assert!(wrong.validate().unwrap_err().to_string().contains("mismatch.countries"));
        wrong.mismatch.countries = vec!["SE".to_owned()];
        wrong.validate().unwrap();
    }

    #[test]
    fn staff_have_until_whatever_ends_first() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (paid, week) = (at("2026-05-04T12:00:00Z"), SignedDuration::from_hours(24 * 7));
        let rules = FraudRules { decide_within_s: 86_400, ..FraudRules::default() };
        let by = |lasts, starts: Option<&str>| decide_by(&rules, paid, paid, lasts, starts.map(at));
        assert_eq!(by(week, None), at("2026-05-05T12:00:00Z"));
        assert_eq!(by(SignedDuration::from_secs(100), None), at("2026-05-04T12:01:30Z"));
        assert_eq!(by(week, Some("2026-05-04T19:30:00Z")), at("2026-05-04T19:00:00Z"));
        assert_eq!(by(week, Some("2026-05-09T19:30:00Z")), at("2026-05-05T12:00:00Z"));
    }

    #[test]
    fn findings_are_said_in_words() {
        let rules = all(Action::Hold);
        let facts = Facts { emails: 4, country: Some("BR".to_owned()), email: (21, 0), ..Facts::default() };
        let words: Vec<String> = judge(&rules, &facts).iter().map(in_words).collect();
        assert_eq!(
            words,
            [
                "More than 20 attempts to pay under this e-mail address within 60 minutes.",
                "More than 3 e-mail addresses that paid with this card within 24 hours.",
                "The card is of BR, which is not among the house's countries.",
            ]
        );
    }
}
