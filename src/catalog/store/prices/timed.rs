//! Prices that are valid for a while: from a moment on, until another. At the very moment of its end a list is over.

use std::collections::{BTreeSet, HashSet};

use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CatalogError, is_key};

/// A price list that is valid for a while. Judged by the server's time when an order is made; the order keeps what it was made
/// with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimedPrices {
    /// What buyers read.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "Early bird")]
    pub name: String,
    /// From this moment on; null: it always was.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// Until this moment, which is not part of it; null: for good.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// What it prices; everything else costs what it always does.
    #[garde(length(min = 1, max = 5000), dive)]
    #[schema(min_items = 1, max_items = 5000)]
    pub prices: Vec<TimedPrice>,
}

/// What a ticket of one type costs at one level for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimedPrice {
    /// The price level's key.
    #[garde(custom(is_key))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_-]{1,40}$", example = "premium")]
    pub price_level: String,
    /// The ticket type's key.
    #[garde(custom(is_key))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_-]{1,40}$", example = "adult")]
    pub ticket_type: String,
    /// In minor units of the show's currency.
    #[garde(range(min = 0, max = 100_000_000_000))]
    #[schema(minimum = 0, maximum = 100_000_000_000_i64, example = 3500)]
    pub amount: i64,
}

impl TimedPrices {
    /// Whether it is valid then.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= now) && self.valid_until.is_none_or(|until| now < until)
    }

    /// What it says of a ticket; `None`: nothing.
    #[must_use]
    pub fn amount(&self, price_level: &str, ticket_type: &str) -> Option<i64> {
        let meant = |price: &&TimedPrice| price.price_level == price_level && price.ticket_type == ticket_type;
        self.prices.iter().find(meant).map(|price| price.amount)
    }
}

/// Contradictions within lists, and with their table.
pub(super) fn check(lists: &[TimedPrices], levels: &HashSet<&str>, types: &HashSet<&str>) -> Result<(), CatalogError> {
    for (at, list) in lists.iter().enumerate() {
        let of_list = |field: &str, why: &str| Err(CatalogError::field(format!("timed[{at}].{field}"), why));
        if list.name.trim().is_empty() {
            return of_list("name", "must not be empty");
        }
        match (list.valid_from, list.valid_until) {
            (None, None) => {
                return of_list("valid_from", "or valid_until must be set; what is always valid is the table itself");
            }
            (Some(from), Some(until)) if until <= from => return of_list("valid_until", "must be after valid_from"),
            (Some(_), _) | (None, Some(_)) => {}
        }
        let mut priced = HashSet::new();
        for (place, price) in list.prices.iter().enumerate() {
            let of_price = |field: &str, why: &str| of_list(&format!("prices[{place}].{field}"), why);
            if !levels.contains(price.price_level.as_str()) {
                return of_price("price_level", "is not a price level of this table");
            }
            if !types.contains(price.ticket_type.as_str()) {
                return of_price("ticket_type", "is not a ticket type of this table");
            }
            if !priced.insert((&price.price_level, &price.ticket_type)) {
                return of_price("ticket_type", "stands twice for this price level");
            }
        }
    }
    Ok(())
}

/// A list out of its row.
pub(in crate::catalog::store) fn read(
    name: String,
    valid_from: Option<jiff_sqlx::Timestamp>,
    valid_until: Option<jiff_sqlx::Timestamp>,
    prices: serde_json::Value,
) -> Result<TimedPrices, sqlx::Error> {
    let moment = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let prices = serde_json::from_value(prices).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(TimedPrices { name, valid_from: moment(valid_from), valid_until: moment(valid_until), prices })
}

/// What the cheapest of some tickets costs from a moment until another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// From when; `None`: always was.
    pub from: Option<Timestamp>,
    /// Until when; `None`: always will be.
    pub until: Option<Timestamp>,
    /// How much.
    pub amount: i64,
}

