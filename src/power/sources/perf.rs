//! The processors' energy counters through the kernel's performance events (PMU `power`): the same counters as RAPL's
//! under powercap, behind another door, which may be open where that one is closed.
//!
//! The kernel adds up the counters' rounds to 64 bits itself and looks at them often enough for that.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{
    Found,
    rapl::{MAX_DRAM_W, MAX_PACKAGE_W, REFRESH_S, SOURCE},
    sysfs::text,
};
use crate::{
    power::{ErrorRule, Kind, MeterInfo, Options, Origin, Part, Refusal, SourceReport},
    units::{Boundary, Grade},
};

/// powercap's own zones and their mirrors go first: they need no open file and no right to look at other programs.
#[cfg(target_os = "linux")]
const RANK: u8 = 2;

/// One counter that could be opened: an event on one processor of each package.
#[derive(Clone, Debug, PartialEq)]
pub struct PerfCounter {
    /// Name of the event, such as `energy-pkg`.
    pub event: &'static str,
    /// The logical processor that speaks for its package.
    pub cpu: usize,
    /// The package, as in `package-0`, without `package-`.
    pub package: String,
    /// Joules in one count.
    pub joules_per_count: f64,
}

/// The counters that the sysfs under `sysfs_root` announces; none where there is no such PMU. Opens nothing.
///
/// # Errors
/// Where a file of the PMU does not say what it should.
pub fn perf_counters(sysfs_root: &Path) -> Result<Vec<PerfCounter>, Refusal> {
    let pmu = pmu(sysfs_root);
    let Some(mask) = text(&pmu.join("cpumask")) else {
        return Ok(Vec::new());
    };
    let damaged = |file: &str, said: &str| {
        let path = pmu.join(file);
        Refusal::new(format!("cannot make sense of `{said}`: {}", path.display()))
    };
    let cpus = cpu_list(&mask).ok_or_else(|| damaged("cpumask", &mask))?;
    let packages = packages(sysfs_root, &cpus);
    let mut counters = Vec::new();
    for event in ["energy-pkg", "energy-ram"] {
        if text(&pmu.join("events").join(event)).is_none() {
            continue;
        }
        let file = format!("events/{event}.scale");
        let said = text(&pmu.join(&file)).unwrap_or_default();
        let scale = scale(&said).ok_or_else(|| damaged(&file, &said))?;
        let file = format!("events/{event}.unit");
        let unit = text(&pmu.join(&file)).unwrap_or_default();
        if unit != "Joules" {
            return Err(damaged(&file, &unit));
        }
        counters.extend(packages.iter().map(|(package, cpu)| PerfCounter {
            event,
            cpu: *cpu,
            package: package.clone(),
            joules_per_count: scale,
        }));
    }
    Ok(counters)
}

/// Why a counter could not be opened, and the remedy. `error` is what the system said.
pub fn perf_refusal(error: &io::Error) -> Refusal {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return Refusal::new(format!("the kernel does not open the counter: {error}"));
    }
    Refusal::new(
        "the kernel lets only programs with the capability CAP_PERFMON count what whole processors do, or every program where \
         kernel.perf_event_paranoid is 0 or lower",
    )
    .with_remedy(
        "sudo sysctl kernel.perf_event_paranoid=0 opens it to every user until the next start (a line in a file under \
         /etc/sysctl.d does so for good); sudo setcap cap_perfmon=ep followed by the path of joulelab opens it to this program \
         alone",
    )
}

fn pmu(sysfs_root: &Path) -> PathBuf {
    sysfs_root.join("bus/event_source/devices/power")
}

