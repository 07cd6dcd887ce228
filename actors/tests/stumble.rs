//! A turn that panics, a journal that cannot be replayed: one show's trouble, and nobody else's.

use aisle_actors::core::{Entry, Event, Seq};
use aisle_actors::{AskError, Snapshot};

use crate::house::House;
use crate::support::{START, hold, show, take};

#[tokio::test]
async fn a_turn_that_panics_costs_its_caller_an_answer_and_nobody_else_anything() {
    let house = House::start();
    let stumbling = house.on_sale(show(1)).await;
    let neighbour = house.on_sale(show(2)).await;
    stumbling.ask(take(1, &[0])).await.unwrap();
    neighbour.ask(take(1, &[0])).await.unwrap();
    let mut watching = stumbling.feed().subscribe();
    assert!(house.shows.stumble(show(1)));
    assert_eq!(stumbling.ask(take(2, &[1])).await, Err(AskError::Unavailable));
    // The neighbour's very handle still works.
    neighbour.ask(take(2, &[1])).await.unwrap();
    // What was acknowledged is there, what was not isn't, and the old handle finds the new actor.
    let again = house.ask_until_there(show(1), take(2, &[1])).await.unwrap();
    assert!(!again.replayed);
    assert!(stumbling.hold(hold(1)).await.unwrap().is_some());
    assert_eq!(house.memory.entries(show(1)).len(), 3);
    // Watchers go on with the feed that they have.
    assert_eq!(watching.recv().await.unwrap().seats, [(1, b'h')]);
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_may_stumble_again_and_again() {
    let house = House::start();
    house.on_sale(show(1)).await;
    for number in 1..6_u32 {
        let answered = house.ask_until_there(show(1), take(u128::from(number), &[number])).await.unwrap();
        assert!(!answered.replayed);
        assert!(house.shows.stumble(show(1)));
        let handle = house.shows.get(show(1)).await.unwrap();
        assert_eq!(handle.ask(take(99, &[0])).await, Err(AskError::Unavailable));
    }
    assert_eq!(house.memory.entries(show(1)).len(), 6);
    house.shows.stop().await;
}

#[tokio::test]
async fn a_journal_that_cannot_be_replayed_is_tried_three_times_and_then_left_alone() {
    let house = House::start();
    house.on_sale(show(2)).await;
    let entry = |seq| Entry { seq: Seq(seq), at: START, event: Event::Published };
    house.memory.damage(show(1), |entries, _| entries.extend([entry(1), entry(3)]));
    assert_eq!(house.shows.get(show(1)).await.unwrap_err(), AskError::Quarantined);
    // Also once it would be whole again: somebody has to look first.
    house.memory.damage(show(1), |entries, _| entries.clear());
    assert_eq!(house.shows.get(show(1)).await.unwrap_err(), AskError::Quarantined);
    house.shows.get(show(2)).await.unwrap().ask(take(1, &[1])).await.unwrap();
    house.shows.stop().await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_costs_time_and_no_data() {
    let house = House::start();
    house.on_sale(show(1)).await.ask(take(1, &[1])).await.unwrap();
    house.shows.passivate(show(1)).await;
    assert_eq!(house.memory.newest_snapshot(show(1)).unwrap().seq, Seq(2));
    house.memory.damage(show(1), |_, snapshots| {
        let image = vec![0xff; 7].into();
        snapshots.insert(Seq(2), Snapshot { seq: Seq(2), taken_at: START, image });
    });
    let handle = house.shows.get(show(1)).await.unwrap();
    assert_eq!(handle.hold(hold(1)).await.unwrap().unwrap().seats.len(), 1);
    house.shows.stop().await;
}

#[tokio::test]
async fn there_is_no_show_without_a_plan() {
    let house = House::start();
    assert_eq!(house.shows.get(show(5_000)).await.unwrap_err(), AskError::NotFound);
    house.shows.stop().await;
}
