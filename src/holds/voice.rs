//! What a socket says: every word within a bounded time, and why it falls silent.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use actix_web::web::Bytes;
use actix_ws::{CloseCode, CloseReason, Closed, Item, Message, Session};
use bytestring::ByteString;
use futures_util::SinkExt as _;

/// A first word is said in frames of this size, each on its way before the next is made. All at once it would fill more of the
/// connection's buffer than anything after it, and what was written once of a buffer stays in memory for as long as somebody watches.
const PIECE_BYTES: usize = 2 * 1024;

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The client closed it, is gone, or was cut off by the kernel for taking nothing.
    Gone,
    /// Nothing was heard for several pings.
    Silent,
    /// What it was sent was not taken in time.
    Stalled,
    /// More happened than it could be told.
    TooSlow,
    /// It said what it may not.
    Impolite(&'static str),
    /// It does not speak the protocol.
    Broken,
    /// The show is played on another plan.
    PlanChanged,
    /// The server or the show goes away.
    Stopping,
    /// Something could not be written as JSON.
    Unspeakable,
}

/// The socket ends, for this reason.
pub(super) struct Ends(Why);

impl From<Why> for Ends {
    fn from(why: Why) -> Self {
        Self(why)
    }
}

impl Why {
    /// For the metric: few words, none of them the client's.
    fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Silent => "silent",
            Self::Stalled => "stalled",
            Self::TooSlow => "too_slow",
            Self::Impolite(_) => "impolite",
            Self::Broken => "broken",
            Self::PlanChanged => "plan_changed",
            Self::Stopping => "stopping",
            Self::Unspeakable => "unspeakable",
        }
    }

    /// What the client is told; `None` where it listens no more.
    fn reason(self) -> Option<CloseReason> {
        let (code, description) = match self {
            Self::Stalled => return None,
            Self::Gone => (CloseCode::Normal, ""),
            Self::Silent => (CloseCode::Away, "no answer"),
            Self::TooSlow => (CloseCode::Again, "too slow: reconnect"),
            Self::Impolite(what) => (CloseCode::Policy, what),
            Self::Broken => (CloseCode::Protocol, "not a WebSocket message"),
            Self::PlanChanged => (CloseCode::Restart, "the plan changed: load it again"),
            Self::Stopping => (CloseCode::Restart, "reconnect"),
            Self::Unspeakable => (CloseCode::Error, "could not be written"),
        };
        Some(CloseReason { code, description: (!description.is_empty()).then(|| description.to_owned()) })
    }
}

/// One client's ear.
///
/// Between us and the network stand a channel of 32 messages and the connection's buffers. When they are full, saying something
/// waits; past `unread_max` the client counts as stalled. Where the kernel can, it cuts such a connection by the same measure
/// (`startup`), and sooner, because its buffer is full first.
pub(super) struct Voice {
    session: Session,
    unread_max: Duration,
    /// Looked up once: a delta is ten thousand messages.
    messages: metrics::Counter,
    bytes: metrics::Counter,
}

impl Voice {
    pub(super) fn new(session: Session, unread_max: Duration) -> Self {
        let messages = metrics::counter!("aisle_live_messages_total");
        let bytes = metrics::counter!("aisle_live_bytes_total");
        Self { session, unread_max, messages, bytes }
    }

    /// Says a message; the bytes are shared until the connection frames them.
    pub(super) fn text(&mut self, text: ByteString) -> impl Future<Output = Result<(), Ends>> {
        self.count(&text);
        self.say(Message::Text(text))
    }

    /// Says a message that may be long, in several frames.
    pub(super) async fn long_text(&mut self, text: ByteString) -> Result<(), Ends> {
        if text.len() <= PIECE_BYTES {
            return self.text(text).await;
        }
        self.count(&text);
        let mut left = text.into_bytes();
        let first = Item::FirstText(left.split_to(PIECE_BYTES));
        self.say(Message::Continuation(first)).await?;
        loop {
            // The connection is a task of this thread, and comes before us now.
            tokio::task::yield_now().await;
            let is_last = left.len() <= PIECE_BYTES;
            let piece = left.split_to(PIECE_BYTES.min(left.len()));
            let piece = if is_last { Item::Last(piece) } else { Item::Continue(piece) };
            self.say(Message::Continuation(piece)).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    fn count(&self, text: &ByteString) {
        self.messages.increment(1);
        self.bytes.increment(text.len() as u64);
    }

    pub(super) async fn ping(&mut self) -> Result<(), Ends> {
        self.say(Message::Ping(Bytes::new())).await
    }

    pub(super) async fn pong(&mut self, bytes: &[u8]) -> Result<(), Ends> {
        Box::pin(within(self.unread_max, self.session.pong(bytes))).await
    }

    /// Says it at once where the channel has room, as it nearly always has: no timer is set then. The wait for one that has none has
    /// memory of its own, which a socket at rest has no use for.
    async fn say(&mut self, message: Message) -> Result<(), Ends> {
        match poll_fn(|context| Poll::Ready(self.session.poll_ready_unpin(context))).await {
            Poll::Ready(Ok(())) => self.session.start_send_unpin(message).map_err(|Closed| Why::Gone.into()),
            Poll::Ready(Err(Closed)) => Err(Why::Gone.into()),
            Poll::Pending => Box::pin(within(self.unread_max, self.session.send(message))).await,
        }
    }

    /// The last word. A client that takes nothing any more gets none; its connection is the kernel's to cut.
    pub(super) async fn farewell(self, ends: Ends) {
        metrics::counter!("aisle_live_ended_total", "why" => ends.0.word()).increment(1);
        if let Some(reason) = ends.0.reason() {
            // A client that is gone needs no farewell.
            let _gone = tokio::time::timeout(self.unread_max, self.session.close(Some(reason))).await;
        }
    }
}

async fn within(unread_max: Duration, said: impl Future<Output = Result<(), Closed>>) -> Result<(), Ends> {
    match tokio::time::timeout(unread_max, said).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Closed)) => Err(Why::Gone.into()),
        Err(_) => Err(Why::Stalled.into()),
    }
}
