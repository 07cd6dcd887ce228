//! Embedded Postgres: a server of our own in the data directory, for houses that do not run one already.
//!
//! The supervisor finds the binaries, makes the cluster, starts it on a private unix socket and starts it again when it
//! dies. One process at a time may use a data directory: the lock on it is taken before anything else is looked at. A server
//! that a killed predecessor left running is adopted, not started a second time.
//!
//! Durability is Postgres's own and stays on: checksums, fsync, full page writes, synchronous commit.

mod binaries;
mod borrow;
mod cluster;
mod error;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use borrow::running;
pub use error::EmbeddedError;

use binaries::Binaries;
use cluster::{DataDir, Owner};
use server::{Server, Socket};

/// What the supervisor must know. Only the data directory has no default.
#[derive(Debug, Clone)]
pub struct EmbeddedConfig {
    /// Where everything is kept; made when missing. The cluster is its subfolder `postgres`.
    pub data_dir: PathBuf,
    /// Where to look for the binaries first (`AISLE_PG_BIN`): the folder that holds them, or one above it.
    pub bin_dir: Option<PathBuf>,
    /// Connections that the server takes. The pools of one process need about forty.
    pub connections_max: u16,
    /// How long the server may take until it answers, in seconds; replaying a long log after a crash takes minutes.
    pub start_timeout_s: u64,
    /// How long a fast stop may take, in seconds, before the server is stopped without a checkpoint. Nothing is lost by
    /// that, but the next start replays the log.
    pub stop_timeout_s: u64,
}

impl EmbeddedConfig {
    /// The defaults, for this data directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            bin_dir: None,
            connections_max: 100,
            start_timeout_s: 300,
            stop_timeout_s: 60,
        }
    }
}

/// A running Postgres and the task that keeps it running. Dropping it without [`Embedded::stop`] leaves the server running
/// without a supervisor; the next start on the same data directory adopts it.
#[derive(Debug)]
pub struct Embedded {
    socket: Socket,
    adopted: bool,
    stopping: watch::Sender<bool>,
    supervisor: JoinHandle<Result<(), EmbeddedError>>,
}

impl Embedded {
    /// Makes the cluster if there is none, then starts or adopts its server; returns when it answers and has our database.
    /// Must be called on the tokio runtime that outlives everything that uses the database: the supervisor lives there.
    pub async fn start(config: &EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let data_dir = DataDir::lock(&config.data_dir)?;
        let owner = Owner::of(&data_dir).await?;
        owner.must_enter(&data_dir).await?;
        let binaries = Binaries::find(config.bin_dir.as_deref(), data_dir.major()?, data_dir.cluster()).await?;
        if !data_dir.has_cluster() {
            tracing::info!(path = %data_dir.cluster().display(), "Making a Postgres cluster; this takes a second or two");
            cluster::init(&data_dir, &owner, &binaries).await?;
        }
        let mut server = Server::new(config, data_dir, owner, binaries)?;
        let adopted = server.adopt_or_start().await?;
        server.create_database().await?;
        let socket = server.socket().clone();
        tracing::info!(
            path = %socket.dir().display(),
            major = server.major(),
            adopted,
            "Embedded Postgres answers on its socket"
        );
        let (stopping, stop_asked) = watch::channel(false);
        let supervisor = tokio::spawn(server.supervise(stop_asked));
        Ok(Self { socket, adopted, stopping, supervisor })
    }

    /// How to connect: over the private socket, as the owner of our database.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.socket.connect_options(cluster::DATABASE)
    }

    /// Was the server already running when [`Embedded::start`] came, left by a predecessor that was killed?
    pub fn adopted(&self) -> bool {
        self.adopted
    }

    /// Ends the supervision and the server: open transactions are rolled back, everything committed is on disk. The data
    /// directory is free for another process when this returns.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        self.stopping.send_replace(true);
        match self.supervisor.await {
            Ok(stopped) => stopped,
            Err(source) => Err(EmbeddedError::SupervisorLost { source }),
        }
    }
}

/// How often a server that is starting is asked whether it answers, and a dying one whether it is gone.
const POLL: Duration = Duration::from_millis(50);
