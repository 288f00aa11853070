//! Processors on Windows: the energy counters behind the Energy Metering Interface, for which neither administrator rights
//! nor a driver of ours are needed.
//!
//! - `parse.rs`: the bytes of its answers; `channel.rs`: what a channel covers, by its name. Both are pure and are tested on
//!   every system.
//! - this file: asks a meter in the order that the interface wants, and offers its channels.
//! - `windows.rs`: finds the meters and passes questions on; nothing else.

mod channel;
mod parse;
#[cfg(windows)]
pub(super) mod windows;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

pub use channel::{Covers, covers};
pub use parse::{
    BadAnswer, Channel, JOULES_PER_COUNT, MAX_METADATA_BYTES, Measurement, Metadata,
    SECONDS_PER_TICK, Unit, Version, measurement_bytes, measurements, metadata, metadata_bytes,
    version,
};

use super::Found;
use crate::{
    power::{
        ErrorRule, Kind, Level, Meter, MeterInfo, Options, Origin, Part, ReadError, Reading,
        Refusal, SourceReport, Status, choice::Use,
    },
    units::{Boundary, Grade},
};

const SOURCE: &str = "EMI energy counter";
/// Above what any one socket draws today, turbo included, in watts.
const MAX_PACKAGE_W: f64 = 1000.0;
/// Above what the memory of any one socket draws, in watts.
const MAX_DRAM_W: f64 = 500.0;
/// Above what a machine behind one plug draws, in watts.
const MAX_MACHINE_W: f64 = 4000.0;
/// Time between the two looks that a meter gets before it is offered.
const LOOK: Duration = Duration::from_millis(20);
/// A processor renews its counters about every millisecond (Intel's manual, volume 3, section on RAPL).
const REFRESH_S: f64 = 0.001;

/// What a meter can be asked, as `emi.h` numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// `IOCTL_EMI_GET_VERSION`.
    Version,
    /// `IOCTL_EMI_GET_METADATA_SIZE`.
    MetadataSize,
    /// `IOCTL_EMI_GET_METADATA`.
    Metadata,
    /// `IOCTL_EMI_GET_MEASUREMENT`.
    Measurement,
}

impl Question {
    /// The control code.
    pub fn code(self) -> u32 {
        match self {
            Self::Version => 0x22_4000,
            Self::MetadataSize => 0x22_4004,
            Self::Metadata => 0x22_4008,
            Self::Measurement => 0x22_400C,
        }
    }
}

/// An energy meter that can be asked.
pub trait Device: Send {
    /// The answer, of at most `room` bytes.
    ///
    /// # Errors
    /// What the system said where the meter did not answer.
    fn ask(&mut self, question: Question, room: usize) -> io::Result<Vec<u8>>;
}

/// An energy meter, or why it cannot be opened.
pub type Opened = io::Result<Box<dyn Device>>;
/// Lists the energy meters of a machine.
pub type Devices = Arc<dyn Fn() -> io::Result<Vec<Opened>> + Send + Sync>;

#[cfg(windows)]
fn system() -> Option<Devices> {
    Some(Arc::new(windows::devices))
}

/// Other systems have no such interface, and need no word about it.
#[cfg(not(windows))]
fn system() -> Option<Devices> {
    None
}

/// Offers every channel that answers: packages and memory to be added, the whole machine to be looked at.
pub(super) fn find(options: &Options, found: &mut Found) {
    let Some(devices) = options.energy_meters.clone().or_else(system) else {
        return;
    };
    let cpu_name = options.cpu_name.as_deref().unwrap_or_default();
    let refuse = |found: &mut Found, refusal: Refusal| {
        let boundary = Boundary::CpuPackage;
        let report =
            SourceReport::without_meter("emi", SOURCE, cpu_name, boundary, Grade::B, refusal);
        found.refuse(report);
    };
    let devices = match devices() {
        Ok(devices) => devices,
        Err(error) => {
            let reason = format!("Windows did not list its energy meters: {error}");
            return refuse(found, Refusal::new(reason));
        }
    };
    if devices.is_empty() {
        let refusal = Refusal::new("Windows has no energy meter of the processor").with_remedy(
            "Windows 11 on bare metal has them, for Intel processors and for AMD's from family 17h on; virtual machines \
             have none",
        );
        return refuse(found, refusal);
    }
    let mut sources = Vec::new();
    for device in devices {
        let opened = device.map_err(|error| format!("an energy meter cannot be opened: {error}"));
        match opened.and_then(Source::open) {
            Ok(source) => sources.push(source),
            Err(reason) => refuse(found, Refusal::new(reason)),
        }
    }
    sleep(LOOK);
    let looks: Vec<Look> = sources
        .iter()
        .flat_map(|source| {
            let later = (source.measure(), Instant::now());
            source.looks(later)
        })
        .collect();
    found.offer_looks(looks, cpu_name);
}

/// A meter whose metadata are known.
struct Source {
    device: Arc<Mutex<Box<dyn Device>>>,
    metadata: Metadata,
    /// What it said when it was opened, and when.
    first: (Vec<Measurement>, Instant),
}

