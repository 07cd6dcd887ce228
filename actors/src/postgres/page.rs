//! A page of the journal: what one append brought, as the text that is stored.
//!
//! `[[0,{"type":"seats_held",...}],...]`: before each event stands how many milliseconds earlier than the last one it was decided.

use aisle_core::{Entry, Event, Seq, Timestamp};
use serde_json::Value;

use crate::journal::Line;

/// The text of these entries, of which the last was decided at `at`.
///
/// # Errors
/// When an event has no JSON.
pub(super) fn write(entries: &[Entry], at: Timestamp) -> Result<String, serde_json::Error> {
    let lines: Vec<(i64, &Event)> = entries.iter().map(|entry| (at.0 - entry.at.0, &entry.event)).collect();
    serde_json::to_string(&lines)
}

/// The lines of a page, one for each number that it says to have, whatever is wrong with it.
pub(super) fn read(first: Seq, last: Seq, at: Timestamp, text: &str) -> Vec<Line> {
    let numbers = first.0..=last.0;
    let wanted = numbers.clone().count();
    if let Ok(lines) = serde_json::from_str::<Vec<(i64, Event)>>(text)
        && lines.len() == wanted
    {
        let read = numbers.zip(lines).map(|(seq, (before, event))| line(seq, at, before, Ok(event)));
        return read.collect();
    }
    // Which of its events is it?
    match serde_json::from_str::<Vec<(i64, Value)>>(text) {
        Ok(lines) if lines.len() == wanted => {
            let read = numbers.zip(lines).map(|(seq, (before, event))| {
                line(seq, at, before, serde_json::from_value(event).map_err(|error| error.to_string()))
            });
            read.collect()
        }
        Ok(lines) => {
            let why = format!("its page has {} events, and should have {wanted}", lines.len());
            numbers.map(|seq| line(seq, at, 0, Err(why.clone()))).collect()
        }
        Err(error) => numbers.map(|seq| line(seq, at, 0, Err(format!("its page: {error}")))).collect(),
    }
}

fn line(seq: u64, at: Timestamp, before: i64, event: Result<Event, String>) -> Line {
    Line { seq: Seq(seq), at: Timestamp(at.0.saturating_sub(before)), event }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, at: i64) -> Entry {
        Entry { seq: Seq(seq), at: Timestamp(at), event: Event::Published }
    }

    #[test]
    fn a_page_says_when_each_of_its_events_was_decided() {
        let entries = [entry(7, 1_000), entry(8, 1_003), entry(9, 1_003)];
        let text = write(&entries, Timestamp(1_003)).unwrap();
        assert_eq!(text, r#"[[3,{"type":"published"}],[0,{"type":"published"}],[0,{"type":"published"}]]"#);
        let read = read(Seq(7), Seq(9), Timestamp(1_003), &text);
        let read: Vec<Entry> =
            read.into_iter().map(|Line { seq, at, event }| Entry { seq, at, event: event.unwrap() }).collect();
        assert_eq!(read, entries);
    }

    #[test]
    fn of_a_page_with_a_bad_event_the_others_are_read() {
        let text = r#"[[3,{"type":"published"}],[0,{"type":"nonsense"}]]"#;
        let lines = read(Seq(1), Seq(2), Timestamp(5), text);
        assert!(lines[0].event.is_ok() && lines[1].event.as_ref().unwrap_err().contains("nonsense"), "{lines:?}");
    }

    #[test]
    fn a_page_that_is_not_what_it_says_has_no_line_that_can_be_read() {
        for text in ["", "[]", "[[0]]", r#"[[0,{"type":"published"}]]"#, r#"{"type":"published"}"#] {
            let lines = read(Seq(1), Seq(2), Timestamp(5), text);
            let numbers: Vec<u64> = lines.iter().map(|line| line.seq.0).collect();
            assert_eq!(numbers, [1, 2], "{text}");
            assert!(lines.iter().all(|line| line.event.is_err()), "{text}: {lines:?}");
        }
    }
}
