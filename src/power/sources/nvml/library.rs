//! Loads NVIDIA's management library and lists its cards.

use std::{path::Path, sync::Arc};

use nvml_wrapper::{Nvml, error::NvmlError};

use super::{card::Card, faults, handle::Handle};
use crate::power::{PciAddress, Refusal};

/// Up to about this major version of the driver, power readings had another meaning.
const MEANING_CHANGED: u32 = 530;

/// The loaded library.
pub(super) struct Library {
    nvml: Arc<Nvml>,
    /// What is said of every card: the versions of driver and library.
    pub notes: Vec<String>,
}

/// Under which names the library is looked for where none is given.
fn usual_names() -> &'static [&'static str] {
    if cfg!(windows) {
        // Since about driver 450 in the system's folder, before that beside nvidia-smi.
        &[
            "nvml.dll",
            r"C:\Program Files\NVIDIA Corporation\NVSMI\nvml.dll",
        ]
    } else {
        // The name without a version belongs to development packages. The second place is that of a Linux inside
        // Windows, where the loader may not look by itself.
        &["libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"]
    }
}

impl Library {
    /// Loads the library, from `path` or under its usual names.
    pub fn open(path: Option<&Path>) -> Result<Self, Refusal> {
        let names = match path {
            Some(path) => vec![path],
            None => usual_names().iter().map(Path::new).collect(),
        };
        let nvml = load_first(&names).map_err(|error| faults::of_library(&error))?;
        let driver = nvml.sys_driver_version().ok();
        Ok(Self {
            notes: notes(driver.as_deref(), nvml.sys_nvml_version().ok().as_deref()),
            nvml: Arc::new(nvml),
        })
    }

    /// Every card, in the library's order.
    pub fn cards(&self) -> Result<Vec<Card>, Refusal> {
        let count = self.nvml.device_count().map_err(|error| {
            faults::of_card(&error).unwrap_or_else(|| {
                Refusal::new(format!(
                    "the NVIDIA driver does not list its cards: {error}"
                ))
            })
        })?;
        let card = |index| Card::of(Handle::at_index(&self.nvml, index), Some(index), None);
        Ok((0..count).map(card).collect())
    }

    /// The cards at these addresses; others are not touched.
    pub fn cards_at(&self, addresses: &[PciAddress]) -> Vec<Card> {
        let card = |&address: &PciAddress| {
            let handle = Handle::at_address(&self.nvml, address.to_string());
            Card::of(handle, None, Some(address))
        };
        addresses.iter().map(card).collect()
    }
}

/// The first of the libraries that is there. Where none is, the error is that of the first name, which is the usual one.
fn load_first(names: &[&Path]) -> Result<Nvml, NvmlError> {
    let mut absent = None;
    for name in names {
        match Nvml::builder().lib_path(name.as_os_str()).init() {
            Err(error @ NvmlError::LibloadingError(_)) => absent = absent.or(Some(error)),
            other => return other,
        }
    }
    Err(absent.unwrap_or(NvmlError::LibraryNotFound))
}

fn notes(driver: Option<&str>, library: Option<&str>) -> Vec<String> {
    let versions: Vec<String> = [("driver", driver), ("library", library)]
        .into_iter()
        .filter_map(|(of, version)| Some(format!("{of} {}", version?)))
        .collect();
    let mut notes = Vec::new();
    if !versions.is_empty() {
        notes.push(versions.join(", "));
    }
    let major = driver.and_then(|driver| driver.split('.').next()?.parse::<u32>().ok());
    if major.is_some_and(|major| major < MEANING_CHANGED) {
        notes.push(format!(
            "the driver is older than {MEANING_CHANGED}: what it calls power may be an instant or a mean over a second, \
             and is not to be compared with that of later drivers"
        ));
    }
    notes
}
