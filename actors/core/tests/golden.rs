//! The journal's format: what was written once is read for ever.
//!
//! `golden_events.jsonl` has one line for every kind of event, full and bare. A line is never changed; a new field or a new kind
//! of event gets a line of its own.

use aisle_core::*;

use crate::scene::id;

const GOLDEN: &str = include_str!("golden_events.jsonl");

fn golden() -> Vec<Entry> {
    GOLDEN.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Exhaustive, so that a new kind of event does not compile before it has a number here and a line in the file.
fn kind(event: &Event) -> usize {
    match event {
        Event::SeatsHeld { .. } => 0,
        Event::HoldChanged { .. } => 1,
        Event::HoldExtended { .. } => 2,
        Event::HoldReleased { .. } => 3,
        Event::HoldLapsed { .. } => 4,
        Event::PaymentStarted { .. } => 5,
        Event::PaymentGivenUp { .. } => 6,
        Event::PaymentEnded { .. } => 7,
        Event::Booked { .. } => 8,
        Event::BookingCancelled { .. } => 9,
        Event::SeatsBlocked { .. } => 10,
        Event::SeatsUnblocked { .. } => 11,
        Event::Configured { .. } => 12,
        Event::Published => 13,
        Event::Paused { .. } => 14,
        Event::Resumed { .. } => 15,
        Event::Cancelled { .. } => 16,
        Event::Moved { .. } => 17,
        Event::Ended => 18,
        Event::PlanChanged { .. } => 19,
    }
}

const KINDS: usize = 20;

#[test]
fn every_kind_of_event_has_its_line() {
    let mut seen = [false; KINDS];
    for entry in golden() {
        seen[kind(&entry.event)] = true;
    }
    assert_eq!(seen, [true; KINDS]);
}

#[test]
fn events_are_written_as_they_were_always_written() {
    for (line, entry) in GOLDEN.lines().zip(golden()) {
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }
}

#[test]
fn an_event_may_lack_what_was_added_later() {
    let bare = [
        r#"{"type":"configured","settings":{}}"#,
        r#"{"type":"configured","settings":{"hold_ttl_ms":1000,"a_rule_of_next_year":true}}"#,
        r#"{"type":"seats_unblocked","allocation":"58310000-0000-0000-0000-000000000000","seats":[]}"#,
    ];
    for line in bare {
        serde_json::from_str::<Event>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn the_old_journal_replays_to_the_show_it_was() {
    let plan = testing::hall_with(2, 6, &[("floor", 10)], |_| {});
    let mut show = Show::new(ShowId(id("S1")), plan.clone());
    let mut touched = Touched::default();
    for entry in golden() {
        show.apply(entry.at, &entry.event, &mut touched);
    }
    assert_eq!(show.letters(), "aabaabaxaaha");
    assert_eq!(show.areas_available(), [(AreaNo(0), 7)]);
    assert_eq!(show.state(), &ShowState::Ended);
    let bytes = postcard::to_stdvec(&show.image()).unwrap();
    let restored = Show::from_image(plan, postcard::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(restored.image(), show.image());
}

#[test]
fn a_journal_may_be_older_than_the_plan_it_is_replayed_on() {
    let smaller = testing::hall(1, 3);
    let mut show = Show::new(ShowId(id("S1")), smaller.clone());
    let mut touched = Touched::default();
    for entry in golden() {
        show.apply(entry.at, &entry.event, &mut touched);
    }
    assert_eq!(show.letters(), "aab");
    let restored = Show::from_image(smaller, show.image()).unwrap();
    assert_eq!(restored.image(), show.image());
    // And on the whole plan again nothing is lost.
    let whole = testing::hall_with(2, 6, &[("floor", 10)], |_| {});
    let restored = Show::from_image(whole, show.image()).unwrap();
    assert_eq!(restored.letters(), "aabaabaxaaha");
    assert_eq!(restored.areas_available(), [(AreaNo(0), 7)]);
}

#[test]
fn an_image_that_contradicts_itself_is_refused() {
    let show = Show::new(ShowId(id("S1")), testing::hall(1, 3));
    let mut json = serde_json::to_value(show.image()).unwrap();
    json["version"] = 99.into();
    let other: Image = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(Show::from_image(testing::hall(1, 3), other).unwrap_err(), ImageError::OtherLayout { found: 99 });

    let mut show = show;
    let block = |name: &str| Event::SeatsBlocked {
        allocation: AllocationId(id(name)),
        seats: vec![SeatNo(if name == "X1" { 0 } else { 1 })],
        areas: vec![],
        reason: "camera".into(),
        release_at: None,
    };
    for name in ["X1", "X2"] {
        show.apply(Timestamp(0), &block(name), &mut Touched::default());
    }
    let mut json = serde_json::to_value(show.image()).unwrap();
    json["allocations"][1]["seats"] = serde_json::json!([0]);
    let twice: Image = serde_json::from_value(json).unwrap();
    assert_eq!(Show::from_image(testing::hall(1, 3), twice).unwrap_err(), ImageError::SeatTwice { seat: SeatNo(0) });
}
