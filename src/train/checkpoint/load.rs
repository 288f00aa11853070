//! Reading a checkpoint: all of it to go on from, or its weights for another run to start from.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Bytes;

use super::{
    AVERAGED, BEST, CheckpointError, FORMAT, NETWORK, OPTIMISER, Position, STATE, State, io, sha256,
};
use crate::models::Network;
use crate::train::half::ScaleState;

/// The weights of a checkpoint, for another run to start from.
pub struct Weights {
    /// Their file: of the best evaluation, where that was restored; else of averaged weights where there are any, since those were
    /// evaluated.
    pub path: PathBuf,
    /// What its SHA-256 is to be.
    pub sha256: String,
    /// Steps that had been done.
    pub step: u64,
}

/// Where the weights of the checkpoint in `folder` are, whatever its setup.
///
/// # Errors
/// Where its state is missing or damaged.
pub fn weights(folder: &Path) -> Result<Weights, CheckpointError> {
    let state = state(folder)?;
    let best = state.best_sha256.filter(|_| state.is_restored);
    let step = match (&best, &state.position.stop.best) {
        (Some(_), Some(best)) => best.step,
        _ => state.position.step,
    };
    let (name, sha256) = match (best, state.averaged_sha256) {
        (Some(sum), _) => (BEST, sum),
        (None, Some(sum)) => (AVERAGED, sum),
        (None, None) => (NETWORK, state.network_sha256),
    };
    Ok(Weights {
        path: folder.join(name),
        sha256,
        step,
    })
}

/// A checkpoint that is whole and of the right setup.
struct Whole {
    position: Position,
    network: Vec<u8>,
    optimiser: Vec<u8>,
    averaged: Option<Vec<u8>>,
    best: Option<Vec<u8>>,
    loss_scale: Option<ScaleState>,
}

/// Whether a checkpoint can be gone on from, before anything is begun.
///
/// # Errors
/// Where files are missing, damaged or of another setup.
pub fn verify_checkpoint(folder: &Path, setup_hash: &str) -> Result<(), CheckpointError> {
    whole(folder, setup_hash).map(drop)
}

fn state(folder: &Path) -> Result<State, CheckpointError> {
    let file = folder.join(STATE);
    let json = fs::read(&file).map_err(io("read", &file))?;
    let state: State = serde_json::from_slice(&json).map_err(|error| CheckpointError::Damaged {
        message: error.to_string(),
        path: file.clone(),
    })?;
    if state.format != FORMAT {
        return Err(CheckpointError::Damaged {
            message: format!("format {} is not known, only {FORMAT}", state.format),
            path: file,
        });
    }
    Ok(state)
}

fn whole(folder: &Path, setup_hash: &str) -> Result<Whole, CheckpointError> {
    let state = state(folder)?;
    if state.setup_hash != setup_hash {
        return Err(CheckpointError::Foreign {
            expected: setup_hash.to_owned(),
            found: state.setup_hash,
            path: folder.to_owned(),
        });
    }
    Ok(Whole {
        position: state.position,
        network: read(&folder.join(NETWORK), &state.network_sha256)?,
        optimiser: read(&folder.join(OPTIMISER), &state.optimiser_sha256)?,
        averaged: state
            .averaged_sha256
            .map(|sum| read(&folder.join(AVERAGED), &sum))
            .transpose()?,
        best: state
            .best_sha256
            .map(|sum| read(&folder.join(BEST), &sum))
            .transpose()?,
        loss_scale: state.loss_scale,
    })
}

/// What was read from a checkpoint.
pub struct Restored {
    /// The network that learns.
    pub network: Network,
    /// Its optimiser.
    pub optimiser: ModuleOptimizer,
    /// The average of its weights, without autodiff.
    pub averaged: Option<Network>,
    /// The network of the best evaluation, without autodiff.
    pub best: Option<Network>,
    /// The loss scale, in 16 bits.
    pub loss_scale: Option<ScaleState>,
    /// Where the run stands.
    pub position: Position,
}

/// Reads a checkpoint into a network and an optimiser that were built from the same setup.
///
/// # Errors
/// Where files are missing, damaged or of another setup.
pub fn load(
    folder: &Path,
    setup_hash: &str,
    network: Network,
    optimiser: ModuleOptimizer,
) -> Result<Restored, CheckpointError> {
    let whole = whole(folder, setup_hash)?;
    let unreadable = |file: &str| {
        let path = folder.join(file);
        move |error: RecordError| CheckpointError::Damaged {
            message: error.to_string(),
            path,
        }
    };
    let fill = |network: Network, bytes: Vec<u8>, file: &str| {
        ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes))
            .and_then(|record| network.try_load_record(record))
            .map_err(unreadable(file))
    };
    let averaged = whole
        .averaged
        .map(|bytes| fill(network.valid(), bytes, AVERAGED))
        .transpose()?;
    let best = whole
        .best
        .map(|bytes| fill(network.valid(), bytes, BEST))
        .transpose()?;
    let network = fill(network, whole.network, NETWORK)?;
    let optimiser = optimiser
        .from_bytes(Bytes::from_bytes_vec(whole.optimiser))
        .map_err(unreadable(OPTIMISER))?;
    Ok(Restored {
        network,
        optimiser,
        averaged,
        best,
        loss_scale: whole.loss_scale,
        position: whole.position,
    })
}

fn read(path: &Path, expected_sha256: &str) -> Result<Vec<u8>, CheckpointError> {
    let bytes = fs::read(path).map_err(io("read", path))?;
    if sha256(&bytes) == expected_sha256 {
        Ok(bytes)
    } else {
        Err(CheckpointError::Damaged {
            message: "its checksum is not the one that was written".to_owned(),
            path: path.to_owned(),
        })
    }
}
