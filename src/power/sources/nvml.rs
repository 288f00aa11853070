//! NVIDIA cards through the driver's management library: the energy counter first, polled power where the card has no
//! counter (before Volta).

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use nvml_wrapper::{
    Device, Nvml,
    enum_wrappers::device::{Clock as ClockDomain, TemperatureSensor},
    error::NvmlError,
};

use super::Found;
use crate::{
    power::{
        ErrorRule, Extra, Kind, Level, Meter, MeterInfo, Options, Origin, Part, PciAddress,
        ReadError, Reading, Refusal, SourceReport, Status, TrainingGpu,
    },
    units::{Boundary, Grade},
};

const COUNTER_SOURCE: &str = "NVML energy counter";
const POWER_SOURCE: &str = "NVML polled power";
/// Above what any one board draws today, in watts.
const MAX_BOARD_W: f64 = 2500.0;
/// How long the refresh period is looked for at most; a period is 20 to 100 ms.
const PROBE: Duration = Duration::from_millis(600);
/// Updates that are enough to know the period.
const PROBE_UPDATES: usize = 6;
/// Counter and polled power that differ by more than this factor are flagged; 1.7 has been reported at idle.
const DISAGREEMENT: f64 = 1.3;
/// Load, temperature and clocks change slowly and cost a driver call each: read this often.
const EXTRAS_EVERY: Duration = Duration::from_secs(1);

/// Whether the card's power sensor is known to look only about a quarter of the time (arXiv 2312.02741: A100 and H100;
/// the other names are the same chips).
pub fn part_time_sampled(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| matches!(word, "A100" | "A800" | "H100" | "H800" | "H200" | "GH200"))
}

/// NVIDIA cards in sysfs as `(address, asleep)`. Asking the management library about a sleeping laptop card would
/// wake it; these files do not.
pub fn sleeping_cards(sysfs_root: &Path) -> Vec<(PciAddress, bool)> {
    let Ok(entries) = fs::read_dir(sysfs_root.join("bus/pci/devices")) else {
        return Vec::new();
    };
    let says = |path: &Path, file: &str| {
        let text = fs::read_to_string(path.join(file)).unwrap_or_default();
        text.trim().to_lowercase()
    };
    let mut cards: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let address = entry.file_name().to_str()?.parse().ok()?;
            let path = entry.path();
            // Class 0x03…: display controllers; a card's sound and USB functions have others.
            (says(&path, "vendor") == "0x10de" && says(&path, "class").starts_with("0x03"))
                .then(|| (address, says(&path, "power/runtime_status") == "suspended"))
        })
        .collect();
    cards.sort();
    cards
}

/// Offers the card that trains, or every card where other programs are measured; names the others.
pub(super) fn find(options: &Options, found: &mut Found) {
    let refuse = |refusal: Refusal| {
        SourceReport::without_meter(
            "nvml",
            COUNTER_SOURCE,
            "NVIDIA cards",
            Boundary::GpuBoard,
            Grade::B,
            refusal,
        )
    };
    let in_sysfs = sleeping_cards(&options.sysfs_root);
    let trains = |pci: PciAddress| options.gpu.as_ref().is_some_and(|gpu| gpu.pci == Some(pci));
    // A card that is about to train may be woken; one that the user lets sleep may not.
    let asleep = in_sysfs
        .iter()
        .all(|(pci, asleep)| *asleep && !trains(*pci));
    if asleep && !in_sysfs.is_empty() {
        found.refuse(refuse(
            Refusal::new(
                "every NVIDIA card sleeps (runtime_status: suspended), and asking would wake it",
            )
            .with_remedy("it is measured when it is the device that trains"),
        ));
        return;
    }
    let listed = Library::open(options.nvml_library.as_deref())
        .and_then(|library| Ok((library.cards()?, library)));
    let (cards, library) = match listed {
        Ok(listed) => listed,
        Err(refusal) => {
            found.refuse(refuse(refusal));
            return;
        }
    };
    let training = training_card(options.gpu.as_ref(), &cards);
    for card in &cards {
        let trains = matches!(&training, Ok((index, _)) if *index == card.index);
        let by_name = matches!(&training, Ok((_, true)));
        let part = match &options.gpu {
            Some(gpu) if trains => gpu.part(),
            _ => card.part(),
        };
        if trains {
            found.gpu_limit_w = card.limit_w;
        }
        if trains || options.every_gpu {
            found.offer_card(&library, card, part, trains && by_name);
            continue;
        }
        let reason = match &training {
            Ok(_) => "it is not the GPU that trains",
            Err(reason) => reason,
        };
        found.refuse(card_report(card, reason));
    }
    if cards.is_empty() {
        found.refuse(refuse(Refusal::new("the NVIDIA driver lists no card")));
    }
}