/// A channel that was looked at twice.
struct Look {
    device: Arc<Mutex<Box<dyn Device>>>,
    channels: usize,
    index: usize,
    channel: Channel,
    /// Who made the meter, in words.
    maker: String,
    /// The two measurements, and the seconds on our clock between them; or why there are none.
    seen: Result<(Measurement, Measurement, f64), String>,
}

impl Source {
    /// Asks for version, metadata and a first measurement.
    fn open(mut device: Box<dyn Device>) -> Result<Self, String> {
        let metadata = describe(device.as_mut())?;
        let device = Arc::new(Mutex::new(device));
        let first = measure(&device, metadata.channels.len())?;
        Ok(Self {
            device,
            metadata,
            first: (first, Instant::now()),
        })
    }

    fn measure(&self) -> Result<Vec<Measurement>, String> {
        measure(&self.device, self.metadata.channels.len())
    }

    fn looks(&self, (later, at): (Result<Vec<Measurement>, String>, Instant)) -> Vec<Look> {
        let (first, began) = &self.first;
        let elapsed_s = at.duration_since(*began).as_secs_f64();
        let Metadata {
            maker,
            model,
            channels,
            ..
        } = &self.metadata;
        let look = |(index, channel): (usize, &Channel)| Look {
            device: self.device.clone(),
            channels: channels.len(),
            index,
            channel: channel.clone(),
            maker: format!("{maker} {model}").trim().to_owned(),
            seen: later
                .clone()
                .map(|later| (first[index], later[index], elapsed_s)),
        };
        channels.iter().enumerate().map(look).collect()
    }
}

/// Version, then the size of the metadata, then the metadata.
fn describe(device: &mut dyn Device) -> Result<Metadata, String> {
    let mut ask = |question: Question, room: usize| {
        device
            .ask(question, room)
            .map_err(|error| format!("an energy meter did not answer ({question:?}): {error}"))
    };
    let bad =
        |error: BadAnswer| format!("an energy meter gave an answer that makes no sense: {error}");
    let version = version(&ask(Question::Version, 2)?).map_err(bad)?;
    let size = metadata_bytes(&ask(Question::MetadataSize, 4)?).map_err(bad)?;
    metadata(version, &ask(Question::Metadata, size)?).map_err(bad)
}

fn measure(device: &Mutex<Box<dyn Device>>, channels: usize) -> Result<Vec<Measurement>, String> {
    let mut device = device.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = device
        .ask(Question::Measurement, measurement_bytes(channels))
        .map_err(|error| error.to_string())?;
    measurements(channels, &answer).map_err(|error| error.to_string())
}

/// Whether the meter measures when it is asked: then its own time goes on as ours does. One that publishes now and then
/// stands between two looks, or leaps.
fn measures_when_asked(first: Measurement, later: Measurement, elapsed_s: f64) -> bool {
    let own_s = later.time.saturating_sub(first.time) as f64 * SECONDS_PER_TICK;
    (0.5..=1.5).contains(&(own_s / elapsed_s))
}

impl Found {
    fn offer_looks(&mut self, looks: Vec<Look>, cpu_name: &str) {
        let mut packages: Vec<(String, Measurement, Measurement)> = Vec::new();
        let mut cores: BTreeMap<String, usize> = BTreeMap::new();
        for look in looks {
            let name = look.channel.name.clone();
            let covers = covers(&name);
            if let Covers::InPackage {
                package,
                part: "single core",
            } = &covers
            {
                *cores.entry(package.clone()).or_default() += 1;
                continue;
            }
            let mut info = describe_channel(&look, &covers, cpu_name);
            let twin = |id: &str| {
                self.candidates
                    .iter()
                    .any(|candidate| candidate.meter.info().id == id)
            };
            let mut rank = 0;
            while twin(&info.id) {
                rank += 1;
                info.id = format!("{} ({})", own_id(&covers, &look), rank + 1);
            }
            let (first, later, elapsed_s) = match look.seen {
                Ok(seen) if look.channel.unit == Unit::PicowattHours => seen,
                Ok(_) => {
                    let reason = format!("its energy has an unknown unit: {:?}", look.channel.unit);
                    self.refuse(SourceReport::of(&info, None, Refusal::new(reason).into()));
                    continue;
                }
                Err(reason) => {
                    self.refuse(SourceReport::of(&info, None, Refusal::new(reason).into()));
                    continue;
                }
            };
            if measures_when_asked(first, later, elapsed_s) {
                info.refresh_s = Some(REFRESH_S);
            }
            let may = match &covers {
                Covers::Package(package) => match mirror(&packages, first, later) {
                    Some(other) => Use::Not(format!(
                        "reads the same as the channel of package {other}: the package is shown twice"
                    )),
                    None => {
                        packages.push((package.clone(), first, later));
                        Use::Add
                    }
                },
                Covers::Memory { .. } => Use::Add,
                Covers::Machine => Use::CrossCheck,
                Covers::InPackage { package, part } => {
                    Use::Not(format!("{part} is contained in package {package}"))
                }
                Covers::Graphics => Use::Not(
                    "which graphics it is about is looked for among the performance counters"
                        .to_owned(),
                ),
                Covers::Unknown => Use::Not("what it covers is not known by its name".to_owned()),
            };
            let meter = EmiMeter {
                info,
                device: look.device,
                channels: look.channels,
                index: look.index,
            };
            self.offer_as(meter, Some(format!("{} pWh", later.energy)), may, rank);
        }
        for (package, count) in cores {
            let reason = format!(
                "{count} channels, one for each core: they are contained in package {package}"
            );
            self.refuse(SourceReport::without_meter(
                format!("emi:package-{package}:cores"),
                SOURCE,
                cpu_name,
                Boundary::CpuPackage,
                Grade::B,
                Status::Available { reason },
            ));
        }
    }
}

