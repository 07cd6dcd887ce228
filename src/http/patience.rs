//! A request's body has so long to arrive, however slowly it drips: who sends a byte a second must not keep a place for ever.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::time::Sleep;

/// A payload that is kept until the answer has left.
///
/// A handler may answer without reading a body to its end. If the body is dropped then, the connection goes on reading the rest
/// of it, for as long as its client likes to send; while it is kept, the connection is closed after the answer.
pub(super) type Kept = Rc<RefCell<Payload>>;

/// The same payload; past `patience` it ends with an error of the kind `TimedOut`.
pub(super) fn within(payload: Payload, patience: Duration) -> (Patient, Kept) {
    let kept = Rc::new(RefCell::new(payload));
    (Patient { payload: Rc::clone(&kept), patience, deadline: None }, kept)
}

pub(super) struct Patient {
    payload: Kept,
    patience: Duration,
    /// From the first time that it had to wait. Most bodies come with their heads, and need no timer.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Stream for Patient {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // What has arrived counts, also at the very end.
        let piece = Pin::new(&mut *self.payload.borrow_mut()).poll_next(context);
        if piece.is_ready() {
            return piece;
        }
        let patience = self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into())))),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Whether a body ended because it took too long.
pub(super) fn ran_out(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}

/// An answer's body, and the payload of the request that it answers.
pub(super) struct Keeping {
    pub body: BoxBody,
    pub _payload: Kept,
}

impl MessageBody for Keeping {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
