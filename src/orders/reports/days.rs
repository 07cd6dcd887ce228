//! Days as a venue has them.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// A report is about at most so many days: a year and what is left of the month around it.
const DAYS_MAX: i32 = 400;

/// The first and the last day of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last; it is in the report.
    pub to: Date,
}

/// Days that are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaysRefused {
    /// The last is before the first.
    Backwards,
    /// They are too many.
    TooMany,
}

impl DaysRefused {
    /// For people.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Backwards => "must not be after `to`".to_owned(),
            Self::TooMany => format!("a report is about {DAYS_MAX} days at most"),
        }
    }
}

impl Days {
    /// These days; without a first the thirty up to the last, without a last up to `today`.
    ///
    /// # Errors
    /// [`DaysRefused`].
    pub fn new(from: Option<Date>, to: Option<Date>, today: Date) -> Result<Self, DaysRefused> {
        let to = to.unwrap_or(today);
        let from = from.unwrap_or_else(|| to.saturating_sub(29.days()));
        if from > to {
            return Err(DaysRefused::Backwards);
        }
        if from.until((jiff::Unit::Day, to)).map_or(i32::MAX, |span| span.get_days()) >= DAYS_MAX {
            return Err(DaysRefused::TooMany);
        }
        Ok(Self { from, to })
    }

    /// Whether this day is among them.
    #[must_use]
    pub fn has(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Moments between which all of these days lie, wherever on earth.
    #[must_use]
    pub fn around(&self) -> (Timestamp, Timestamp) {
        let utc = |day: Date| day.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp());
        let slack = SignedDuration::from_hours(26);
        let end = utc(self.to).checked_add(SignedDuration::from_hours(24) + slack).unwrap_or(Timestamp::MAX);
        (utc(self.from).checked_sub(slack).unwrap_or(Timestamp::MIN), end)
    }
}

/// Time zones by their names, each looked up once.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    known: HashMap<String, TimeZone>,
    home: String,
}

impl Zones {
    /// With the house's own, for what belongs to no venue.
    #[must_use]
    pub fn new(home: &str) -> Self {
        Self { known: HashMap::new(), home: home.to_owned() }
    }

    /// The day of a moment at a venue of this zone. A zone that nobody knows counts as UTC.
    pub fn day(&mut self, at: Timestamp, zone: Option<&str>) -> Date {
        let name = zone.unwrap_or(&self.home);
        if let Some(zone) = self.known.get(name) {
            return at.to_zoned(zone.clone()).date();
        }
        let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
        let day = at.to_zoned(zone.clone()).date();
        self.known.insert(name.to_owned(), zone);
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_the_venues_own_also_where_clocks_change() {
        let mut zones = Zones::new("UTC");
        let mut on = |at: &str, zone: &str| zones.day(at.parse().unwrap(), Some(zone)).to_string();
        // 23 hours: Stockholm's 29 March 2026 begins at 23:00 UTC and ends at 22:00 UTC.
        assert_eq!(on("2026-03-28T22:59:59Z", "Europe/Stockholm"), "2026-03-28");
        assert_eq!(on("2026-03-28T23:00:00Z", "Europe/Stockholm"), "2026-03-29");
        assert_eq!(on("2026-03-29T21:59:59Z", "Europe/Stockholm"), "2026-03-29");
        assert_eq!(on("2026-03-29T22:00:00Z", "Europe/Stockholm"), "2026-03-30");
        // 25 hours.
        assert_eq!(on("2026-10-24T21:59:59Z", "Europe/Stockholm"), "2026-10-24");
        assert_eq!(on("2026-10-24T22:00:00Z", "Europe/Stockholm"), "2026-10-25");
        assert_eq!(on("2026-10-25T22:59:59Z", "Europe/Stockholm"), "2026-10-25");
        assert_eq!(on("2026-10-25T23:00:00Z", "Europe/Stockholm"), "2026-10-26");
        // Quarters of an hour.
        assert_eq!(on("2026-05-01T18:14:59Z", "Asia/Kathmandu"), "2026-05-01");
        assert_eq!(on("2026-05-01T18:15:00Z", "Asia/Kathmandu"), "2026-05-02");
        assert_eq!(on("2026-05-01T18:15:00Z", "Nowhere/Land"), "2026-05-01");
        assert_eq!(zones.day("2026-05-01T18:15:00Z".parse().unwrap(), None), day("2026-05-01"));
    }

    #[test]
    fn days_have_an_order_and_a_limit() {
        let new = |from: &str, to: &str| Days::new(Some(day(from)), Some(day(to)), day("2026-01-01"));
        assert!(new("2026-05-01", "2026-05-01").is_ok());
        assert_eq!(new("2026-05-02", "2026-05-01"), Err(DaysRefused::Backwards));
        assert!(new("2026-01-01", "2027-02-04").is_ok());
        assert_eq!(new("2026-01-01", "2027-02-05"), Err(DaysRefused::TooMany));
        let usual = Days::new(None, None, day("2026-03-01")).unwrap();
        assert_eq!((usual.from, usual.to), (day("2026-01-31"), day("2026-03-01")));
        let (from, to) = usual.around();
        assert!(from < "2026-01-30T10:00:00Z".parse().unwrap() && to > "2026-03-02T12:00:00Z".parse().unwrap());
    }
}
