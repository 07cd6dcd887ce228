//! Other secrets that must lie in the database: sealed with a data key, which rotates like every server key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Keys, KeysError, Purpose, secret};

/// The parts with their lengths, so that no two lists are alike, and the key's name.
fn bound(kid: &str, about: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in std::iter::once(kid.as_bytes()).chain(about.iter().copied()) {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    bytes
}

impl Keys {
    /// Seals a secret, as text for a column: `kid.base64`. `about` says whose and what it is (a table's name and an id); it is
    /// needed to open it, so that a sealed secret cannot be moved to another row.
    ///
    /// # Errors
    /// When there is no key, which [`Keys::open`] rules out.
    pub fn seal(&self, about: &[&[u8]], plain: &[u8]) -> Result<String, KeysError> {
        let (kid, key) = self.secret(Purpose::Seal).ok_or(KeysError::NotSealedHere)?;
        let sealed = secret::seal(&key, &bound(&kid, about), plain)?;
        Ok(format!("{kid}.{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The secret that was sealed about this, under whichever key.
    ///
    /// # Errors
    /// `NotSealedHere` when it was sealed elsewhere, about something else, or is spoilt.
    pub fn open_sealed(&self, about: &[&[u8]], sealed: &str) -> Result<Vec<u8>, KeysError> {
        let opened = sealed.split_once('.').and_then(|(kid, sealed)| {
            let key = self.secret_by_kid(Purpose::Seal, kid)?;
            secret::open(&key, &bound(kid, about), &URL_SAFE_NO_PAD.decode(sealed).ok()?)
        });
        opened.ok_or(KeysError::NotSealedHere)
    }

    /// Whether it should be sealed again when it is next at hand, because the data key was rotated since.
    #[must_use]
    pub fn is_sealed_by_an_old_key(&self, sealed: &str) -> bool {
        let signing = self.secret(Purpose::Seal);
        signing.is_some_and(|(kid, _)| sealed.split_once('.').is_none_or(|(by, _)| by != kid))
    }
}
