//! Who asks for a hold, where holders are counted: by address, by browser, by account. Refuses who holds too much or buys too
//! little, and lets who passes a challenge go on.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use aisle_actors::core::{Answer, Command, HoldId, ShowId};
use aisle_actors::{Answered, AskError, Clock, ShowHandle};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

use super::door::Door;
use super::hoard::{Change, Device, Hoards, Holder, Refused};
use crate::accounts::{Principal, Role, cookies};
use crate::catalog::Catalog;
use crate::http::limits::too_many;
use crate::http::{ApiError, Challenged, Challenges, ClientAddress, Code, Notices, Scene, client_address};
use crate::platform::audit::{Actor, Entry, Severity};
use crate::platform::keys::Keys;

/// Who asks for a hold or changes one.
pub(super) struct Visitor {
    request: HttpRequest,
    hoards: web::Data<Hoards>,
    challenges: web::Data<Challenges>,
    notices: web::Data<Notices>,
    clock: web::Data<Clock>,
    /// What their browser is counted by, and the cookie that says so where it has none yet.
    browser: Option<(Device, Option<Cookie<'static>>)>,
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        fn part<T: 'static>(request: &HttpRequest) -> Result<web::Data<T>, ApiError> {
            request.app_data::<web::Data<T>>().cloned().ok_or_else(|| ApiError::plain(Code::Internal))
        }
        let all = || {
            Ok(Self {
                request: request.clone(),
                hoards: part(request)?,
                challenges: part(request)?,
                notices: part(request)?,
                clock: part(request)?,
                browser: None,
            })
        };
        ready(all())
    }
}

fn device(cookie: &str) -> Device {
    Sha256::digest(cookie.as_bytes()).into()
}

impl Visitor {
    /// Where they are, as limits count it.
    pub(super) fn from(&self) -> ClientAddress {
        ClientAddress(client_address(&self.request))
    }

    /// By what a hold of theirs is counted; `None` where it is not: keys and the house's own people have their own measures, and an
    /// allocation is the house's own to give.
    ///
    /// # Errors
    /// When the database does not answer, or the operating system has no randomness.
    pub(super) async fn holder(
        &mut self,
        keys: &Keys,
        catalog: &Catalog,
        (who, door): (Option<&Principal>, &Door),
        show: ShowId,
    ) -> Result<Option<Holder>, ApiError> {
        let account = match who {
            Some(Principal::Machine(_)) => return Ok(None),
            // Who works nowhere is nobody's staff: buyers cost no look-up.
            Some(Principal::Person(person)) if person.is_admin || !person.memberships.is_empty() => {
                let organizer = Box::pin(catalog.organizer_of_show(show)).await?;
                if organizer.is_some_and(|organizer| person.may(Role::BoxOffice, organizer)) {
                    return Ok(None);
                }
                Some(person.user)
            }
            Some(Principal::Person(person)) => Some(person.user),
            None => None,
        };
        if door.allocation.is_some() {
            return Ok(None);
        }
        let browser = match cookies::visitor_of(&self.request, keys) {
            Some(brought) => (device(&brought), None),
            None => {
                let new = cookies::visitor(&self.request, keys).map_err(|error| ApiError::fault(&error))?;
                (device(new.value()), Some(new))
            }
        };
        let (device, is_new) = (Some(browser.0), browser.1.is_some());
        self.browser = Some(browser);
        let from = self.from().0;
        let address = (!from.is_loopback()).then(|| ClientAddress(from).group());
        Ok(Some(Holder { address, device, is_new, account }))
    }