/// What the cheapest of these tickets (level, type, price of the table) costs, and when, where `all_in` says what a price comes
/// to with everything in it. No periods where there are no tickets; else they follow each other from ever to ever.
pub fn periods(
    tickets: &[(String, String, i64)],
    lists: &[TimedPrices],
    all_in: impl Fn(&str, &str, i64) -> i64,
) -> Vec<Period> {
    let edges: BTreeSet<Timestamp> =
        lists.iter().flat_map(|list| [list.valid_from, list.valid_until]).flatten().collect();
    let before = edges.first().map_or(Timestamp::UNIX_EPOCH, |first| {
        first.checked_sub(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MIN)
    });
    let begins = std::iter::once(None).chain(edges.iter().copied().map(Some));
    let ends = edges.iter().copied().map(Some).chain(std::iter::once(None));
    let mut periods: Vec<Period> = Vec::new();
    for (from, until) in begins.zip(ends) {
        let now = from.unwrap_or(before);
        let price = |(level, kind, table): &(String, String, i64)| {
            let timed = lists.iter().filter(|list| list.is_valid(now)).find_map(|list| list.amount(level, kind));
            all_in(level, kind, timed.unwrap_or(*table))
        };
        let Some(amount) = tickets.iter().map(price).min() else { return Vec::new() };
        match periods.last_mut().filter(|last| last.amount == amount) {
            Some(last) => last.until = until,
            None => periods.push(Period { from, until, amount }),
        }
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn list(from: Option<i64>, until: Option<i64>, amount: i64) -> TimedPrices {
        let price = TimedPrice { price_level: "best".to_owned(), ticket_type: "adult".to_owned(), amount };
        TimedPrices {
            name: "Early bird".to_owned(),
            valid_from: from.map(at),
            valid_until: until.map(at),
            prices: vec![price],
        }
    }

    #[test]
    fn a_list_is_valid_at_its_first_moment_and_over_at_its_last() {
        let list = list(Some(10), Some(20), 1);
        let millisecond = SignedDuration::from_millis(1);
        let valid = [at(10) - millisecond, at(10), at(20) - millisecond, at(20)].map(|now| list.is_valid(now));
        assert_eq!(valid, [false, true, true, false]);
    }

    #[test]
    fn periods_follow_each_other_and_the_first_list_counts() {
        let tickets = [("best".to_owned(), "adult".to_owned(), 45), ("good".to_owned(), "adult".to_owned(), 40)];
        let all_in = |_: &str, _: &str, price: i64| price + 5;
        let lists = [list(None, Some(10), 20), list(Some(5), Some(30), 30), list(Some(50), None, 100)];
        let said: Vec<_> = periods(&tickets, &lists, all_in).iter().map(|it| (it.from, it.until, it.amount)).collect();
        assert_eq!(
            said,
            [(None, Some(at(10)), 25), (Some(at(10)), Some(at(30)), 35), (Some(at(30)), None, 45)],
            "a dear list does not change what the cheapest costs, and equal neighbours are one period"
        );
        assert_eq!(periods(&tickets, &[], all_in), [Period { from: None, until: None, amount: 45 }]);
        assert_eq!(periods(&[], &lists, all_in), []);
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        let (levels, types) = (HashSet::from(["best"]), HashSet::from(["adult"]));
        let wrong = |list: TimedPrices| check(&[list], &levels, &types).unwrap_err().to_string();
        assert!(wrong(list(None, None, 1)).starts_with("timed[0].valid_from: "));
        assert!(wrong(list(Some(10), Some(10), 1)).starts_with("timed[0].valid_until: "));
        let mut twice = list(Some(1), None, 1);
        twice.prices.push(twice.prices[0].clone());
        assert!(wrong(twice).starts_with("timed[0].prices[1].ticket_type: "));
        let mut unknown = list(Some(1), None, 1);
        unknown.prices[0].price_level = "worst".to_owned();
        assert!(wrong(unknown).starts_with("timed[0].prices[0].price_level: "));
        check(&[list(Some(1), Some(2), 1)], &levels, &types).unwrap();
    }
}
