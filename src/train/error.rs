use std::path::PathBuf;

use burn::tensor::ExecutionError;

use super::{CheckpointError, StartError, TeacherError};
use crate::data::DataError;

/// Why training could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The device refused work or was lost.
    #[error("the device failed while {doing}: {message}")]
    Device {
        /// What was being done.
        doing: &'static str,
        /// What the device said.
        message: String,
    },
    /// The thread that puts batches together is gone.
    #[error("no batch could be put together: {0}")]
    Loader(String),
    /// The device cannot compute with the numbers that were asked for.
    #[error("{device} cannot train with regime.precision = `{precision}`: {reason}; use `f32`")]
    Precision {
        /// What was asked for.
        precision: &'static str,
        /// Which device.
        device: String,
        /// What is in the way.
        reason: &'static str,
    },
    /// The dataset could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A checkpoint could not be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// What samples go through before a network sees them is not known.
    #[error(
        "what the run's samples went through before its network saw them was not kept with it ({why}), and the dataset, from which \
         it follows, cannot be read: {error}; bring the dataset's files back: {}",
        path.display()
    )]
    Unkept {
        /// What is wrong with what was kept.
        why: String,
        /// What is wrong with the dataset.
        error: Box<DataError>,
        /// Where it would be kept.
        path: PathBuf,
    },
    /// A sample is not what a network takes, or its answer is no answer.
    #[error("{0}")]
    Unfit(String),
    /// The weights to start from could not be taken over.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The run that was to teach cannot.
    #[error(transparent)]
    Teacher(#[from] TeacherError),
}

impl TrainError {
    /// For `map_err` after a device call.
    pub(super) fn device(doing: &'static str) -> impl Fn(ExecutionError) -> Self {
        move |error| Self::Device {
            doing,
            message: format!("{error:?}"),
        }
    }
}
