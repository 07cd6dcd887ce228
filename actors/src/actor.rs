//! The actor: carries out what a [`Turn`] says, and nothing else.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::prelude::*;
use aisle_core::{Plan, Seq, ShowId, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::chain;
use crate::clock::{Clock, LeaseMark, Stopwatch};
use crate::feed::Feed;
use crate::handle::{End, NoAnswer, Reply, Shared};
use crate::journal::{Epoch, Journal, JournalError};
use crate::metrics;
use crate::recall::{RecallError, recall};
use crate::registry::{Feeds, ShowsConfig};
use crate::summary::{Plans, ShowSummary, Summaries};
use crate::turn::{Effect, Standing, Turn, Wish};

/// Somebody asks.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Ask {
    pub(crate) wish: Wish,
    pub(crate) reply: Reply,
}

/// Go to sleep: finish what was begun, keep a snapshot, hand over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Sleep;

/// The lease is gone: stop at once, say nothing.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Fence;

/// What lists are to know, once it is durable. Dropped unanswered where that has not changed since the last time.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Summarise(pub(crate) oneshot::Sender<ShowSummary>);

/// Test-only: panics in the next turn.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Stumble;

/// How an actor's life ended, told to the watcher whatever happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In good order.
    Asleep,
    /// Another process owns the show.
    Fenced,
    /// The journal failed it.
    Lost,
    /// It could not be brought back from its journal, or fell over before anybody had asked it anything.
    BadReplay,
    /// A turn panicked.
    Panicked,
}

/// What the actor tells the watcher.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) show: ShowId,
    pub(crate) life: u64,
    pub(crate) ending: Ending,
}

/// Tells the watcher when the actor is gone, also when a panic took it.
struct Guard {
    show: ShowId,
    life: u64,
    ending: Ending,
    shared: Arc<Shared>,
    notes: mpsc::UnboundedSender<Ended>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.set_end(match self.ending {
            Ending::Asleep => End::Asleep,
            Ending::Fenced => End::Fenced,
            Ending::Lost | Ending::BadReplay | Ending::Panicked => End::Lost,
        });
        // The watcher is gone only when the whole thread is.
        let _ = self.notes.send(Ended { show: self.show, life: self.life, ending: self.ending });
    }
}

/// What all the actors of a process share.
pub(crate) struct House {
    pub(crate) config: ShowsConfig,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) plans: Arc<dyn Plans>,
    pub(crate) summaries: Arc<dyn Summaries>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) feeds: Arc<Feeds>,
    pub(crate) notes: mpsc::UnboundedSender<Ended>,
}

/// What an actor says when it is ready, or why it never will be.
pub(crate) type Ready = oneshot::Sender<Result<Feed, Ending>>;

/// One show, awake.
pub(crate) struct ShowActor {
    house: Arc<House>,
    plan: Arc<Plan>,
    shared: Arc<Shared>,
    ready: Option<Ready>,
    awake: Option<Awake>,
    timer: Option<(Timestamp, SpawnHandle)>,
    closing: bool,
    /// What was said last, or is about to be said to whoever asked.
    summarised: Option<Seq>,
    summary_asked: Option<oneshot::Sender<ShowSummary>>,
    stumble: bool,
    guard: Guard,
}

struct Awake {
    turn: Turn<Reply>,
    epoch: Epoch,
    feed: Feed,
    lease: LeaseMark,
}

impl ShowActor {
    pub(crate) fn new(house: Arc<House>, plan: Arc<Plan>, shared: Arc<Shared>, life: u64, ready: Ready) -> Self {
        let guard = Guard {
            show: shared.show,
            life,
            ending: Ending::BadReplay,
            shared: Arc::clone(&shared),
            notes: house.notes.clone(),
        };
        Self {
            house,
            plan,
            shared,
            ready: Some(ready),
            awake: None,
            timer: None,
            closing: false,
            summarised: None,
            summary_asked: None,
            stumble: false,
            guard,
        }
    }

