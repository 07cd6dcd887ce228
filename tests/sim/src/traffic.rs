//! What travels between the nodes, the database and whoever asked: appends, answers, deltas.

use std::sync::Arc;

use aisle_actors::core::{Entry, Event, ShowId};
use aisle_actors::turn::{Effect, Said, Standing};
use aisle_actors::{Epoch, JournalError, NodeId};

use crate::auditor::{Verdict, must};
use crate::house::{Asked, Asker, House, Ticket};
use crate::report::refusal_name;

/// What becomes of an append.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Written,
    LostBefore,
    LostAfter,
    Refused,
    /// Written, and the node never hears of it.
    Unanswered,
}

pub struct Flight {
    pub arrives_at: i64,
    pub answered_at: i64,
    pub fate: Fate,
    pub node: usize,
    pub id: NodeId,
    pub life: u64,
    pub show: ShowId,
    pub epoch: Epoch,
    pub entries: Arc<[Entry]>,
    /// Once it has arrived.
    pub outcome: Option<Result<(), JournalError>>,
}

impl House {
    /// Appends arrive, and answers come back.
    pub fn land(&mut self) -> Verdict {
        let flights = std::mem::take(&mut self.flights);
        let mut left = Vec::new();
        for mut flight in flights {
            if flight.outcome.is_none() && flight.arrives_at <= self.now {
                flight.outcome = Some(self.arrive(&flight)?);
            }
            if flight.outcome.is_some() && flight.answered_at <= self.now && self.is_up(flight.node) {
                self.answered(flight)?;
            } else {
                left.push(flight);
            }
        }
        // What the answers set off has been added meanwhile.
        left.append(&mut self.flights);
        self.flights = left;
        Ok(())
    }

    fn arrive(&mut self, flight: &Flight) -> Result<Result<(), JournalError>, String> {
        let (id, show, epoch) = (flight.id, flight.show, flight.epoch);
        let unknown = || JournalError::Unknown { show, cause: "nobody answered".into() };
        let write = match flight.fate {
            Fate::LostBefore => {
                self.report.count("fault: append lost before");
                return Ok(Err(unknown()));
            }
            Fate::Refused => {
                self.report.count("fault: append refused");
                return Ok(Err(JournalError::Refused { show, cause: "refused".into() }));
            }
            Fate::Written | Fate::LostAfter | Fate::Unanswered => {
                self.memory.append_now(id, show, epoch, &flight.entries)
            }
        };
        match write {
            Ok(()) => {
                let owner = self.owners.get(&show);
                must(owner == Some(&(id, epoch)), || {
                    format!("show {show} is {owner:?}'s, and entries of {id:?} at {epoch:?} were written")
                })?;
                for entry in flight.entries.iter() {
                    let model = self.models.get_mut(&show).ok_or("no such show")?;
                    self.report.count(event_name(&entry.event));
                    model.durable(entry)?;
                    self.witness(show, &entry.event)?;
                }
            }
            Err(JournalError::Fenced { .. }) => {
                self.report.count("fault: append fenced");
                return Ok(Err(JournalError::Fenced { show }));
            }
            Err(other) => return Err(format!("an append was not to be written: {other:?}")),
        }
        Ok(match flight.fate {
            Fate::LostAfter => {
                self.report.count("fault: append lost after");
                Err(unknown())
            }
            Fate::Unanswered => {
                self.report.count("fault: append unanswered");
                Err(unknown())
            }
            Fate::Written | Fate::LostBefore | Fate::Refused => Ok(()),
        })
    }

    fn answered(&mut self, flight: Flight) -> Verdict {
        let (at, show, now) = (flight.node, flight.show, self.now_at(flight.node));
        let alive = self.nodes[at].id == flight.id;
        let Some(life) = self.nodes[at].lives.get_mut(&show).filter(|life| alive && life.number == flight.life) else {
            return Ok(());
        };
        if let Some(Ok(())) = flight.outcome {
            let effects = life.turn.durable(now);
            self.carry_out(at, show, effects)
        } else {
            // Fenced, refused, unknown: memory is not to be trusted. Who asks next finds the show's next life.
            self.drop_life(at, show);
            Ok(())
        }
    }

    pub fn drop_life(&mut self, at: usize, show: ShowId) {
        if let Some(life) = self.nodes[at].lives.remove(&show) {
            for ticket in life.turn.give_up() {
                self.tickets.remove(&ticket);
            }
        }
    }

    pub fn carry_out(&mut self, at: usize, show: ShowId, effects: Vec<Effect<Ticket>>) -> Verdict {
        for effect in effects {
            let Some(life) = self.nodes[at].lives.get_mut(&show) else { return Ok(()) };
            match effect {
                Effect::Append(entries) => self.send(at, show, entries),
                Effect::Publish(seq, changes) => {
                    life.feed.publish(seq, changes);
                    self.watch(at, show)?;
                }
                Effect::Say(ticket, said, standing) => self.say(at, show, ticket, &said, standing)?,
                Effect::Keep(snapshot) => {
                    let (epoch, id) = (life.epoch, self.nodes[at].id);
                    if self.memory.save_snapshot_now(id, show, epoch, snapshot).is_ok() {
                        self.report.count("turn: snapshot");
                    }
                }
                // Lists are nobody's promise.
                Effect::Summarise(_) => {}
            }
        }
        Ok(())
    }

