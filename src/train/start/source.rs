//! Tensors in a file, whatever wrote it. Headers are read at once, numbers when they are asked for.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use burn::store::burn_pack::{self, Reader};
use burn::store::pytorch_reader::PytorchReader;
use burn::store::{ModuleStore, SafetensorsStore, bridge};
use burn::tensor::{DType, TensorData};
use sha2::{Digest, Sha256};

use super::{StartError, no_weights};
use crate::setup::{Origin, StartSetup, WeightLayout, WeightsFormat};

/// What a burnpack file begins with.
const BURNPACK: [u8; 4] = burn_pack::MAGIC_NUMBER.to_le_bytes();
/// The longest header of a safetensors file that its own readers accept, bytes.
const SAFETENSORS_HEADER_MAX: u64 = 100_000_000;
/// Tables of a checkpoint in which the weights usually are.
const KEYS: [&str; 4] = ["state_dict", "model_state_dict", "model", "network"];
/// What wrappers put before all names: data-parallel training, compiled models, a model within another.
const WRAPPERS: [&str; 4] = ["module.", "_orig_mod.", "model.", "net."];

/// The tensors of a file.
pub struct Source {
    /// Where they come from.
    pub origin: Origin,
    /// In the order of their names.
    pub tensors: Vec<Stored>,
}

/// A tensor in a file.
pub struct Stored {
    /// Its name in the file.
    pub name: String,
    /// Its name as it is looked for: without what wrappers put before it.
    pub short: String,
    /// Its shape.
    pub shape: Vec<usize>,
    tensor: burn_pack::Tensor,
}

impl Source {
    /// Opens the file at `path`; `setup` says which table of it and how its weights lie.
    ///
    /// # Errors
    /// Where it cannot be read, is damaged or holds no tensors.
    pub fn open(path: &Path, setup: &StartSetup) -> Result<Self, StartError> {
        let io = |source| StartError::Io {
            source,
            path: path.to_owned(),
        };
        let metadata = std::fs::metadata(path).map_err(io)?;
        if !metadata.is_file() {
            return Err(no_weights(path, "it is no file"));
        }
        let (format, header) = recognise(path).map_err(io)?;
        // Readers of files from elsewhere must not take the process with them, whatever they make of a damaged one.
        let read = catch_unwind(AssertUnwindSafe(|| tensors(path, format)));
        let tensors = read
            .unwrap_or_else(|_| Err("its reader gave up on it".to_owned()))
            .map_err(|message| no_weights(path, message))?;
        let layout = match setup.layout {
            WeightLayout::Auto if is_of_burn(format, &header) => WeightLayout::Burn,
            WeightLayout::Auto => WeightLayout::Pytorch,
            given => given,
        };
        let tensors =
            chosen(tensors, setup.key.as_deref()).map_err(|message| no_weights(path, message))?;
        if tensors.is_empty() {
            return Err(no_weights(path, "there is no tensor in it"));
        }
        Ok(Self {
            origin: Origin {
                run_id: None,
                step: None,
                path: path.to_owned(),
                format,
                layout,
                sha256: checksum(path).map_err(io)?,
            },
            tensors,
        })
    }
}

impl Stored {
    /// Its numbers, in 32 bits.
    ///
    /// # Errors
    /// Where they cannot be read, or are no floating-point numbers.
    pub fn read(&self, path: &Path) -> Result<TensorData, StartError> {
        let in_it = |message: String| no_weights(path, format!("`{}`: {message}", self.name));
        if !self.is_float() {
            return Err(in_it(format!(
                "it holds {:?}, no floating-point numbers",
                self.tensor.dtype
            )));
        }
        let read = catch_unwind(AssertUnwindSafe(|| bridge::to_data(&self.tensor)));
        let data = read
            .map_err(|_| in_it("its reader gave up on it".to_owned()))?
            .map_err(|error| in_it(error.to_string()))?;
        Ok(data.convert_dtype(DType::F32))
    }

    /// Whether it holds floating-point numbers.
    pub fn is_float(&self) -> bool {
        matches!(
            self.tensor.dtype,
            DType::F64 | DType::F32 | DType::F16 | DType::BF16
        )
    }
}