/// `0,24-25` → 0, 24, 25.
fn cpu_list(text: &str) -> Option<Vec<usize>> {
    let mut cpus = Vec::new();
    for item in text.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // No machine has as many; a damaged file must not fill the memory.
        if last < first || last > 1 << 20 {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

/// Joules in one count; the kernel writes it with more digits than a number holds.
fn scale(text: &str) -> Option<f64> {
    let scale: f64 = text.parse().ok()?;
    (scale.is_finite() && scale > 0.0).then_some(scale)
}

/// The packages that `cpus` speak for, each with one of them. Where a package has several, each is a die, named as
/// powercap does.
fn packages(sysfs_root: &Path, cpus: &[usize]) -> BTreeMap<String, usize> {
    let topology = |cpu: usize, file: &str| {
        let folder = format!("devices/system/cpu/cpu{cpu}/topology");
        text(&sysfs_root.join(folder).join(file))
    };
    let mut by_socket: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &cpu in cpus {
        let socket = topology(cpu, "physical_package_id").unwrap_or_else(|| "0".to_owned());
        by_socket.entry(socket).or_default().push(cpu);
    }
    let mut packages = BTreeMap::new();
    for (socket, cpus) in by_socket {
        if let [cpu] = cpus[..] {
            packages.insert(socket, cpu);
            continue;
        }
        for cpu in cpus {
            let die = topology(cpu, "die_id").unwrap_or_else(|| "0".to_owned());
            // A second processor of the same die would count the same energy again.
            packages.entry(format!("{socket}-die-{die}")).or_insert(cpu);
        }
    }
    packages
}

/// Offers the package and memory counters; in order, they come after powercap's.
pub(super) fn find(options: &Options, found: &mut Found) {
    let refuse = |refusal: Refusal| {
        SourceReport::without_meter(
            "perf",
            SOURCE,
            options.cpu_name.as_deref().unwrap_or_default(),
            Boundary::CpuPackage,
            Grade::B,
            refusal,
        )
    };
    let counters = match perf_counters(&options.sysfs_root) {
        Ok(counters) => counters,
        Err(refusal) => {
            found.refuse(refuse(refusal));
            return;
        }
    };
    if counters.is_empty() {
        // Not every processor has it, and a virtual machine's is empty: nothing that could be mended.
        return;
    }
    // The counters are opened by a call to the kernel, not by a path: a tree elsewhere is not this machine's.
    if !cfg!(target_os = "linux") || options.sysfs_root != Path::new("/sys") {
        found.refuse(refuse(Refusal::new(format!(
            "performance events are those of this machine, whose sysfs is not {}",
            options.sysfs_root.display()
        ))));
        return;
    }
    let opened = open_all(options, &counters);
    match opened {
        Ok(meters) => {
            if found.packages.is_empty() && meters.len() > 1 {
                let parts = meters.iter().flat_map(|(info, _)| &info.covers);
                found.packages = parts
                    .filter(|part| Part::processors().contains(part))
                    .cloned()
                    .collect();
            }
            for (info, counter) in meters {
                counter.offer(info, found);
            }
        }
        Err(error) => found.refuse(refuse(perf_refusal(&error))),
    }
}

fn info(counter: &PerfCounter, cpu_name: &str) -> MeterInfo {
    let PerfCounter { event, package, .. } = counter;
    let memory = *event == "energy-ram";
    MeterInfo {
        id: match memory {
            true => format!("perf:package-{package}:dram"),
            false => format!("perf:package-{package}"),
        },
        source: SOURCE.to_owned(),
        device: format!("{cpu_name}, package {package}"),
        boundary: if memory {
            Boundary::Dram
        } else {
            Boundary::CpuPackage
        },
        covers: vec![match memory {
            true => Part::memory_of(package),
            false => Part::package(package),
        }],
        origin: Origin::Sensor,
        grade: Grade::B,
        kind: Kind::Counter {
            joules_per_count: counter.joules_per_count,
            wrap_counts: None,
        },
        refresh_s: Some(REFRESH_S),
        every_s: 0.0,
        error: ErrorRule::COUNTER,
        max_power_w: if memory { MAX_DRAM_W } else { MAX_PACKAGE_W },
        notes: vec![format!(
            "performance event {event} on processor {}",
            counter.cpu
        )],
        pci: None,
    }
}

/// Opens all of `counters`, or none: half a machine is no machine.
fn open_all(
    options: &Options,
    counters: &[PerfCounter],
) -> io::Result<Vec<(MeterInfo, opened::Counter)>> {
    let cpu_name = options.cpu_name.as_deref().unwrap_or_default();
    let pmu = pmu(&options.sysfs_root);
    let open = |counter: &PerfCounter| {
        let opened = opened::Counter::open(&pmu, counter.event, counter.cpu)?;
        Ok((info(counter, cpu_name), opened))
    };
    counters.iter().map(open).collect()
}

/// The kernel's side, where there is one.
#[cfg(target_os = "linux")]
mod opened {
    use std::{io, path::Path};

    use perf_event::{Builder, events::Dynamic};

    use super::{Found, RANK};
    use crate::power::{Level, Meter, MeterInfo, ReadError, Reading, choice::Use};

    /// An open event.
    pub(super) struct Counter(perf_event::Counter);

    impl Counter {
        /// Opens `event` of the PMU in the folder `pmu` for everything that runs on the package of `cpu`.
        pub(super) fn open(pmu: &Path, event: &str, cpu: usize) -> io::Result<Self> {
            let mut builder = Dynamic::builder(pmu)?;
            let event = builder.event(event)?.build().map_err(io::Error::other)?;
            // This PMU cannot leave anything out, and refuses to be asked to.
            Builder::new(event)
                .any_pid()
                .one_cpu(cpu)
                .exclude_kernel(false)
                .exclude_hv(false)
                .enabled(true)
                .build()
                .map(Self)
        }

        pub(super) fn offer(mut self, info: MeterInfo, found: &mut Found) {
            let raw = self.0.read().ok().map(|counts| format!("{counts} counts"));
            let meter = PerfMeter {
                info,
                counter: self.0,
            };
            found.offer_as(meter, raw, Use::Add, RANK);
        }
    }

    struct PerfMeter {
        info: MeterInfo,
        counter: perf_event::Counter,
    }

    impl Meter for PerfMeter {
        fn info(&self) -> &MeterInfo {
            &self.info
        }

        fn read(&mut self) -> Result<Reading, ReadError> {
            let counts = self.counter.read().map_err(|error| ReadError::Driver {
                device: self.info.device.clone(),
                reason: error.to_string(),
            })?;
            Ok(Level::Counts(counts).into())
        }
    }
}

/// There is none.
#[cfg(not(target_os = "linux"))]
mod opened {
    use std::{io, path::Path};

    use super::Found;
    use crate::power::MeterInfo;

    /// Nothing that can be opened.
    pub(super) enum Counter {}

    impl Counter {
        pub(super) fn open(_: &Path, _: &str, _: usize) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) fn offer(self, _: MeterInfo, _: &mut Found) {
            match self {}
        }
    }
}
