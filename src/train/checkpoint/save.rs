//! Writing a checkpoint, and removing those before.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};

use super::{
    AVERAGED, BEST, CheckpointError, FORMAT, NETWORK, OPTIMISER, Position, STATE, State, io, sha256,
};
use crate::models::Network;
use crate::train::half::ScaleState;

/// Checkpoints kept in a run's folder: the one to go on from, and one more in case it turns out damaged.
const KEEP: usize = 2;

/// What a run goes on from.
pub struct Learnt<'a> {
    /// The network that learns.
    pub network: &'a Network,
    /// Its optimiser.
    pub optimiser: &'a ModuleOptimizer,
    /// The average of its weights, where one is made.
    pub averaged: Option<&'a Network>,
    /// The network of the best evaluation, where it is kept.
    pub best: Option<&'a Network>,
    /// Whether that is what the run came to.
    pub is_restored: bool,
    /// The loss scale, in 16 bits.
    pub loss_scale: Option<ScaleState>,
}

/// A checkpoint that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its folder.
    pub path: PathBuf,
    /// Steps done.
    pub step: u64,
    /// Whole epochs done.
    pub epoch: u64,
    /// Bytes of all its files.
    pub bytes: u64,
    /// SHA-256 of the network's file.
    pub network_sha256: String,
}

/// Writes a checkpoint into a new folder under `folder`, and removes all but the newest.
///
/// # Errors
/// Where the disk is full or not writable; an unfinished folder is removed.
pub fn save(
    folder: &Path,
    setup_hash: &str,
    learnt: &Learnt<'_>,
    position: &Position,
    epoch: u64,
) -> Result<Saved, CheckpointError> {
    let path = folder.join(format!("step-{:010}", position.step));
    let unfinished = folder.join(format!("unfinished-{:010}", position.step));
    let result = write_all(&unfinished, setup_hash, learnt, position).and_then(|sums| {
        if path.exists() {
            fs::remove_dir_all(&path).map_err(io("write", &path))?;
        }
        fs::rename(&unfinished, &path).map_err(io("write", &path))?;
        Ok(sums)
    });
    let (bytes, network_sha256) = match result {
        Ok(sums) => sums,
        Err(error) => {
            // The first error is the one to report; what is left over is of no use to anyone.
            let _ = fs::remove_dir_all(&unfinished);
            return Err(error);
        }
    };
    remove_old(folder)?;
    Ok(Saved {
        path,
        step: position.step,
        epoch,
        bytes,
        network_sha256,
    })
}

fn write_all(
    folder: &Path,
    setup_hash: &str,
    learnt: &Learnt<'_>,
    position: &Position,
) -> Result<(u64, String), CheckpointError> {
    fs::create_dir_all(folder).map_err(io("write", folder))?;
    let damaged = |path: &Path| {
        let path = path.to_owned();
        move |error| CheckpointError::Damaged {
            message: format!("{error:?}"),
            path,
        }
    };
    let write_network = |network: &Network, name: &str| {
        // The last forward pass may still be missing in the running statistics of batch normalisation: Burn takes an update
        // in when the next one comes, or when the network is asked for its form without autodiff.
        drop(network.valid());
        let file = folder.join(name);
        let record = network.clone().into_record();
        let weights = record.into_bytes().map_err(damaged(&file))?;
        write(&file, &weights)?;
        Ok((weights.len(), sha256(&weights)))
    };
    let (weights_len, network_sha256) = write_network(learnt.network, NETWORK)?;
    let averaged = learnt
        .averaged
        .map(|averaged| write_network(averaged, AVERAGED))
        .transpose()?;
    let (averaged_len, averaged_sha256) = averaged.map_or((0, None), |(n, sum)| (n, Some(sum)));
    let best = learnt
        .best
        .map(|best| write_network(best, BEST))
        .transpose()?;
    let (best_len, best_sha256) = best.map_or((0, None), |(n, sum)| (n, Some(sum)));
    let file = folder.join(OPTIMISER);
    let moments = learnt.optimiser.into_bytes().map_err(damaged(&file))?;
    write(&file, &moments)?;
    let state = State {
        format: FORMAT,
        setup_hash: setup_hash.to_owned(),
        position: position.clone(),
        network_sha256,
        optimiser_sha256: sha256(&moments),
        averaged_sha256,
        is_restored: learnt.is_restored && best_sha256.is_some(),
        best_sha256,
        loss_scale: learnt.loss_scale,
    };
    let file = folder.join(STATE);
    let json = serde_json::to_vec_pretty(&state).map_err(|error| CheckpointError::Io {
        doing: "write",
        source: error.into(),
        path: file.clone(),
    })?;
    write(&file, &json)?;
    let bytes = weights_len + averaged_len + best_len + moments.len() + json.len();
    Ok((bytes as u64, state.network_sha256))
}

/// Writes a file and waits until it is on the disk.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    use std::io::Write;
    let mut file = fs::File::create(path).map_err(io("write", path))?;
    file.write_all(bytes).map_err(io("write", path))?;
    file.sync_all().map_err(io("write", path))
}

fn remove_old(folder: &Path) -> Result<(), CheckpointError> {
    let mut whole: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(io("read", folder))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("step-"))
        })
        .collect();
    // The steps are padded with zeros, so this is their order.
    whole.sort();
    let surplus = whole.len().saturating_sub(KEEP);
    for old in &whole[..surplus] {
        fs::remove_dir_all(old).map_err(io("write", old))?;
    }
    Ok(())
}
