//! What a feed tells, whenever one begins to listen: never anything but the truth at the number that it names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aisle_actors::core::{AreaNo, HoldState, Seq, ShowState};
use aisle_actors::{Clock, Delta, Feed, FeedEnd, MemoryHouse, PublicChange, PublicState, Shows, ShowsConfig};
use proptest::prelude::*;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use crate::house::{House, config};
use crate::support::{OnePlan, START, give_back, hold, node, plan, plan_version, show, take};

const SEATS: usize = 20;
const RING: usize = 6;

/// What the public sees at one number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Map {
    letters: Vec<u8>,
    floor: u32,
}

impl Map {
    fn state(&self, seq: u64) -> PublicState {
        PublicState {
            seq: Seq(seq),
            letters: self.letters.clone(),
            areas: vec![(AreaNo(0), self.floor)],
            state: ShowState::Published,
        }
    }

    /// Applies a delta as a client does: it has nothing but the text.
    fn apply(&mut self, delta: &Delta, have: u64) -> u64 {
        let text: serde_json::Value = serde_json::from_str(&delta.text_for(Seq(have))).expect("a delta is JSON");
        assert_eq!(text["from"], have, "a client is only told what goes on from what it has");
        for seat in text["seats"].as_array().expect("seats") {
            let (place, letter) = (seat[0].as_u64().expect("a place"), seat[1].as_str().expect("a letter"));
            self.letters[usize::try_from(place).expect("a place")] = letter.as_bytes()[0];
        }
        for area in text["areas"].as_array().expect("areas") {
            assert_eq!(area[0], "floor");
            self.floor = u32::try_from(area[1].as_u64().expect("a number")).expect("a number");
        }
        text["seq"].as_u64().expect("a number")
    }
}

/// One event as the public sees it: a few seats and what they become, and what is left on the floor.
type Event = (Vec<(u32, u8)>, Option<u32>);

#[derive(Clone, Debug)]
enum Step {
    /// Events that became durable together.
    Publish(Vec<Event>),
    PublishAfterRest(Vec<Event>),
    Rested,
    /// The show was elsewhere meanwhile, and comes back so many events later.
    Elsewhere(Vec<Event>),
    Subscribe,
    /// Whoever came first goes.
    Leave,
    Listen,
}

fn event() -> impl Strategy<Value = Event> {
    let letter = prop::sample::select(b"ahbx".to_vec());
    (prop::collection::vec((0..SEATS as u32, letter), 0..4), prop::option::of(0..100_u32))
}

fn step() -> impl Strategy<Value = Step> {
    let events = || prop::collection::vec(event(), 1..4);
    prop_oneof![
        2 => events().prop_map(Step::Publish),
        6 => events().prop_map(Step::PublishAfterRest),
        3 => Just(Step::Rested),
        1 => events().prop_map(Step::Elsewhere),
        3 => Just(Step::Subscribe),
        1 => Just(Step::Leave),
        3 => Just(Step::Listen),
    ]
}

/// A feed, the truth at every number, and those who listen.
struct Scene {
    feed: Feed,
    truth: BTreeMap<u64, Map>,
    listeners: Vec<(Receiver<Arc<Delta>>, u64, Map)>,
}

impl Scene {
    fn begin() -> Self {
        Self::in_audiences_of(1_000)
    }

    fn in_audiences_of(audience: usize) -> Self {
        let map = Map { letters: vec![b'a'; SEATS], floor: 100 };
        let feed = Feed::in_audiences_of(audience, show(1), plan(), RING, map.state(1));
        Self { feed, truth: BTreeMap::from([(1, map)]), listeners: Vec::new() }
    }

    fn newest(&self) -> (u64, Map) {
        let (seq, map) = self.truth.last_key_value().expect("it began");
        (*seq, map.clone())
    }

