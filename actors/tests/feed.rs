//! The feed: the public copy, the ring, the deltas.

use aisle_actors::core::{AreaNo, Seq, ShowState};
use aisle_actors::{Feed, PublicChange, PublicState};

use crate::support::{plan, show};

fn feed(ring_max: usize) -> Feed {
    let state = PublicState {
        seq: Seq(5),
        letters: vec![b'a'; 20],
        areas: vec![(AreaNo(0), 100)],
        state: ShowState::Published,
    };
    Feed::new(show(1), plan(), ring_max, state)
}

fn seat(place: u32, letter: u8) -> PublicChange {
    PublicChange { seats: vec![(place, letter)], ..PublicChange::default() }
}

#[test]
fn changes_of_one_commit_are_one_delta_and_the_last_word_counts() {
    let feed = feed(4);
    let floor = PublicChange { areas: vec![(AreaNo(0), 90)], ..PublicChange::default() };
    let more = PublicChange { areas: vec![(AreaNo(0), 80)], ..PublicChange::default() };
    feed.publish(Seq(9), vec![seat(3, b'h'), seat(17, b'h'), floor, seat(3, b'a'), more]);
    let deltas = feed.since(Seq(5)).unwrap();
    assert_eq!(&*deltas[0].json, r#"{"t":"delta","from":5,"seq":9,"seats":[[17,"h"]],"areas":[["floor",80]]}"#);
    let snapshot = feed.snapshot();
    assert_eq!((&*snapshot.letters, snapshot.seq), ("aaaaaaaaaaaaaaaaahaa", Seq(9)));
    assert_eq!(snapshot.areas, [(AreaNo(0), 80)]);
}

#[test]
fn who_is_too_far_behind_or_ahead_takes_the_snapshot() {
    let feed = feed(2);
    for (number, letter) in [(6, b'h'), (7, b'a'), (8, b'h')] {
        feed.publish(Seq(number), vec![seat(0, letter)]);
    }
    assert!(feed.since(Seq(5)).is_none(), "the ring has forgotten it");
    assert_eq!(feed.since(Seq(6)).unwrap().len(), 2);
    assert_eq!(feed.since(Seq(7)).unwrap().len(), 1);
    assert_eq!(feed.since(Seq(8)).unwrap().len(), 0);
    assert!(feed.since(Seq(9)).is_none(), "from the future");
    // Published twice, or late, changes nothing.
    feed.publish(Seq(8), vec![seat(1, b'b')]);
    assert_eq!(feed.snapshot().letters.as_bytes()[1], b'a');
}

#[test]
fn numbers_go_on_without_a_gap_even_where_the_public_sees_nothing() {
    let feed = feed(9);
    feed.publish(Seq(6), Vec::new());
    feed.publish(Seq(7), vec![seat(0, b'h')]);
    let deltas = feed.since(Seq(5)).unwrap();
    assert_eq!(&*deltas[0].json, r#"{"t":"delta","from":5,"seq":6,"seats":[],"areas":[]}"#);
    assert_eq!((deltas[1].from, deltas[1].seq), (Seq(6), Seq(7)));
}

#[tokio::test]
async fn a_feed_that_catches_up_tells_the_difference() {
    let feed = feed(9);
    let mut watching = feed.subscribe();
    assert_eq!(feed.subscribers(), 1);
    let mut letters = vec![b'a'; 20];
    letters[2] = b'b';
    let state = PublicState { seq: Seq(8), letters, areas: vec![(AreaNo(0), 100)], state: ShowState::Ended };
    feed.catch_up(state.clone(), Vec::new());
    feed.catch_up(state, Vec::new());
    let delta = watching.recv().await.unwrap();
    assert_eq!((delta.seats.as_slice(), delta.show.as_ref()), ([(2, b'b')].as_slice(), Some(&ShowState::Ended)));
    assert!(delta.areas.is_empty());
    assert!(watching.try_recv().is_err());
}
