//! Stripe's answers, as far as we look at them. What we don't look at may be missing, new or different.

use miniserde::Deserialize;

/// A checkout page, asked for with what it has come to.
#[derive(Debug, Deserialize)]
pub struct Session {
    /// Its name.
    pub id: String,
    /// Where the buyer pays; none once it is over.
    pub url: Option<String>,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// The payment; none until somebody pays.
    pub payment_intent: Option<Intent>,
}

/// A payment.
#[derive(Debug, Deserialize)]
pub struct Intent {
    /// Its name.
    pub id: String,
    /// How far it is.
    pub status: String,
    /// How much it is about.
    pub amount: i64,
    /// How much of it was collected.
    pub amount_received: Option<i64>,
    /// In which currency, in small letters.
    pub currency: String,
    /// When it began.
    pub created: i64,
    /// What somebody paid with it, newest.
    pub latest_charge: Option<Charge>,
}

/// What somebody paid.
#[derive(Debug, Deserialize)]
pub struct Charge {
    /// When.
    pub created: i64,
    /// How much of it went back.
    pub amount_refunded: Option<i64>,
    /// With what.
    pub payment_method_details: Option<Details>,
}

/// With what somebody paid.
#[derive(Debug, Deserialize)]
pub struct Details {
    /// A card, where it was one.
    pub card: Option<Card>,
}

/// A card.
#[derive(Debug, Deserialize)]
pub struct Card {
    /// The same for the same card.
    pub fingerprint: Option<String>,
    /// Of which country it is.
    pub country: Option<String>,
}

/// A refund.
#[derive(Debug, Deserialize)]
pub struct Refund {
    /// Its name.
    pub id: String,
    /// How far it is.
    pub status: Option<String>,
    /// How much.
    pub amount: Option<i64>,
    /// In which currency, in small letters.
    pub currency: Option<String>,
    /// When it was made.
    pub created: Option<i64>,
    /// What we wrote on it.
    pub metadata: Option<std::collections::BTreeMap<String, String>>,
}

/// A checkout page in a list.
#[derive(Debug, Deserialize)]
pub struct ListedSession {
    /// Its name.
    pub id: String,
    /// What we wrote on it.
    pub metadata: Option<std::collections::BTreeMap<String, String>>,
}

/// A claim that a buyer made at their bank.
#[derive(Debug, Deserialize)]
pub struct Dispute {
    /// Its name.
    pub id: String,
    /// How far it is.
    pub status: String,
    /// How much is claimed.
    pub amount: i64,
    /// In which currency, in small letters.
    pub currency: String,
    /// When it was made.
    pub created: i64,
    /// Against which payment.
    pub payment_intent: Option<String>,
    /// What it has moved in the account: taken, perhaps given back.
    pub balance_transactions: Option<Vec<Moved>>,
}

/// What was moved in the account.
#[derive(Debug, Deserialize)]
pub struct Moved {
    /// How much; less is negative.
    pub amount: i64,
    /// What Stripe kept for it beside.
    pub fee: Option<i64>,
    /// In which currency, in small letters: the account's.
    pub currency: Option<String>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// Whether there is more.
    pub has_more: Option<bool>,
}

/// Something of which it is enough that there is one.
#[derive(Debug, Deserialize)]
pub struct Anything {}