    fn send(&mut self, at: usize, show: ShowId, entries: Arc<[Entry]>) {
        let fate = match self.rng.below(200) {
            _ if self.calm => Fate::Written,
            0 => Fate::LostBefore,
            1 => Fate::LostAfter,
            2 => Fate::Refused,
            3 => Fate::Unanswered,
            _ => Fate::Written,
        };
        let slow = !self.calm && self.rng.chance(15);
        if slow {
            self.report.count("fault: append slow");
        }
        let travel = if slow { self.rng.between(2_000, 25_000) } else { self.rng.between(0, 300) }.cast_signed();
        let back = match fate {
            Fate::Unanswered => 12_000,
            Fate::Written | Fate::LostBefore | Fate::LostAfter | Fate::Refused => {
                self.rng.between(0, 300).cast_signed()
            }
        };
        let Some(life) = self.nodes[at].lives.get(&show) else { return };
        self.flights.push(Flight {
            arrives_at: self.now + travel,
            answered_at: self.now + travel + back,
            fate,
            node: at,
            id: self.nodes[at].id,
            life: life.number,
            show,
            epoch: life.epoch,
            entries,
            outcome: None,
        });
    }

    /// A watcher who has followed the deltas sees what the journal says.
    fn watch(&mut self, at: usize, show: ShowId) -> Verdict {
        let Some(life) = self.nodes[at].lives.get_mut(&show) else { return Ok(()) };
        let delta = life.feed.since(life.watcher.0).ok_or("the feed has forgotten what was just published")?;
        for &(place, letter) in &delta.seats {
            life.watcher.1[place as usize] = letter;
        }
        life.watcher.0 = delta.seq;
        let model = self.models.get(&show).ok_or("no such show")?;
        let (seq, letters) = (life.watcher.0, String::from_utf8_lossy(&life.watcher.1).into_owned());
        match model.letters_at(seq) {
            Some(told) if told == letters && &*life.feed.snapshot().letters == told => Ok(()),
            told => Err(format!("the feed says {letters} at {} and the journal says {told:?}", seq.0)),
        }
    }

    fn say(&mut self, at: usize, show: ShowId, ticket: Ticket, said: &Said, standing: Standing) -> Verdict {
        let Some(Asked { asker, wish, at: asked_at }) = self.tickets.remove(&ticket) else { return Ok(()) };
        let Some(life) = self.nodes[at].lives.get(&show) else { return Ok(()) };
        if standing == Standing::Believed && !self.may_speak(at, life.lease) {
            self.report.count("fault: silenced by the lease");
            self.drop_life(at, show);
            return Ok(());
        }
        let model = self.models.get(&show).ok_or("no such show")?;
        // An answer that waited may be overtaken by what became durable with what it waited for.
        let exact = asked_at == model.seq && life.turn.durable_seq() == model.seq;
        model.said(&wish, asked_at, exact, said)?;
        match said {
            Said::Refused(rejection) => {
                self.report.count(refusal_name(rejection.code()));
                self.clients.refused(show, &wish);
            }
            Said::Answered(answered) if answered.replayed => self.report.count("turn: replayed"),
            Said::Answered(_)
            | Said::Hold(_)
            | Said::Booking(_)
            | Said::Allocations(_)
            | Said::CodeUses(_)
            | Said::Facts(_) => {}
        }
        if !self.calm && self.rng.chance(30) {
            // Whoever wanted it never hears, and asks again.
            self.report.count("fault: reply lost");
            return Ok(());
        }
        match asker {
            Asker::Client(number) => {
                self.wanted.remove(&number);
                if let Some(heard) = self.heard.get_mut(&number) {
                    *heard = Some(said.clone());
                }
            }
            Asker::Job(number) => {
                if self.jobs_wait(number) {
                    self.answers.insert(number, said.clone());
                }
            }
        }
        Ok(())
    }
}

/// The event's name in the report.
fn event_name(event: &Event) -> &'static str {
    match event {
        Event::SeatsHeld { .. } => "event: seats_held",
        Event::HoldChanged { .. } => "event: hold_changed",
        Event::HoldExtended { .. } => "event: hold_extended",
        Event::HoldReleased { .. } => "event: hold_released",
        Event::HoldLapsed { .. } => "event: hold_lapsed",
        Event::PaymentStarted { .. } => "event: payment_started",
        Event::PaymentGivenUp { .. } => "event: payment_given_up",
        Event::PaymentEnded { .. } => "event: payment_ended",
        Event::Booked { .. } => "event: booked",
        Event::BookingCancelled { .. } => "event: booking_cancelled",
        Event::SeatsBlocked { .. } => "event: seats_blocked",
        Event::SeatsUnblocked { .. } => "event: seats_unblocked",
        Event::Configured { .. } => "event: configured",
        Event::Published => "event: published",
        Event::Paused { .. } => "event: paused",
        Event::Resumed { .. } => "event: resumed",
        Event::Cancelled { .. } => "event: cancelled",
        Event::Moved { .. } => "event: moved",
        Event::Ended => "event: ended",
        Event::PlanChanged { .. } => "event: plan_changed",
    }
}
