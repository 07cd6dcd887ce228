//! The installation's secret: what seals the server keys, and lies elsewhere than they do.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::KeysError;
use crate::platform::ids;

/// The installation's secret.
pub struct InstallationSecret(pub(super) [u8; 32]);

impl InstallationSecret {
    /// From configuration.
    ///
    /// # Errors
    /// When it is not 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| KeysError::SecretMalformed)?;
        <[u8; 32]>::try_from(bytes).map(Self).map_err(|_| KeysError::SecretMalformed)
    }

    /// From `data_dir/secret.key`, made there at the first start, readable by its owner alone.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds something else.
    pub fn from_data_dir(data_dir: &Path) -> Result<Self, KeysError> {
        let path = data_dir.join("secret.key");
        let failed = |source| KeysError::SecretFile { path: path.clone(), source };
        match fs::read_to_string(&path) {
            Ok(text) => return Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let secret = Self(ids::random_bytes()?);
        fs::create_dir_all(data_dir).map_err(failed)?;
        match secret.write_new(&path) {
            Ok(()) => Ok(secret),
            // Another process was first; its secret is the secret.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Self::parse(&fs::read_to_string(&path).map_err(failed)?)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Becomes `data_dir/secret.key`, in the place of the one before.
    ///
    /// # Errors
    /// When the file cannot be written; the one before stands then.
    pub fn replace_in(&self, data_dir: &Path) -> Result<(), KeysError> {
        let path = data_dir.join("secret.key");
        let next = data_dir.join("secret.key.next");
        let failed = |source| KeysError::SecretFile { path: path.clone(), source };
        match fs::remove_file(&next) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
            _ => self.write_new(&next).and_then(|()| fs::rename(&next, &path)).map_err(failed),
        }
    }

    /// Readable by its owner alone, and on the disk before anything rests on it.
    fn write_new(&self, path: &Path) -> std::io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(self.text().as_bytes())?;
        file.sync_all()
    }

    pub(super) fn seal(&self, kid: &str, key: &[u8]) -> Result<Vec<u8>, KeysError> {
        seal(&self.0, kid.as_bytes(), key)
    }

    pub(super) fn open(&self, kid: &str, sealed: &[u8]) -> Result<[u8; 32], KeysError> {
        let key = open(&self.0, kid.as_bytes(), sealed).ok_or(KeysError::WrongSecret)?;
        <[u8; 32]>::try_from(key).map_err(|_| KeysError::WrongSecret)
    }

    /// As its file has it.
    pub(super) fn text(&self) -> String {
        STANDARD.encode(self.0)
    }
}

/// AES-256-GCM: the nonce, then the text with its tag. Opens with the same `about` only.
pub(super) fn seal(key: &[u8; 32], about: &[u8], text: &[u8]) -> Result<Vec<u8>, KeysError> {
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| KeysError::SecretMalformed)?;
    let mut text = text.to_vec();
    let nonce = cipher.seal_in_place_append_tag(Aad::from(about), &mut text).map_err(|_| KeysError::SecretMalformed)?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.extend(text);
    Ok(sealed)
}

/// The text, where it was sealed with this key about this.
pub(super) fn open(key: &[u8; 32], about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    let opened = cipher.open_in_place(nonce, Aad::from(about), &mut text).ok()?;
    Some(opened.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_with_its_own_secret_and_name_only() {
        let secret = InstallationSecret([7; 32]);
        let sealed = secret.seal("kid", &[1; 32]).unwrap();
        assert_eq!(secret.open("kid", &sealed).unwrap(), [1; 32]);
        assert!(matches!(secret.open("other", &sealed), Err(KeysError::WrongSecret)));
        assert!(matches!(InstallationSecret([8; 32]).open("kid", &sealed), Err(KeysError::WrongSecret)));
        assert!(matches!(secret.open("kid", &sealed[..5]), Err(KeysError::WrongSecret)));
    }

    #[test]
    fn the_secret_of_a_data_directory_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let first = InstallationSecret::from_data_dir(&dir.path().join("new")).unwrap();
        let again = InstallationSecret::from_data_dir(&dir.path().join("new")).unwrap();
        assert_eq!(first.0, again.0);
        let other = InstallationSecret([9; 32]);
        other.replace_in(&dir.path().join("new")).unwrap();
        assert_eq!(InstallationSecret::from_data_dir(&dir.path().join("new")).unwrap().0, [9; 32]);
        fs::write(dir.path().join("new/secret.key"), "short").unwrap();
        assert!(matches!(InstallationSecret::from_data_dir(&dir.path().join("new")), Err(KeysError::SecretMalformed)));
    }
}
