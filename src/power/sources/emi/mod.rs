//! Processors on Windows: the energy counters behind the Energy Metering Interface, for which neither administrator rights
//! nor a driver of ours are needed.
//!
//! - `parse.rs`: the bytes of its answers; `channel.rs`: what a channel covers, by its name. Both are pure and are tested on
//!   every system.
//! - this file: asks a meter in the order that the interface wants. `offer.rs`: what becomes of its channels.
//! - `windows.rs`: finds the meters and passes questions on; nothing else.

mod channel;
mod offer;
mod parse;
#[cfg(windows)]
pub(super) mod windows;

use std::{
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
    power::{Level, Meter, MeterInfo, Options, ReadError, Reading, Refusal, SourceReport},
    units::{Boundary, Grade},
};

const SOURCE: &str = "EMI energy counter";
/// Time between the two looks that a meter gets before it is offered.
const LOOK: Duration = Duration::from_millis(20);

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
        if metadata.channels.is_empty() {
            return Err("an energy meter lists no channel".to_owned());
        }
        let device = Arc::new(Mutex::new(device));
        let first = measure(&device, metadata.channels.len())
            .map_err(|error| format!("an energy meter gave no measurement: {error}"))?;
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
