//! What a browser carries to another house and back: state, nonce and verifier, in a cookie that is signed, short-lived, and
//! unreadable for scripts. Whoever has not begun here cannot end here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::ids;
use crate::platform::keys::{Keys, Purpose};

/// How long somebody may take at the other house.
pub const FLOW_S: i64 = 600;
const RETURN_TO_MAX: usize = 512;

/// One visit to another house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Which house.
    pub provider: String,
    /// Comes back in the address.
    pub state: String,
    /// Comes back in the signed token.
    pub nonce: String,
    /// Proves, at the exchange of the code, that we began.
    pub verifier: String,
    /// Where to afterwards: a path of ours.
    pub return_to: String,
    /// Who was signed in and wants to link the other account to theirs.
    pub link: Option<Uuid>,
    /// Until when, in seconds since 1970.
    pub until: i64,
}

impl Flow {
    /// A new one.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn new(provider: &str, return_to: String, link: Option<Uuid>, now_s: i64) -> Result<Self, getrandom::Error> {
        Ok(Self {
            provider: provider.to_owned(),
            state: ids::random_secret()?,
            nonce: ids::random_secret()?,
            verifier: ids::random_secret()?,
            return_to,
            link,
            until: now_s + FLOW_S,
        })
    }

    /// As a cookie's value.
    #[must_use]
    pub fn sealed(&self, keys: &Keys) -> String {
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let proof = keys.token(Purpose::Link, &[b"oauth", text.as_bytes()]);
        format!("{text}~{proof}")
    }

    /// From a cookie's value. `None` where it is none of ours, of another house, or too old.
    #[must_use]
    pub fn opened(keys: &Keys, cookie: &str, provider: &str, now_s: i64) -> Option<Self> {
        let (text, proof) = cookie.split_once('~')?;
        if !keys.proves(Purpose::Link, &[b"oauth", text.as_bytes()], proof) {
            return None;
        }
        let flow: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (flow.provider == provider && now_s < flow.until).then_some(flow)
    }
}

/// A path of ours to return to; the front page where it is anything else. Browsers read `//host` and `/\host` as another host.
#[must_use]
pub fn own_path(wanted: Option<&str>) -> String {
    let is_ours = |path: &&str| {
        path.len() <= RETURN_TO_MAX
            && path.starts_with('/')
            && !path.starts_with("//")
            && !path.starts_with("/api/")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    wanted.filter(is_ours).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_ours_is_returned_to() {
        for path in ["/", "/orders/1?x=y#z", "/account/security"] {
            assert_eq!(own_path(Some(path)), path);
        }
        let long = format!("/{}", "x".repeat(RETURN_TO_MAX));
        for path in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "",
            "orders",
            "/a\nb",
            "/a b",
            "/ä",
            "/api/v1/auth/logout",
            "/a\\b",
            &long,
        ] {
            assert_eq!(own_path(Some(path)), "/", "{path:?}");
        }
        assert_eq!(own_path(None), "/");
    }
}
