//! The run that teaches another, found in the library.

use super::folders::Folders;
use crate::library::{Library, LibraryError, RunDetails};
use crate::protocol::{Failure, FailureKind, Teacher};
use crate::setup::{DistilSetup, Setup, with_seed};

/// A run that can teach.
pub struct FoundTeacher {
    /// What the worker is told of it.
    pub teacher: Teacher,
    /// Everything that is known of it.
    pub details: RunDetails,
    /// Steps done in its checkpoint.
    pub step: u64,
}

/// Why a teacher was not found.
pub enum NoTeacher {
    /// It cannot teach.
    Refused(Failure),
    /// The library cannot be read.
    Library(LibraryError),
}

/// The teacher that `distil` names for a run of seed `seed`, where it is to be asked.
///
/// # Errors
/// Where none or several runs could be meant, or it has no checkpoint on this machine.
pub fn teacher(
    library: &Library,
    folders: &Folders,
    (distil, seed): (Option<&DistilSetup>, u64),
) -> Result<Option<FoundTeacher>, NoTeacher> {
    let Some(distil) = distil.filter(|distil| distil.asks()) else {
        return Ok(None);
    };
    let refused =
        |kind: FailureKind, message: String| NoTeacher::Refused(Failure { kind, message });
    let details = library
        .details(&with_seed(&distil.teacher, seed))
        .map_err(|error| {
            if error.is_permanent() {
                refused(FailureKind::Setup, format!("distil.teacher: {error}"))
            } else {
                NoTeacher::Library(error)
            }
        })?;
    let run_id = details.run.id.clone();
    let setup: Setup = serde_json::from_str(&details.run.setup.json).map_err(|error| {
        refused(
            FailureKind::Setup,
            format!("distil.teacher: the setup of run {run_id} is of another version: {error}"),
        )
    })?;
    let Some((checkpoint, step)) = folders.newest_checkpoint(&run_id) else {
        return Err(refused(
            FailureKind::Storage,
            format!(
                "distil.teacher: run {run_id} has no checkpoint on this machine; train it again, or take another run"
            ),
        ));
    };
    Ok(Some(FoundTeacher {
        teacher: Teacher {
            run_id,
            setup,
            checkpoint,
        },
        details,
        step,
    }))
}
