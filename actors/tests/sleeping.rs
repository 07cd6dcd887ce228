//! Reading shows that sleep: nobody is woken, and what is told is true.

use std::sync::Arc;

use aisle_actors::core::{Command, PlanVersionId, Seq, ShowState, StateChange};
use aisle_actors::{AskError, Clock, MemoryHouse, ShowsConfig};
use uuid::Uuid;

use crate::house::{House, config};
use crate::support::{START, book, give_back, node, show, take};

const TTL_MS: u64 = 8 * 60_000;
/// Longer than a copy is shown without a look at the journal.
const STALE_MS: u64 = 501;

#[tokio::test]
async fn a_sleeping_show_is_read_as_it_fell_asleep_and_sleeps_on() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0])).await.unwrap();
    handle.ask(book(1)).await.unwrap();
    handle.ask(take(2, &[2])).await.unwrap();
    let awake = house.shows.read(show(1)).await.unwrap().state();
    house.shows.passivate(show(1)).await;
    drop(handle);
    let (asleep, overdue) = house.shows.read(show(1)).await.unwrap().state();
    assert_eq!((&*asleep.letters, asleep.seq, overdue), ("bahaaaaaaaaaaaaaaaaa", Seq(4), 0));
    assert_eq!((asleep.letters, asleep.areas, asleep.state), (awake.0.letters, awake.0.areas, ShowState::Published));
    assert_eq!(asleep.plan_version, PlanVersionId(Uuid::from_u128(1)));
    house.clock.advance_ms(STALE_MS);
    assert_eq!(house.shows.read(show(1)).await.unwrap().state().0.seq, Seq(4));
    assert_eq!(house.shows.active(), []);
    // Also one that nobody has ever touched: a draft without a journal.
    let (untouched, _) = house.shows.read(show(2)).await.unwrap().state();
    assert_eq!((untouched.seq, untouched.state), (Seq(0), ShowState::Draft));
    assert_eq!(house.shows.active(), []);
    house.shows.stop().await;
    assert_eq!(house.shows.read(show(3)).await.unwrap_err(), AskError::Unavailable);
}

#[tokio::test]
async fn a_hold_that_lapsed_in_the_shows_sleep_is_free_to_see_before_anybody_wrote_it_down() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0])).await.unwrap();
    house.clock.advance_ms(1_000);
    handle.ask(take(2, &[1])).await.unwrap();
    // For this process it is later, and it may not wake the show: its owner lives, and its own clock stands still.
    let clock = Arc::new(Clock::manual(START.plus_ms(TTL_MS - 1)));
    let reader = House::start_with(config(node(2)), house.memory.clone(), clock);
    let (before, overdue) = reader.shows.read(show(1)).await.unwrap().state();
    assert_eq!((&before.letters[..3], before.seq, overdue), ("hha", Seq(3), 0));
    reader.clock.advance_ms(1);
    let view = reader.shows.read(show(1)).await.unwrap();
    let (at, overdue) = view.state();
    assert_eq!((&at.letters[..3], at.seq, overdue), ("aha", Seq(3), 1));
    // The feed stays at what is written, so that the change is a change when it is.
    assert_eq!(&view.feed().snapshot().letters[..3], "hha");
    reader.clock.advance_ms(1_000);
    let (both, overdue) = reader.shows.read(show(1)).await.unwrap().state();
    assert_eq!((&both.letters[..3], both.seq, overdue), ("aaa", Seq(3), 2));
    assert_eq!(house.memory.entries(show(1)).len(), 3, "a read writes nothing");
    // The owner was faster than the deadline after all: what is written counts.
    handle.ask(book(1)).await.unwrap();
    reader.clock.advance_ms(STALE_MS);
    let (written, overdue) = reader.shows.read(show(1)).await.unwrap().state();
    assert_eq!((&written.letters[..3], written.seq, overdue), ("baa", Seq(4), 1));
    reader.shows.stop().await;
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_that_another_process_owns_is_read_and_followed() {
    let owner = House::start();
    let handle = owner.on_sale(show(1)).await;
    let reader = owner.beside(node(2));
    let view = reader.shows.read(show(1)).await.unwrap();
    assert_eq!(view.state().0.seq, Seq(1));
    handle.ask(take(1, &[4])).await.unwrap();
    assert_eq!(reader.shows.read(show(1)).await.unwrap().state().0.seq, Seq(1), "as it was half a second ago");
    owner.clock.advance_ms(STALE_MS);
    let (now, _) = reader.shows.read(show(1)).await.unwrap().state();
    assert_eq!((&now.letters[4..5], now.seq), ("h", Seq(2)));
    assert_eq!(view.feed().since(Seq(1)).unwrap().seats, [(4, b'h')], "deltas too");
    // Who watches it here sees it go on there, without anybody reading.
    let mut watching = view.feed().subscribe();
    handle.ask(give_back(1)).await.unwrap();
    owner.clock.advance_ms(1_000);
    let delta = watching.recv().await.unwrap();
    assert_eq!((delta.from, delta.seats.as_slice()), (Seq(2), [(4, b'a')].as_slice()));
    assert_eq!(reader.shows.get(show(1)).await.unwrap_err(), AskError::Fenced);
    assert_eq!(reader.shows.active(), []);
    owner.shows.stop().await;
    reader.shows.stop().await;
}

