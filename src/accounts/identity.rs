//! Who is asking: a signed-in browser or a bearer token, as an extractor.

use std::future::{Future, Ready, ready};
use std::net::IpAddr;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::cookies;
use super::machine::{Kind, Machine};
use super::sessions::Sessions;
use super::store::Accounts;
use crate::http::limits::Limits;
use crate::http::{ApiError, Caller, Code, Notices, client_address};
use crate::platform::audit::{Actor, Entry};
use crate::platform::db::DbFault;

/// What somebody may do in one organiser's house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Admits tickets.
    Scanner,
    /// Sells at the counter.
    BoxOffice,
    /// Runs the house: venues, plans, shows, prices, orders.
    Organizer,
}

impl Role {
    /// The role with this name in the database.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "scanner" => Some(Self::Scanner),
            "box_office" => Some(Self::BoxOffice),
            "organizer" => Some(Self::Organizer),
            _ => None,
        }
    }

    /// Its name in the database and in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::BoxOffice => "box_office",
            Self::Organizer => "organizer",
        }
    }
}

/// What somebody came by; signing out ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameBy {
    /// A session, by its access token.
    Session(Uuid),
    /// A token made on the command line.
    Token(Uuid),
}

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Their id.
    pub user: Uuid,
    /// What they came by.
    pub came_by: CameBy,
    /// A role of theirs asks for a second factor, and they have none: they can do nothing but get one.
    pub lacks_factor: bool,
    /// Administrators may do everything in every organiser's house.
    pub is_admin: bool,
    /// What they may do where.
    pub memberships: Vec<(Uuid, Role)>,
    /// Where their request comes from; none where it is not of a request.
    pub address: Option<IpAddr>,
}

impl Identity {
    /// The caller to whom an idempotency key belongs.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller::User(self.user)
    }

    /// An entry of the audit log: they did this, from where they are.
    pub fn did(&self, action: &'static str) -> Entry {
        Entry::new(Actor::User(self.user), action).address(self.address)
    }

    /// Whether they may do in this organiser's house what `role` may.
    #[must_use]
    pub fn may(&self, role: Role, organizer: Uuid) -> bool {
        self.is_admin || self.memberships.iter().any(|&(at, has)| at == organizer && has >= role)
    }

    /// The same as a condition. Somebody else's house does not even exist to a stranger of it.
    ///
    /// # Errors
    /// `not_found` (of `what`) to who has no part in that house, `forbidden` to who has too small a one.
    pub fn must(&self, role: Role, organizer: Uuid, what: &str) -> Result<(), ApiError> {
        if self.may(role, organizer) {
            Ok(())
        } else if self.memberships.iter().any(|&(at, _)| at == organizer) {
            Err(ApiError::new(Code::Forbidden, format!("This needs the role {}.", role.name())))
        } else {
            Err(ApiError::not_found(what))
        }
    }

    /// Who lacks the factor that their role asks for comes only where they can get it, or see who they are, or leave.
    ///
    /// # Errors
    /// `mfa_required` elsewhere.
    pub fn must_have_factor(&self, path: &str) -> Result<(), ApiError> {
        let below = path.strip_prefix("/api/v1").unwrap_or(path);
        let may = !self.lacks_factor || below.starts_with("/auth/") || below == "/me";
        if may { Ok(()) } else { Err(ApiError::plain(Code::MfaRequired)) }
    }

    /// Only administrators pass.
    ///
    /// # Errors
    /// `forbidden` to everybody else.
    pub fn must_be_admin(&self) -> Result<(), ApiError> {
        if self.is_admin { Ok(()) } else { Err(ApiError::new(Code::Forbidden, "This needs an administrator.")) }
    }

    /// Only people with a part in some house pass.
    ///
    /// # Errors
    /// `forbidden` to everybody else.
    pub fn must_be_staff(&self, role: Role) -> Result<(), ApiError> {
        if self.is_admin || self.memberships.iter().any(|&(_, has)| has >= role) {
            Ok(())
        } else {
            Err(ApiError::new(Code::Forbidden, format!("This needs the role {}.", role.name())))
        }
    }

    /// In which organisers' houses they have this role: `None` is all of them.
    #[must_use]
    pub fn sees(&self, role: Role) -> Option<Vec<Uuid>> {
        let there = self.memberships.iter().filter(|&&(_, has)| has >= role);
        (!self.is_admin).then(|| there.map(|&(organizer, _)| organizer).collect())
    }
}

/// Who asks: a person or a machine.
#[derive(Clone, Debug)]
pub enum Principal {
    /// Somebody who has signed in.
    Person(Identity),
    /// A key or a device.
    Machine(Machine),
}

