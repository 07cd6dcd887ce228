//! How often somebody may try to sign in, and how many mails an address gets.
//!
//! Nobody can lock somebody else out: there is no count of an account alone. Who guesses is counted by address, and by address
//! and account; who has signed in from a browser before has a bucket of their own there, by a cookie that proves it (OWASP's
//! "device cookies"), even behind the address from which somebody guesses.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::store::normalized;
use crate::http::ApiError;
use crate::http::limits::too_many;
use crate::platform::config::{AbuseLimits, Config};
use crate::platform::rates::Rate;

const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Tries of one address at one account in a quarter of an hour. Who has forgotten which of their passwords it was needs a few.
const AT_ONE_ACCOUNT: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Tries of one address at all accounts. Offices and phone networks share one.
const AT_ALL_ACCOUNTS: NonZeroU32 = NonZeroU32::new(300).unwrap();
/// Tries of one browser that its owner has signed in with.
const OF_ONE_DEVICE: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Mails with links to one address in an hour: enough for one that hangs, too few to flood anybody.
const MAILS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Mails of one house in an hour that invite: a whole team, some of them twice, and no address book.
const INVITATIONS: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Mails with links that one address asks for in an hour, to whomever, before it is challenged. Where nobody is, it is told nothing.
const MAILS_ASKED: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// An attack is one line in the audit log in a quarter of an hour, not thousands.
const ONCE: NonZeroU32 = NonZeroU32::MIN;

/// An e-mail address as it is counted: what was typed is not kept.
type Name = [u8; 32];

fn name(email: &str) -> Name {
    Sha256::digest(normalized(email).as_bytes()).into()
}

/// A refused try.
#[derive(Debug)]
pub struct Throttled {
    /// For the client.
    pub refusal: ApiError,
    /// Whether this is the first one of its kind for a while, and worth a line in the audit log.
    pub is_news: bool,
}

/// Counts tries and mails in this process.
pub struct Throttle {
    enforced: bool,
    at_one_account: Rate<(Name, IpAddr)>,
    at_all_accounts: Rate<IpAddr>,
    of_device: Rate<(Uuid, Name)>,
    after_a_challenge: Rate<(Name, IpAddr)>,
    news: Rate<(Name, IpAddr)>,
    refusals: Rate<(Name, IpAddr)>,
    mails: Rate<Name>,
    invitations: Rate<Uuid>,
    mails_asked: Rate<IpAddr>,
}

