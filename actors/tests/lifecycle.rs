//! Waking, sleeping, stopping, taking over.

use std::sync::Arc;

use aisle_actors::core::{Command, SeatNo, Seq};
use aisle_actors::{AskError, Clock, Fault, MemoryHouse, ShowsConfig, Ticks};

use crate::house::{House, config};
use crate::support::{START, allocation, book, booking, give_back, hold, node, show, take};

#[tokio::test]
async fn everything_is_there_after_a_sleep() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0])).await.unwrap();
    handle.ask(book(1)).await.unwrap();
    handle.ask(take(2, &[1])).await.unwrap();
    let before = handle.feed().snapshot();
    house.shows.passivate(show(1)).await;
    assert_eq!(house.memory.newest_snapshot(show(1)).unwrap().seq, Seq(4));
    let summary = house.memory.summary(show(1)).unwrap();
    assert_eq!((summary.seq, summary.available(), summary.places()), (Seq(4), 118, 120));
    assert!(summary.next_deadline.is_some());
    // The same handle, awake again; the same key, the same answer.
    assert!(handle.ask(take(2, &[1])).await.unwrap().replayed);
    assert!(handle.booking(booking(1)).await.unwrap().is_some());
    let after = house.shows.get(show(1)).await.unwrap().feed().snapshot();
    assert_eq!((after.seq, after.letters, after.areas), (before.seq, before.letters, before.areas));
    assert_eq!(house.memory.entries(show(1)).len(), 4);
    house.shows.stop().await;
}

#[tokio::test]
async fn many_who_wake_one_show_wake_it_once() {
    let house = House::start();
    let (a, b, c) =
        tokio::join!(house.shows.get(show(1)), house.shows.get(show(1)), async { house.shows.get(show(1)).await });
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(house.shows.active(), [show(1)]);
    house.shows.stop().await;
}

#[tokio::test]
async fn stopping_finishes_what_was_begun_and_hands_over() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    let before = house.memory.appends();
    house.memory.fail_next(Fault::HeldBeforeLock);
    let (asked, ()) = tokio::join!(handle.ask(take(1, &[1])), async {
        house.memory.arrived(before + 1).await;
        let (shows, memory) = (house.shows.clone(), house.memory.clone());
        tokio::join!(shows.stop(), async { memory.release() });
    });
    asked.unwrap();
    assert_eq!(handle.ask(take(2, &[2])).await, Err(AskError::Unavailable));
    assert_eq!(house.shows.get(show(1)).await.unwrap_err(), AskError::Unavailable);
    house.shows.stop().await;
    // Another process takes over at once, although the first one's lease still runs.
    let next = house.beside(node(2));
    let handle = next.shows.get(show(1)).await.unwrap();
    assert!(handle.hold(hold(1)).await.unwrap().is_some());
    next.shows.stop().await;
}

#[tokio::test]
async fn another_process_is_fenced_off_while_the_owner_lives_and_the_owner_afterwards() {
    let first = House::start();
    let handle = first.on_sale(show(1)).await;
    let second = first.beside(node(2));
    assert_eq!(second.shows.get(show(1)).await.unwrap_err(), AskError::Fenced);
    first.memory.end_lease(node(1));
    let taken_over = second.shows.get(show(1)).await.unwrap();
    taken_over.ask(take(1, &[1])).await.unwrap();
    // The first still believes; its next append tells it. It does not come back by itself.
    assert_eq!(handle.ask(take(2, &[1])).await, Err(AskError::Fenced));
    assert_eq!(first.shows.get(show(1)).await.unwrap_err(), AskError::Fenced);
    taken_over.ask(take(3, &[3])).await.unwrap();
    assert_eq!(first.memory.entries(show(1)).len(), 3);
    first.shows.stop().await;
    second.shows.stop().await;
}

