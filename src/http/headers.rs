//! What every answer tells a browser to keep to: what a page may load, who may frame it, that it is https from now on.

use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::client_address::is_https;
use super::error::{ApiError, Code};
use super::patience::{self, Keeping};
use crate::platform::config::{ChallengeProvider, Config};

/// The website: its own files, and nothing inline. Live feeds are of its own origin too.
const WEBSITE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'";

/// What a challenge needs.
const CHALLENGED: [&str; 4] = ["script-src", "style-src", "connect-src", "frame-src"];

/// The docs page. Swagger UI writes its icons' styles into their elements.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'";

/// A PDF, which a browser shows with a program of its own.
const PDF: &str = "script-src 'none'; base-uri 'none'; form-action 'none'";

/// Data: whoever opens it as a page gets a page that loads and does nothing.
const DATA: &str = "default-src 'none'; base-uri 'none'; form-action 'none'";

/// The camera is for those who scan at the door, with their own pages only.
const PERMISSIONS: &str = "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), usb=()";

/// Under this path lives what other sites may frame.
const EMBEDDABLE: &str = "/embed/";

/// What a page may do, by what kind of page it is. Written once: an answer of the API is smaller than its headers.
#[derive(Clone, Debug)]
struct Policies {
    website: HeaderValue,
    docs: HeaderValue,
    pdf: HeaderValue,
    data: HeaderValue,
}

impl Policies {
    fn new(ancestors: &str, challenges_from: Option<&'static str>) -> Self {
        let policy = |base: &str| {
            let policy = format!("{base}; frame-ancestors {ancestors}");
            HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static(DATA))
        };
        // A challenge is its provider's script in its provider's frame; the website loads it when it is asked for one, and no page
        // may where none is configured.
        let website = challenges_from.map(|origins| {
            CHALLENGED.iter().fold(WEBSITE.to_owned(), |policy, directive| {
                policy.replace(&format!("{directive} 'self'"), &format!("{directive} 'self' {origins}"))
            })
        });
        Self {
            website: policy(website.as_deref().unwrap_or(WEBSITE)),
            docs: policy(DOCS),
            pdf: policy(PDF),
            data: policy(DATA),
        }
    }

    /// Of a page at this address with this content type.
    fn of(&self, path: &str, content_type: &str) -> &HeaderValue {
        if path.starts_with("/api/docs") {
            &self.docs
        } else if content_type.starts_with("text/html") {
            &self.website
        } else if content_type.starts_with("application/pdf") {
            &self.pdf
        } else {
            &self.data
        }
    }
}

/// What the configuration says of them.
#[derive(Clone, Debug)]
pub struct Wall {
    hsts: Option<HeaderValue>,
    /// For what nobody may frame.
    alone: Policies,
    /// For what those whom the configuration names may frame, where it names any.
    framed: Option<Policies>,
    read_by_others: bool,
    head_bytes_max: usize,
    body_patience: Duration,
}

