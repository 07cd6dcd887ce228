//! Access tokens: short-lived JSON Web Tokens, signed with Ed25519 by a server key of the purpose `access`.
//!
//! What a token says is fixed here and nowhere else: one algorithm, one type, our issuer, our audience, a key of ours. Whether
//! its session still runs is the database's to say ([`super::Sessions::identify`]).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::keys::{Keys, Purpose};

/// How long a token is good. Short, because other verifiers than this server see only its end.
pub const LIFETIME_S: i64 = 600;
/// The clocks of two of our processes may differ by so much; both follow the database's.
const LEEWAY_S: i64 = 5;
/// For whom our tokens are.
pub const AUDIENCE: &str = "aisle";
/// RFC 9068's media type: nothing else that we may ever sign passes as an access token.
const TYPE: &str = "at+jwt";

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

/// Whose token it is, by its signature. Not yet: that the session still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The user.
    pub user: Uuid,
    /// Their session.
    pub session: Uuid,
}

/// A public key as RFC 7517 and RFC 8037 write it.
#[derive(Clone, Debug, Serialize)]
pub struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
    x: String,
}

/// Why there is nothing to sign with.
#[derive(Debug, thiserror::Error)]
#[error("the key of access tokens cannot be used")]
pub struct AccessKeyError;

/// Signs and verifies access tokens, with the server keys as they are read anew now and then.
pub struct AccessTokens {
    issuer: String,
    keys: Arc<Keys>,
    pairs: RwLock<Arc<Pairs>>,
    validation: Validation,
}

/// What one reading of the server keys has for access tokens. Making it costs more than a token does.
struct Pairs {
    edition: u64,
    kid: String,
    signing: EncodingKey,
    verifying: HashMap<String, DecodingKey>,
    public: Vec<PublicKey>,
}

impl Pairs {
    fn of(keys: &Keys) -> Result<Self, AccessKeyError> {
        // First: should the keys be read in between, these pairs count as those of before and are made once more.
        let edition = keys.edition();
        let (kid, seed) = keys.secret(Purpose::Access).ok_or(AccessKeyError)?;
        let signing = pair(&seed)?.to_pkcs8v1().map_err(|_| AccessKeyError)?;
        let (mut verifying, mut public) = (HashMap::new(), Vec::new());
        for (kid, seed) in keys.all(Purpose::Access) {
            let pair = pair(&seed)?;
            let point = pair.public_key().as_ref();
            verifying.insert(kid.clone(), DecodingKey::from_ed_der(point));
            let x = URL_SAFE_NO_PAD.encode(point);
            public.push(PublicKey { kty: "OKP", crv: "Ed25519", alg: "EdDSA", usage: "sig", kid, x });
        }
        Ok(Self { edition, kid, signing: EncodingKey::from_ed_der(signing.as_ref()), verifying, public })
    }
}

impl AccessTokens {
    /// `public_url` is how the outside reaches this installation, where that is configured. Every process of one installation
    /// must be given the same, because it names the issuer.
    ///
    /// # Errors
    /// When a server key is not one.
    pub fn new(keys: Arc<Keys>, public_url: Option<&str>) -> Result<Self, AccessKeyError> {
        let issuer = public_url.unwrap_or("urn:aisle").to_owned();
        let pairs = RwLock::new(Arc::new(Pairs::of(&keys)?));
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would look at this machine's clock; all our time is the database's. `verify` looks at it.
        validation.validate_exp = false;
        Ok(Self { issuer, keys, pairs, validation })
    }

    fn pairs(&self) -> Arc<Pairs> {
        let known = Arc::clone(&self.pairs.read().unwrap_or_else(PoisonError::into_inner));
        if known.edition == self.keys.edition() {
            return known;
        }
        match Pairs::of(&self.keys) {
            Ok(pairs) => {
                let pairs = Arc::new(pairs);
                *self.pairs.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&pairs);
                pairs
            }
            Err(error) => {
                tracing::error!(error = %error, "A key of access tokens is not one; those from before serve on");
                known
            }
        }
    }

    /// Who issues our tokens: the public address, where one is configured.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The keys by which anybody can verify our tokens.
    #[must_use]
    pub fn public(&self) -> Vec<PublicKey> {
        self.pairs().public.clone()
    }

    /// A token of this user's session, good from `now` for [`LIFETIME_S`].
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn issue(&self, proven: Proven, now: Timestamp) -> Result<String, AccessKeyError> {
        let iat = now.as_second();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: proven.user,
            sid: proven.session,
            iat,
            exp: iat + LIFETIME_S,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        let pairs = self.pairs();
        header.kid = Some(pairs.kid.clone());
        encode(&header, &claims, &pairs.signing).map_err(|_| AccessKeyError)
    }

    /// Whose token this is, where it is one of ours and good at `now`. The key is looked up among ours by its name; what else
    /// the header offers (a key of its own, an address of keys) is not looked at.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Proven> {
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let (pairs, kid) = (self.pairs(), header.kid.as_deref()?);
        let Some(key) = pairs.verifying.get(kid) else {
            // Perhaps another process has rotated: asked for, the keys are soon read again.
            let _ = self.keys.secret_by_kid(Purpose::Access, kid);
            return None;
        };
        let claims = decode::<Claims>(token, key, &self.validation).ok()?.claims;
        let now = now.as_second();
        let good = claims.iat <= now.saturating_add(LEEWAY_S) && now < claims.exp.saturating_add(LEEWAY_S);
        good.then_some(Proven { user: claims.sub, session: claims.sid })
    }
}

fn pair(seed: &[u8; 32]) -> Result<Ed25519KeyPair, AccessKeyError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| AccessKeyError)
}