    /// The cookie that their browser is to keep from now on.
    pub(super) fn cookie(&self) -> Option<&Cookie<'static>> {
        self.browser.as_ref().and_then(|(_, cookie)| cookie.as_ref())
    }

    /// Asks a show for a hold of so many places that is counted as this holder's.
    ///
    /// # Errors
    /// `seat_limit_reached` where they hold too much, `challenge_required` or `too_many_requests` where they held often and bought
    /// nearly nothing; then nobody was asked. Else the show's answer.
    pub(super) async fn hold(
        &self,
        holder: Holder,
        (handle, hold): (&ShowHandle, HoldId),
        places: u64,
        command: Command,
    ) -> Result<Result<Answered, AskError>, ApiError> {
        let claimed = (handle.id(), hold);
        if let Err(refused) = self.hoards.claim(self.clock.now(), claimed, holder, places) {
            Box::pin(self.challenge(refused, holder, claimed, places)).await?;
        }
        Ok(ask_to_the_end(self.hoards.clone(), handle.clone(), hold, command).await)
    }

    /// Who was refused a claim has it all the same where they pass a challenge, and one would have helped.
    async fn challenge(
        &self,
        refused: Refused,
        holder: Holder,
        claimed: (ShowId, HoldId),
        places: u64,
    ) -> Result<(), ApiError> {
        let Refused::Unbought { wait_ms } = refused else { return Err(self.full(refused).await) };
        let entry = Entry::new(holder.account.map_or(Actor::Stranger, Actor::User), "holds.limited");
        let entry = entry.with("why", refused.word()).on("show", claimed.0);
        self.notices.tell(Severity::Warning, refused.word(), self.from().0, entry).await;
        match self.challenges.meet(&self.request, Scene::Hold).await {
            Challenged::Passed => {
                // A browser that has no cookie yet may never have one: then it is their address that they speak for.
                let device = holder.device.filter(|_| !holder.is_new);
                self.hoards.forgive(self.clock.now(), &Holder { device, ..holder });
                match self.hoards.claim(self.clock.now(), claimed, holder, places) {
                    Ok(()) => Ok(()),
                    Err(refused) => Err(self.refusal(refused).await),
                }
            }
            Challenged::Due(refusal) => Err(refusal),
            Challenged::NoAnswer => Err(too_many(Duration::from_millis(wait_ms))),
        }
    }

    /// Asks a show to change a hold, after claiming what the change adds where the hold is counted.
    ///
    /// # Errors
    /// `seat_limit_reached` where its holder would hold too much. Else the show's answer.
    pub(super) async fn change(
        &self,
        handle: &ShowHandle,
        hold: HoldId,
        change: &Change,
        command: Command,
    ) -> Result<Result<Answered, AskError>, ApiError> {
        match self.hoards.claim_more(self.clock.now(), hold, change) {
            Ok(true) => Ok(ask_to_the_end(self.hoards.clone(), handle.clone(), hold, command).await),
            Ok(false) => Ok(handle.ask(command).await),
            Err(refused) => Err(Box::pin(self.full(refused)).await),
        }
    }

    async fn refusal(&self, refused: Refused) -> ApiError {
        match refused {
            Refused::Unbought { wait_ms } => too_many(Duration::from_millis(wait_ms)),
            Refused::AddressFull { .. } | Refused::DeviceFull { .. } => self.full(refused).await,
        }
    }

    async fn full(&self, refused: Refused) -> ApiError {
        let entry = Entry::new(Actor::Stranger, "holds.limited").with("why", refused.word());
        self.notices.tell(Severity::Notice, refused.word(), self.from().0, entry).await;
        let detail = match refused {
            Refused::AddressFull { max } => format!(
                "At most {max} places may be held from one network address at a time. Check out what you hold, or give some back."
            ),
            Refused::DeviceFull { max } => {
                format!(
                    "At most {max} places may be held in one browser at a time. Check out what you hold, or give some back."
                )
            }
            Refused::Unbought { wait_ms } => return too_many(Duration::from_millis(wait_ms)),
        };
        ApiError::new(Code::SeatLimitReached, detail)
    }
}

/// Asks, also where the client hangs up meanwhile: what its question led to must be counted.
async fn ask_to_the_end(
    hoards: web::Data<Hoards>,
    handle: ShowHandle,
    hold: HoldId,
    command: Command,
) -> Result<Answered, AskError> {
    ToTheEnd::of(async move {
        let answered = handle.ask(command).await;
        match &answered {
            Ok(Answered { answer: Answer::Hold(view), replayed: true, .. }) => {
                hoards.met_again(view);
                hoards.settle(hold);
            }
            Ok(_) | Err(AskError::Rejected(_) | AskError::Busy { .. } | AskError::NotFound) => hoards.settle(hold),
            Err(AskError::Unavailable | AskError::Fenced | AskError::Quarantined) => hoards.lose_sight(hold),
        }
        answered
    })
    .await
}

/// Work that is done where it is waited for, and goes on by itself where nobody waits any more. A task for each hold would be woken
/// only to wake the one that waits for it.
struct ToTheEnd<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> ToTheEnd<T> {
    fn of(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let done = std::task::ready!(work.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        let Some(work) = self.0.take().filter(|_| !std::thread::panicking()) else { return };
        // Where there is no runtime any more, the shows have ended too.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                work.await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_done_all_the_same() {
        let (go, gone) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let mut work = Box::pin(ToTheEnd::of(async move {
            gone.await.unwrap();
            tell.send("done").unwrap();
        }));
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        go.send(()).unwrap();
        assert_eq!(told.await, Ok("done"));
    }

    #[tokio::test]
    async fn what_is_waited_for_is_done_where_it_is_waited_for_and_once() {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let work = ToTheEnd::of(async move {
            tell.send(()).unwrap();
            7
        });
        assert_eq!(work.await, 7);
        assert_eq!((told.recv().await, told.recv().await), (Some(()), None));
    }
}
