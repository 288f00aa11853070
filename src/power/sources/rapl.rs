//! Intel and AMD processors on Linux: the energy counters that the kernel publishes under `class/powercap`.
//!
//! Zones nest (psys ⊃ package ⊃ core, uncore, with dram beside the package), two interfaces (MSR and MMIO) mirror each
//! other, and some multi-die parts show one package twice. Used are packages and dram, each once; psys is looked at
//! beside.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Found,
    sysfs::{number, sockets, text},
};
use crate::{
    power::{
        ErrorRule, Kind, Level, Meter, MeterInfo, Options, Origin, Part, ReadError, Reading,
        Refusal, SourceReport, Status, choice::Use,
    },
    units::{Boundary, Grade},
};

/// The counters of one processor have one systematic error, whichever way they are read.
pub(super) const SOURCE: &str = "RAPL energy counter";
/// Intel's manual (volume 3, section on RAPL): the counters are updated about every millisecond.
pub(super) const REFRESH_S: f64 = 0.001;
/// Above what any one socket draws today, turbo included, in watts.
pub(super) const MAX_PACKAGE_W: f64 = 1000.0;
/// Above what the memory of any one socket draws, in watts.
pub(super) const MAX_DRAM_W: f64 = 500.0;
/// Above what any machine with a platform counter draws, in watts.
const MAX_PLATFORM_W: f64 = 5000.0;
/// What `psys` covers is up to the maker of the machine, and nothing tells: far more than a counter's own error.
const PLATFORM_ERROR: ErrorRule = ErrorRule::Relative { fraction: 0.25 };
/// The method reads a counter at least this often, in seconds; the slowest pace is once a second. A counter that may go
/// round faster than this is remarked upon.
const READ_AT_LEAST_S: f64 = 30.0;

/// An opt-in udev rule that lets one group read the counters. They are attributes, not device nodes, so `MODE=` and
/// `GROUP=` would not touch them: a program has to change them each time a zone appears.
pub const UDEV_RULE: &str = r#"# /etc/udev/rules.d/70-energy-counters.rules
SUBSYSTEM=="powercap", ACTION=="add", TEST=="energy_uj", RUN+="/bin/chgrp energy %S%p/energy_uj", RUN+="/bin/chmod g+r %S%p/energy_uj"
"#;

/// Why an energy counter could not be read, and the remedy; `kind` is what the system said about `path`.
pub fn access_refusal(kind: io::ErrorKind, path: &Path) -> Refusal {
    match kind {
        io::ErrorKind::PermissionDenied => Refusal::new(format!(
            "only root may read the processor's energy counter: the kernel closed it in 5.10 because fine-grained \
             readings leak secrets of other users (CVE-2020-8694): {}",
            path.display()
        ))
        .with_remedy(format!(
            "if you trust the members of a group with it, save this as a udev rule:\n{UDEV_RULE}then run: sudo \
             groupadd --system energy; sudo usermod -aG energy \"$USER\"; sudo udevadm control --reload; sudo \
             udevadm trigger --subsystem-match=powercap --action=add; and log in again"
        )),
        io::ErrorKind::NotFound => Refusal::new(format!(
            "the zone has no energy counter: {}",
            path.display()
        )),
        kind => Refusal::new(format!(
            "the energy counter cannot be read: {kind}: {}",
            path.display()
        )),
    }
}

/// One powercap zone with an energy counter.
struct Zone {
    /// `package-0`, `dram`, `core`, `uncore`, `psys`, …
    name: String,
    /// Name of the zone it is part of.
    parent: Option<String>,
    /// `intel-rapl` (MSR) or `intel-rapl-mmio`.
    interface: String,
    /// The name of its folder, such as `intel-rapl:0:1`.
    key: String,
    path: PathBuf,
}

