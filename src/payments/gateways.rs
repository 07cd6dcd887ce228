//! All the gateways: the sandbox, and one for each account of a house at a provider, made when it is first wanted and anew when
//! the account was changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::accounts::{PaymentAccounts, Provider, Secrets};
use super::gateway::{Gateway, MethodKind};
use super::methods;
use super::razorpay::{Page, Razorpay};
use super::sandbox;
use super::stripe::Stripe;
use crate::platform::db::DbFault;
use crate::platform::keys::KeysError;
use crate::platform::money::Currency;

/// The account that the sandbox's payments are of.
pub const DEFAULT: &str = "default";
/// So many clients are kept; one more, and all are made anew when they are wanted.
const KEPT_MAX: usize = 500;

/// Where providers are, when it is not where they say: only whoever configures the server can lead our questions elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// Stripe's.
    pub stripe: Option<String>,
    /// Razorpay's.
    pub razorpay: Option<String>,
}

/// One way in which a house's buyers can pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// At which provider.
    pub provider: String,
    /// To which account of the house there.
    pub account: String,
    /// By which method.
    pub method: String,
    /// How it takes the money.
    pub kind: MethodKind,
}

/// What a buyer wants is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOffered {
    /// The house takes no money by this provider, or by none.
    Provider,
    /// It does, but not by this method.
    Method,
}

/// Why there is no gateway, although there is the account.
#[derive(Debug, thiserror::Error)]
pub enum NoGateway {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// Its keys do not open here.
    #[error("the keys of payment account {account} do not open here")]
    Sealed {
        /// Which.
        account: Uuid,
        /// Why.
        #[source]
        source: KeysError,
    },
    /// No client can be made of them.
    #[error("no client can be made for payment account {account}: {problem}")]
    Client {
        /// Which.
        account: Uuid,
        /// Why; never with a key in it.
        problem: String,
    },
}

#[derive(Clone)]
enum Made {
    Stripe(Arc<Stripe>),
    Razorpay(Arc<Razorpay>),
}

impl Made {
    fn gateway(self) -> Arc<dyn Gateway> {
        match self {
            Self::Stripe(stripe) => stripe,
            Self::Razorpay(razorpay) => razorpay,
        }
    }
}

struct Kept {
    version: i32,
    made: Made,
}

struct Inner {
    sandbox: Arc<dyn Gateway>,
    accounts: PaymentAccounts,
    addresses: Addresses,
    kept: Mutex<HashMap<Uuid, Kept>>,
}

/// The gateways of this server. Clone is cheap.
#[derive(Clone)]
pub struct Gateways(Arc<Inner>);

impl Gateways {
    /// The sandbox, and those of these accounts.
    #[must_use]
    pub fn new(sandbox: Arc<dyn Gateway>, accounts: PaymentAccounts, addresses: Addresses) -> Self {
        Self(Arc::new(Inner { sandbox, accounts, addresses, kept: Mutex::new(HashMap::new()) }))
    }

    /// The one of this account; `None`: there is no such account there. The database is asked each time which version the
    /// account has, so that a changed key is used at once by every process.
    ///
    /// # Errors
    /// When the database does not answer, or the account's keys cannot be used.
    pub async fn find(&self, provider: &str, account: &str) -> Result<Option<Arc<dyn Gateway>>, NoGateway> {
        let inner = &*self.0;
        if provider == inner.sandbox.name() {
            return Ok((account == DEFAULT).then(|| Arc::clone(&inner.sandbox)));
        }
        // One way to write an id, so that nobody is answered under a second address.
        let Some(id) = account.parse::<Uuid>().ok().filter(|id| id.to_string() == account) else { return Ok(None) };
        let Some(provider) = Provider::from_word(provider) else { return Ok(None) };
        Ok(self.made(id, provider).await?.map(Made::gateway))
    }

    /// The page from which a buyer goes to Razorpay; `None`: there is no such payment.
    ///
    /// # Errors
    /// As [`Gateways::find`].
    pub async fn razorpay_page(&self, payment: Uuid) -> Result<Option<Page>, NoGateway> {
        let accounts = &self.0.accounts;
        let Some(account) = Razorpay::account_of(&accounts.pool, payment).await? else { return Ok(None) };
        match self.made(account, Provider::Razorpay).await? {
            Some(Made::Razorpay(razorpay)) => Ok(razorpay.page(payment, &accounts.public_url).await?),
            Some(Made::Stripe(_)) | None => Ok(None),
        }
    }

