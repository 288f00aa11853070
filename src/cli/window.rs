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
    let preferences = std::env::var_os(PREFERENCES)
        .map(PathBuf::from)
        .or_else(gui::Preferences::default_path);
    gui::open(gui::Options {
        worker: place.worker()?,
        library,
        preferences,
    })
    .map_err(|error| Failed::new(Exit::Failure, error.to_string()))?;
    Ok(Exit::Success)
}
