//! `X-Razorpay-Signature: <hex HMAC-SHA-256 over the body>`. It names no time: that stands in the body, and is looked at there.

use super::super::gateway::{WebhookError, WebhookRequest};
use super::super::signature::{hex_hmac, same};

/// The header that carries the signature.
pub const HEADER: &str = "x-razorpay-signature";
/// The header that names the event; the same name is the same event.
pub const EVENT_ID: &str = "x-razorpay-event-id";

/// The header's value for this body.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> Option<String> {
    hex_hmac(secret.as_bytes(), &[body])
}

/// Whether Razorpay signed this body with this secret.
///
/// # Errors
/// `SignatureInvalid`, whatever of it is wrong.
pub fn verify(secret: &str, request: &WebhookRequest<'_>) -> Result<(), WebhookError> {
    let shown = request.headers.get(HEADER).ok_or(WebhookError::SignatureInvalid)?;
    let expected = sign(secret, request.body).ok_or(WebhookError::SignatureInvalid)?;
    if same(&expected, shown) { Ok(()) } else { Err(WebhookError::SignatureInvalid) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_signature_is_good_for_its_body_and_its_secret() {
        let check = |secret: &str, shown: Option<&str>, body: &[u8]| {
            let headers: BTreeMap<_, _> = shown.map(|it| (HEADER.to_owned(), it.to_owned())).into_iter().collect();
            verify(secret, &WebhookRequest { headers: &headers, body, now: Timestamp::UNIX_EPOCH }).is_ok()
        };
        let signature = sign("one", b"{}").unwrap();
        assert!(check("one", Some(&signature), b"{}"));
        assert!(!check("two", Some(&signature), b"{}") && !check("one", Some(&signature), b"{ }"));
        for wrong in [None, Some(""), Some("abc"), Some(&signature[..63]), Some(&signature.to_uppercase())] {
            assert!(!check("one", wrong, b"{}"), "{wrong:?}");
        }
    }
}
