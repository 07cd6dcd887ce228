//! Language tags, as people and mails have them.

/// Whether this has the form of a BCP 47 language tag, for bodies' validation.
///
/// # Errors
/// Says that it has not.
pub(super) fn tag(text: &Option<String>, (): &()) -> Result<(), garde::Error> {
    let is_tag = |text: &str| {
        let mut parts = text.split('-');
        let first = parts.next().unwrap_or_default();
        (2..=3).contains(&first.len())
            && first.bytes().all(|c| c.is_ascii_alphabetic())
            && text.len() <= 35
            && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric()))
    };
    match text {
        Some(text) if !is_tag(text) => Err(garde::Error::new("is not a language tag such as de or en-GB")),
        Some(_) | None => Ok(()),
    }
}

/// A language in which the house writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, for everybody whose own we don't write.
    English,
    /// German.
    German,
}

impl Language {
    /// The language of a tag.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        if tag.split('-').next().is_some_and(|first| first.eq_ignore_ascii_case("de")) {
            Self::German
        } else {
            Self::English
        }
    }

    /// Its tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_letters_and_hyphens() {
        let taken = |text: &str| tag(&Some(text.to_owned()), &()).is_ok();
        assert!(taken("de") && taken("en-GB") && taken("zh-Hant-TW") && tag(&None, &()).is_ok());
        for wrong in ["", "d", "de_DE", "de-", "english", "de\r\nBcc: x", "12", "<b>"] {
            assert!(!taken(wrong), "{wrong}");
        }
        assert_eq!((Language::of("de-AT"), Language::of("da")), (Language::German, Language::English));
    }
}
