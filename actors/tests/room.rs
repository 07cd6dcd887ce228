//! More shows wanted than there is room for.

use std::sync::Arc;

use aisle_actors::core::{Command, SeatNo, Seq, ShowId, StateChange};
use aisle_actors::{AskError, Clock, Fault, MemoryHouse, ShowHandle, ShowsConfig};

use crate::house::{House, config};
use crate::support::{START, allocation, node, publish, show, take};

fn small(active_shows_max: usize) -> House {
    let limits = ShowsConfig { active_shows_max, ..config(node(1)) };
    House::start_with(limits, MemoryHouse::default(), Arc::new(Clock::manual(START)))
}

/// A show, once there is room: time goes on meanwhile, and who is told to come again does.
async fn found_room(house: &House, show: ShowId) -> ShowHandle {
    loop {
        let mut waiting = std::pin::pin!(house.shows.get(show));
        let found = loop {
            house.clock.advance_ms(100);
            tokio::select! {
                biased;
                found = &mut waiting => break found,
                () = tokio::task::yield_now() => {}
            }
        };
        match found {
            Err(AskError::Busy { .. }) => {}
            found => return found.unwrap(),
        }
    }
}

/// Something that no passing of time undoes.
fn keep(number: u128) -> Command {
    let (seats, areas) = (vec![SeatNo(0)], Vec::new());
    Command::Block { allocation: allocation(number), seats, areas, reason: "a camera".into(), release_at: None }
}

#[tokio::test]
async fn all_are_served_although_few_fit_and_never_are_more_awake_than_may_be() {
    // Patient, because this clock runs faster than the shows fall asleep.
    let limits = ShowsConfig { active_shows_max: 3, wake_wait_ms: 1_000_000_000, ..config(node(1)) };
    let house = House::start_with(limits, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (shows, memory) = (house.shows.clone(), house.memory.clone());
        asking.spawn(async move {
            let handle = shows.get(show(number)).await.unwrap();
            for command in [publish(), keep(number)] {
                // Asleep again or still awake: the handle stays good. Who was sent away has had nothing done, and comes again.
                while let Err(refused) = handle.ask(command.clone()).await {
                    assert_eq!(refused, AskError::Busy { retry_after_ms: 1_000 });
                }
                assert!(memory.owned(node(1)) <= 3, "{} at a time", memory.owned(node(1)));
            }
        });
    }
    while !asking.is_empty() {
        house.clock.advance_ms(10);
        while let Some(asked) = asking.try_join_next() {
            asked.unwrap();
        }
        tokio::task::yield_now().await;
    }
    for number in 0..40 {
        assert_eq!(house.memory.entries(show(number)).len(), 2);
    }
    house.shows.stop().await;
    assert_eq!(house.memory.owned(node(1)), 0);
}

#[tokio::test]
async fn who_finds_no_room_waits_for_a_while_and_is_told_to_come_again() {
    let house = small(1);
    let handle = house.on_sale(show(1)).await;
    let before = house.memory.appends();
    house.memory.fail_next(Fault::HeldBeforeLock);
    // The clock below may run past any deadline, and a show that is due would take the only place.
    let held = tokio::spawn(async move { handle.ask(keep(1)).await });
    house.memory.arrived(before + 1).await;
    // In the middle of an append nobody falls asleep, so there is no room for another.
    let shows = house.shows.clone();
    let waiting = tokio::spawn(async move { shows.get(show(2)).await.map(|_| ()) });
    let mut waiting = waiting;
    let refused = loop {
        house.clock.advance_ms(100);
        tokio::select! {
            biased;
            refused = &mut waiting => break refused.unwrap(),
            () = tokio::task::yield_now() => {}
        }
    };
    assert_eq!(refused.unwrap_err(), AskError::Busy { retry_after_ms: 1_000 });
    assert!(!held.is_finished());
    house.memory.release();
    assert_eq!(held.await.unwrap().unwrap().seq, Seq(2));
    // What was acknowledged is there, the room is free, and both can be had in turn.
    found_room(&house, show(2)).await.ask(publish()).await.unwrap();
    assert_eq!(found_room(&house, show(1)).await.ask(keep(1)).await.unwrap().seq, Seq(2));
    house.shows.stop().await;
}

#[tokio::test]
async fn only_so_many_may_wait_for_room() {
    let limits = ShowsConfig { active_shows_max: 1, wake_line_max: 1, ..config(node(1)) };
    let house = House::start_with(limits, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    let handle = house.on_sale(show(1)).await;
    let before = house.memory.appends();
    house.memory.fail_next(Fault::HeldBeforeLock);
    let held = tokio::spawn(async move { handle.ask(take(1, &[1])).await });
    house.memory.arrived(before + 1).await;
    let (second, third) = tokio::join!(house.shows.get(show(2)), async {
        let third = house.shows.get(show(3)).await;
        house.memory.release();
        third
    });
    assert_eq!(third.unwrap_err(), AskError::Busy { retry_after_ms: 1_000 });
    second.unwrap();
    held.await.unwrap().unwrap();
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_that_is_wanted_while_it_falls_asleep_wakes_again() {
    let house = small(2);
    house.on_sale(show(1)).await;
    for round in 0..20_u128 {
        let (shows, taking) = (house.shows.clone(), house.shows.clone());
        let falling = tokio::spawn(async move { shows.passivate(show(1)).await });
        let seat = u32::try_from(round % 20).unwrap();
        taking.get(show(1)).await.unwrap().ask(take(round, &[seat])).await.unwrap();
        falling.await.unwrap();
    }
    assert_eq!(house.memory.entries(show(1)).len(), 21);
    house.shows.stop().await;
}

#[tokio::test]
async fn lists_are_told_also_while_appends_come_without_a_pause() {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    let mut arrived = house.memory.appends();
    let ask = |number: u32| {
        house.memory.fail_next(Fault::HeldBeforeLock);
        let handle = handle.clone();
        let pause = StateChange::Pause { reason: String::new(), public_message: None };
        let change = if number.is_multiple_of(2) { pause } else { StateChange::Resume };
        tokio::spawn(async move { handle.ask(Command::Change(change)).await })
    };
    let mut held = ask(0);
    for number in 1..50_u32 {
        arrived += 1;
        house.memory.arrived(arrived).await;
        if house.memory.summary(show(1)).is_some_and(|summary| summary.seq >= Seq(2)) {
            break;
        }
        // The next comes while this one is on its way, so the show is never at rest.
        let next = ask(number);
        // Less than a round waits for an answer.
        house.clock.advance_ms(400);
        house.memory.release();
        held.await.unwrap().unwrap();
        held = next;
    }
    assert!(house.memory.summary(show(1)).unwrap().seq >= Seq(2));
    assert!(!held.is_finished(), "one is still on its way");
    house.memory.release();
    held.await.unwrap().unwrap();
    house.shows.stop().await;
}
