//! What a witness is told of holds: everything that became durable, before whoever asked is answered, and what stands when a show comes
//! back.

use std::sync::{Arc, Mutex};

use aisle_actors::core::{HoldState, HoldView, SeatNo, ShowId};
use aisle_actors::{AskError, Clock, MemoryHouse, Witness};

use crate::house::{House, config};
use crate::support::{START, book, give_back, hold, node, show, take};

#[derive(Debug, Default)]
struct Diary(Mutex<Vec<String>>);

/// A hold in one word.
fn word(view: &HoldView) -> String {
    let state = match view.state {
        HoldState::Open { .. } => "open",
        HoldState::Paying { .. } => "paying",
        HoldState::Released { .. } => "released",
        HoldState::Lapsed { .. } => "lapsed",
        HoldState::PaymentEnded { .. } => "unpaid",
        HoldState::Booked { .. } => "booked",
    };
    format!("{} {state} {}", view.hold.0.as_u128() & 0xff, view.seats.len())
}

impl Witness for Diary {
    fn touched(&self, _: ShowId, holds: &[HoldView]) {
        self.0.lock().unwrap().extend(holds.iter().map(word));
    }

    fn loaded(&self, _: ShowId, holds: &[HoldView]) {
        let all: Vec<String> = holds.iter().map(word).collect();
        self.0.lock().unwrap().push(format!("loaded [{}]", all.join(", ")));
    }

    fn lost(&self, _: ShowId) {
        self.0.lock().unwrap().push("lost".to_owned());
    }
}

impl Diary {
    fn read(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn house() -> (House, Arc<Diary>) {
    let diary = Arc::<Diary>::default();
    let mut config = config(node(1));
    config.witness = Some(Arc::clone(&diary) as _);
    (House::start_with(config, MemoryHouse::default(), Arc::new(Clock::manual(START))), diary)
}

#[tokio::test]
async fn a_witness_knows_of_a_hold_before_its_buyer_does() {
    let (house, diary) = house();
    let handle = house.on_sale(show(1)).await;
    assert_eq!(diary.read(), ["loaded []"]);
    handle.ask(take(1, &[0, 1])).await.unwrap();
    assert_eq!(diary.read(), ["1 open 2"]);
    let (add, remove) = (vec![SeatNo(2)], vec![SeatNo(0), SeatNo(1)]);
    let change = aisle_actors::core::Command::ChangeHold { hold: hold(1), add, remove, areas: vec![] };
    handle.ask(change).await.unwrap();
    handle.ask(take(2, &[5])).await.unwrap();
    handle.ask(book(2)).await.unwrap();
    assert_eq!(diary.read(), ["1 open 1", "2 open 1", "2 booked 1"]);
    // A refusal and a repetition touch nothing.
    handle.ask(take(3, &[2])).await.unwrap_err();
    assert!(handle.ask(take(2, &[5])).await.unwrap().replayed);
    assert!(diary.read().is_empty());
    handle.ask(give_back(1)).await.unwrap();
    handle.ask(take(4, &[7])).await.unwrap();
    house.clock.advance_ms(480_000);
    while handle.hold(hold(4)).await.unwrap().is_some_and(|view| view.state.ended_at().is_none()) {}
    assert_eq!(diary.read(), ["1 released 1", "4 open 1", "4 lapsed 1"]);
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_that_comes_back_says_what_stands() {
    let (house, diary) = house();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0, 1])).await.unwrap();
    handle.ask(take(2, &[4])).await.unwrap();
    handle.ask(give_back(2)).await.unwrap();
    diary.read();
    assert!(house.shows.stumble(show(1)));
    assert_eq!(handle.ask(take(3, &[2])).await, Err(AskError::Unavailable));
    house.ask_until_there(show(1), take(4, &[8])).await.unwrap();
    assert_eq!(diary.read(), ["loaded [1 open 2, 2 released 1]", "4 open 1"]);
    house.shows.passivate(show(1)).await;
    assert!(diary.read().is_empty(), "who sleeps has lost nothing");
    house.shows.get(show(1)).await.unwrap();
    assert_eq!(diary.read(), ["loaded [1 open 2, 2 released 1, 4 open 1]"]);
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_that_another_process_has_is_lost() {
    let (house, diary) = house();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0])).await.unwrap();
    diary.read();
    let second = house.beside(node(2));
    house.memory.end_lease(node(1));
    second.shows.get(show(1)).await.unwrap();
    assert_eq!(handle.ask(take(2, &[2])).await, Err(AskError::Fenced));
    assert_eq!(diary.read(), ["lost"]);
    house.shows.stop().await;
    second.shows.stop().await;
}
