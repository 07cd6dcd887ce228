//! Passkeys: keys that a person's device keeps and opens to its owner only (by finger, face or number). They sign in by
//! themselves, and serve as second factor.
//!
//! Always discoverable and always with user verification: what is held and who holds it are two factors.

mod store;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

pub use store::{Ceremony, Kept, PasskeyView, Passkeys};

/// The party to which passkeys are bound: the house at its public address.
#[derive(Clone)]
pub struct RelyingParty(Result<Webauthn, Unfit>);

/// Why no passkey can be bound to the public address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It has no name.
    #[error("passkeys are bound to a name, and this server's public address {0} has none; set public_url")]
    NoName(String),
    /// Browsers offer passkeys in secure pages only.
    #[error("browsers offer passkeys by https only, and this server's public address is {0}; set public_url")]
    NotSecure(String),
    /// It is no address.
    #[error("this server's public address {0} cannot be understood; set public_url")]
    NoAddress(String),
}

impl RelyingParty {
    /// Of a public address. A server that listens on this machine alone is `localhost`, which is a name, and one that browsers
    /// trust without TLS.
    #[must_use]
    pub fn of(public_url: &str, house: &str) -> Self {
        Self(build(public_url, house))
    }

    /// The ceremonies.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn ready(&self) -> Result<&Webauthn, Unfit> {
        self.0.as_ref().map_err(Clone::clone)
    }
}

fn build(public_url: &str, house: &str) -> Result<Webauthn, Unfit> {
    let no_address = || Unfit::NoAddress(public_url.to_owned());
    let mut url = Url::parse(public_url).map_err(|_| no_address())?;
    let host = url.host_str().ok_or_else(no_address)?.to_owned();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let is_local = host == "localhost" || host.ends_with(".localhost") || address.is_some_and(|ip| ip.is_loopback());
    if address.is_some() {
        if !is_local {
            return Err(Unfit::NoName(public_url.to_owned()));
        }
        url.set_host(Some("localhost")).map_err(|_| no_address())?;
    }
    if url.scheme() != "https" && !is_local {
        return Err(Unfit::NotSecure(public_url.to_owned()));
    }
    let id = url.host_str().ok_or_else(no_address)?.to_owned();
    let builder = WebauthnBuilder::new(&id, &url).map_err(|_| no_address())?;
    builder.rp_name(house).build().map_err(|_| no_address())
}

