//! Tries every source, picks the meters, and says what became of each.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Level, Load, Meter, ModelMeter, Parameters, PciAddress, Refusal, SourceReport, Status,
    cpu_load, cpu_tdp_w, gpu_board_power_w,
    model::cpu_name,
    nvml::{self, Card, Library},
    rapl,
};
use crate::units::{Boundary, Grade};

/// Power assumed of a GPU of which nothing is known, in watts.
const UNKNOWN_GPU_W: f64 = 150.0;

/// The GPU that trains.
#[derive(Clone)]
pub struct TrainingGpu {
    /// Its name, as its graphics driver prints it.
    pub name: String,
    /// Whether it is part of the processor's package.
    pub integrated: bool,
    /// Where it sits, if that is known.
    pub pci: Option<PciAddress>,
    /// How busy it has been lately, 0 to 1: the share of time with training work submitted.
    pub busy: Load,
}

/// Where to look, and what the user knows better.
#[derive(Clone)]
pub struct Options {
    /// Where sysfs is mounted; tests put a tree of their own there.
    pub sysfs_root: PathBuf,
    /// NVIDIA's management library, where it is not under its usual name.
    pub nvml_library: Option<PathBuf>,
    /// Power of all processors together at full load, in watts.
    pub cpu_tdp_w: Option<f64>,
    /// Power of all processors together at idle, in watts.
    pub cpu_idle_w: Option<f64>,
    /// Power of the training GPU at full load, in watts.
    pub gpu_board_power_w: Option<f64>,
    /// Power of the training GPU at idle, in watts.
    pub gpu_idle_w: Option<f64>,
    /// The GPU that trains; `None` where the processor does.
    pub gpu: Option<TrainingGpu>,
    /// The processor's name; asked of the system where it is not given.
    pub cpu_name: Option<String>,
    /// The processors' load; asked of the system where it is not given.
    pub cpu_load: Option<Load>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sysfs_root: PathBuf::from("/sys"),
            nvml_library: None,
            cpu_tdp_w: None,
            cpu_idle_w: None,
            gpu_board_power_w: None,
            gpu_idle_w: None,
            gpu: None,
            cpu_name: None,
            cpu_load: None,
        }
    }
}

impl Options {
    /// The defaults, with `JOULELAB_SYSFS_ROOT` and `JOULELAB_NVML_LIBRARY` where they are set, for odd installations
    /// and tests.
    pub fn from_env() -> Self {
        let path = |name: &str| {
            let value = std::env::var_os(name)?;
            (!value.is_empty()).then(|| PathBuf::from(value))
        };
        let default = Self::default();
        Self {
            sysfs_root: path("JOULELAB_SYSFS_ROOT").unwrap_or(default.sysfs_root.clone()),
            nvml_library: path("JOULELAB_NVML_LIBRARY"),
            ..default
        }
    }
}

/// The meters to use, and what became of every source.
#[derive(Default)]
pub struct Discovery {
    /// Those that are read, each of another part of the machine.
    pub meters: Vec<Box<dyn Meter>>,
    /// Every source that was tried.
    pub report: Vec<SourceReport>,
    /// What the GPU model may use if no sensor was found: the limit that the driver enforces, in watts.
    gpu_limit_w: Option<f64>,
    /// The training GPU has its meter.
    gpu_metered: bool,
}

/// Sources in the order in which they are tried: counters, polled power, models.
const SOURCES: [fn(&Options, &mut Discovery); 4] =
    [try_nvml, try_rapl, try_cpu_model, try_gpu_model];

/// Tries every source. Takes up to about a second where a card has to be watched for its refresh period.
pub fn discover(options: &Options) -> Discovery {
    let mut options = options.clone();
    let known = options.cpu_name.take().or_else(cpu_name);
    options.cpu_name = Some(known.unwrap_or_else(|| "unknown processor".to_owned()));
    let mut discovery = Discovery::default();
    for source in SOURCES {
        source(&options, &mut discovery);
    }
    discovery
}

