//! Who may come near a hold, and how many sockets there may be.

use std::sync::Arc;

use actix_web::HttpRequest;
use aisle_actors::core::{HoldId, ShowId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::http::{ApiError, Code};
use crate::platform::keys::{Keys, Purpose};

/// The token that proves its bearer is the buyer who holds the seats. Derived from the ids, so a repeated request gets it again.
#[must_use]
pub fn hold_token(keys: &Keys, show: ShowId, hold: HoldId) -> String {
    keys.token(Purpose::HoldToken, &[show.0.as_bytes(), hold.0.as_bytes()])
}

/// Whether this is that token.
#[must_use]
pub fn proves_hold(keys: &Keys, show: ShowId, hold: HoldId, token: &str) -> bool {
    keys.proves(Purpose::HoldToken, &[show.0.as_bytes(), hold.0.as_bytes()], token)
}

/// The request comes from the hold's owner.
///
/// # Errors
/// `hold_token_invalid` where the header is missing or proves nothing about this hold.
pub fn must_own(request: &HttpRequest, keys: &Keys, show: ShowId, hold: HoldId) -> Result<(), ApiError> {
    let token = request.headers().get("aisle-hold-token").and_then(|value| value.to_str().ok());
    if token.is_some_and(|token| proves_hold(keys, show, hold, token)) {
        Ok(())
    } else {
        Err(ApiError::new(
            Code::HoldTokenInvalid,
            "Send the token that you were given with the hold as Aisle-Hold-Token.",
        ))
    }
}

/// Places for live feeds in this process.
#[derive(Clone, Debug)]
pub struct Sockets {
    places: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Sockets {
    /// At most so many at a time.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(max)), stopping: watch::Sender::new(false) }
    }

    /// One place, given back when dropped, and word of the server's stop; `None` when all places are taken.
    #[must_use]
    pub fn take(&self) -> Option<(OwnedSemaphorePermit, watch::Receiver<bool>)> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some((place, self.stopping.subscribe()))
    }

    /// Every socket is told to come back later, at another process or this one's successor.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
        self.places.close();
    }
}
