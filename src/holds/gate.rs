//! Who may come near a hold, and how many sockets there may be.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use aisle_actors::Shows;
use aisle_actors::core::{BuyerId, HoldId, ShowId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::bookings::must_sell;
use crate::accounts::MaybeMachine;
use crate::catalog::Catalog;
use crate::http::{ApiError, Code, rejection};
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
fn must_own(request: &HttpRequest, keys: &Keys, show: ShowId, hold: HoldId) -> Result<(), ApiError> {
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

/// The same, or it comes from the machine that made the hold: that one needs no token. A machine has no business in another house,
/// also with a token of it. Wakes the show for machines only.
///
/// # Errors
/// As [`must_own`] for everybody else, `not_found` for a machine that has not made it, or whose house does not sell the show.
pub(super) async fn must_have(
    request: &HttpRequest,
    keys: &Keys,
    machine: &MaybeMachine,
    catalog: &Catalog,
    shows: &Shows,
    show: ShowId,
    hold: HoldId,
) -> Result<(), ApiError> {
    let Some(machine) = &machine.0 else { return must_own(request, keys, show, hold) };
    // Boxed, as everything is that few buyers need: a rush would carry the room for it through every layer.
    Box::pin(must_sell(catalog, machine, show)).await?;
    if request.headers().contains_key("aisle-hold-token") {
        return must_own(request, keys, show, hold);
    }
    let made = async {
        let handle = shows.get(show).await.map_err(|error| rejection::unasked(&error))?;
        let view = handle.hold(hold).await.map_err(|error| rejection::asked(error, handle.plan()))?;
        Ok::<bool, ApiError>(view.is_some_and(|view| view.origin.buyer == Some(BuyerId(machine.id))))
    };
    if Box::pin(made).await? { Ok(()) } else { Err(ApiError::not_found("hold")) }
}

/// What live feeds may cost.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// At most so many at a time.
    pub sockets_max: usize,
    /// How long a client may leave unread what it was sent.
    pub unread_max: Duration,
    /// How often it is asked whether it is there.
    pub ping_every: Duration,
}

/// Places for live feeds in this process.
#[derive(Clone, Debug)]
pub struct Sockets {
    limits: SocketLimits,
    places: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

/// A place for one live feed; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) place: OwnedSemaphorePermit,
    /// Changes when the server stops.
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) unread_max: Duration,
    pub(super) ping_every: Duration,
}

impl Sockets {
    /// As many places as `limits` allow.
    #[must_use]
    pub fn new(limits: SocketLimits) -> Self {
        Self { limits, places: Arc::new(Semaphore::new(limits.sockets_max)), stopping: watch::Sender::new(false) }
    }

    /// One place; `None` when all are taken.
    pub(super) fn take(&self) -> Option<Place> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let SocketLimits { sockets_max: _, unread_max, ping_every } = self.limits;
        Some(Place { place, stopping: self.stopping.subscribe(), unread_max, ping_every })
    }

    /// Places that are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.places.available_permits()
    }

    /// Every socket is told to come back later, at another process or this one's successor.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
        self.places.close();
    }
}
