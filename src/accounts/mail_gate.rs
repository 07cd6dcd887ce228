//! Who may ask for mails: everybody, until one address has asked for many. Then it is challenged, where anybody is.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::Throttle;
use crate::http::{ApiError, Challenged, Challenges, ClientAddress, Code, Notices, Scene, client_address};
use crate::platform::audit::{Actor, Entry, Severity};

/// Proof that a request may lead to a mail. Where no challenge is configured, or its provider is silent, nothing stands in the way:
/// a mailbox has its own measure, and nobody shall be kept from their tickets by somebody else's server.
pub struct MayAskForMail;

impl FromRequest for MayAskForMail {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { admit(&request).await.map(|()| Self) })
    }
}

async fn admit(request: &HttpRequest) -> Result<(), ApiError> {
    fn part<T: 'static>(request: &HttpRequest) -> Result<&web::Data<T>, ApiError> {
        request.app_data::<web::Data<T>>().ok_or_else(|| ApiError::plain(Code::Internal))
    }
    let from = client_address(request);
    let challenges = part::<Challenges>(request)?;
    if !part::<Throttle>(request)?.asks_for_many_mails(ClientAddress(from).group()) || !challenges.is_configured() {
        return Ok(());
    }
    let entry = Entry::new(Actor::Stranger, "mails.limited");
    part::<Notices>(request)?.tell(Severity::Notice, "mails", from, entry).await;
    match challenges.meet(request, Scene::Mail).await {
        Challenged::Passed | Challenged::NoAnswer => Ok(()),
        Challenged::Due(refusal) => Err(refusal),
    }
}
