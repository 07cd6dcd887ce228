//! What stands in a ticket's QR code: enough to know at the door, without a network, that this house issued the ticket.
//!
//! The code is base32 (RFC 4648 capitals, which a QR code packs tightly and a keyboard scanner cannot mangle) over
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version, 1 or 2 |
//! | 1 + n | the length of the key's id, and the id |
//! | 16 | the ticket's id |
//! | 16 | the show's id |
//! | 8 | SHA-256 of the seat's guid, or of the area's id, cut |
//! | 4 | in version 2 only: how often the ticket was passed on |
//! | 64 | Ed25519 over [`DOMAIN`] and all bytes before |
//!
//! A ticket that was never passed on has a code of version 1, one that was has one of version 2.
//!
//! A code says that the ticket was issued, not that it is still valid: the door asks the server, or the list it took along.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::store::{Status, Ticket};
use crate::platform::keys::{Keys, Purpose};

const VERSION: u8 = 1;
const PASSED_ON: u8 = 2;
/// Keeps a signature over a ticket from being one over anything else.
const DOMAIN: &[u8] = b"aisle ticket\0";
const SIGNATURE: usize = 64;
const BODY: usize = 16 + 16 + 8;
const ISSUE: usize = 4;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What a code says, once its signature was found to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The key that signed it.
    pub kid: String,
    /// The ticket.
    pub ticket: Uuid,
    /// The show it was issued for.
    pub show: Uuid,
    /// [`place_hash`] of its seat or area.
    pub place: [u8; 8],
    /// How often the ticket had been passed on.
    pub issue: u32,
}

/// Why a code of ours lets nobody in, at a door that knows the ticket. Listed in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// The code is another ticket's.
    #[error("this code belongs to another ticket")]
    AnotherTicket,
    /// The ticket was passed on after this code was made: somebody else has its new one.
    #[error("this ticket was passed on to somebody else; this code has ended")]
    PassedOn,
    /// Its refund is on its way.
    #[error("a refund of this ticket is on its way")]
    Suspended,
    /// Its place was given back.
    #[error("this ticket was given back")]
    Revoked,
}

/// Whether a code that [`verify`] found to be ours admits, as the ticket stands now.
///
/// # Errors
/// Why not.
pub fn admits(code: &Code, ticket: &Ticket) -> Result<(), NotAdmitted> {
    if code.ticket != ticket.id || code.show != ticket.show_id {
        return Err(NotAdmitted::AnotherTicket);
    }
    match ticket.status {
        Status::Revoked => Err(NotAdmitted::Revoked),
        _ if i64::from(code.issue) != i64::from(ticket.issue) => Err(NotAdmitted::PassedOn),
        Status::Suspended => Err(NotAdmitted::Suspended),
        Status::Valid => Ok(()),
    }
}

/// Why a code proves nothing. Listed in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not a code of ours at all, or not all of it.
    #[error("this is not a ticket's code")]
    Malformed,
    /// Written by a newer server.
    #[error("this code is of a newer kind")]
    UnknownVersion,
    /// Signed by a key that the reader does not know.
    #[error("this code was signed by an unknown key")]
    UnknownKey,
    /// Somebody made or changed it who is not us.
    #[error("this code's signature is wrong")]
    Forged,
}

/// The first bytes of a hash over a seat's guid or an area's id.
#[must_use]
pub fn place_hash(place: &str) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&Sha256::digest(place.as_bytes())[..8]);
    bytes
}

/// The code of a ticket: always the same under the same key. `None` without a key, which [`Keys::open`] rules out.
#[must_use]
pub fn of_ticket(keys: &Keys, ticket: &Ticket) -> Option<String> {
    let (kid, seed) = keys.secret(Purpose::Ticket)?;
    let place = ticket.seat.as_deref().or(ticket.area.as_deref()).unwrap_or_default();
    let issue = u32::try_from(ticket.issue).unwrap_or(0);
    let code = Code { kid, ticket: ticket.id, show: ticket.show_id, place: place_hash(place), issue };
    Some(sign(&SigningKey::from_bytes(&seed), &code))
}

