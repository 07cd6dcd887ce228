//! Test cards: what the sandbox tells of the instrument, where a buyer chose one.

use super::ToldInstrument;

/// More than any fingerprint has.
const FINGERPRINT_BYTES_MAX: usize = 64;

/// The cards that the page offers, as its form posts them, with what they are called.
pub const TEST_CARDS: [(&str, &str); 4] = [
    ("", "Say nothing of the card"),
    ("card-one:SE", "Card one, of Sweden"),
    ("card-two:SE", "Card two, of Sweden"),
    ("card-three:BR", "Card three, of Brazil"),
];

/// A card: a fingerprint, and its country where there is one. `card-one:SE`, or `card-one`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card(String);

impl Card {
    /// The card that a form names. Any fingerprint of letters, digits and `-` will do.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (fingerprint, country) = text.split_once(':').map_or((text, None), |(mark, land)| (mark, Some(land)));
        let plain = fingerprint.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let short = (1..=FINGERPRINT_BYTES_MAX).contains(&fingerprint.len());
        let two = |country: &str| country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        (plain && short && country.is_none_or(two)).then(|| Self(text.to_owned()))
    }

    /// As it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the house is told of it.
    #[must_use]
    pub fn told(&self) -> ToldInstrument {
        let (fingerprint, country) = self.0.split_once(':').map_or((&*self.0, None), |(mark, land)| (mark, Some(land)));
        ToldInstrument { fingerprint: fingerprint.to_owned(), country: country.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_a_fingerprint_with_or_without_a_country() {
        let told = |text| Card::parse(text).map(|card| card.told());
        let card = |fingerprint: &str, country: Option<&str>| {
            Some(ToldInstrument { fingerprint: fingerprint.to_owned(), country: country.map(str::to_owned) })
        };
        assert_eq!(told("card-1:SE"), card("card-1", Some("SE")));
        assert_eq!(told("card-1"), card("card-1", None));
        for wrong in ["", ":SE", "card:", "card:Se", "card:SWE", "card 1", "c:S:E", &"c".repeat(65)] {
            assert_eq!(told(wrong), None, "{wrong:?}");
        }
        for (offered, _) in TEST_CARDS.iter().filter(|(card, _)| !card.is_empty()) {
            assert!(Card::parse(offered).is_some(), "{offered}");
        }
    }
}
