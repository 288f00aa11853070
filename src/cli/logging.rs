use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::control::Folders;

/// Log files that are kept, one a day.
const FILES_KEPT: usize = 7;

/// Logs to standard error as `level` says, and to a file of the day in the platform's cache folder at `info` or more.
/// A worker logs to its standard error alone, which its controller keeps.
///
/// The guard writes what is left when it is dropped.
pub fn start(level: &str, is_worker: bool) -> Option<WorkerGuard> {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|error| {
        eprintln!("joulelab: --log {level}: {error}; logging warnings");
        EnvFilter::new("warn")
    });
    let to_stderr = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .with_filter(filter);
    let (to_file, guard) = match (!is_worker).then(file).flatten() {
        Some((writer, guard)) => (
            Some(
                fmt::layer()
                    .with_writer(writer)
                    .with_ansi(false)
                    .with_filter(EnvFilter::new("warn,joulelab=info,worker=debug")),
            ),
            Some(guard),
        ),
        None => (None, None),
    };
    tracing_subscriber::registry()
        .with(to_stderr)
        .with(to_file)
        .init();
    guard
}

fn file() -> Option<(tracing_appender::non_blocking::NonBlocking, WorkerGuard)> {
    let folder = Folders::logs()?;
    std::fs::create_dir_all(&folder).ok()?;
    let appender = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("joulelab")
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        // Without a place for logs the program works all the same.
        .build(folder)
        .ok()?;
    Some(tracing_appender::non_blocking(appender))
}
