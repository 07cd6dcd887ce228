//! Who may come near an order and its tickets, and what proves it.
//!
//! What proves an order is `kid.HMAC` over its id. Nothing of it is stored but a number, the version of the order's links: once
//! it was raised, the version goes under the HMAC and behind it (`kid.HMAC.version`), and everything that was made before is
//! over. So a forged token is refused before anything is looked up, and one that was ours once can be told that it has ended.

use actix_web::HttpRequest;
use uuid::Uuid;

use crate::accounts::{Identity, MaybeIdentity, Role};
use crate::http::{ApiError, Code};
use crate::platform::keys::{Keys, Purpose};

/// Who comes near an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Who shows its link.
    Guest,
    /// To whose account it belongs.
    Owner,
    /// The house.
    Staff,
}

/// What is known of an order about who may come near it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose house sold it.
    pub organizer: Uuid,
    /// The version of its links that is good.
    pub link_version: i32,
    /// To whose accounts it belongs.
    pub owners: Vec<Uuid>,
}

fn made(keys: &Keys, purpose: Purpose, about: &[&[u8]], version: i32) -> String {
    if version == 0 {
        return keys.token(purpose, about);
    }
    let raised = version.to_be_bytes();
    format!("{}.{version}", keys.token(purpose, &[about, &[&raised[..]]].concat()))
}

/// The version of the links among which this token was made; `None`: it was not made here for this.
fn version_of(keys: &Keys, purpose: Purpose, about: &[&[u8]], token: &str) -> Option<i32> {
    let Some((end, _)) = token.match_indices('.').nth(1) else {
        return keys.proves(purpose, about, token).then_some(0);
    };
    let version: i32 = token[end + 1..].parse().ok().filter(|version| *version > 0)?;
    let raised = version.to_be_bytes();
    keys.proves(purpose, &[about, &[&raised[..]]].concat(), &token[..end]).then_some(version)
}

/// The token that proves an order, as of this version of its links.
#[must_use]
pub fn order_token(keys: &Keys, order: Uuid, version: i32) -> String {
    made(keys, Purpose::OrderToken, &[order.as_bytes()], version)
}

/// The version of the links among which a token of this order was made.
#[must_use]
pub fn order_token_version(keys: &Keys, order: Uuid, token: &str) -> Option<i32> {
    version_of(keys, Purpose::OrderToken, &[order.as_bytes()], token)
}

/// What stands behind `?t=` in the address of one ticket, as of this version of its order's links.
#[must_use]
pub fn ticket_token(keys: &Keys, ticket: Uuid, version: i32) -> String {
    made(keys, Purpose::Link, &[b"ticket", ticket.as_bytes()], version)
}

/// What stands behind `?t=` in the address of a ticket that was passed on. It is its new holder's alone: no link of the order, older
/// or newer, stands in for it, and ending those does not end it.
#[must_use]
pub fn passed_on_token(keys: &Keys, ticket: Uuid, issue: i32) -> String {
    keys.token(Purpose::Link, &[b"passed on", ticket.as_bytes(), &issue.to_be_bytes()])
}

/// As whom somebody comes near a ticket that was passed on: its holder by the link, or the house.
///
/// # Errors
/// `order_link_ended` to who had a right to it before; `order_token_invalid`, `forbidden`, `not_found` as with an order.
pub fn admitted_to_passed_on(
    shown: &Shown<'_>,
    keys: &Keys,
    standing: &Standing,
    (ticket, issue): (Uuid, i32),
    token: Option<&str>,
) -> Result<Access, ApiError> {
    let about: &[&[u8]] = &[b"passed on", ticket.as_bytes(), &issue.to_be_bytes()];
    if token.is_some_and(|token| keys.proves(Purpose::Link, about, token)) {
        return Ok(Access::Guest);
    }
    match shown.admitted(Some(standing), "ticket")? {
        // Who comes by a link and is of the house is of the house.
        Access::Guest if shown.identity.is_some_and(|who| who.may(Role::BoxOffice, standing.organizer)) => {
            Ok(Access::Staff)
        }
        Access::Staff => Ok(Access::Staff),
        Access::Guest | Access::Owner => {
            Err(ApiError::new(Code::OrderLinkEnded, "This ticket was passed on to somebody else."))
        }
    }
}

/// What a request shows of its right to an order. Nothing was looked up for it.
#[derive(Debug)]
pub struct Shown<'a> {
    /// Versions of the links that were shown.
    links: [Option<i32>; 2],
    identity: Option<&'a Identity>,
}

impl<'a> Shown<'a> {
    /// By the order's token, or by who asks.
    #[must_use]
    pub fn of_order(request: &HttpRequest, keys: &Keys, identity: &'a MaybeIdentity, order: Uuid) -> Self {
        let token = request.headers().get("aisle-order-token").and_then(|token| token.to_str().ok());
        let link = token.and_then(|token| order_token_version(keys, order, token));
        Self { links: [link, None], identity: identity.0.as_ref() }
    }

    /// By a token that stands in a request's body, or by who asks.
    #[must_use]
    pub fn told(keys: &Keys, identity: &'a MaybeIdentity, order: Uuid, token: Option<&str>) -> Self {
        let link = token.and_then(|token| order_token_version(keys, order, token));
        Self { links: [link, None], identity: identity.0.as_ref() }
    }

    /// And by the link of one of its tickets.
    #[must_use]
    pub fn or_ticket(mut self, keys: &Keys, ticket: Uuid, token: Option<&str>) -> Self {
        let about: &[&[u8]] = &[b"ticket", ticket.as_bytes()];
        self.links[1] = token.and_then(|token| version_of(keys, Purpose::Link, about, token));
        self
    }

    /// Somebody who shows nothing is refused before anything is looked up. Whether there is such an order is nobody else's
    /// business.
    ///
    /// # Errors
    /// `order_token_invalid`.
    pub fn something(self) -> Result<Self, ApiError> {
        let shows = self.identity.is_some() || self.links.iter().any(Option::is_some);
        if shows { Ok(self) } else { Err(ApiError::plain(Code::OrderTokenInvalid)) }
    }

    /// As whom they come near it. `what` is named to who learns that there is no such thing.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `order_token_invalid`; `order_link_ended` to who had a link that was good once.
    pub fn admitted(&self, standing: Option<&Standing>, what: &str) -> Result<Access, ApiError> {
        let Some(standing) = standing else {
            let nothing = self.identity.is_none() && self.links.iter().all(Option::is_none);
            return Err(if nothing { ApiError::plain(Code::OrderTokenInvalid) } else { ApiError::not_found(what) });
        };
        if self.links.contains(&Some(standing.link_version)) {
            return Ok(Access::Guest);
        }
        let ended = self.links.iter().any(Option::is_some);
        match self.identity {
            // The house before its own order: what staff do past a customer's deadline is on record.
            Some(identity) if identity.may(Role::BoxOffice, standing.organizer) => Ok(Access::Staff),
            Some(identity) if standing.owners.contains(&identity.user) => Ok(Access::Owner),
            Some(_) | None if ended => Err(ApiError::plain(Code::OrderLinkEnded)),
            Some(identity) => identity.must(Role::BoxOffice, standing.organizer, what).map(|()| Access::Staff),
            None => Err(ApiError::plain(Code::OrderTokenInvalid)),
        }
    }

    /// The version of the link that was good enough, where it was a link.
    #[must_use]
    pub fn link(&self, standing: &Standing) -> Option<i32> {
        self.links.contains(&Some(standing.link_version)).then_some(standing.link_version)
    }
}
