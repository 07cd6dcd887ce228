//! The turn: one command, one read or one timer, handled to the end before the next.
//!
//! A plain struct: time and input in, effects out. The actor carries the effects out, and so does the simulator.

use std::sync::Arc;

use aisle_core::planted::{self, Bug};
use aisle_core::{
    AccessCodeId, AllocationView, BookingId, BookingView, Command, Entry, Event, HoldId, HoldView, Plan, Rejection,
    Seq, Show, ShowId, Timestamp, Touched,
};

use crate::feed::{PublicChange, PublicState};
use crate::gate::Gate;
use crate::handle::{Answered, ShowFacts};
use crate::journal::{Recovered, Snapshot};
use crate::recall::Recalled;
use crate::summary::ShowSummary;
use crate::view;

/// What somebody wants of a show.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Carry this out.
    Command(Command),
    /// Read a hold.
    Hold(HoldId),
    /// Read a booking.
    Booking(BookingId),
    /// Read the allocations.
    Allocations,
    /// Read how many places are taken under each access code.
    CodeUses,
    /// Read state, settings and counts.
    Facts,
}

/// What is said to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The command was carried out, and is durable.
    Answered(Answered),
    /// The command was refused.
    Refused(Rejection),
    /// The hold.
    Hold(Option<HoldView>),
    /// The booking.
    Booking(Option<BookingView>),
    /// The allocations.
    Allocations(Vec<AllocationView>),
    /// Places under each access code.
    CodeUses(Vec<(AccessCodeId, u64)>),
    /// The facts.
    Facts(ShowFacts),
}

/// What an answer stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// An event of its own, which is in the journal and stays true whoever owns the show now.
    Journaled,
    /// What this process believes the show to be: only worth saying while its lease lives.
    Believed,
}

/// What is to be done after a turn, in this order.
#[derive(Debug)]
pub enum Effect<R> {
    /// Write these entries; then call [`Turn::durable`] or [`Turn::give_up`].
    Append(Arc<[Entry]>),
    /// Everything up to here is durable: publish these changes.
    Publish(Seq, Vec<PublicChange>),
    /// Answer.
    Say(R, Said, Standing),
    /// Keep this snapshot; nothing waits for it.
    Keep(Snapshot),
    /// Lists may know this.
    Summarise(ShowSummary),
}

/// What keeps a show from being brought back.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The snapshot cannot be read; the whole journal can do without it.
    #[error("the snapshot cannot be read: {0}")]
    Snapshot(String),
}

#[derive(Debug)]
enum Waiting<R> {
    Say(R, Said, Standing),
    Publish(PublicChange),
    Summarise(ShowSummary),
}

/// A snapshot that is taken while a show works costs as much as it is large, and what a rush leaves behind makes it large: so many
/// of its bytes are worth one event more before the next. Copying stays a small part of the work however long the rush lasts; what
/// whoever wakes has to read beside it grows with it, and no faster.
const SNAPSHOT_BYTES_AN_EVENT: u64 = 32;

/// How long a deadline that its own turn did not remove is left alone.
const RETRY_TIMER_MS: u64 = 1_000;

/// One show's life in this process.
#[derive(Debug)]
pub struct Turn<R> {
    show: Show,
    id: ShowId,
    /// The number of the newest event in memory.
    newest: Seq,
    /// The number of the newest event that the journal has confirmed.
    durable: Seq,
    /// The time of the newest event: no turn is earlier.
    not_before: Timestamp,
    /// To when everything that time alone brings has been done.
    lapsed_to: Timestamp,
    batch: Vec<Entry>,
    in_flight: Option<Seq>,
    gate: Gate<Waiting<R>>,
    touched: Touched,
    snapshot_every: u64,
    snapshot_at: Seq,
    /// How large the last one was.
    snapshot_bytes: u64,
    /// Taken when an append left, kept once it is durable.
    snapshot_waiting: Option<Snapshot>,
}

impl<R> Turn<R> {
    /// Brings a show back from what the journal has. Returns holds that entries after `known` touched, for a feed that stands
    /// at `known`.
    ///
    /// # Errors
    /// [`ReplayError`]: try again with the whole journal.
    pub fn recover(
        id: ShowId,
        plan: &Arc<Plan>,
        recovered: Recovered,
        snapshot_every: u64,
        known: Option<Seq>,
    ) -> Result<(Self, Vec<HoldView>), ReplayError> {
        let snapshot_at = recovered.snapshot.as_ref().map_or(Seq(0), |snapshot| snapshot.seq);
        let snapshot_bytes = recovered.snapshot.as_ref().map_or(0, |snapshot| snapshot.image.len() as u64);
        let (Recalled { show, seq: newest, at: not_before }, holds) = Recalled::whole(id, plan, &recovered, known)?;
        let turn = Self {
            show,
            id,
            newest,
            durable: newest,
            not_before,
            lapsed_to: Timestamp(i64::MIN),
            batch: Vec::new(),
            in_flight: None,
            gate: Gate::default(),
            touched: Touched::default(),
            snapshot_every,
            snapshot_at,
            snapshot_bytes,
            snapshot_waiting: None,
        };
        Ok((turn, holds))
    }

