//! Server keys: what signs hold tokens, order tokens, links, tickets and the sandbox's webhooks.
//!
//! They live in the database, sealed (AES-256-GCM) with the installation's secret, so that every process on one database has
//! the same ones and a copy of the database alone signs nothing.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sqlx::PgPool;
use subtle::ConstantTimeEq as _;

use super::ids;

/// What a key is for. A key of one purpose never proves anything of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Proves that its bearer is the buyer who holds the seats.
    HoldToken,
    /// Proves that its bearer made the order.
    OrderToken,
    /// A link to one resource, as in mails.
    Link,
    /// Ed25519 seed of the tickets' QR codes.
    Ticket,
    /// Signs the sandbox gateway's webhooks.
    SandboxWebhook,
    /// Ed25519 seed of access tokens.
    Access,
    /// Makes the refresh token that follows another.
    Refresh,
}

impl Purpose {
    const ALL: [Self; 7] = [
        Self::HoldToken,
        Self::OrderToken,
        Self::Link,
        Self::Ticket,
        Self::SandboxWebhook,
        Self::Access,
        Self::Refresh,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::HoldToken => "hold_token",
            Self::OrderToken => "order_token",
            Self::Link => "link",
            Self::Ticket => "ticket",
            Self::SandboxWebhook => "sandbox_webhook",
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// Why the keys could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The secret's file cannot be read or made.
    #[error("the installation's secret {path} cannot be read or made")]
    SecretFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The secret is not 32 bytes in base64.
    #[error("the installation's secret is not 32 bytes in base64; make one with: head -c 32 /dev/urandom | base64")]
    SecretMalformed,
    /// The keys in the database were sealed with another secret.
    #[error(
        "the server keys in the database were sealed with another secret: give the AISLE_SECRET_KEY (or data directory) that they were made with"
    )]
    WrongSecret,
    /// The database did not answer.
    #[error("the server keys could not be read")]
    Database(#[from] sqlx::Error),
    /// No randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
}

/// The installation's secret.
pub struct InstallationSecret([u8; 32]);

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
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                file.write_all(STANDARD.encode(secret.0).as_bytes()).map_err(failed)?;
                file.sync_all().map_err(failed)?;
                Ok(secret)
            }
            // Another process was first; its secret is the secret.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Self::parse(&fs::read_to_string(&path).map_err(failed)?)
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, KeysError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| KeysError::SecretMalformed)
    }

    fn seal(&self, kid: &str, key: &[u8]) -> Result<Vec<u8>, KeysError> {
        let mut text = key.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(kid.as_bytes()), &mut text)
            .map_err(|_| KeysError::WrongSecret)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend(text);
        Ok(sealed)
    }

    fn open(&self, kid: &str, sealed: &[u8]) -> Result<[u8; 32], KeysError> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(KeysError::WrongSecret)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeysError::WrongSecret)?;
        let mut text = text.to_vec();
        let key = self
            .cipher()?
            .open_in_place(nonce, Aad::from(kid.as_bytes()), &mut text)
            .map_err(|_| KeysError::WrongSecret)?;
        <[u8; 32]>::try_from(&*key).map_err(|_| KeysError::WrongSecret)
    }
}

struct Key {
    kid: String,
    secret: [u8; 32],
}

/// The server keys, opened.
pub struct Keys {
    current: HashMap<Purpose, Key>,
    by_kid: HashMap<String, (Purpose, [u8; 32])>,
}

