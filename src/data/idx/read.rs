use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use crate::data::DataError;

/// Most samples a file may promise.
const MAX_SAMPLES: u64 = 10_000_000;
/// Most pixels a side an image may have.
const MAX_SIDE: u64 = 1024;
/// Most bytes a file may promise (2 GiB).
const MAX_BYTES: u64 = 2 << 30;
/// Deflate packs at most 258 bytes into two bits, so a file can unpack to no more than this many times its length.
const MAX_PACKING: u64 = 1032;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum Kind {
    /// Magic number 0x00000803: bytes in 3 dimensions.
    Images,
    /// Magic number 0x00000801: bytes in 1 dimension.
    Labels,
}

impl Kind {
    fn magic(self) -> u32 {
        match self {
            Self::Images => 0x0803,
            Self::Labels => 0x0801,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }
}

/// An IDX file whose header is read and believable; nothing else of it is read yet.
///
/// IDX is big-endian: two bytes 0, one for the type (8: unsigned bytes), one for the number of dimensions, a u32 for
/// the size of each, then the numbers, row-major.
pub(in crate::data) struct IdxFile {
    path: PathBuf,
    reader: Box<dyn Read>,
    samples: usize,
    /// Height and width; 1 each for labels.
    size: [usize; 2],
}

impl IdxFile {
    /// Opens `path`, packed with gzip or not (its first bytes tell), and checks its header against caps, and against
    /// the file's length as far as that can be known without unpacking it.
    pub(in crate::data) fn open(path: &Path, kind: Kind) -> Result<Self, DataError> {
        let failed = |error| read_error(path, error);
        let file = File::open(path).map_err(failed)?;
        let file_bytes = file.metadata().map_err(failed)?.len();
        let mut file = BufReader::new(file);
        let packed = file.fill_buf().map_err(failed)?.starts_with(&GZIP_MAGIC);
        let mut reader: Box<dyn Read> = if packed {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };

        let damaged = |what: String| DataError::Damaged {
            what,
            path: path.to_owned(),
        };
        let [magic] = words(&mut reader).map_err(failed)?;
        if magic != kind.magic() {
            return Err(damaged(format!(
                "magic number {magic:#010x} instead of {:#010x} for {}",
                kind.magic(),
                kind.name()
            )));
        }
        let [samples] = words(&mut reader).map_err(failed)?;
        let (size, header_bytes) = match kind {
            Kind::Images => (words(&mut reader).map_err(failed)?, 16),
            Kind::Labels => ([1, 1], 8),
        };
        let [samples, height, width] = [samples, size[0], size[1]].map(u64::from);
        if !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(damaged(format!(
                "{samples} {} in the header instead of 1 to {MAX_SAMPLES}",
                kind.name()
            )));
        }
        if ![height, width]
            .iter()
            .all(|side| (1..=MAX_SIDE).contains(side))
        {
            return Err(damaged(format!(
                "images of {height}×{width} in the header instead of 1 to {MAX_SIDE} pixels a side"
            )));
        }
        // With these caps, 10⁷ · 2²⁰, the product fits.
        let body_bytes = samples * height * width;
        if body_bytes > MAX_BYTES {
            return Err(damaged(format!(
                "the header promises {body_bytes} bytes, more than the {MAX_BYTES} that are read"
            )));
        }
        let promised = header_bytes + body_bytes;
        if packed && promised > file_bytes.saturating_mul(MAX_PACKING) {
            return Err(damaged(format!(
                "the header promises {promised} bytes, but {file_bytes} packed bytes cannot hold that much"
            )));
        }
        if !packed && promised != file_bytes {
            return Err(damaged(format!(
                "the header promises {promised} bytes, but the file has {file_bytes}"
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            reader,
            // The caps are far below what a usize holds.
            samples: samples as usize,
            size: [height as usize, width as usize],
        })
    }

    pub(in crate::data) fn path(&self) -> &Path {
        &self.path
    }

    /// Images or labels in the file; at least 1.
    pub(in crate::data) fn samples(&self) -> usize {
        self.samples
    }

    /// Height and width of an image, at least 1 each.
    pub(in crate::data) fn image_size(&self) -> [usize; 2] {
        self.size
    }

    /// Reads what the header promised: not a byte more is unpacked or kept, and not one less accepted.
    pub(in crate::data) fn body(mut self) -> Result<Vec<u8>, DataError> {
        let failed = |error| read_error(&self.path, error);
        let damaged = |what: String| DataError::Damaged {
            what,
            path: self.path.clone(),
        };
        let bytes = self.samples * self.size[0] * self.size[1];
        let mut body = Vec::new();
        body.try_reserve_exact(bytes)
            .map_err(|_| DataError::Memory {
                bytes: bytes as u64,
            })?;
        let mut promised = (&mut self.reader).take(bytes as u64);
        promised.read_to_end(&mut body).map_err(failed)?;
        if body.len() < bytes {
            return Err(damaged(format!(
                "the header promises {bytes} bytes of data, but the file ends after {}",
                body.len()
            )));
        }
        // Reading past the end also has gzip's checksum compared.
        if self.reader.read(&mut [0]).map_err(failed)? > 0 {
            return Err(damaged(format!(
                "there is more in the file than the {bytes} bytes of data that the header promises"
            )));
        }
        Ok(body)
    }
}

fn words<const N: usize>(reader: &mut impl Read) -> io::Result<[u32; N]> {
    let mut words = [0; N];
    for word in &mut words {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes)?;
        *word = u32::from_be_bytes(bytes);
    }
    Ok(words)
}

/// Tells a file that is not sound from one that the system cannot read.
fn read_error(path: &Path, error: io::Error) -> DataError {
    let path = path.to_owned();
    let what = match error.kind() {
        ErrorKind::UnexpectedEof => "the file ends too early".to_owned(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            format!("the packed data is not sound ({error})")
        }
        _ => {
            return DataError::Read {
                path,
                source: error,
            };
        }
    };
    DataError::Damaged { what, path }
}
