//! Server keys: what signs hold tokens, order tokens, links, tickets and the sandbox's webhooks, and what seals other secrets.
//!
//! They live in the database, sealed (AES-256-GCM) with the installation's secret, so that every process on one database has
//! the same ones and a copy of the database alone signs nothing.
//!
//! A key is rotated while servers run. Its successor is in the database for [`SETTLING_S`] before anybody signs with it, and
//! every process looks oftener than that: so nobody meets a signature by a key that they don't know. What was signed before
//! proves what it did until the old key is retired.

mod ring;
mod rotation;
mod sealed;
mod secret;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sqlx::PgPool;
use subtle::ConstantTimeEq as _;
use tokio::sync::{Notify, watch};

use self::ring::Ring;
pub use self::rotation::{Kept, Resealed, Standing, list, reseal, retire, rotate};
pub use self::secret::InstallationSecret;

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
    /// Seals other secrets: of second factors, of payment accounts.
    Seal,
    /// Turns where an order came from into a mark that tells nothing but "the same".
    OrderTrace,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 9] = [
        Self::HoldToken,
        Self::OrderToken,
        Self::Link,
        Self::Ticket,
        Self::SandboxWebhook,
        Self::Access,
        Self::Refresh,
        Self::Seal,
        Self::OrderTrace,
    ];

    /// The word for it in the database and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HoldToken => "hold_token",
            Self::OrderToken => "order_token",
            Self::Link => "link",
            Self::Ticket => "ticket",
            Self::SandboxWebhook => "sandbox_webhook",
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Seal => "seal",
            Self::OrderTrace => "order_trace",
        }
    }

    /// The purpose with this word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
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
    /// A secret that was sealed by another installation, about something else, or spoilt.
    #[error("a sealed secret does not open here")]
    NotSealedHere,
    /// There is no such key.
    #[error("there is no key {0} that could be retired: it is unknown, or retired already")]
    UnknownKey(String),
    /// What is in use cannot be retired.
    #[error("the key {0} is in use; rotate its purpose first")]
    InUse(String),
    /// What it sealed could never be opened again.
    #[error("the key {0} seals other secrets, which could never be opened again without it")]
    Seals(String),
    /// No randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
}

/// The server keys, opened. They are read again now and then ([`Keys::follow`]).
pub struct Keys {
    secret: InstallationSecret,
    ring: RwLock<Arc<Ring>>,
    /// Somebody has shown a key id that is not known here.
    asked: Notify,
}

/// So long a new key waits before anybody signs with it, by the database's clock; while no other of its purpose is there, it
/// need not.
pub const SETTLING_S: i32 = 120;
/// How often every process looks for new keys: twice while a new one waits.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Whoever invents key ids must not keep the database busy.
const LOOK_PAUSE: Duration = Duration::from_secs(5);

impl Keys {
    /// Reads the keys and makes those that are missing.
    ///
    /// # Errors
    /// When the database does not answer or the keys were sealed with another secret.
    pub async fn open(pool: &PgPool, secret: InstallationSecret) -> Result<Self, KeysError> {
        for purpose in Purpose::ALL {
            rotation::make_first(pool, purpose, &secret).await?;
        }
        let ring = RwLock::new(Arc::new(Ring::load(pool, &secret).await?));
        Ok(Self { secret, ring, asked: Notify::new() })
    }

    /// Reads them again: what was rotated or retired since is so here too.
    ///
    /// # Errors
    /// As [`Keys::open`]; the keys from before stay.
    pub async fn reload(&self, pool: &PgPool) -> Result<(), KeysError> {
        let ring = Arc::new(Ring::load(pool, &self.secret).await?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// Reads them again every minute, and soon after somebody has shown a key id that is not known here.
    pub async fn follow(self: Arc<Self>, pool: PgPool, mut stopping: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.asked.notified() => {}
            }
            if let Err(error) = self.reload(&pool).await {
                tracing::error!(error = ?error, "The server keys could not be read again; those from before serve on");
            }
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(LOOK_PAUSE) => {}
            }
        }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which reading of the keys is in force: what was made of them is stale once it is another.
    #[must_use]
    pub fn edition(&self) -> u64 {
        self.ring().edition
    }

