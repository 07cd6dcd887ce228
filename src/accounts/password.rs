//! Passwords: Argon2id, off the HTTP threads, a few at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

/// A hash takes 19 MiB and some 20 ms: two at a time leave the machine to the buyers, however many people guess.
const AT_A_TIME: usize = 2;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
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
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

impl Passwords {
    /// The hash to store.
    ///
    /// # Errors
    /// When the operating system has no randomness or the hashing thread died.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let _turn = self.turns.acquire().await.map_err(|_| PasswordError::Busy)?;
        tokio::task::spawn_blocking(move || {
            Argon2::default().hash_password(password.as_bytes()).map(|hash: PasswordHash| hash.to_string())
        })
        .await
        .map_err(|_| PasswordError::Failed)?
        .map_err(|_| PasswordError::Failed)
    }

    /// Whether `password` is the one behind `hash`. Without a hash it takes the same time and says no, so that nobody learns
    /// by waiting which addresses have an account.
    ///
    /// # Errors
    /// When the hashing thread died.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let _turn = self.turns.acquire().await.map_err(|_| PasswordError::Busy)?;
        tokio::task::spawn_blocking(move || match hash.as_deref().map(PasswordHash::new) {
            Some(Ok(hash)) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
            Some(Err(_)) | None => {
                let _spent: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
                false
            }
        })
        .await
        .map_err(|_| PasswordError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.check("correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.check("wrong horse".to_owned(), Some(hash)).await.unwrap());
        assert!(!passwords.check("correct horse".to_owned(), None).await.unwrap());
        assert!(!passwords.check("correct horse".to_owned(), Some("no hash".to_owned())).await.unwrap());
    }
}
