//! The yardstick of a live feed: every so often all who listen are told the same text, which is made once and says when.

use std::sync::Mutex;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, rt, web};
use bytestring::ByteString;
use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::sync::broadcast::{self, error::RecvError};

/// Texts that a listener may be behind before it misses some.
const BEHIND_MAX: usize = 64;

/// So often it is looked whether all have read the last text.
const AGAIN: Duration = Duration::from_millis(5);

/// What is told and how often at most, as whoever came last wanted it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Pace {
    bytes: usize,
    every_ms: u64,
}

/// The one who tells.
pub struct Teller {
    texts: broadcast::Sender<ByteString>,
    pace: Mutex<Pace>,
}

impl Teller {
    pub fn new() -> Self {
        Self { texts: broadcast::Sender::new(BEHIND_MAX), pace: Mutex::new(Pace { bytes: 2_000, every_ms: 250 }) }
    }

    fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Tells for ever.
    pub async fn tell(&self) {
        // What would have happened since the word before waits for this one: whoever listens can tell how long.
        let mut since = jiff::Timestamp::now().as_microsecond();
        loop {
            let Pace { bytes, every_ms } = self.pace();
            tokio::time::sleep(Duration::from_millis(every_ms.max(1))).await;
            // Where all have not read the last word yet, another would only pile up.
            while !self.texts.is_empty() {
                tokio::time::sleep(AGAIN).await;
            }
            if self.texts.receiver_count() > 0 {
                let at = jiff::Timestamp::now().as_microsecond();
                let head = format!(r#"{{"t":"told","since":{since},"at":{at},"more":""#);
                let more = "x".repeat(bytes.saturating_sub(head.len() + 2));
                let _ = self.texts.send(format!(r#"{head}{more}"}}"#).into());
                since = at;
            }
        }
    }
}

pub async fn live(
    request: HttpRequest,
    body: web::Payload,
    teller: web::Data<Teller>,
    pace: web::Query<Pace>,
) -> Result<HttpResponse, actix_web::Error> {
    *teller.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = *pace;
    let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    let mut texts = teller.texts.subscribe();
    rt::spawn(async move {
        loop {
            tokio::select! {
                biased;
                text = texts.recv() => match text {
                    Ok(text) => if session.text(text).await.is_err() { return },
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
                message = messages.next() => if !matches!(message, Some(Ok(_))) { return },
            }
        }
    });
    Ok(response)
}
