//! Sweeps: as data, as searched, as stored, and as run from the command line with the real worker.

mod analysed;
mod data;
mod interruption;
#[path = "../cli/joulelab.rs"]
#[allow(
    dead_code,
    reason = "shared with the suite of the command line, which uses more of it"
)]
mod joulelab;
mod parallel;
mod recycled;
mod running;
mod searchers;
mod stored;
