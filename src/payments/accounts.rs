//! Accounts of houses at payment providers: where their money is collected. Their keys are sealed before they are stored, and
//! nobody is ever shown them again.

use std::fmt;
use std::sync::Arc;

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::methods::{self, Known};
use crate::platform::db::Db;
use crate::platform::keys::{Keys, KeysError};

/// More nobody can tell apart.
pub const ACCOUNTS_MAX: i64 = 100;

/// With whom a house can have an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Stripe.
    Stripe,
    /// Razorpay.
    Razorpay,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Stripe, Self::Razorpay];

    /// Its word in the API, in the database and in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Razorpay => "razorpay",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.word() == word)
    }

    /// Its methods, and how they behave.
    #[must_use]
    pub fn table(self) -> &'static [Known] {
        match self {
            Self::Stripe => methods::STRIPE,
            Self::Razorpay => methods::RAZORPAY,
        }
    }
}

/// What proves to a provider that we speak for a house. Never logged, never answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Razorpay's key id, which buyers' browsers are told.
    #[serde(default)]
    pub key_id: Option<String>,
    /// The key.
    pub secret_key: String,
    /// With what the provider signs its news.
    #[serde(default)]
    pub webhook_secret: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// A key that is none of this provider's: the field, and what is wrong.
pub type WrongKey = (&'static str, &'static str);

impl Secrets {
    /// Whether they look like this provider's, so that the commonest mistakes are told at once.
    ///
    /// # Errors
    /// Names the first field that doesn't.
    pub fn check(&self, provider: Provider) -> Result<(), WrongKey> {
        match provider {
            Provider::Stripe => {
                if self.key_id.is_some() {
                    return Err(("key_id", "is for Razorpay alone; Stripe has one secret key"));
                }
                if self.secret_key.starts_with("pk_") {
                    return Err(("secret_key", "is the publishable key; the secret one begins with sk_ or rk_"));
                }
                if !["sk_live_", "sk_test_", "rk_live_", "rk_test_"].iter().any(|it| self.secret_key.starts_with(it)) {
                    return Err(("secret_key", "must begin with sk_live_, sk_test_, rk_live_ or rk_test_"));
                }
                if self.webhook_secret.as_ref().is_some_and(|secret| !secret.starts_with("whsec_")) {
                    return Err(("webhook_secret", "must begin with whsec_"));
                }
            }
            Provider::Razorpay => {
                let id = self.key_id.as_deref().unwrap_or_default();
                if !["rzp_live_", "rzp_test_"].iter().any(|beginning| id.starts_with(beginning)) {
                    return Err(("key_id", "must begin with rzp_live_ or rzp_test_"));
                }
                if self.secret_key.starts_with("rzp_") {
                    return Err(("secret_key", "is the key id; the secret was shown once, when the key was made"));
                }
            }
        }
        Ok(())
    }

    /// The key that people know the account by.
    fn known_by(&self) -> &str {
        self.key_id.as_deref().unwrap_or(&self.secret_key)
    }

    /// Whether real money moves.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.known_by().contains("_live_")
    }

    /// The key's beginning and its last four letters.
    #[must_use]
    pub fn shown(&self) -> String {
        let key = self.known_by();
        let beginning = key.match_indices('_').nth(1).map_or(0, |(at, _)| at + 1);
        // Keys are checked to be plain ASCII, so every byte is a letter.
        let (beginning, rest) = key.split_at(beginning);
        let end = rest.get(rest.len().saturating_sub(4)..).filter(|_| rest.len() >= 12).unwrap_or_default();
        format!("{beginning}…{end}")
    }
}

fn plain(text: &str, (): &()) -> garde::Result {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { Ok(()) } else { Err(garde::Error::new("must be letters, digits and signs without spaces")) }
}

fn maybe_plain(text: &Option<String>, context: &()) -> garde::Result {
    text.as_deref().map_or(Ok(()), |text| plain(text, context))
}

fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

fn maybe_says_something(text: &Option<String>, context: &()) -> garde::Result {
    text.as_deref().map_or(Ok(()), |text| says_something(text, context))
}

fn yes() -> bool {
    true
}

