//! A challenge that people pass more easily than programs: Turnstile, hCaptcha. Only where one is configured, and only past a
//! threshold; the provider learns the token that its own script gave the browser, and no address from us.
//!
//! What a provider does not answer in time is as if none were configured: who had to wait waits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use governor::clock::{Clock as _, DefaultClock, QuantaInstant, Reference as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::client_address::{ClientAddress, client_address};
use super::error::{ApiError, Code, chain};
use crate::platform::config::{AbuseLimits, ChallengeProvider, Config};
use crate::platform::rates::Rate;

/// In which the browser's token comes.
pub const HEADER: &str = "aisle-challenge";
/// A token of hCaptcha has some four thousand characters.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// What a provider answers is some hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// A person waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Questions to the provider at a time; past it it counts as silent.
const ASKED_AT_A_TIME: usize = 32;
/// Tokens of one address in a minute that are asked about.
const TOKENS: NonZeroU32 = NonZeroU32::new(20).unwrap();
const MINUTE: Duration = Duration::from_secs(60);
/// A token is good once. Providers forget theirs after five minutes at most.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);
const ONCE: NonZeroU32 = NonZeroU32::MIN;
/// Who has passed is not asked again for so long, or for so many requests.
const LEFT_ALONE: Duration = Duration::from_secs(15 * 60);
const LEFT_ALONE_TIMES: u32 = 10;
/// More addresses than pass in a quarter of an hour.
const PASSES_MAX: usize = 50_000;

/// What a client shows its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChallengeJson {
    /// Whose.
    pub provider: ChallengeProvider,
    /// What the provider calls this site.
    pub site_key: String,
}

/// For what somebody is challenged: who passed for one thing has not passed for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scene {
    /// Holding without ever buying.
    Hold,
    /// Signing in with wrong passwords.
    SignIn,
    /// Asking for mails.
    Mail,
}

impl Scene {
    fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::SignIn => "sign_in",
            Self::Mail => "mail",
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Challenged {
    /// They may go on.
    Passed,
    /// They are to pass it first: the refusal that says so.
    Due(ApiError),
    /// No challenge is configured, or its provider is silent.
    NoAnswer,
}

/// Why there are no challenges as configured.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeError {
    /// The secret's file cannot be read.
    #[error("challenge_secret_file cannot be read")]
    SecretFile(#[source] std::io::Error),
    /// TLS could not be set up.
    #[error("TLS to the challenge's provider could not be set up")]
    Client(#[source] reqwest::Error),
}

struct Provider {
    shown: ChallengeJson,
    secret: String,
    verify_url: String,
    client: reqwest::Client,
    asking: Semaphore,
}

struct Pass {
    since: QuantaInstant,
    left: u32,
}

/// Challenges, where one is configured.
pub struct Challenges {
    enforced: bool,
    provider: Option<Provider>,
    tokens: Rate<IpAddr>,
    used: Rate<[u8; 32]>,
    clock: DefaultClock,
    passes: Mutex<HashMap<(Scene, IpAddr), Pass>>,
}

#[derive(Deserialize)]
struct Verdict {
    success: bool,
    #[serde(default, rename = "error-codes")]
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Question<'a> {
    secret: &'a str,
    response: &'a str,
}

impl Challenges {
    /// As configured.
    ///
    /// # Errors
    /// When the secret's file cannot be read, or TLS cannot be set up.
    pub fn from_config(config: &Config) -> Result<Self, ChallengeError> {
        let provider = match (config.challenge_provider, &config.challenge_site_key) {
            (Some(provider), Some(site_key)) => Some(Provider::new(provider, site_key, config)?),
            _ => None,
        };
        Ok(Self {
            enforced: config.abuse_limits == AbuseLimits::Enforce,
            provider,
            tokens: Rate::new(TOKENS, MINUTE),
            used: Rate::new(ONCE, REMEMBERED),
            clock: DefaultClock::default(),
            passes: Mutex::default(),
        })
    }

    /// Whether anybody is ever challenged.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.provider.is_some() && self.enforced
    }

    /// Challenges who sends this request: they bring the token of a challenge that they passed, or are told to pass one.
    pub async fn meet(&self, request: &HttpRequest, scene: Scene) -> Challenged {
        let Some(provider) = self.provider.as_ref().filter(|_| self.enforced) else { return Challenged::NoAnswer };
        let from = ClientAddress(client_address(request)).group();
        if self.has_passed(scene, from) {
            return Challenged::Passed;
        }
        let brought = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        let Some(token) = brought.map(str::trim).filter(|token| !token.is_empty()) else {
            told(scene, "due");
            return provider
                .due("Show that you are no program: pass the challenge, and send its token as Aisle-Challenge.");
        };
        // A token is spent by being shown, whatever comes of it: two at once are one too many.
        if token.len() > TOKEN_BYTES_MAX || self.used.ask(&Sha256::digest(token.as_bytes()).into()).is_err() {
            told(scene, "wrong");
            return provider.due("This token was shown before, or is none. Pass the challenge again.");
        }
        if !from.is_loopback() && self.tokens.ask(&from).is_err() {
            told(scene, "unasked");
            return Challenged::NoAnswer;
        }
        match provider.verify(token).await {
            Some(Verdict { success: true, .. }) => {
                told(scene, "passed");
                self.remember(scene, from);
                Challenged::Passed
            }
            Some(Verdict { problems, .. }) => {
                // Our own secret is wrong: nobody can pass, and nobody shall stand before a wall for it.
                if problems.iter().any(|problem| problem.contains("secret") || problem == "sitekey-secret-mismatch") {
                    tracing::error!("The challenge's provider does not know challenge_secret");
                    told(scene, "silent");
                    return Challenged::NoAnswer;
                }
                told(scene, "wrong");
                provider.due("The challenge was not passed, or too long ago. Pass it again.")
            }
            None => {
                told(scene, "silent");
                Challenged::NoAnswer
            }
        }
    }

    fn has_passed(&self, scene: Scene, from: IpAddr) -> bool {
        // A hold's own room remembers who passed, by browser.
        if scene == Scene::Hold {
            return false;
        }
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pass) = passes.get_mut(&(scene, from)) else { return false };
        if pass.left == 0 || self.is_over(pass) {
            passes.remove(&(scene, from));
            return false;
        }
        pass.left -= 1;
        true
    }