impl Throttle {
    /// As configured.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        Self {
            enforced: config.abuse_limits == AbuseLimits::Enforce,
            at_one_account: Rate::new(AT_ONE_ACCOUNT, QUARTER),
            at_all_accounts: Rate::new(AT_ALL_ACCOUNTS, QUARTER),
            of_device: Rate::new(OF_ONE_DEVICE, QUARTER),
            after_a_challenge: Rate::new(AT_ONE_ACCOUNT, QUARTER),
            news: Rate::new(ONCE, QUARTER),
            refusals: Rate::new(ONCE, QUARTER),
            mails: Rate::new(MAILS, HOUR),
            invitations: Rate::new(INVITATIONS, HOUR),
            mails_asked: Rate::new(MAILS_ASKED, HOUR),
        }
    }

    /// Counts one try to sign in as `email` from `from` (an address as limits count it), before the password is looked at; by
    /// a browser that has proved to be one of the account's own, `device` is what it proved it by. Known and unknown addresses
    /// are counted alike.
    ///
    /// # Errors
    /// When there were too many.
    pub fn try_once(&self, email: &str, from: IpAddr, device: Option<(Uuid, &str)>) -> Result<(), Throttled> {
        let who = name(email);
        let wait = match device {
            Some((user, proof)) => self.of_device.ask(&(user, Sha256::digest(proof.as_bytes()).into())),
            None if from.is_loopback() => Ok(()),
            None => self.at_one_account.ask(&(who, from)).and_then(|()| self.at_all_accounts.ask(&from)),
        };
        let Err(wait) = wait else { return Ok(()) };
        metrics::counter!("aisle_sign_ins_limited_total").increment(1);
        if !self.enforced {
            return Ok(());
        }
        Err(Throttled { refusal: too_many(wait), is_news: self.news.ask(&(who, from)).is_ok() })
    }

    /// Whether a wrong password is the first one of this address at this account for a while, and worth a line in the audit
    /// log: a thousand of them cost one.
    #[must_use]
    pub fn is_first_refusal(&self, email: &str, from: IpAddr) -> bool {
        self.refusals.ask(&(name(email), from)).is_ok()
    }

    /// Counts one more try of who was told to wait and has passed a challenge instead: as many again, and no more. People who solve
    /// challenges for others are cheap, and a password must not be.
    ///
    /// # Errors
    /// When there were too many.
    pub fn try_once_more(&self, email: &str, from: IpAddr) -> Result<(), ApiError> {
        match self.after_a_challenge.ask(&(name(email), from)) {
            Err(wait) if self.enforced => Err(too_many(wait)),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// Whether this address has asked for so many mails that it is to be challenged, where anybody is.
    #[must_use]
    pub fn asks_for_many_mails(&self, from: IpAddr) -> bool {
        let many = !from.is_loopback() && self.mails_asked.ask(&from).is_err();
        if many {
            metrics::counter!("aisle_mail_requests_limited_total").increment(1);
        }
        many && self.enforced
    }

    /// Whether one more mail with a link may go to this address now. Who asks is told nothing of it: the answer stays the same.
    #[must_use]
    pub fn may_mail(&self, email: &str) -> bool {
        if self.mails.ask(&name(email)).is_ok() {
            return true;
        }
        metrics::counter!("aisle_account_mails_limited_total").increment(1);
        !self.enforced
    }

    /// Counts one invitation of this house to this address: it is a mail with a link like any other. Who invites is told when
    /// it must wait, for a house that believes to have invited somebody waits in vain.
    ///
    /// # Errors
    /// When the house, or anybody, has had too many sent.
    pub fn may_invite(&self, house: Uuid, email: &str) -> Result<(), ApiError> {
        let Err(wait) = self.invitations.ask(&house).and_then(|()| self.mails.ask(&name(email))) else { return Ok(()) };
        metrics::counter!("aisle_account_mails_limited_total").increment(1);
        if self.enforced { Err(too_many(wait)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Code;

    const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn exhausted(throttle: &Throttle) {
        for _ in 0..AT_ONE_ACCOUNT.get() {
            throttle.try_once("ada@example.org", FROM, None).unwrap();
        }
    }

    #[test]
    fn who_guesses_is_stopped_there_and_the_owner_is_not() {
        let throttle = Throttle::from_config(&Config::default());
        exhausted(&throttle);
        let refused = throttle.try_once(" Ada@Example.org ", FROM, None).unwrap_err();
        assert_eq!(refused.refusal.code(), Code::TooManyRequests);
        assert!(refused.is_news);
        assert!(!throttle.try_once("ada@example.org", FROM, None).unwrap_err().is_news);
        throttle.try_once("ada@example.org", ELSEWHERE, None).unwrap();
        throttle.try_once("bob@example.org", FROM, None).unwrap();
        throttle.try_once("ada@example.org", FROM, Some((Uuid::nil(), "hers"))).unwrap();
    }

    #[test]
    fn a_browser_of_the_owner_is_no_way_to_guess_on() {
        let throttle = Throttle::from_config(&Config::default());
        for _ in 0..OF_ONE_DEVICE.get() {
            throttle.try_once("ada@example.org", FROM, Some((Uuid::nil(), "stolen"))).unwrap();
        }
        throttle.try_once("ada@example.org", FROM, Some((Uuid::nil(), "stolen"))).unwrap_err();
        throttle.try_once("ada@example.org", FROM, Some((Uuid::nil(), "hers"))).unwrap();
    }

    #[test]
    fn one_address_cannot_try_all_accounts() {
        let throttle = Throttle::from_config(&Config::default());
        for n in 0..AT_ALL_ACCOUNTS.get() {
            throttle.try_once(&format!("{n}@example.org"), FROM, None).unwrap();
        }
        throttle.try_once("ada@example.org", FROM, None).unwrap_err();
        throttle.try_once("ada@example.org", ELSEWHERE, None).unwrap();
    }

    #[test]
    fn a_mailbox_is_not_flooded_and_another_gets_its_own() {
        let throttle = Throttle::from_config(&Config::default());
        for _ in 0..MAILS.get() {
            assert!(throttle.may_mail("ada@example.org"));
        }
        assert!(!throttle.may_mail("ADA@example.org"));
        assert!(throttle.may_mail("bob@example.org"));
    }

    #[test]
    fn of_a_flood_of_wrong_passwords_each_address_and_account_is_news_once() {
        let throttle = Throttle::from_config(&Config { abuse_limits: AbuseLimits::Observe, ..Config::default() });
        assert!(throttle.is_first_refusal("ada@example.org", FROM));
        assert!((0..1_000).all(|_| !throttle.is_first_refusal(" ADA@example.org", FROM)));
        assert!(throttle.is_first_refusal("ada@example.org", ELSEWHERE));
        assert!(throttle.is_first_refusal("bob@example.org", FROM));
    }

    #[test]
    fn a_house_invites_a_team_and_no_address_book_and_nobody_ten_times_over() {
        let throttle = Throttle::from_config(&Config::default());
        let (house, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for _ in 0..MAILS.get() {
            throttle.may_invite(house, "ada@example.org").unwrap();
        }
        assert_eq!(throttle.may_invite(other, "Ada@example.org ").unwrap_err().code(), Code::TooManyRequests);
        assert!(!throttle.may_mail("ada@example.org"), "they are mails with links like others");
        for n in MAILS.get()..INVITATIONS.get() {
            throttle.may_invite(house, &format!("{n}@example.org")).unwrap();
        }
        assert_eq!(throttle.may_invite(house, "bob@example.org").unwrap_err().code(), Code::TooManyRequests);
        throttle.may_invite(other, "bob@example.org").unwrap();
    }

    #[test]
    fn a_challenge_opens_as_many_tries_again_and_no_more() {
        let throttle = Throttle::from_config(&Config::default());
        for _ in 0..AT_ONE_ACCOUNT.get() {
            throttle.try_once_more("ada@example.org", FROM).unwrap();
        }
        assert_eq!(throttle.try_once_more("ADA@example.org", FROM).unwrap_err().code(), Code::TooManyRequests);
        throttle.try_once_more("ada@example.org", ELSEWHERE).unwrap();
    }

    #[test]
    fn an_address_that_asks_for_mails_to_everybody_is_noticed() {
        let throttle = Throttle::from_config(&Config::default());
        assert!((0..MAILS_ASKED.get()).all(|_| !throttle.asks_for_many_mails(FROM)));
        assert!(throttle.asks_for_many_mails(FROM));
        assert!(!throttle.asks_for_many_mails(ELSEWHERE));
    }

    #[test]
    fn observed_only_nobody_is_refused() {
        let throttle = Throttle::from_config(&Config { abuse_limits: AbuseLimits::Observe, ..Config::default() });
        exhausted(&throttle);
        throttle.try_once("ada@example.org", FROM, None).unwrap();
        assert!((0..=MAILS.get()).all(|_| throttle.may_mail("ada@example.org")));
        assert!((0..=MAILS_ASKED.get()).all(|_| !throttle.asks_for_many_mails(FROM)));
        assert!((0..=AT_ONE_ACCOUNT.get()).all(|_| throttle.try_once_more("ada@example.org", FROM).is_ok()));
    }
}
