//! What a network has learnt before: weights of another run or of a file, matched to its layers by name and shape.

mod matching;
mod names;
mod refusal;
mod source;

use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};

use super::checkpoint;
use super::{CheckpointError, TrainError};
use crate::data;
use crate::models::Network;
use crate::setup::plan::Plan;
use crate::setup::{ModelSetup, Setup, StartReport, StartSetup, WeightsFormat};
use matching::Match;
use source::Source;

/// Where a run begins that takes over another one's weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartFrom {
    /// The run.
    pub run_id: String,
    /// Folder of its checkpoint.
    pub checkpoint: PathBuf,
}

/// Why weights could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system refused.
    #[error("the weights to start from cannot be read: {source}: {path}")]
    Io {
        /// What it said.
        source: std::io::Error,
        /// Which file.
        path: PathBuf,
    },
    /// The file is damaged, of another kind, or holds what is no weights.
    #[error(
        "the weights to start from cannot be read: {message}; safetensors, Burn's own format and what torch.save writes are \
         read: {path}"
    )]
    NoWeights {
        /// What is wrong with it.
        message: String,
        /// Which file.
        path: PathBuf,
    },
    /// Nothing in it has a place in the network.
    #[error(
        "none of the {found} tensors to start from fits a layer of this network; there are, for instance, {theirs}, and here, laid \
         out as there, {ours}; {hint}: {path}"
    )]
    NothingFits {
        /// How many there are.
        found: usize,
        /// Some of them, and why they do not fit.
        theirs: String,
        /// Some of the network's, in the layout of the source.
        ours: String,
        /// How to mend it.
        hint: &'static str,
        /// Which file.
        path: PathBuf,
    },
    /// A weight that fits is no finite number.
    #[error("`{name}` of the weights to start from holds numbers that are not finite: {path}")]
    NotFinite {
        /// Which tensor.
        name: String,
        /// Which file.
        path: PathBuf,
    },
    /// A run was named and nobody looked it up.
    #[error("start.run = `{0}` names a run, and there is no library here to find it in")]
    NoLibrary(String),
}

/// Gives `network`, which was built for `model`, the weights that `setup` names; `from` is the run of the library, where it names one.
///
/// Nothing of a file is ever executed: a PyTorch checkpoint is read by a parser that knows tensors and plain values alone.
///
/// # Errors
/// Where the source cannot be read or is damaged, or nothing in it fits.
pub fn begin(
    setup: &StartSetup,
    from: Option<&StartFrom>,
    model: &ModelSetup,
    network: Network,
) -> Result<(Network, StartReport), TrainError> {
    let source = match (from, &setup.file, &setup.run) {
        (Some(from), ..) => of_run(from)?,
        (None, Some(file), _) => Source::open(file, setup)?,
        (None, None, run) => {
            return Err(StartError::NoLibrary(run.clone().unwrap_or_default()).into());
        }
    };
    Ok(fill(source, setup, model, network)?)
}

/// Whether `setup` can begin as it wishes; on the CPU, before a device is touched.
///
/// # Errors
/// As [`begin`], and where the dataset cannot be read.
pub fn check_start(setup: &Setup, plan: &Plan, from: Option<&StartFrom>) -> Result<(), TrainError> {
    let Some(start) = &setup.start else {
        return Ok(());
    };
    let info = data::describe(&setup.dataset)?;
    let (model, seed) = (&setup.model, setup.regime.seed);
    let cpu = Device::flex();
    let network = Network::new(model, info.input, info.outputs(), plan, seed, &cpu);
    begin(start, from, model, network).map(drop)
}

fn of_run(from: &StartFrom) -> Result<Source, TrainError> {
    let weights = checkpoint::weights(&from.checkpoint)?;
    let mut source = Source::open(&weights.path, &StartSetup::default())?;
    let origin = &mut source.origin;
    if origin.sha256 != weights.sha256 || origin.format != WeightsFormat::Burnpack {
        return Err(CheckpointError::Damaged {
            message: "its checksum is not the one that was written".to_owned(),
            path: weights.path,
        }
        .into());
    }
    origin.run_id = Some(from.run_id.clone());
    origin.step = Some(weights.step);
    Ok(source)
}

fn fill(
    source: Source,
    setup: &StartSetup,
    model: &ModelSetup,
    network: Network,
) -> Result<(Network, StartReport), StartError> {
    let path = source.origin.path.clone();
    let matched = Match::new(source, setup, model, &network);
    if matched.taken.is_empty() {
        return Err(matched.nothing_fits(&network, path));
    }
    let mut values = Vec::with_capacity(matched.taken.len());
    for taken in matched.taken {
        let data = taken.stored.read(&path)?;
        let data = if taken.is_transposed {
            transposed(&data)
        } else {
            data
        };
        let finite = |data: &TensorData| data.iter::<f32>().all(f32::is_finite);
        if !finite(&data) {
            return Err(StartError::NotFinite {
                name: taken.stored.name,
                path,
            });
        }
        values.push((taken.id, data));
    }
    let network = network.map(&mut Fill { values });
    Ok((network, matched.report))
}

/// Rows and columns of a matrix change places.
fn transposed(data: &TensorData) -> TensorData {
    let shape = data.shape().to_vec();
    let (rows, columns) = (shape[0], shape[1]);
    let values: Vec<f32> = data.iter::<f32>().collect();
    let mut turned = Vec::with_capacity(values.len());
    for column in 0..columns {
        for row in 0..rows {
            turned.push(values[row * columns + column]);
        }
    }
    TensorData::new(turned, [columns, rows])
}

struct Fill {
    values: Vec<(ParamId, TensorData)>,
}

impl ModuleMapper for Fill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(at) = self.values.iter().position(|(id, _)| *id == param.id) else {
            return param;
        };
        let (id, data) = self.values.swap_remove(at);
        let tensor = Tensor::from_data(data, (&param.lazy_device(), DType::F32));
        param.transform_for_load(tensor, id)
    }
}

/// Some of many tensors, for a message: names and shapes.
fn some_of<'a>(tensors: impl Iterator<Item = (&'a str, &'a [usize])>) -> String {
    let words = tensors
        .take(4)
        .map(|(name, shape)| format!("`{name}` {shape:?}"));
    words.collect::<Vec<String>>().join(", ")
}

fn no_weights(path: &Path, message: impl Into<String>) -> StartError {
    StartError::NoWeights {
        message: message.into(),
        path: path.to_owned(),
    }
}
