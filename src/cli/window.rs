use std::path::PathBuf;

use super::{Exit, Failed, Place};
use crate::gui;

/// File that remembers how the window looked, instead of the one in the platform's folder for settings.
const PREFERENCES: &str = "JOULELAB_WINDOW_FILE";

/// Opens the window and returns when it is closed.
pub fn run(place: &Place) -> Result<Exit, Failed> {
    let library = match &place.library {
        Some(_) => Some(place.path()?),
        None => None,
    };
    gui::open(gui::Options {
        worker: place.worker()?,
        library,
        preferences: preferences(),
        datasets: gui::Datasets::default(),
    })
    .map_err(|error| Failed::new(Exit::Failure, error.to_string()))?;
    Ok(Exit::Success)
}

/// What the window's settings say is logged.
pub fn log_level() -> String {
    preferences()
        .map(|file| gui::Preferences::load(&file))
        .unwrap_or_default()
        .log
}

fn preferences() -> Option<PathBuf> {
    std::env::var_os(PREFERENCES)
        .map(PathBuf::from)
        .or_else(gui::Preferences::default_path)
}