    /// Writes the events into the truth; answers the last number and what each changed.
    fn happen(&mut self, events: Vec<Event>) -> (Seq, Vec<PublicChange>) {
        let (mut seq, mut map) = self.newest();
        let changes = events.into_iter().map(|(seats, floor)| {
            for &(place, letter) in &seats {
                map.letters[place as usize] = letter;
            }
            map.floor = floor.unwrap_or(map.floor);
            seq += 1;
            self.truth.insert(seq, map.clone());
            let areas = floor.map(|floor| (AreaNo(0), floor)).into_iter().collect();
            PublicChange { seats, areas, ..PublicChange::default() }
        });
        let changes = changes.collect();
        (Seq(seq), changes)
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Publish(events) => {
                let (seq, changes) = self.happen(events);
                self.feed.publish(seq, changes);
            }
            Step::PublishAfterRest(events) => {
                let (seq, changes) = self.happen(events);
                let _begins = self.feed.publish_after_rest(seq, changes);
            }
            Step::Rested => {
                let _again = self.feed.rested();
            }
            Step::Elsewhere(events) => {
                let (seq, _) = self.happen(events);
                let state = self.newest().1.state(seq.0);
                self.feed.catch_up(state, Vec::new());
            }
            Step::Subscribe => {
                let receiver = self.feed.subscribe();
                let snapshot = self.feed.snapshot();
                let map = Map { letters: snapshot.letters.as_bytes().to_vec(), floor: snapshot.areas[0].1 };
                assert_eq!(self.truth.get(&snapshot.seq.0), Some(&map), "a snapshot is of the newest number");
                assert_eq!(snapshot.seq.0, self.newest().0);
                self.listeners.push((receiver, snapshot.seq.0, map));
            }
            Step::Leave if self.listeners.is_empty() => {}
            Step::Leave => drop(self.listeners.remove(0)),
            Step::Listen => self.listen(),
        }
        self.ask_since();
    }

    /// Everybody hears what was told; nobody misses anything, hears anything twice, or sees what never was.
    fn listen(&mut self) {
        for (receiver, seq, map) in &mut self.listeners {
            loop {
                match receiver.try_recv() {
                    Ok(delta) if delta.seq.0 <= *seq => {}
                    Ok(delta) => {
                        assert!(delta.from.0 <= *seq, "a gap: {} after {seq}", delta.from.0);
                        *seq = map.apply(&delta, *seq);
                        assert_eq!(self.truth.get(seq), Some(&*map), "at {seq}");
                    }
                    Err(TryRecvError::Empty) => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// Whoever comes back, with whatever number and from whichever process, is brought to the newest or gets the whole.
    fn ask_since(&self) {
        let (newest, now) = self.newest();
        for (&seq, then) in &self.truth {
            let Some(delta) = self.feed.since(Seq(seq)) else { continue };
            let mut map = then.clone();
            assert_eq!(map.apply(&delta, seq), newest);
            assert_eq!(map, now, "since {seq}");
        }
        assert!(self.feed.since(Seq(newest)).is_some_and(|delta| delta.seats.is_empty()));
        assert!(self.feed.since(Seq(newest + 1)).is_none(), "a number from the future");
        assert!(self.feed.since(Seq(0)).is_none(), "from before it began");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whoever_follows_a_feed_sees_the_truth_at_every_number_and_misses_nothing(
        audience in 1_usize..4, steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut scene = Scene::in_audiences_of(audience);
        for step in steps {
            scene.play(step);
        }
        while scene.feed.rested() {}
        scene.listen();
        let (newest, now) = scene.newest();
        for (_, seq, map) in scene.listeners {
            prop_assert_eq!((seq, &map), (newest, &now));
        }
    }
}

fn seats(seats: &[(u32, u8)]) -> Vec<PublicChange> {
    vec![PublicChange { seats: seats.to_vec(), ..PublicChange::default() }]
}

#[test]
fn a_rested_feed_tells_at_once_and_a_rush_becomes_one_delta_a_rest() {
    let mut scene = Scene::begin();
    let mut told = scene.feed.subscribe();
    assert!(scene.feed.publish_after_rest(Seq(2), seats(&[(0, b'h')])), "a rest begins");
    assert_eq!(told.try_recv().unwrap().seq, Seq(2));
    assert!(!scene.feed.publish_after_rest(Seq(5), seats(&[(1, b'h'), (2, b'h')])));
    assert!(!scene.feed.publish_after_rest(Seq(6), seats(&[(1, b'a')])));
    assert_eq!(told.try_recv().unwrap_err(), TryRecvError::Empty);
    // Who reads meanwhile reads the newest, and is told what goes on from there.
    assert_eq!((scene.feed.seq(), &scene.feed.snapshot().letters[..3]), (Seq(6), "hah"));
    assert_eq!(
        scene.feed.since(Seq(5)).unwrap().text_for(Seq(5)),
        r#"{"t":"delta","from":5,"seq":6,"seats":[[1,"a"],[2,"h"]],"areas":[]}"#
    );
    assert!(scene.feed.rested(), "it rests again after it told something");
    let delta = told.try_recv().unwrap();
    assert_eq!(delta.text_for(Seq(2)), r#"{"t":"delta","from":2,"seq":6,"seats":[[1,"a"],[2,"h"]],"areas":[]}"#);
    assert_eq!(delta.text_for(Seq(5)), r#"{"t":"delta","from":5,"seq":6,"seats":[[1,"a"],[2,"h"]],"areas":[]}"#);
    assert!(!scene.feed.rested(), "nothing happened meanwhile");
    assert!(scene.feed.publish_after_rest(Seq(7), Vec::new()), "a rest begins again");
    assert_eq!(told.try_recv().unwrap().seq, Seq(7));
    scene.listeners.clear();
}

#[test]
fn audiences_are_told_in_turn_and_each_what_it_lacks() {
    let scene = Scene::in_audiences_of(2);
    let mut told: Vec<_> = (0..6).map(|_| scene.feed.subscribe()).collect();
    let hear = |told: &mut [Receiver<Arc<Delta>>]| -> Vec<_> {
        told.iter_mut().map(|told| told.try_recv().map(|delta| (delta.from.0, delta.seq.0)).ok()).collect()
    };
    assert!(scene.feed.publish_after_rest(Seq(2), seats(&[(0, b'h')])));
    assert_eq!(hear(&mut told), [Some((1, 2)), Some((1, 2)), None, None, None, None]);
    assert!(!scene.feed.publish_after_rest(Seq(3), seats(&[(1, b'h')])));
    assert!(scene.feed.rested());
    assert_eq!(hear(&mut told), [None, None, Some((1, 3)), Some((1, 3)), None, None]);
    assert!(!scene.feed.publish_after_rest(Seq(4), seats(&[(1, b'a')])));
    assert!(scene.feed.rested());
    assert_eq!(hear(&mut told), [None, None, None, None, Some((1, 4)), Some((1, 4))]);
    // The first are the next, and then whoever lacks something: nobody is told what is no news.
    assert!(scene.feed.rested());
    assert_eq!(hear(&mut told), [Some((2, 4)), Some((2, 4)), None, None, None, None]);
    drop(told.drain(2..4));
    assert!(!scene.feed.rested(), "the second have gone, and the third have it all");
    // Whoever comes takes the place of those who went, and is told what comes from now on.
    let mut newcomer = scene.feed.subscribe();
    assert!(scene.feed.publish_after_rest(Seq(5), seats(&[(2, b'h')])));
    assert!(scene.feed.rested() && scene.feed.rested() && !scene.feed.rested());
    assert_eq!(newcomer.try_recv().map(|delta| (delta.from.0, delta.seq.0)).ok(), Some((4, 5)));
    assert_eq!(hear(&mut told), [Some((4, 5)); 4]);
}

#[test]
fn what_an_audience_waits_for_is_not_forgotten_however_much_it_is() {
    // Each delta names a thousand seats, of which the ring keeps two thousand.
    let state = PublicState { seq: Seq(1), letters: vec![b'a'; 2_000], areas: Vec::new(), state: ShowState::Published };
    let feed = Feed::in_audiences_of(1, show(1), plan(), RING, state);
    let mut told: Vec<_> = (0..5).map(|_| feed.subscribe()).collect();
    let all = |from: u32, letter: u8| seats(&(from..from + 1_000).map(|place| (place, letter)).collect::<Vec<_>>());
    assert!(feed.publish_after_rest(Seq(2), all(0, b'h')));
    for (seq, from, letter) in [(3, 1_000, b'h'), (4, 0, b'a'), (5, 0, b'x'), (6, 0, b'b')] {
        assert!(!feed.publish_after_rest(Seq(seq), all(from, letter)));
        assert!(feed.rested());
    }
    let last = told[4].try_recv().unwrap();
    assert_eq!((last.from, last.seq, last.seats.len()), (Seq(1), Seq(6), 2_000));
    assert_eq!((last.seats[0], last.seats[1_999]), ((0, b'b'), (1_999, b'h')));
    // Once all have it, it is forgotten.
    while feed.rested() {}
    assert!(feed.publish_after_rest(Seq(7), Vec::new()));
    assert!(feed.since(Seq(1)).is_none() && feed.since(Seq(6)).is_some());
}

#[test]
fn while_nobody_watches_steps_are_gathered_and_whoever_comes_misses_none() {
    let scene = Scene::begin();
    assert!(!scene.feed.publish_after_rest(Seq(2), seats(&[(0, b'h')])), "nobody is there to rest from");
    assert!(!scene.feed.publish_after_rest(Seq(3), seats(&[(1, b'h')])));
    assert_eq!((scene.feed.seq(), &scene.feed.snapshot().letters[..3]), (Seq(3), "hha"));
    assert_eq!(
        scene.feed.since(Seq(2)).unwrap().text_for(Seq(2)),
        r#"{"t":"delta","from":2,"seq":3,"seats":[[0,"h"],[1,"h"]],"areas":[]}"#
    );
    // Somebody comes, reads 3, and is told what comes after it, and with it what was gathered before.
    let mut told = scene.feed.subscribe();
    assert!(scene.feed.publish_after_rest(Seq(4), seats(&[(0, b'a')])), "a rest begins");
    let delta = told.try_recv().unwrap();
    assert_eq!((delta.from, delta.seq), (Seq(1), Seq(4)));
    assert_eq!(delta.text_for(Seq(3)), r#"{"t":"delta","from":3,"seq":4,"seats":[[0,"a"],[1,"h"]],"areas":[]}"#);
    // And goes, while a rest goes on, which is kept to its end.
    drop(told);
    assert!(!scene.feed.publish_after_rest(Seq(5), seats(&[(0, b'h')])));
    assert!(!scene.feed.rested(), "nobody is there to tell");
    // Steps without end become deltas all the same, of which the ring keeps what it keeps.
    for seq in 6..=1_000 {
        assert!(!scene.feed.publish_after_rest(Seq(seq), seats(&[(0, b'h')])));
    }
    assert!(scene.feed.since(Seq(999)).is_some());
    assert!(scene.feed.since(Seq(5)).is_none(), "the first of a thousand steps is forgotten");
}

#[test]
fn all_who_stand_at_the_same_number_share_one_text() {
    let scene = Scene::begin();
    let mut told = scene.feed.subscribe();
    scene.feed.publish(Seq(2), seats(&[(0, b'h')]));
    let delta = told.try_recv().unwrap();
    assert_eq!(delta.text_for(Seq(1)).as_ptr(), delta.text_for(Seq(1)).as_ptr());
}

#[test]
fn the_ring_is_bounded_by_deltas_and_by_what_they_name() {
    let scene = Scene::begin();
    for seq in 2..=20 {
        scene.feed.publish(Seq(seq), seats(&[(0, b'h')]));
    }
    let ring = u64::try_from(RING).unwrap();
    assert!(scene.feed.since(Seq(20 - ring)).is_some());
    assert!(scene.feed.since(Seq(20 - ring - 1)).is_none());
    // A house of two thousand seats: each delta names all of them, so one is all that is worth keeping.
    let state = PublicState { seq: Seq(1), letters: vec![b'a'; 2_000], areas: Vec::new(), state: ShowState::Published };
    let feed = Feed::new(show(1), plan(), RING, state);
    for seq in 2..=4_u64 {
        let letter = if seq % 2 == 0 { b'x' } else { b'a' };
        feed.publish(Seq(seq), seats(&(0..2_000).map(|place| (place, letter)).collect::<Vec<_>>()));
    }
    assert!(feed.since(Seq(3)).is_some());
    assert!(feed.since(Seq(2)).is_none());
}

#[test]
fn a_feed_of_a_plan_that_changed_says_what_it_knows_and_then_why_it_ends() {
    let scene = Scene::begin();
    let mut told = scene.feed.subscribe();
    assert!(scene.feed.publish_after_rest(Seq(2), seats(&[(0, b'h')])));
    assert!(!scene.feed.publish_after_rest(Seq(3), seats(&[(1, b'h')])));
    assert_eq!(scene.feed.ended(), None);
    scene.feed.end(FeedEnd::PlanChanged);
    assert_eq!(scene.feed.ended(), Some(FeedEnd::PlanChanged));
    assert_eq!((told.try_recv().unwrap().seq, told.try_recv().unwrap().seq), (Seq(2), Seq(3)));
    assert_eq!(told.try_recv().unwrap_err(), TryRecvError::Closed);
    assert_eq!(scene.feed.subscribe().try_recv().unwrap_err(), TryRecvError::Closed);
    assert_eq!(scene.feed.subscribers(), 0);
}

#[test]
fn who_followed_another_process_through_a_show_s_absence_takes_the_snapshot() {
    let scene = Scene::begin();
    scene.feed.publish(Seq(2), seats(&[(0, b'h')]));
    let mut told = scene.feed.subscribe();
    // Elsewhere seat 1 was taken at 3 and given back at 4: this feed sees no difference in it.
    let map = Map { letters: scene.feed.snapshot().letters.as_bytes().to_vec(), floor: 100 };
    scene.feed.catch_up(map.state(4), Vec::new());
    assert_eq!(told.try_recv().unwrap().text_for(Seq(2)), r#"{"t":"delta","from":2,"seq":4,"seats":[],"areas":[]}"#);
    assert!(scene.feed.since(Seq(3)).is_none());
    assert!(scene.feed.since(Seq(4)).is_some());
}

#[tokio::test]
async fn a_hold_that_begins_and_ends_within_one_rest_still_reaches_its_owner() {
    let rest = ShowsConfig { feed_rest: Duration::from_millis(20), ..config(node(1)) };
    let house = House::start_with(rest, MemoryHouse::default(), Arc::new(Clock::manual(START)));
    let handle = house.on_sale(show(1)).await;
    let mut told = handle.feed().subscribe();
    let seq = handle.feed().seq();
    handle.ask(take(1, &[0])).await.unwrap();
    handle.ask(give_back(1)).await.unwrap();
    // Answers don't wait for the rest, and who has one and reads finds it there.
    assert_eq!(handle.feed().seq(), Seq(seq.0 + 2));
    let mut last = None;
    let mut have = seq;
    while have < Seq(seq.0 + 2) {
        let delta = told.recv().await.unwrap();
        last = delta.holds.get(&hold(1)).cloned().or(last);
        have = delta.seq;
    }
    assert!(matches!(last.unwrap().state, HoldState::Released { .. }));
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_that_wakes_on_another_plan_ends_the_feed_that_its_watchers_have() {
    let plans = OnePlan::new();
    let memory = MemoryHouse::default();
    let (journal, summaries) = (Arc::new(memory.journal(node(1))), Arc::new(memory.summaries(node(1))));
    let clock = Arc::new(Clock::manual(START));
    let shows = Shows::start(config(node(1)), journal, Arc::clone(&plans) as _, summaries, clock).unwrap();
    let feed = shows.get(show(1)).await.unwrap().feed().clone();
    let mut told = feed.subscribe();
    shows.passivate(show(1)).await;
    plans.change(plan_version(2));
    let new = shows.get(show(1)).await.unwrap();
    assert!(told.recv().await.is_err(), "closed");
    assert_eq!(feed.ended(), Some(FeedEnd::PlanChanged));
    assert_eq!((new.feed().ended(), new.feed().plan_version()), (None, plan_version(2).version()));
    shows.stop().await;
}
