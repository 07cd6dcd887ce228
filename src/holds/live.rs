//! `GET /shows/{id}/live`: the live feed over a WebSocket. A delta is encoded once, by the feed, for all sockets.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, get, rt, web};
use actix_ws::{CloseCode, CloseReason, Message, Session};
use aisle_actors::core::{HoldId, HoldState, HoldView, Seq, ShowId, ShowState};
use aisle_actors::{Clock, Delta, Feed, FeedSnapshot, Shows};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use uuid::Uuid;

use super::gate::{Sockets, proves_hold};
use super::routes::view;
use super::seats::{AreaAvailable, Since, areas, must_be_public};
use super::wire::HoldJson;
use crate::http::ApiError;
use crate::platform::keys::Keys;
use crate::platform::time;

/// Often enough that a phone's network keeps the connection, and that a dead one is noticed within a minute.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Pings without any answer before a socket counts as dead.
const PINGS_UNANSWERED_MAX: u32 = 3;
/// What a client may say at once; a hold's id and token are 150 bytes.
const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// What a client may say in all; it has nothing to say but which hold is its own.
const MESSAGES_MAX: u32 = 1_000;

/// What a client may say.
#[derive(Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    /// "This hold is mine."
    Hold { id: Uuid, token: String },
}

#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum Tell<'a> {
    Snapshot { plan_version: Uuid, seq: u64, seats: &'a str, areas: Vec<AreaAvailable>, server_time: jiff::Timestamp },
    Show { state: &'static str, public_message: Option<&'a str> },
    Hold { hold: HoldJson },
    HoldEnded { id: Uuid, why: &'static str },
}

/// The live feed: a snapshot (or with `since` what came after it), then every change as it becomes durable.
#[utoipa::path(tag = "holds", params(("show_id" = Uuid, Path), Since),
    responses((status = 101, description = "The connection becomes a WebSocket; docs/API.md has its messages")))]
#[get("/shows/{show_id}/live")]
#[allow(clippy::too_many_arguments, reason = "each is an extractor")]
pub(super) async fn live(
    request: HttpRequest,
    body: web::Payload,
    shows: web::Data<Shows>,
    keys: web::Data<Keys>,
    clock: web::Data<Clock>,
    sockets: web::Data<Sockets>,
    path: web::Path<Uuid>,
    since: web::Query<Since>,
) -> Result<HttpResponse, ApiError> {
    let feed = view(&shows, ShowId(*path)).await?.feed().clone();
    must_be_public(&feed.snapshot().state)?;
    let Some((place, stopping)) = sockets.take() else { return Err(ApiError::busy(5)) };
    let (response, session, messages) = actix_ws::handle(&request, body)
        .map_err(|_| ApiError::new(crate::http::Code::MalformedRequest, "Connect with a WebSocket handshake."))?;
    let messages = messages.max_frame_size(MESSAGE_BYTES_MAX);
    let socket = Socket { session, feed, shows, keys, clock, own: None };
    rt::spawn(async move {
        metrics::gauge!("aisle_live_sockets").increment(1.0);
        socket.run(messages, since.since.map(Seq), stopping).await;
        metrics::gauge!("aisle_live_sockets").decrement(1.0);
        drop(place);
    });
    Ok(response)
}

struct Socket {
    session: Session,
    /// Goes on whether the show sleeps or is awake.
    feed: Feed,
    shows: web::Data<Shows>,
    keys: web::Data<Keys>,
    clock: web::Data<Clock>,
    /// The hold that this client has proved to own.
    own: Option<HoldId>,
}

/// The socket ends, for this reason.
struct Ends(CloseReason);

impl From<actix_ws::Closed> for Ends {
    fn from(_: actix_ws::Closed) -> Self {
        Self(CloseReason { code: CloseCode::Away, description: None })
    }
}

fn ends(code: CloseCode, description: &str) -> Ends {
    Ends(CloseReason { code, description: Some(description.to_owned()) })
}

impl Socket {
    async fn run(mut self, messages: actix_ws::MessageStream, since: Option<Seq>, stopping: watch::Receiver<bool>) {
        let Err(Ends(reason)) = self.talk(messages, since, stopping).await;
        // A client that is gone needs no farewell.
        let _gone = self.session.close(Some(reason)).await;
    }