/// Offers every zone that answers: packages and memory to be added, the others to be looked at.
pub(super) fn find(options: &Options, found: &mut Found) {
    let cpu_name = options.cpu_name.as_deref().unwrap_or_default();
    let folder = options.sysfs_root.join("class/powercap");
    let zones = zones(&folder);
    if zones.is_empty() {
        // Only Linux has powercap, and other systems need no word about it.
        if !cfg!(target_os = "linux") {
            return;
        }
        let refusal = no_powercap(&options.sysfs_root, &folder);
        found.refuse(SourceReport::without_meter(
            "rapl",
            SOURCE,
            cpu_name,
            Boundary::CpuPackage,
            Grade::B,
            refusal,
        ));
        return;
    }
    let mut offered = Offered::default();
    for zone in &zones {
        found.offer_zone(zone, &mut offered, cpu_name, memory_note(&zones, cpu_name));
    }
    offered.name_the_packages(&zones, options, found);
}

/// What was offered so far.
#[derive(Default)]
struct Offered {
    /// Counters that may be added, by the identifier of their meter.
    added: BTreeMap<String, PathBuf>,
    /// Identifiers in use.
    ids: BTreeSet<String>,
    /// Packages that are another one under a second name.
    twins: BTreeSet<Part>,
}

impl Offered {
    /// Leaves word of every package and its memory, whether its counter answers or not, so that one that nobody answers
    /// for is missed.
    fn name_the_packages(&self, zones: &[Zone], options: &Options, found: &mut Found) {
        let top = zones.iter().filter(|zone| zone.parent.is_none());
        let mut names: BTreeSet<String> = top
            .filter_map(|zone| zone.name.strip_prefix("package-"))
            .filter(|name| !self.twins.contains(&Part::package(name)))
            .map(str::to_owned)
            .collect();
        let known: BTreeSet<u32> = names.iter().filter_map(|name| socket(name)).collect();
        let silent = sockets(&options.sysfs_root);
        names.extend(silent.difference(&known).map(ToString::to_string));
        if names.len() < 2 {
            return;
        }
        found.packages = names.iter().map(|name| Part::package(name)).collect();
        if zones.iter().any(|zone| zone.name == "dram") {
            found.memories = names.iter().map(|name| Part::memory_of(name)).collect();
        }
    }
}

impl Found {
    fn offer_zone(
        &mut self,
        zone: &Zone,
        offered: &mut Offered,
        cpu_name: &str,
        memory_note: Option<&str>,
    ) {
        let mut meter = RaplMeter::new(zone, cpu_name);
        if zone.name.starts_with("package-") {
            meter.info.notes.extend(memory_note.map(str::to_owned));
        }
        let raw = match meter.counts() {
            Ok(counts) => format!("{counts} µJ"),
            Err(error) => {
                let status: Status = refuse(&error, &meter.path).into();
                self.refuse(SourceReport::of(&meter.info, None, status));
                return;
            }
        };
        let id = meter.info.id.clone();
        let mirror = offered.ids.contains(&id);
        if mirror {
            meter.info.id = format!("{id} ({})", zone.interface);
            if offered.ids.contains(&meter.info.id) {
                meter.info.id = format!("{id} ({})", zone.key);
            }
        }
        offered.ids.insert(meter.info.id.clone());
        let may = match (zone.name.as_str(), &zone.parent) {
            ("psys", _) => Use::CrossCheck,
            ("dram", Some(_)) => Use::Add,
            (name, None) if name.starts_with("package-") => Use::Add,
            (name, Some(parent)) => Use::Not(format!("{name} is contained in {parent}")),
            (name, None) => Use::Not(format!("{name} is no level that is used")),
        };
        let may = match same_counter(&meter, &offered.added) {
            Some(reason) if may == Use::Add && !mirror => {
                offered.twins.extend(meter.info.covers.iter().cloned());
                Use::Not(reason)
            }
            _ => may,
        };
        if may == Use::Add && !mirror {
            offered.added.insert(id, meter.path.clone());
        }
        self.offer_as(meter, Some(raw), may, u8::from(mirror));
    }
}

/// What a reader of a package's figure should know about memory, where no zone is about it.
fn memory_note(zones: &[Zone], cpu_name: &str) -> Option<&'static str> {
    let amd = cpu_name.to_lowercase().contains("amd");
    match zones.iter().any(|zone| zone.name == "dram") {
        true => None,
        false if amd => Some(
            "AMD publishes package and core only: memory is not in this figure and is modelled by its size",
        ),
        false => {
            Some("there is no zone of memory: it is not in this figure and is modelled by its size")
        }
    }
}

