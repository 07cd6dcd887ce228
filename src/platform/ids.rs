//! Where new ids and secrets come from. The only place that asks for randomness; the core is given its ids.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

/// A new id that sorts by the time it was made (UUID version 7).
#[must_use]
pub fn new_id() -> Uuid {
    #[allow(clippy::disallowed_methods, reason = "this is the door at which ids are made")]
    Uuid::now_v7()
}

/// The id that belongs to these parts, always the same (UUID version 8 over SHA-256). Parts cannot run into each other:
/// each is preceded by its length.
#[must_use]
pub fn derived_id(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// A hash over a request's body, to tell "the same request again" from "the same key, another request".
#[must_use]
pub fn request_hash(body: &[u8]) -> u64 {
    let digest = Sha256::digest(body);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(bytes)
}

/// `N` bytes from the operating system's generator.
///
/// # Errors
/// When the operating system has none, which no caller can mend.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A secret for a link or a token: 256 bits in URL-safe base64.
///
/// # Errors
/// When the operating system has no randomness.
pub fn random_secret() -> Result<String, getrandom::Error> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))
}

/// Letters and digits that are not mistaken for each other when read aloud or typed.
const READABLE: &[u8; 31] = b"23456789ABCDEFGHJKLMNPQRSTUVWXY";

/// `length` characters that people can read to each other, derived from `seed`.
#[must_use]
pub fn readable_code(seed: &[u8], length: usize) -> String {
    let mut number = u128::from_be_bytes({
        let digest = Sha256::digest(seed);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes
    });
    (0..length)
        .map(|_| {
            let at = (number % READABLE.len() as u128) as usize;
            number /= READABLE.len() as u128;
            char::from(READABLE[at])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_derived_id_cannot_run_into_each_other() {
        assert_ne!(derived_id(&[b"ab", b"c"]), derived_id(&[b"a", b"bc"]));
        assert_eq!(derived_id(&[b"ab", b"c"]), derived_id(&[b"ab", b"c"]));
        assert_eq!(derived_id(&[b"x"]).get_version_num(), 8);
    }

    #[test]
    fn a_readable_code_has_no_letters_that_are_mistaken() {
        let code = readable_code(b"seed", 20);
        assert_eq!(code.len(), 20);
        assert!(!code.contains(['0', '1', 'I', 'O', 'Z']), "{code}");
        assert_eq!(code, readable_code(b"seed", 20));
    }
}