fn try_nvml(options: &Options, found: &mut Discovery) {
    let refuse = |refusal: Refusal| {
        SourceReport::without_meter(
            "nvml",
            nvml::COUNTER_SOURCE,
            "NVIDIA cards",
            Boundary::GpuBoard,
            Grade::B,
            refusal,
        )
    };
    let in_sysfs = nvml::sleeping_cards(&options.sysfs_root);
    let trains = |pci: PciAddress| options.gpu.as_ref().is_some_and(|gpu| gpu.pci == Some(pci));
    // A card that is about to train may be woken; one that the user lets sleep may not.
    let asleep = in_sysfs
        .iter()
        .all(|(pci, asleep)| *asleep && !trains(*pci));
    if asleep && !in_sysfs.is_empty() {
        found.report.push(refuse(
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
            found.report.push(refuse(refusal));
            return;
        }
    };
    let training = training_card(options.gpu.as_ref(), &cards);
    for card in &cards {
        let report = match &training {
            Ok((index, by_name)) if *index == card.index => {
                found.gpu_limit_w = card.limit_w;
                found.use_card(&library, card, *by_name)
            }
            Ok(_) => card_report(card, "it is not the GPU that trains"),
            Err(reason) => card_report(card, reason),
        };
        found.report.push(report);
    }
    if cards.is_empty() {
        found
            .report
            .push(refuse(Refusal::new("the NVIDIA driver lists no card")));
    }
}

impl Discovery {
    fn use_card(&mut self, library: &Library, card: &Card, by_name: bool) -> SourceReport {
        let mut meter = match library.meter(card) {
            Ok(meter) => meter,
            Err(refusal) => {
                let mut report = card_report(card, "");
                report.status = refusal.into();
                return report;
            }
        };
        if by_name {
            meter.note("matched to the GPU that trains by its name, since no PCI address is known");
        }
        let report = SourceReport::of(meter.info(), card.raw.clone(), Status::Used);
        self.gpu_metered = true;
        self.meters.push(Box::new(meter));
        report
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
        (nvml::COUNTER_SOURCE, Grade::B)
    } else {
        (nvml::POWER_SOURCE, Grade::C)
    };
    let id = format!("nvml:{}", card.index);
    let mut report =
        SourceReport::without_meter(id, source, &card.name, Boundary::GpuBoard, grade, status);
    report.raw = card.raw.clone();
    report.notes.extend(card.pci.map(|pci| format!("at {pci}")));
    report
}

fn try_rapl(options: &Options, found: &mut Discovery) {
    let name = options.cpu_name.as_deref().unwrap_or_default();
    let rapl = rapl::find(&options.sysfs_root, name);
    found.report.extend(rapl.report);
    for meter in rapl.meters {
        found.meters.push(Box::new(meter));
    }
}

fn try_cpu_model(options: &Options, found: &mut Discovery) {
    let name = options.cpu_name.as_deref().unwrap_or_default();
    let packages = packages(&options.sysfs_root);
    let table = cpu_tdp_w(name).map(|(tdp_w, entry)| {
        let from = format!("{packages} × {tdp_w} W design power of `{entry}`");
        (tdp_w * packages as f64, from)
    });
    let parameters =
        Parameters::choose(options.cpu_tdp_w, options.cpu_idle_w, table, unknown_cpu());
    let report =
        |status: Status| model_report("model:cpu", name, Boundary::CpuPackage, &parameters, status);
    let measured = found
        .meters
        .iter()
        .any(|meter| matches!(meter.info().boundary, Boundary::CpuPackage | Boundary::Soc));
    if measured {
        let reason = "a counter covers the package already".to_owned();
        found.report.push(report(Status::Available { reason }));
        return;
    }
    let Some(load) = options.cpu_load.clone().or_else(cpu_load) else {
        let refusal = Refusal::new("the system does not tell the processors' load");
        found.report.push(report(refusal.into()));
        return;
    };
    // Integrated graphics draw from the package's own design power, and the processors' load does not show their work.
    let load = match &options.gpu {
        Some(gpu) if gpu.integrated => busier(load, gpu.busy.clone()),
        _ => load,
    };
    found.use_model(ModelMeter::cpu(name, parameters, load));
}

/// The higher of two loads, where any is known.
fn busier(a: Load, b: Load) -> Load {
    std::sync::Arc::new(move || match (a(), b()) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    })
}

fn try_gpu_model(options: &Options, found: &mut Discovery) {
    let Some(gpu) = &options.gpu else {
        found.report.push(SourceReport::without_meter(
            "model:gpu",
            "load model",
            "no GPU",
            Boundary::GpuBoard,
            Grade::E,
            Status::Available {
                reason: "training runs on the processor: no GPU is metered".into(),
            },
        ));
        return;
    };
    let limit = found
        .gpu_limit_w
        .map(|limit_w| (limit_w, "the limit that the driver enforces".to_owned()));
    let known = limit.or_else(|| {
        let (board_w, entry) = gpu_board_power_w(&gpu.name)?;
        Some((board_w, format!("board power of `{entry}`")))
    });
    let guess = (
        UNKNOWN_GPU_W,
        "a guess: the GPU is not in the table".to_owned(),
    );
    let parameters =
        Parameters::choose(options.gpu_board_power_w, options.gpu_idle_w, known, guess);
    let report = |status: Status| {
        model_report(
            "model:gpu",
            &gpu.name,
            Boundary::GpuBoard,
            &parameters,
            status,
        )
    };
    if found.gpu_metered {
        let reason = "the GPU has a sensor".to_owned();
        found.report.push(report(Status::Available { reason }));
    } else if gpu.integrated {
        let refusal = Refusal::new(
            "the GPU is part of the processor's package, and so is its energy: the package's figure contains it",
        );
        found.report.push(report(refusal.into()));
    } else {
        found.use_model(ModelMeter::gpu(&gpu.name, parameters, gpu.busy.clone()));
    }
}

impl Discovery {
    fn use_model(&mut self, mut model: ModelMeter) {
        let raw = model.read().ok().map(|reading| match reading.level {
            Level::Watts(watts) => format!("{watts:.1} W"),
            Level::Counts(counts) => format!("{counts} counts"),
        });
        self.report
            .push(SourceReport::of(model.info(), raw, Status::Used));
        self.meters.push(Box::new(model));
    }
}

fn model_report(
    id: &str,
    device: &str,
    boundary: Boundary,
    model: &Parameters,
    status: Status,
) -> SourceReport {
    let mut report =
        SourceReport::without_meter(id, "load model", device, boundary, model.grade, status);
    report.notes.push(model.origin.clone());
    report
}

/// Power assumed of processors of which nothing is known: 10 W and 5 W for each logical processor, 15 to 400 W.
fn unknown_cpu() -> (f64, String) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let watts = (10.0 + 5.0 * threads as f64).clamp(15.0, 400.0);
    (
        watts,
        format!("a guess from {threads} logical processors: the processor is not in the table"),
    )
}

/// Number of processor packages; 1 where the system does not tell.
fn packages(sysfs_root: &Path) -> usize {
    let Ok(cpus) = fs::read_dir(sysfs_root.join("devices/system/cpu")) else {
        return 1;
    };
    let ids: BTreeSet<String> = cpus
        .flatten()
        .filter_map(|cpu| fs::read_to_string(cpu.path().join("topology/physical_package_id")).ok())
        .collect();
    ids.len().max(1)
}