impl Principal {
    /// The caller to whom an idempotency key belongs.
    #[must_use]
    pub fn caller(&self) -> Caller {
        match self {
            Self::Person(person) => person.caller(),
            Self::Machine(machine) => machine.caller(),
        }
    }

    /// A person with this role in this organiser's house, or a machine of that house.
    ///
    /// # Errors
    /// As [`Identity::must`] and [`Machine::must_be_of`].
    pub fn must(&self, role: Role, organizer: Uuid, what: &str) -> Result<(), ApiError> {
        match self {
            Self::Person(person) => person.must(role, organizer, what),
            Self::Machine(machine) => machine.must_be_of(organizer, what),
        }
    }

    /// Whose things they see: of the houses where a person has this role, of a machine's own; `None` is all.
    #[must_use]
    pub fn sees(&self, role: Role) -> Option<Vec<Uuid>> {
        match self {
            Self::Person(person) => person.sees(role),
            Self::Machine(machine) => Some(vec![machine.organizer]),
        }
    }
}

/// Who was found to ask, kept with the request so that nobody is looked up twice.
#[derive(Clone)]
pub(super) struct Resolved(pub Option<Principal>);

/// What a request shows of who sends it.
pub(super) struct Shown {
    authorization: Option<Vec<u8>>,
    cookie: Option<String>,
    /// Another site can make a browser send our cookie, but not a header of its own choice.
    vouched: bool,
    path: String,
    from: IpAddr,
    accounts: Option<web::Data<Accounts>>,
    sessions: Option<web::Data<Sessions>>,
    limits: Option<web::Data<Limits>>,
    notices: Option<web::Data<Notices>>,
}

impl Shown {
    /// Whether a request has any header in which something could be shown.
    fn may_be_something(request: &HttpRequest) -> bool {
        let headers = request.headers();
        headers.contains_key(header::AUTHORIZATION) || headers.contains_key(header::COOKIE)
    }

    pub fn of(request: &HttpRequest) -> Self {
        let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        let sessions = request.app_data::<web::Data<Sessions>>().cloned();
        let issuer = sessions.as_ref().map(|sessions| sessions.access().issuer());
        Self {
            authorization: request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes().to_vec()),
            cookie: cookies::session_of(request),
            vouched: safe || issuer.is_some_and(|issuer| cookies::vouched(request, issuer)),
            // As the router compares it.
            path: request.match_info().as_str().to_owned(),
            from: client_address(request),
            accounts: request.app_data::<web::Data<Accounts>>().cloned(),
            sessions,
            limits: request.app_data::<web::Data<Limits>>().cloned(),
            notices: request.app_data::<web::Data<Notices>>().cloned(),
        }
    }

    /// Whether it is a stranger's: nobody has to be looked up.
    fn nothing(&self) -> bool {
        self.authorization.is_none() && (self.cookie.is_none() || !self.vouched)
    }

    /// Who that is; `None` for a stranger. Nothing is looked up for who shows nothing. A person's request is counted as theirs.
    pub async fn resolve(self) -> Result<Option<Principal>, ApiError> {
        let Some(limits) = self.limits.clone() else { return Err(ApiError::plain(Code::Internal)) };
        let (notices, from) = (self.notices.clone(), self.from);
        let who = self.look_up(&limits).await?;
        if let Some(Principal::Person(person)) = &who
            && let Err(limited) = limits.ask_as(person.user, from)
        {
            return Err(limited.refuse(notices.as_ref(), from).await);
        }
        Ok(who)
    }

    async fn look_up(self, limits: &Limits) -> Result<Option<Principal>, ApiError> {
        let (Some(accounts), Some(sessions)) = (self.accounts, self.sessions) else {
            return Err(ApiError::plain(Code::Internal));
        };
        // Who shows a token that is not one is told so, rather than treated as a stranger.
        if let Some(header) = self.authorization {
            let token = std::str::from_utf8(&header).ok().and_then(|text| {
                let (scheme, token) = text.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
            });
            let Some(token) = token else { return Err(ApiError::plain(Code::Unauthenticated)) };
            if Kind::marks(&token) {
                return match accounts.machine(&token).await? {
                    Some(machine) => {
                        limits.verified(&token, machine.id);
                        Ok(Some(Principal::Machine(machine)))
                    }
                    None => {
                        limits.not_verified(&token);
                        Err(ApiError::new(Code::Unauthenticated, "This key is not, or no longer, one of ours."))
                    }
                };
            }
            return match of_token(&accounts, &sessions, &token).await? {
                Some(identity) => person(identity, &self.path, self.from).map(Some),
                None => Err(ApiError::new(Code::Unauthenticated, "This token is not, or no longer, one of ours.")),
            };
        }
        match self.cookie.filter(|_| self.vouched) {
            Some(token) => match sessions.identify(&token).await? {
                Some(identity) => person(identity, &self.path, self.from).map(Some),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }
}

/// A person at this address of ours, from where they are.
fn person(identity: Identity, path: &str, address: IpAddr) -> Result<Principal, ApiError> {
    identity.must_have_factor(path)?;
    Ok(Principal::Person(Identity { address: Some(address), ..identity }))
}

/// Who is asking, where it need not be anybody.
#[derive(Clone, Debug)]
pub struct MaybePrincipal(pub Option<Principal>);

impl FromRequest for MaybePrincipal {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if let Some(Resolved(known)) = request.extensions().get::<Resolved>() {
            let known = known.clone();
            return Box::pin(async move { Ok(Self(known)) });
        }
        // Nearly everybody in a rush: nothing has to be looked at.
        if !Shown::may_be_something(request) {
            return Box::pin(ready(Ok(Self(None))));
        }
        let (request, shown) = (request.clone(), Shown::of(request));
        if shown.nothing() {
            return Box::pin(ready(Ok(Self(None))));
        }
        Box::pin(async move {
            let who = shown.resolve().await?;
            request.extensions_mut().insert(Resolved(who.clone()));
            Ok(Self(who))
        })
    }
}

