//! AMD and Intel GPUs on Windows, where the system has a counter of their energy: the performance counters
//! `\Energy Meter(*)\Energy`, in picowatt-hours since some origin.
//!
//! Windows fills this set from the energy meters that `emi` asks directly, with the same names. So processor and memory are
//! in it too; they are offered as second bests of the same parts, and the choice reads at most one of each. What is only
//! here is what an energy meter keeps from being opened, and the match of a graphics counter with the GPU that trains.
//!
//! - `select.rs`: which instance is about which graphics; pure.
//! - `pdh.rs`: the calls of the system.

#[cfg(windows)]
mod pdh;
mod select;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

pub use select::Luid;

use super::{
    Found,
    emi::{Covers, JOULES_PER_COUNT, covers},
};
use crate::{
    power::{
        ErrorRule, Kind, Level, Meter, MeterInfo, Options, Origin, Part, ReadError, Reading,
        Refusal, SourceReport, choice::Use,
    },
    units::{Boundary, Grade},
};

const SOURCE: &str = "Windows performance counter of energy";
/// Above what any one board draws today, in watts.
const MAX_BOARD_W: f64 = 2500.0;
/// Above what any one socket or its memory draws, in watts.
const MAX_PACKAGE_W: f64 = 1000.0;
/// All instances come with one question: an answer this young serves the next meter of a round too.
const FRESH: Duration = Duration::from_millis(20);
/// Behind the energy meters themselves, which the set is filled from.
const RANK: u8 = 8;

/// One counter of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its name, such as `RAPL_Package0_PKG` or `GPU`.
    pub name: String,
    /// Its state in picowatt-hours; `None` where Windows says that it is not valid.
    pub energy: Option<u64>,
}

/// The performance counters of energy.
pub trait Counters: Send {
    /// Every instance, now.
    ///
    /// # Errors
    /// What the system said where it has none, or does not tell them.
    fn energies(&mut self) -> io::Result<Vec<Instance>>;

    /// How many graphics adapters the system lists; `None` where it does not tell.
    fn graphics_adapters(&mut self) -> Option<usize>;
}

/// Opens the performance counters.
pub type OpenCounters = Arc<dyn Fn() -> io::Result<Box<dyn Counters>> + Send + Sync>;

#[cfg(windows)]
fn system() -> Option<OpenCounters> {
    Some(Arc::new(pdh::open))
}

/// Other systems have no such counters, and need no word about it.
#[cfg(not(windows))]
fn system() -> Option<OpenCounters> {
    None
}

/// Offers what the energy meters did not: graphics, and processors whose meter could not be opened.
pub(super) fn find(options: &Options, found: &mut Found) {
    let Some(open) = options.energy_counters.clone().or_else(system) else {
        return;
    };
    let opened = open().and_then(|mut counters| {
        let instances = counters.energies()?;
        Ok((counters, instances))
    });
    let (mut counters, instances) = match opened {
        Ok(opened) => opened,
        Err(error) => return refuse_all(found, format!("Windows does not tell energies: {error}")),
    };
    let adapters = counters.graphics_adapters();
    let shared = Arc::new(Mutex::new(Shared {
        counters,
        latest: None,
    }));
    let names: Vec<String> = instances.iter().map(|one| one.name.clone()).collect();
    let graphics = select::graphics(&names);
    for instance in &instances {
        let name = &instance.name;
        let (part, may) = match covers(name) {
            Covers::Package(package) => (Part::package(&package), Use::Add),
            Covers::Memory { package } => (Part::memory_of(&package), Use::Add),
            Covers::Graphics => {
                select::graphics_use(name, graphics.len(), adapters, options.gpu.as_ref())
            }
            // The energy meters have named these; the sum of all instances, `_Total`, is of no use.
            Covers::InPackage { .. } | Covers::Machine | Covers::Unknown => continue,
        };
        let info = info(name, part, options.cpu_name.as_deref().unwrap_or_default());
        let Some(energy) = instance.energy else {
            let refusal = Refusal::new("Windows says that the counter is not valid");
            found.refuse(SourceReport::of(&info, None, refusal.into()));
            continue;
        };
        let meter = PdhMeter {
            info,
            name: name.clone(),
            shared: shared.clone(),
        };
        found.offer_as(meter, Some(format!("{energy} pWh")), may, RANK);
    }
    if graphics.is_empty() && options.gpu.is_some() {
        refuse_all(found, "none of them is about graphics".to_owned());
    }
}

fn refuse_all(found: &mut Found, reason: String) {
    found.refuse(SourceReport::without_meter(
        "pdh",
        SOURCE,
        "graphics",
        Boundary::GpuBoard,
        Grade::B,
        Refusal::new(reason),
    ));
}

fn info(name: &str, part: Part, cpu_name: &str) -> MeterInfo {
    let (boundary, device, max_power_w) = match covers(name) {
        Covers::Memory { .. } => (Boundary::Dram, cpu_name, MAX_PACKAGE_W),
        Covers::Graphics => (Boundary::GpuBoard, name, MAX_BOARD_W),
        _ => (Boundary::CpuPackage, cpu_name, MAX_PACKAGE_W),
    };
    MeterInfo {
        id: format!("pdh:{name}"),
        source: SOURCE.to_owned(),
        device: device.to_owned(),
        boundary,
        covers: vec![part],
        origin: Origin::Sensor,
        grade: Grade::B,
        kind: Kind::Counter {
            joules_per_count: JOULES_PER_COUNT,
            wrap_counts: None,
        },
        refresh_s: None,
        every_s: 0.0,
        error: ErrorRule::COUNTER,
        max_power_w,
        notes: vec![format!("instance `{name}` of the set Energy Meter")],
        pci: None,
    }
}

/// The counters, and what they said last.
struct Shared {
    counters: Box<dyn Counters>,
    latest: Option<(Instant, Vec<Instance>)>,
}

impl Shared {
    fn energy(&mut self, name: &str) -> Result<u64, String> {
        let fresh = |(at, _): &&(Instant, Vec<Instance>)| at.elapsed() < FRESH;
        if self.latest.as_ref().filter(fresh).is_none() {
            self.latest = None;
            let instances = self
                .counters
                .energies()
                .map_err(|error| error.to_string())?;
            self.latest = Some((Instant::now(), instances));
        }
        let instances = self.latest.iter().flat_map(|(_, instances)| instances);
        let mut of_name = instances.filter(|one| one.name == name);
        match (of_name.next(), of_name.next()) {
            (Some(one), None) => one
                .energy
                .ok_or_else(|| "Windows says that the counter is not valid".to_owned()),
            (None, _) => Err("the counter is gone".to_owned()),
            (Some(_), Some(_)) => Err("two counters have this name".to_owned()),
        }
    }
}

/// One instance.
struct PdhMeter {
    info: MeterInfo,
    name: String,
    shared: Arc<Mutex<Shared>>,
}

impl Meter for PdhMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match shared.energy(&self.name) {
            Ok(energy) => Ok(Level::Counts(energy).into()),
            Err(reason) => Err(ReadError::Driver {
                device: self.info.device.clone(),
                reason,
            }),
        }
    }
}
