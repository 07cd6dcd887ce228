//! How much one address may ask of each kind of route, and one account, and one key. An address of this machine is not counted:
//! behind a proxy that is not named in `trusted_proxies` it would be everybody at once.
//!
//! Who has signed in is counted by account on top of the address: addresses are cheap to change, an account is not. A key is counted
//! instead of its address: a shop sends everything from one, at the same time as its staff, and has named itself; what it may do is
//! its own measure. But a key is believed only once it was verified: until then it spends what its address has, and past that a
//! little of the address's own for keys, so that neither strangers at its address keep it out, nor made-up keys come past every
//! measure.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, web};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::client_address::{ClientAddress, client_address};
use super::error::{ApiError, Code};
use super::notices::Notices;
use crate::platform::audit::{Actor, Entry, Severity};
use crate::platform::config::{AbuseLimits, Config};
use crate::platform::rates::Rate;

const MINUTE: Duration = Duration::from_secs(60);
/// Requests of one address in a minute with keys that were not verified yet, past what its address has: each costs a look-up.
const NEW_KEYS: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Kinds of routes, by what a request of theirs costs and who would want many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Signs in, makes or changes an account, looks orders up: costs a password's hash or a mail.
    Account,
    /// Takes, changes or gives back seats.
    Hold,
    /// Orders and pays.
    Order,
    /// Changes something in the back office or at the door.
    Work,
    /// Only looks.
    Read,
}

impl Class {
    /// The class of a request, by its method and its path below the API's root; `None` for what is not counted: providers
    /// repeat their news until we take it.
    #[must_use]
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        let within = |room: &str| path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if within("/webhooks") {
            None
        } else if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            // A browser that comes back from a provider begins a session by a GET.
            Some(if within("/auth") { Self::Account } else { Self::Read })
        } else if within("/auth") || within("/me") || within("/setup") || within("/orders/lookup") {
            Some(Self::Account)
        } else if within("/orders") || within("/quotes") {
            Some(Self::Order)
        } else if within("/shows") {
            Some(Self::Hold)
        } else {
            Some(Self::Work)
        }
    }

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Hold => "hold",
            Self::Order => "order",
            Self::Work => "work",
            Self::Read => "read",
        }
    }
}

/// A key as it is remembered.
type KeyHash = [u8; 32];

/// Counts requests by class and address, by account, by key.
pub struct Limits {
    enforced: bool,
    account: Rate<IpAddr>,
    hold: Rate<IpAddr>,
    order: Rate<IpAddr>,
    work: Rate<IpAddr>,
    read: Rate<IpAddr>,
    person: Rate<Uuid>,
    key: Rate<Uuid>,
    new_keys: Rate<IpAddr>,
    /// Whether this token looks like a key: what they look like, accounts know.
    looks_like_a_key: fn(&str) -> bool,
    /// Keys that were verified here. As many as there are, and a few that there were.
    verified: RwLock<HashMap<KeyHash, Uuid>>,
}

impl Limits {
    /// As configured. `looks_like_a_key` tells a key's token from a person's.
    #[must_use]
    pub fn from_config(config: &Config, looks_like_a_key: fn(&str) -> bool) -> Self {
        let rate = |max: u32| Rate::new(NonZeroU32::new(max).unwrap_or(NonZeroU32::MIN), MINUTE);
        Self {
            enforced: config.abuse_limits == AbuseLimits::Enforce,
            account: rate(config.account_requests_per_min_max),
            hold: rate(config.hold_requests_per_min_max),
            order: rate(config.order_requests_per_min_max),
            work: rate(config.work_requests_per_min_max),
            read: rate(config.read_requests_per_min_max),
            person: Rate::new(NonZeroU32::new(config.person_requests_per_min_max).unwrap_or(NonZeroU32::MIN), MINUTE),
            key: Rate::new(NonZeroU32::new(config.key_requests_per_min_max).unwrap_or(NonZeroU32::MIN), MINUTE),
            new_keys: Rate::new(NEW_KEYS, MINUTE),
            looks_like_a_key,
            verified: RwLock::default(),
        }
    }

    /// The key that a request shows, if it shows one.
    fn key_in(&self, request: &HttpRequest) -> Option<KeyHash> {
        let shown = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
        let (_, token) = shown.split_once(' ')?;
        let token = token.trim();
        (self.looks_like_a_key)(token).then(|| Sha256::digest(token.as_bytes()).into())
    }

    /// This token is the key of this machine.
    pub fn verified(&self, token: &str, machine: Uuid) {
        let hash: KeyHash = Sha256::digest(token.as_bytes()).into();
        let known = self.verified.read().unwrap_or_else(PoisonError::into_inner).contains_key(&hash);
        if !known {
            self.verified.write().unwrap_or_else(PoisonError::into_inner).insert(hash, machine);
        }
    }