impl Keys {
    /// Reads the keys and makes those that are missing.
    ///
    /// # Errors
    /// When the database does not answer or the keys were sealed with another secret.
    pub async fn open(pool: &PgPool, secret: &InstallationSecret) -> Result<Self, KeysError> {
        for purpose in Purpose::ALL {
            let kid = URL_SAFE_NO_PAD.encode(ids::random_bytes::<6>()?);
            let sealed = secret.seal(&kid, &ids::random_bytes::<32>()?)?;
            // Processes that start together: the first one's key stays.
            sqlx::query!(
                "INSERT INTO server_key (kid, purpose, sealed) VALUES ($1, $2, $3)
                 ON CONFLICT (purpose) WHERE retired_at IS NULL DO NOTHING",
                kid,
                purpose.name(),
                sealed
            )
            .execute(pool)
            .await?;
        }
        // A retired key of access tokens outlives its last token by a little and no longer: who stole it must not sign for ever.
        let rows = sqlx::query!(
            "SELECT kid, purpose, sealed, retired_at IS NULL AS \"current!\" FROM server_key
             WHERE purpose <> 'access' OR retired_at IS NULL OR retired_at > now() - interval '1 hour'"
        )
        .fetch_all(pool)
        .await?;
        let mut keys = Self { current: HashMap::new(), by_kid: HashMap::new() };
        for row in rows {
            let Some(purpose) = Purpose::ALL.into_iter().find(|purpose| purpose.name() == row.purpose) else {
                continue;
            };
            let opened = secret.open(&row.kid, &row.sealed)?;
            if row.current {
                keys.current.insert(purpose, Key { kid: row.kid.clone(), secret: opened });
            }
            keys.by_kid.insert(row.kid, (purpose, opened));
        }
        Ok(keys)
    }

    /// The token that proves `about` (an id's bytes, or several parts): `kid.HMAC`. The same every time.
    #[must_use]
    pub fn token(&self, purpose: Purpose, about: &[&[u8]]) -> String {
        // Keys::open made one of each purpose; a token with an empty kid is refused by `proves`.
        let Some(key) = self.current.get(&purpose) else { return String::new() };
        format!("{}.{}", key.kid, URL_SAFE_NO_PAD.encode(&mac(&key.secret, about)[..24]))
    }

    /// Whether `token` was made by this installation for exactly this. Takes the same time whatever is wrong.
    #[must_use]
    pub fn proves(&self, purpose: Purpose, about: &[&[u8]], token: &str) -> bool {
        let Some((kid, proof)) = token.split_once('.') else { return false };
        let Some((made_for, secret)) = self.by_kid.get(kid) else { return false };
        let Ok(proof) = URL_SAFE_NO_PAD.decode(proof) else { return false };
        *made_for == purpose && bool::from(mac(secret, about)[..24].ct_eq(&proof))
    }

    /// The secret bytes for a purpose, with their key id: for signatures other than tokens.
    #[must_use]
    pub fn secret(&self, purpose: Purpose) -> Option<(&str, &[u8; 32])> {
        self.current.get(&purpose).map(|key| (key.kid.as_str(), &key.secret))
    }

    /// Every key of a purpose, the retired ones too, by its id.
    pub fn all(&self, purpose: Purpose) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.by_kid.iter().filter(move |(_, key)| key.0 == purpose).map(|(kid, (_, secret))| (kid.as_str(), secret))
    }

    /// The secret bytes of one key id: to verify what was signed with it, also after its retirement.
    #[must_use]
    pub fn secret_by_kid(&self, purpose: Purpose, kid: &str) -> Option<&[u8; 32]> {
        self.by_kid.get(kid).filter(|(made_for, _)| *made_for == purpose).map(|(_, secret)| secret)
    }
}

fn mac(secret: &[u8; 32], about: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length: 32 bytes cannot be refused.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return [0; 32] };
    for part in about {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let current = Purpose::ALL
            .into_iter()
            .enumerate()
            .map(|(at, purpose)| (purpose, Key { kid: format!("k{at}"), secret: [at as u8; 32] }))
            .collect::<HashMap<_, _>>();
        let by_kid = current.iter().map(|(&purpose, key)| (key.kid.clone(), (purpose, key.secret))).collect();
        Keys { current, by_kid }
    }

    #[test]
    fn a_token_proves_one_thing_for_one_purpose() {
        let keys = keys();
        let token = keys.token(Purpose::HoldToken, &[b"hold-1"]);
        assert!(keys.proves(Purpose::HoldToken, &[b"hold-1"], &token));
        assert!(!keys.proves(Purpose::HoldToken, &[b"hold-2"], &token));
        assert!(!keys.proves(Purpose::OrderToken, &[b"hold-1"], &token));
        for forged in ["", ".", "k0.", "k0.AAAA", "k9.AAAA", &token[..token.len() - 1]] {
            assert!(!keys.proves(Purpose::HoldToken, &[b"hold-1"], forged), "{forged}");
        }
    }

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
        fs::write(dir.path().join("new/secret.key"), "short").unwrap();
        assert!(matches!(InstallationSecret::from_data_dir(&dir.path().join("new")), Err(KeysError::SecretMalformed)));
    }
}
