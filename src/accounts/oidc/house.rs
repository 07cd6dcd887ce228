//! A visit to another house by OpenID Connect: the way there, and who came back. What the library checks of the signed token:
//! signature, issuer, audience, time, nonce. Here beside: state, the issuer in the answer's address, the access token's hash.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aisle_actors::Stopwatch;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreGrantType, CoreIdTokenClaims, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthUrl, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, JsonWebKeySetUrl,
    Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl,
    RequestTokenError, ResponseTypes, Scope, SignatureVerificationError, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};

use super::flow::Flow;
use super::provider::{Endpoints, Provider};
use super::wire::Wire;

/// How long a house's description and keys are believed.
const KEPT_S: f64 = 600.0;

/// Signatures by a key that is not ours to know. With a shared secret, we ourselves could have signed.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What RFC 9207 adds to a house's description.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct SaysIssuer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for SaysIssuer {}

type Description = ProviderMetadata<
    SaysIssuer,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Who came back, as their house says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The house's own id of them: it alone says who they are.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether the house has seen that the address is theirs.
    pub email_verified: bool,
    /// Their name.
    pub name: Option<String>,
}

/// What stands in the address by which somebody comes back.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Answer {
    /// To be exchanged.
    pub code: Option<String>,
    /// Ours, back.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Who says all this.
    pub iss: Option<String>,
}

/// Why nobody came of a visit.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The house does not answer, or not as a house should.
    #[error("the other house cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The person, or the house, said no.
    #[error("the other house said no")]
    Denied,
    /// The answer does not belong to the visit that this browser began.
    #[error("the answer is not to what was asked")]
    WrongState,
    /// The answer comes from another house than the one that was asked.
    #[error("the answer is from another house")]
    WrongIssuer,
    /// The house does not take the code: used, old, or not ours.
    #[error("the other house does not take its code")]
    CodeRefused,
    /// The signed token is not good.
    #[error("the other house's token is not good")]
    TokenRefused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

struct House {
    provider: Provider,
    kept: Mutex<Option<(Stopwatch, Arc<Description>)>>,
}

/// The other houses by which people may sign in here.
#[derive(Clone)]
pub struct Houses {
    wire: Wire,
    by_key: Arc<BTreeMap<String, House>>,
    public_url: Arc<str>,
}

impl Houses {
    /// These, which send people back to our public address.
    #[must_use]
    pub fn new(wire: Wire, providers: Vec<Provider>, public_url: &str) -> Self {
        let houses =
            providers.into_iter().map(|provider| (provider.key.clone(), House { provider, kept: Mutex::new(None) }));
        Self { wire, by_key: Arc::new(houses.collect()), public_url: public_url.into() }
    }

