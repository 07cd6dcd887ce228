//! How another process of this installation reaches the server that runs on a data directory: `aisle admin create` beside
//! `aisle serve`.

use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;

use super::cluster::DATABASE;
use super::server::Socket;

/// How to connect to the server that runs on this data directory; `None` where none has written down that it runs, or we may
/// not read it.
#[must_use]
pub fn running(data_dir: &Path) -> Option<PgConnectOptions> {
    // Postgres's own note: pid, data directory, start time, port, socket directory, …
    let note = std::fs::read_to_string(data_dir.join("postgres").join("postmaster.pid")).ok()?;
    let mut lines = note.lines().skip(3);
    let port = lines.next()?.trim().parse().ok()?;
    let dir = PathBuf::from(lines.next()?.trim());
    Some(Socket::at(dir, port).connect_options(DATABASE))
}