    async fn made(&self, id: Uuid, provider: Provider) -> Result<Option<Made>, NoGateway> {
        let inner = &*self.0;
        let kept = |kept: &Kept| (kept.version, kept.made.clone());
        let kept = inner.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&id).map(kept);
        let known = kept.as_ref().map(|(version, _)| *version);
        let Some(stored) = inner.accounts.stored(id, known).await? else { return Ok(None) };
        if stored.provider != provider {
            return Ok(None);
        }
        let Some(sealed) = stored.sealed else { return Ok(kept.map(|(_, made)| made)) };
        let secrets = inner.accounts.open(id, &sealed).map_err(|source| NoGateway::Sealed { account: id, source })?;
        let made = self.make(id, stored.provider, secrets)?;
        let mut all = inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT_MAX && !all.contains_key(&id) {
            all.clear();
        }
        all.insert(id, Kept { version: stored.version, made: made.clone() });
        Ok(Some(made))
    }

    fn make(&self, id: Uuid, provider: Provider, secrets: Secrets) -> Result<Made, NoGateway> {
        let Inner { accounts, addresses, .. } = &*self.0;
        let problem = |problem: String| NoGateway::Client { account: id, problem };
        Ok(match provider {
            Provider::Stripe => {
                let stripe = Stripe::new(secrets, addresses.stripe.as_deref(), &accounts.public_url);
                Made::Stripe(Arc::new(stripe.map_err(problem)?))
            }
            Provider::Razorpay => {
                let razorpay = Razorpay::new(id, secrets, addresses.razorpay.as_deref(), accounts.pool.clone());
                Made::Razorpay(Arc::new(razorpay.map_err(problem)?))
            }
        })
    }

    /// All the ways in which a house's buyers can pay in this currency, by what is offered first.
    ///
    /// The sandbox takes no money. It is the usual one in the demo house, and stands last in a house that tries things out. A
    /// house that has taken real money is not given over to it, whatever becomes of its accounts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn offers(&self, organizer: Uuid, currency: Currency) -> Result<Vec<Offer>, DbFault> {
        let inner = &*self.0;
        let house = inner.accounts.house(organizer).await?;
        let for_trying = inner.sandbox.method(sandbox::METHOD).map(|method| Offer {
            provider: inner.sandbox.name().to_owned(),
            account: DEFAULT.to_owned(),
            method: sandbox::METHOD.to_owned(),
            kind: method.kind,
        });
        let (first, last) = match (house.is_demo, house.takes_money) {
            (true, _) => (for_trying, None),
            (false, false) => (None, for_trying),
            (false, true) => (None, None),
        };
        let mut offers: Vec<Offer> = first.into_iter().collect();
        for account in house.offered {
            for key in &account.methods {
                let Some(known) = methods::known(account.provider.table(), key) else { continue };
                let here = known.only.is_none_or(|only| only == currency.as_str());
                let provider = account.provider.word();
                // Two accounts that offer the same: the first is used.
                let twice = offers.iter().any(|offer| offer.provider == provider && offer.method == *key);
                if here && !twice {
                    offers.push(Offer {
                        provider: provider.to_owned(),
                        account: account.account.to_string(),
                        method: key.clone(),
                        kind: known.method.kind,
                    });
                }
            }
        }
        offers.extend(last);
        Ok(offers)
    }
}

/// What a buyer chose among the offers; the first of what is left open.
///
/// # Errors
/// Which of their wishes nobody here fulfils.
pub fn choose(offers: &[Offer], provider: Option<&str>, method: Option<&str>) -> Result<Offer, NotOffered> {
    let mut of_provider =
        offers.iter().filter(|offer| provider.is_none_or(|wanted| wanted == offer.provider)).peekable();
    of_provider.peek().ok_or(NotOffered::Provider)?;
    let mut chosen = of_provider.filter(|offer| method.is_none_or(|wanted| wanted == offer.method));
    chosen.next().cloned().ok_or(NotOffered::Method)
}

impl std::fmt::Debug for Gateways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateways")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_the_first_and_what_is_not_offered_is_named() {
        let offer = |provider: &str, method: &str| Offer {
            provider: provider.to_owned(),
            account: DEFAULT.to_owned(),
            method: method.to_owned(),
            kind: MethodKind::PaidAtOnce,
        };
        let offers = [offer("stripe", "card"), offer("stripe", "paypal"), offer("razorpay", "upi")];
        let chosen =
            |provider, method| choose(&offers, provider, method).map(|it| format!("{}/{}", it.provider, it.method));
        assert_eq!(chosen(None, None).unwrap(), "stripe/card");
        assert_eq!(chosen(Some("razorpay"), None).unwrap(), "razorpay/upi");
        assert_eq!(chosen(None, Some("upi")).unwrap(), "razorpay/upi");
        assert_eq!(chosen(Some("stripe"), Some("paypal")).unwrap(), "stripe/paypal");
        assert_eq!(chosen(Some("stripe"), Some("upi")), Err(NotOffered::Method));
        assert_eq!(chosen(Some("sandbox"), None), Err(NotOffered::Provider));
        assert_eq!(choose(&[], None, None), Err(NotOffered::Provider));
    }
}
