//! How purchase attempts end. Each ends in exactly one class, and all of them are counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// How one attempt at a purchase ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Paid, confirmed, tickets in hand.
    Confirmed,
    /// The provider declined, and the buyer gave up.
    Declined,
    /// Somebody else was faster, as often as the buyer was willing to look again.
    LostRace,
    /// Nothing was free.
    SoldOut,
    /// The show was not on sale, or not any more.
    SaleClosed,
    /// The hold or the order lapsed because the buyer took longer than it was good for.
    TooSlow,
    /// It lapsed although the buyer was in time.
    Lapsed(String),
    /// "Come again later", for longer than the buyer's patience.
    Limited,
    /// A rule of the house: its code.
    Refused(String),
    /// A fault: what was asked, and what came instead of an answer.
    Failed(String),
}

/// The name of a class, in the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is explained by `about`, below")]
pub enum Class {
    Confirmed,
    Declined,
    LostRace,
    SoldOut,
    SaleClosed,
    TooSlow,
    Lapsed,
    Limited,
    Refused,
    Failed,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Confirmed,
        Self::Declined,
        Self::LostRace,
        Self::SoldOut,
        Self::SaleClosed,
        Self::TooSlow,
        Self::Lapsed,
        Self::Limited,
        Self::Refused,
        Self::Failed,
    ];

    /// Its name, and what it means.
    #[must_use]
    pub fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Confirmed => ("confirmed", "paid, confirmed, tickets in hand"),
            Self::Declined => ("declined", "the provider declined, as it was told to, and the buyer gave up"),
            Self::LostRace => ("lost the race", "somebody was faster, again and again"),
            Self::SoldOut => ("sold out", "no such places were free"),
            Self::SaleClosed => ("sale closed", "not on sale, or not any more"),
            Self::TooSlow => ("too slow", "it lapsed because the buyer took longer than it was good for"),
            Self::Lapsed => ("lapsed", "it lapsed although the buyer was in time"),
            Self::Limited => ("limited", "told to come again later, for longer than the buyer's patience"),
            Self::Refused => ("refused", "by a rule of the house"),
            Self::Failed => ("failed", "5xx, no answer, too late an answer, or one that cannot be"),
        }
    }
}

impl End {
    /// Its class.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Confirmed => Class::Confirmed,
            Self::Declined => Class::Declined,
            Self::LostRace => Class::LostRace,
            Self::SoldOut => Class::SoldOut,
            Self::SaleClosed => Class::SaleClosed,
            Self::TooSlow => Class::TooSlow,
            Self::Lapsed(_) => Class::Lapsed,
            Self::Limited => Class::Limited,
            Self::Refused(_) => Class::Refused,
            Self::Failed(_) => Class::Failed,
        }
    }

    /// What must be explained about it.
    #[must_use]
    pub fn line(&self) -> Option<&str> {
        match self {
            Self::Lapsed(line) | Self::Refused(line) | Self::Failed(line) => Some(line),
            Self::Confirmed
            | Self::Declined
            | Self::LostRace
            | Self::SoldOut
            | Self::SaleClosed
            | Self::TooSlow
            | Self::Limited => None,
        }
    }

    /// What a refusal with this code means for an attempt, where it ends it. `seats_taken` and its like don't: one looks again.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "not_on_sale" | "sales_paused" | "sales_ended" => Some(Self::SaleClosed),
            "seat_limit_reached"
            | "hold_limit_reached"
            | "challenge_required"
            | "access_code_required"
            | "access_code_invalid"
            | "access_code_used_up"
            | "price_changed"
            | "provider_unknown" => Some(Self::Refused(code.to_owned())),
            _ => None,
        }
    }
}

/// What "come again later" said.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Waits {
    /// How often it was said.
    pub said: u64,
    /// Of these, without saying when.
    pub without_retry_after: u64,
    /// The seconds it named, and how often each.
    pub retry_after_s: BTreeMap<u64, u64>,
}

/// Everything that is counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    ends: BTreeMap<Class, u64>,
    /// Each different line of an end that needs one, and how often.
    lines: BTreeMap<(Class, String), u64>,
    /// When purchases were confirmed, from the beginning of the run.
    confirmed_at: Vec<Duration>,
    /// "Come again later", by the request's name.
    pub waits: BTreeMap<&'static str, Waits>,
    /// Anything else by its name.
    pub counts: BTreeMap<&'static str, u64>,
    /// What went wrong outside of purchases, and how often.
    pub troubles: BTreeMap<String, u64>,
}

impl Tally {
    /// An attempt ended, so long after the run began.
    pub fn end(&mut self, end: &End, at: Duration) {
        *self.ends.entry(end.class()).or_default() += 1;
        if let Some(line) = end.line() {
            *self.lines.entry((end.class(), line.to_owned())).or_default() += 1;
        }
        if *end == End::Confirmed {
            self.confirmed_at.push(at);
        }
    }

    /// One more of these.
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// So many more.
    pub fn count_many(&mut self, what: &'static str, many: u64) {
        *self.counts.entry(what).or_default() += many;
    }