/// An account to be connected. The keys are taken and never shown again.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPaymentAccount {
    /// With whom.
    #[garde(skip)]
    pub provider: Provider,
    /// What the house calls it.
    #[garde(length(chars, min = 1, max = 100), custom(says_something))]
    #[schema(min_length = 1, max_length = 100, example = "Our Stripe account")]
    pub name: String,
    /// Razorpay's key id; Stripe has none.
    #[garde(inner(length(bytes, min = 8, max = 200)), custom(maybe_plain))]
    #[serde(default)]
    #[schema(min_length = 8, max_length = 200, example = "rzp_test_AbCdEfGhIjKlMn")]
    pub key_id: Option<String>,
    /// The secret key.
    #[garde(length(bytes, min = 8, max = 300), custom(plain))]
    #[schema(min_length = 8, max_length = 300, write_only)]
    pub secret_key: String,
    /// With what the provider signs its news; it is known once the webhook was made there.
    #[garde(inner(length(bytes, min = 8, max = 300)), custom(maybe_plain))]
    #[serde(default)]
    #[schema(min_length = 8, max_length = 300, write_only)]
    pub webhook_secret: Option<String>,
    /// The methods that buyers are offered, in this order.
    #[garde(length(min = 1, max = 10), inner(length(bytes, min = 1, max = 40)))]
    #[schema(min_items = 1, max_items = 10, example = json!(["card"]))]
    pub methods: Vec<String>,
    /// Whether buyers are offered it.
    #[garde(skip)]
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The smallest is offered first.
    #[garde(range(min = 0, max = 1000))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub position: i32,
}

/// What is to change of an account: what is left out stays.
#[derive(Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePaymentAccount {
    /// What the house calls it.
    #[garde(inner(length(chars, min = 1, max = 100)), custom(maybe_says_something))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Razorpay's key id; together with `secret_key`.
    #[garde(inner(length(bytes, min = 8, max = 200)), custom(maybe_plain))]
    #[serde(default)]
    #[schema(min_length = 8, max_length = 200)]
    pub key_id: Option<String>,
    /// Another key of the same account.
    #[garde(inner(length(bytes, min = 8, max = 300)), custom(maybe_plain))]
    #[serde(default)]
    #[schema(min_length = 8, max_length = 300, write_only)]
    pub secret_key: Option<String>,
    /// With what the provider signs its news from now on.
    #[garde(inner(length(bytes, min = 8, max = 300)), custom(maybe_plain))]
    #[serde(default)]
    #[schema(min_length = 8, max_length = 300, write_only)]
    pub webhook_secret: Option<String>,
    /// The methods that buyers are offered, in this order.
    #[garde(inner(length(min = 1, max = 10), inner(length(bytes, min = 1, max = 40))))]
    #[serde(default)]
    #[schema(min_items = 1, max_items = 10)]
    pub methods: Option<Vec<String>>,
    /// Whether buyers are offered it.
    #[garde(skip)]
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The smallest is offered first.
    #[garde(inner(range(min = 0, max = 1000)))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub position: Option<i32>,
}

/// What came of a test of an account's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tested {
    /// The provider takes them.
    Works,
    /// The provider refuses them.
    Refused,
    /// The provider did not answer, or not so that it can be understood.
    Unanswered,
}

/// A test of an account's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyTest {
    /// What came of it.
    pub outcome: Tested,
    /// In words; never a key.
    pub detail: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// An account, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentAccount {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organizer_id: Uuid,
    /// With whom.
    pub provider: Provider,
    /// What the house calls it.
    pub name: String,
    /// The beginning and the end of its key.
    #[schema(example = "sk_test_…4242")]
    pub key_shown: String,
    /// Whether real money moves.
    pub live: bool,
    /// Whether news of it can be verified. Without, the provider is asked about each payment, which is slower.
    pub has_webhook_secret: bool,
    /// Where the provider is to send its news.
    pub webhook_url: String,
    /// The methods that buyers are offered, in this order.
    pub methods: Vec<String>,
    /// Whether buyers are offered it.
    pub enabled: bool,
    /// The smallest is offered first.
    pub position: i32,
    /// The newest test of its keys.
    pub last_test: Option<KeyTest>,
    /// Grows with every change; what `If-Match` compares.
    pub version: i32,
    /// Since when it is put away: nothing new is paid by it, and what was paid can still be given back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// The methods that a provider has among these, or the place of the first that it hasn't, or that stands there twice.
///
/// # Errors
/// The place, and what is wrong there.
pub fn check_methods(provider: Provider, wanted: &[String]) -> Result<(), (usize, String)> {
    for (at, key) in wanted.iter().enumerate() {
        if methods::known(provider.table(), key).is_none() {
            let all: Vec<&str> = provider.table().iter().map(|known| known.key).collect();
            return Err((at, format!("is no method of {}; there are {}", provider.word(), all.join(", "))));
        }
        if wanted[..at].contains(key) {
            return Err((at, "stands there twice".to_owned()));
        }
    }
    Ok(())
}