fn refuse(error: &ReadError, path: &Path) -> Refusal {
    match error {
        ReadError::Io { error, .. } => access_refusal(error.kind(), path),
        other => Refusal::new(other.to_string()),
    }
}

/// Whether a counter that was offered before is the same as that of `meter`, in words.
fn same_counter(meter: &RaplMeter, added: &BTreeMap<String, PathBuf>) -> Option<String> {
    // `package-0-die-1` may be a second name of `package-0-die-0`: then a reading of the one lies between two of the
    // other, which for separate counters of many digits would be a wonder.
    let socket = |id: &str| self::socket(id.strip_prefix("rapl:package-")?);
    let own = socket(&meter.info.id)?;
    added.iter().find_map(|(id, path)| {
        let alike =
            socket(id) == Some(own) && id.ends_with(":dram") == meter.info.id.ends_with(":dram");
        let before = alike.then(|| number(path).ok())??;
        let between = meter.counts().ok()?;
        let after = number(path).ok()?;
        ((before..=after).contains(&between) && between > 0)
            .then(|| format!("reads the same as {id}: the package is shown twice"))
    })
}

/// The number of the socket, of what comes after `package-`.
fn socket(package: &str) -> Option<u32> {
    let end = package.find(|c: char| !c.is_ascii_digit());
    package[..end.unwrap_or(package.len())].parse().ok()
}

/// All zones of both interfaces, MSR before MMIO, parents before their parts.
fn zones(folder: &Path) -> Vec<Zone> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: BTreeMap<(String, Vec<u32>), (String, PathBuf)> = BTreeMap::new();
    for entry in entries.flatten() {
        let key = entry.file_name().to_str().and_then(zone_key);
        let name = fs::read_to_string(entry.path().join("name"));
        if let (Some(key), Ok(name)) = (key, name) {
            found.insert(key, (name.trim().to_owned(), entry.path()));
        }
    }
    let parent = |interface: &str, numbers: &[u32]| {
        let above = numbers.split_last()?.1.to_vec();
        let (name, _) = found.get(&(interface.to_owned(), above))?;
        Some(name.clone())
    };
    found
        .iter()
        .map(|((interface, numbers), (name, path))| Zone {
            name: name.clone(),
            parent: parent(interface, numbers),
            interface: interface.clone(),
            key: path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            path: path.clone(),
        })
        .collect()
}

/// `intel-rapl:0:1` → interface and numbers; `None` for anything that is no zone.
fn zone_key(file: &str) -> Option<(String, Vec<u32>)> {
    let (interface, numbers) = file.split_once(':')?;
    let numbers: Result<_, _> = numbers.split(':').map(str::parse).collect();
    matches!(interface, "intel-rapl" | "intel-rapl-mmio")
        .then(|| Some((interface.to_owned(), numbers.ok()?)))?
}

/// Why there are no zones at all.
fn no_powercap(sysfs_root: &Path, folder: &Path) -> Refusal {
    let told = |file: &str| text(&sysfs_root.join(file));
    let maker = told("class/dmi/id/sys_vendor").unwrap_or_default();
    let product = told("class/dmi/id/product_name").unwrap_or_default();
    const VIRTUAL: [&str; 9] = [
        "qemu",
        "kvm",
        "vmware",
        "virtualbox",
        "innotek",
        "xen",
        "amazon ec2",
        "google compute",
        "virtual machine",
    ];
    let machine = format!("{maker} {product}").trim().to_owned();
    let lower = machine.to_lowercase();
    let reason = if VIRTUAL.iter().any(|name| lower.contains(name)) {
        format!(
            "this is a virtual machine ({machine}): its host keeps the processor's energy counters"
        )
    } else {
        "the kernel publishes no energy counters of the processor; in virtual machines and containers that is the rule"
            .to_owned()
    };
    Refusal::new(format!("{reason}: {}", folder.display())).with_remedy(
        "on bare metal: load the kernel module intel_rapl_common (Intel, and AMD from family 17h on)",
    )
}

/// One RAPL counter.
struct RaplMeter {
    info: MeterInfo,
    path: PathBuf,
}

