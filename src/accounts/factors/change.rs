//! What people do to their factors, each with its line in the audit log, in one transaction.

use std::net::IpAddr;

use actix_web::HttpRequest;
use sqlx::PgConnection;
use uuid::Uuid;
use webauthn_rs::prelude::{Passkey, PublicKeyCredential, WebauthnError};

use super::super::credentials::{Way, tell_way};
use super::super::identity::{CameBy, Identity};
use super::super::oidc::{Arrival, LinkedAccounts, Person};
use super::super::passkeys::{self, Ceremony, CeremonyError, Passkeys, RelyingParty};
use super::super::sessions::{self, Ended};
use super::super::store::AccountsError;
use super::hashed;
use super::store::{Factors, FactorsError};
use crate::http::client_address::client_address;
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::DbFault;
use crate::platform::people::People;

/// Who changes their factors, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Who.
    pub user: Uuid,
    /// The session in which they do; it stays when others end.
    session: Option<Uuid>,
    address: IpAddr,
}

impl Change {
    /// By who sends this request.
    #[must_use]
    pub fn of(request: &HttpRequest, identity: &Identity) -> Self {
        let session = match identity.came_by {
            CameBy::Session(session) => Some(session),
            CameBy::Token(_) => None,
        };
        Self { user: identity.user, session, address: client_address(request) }
    }

    /// A line of the audit log about it.
    pub fn entry(&self, action: &'static str) -> Entry {
        Entry::new(Actor::User(self.user), action).on("user", self.user).address(self.address)
    }

    /// Records it for administrators too.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn record(&self, connection: &mut PgConnection, entry: Entry) -> Result<(), DbFault> {
        audit::security(connection, Severity::Notice, entry).await
    }

    /// Records a change in how they sign in, and tells them of it.
    async fn told(&self, connection: &mut PgConnection, entry: Entry, way: Way) -> Result<(), DbFault> {
        self.record(connection, entry).await?;
        tell_way(connection, self.user, way).await
    }

    /// A second factor was added: sessions that began without one end, but for the present one. Recovery codes for who has none.
    async fn added(
        &self,
        connection: &mut PgConnection,
        entry: Entry,
        way: Way,
    ) -> Result<Option<Vec<String>>, AccountsError> {
        let codes = Factors::first_recovery_codes(connection, self.user).await?;
        sessions::end_all(connection, self.user, self.session, Ended::SecondFactorAdded).await?;
        self.told(connection, entry, way).await?;
        Ok(codes)
    }
}

impl Factors {
    /// An app is confirmed by its first code, and counts together with all that follows from it. `None`: the code is wrong. Else recovery
    /// codes, for who has none.
    ///
    /// # Errors
    /// `Throttled` after too many wrong ones.
    #[allow(clippy::option_option, reason = "a wrong code is something else than no recovery codes")]
    pub async fn app_added(
        &self,
        change: &Change,
        code: &str,
        unix_s: u64,
    ) -> Result<Option<Option<Vec<String>>>, FactorsError> {
        let Some((step, sealed)) = self.step_of(change.user, code, unix_s, false).await? else { return Ok(None) };
        let mut transaction = self.pool.begin().await?;
        if !Self::spend_step(&mut transaction, change.user, step, &sealed).await? {
            return Ok(None);
        }
        let codes = change.added(&mut transaction, change.entry("totp.added"), Way::AppAdded).await?;
        transaction.commit().await?;
        self.guessed_right(change.user, "totp").await?;
        Ok(Some(codes))
    }

    /// Somebody's app goes. False: they had none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn app_removed(&self, change: &Change) -> Result<bool, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let removed = Self::remove_totp(&mut transaction, change.user).await?;
        if removed {
            Self::forget_codes_without_factor(&mut transaction, change.user).await?;
            change.told(&mut transaction, change.entry("totp.removed"), Way::AppRemoved).await?;
        }
        transaction.commit().await?;
        Ok(removed)
    }

    /// New recovery codes for somebody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn codes_renewed(&self, change: &Change) -> Result<Vec<String>, FactorsError> {
        let mut transaction = self.pool.begin().await?;
        let codes = Self::new_recovery_codes(&mut transaction, change.user).await?;
        change.told(&mut transaction, change.entry("recovery_codes.renewed"), Way::CodesRenewed).await?;
        transaction.commit().await?;
        Ok(codes)
    }

    /// A passkey was made. `None`: it is known already, or its owner has too many.
    ///
    /// # Errors
    /// When the database does not answer.
    #[allow(clippy::type_complexity, reason = "the passkey's id, and codes where there were none")]
    pub async fn passkey_added(
        &self,
        change: &Change,
        name: &str,
        passkey: &Passkey,
    ) -> Result<Option<(Uuid, Option<Vec<String>>)>, FactorsError> {
        let mut transaction = self.pool.begin().await?;
        let Some(id) = Passkeys::insert(&mut transaction, change.user, name, passkey).await? else { return Ok(None) };
        let entry = change.entry("passkey.added").with("passkey", id);
        let codes = change.added(&mut transaction, entry, Way::PasskeyAdded).await?;
        transaction.commit().await?;
        Ok(Some((id, codes)))
    }

    /// One of somebody's passkeys goes. False: they have no such passkey.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passkey_removed(&self, change: &Change, id: Uuid) -> Result<bool, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let removed = Passkeys::remove(&mut transaction, change.user, id).await?;
        if removed {
            Self::forget_codes_without_factor(&mut transaction, change.user).await?;
            let entry = change.entry("passkey.removed").with("passkey", id);
            change.told(&mut transaction, entry, Way::PasskeyRemoved).await?;
        }
        transaction.commit().await?;
        Ok(removed)
    }

    /// A house asks some of its roles for a second factor. False: there is no such house.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn required(&self, change: &Change, organizer: Uuid, roles: &[String]) -> Result<bool, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let done = Self::require_for(&mut transaction, organizer, roles).await?;
        if done {
            let roles = i64::try_from(roles.len()).unwrap_or_default();
            let entry = change.entry("mfa.required").of(organizer).on("organizer", organizer).with("roles", roles);
            change.record(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(done)
    }

    /// The server asks its administrators for a second factor, or asks no more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn required_for_all_admins(&self, change: &Change, required: bool) -> Result<(), DbFault> {
        let mut transaction = self.pool.begin().await?;
        Self::require_for_admins(&mut transaction, required).await?;
        let entry = change.entry("mfa.required_for_admins").with("required", required);
        change.record(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A wrong code, from somebody who knew the password.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refused(&self, user: Uuid, address: IpAddr) -> Result<(), DbFault> {
        let entry = Entry::new(Actor::Stranger, "second_factor.refused").on("user", user).address(address);
        let mut connection = self.pool.acquire().await?;
        audit::security(&mut connection, Severity::Warning, entry).await
    }

    /// The question is answered; what was shown first. `None`: somebody was faster.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn answered_by_code(&self, challenge: &str) -> Result<Option<String>, DbFault> {
        let mut connection = self.pool.acquire().await?;
        Ok(Self::answered(&mut connection, &hashed(challenge)).await?.map(|passed| passed.how))
    }
}

