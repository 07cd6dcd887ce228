//! Forty shows over six weeks.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::{DemoShow, OnSale, production};

/// The matinee's hour.
const AFTERNOON: (i8, i8) = (14, 30);
const EVENING: (i8, i8) = (19, 30);
const MORNING: (i8, i8) = (11, 0);
const LATE: (i8, i8) = (21, 30);

const MON: i64 = 0;
const TUE: i64 = 1;
const WED: i64 = 2;
const THU: i64 = 3;
const FRI: i64 = 4;
const SAT: i64 = 5;
const SUN: i64 = 6;

/// Production, week (0 begins with the next Monday), day, hour, percent sold beforehand.
type Line = (&'static str, i64, i64, (i8, i8), u8);

const PROGRAMME: [Line; 40] = [
    // The Lantern Theatre
    ("low-water", 0, WED, EVENING, 38),
    ("low-water", 0, THU, EVENING, 22),
    ("low-water", 0, FRI, EVENING, 45),
    ("low-water", 0, SAT, AFTERNOON, 18),
    ("low-water", 0, SAT, EVENING, 52),
    ("salt-and-feather", 1, THU, EVENING, 12),
    ("salt-and-feather", 1, FRI, EVENING, 15),
    ("salt-and-feather", 1, SAT, EVENING, 30),
    ("salt-and-feather", 1, SUN, AFTERNOON, 8),
    ("the-glass-orchard", 2, TUE, EVENING, 0),
    ("the-glass-orchard", 2, WED, EVENING, 0),
    ("the-glass-orchard", 2, THU, EVENING, 0),
    ("the-glass-orchard", 2, SAT, AFTERNOON, 0),
    ("the-glass-orchard", 2, SAT, EVENING, 10),
    ("mothwing", 4, FRI, EVENING, 0),
    ("mothwing", 4, SAT, EVENING, 0),
    ("mothwing", 4, SUN, AFTERNOON, 0),
    // Nordhavn Concert Hall
    ("nine-rooms", 0, THU, EVENING, 6),
    ("the-cartographers-daughter", 1, FRI, EVENING, 9),
    ("the-cartographers-daughter", 1, SUN, AFTERNOON, 5),
    ("the-cartographers-daughter", 2, FRI, EVENING, 0),
    ("harbour-lights", 2, SAT, EVENING, 12),
    ("midwinter-mass", 3, SAT, EVENING, 0),
    ("midwinter-mass", 3, SUN, AFTERNOON, 0),
    ("the-long-north", 5, FRI, EVENING, 0),
    ("the-long-north", 5, SAT, EVENING, 0),
    // Estúdio Forno
    ("the-bear-who-mislaid-winter", 0, SAT, MORNING, 60),
    ("the-bear-who-mislaid-winter", 0, SUN, MORNING, 96),
    ("the-bear-who-mislaid-winter", 1, SAT, MORNING, 20),
    ("the-bear-who-mislaid-winter", 1, SUN, MORNING, 25),
    ("the-bear-who-mislaid-winter", 2, SUN, MORNING, 0),
    ("perfectly-fine", 0, FRI, LATE, 40),
    ("perfectly-fine", 1, FRI, LATE, 15),
    ("perfectly-fine", 2, FRI, LATE, 0),
    ("paper-boats", 1, TUE, EVENING, 10),
    ("paper-boats", 1, WED, EVENING, 10),
    ("paper-boats", 2, TUE, EVENING, 0),
    ("tinfoil-trio", 0, MON, LATE, 33),
    ("tinfoil-trio", 2, MON, LATE, 0),
    ("tinfoil-trio", 4, MON, LATE, 0),
];

/// This goes on sale only some days after the demo begins, so that a visitor sees a countdown.
const SOON: &str = "the-long-north";
const SOON_DAYS: i64 = 3;

/// The programme of the six weeks that begin with the Monday after `today`, in order of time. A date so near the end of
/// the calendar that a show would fall behind it has no such show.
#[must_use]
pub fn shows_from(today: Date) -> Vec<DemoShow> {
    let Ok(monday) = today.nth_weekday(1, Weekday::Monday) else { return Vec::new() };
    let mut shows: Vec<DemoShow> = PROGRAMME.iter().filter_map(|line| show(today, monday, line)).collect();
    shows.sort_by_key(|show| show.starts_at);
    shows
}

fn show(today: Date, monday: Date, &(key, week, day, (hour, minute), presold_percent): &Line) -> Option<DemoShow> {
    let production = production(key)?;
    let date = monday.checked_add((week * 7 + day).days()).ok()?;
    let starts_at = date.at(hour, minute, 0, 0);
    let on_sale = if key == SOON { OnSale::On(today.checked_add(SOON_DAYS.days()).ok()?) } else { OnSale::Already };
    Some(DemoShow {
        key: format!("{key}-{week}-{day}-{hour:02}{minute:02}"),
        production: production.key,
        venue: production.venue,
        starts_at,
        doors_at: starts_at.checked_sub(45.minutes()).ok()?,
        on_sale,
        presold_percent,
    })
}