    fn loaded(&mut self, loaded: Result<Awake, Ending>, ctx: &mut Context<Self>) {
        match loaded {
            Ok(awake) => {
                if let Some(ready) = self.ready.take() {
                    let _ = ready.send(Ok(awake.feed.clone()));
                }
                self.awake = Some(awake);
                // Whatever lapsed while nobody was there lapses now.
                self.on_time(ctx);
            }
            Err(ending) => {
                if let Some(ready) = self.ready.take() {
                    let _ = ready.send(Err(ending));
                }
                self.end(ending, ctx);
            }
        }
    }

    /// Throws the memory away and stops. Whoever waits learns why there is no answer.
    fn end(&mut self, ending: Ending, ctx: &mut Context<Self>) {
        self.guard.ending = ending;
        let no_answer = match ending {
            Ending::Asleep => NoAnswer::Asleep,
            Ending::Fenced => NoAnswer::Fenced,
            Ending::Lost | Ending::BadReplay | Ending::Panicked => NoAnswer::Unavailable,
        };
        // Set before anybody is told, so that whoever asks again is not sent here.
        self.shared.set_end(match ending {
            Ending::Asleep => End::Asleep,
            Ending::Fenced => End::Fenced,
            Ending::Lost | Ending::BadReplay | Ending::Panicked => End::Lost,
        });
        if ending == Ending::Fenced {
            self.house.lost(self.shared.show);
        }
        if let Some(awake) = self.awake.take() {
            for reply in awake.turn.give_up() {
                reply.say(Err(no_answer));
            }
        }
        ctx.stop();
    }

    fn on_time(&mut self, ctx: &mut Context<Self>) {
        if !self.must_own(ctx) {
            return;
        }
        let now = self.house.clock.now();
        let Some(awake) = &mut self.awake else { return };
        let effects = awake.turn.time(now);
        self.carry_out(effects, ctx);
    }

    /// Whether the lease under which the show was acquired still lives; where it doesn't, the actor ends.
    fn must_own(&mut self, ctx: &mut Context<Self>) -> bool {
        let Some(awake) = &self.awake else { return false };
        if self.house.clock.lease_holds(awake.lease) {
            return true;
        }
        tracing::warn!(show.id = %self.shared.show, epoch = %awake.epoch, "The lease has ended; the show stops here");
        self.end(Ending::Fenced, ctx);
        false
    }

    fn carry_out(&mut self, effects: Vec<Effect<Reply>>, ctx: &mut Context<Self>) {
        let mut fenced = false;
        for effect in effects {
            let Some(awake) = &mut self.awake else { return };
            match effect {
                Effect::Append(entries) => {
                    let journal = Arc::clone(&self.house.journal);
                    let (show, epoch, count) = (self.shared.show, awake.epoch, entries.len());
                    let watch = Stopwatch::start();
                    let append = async move { journal.append(show, epoch, entries).await };
                    let append = append.into_actor(self).map(move |outcome, actor, ctx| {
                        metrics::appended(count, watch.seconds());
                        actor.appended(outcome, ctx);
                    });
                    ctx.spawn(append);
                }
                Effect::Publish(seq, changes) => self.house.publish(&awake.feed, seq, changes),
                Effect::Summarise(summary) => {
                    if self.summary_asked.take().is_none_or(|asked| asked.send(summary).is_err()) {
                        // Nobody waited so long: it is to be said again.
                        self.summarised = None;
                    }
                }
                Effect::Say(reply, said, standing) => {
                    let may_say = match standing {
                        Standing::Journaled => true,
                        Standing::Believed => self.house.clock.lease_holds(awake.lease),
                    };
                    if may_say {
                        metrics::said(&said);
                        reply.say(Ok(said));
                    } else {
                        fenced = true;
                        reply.say(Err(NoAnswer::Fenced));
                    }
                }
                Effect::Keep(snapshot) => {
                    let journal = Arc::clone(&self.house.journal);
                    let (show, epoch) = (self.shared.show, awake.epoch);
                    let keep = async move {
                        if let Err(error) = journal.save_snapshot(show, epoch, snapshot).await {
                            let error = chain(&error);
                            tracing::warn!(show.id = %show, error, "Could not keep a snapshot of show {show}");
                        }
                    };
                    ctx.spawn(keep.into_actor(self));
                }
            }
        }
        if fenced {
            self.end(Ending::Fenced, ctx);
            return;
        }
        self.arm(ctx);
        if self.closing {
            self.go_to_sleep_when_settled(ctx);
        }
    }

