//! Asks every source, has one place decide among those that answer, and says what became of each.

use std::path::PathBuf;

use super::{
    CpuPoints, Load, Part, PciAddress, RooflineFit, SourceReport, Watched, Work,
    choice::{self, AccountLine, Planned, Role},
    model,
    sources::{
        Found, SOURCES, apple::OpenReports, emi::Devices, simulated, windows_gpu::OpenCounters,
    },
};

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
    /// The work it has done so far, where somebody counts it.
    pub work: Option<Work>,
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
    /// Points of the processors' model that were fitted on this machine; the user's figures come before them.
    pub cpu_points: Option<CpuPoints>,
    /// Constants of the training GPU's model that were fitted on this very device, with the driver it has now; the
    /// user's figures come before them.
    pub gpu_fit: Option<RooflineFit>,
    /// The GPU that trains; `None` where the processor does.
    pub gpu: Option<TrainingGpu>,
    /// Read every graphics card that has a sensor, not only the one that trains: for measuring other programs.
    pub every_gpu: bool,
    /// What is known of the sensors from watching them earlier, and where it is kept for the next time.
    pub watched: Watched,
    /// Bytes of memory; asked of the system where they are not given.
    pub memory_bytes: Option<u64>,
    /// The processor's name; asked of the system where it is not given.
    pub cpu_name: Option<String>,
    /// The processors' load; asked of the system where it is not given.
    pub cpu_load: Option<Load>,
    /// Made-up meters such as `simulated:steady` and recordings such as `replay:FILE`. Where there are any, nothing else
    /// is read.
    pub simulated: Vec<String>,
    /// The energy meters of Windows; where they are not given, Windows is asked, and other systems have none.
    pub energy_meters: Option<Devices>,
    /// The performance counters of energy of Windows; as above.
    pub energy_counters: Option<OpenCounters>,
    /// The energy reports of Apple silicon; where they are not given, macOS is asked, and other systems have none.
    pub energy_reports: Option<OpenReports>,
}

impl TrainingGpu {
    /// Its place among the parts of the machine.
    pub fn part(&self) -> Part {
        self.pci.map_or_else(Part::training_gpu, Part::card)
    }
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
            cpu_points: None,
            gpu_fit: None,
            gpu: None,
            every_gpu: false,
            watched: Watched::default(),
            memory_bytes: None,
            cpu_name: None,
            cpu_load: None,
            simulated: Vec::new(),
            energy_meters: None,
            energy_counters: None,
            energy_reports: None,
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

/// The meters to read, and what became of every source.
#[derive(Default)]
pub struct Discovery {
    /// What is read: parts of the machine first, then cross-checks, then stand-bys.
    pub meters: Vec<Planned>,
    /// Every source that was tried.
    pub report: Vec<SourceReport>,
    /// The parts of the machine, each with who answers for it.
    pub account: Vec<AccountLine>,
    /// What is known of the sensors from watching them, for the next time.
    pub watched: Watched,
}

impl Discovery {
    /// The meters that make up the sum over the machine.
    pub fn parts(&self) -> impl Iterator<Item = &Planned> {
        self.meters
            .iter()
            .filter(|planned| planned.role == Role::Part)
    }
}

/// Asks every source. Takes up to about a second where a card has to be watched for its refresh period, which
/// [`Options::watched`] keeps for the next time.
pub fn discover(options: &Options) -> Discovery {
    let mut options = options.clone();
    let known = options.cpu_name.take().or_else(model::cpu_name);
    options.cpu_name = Some(known.unwrap_or_else(|| "unknown processor".to_owned()));
    let mut found = Found {
        watched: options.watched.clone(),
        ..Found::default()
    };
    if options.simulated.is_empty() {
        for source in SOURCES {
            source(&options, &mut found);
        }
    } else {
        simulated::find(&options, &mut found);
    }
    let expected = found.expected(&options);
    let (meters, mut report) = choice::choose(found.candidates);
    report.extend(found.report);
    Discovery {
        account: choice::account(&meters, &expected),
        watched: options.watched,
        meters,
        report,
    }
}