    /// The key of this id, made for this purpose; one that is not known is looked for soon.
    fn known(&self, purpose: Purpose, kid: &str) -> Option<[u8; 32]> {
        let found = self.ring().by_kid.get(kid).map(|key| (key.purpose, key.secret));
        match found {
            Some((made_for, secret)) => (made_for == purpose).then_some(secret),
            None => {
                self.asked.notify_one();
                None
            }
        }
    }

    /// The token that proves `about` (an id's bytes, or several parts): `kid.HMAC`. The same as long as the key is.
    #[must_use]
    pub fn token(&self, purpose: Purpose, about: &[&[u8]]) -> String {
        // Keys::open made one of each purpose; a token with an empty kid is refused by `proves`.
        let Some((kid, secret)) = self.secret(purpose) else { return String::new() };
        format!("{kid}.{}", URL_SAFE_NO_PAD.encode(&mac(&secret, about)[..24]))
    }

    /// Whether `token` was made by this installation for exactly this. Takes the same time whatever is wrong.
    #[must_use]
    pub fn proves(&self, purpose: Purpose, about: &[&[u8]], token: &str) -> bool {
        let Some((kid, proof)) = token.split_once('.') else { return false };
        let Ok(proof) = URL_SAFE_NO_PAD.decode(proof) else { return false };
        let Some(secret) = self.known(purpose, kid) else { return false };
        bool::from(mac(&secret, about)[..24].ct_eq(&proof))
    }

    /// The secret bytes to sign with for a purpose, with their key id: for signatures other than tokens.
    #[must_use]
    pub fn secret(&self, purpose: Purpose) -> Option<(String, [u8; 32])> {
        let ring = self.ring();
        let kid = ring.signing.get(&purpose)?;
        ring.by_kid.get(kid).map(|key| (kid.clone(), key.secret))
    }

    /// Every key of a purpose that still verifies, by its id.
    #[must_use]
    pub fn all(&self, purpose: Purpose) -> Vec<(String, [u8; 32])> {
        let ring = self.ring();
        let all = ring.by_kid.iter().filter(|(_, key)| key.purpose == purpose);
        all.map(|(kid, key)| (kid.clone(), key.secret)).collect()
    }

    /// The secret bytes of one key id: to verify what was signed with it, also after its rotation.
    #[must_use]
    pub fn secret_by_kid(&self, purpose: Purpose, kid: &str) -> Option<[u8; 32]> {
        self.known(purpose, kid)
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
        Keys {
            secret: InstallationSecret([0; 32]),
            ring: RwLock::new(Arc::new(Ring::planted(&Purpose::ALL))),
            asked: Notify::new(),
        }
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
    fn a_sealed_secret_opens_where_it_belongs_and_nowhere_else() {
        let keys = keys();
        let sealed = keys.seal(&[b"totp", b"user-1"], b"geheim").unwrap();
        assert!(!sealed.contains("geheim"));
        assert_eq!(keys.open_sealed(&[b"totp", b"user-1"], &sealed).unwrap(), b"geheim");
        assert!(!keys.is_sealed_by_an_old_key(&sealed));
        for (about, sealed) in [
            (&[&b"totp"[..], b"user-2"][..], sealed.as_str()),
            (&[b"totpuser-1"], &sealed),
            (&[b"totp", b"user-1"], &sealed[..sealed.len() - 4]),
            (&[b"totp", b"user-1"], &sealed.replace("k7.", "k6.")),
            (&[b"totp", b"user-1"], ""),
        ] {
            assert!(matches!(keys.open_sealed(about, sealed), Err(KeysError::NotSealedHere)), "{sealed}");
        }
        assert_ne!(sealed, keys.seal(&[b"totp", b"user-1"], b"geheim").unwrap(), "equal secrets don't look equal");
    }
}