    /// This token is nobody's key, or nobody's any more.
    pub fn not_verified(&self, token: &str) {
        let hash: KeyHash = Sha256::digest(token.as_bytes()).into();
        let known = self.verified.read().unwrap_or_else(PoisonError::into_inner).contains_key(&hash);
        if known {
            self.verified.write().unwrap_or_else(PoisonError::into_inner).remove(&hash);
        }
    }

    /// Counts one request that shows this key.
    fn ask_with_key(&self, class: Class, from: IpAddr, key: &KeyHash) -> Result<(), Limited> {
        let machine = self.verified.read().unwrap_or_else(PoisonError::into_inner).get(key).copied();
        if let Some(machine) = machine {
            return self.judge("key", None, self.key.ask(&machine));
        }
        let wait = self.rate(class).ask(&ClientAddress(from).group());
        self.judge(class.name(), None, wait.or_else(|_| self.new_keys.ask(&ClientAddress(from).group())))
    }

    /// Counts one request of this account, on top of its address.
    ///
    /// # Errors
    /// Where there were too many.
    pub fn ask_as(&self, person: Uuid, from: IpAddr) -> Result<(), Limited> {
        if from.is_loopback() {
            return Ok(());
        }
        self.judge("person", Some(person), self.person.ask(&person))
    }

    fn judge(&self, of: &'static str, person: Option<Uuid>, asked: Result<(), Duration>) -> Result<(), Limited> {
        let Err(wait) = asked else { return Ok(()) };
        metrics::counter!("aisle_requests_limited_total", "class" => of).increment(1);
        if self.enforced { Err(Limited { of, person, wait }) } else { Ok(()) }
    }

    /// Counts one request of this address.
    ///
    /// # Errors
    /// Where there were too many.
    pub fn ask(&self, class: Class, from: IpAddr) -> Result<(), Limited> {
        self.judge(class.name(), None, self.rate(class).ask(&ClientAddress(from).group()))
    }

    fn rate(&self, class: Class) -> &Rate<IpAddr> {
        match class {
            Class::Account => &self.account,
            Class::Hold => &self.hold,
            Class::Order => &self.order,
            Class::Work => &self.work,
            Class::Read => &self.read,
        }
    }
}

/// One request too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Of what there were too many: a class's name, `person` or `key`.
    pub of: &'static str,
    /// Whose account, where it was counted by that.
    pub person: Option<Uuid>,
    /// How long to wait.
    pub wait: Duration,
}

impl Limited {
    /// The refusal, which administrators are told of where it is news.
    pub async fn refuse(self, notices: Option<&web::Data<Notices>>, from: IpAddr) -> ApiError {
        if let Some(notices) = notices {
            let actor = self.person.map_or(Actor::Stranger, Actor::User);
            let entry = Entry::new(actor, "requests.limited").with("of", self.of);
            notices.tell(Severity::Notice, self.of, from, entry).await;
        }
        too_many(self.wait)
    }
}

/// The refusal of who has asked too often.
#[must_use]
pub fn too_many(wait: Duration) -> ApiError {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    ApiError::plain(Code::TooManyRequests).retry_after(seconds.max(1))
}

/// Stands before the API's routes.
///
/// # Errors
/// Those of the services behind it; its own refusals are answers.
pub async fn limit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    match counted(&request).await {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(refusal) => Ok(request.error_response(refusal).map_into_right_body()),
    }
}

