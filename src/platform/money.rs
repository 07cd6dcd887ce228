//! Money: integer minor units with a currency. Never a float.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount of money in minor units (cents) of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// Minor units: 4500 is 45.00 of a currency with two decimals.
    #[schema(example = 4500)]
    pub amount: i64,
    /// ISO 4217, three capital letters.
    #[schema(value_type = String, example = "EUR", min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: Currency,
}

impl Money {
    /// `amount` minor units of `currency`.
    #[must_use]
    pub fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// As people write it: `EUR 45.00`.
    #[must_use]
    pub fn display(self) -> String {
        let digits = self.currency.decimals();
        if digits == 0 {
            return format!("{} {}", self.currency, self.amount);
        }
        let unit = 10_u64.pow(digits);
        let sign = if self.amount < 0 { "-" } else { "" };
        let amount = self.amount.unsigned_abs();
        format!("{} {sign}{}.{:0width$}", self.currency, amount / unit, amount % unit, width = digits as usize)
    }
}

/// `numerator` ∕ `denominator` of an amount, rounded half away from zero: the one rule by which anything in the house is rounded.
/// What would not fit is as much as fits; a denominator below one is taken for one.
#[must_use]
pub fn share(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator);
    let denominator = i128::from(denominator.max(1));
    let rounded = (product.abs() * 2 + denominator) / (denominator * 2) * product.signum();
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

/// An amount, split as these weights are to each other: whole minor units that add up to it. Each gets its part rounded towards
/// zero; what is left goes, a unit each, to those that lost most by it, the first of equals first. Weights below zero count as
/// zero; where none is above it, the first gets all.
#[must_use]
pub fn apportion(amount: i64, weights: &[i64]) -> Vec<i64> {
    let weight = |weight: i64| i128::from(weight.max(0));
    let sum: i128 = weights.iter().map(|&one| weight(one)).sum();
    if sum == 0 {
        return weights.iter().enumerate().map(|(at, _)| if at == 0 { amount } else { 0 }).collect();
    }
    let whole = i128::from(amount).abs();
    let mut parts: Vec<i128> = weights.iter().map(|&one| whole * weight(one) / sum).collect();
    let left = usize::try_from(whole - parts.iter().sum::<i128>()).unwrap_or(0);
    let mut by_loss: Vec<(usize, i128)> =
        weights.iter().enumerate().map(|(at, &one)| (at, whole * weight(one) % sum)).collect();
    by_loss.sort_by_key(|&(at, loss)| (std::cmp::Reverse(loss), at));
    for (at, _) in by_loss.into_iter().take(left) {
        parts[at] += 1;
    }
    let sign = i128::from(amount.signum());
    parts.into_iter().map(|part| i64::try_from(part * sign).unwrap_or(i64::MAX)).collect()
}

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// Not three capital letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a currency code of three capital letters")]
pub struct InvalidCurrency(String);

impl Currency {
    /// The code's letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimals people write; ISO 4217 where it is not two.
    #[must_use]
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl std::str::FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            Ok(_) | Err(_) => Err(InvalidCurrency(text.chars().take(20).collect())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_its_currencys_decimals() {
        let written = |amount, code: &str| Money::new(amount, code.parse().unwrap()).display();
        assert_eq!(written(4500, "EUR"), "EUR 45.00");
        assert_eq!(written(-5, "EUR"), "EUR -0.05");
        assert_eq!(written(4500, "JPY"), "JPY 4500");
        assert_eq!(written(4500, "KWD"), "KWD 4.500");
    }

    #[test]
    fn halves_are_rounded_away_from_zero_and_nothing_overflows() {
        for (amount, numerator, denominator, rounded) in [
            (5, 1, 10, 1),
            (-5, 1, 10, -1),
            (4, 1, 10, 0),
            (-4, 1, 10, 0),
            (15, 1, 10, 2),
            (12_345, 825, 10_000, 1_018),
            (i64::MAX, 10_000, 10_000, i64::MAX),
            (i64::MIN, 10_000, 1, i64::MIN),
            (7, 1, 0, 7),
        ] {
            assert_eq!(share(amount, numerator, denominator), rounded, "{amount} × {numerator} ∕ {denominator}");
        }
    }

    #[test]
    fn an_amount_is_split_to_the_last_unit() {
        assert_eq!(apportion(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(apportion(-100, &[1, 1, 1]), [-34, -33, -33]);
        assert_eq!(apportion(10, &[0, 5, 0, 5]), [0, 5, 0, 5]);
        assert_eq!(apportion(7, &[0, 0]), [7, 0]);
        assert_eq!(apportion(7, &[-3, 1]), [0, 7]);
        assert_eq!(apportion(7, &[]), [0_i64; 0]);
        assert_eq!(apportion(i64::MAX, &[i64::MAX, i64::MAX]).iter().sum::<i64>(), i64::MAX);
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        for wrong in ["", "eur", "EU", "EURO", "E R", "€"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
    }
}
