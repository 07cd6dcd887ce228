//! The challenge that people pass more easily than programs: whose, and what belongs together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Config, ConfigError};

/// Whose challenge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeProvider {
    /// Cloudflare's.
    Turnstile,
    /// Intuition Machines'.
    Hcaptcha,
}

impl ChallengeProvider {
    /// Where its tokens are verified.
    #[must_use]
    pub fn verify_url(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
            Self::Hcaptcha => "https://api.hcaptcha.com/siteverify",
        }
    }

    /// From where its script and its frame come, as a content security policy has it.
    #[must_use]
    pub fn origins(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com",
            Self::Hcaptcha => "https://hcaptcha.com https://*.hcaptcha.com",
        }
    }
}

impl Config {
    pub(super) fn check_challenge(&self) -> Result<(), ConfigError> {
        let impossible = |field, problem: &str| Err(ConfigError::Impossible { field, problem: problem.to_owned() });
        let has_secret = self.challenge_secret.is_some() || self.challenge_secret_file.is_some();
        let parts = [self.challenge_provider.is_some(), self.challenge_site_key.is_some(), has_secret];
        if parts.contains(&true) && parts.contains(&false) {
            return impossible(
                "challenge_provider",
                "challenge_provider, challenge_site_key and challenge_secret (or its file) belong together",
            );
        }
        if self.challenge_secret.is_some() && self.challenge_secret_file.is_some() {
            return impossible("challenge_secret_file", "there is a challenge_secret already");
        }
        // The secret goes there: in the clear to this machine only.
        let is_safe = |url: &String| {
            ["https://", "http://127.0.0.1:", "http://[::1]:"].iter().any(|begin| url.starts_with(begin))
        };
        if self.challenge_verify_url.as_ref().is_some_and(|url| !is_safe(url)) {
            return impossible("challenge_verify_url", "must begin with https://");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_challenge_is_none() {
        let whole = || Config {
            challenge_provider: Some(ChallengeProvider::Turnstile),
            challenge_site_key: Some("key".to_owned()),
            challenge_secret: Some("geheim".to_owned()),
            ..Config::default()
        };
        whole().check().unwrap();
        let half = Config { challenge_secret: None, ..whole() };
        assert!(half.check().unwrap_err().to_string().starts_with("challenge_provider: "));
        let twice = Config { challenge_secret_file: Some("a".into()), ..whole() };
        assert!(twice.check().unwrap_err().to_string().starts_with("challenge_secret_file: "));
        for (url, is_fine) in [
            ("https://verify.example.org/", true),
            ("http://127.0.0.1:9/", true),
            ("http://127.0.0.1.example.org/", false),
            ("http://verify.example.org/", false),
        ] {
            let config = Config { challenge_verify_url: Some(url.to_owned()), ..whole() };
            assert_eq!(config.check().is_ok(), is_fine, "{url}");
        }
    }
}
