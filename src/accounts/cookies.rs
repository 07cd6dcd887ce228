//! The cookies of a browser: the two of its session, the one by which an account knows it again, the one by which its holds are
//! counted; and how a browser vouches for what it changes.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header;

use uuid::Uuid;

use super::access_jwt::LIFETIME_S;
use super::sessions::REFRESH_DAYS;
use crate::http::is_https;
use crate::platform::ids;
use crate::platform::keys::{Keys, Purpose};

/// What such a proof is about, so that no other link proves it.
const DEVICE: &[u8] = b"device";

/// The access token's cookie. By https it has the prefix `__Host-`, by which a browser takes it from this host alone.
pub const SESSION_COOKIE: &str = "aisle_session";
/// The refresh token's cookie. By https it has the prefix `__Secure-`; `__Host-` would not let it have a path of its own.
pub const REFRESH_COOKIE: &str = "aisle_refresh";
/// Where the refresh token is sent to, and nowhere else.
const REFRESH_PATH: &str = "/api/v1/auth";
/// The cookie by which an account knows a browser that has signed in before: it tries passwords out of a bucket of its own.
pub const DEVICE_COOKIE: &str = "aisle_device";
/// Longer than most people stay away.
const DEVICE_DAYS: i64 = 365;
/// What a proof of the next cookie is about.
const VISITOR: &[u8] = b"visitor";
/// The cookie by which what one browser holds is counted together. It names nobody, and is made at the first hold.
pub const VISITOR_COOKIE: &str = "aisle_visitor";
/// Where holds are made, and nowhere else.
const VISITOR_PATH: &str = "/api/v1/shows";
/// What a browser did is remembered for an hour; a day is the longest that somebody leaves a page open.
const VISITOR_DAYS: i64 = 1;

#[derive(Clone, Copy)]
enum Kind {
    Session,
    Refresh,
    Device,
    Visitor,
}

impl Kind {
    /// By https the cookies without a prefix are not even looked at: another host of the same site could have planted them.
    fn name(self, https: bool) -> String {
        match (self, https) {
            (Self::Session, true) => format!("__Host-{SESSION_COOKIE}"),
            (Self::Session, false) => SESSION_COOKIE.to_owned(),
            (Self::Refresh, true) => format!("__Secure-{REFRESH_COOKIE}"),
            (Self::Refresh, false) => REFRESH_COOKIE.to_owned(),
            (Self::Device, true) => format!("__Secure-{DEVICE_COOKIE}"),
            (Self::Device, false) => DEVICE_COOKIE.to_owned(),
            (Self::Visitor, true) => format!("__Secure-{VISITOR_COOKIE}"),
            (Self::Visitor, false) => VISITOR_COOKIE.to_owned(),
        }
    }

    fn cookie(self, https: bool, token: String) -> Cookie<'static> {
        let (path, age) = match self {
            Self::Session => ("/", Duration::seconds(LIFETIME_S)),
            Self::Refresh => (REFRESH_PATH, Duration::days(i64::from(REFRESH_DAYS))),
            Self::Device => (REFRESH_PATH, Duration::days(DEVICE_DAYS)),
            Self::Visitor => (VISITOR_PATH, Duration::days(VISITOR_DAYS)),
        };
        // Without TLS a browser would not send a `Secure` cookie back at all, and a first try on one machine has no TLS.
        Cookie::build(self.name(https), token)
            .path(path)
            .max_age(age)
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(https)
            .finish()
    }

    fn of(self, request: &HttpRequest) -> Option<String> {
        request.cookie(&self.name(is_https(request))).map(|cookie| cookie.value().to_owned())
    }
}

/// The access token that the browser brought.
#[must_use]
pub fn session_of(request: &HttpRequest) -> Option<String> {
    Kind::Session.of(request)
}

/// The refresh token that the browser brought.
#[must_use]
pub fn refresh_of(request: &HttpRequest) -> Option<String> {
    Kind::Refresh.of(request)
}

/// Both cookies for who came by this request.
#[must_use]
pub fn both(request: &HttpRequest, access: &str, refresh: &str) -> [Cookie<'static>; 2] {
    let https = is_https(request);
    [Kind::Session.cookie(https, access.to_owned()), Kind::Refresh.cookie(https, refresh.to_owned())]
}

