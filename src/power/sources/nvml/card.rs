//! A card that the library lists: who it is, what it can say, and why not, where it cannot.

use std::sync::Arc;

#[cfg(target_os = "linux")]
use nvml_wrapper::enum_wrappers::device::GpuVirtualizationMode;
use nvml_wrapper::{Device, enums::device::DeviceArchitecture, error::NvmlError};

use super::{COUNTER_SOURCE, POWER_SOURCE, faults, handle::Handle};
use crate::{
    power::{Part, PciAddress, Refusal, SourceReport, Status},
    units::{Boundary, Grade},
};

/// Whether the card's power sensor is known to look only about a quarter of the time (arXiv 2312.02741: A100 and H100;
/// the other names are the same chips).
pub fn part_time_sampled(name: &str) -> bool {
    has_word(
        name,
        &[
            "A100", "A800", "A30", "H100", "H800", "H200", "H20", "GH200",
        ],
    )
}

/// Whether the name has one of these words.
fn has_word(name: &str, words: &[&str]) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| words.contains(&word))
}

/// A card that the library lists.
pub(super) struct Card {
    /// To be asked through; `None` where the driver does not open it.
    pub handle: Option<Arc<Handle>>,
    /// Identifier of its meter, such as `nvml:0`.
    pub id: String,
    pub name: String,
    pub pci: Option<PciAddress>,
    /// Counter or power as text.
    pub raw: Option<String>,
    /// Power as text.
    pub raw_power: Option<String>,
    pub has_counter: bool,
    pub has_power: bool,
    /// Why it has no reading, if so.
    pub refusal: Option<Refusal>,
    /// Why the board's reading, which exists, is not that of what trains on it.
    pub divided: Option<Refusal>,
    /// The limit that the driver enforces, in watts.
    pub limit_w: Option<f64>,
    /// Polled power is a mean over the last second.
    pub is_averaged: bool,
    /// What else should be known.
    pub notes: Vec<String>,
}

impl Card {
    /// The card behind `handle`, with what is known of it already.
    pub fn of(
        handle: Result<Handle, NvmlError>,
        index: Option<u32>,
        pci: Option<PciAddress>,
    ) -> Self {
        let index = index.or_else(|| handle.as_ref().ok()?.device().index().ok());
        let (id, name) = match (index, pci) {
            (Some(index), _) => (format!("nvml:{index}"), format!("NVIDIA card {index}")),
            (None, Some(pci)) => (format!("nvml:{pci}"), format!("NVIDIA card at {pci}")),
            (None, None) => ("nvml".to_owned(), "NVIDIA card".to_owned()),
        };
        let mut card = Self {
            handle: None,
            id,
            name,
            pci,
            raw: None,
            raw_power: None,
            has_counter: false,
            has_power: false,
            refusal: None,
            divided: None,
            limit_w: None,
            is_averaged: false,
            notes: Vec::new(),
        };
        match handle {
            Ok(handle) => {
                card.ask(handle.device(), index);
                card.handle = Some(Arc::new(handle));
            }
            Err(error) => card.refusal = Some(faults::of_opening(&error)),
        }
        card
    }

    fn ask(&mut self, device: &Device<'_>, index: Option<u32>) {
        if let Ok(name) = device.name() {
            self.name = name;
        }
        let pci = device.pci_info().ok();
        self.pci = pci.and_then(|pci| pci.bus_id.parse().ok()).or(self.pci);
        let limit_mw = device.enforced_power_limit().ok();
        self.limit_w = limit_mw.map(|mw| f64::from(mw) / 1e3);
        self.is_averaged = is_averaged(&self.name, device);
        let (counter, power) = (device.total_energy_consumption(), device.power_usage());
        self.has_counter = counter.is_ok();
        self.has_power = power.is_ok();
        self.raw_power = power.as_ref().ok().map(|mw| format!("{mw} mW"));
        match (counter, power) {
            (Ok(counts), _) => self.raw = Some(format!("{counts} mJ")),
            (Err(error), Ok(_)) => {
                self.raw = self.raw_power.clone();
                self.notes
                    .push(format!("no energy counter ({error}): power is polled"));
            }
            (Err(counter), Err(power)) => {
                self.refusal = Some(faults::of_readings(&counter, &power));
            }
        }
        self.ask_who_shares_it(device, index);
    }

