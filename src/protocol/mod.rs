//! What worker and controller say to each other: one JSON object a line over the worker's standard streams, versioned.
//!
//! Depends on `setup` and `units` only. [`Command`] goes to the worker, [`Event`] comes back; the first event is always
//! [`Event::Hello`]. A worker ends when its standard input does.

mod command;
mod event;
mod line;
mod trace;

pub use command::{
    AskedSample, Command, EarlierIdle, InferRequest, Knowledge, KnownWall, Resume, RunRequest,
    Start, Teacher, Terms, WallReading, WallReadings, WallState,
};
pub use event::{
    AccountLine, Answered, AskReady, CooledDown, CpuPoint, Data, Device, DevicePoint, Evaluation,
    Event, Failure, FailureKind, HeadSaid, IdlePower, InferenceWindow, LostMeter, Meter, MeterCost,
    MeterNow, PhaseEnergy, Predictions, Progress, Replayed, ReplayedWindow, Sample,
    SamplePredictions, Saved, Saying, SelfCheck, Source, SourceStatus, Summary, WallLine,
    WindowEnergy,
};
pub use line::{LINE_BYTES_MAX, LineError, decode, encode};
pub use trace::{DeviceTrace, Stretch, TracedKernel, TracedPart, TracedStep};

/// Version of the messages. Both sides must have the same.
pub const PROTOCOL: u32 = 8;
