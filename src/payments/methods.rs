//! The methods of payment that each provider has, and how each behaves.

use jiff::SignedDuration;

use super::gateway::{CancelWorth, Method, MethodKind};

/// A method as the tables below have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its word in the API and in the database.
    pub key: &'static str,
    /// How it behaves.
    pub method: Method,
    /// The one currency in which it exists; `None`: all of the provider's.
    pub only: Option<&'static str>,
}

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

const fn set_aside(key: &'static str, cancel: CancelWorth, days_lasting: i64) -> Known {
    let kind = MethodKind::AuthoriseThenCapture;
    Known { key, method: Method { kind, cancel, authorisation_lasts: days(days_lasting) }, only: None }
}

const fn at_once(key: &'static str, cancel: CancelWorth, only: Option<&'static str>) -> Known {
    let kind = MethodKind::PaidAtOnce;
    Known { key, method: Method { kind, cancel, authorisation_lasts: SignedDuration::ZERO }, only }
}

/// Stripe's. An expired checkout page can be paid by nobody; but who is at their bank by then may come back having paid, where
/// the bank moves the money itself. Banks keep a card's amount set aside for seven days, some for five.
pub const STRIPE: &[Known] = &[
    // Cards, and the wallets that hold cards: Apple Pay and Google Pay show themselves where the device has them.
    set_aside("card", CancelWorth::Confirmed, 5),
    at_once("paypal", CancelWorth::BestEffort, None),
    at_once("upi", CancelWorth::BestEffort, Some("INR")),
    at_once("netbanking", CancelWorth::BestEffort, Some("INR")),
];

/// Razorpay's. Nothing there closes an order before it is paid. An amount that is not captured goes back by itself after the
/// time that the order names.
pub const RAZORPAY: &[Known] = &[
    set_aside("card", CancelWorth::BestEffort, 3),
    at_once("upi", CancelWorth::BestEffort, Some("INR")),
    at_once("netbanking", CancelWorth::BestEffort, Some("INR")),
    at_once("wallet", CancelWorth::BestEffort, Some("INR")),
];

/// The method of a table with this word.
#[must_use]
pub fn known(table: &'static [Known], key: &str) -> Option<Known> {
    table.iter().find(|known| known.key == key).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_lasts_and_what_is_paid_at_once_does_not() {
        for table in [STRIPE, RAZORPAY] {
            for (at, known) in table.iter().enumerate() {
                let lasts = known.method.authorisation_lasts > SignedDuration::ZERO;
                assert_eq!(lasts, known.method.kind == MethodKind::AuthoriseThenCapture, "{}", known.key);
                assert!(table[..at].iter().all(|other| other.key != known.key), "{} stands there twice", known.key);
            }
        }
    }
}
