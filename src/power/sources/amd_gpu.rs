//! AMD GPUs on Linux, through what the amdgpu driver publishes under hwmon: an energy counter where there is one, else
//! mean power, else power now.
//!
//! The driver's own text says of `power1_average` and `power1_input`: "power used by the SoC in microWatts. On APUs this
//! includes the CPU." (drivers/gpu/drm/amd/pm/amdgpu_pm.c). So the reading of an APU is one of the processors and never
//! added to that of their package.

use std::path::{Path, PathBuf};

use super::{
    Found,
    sysfs::{
        Card, ExtraFile, Extras, cards, in_words, number, refresh_s, sleeps, text, training_card,
    },
};
use crate::{
    power::{
        ErrorRule, Kind, Level, Meter, MeterInfo, Options, Origin, Part, PciAddress, ReadError,
        Reading, Refusal, SourceReport, Status, choice::Use,
    },
    units::{Boundary, Grade},
};

const COUNTER_SOURCE: &str = "amdgpu energy counter";
const POWER_SOURCE: &str = "amdgpu polled power";
const VENDOR: &str = "0x1002";
/// The one accelerator that is an APU: processor cores, GPU and memory in one module.
const MI300A: &str = "0x74a0";
/// Above what any one board draws today, in watts.
const MAX_BOARD_W: f64 = 2500.0;

/// Offers the card that trains, every APU, and every card where other programs are measured; names the others.
pub(super) fn find(options: &Options, found: &mut Found) {
    let cards = cards(&options.sysfs_root, VENDOR, &["amdgpu"]);
    let integrated = options.gpu.as_ref().is_some_and(|gpu| gpu.integrated);
    let by_address = options.gpu.as_ref().is_some_and(|gpu| gpu.pci.is_some());
    // Where no address is known, a card that is of the wrong kind is not the one.
    let fits = |card: &&Card| {
        by_address || marks(card).is_none_or(|chip| (chip != Chip::Card) == integrated)
    };
    let candidates: Vec<&Card> = cards.iter().filter(fits).collect();
    let training = training_card(options, &candidates, &["amd", "radeon", "radv"]);
    let chips: Vec<(Chip, bool)> = cards
        .iter()
        .map(|card| {
            let trains = matches!(training, Ok((address, _)) if address == card.address);
            chip(card, trains.then_some(integrated))
        })
        .collect();
    let several_apus = chips.iter().filter(|(chip, _)| *chip != Chip::Card).count() > 1;
    for (card, (chip, sure)) in cards.iter().zip(chips) {
        let trains = matches!(training, Ok((address, _)) if address == card.address);
        let mut plan = Plan::new(card, chip, sure);
        if trains {
            if let Some(gpu) = &options.gpu {
                plan.device.clone_from(&gpu.name);
                if chip == Chip::Card {
                    plan.covers = vec![gpu.part()];
                }
            }
            if matches!(training, Ok((_, true))) {
                plan.notes.push(
                    "matched to the GPU that trains as the only one of its maker, since no PCI address is known".to_owned(),
                );
            }
        }
        let why_not = match &training {
            _ if !trains && card.sleeps() => Some(
                "it sleeps (runtime_status: suspended), and asking would wake it: it is measured when it trains",
            ),
            _ if trains || chip != Chip::Card || options.every_gpu => None,
            Ok(_) => Some("it is not the GPU that trains"),
            Err(reason) => Some(reason.as_str()),
        };
        if let Some(reason) = why_not {
            let reason = reason.to_owned();
            found.refuse(plan.report(Status::Available { reason }));
            continue;
        }
        if trains && chip == Chip::Card {
            let limit_uw = plan.file("power1_cap").and_then(|file| number(&file).ok());
            found.gpu_limit_w = limit_uw.and_then(watts).or(found.gpu_limit_w);
        }
        found.offer_amd(plan, !trains, several_apus);
    }
}

impl Found {
    fn offer_amd(&mut self, mut plan: Plan, may_sleep: bool, several_apus: bool) {
        let Some((quantity, file)) = plan.sensor() else {
            let refusal = plan.no_sensor();
            self.refuse(plan.report(refusal));
            return;
        };
        let first = match quantity.read(&file) {
            Ok(level) => level,
            Err(error) => {
                let refusal = Refusal::new(in_words(&error));
                self.refuse(plan.report(refusal));
                return;
            }
        };
        let may = if several_apus && plan.chip != Chip::Card {
            plan.notes.push(
                "there are several such chips, and which of the processor packages each is part of is not known: not added"
                    .to_owned(),
            );
            Use::CrossCheck
        } else {
            Use::Add
        };
        let raw = match first {
            Level::Counts(counts) => format!("{counts} µJ"),
            Level::Watts(watts) => format!("{:.0} µW", watts * 1e6),
        };
        let watch = || refresh_s(|| quantity.read(&file).ok());
        let refresh_s = self.watched.refresh_s(&file, watch);
        self.offer_as(
            AmdMeter {
                info: plan.info(quantity, refresh_s),
                quantity,
                file,
                asleep: may_sleep.then(|| plan.folder.clone()),
                extras: plan.extras(),
            },
            Some(raw),
            may,
            0,
        );
    }
}