    fn appended(&mut self, outcome: Result<(), JournalError>, ctx: &mut Context<Self>) {
        let show = self.shared.show;
        match outcome {
            Ok(()) => {
                let now = self.house.clock.now();
                let Some(awake) = &mut self.awake else { return };
                let effects = awake.turn.durable(now);
                self.carry_out(effects, ctx);
            }
            Err(JournalError::Fenced { .. }) => {
                tracing::warn!(show.id = %show, "Show {show} was fenced; another process owns it now");
                self.end(Ending::Fenced, ctx);
            }
            Err(
                error @ (JournalError::Refused { .. } | JournalError::Unknown { .. } | JournalError::Damaged { .. }),
            ) => {
                let error = chain(&error);
                tracing::error!(show.id = %show, error, "Could not write the journal of show {show}; the show restarts");
                self.end(Ending::Lost, ctx);
            }
        }
    }

    /// One timer, not later than the next deadline. One that is set to an earlier moment stays: it does no harm when it comes, and is set
    /// anew then. In a rush the next deadline changes with nearly every turn, and nearly always to a later one.
    fn arm(&mut self, ctx: &mut Context<Self>) {
        let wanted = self.awake.as_ref().and_then(|awake| awake.turn.timer());
        if self.timer.as_ref().is_some_and(|(at, _)| wanted.is_none_or(|wanted| *at <= wanted)) {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let Some(at) = wanted else { return };
        let clock = Arc::clone(&self.house.clock);
        let reached = async move { clock.reached(at).await };
        let timer = ctx.spawn(reached.into_actor(self).map(|(), actor, ctx| {
            actor.timer = None;
            actor.on_time(ctx);
        }));
        self.timer = Some((at, timer));
    }

    fn go_to_sleep_when_settled(&mut self, ctx: &mut Context<Self>) {
        let now = self.house.clock.now();
        let Some(awake) = &mut self.awake else { return };
        if !awake.turn.is_settled() {
            return;
        }
        let snapshot = awake.turn.snapshot(now);
        let summary = awake.turn.summary();
        let (show, epoch) = (self.shared.show, awake.epoch);
        let house = Arc::clone(&self.house);
        // From here on nothing may be asked any more: the house is being handed over.
        self.awake = None;
        let farewell = async move {
            if let Some(snapshot) = snapshot
                && let Err(error) = house.journal.save_snapshot(show, epoch, snapshot).await
            {
                let error = chain(&error);
                tracing::warn!(show.id = %show, error, "Could not keep a snapshot of show {show}");
            }
            if let Err(error) = house.summaries.write(vec![summary]).await {
                let error = chain(&error);
                tracing::warn!(show.id = %show, error, "Could not write the summary of show {show}");
            }
            if let Err(error) = house.journal.hand_over(show, epoch).await {
                let error = chain(&error);
                tracing::warn!(show.id = %show, error, "Could not hand over show {show}; it stays ours until the lease ends");
            }
        };
        ctx.spawn(farewell.into_actor(self).map(|(), actor, ctx| actor.end(Ending::Asleep, ctx)));
    }
}

impl Actor for ShowActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.house.config.mailbox_commands_max);
        let house = Arc::clone(&self.house);
        let plan = Arc::clone(&self.plan);
        let show = self.shared.show;
        // Nobody is heard before the show knows itself.
        ctx.wait(load(house, show, plan).into_actor(self).map(|loaded, actor, ctx| actor.loaded(loaded, ctx)));
    }
}

impl Handler<Ask> for ShowActor {
    type Result = ();

    fn handle(&mut self, ask: Ask, ctx: &mut Self::Context) {
        if self.closing {
            ask.reply.say(Err(NoAnswer::Asleep));
            return;
        }
        if self.awake.is_none() || !self.must_own(ctx) {
            ask.reply.say(Err(match self.guard.ending {
                Ending::Fenced => NoAnswer::Fenced,
                Ending::Asleep | Ending::Lost | Ending::BadReplay | Ending::Panicked => NoAnswer::Unavailable,
            }));
            return;
        }
        let now = self.house.clock.now();
        let Some(awake) = &mut self.awake else { return };
        // From now on a panic is the fault of what was asked, not of what was replayed.
        self.guard.ending = Ending::Panicked;
        assert!(!self.stumble, "a turn stumbles, as a test wanted");
        self.shared.last_used.store(now.0, Ordering::Relaxed);
        self.shared.asked.store(true, Ordering::Relaxed);
        let effects = awake.turn.wish(now, &ask.wish, ask.reply);
        if awake.turn.is_replanned() {
            // Nothing more is decided on the old plan: the show goes to sleep and wakes on the new one, and who comes
            // meanwhile waits for that.
            self.closing = true;
            self.shared.set_end(End::Asleep);
        }
        self.carry_out(effects, ctx);
    }
}