    /// Somebody wants something.
    pub fn wish(&mut self, now: Timestamp, wish: &Wish, reply: R) -> Vec<Effect<R>> {
        let now = self.begin(now);
        let before = self.newest;
        let said = match wish {
            Wish::Command(command) => self.command(now, command),
            Wish::Hold(hold) => Said::Hold(self.show.hold(*hold)),
            Wish::Booking(booking) => Said::Booking(self.show.booking(*booking)),
            Wish::Allocations => Said::Allocations(self.show.allocations()),
            Wish::CodeUses => Said::CodeUses(self.show.code_uses()),
            Wish::Facts => Said::Facts(self.facts(now)),
        };
        let standing = if self.newest > before { Standing::Journaled } else { Standing::Believed };
        let mut effects = Vec::new();
        if self.newest == self.durable || planted::is(Bug::ReplyBeforeDurable) {
            effects.push(Effect::Say(reply, said, standing));
        } else {
            self.gate.hold(self.newest, Waiting::Say(reply, said, standing));
        }
        self.send_batch(now, &mut effects);
        effects
    }

    /// The timer: does what time alone brings. Harmless when early.
    pub fn time(&mut self, now: Timestamp) -> Vec<Effect<R>> {
        let now = self.begin(now);
        let mut effects = Vec::new();
        self.send_batch(now, &mut effects);
        effects
    }

    /// The append on its way is durable.
    pub fn durable(&mut self, now: Timestamp) -> Vec<Effect<R>> {
        let mut effects = Vec::new();
        let Some(durable) = self.in_flight.take() else { return effects };
        self.durable = durable;
        let mut changes = Vec::new();
        let mut says = Vec::new();
        for waiting in self.gate.open(durable) {
            match waiting {
                Waiting::Say(reply, said, standing) => says.push(Effect::Say(reply, said, standing)),
                Waiting::Publish(change) => changes.push(change),
                Waiting::Summarise(summary) => says.push(Effect::Summarise(summary)),
            }
        }
        // Published first: who has an answer and then reads the map finds it there.
        effects.push(Effect::Publish(durable, changes));
        effects.extend(says);
        if let Some(snapshot) = self.snapshot_waiting.take_if(|snapshot| snapshot.seq <= durable) {
            effects.push(Effect::Keep(snapshot));
        }
        self.send_batch(now, &mut effects);
        effects
    }

    /// The append failed, or the show is no longer ours: memory is not to be trusted. Returns those who will get no answer.
    pub fn give_up(mut self) -> Vec<R> {
        let waiting = self.gate.close();
        waiting
            .filter_map(|waiting| match waiting {
                Waiting::Say(reply, _, _) => Some(reply),
                Waiting::Publish(_) | Waiting::Summarise(_) => None,
            })
            .collect()
    }

