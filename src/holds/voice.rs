//! What a socket says, and why it falls silent.
//!
//! The words are the body of the answer: the connection's own task asks for them when it has room, and so goes on with whoever
//! makes them. No task and no channel stand between the two, which cost ten thousand sockets as much as all else.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::ws::{OpCode, Parser};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::{Bytes, BytesMut};
use actix_ws::{CloseCode, CloseReason};
use bytestring::ByteString;
use futures_util::future::LocalBoxFuture;

/// Words that may wait for room in the connection, before who says more has to wait.
const WAITING_MAX: usize = 32;

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The client closed it, is gone, or was cut off by the kernel for taking nothing.
    Gone,
    /// Nothing was heard for several pings.
    Silent,
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
            Self::TooSlow => "too_slow",
            Self::Impolite(_) => "impolite",
            Self::Broken => "broken",
            Self::PlanChanged => "plan_changed",
            Self::Stopping => "stopping",
            Self::Unspeakable => "unspeakable",
        }
    }

    /// What the client is told.
    fn reason(self) -> CloseReason {
        let (code, description) = match self {
            Self::Gone => (CloseCode::Normal, ""),
            Self::Silent => (CloseCode::Away, "no answer"),
            Self::TooSlow => (CloseCode::Again, "too slow: reconnect"),
            Self::Impolite(what) => (CloseCode::Policy, what),
            Self::Broken => (CloseCode::Protocol, "not a WebSocket message"),
            Self::PlanChanged => (CloseCode::Restart, "the plan changed: load it again"),
            Self::Stopping => (CloseCode::Restart, "reconnect"),
            Self::Unspeakable => (CloseCode::Error, "could not be written"),
        };
        CloseReason { code, description: (!description.is_empty()).then(|| description.to_owned()) }
    }
}

/// Words on their way to one client, oldest first.
type Waiting = Rc<RefCell<VecDeque<Bytes>>>;

/// One client's ear.
///
/// A client that takes nothing fills the connection's buffer, which then asks for no more words: what happens meanwhile waits in
/// the feed, up to a bound. The kernel cuts such a connection (`startup`); one that reads again, and has missed too much, is told so.
pub(super) struct Voice {
    waiting: Waiting,
    /// Why it ended; nothing where the connection went away under it.
    ended: Option<Why>,
}

impl Voice {
    /// Says a message, once there is room for it.
    pub(super) async fn text(&self, text: ByteString) {
        metrics::counter!("aisle_live_messages_total").increment(1);
        metrics::counter!("aisle_live_bytes_total").increment(text.len() as u64);
        self.say(OpCode::Text, text.as_bytes()).await;
    }

    pub(super) async fn ping(&self) {
        self.say(OpCode::Ping, b"").await;
    }

    /// As short as the ping was.
    pub(super) async fn pong(&self, bytes: &[u8]) {
        self.say(OpCode::Pong, bytes).await;
    }

    /// The last word.
    pub(super) fn farewell(mut self, ends: Ends) {
        self.ended = Some(ends.0);
        let mut frame = BytesMut::new();
        Parser::write_close(&mut frame, Some(ends.0.reason()), false);
        self.waiting.borrow_mut().push_back(frame.freeze());
    }

    async fn say(&self, what: OpCode, bytes: &[u8]) {
        // Who takes from `waiting` asks again afterwards, so that nobody needs to be woken.
        poll_fn(|_| if self.waiting.borrow().len() < WAITING_MAX { Poll::Ready(()) } else { Poll::Pending }).await;
        let mut frame = BytesMut::new();
        Parser::write_message(&mut frame, bytes, what, true, false);
        self.waiting.borrow_mut().push_back(frame.freeze());
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        metrics::counter!("aisle_live_ended_total", "why" => self.ended.unwrap_or(Why::Gone).word()).increment(1);
        metrics::gauge!("aisle_live_sockets").decrement(1.0);
    }
}

/// The body of a socket's answer: goes on with the talk whenever the connection has room for more of it.
pub(super) struct Spoken {
    waiting: Waiting,
    talk: Option<LocalBoxFuture<'static, ()>>,
    /// The answer's own body. It says nothing; while it is there, what the client says is listened to.
    _answer: BoxBody,
}

impl Spoken {
    /// A talk with a client, in place of the body that its answer came with.
    pub(super) fn new<F: Future<Output = ()> + 'static>(answer: BoxBody, talk: impl FnOnce(Voice) -> F) -> Self {
        metrics::gauge!("aisle_live_sockets").increment(1.0);
        let waiting = Waiting::default();
        let voice = Voice { waiting: Rc::clone(&waiting), ended: None };
        Self { waiting, talk: Some(Box::pin(talk(voice))), _answer: answer }
    }
}

impl MessageBody for Spoken {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        loop {
            if let Some(frame) = self.waiting.borrow_mut().pop_front() {
                return Poll::Ready(Some(Ok(frame)));
            }
            let Some(talk) = &mut self.talk else { return Poll::Ready(None) };
            match talk.as_mut().poll(cx) {
                Poll::Ready(()) => self.talk = None,
                Poll::Pending if self.waiting.borrow().is_empty() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn next(spoken: &mut Pin<&mut Spoken>) -> Option<Bytes> {
        poll_fn(|cx| spoken.as_mut().poll_next(cx)).await.map(|frame| frame.unwrap_or_else(|never| match never {}))
    }

    #[actix_web::test]
    async fn whoever_says_more_than_there_is_room_for_waits_until_it_is_taken() {
        let said = Rc::new(RefCell::new(0));
        let count = Rc::clone(&said);
        let spoken = Spoken::new(BoxBody::new(()), |voice| async move {
            for _ in 0..100 {
                voice.text("x".into()).await;
                *count.borrow_mut() += 1;
            }
            voice.farewell(Why::Stopping.into());
        });
        let mut spoken = std::pin::pin!(spoken);
        for taken in 0..100 {
            assert_eq!(next(&mut spoken).await.as_deref(), Some(&b"\x81\x01x"[..]));
            assert!(*said.borrow() <= taken + WAITING_MAX, "{} said, {taken} taken", said.borrow());
        }
        let close = next(&mut spoken).await.unwrap_or_default();
        assert_eq!((close.first(), close.get(2..4)), (Some(&0x88), Some(&1_012_u16.to_be_bytes()[..])));
        assert_eq!(next(&mut spoken).await, None);
    }
}