/// The accounts, in the database.
#[derive(Clone)]
pub struct PaymentAccounts {
    pub(super) pool: Db,
    pub(super) keys: Arc<Keys>,
    /// How the outside reaches us.
    pub(super) public_url: Arc<str>,
}

impl PaymentAccounts {
    /// Accounts behind this pool, sealed with these keys.
    #[must_use]
    pub fn new(pool: Db, keys: Arc<Keys>, public_url: &str) -> Self {
        Self { pool, keys, public_url: public_url.into() }
    }

    /// The database that they are in.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.pool
    }

    pub(super) fn webhook_url(&self, provider: Provider, account: Uuid) -> String {
        format!("{}/api/v1/webhooks/{}/{account}", self.public_url, provider.word())
    }

    /// Seals keys, bound to the account that they are of.
    ///
    /// # Errors
    /// When there is no key to seal with.
    pub fn seal(&self, account: Uuid, secrets: &Secrets) -> Result<String, KeysError> {
        let plain = serde_json::to_vec(secrets).unwrap_or_default();
        self.keys.seal(&[b"payment_account", account.as_bytes()], &plain)
    }

    /// Opens them.
    ///
    /// # Errors
    /// `NotSealedHere` when they were sealed elsewhere, for another account, or are spoilt.
    pub fn open(&self, account: Uuid, sealed: &str) -> Result<Secrets, KeysError> {
        let plain = self.keys.open_sealed(&[b"payment_account", account.as_bytes()], sealed)?;
        serde_json::from_slice(&plain).map_err(|_| KeysError::NotSealedHere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(key_id: Option<&str>, secret_key: &str, webhook_secret: Option<&str>) -> Secrets {
        Secrets {
            key_id: key_id.map(str::to_owned),
            secret_key: secret_key.to_owned(),
            webhook_secret: webhook_secret.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_shows_what_it_is_for_and_its_end_and_no_more() {
        let stripe = secrets(None, "sk_test_51HhKx0geheimgeheim4242", Some("whsec_geheim"));
        assert_eq!(stripe.shown(), "sk_test_…4242");
        assert!(!stripe.is_live() && !format!("{stripe:?}").contains("geheim"));
        let razorpay = secrets(Some("rzp_live_AbCdEfGhIjKlMn"), "geheimgeheim", None);
        assert_eq!(razorpay.shown(), "rzp_live_…KlMn");
        assert!(razorpay.is_live());
        // What is too short to have an end of its own shows none.
        assert_eq!(secrets(None, "sk_live_short", None).shown(), "sk_live_…");
        assert_eq!(secrets(None, "nothing", None).shown(), "…");
    }

    #[test]
    fn the_commonest_mistakes_are_named() {
        let check = |provider, key_id, key, webhook| secrets(key_id, key, webhook).check(provider).map_err(|it| it.0);
        let (stripe, razorpay) = (Provider::Stripe, Provider::Razorpay);
        assert_eq!(check(stripe, None, "sk_test_abc", None), Ok(()));
        assert_eq!(check(stripe, None, "rk_live_abc", Some("whsec_abc")), Ok(()));
        assert_eq!(check(stripe, None, "pk_test_abc", None), Err("secret_key"));
        assert_eq!(check(stripe, None, "hunter2", None), Err("secret_key"));
        assert_eq!(check(stripe, None, "sk_test_abc", Some("abc")), Err("webhook_secret"));
        assert_eq!(check(stripe, Some("rzp_test_a"), "sk_test_abc", None), Err("key_id"));
        assert_eq!(check(razorpay, Some("rzp_test_a"), "abc", Some("anything")), Ok(()));
        assert_eq!(check(razorpay, None, "abc", None), Err("key_id"));
        assert_eq!(check(razorpay, Some("rzp_test_a"), "rzp_test_a", None), Err("secret_key"));
    }

    #[test]
    fn a_method_is_the_providers_own_and_named_once() {
        let check = |provider, wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|&word| word.to_owned()).collect();
            check_methods(provider, &wanted).map_err(|(at, _)| at)
        };
        assert_eq!(check(Provider::Stripe, &["card", "paypal"]), Ok(()));
        assert_eq!(check(Provider::Stripe, &["card", "wallet"]), Err(1));
        assert_eq!(check(Provider::Razorpay, &["upi", "card", "upi"]), Err(2));
    }
}
