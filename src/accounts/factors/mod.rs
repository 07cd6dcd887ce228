//! The second factor: codes of an authenticator app, recovery codes, passkeys; who must have one, and the question for it.

mod challenge;
mod change;
mod privacy;
pub mod recovery;
mod seal;
mod store;
pub mod totp;

use sha2::{Digest as _, Sha256};

pub use challenge::{Challenge, Method};
pub use change::{Change, ShownError};
pub use privacy::WaysIn;
pub use store::{Factors, FactorsError, Standing};

/// What is kept of a secret that somebody shows again.
pub(super) fn hashed(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
