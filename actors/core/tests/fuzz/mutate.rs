//! A small fuzzing engine: takes what is right and makes it wrong. Every round has a seed of its own, so a find is repeated by
//! that seed alone:
//!
//!     AISLE_FUZZ_SEED=8812 AISLE_FUZZ_ROUNDS=1 cargo nextest run -p aisle-core fuzz
//!
//! More rounds find more; the default is what `make test` can afford. The server's tests spoil plans, bodies and messages by
//! this same file.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What a number of the wrong size, sign or kind looks like.
const NUMBERS: [&str; 10] =
    ["0", "-1", "1", "65535", "4294967295", "4294967296", "18446744073709551615", "1e308", "0.5", "null"];
/// What stands where something else should.
const WORDS: [&str; 8] = ["null", "true", "[]", "{}", "\"\"", "\"\\u0000\"", "[[[[[[[[]]]]]]]]", "\"x\""];

/// Chance, by a seed (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// The same bytes with one to four faults in them.
    pub fn spoil(&mut self, right: &[u8]) -> Vec<u8> {
        let mut bytes = right.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = *self.one_of(&[0, 0x7f, 0x80, 0xff, b'"', b'{', b'9']),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                3 => bytes.insert(at, self.next().to_le_bytes()[0]),
                4 => bytes.truncate(at),
                5 => {
                    let from = self.below(at + 1);
                    let piece = bytes[from..at].to_vec();
                    let to = self.below(bytes.len() + 1);
                    drop(bytes.splice(to..to, piece));
                }
                _ => self.exchange(&mut bytes, at),
            }
        }
        bytes
    }

    /// The same JSON with one of its values another: what a parser takes and a program may not.
    #[allow(dead_code, reason = "for whoever spoils JSON that people write")]
    pub fn spoil_value(&mut self, right: &[u8]) -> Vec<u8> {
        let mut bytes = right.to_vec();
        let begins: Vec<usize> = (1..bytes.len()).filter(|&at| b":[,".contains(&bytes[at - 1])).collect();
        let from = *self.one_of(&begins);
        let rest = &bytes[from..];
        let length = match rest[0] {
            b'"' => rest[1..].iter().position(|&byte| byte == b'"').map(|end| end + 2),
            _ => rest.iter().position(|byte| b",]}".contains(byte)),
        };
        let other = if self.below(2) == 0 { *self.one_of(&NUMBERS) } else { *self.one_of(&WORDS) };
        drop(bytes.splice(from..from + length.unwrap_or(rest.len()), other.bytes()));
        bytes
    }

    /// The number or word at `at`, if there is one, becomes another: what a parser takes and a program may not.
    fn exchange(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        let from = bytes[..at].iter().rposition(|byte| !is_digit(byte)).map_or(0, |place| place + 1);
        let to = bytes[at..].iter().position(|byte| !is_digit(byte)).map_or(bytes.len(), |place| at + place);
        let other = if from < to { *self.one_of(&NUMBERS) } else { *self.one_of(&WORDS) };
        drop(bytes.splice(from..to, other.bytes()));
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Runs `round` so many times, each with its own seed; says the seed of the one that fails. Gives how many rounds were worth
/// something, so that a target can prove that it gets past the door.
pub fn rounds(target: &str, default: u64, mut round: impl FnMut(&mut Chance) -> bool) -> u64 {
    let (first, count) = (setting("AISLE_FUZZ_SEED", 1), setting("AISLE_FUZZ_ROUNDS", default));
    let mut worth = 0;
    for seed in first..first + count {
        let ran = catch_unwind(AssertUnwindSafe(|| round(&mut Chance::new(seed))));
        match ran {
            Ok(was_worth) => worth += u64::from(was_worth),
            Err(panic) => {
                eprintln!("fuzz {target}: repeat with AISLE_FUZZ_SEED={seed} AISLE_FUZZ_ROUNDS=1");
                resume_unwind(panic);
            }
        }
    }
    println!("fuzz {target}: seeds {first}..{}, {worth} of them past the door", first + count);
    worth
}

/// Whether this is a whole run, rather than one seed that is being looked at.
pub fn is_whole() -> bool {
    std::env::var("AISLE_FUZZ_ROUNDS").is_err()
}