    /// Something went wrong for somebody who does not buy.
    pub fn trouble(&mut self, line: String) {
        *self.troubles.entry(line).or_default() += 1;
    }

    /// Somebody was told to come again later.
    pub fn wait(&mut self, request: &'static str, retry_after_s: Option<u64>) {
        let waits = self.waits.entry(request).or_default();
        waits.said += 1;
        match retry_after_s {
            Some(seconds) => *waits.retry_after_s.entry(seconds).or_default() += 1,
            None => waits.without_retry_after += 1,
        }
    }

    /// How many attempts ended in this class.
    #[must_use]
    pub fn of(&self, class: Class) -> u64 {
        self.ends.get(&class).copied().unwrap_or(0)
    }

    /// All attempts.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.ends.values().sum()
    }

    /// Of a hundred purchases that nothing spoke against, those that succeeded; `None` where there were none.
    #[must_use]
    pub fn success(&self) -> Option<f64> {
        let confirmed = self.of(Class::Confirmed);
        let valid = confirmed + self.of(Class::Failed) + self.of(Class::Lapsed);
        (valid > 0).then(|| 100.0 * confirmed as f64 / valid as f64)
    }

    /// The same with its formula.
    #[must_use]
    pub fn success_text(&self) -> String {
        let [confirmed, failed, lapsed] = [Class::Confirmed, Class::Failed, Class::Lapsed].map(|class| self.of(class));
        let rate = self.success().map_or_else(|| "none were tried".to_owned(), |rate| format!("{rate:.3} %"));
        format!(
            "success of valid purchases: {rate} = confirmed / (confirmed + failed + lapsed) = {confirmed} / ({confirmed} + {failed} + {lapsed})"
        )
    }

    /// Purchases confirmed between these moments.
    #[must_use]
    pub fn confirmed_between(&self, from: Duration, to: Duration) -> usize {
        self.confirmed_at.iter().filter(|&&at| from <= at && at < to).count()
    }

    /// Each different line that explains an end, the most frequent first.
    #[must_use]
    pub fn lines(&self) -> Vec<(Class, &str, u64)> {
        let mut lines: Vec<_> =
            self.lines.iter().map(|((class, line), &count)| (*class, line.as_str(), count)).collect();
        lines.sort_by_key(|&(_, _, count)| std::cmp::Reverse(count));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_end() -> [End; 10] {
        [
            End::Confirmed,
            End::Declined,
            End::LostRace,
            End::SoldOut,
            End::SaleClosed,
            End::TooSlow,
            End::Lapsed("hold lapsed after 3 of 480 s".to_owned()),
            End::Limited,
            End::Refused("seat_limit_reached".to_owned()),
            End::Failed("hold: answered 500".to_owned()),
        ]
    }

    #[test]
    fn every_end_has_one_class_and_every_class_an_end() {
        assert_eq!(every_end().map(|end| end.class()), Class::ALL);
    }

    #[test]
    fn the_classes_add_up_to_the_attempts() {
        let mut tally = Tally::default();
        for end in every_end() {
            tally.end(&end, Duration::ZERO);
        }
        assert_eq!(tally.attempts(), 10);
        assert_eq!(Class::ALL.map(|class| tally.of(class)).iter().sum::<u64>(), 10);
        assert_eq!(tally.lines().len(), 3);
    }

    #[test]
    fn only_faults_and_lapses_in_time_count_against_success() {
        let mut tally = Tally::default();
        assert_eq!(tally.success(), None);
        for end in every_end() {
            tally.end(&end, Duration::ZERO);
        }
        assert_eq!(tally.success(), Some(100.0 / 3.0));
        assert!(tally.success_text().ends_with("= 1 / (1 + 1 + 1)"), "{}", tally.success_text());
        assert!(Tally::default().success_text().contains("none were tried"));
    }

    #[test]
    fn codes_that_end_an_attempt_and_codes_that_do_not() {
        assert_eq!(End::of_code("sales_ended"), Some(End::SaleClosed));
        assert_eq!(End::of_code("challenge_required"), Some(End::Refused("challenge_required".to_owned())));
        for code in ["seats_taken", "strands_a_seat", "none_available", "hold_lapsed", "internal", ""] {
            assert_eq!(End::of_code(code), None, "{code}");
        }
    }

    #[test]
    fn waits_keep_what_they_were_told() {
        let mut tally = Tally::default();
        tally.wait("hold", Some(2));
        tally.wait("hold", Some(2));
        tally.wait("hold", None);
        let waits = &tally.waits["hold"];
        assert_eq!((waits.said, waits.without_retry_after, waits.retry_after_s[&2]), (3, 1, 2));
    }

    #[test]
    fn a_rate_is_of_a_window_that_its_end_does_not_belong_to() {
        let mut tally = Tally::default();
        for at in [1, 2, 3, 4] {
            tally.end(&End::Confirmed, Duration::from_secs(at));
        }
        tally.end(&End::SoldOut, Duration::from_secs(2));
        assert_eq!(tally.confirmed_between(Duration::from_secs(2), Duration::from_secs(4)), 2);
    }
}