impl Handler<Sleep> for ShowActor {
    type Result = ();

    fn handle(&mut self, _: Sleep, ctx: &mut Self::Context) {
        if !self.closing {
            self.closing = true;
            self.go_to_sleep_when_settled(ctx);
        }
    }
}

impl Handler<Fence> for ShowActor {
    type Result = ();

    fn handle(&mut self, _: Fence, ctx: &mut Self::Context) {
        self.must_own(ctx);
    }
}

impl Handler<Stumble> for ShowActor {
    type Result = ();

    fn handle(&mut self, _: Stumble, _: &mut Self::Context) {
        self.stumble = true;
    }
}

impl Handler<Summarise> for ShowActor {
    type Result = ();

    fn handle(&mut self, Summarise(asked): Summarise, ctx: &mut Self::Context) {
        let Some(awake) = self.awake.as_mut().filter(|_| !self.closing) else { return };
        let newest = awake.turn.newest_seq();
        // One that is on its way says less than the newest, but it says it soon.
        let on_its_way = self.summary_asked.is_some();
        if on_its_way || self.summarised != Some(newest) {
            self.summary_asked = Some(asked);
        }
        if !on_its_way && self.summarised != Some(newest) {
            self.summarised = Some(newest);
            let effects = awake.turn.summarise();
            self.carry_out(effects, ctx);
        }
    }
}

async fn load(house: Arc<House>, show: ShowId, begun: Arc<Plan>) -> Result<Awake, Ending> {
    // Taken first: a lease that ends while we load is not the one we loaded under.
    let lease = house.clock.lease_mark();
    let epoch = house.journal.acquire(show).await.map_err(|error| ending_of(&error))?;
    let (every, feeds) = (house.config.snapshot_every, Arc::clone(&house.feeds));
    let replayed = recall(&*house.journal, &*house.plans, show, &begun, move |plan, all| {
        Turn::recover(show, plan, all, every, feeds.seq_of(show, plan))
    });
    let (turn, holds) = replayed.await.map_err(|error| match error {
        RecallError::Journal(error) => ending_of(&error),
        RecallError::Plans(error) => {
            tracing::error!(show.id = %show, error = chain(&error), "Could not read the plan of show {show}");
            Ending::Lost
        }
        RecallError::NoPlan(version) => {
            tracing::error!(show.id = %show, "Show {show} is on plan version {version}, which is not there");
            Ending::BadReplay
        }
        RecallError::BadReplay => Ending::BadReplay,
    })?;
    let plan = Arc::clone(turn.show().plan());
    if plan.version() != begun.version()
        && let Err(error) = house.plans.correct(show, plan.version()).await
    {
        let error = chain(&error);
        tracing::warn!(show.id = %show, error, "Could not note that show {show} is on plan version {}", plan.version());
    }
    let feed = house.feeds.join(show, plan, house.config.ring_max, turn.public_state(), holds);
    house.loaded(turn.show());
    Ok(Awake { turn, epoch, feed, lease })
}

fn ending_of(error: &JournalError) -> Ending {
    let show = error.show();
    let told = chain(error);
    match error {
        JournalError::Fenced { .. } => {
            tracing::info!(show.id = %show, "Another process owns show {show}");
            Ending::Fenced
        }
        JournalError::Refused { .. } | JournalError::Unknown { .. } => {
            tracing::error!(show.id = %show, error = told, "Could not load show {show}");
            Ending::Lost
        }
        JournalError::Damaged { .. } => {
            tracing::error!(show.id = %show, error = told, "The journal of show {show} is damaged");
            Ending::BadReplay
        }
    }
}
