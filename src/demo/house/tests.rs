//! The demo house agrees with itself.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::date;
use jiff::tz::TimeZone;

use super::*;
use crate::catalog::poster::{PosterText, poster};

#[test]
fn forty_shows_are_announced_from_any_day_of_the_week() {
    for day in 20..27 {
        let today = date(2026, 11, day);
        let shows = shows_from(today);
        assert_eq!(shows.len(), 40, "from {today}");
        assert!(shows.iter().all(|show| show.starts_at.date() > today), "all of them are still to come");
        assert!(shows.is_sorted_by_key(|show| show.starts_at));
        let last = today.checked_add(49.days()).unwrap();
        assert!(shows.iter().all(|show| show.starts_at.date() <= last), "within seven weeks");
        let keys: HashSet<_> = shows.iter().map(|show| &show.key).collect();
        assert_eq!(keys.len(), 40);
        assert_eq!(shows, shows_from(today), "the same day announces the same");
    }
    assert!(shows_from(jiff::civil::Date::MAX).is_empty(), "at the end of the calendar nothing is played");
}

#[test]
fn no_house_plays_two_shows_at_once() {
    // Half an hour to empty the room, then the doors of the next show.
    let shows = shows_from(date(2026, 11, 22));
    for house in &VENUES {
        let here: Vec<_> = shows.iter().filter(|show| show.venue == house.key).collect();
        assert!(!here.is_empty(), "{}", house.name);
        for pair in here.windows(2) {
            let over = pair[0].starts_at + (production(pair[0].production).unwrap().duration_min + 30).minutes();
            assert!(over <= pair[1].doors_at, "{} runs into {}", pair[0].key, pair[1].key);
        }
    }
}

#[test]
fn every_production_is_played_and_worth_reading_about() {
    let shows = shows_from(date(2026, 11, 22));
    for production in &PRODUCTIONS {
        assert!(shows.iter().any(|show| show.production == production.key), "{}", production.title);
        assert!(venue(production.venue).is_some(), "{}", production.title);
        let paragraphs: Vec<_> = production.description.split("\n\n").collect();
        assert!((2..=3).contains(&paragraphs.len()), "{}", production.title);
        assert!(paragraphs.iter().all(|paragraph| !paragraph.contains("  ")), "{}", production.title);
        assert!(!production.summary.is_empty() && !production.credits.is_empty());
        assert!(production.duration_min > 0 && production.age_min.is_none_or(|age| age >= 0));
        let words = PosterText { title: production.title, kind: production.kind, ..PosterText::default() };
        assert!(poster(&words, production.poster_seed).starts_with("<svg"));
    }
    let keys: HashSet<_> = PRODUCTIONS.iter().map(|production| production.key).collect();
    assert_eq!(keys.len(), PRODUCTIONS.len());
}

#[test]
fn every_category_of_every_plan_has_a_price_for_everybody() {
    for production in &PRODUCTIONS {
        let plan = venue(production.venue).unwrap().document().unwrap();
        let table = prices(production);
        let priced: Vec<_> = table.iter().map(|level| level.category).collect();
        let named: Vec<_> = plan.categories.iter().map(|category| category.name.as_str()).collect();
        assert_eq!(priced, named, "{}", production.title);
        for level in &table {
            assert!(level.key.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", level.key);
            assert_eq!(level.color.len(), 7);
            let amounts: Vec<_> = level.prices.iter().map(|(_, amount)| *amount).collect();
            assert_eq!(amounts.len(), TICKET_TYPES.len());
            assert!(amounts.iter().all(|amount| *amount > 0 && amount % 50 == 0), "{amounts:?}");
            assert!(amounts.is_sorted_by(|more, less| more > less), "{amounts:?}");
        }
    }
    assert_eq!(TICKET_TYPES.iter().filter(|ticket| ticket.default).count(), 1);
}

#[test]
fn most_is_on_sale_some_is_announced_and_one_evening_is_nearly_gone() {
    let today = date(2026, 11, 22);
    let shows = shows_from(today);
    let waiting: Vec<_> = shows.iter().filter(|show| show.on_sale != OnSale::Already).collect();
    assert!((1..=3).contains(&waiting.len()));
    for show in waiting {
        let OnSale::On(day) = show.on_sale else { panic!("{}", show.key) };
        assert!(day > today && day < show.starts_at.date());
        assert_eq!(show.presold_percent, 0, "nothing is sold before the sale opens");
    }
    assert_eq!(shows.iter().filter(|show| (90..100).contains(&show.presold_percent)).count(), 1);
    assert!(shows.iter().all(|show| show.presold_percent < 100));
    let matinees = shows.iter().filter(|show| show.starts_at.hour() < 17).count();
    assert!(matinees >= 5, "{matinees}");
}

#[test]
fn three_cities_keep_their_own_time() {
    let zones: HashSet<_> = VENUES.iter().map(|venue| venue.time_zone).collect();
    let cities: HashSet<_> = VENUES.iter().map(|venue| venue.city).collect();
    assert_eq!((zones.len(), cities.len()), (3, 3));
    for show in shows_from(date(2026, 11, 22)) {
        let zone = TimeZone::get(venue(show.venue).unwrap().time_zone).unwrap();
        assert!(zone.to_zoned(show.starts_at).is_ok());
        assert!(show.doors_at < show.starts_at);
    }
}
