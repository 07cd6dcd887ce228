//! Another house by which people sign in: who it is, and what it is told of us.

use openidconnect::url::Url;

use crate::platform::config::OauthProvider;

/// A provider with everything that its preset filled in.
#[derive(Clone)]
pub struct Provider {
    /// Its name in addresses.
    pub key: String,
    /// Its name on the button.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What proves that we are us; `None`: a client without a secret, by PKCE alone.
    pub client_secret: Option<String>,
    /// What we ask for beside `openid`.
    pub scopes: Vec<String>,
    /// Its addresses, where they are not to be discovered.
    pub endpoints: Option<Endpoints>,
    /// Its e-mail addresses are verified although it does not say so of each.
    pub emails_are_verified: bool,
}

/// The addresses of a provider that publishes no usable description of itself.
#[derive(Clone)]
pub struct Endpoints {
    /// Where people are sent.
    pub authorization: String,
    /// Where codes are exchanged.
    pub token: String,
    /// Where its keys are.
    pub jwks: String,
}

/// Why a provider cannot be used as it is written down.
#[derive(Debug, thiserror::Error)]
#[error("oauth.{key}: {problem}")]
pub struct ProviderError {
    key: String,
    problem: String,
}

enum Preset {
    None,
    Google,
    Facebook,
}

impl Provider {
    /// From what is written down.
    ///
    /// # Errors
    /// Names the first thing that is missing or makes no sense.
    pub fn new(key: &str, written: &OauthProvider) -> Result<Self, ProviderError> {
        let wrong = |problem: String| ProviderError { key: key.to_owned(), problem };
        let is_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if key.is_empty() || key.len() > 40 || !key.bytes().all(is_key) {
            return Err(wrong("the key must be 1 to 40 small letters, digits and hyphens".to_owned()));
        }
        let preset = match written.preset.as_deref().unwrap_or(key) {
            "google" => Preset::Google,
            "facebook" => Preset::Facebook,
            other if written.preset.is_none() || other == "none" => Preset::None,
            other => return Err(wrong(format!("there is no preset {other}"))),
        };
        let mut provider = preset.provider(key);
        provider.client_id.clone_from(&written.client_id);
        provider.name = written.name.clone().unwrap_or(provider.name);
        provider.issuer = written.issuer.clone().unwrap_or(provider.issuer);
        provider.scopes = written.scopes.clone().unwrap_or(provider.scopes);
        provider.emails_are_verified = written.emails_are_verified.unwrap_or(provider.emails_are_verified);
        provider.client_secret = match (&written.client_secret, &written.client_secret_file) {
            (Some(_), Some(_)) => return Err(wrong("give client_secret or client_secret_file, not both".to_owned())),
            (Some(secret), None) => Some(secret.clone()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path);
                Some(text.map_err(|error| wrong(format!("{}: {error}", path.display())))?.trim().to_owned())
            }
            (None, None) => None,
        };
        let endpoints = (&written.authorization_endpoint, &written.token_endpoint, &written.jwks_uri);
        provider.endpoints = match endpoints {
            (Some(authorization), Some(token), Some(jwks)) => {
                Some(Endpoints { authorization: authorization.clone(), token: token.clone(), jwks: jwks.clone() })
            }
            (None, None, None) => provider.endpoints,
            _ => {
                return Err(wrong(
                    "authorization_endpoint, token_endpoint and jwks_uri are given together or not at all".to_owned(),
                ));
            }
        };
        provider.check().map_err(wrong)?;
        Ok(provider)
    }

    fn check(&self) -> Result<(), String> {
        if self.client_id.is_empty() {
            return Err("client_id is missing".to_owned());
        }
        if self.issuer.is_empty() {
            return Err("issuer is missing".to_owned());
        }
        let endpoints = self.endpoints.iter().flat_map(|one| [&one.authorization, &one.token, &one.jwks]);
        for address in endpoints.chain([&self.issuer]) {
            if !is_safe(address) {
                return Err(format!("{address} must begin with https:// (http:// is for this machine alone)"));
            }
        }
        Ok(())
    }
}

/// By https, or on this machine: what is said there proves who somebody is.
fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url))
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Preset {
    fn provider(&self, key: &str) -> Provider {
        let scopes = |scopes: [&str; 2]| scopes.map(str::to_owned).to_vec();
        let (name, issuer, scopes, endpoints) = match self {
            Self::None => (key, "", scopes(["email", "profile"]), None),
            Self::Google => ("Google", "https://accounts.google.com", scopes(["email", "profile"]), None),
            // Facebook speaks OpenID Connect in the browser, but its published description leaves out where codes are
            // exchanged. It never says that an address is verified: its people link it to an account that they have.
            Self::Facebook => (
                "Facebook",
                "https://www.facebook.com",
                scopes(["email", "public_profile"]),
                Some(Endpoints {
                    authorization: "https://www.facebook.com/v23.0/dialog/oauth".to_owned(),
                    token: "https://graph.facebook.com/v23.0/oauth/access_token".to_owned(),
                    jwks: "https://www.facebook.com/.well-known/oauth/openid/jwks/".to_owned(),
                }),
            ),
        };
        Provider {
            key: key.to_owned(),
            name: name.to_owned(),
            issuer: issuer.to_owned(),
            client_id: String::new(),
            client_secret: None,
            scopes,
            endpoints,
            emails_are_verified: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(issuer: Option<&str>) -> OauthProvider {
        OauthProvider { client_id: "c".to_owned(), issuer: issuer.map(str::to_owned), ..OauthProvider::default() }
    }

    #[test]
    fn presets_fill_in_what_is_left_out() {
        let google = Provider::new("google", &written(None)).unwrap();
        assert_eq!((google.name.as_str(), google.issuer.as_str()), ("Google", "https://accounts.google.com"));
        assert!(google.endpoints.is_none() && !google.emails_are_verified);
        let facebook = Provider::new("facebook", &written(None)).unwrap();
        assert_eq!(facebook.endpoints.unwrap().token, "https://graph.facebook.com/v23.0/oauth/access_token");
        let club = Provider::new("club", &written(Some("https://id.example.org"))).unwrap();
        assert_eq!((club.name.as_str(), club.scopes.len()), ("club", 2));
        let renamed = OauthProvider { preset: Some("google".to_owned()), ..written(None) };
        assert_eq!(Provider::new("work", &renamed).unwrap().issuer, "https://accounts.google.com");
    }

    #[test]
    fn what_cannot_be_used_is_named_at_the_start() {
        let refused =
            |key: &str, written: &OauthProvider| Provider::new(key, written).map(|_| ()).unwrap_err().to_string();
        assert_eq!(refused("club", &written(None)), "oauth.club: issuer is missing");
        assert!(refused("Club!", &written(None)).contains("small letters"));
        assert!(refused("club", &written(Some("http://id.example.org"))).contains("https://"));
        assert!(Provider::new("club", &written(Some("http://127.0.0.1:9/x"))).is_ok());
        assert!(Provider::new("club", &written(Some("http://localhost:9"))).is_ok());
        assert!(refused("club", &written(Some("http://localhost.example.org"))).contains("https://"));
        let nameless = OauthProvider { client_id: String::new(), ..written(Some("https://id.example.org")) };
        assert!(refused("club", &nameless).contains("client_id"));
        let half = OauthProvider { jwks_uri: Some("https://id.example.org/k".to_owned()), ..written(None) };
        assert!(refused("google", &half).contains("together"));
        let unknown = OauthProvider { preset: Some("orkut".to_owned()), ..written(None) };
        assert!(refused("club", &unknown).contains("no preset orkut"));
    }
}
