//! Which new passwords are refused: too short, or guessed too soon. No rules of composition: they make passwords worse.

use zxcvbn::{Score, zxcvbn};

/// OWASP's ASVS asks for twelve characters of a password that stands alone.
pub const CHARS_MIN: usize = 12;
/// Long enough for any phrase and any password manager; what is longer only costs hashing.
pub const BYTES_MAX: usize = 1024;

/// Why a new password is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It has fewer characters than [`CHARS_MIN`].
    Short,
    /// It has more bytes than [`BYTES_MAX`].
    Long,
    /// It would be among the first that are tried; why, where there is a word for it.
    Guessable(Option<String>),
}

impl std::fmt::Display for Weakness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Short => write!(f, "must have at least {CHARS_MIN} characters"),
            Self::Long => write!(f, "may have at most {BYTES_MAX} bytes"),
            Self::Guessable(None) => write!(f, "would be guessed too soon; take something longer or less common"),
            Self::Guessable(Some(why)) => write!(f, "would be guessed too soon: {why}"),
        }
    }
}

/// Why this password is refused, if it is. Ten to the eight guesses are the least: so many no list of common passwords is long,
/// and with our hash that many take one machine some weeks.
#[must_use]
pub fn weakness(password: &str, about: &[String]) -> Option<Weakness> {
    if password.len() > BYTES_MAX {
        return Some(Weakness::Long);
    }
    if password.chars().count() < CHARS_MIN {
        return Some(Weakness::Short);
    }
    let known: Vec<String> = about.iter().flat_map(|words| parts(words)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let estimate = zxcvbn(password, &known);
    let why = || estimate.feedback().and_then(|feedback| feedback.warning()).map(|warning| warning.to_string());
    (estimate.score() < Score::Three).then(|| Weakness::Guessable(why()))
}

/// What a guesser would try of a name or an address: the whole and its words.
fn parts(words: &str) -> Vec<String> {
    let mut parts: Vec<_> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 2)
        .map(str::to_lowercase)
        .collect();
    parts.push(words.split_whitespace().collect::<String>().to_lowercase());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<Weakness> {
        let about = ["Ada Lovelace".to_owned(), "ada.lovelace@example.org".to_owned(), "Grand Theatre".to_owned()];
        weakness(password, &about)
    }

    #[test]
    fn what_would_be_guessed_is_refused() {
        assert_eq!(refused("short"), Some(Weakness::Short));
        assert_eq!(refused("elevenchars"), Some(Weakness::Short));
        assert_eq!(refused(&"x".repeat(1025)), Some(Weakness::Long));
        for common in [
            "password1234",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaaaaaa",
            "iloveyou1234",
            "Password123!",
            "AdaLovelace1",
            "lovelace1815",
            "GrandTheatre",
            "ada.lovelace@example.org",
            "abcdefghijklm",
        ] {
            assert!(matches!(refused(common), Some(Weakness::Guessable(_))), "{common}: {:?}", refused(common));
        }
    }

    #[test]
    fn phrases_and_what_managers_make_are_taken_whatever_they_are_composed_of() {
        for good in ["velvet otter piano thunder", "zK8#vq!tR2mw", "почтовый голубь летит", "mk2 mk2 wobbly trombone"]
        {
            assert_eq!(refused(good), None, "{good}");
        }
        assert_eq!(refused(&"velvet otter ".repeat(78)), None);
    }
}