/// Why a ceremony came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// There can be none here.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// What the authenticator said is not right.
    #[error("the authenticator's answer is not right")]
    Refused(#[from] WebauthnError),
    /// What was kept cannot be read: written by another version.
    #[error("what was kept of a passkey cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

/// What the browser is given, and what the server keeps until it comes back.
pub struct Begun {
    /// For the browser's `navigator.credentials`: `{"publicKey": {…}}`, bytes in URL-safe base64.
    pub options: Value,
    /// For [`finish_registration`] or [`finish_login`].
    pub state: Value,
}

/// Begins the registration of a passkey for somebody who has those in `known` already.
///
/// # Errors
/// Where this house can have no passkeys.
pub fn begin_registration(
    party: &RelyingParty,
    user: Uuid,
    email: &str,
    name: &str,
    known: Vec<CredentialID>,
) -> Result<Begun, CeremonyError> {
    let shown = if name.is_empty() { email } else { name };
    let (options, state) = party.ready()?.start_passkey_registration(user, email, shown, Some(known))?;
    let mut options = serde_json::to_value(options)?;
    // The library leaves it to the device whether the key can be found without a name; ours must be.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    Ok(Begun { options, state: serde_json::to_value(state)? })
}

/// The passkey that was made.
///
/// # Errors
/// When the answer is not to what was asked, comes from another origin, or without user verification.
pub fn finish_registration(
    party: &RelyingParty,
    state: Value,
    answer: &RegisterPublicKeyCredential,
) -> Result<Passkey, CeremonyError> {
    let state: PasskeyRegistration = serde_json::from_value(state)?;
    Ok(party.ready()?.finish_passkey_registration(answer, &state)?)
}

/// Begins a sign-in with whichever passkey its owner chooses, or with one of `known` where it is clear who they are.
///
/// # Errors
/// Where this house can have no passkeys.
pub fn begin_login(party: &RelyingParty, known: &[CredentialID]) -> Result<Begun, CeremonyError> {
    let (mut options, state) = party.ready()?.start_discoverable_authentication()?;
    // The website decides whether the browser asks at once or beside a form field.
    options.mediation = None;
    let mut options = serde_json::to_value(options)?;
    let known = known.iter().map(|id| json!({"type": "public-key", "id": URL_SAFE_NO_PAD.encode(id)}));
    options["publicKey"]["allowCredentials"] = known.collect();
    Ok(Begun { options, state: serde_json::to_value(state)? })
}

/// Whether this answer was made by `kept` to what was asked, and by its verified owner.
///
/// # Errors
/// When it was not, or the authenticator's counter says that the key was copied.
pub fn finish_login(
    party: &RelyingParty,
    state: Value,
    answer: &PublicKeyCredential,
    kept: &mut Kept,
) -> Result<(), CeremonyError> {
    let state: DiscoverableAuthentication = serde_json::from_value(state)?;
    let mut passkey: Passkey = serde_json::from_value(kept.credential.clone())?;
    // Where the authenticator says whose key it is, it must be theirs.
    if answer.get_user_unique_id().is_some_and(|owner| owner != kept.user.as_bytes()) {
        return Err(WebauthnError::InvalidUserUniqueId.into());
    }
    let result = party.ready()?.finish_discoverable_authentication_v2(answer, state, &passkey)?;
    if !result.user_verified() {
        return Err(WebauthnError::UserNotVerified.into());
    }
    passkey.update_credential(&result);
    kept.credential = serde_json::to_value(&passkey)?;
    kept.counter = i64::from(result.counter());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> Unfit {
        RelyingParty::of(url, "The House").ready().unwrap_err()
    }

    #[test]
    fn passkeys_are_bound_to_a_name_in_a_secure_page() {
        for (url, origin) in [
            ("https://tickets.example.org", "https://tickets.example.org/"),
            ("https://tickets.example.org:8443", "https://tickets.example.org:8443/"),
            ("http://localhost:8080", "http://localhost:8080/"),
            ("http://127.0.0.1:8080", "http://localhost:8080/"),
            ("http://[::1]:8080", "http://localhost:8080/"),
        ] {
            let party = RelyingParty::of(url, "The House");
            assert_eq!(party.ready().unwrap().get_allowed_origins()[0].as_str(), origin, "{url}");
        }
        assert_eq!(refused("https://192.0.2.7"), Unfit::NoName("https://192.0.2.7".to_owned()));
        assert_eq!(refused("https://[2001:db8::7]:1"), Unfit::NoName("https://[2001:db8::7]:1".to_owned()));
        assert_eq!(refused("http://tickets.example.org"), Unfit::NotSecure("http://tickets.example.org".to_owned()));
        assert_eq!(refused("nowhere"), Unfit::NoAddress("nowhere".to_owned()));
    }

    #[test]
    fn what_is_asked_of_a_browser_is_discoverable_and_verified() {
        let party = RelyingParty::of("http://localhost:8080", "The House");
        let made = begin_registration(&party, Uuid::from_u128(7), "ada@example.org", "Ada", vec![]).unwrap();
        let asked = &made.options;
        let choice = &asked["publicKey"]["authenticatorSelection"];
        assert_eq!(choice["residentKey"], "required");
        assert_eq!(choice["requireResidentKey"], true);
        assert_eq!(choice["userVerification"], "required");
        assert_eq!(asked["publicKey"]["rp"]["id"], "localhost");
        let login = begin_login(&party, &[vec![255, 255]]).unwrap();
        let asked = &login.options;
        assert_eq!(asked["publicKey"]["userVerification"], "required");
        assert_eq!(asked["publicKey"]["allowCredentials"], json!([{"type": "public-key", "id": "__8"}]));
        assert!(asked.get("mediation").is_none_or(Value::is_null));
        // What the server keeps comes back as it was.
        assert!(serde_json::from_value::<PasskeyRegistration>(made.state).is_ok());
        assert!(serde_json::from_value::<DiscoverableAuthentication>(login.state).is_ok());
    }
}