    fn is_over(&self, pass: &Pass) -> bool {
        Duration::from(self.clock.now().duration_since(pass.since)) >= LEFT_ALONE
    }

    fn remember(&self, scene: Scene, from: IpAddr) {
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        if passes.len() >= PASSES_MAX {
            passes.retain(|_, pass| !self.is_over(pass));
        }
        if passes.len() < PASSES_MAX {
            passes.insert((scene, from), Pass { since: self.clock.now(), left: LEFT_ALONE_TIMES });
        }
    }
}

fn told(scene: Scene, outcome: &'static str) {
    metrics::counter!("aisle_challenges_total", "scene" => scene.name(), "outcome" => outcome).increment(1);
}

impl Provider {
    fn new(provider: ChallengeProvider, site_key: &str, config: &Config) -> Result<Self, ChallengeError> {
        let secret = match (&config.challenge_secret, &config.challenge_secret_file) {
            (Some(secret), _) => secret.clone(),
            (None, Some(file)) => std::fs::read_to_string(file).map_err(ChallengeError::SecretFile)?,
            (None, None) => String::new(),
        };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(PATIENCE / 2)
            .timeout(PATIENCE)
            .user_agent("aisle");
        Ok(Self {
            shown: ChallengeJson { provider, site_key: site_key.to_owned() },
            secret: secret.trim().to_owned(),
            verify_url: config.challenge_verify_url.clone().unwrap_or_else(|| provider.verify_url().to_owned()),
            client: client.build().map_err(ChallengeError::Client)?,
            asking: Semaphore::new(ASKED_AT_A_TIME),
        })
    }

    fn due(&self, detail: &str) -> Challenged {
        Challenged::Due(ApiError::new(Code::ChallengeRequired, detail).challenge(self.shown.clone()))
    }

    /// What the provider says of a token; `None` where it says nothing that can be understood, or not in time.
    async fn verify(&self, token: &str) -> Option<Verdict> {
        let Ok(_place) = self.asking.try_acquire() else { return None };
        match self.ask(token).await {
            Ok(verdict) => verdict,
            Err(error) => {
                // The address that was asked is the configuration's; what was sent is in the body.
                tracing::warn!(error = chain(&error), "The challenge's provider did not answer");
                None
            }
        }
    }

    async fn ask(&self, token: &str) -> Result<Option<Verdict>, reqwest::Error> {
        let question = Question { secret: &self.secret, response: token };
        let mut answer = self.client.post(&self.verify_url).form(&question).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let verdict = serde_json::from_slice(&body).ok();
        if verdict.is_none() {
            tracing::warn!(http.status = answer.status().as_u16(), "The challenge's provider answered nothing of use");
        }
        Ok(verdict)
    }
}