impl Found {
    fn offer_card(&mut self, library: &Library, card: &Card, part: Part, by_name: bool) {
        match library.meter(card, part) {
            Ok(mut meter) => {
                if by_name {
                    meter.note(
                        "matched to the GPU that trains by its name, since no PCI address is known",
                    );
                }
                self.offer(meter, card.raw.clone());
            }
            Err(refusal) => {
                let mut report = card_report(card, "");
                report.status = refusal.into();
                self.refuse(report);
            }
        }
    }
}

impl Card {
    /// Its place among the parts of the machine.
    fn part(&self) -> Part {
        match self.pci {
            Some(address) => Part::card(address),
            None => Part::machine().inside(&format!("gpu-nvml-{}", self.index)),
        }
    }
}

/// Index of the card that trains and whether only its name says so, or why there is none.
fn training_card(gpu: Option<&TrainingGpu>, cards: &[Card]) -> Result<(u32, bool), String> {
    let Some(gpu) = gpu else {
        return Err("no GPU trains".into());
    };
    if let Some(pci) = gpu.pci {
        let card = cards.iter().find(|card| card.pci == Some(pci));
        return match card {
            Some(card) => Ok((card.index, false)),
            None => Err(format!(
                "the GPU that trains sits at {pci}, and this is not it"
            )),
        };
    }
    let alike: Vec<&Card> = cards
        .iter()
        .filter(|card| card.name.eq_ignore_ascii_case(gpu.name.trim()))
        .collect();
    match alike[..] {
        [card] => Ok((card.index, true)),
        [] => Err(format!("the GPU that trains is another one: {}", gpu.name)),
        _ => Err(format!(
            "several cards are called {}, and the PCI address of the one that trains is not known: attributed to none",
            gpu.name
        )),
    }
}

/// A report on a card that is not used.
fn card_report(card: &Card, reason: &str) -> SourceReport {
    let status = match &card.refusal {
        Some(refusal) => refusal.clone().into(),
        None => Status::Available {
            reason: reason.to_owned(),
        },
    };
    let (source, grade) = if card.has_counter {
        (COUNTER_SOURCE, Grade::B)
    } else {
        (POWER_SOURCE, Grade::C)
    };
    let id = format!("nvml:{}", card.index);
    let mut report =
        SourceReport::without_meter(id, source, &card.name, Boundary::GpuBoard, grade, status);
    report.raw = card.raw.clone();
    report.notes.extend(card.pci.map(|pci| format!("at {pci}")));
    report
}

/// The loaded library.
struct Library {
    nvml: Arc<Nvml>,
    pub driver: Option<String>,
}

/// A card that the library lists.
struct Card {
    pub index: u32,
    pub name: String,
    pub pci: Option<PciAddress>,
    /// Counter or power as text.
    pub raw: Option<String>,
    pub has_counter: bool,
    /// Why it has no reading, if so.
    pub refusal: Option<Refusal>,
    /// The limit that the driver enforces, in watts.
    pub limit_w: Option<f64>,
}

impl Library {
    /// Loads the library, from `path` or under its usual name.
    fn open(path: Option<&Path>) -> Result<Self, Refusal> {
        let mut builder = Nvml::builder();
        if let Some(path) = path {
            builder.lib_path(path.as_os_str());
        } else if cfg!(target_os = "linux") {
            // The name without a version belongs to development packages.
            builder.lib_path(OsStr::new("libnvidia-ml.so.1"));
        }
        let nvml = builder.init().map_err(|error| cannot_open(&error))?;
        let driver = nvml.sys_driver_version().ok();
        Ok(Self {
            nvml: Arc::new(nvml),
            driver,
        })
    }

    /// Every card, in the library's order.
    fn cards(&self) -> Result<Vec<Card>, Refusal> {
        let count = self.nvml.device_count().map_err(|error| {
            Refusal::new(format!(
                "the NVIDIA driver does not list its cards: {error}"
            ))
        })?;
        Ok((0..count).map(|index| self.card(index)).collect())
    }

