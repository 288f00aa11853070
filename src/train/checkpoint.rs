//! Checkpoints: a folder with the network, the optimiser's state and the position in the run, written beside and
//! renamed, so that there is always a whole one.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::half::ScaleState;
use super::metrics::Reading;
use super::reinforce::Recent;
use super::stop::StopState;
use crate::models::Network;
use crate::setup::Metric;
use crate::units::HeadResult;

const NETWORK: &str = "network.bpk";
const OPTIMISER: &str = "optimiser.bpk";
const AVERAGED: &str = "averaged.bpk";
const BEST: &str = "best.bpk";
const STATE: &str = "state.json";
/// Checkpoints kept in a run's folder: the one to go on from, and one more in case it turns out damaged.
const KEEP: usize = 2;
/// Version of the folder's layout.
const FORMAT: u32 = 1;

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The system refused.
    #[error("cannot {doing} the checkpoint: {source}: {path}")]
    Io {
        /// `write` or `read`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
        /// Which file.
        path: PathBuf,
    },
    /// The content is not what was written.
    #[error(
        "the checkpoint is damaged ({message}); remove its folder to go on from the one before, or start anew: {path}"
    )]
    Damaged {
        /// What does not fit.
        message: String,
        /// Which file.
        path: PathBuf,
    },
    /// It belongs to another setup.
    #[error("the checkpoint is of another setup ({found}, not {expected}): {path}")]
    Foreign {
        /// Hash of the setup that is to be run.
        expected: String,
        /// Hash in the checkpoint.
        found: String,
        /// Which folder.
        path: PathBuf,
    },
}

/// Where a run stands; everything beside weights and optimiser that the next step depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Steps done. Epoch, place in the epoch, shuffled order, learning rate and dropout follow from it and the seed.
    pub step: u64,
    /// Samples learnt from so far; of reinforcement learning, steps of the environment.
    #[serde(default)]
    pub samples: u64,
    /// Of reinforcement learning: the returns of the last episodes.
    #[serde(default)]
    pub recent: Recent,
    /// What the stop rule remembers.
    pub stop: StopState,
    /// Seconds of training steps so far.
    pub train_s: f64,
    /// Seconds of training and evaluation so far.
    pub measured_s: f64,
    /// Seconds of training steps at the last evaluation.
    pub evaluated_train_s: f64,
    /// Training metrics since the last evaluation.
    pub since_evaluation: Sums,
}

/// Sums of training metrics, from which means are taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Sum of the steps' losses.
    pub loss_sum: f64,
    /// The task's metric times steps, in the form that adds up.
    pub metric_sum: f64,
    /// Steps.
    pub steps: u64,
    /// Samples.
    pub samples: u64,
    /// Of each head, where there are several: sums of its loss and of its metric, as above.
    #[serde(default)]
    pub heads: Vec<[f64; 2]>,
}

impl Sums {
    /// Adds a reading.
    pub fn add(&mut self, reading: &Reading, metric: Metric) {
        self.loss_sum += reading.loss * reading.steps as f64;
        // A step is over one number of samples, or of episodes, throughout a run.
        self.metric_sum += metric.to_additive(reading.metric) * reading.steps as f64;
        self.steps += reading.steps;
        self.samples += reading.samples;
        self.heads.resize(reading.heads.len(), [0.0; 2]);
        for (sums, head) in self.heads.iter_mut().zip(&reading.heads) {
            let metric = head.value.map(|value| head.metric.to_additive(value));
            for (sum, value) in sums.iter_mut().zip([head.loss, metric]) {
                *sum += value.unwrap_or(f64::NAN) * reading.steps as f64;
            }
        }
    }

    /// Writes the mean loss and the metric over all steps into what each head came to, where there was one.
    pub fn of_training(&self, heads: &mut [HeadResult]) {
        if self.steps == 0 {
            return;
        }
        let mean = |sum: f64| Some(sum / self.steps as f64).filter(|mean| mean.is_finite());
        for (head, [loss, metric]) in heads.iter_mut().zip(&self.heads) {
            head.train_loss = mean(*loss);
            head.train_value = mean(*metric).map(|mean| head.metric.from_additive(mean));
        }
    }

    /// Mean loss a step, where there was one.
    pub fn mean_loss(&self) -> Option<f64> {
        (self.steps > 0).then(|| self.loss_sum / self.steps as f64)
    }

    /// The task's metric over all steps, where there was one.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        (self.steps > 0).then(|| metric.from_additive(self.metric_sum / self.steps as f64))
    }
}

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

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
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

pub(super) fn io<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl Fn(std::io::Error) -> CheckpointError + 'a {
    move |source| CheckpointError::Io {
        doing,
        source,
        path: path.to_owned(),
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
