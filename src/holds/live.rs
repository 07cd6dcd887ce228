//! `GET /shows/{id}/live`: the live feed over a WebSocket. A delta is encoded once, by the feed, for all sockets.
//!
//! Nobody is waited for without end: what a client does not take in time costs it its socket, and it comes back with `since=`.

use std::pin::Pin;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, get, rt, web};
use actix_ws::{Message, ProtocolError};
use aisle_actors::core::{HoldId, HoldState, HoldView, Seq, ShowId, ShowState};
use aisle_actors::{AskError, Clock, Delta, Feed, FeedEnd, FeedSnapshot, Shows};
use bytestring::ByteString;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::gate::{Place, Sockets, proves_hold};
use super::routes::view;
use super::seats::{AreaAvailable, Since, areas, must_be_public};
use super::voice::{Ends, Voice, Why};
use super::wire::HoldJson;
use crate::http::ApiError;
use crate::platform::keys::Keys;
use crate::platform::time;

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
    /// Nothing has happened after this: who has another number has missed something.
    Alive {
        seq: u64,
    },
    /// The show is played on another plan now.
    Plan,
    Snapshot {
        plan_version: Uuid,
        seq: u64,
        seats: &'a str,
        areas: Vec<AreaAvailable>,
        server_time: jiff::Timestamp,
    },
    Show {
        state: &'static str,
        public_message: Option<&'a str>,
    },
    Hold {
        hold: HoldJson,
    },
    HoldEnded {
        id: Uuid,
        why: &'static str,
    },
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
    must_be_public(&feed.state())?;
    let Some(place) = sockets.take() else { return Err(ApiError::busy(5)) };
    let (response, session, messages) = actix_ws::handle(&request, body)
        .map_err(|_| ApiError::new(crate::http::Code::MalformedRequest, "Connect with a WebSocket handshake."))?;
    let messages = messages.max_frame_size(MESSAGE_BYTES_MAX);
    let socket =
        Socket { voice: Voice::new(session, place.unread_max), feed, shows, keys, clock, own: None, unsaid: false };
    rt::spawn(socket.run(messages, Box::new(since.into_inner()), place));
    Ok(response)
}

/// Ends when the server does.
type Stopping = Pin<Box<dyn Future<Output = ()>>>;

struct Socket {
    voice: Voice,
    /// Goes on whether the show sleeps or is awake.
    feed: Feed,
    shows: web::Data<Shows>,
    keys: web::Data<Keys>,
    clock: web::Data<Clock>,
    /// The hold that this client has proved to own, while it lasts.
    own: Option<HoldId>,
    /// What that hold is could not be said yet.
    unsaid: bool,
}

