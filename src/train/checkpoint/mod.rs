//! Checkpoints: a folder with the network, the optimiser's state and the position in the run, written beside and
//! renamed, so that there is always a whole one.

mod error;
mod load;
mod position;
mod save;

pub use error::CheckpointError;
pub(super) use error::io;
pub use load::{load, verify_checkpoint, weights};
pub use position::Position;
pub(super) use save::write;
pub use save::{Learnt, Saved, save};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::half::ScaleState;

// The files of its folder.
const NETWORK: &str = "network.bpk";
const OPTIMISER: &str = "optimiser.bpk";
const AVERAGED: &str = "averaged.bpk";
const BEST: &str = "best.bpk";
const STATE: &str = "state.json";

/// Version of the folder's layout.
const FORMAT: u32 = 1;

/// What its folder says of itself beside the weights.
#[derive(Serialize, Deserialize)]
struct State {
    format: u32,
    setup_hash: String,
    position: Position,
    network_sha256: String,
    optimiser_sha256: String,
    /// Of the averaged weights, where there are any.
    #[serde(default)]
    averaged_sha256: Option<String>,
    /// Of the weights of the best evaluation, where they are kept.
    #[serde(default)]
    best_sha256: Option<String>,
    /// Whether those are what the run came to.
    #[serde(default)]
    is_restored: bool,
    /// In 16 bits.
    #[serde(default)]
    loss_scale: Option<ScaleState>,
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
