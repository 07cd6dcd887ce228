//! Logs and metrics.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::config::{Config, LogFormat};

/// Sends log lines to standard error. A second call in one process (as in tests) changes nothing.
pub fn logs(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE)
        // Colours are for eyes; in a file they are noise.
        .with_ansi(std::io::stderr().is_terminal());
    let _already_set = match config.log_format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

/// What shows the metrics of this process, once it has any.
static METRICS: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// The metrics of this process, rendered at `GET /metrics`. Servers in one process, as in tests, count together and show the same.
///
/// # Errors
/// When the buckets are refused.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    let mut known = METRICS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*known {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new()
        // Seconds. From what a memory answer takes to what a stuck database takes.
        .set_buckets(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0])?
        .build_recorder();
    let handle = recorder.handle();
    // Whoever embeds us may count in their own way: then what is shown here stays empty.
    let _already_set = metrics::set_global_recorder(recorder);
    *known = Some(handle.clone());
    Ok(handle)
}
