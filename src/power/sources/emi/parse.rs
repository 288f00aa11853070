//! What an energy meter of Windows answers, byte by byte: the layouts of `emi.h` in the Windows SDK, little-endian.
//!
//! ```text
//! version      u16
//! metadata 1   unit i32 · maker 16 × u16 · model 16 × u16 · revision u16 · name bytes u16 · name
//! metadata 2   maker 16 × u16 · model 16 × u16 · revision u16 · channels u16 · then for each channel, without padding:
//!              unit i32 · name bytes u16 · name
//! measurement  for each channel: energy u64 · time u64
//! ```
//!
//! A driver wrote these bytes, and what it says of their number is not believed: nothing is read that is not there, and
//! nothing is allocated by a count.

/// Joules in one count: energies come in picowatt-hours (`EmiMeasurementUnitPicowattHours`), 10⁻¹² × 3600 J.
pub const JOULES_PER_COUNT: f64 = 3.6e-9;
/// Seconds in one unit of a measurement's own time.
pub const SECONDS_PER_TICK: f64 = 1e-7;
/// More metadata than that no meter has: 4000 channels with names of 250 bytes.
pub const MAX_METADATA_BYTES: usize = 1 << 20;

/// `EMI_NAME_MAX`, in UTF-16 units.
const NAME_UNITS: usize = 16;
/// Bytes of one channel's energy and time.
const MEASUREMENT_BYTES: usize = 16;

/// Which of the two layouts a meter speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One channel, from Windows 10 on.
    V1,
    /// Any number of channels, from Windows 10 1809 on.
    V2,
}

/// What a meter says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Who made it; may be empty.
    pub maker: String,
    /// Which model it is; may be empty.
    pub model: String,
    /// Which revision of it.
    pub revision: u16,
    /// What it measures, in the order of the measurements.
    pub channels: Vec<Channel>,
}

/// One counter of a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name, such as `RAPL_Package0_PKG`, without the blanks that some drivers fill it up with; may be empty.
    pub name: String,
    /// The unit of its energy.
    pub unit: Unit,
}

/// The unit of an energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The only one that is defined.
    PicowattHours,
    /// Something else, by its number: what is counted in it is not known.
    Unknown(i32),
}

/// The state of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Energy since some origin, in the channel's unit.
    pub energy: u64,
    /// When it was measured, on the driver's own clock, in 100 ns.
    pub time: u64,
}

/// Why an answer says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It ends before it is complete.
    #[error("{what} ends after {has} bytes, where {needs} were expected")]
    Short {
        /// Which answer, or part of one.
        what: &'static str,
        /// How long it must be at least, in bytes.
        needs: usize,
        /// How long it is.
        has: usize,
    },
    /// It is longer than what was asked for.
    #[error("{what} has {has} bytes, more than the {most} it may have")]
    Long {
        /// Which answer.
        what: &'static str,
        /// How long it may be, in bytes.
        most: usize,
        /// How long it is, or says it is.
        has: usize,
    },
    /// A version that is not known.
    #[error("version {0} of the interface is not known (1 and 2 are)")]
    Version(u16),
    /// A name of half a character.
    #[error("the name of channel {channel} has an odd number of bytes, {bytes}")]
    OddName {
        /// Which channel, from 0.
        channel: usize,
        /// How many bytes the name says it has.
        bytes: usize,
    },
}

/// The answer to `IOCTL_EMI_GET_VERSION`.
///
/// # Errors
/// Where it is too short or the version is not known.
pub fn version(answer: &[u8]) -> Result<Version, BadAnswer> {
    match Reader::new("the version", answer).u16()? {
        1 => Ok(Version::V1),
        2 => Ok(Version::V2),
        other => Err(BadAnswer::Version(other)),
    }
}

/// The answer to `IOCTL_EMI_GET_METADATA_SIZE`: how many bytes the metadata have.
///
/// # Errors
/// Where it is too short, or the metadata would be longer than any meter's.
pub fn metadata_bytes(answer: &[u8]) -> Result<usize, BadAnswer> {
    let bytes = Reader::new("the size of the metadata", answer).u32()?;
    usize::try_from(bytes)
        .ok()
        .filter(|bytes| *bytes <= MAX_METADATA_BYTES)
        .ok_or(BadAnswer::Long {
            what: "the metadata",
            most: MAX_METADATA_BYTES,
            has: usize::try_from(bytes).unwrap_or(usize::MAX),
        })
}