/// What the browser brought as proof of having signed in before, if it proves it of this account.
#[must_use]
pub fn device_of(request: &HttpRequest, keys: &Keys, user: Uuid) -> Option<String> {
    let brought = Kind::Device.of(request)?;
    let (mark, proof) = brought.split_once('.')?;
    keys.proves(Purpose::Link, &[DEVICE, user.as_bytes(), mark.as_bytes()], proof).then_some(brought)
}

/// The cookie by which this account will know the browser again; `None` where it has one.
///
/// # Errors
/// When the operating system has no randomness.
pub fn device(request: &HttpRequest, keys: &Keys, user: Uuid) -> Result<Option<Cookie<'static>>, getrandom::Error> {
    if device_of(request, keys, user).is_some() {
        return Ok(None);
    }
    let mark = ids::random_secret()?;
    let proof = keys.token(Purpose::Link, &[DEVICE, user.as_bytes(), mark.as_bytes()]);
    Ok(Some(Kind::Device.cookie(is_https(request), format!("{mark}.{proof}"))))
}

/// What the browser brought to have its holds counted by, if it is of ours.
#[must_use]
pub fn visitor_of(request: &HttpRequest, keys: &Keys) -> Option<String> {
    let brought = Kind::Visitor.of(request)?;
    let (mark, proof) = brought.split_once('.')?;
    keys.proves(Purpose::Link, &[VISITOR, mark.as_bytes()], proof).then_some(brought)
}

/// The cookie by which the browser's holds will be counted.
///
/// # Errors
/// When the operating system has no randomness.
pub fn visitor(request: &HttpRequest, keys: &Keys) -> Result<Cookie<'static>, getrandom::Error> {
    let mark = ids::random_secret()?;
    let proof = keys.token(Purpose::Link, &[VISITOR, mark.as_bytes()]);
    Ok(Kind::Visitor.cookie(is_https(request), format!("{mark}.{proof}")))
}

/// The two of a session, taken away.
#[must_use]
pub fn gone(request: &HttpRequest) -> [Cookie<'static>; 2] {
    both(request, "", "").map(|mut cookie| {
        cookie.make_removal();
        cookie
    })
}

/// Whether the browser says that our own page asks. Another site can make a browser send our cookies, but neither a header of
/// its own choice nor another `Sec-Fetch-Site` or `Origin` than the true one. `issuer` is our public address, where we know it.
#[must_use]
pub fn vouched(request: &HttpRequest, issuer: &str) -> bool {
    let said = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if !request.headers().contains_key("aisle-csrf") {
        return false;
    }
    if let Some(site) = said("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = said(header::ORIGIN.as_str()) else { return true };
    let host = said(header::HOST.as_str()).unwrap_or_default();
    origin == issuer || origin.split_once("://").is_some_and(|(_, authority)| !host.is_empty() && authority == host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_our_own_page_vouches() {
        let vouches = |headers: &[(&str, &str)]| {
            let mut request = TestRequest::post();
            for &header in headers {
                request = request.insert_header(header);
            }
            vouched(&request.to_http_request(), "https://tickets.example.org")
        };
        let csrf = ("aisle-csrf", "1");
        let host = ("host", "127.0.0.1:8080");
        assert!(vouches(&[csrf]));
        assert!(!vouches(&[]));
        assert!(vouches(&[csrf, ("sec-fetch-site", "same-origin")]));
        assert!(!vouches(&[csrf, ("sec-fetch-site", "cross-site")]));
        assert!(!vouches(&[csrf, ("sec-fetch-site", "same-site")]));
        assert!(vouches(&[csrf, host, ("origin", "http://127.0.0.1:8080")]));
        assert!(vouches(&[csrf, host, ("origin", "https://tickets.example.org")]));
        for origin in ["https://evil.example", "null", "", "http://127.0.0.1:8080.evil.example", "://"] {
            assert!(!vouches(&[csrf, host, ("origin", origin)]), "{origin}");
        }
    }
}