impl Socket {
    /// A block and not an `async fn`, which would have all that it is given twice: as it came, and as it is used. What stays is small, or
    /// in a box: there is one of these for each who watches.
    #[allow(clippy::manual_async_fn, reason = "see above")]
    fn run(
        mut self,
        mut messages: actix_ws::MessageStream,
        since: Box<Since>,
        place: Place,
    ) -> impl Future<Output = ()> + 'static {
        let Place { place, mut stopping, ping_every, unread_max: _ } = place;
        let mut stopping: Stopping = Box::pin(async move {
            let _gone = stopping.changed().await;
        });
        async move {
            metrics::gauge!("aisle_live_sockets").increment(1.0);
            let Err(ends) = self.talk(&mut messages, &since, ping_every, &mut stopping).await;
            Box::pin(self.voice.farewell(ends)).await;
            metrics::gauge!("aisle_live_sockets").decrement(1.0);
            drop(place);
        }
    }

    async fn talk(
        &mut self,
        messages: &mut actix_ws::MessageStream,
        since: &Since,
        ping_every: Duration,
        stopping: &mut Stopping,
    ) -> Result<std::convert::Infallible, Ends> {
        // Subscribed before anything is read, so that nothing falls between the two.
        let (mut deltas, ear) = self.feed.watch();
        // What is seldom done has memory of its own while it is done.
        let mut seq = Box::pin(self.begin(since)).await?;
        let mut pings = tokio::time::interval(ping_every);
        pings.reset();
        let (mut unanswered, mut said) = (0, 0);
        loop {
            // What comes often first, and nothing asked that need not be: this is passed ten thousand times for a delta.
            tokio::select! {
                biased;
                delta = deltas.recv() => match delta {
                    Ok(delta) if delta.seq <= seq => {}
                    // What goes on from what the client has, perhaps from the middle of it.
                    Ok(delta) if delta.from <= seq => {
                        self.tell_delta(&delta, seq).await?;
                        seq = delta.seq;
                        if let Some(ear) = &ear {
                            // The connection is a task of this thread, and comes before us now.
                            tokio::task::yield_now().await;
                            ear.has(seq);
                        }
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => return Err(Why::TooSlow.into()),
                    Err(RecvError::Closed) => return Err(Box::pin(self.feed_ended()).await),
                },
                message = messages.next() => {
                    unanswered = 0;
                    said += 1;
                    if said > MESSAGES_MAX {
                        return Err(Why::Impolite("too many messages").into());
                    }
                    match message {
                        Some(Ok(Message::Text(text))) => Box::pin(self.hear(&text)).await?,
                        Some(Ok(Message::Ping(bytes))) => self.voice.pong(&bytes).await?,
                        Some(Ok(Message::Pong(_))) => said -= 1,
                        Some(Ok(Message::Close(_))) | None => return Err(Why::Gone.into()),
                        Some(Ok(Message::Binary(_) | Message::Continuation(_) | Message::Nop)) => {
                            return Err(Why::Impolite("only text").into());
                        }
                        Some(Err(ProtocolError::Io(_))) => return Err(Why::Gone.into()),
                        Some(Err(_)) => return Err(Why::Broken.into()),
                    }
                },
                () = &mut *stopping => return Err(Why::Stopping.into()),
                _ = pings.tick() => {
                    unanswered += 1;
                    if unanswered > PINGS_UNANSWERED_MAX {
                        return Err(Why::Silent.into());
                    }
                    self.voice.ping().await?;
                    // A page sees no pings: this is what it lives by, and by what it learns that the last delta was lost.
                    self.tell(Tell::Alive { seq: seq.0 }).await?;
                    if self.unsaid && let Some(own) = self.own {
                        Box::pin(self.tell_own(own)).await?;
                    }
                }
            }
        }
    }

    /// Sends what the client lacks; answers the number that it has now.
    async fn begin(&mut self, since: &Since) -> Result<Seq, Ends> {
        let feed = self.feed.clone();
        if since.plan_version.is_some_and(|known| known != feed.plan_version().0) {
            self.tell(Tell::Plan).await?;
            return Err(Why::PlanChanged.into());
        }
        if let Some(have) = since.since.map(Seq)
            && let Some(delta) = feed.since(have)
        {
            if delta.seq > have {
                self.voice.long_text(delta.text_for(have)).await?;
            } else {
                // Nothing happened; said at once, so that who comes back knows that it missed nothing.
                self.tell(Tell::Alive { seq: have.0 }).await?;
            }
            self.tell_show(&feed.state()).await?;
            return Ok(delta.seq);
        }
        let snapshot: FeedSnapshot = feed.snapshot();
        let text = written(Tell::Snapshot {
            plan_version: snapshot.plan_version.0,
            seq: snapshot.seq.0,
            seats: &snapshot.letters,
            areas: areas(self.feed.plan(), &snapshot.areas),
            server_time: time::from_core(self.clock.now()),
        })?;
        self.voice.long_text(text).await?;
        self.tell_show(&snapshot.state).await?;
        Ok(snapshot.seq)
    }

    async fn feed_ended(&mut self) -> Ends {
        match self.feed.ended() {
            Some(FeedEnd::PlanChanged) => match self.tell(Tell::Plan).await {
                Ok(()) => Why::PlanChanged.into(),
                Err(ends) => ends,
            },
            None => Why::Stopping.into(),
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), Ends> {
        let Ok(Said::Hold { id, token }) = serde_json::from_str::<Said>(text) else {
            return Err(Why::Impolite("not understood").into());
        };
        let hold = HoldId(id);
        if !proves_hold(&self.keys, self.feed.show(), hold, &token) {
            return Err(Why::Impolite("hold_token_invalid").into());
        }
        self.own = Some(hold);
        self.tell_own(hold).await
    }

    /// Says what the hold of this client is; only its show knows.
    async fn tell_own(&mut self, hold: HoldId) -> Result<(), Ends> {
        // It may wake the show.
        let view = match self.shows.get(self.feed.show()).await {
            Ok(handle) => handle.hold(hold).await,
            Err(error) => Err(error),
        };
        self.unsaid = matches!(view, Err(AskError::Busy { .. }));
        match view {
            Ok(Some(view)) => self.tell_hold(&view).await,
            Ok(None) => self.tell_hold_ended(hold, "lapsed").await,
            // Too many ask the show already, and who is sent away comes back and is one more. What happens to the hold is told in
            // any case; what it is, with the next ping.
            Err(AskError::Busy { .. }) => Ok(()),
            Err(_) => Err(Why::Stopping.into()),
        }
    }

    async fn tell_delta(&mut self, delta: &Delta, have: Seq) -> Result<(), Ends> {
        self.voice.text(delta.text_for(have)).await?;
        if let Some(state) = &delta.show {
            Box::pin(self.tell_show(state)).await?;
        }
        if let Some(view) = self.own.and_then(|own| delta.holds.get(&own)) {
            Box::pin(self.tell_hold(view)).await?;
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
        self.tell(Tell::Show { state, public_message }).await
    }

    async fn tell_hold(&mut self, view: &HoldView) -> Result<(), Ends> {
        let why = match view.state {
            HoldState::Open { .. } | HoldState::Paying { .. } => None,
            HoldState::Lapsed { .. } | HoldState::PaymentEnded { .. } => Some("lapsed"),
            HoldState::Released { .. } => Some("released"),
            HoldState::Booked { .. } => Some("booked"),
        };
        if let Some(why) = why {
            return self.tell_hold_ended(view.hold, why).await;
        }
        match HoldJson::of(view, self.feed.show(), self.feed.plan(), self.clock.now()) {
            Ok(hold) => self.tell(Tell::Hold { hold }).await,
            Err(_) => Ok(()),
        }
    }

    /// The last word on it: a delta that was on its way meanwhile must not bring it back to life.
    async fn tell_hold_ended(&mut self, hold: HoldId, why: &'static str) -> Result<(), Ends> {
        self.own = None;
        self.tell(Tell::HoldEnded { id: hold.0, why }).await
    }

    /// Written before it is waited for, so that the wait has nothing but the text.
    fn tell<'a>(&'a mut self, what: Tell<'_>) -> impl Future<Output = Result<(), Ends>> + use<'a> {
        let text = written(what);
        async { self.voice.text(text?).await }
    }
}

fn written(what: Tell<'_>) -> Result<ByteString, Ends> {
    Ok(serde_json::to_string(&what).map_err(|_| Why::Unspeakable)?.into())
}
