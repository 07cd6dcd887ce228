//! Recovery codes: for who has lost their authenticator. Ten, shown once, each good once.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::platform::ids;

/// How many are given at a time.
pub const CODES: usize = 10;
/// Crockford's letters: 32, so that a byte's low five bits choose one fairly, and none that is read as another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 80 bits: nobody who copies the table finds a code by trying them all.
const LENGTH: usize = 16;

/// New codes, as they are shown.
///
/// # Errors
/// When the operating system has no randomness.
pub fn new_codes() -> Result<Vec<String>, getrandom::Error> {
    (0..CODES).map(|_| new_code()).collect()
}

fn new_code() -> Result<String, getrandom::Error> {
    let letters = ids::random_bytes::<LENGTH>()?.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// What is kept of somebody's code. `None` where it cannot be a code at all.
#[must_use]
pub fn hash(user: Uuid, typed: &str) -> Option<Vec<u8>> {
    let mut code = String::with_capacity(LENGTH);
    for letter in typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
        code.push(match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter if letter.is_ascii() && LETTERS.contains(&(letter as u8)) => letter,
            _ => return None,
        });
    }
    (code.len() == LENGTH).then(|| {
        let mut hash = Sha256::new();
        hash.update(user.as_bytes());
        hash.update(code.as_bytes());
        hash.finalize().to_vec()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_was_copied_and_for_its_owner_alone() {
        let codes = new_codes().unwrap();
        assert_eq!(codes.len(), CODES);
        let mut kept: Vec<_> = codes.iter().map(|code| hash(Uuid::nil(), code).unwrap()).collect();
        kept.sort();
        kept.dedup();
        assert_eq!(kept.len(), CODES, "each is another");
        let code = "0A1B-2C3D-4E5F-6G7H";
        let right = hash(Uuid::nil(), code);
        for typed in ["0a1b2c3d4e5f6g7h", " oAiB 2C3D-4E5F 6G7H ", "OALB-2C3D-4E5F-6G7H"] {
            assert_eq!(hash(Uuid::nil(), typed), right, "{typed}");
        }
        assert_ne!(hash(Uuid::from_u128(1), code), right);
        for wrong in
            ["", "123456", "0A1B-2C3D-4E5F-6G7", "0A1B-2C3D-4E5F-6G7HH", "0A1B-2C3D-4E5F-6G7U", "ÄA1B-2C3D-4E5F-6G7H"]
        {
            assert_eq!(hash(Uuid::nil(), wrong), None, "{wrong}");
        }
    }
}
