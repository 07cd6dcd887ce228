//! Too many at once.

use std::sync::Arc;

use aisle_actors::core::Rejection;
use aisle_actors::{AskError, Clock, Fault, MemoryHouse, ShowsConfig};

use crate::house::{House, config};
use crate::support::{START, node, show, take};

#[tokio::test]
async fn whoever_finds_no_place_to_wait_is_told_when_to_come_again() {
    let limited = ShowsConfig { mailbox_commands_max: 3, ..config(node(1)) };
    let house = House::start_with(limited, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    let handle = house.on_sale(show(1)).await;
    let before = house.memory.appends();
    house.memory.fail_next(Fault::HeldBeforeLock);
    // Each takes its place when it is first polled, in this order.
    let (first, second, third, fourth) =
        tokio::join!(handle.ask(take(1, &[1])), handle.ask(take(2, &[1])), handle.ask(take(3, &[3])), async {
            let fourth = handle.ask(take(4, &[4])).await;
            house.memory.arrived(before + 1).await;
            house.memory.release();
            fourth
        });
    first.unwrap();
    assert!(matches!(second, Err(AskError::Rejected(Rejection::SeatsTaken { .. }))), "{second:?}");
    third.unwrap();
    assert_eq!(fourth, Err(AskError::Busy { retry_after_ms: 1_000 }));
    // There is room again, and who was turned away has nothing.
    handle.ask(take(5, &[4])).await.unwrap();
    house.shows.stop().await;
}

#[tokio::test]
async fn a_caller_who_hangs_up_frees_no_place_before_the_show_is_done_with_it() {
    let limited = ShowsConfig { mailbox_commands_max: 1, ..config(node(1)) };
    let house = House::start_with(limited, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    let handle = house.on_sale(show(1)).await;
    let before = house.memory.appends();
    house.memory.fail_next(Fault::HeldBeforeLock);
    tokio::select! {
        biased;
        asked = handle.ask(take(1, &[1])) => panic!("answered before it was durable: {asked:?}"),
        () = house.memory.arrived(before + 1) => {}
    }
    assert_eq!(handle.ask(take(2, &[2])).await, Err(AskError::Busy { retry_after_ms: 1_000 }));
    house.memory.release();
    // What the one who hung up wanted was done all the same: the same key again is the same answer.
    let again = loop {
        match handle.ask(take(1, &[1])).await {
            Err(AskError::Busy { .. }) => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    assert!(again.replayed);
    house.shows.stop().await;
}