/// The key by which anybody can check codes that were signed under `kid`, also after its retirement.
#[must_use]
pub fn public_key(keys: &Keys, kid: &str) -> Option<VerifyingKey> {
    keys.secret_by_kid(Purpose::Ticket, kid).map(|seed| SigningKey::from_bytes(&seed).verifying_key())
}

fn sign(key: &SigningKey, code: &Code) -> String {
    // Server keys' ids are eight characters long.
    let kid = &code.kid.as_bytes()[..code.kid.len().min(usize::from(u8::MAX))];
    let mut bytes = vec![if code.issue == 0 { VERSION } else { PASSED_ON }, kid.len() as u8];
    bytes.extend(kid);
    bytes.extend(code.ticket.as_bytes());
    bytes.extend(code.show.as_bytes());
    bytes.extend(code.place);
    if code.issue > 0 {
        bytes.extend(code.issue.to_be_bytes());
    }
    let signature = key.sign(&[DOMAIN, &bytes].concat());
    bytes.extend(signature.to_bytes());
    base32(&bytes)
}

/// Reads a code and checks it against the reader's public keys. Needs no network.
///
/// # Errors
/// When it proves nothing.
pub fn verify(text: &str, key_of: impl Fn(&str) -> Option<VerifyingKey>) -> Result<Code, CodeError> {
    let bytes = from_base32(text.trim()).ok_or(CodeError::Malformed)?;
    let (&version, rest) = bytes.split_first().ok_or(CodeError::Malformed)?;
    let body_bytes = match version {
        VERSION => BODY,
        PASSED_ON => BODY + ISSUE,
        _ => return Err(CodeError::UnknownVersion),
    };
    let (&length, rest) = rest.split_first().ok_or(CodeError::Malformed)?;
    let (kid, rest) = rest.split_at_checked(usize::from(length)).ok_or(CodeError::Malformed)?;
    let (body, signature) = rest.split_at_checked(body_bytes).ok_or(CodeError::Malformed)?;
    let signature = <[u8; SIGNATURE]>::try_from(signature).map_err(|_| CodeError::Malformed)?;
    let kid = std::str::from_utf8(kid).map_err(|_| CodeError::Malformed)?;
    let key = key_of(kid).ok_or(CodeError::UnknownKey)?;
    let signed = [DOMAIN, &bytes[..bytes.len() - SIGNATURE]].concat();
    key.verify_strict(&signed, &Signature::from_bytes(&signature)).map_err(|_| CodeError::Forged)?;
    let id = |at: usize| Uuid::from_slice(&body[at..at + 16]).map_err(|_| CodeError::Malformed);
    let mut place = [0; 8];
    place.copy_from_slice(&body[32..BODY]);
    let issue = match <[u8; ISSUE]>::try_from(&body[BODY..]) {
        // One that was never passed on has one code, not two.
        Ok(issue) if issue == [0; ISSUE] => return Err(CodeError::Malformed),
        Ok(issue) => u32::from_be_bytes(issue),
        Err(_) => 0,
    };
    Ok(Code { kid: kid.to_owned(), ticket: id(0)?, show: id(16)?, place, issue })
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut pending, mut bits) = (0_u32, 0_u32);
    for &byte in bytes {
        pending = (pending << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[((pending >> bits) & 31) as usize]));
        }
        pending &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[((pending << (5 - bits)) & 31) as usize]));
    }
    text
}