/// The answer to `IOCTL_EMI_GET_METADATA`. What follows the last channel is not looked at: drivers round the size up.
///
/// # Errors
/// Where it is too short for what it says it holds, or a name has half a character.
pub fn metadata(version: Version, answer: &[u8]) -> Result<Metadata, BadAnswer> {
    let mut reader = Reader::new("the metadata", answer);
    match version {
        Version::V1 => {
            let unit = reader.unit()?;
            let (maker, model, revision) = reader.device()?;
            let name = reader.name(0)?;
            Ok(Metadata {
                maker,
                model,
                revision,
                channels: vec![Channel { name, unit }],
            })
        }
        Version::V2 => {
            let (maker, model, revision) = reader.device()?;
            let count = usize::from(reader.u16()?);
            let mut channels = Vec::new();
            for channel in 0..count {
                let unit = reader.unit()?;
                let name = reader.name(channel)?;
                channels.push(Channel { name, unit });
            }
            Ok(Metadata {
                maker,
                model,
                revision,
                channels,
            })
        }
    }
}

/// How many bytes a measurement of so many channels has.
pub fn measurement_bytes(channels: usize) -> usize {
    channels.saturating_mul(MEASUREMENT_BYTES)
}

/// The answer to `IOCTL_EMI_GET_MEASUREMENT` of a meter with so many channels.
///
/// # Errors
/// Where it is shorter or longer than that: then it is not known which channel is which.
pub fn measurements(channels: usize, answer: &[u8]) -> Result<Vec<Measurement>, BadAnswer> {
    const WHAT: &str = "the measurement";
    let needs = measurement_bytes(channels);
    if answer.len() > needs {
        return Err(BadAnswer::Long {
            what: WHAT,
            most: needs,
            has: answer.len(),
        });
    }
    if answer.len() < needs {
        return Err(BadAnswer::Short {
            what: WHAT,
            needs,
            has: answer.len(),
        });
    }
    let mut reader = Reader::new(WHAT, answer);
    (0..channels)
        .map(|_| {
            Ok(Measurement {
                energy: reader.u64()?,
                time: reader.u64()?,
            })
        })
        .collect()
}

/// Takes an answer from its beginning, and no more of it than there is.
struct Reader<'a> {
    what: &'static str,
    length: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(what: &'static str, answer: &'a [u8]) -> Self {
        Self {
            what,
            length: answer.len(),
            rest: answer,
        }
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], BadAnswer> {
        let Some((taken, rest)) = self.rest.split_at_checked(bytes) else {
            let gone = self.length - self.rest.len();
            return Err(BadAnswer::Short {
                what: self.what,
                needs: gone.saturating_add(bytes),
                has: self.length,
            });
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], BadAnswer> {
        let mut array = [0; BYTES];
        array.copy_from_slice(self.take(BYTES)?);
        Ok(array)
    }

    fn u16(&mut self) -> Result<u16, BadAnswer> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, BadAnswer> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, BadAnswer> {
        self.array().map(u64::from_le_bytes)
    }

    fn unit(&mut self) -> Result<Unit, BadAnswer> {
        Ok(match i32::from_le_bytes(self.array()?) {
            0 => Unit::PicowattHours,
            other => Unit::Unknown(other),
        })
    }

    /// Maker, model and revision.
    fn device(&mut self) -> Result<(String, String, u16), BadAnswer> {
        let maker = text(self.take(2 * NAME_UNITS)?);
        let model = text(self.take(2 * NAME_UNITS)?);
        Ok((maker, model, self.u16()?))
    }

    /// A name behind the number of its bytes.
    fn name(&mut self, channel: usize) -> Result<String, BadAnswer> {
        let bytes = usize::from(self.u16()?);
        if !bytes.is_multiple_of(2) {
            return Err(BadAnswer::OddName { channel, bytes });
        }
        Ok(text(self.take(bytes)?))
    }
}

/// UTF-16 up to the first zero, or to its end where there is none. What is no character is shown as one.
fn text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16_lossy(&units).trim().to_owned()
}
