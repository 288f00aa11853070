//! Intel and AMD processors on Linux: the energy counters that the kernel publishes under `class/powercap`.
//!
//! Zones nest (psys ⊃ package ⊃ core, uncore, with dram beside the package), two interfaces (MSR and MMIO) mirror each
//! other, and some multi-die parts show one package twice. Used are packages and dram, each once.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::Found;
use crate::{
    power::{
        ErrorRule, Kind, Level, Meter, MeterInfo, Options, Origin, Part, ReadError, Reading,
        Refusal, SourceReport, Status, choice::Use,
    },
    units::{Boundary, Grade},
};

const SOURCE: &str = "RAPL energy counter";
/// Intel's manual (volume 3, section on RAPL): the counters are updated about every millisecond.
const REFRESH_S: f64 = 0.001;
/// Above what any one socket draws today, turbo included, in watts.
const MAX_PACKAGE_W: f64 = 1000.0;
/// Above what the memory of any one socket draws, in watts.
const MAX_DRAM_W: f64 = 500.0;

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
    let mut taken: BTreeMap<String, Taken> = BTreeMap::new();
    for zone in &zones {
        found.offer_zone(zone, &mut taken, cpu_name);
    }
}

/// A meter that was offered already, and the counter behind it.
struct Taken {
    path: PathBuf,
}

impl Found {
    fn offer_zone(&mut self, zone: &Zone, taken: &mut BTreeMap<String, Taken>, cpu_name: &str) {
        let mut meter = RaplMeter::new(zone, cpu_name);
        let raw = match meter.counts() {
            Ok(counts) => format!("{counts} µJ"),
            Err(error) => {
                let status: Status = refuse(&error, &meter.path).into();
                self.refuse(SourceReport::of(&meter.info, None, status));
                return;
            }
        };
        let id = meter.info.id.clone();
        let mirror = taken.contains_key(&id);
        if mirror {
            meter.info.id = format!("{id} ({})", zone.interface);
        }
        let may = match (zone.name.as_str(), &zone.parent) {
            ("psys", _) => Use::CrossCheck,
            ("dram", Some(_)) => Use::Add,
            (name, None) if name.starts_with("package-") => Use::Add,
            (name, Some(parent)) => Use::Not(format!("{name} is contained in {parent}")),
            (name, None) => Use::Not(format!("{name} is no level that is used")),
        };
        let may = match same_counter(&meter, taken) {
            Some(reason) if may == Use::Add && !mirror => Use::Not(reason),
            _ => may,
        };
        if may == Use::Add && !mirror {
            let path = meter.path.clone();
            taken.insert(id, Taken { path });
        }
        self.offer_as(meter, Some(raw), may, u8::from(mirror));
    }
}

fn refuse(error: &ReadError, path: &Path) -> Refusal {
    match error {
        ReadError::Io { error, .. } => access_refusal(error.kind(), path),
        other => Refusal::new(other.to_string()),
    }
}

/// Whether a meter already taken is the same counter as `meter`, in words.
fn same_counter(meter: &RaplMeter, taken: &BTreeMap<String, Taken>) -> Option<String> {
    // `package-0-die-1` may be a second name of `package-0-die-0`: then a reading of the one lies between two of the
    // other, which for separate counters of many digits would be a wonder.
    let socket = socket(&meter.info.id)?;
    taken.iter().find_map(|(id, twin)| {
        let alike = self::socket(id) == Some(socket)
            && id.ends_with(":dram") == meter.info.id.ends_with(":dram");
        let before = alike.then(|| read_number(&twin.path).ok())??;
        let between = meter.counts().ok()?;
        let after = read_number(&twin.path).ok()?;
        ((before..=after).contains(&between) && between > 0)
            .then(|| format!("reads the same as {id}: the package is shown twice"))
    })
}

/// The number after `package-`.
fn socket(id: &str) -> Option<&str> {
    let rest = id.strip_prefix("rapl:package-")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    Some(&rest[..end.unwrap_or(rest.len())])
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
    let told = |file: &str| {
        let text = fs::read_to_string(sysfs_root.join(file)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
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
        let dram = zone.name == "dram";
        let id = match &zone.parent {
            Some(parent) => format!("rapl:{parent}:{}", zone.name),
            None => format!("rapl:{}", zone.name),
        };
        let wrap = read_number(&zone.path.join("max_energy_range_uj")).ok();
        let mut notes = vec![format!("interface {}", zone.interface)];
        if wrap.is_none() {
            notes.push(
                "the counter's range cannot be read: where it falls, the interval is dropped"
                    .into(),
            );
        }
        Self {
            info: MeterInfo {
                id,
                source: SOURCE.to_owned(),
                // Two packages of one name are two devices.
                device: match zone.name.strip_prefix("package-") {
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
                    wrap_counts: wrap.filter(|range| *range > 0),
                },
                refresh_s: Some(REFRESH_S),
                error: ErrorRule::COUNTER,
                max_power_w: if dram { MAX_DRAM_W } else { MAX_PACKAGE_W },
                notes,
                pci: None,
            },
            path: zone.path.join("energy_uj"),
        }
    }

    fn counts(&self) -> Result<u64, ReadError> {
        read_number(&self.path)
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

fn read_number(path: &Path) -> Result<u64, ReadError> {
    let text = fs::read_to_string(path).map_err(|error| ReadError::Io {
        error,
        path: path.to_owned(),
    })?;
    text.trim().parse().map_err(|_| ReadError::NotANumber {
        text: text.trim().chars().take(40).collect(),
        path: path.to_owned(),
    })
}
