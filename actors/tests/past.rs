//! Looking back, and verifying: journals as they should be, and spoiled on purpose.

use std::sync::Arc;

use aisle_actors::core::{Entry, Event, SeatNo, Seq, ShowState};
use aisle_actors::{MemoryHouse, Moment, Snapshot, verify};

use crate::house::House;
use crate::support::{OnePlan, PUBLIC, START, book, booking, hold, node, plan, show, take};

const TTL_MS: u64 = 8 * 60_000;

/// A house in which one seat was sold, one hold lapsed, and one stands.
async fn lived() -> House {
    let house = House::start();
    let handle = house.on_sale(show(1)).await;
    handle.ask(take(1, &[0])).await.unwrap();
    handle.ask(book(1)).await.unwrap();
    house.clock.advance_ms(1_000);
    handle.ask(take(2, &[2])).await.unwrap();
    house.clock.advance_ms(TTL_MS + 500);
    handle.ask(take(3, &[4])).await.unwrap();
    house.shows.passivate(show(1)).await;
    house
}

#[tokio::test]
async fn a_show_is_seen_as_it_was_at_a_number_and_at_a_time() {
    let house = lived().await;
    let at = async |moment| {
        let past = house.shows.past(show(1), plan(), moment).await.unwrap();
        (past.seq.0, past.show.letters()[..5].to_owned())
    };
    for (seq, expected) in (0..).zip(["aaaaa", "aaaaa", "haaaa", "baaaa", "bahaa", "baaaa", "baaah"]) {
        assert_eq!(at(Moment::Seq(Seq(seq))).await, (seq, expected.to_owned()));
    }
    assert_eq!(at(Moment::Seq(Seq(99))).await.0, 6, "where the journal ends, the show is as it is");
    let time = |ms| Moment::Time(START.plus_ms(ms));
    assert_eq!(at(Moment::Time(aisle_actors::core::Timestamp(0))).await, (0, "aaaaa".into()));
    assert_eq!(at(time(0)).await, (3, "baaaa".into()));
    assert_eq!(at(time(999)).await, (3, "baaaa".into()));
    assert_eq!(at(time(1_000)).await, (4, "bahaa".into()));
    assert_eq!(at(time(1_000 + TTL_MS - 1)).await, (4, "bahaa".into()));
    // Both edges of the deadline, although it was written down later.
    assert_eq!(at(time(1_000 + TTL_MS)).await, (4, "baaaa".into()));
    let nothing = house.shows.past(show(2), plan(), Moment::Seq(Seq(5))).await.unwrap();
    assert_eq!((nothing.seq, nothing.show.state()), (Seq(0), &ShowState::Draft));
    assert_eq!(house.shows.active(), []);
    house.shows.stop().await;
}

async fn faults(memory: &MemoryHouse) -> Vec<String> {
    verify(&memory.journal(node(9)), &*OnePlan::new(), show(1), plan()).await.unwrap().faults
}

#[tokio::test]
async fn a_journal_that_is_as_it_should_be_has_no_fault() {
    let house = lived().await;
    assert_eq!(faults(&house.memory).await, [""; 0]);
    // Also in the middle of its life, beyond its snapshot.
    house.shows.get(show(1)).await.unwrap().ask(take(4, &[6])).await.unwrap();
    let verified = verify(&house.memory.journal(node(9)), &*OnePlan::new(), show(1), plan()).await.unwrap();
    assert_eq!((verified.lines, verified.faults.len()), (7, 0));
    house.shows.stop().await;
}

#[tokio::test]
async fn each_thing_that_is_spoiled_is_named() {
    let house = lived().await;
    house.shows.stop().await;
    let good = house.memory.entries(show(1));
    let image = house.memory.newest_snapshot(show(1)).unwrap();
    let spoil = |entries: Vec<Entry>, snapshot: Option<Snapshot>| {
        house.memory.damage(show(1), |all, snapshots| {
            *all = entries;
            snapshots.clear();
            snapshots.extend(snapshot.map(|snapshot| (snapshot.seq, snapshot)));
        });
    };

    let mut missing = good.clone();
    missing.remove(2);
    spoil(missing, None);
    assert_eq!(faults(&house.memory).await, ["line 4 follows 2"]);

    let mut backwards = good.clone();
    backwards[4].at = START;
    spoil(backwards, None);
    assert_eq!(faults(&house.memory).await, [format!("line 5: its time is {} ms before the line before it", 1_000)]);

    let mut twice = good.clone();
    let (seats, areas) = (vec![SeatNo(0)], Vec::new());
    let event = Event::Booked {
        booking: booking(9),
        hold: None,
        order: None,
        origin: PUBLIC,
        customer: None,
        seats,
        areas,
        allocation: None,
    };
    twice.push(Entry { seq: Seq(7), at: good[5].at, event });
    spoil(twice, None);
    let told = format!("line 7: seat 0 is given away while booking {} has it", booking(1));
    assert_eq!(faults(&house.memory).await, [told]);

    // A hold that was never given back is another's all the same.
    let mut stolen = good.clone();
    stolen.retain(|entry| entry.event != Event::HoldLapsed { hold: hold(2) });
    let Event::SeatsHeld { seats, .. } = &mut stolen[4].event else { panic!("{:?}", stolen[4]) };
    *seats = vec![SeatNo(2)];
    stolen[4].seq = Seq(5);
    spoil(stolen, None);
    let told = format!("line 5: seat 2 is given away while hold {} has it", hold(2));
    assert_eq!(faults(&house.memory).await, [told]);

    // An older state under the newest number.
    let other = House::start();
    other.on_sale(show(1)).await;
    other.shows.stop().await;
    let wrong = Snapshot { seq: image.seq, ..other.memory.newest_snapshot(show(1)).unwrap() };
    spoil(good.clone(), Some(wrong));
    assert_eq!(faults(&house.memory).await, ["the snapshot at 6 is not what the journal says"]);

    let torn = Snapshot { image: Arc::new(image.image[..5].to_vec()), ..image.clone() };
    spoil(good.clone(), Some(torn));
    let told = faults(&house.memory).await;
    assert!(told.len() == 1 && told[0].starts_with("the snapshot at 6 cannot be read"), "{told:?}");

    // A layout of last year is worth a note.
    let mut older = image.image.to_vec();
    older[0] -= 1;
    spoil(good.clone(), Some(Snapshot { image: Arc::from(older), ..image.clone() }));
    let verified = verify(&house.memory.journal(node(9)), &*OnePlan::new(), show(1), plan()).await.unwrap();
    assert_eq!(verified.faults, [""; 0]);
    assert_eq!(verified.notes, ["the snapshot at 6 is of an older layout: the whole journal is replayed"]);

    spoil(good[..5].to_vec(), Some(image.clone()));
    assert_eq!(faults(&house.memory).await, ["the snapshot stands at 6 and the journal ends at 5"]);

    spoil(good, Some(image));
    assert_eq!(faults(&house.memory).await, [""; 0], "put right again");
}