    /// All of them, by key.
    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        self.by_key.values().map(|house| &house.provider)
    }

    /// One of them.
    #[must_use]
    pub fn one(&self, key: &str) -> Option<&Provider> {
        self.by_key.get(key).map(|house| &house.provider)
    }

    fn house(&self, flow: &Flow) -> Result<&House, VisitError> {
        self.by_key.get(&flow.provider).ok_or(VisitError::WrongState)
    }

    fn redirect(&self, provider: &Provider) -> Result<RedirectUrl, VisitError> {
        RedirectUrl::new(format!("{}/api/v1/auth/oauth/{}/callback", self.public_url, provider.key))
            .map_err(unreachable)
    }

    /// The address to which the browser goes.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn way_there(&self, flow: &Flow) -> Result<String, VisitError> {
        let house = self.house(flow)?;
        let provider = &house.provider;
        let description = self.description(house, false).await?;
        let verifier = PkceCodeVerifier::new(flow.verifier.clone());
        let (state, nonce) = (CsrfToken::new(flow.state.clone()), Nonce::new(flow.nonce.clone()));
        let (url, _, _) = self
            .client(provider, &description)?
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scopes(provider.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    /// Who came back.
    ///
    /// # Errors
    /// Every way in which it may be nobody.
    pub async fn who_came_back(&self, flow: &Flow, answer: &Answer) -> Result<Person, VisitError> {
        let house = self.house(flow)?;
        let same =
            |ours: &str, theirs: &str| bool::from(subtle::ConstantTimeEq::ct_eq(ours.as_bytes(), theirs.as_bytes()));
        if !answer.state.as_deref().is_some_and(|state| same(&flow.state, state)) {
            return Err(VisitError::WrongState);
        }
        let description = self.description(house, false).await?;
        let says_issuer = description.additional_metadata().authorization_response_iss_parameter_supported;
        match &answer.iss {
            Some(issuer) if *issuer != **description.issuer() => return Err(VisitError::WrongIssuer),
            None if says_issuer == Some(true) => return Err(VisitError::WrongIssuer),
            Some(_) | None => {}
        }
        let Some(code) = answer.code.clone().filter(|_| answer.error.is_none()) else { return Err(VisitError::Denied) };
        self.exchange(house, description, flow, code).await
    }

    async fn exchange(
        &self,
        house: &House,
        description: Arc<Description>,
        flow: &Flow,
        code: String,
    ) -> Result<Person, VisitError> {
        let tokens = self
            .client(&house.provider, &description)?
            .exchange_code(AuthorizationCode::new(code))
            .map_err(unreachable)?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()))
            .request_async(&self.wire)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(_) => VisitError::CodeRefused,
                RequestTokenError::Request(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                    unreachable(error)
                }
            })?;
        let nonce = Nonce::new(flow.nonce.clone());
        let mut client = self.client(&house.provider, &description)?;
        let mut verified = verified(&client, &tokens, &nonce);
        if matches!(
            verified,
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
        ) {
            // It signs with a key that it did not have when we looked last.
            client = self.client(&house.provider, &*self.description(house, true).await?)?;
            verified = self::verified(&client, &tokens, &nonce);
        }
        let claims = verified.map_err(|error| VisitError::TokenRefused(Box::new(error)))?;
        let mut person = Person {
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            email_verified: claims.email_verified() == Some(true),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        };
        if person.email.is_none() && description.userinfo_endpoint().is_some() {
            // By the standard a code's token need not say more than who; the rest is asked for. It must be of the same person.
            let subject = claims.subject().clone();
            let asked = client.user_info(tokens.access_token().clone(), Some(subject)).map_err(unreachable)?;
            let said: CoreUserInfoClaims = asked.request_async(&self.wire).await.map_err(unreachable)?;
            person.email = said.email().map(|email| email.to_string());
            person.email_verified = said.email_verified() == Some(true);
            let name = said.name().and_then(|name| name.get(None)).map(|name| name.to_string());
            person.name = person.name.or(name);
        }
        person.email_verified |= house.provider.emails_are_verified;
        Ok(person)
    }

    fn client(&self, provider: &Provider, description: &Description) -> Result<Client, VisitError> {
        let secret = provider.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(provider.client_id.clone());
        let client = CoreClient::from_provider_metadata(description.clone(), id, secret);
        Ok(client.set_redirect_uri(self.redirect(provider)?).set_auth_type(auth_type(description)))
    }

    /// What the house says of itself, at most some minutes old.
    async fn description(&self, house: &House, fresh: bool) -> Result<Arc<Description>, VisitError> {
        let kept = house.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, description)) = kept.filter(|(at, _)| !fresh && at.seconds() < KEPT_S) {
            return Ok(description);
        }
        let provider = &house.provider;
        let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(unreachable)?;
        let description = match &provider.endpoints {
            None => Description::discover_async(issuer, &self.wire).await.map_err(unreachable)?,
            Some(endpoints) => self.written(issuer, endpoints).await?,
        };
        let description = Arc::new(description);
        *house.kept.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Stopwatch::start(), Arc::clone(&description)));
        Ok(description)
    }

    async fn written(&self, issuer: IssuerUrl, endpoints: &Endpoints) -> Result<Description, VisitError> {
        let jwks = JsonWebKeySetUrl::new(endpoints.jwks.clone()).map_err(unreachable)?;
        let keys = CoreJsonWebKeySet::fetch_async(&jwks, &self.wire).await.map_err(unreachable)?;
        Ok(Description::new(
            issuer,
            AuthUrl::new(endpoints.authorization.clone()).map_err(unreachable)?,
            jwks,
            vec![ResponseTypes::new(vec![CoreResponseType::Code])],
            vec![CoreSubjectIdentifierType::Public],
            SIGNED_BY.to_vec(),
            SaysIssuer::default(),
        )
        .set_token_endpoint(Some(TokenUrl::new(endpoints.token.clone()).map_err(unreachable)?))
        .set_token_endpoint_auth_methods_supported(Some(vec![CoreClientAuthMethod::ClientSecretPost]))
        .set_jwks(keys))
    }
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> VisitError {
    VisitError::Unreachable(Box::new(error))
}

/// How we prove ourselves where codes are exchanged: by header, which everybody must know, unless only the form is known.
fn auth_type(description: &Description) -> AuthType {
    let known = description.token_endpoint_auth_methods_supported().map(Vec::as_slice).unwrap_or_default();
    let only_form = known.contains(&CoreClientAuthMethod::ClientSecretPost)
        && !known.contains(&CoreClientAuthMethod::ClientSecretBasic);
    if only_form { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// What the signed token says, where it is good.
fn verified(
    client: &Client,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    let token = tokens.id_token().ok_or_else(|| ClaimsVerificationError::Other("there is none".to_owned()))?;
    let verifier = client.id_token_verifier().set_allowed_algs(SIGNED_BY);
    let claims = token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let failed = ClaimsVerificationError::SignatureVerification;
        let (algorithm, key) = (token.signing_alg().map_err(failed)?, token.signing_key(&verifier).map_err(failed)?);
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| ClaimsVerificationError::Other(error.to_string()))?;
        if actual != *expected {
            return Err(ClaimsVerificationError::Other("it is of another access token".to_owned()));
        }
    }
    Ok(claims.clone())
}
