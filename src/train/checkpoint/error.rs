//! Why a checkpoint could not be written or read.

use std::path::{Path, PathBuf};

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The system refused.
    #[error("cannot {doing} the checkpoint: {source}: {path}")]
    Io {
        /// `write` or `read`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
        /// Which file.
        path: PathBuf,
    },
    /// The content is not what was written.
    #[error(
        "the checkpoint is damaged ({message}); remove its folder to go on from the one before, or start anew: {path}"
    )]
    Damaged {
        /// What does not fit.
        message: String,
        /// Which file.
        path: PathBuf,
    },
    /// It belongs to another setup.
    #[error("the checkpoint is of another setup ({found}, not {expected}): {path}")]
    Foreign {
        /// Hash of the setup that is to be run.
        expected: String,
        /// Hash in the checkpoint.
        found: String,
        /// Which folder.
        path: PathBuf,
    },
}

/// What the system said while `doing` something to `path`.
pub fn io<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl Fn(std::io::Error) -> CheckpointError + 'a {
    move |source| CheckpointError::Io {
        doing,
        source,
        path: path.to_owned(),
    }
}