    async fn talk(
        &mut self,
        mut messages: actix_ws::MessageStream,
        since: Option<Seq>,
        mut stopping: watch::Receiver<bool>,
    ) -> Result<std::convert::Infallible, Ends> {
        // Subscribed before the snapshot is taken, so that nothing falls between the two.
        let mut deltas = self.feed.subscribe();
        let mut seq = self.begin(since).await?;
        let mut pings = tokio::time::interval(PING_EVERY);
        pings.reset();
        let (mut unanswered, mut said) = (0, 0);
        loop {
            tokio::select! {
                delta = deltas.recv() => match delta {
                    Ok(delta) if delta.seq <= seq => {}
                    Ok(delta) => {
                        self.tell_delta(&delta).await?;
                        seq = delta.seq;
                    }
                    Err(RecvError::Lagged(_)) => return Err(ends(CloseCode::Again, "too slow: reconnect")),
                    Err(RecvError::Closed) => return Err(ends(CloseCode::Restart, "reconnect")),
                },
                message = messages.next() => {
                    unanswered = 0;
                    said += 1;
                    if said > MESSAGES_MAX {
                        return Err(ends(CloseCode::Policy, "too many messages"));
                    }
                    match message {
                        Some(Ok(Message::Text(text))) => self.hear(&text).await?,
                        Some(Ok(Message::Ping(bytes))) => self.session.pong(&bytes).await?,
                        Some(Ok(Message::Pong(_))) => said -= 1,
                        Some(Ok(Message::Close(_))) | None => return Err(ends(CloseCode::Normal, "")),
                        Some(Ok(Message::Binary(_) | Message::Continuation(_) | Message::Nop)) => {
                            return Err(ends(CloseCode::Unsupported, "only text"));
                        }
                        Some(Err(_)) => return Err(ends(CloseCode::Protocol, "not a WebSocket message")),
                    }
                },
                _ = stopping.changed() => return Err(ends(CloseCode::Restart, "reconnect")),
                _ = pings.tick() => {
                    unanswered += 1;
                    if unanswered > PINGS_UNANSWERED_MAX {
                        return Err(ends(CloseCode::Away, "no answer"));
                    }
                    self.session.ping(b"").await?;
                }
            }
        }
    }

    /// Sends what the client lacks; answers the number that it has now.
    async fn begin(&mut self, since: Option<Seq>) -> Result<Seq, Ends> {
        if let Some(since) = since
            && let Some(deltas) = self.feed.since(since)
        {
            let mut seq = since;
            for delta in deltas {
                self.session.text(delta.json.to_string()).await?;
                seq = delta.seq;
            }
            let state = self.feed.snapshot().state;
            self.tell_show(&state).await?;
            return Ok(seq);
        }
        let snapshot: FeedSnapshot = self.feed.snapshot();
        self.tell(&Tell::Snapshot {
            plan_version: snapshot.plan_version.0,
            seq: snapshot.seq.0,
            seats: &snapshot.letters,
            areas: areas(self.feed.plan(), &snapshot.areas),
            server_time: time::from_core(self.clock.now()),
        })
        .await?;
        self.tell_show(&snapshot.state).await?;
        Ok(snapshot.seq)
    }

    async fn hear(&mut self, text: &str) -> Result<(), Ends> {
        let Ok(Said::Hold { id, token }) = serde_json::from_str::<Said>(text) else {
            return Err(ends(CloseCode::Policy, "not understood"));
        };
        let hold = HoldId(id);
        if !proves_hold(&self.keys, self.feed.show(), hold, &token) {
            return Err(ends(CloseCode::Policy, "hold_token_invalid"));
        }
        self.own = Some(hold);
        // Whose hold it is may wake the show: what a hold is, only its owner can say.
        let view = match self.shows.get(self.feed.show()).await {
            Ok(handle) => handle.hold(hold).await,
            Err(error) => Err(error),
        };
        match view {
            Ok(Some(view)) => self.tell_hold(&view).await,
            Ok(None) => self.tell(&Tell::HoldEnded { id, why: "lapsed" }).await,
            Err(_) => Err(ends(CloseCode::Again, "reconnect")),
        }
    }

    async fn tell_delta(&mut self, delta: &Delta) -> Result<(), Ends> {
        self.session.text(delta.json.to_string()).await?;
        if let Some(state) = &delta.show {
            self.tell_show(state).await?;
        }
        if let Some(view) = delta.holds.iter().rev().find(|view| Some(view.hold) == self.own) {
            self.tell_hold(view).await?;
        }
        Ok(())
    }

    async fn tell_show(&mut self, state: &ShowState) -> Result<(), Ends> {
        let (state, public_message) = match state {
            ShowState::Draft => ("draft", None),
            ShowState::Published => ("published", None),
            ShowState::Paused { since: _, public_message } => ("paused", public_message.as_deref()),
            ShowState::Cancelled { public_message } => ("cancelled", public_message.as_deref()),
            ShowState::Moved { public_message } => ("moved", public_message.as_deref()),
            ShowState::Ended => ("ended", None),
        };
        self.tell(&Tell::Show { state, public_message }).await
    }

    async fn tell_hold(&mut self, view: &HoldView) -> Result<(), Ends> {
        let why = match view.state {
            HoldState::Open { .. } | HoldState::Paying { .. } => None,
            HoldState::Lapsed { .. } | HoldState::PaymentEnded { .. } => Some("lapsed"),
            HoldState::Released { .. } => Some("released"),
            HoldState::Booked { .. } => Some("booked"),
        };
        if let Some(why) = why {
            return self.tell(&Tell::HoldEnded { id: view.hold.0, why }).await;
        }
        match HoldJson::of(view, self.feed.show(), self.feed.plan(), self.clock.now()) {
            Ok(hold) => self.tell(&Tell::Hold { hold }).await,
            Err(_) => Ok(()),
        }
    }

    async fn tell(&mut self, what: &Tell<'_>) -> Result<(), Ends> {
        let text = serde_json::to_string(what).map_err(|_| ends(CloseCode::Error, "could not be written"))?;
        self.session.text(text).await?;
        Ok(())
    }
}