impl RaplMeter {
    fn new(zone: &Zone, cpu_name: &str) -> Self {
        let id = match &zone.parent {
            Some(parent) => format!("rapl:{parent}:{}", zone.name),
            None => format!("rapl:{}", zone.name),
        };
        let (max_power_w, error) = match zone.name.as_str() {
            "dram" => (MAX_DRAM_W, ErrorRule::COUNTER),
            "psys" => (MAX_PLATFORM_W, PLATFORM_ERROR),
            _ => (MAX_PACKAGE_W, ErrorRule::COUNTER),
        };
        let range = number(&zone.path.join("max_energy_range_uj"))
            .ok()
            .filter(|range| *range > 0);
        let mut notes = vec![format!("interface {}", zone.interface)];
        match range {
            None => notes.push(
                "the counter's range cannot be read: where it falls, the interval is dropped"
                    .into(),
            ),
            Some(range_uj) => notes.extend(short_range(range_uj, max_power_w)),
        }
        if zone.name == "psys" {
            notes.push(platform_note(cpu_name));
        }
        Self {
            info: MeterInfo {
                id,
                source: SOURCE.to_owned(),
                // Two packages of one name are two devices.
                device: match zone
                    .parent
                    .as_ref()
                    .unwrap_or(&zone.name)
                    .strip_prefix("package-")
                {
                    Some(package) => format!("{cpu_name}, package {package}"),
                    None => cpu_name.to_owned(),
                },
                boundary: match zone.name.as_str() {
                    "psys" => Boundary::System,
                    "dram" => Boundary::Dram,
                    _ => Boundary::CpuPackage,
                },
                grade: Grade::B,
                covers: vec![covered(zone)],
                origin: Origin::Sensor,
                every_s: 0.0,
                kind: Kind::Counter {
                    joules_per_count: 1e-6,
                    wrap_counts: range,
                },
                refresh_s: Some(REFRESH_S),
                error,
                max_power_w,
                notes,
                pci: None,
            },
            path: zone.path.join("energy_uj"),
        }
    }

    fn counts(&self) -> Result<u64, ReadError> {
        number(&self.path)
    }
}

impl Meter for RaplMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        Ok(Level::Counts(self.counts()?).into())
    }
}

/// The part of the machine that a zone is about.
fn covered(zone: &Zone) -> Part {
    let package = |name: &str| name.strip_prefix("package-").map(str::to_owned);
    match (&zone.parent, zone.name.as_str()) {
        (_, "psys") => Part::machine(),
        (Some(parent), "dram") => match package(parent) {
            Some(package) => Part::memory_of(&package),
            None => Part::memory(),
        },
        (Some(parent), name) => match package(parent) {
            Some(package) => Part::package(&package).inside(name),
            None => Part::processors().inside(name),
        },
        (None, name) => match package(name) {
            Some(package) => Part::package(&package),
            None => Part::processors().inside(name),
        },
    }
}

/// A remark on a counter that may go round too soon to be followed at the slowest pace with much to spare.
fn short_range(range_uj: u64, max_power_w: f64) -> Option<String> {
    let round_s = range_uj as f64 * 1e-6 / max_power_w;
    (round_s < READ_AT_LEAST_S).then(|| {
        format!(
            "at {max_power_w:.0} W the counter goes round in {round_s:.1} s: it has to be read more often than that, and gaps of \
             half of it are dropped"
        )
    })
}

/// What is to be known of `psys` on this processor.
fn platform_note(cpu_name: &str) -> String {
    let general =
        "what psys covers is up to the maker of the machine: at best all behind the power supply";
    if is_old_core(cpu_name) {
        format!(
            "{general}. On Core processors of the sixth to ninth generation (Skylake to Coffee Lake), the first with such a \
             counter, it is unreliable: often not wired, standing still or of another scale"
        )
    } else {
        general.to_owned()
    }
}

/// Whether this is a Core processor of the sixth to ninth generation, whose names carry four digits that begin with it:
/// `i7-8550U`, `i5-6300HQ`.
fn is_old_core(cpu_name: &str) -> bool {
    cpu_name.split_whitespace().any(|word| {
        let Some((family, model)) = word.split_once('-') else {
            return false;
        };
        let digits = model.chars().take_while(char::is_ascii_digit).count();
        matches!(family, "i3" | "i5" | "i7" | "i9")
            && digits == 4
            && model.starts_with(['6', '7', '8', '9'])
    })
}
