//! Errors of the rooms below, as what the controller is told.

use crate::protocol::{Failure, FailureKind};
use crate::train::{StartError, TeacherError, TrainError};

/// Turns an error into a failure of `kind`.
pub fn failure<E: std::fmt::Display>(kind: FailureKind) -> impl Fn(E) -> Failure {
    move |error| Failure {
        kind,
        message: error.to_string(),
    }
}

/// What made training fail.
pub fn training_failure(error: TrainError) -> Failure {
    Failure {
        kind: match error {
            TrainError::Data(_)
            | TrainError::Unkept { .. }
            | TrainError::Teacher(TeacherError::Dataset { .. }) => FailureKind::Data,
            TrainError::Checkpoint(_)
            | TrainError::Start(
                StartError::Io { .. } | StartError::NoWeights { .. } | StartError::NotFinite { .. },
            ) => FailureKind::Storage,
            TrainError::Precision { .. }
            | TrainError::Start(_)
            | TrainError::Unfit(_)
            | TrainError::Teacher(_) => FailureKind::Setup,
            TrainError::Device { .. } | TrainError::Loader(_) => FailureKind::Training,
        },
        message: error.to_string(),
    }
}
