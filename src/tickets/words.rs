//! How a ticket's facts are said to people: when, where, which place.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::store::{Status, Ticket};
use crate::accounts::Language;

/// A moment as the venue's clocks show it. An unknown time zone is shown in UTC, which its name then says.
#[must_use]
pub fn local(at: Timestamp, zone: &str) -> Zoned {
    at.in_tz(zone).unwrap_or_else(|_| at.to_zoned(TimeZone::UTC))
}

/// `Saturday, 12 December 2026`.
#[must_use]
pub fn date(at: &Zoned) -> String {
    at.strftime("%A, %-d %B %Y").to_string()
}

/// The same in a language: `Samstag, 12. Dezember 2026`.
#[must_use]
pub fn date_in(language: Language, at: &Zoned) -> String {
    const DAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
    const MONTHS: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    let nth = |number: i8| usize::try_from(number - 1).unwrap_or(0);
    match language {
        Language::English => date(at),
        Language::German => {
            let day = DAYS.get(nth(at.weekday().to_monday_one_offset())).copied().unwrap_or_default();
            let month = MONTHS.get(nth(at.month())).copied().unwrap_or_default();
            format!("{day}, {}. {month} {}", at.day(), at.year())
        }
    }
}

/// `19:30`.
#[must_use]
pub fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

/// `CET`, or the offset where the zone has no letters.
#[must_use]
pub fn zone(at: &Zoned) -> String {
    at.strftime("%Z").to_string()
}

/// The section or area, in the house's words; never empty.
#[must_use]
pub fn section(ticket: &Ticket) -> String {
    let named = [&ticket.section, &ticket.area].into_iter().flatten().find(|name| !name.trim().is_empty());
    named.map_or_else(|| ticket.label.clone(), Clone::clone)
}

/// `Stalls, row A, seat 12`, or the area alone.
#[must_use]
pub fn place(ticket: &Ticket) -> String {
    let mut words = section(ticket);
    for (what, label) in [("row", &ticket.row), ("seat", &ticket.number)] {
        if let Some(label) = label {
            words.push_str(&format!(", {what} {label}"));
        }
    }
    words
}

/// `Grand Theatre, 1 High Street, Lund, Sweden`, without what is not known.
#[must_use]
pub fn venue(ticket: &Ticket) -> String {
    let parts = [&ticket.venue, &ticket.address, &ticket.city, &ticket.country];
    parts.into_iter().filter(|part| !part.trim().is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

/// `Adult · Premium`; empty where neither is known.
#[must_use]
pub fn kind(ticket: &Ticket) -> String {
    let kind = ticket.ticket_type_name.as_ref().or(ticket.ticket_type.as_ref());
    let level = ticket.price_level_name.as_ref().or(ticket.price_level.as_ref());
    [kind, level].into_iter().flatten().cloned().collect::<Vec<_>>().join(" · ")
}

/// Why a ticket does not admit, where it doesn't.
#[must_use]
pub fn why_not(status: Status) -> Option<(&'static str, &'static str)> {
    match status {
        Status::Valid => None,
        Status::Suspended => Some(("On hold", "Its refund is on its way. It does not admit.")),
        Status::Revoked => Some(("Cancelled", "This place was given back. The ticket does not admit.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_the_clocks_of_the_venue() {
        let at: Timestamp = "2026-12-12T18:30:00Z".parse().unwrap();
        let lund = local(at, "Europe/Stockholm");
        assert_eq!((date(&lund).as_str(), time(&lund).as_str()), ("Saturday, 12 December 2026", "19:30"));
        assert_eq!(zone(&lund), "CET");
        assert_eq!(date_in(Language::German, &lund), "Samstag, 12. Dezember 2026");
        assert_eq!(date_in(Language::English, &lund), date(&lund));
        let delhi = local("2026-12-12T20:00:00Z".parse().unwrap(), "Asia/Kolkata");
        assert_eq!((date(&delhi).as_str(), time(&delhi).as_str()), ("Sunday, 13 December 2026", "01:30"));
        assert_eq!(zone(&local(at, "Nowhere/At-all")), "UTC");
    }
}
