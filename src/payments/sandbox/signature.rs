//! How the sandbox signs what it sends: `t=<unix seconds>,kid=<key>,v1=<hex HMAC-SHA-256 over "t.body">`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::super::gateway::{WebhookError, WebhookRequest};
use crate::platform::keys::{Keys, Purpose};

/// The header that carries the signature.
pub const HEADER: &str = "aisle-sandbox-signature";

/// A signature older than this is somebody's recording. Wide enough for clocks that are a little apart.
const AGE_MAX_S: i64 = 300;

fn mac(secret: &[u8; 32], at: i64, body: &[u8]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac.finalize().into_bytes().to_vec())
}

/// The header's value for this body, sent now.
pub fn sign(keys: &Keys, now: Timestamp, body: &[u8]) -> Option<String> {
    let (kid, secret) = keys.secret(Purpose::SandboxWebhook)?;
    let at = now.as_second();
    let hex: String = mac(&secret, at, body)?.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("t={at},kid={kid},v1={hex}"))
}

/// Whether this request was signed by us, lately.
pub fn verify(keys: &Keys, request: &WebhookRequest<'_>) -> Result<(), WebhookError> {
    let header = request.headers.get(HEADER).ok_or(WebhookError::SignatureInvalid)?;
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let genuine = (|| {
        let at: i64 = part("t")?.parse().ok()?;
        let secret = keys.secret_by_kid(Purpose::SandboxWebhook, part("kid")?)?;
        let expected: String = mac(&secret, at, request.body)?.iter().map(|byte| format!("{byte:02x}")).collect();
        let fresh = request.now.as_second().checked_sub(at)?.checked_abs()? <= AGE_MAX_S;
        Some(fresh && bool::from(expected.as_bytes().ct_eq(part("v1")?.as_bytes())))
    })();
    if genuine == Some(true) { Ok(()) } else { Err(WebhookError::SignatureInvalid) }
}