    /// Slices and virtual machines: whose is the board's reading?
    fn ask_who_shares_it(&mut self, device: &Device<'_>, index: Option<u32>) {
        if let Ok(mode) = device.mig_mode() {
            match (mode.current, mode.pending) {
                (1, pending) => self.refuse_slices(pending == 0, index),
                (_, 1) => self
                    .notes
                    .push("MIG is off, and will be on after the card's next reset".into()),
                _ => {}
            }
        }
        self.ask_for_virtual_machines(device);
    }

    /// The library tells it on Linux only.
    #[cfg(not(target_os = "linux"))]
    fn ask_for_virtual_machines(&mut self, _: &Device<'_>) {}

    /// Whether the card is one of a virtual machine, or lent to some.
    #[cfg(target_os = "linux")]
    fn ask_for_virtual_machines(&mut self, device: &Device<'_>) {
        match device.virtualization_mode() {
            Ok(GpuVirtualizationMode::Vgpu) => {
                self.refusal = Some(
                    Refusal::new(
                        "it is a virtual GPU (vGPU guest), a share of a card: the host keeps the board's reading",
                    )
                    .with_remedy("measure on the host, or pass a whole card through to this machine"),
                );
            }
            Ok(GpuVirtualizationMode::HostVgpu | GpuVirtualizationMode::HostVsga) => {
                self.notes.push(
                    "the card is lent to virtual machines: the reading is of the whole board, theirs included".into(),
                );
            }
            _ => {}
        }
    }

    fn refuse_slices(&mut self, off_after_reset: bool, index: Option<u32>) {
        let at = index.map_or_else(String::new, |index| format!(" -i {index}"));
        let reading = match (&self.raw, &self.refusal) {
            (Some(raw), _) => format!(
                "the whole board's exists ({raw}) and covers all of its slices, so it is attributed to none"
            ),
            (None, Some(refusal)) => format!("and the whole board has none either: {refusal}"),
            (None, None) => "and the whole board has none either".to_owned(),
        };
        let refusal = Refusal::new(format!(
            "MIG is on: slices of the card have no energy reading of their own; {reading}"
        ))
        .with_remedy(if off_after_reset {
            format!("MIG is off after the card's next reset: sudo nvidia-smi --gpu-reset{at}, or restart")
        } else {
            format!("turn MIG off: sudo nvidia-smi{at} -mig 0")
        });
        if self.raw.is_some() {
            self.divided = Some(refusal);
        } else {
            self.refusal = Some(refusal);
        }
    }

    /// Its place among the parts of the machine.
    pub fn part(&self) -> Part {
        match self.pci {
            Some(address) => Part::card(address),
            None => Part::machine().inside(&format!("gpu-{}", self.id.replace(':', "-"))),
        }
    }

    /// Whether its counter covers CPU, GPU and memory of a module: Grace Hopper's does.
    pub fn is_module(&self) -> bool {
        has_word(&self.name, &["GH200"])
    }

    /// A report on a card that is not used.
    pub fn report(&self, status: Status) -> SourceReport {
        let (source, grade) = if self.has_counter {
            (COUNTER_SOURCE, Grade::B)
        } else {
            (POWER_SOURCE, Grade::C)
        };
        let boundary = if self.is_module() {
            Boundary::Soc
        } else {
            Boundary::GpuBoard
        };
        let mut report =
            SourceReport::without_meter(&self.id, source, &self.name, boundary, grade, status);
        report.raw = self.raw.clone();
        report.notes.extend(self.pci.map(|pci| format!("at {pci}")));
        report.notes.extend(self.notes.iter().cloned());
        report
    }
}

/// Whether `power_usage` is a mean over the last second: on Ampere and later, the GA100 chip excepted; an instant before
/// (NVIDIA's reference of `nvmlDeviceGetPowerUsage`).
fn is_averaged(name: &str, device: &Device<'_>) -> bool {
    let newer = match device.architecture() {
        Ok(
            DeviceArchitecture::Ampere
            | DeviceArchitecture::Ada
            | DeviceArchitecture::Hopper
            | DeviceArchitecture::Blackwell,
        ) => true,
        // The binding has no name for what came after Blackwell.
        Err(NvmlError::UnexpectedVariant(code)) => code > DeviceArchitecture::Blackwell.as_c(),
        _ => false,
    };
    newer && !has_word(name, &["A100", "A800", "A30"])
}
