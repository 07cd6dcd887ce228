//! Falling between any two steps of a turn, once and twice: what was acknowledged is there, and nothing is there twice.

use std::collections::VecDeque;
use std::sync::Arc;

use aisle_actors::core::{Command, Entry, Event, Rejection, Timestamp};
use aisle_actors::turn::{Effect, Said, Turn, Wish};
use aisle_actors::{Epoch, JournalError, MemoryHouse, NodeId};

use crate::support::{START, book, booking, give_back, node, plan, publish, show, take};

/// What is wanted, and how much later.
fn day() -> Vec<(u64, Command)> {
    let cancel = Command::CancelBooking { booking: booking(1), seats: Vec::new(), areas: Vec::new() };
    vec![
        (0, publish()),
        (10, take(1, &[0, 1])),
        (10, take(2, &[1, 2])),
        (10, take(3, &[5])),
        (10, book(1)),
        (10, book(1)),
        (10, give_back(3)),
        (10, take(4, &[5, 6])),
        // In the meantime the hold has lapsed.
        (600_000, take(5, &[5])),
        (10, cancel),
        (10, book(1)),
        (10, take(6, &[0])),
    ]
}

/// An append of a process that fell: it may still arrive.
type OnItsWay = (NodeId, Epoch, Arc<[Entry]>);

struct World {
    memory: MemoryHouse,
    awake: Option<(Turn<()>, Epoch)>,
    lives: u128,
    steps: usize,
    falls: VecDeque<usize>,
    on_its_way: Vec<OnItsWay>,
}

/// It fell here.
struct Fallen;

impl World {
    fn new(falls: &[usize]) -> Self {
        let falls = falls.iter().copied().collect();
        Self { memory: MemoryHouse::default(), awake: None, lives: 1, steps: 0, falls, on_its_way: Vec::new() }
    }

    fn node(&self) -> NodeId {
        node(self.lives)
    }

    /// Between two steps: the place to fall.
    fn step(&mut self) -> Result<(), Fallen> {
        self.steps += 1;
        if self.falls.front() == Some(&self.steps) {
            self.falls.pop_front();
            return Err(Fallen);
        }
        Ok(())
    }

    fn fall(&mut self) {
        self.memory.end_lease(self.node());
        self.awake = None;
        self.lives += 1;
    }

    fn wake(&mut self) -> Result<(), Fallen> {
        if self.awake.is_some() {
            return Ok(());
        }
        self.step()?;
        let epoch = self.memory.acquire_now(self.node(), show(1)).unwrap();
        for (node, epoch, entries) in std::mem::take(&mut self.on_its_way) {
            let late = self.memory.append_now(node, show(1), epoch, &entries);
            assert!(matches!(late, Err(JournalError::Fenced { .. })), "an append of before landed: {late:?}");
        }
        self.step()?;
        let recovered = self.memory.load_now(show(1), true).unwrap();
        self.step()?;
        let (turn, _) = Turn::recover(show(1), &plan(), recovered, 3, None).unwrap();
        self.awake = Some((turn, epoch));
        self.step()
    }

    /// Asks once. The answer may be out although it falls right after.
    fn ask(&mut self, now: Timestamp, command: &Command, heard: &mut Option<Said>) -> Result<(), Fallen> {
        self.wake()?;
        let node = self.node();
        let Some((turn, epoch)) = &mut self.awake else { return Err(Fallen) };
        let epoch = *epoch;
        let mut effects: VecDeque<Effect<()>> = turn.wish(now, &Wish::Command(command.clone()), ()).into();
        self.step()?;
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Append(entries) => {
                    if let Err(fallen) = self.step() {
                        self.on_its_way.push((node, epoch, entries));
                        return Err(fallen);
                    }
                    self.memory.append_now(node, show(1), epoch, &entries).unwrap();
                    self.step()?;
                    let Some((turn, _)) = &mut self.awake else { return Err(Fallen) };
                    effects.extend(turn.durable(now));
                }
                Effect::Say((), said, _) => {
                    if let Said::Answered(answered) = &said {
                        let durable = self.memory.entries(show(1)).last().map_or(0, |entry| entry.seq.0);
                        assert!(answered.seq.0 <= durable, "acknowledged before it was durable");
                    }
                    *heard = Some(said);
                }
                Effect::Publish(seq, _) => {
                    let durable = self.memory.entries(show(1)).last().map_or(0, |entry| entry.seq.0);
                    assert!(seq.0 <= durable, "published before it was durable");
                }
                Effect::Keep(snapshot) => {
                    self.memory.save_snapshot_now(node, show(1), epoch, snapshot).unwrap();
                }
            }
            self.step()?;
        }
        Ok(())
    }

    /// The whole day; whoever gets no answer asks again with the same key.
    fn play(&mut self) -> (Vec<Event>, Vec<Said>) {
        let mut now = START;
        let mut all_heard = Vec::new();
        for (later, command) in day() {
            now = now.plus_ms(later);
            let mut heard = None;
            while heard.is_none() {
                if self.ask(now, &command, &mut heard).is_err() {
                    self.fall();
                }
            }
            all_heard.extend(heard);
        }
        let events = self.memory.entries(show(1)).into_iter().map(|entry| entry.event).collect();
        (events, all_heard)
    }
}

/// What is said again may be said as a repetition; everything else is the same.
fn without_repetition(heard: Vec<Said>) -> Vec<Said> {
    let plain = |said| match said {
        Said::Answered(mut answered) => {
            answered.replayed = false;
            Said::Answered(answered)
        }
        other @ (Said::Refused(_) | Said::Hold(_) | Said::Booking(_) | Said::Allocations(_) | Said::Facts(_)) => other,
    };
    heard.into_iter().map(plain).collect()
}

#[test]
fn a_fall_between_any_two_steps_loses_nothing_and_doubles_nothing() {
    let mut undisturbed = World::new(&[]);
    let (events, heard) = undisturbed.play();
    assert!(heard.iter().any(|said| matches!(said, Said::Refused(Rejection::SeatsTaken { .. }))));
    assert!(heard.iter().any(|said| matches!(said, Said::Refused(Rejection::BookingCancelled))));
    assert_eq!(events.len(), 10, "{events:#?}");
    let heard = without_repetition(heard);
    let steps = undisturbed.steps;
    let mut runs = 0;
    for first in 1..=steps {
        // A second fall anywhere after the first: also while it is getting up.
        for second in first + 1..=first + 40 {
            let mut world = World::new(&[first, second]);
            let (events_now, heard_now) = world.play();
            assert_eq!(events_now, events, "fell at steps {first} and {second}");
            assert_eq!(without_repetition(heard_now), heard, "fell at steps {first} and {second}");
            runs += 1;
        }
    }
    assert!(runs > 2_000, "{runs}");
}