async fn counted(request: &ServiceRequest) -> Result<(), ApiError> {
    let Some(limits) = request.app_data::<web::Data<Limits>>() else { return Err(ApiError::plain(Code::Internal)) };
    let path = request.match_info().as_str();
    let below = path.strip_prefix("/api/v1").unwrap_or(path);
    let from = client_address(request.request());
    let Some(class) = Class::of(request.method(), below).filter(|_| !from.is_loopback()) else { return Ok(()) };
    let asked = match limits.key_in(request.request()) {
        Some(key) => limits.ask_with_key(class, from, &key),
        None => limits.ask(class, from),
    };
    match asked {
        Ok(()) => Ok(()),
        Err(limited) => Err(Box::pin(limited.refuse(request.app_data::<web::Data<Notices>>(), from)).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_its_class() {
        let of = |method: &str, path: &str| Class::of(&method.parse().unwrap(), path);
        assert_eq!(of("POST", "/auth/login"), Some(Class::Account));
        assert_eq!(of("GET", "/auth/oauth/google/callback"), Some(Class::Account));
        assert_eq!(of("DELETE", "/me"), Some(Class::Account));
        assert_eq!(of("GET", "/me/orders"), Some(Class::Read));
        assert_eq!(of("POST", "/shows/1/holds"), Some(Class::Hold));
        assert_eq!(of("GET", "/shows/1/seats"), Some(Class::Read));
        assert_eq!(of("POST", "/orders"), Some(Class::Order));
        assert_eq!(of("POST", "/orders/lookup"), Some(Class::Account));
        assert_eq!(of("POST", "/orders/1/cancel"), Some(Class::Order));
        assert_eq!(of("PATCH", "/admin/shows/1"), Some(Class::Work));
        assert_eq!(of("POST", "/authors"), Some(Class::Work));
        assert_eq!(of("POST", "/webhooks/sandbox/default"), None);
    }

    fn limits(config: Config) -> Limits {
        let config = Config {
            account_requests_per_min_max: 2,
            hold_requests_per_min_max: 1,
            key_requests_per_min_max: 3,
            person_requests_per_min_max: 2,
            ..config
        };
        Limits::from_config(&config, |token| token.starts_with("aislek_"))
    }

    #[test]
    fn an_address_is_counted_class_by_class_and_nobody_pays_for_another() {
        let limits = limits(Config::default());
        let (ada, bob) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        limits.ask(Class::Hold, ada).unwrap();
        assert_eq!(limits.ask(Class::Hold, ada).unwrap_err().of, "hold");
        limits.ask(Class::Account, ada).unwrap();
        limits.ask(Class::Hold, bob).unwrap();
    }

    #[test]
    fn a_customer_of_ipv6_is_their_network() {
        let limits = limits(Config::default());
        limits.ask(Class::Hold, "2001:db8:0:1::5".parse().unwrap()).unwrap();
        assert!(limits.ask(Class::Hold, "2001:db8:0:1:ffff::1".parse().unwrap()).is_err());
        limits.ask(Class::Hold, "2001:db8:0:2::5".parse().unwrap()).unwrap();
    }

    #[test]
    fn an_account_is_counted_wherever_it_asks_from_but_not_on_this_machine() {
        let limits = limits(Config::default());
        let (ada, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for n in 1..=2 {
            limits.ask_as(ada, IpAddr::from([192, 0, 2, n])).unwrap();
        }
        let limited = limits.ask_as(ada, IpAddr::from([192, 0, 2, 3])).unwrap_err();
        assert_eq!((limited.of, limited.person), ("person", Some(ada)));
        limits.ask_as(bob, IpAddr::from([192, 0, 2, 3])).unwrap();
        limits.ask_as(ada, IpAddr::from([127, 0, 0, 1])).unwrap();
    }

    #[test]
    fn a_key_that_was_verified_has_a_measure_of_its_own_and_one_that_was_not_has_its_addresss() {
        let limits = limits(Config::default());
        let (shop, from) = (Uuid::from_u128(1), IpAddr::from([192, 0, 2, 1]));
        let hash = |token: &str| -> KeyHash { Sha256::digest(token.as_bytes()).into() };
        limits.ask(Class::Hold, from).unwrap();
        limits.ask(Class::Hold, from).unwrap_err();
        // Strangers have spent what the address had; a key that nobody has seen yet is looked at all the same, a few times.
        for _ in 0..NEW_KEYS.get() {
            limits.ask_with_key(Class::Hold, from, &hash("aislek_made_up")).unwrap();
        }
        limits.ask_with_key(Class::Hold, from, &hash("aislek_made_up")).unwrap_err();
        limits.verified("aislek_shop", shop);
        for _ in 0..3 {
            limits.ask_with_key(Class::Hold, from, &hash("aislek_shop")).unwrap();
        }
        assert_eq!(limits.ask_with_key(Class::Hold, from, &hash("aislek_shop")).unwrap_err().of, "key");
        // Revoked, it is a stranger's again.
        limits.not_verified("aislek_shop");
        assert_eq!(limits.ask_with_key(Class::Hold, from, &hash("aislek_shop")).unwrap_err().of, "hold");
        assert!(limits.verified.read().unwrap().is_empty());
    }

    #[test]
    fn who_is_only_observed_is_refused_nothing() {
        let limits = limits(Config { abuse_limits: AbuseLimits::Observe, ..Config::default() });
        for _ in 0..3 {
            limits.ask(Class::Hold, IpAddr::from([192, 0, 2, 1])).unwrap();
            limits.ask_as(Uuid::nil(), IpAddr::from([192, 0, 2, 1])).unwrap();
        }
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds_and_never_none() {
        use actix_web::ResponseError as _;
        let told = |wait| too_many(wait).error_response().headers().get("retry-after").cloned();
        assert_eq!(told(Duration::from_millis(1)), Some("1".parse().unwrap()));
        assert_eq!(told(Duration::from_millis(20_001)), Some("21".parse().unwrap()));
        assert_eq!(told(Duration::ZERO), Some("1".parse().unwrap()));
    }
}