/// Who showed a passkey, and what they had shown before, where it answers a question.
type Shown = (Uuid, Option<String>);

impl Factors {
    /// A passkey was shown, to sign in or to answer a question. The passkey, its counter and the question are judged together.
    ///
    /// # Errors
    /// `Refused` where it is unknown, not who was asked, not verified, or a copy.
    pub async fn passkey_shown(
        &self,
        party: &RelyingParty,
        begun: Ceremony,
        answer: &PublicKeyCredential,
        address: IpAddr,
    ) -> Result<Shown, ShownError> {
        let mut transaction = self.pool.begin().await.map_err(DbFault)?;
        let unknown = CeremonyError::Refused(WebauthnError::CredentialNotFound);
        let Some(mut kept) = Passkeys::locked(&mut transaction, answer.get_credential_id()).await? else {
            return Err(unknown.into());
        };
        if let Err(error) = passkeys::finish_login(party, begun.state, answer, &mut kept) {
            // An authenticator that counts backwards has a twin.
            let copied = matches!(error, CeremonyError::Refused(WebauthnError::CredentialPossibleCompromise));
            let severity = if copied { Severity::Alarm } else { Severity::Warning };
            let action = if copied { "passkey.copied" } else { "passkey.refused" };
            let entry = Entry::new(Actor::Stranger, action).on("user", kept.user).with("passkey", kept.id);
            audit::security(&mut transaction, severity, entry.address(address)).await?;
            transaction.commit().await.map_err(DbFault)?;
            return Err(error.into());
        }
        let how = match &begun.challenge {
            None => None,
            Some(challenge) => match Self::answered(&mut transaction, challenge).await? {
                Some(passed) if passed.user == kept.user => Some(passed.how),
                Some(_) | None => return Err(unknown.into()),
            },
        };
        Passkeys::used(&mut transaction, &kept).await?;
        transaction.commit().await.map_err(DbFault)?;
        Ok((kept.user, how))
    }

    /// What is kept of a question's secret.
    #[must_use]
    pub fn kept(challenge: &str) -> Vec<u8> {
        hashed(challenge)
    }
}

/// Why a passkey that was shown signs nobody in.
#[derive(Debug, thiserror::Error)]
pub enum ShownError {
    /// The ceremony came to nothing.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
}

impl Factors {
    /// Somebody has come back from another house, to sign in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn arrived(
        &self,
        provider: &str,
        person: &Person,
        address: IpAddr,
        people: &People,
    ) -> Result<Arrival, AccountsError> {
        let mut transaction = self.pool.begin().await?;
        let arrival = LinkedAccounts::arrive(&mut transaction, provider, person).await?;
        let entry = match arrival {
            Arrival::New(user) => Some(Entry::new(Actor::User(user), "account.registered").on("user", user)),
            Arrival::Known(_) | Arrival::AddressTaken | Arrival::AddressUnverified | Arrival::Disabled => None,
        };
        if let Some(entry) = entry {
            audit::record(&mut transaction, entry.address(address)).await?;
        }
        if let Arrival::New(user) = arrival {
            people.welcome(&mut transaction, user).await?;
        }
        transaction.commit().await?;
        Ok(arrival)
    }

    /// Somebody has shown that an account elsewhere is theirs too. False: it belongs to somebody else here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account_linked(
        &self,
        user: Uuid,
        address: IpAddr,
        provider: &str,
        person: &Person,
    ) -> Result<bool, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let linked = LinkedAccounts::link(&mut transaction, user, provider, person).await?;
        if linked {
            let entry = Entry::new(Actor::User(user), "account.linked").on("user", user).address(address);
            audit::security(&mut transaction, Severity::Notice, entry).await?;
            tell_way(&mut transaction, user, Way::AccountLinked).await?;
        }
        transaction.commit().await?;
        Ok(linked)
    }

    /// One of somebody's links goes, unless it is their last way in. `None`: they have no such link.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account_unlinked(&self, change: &Change, id: Uuid) -> Result<Option<bool>, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let gone = LinkedAccounts::unlink(&mut transaction, change.user, id).await?;
        if gone == Some(true) {
            let entry = change.entry("account.unlinked").with("linked_account", id);
            change.told(&mut transaction, entry, Way::AccountUnlinked).await?;
        }
        transaction.commit().await?;
        Ok(gone)
    }
}
