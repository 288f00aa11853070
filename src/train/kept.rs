//! What samples went through before the network of a run saw them, kept with its checkpoints: a network can then be asked about
//! samples of one's own when the files that it learnt from are gone.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::batches::Scale;
use super::checkpoint::{CheckpointError, io, write};
use super::error::TrainError;
use crate::data::own::Encoding;
use crate::data::{self, Dataset};
use crate::setup::Setup;

/// Name of the file, beside the checkpoints.
const FILE: &str = "encoding.json";
/// The same while it is written.
const UNFINISHED: &str = "unfinished-encoding.json";
/// Version of the file.
const FORMAT: u32 = 1;

/// What a run's samples went through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    format: u32,
    /// That of the run's setup: another one may have other data.
    setup_hash: String,
    /// How a sample of one's own becomes one of the dataset.
    pub encoding: Encoding,
    /// Mean of the numbers that are foretold.
    pub mean: f64,
    /// Their deviation; 1 where none are.
    pub deviation: f64,
}

impl Kept {
    /// That of a run with `setup` on `dataset`.
    pub fn of(setup: &Setup, dataset: &Dataset) -> Self {
        let scale = Scale::of(&dataset.train.labels);
        Self {
            format: FORMAT,
            setup_hash: setup.hash(),
            encoding: Encoding::of(dataset),
            mean: scale.mean,
            deviation: scale.deviation,
        }
    }

    /// Writes it into `folder`, where the run's checkpoints are, beside and renamed.
    ///
    /// # Errors
    /// Where the disk is full or not writable.
    pub fn save(&self, folder: &Path) -> Result<(), CheckpointError> {
        let (unfinished, path) = (folder.join(UNFINISHED), folder.join(FILE));
        let json = serde_json::to_vec(self).map_err(|error| CheckpointError::Io {
            doing: "write",
            source: error.into(),
            path: path.clone(),
        })?;
        write(&unfinished, &json)?;
        fs::rename(&unfinished, &path).map_err(io("write", &path))
    }

    /// That of the run with `setup` whose checkpoints include the folder `checkpoint`. Where it was not kept, as by earlier versions of
    /// this program, it is made from the dataset.
    ///
    /// # Errors
    /// Where neither can be read.
    pub fn load(setup: &Setup, checkpoint: &Path) -> Result<Self, TrainError> {
        let file = checkpoint.parent().map(|folder| folder.join(FILE));
        let kept = file.as_deref().map_or_else(missing, read);
        let why = match kept {
            Ok(kept) if kept.setup_hash == setup.hash() => return Ok(kept),
            Ok(_) => "it is of another setup".to_owned(),
            Err(why) => why,
        };
        let dataset = data::load(&setup.dataset).map_err(|error| TrainError::Unkept {
            why,
            error: Box::new(error),
            path: file.unwrap_or_default(),
        })?;
        Ok(Self::of(setup, &dataset))
    }
}

fn missing() -> Result<Kept, String> {
    Err("it is not there".to_owned())
}

fn read(path: &Path) -> Result<Kept, String> {
    let json = match fs::read(path) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return missing(),
        Err(error) => return Err(error.to_string()),
    };
    let kept: Kept =
        serde_json::from_slice(&json).map_err(|error| format!("it is damaged: {error}"))?;
    if kept.format != FORMAT {
        return Err(format!(
            "its format {} is not known, only {FORMAT}",
            kept.format
        ));
    }
    Ok(kept)
}
