//! The journal: where events become durable, and who may write them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aisle_core::{Entry, Event, Seq, ShowId, Timestamp};
use uuid::Uuid;

use crate::summary::StoreError;

/// A future that a trait object can hand out.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What lies under a fault: printed with its chain where the fault is handled.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// One server process, for as long as it runs. A restarted process is another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub Uuid);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of the current ownership of a show; grows by one each time a process takes it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The state of a show at a sequence number, in the core's compact form. Losing one costs time, never data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event that is in it.
    pub seq: Seq,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The core's image.
    pub image: Arc<Vec<u8>>,
}

/// All that the journal knows of a show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The newest snapshot.
    pub snapshot: Option<Snapshot>,
    /// Every entry after the snapshot (or from the first one on), in order and without gaps.
    pub entries: Vec<Entry>,
}

/// One line of a show's journal as it is stored, whatever is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub seq: Seq,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened; or why that cannot be read.
    pub event: Result<Event, String>,
}

/// Lines as entries that follow `after` one by one.
///
/// # Errors
/// [`JournalError::Damaged`] for a gap, and for a line that cannot be read.
pub fn entries_of(show: ShowId, after: Seq, lines: Vec<Line>) -> Result<Vec<Entry>, JournalError> {
    let mut expected = after;
    let read = lines.into_iter().map(|Line { seq, at, event }| {
        expected = expected.next();
        if seq != expected {
            return Err(JournalError::Damaged { show, what: format!("entry {} is missing", expected.0) });
        }
        let event = event.map_err(|why| {
            let what = format!("entry {} cannot be read: {why}", seq.0);
            JournalError::Damaged { show, what }
        })?;
        Ok(Entry { seq, at, event })
    });
    read.collect()
}

/// Why the journal did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process owns the show, or this process no longer does. Nothing was written.
    #[error("another process owns show {show}")]
    Fenced {
        /// Which.
        show: ShowId,
    },
    /// A definite no: nothing was written.
    #[error("the journal of show {show} refused")]
    Refused {
        /// Which.
        show: ShowId,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// Nobody knows whether it was written: the connection was lost, or no answer came in time.
    #[error("the journal of show {show} did not answer")]
    Unknown {
        /// Which.
        show: ShowId,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// What is stored contradicts itself: a gap, a snapshot newer than its journal, an entry that cannot be read.
    #[error("the journal of show {show} is damaged: {what}")]
    Damaged {
        /// Which.
        show: ShowId,
        /// What contradicts what.
        what: String,
    },
}

impl JournalError {
    /// Which show.
    #[must_use]
    pub fn show(&self) -> ShowId {
        match self {
            Self::Fenced { show }
            | Self::Refused { show, .. }
            | Self::Unknown { show, .. }
            | Self::Damaged { show, .. } => *show,
        }
    }
}

/// Where a node keeps its shows' events. One value belongs to one node.
///
/// The order that keeps two owners apart: `acquire` waits for a running append of the owner before, and only then `load`
/// reads; an append whose epoch is no longer the show's is [`JournalError::Fenced`], whenever it arrives.
pub trait Journal: Send + Sync + 'static {
    /// Become the only writer of a show. Allowed where nobody owns it, where its owner handed it over, where its owner's lease
    /// has ended, and where this node owns it already; in each case the epoch is a new one.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] while another node's lease on it lives, or this node's own has ended.
    fn acquire(&self, show: ShowId) -> BoxFuture<'_, Result<Epoch, JournalError>>;

    /// The newest snapshot and everything after it. After [`Journal::acquire`] that is all there is; without it, all there was at
    /// some moment during the call.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] for a gap, or a snapshot that is newer than its journal.
    fn load(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>>;

    /// The whole journal from its first entry, for when a snapshot cannot be read.
    ///
    /// # Errors
    /// As [`Journal::load`].
    fn load_whole(&self, show: ShowId) -> BoxFuture<'_, Result<Recovered, JournalError>>;

    /// At most `max` lines after `after`, in order, as they are stored. Owns nothing, waits for nobody.
    ///
    /// # Errors
    /// `Refused` or `Unknown`: ask again.
    fn lines(&self, show: ShowId, after: Seq, max: usize) -> BoxFuture<'_, Result<Vec<Line>, JournalError>>;

    /// The newest snapshot that stands at `until` or before it. Owns nothing.
    ///
    /// # Errors
    /// `Refused` or `Unknown`: ask again.
    fn snapshot(&self, show: ShowId, until: Seq) -> BoxFuture<'_, Result<Option<Snapshot>, JournalError>>;

    /// How far the journals of these shows go; a show without a journal may be left out. Owns nothing.
    ///
    /// # Errors
    /// The store failed; ask again.
    fn heads(&self, shows: Vec<ShowId>) -> BoxFuture<'_, Result<Vec<(ShowId, Seq)>, StoreError>>;

    /// Makes entries durable: all of them, or none. They follow what is there without a gap. One append of a show is on its way
    /// at a time.
    ///
    /// # Errors
    /// See [`JournalError`]; only after `Unknown` may they have been written.
    fn append(&self, show: ShowId, epoch: Epoch, entries: Arc<[Entry]>) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Keeps a snapshot of the durable prefix. Fenced like an append.
    ///
    /// # Errors
    /// See [`JournalError`].
    fn save_snapshot(&self, show: ShowId, epoch: Epoch, snapshot: Snapshot) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Lets go of a show: from now on any node may acquire it. Nothing happens where the epoch is no longer the show's.
    ///
    /// # Errors
    /// `Refused` or `Unknown`: the show then stays this node's until its lease ends.
    fn hand_over(&self, show: ShowId, epoch: Epoch) -> BoxFuture<'_, Result<(), JournalError>>;
}