/// What a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chip {
    /// A card by itself.
    Card,
    /// Part of a processor package.
    Apu,
    /// Processors, GPU and memory in one.
    Module,
}

/// What the driver's files say a card is. Which of them there are is decided in `hwmon_attributes_visible` of
/// amdgpu_pm.c: "only APUs other than gc 9,4,3 have vddnb" (in1, the northbridge's voltage), "no mclk on APUs other than gc
/// 9,4,3" (freq2, the memory's clock), "Skip fan attributes on APU" (fan1). The exception, gc 9.4.3 as an APU, is the
/// MI300A.
fn marks(card: &Card) -> Option<Chip> {
    let (_, hwmon) = card.hwmon.as_ref()?;
    let there = |file: &str| hwmon.join(file).exists();
    if card.device == MI300A {
        Some(Chip::Module)
    } else if there("in1_input") || there("in1_label") {
        Some(Chip::Apu)
    } else if there("freq2_input") || there("fan1_input") {
        Some(Chip::Card)
    } else {
        None
    }
}

/// What a card is, and whether that is sure. `trains_integrated` is what the graphics driver says of the one that trains.
/// In doubt it is taken for an APU: what is then missing is said, and nothing is counted twice.
fn chip(card: &Card, trains_integrated: Option<bool>) -> (Chip, bool) {
    match (marks(card), trains_integrated) {
        (Some(Chip::Card) | None, Some(true)) => (Chip::Apu, true),
        (Some(chip), _) => (chip, true),
        (None, Some(false)) => (Chip::Card, true),
        (None, None) => (Chip::Apu, false),
    }
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Quantity {
    /// Microjoules since the driver was loaded.
    Energy,
    /// Microwatts.
    Power,
}

impl Quantity {
    fn read(self, file: &Path) -> Result<Level, ReadError> {
        let value = number(file)?;
        match self {
            Self::Energy if !is_void(value) => Ok(Level::Counts(value)),
            Self::Power if let Some(watts) = watts(value) => Ok(Level::Watts(watts)),
            _ => Err(ReadError::Driver {
                device: file.display().to_string(),
                reason: format!("{value} is what the driver says where it has no value"),
            }),
        }
    }
}

/// Microwatts in watts; `None` where the value stands for none. Firmware fills what it does not know with ones: 0xFFFF
/// and 0xFFFFFFFF, as they are or taken for watts or milliwatts and converted. All but the smallest are beyond any
/// board, and that one is no multiple of 1 mW, in which the driver counts.
fn watts(microwatts: u64) -> Option<f64> {
    let watts = microwatts as f64 * 1e-6;
    (!is_void(microwatts) && watts <= MAX_BOARD_W).then_some(watts)
}

fn is_void(value: u64) -> bool {
    [0xFFFF, 0xFFFF_FFFF, u64::MAX].contains(&value)
}

/// A card and how it would be read.
struct Plan {
    id: String,
    device: String,
    chip: Chip,
    covers: Vec<Part>,
    card: String,
    address: PciAddress,
    folder: PathBuf,
    hwmon: Option<PathBuf>,
    notes: Vec<String>,
}

impl Plan {
    fn new(card: &Card, chip: Chip, sure: bool) -> Self {
        let address = card.address;
        let mut notes = vec![format!("at {address}")];
        match chip {
            Chip::Card => {}
            Chip::Apu if sure => notes.push(
                "part of the processor's package: the reading contains the CPU and is not added to the package's".to_owned(),
            ),
            Chip::Apu => notes.push(
                "its files do not tell whether it is part of the processor's package: taken as if, so that nothing is counted \
                 twice; if it is a card, its energy is missing from the sum"
                    .to_owned(),
            ),
            Chip::Module => {
                notes.push("the reading covers the whole module, CPU and memory included".to_owned());
            }
        }
        Self {
            id: format!("amdgpu:{address}"),
            device: text(&card.folder.join("product_name"))
                .unwrap_or_else(|| format!("AMD GPU {}", card.device)),
            chip,
            covers: match chip {
                Chip::Card => vec![Part::card(address)],
                Chip::Apu => vec![Part::processors()],
                Chip::Module => vec![Part::card(address), Part::processors(), Part::memory()],
            },
            card: card.device.clone(),
            address,
            folder: card.folder.clone(),
            hwmon: card.hwmon.as_ref().map(|(_, path)| path.clone()),
            notes,
        }
    }

    /// A file of its hwmon folder, if there.
    fn file(&self, name: &str) -> Option<PathBuf> {
        let path = self.hwmon.as_ref()?.join(name);
        path.exists().then_some(path)
    }

    /// The best sensor.
    fn sensor(&self) -> Option<(Quantity, PathBuf)> {
        [
            (Quantity::Energy, "energy1_input"),
            (Quantity::Power, "power1_average"),
            (Quantity::Power, "power1_input"),
        ]
        .into_iter()
        .find_map(|(quantity, name)| Some((quantity, self.file(name)?)))
    }

    fn no_sensor(&self) -> Refusal {
        match self.hwmon {
            Some(_) => Refusal::new(format!(
                "the amdgpu driver publishes no power of this card ({}): APUs before Renoir and the oldest cards have none",
                self.card
            )),
            None => Refusal::new("no amdgpu driver publishes anything of this card").with_remedy(
                "load the kernel module amdgpu, or give the card back from a virtual machine",
            ),
        }
    }

    fn boundary(&self) -> Boundary {
        match self.chip {
            Chip::Card => Boundary::GpuBoard,
            Chip::Apu => Boundary::CpuPackage,
            Chip::Module => Boundary::Soc,
        }
    }

    fn report(&self, status: impl Into<Status>) -> SourceReport {
        let (source, grade) = match self.sensor() {
            Some((Quantity::Energy, _)) => (COUNTER_SOURCE, Grade::B),
            _ => (POWER_SOURCE, Grade::C),
        };
        let mut report = SourceReport::without_meter(
            &self.id,
            source,
            &self.device,
            self.boundary(),
            grade,
            status,
        );
        report.notes.clone_from(&self.notes);
        report
    }

    fn info(&self, quantity: Quantity, refresh_s: Option<f64>) -> MeterInfo {
        let (source, grade, kind, error) = match quantity {
            Quantity::Energy => {
                let kind = Kind::Counter {
                    joules_per_count: 1e-6,
                    // How far it counts is written nowhere: where it falls, the interval is dropped.
                    wrap_counts: None,
                };
                (COUNTER_SOURCE, Grade::B, kind, ErrorRule::COUNTER)
            }
            Quantity::Power => (POWER_SOURCE, Grade::C, Kind::Power, ErrorRule::POLLED),
        };
        MeterInfo {
            id: self.id.clone(),
            source: source.to_owned(),
            device: self.device.clone(),
            boundary: self.boundary(),
            covers: self.covers.clone(),
            origin: Origin::Sensor,
            grade,
            kind,
            refresh_s,
            every_s: 0.0,
            error,
            max_power_w: MAX_BOARD_W,
            notes: self.notes.clone(),
            pci: Some(self.address),
        }
    }

    /// Load in percent; millidegrees; hertz; microwatts.
    fn extras(&self) -> Extras {
        let hwmon = self.hwmon.clone().unwrap_or_default();
        let files = [
            ("utilization", &self.folder, "gpu_busy_percent", 1.0, "%"),
            (
                "memory_utilization",
                &self.folder,
                "mem_busy_percent",
                1.0,
                "%",
            ),
            ("temperature", &hwmon, "temp1_input", 1e-3, "Cel"),
            ("sm_clock", &hwmon, "freq1_input", 1e-6, "MHz"),
            ("memory_clock", &hwmon, "freq2_input", 1e-6, "MHz"),
            ("power_limit", &hwmon, "power1_cap", 1e-6, "W"),
        ];
        Extras::new(files.map(|(metric, folder, file, scale, unit)| ExtraFile {
            metric,
            path: folder.join(file),
            scale,
            unit,
        }))
    }
}

/// One AMD GPU.
struct AmdMeter {
    info: MeterInfo,
    quantity: Quantity,
    file: PathBuf,
    /// The folder of a card that may fall asleep while it is watched: it is not woken.
    asleep: Option<PathBuf>,
    extras: Extras,
}

impl Meter for AmdMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        if self.asleep.as_deref().is_some_and(sleeps) {
            return Err(ReadError::Asleep);
        }
        Ok(Reading {
            level: self.quantity.read(&self.file)?,
            extras: self.extras.due(),
        })
    }
}