    fn card(&self, index: u32) -> Card {
        let mut card = Card {
            index,
            name: format!("NVIDIA card {index}"),
            pci: None,
            raw: None,
            has_counter: false,
            refusal: None,
            limit_w: None,
        };
        let device = match self.nvml.device_by_index(index) {
            Ok(device) => device,
            Err(error) => {
                card.refusal = Some(Refusal::new(format!(
                    "the driver does not open it: {error}"
                )));
                return card;
            }
        };
        if let Ok(name) = device.name() {
            card.name = name;
        }
        card.pci = device
            .pci_info()
            .ok()
            .and_then(|pci| pci.bus_id.parse().ok());
        card.limit_w = device
            .enforced_power_limit()
            .ok()
            .map(|mw| f64::from(mw) / 1e3);
        if device.mig_mode().is_ok_and(|mode| mode.current == 1) {
            card.refusal = Some(
                Refusal::new(
                    "it is split into MIG slices, which have no energy reading of their own",
                )
                .with_remedy("turn MIG off as root: nvidia-smi -mig 0"),
            );
            return card;
        }
        match (device.total_energy_consumption(), device.power_usage()) {
            (Ok(counts), _) => {
                card.has_counter = true;
                card.raw = Some(format!("{counts} mJ"));
            }
            (Err(_), Ok(milliwatts)) => card.raw = Some(format!("{milliwatts} mW")),
            (Err(counter), Err(power)) => {
                card.refusal = Some(Refusal::new(format!(
                    "neither energy counter ({counter}) nor power ({power}); some laptop and small cards have no sensor"
                )));
            }
        }
        card
    }

    /// A meter of `card`. Watches the card for up to 0.6 s to learn how often it publishes.
    fn meter(&self, card: &Card, part: Part) -> Result<NvmlMeter, Refusal> {
        if let Some(refusal) = &card.refusal {
            return Err(refusal.clone());
        }
        let device = self
            .nvml
            .device_by_index(card.index)
            .map_err(|error| Refusal::new(format!("the driver does not open it: {error}")))?;
        let probe = Probe::watch(&device, card.has_counter);
        let mut notes: Vec<String> = Vec::new();
        notes.extend(
            self.driver
                .as_ref()
                .map(|driver| format!("driver {driver}")),
        );
        notes.extend(probe.disagreement());
        // Grace Hopper's counter covers CPU, GPU and memory of the module.
        let module = card.name.contains("GH200");
        if module {
            notes.push("the reading covers the whole module, CPU included".into());
        }
        let part_time = part_time_sampled(&card.name);
        if part_time && !card.has_counter {
            notes.push(
                "the sensor looks about a quarter of the time: wider interval under 1 min".into(),
            );
        }
        let (source, grade, kind, error) = if card.has_counter {
            let kind = Kind::Counter {
                joules_per_count: 1e-3,
                wrap_counts: None,
            };
            (COUNTER_SOURCE, Grade::B, kind, ErrorRule::COUNTER)
        } else if part_time {
            (
                POWER_SOURCE,
                Grade::C,
                Kind::Power,
                ErrorRule::POLLED_PART_TIME,
            )
        } else {
            (POWER_SOURCE, Grade::C, Kind::Power, ErrorRule::POLLED)
        };
        Ok(NvmlMeter {
            nvml: Arc::clone(&self.nvml),
            index: card.index,
            counter: card.has_counter,
            extras_at: None,
            info: MeterInfo {
                id: format!("nvml:{}", card.index),
                source: source.to_owned(),
                device: card.name.clone(),
                boundary: if module {
                    Boundary::Soc
                } else {
                    Boundary::GpuBoard
                },
                grade,
                covers: if module {
                    vec![part, Part::processors(), Part::memory()]
                } else {
                    vec![part]
                },
                origin: Origin::Sensor,
                kind,
                refresh_s: probe.refresh_s(),
                every_s: 0.0,
                error,
                max_power_w: MAX_BOARD_W,
                notes,
                pci: card.pci,
            },
        })
    }
}

fn cannot_open(error: &NvmlError) -> Refusal {
    match error {
        NvmlError::LibloadingError(_) => Refusal::new(format!(
            "the NVIDIA management library is not there: {error}"
        ))
        .with_remedy("where there is an NVIDIA card: install NVIDIA's driver, which brings the library along"),
        NvmlError::DriverNotLoaded => Refusal::new("NVIDIA's kernel driver is not loaded")
            .with_remedy("load it (sudo modprobe nvidia) or restart after an update of the driver"),
        NvmlError::LibRmVersionMismatch => {
            Refusal::new("NVIDIA's library and kernel driver are of different versions")
                .with_remedy("restart the machine after an update of the driver")
        }
        other => Refusal::new(format!("the NVIDIA management library does not start: {other}")),
    }
}