/// What kind of file it is by its first bytes, and of a safetensors file its header.
fn recognise(path: &Path) -> std::io::Result<(WeightsFormat, Vec<u8>)> {
    let mut file = BufReader::new(File::open(path)?);
    let mut first = Vec::new();
    (&mut file).take(8).read_to_end(&mut first)?;
    if first.starts_with(&BURNPACK) {
        return Ok((WeightsFormat::Burnpack, Vec::new()));
    }
    if let Some(length) = first.first_chunk::<8>().map(|b| u64::from_le_bytes(*b))
        && length <= SAFETENSORS_HEADER_MAX
    {
        let mut header = Vec::new();
        (&mut file).take(length).read_to_end(&mut header)?;
        if header.first() == Some(&b'{') {
            return Ok((WeightsFormat::Safetensors, header));
        }
    }
    Ok((WeightsFormat::Pytorch, Vec::new()))
}

/// Whether Burn wrote the file: its own format always, another where its header says so.
fn is_of_burn(format: WeightsFormat, header: &[u8]) -> bool {
    let says_so = || {
        let header: serde_json::Value = serde_json::from_slice(header).ok()?;
        Some(header.pointer("/__metadata__/producer")?.as_str()? == "burn")
    };
    format == WeightsFormat::Burnpack || says_so().unwrap_or(false)
}

fn tensors(path: &Path, format: WeightsFormat) -> Result<Vec<burn_pack::Tensor>, String> {
    match format {
        WeightsFormat::Burnpack => Reader::from_file_exact(path)
            .and_then(Reader::into_tensors)
            .map_err(|error| error.to_string()),
        WeightsFormat::Safetensors => {
            let mut store = SafetensorsStore::from_file(path).map_indices_contiguous(false);
            let tensors = store.get_all_tensors().map_err(|error| error.to_string())?;
            Ok(tensors.values().cloned().collect())
        }
        WeightsFormat::Pytorch => {
            let reader = PytorchReader::new(path).map_err(|error| error.to_string())?;
            let tensors = reader.into_tensors().into_values();
            let mut tensors: Vec<_> = tensors.map(bridge::from_pytorch).collect();
            tensors.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(tensors)
        }
    }
}

/// The tensors of the table `key`, or of the first of the usual ones that there is; else all. What stands before all names
/// is taken off.
fn chosen(tensors: Vec<burn_pack::Tensor>, key: Option<&str>) -> Result<Vec<Stored>, String> {
    let holds = |prefix: &str| tensors.iter().any(|tensor| tensor.name.starts_with(prefix));
    let prefix = match key {
        Some(key) => {
            let prefix = format!("{key}.");
            if !holds(&prefix) {
                let tables = tables(&tensors);
                return Err(format!(
                    "there is no table `{key}` of tensors in it; there are {tables}"
                ));
            }
            prefix
        }
        None => {
            let usual = KEYS.map(|key| format!("{key}."));
            let found = usual.into_iter().find(|prefix| holds(prefix));
            found.unwrap_or_default()
        }
    };
    let mut stored: Vec<Stored> = tensors
        .into_iter()
        .filter(|tensor| tensor.name.starts_with(&prefix))
        .map(|tensor| Stored {
            name: tensor.name.clone(),
            short: tensor.name[prefix.len()..].to_owned(),
            shape: tensor.shape.to_vec(),
            tensor,
        })
        .collect();
    for wrapper in WRAPPERS {
        if stored
            .iter()
            .all(|stored| stored.short.starts_with(wrapper))
        {
            for stored in &mut stored {
                stored.short.drain(..wrapper.len());
            }
        }
    }
    Ok(stored)
}

/// What names begin with, for a message.
fn tables(tensors: &[burn_pack::Tensor]) -> String {
    let mut tables: Vec<&str> = Vec::new();
    for tensor in tensors {
        let table = tensor.name.split('.').next().unwrap_or_default();
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    let tables = tables.into_iter().take(8);
    tables
        .map(|table| format!("`{table}`"))
        .collect::<Vec<String>>()
        .join(", ")
}

fn checksum(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            break;
        }
        digest.update(&part[..read]);
    }
    Ok(digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
