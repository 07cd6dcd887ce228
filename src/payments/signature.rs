//! What providers sign with: HMAC-SHA-256, in hexadecimal letters.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The signature of these parts, one after the other.
pub(super) fn hex_hmac(secret: &[u8], parts: &[&[u8]]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether they are the same, in a time that tells nothing of where they differ.
pub(super) fn same(expected: &str, shown: &str) -> bool {
    bool::from(expected.as_bytes().ct_eq(shown.as_bytes()))
}