/// What a card published while it was watched.
#[derive(Default)]
struct Probe {
    /// Times at which a new value was seen, in seconds, and the counter in joules where there is one.
    updates: Vec<(f64, f64)>,
    /// Polled power: time in seconds, watts.
    power: Vec<(f64, f64)>,
}

impl Probe {
    fn watch(device: &Device<'_>, counter: bool) -> Self {
        let mut probe = Self::default();
        let start = Instant::now();
        let mut last = None;
        while start.elapsed() < PROBE && probe.updates.len() <= PROBE_UPDATES {
            let power_w = device.power_usage().ok().map(|mw| f64::from(mw) / 1e3);
            let energy_j = device
                .total_energy_consumption()
                .ok()
                .map(|mj| mj as f64 / 1e3);
            let t_s = start.elapsed().as_secs_f64();
            probe.power.extend(power_w.map(|power_w| (t_s, power_w)));
            let value = if counter { energy_j } else { power_w };
            if value.is_some() && last.is_some() && value != last {
                probe.updates.push((t_s, energy_j.unwrap_or(0.0)));
            }
            last = value.or(last);
            std::thread::sleep(Duration::from_millis(1));
        }
        probe
    }

    /// Median time between updates, where at least three were seen. A steady power may publish the same value twice,
    /// so a polled card's period is an upper bound.
    fn refresh_s(&self) -> Option<f64> {
        let mut steps: Vec<f64> = self
            .updates
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0)
            .collect();
        steps.sort_by(f64::total_cmp);
        (steps.len() >= 2).then(|| steps[steps.len() / 2])
    }

    /// A note, where the counter and the mean of polled power tell different stories.
    fn disagreement(&self) -> Option<String> {
        let (first, last) = (self.updates.first()?, self.updates.last()?);
        let counted_w = (last.1 - first.1) / (last.0 - first.0);
        let polled: Vec<f64> = self
            .power
            .iter()
            .filter(|(t_s, _)| (first.0..=last.0).contains(t_s))
            .map(|(_, power_w)| *power_w)
            .collect();
        let polled_w = polled.iter().sum::<f64>() / polled.len() as f64;
        let ratio = counted_w / polled_w;
        let agrees = (1.0 / DISAGREEMENT..=DISAGREEMENT).contains(&ratio);
        (self.updates.len() > 2 && ratio.is_finite() && counted_w > 0.0 && !agrees).then(|| {
            format!(
                "counter and polled power disagree at the start: {counted_w:.0} W counted, {polled_w:.0} W polled \
                 (flagged above a factor of {DISAGREEMENT})"
            )
        })
    }
}

/// One NVIDIA card.
struct NvmlMeter {
    nvml: Arc<Nvml>,
    index: u32,
    counter: bool,
    extras_at: Option<Instant>,
    info: MeterInfo,
}

impl NvmlMeter {
    fn note(&mut self, note: &str) {
        self.info.notes.push(note.to_owned());
    }

    fn extras(&mut self) -> Vec<Extra> {
        if self.extras_at.is_some_and(|at| at.elapsed() < EXTRAS_EVERY) {
            return Vec::new();
        }
        self.extras_at = Some(Instant::now());
        let Ok(device) = self.nvml.device_by_index(self.index) else {
            return Vec::new();
        };
        let load = device.utilization_rates().ok();
        let clock = |domain| device.clock_info(domain).ok().map(f64::from);
        [
            (
                "utilization",
                load.as_ref().map(|load| f64::from(load.gpu)),
                "%",
            ),
            (
                "memory_utilization",
                load.as_ref().map(|load| f64::from(load.memory)),
                "%",
            ),
            (
                "temperature",
                device
                    .temperature(TemperatureSensor::Gpu)
                    .ok()
                    .map(f64::from),
                "Cel",
            ),
            ("sm_clock", clock(ClockDomain::SM), "MHz"),
            ("memory_clock", clock(ClockDomain::Memory), "MHz"),
        ]
        .into_iter()
        .filter_map(|(metric, value, unit)| Some(Extra::new(metric, value?, unit)))
        .collect()
    }
}

impl Meter for NvmlMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let level = self.nvml.device_by_index(self.index).and_then(|device| {
            if self.counter {
                device.total_energy_consumption().map(Level::Counts)
            } else {
                device
                    .power_usage()
                    .map(|mw| Level::Watts(f64::from(mw) / 1e3))
            }
        });
        let level = level.map_err(|error| ReadError::Driver {
            device: self.info.device.clone(),
            reason: error.to_string(),
        })?;
        Ok(Reading {
            level,
            extras: self.extras(),
        })
    }
}
