//! What the server holds of a show: ask it, read it, watch it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicUsize, Ordering};

use actix::Addr;
use actix::dev::SendError;
use aisle_core::{
    AccessCodeId, AllocationView, Answer, BookingId, BookingView, Command, HoldId, HoldView, Plan, Rejection, Seq,
    Settings, ShowId, ShowState, Timestamp,
};
use tokio::sync::oneshot;

use crate::actor::{Ask, ShowActor};
use crate::feed::Feed;
use crate::registry::Registry;
use crate::summary::CategoryCounts;
use crate::turn::{Said, Wish};

/// What a command's caller is told once it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What there is to show.
    pub answer: Answer,
    /// The command had been carried out before: the same request again, the same answer.
    pub replayed: bool,
    /// The durable number that the answer rests on.
    pub seq: Seq,
    /// The show's time when it was decided; deadlines are to be read against it.
    pub now: Timestamp,
}

/// What a show says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowFacts {
    /// What the show as a whole is.
    pub state: ShowState,
    /// Its rules.
    pub settings: Settings,
    /// By category, in the plan's order.
    pub counts: Vec<CategoryCounts>,
    /// The number that this rests on.
    pub seq: Seq,
    /// The show's time.
    pub now: Timestamp,
    /// When time will next change something by itself.
    pub next_deadline: Option<Timestamp>,
}

/// Why a show did not answer as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The show refused; the refusal is durable knowledge.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Too many wait for this show already. Nothing was done.
    #[error("this show is very busy")]
    Busy {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The journal was lost while this was on its way, or the show is being rebuilt. It may have been done: ask again with the
    /// same key.
    #[error("this show is not available for a moment")]
    Unavailable,
    /// Another process owns the show.
    #[error("another process owns this show")]
    Fenced,
    /// The show's journal could not be replayed; somebody has been called.
    #[error("this show is out of order")]
    Quarantined,
    /// There is no such show.
    #[error("there is no such show")]
    NotFound,
}

/// A mailbox that is full is empty again well within a second, or the show is in trouble.
pub(crate) const BUSY_RETRY_AFTER_MS: u64 = 1_000;

/// How an actor's life ended, for those who still hold its handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum End {
    /// It lives.
    None = 0,
    /// Passivated in good order: what wasn't answered wasn't done.
    Asleep = 1,
    /// Another process took over.
    Fenced = 2,
    /// Its memory was thrown away.
    Lost = 3,
}

/// The part of a handle that the actor and the registry see too.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) show: ShowId,
    pub(crate) end: AtomicU8,
    /// Asked and not yet answered.
    pub(crate) waiting: AtomicUsize,
    pub(crate) waiting_max: usize,
    pub(crate) last_used: AtomicI64,
    /// Somebody has asked it something since it woke.
    pub(crate) asked: AtomicBool,
}

impl Shared {
    pub(crate) fn new(show: ShowId, waiting_max: usize, now: Timestamp) -> Self {
        Self {
            show,
            end: AtomicU8::new(End::None as u8),
            waiting: AtomicUsize::new(0),
            waiting_max,
            last_used: AtomicI64::new(now.0),
            asked: AtomicBool::new(false),
        }
    }

    pub(crate) fn end(&self) -> End {
        match self.end.load(Ordering::Acquire) {
            0 => End::None,
            1 => End::Asleep,
            2 => End::Fenced,
            _ => End::Lost,
        }
    }

    pub(crate) fn set_end(&self, end: End) {
        self.end.store(end as u8, Ordering::Release);
    }
}

/// One of the places to wait for an answer; given back when the answer has left or will never come.
#[derive(Debug)]
struct Slot(Arc<Shared>);

