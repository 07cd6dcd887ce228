//! Razorpay's answers, as far as we look at them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Something that can be paid.
#[derive(Debug, Deserialize)]
pub struct Order {
    /// Its name.
    pub id: String,
    /// Our id.
    #[serde(default)]
    pub receipt: Option<String>,
}

/// Somebody's payment of an order, or their try.
#[derive(Debug, Deserialize)]
pub struct Payment {
    /// Its name.
    pub id: String,
    /// `created`, `authorized`, `captured`, `refunded` or `failed`.
    pub status: String,
    /// How much.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
    /// When.
    pub created_at: i64,
    /// How much of it went back.
    #[serde(default)]
    pub amount_refunded: Option<i64>,
    /// Whether it was ever collected.
    #[serde(default)]
    pub captured: Option<bool>,
    /// Of which order; none where it was asked for otherwise than by an order.
    #[serde(default)]
    pub order_id: Option<String>,
}

impl Payment {
    /// Nobody collected it, and Razorpay gave it back by itself: no money came to the house, and none went.
    pub fn has_lapsed(&self) -> bool {
        let went_back = self.status == "refunded" || self.amount_refunded.is_some_and(|back| back > 0);
        self.captured == Some(false) && went_back
    }
}

/// A refund.
#[derive(Debug, Deserialize)]
pub struct Refund {
    /// Its name.
    pub id: String,
    /// How much.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
    /// When it was made.
    #[serde(default)]
    pub created_at: i64,
    /// How far it is.
    #[serde(default)]
    pub status: Option<String>,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "notes")]
    pub notes: BTreeMap<String, String>,
}

/// A claim that a buyer made at their bank.
#[derive(Debug, Deserialize)]
pub struct Dispute {
    /// Its name.
    pub id: String,
    /// Against which payment.
    pub payment_id: String,
    /// How much is claimed.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
    /// How much was taken for it: nothing before it is lost, unless the account agreed to that.
    #[serde(default)]
    pub amount_deducted: i64,
    /// `open`, `under_review`, `won`, `lost` or `closed`.
    pub status: String,
    /// `fraud`, `retrieval`, `chargeback`, `pre_arbitration` or `arbitration`.
    #[serde(default)]
    pub phase: Option<String>,
    /// When it was made.
    pub created_at: i64,
}

/// A list.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    /// What is on it.
    pub items: Vec<T>,
}

/// Why it did not do it.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    /// What it says.
    pub error: RefusalText,
}

/// The same.
#[derive(Debug, Deserialize)]
pub struct RefusalText {
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Its word.
    #[serde(default)]
    pub code: Option<String>,
}

/// Notes are an object, or an empty list where there are none.
pub fn notes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Notes {
        Some(BTreeMap<String, serde_json::Value>),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Notes::deserialize(deserializer)? {
        Notes::Some(notes) => {
            notes.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
        }
        Notes::Other(_) => BTreeMap::new(),
    })
}
