//! Secrets of factors at rest: sealed with a server key, together with whose they are.

use uuid::Uuid;

use crate::platform::keys::Keys;

/// The secret of a user, sealed. `None` where there is no key, which [`Keys::open`] rules out.
#[must_use]
pub fn seal(keys: &Keys, user: Uuid, secret: &[u8]) -> Option<Vec<u8>> {
    keys.seal(&[b"totp", user.as_bytes()], secret).ok().map(String::into_bytes)
}

/// What was sealed for this user. `None` where it was another user's, another installation's, or has been changed.
#[must_use]
pub fn open(keys: &Keys, user: Uuid, sealed: &[u8]) -> Option<Vec<u8>> {
    keys.open_sealed(&[b"totp", user.as_bytes()], std::str::from_utf8(sealed).ok()?).ok()
}
