//! Passwords: Argon2id, off the HTTP threads, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use super::guessable::{self, Weakness};

/// OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. When this line changes, each password's
/// hash is renewed at its owner's next sign-in.
pub const ARGON2ID: Cost = Cost { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

/// A hash takes 19 MiB and some 20 ms: two at a time leave the machine to the buyers, however many people guess.
const AT_A_TIME: usize = 2;

/// What one hash costs, to us and to who guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// How often it is gone over.
    pub passes: u32,
    /// In how many lanes.
    pub lanes: u32,
}

impl Verdict {
    /// Whether it was the password.
    #[must_use]
    pub fn is_right(&self) -> bool {
        match self {
            Self::Wrong => false,
            Self::Right | Self::RightWithNewHash(_) => true,
        }
    }
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    cost: Cost,
}

/// Whether a password was the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not.
    Wrong,
    /// It is.
    Right,
    /// It is, and its hash was made at another cost: this one is to be kept instead.
    RightWithNewHash(String),
}

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many at once.
    #[error("too many passwords are being checked")]
    Busy,
    /// The hash failed.
    #[error("the password could not be hashed")]
    Failed,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::costing(ARGON2ID)
    }
}

/// The same password typed on another keyboard may come as other code points; NIST SP 800-63B asks for NFKC before hashing.
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

fn hasher(cost: Cost) -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(|_| PasswordError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(cost: Cost, password: &str) -> Result<String, PasswordError> {
    let made: Result<PasswordHash, _> = hasher(cost)?.hash_password(normal(password).as_bytes());
    made.map(|hash| hash.to_string()).map_err(|_| PasswordError::Failed)
}

/// Whether a hash was made at this cost.
fn costs(hash: &PasswordHash, cost: Cost) -> bool {
    let made = Params::try_from(hash).ok().map(|made| (made.m_cost(), made.t_cost(), made.p_cost()));
    hash.algorithm.as_str() == "argon2id" && made == Some((cost.memory_kib, cost.passes, cost.lanes))
}

fn check(cost: Cost, password: &str, kept: Option<&str>) -> Result<Verdict, PasswordError> {
    let Some(Ok(kept)) = kept.map(PasswordHash::new) else {
        let _spent = hash(cost, password)?;
        return Ok(Verdict::Wrong);
    };
    // The parameters are those of the hash, whatever ours are.
    if hasher(cost)?.verify_password(normal(password).as_bytes(), &kept).is_err() {
        Ok(Verdict::Wrong)
    } else if costs(&kept, cost) {
        Ok(Verdict::Right)
    } else {
        Ok(Verdict::RightWithNewHash(hash(cost, password)?))
    }
}

impl Passwords {
    /// At another cost than [`ARGON2ID`].
    #[must_use]
    pub fn costing(cost: Cost) -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), cost }
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(Cost) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _turn = self.turns.acquire().await.map_err(|_| PasswordError::Busy)?;
        let cost = self.cost;
        tokio::task::spawn_blocking(move || work(cost)).await.map_err(|_| PasswordError::Failed)
    }

    /// The hash to store.
    ///
    /// # Errors
    /// When the operating system has no randomness or the hashing thread died.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.beside(move |cost| hash(cost, &password)).await?
    }

    /// Whether `password` is the one behind `hash`. Without a hash it takes the same time and says no, so that nobody learns
    /// by waiting which addresses have an account.
    ///
    /// # Errors
    /// When the hashing thread died.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<Verdict, PasswordError> {
        self.beside(move |cost| check(cost, &password, hash.as_deref())).await?
    }

    /// Why a new password would be guessed too soon, if it would. `about` is what a guesser knows of its owner: name,
    /// address, the house.
    ///
    /// # Errors
    /// When the thread died.
    pub async fn weakness(&self, password: String, about: Vec<String>) -> Result<Option<Weakness>, PasswordError> {
        self.beside(move |_| guessable::weakness(&normal(&password), &about)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = async |password: &str, hash: Option<&str>| {
            passwords.check(password.to_owned(), hash.map(str::to_owned)).await.unwrap()
        };
        assert_eq!(check("correct horse", Some(&hash)).await, Verdict::Right);
        assert_eq!(check("wrong horse", Some(&hash)).await, Verdict::Wrong);
        assert_eq!(check("correct horse", None).await, Verdict::Wrong);
        assert_eq!(check("correct horse", Some("no hash")).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_renewed_by_the_right_password_alone() {
        let old = Passwords::costing(CHEAP).hash("correct horse".to_owned()).await.unwrap();
        let now = Passwords::costing(Cost { passes: 2, ..CHEAP });
        assert_eq!(now.check("wrong horse".to_owned(), Some(old.clone())).await.unwrap(), Verdict::Wrong);
        let verdict = now.check("correct horse".to_owned(), Some(old)).await.unwrap();
        let Verdict::RightWithNewHash(new) = verdict else { panic!("{verdict:?}") };
        assert!(new.contains("m=64,t=2,p=1"), "{new}");
        assert_eq!(now.check("correct horse".to_owned(), Some(new)).await.unwrap(), Verdict::Right);
    }

    #[tokio::test]
    async fn the_same_letters_typed_otherwise_are_the_same_password() {
        let passwords = Passwords::costing(CHEAP);
        let hash = passwords.hash("gr\u{fc}ne \u{fb01}sche".to_owned()).await.unwrap();
        assert_eq!(passwords.check("gru\u{308}ne fische".to_owned(), Some(hash)).await.unwrap(), Verdict::Right);
    }
}
