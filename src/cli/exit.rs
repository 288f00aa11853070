use std::process::ExitCode;

use crate::control::{AskError, StartError};
use crate::data::{DataError, download::GetError};
use crate::library::{LibraryError, export::ExportError};
use crate::protocol::{Failure, FailureKind};
use crate::setup::{ChangeError, Problems, file::SetupFileError};
use crate::units::UnknownName;

/// How the program ended. Documented in `--help` and `docs/command-line.md`; a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exit {
    /// Everything was done.
    Success,
    /// Something failed that has no code of its own.
    Failure,
    /// The command line or the setup is wrong.
    Usage,
    /// The dataset cannot be read.
    Data,
    /// There is no such device, or it cannot be used.
    Device,
    /// The library or another file cannot be read or written.
    Storage,
    /// Training failed or diverged.
    Training,
    /// The worker process died.
    WorkerDied,
    /// The run ended without reaching its target.
    TargetNotReached,
    /// The user ended it.
    Interrupted,
    /// The code of a command that was measured.
    Command(u8),
    /// The code of a worker.
    Worker(ExitCode),
}

/// The end of `--help`.
pub const HELP: &str = "\
Exit codes:
    0  done
    1  failed for another reason
    2  the command line or the setup is wrong
    3  the dataset cannot be read, or not be got
    4  no such device, or it cannot be used
    5  the library or another file cannot be read or written, or holds no such run
    6  training failed or diverged; what was recorded is kept
    7  the worker process died; what was recorded is kept
    8  the run ended without reaching its target
  130  ended by the user; what was recorded is kept
`joulelab power -- COMMAND` ends with the code of the command, or 128 and the signal that ended it.

First steps:
    joulelab run                                  train the default network
    joulelab run --batch-size 16 --target 0.97    until 97 % of the held-out samples are right
    joulelab runs                                 compare what the runs cost";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Data => 3,
            Exit::Device => 4,
            Exit::Storage => 5,
            Exit::Training => 6,
            Exit::WorkerDied => 7,
            Exit::TargetNotReached => 8,
            Exit::Interrupted => 130,
            Exit::Command(code) => code,
            Exit::Worker(code) => return code,
        })
    }
}

/// Why a command could not be done: what to print and how to exit.
#[derive(Debug)]
pub struct Failed {
    /// What happened, where, and how to mend it.
    pub message: String,
    /// With which code to exit.
    pub exit: Exit,
}

impl Failed {
    /// A failure with this message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit,
        }
    }
}

macro_rules! failed_from {
    ($($error:ty => $exit:expr),* $(,)?) => {$(
        impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                Self::new($exit, error.to_string())
            }
        }
    )*};
}

failed_from! {
    LibraryError => Exit::Storage,
    ExportError => Exit::Storage,
    SetupFileError => Exit::Usage,
    ChangeError => Exit::Usage,
    Problems => Exit::Usage,
    StartError => Exit::WorkerDied,
    DataError => Exit::Data,
    UnknownName => Exit::Usage,
}

impl From<GetError> for Failed {
    fn from(error: GetError) -> Self {
        let exit = match &error {
            GetError::Cancelled => Exit::Interrupted,
            GetError::Proxy(_) => Exit::Usage,
            GetError::Data(DataError::Write { .. }) => Exit::Storage,
            _ => Exit::Data,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<AskError> for Failed {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Refused(failure) => failure.into(),
            other => Self::new(Exit::WorkerDied, other.to_string()),
        }
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let exit = match failure.kind {
            FailureKind::Setup => Exit::Usage,
            FailureKind::Data => Exit::Data,
            FailureKind::Device => Exit::Device,
            FailureKind::Training => Exit::Training,
            FailureKind::Storage => Exit::Storage,
            FailureKind::Protocol | FailureKind::Meter => Exit::Failure,
        };
        Self::new(exit, failure.message)
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Storage, format!("cannot write the output: {error}"))
    }
}
