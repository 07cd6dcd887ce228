//! `Stripe-Signature: t=<unix seconds>,v1=<hex HMAC-SHA-256 over "t.body">`, perhaps with several `v1`: while a secret is
//! rolled, Stripe signs with the old one and the new one.

use jiff::Timestamp;

use super::super::gateway::{WebhookError, WebhookRequest};
use super::super::signature::{hex_hmac, same};

/// The header that carries the signature.
pub const HEADER: &str = "stripe-signature";
/// A signature older than this is somebody's recording; the same as their own libraries allow.
const AGE_MAX_S: i64 = 300;
/// More of one kind nobody sends.
const SIGNATURES_MAX: usize = 8;

/// The header's value for this body, signed then.
#[must_use]
pub fn sign(secret: &str, at: Timestamp, body: &[u8]) -> Option<String> {
    let at = at.as_second().to_string();
    let signature = hex_hmac(secret.as_bytes(), &[at.as_bytes(), b".", body])?;
    Some(format!("t={at},v1={signature}"))
}

/// Whether Stripe signed this body with this secret, lately.
///
/// # Errors
/// `SignatureInvalid`, whatever of it is wrong.
pub fn verify(secret: &str, request: &WebhookRequest<'_>) -> Result<(), WebhookError> {
    let header = request.headers.get(HEADER).ok_or(WebhookError::SignatureInvalid)?;
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let genuine = (|| {
        let (_, at) = parts().find(|(name, _)| *name == "t")?;
        let age = request.now.as_second().checked_sub(at.parse().ok()?)?.checked_abs()?;
        let expected = hex_hmac(secret.as_bytes(), &[at.as_bytes(), b".", request.body])?;
        let mut signed = false;
        for (_, shown) in parts().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX) {
            signed |= same(&expected, shown);
        }
        Some(signed && age <= AGE_MAX_S)
    })();
    if genuine == Some(true) { Ok(()) } else { Err(WebhookError::SignatureInvalid) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn check(secret: &str, header: &str, body: &[u8], now: i64) -> bool {
        let headers = BTreeMap::from([(HEADER.to_owned(), header.to_owned())]);
        let now = Timestamp::from_second(now).unwrap();
        verify(secret, &WebhookRequest { headers: &headers, body, now }).is_ok()
    }

    #[test]
    fn a_signature_is_good_for_its_body_its_secret_and_five_minutes() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let header = sign("whsec_one", at, b"{}").unwrap();
        let now = at.as_second();
        assert!(check("whsec_one", &header, b"{}", now));
        assert!(check("whsec_one", &header, b"{}", now + 300) && check("whsec_one", &header, b"{}", now - 300));
        assert!(!check("whsec_one", &header, b"{}", now + 301) && !check("whsec_one", &header, b"{}", now - 301));
        assert!(!check("whsec_two", &header, b"{}", now), "another secret");
        assert!(!check("whsec_one", &header, b"{ }", now), "another body");
        let newer = format!("t={}", now + 100);
        assert!(!check("whsec_one", &header.replace(&format!("t={now}"), &newer), b"{}", now), "another time");
    }

    #[test]
    fn while_a_secret_is_rolled_one_of_several_signatures_is_enough() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let (old, new) = (sign("whsec_old", at, b"{}").unwrap(), sign("whsec_new", at, b"{}").unwrap());
        let both = format!("{old},{}", new.split_once(',').unwrap().1);
        assert!(check("whsec_old", &both, b"{}", at.as_second()) && check("whsec_new", &both, b"{}", at.as_second()));
        assert!(!check("whsec_other", &both, b"{}", at.as_second()));
        // A signature of their test scheme proves nothing.
        assert!(!check("whsec_old", &old.replace("v1=", "v0="), b"{}", at.as_second()));
    }

    #[test]
    fn garbage_is_refused() {
        for header in
            ["", "t=", "t=1", "v1=abc", "t=abc,v1=abc", "t=9223372036854775807,v1=", "t=-9223372036854775808,v1=a"]
        {
            assert!(!check("whsec_one", header, b"{}", 1_800_000_000), "{header}");
        }
        let headers = BTreeMap::new();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        assert!(verify("s", &WebhookRequest { headers: &headers, body: b"{}", now }).is_err());
    }
}