    /// When time will next change something by itself.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.show.next_deadline()
    }

    /// What the one timer is to be set to: the next deadline, even one that has passed since the last turn. One that is still there
    /// after its turn is a bug somewhere, and must not become a busy loop.
    #[must_use]
    pub fn timer(&self) -> Option<Timestamp> {
        let deadline = self.deadline()?;
        Some(if deadline <= self.lapsed_to { self.lapsed_to.plus_ms(RETRY_TIMER_MS) } else { deadline })
    }

    /// Everything decided is durable, and nobody waits.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.durable == self.newest && self.gate.is_empty()
    }

    /// The journal says another plan than the one in memory: the show has to be loaded anew before it is asked again.
    #[must_use]
    pub fn is_replanned(&self) -> bool {
        self.show.plan_version() != self.show.plan().version()
    }

    /// The durable number.
    #[must_use]
    pub fn durable_seq(&self) -> Seq {
        self.durable
    }

    /// The number of the newest event in memory.
    #[must_use]
    pub fn newest_seq(&self) -> Seq {
        self.newest
    }

    /// How many wait in the gate.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gate.len()
    }

    /// The show itself, which may be ahead of the journal.
    #[must_use]
    pub fn show(&self) -> &Show {
        &self.show
    }

    /// The public state. Only what is settled may be shown.
    #[must_use]
    pub fn public_state(&self) -> PublicState {
        view::public_state(&self.show, self.newest)
    }

    /// What lists are to know. Only what is settled may be shown.
    #[must_use]
    pub fn summary(&self) -> ShowSummary {
        ShowSummary {
            show: self.id,
            seq: self.newest,
            state: self.show.state().clone(),
            next_deadline: self.show.next_deadline(),
            counts: view::counts(&self.show),
        }
    }

    /// Lists are to know what the show is now, once that is durable; also while commands come without a pause.
    pub fn summarise(&mut self) -> Vec<Effect<R>> {
        let summary = self.summary();
        if self.newest == self.durable {
            return vec![Effect::Summarise(summary)];
        }
        self.gate.hold(self.newest, Waiting::Summarise(summary));
        Vec::new()
    }

    /// A snapshot of the settled state, unless the newest one says the same.
    #[must_use]
    pub fn snapshot(&mut self, now: Timestamp) -> Option<Snapshot> {
        if !self.is_settled() || self.newest == self.snapshot_at {
            return None;
        }
        self.snapshot_at = self.newest;
        Some(self.image(now))
    }

    fn facts(&self, now: Timestamp) -> ShowFacts {
        ShowFacts {
            state: self.show.state().clone(),
            settings: self.show.settings().clone(),
            counts: view::counts(&self.show),
            seq: self.newest,
            now,
            next_deadline: self.show.next_deadline(),
        }
    }

    /// Time first: whatever lapsed before `now` has lapsed before anything is decided.
    fn begin(&mut self, now: Timestamp) -> Timestamp {
        let now = now.max(self.not_before);
        let events = self.show.expire(now);
        self.happened(now, events);
        self.lapsed_to = now;
        now
    }

    fn command(&mut self, now: Timestamp, command: &Command) -> Said {
        match self.show.decide(now, command) {
            Ok(events) => {
                let replayed = events.is_empty() && is_repeatable(command);
                self.happened(now, events);
                Said::Answered(Answered { answer: self.show.answer(command), replayed, seq: self.newest, now })
            }
            Err(rejection) => Said::Refused(rejection),
        }
    }

    fn happened(&mut self, now: Timestamp, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        self.touched.clear();
        for event in events {
            self.show.apply(now, &event, &mut self.touched);
            self.newest = self.newest.next();
            self.batch.push(Entry { seq: self.newest, at: now, event });
        }
        self.not_before = now;
        let change = view::public_change(&self.show, &self.touched);
        self.gate.hold(self.newest, Waiting::Publish(change));
    }

    fn send_batch(&mut self, now: Timestamp, effects: &mut Vec<Effect<R>>) {
        if self.in_flight.is_some() || self.batch.is_empty() {
            return;
        }
        self.in_flight = Some(self.newest);
        // Memory and the end of this batch are the same now, and may never be again while a rush lasts.
        let every = self.snapshot_every.max(self.snapshot_bytes / SNAPSHOT_BYTES_AN_EVENT);
        if self.newest.0 >= self.snapshot_at.0.saturating_add(every) {
            self.snapshot_at = self.newest;
            let snapshot = self.image(now);
            self.snapshot_bytes = snapshot.image.len() as u64;
            self.snapshot_waiting = Some(snapshot);
        }
        effects.push(Effect::Append(std::mem::take(&mut self.batch).into()));
    }

    fn image(&self, now: Timestamp) -> Snapshot {
        // A little larger than the last one.
        let bytes = usize::try_from(self.snapshot_bytes + self.snapshot_bytes / 8).unwrap_or(0);
        let image = Arc::new(view::image_of(&self.show, bytes));
        // Whoever wakes from it must not go back behind its newest event.
        Snapshot { seq: self.newest, taken_at: now.max(self.not_before), image }
    }
}

/// Commands whose repetition is answered again; of others an empty list of events says only that nothing was to be done.
fn is_repeatable(command: &Command) -> bool {
    match command {
        Command::Hold(_) | Command::StartPayment { .. } | Command::Book { .. } | Command::SellLate(_) => true,
        Command::ChangeHold { .. }
        | Command::ExtendHold { .. }
        | Command::ReleaseHold { .. }
        | Command::ReopenHold { .. }
        | Command::EndPayment { .. }
        | Command::CancelBooking { .. }
        | Command::Block { .. }
        | Command::Unblock { .. }
        | Command::Configure(_)
        | Command::Change(_)
        | Command::ChangePlan(_) => false,
    }
}
