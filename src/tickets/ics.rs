//! A ticket as a calendar entry (RFC 5545): times in UTC, text escaped, lines folded at 75 octets.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::store::{Status, Ticket};
use super::words;

/// The calendar with the ticket's one entry. An entry of the same id replaces the one before: importing again adds nothing.
#[must_use]
pub fn calendar(ticket: &Ticket) -> String {
    let status = match ticket.status {
        Status::Valid => "CONFIRMED",
        Status::Suspended => "TENTATIVE",
        Status::Revoked => "CANCELLED",
    };
    let summary = match words::why_not(ticket.status) {
        None => ticket.production.clone(),
        Some((word, _)) => format!("{word}: {}", ticket.production),
    };
    let mut description = format!("{}\nOrder {}", words::place(ticket), ticket.order_number);
    if let Some(doors) = ticket.doors_at {
        let doors = words::local(doors, &ticket.time_zone);
        description.push_str(&format!("\nDoors open at {} {}", words::time(&doors), words::zone(&doors)));
    }
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Aisle//Tickets//EN".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", ticket.id),
        format!("DTSTAMP:{}", utc(ticket.issued_at)),
        format!("DTSTART:{}", utc(ticket.starts_at)),
    ];
    if let Some(minutes) = ticket.duration_min
        && let Ok(end) = ticket.starts_at.checked_add(SignedDuration::from_mins(i64::from(minutes)))
    {
        lines.push(format!("DTEND:{}", utc(end)));
    }
    lines.extend([
        format!("SUMMARY:{}", escaped(&summary)),
        format!("LOCATION:{}", escaped(&words::venue(ticket))),
        format!("DESCRIPTION:{}", escaped(&description)),
        format!("STATUS:{status}"),
        // A later word about the same entry has a higher number.
        format!("SEQUENCE:{}", u8::from(ticket.status != Status::Valid)),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ]);
    lines.iter().map(|line| folded(line)).collect()
}

fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' | '\r' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// A content line: at most 75 octets a line without its end, never cut within a character.
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + 8);
    let mut octets = 0;
    for c in line.chars() {
        if octets + c.len_utf8() > 75 {
            folded.push_str("\r\n ");
            octets = 1;
        }
        folded.push(c);
        octets += c.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample;
    use super::*;

    fn unfolded(calendar: &str) -> String {
        calendar.replace("\r\n ", "")
    }

    #[test]
    fn a_show_stands_in_the_calendar_when_it_is_played() {
        let calendar = unfolded(&calendar(&sample::ticket()));
        for line in [
            "DTSTART:20261212T183000Z",
            "DTEND:20261212T210000Z",
            "SUMMARY:The Cherry Orchard",
            "LOCATION:Grand Theatre\\, 1 High Street\\, Lund\\, Sweden",
            "DESCRIPTION:Stalls\\, row A\\, seat 12\\nOrder A-7F3K2M\\nDoors open at 19:00 CET",
            "STATUS:CONFIRMED",
        ] {
            assert!(calendar.contains(&format!("\r\n{line}\r\n")), "{line} is not in\n{calendar}");
        }
        let gone = Ticket { status: Status::Revoked, duration_min: None, ..sample::ticket() };
        let calendar = unfolded(&super::calendar(&gone));
        assert!(calendar.contains("STATUS:CANCELLED") && !calendar.contains("DTEND"), "{calendar}");
    }

    proptest! {
        #[test]
        fn no_title_breaks_a_line_or_begins_another(title in any::<String>(), venue in "\\PC{0,200}") {
            let ticket = Ticket { production: title, venue, ..sample::ticket() };
            let calendar = calendar(&ticket);
            prop_assert!(calendar.ends_with("END:VCALENDAR\r\n"));
            for line in calendar.split_terminator("\r\n") {
                prop_assert!(line.len() <= 75, "{} octets: {line}", line.len());
                prop_assert!(!line.contains(['\r', '\n']));
            }
            prop_assert_eq!(unfolded(&calendar).split_terminator("\r\n").count(), 17);
        }
    }
}
