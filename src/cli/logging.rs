//! Where the daemon's words go: standard error, for people on a terminal and as JSON otherwise.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

use super::Color;

/// Sends events to standard error for the rest of the process, panics included. A second call changes nothing.
pub(super) fn start(config: &Config, color: Color) {
    let filter = EnvFilter::builder().parse_lossy(&config.log_level);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let human = match config.log_format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let installed = match human {
        true => builder.with_ansi(color.on_stderr()).try_init(),
        false => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    if installed.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "panic: {}", panic.payload_as_str().unwrap_or("no reason given"));
        }));
    }
}