/// The package whose counter this one repeats: each of its looks then lies between, or on, those of the other, which for
/// separate counters of many digits would be a wonder.
fn mirror(
    packages: &[(String, Measurement, Measurement)],
    first: Measurement,
    later: Measurement,
) -> Option<&str> {
    let near = |a: Measurement, b: Measurement, step: u64| a.energy.abs_diff(b.energy) <= step;
    packages
        .iter()
        .find(|(_, other_first, other_later)| {
            let step = other_later.energy.saturating_sub(other_first.energy);
            first.energy > 0 && near(first, *other_first, step) && near(later, *other_later, step)
        })
        .map(|(package, ..)| package.as_str())
}

fn own_id(covers: &Covers, look: &Look) -> String {
    match covers {
        Covers::Package(package) => format!("emi:package-{package}"),
        Covers::Memory { package } => format!("emi:package-{package}:dram"),
        Covers::InPackage { package, part } => format!("emi:package-{package}:{part}"),
        Covers::Machine => "emi:machine".to_owned(),
        Covers::Graphics | Covers::Unknown if look.channel.name.is_empty() => {
            format!("emi:channel-{}", look.index)
        }
        Covers::Graphics | Covers::Unknown => format!("emi:{}", look.channel.name),
    }
}

fn describe_channel(look: &Look, covers: &Covers, cpu_name: &str) -> MeterInfo {
    let mut notes = vec![format!("channel `{}`", look.channel.name)];
    if !look.maker.is_empty() {
        notes.push(format!("meter of {}", look.maker));
    }
    let package_of = |package: &str| format!("{cpu_name}, package {package}");
    let (boundary, part, device, max_power_w) = match covers {
        Covers::Package(package) => (
            Boundary::CpuPackage,
            Part::package(package),
            package_of(package),
            MAX_PACKAGE_W,
        ),
        Covers::Memory { package } => (
            Boundary::Dram,
            Part::memory_of(package),
            package_of(package),
            MAX_DRAM_W,
        ),
        Covers::InPackage { package, part } => (
            Boundary::CpuPackage,
            Part::package(package).inside(part),
            package_of(package),
            MAX_PACKAGE_W,
        ),
        Covers::Machine => (
            Boundary::System,
            Part::machine(),
            "whole machine".to_owned(),
            MAX_MACHINE_W,
        ),
        Covers::Graphics | Covers::Unknown => (
            match covers {
                Covers::Graphics => Boundary::GpuBoard,
                _ => Boundary::Components,
            },
            Part::machine().inside(&own_id(covers, look)),
            look.channel.name.clone(),
            MAX_MACHINE_W,
        ),
    };
    MeterInfo {
        id: own_id(covers, look),
        source: SOURCE.to_owned(),
        device,
        boundary,
        covers: vec![part],
        origin: Origin::Sensor,
        grade: Grade::B,
        kind: Kind::Counter {
            joules_per_count: JOULES_PER_COUNT,
            // 64 bits of picowatt-hours are 66 GJ: nothing is known of a range below that.
            wrap_counts: None,
        },
        refresh_s: None,
        every_s: 0.0,
        error: ErrorRule::COUNTER,
        max_power_w,
        notes,
        pci: None,
    }
}

/// One channel of a meter.
///
/// Its readings go by our clock, not by the time that the meter gives along with them: an edge of a phase is a moment on
/// our clock, and a meter that measures when it is asked does so within the call. What a meter that publishes now and then
/// has not published at an edge is the integrator's to see, by how long the counter stood.
struct EmiMeter {
    info: MeterInfo,
    device: Arc<Mutex<Box<dyn Device>>>,
    channels: usize,
    index: usize,
}

impl Meter for EmiMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let refused = |reason: String| ReadError::Driver {
            device: self.info.device.clone(),
            reason,
        };
        let all = measure(&self.device, self.channels).map_err(refused)?;
        let own = all
            .get(self.index)
            .ok_or_else(|| refused("it has fewer channels than before".to_owned()))?;
        Ok(Level::Counts(own.energy).into())
    }
}