#[tokio::test]
async fn who_watches_a_sleeping_show_misses_nothing_when_it_wakes() {
    let house = House::start();
    house.on_sale(show(1)).await;
    house.shows.passivate(show(1)).await;
    let view = house.shows.read(show(1)).await.unwrap();
    let mut watching = view.feed().subscribe();
    assert_eq!(house.shows.active(), []);
    for round in 0..3_u32 {
        let handle = house.shows.get(show(1)).await.unwrap();
        handle.ask(take(u128::from(round), &[round])).await.unwrap();
        let delta = watching.recv().await.unwrap();
        assert_eq!((delta.from, delta.seq), (Seq(1 + u64::from(round)), Seq(2 + u64::from(round))));
        assert_eq!(delta.seats, [(round, b'h')]);
        house.shows.passivate(show(1)).await;
        assert_eq!(house.shows.read(show(1)).await.unwrap().state().0.seq, delta.seq);
    }
    assert_eq!(watching.len(), 0);
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_with_watchers_may_sleep_and_the_next_change_reaches_them() {
    let idle = ShowsConfig { idle_passivate_ms: 5_000, ..config(node(1)) };
    let house = House::start_with(idle, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    let handle = house.on_sale(show(1)).await;
    let feed = handle.feed().clone();
    let mut watching = feed.subscribe();
    drop(handle);
    while house.shows.peek(show(1)).is_some() {
        house.clock.advance_ms(1_000);
        tokio::task::yield_now().await;
    }
    house.shows.get(show(1)).await.unwrap().ask(take(1, &[7])).await.unwrap();
    assert_eq!(watching.recv().await.unwrap().seats, [(7, b'h')]);
    house.shows.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_asked_again_later() {
    let house = House::start();
    assert_eq!(house.shows.read(show(5_000)).await.unwrap_err(), AskError::NotFound);
    house.on_sale(show(1)).await.ask(take(1, &[1])).await.unwrap();
    house.on_sale(show(2)).await;
    house.shows.passivate(show(1)).await;
    let mut lost = None;
    house.memory.damage(show(1), |entries, snapshots| {
        lost = Some(entries.remove(0));
        snapshots.clear();
    });
    assert_eq!(house.shows.read(show(1)).await.unwrap_err(), AskError::Quarantined);
    assert!(house.shows.read(show(2)).await.is_ok());
    house.memory.damage(show(1), |entries, _| entries.insert(0, lost.take().unwrap()));
    assert_eq!(house.shows.read(show(1)).await.unwrap_err(), AskError::Quarantined, "not replayed for every reader");
    house.clock.advance_ms(STALE_MS);
    assert_eq!(house.shows.read(show(1)).await.unwrap().state().0.seq, Seq(2));
    house.shows.stop().await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_is_done_without() {
    let house = House::start();
    house.on_sale(show(1)).await.ask(take(1, &[1])).await.unwrap();
    house.shows.passivate(show(1)).await;
    house.memory.damage(show(1), |_, snapshots| {
        for snapshot in snapshots.values_mut() {
            snapshot.image = vec![0, 1, 255].into();
        }
    });
    let (read, _) = house.shows.read(show(1)).await.unwrap().state();
    assert_eq!((&read.letters[..3], read.seq), ("aha", Seq(2)));
    house.shows.stop().await;
}

#[tokio::test]
async fn readers_while_a_show_wakes_and_sleeps_never_see_it_go_back() {
    let house = House::start();
    house.on_sale(show(1)).await;
    let reading = async {
        let mut last = Seq(0);
        loop {
            let (seen, _) = house.shows.read(show(1)).await.unwrap().state();
            assert!(seen.seq >= last, "{:?} after {last:?}", seen.seq);
            last = seen.seq;
            // The letters are those of the number: so many pauses and resumptions leave nothing else.
            let paused = matches!(seen.state, ShowState::Paused { .. });
            assert_eq!(paused, seen.seq.0.is_multiple_of(2), "{seen:?}");
            if seen.seq >= Seq(61) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let writing = async {
        for _ in 0..30 {
            let handle = house.shows.get(show(1)).await.unwrap();
            let pause = StateChange::Pause { reason: String::new(), public_message: None };
            handle.ask(Command::Change(pause)).await.unwrap();
            handle.ask(Command::Change(StateChange::Resume)).await.unwrap();
            house.shows.passivate(show(1)).await;
            house.clock.advance_ms(STALE_MS);
        }
    };
    tokio::join!(reading, writing);
    house.shows.stop().await;
}
