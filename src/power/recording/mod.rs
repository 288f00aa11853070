//! Recordings: everything that the meters of a run said, in a file, and the same code run over it again.
//!
//! - [`Recorder`]: writes while a [`Sampler`](super::Sampler) measures.
//! - [`replay`] and [`Replay`]: windows with the figures that the run itself computed.
//! - [`Playback`]: the meters of a recording as if they were there, in real time.
//!
//! The format, JSON lines, is described in `docs/recording.md`. Whatever is in such a file, reading it takes bounded memory
//! and ends in figures or in an error that names the line.

mod format;
mod line;
mod playback;
mod record;
mod replay;
mod tape;

pub use format::{FORMAT, Header, RecordedMeter, VERSION};
pub use playback::{PREFIX, Playback, PlayedMeter};
pub use record::{Recorder, Recording, RecordingError, RecordingState};
pub use replay::{Replay, Replayed, ReplayedWindow, replay, replay_file};
pub use tape::ReplayError;
