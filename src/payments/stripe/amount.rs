//! How Stripe counts money: in the smallest units, with exceptions of its own.

use crate::platform::money::{Currency, Money};

/// What Stripe is told for this amount; `None`: it cannot take it.
pub fn to_stripe(money: Money) -> Option<i64> {
    match money.currency.as_str() {
        // Without decimals by ISO 4217, with two at Stripe, which must be zeros.
        "ISK" | "UGX" => money.amount.checked_mul(100),
        // With three decimals, the last of which must be zero.
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => (money.amount % 10 == 0).then_some(money.amount),
        // Other decimals than ours, and no house has asked for them.
        "MGA" | "IQD" | "LYD" | "CLF" | "UYI" => None,
        _ => Some(money.amount),
    }
}

/// What Stripe means by this amount; `None`: nothing that we know.
pub fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency: Currency = currency.to_ascii_uppercase().parse().ok()?;
    let amount = match currency.as_str() {
        "ISK" | "UGX" => (amount % 100 == 0).then_some(amount / 100)?,
        "MGA" | "IQD" | "LYD" | "CLF" | "UYI" => return None,
        _ => amount,
    };
    Some(Money::new(amount, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_there_comes_back_the_same() {
        let there = |amount, code: &str| to_stripe(Money::new(amount, code.parse().unwrap()));
        assert_eq!(there(4500, "EUR"), Some(4500));
        assert_eq!(there(4500, "JPY"), Some(4500));
        assert_eq!(there(4500, "ISK"), Some(450_000));
        assert_eq!(there(4510, "KWD"), Some(4510));
        assert_eq!(there(4511, "KWD"), None);
        assert_eq!(there(4500, "MGA"), None);
        assert_eq!(there(i64::MAX, "ISK"), None);
        for code in ["EUR", "JPY", "ISK", "KWD", "UGX", "INR"] {
            let money = Money::new(1230, code.parse().unwrap());
            let back = from_stripe(to_stripe(money).unwrap(), &code.to_ascii_lowercase());
            assert_eq!(back, Some(money), "{code}");
        }
        assert_eq!(from_stripe(150, "isk"), None);
        assert_eq!(from_stripe(150, "euro"), None);
    }
}
