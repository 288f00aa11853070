//! The binary files of CIFAR: records of a byte for each label, then 3,072 pixels, red, green and blue one after the
//! other, each row by row.

use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read},
    path::PathBuf,
};

use super::Part;
use crate::{
    data::{DataError, Features, LabelColumn, Labels, Split},
    setup::InputShape,
};

const SIDE: usize = 32;
const PIXELS: usize = 3 * SIDE * SIDE;
/// Most records in a file; the published ones have 10,000 and 50,000.
const RECORDS_MAX: u64 = 1_000_000;

/// The records of one or more files, in order.
pub(super) struct Records {
    files: Vec<(PathBuf, usize)>,
    /// How many classes each label has.
    classes: Vec<usize>,
}

impl Records {
    /// Looks at the sizes of the files.
    pub(super) fn open(paths: Vec<PathBuf>, labels: &[LabelColumn]) -> Result<Self, DataError> {
        let record = (labels.len() + PIXELS) as u64;
        let mut files = Vec::new();
        for path in paths {
            let bytes = match std::fs::metadata(&path) {
                Ok(metadata) => metadata.len(),
                Err(source) => return Err(DataError::Read { path, source }),
            };
            let records = bytes / record;
            if bytes % record != 0 || !(1..=RECORDS_MAX).contains(&records) {
                return Err(DataError::Damaged {
                    what: format!(
                        "the file has {bytes} bytes, which are not 1 to {RECORDS_MAX} whole records of {record}"
                    ),
                    path,
                });
            }
            files.push((path, records as usize));
        }
        Ok(Self {
            files,
            classes: labels.iter().map(|label| label.classes.len()).collect(),
        })
    }

    fn read_file(
        &self,
        path: &PathBuf,
        records: usize,
        pixels: &mut Vec<u8>,
        labels: &mut [Vec<u16>],
    ) -> Result<(), DataError> {
        let failed = |source: std::io::Error| {
            let path = path.clone();
            match source.kind() {
                ErrorKind::UnexpectedEof => DataError::Damaged {
                    what: "the file ends too early".to_owned(),
                    path,
                },
                _ => DataError::Read { path, source },
            }
        };
        let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
        let mut heads = vec![0; labels.len()];
        for record in 0..records {
            file.read_exact(&mut heads).map_err(failed)?;
            for ((head, classes), labels) in heads.iter().zip(&self.classes).zip(&mut *labels) {
                if usize::from(*head) >= *classes {
                    return Err(DataError::Damaged {
                        what: format!(
                            "record {record} has the label {head}, out of range 0 to {}",
                            classes - 1
                        ),
                        path: path.clone(),
                    });
                }
                labels.push(u16::from(*head));
            }
            let start = pixels.len();
            // Within what was reserved.
            pixels.resize(start + PIXELS, 0);
            file.read_exact(&mut pixels[start..]).map_err(failed)?;
        }
        Ok(())
    }
}

impl Part for Records {
    fn samples(&self) -> usize {
        self.files.iter().map(|(_, records)| records).sum()
    }

    fn input(&self) -> InputShape {
        InputShape::Image {
            channels: 3,
            height: SIDE,
            width: SIDE,
        }
    }

    fn read(self: Box<Self>) -> Result<Split, DataError> {
        let bytes = self.samples() * PIXELS;
        let mut pixels = Vec::new();
        pixels
            .try_reserve_exact(bytes)
            .map_err(|_| DataError::Memory {
                bytes: bytes as u64,
            })?;
        let mut labels = vec![Vec::with_capacity(self.samples()); self.classes.len()];
        for (path, records) in &self.files {
            self.read_file(path, *records, &mut pixels, &mut labels)?;
        }
        Ok(Split {
            features: Features::U8(pixels),
            labels: Labels::Classes(labels),
        })
    }
}
