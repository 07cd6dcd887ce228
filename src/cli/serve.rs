//! `aisle serve`.

use std::io::Write as _;

use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::platform::config::{AbuseLimits, Config};
use crate::startup;

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    // Before anything starts, so that a Ctrl-C during the start stops in order too.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Failure::of(&error))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::of(&error))?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(|error| Failure::of(&error))?;
    if config.abuse_limits == AbuseLimits::Observe {
        tracing::warn!("Rate limits and per-buyer caps are only observed, not enforced");
    }
    for name in &config.unknown_variables {
        tracing::warn!("The variable {name} means nothing to Aisle; is it misspelt?");
    }
    let mut server = startup::start(config).await?;
    say(&format!("listening on {}", server.url()));
    for line in startup::greeting(&server) {
        say(&line);
    }
    let outcome = loop {
        tokio::select! {
            _ = interrupt.recv() => break Ok(()),
            _ = terminate.recv() => break Ok(()),
            _ = hang_up.recv() => server.reload_certificate(),
            () = server.ended() => break Err(Failure::saying("the HTTP server ended by itself")),
        }
    };
    tracing::info!("Stopping: listeners, sockets, shows, journal, workers, database");
    server.stop().await;
    outcome
}

/// One line on standard output, at once; nobody there to read it is no reason to stop.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _unread = writeln!(out, "{line}").and_then(|()| out.flush());
}