#[tokio::test]
async fn a_sleeper_whose_lease_has_ended_says_nothing() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[1])).await.unwrap();
    house.clock.lease_renewed(Ticks(house.clock.ticks().0 + 10_000));
    assert!(handle.hold(hold(1)).await.is_ok());
    house.clock.advance_ms(9_999);
    assert!(matches!(handle.ask(take(2, &[1])).await, Err(AskError::Rejected(_))));
    house.clock.advance_ms(1);
    // Neither a read nor a refusal: both may be another's to say by now.
    assert_eq!(handle.hold(hold(1)).await, Err(AskError::Fenced));
    // With a new lease, whoever asks acquires it anew.
    house.clock.lease_lost();
    house.clock.lease_renewed(Ticks(house.clock.ticks().0 + 10_000));
    assert!(handle.hold(hold(1)).await.unwrap().is_some());
    house.shows.stop().await;
}

#[tokio::test]
async fn only_so_many_are_awake_and_the_least_used_sleeps_first() {
    let few = ShowsConfig { active_shows_max: 2, ..config(node(1)) };
    let house = House::start_with(few, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    house.on_sale(show(1)).await;
    house.clock.advance_ms(10);
    house.on_sale(show(2)).await;
    house.clock.advance_ms(10);
    house.shows.get(show(1)).await.unwrap().ask(take(1, &[1])).await.unwrap();
    house.clock.advance_ms(10);
    house.on_sale(show(3)).await;
    house.shows.passivate(show(2)).await;
    let mut awake = house.shows.active();
    awake.sort_unstable();
    assert_eq!(awake, [show(1), show(3)]);
    house.shows.stop().await;
}

#[tokio::test]
async fn snapshots_are_kept_every_so_many_events() {
    let often = ShowsConfig { snapshot_every: 3, ..config(node(1)) };
    let house = House::start_with(often, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    let handle = house.on_sale(show(1)).await;
    for number in 0..4_u32 {
        handle.ask(take(u128::from(number), &[number])).await.unwrap();
    }
    while house.memory.newest_snapshot(show(1)).is_none_or(|snapshot| snapshot.seq < Seq(3)) {
        tokio::task::yield_now().await;
    }
    // Killed, not stopped: the next owner begins at the snapshot and replays the rest.
    house.memory.end_lease(node(1));
    let next = house.beside(node(2));
    let handle = next.shows.get(show(1)).await.unwrap();
    assert!(handle.hold(hold(3)).await.unwrap().is_some());
    assert!(handle.ask(take(0, &[0])).await.unwrap().replayed);
    next.shows.stop().await;
    house.shows.stop().await;
}

#[tokio::test]
async fn summaries_are_written_while_a_show_is_awake() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    // Something that no passing of time undoes.
    let keep = Command::Block {
        allocation: allocation(1),
        seats: vec![SeatNo(0), SeatNo(1)],
        areas: Vec::new(),
        reason: "a camera".into(),
        release_at: None,
    };
    handle.ask(keep).await.unwrap();
    while house.memory.summary(show(1)).is_none_or(|summary| summary.seq < Seq(2)) {
        house.clock.advance_ms(1_000);
        tokio::task::yield_now().await;
    }
    let summary = house.memory.summary(show(1)).unwrap();
    assert_eq!((summary.counts[0].blocked, summary.available()), (2, 118));
    house.shows.stop().await;
}

#[tokio::test]
async fn a_repeated_release_and_an_unknown_hold_are_told_apart() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0])).await.unwrap();
    handle.ask(give_back(1)).await.unwrap();
    assert!(!handle.ask(give_back(1)).await.unwrap().replayed);
    assert!(matches!(handle.ask(give_back(2)).await, Err(AskError::Rejected(_))));
    let nothing = Command::ChangeHold { hold: hold(2), add: Vec::new(), remove: Vec::new(), areas: Vec::new() };
    assert!(matches!(handle.ask(nothing).await, Err(AskError::Rejected(_))));
    house.shows.stop().await;
}