impl FromRequest for Principal {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let maybe = MaybePrincipal::from_request(request, payload);
        Box::pin(async move { maybe.await?.0.ok_or_else(|| ApiError::plain(Code::Unauthenticated)) })
    }
}

/// Which person is asking, where it need not be anybody. A machine is nobody here: what is open to it takes a [`Principal`].
#[derive(Clone, Debug)]
pub struct MaybeIdentity(pub Option<Identity>);

impl FromRequest for MaybeIdentity {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let maybe = MaybePrincipal::from_request(request, payload);
        Box::pin(async move {
            Ok(match maybe.await?.0 {
                Some(Principal::Person(identity)) => Self(Some(identity)),
                Some(Principal::Machine(_)) | None => Self(None),
            })
        })
    }
}

/// Whose token this is: its first letters tell what kind it is.
async fn of_token(accounts: &Accounts, sessions: &Sessions, token: &str) -> Result<Option<Identity>, DbFault> {
    if token.starts_with("aisle_") { accounts.identify(token).await } else { sessions.identify(token).await }
}

impl FromRequest for Identity {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let principal = Principal::from_request(request, payload);
        Box::pin(async move {
            match principal.await? {
                Principal::Person(identity) => Ok(identity),
                Principal::Machine(_) => Err(ApiError::new(Code::Forbidden, "This is for people, not for keys.")),
            }
        })
    }
}

/// Which machine is asking on a route with scopes, where it need not be one. Looks nobody up: the guard has.
#[derive(Clone, Debug)]
pub struct MaybeMachine(pub Option<Machine>);

impl FromRequest for MaybeMachine {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(match request.extensions().get::<Resolved>() {
            Some(Resolved(Some(Principal::Machine(machine)))) => Some(machine.clone()),
            Some(Resolved(Some(Principal::Person(_)) | None)) | None => None,
        })))
    }
}

impl FromRequest for Machine {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let principal = Principal::from_request(request, payload);
        Box::pin(async move {
            match principal.await? {
                Principal::Machine(machine) => Ok(machine),
                Principal::Person(_) => Err(ApiError::new(Code::Forbidden, "This is for keys, not for people.")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_is_open_to_its_own_people_by_their_role() {
        let (house, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let seller = Identity {
            user: Uuid::nil(),
            came_by: CameBy::Token(Uuid::nil()),
            lacks_factor: false,
            is_admin: false,
            memberships: vec![(house, Role::BoxOffice)],
            address: None,
        };
        assert!(seller.must(Role::Scanner, house, "show").is_ok());
        assert_eq!(seller.must(Role::Organizer, house, "show").unwrap_err().code(), Code::Forbidden);
        assert_eq!(seller.must(Role::Scanner, other, "show").unwrap_err().code(), Code::NotFound);
        assert!(seller.must_be_admin().is_err());
        let admin = Identity { is_admin: true, memberships: vec![], ..seller };
        assert!(admin.must(Role::Organizer, other, "show").is_ok());
        assert_eq!(admin.sees(Role::Organizer), None);
        let memberships = vec![(house, Role::Organizer), (other, Role::Scanner)];
        let both = Identity { is_admin: false, memberships, ..admin };
        assert_eq!(both.sees(Role::BoxOffice), Some(vec![house]));
        assert_eq!(both.sees(Role::Scanner), Some(vec![house, other]));
    }
}
