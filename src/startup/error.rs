//! Why the server did not start.

use std::net::SocketAddr;

use super::tls::TlsError;
use crate::accounts::{AccessKeyError, ProviderError};
use crate::http::challenge::ChallengeError;
use crate::platform::config::ConfigError;
use crate::platform::db::DbFault;
use crate::platform::embedded::EmbeddedError;
use crate::platform::keys::KeysError;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database's address cannot be understood.
    #[error("the database's address cannot be understood")]
    DatabaseUrl(#[source] sqlx::Error),
    /// The Postgres in the data directory did not start.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The schema could not be brought up to this version.
    #[error("the database cannot be brought up to this version")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// The server keys could not be opened.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Access tokens could not be signed.
    #[error(transparent)]
    AccessKey(#[from] AccessKeyError),
    /// Another house cannot be signed in by as it is written down.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// TLS to other houses could not be set up.
    #[error("TLS to other houses could not be set up")]
    HttpClient(#[source] reqwest::Error),
    /// The challenge is not as it should be.
    #[error("there is no challenge")]
    Challenge(#[from] ChallengeError),
    /// The address is taken or not ours.
    #[error("cannot listen on {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The certificate's files are not as they should be.
    #[error("there is no TLS")]
    Tls(#[from] TlsError),
    /// The shows' journal, lease or thread did not start.
    #[error("the shows did not start")]
    Shows(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Metrics did not start.
    #[error("the metrics did not start")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The demo house could not be filled, or the set-up page not prepared.
    #[error("the house could not be prepared")]
    House(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StartError {
    /// What the process exits with: 3 where something must be installed first.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Embedded(error) => error.exit_code(),
            Self::Config(_)
            | Self::DatabaseUrl(_)
            | Self::Migrate(_)
            | Self::Database(_)
            | Self::AccessKey(_)
            | Self::Provider(_)
            | Self::HttpClient(_)
            | Self::Challenge(_)
            | Self::Keys(_)
            | Self::Listen { .. }
            | Self::Tls(_)
            | Self::Shows(_)
            | Self::Metrics(_)
            | Self::House(_) => 1,
        }
    }
}
