//! What time alone brings, on a clock that the test moves.

use std::sync::Arc;

use aisle_actors::core::{HoldState, Seq};
use aisle_actors::turn::{Turn, Wish};
use aisle_actors::{AskError, Recovered, ShowsConfig};

use crate::house::{House, config};
use crate::support::{START, give_back, hold, node, plan, publish, show, take};

const TTL_MS: u64 = 8 * 60_000;

#[tokio::test]
async fn a_hold_lapses_at_its_deadline_and_the_map_says_so() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    let mut feed = handle.feed().subscribe();
    handle.ask(take(1, &[0, 1])).await.unwrap();
    let taken = feed.recv().await.unwrap();
    assert_eq!(taken.text_for(Seq(1)), r#"{"t":"delta","from":1,"seq":2,"seats":[[0,"h"],[1,"h"]],"areas":[]}"#);
    house.clock.advance_ms(TTL_MS - 1);
    // A question is a turn of its own, so the show has seen this moment.
    assert!(matches!(handle.hold(hold(1)).await.unwrap().unwrap().state, HoldState::Open { .. }));
    assert_eq!(handle.feed().seq(), Seq(2));
    house.clock.advance_ms(1);
    // Nobody asks: the timer alone brings it.
    let lapsed = feed.recv().await.unwrap();
    assert_eq!(lapsed.text_for(Seq(2)), r#"{"t":"delta","from":2,"seq":3,"seats":[[0,"a"],[1,"a"]],"areas":[]}"#);
    assert!(matches!(lapsed.holds[&hold(1)].state, HoldState::Lapsed { .. }));
    handle.ask(take(2, &[0, 1])).await.unwrap();
    house.shows.stop().await;
}

/// The clock goes on between a turn and its timer: what falls into that moment is not put off.
#[test]
fn the_timer_is_set_to_the_deadline_also_where_that_has_just_passed() {
    let nothing = Recovered { snapshot: None, entries: vec![] };
    let (mut turn, _) = Turn::recover(show(1), &plan(), nothing, u64::MAX, None).unwrap();
    turn.wish(START, &Wish::Command(publish()), ());
    assert_eq!(turn.timer(), None);
    let deadline = START.plus_ms(TTL_MS);
    turn.wish(START, &Wish::Command(take(1, &[0])), ());
    turn.time(START.plus_ms(TTL_MS - 1));
    assert_eq!((turn.timer(), turn.deadline()), (Some(deadline), Some(deadline)));
    // What became durable meanwhile says nothing of the time.
    turn.durable(START.plus_ms(TTL_MS + 5));
    assert_eq!(turn.timer(), Some(deadline));
    turn.time(START.plus_ms(TTL_MS + 5));
    assert_eq!(turn.timer(), turn.deadline());
    assert_ne!(turn.timer(), Some(deadline));
}

#[tokio::test]
async fn a_hold_that_was_given_back_does_not_lapse_too() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0])).await.unwrap();
    house.clock.advance_ms(1_000);
    handle.ask(take(2, &[1])).await.unwrap();
    handle.ask(give_back(1)).await.unwrap();
    let mut feed = handle.feed().subscribe();
    house.clock.advance_ms(TTL_MS);
    let lapsed = feed.recv().await.unwrap();
    assert_eq!((lapsed.from, lapsed.seq, lapsed.seats.as_slice()), (Seq(4), Seq(5), [(1, b'a')].as_slice()));
    house.shows.stop().await;
}

#[tokio::test]
async fn a_sleeping_show_is_woken_by_its_deadline() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[5])).await.unwrap();
    let feed = handle.feed().clone();
    house.shows.passivate(show(1)).await;
    assert!(house.shows.peek(show(1)).is_none());
    assert_eq!(house.memory.entries(show(1)).len(), 2);
    let mut watching = feed.subscribe();
    house.clock.advance_ms(TTL_MS);
    // The feed outlives the actor, so who watches a sleeping show sees it wake.
    let lapsed = watching.recv().await.unwrap();
    assert_eq!(lapsed.seats, [(5, b'a')]);
    assert_eq!(house.memory.entries(show(1)).len(), 3);
    house.shows.stop().await;
}

#[tokio::test]
async fn a_deadline_that_passed_while_the_process_was_down_is_kept_at_start() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[5])).await.unwrap();
    house.shows.stop().await;
    assert_eq!(handle.ask(give_back(1)).await, Err(AskError::Unavailable));
    house.clock.advance_ms(TTL_MS);
    let next = house.beside(node(2));
    while next.memory.entries(show(1)).len() < 3 {
        tokio::task::yield_now().await;
    }
    next.shows.stop().await;
}

#[tokio::test]
async fn a_show_whose_owner_died_without_a_word_is_woken_too() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[5])).await.unwrap();
    // Not stopped: this process is as good as dead, and no summary was written since the hold.
    house.memory.end_lease(node(1));
    let next = house.beside(node(2));
    while next.shows.peek(show(1)).is_none() {
        next.clock.advance_ms(1);
        tokio::task::yield_now().await;
    }
    next.clock.advance_ms(TTL_MS);
    while next.memory.entries(show(1)).len() < 3 {
        tokio::task::yield_now().await;
    }
    next.shows.stop().await;
    house.shows.stop().await;
    // The dead one's timer came too, and wrote nothing.
    assert_eq!(house.memory.entries(show(1)).len(), 3);
}

#[tokio::test]
async fn an_idle_show_sleeps_and_one_that_is_used_stays() {
    let house = House::start_with(
        ShowsConfig { idle_passivate_ms: 5_000, ..config(node(1)) },
        Default::default(),
        Arc::new(aisle_actors::Clock::manual(crate::support::START)),
    );
    let used = house.on_sale(show(1)).await;
    let idle = house.on_sale(show(2)).await;
    while house.shows.peek(show(2)).is_some() {
        house.clock.advance_ms(1_000);
        used.hold(hold(1)).await.unwrap();
    }
    assert!(house.shows.peek(show(1)).is_some());
    // A handle stays good: the next question wakes the show.
    idle.ask(take(1, &[1])).await.unwrap();
    house.shows.stop().await;
}