impl Wall {
    /// As configured.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let origins = &config.embed_allowed_origins.0;
        let challenges_from = config.challenge_provider.map(ChallengeProvider::origins);
        let hsts = (config.hsts_max_age_s > 0).then(|| format!("max-age={}", config.hsts_max_age_s));
        Self {
            hsts: hsts.and_then(|value| HeaderValue::from_str(&value).ok()),
            alone: Policies::new("'none'", challenges_from),
            framed: (!origins.is_empty()).then(|| Policies::new(&origins.join(" "), challenges_from)),
            read_by_others: !config.cors_origins.0.is_empty(),
            head_bytes_max: config.head_bytes_max,
            body_patience: Duration::from_secs(config.body_patience_s),
        }
    }

    /// The policies of what others may frame, where anybody may frame this.
    fn framed(&self, path: &str) -> Option<&Policies> {
        self.framed.as_ref().filter(|_| path.starts_with(EMBEDDABLE))
    }

    fn adorn(&self, headers: &mut HeaderMap, path: &str, https: bool) {
        let framed = self.framed(path);
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let policy = framed.unwrap_or(&self.alone).of(path, content_type.unwrap_or_default()).clone();
        set(headers, header::CONTENT_SECURITY_POLICY, policy);
        if framed.is_none() {
            set(headers, header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
        set(headers, header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // Addresses may prove something (a link to an order): no other site sees where its visitors come from.
        set(headers, header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        set(headers, HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        set(headers, opener, HeaderValue::from_static("same-origin"));
        let readers = if framed.is_some() || (self.read_by_others && path.starts_with("/api/v1/")) {
            "cross-origin"
        } else {
            "same-origin"
        };
        set(headers, HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static(readers));
        if let Some(hsts) = self.hsts.as_ref().filter(|_| https) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
    }
}

/// Sets what the handler has not set itself: a stricter word of its own stands.
fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}

/// Stands before everything: bounds a request's head and its body's time, and gives every answer its headers. Needs
/// `Data<Wall>`.
///
/// # Errors
/// Those of the services behind it; its own refusals are answers.
pub async fn wall<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(wall) = request.app_data::<Data<Wall>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    // To who asks to upgrade, the library sends a body of unknown length bare although it says "chunked". A refusal has a length as
    // long as nobody compresses it.
    if wants_upgrade(request.headers()) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let path = request.path().to_owned();
    let https = is_https(request.request());
    let mut answer = if head_bytes(&request) > wall.head_bytes_max {
        let said = format!("Address and headers may have {} bytes together.", wall.head_bytes_max);
        request.error_response(ApiError::new(Code::HeadTooLarge, said)).map_into_boxed_body()
    } else {
        // A live feed has no body and may last.
        let headers = request.headers();
        let has_body = headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
        let kept = has_body.then(|| {
            let (payload, kept) = patience::within(request.take_payload(), wall.body_patience);
            request.set_payload(Payload::Stream { payload: Box::pin(payload) });
            kept
        });
        let answer = next.call(request).await?.map_into_boxed_body();
        match kept {
            Some(payload) => answer.map_body(|_, body| BoxBody::new(Keeping { body, _payload: payload })),
            None => answer,
        }
    };
    wall.adorn(answer.headers_mut(), &path, https);
    Ok(answer)
}

fn wants_upgrade(headers: &HeaderMap) -> bool {
    let said = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains("upgrade"));
    headers.contains_key(header::UPGRADE) || headers.get_all(header::CONNECTION).any(said)
}

fn head_bytes(request: &ServiceRequest) -> usize {
    let uri = request.uri().path_and_query().map_or(0, |text| text.as_str().len());
    request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() + uri
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall_of(change: impl FnOnce(&mut Config)) -> Wall {
        let mut config = Config::default();
        change(&mut config);
        Wall::from_config(&config)
    }

    fn told(wall: &Wall, path: &str, content_type: &'static str, https: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        wall.adorn(&mut headers, path, https);
        headers
    }

    fn policy(wall: &Wall, path: &str, content_type: &str) -> String {
        let policies = wall.framed(path).unwrap_or(&wall.alone);
        policies.of(path, content_type).to_str().unwrap().to_owned()
    }

    #[test]
    fn nothing_inline_runs_and_nobody_frames_a_page() {
        let wall = wall_of(|_| {});
        for (path, kind) in
            [("/", "text/html; charset=utf-8"), ("/api/v1/site", "application/json"), ("/embed/x", "text/html")]
        {
            let headers = told(&wall, path, kind, false);
            let policy = headers.get("content-security-policy").unwrap().to_str().unwrap();
            assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert_eq!(headers.get("x-frame-options").unwrap(), "DENY");
            assert!(!headers.contains_key("strict-transport-security"));
        }
        let docs = policy(&wall, "/api/docs/", "text/html");
        assert!(docs.contains("script-src 'self';"), "{docs}");
    }

    #[test]
    fn a_challenge_comes_from_its_provider_where_one_is_configured() {
        let plain = policy(&wall_of(|_| {}), "/", "text/html");
        assert!(!plain.contains("https:"), "{plain}");
        let wall = wall_of(|config| config.challenge_provider = Some(ChallengeProvider::Turnstile));
        let website = policy(&wall, "/", "text/html");
        for directive in CHALLENGED {
            assert!(website.contains(&format!("{directive} 'self' https://challenges.cloudflare.com;")), "{website}");
        }
        assert_eq!(website.replace(" https://challenges.cloudflare.com", ""), plain, "and nothing else changes");
        for (path, kind) in [("/api/docs/", "text/html"), ("/x.pdf", "application/pdf"), ("/api/v1/site", "")] {
            assert!(!policy(&wall, path, kind).contains("cloudflare"), "{path}");
        }
    }

    #[test]
    fn what_may_be_framed_is_framed_by_whom_the_configuration_names() {
        let wall = wall_of(|config| config.embed_allowed_origins.0 = vec!["https://shop.example.org".to_owned()]);
        let headers = told(&wall, "/embed/shows/1", "text/html", true);
        let policy = headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.ends_with("frame-ancestors https://shop.example.org"), "{policy}");
        assert!(!headers.contains_key("x-frame-options"));
        let elsewhere = told(&wall, "/embedded", "text/html", true);
        assert_eq!(elsewhere.get("x-frame-options").unwrap(), "DENY");
    }

    #[test]
    fn https_is_for_good_where_it_was_once() {
        let wall = wall_of(|_| {});
        let headers = told(&wall, "/", "text/html", true);
        assert_eq!(headers.get("strict-transport-security").unwrap(), "max-age=31536000");
        let off = wall_of(|config| config.hsts_max_age_s = 0);
        assert!(!told(&off, "/", "text/html", true).contains_key("strict-transport-security"));
    }

    #[test]
    fn a_handlers_own_word_stands() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        wall_of(|_| {}).adorn(&mut headers, "/api/v1/x", false);
        assert_eq!(headers.get("content-security-policy").unwrap(), "sandbox");
        assert_eq!(headers.get("x-content-type-options").unwrap(), "nosniff");
    }
}
