//! Other houses by which people sign in: `[oauth.KEY]` in the file, or all of them as JSON in `AISLE_OAUTH`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// By their keys, which stand in addresses: letters, digits and hyphens.
pub type OauthProviders = BTreeMap<String, OauthProvider>;

/// One of them, as it is written down. What is left out, its preset says: the one of its key where there is one.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OauthProvider {
    /// `google`, `facebook`, or `none`.
    pub preset: Option<String>,
    /// What the button says.
    pub name: Option<String>,
    /// Its OpenID issuer, exactly as it calls itself.
    pub issuer: Option<String>,
    /// What it calls us.
    pub client_id: String,
    /// What proves that we are us.
    pub client_secret: Option<String>,
    /// A file with it.
    pub client_secret_file: Option<PathBuf>,
    /// What we ask for beside `openid`.
    pub scopes: Option<Vec<String>>,
    /// Where people are sent; with the next two, nothing is discovered.
    pub authorization_endpoint: Option<String>,
    /// Where codes are exchanged.
    pub token_endpoint: Option<String>,
    /// Where its keys are.
    pub jwks_uri: Option<String>,
    /// Its addresses are verified although it does not say so of each.
    pub emails_are_verified: Option<bool>,
}

/// A table, or the same as JSON in a string, which is all that an environment variable can be.
pub(super) fn providers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OauthProviders, D::Error> {
    struct TableOrText;
    impl<'de> Visitor<'de> for TableOrText {
        type Value = OauthProviders;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table of providers, or the same as JSON in a string")
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
            OauthProviders::deserialize(MapAccessDeserializer::new(map))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            // The error of JSON would quote what stands there, secrets too.
            serde_json::from_str(text).map_err(|error| {
                E::custom(format_args!(
                    "not a JSON object of providers (line {}, column {})",
                    error.line(),
                    error.column()
                ))
            })
        }
    }
    deserializer.deserialize_any(TableOrText)
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    fn read(toml: &str) -> Result<Config, config::ConfigError> {
        let file = config::File::from_str(toml, config::FileFormat::Toml);
        config::Config::builder().add_source(file).build().unwrap().try_deserialize()
    }

    #[test]
    fn providers_are_tables_of_the_file_or_json_of_the_environment() {
        let table = "[oauth.google]\nclient_id = 'c'\nclient_secret = 's'\n[oauth.club]\nclient_id = 'd'\nissuer = 'https://id.example.org'";
        let text = r#"oauth = '{"google": {"client_id": "c", "client_secret": "s"}, "club": {"client_id": "d", "issuer": "https://id.example.org"}}'"#;
        for toml in [table, text] {
            let config = read(toml).unwrap();
            assert_eq!(config.oauth.keys().collect::<Vec<_>>(), ["club", "google"]);
            assert_eq!(config.oauth["google"].client_secret.as_deref(), Some("s"));
            assert_eq!(config.oauth["club"].issuer.as_deref(), Some("https://id.example.org"));
        }
        for (toml, said) in [
            ("oauth = 7", "a table of providers"),
            ("oauth = '{\"google\": {\"client_secret\": geheim}}'", "line 1"),
            ("[oauth.google]\nclient = 'c'", "unknown field"),
        ] {
            let refused = read(toml).map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains(said) && !refused.contains("geheim"), "{refused}");
        }
    }
}