impl Slot {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let slot = Self(Arc::clone(shared));
        // Counted first, so that two who come at once cannot both have the last place.
        (shared.waiting.fetch_add(1, Ordering::AcqRel) < shared.waiting_max).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Where an answer goes. Dropped unanswered, the caller learns that there is none.
#[derive(Debug)]
pub(crate) struct Reply {
    sender: oneshot::Sender<Result<Said, NoAnswer>>,
    // Kept by the actor rather than by the caller: a caller who hangs up frees no place while the show still works for them.
    slot: Slot,
}

impl Reply {
    pub(crate) fn say(self, said: Result<Said, NoAnswer>) {
        let Self { sender, slot } = self;
        // First, so that who has an answer finds the place free again.
        drop(slot);
        // A caller who has hung up finds out by asking again.
        let _ = sender.send(said);
    }
}

/// Why an actor has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It goes to sleep: nothing was done, ask whoever wakes next.
    Asleep,
    /// See [`AskError::Unavailable`].
    Unavailable,
    /// See [`AskError::Fenced`].
    Fenced,
}

struct HandleInner {
    shared: Arc<Shared>,
    feed: Feed,
    addr: Addr<ShowActor>,
    registry: Arc<Registry>,
}

/// A show that was awake when this was made. Stays good: where the show has gone to sleep or was rebuilt meanwhile, the next
/// question finds it again. Clone is cheap.
#[derive(Clone)]
pub struct ShowHandle(Arc<HandleInner>);

impl fmt::Debug for ShowHandle {
    // Not derived: the registry that it leads back to has it too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ShowHandle").field(&self.id()).finish()
    }
}

#[expect(clippy::large_enum_variant, reason = "it is looked at where it is made, and never kept")]
enum Tried {
    Said(Result<Said, AskError>),
    /// Nothing was done.
    Gone,
}

impl ShowHandle {
    pub(crate) fn new(shared: Arc<Shared>, feed: Feed, addr: Addr<ShowActor>, registry: Arc<Registry>) -> Self {
        Self(Arc::new(HandleInner { shared, feed, addr, registry }))
    }

    /// Which show.
    #[must_use]
    pub fn id(&self) -> ShowId {
        self.0.shared.show
    }

