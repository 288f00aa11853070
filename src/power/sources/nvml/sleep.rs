//! Which cards sleep, from sysfs: asking the management library would wake them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::training::is_nvidia;
use crate::power::{PciAddress, TrainingGpu};

/// NVIDIA cards in sysfs as `(address, asleep)`. Asking the management library about a sleeping laptop card would
/// wake it; these files do not.
pub fn sleeping_cards(sysfs_root: &Path) -> Vec<(PciAddress, bool)> {
    let cards = cards(sysfs_root).into_iter();
    cards.map(|card| (card.address, card.asleep)).collect()
}

/// A card as sysfs knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SysfsCard {
    pub address: PciAddress,
    pub asleep: bool,
    /// Which chip it is, such as `0x2206`: cards of one name have the same.
    pub chip: String,
}

/// NVIDIA's cards in sysfs, by address; none where there is no sysfs.
pub(super) fn cards(sysfs_root: &Path) -> Vec<SysfsCard> {
    let Ok(entries) = fs::read_dir(devices(sysfs_root)) else {
        return Vec::new();
    };
    let mut cards: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let address = entry.file_name().to_str()?.parse().ok()?;
            let path = entry.path();
            // Class 0x03…: display controllers; a card's sound and USB functions have others.
            (says(&path, "vendor") == "0x10de" && says(&path, "class").starts_with("0x03")).then(
                || SysfsCard {
                    address,
                    asleep: says(&path, STATUS) == "suspended",
                    chip: says(&path, "device"),
                },
            )
        })
        .collect();
    cards.sort();
    cards
}

/// Whether a card may be woken: it is about to train, and would wake for that anyway. Where its address is not known,
/// the only NVIDIA card of the machine is the one.
pub(super) fn may_wake(card: &SysfsCard, gpu: Option<&TrainingGpu>, of: &[SysfsCard]) -> bool {
    gpu.is_some_and(|gpu| match gpu.pci {
        Some(pci) => pci == card.address,
        None => of.len() == 1 && is_nvidia(&gpu.name),
    })
}

/// Watches whether one card has fallen asleep.
#[derive(Debug)]
pub(super) struct Watch {
    folder: PathBuf,
}

impl Watch {
    /// `None` where the system does not tell.
    pub fn of(sysfs_root: &Path, address: PciAddress) -> Option<Self> {
        let folder = devices(sysfs_root).join(address.to_string());
        folder.join(STATUS).exists().then_some(Self { folder })
    }

    /// Whether it sleeps, or is about to. Does not wake it.
    pub fn is_asleep(&self) -> bool {
        matches!(&*says(&self.folder, STATUS), "suspended" | "suspending")
    }

    /// Whether it may fall asleep at all.
    pub fn may_sleep(&self) -> bool {
        says(&self.folder, "power/control") == "auto"
    }
}

/// `active`, `suspended`, `suspending` or `resuming`.
const STATUS: &str = "power/runtime_status";

fn devices(sysfs_root: &Path) -> PathBuf {
    sysfs_root.join("bus/pci/devices")
}

fn says(folder: &Path, file: &str) -> String {
    let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
    text.trim().to_lowercase()
}