/// One text for one meaning: left-over bits must be nought, and there must be none too many.
fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut pending, mut bits) = (0_u32, 0_u32);
    for character in text.bytes() {
        let value = ALPHABET.iter().position(|&known| known == character.to_ascii_uppercase())?;
        pending = (pending << 5) | value as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((pending >> bits) as u8);
        }
        pending &= (1 << bits) - 1;
    }
    (bits < 5 && pending == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn code() -> Code {
        Code {
            kid: "kid-1234".to_owned(),
            ticket: Uuid::from_u128(1),
            show: Uuid::from_u128(2),
            place: place_hash("stalls-A-1"),
            issue: 0,
        }
    }

    fn known(kid: &str) -> Option<VerifyingKey> {
        (kid == "kid-1234").then(|| key(1).verifying_key())
    }

    #[test]
    fn a_code_says_what_was_signed_and_fits_a_small_picture() {
        let text = sign(&key(1), &code());
        assert_eq!(verify(&text, known), Ok(code()));
        assert_eq!(verify(&format!(" {}\n", text.to_lowercase()), known), Ok(code()), "as a scanner may type it");
        assert_eq!(text, sign(&key(1), &code()), "always the same");
        assert!(text.len() <= 221, "a QR code of version 8 has room for 221 characters, this has {}", text.len());
    }

    #[test]
    fn a_forged_or_torn_code_proves_nothing() {
        let text = sign(&key(1), &code());
        assert_eq!(verify(&sign(&key(2), &code()), known), Err(CodeError::Forged), "another key under our name");
        let other = Code { kid: "kid-9999".to_owned(), ..code() };
        assert_eq!(verify(&sign(&key(1), &other), known), Err(CodeError::UnknownKey));
        for end in 0..text.len() {
            assert!(verify(&text[..end], known).is_err(), "torn after {end} characters");
        }
        assert!(verify(&format!("{text}A"), known).is_err());
        assert_eq!(verify("HELLO WORLD", known), Err(CodeError::Malformed));
        assert_eq!(verify("", known), Err(CodeError::Malformed));
        let mut newer = from_base32(&text).unwrap();
        newer[0] = 3;
        assert_eq!(verify(&base32(&newer), known), Err(CodeError::UnknownVersion));
    }

    #[test]
    fn a_ticket_that_was_passed_on_has_another_code_and_the_one_before_admits_nobody() {
        use super::super::sample;
        let ticket = sample::ticket();
        let of = |issue| Code { ticket: ticket.id, show: ticket.show_id, issue, ..code() };
        let text = sign(&key(1), &of(1));
        assert_eq!(verify(&text, known), Ok(of(1)));
        assert!(text.len() <= 221, "it fits the same picture: {}", text.len());
        assert_ne!(text, sign(&key(1), &of(2)));
        assert_eq!(admits(&of(0), &ticket), Ok(()));
        let passed_on = Ticket { issue: 1, passed_on_to: Some(Uuid::from_u128(9)), ..sample::ticket() };
        assert_eq!(admits(&of(0), &passed_on), Err(NotAdmitted::PassedOn));
        assert_eq!(admits(&of(2), &passed_on), Err(NotAdmitted::PassedOn));
        assert_eq!(admits(&of(1), &passed_on), Ok(()));
        let given_back = Ticket { status: Status::Suspended, ..passed_on.clone() };
        assert_eq!(admits(&of(1), &given_back), Err(NotAdmitted::Suspended));
        let gone = Ticket { status: Status::Revoked, ..passed_on };
        assert_eq!(admits(&of(0), &gone), Err(NotAdmitted::Revoked));
        assert_eq!(admits(&code(), &ticket), Err(NotAdmitted::AnotherTicket));
        // Nought stands for "never" and has no second way of being written.
        let mut nought = from_base32(&text).unwrap();
        let at = 2 + 8 + BODY + ISSUE - 1;
        nought[at] = 0;
        let signed = [DOMAIN, &nought[..=at]].concat();
        let signature = key(1).sign(&signed).to_bytes();
        let whole = [&nought[..=at], &signature[..]].concat();
        assert_eq!(verify(&base32(&whole), known), Err(CodeError::Malformed));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_changed_byte_goes_unseen(at in 0_usize..114, by in 1_u8..=255) {
            let mut bytes = from_base32(&sign(&key(1), &code())).unwrap();
            bytes[at] ^= by;
            prop_assert!(verify(&base32(&bytes), known).is_err());
        }

        #[test]
        fn base32_goes_there_and_back(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(from_base32(&base32(&bytes)), Some(bytes));
        }

        #[test]
        fn nothing_that_is_scanned_can_do_harm(text in any::<String>()) {
            prop_assert!(verify(&text, known).is_err());
        }
    }
}
