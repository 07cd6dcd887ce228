//! How much one address may ask of each kind of route. An address of this machine is not counted: behind a proxy that is not named
//! in `trusted_proxies` it would be everybody at once.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web;

use super::client_address::{ClientAddress, client_address};
use super::error::{ApiError, Code};
use crate::platform::config::{AbuseLimits, Config};
use crate::platform::rates::Rate;

const MINUTE: Duration = Duration::from_secs(60);

/// Kinds of routes, by what a request of theirs costs and who would want many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Signs in, makes or changes an account: costs a password's hash or a mail.
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
        } else if within("/auth") || within("/me") || within("/setup") {
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

/// Counts requests by class and address.
pub struct Limits {
    enforced: bool,
    account: Rate<IpAddr>,
    hold: Rate<IpAddr>,
    order: Rate<IpAddr>,
    work: Rate<IpAddr>,
    read: Rate<IpAddr>,
}

impl Limits {
    /// As configured.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let rate = |max: u32| Rate::new(NonZeroU32::new(max).unwrap_or(NonZeroU32::MIN), MINUTE);
        Self {
            enforced: config.abuse_limits == AbuseLimits::Enforce,
            account: rate(config.account_requests_per_min_max),
            hold: rate(config.hold_requests_per_min_max),
            order: rate(config.order_requests_per_min_max),
            work: rate(config.work_requests_per_min_max),
            read: rate(config.read_requests_per_min_max),
        }
    }

    /// Counts one request of this address.
    ///
    /// # Errors
    /// `too_many_requests`, with the seconds to wait.
    pub fn ask(&self, class: Class, from: IpAddr) -> Result<(), ApiError> {
        if from.is_loopback() {
            return Ok(());
        }
        let rate = match class {
            Class::Account => &self.account,
            Class::Hold => &self.hold,
            Class::Order => &self.order,
            Class::Work => &self.work,
            Class::Read => &self.read,
        };
        let Err(wait) = rate.ask(&ClientAddress(from).group()) else { return Ok(()) };
        metrics::counter!("aisle_requests_limited_total", "class" => class.name()).increment(1);
        if self.enforced { Err(too_many(wait)) } else { Ok(()) }
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
    match counted(&request) {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(refusal) => Ok(request.error_response(refusal).map_into_right_body()),
    }
}

fn counted(request: &ServiceRequest) -> Result<(), ApiError> {
    let Some(limits) = request.app_data::<web::Data<Limits>>() else { return Err(ApiError::plain(Code::Internal)) };
    let path = request.match_info().as_str();
    let below = path.strip_prefix("/api/v1").unwrap_or(path);
    match Class::of(request.method(), below) {
        Some(class) => limits.ask(class, client_address(request.request())),
        None => Ok(()),
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
        assert_eq!(of("POST", "/orders/1/cancel"), Some(Class::Order));
        assert_eq!(of("PATCH", "/admin/shows/1"), Some(Class::Work));
        assert_eq!(of("POST", "/authors"), Some(Class::Work));
        assert_eq!(of("POST", "/webhooks/sandbox/default"), None);
    }

    fn limits(config: Config) -> Limits {
        Limits::from_config(&Config { account_requests_per_min_max: 2, hold_requests_per_min_max: 1, ..config })
    }

    #[test]
    fn an_address_is_counted_class_by_class_and_nobody_pays_for_another() {
        let limits = limits(Config::default());
        let (ada, bob) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        limits.ask(Class::Hold, ada).unwrap();
        assert_eq!(limits.ask(Class::Hold, ada).unwrap_err().code(), Code::TooManyRequests);
        limits.ask(Class::Account, ada).unwrap();
        limits.ask(Class::Hold, bob).unwrap();
    }

    #[test]
    fn a_customer_of_ipv6_is_their_network_and_this_machine_is_nobody() {
        let limits = limits(Config::default());
        limits.ask(Class::Hold, "2001:db8:0:1::5".parse().unwrap()).unwrap();
        assert!(limits.ask(Class::Hold, "2001:db8:0:1:ffff::1".parse().unwrap()).is_err());
        limits.ask(Class::Hold, "2001:db8:0:2::5".parse().unwrap()).unwrap();
        for _ in 0..3 {
            limits.ask(Class::Hold, IpAddr::from([127, 0, 0, 1])).unwrap();
        }
    }

    #[test]
    fn who_is_only_observed_is_refused_nothing() {
        let limits = limits(Config { abuse_limits: AbuseLimits::Observe, ..Config::default() });
        for _ in 0..3 {
            limits.ask(Class::Hold, IpAddr::from([192, 0, 2, 1])).unwrap();
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