    /// The plan that its numbers belong to.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        self.0.feed.plan()
    }

    /// Public reads: they never enter the mailbox.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.0.feed
    }

    /// Carries out a command; the answer comes when it is durable.
    ///
    /// # Errors
    /// See [`AskError`]. Only after `Unavailable` may the command have been carried out.
    pub async fn ask(&self, command: Command) -> Result<Answered, AskError> {
        match self.wish(Wish::Command(command)).await? {
            Said::Answered(answered) => Ok(answered),
            Said::Refused(rejection) => Err(AskError::Rejected(rejection)),
            Said::Hold(_) | Said::Booking(_) | Said::Allocations(_) | Said::CodeUses(_) | Said::Facts(_) => {
                Err(AskError::Unavailable)
            }
        }
    }

    /// A hold as its owner may see it; `None`: never made, or ended so long ago that it is forgotten.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`.
    pub async fn hold(&self, hold: HoldId) -> Result<Option<HoldView>, AskError> {
        match self.wish(Wish::Hold(hold)).await? {
            Said::Hold(view) => Ok(view),
            Said::Answered(_)
            | Said::Refused(_)
            | Said::Booking(_)
            | Said::Allocations(_)
            | Said::CodeUses(_)
            | Said::Facts(_) => Err(AskError::Unavailable),
        }
    }

    /// A booking, with what is left of it; `None`: never made.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`.
    pub async fn booking(&self, booking: BookingId) -> Result<Option<BookingView>, AskError> {
        match self.wish(Wish::Booking(booking)).await? {
            Said::Booking(view) => Ok(view),
            Said::Answered(_)
            | Said::Refused(_)
            | Said::Hold(_)
            | Said::Allocations(_)
            | Said::CodeUses(_)
            | Said::Facts(_) => Err(AskError::Unavailable),
        }
    }

    /// All places kept by the house.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`.
    pub async fn allocations(&self) -> Result<Vec<AllocationView>, AskError> {
        match self.wish(Wish::Allocations).await? {
            Said::Allocations(views) => Ok(views),
            Said::Answered(_)
            | Said::Refused(_)
            | Said::Hold(_)
            | Said::Booking(_)
            | Said::CodeUses(_)
            | Said::Facts(_) => Err(AskError::Unavailable),
        }
    }

    /// How many places are held and booked under each access code, by id; those under which there are none are left out.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`.
    pub async fn code_uses(&self) -> Result<Vec<(AccessCodeId, u64)>, AskError> {
        match self.wish(Wish::CodeUses).await? {
            Said::CodeUses(uses) => Ok(uses),
            Said::Answered(_)
            | Said::Refused(_)
            | Said::Hold(_)
            | Said::Booking(_)
            | Said::Allocations(_)
            | Said::Facts(_) => Err(AskError::Unavailable),
        }
    }

    /// State, settings, counts.
    ///
    /// # Errors
    /// See [`AskError`]; never `Rejected`.
    pub async fn facts(&self) -> Result<ShowFacts, AskError> {
        match self.wish(Wish::Facts).await? {
            Said::Facts(facts) => Ok(facts),
            Said::Answered(_)
            | Said::Refused(_)
            | Said::Hold(_)
            | Said::Booking(_)
            | Said::Allocations(_)
            | Said::CodeUses(_) => Err(AskError::Unavailable),
        }
    }

    pub(crate) fn addr(&self) -> &Addr<ShowActor> {
        &self.0.addr
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.0.addr.connected() && self.0.shared.end() == End::None
    }

    /// Asks; and once more, of the show's next life, where this one ended before it had done anything.
    async fn wish(&self, wish: Wish) -> Result<Said, AskError> {
        let mut handle = self.clone();
        for _ in 0..3 {
            match handle.try_wish(wish.clone()).await {
                Tried::Said(said) => return said,
                Tried::Gone => handle = handle.0.registry.get(self.id()).await?,
            }
            // What was asked was said in the old plan's numbers of sections and categories.
            if handle.plan().version() != self.plan().version() {
                return Err(AskError::Unavailable);
            }
        }
        // It fell asleep each time before it could be asked: nothing was done, and too many shows want to be awake.
        Err(AskError::Busy { retry_after_ms: BUSY_RETRY_AFTER_MS })
    }

    async fn try_wish(&self, wish: Wish) -> Tried {
        let shared = &self.0.shared;
        if shared.end() != End::None {
            return Tried::Gone;
        }
        let Some(slot) = Slot::take(shared) else {
            crate::metrics::mailbox_full();
            return Tried::Said(Err(AskError::Busy { retry_after_ms: BUSY_RETRY_AFTER_MS }));
        };
        let (sender, receiver) = oneshot::channel();
        match self.0.addr.try_send(Ask { wish, reply: Reply { sender, slot } }) {
            Ok(()) => {}
            Err(SendError::Full(_)) => {
                crate::metrics::mailbox_full();
                return Tried::Said(Err(AskError::Busy { retry_after_ms: BUSY_RETRY_AFTER_MS }));
            }
            Err(SendError::Closed(_)) => return Tried::Gone,
        }
        match receiver.await {
            Ok(Ok(said)) => Tried::Said(Ok(said)),
            Ok(Err(NoAnswer::Asleep)) => Tried::Gone,
            Ok(Err(NoAnswer::Unavailable)) => Tried::Said(Err(AskError::Unavailable)),
            Ok(Err(NoAnswer::Fenced)) => Tried::Said(Err(AskError::Fenced)),
            // Dropped unanswered: the actor died with it.
            Err(_) => match shared.end() {
                End::Asleep => Tried::Gone,
                End::Fenced => Tried::Said(Err(AskError::Fenced)),
                End::None | End::Lost => Tried::Said(Err(AskError::Unavailable)),
            },
        }
    }
}
